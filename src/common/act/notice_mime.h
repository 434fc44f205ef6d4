/* notice_mime: the parts of a mail (RFC 2045, 2046, 2183), lines of at most 76 characters that end
 * in LF, as sendmail -t takes them.
 *
 * Quoted-printable for what somebody may want to read in the raw mail, base64 for the rest. A
 * boundary begins with `=_`, which neither encoding can produce; a part that is put in as it is
 * (another mail within) gets its boundary from the caller, who makes them differ.
 * Memory running out is noted in the text (text.h).
 */
#ifndef MPTOOLS_ACT_NOTICE_MIME_H
#define MPTOOLS_ACT_NOTICE_MIME_H

#include "base/text.h"

enum mime_encoding {
    MIME_PLAIN,  /* as it is: ASCII lines under 998 characters */
    MIME_QUOTED, /* text in UTF-8, its lines end in LF */
    MIME_BASE64
};

struct mime_part {
    const char *type;  /* with its parameters */
    const char *name;  /* of the file, ASCII without quotes; NULL: none */
    bool in_line;      /* to be shown at once, else an attachment; without name: neither is said */
    const char *about; /* Content-Description in ASCII; NULL: none */
    enum mime_encoding encoding;
    struct slice content;
};

void mime_add_quoted(struct text *out, struct slice s);

/* `Content-Type: multipart/…` with its boundary, and the empty line after it. more: further
 * parameters, or "". */
void mime_add_multipart(struct text *out, const char *subtype, const char *more,
                        const char *boundary);
void mime_add_part(struct text *out, const char *boundary, const struct mime_part *p);
/* A part whose headers and content the caller adds next (a multipart within). */
void mime_begin_part(struct text *out, const char *boundary);
void mime_end(struct text *out, const char *boundary);

#endif
