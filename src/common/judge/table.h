/* table: suspects for people, on a terminal: at most 80 columns, worst first, as they are given.
 *
 * Every name in it was chosen by a stranger. What a terminal would obey or hide is written out:
 * controls and bytes that are not UTF-8 as \xHH, characters without a width (bidirectional marks,
 * zero width, combining) as \uHHHH. Wide characters count as two columns. Without UTF-8 everything
 * over 0x7e is written out. A name that is too long is cut, and ends in … (~ without UTF-8).
 *
 * With UTF-8, wcwidth(3) is asked, so the program's LC_CTYPE has to be set (setlocale(3)).
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
/* rates may be NULL. */
void table_row(struct text *out, const struct table_style *style, const struct suspect *s,
               const struct scorer_rates *rates);
/* How many of the rates' intervals make one column. */
unsigned table_merged(const struct scorer_rates *rates);
/* One cell: s made harmless, cut or filled with blanks to exactly `width` columns. */
void table_cell(struct text *out, struct slice s, unsigned width, bool utf8);

#endif
