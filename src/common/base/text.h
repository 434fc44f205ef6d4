/* text: a growing byte string that its user owns, and the ways to escape a stranger's bytes.
 *
 * A struct text starts as {0} and ends in text_free(). When memory runs out the text becomes and
 * stays empty with failed set, so a chain of additions needs one check at its end.
 */
#ifndef MPTOOLS_BASE_TEXT_H
#define MPTOOLS_BASE_TEXT_H

#include <stdbool.h>

#include "base/slice.h"

struct text {
    char *p;
    size_t n, cap;
    bool failed;
};

void text_free(struct text *t);
/* Room for n more bytes at the end; false when memory runs out. */
bool text_room(struct text *t, size_t n);
void text_add(struct text *t, struct slice s);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As UTF-8 without anything a terminal obeys: C0 and C1 controls, DEL and invalid bytes as \xHH.
 * A backslash is kept, so this is for reading by people, not for reading back. */
void text_add_visible(struct text *t, struct slice s);

/* The TSV escapes of mplog(5): \t \n \r \\, \xHH for other C0 controls, DEL and bytes that are not
 * UTF-8; nothing else is changed. */
void text_add_tsv(struct text *t, struct slice s);
/* Undoes text_add_tsv; false when an escape is not one of its own. */
bool text_add_untsv(struct text *t, struct slice s);

/* A JSON string with its quotes (RFC 8259); a byte that is not UTF-8 becomes "\\xHH", the TSV
 * escape, so that nothing is lost. */
void text_add_json(struct text *t, struct slice s);

/* The length, 1 to 4, of the well-formed UTF-8 character (RFC 3629) at p, or 0. */
size_t utf8_length(const char *p, const char *end);

static inline struct slice text_slice(const struct text *t)
{
    return (struct slice){t->p, t->n};
}

#endif
