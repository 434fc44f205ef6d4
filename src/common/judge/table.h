/* table: suspects for people, on a terminal of 80 columns, worst first, as they are given.
 *
 * A row each, then what somebody wants to know who has to act now: whose it is, why it is flagged
 * (the families that speak against it, strongest first; their scores add up), since when, as whom
 * it writes, from where, and which messages to look up. Every name in it was chosen by a stranger;
 * wrap.h makes them harmless.
 */
#ifndef MPTOOLS_JUDGE_TABLE_H
#define MPTOOLS_JUDGE_TABLE_H

#include "judge/score.h"

struct table_style {
    bool colour; /* ANSI colours by state */
    bool utf8;
};

/* What the terminal on this descriptor can do: colours unless $NO_COLOR is set (no-color.org) or
 * $TERM is dumb or missing, UTF-8 by the locale. None of it for a file. */
struct table_style table_style_of(int fd);

void table_head(struct text *out, const struct table_style *style);
/* geo tells where clients are; NULL: nothing is known. */
void table_row(struct text *out, const struct table_style *style, const struct suspect *s,
               const struct scorer_rates *rates, struct geo *geo);
/* What a column of the rates stands for, and the threshold; rates and threshold of any row. */
void table_foot(struct text *out, const struct scorer_rates *rates, double threshold);

#endif
