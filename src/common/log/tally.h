/* tally: lines counted by daemon and shape, with one example each; a new shape is to be seen.
 *
 * Bounded: after TALLY_MAX different shapes the rest is counted together.
 */
#ifndef MPTOOLS_LOG_TALLY_H
#define MPTOOLS_LOG_TALLY_H

#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"

#define TALLY_MAX 2000
#define TALLY_EXAMPLE 200 /* bytes of an example that are kept */

struct tally_row {
    struct slice daemon, shape, example; /* shape of an unknown line: its text without its values */
    uint64_t count;
    bool known;
};

struct tally {
    struct arena arena;
    struct map map;
    struct text key;
    uint64_t beyond; /* lines of shapes that found no more room */
};

void tally_free(struct tally *t);
void tally_known(struct tally *t, struct slice daemon, struct slice shape, struct slice example);
void tally_unknown(struct tally *t, struct slice daemon, struct slice text);
/* All rows, most lines first, in an array for free(); NULL with *n 0 when there are none. */
const struct tally_row **tally_rows(const struct tally *t, size_t *n);

#endif
