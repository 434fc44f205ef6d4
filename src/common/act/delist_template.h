/* delist_template: the texts of delisting requests; delistreq(8) documents them for operators.
 *
 * A file is head lines `Name: value` (Language, Subject, After, Policy, Trust), an empty line, the
 * text, and any number of sections, each begun by a line `== key` or `== key: label`. In texts
 * `{{name}}` is a fact, `{{#if name}}` to `{{/if}}` stands only where it is known, `{{#unless
 * name}}` to `{{/unless}}` only where it isn't (they nest), and `{{! … }}` is a comment. The lines
 * of a paragraph flow together; a line that begins with a blank or ends in a backslash stays.
 *
 * All mistakes are told when a file is read. What is rendered is UTF-8 on lines of about 72
 * characters; facts have been made harmless before. Texts live in the arena.
 */
#ifndef MPTOOLS_ACT_DELIST_TEMPLATE_H
#define MPTOOLS_ACT_DELIST_TEMPLATE_H

#include "base/arena.h"
#include "base/words.h"

enum delist_fact {
    FACT_ASKED,
    FACT_ATTEMPTS,
    FACT_BEGAN,
    FACT_BLOCKED,
    FACT_CAUSE,
    FACT_CODE,
    FACT_CONTACT,
    FACT_COUNT,
    FACT_DOMAIN,
    FACT_ENDED,
    FACT_HOST,
    FACT_IP,
    FACT_LAST_ATTEMPT,
    FACT_LIST,
    FACT_LISTED,
    FACT_MEASURE,
    FACT_MESSAGES,
    FACT_NAME,
    FACT_ORGANISATION,
    FACT_PHONE,
    FACT_POLICY,
    FACT_QUIET,
    FACT_REFERENCE,
    FACT_REINSTATED,
    FACT_RELISTED,
    FACT_REPLY,
    FACT_RESULT,
    FACT_SIGN,
    FACT_VOLUME,
    FACT_WEBSITE,
    FACTS
};

struct delist_facts {
    struct slice value[FACTS]; /* empty: not known */
};

struct delist_section {
    struct slice key, label, text;
    unsigned line;
};

struct delist_template {
    struct slice name; /* of the file, without .txt */
    struct slice language, subject, policy;
    struct slice after, trust; /* words between blanks */
    struct slice text;
    struct delist_section *section;
    size_t sections;
};

/* The text has to stay. False with problems. */
bool delist_template_read(struct delist_template *t, const char *file, struct slice text,
                          struct arena *arena, struct problems *problems);
const struct delist_section *delist_section_find(const struct delist_template *t, struct slice key);
/* Is it one of these words? */
bool delist_word_in(struct slice words, struct slice word);

/* Adds the text with its facts. fill: paragraphs are filled, else each becomes one line. */
void delist_render(struct text *out, struct slice text, const struct delist_facts *facts,
                   bool fill);
struct slice delist_fact_name(unsigned fact);

#endif
