/* notice_fields: the fields of templates, made of facts in a language, safe to stand in a mail.
 *
 * A field is empty when the fact isn't known. Values are cut to a length that fits a line; lists
 * are lines of at most NOTICE_LIST_MOST rows and say how many more there are. In a subject only our
 * own words, the customer's key, numbers and addresses of our own may stand; anything else of them
 * is `?`.
 */
#ifndef MPTOOLS_ACT_NOTICE_FIELDS_H
#define MPTOOLS_ACT_NOTICE_FIELDS_H

#include "act/notice_facts.h"
#include "act/notice_words.h"

#define NOTICE_NO_FIELD 0xffffffffu
#define NOTICE_LIST_MOST 12u

struct notice_view {
    const struct notice_facts *facts;
    const struct notice_words *words;
};

unsigned notice_field(struct slice name); /* NOTICE_NO_FIELD: there is none */
bool notice_field_in_subject(unsigned field);
void notice_field_add(struct text *out, const struct notice_view *view, unsigned field,
                      bool subject);
/* The names, for the test that they are all documented; NULL after the last one. */
const char *notice_field_name(unsigned field);

#endif
