/* notice_font: the letters of the chart's PNG, 5 by 8 dots each: ASCII and the German umlauts. A
 * letter is five columns, a bit a dot, the lowest on top; it has no descenders but where bit 7 is
 * set. Other characters are a question mark.
 */
#ifndef MPTOOLS_ACT_NOTICE_FONT_H
#define MPTOOLS_ACT_NOTICE_FONT_H

#include <stddef.h>
#include <stdint.h>

#define FONT_COLUMNS 5
#define FONT_ROWS 8
#define FONT_BASELINE 7 /* rows above it */

/* The columns of the UTF-8 character at p, *n its length. p < end. */
const uint8_t *font_letter(const char *p, const char *end, size_t *n);

#endif
