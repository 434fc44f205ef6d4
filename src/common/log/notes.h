/* notes: texts for the operator that a module of this layer, which doesn't print, hands on.
 *
 * A struct notes starts as {0} and ends in notes_free(). A note that there is no memory for sets
 * failed: its user fails then rather than pass over it in silence.
 */
#ifndef MPTOOLS_LOG_NOTES_H
#define MPTOOLS_LOG_NOTES_H

#include <stdbool.h>
#include <stddef.h>

struct notes {
    char **text;
    size_t count, taken;
    bool failed;
};

void notes_add(struct notes *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The next text, which lives as long as the notes, or NULL. */
const char *notes_take(struct notes *n);
void notes_free(struct notes *n);

#endif
