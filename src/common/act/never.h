/* never: whom the operator never wants blocked, from his file `never_block`: they only ever warn.
 *
 * One or more a line: `customer:KEY`, `sasl:LOGIN` (with one star, first or last), `net:NET`.
 * Absent is not an error.
 */
#ifndef MPTOOLS_ACT_NEVER_H
#define MPTOOLS_ACT_NEVER_H

#include "act/incident.h"
#include "base/words.h"

struct never {
    struct arena arena;
    struct never_entry *first;
};

/* DIR/never_block. All mistakes are added to problems. never_free() it in any case. */
enum words_result never_load(struct never *n, const char *dir, struct problems *problems);
void never_free(struct never *n);
/* Is this owner, or the identity that was flagged, one of them? */
bool never_has(const struct never *n, const struct owner *o, unsigned kind, struct slice identity);

#endif
