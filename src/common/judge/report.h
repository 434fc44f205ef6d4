/* report: the suspects of a scorer, written out in one of the formats of spamscore(1).
 *
 * TSV and JSON lines end in a line that says how many there were; it is left out when the input
 * wasn't whole, so that whoever reads them acts on nothing. The table is for people, says in words
 * when there is nobody, and where the clients are.
 */
#ifndef MPTOOLS_JUDGE_REPORT_H
#define MPTOOLS_JUDGE_REPORT_H

#include "base/outfile.h"
#include "base/when.h"
#include "judge/table.h"

enum report_format { REPORT_TSV, REPORT_JSON, REPORT_TABLE };

struct report_options {
    enum report_format format;
    struct table_style style;
    struct geo *geo; /* for the table; NULL: no database */
    int64_t since; /* only who was flagged then or later, or, if he isn't, began; WHEN_NONE: all */
    bool all;      /* clear ones with a score, too */
    bool whole;    /* the input was read to its end */
    size_t top;    /* only so many; 0: all of them */
};

/* How many there are in each state, by `since`, but whatever `top` is; clear ones only with `all`.
 */
struct report_count {
    size_t by_state[STATE_INFECTED + 1];
};

/* False when memory runs out; then the end line is missing, too. Writing errors are out's. */
bool report_write(struct scorer *s, const struct report_options *o, struct outfile *out,
                  struct report_count *count);
size_t report_flagged(const struct report_count *count);

#endif
