/* notice_escape: a stranger's bytes made harmless for each place in a mail to a partner.
 *
 * Text: text_add_visible() and besides what a reader's screen would obey or hide: bidirectional and
 * zero-width marks, line and paragraph separators (Unicode 15, general category Cf, Zl, Zp) as
 * \uHHHH, so that a name can neither begin a line of its own nor turn the rest of one around. Cut
 * to a number of characters, which … shows. Mail headers: RFC 5322, RFC 2047. XML: XML 1.0.
 * Nothing here fails but by memory, which is noted in the text (text.h).
 */
#ifndef MPTOOLS_ACT_NOTICE_ESCAPE_H
#define MPTOOLS_ACT_NOTICE_ESCAPE_H

#include "base/text.h"

/* On one line, at most `most` characters. */
void notice_add_line(struct text *out, struct slice s, size_t most);
/* The same for text content and attribute values of XML. */
void notice_add_xml(struct text *out, struct slice s, size_t most);
/* Printable ASCII; everything else, and blanks unless `blanks`, becomes `?`. For structured fields,
 * where an encoded word may not stand. */
void notice_add_ascii(struct text *out, struct slice s, size_t most, bool blanks);

/* One plain mail address of RFC 5322 in ASCII, without comments, quotes or a display name, that
 * can't be taken for an option. Others would need SMTPUTF8 or could hide something. */
bool notice_is_address(struct slice s);

/* `Name: value`, the value as encoded words of at most 75 characters (RFC 2047) when it is not
 * ASCII, folded at 76; an unescaped newline can't get in: controls become blanks. */
void notice_add_header(struct text *out, const char *name, struct slice value);
/* A display name: quoted when it is ASCII, else encoded. */
void notice_add_phrase(struct text *out, struct slice s);

/* RFC 4648; lines: in lines of 76 characters. */
void notice_add_base64(struct text *out, struct slice s, bool lines);

/* RFC 5322 date and time of a time in microseconds, in UTC. */
void notice_add_date(struct text *out, int64_t time);

#endif
