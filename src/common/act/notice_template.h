/* notice_template: the texts of notices, which the operator can change; mpnotify(8) documents them.
 *
 * A template is `Subject: …`, an empty line, and the text. In it `{{field}}` is a value,
 * `{{#if field}}` to `{{/if}}` stands only where the field is known (they nest), and `{{! … }}` is
 * a comment. A line with nothing but sections and comments leaves no line behind. A value of
 * several lines keeps the column that it began in, so no line of a stranger's can stand at the
 * margin.
 *
 * All mistakes are told when the template is read (unknown field, a section that doesn't end, bytes
 * that are not text), so that none shows up when a notice has to go out.
 */
#ifndef MPTOOLS_ACT_NOTICE_TEMPLATE_H
#define MPTOOLS_ACT_NOTICE_TEMPLATE_H

#include "act/notice_fields.h"

struct template_token;

struct notice_template {
    struct template_token *token; /* in the arena */
    size_t n, subject;            /* the first `subject` ones are the subject's */
};

/* The text has to stay. False with problems. */
bool notice_template_read(struct notice_template *t, const char *file, struct slice text,
                          struct arena *arena, struct problems *problems);
/* Adds to both; values as notice_fields.h makes them. False when memory runs out. */
bool notice_template_render(const struct notice_template *t, const struct notice_view *view,
                            struct text *subject, struct text *body);

#endif
