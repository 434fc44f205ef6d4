/* wrap: a stranger's names in the columns of a terminal: made harmless, cut, and wrapped.
 *
 * What a terminal would obey or hide is written out: controls and bytes that are not UTF-8 as \xHH,
 * characters without a width (bidirectional marks, zero width, combining) as \uHHHH. Wide
 * characters count as two columns. Without UTF-8 everything over 0x7e is written out. A name that
 * is too long is cut, and ends in … (~ without UTF-8).
 *
 * With UTF-8, wcwidth(3) is asked, so the program's LC_CTYPE has to be set (setlocale(3)). Memory
 * running out is noted in the text (text.h).
 */
#ifndef MPTOOLS_JUDGE_WRAP_H
#define MPTOOLS_JUDGE_WRAP_H

#include "base/text.h"

#define WRAP_WIDTH 80u

/* Columns that s takes once it is harmless. */
unsigned wrap_columns(struct slice s, bool utf8);
/* One cell: s, cut or filled with blanks to exactly `width` columns. */
void wrap_cell(struct text *out, struct slice s, unsigned width, bool utf8);

/* Lines of words, none over WRAP_WIDTH columns. Starts as {out, utf8}. */
struct wrap {
    struct text *out;
    bool utf8;
    unsigned indent; /* of the lines that follow, under the paragraph's first word */
    unsigned at;     /* the column at hand; 0: no line is open */
};

/* Opens a line: the label, filled up to `indent` columns. */
void wrap_begin(struct wrap *w, const char *label, unsigned indent);
/* One word, never taken apart, `behind` hanging on it; only if it is longer than a line, it is cut.
 */
void wrap_word(struct wrap *w, struct slice word, const char *behind);
/* Words between blanks. */
void wrap_text(struct wrap *w, struct slice s);
/* Ends the line, if one is open. */
void wrap_end(struct wrap *w);

#endif
