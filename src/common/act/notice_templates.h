/* notice_templates: all templates of all languages: LANG/EVENT.txt and LANG/words.txt, in the
 * operator's folder ([paths] templates) and in the shipped one; the operator's file goes before the
 * shipped one of the same name, file by file.
 *
 * All of them are read and checked at once, so that a mistake in any is told before a notice goes
 * out, and what is sent doesn't change in between. Owns its memory.
 * Security: a language comes from `partners` or mptools.conf and is compared with the folders that
 * are there; it never becomes part of a path.
 */
#ifndef MPTOOLS_ACT_NOTICE_TEMPLATES_H
#define MPTOOLS_ACT_NOTICE_TEMPLATES_H

#include "act/notice_template.h"

enum notice_event {
    NOTICE_WATCH,
    NOTICE_ADDRESS,
    NOTICE_RULE,
    NOTICE_SUSPENDED,
    NOTICE_REINSTATED,
    NOTICE_RELAPSE,
    NOTICE_CLOSED,
    NOTICE_UNDONE,
    NOTICE_LISTED,
    NOTICE_DELISTED,
    NOTICE_DIGEST, /* not in the ledger */
    NOTICE_EVENTS
};

/* NOTICE_EVENTS: none of ours. */
enum notice_event notice_event_of(struct slice name);
const char *notice_event_name(unsigned event);

struct notice_templates;

/* own: the operator's folder, which has to be there, or NULL. NULL when memory runs out or nothing
 * can be read; problems say what is wrong. */
struct notice_templates *notice_templates_load(const char *own, const char *shipped,
                                               struct problems *problems);
void notice_templates_free(struct notice_templates *t); /* NULL is fine */

/* Is there a folder of that language, or of its first part? */
bool notice_templates_speak(const struct notice_templates *t, struct slice language);

/* The event's template in the first of these languages that has one: `language` (`de-AT`), its
 * first part (`de`), the same of `usual`, `en`. NULL: none. */
const struct notice_template *notice_templates_find(const struct notice_templates *t,
                                                    struct slice language, struct slice usual,
                                                    unsigned event,
                                                    const struct notice_words **words);

#endif
