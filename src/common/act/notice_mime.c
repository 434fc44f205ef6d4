#include "act/notice_mime.h"

#include "act/notice_escape.h"

#define LINE 76u

static bool is_literal(const struct slice s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];

    if (c == ' ' || c == '\t')
        return i + 1 < s.n && s.p[i + 1] != '\n';
    return c > 0x20 && c < 0x7f && c != '=';
}

/* RFC 2045 section 6.7. A dot alone ends the mail for some, `From ` at the beginning of a line is
 * changed by others (section 6.7's note): both are encoded. */
static bool is_trap(const struct slice s, size_t i)
{
    struct slice rest = slice_skip(s, i);

    return (rest.p[0] == '.' && (rest.n == 1 || rest.p[1] == '\n')) ||
           slice_starts(rest, SL("From "));
}

void mime_add_quoted(struct text *out, struct slice s)
{
    size_t column = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n') {
            text_addc(out, '\n');
            column = 0;
            continue;
        }
        bool literal = is_literal(s, i) && !(column == 0 && is_trap(s, i));
        size_t room = literal ? 1 : 3;
        bool last = i + 1 == s.n || s.p[i + 1] == '\n';
        if (column + room > LINE - (last ? 0 : 1)) {
            text_add(out, SL("=\n"));
            column = 0;
            literal = is_literal(s, i) && !is_trap(s, i);
            room = literal ? 1 : 3;
        }
        if (literal)
            text_addc(out, s.p[i]);
        else
            text_addf(out, "=%02X", (unsigned char)s.p[i]);
        column += room;
    }
}

void mime_add_multipart(struct text *out, const char *subtype, const char *more,
                        const char *boundary)
{
    text_addf(out, "Content-Type: multipart/%s;%s\n boundary=\"%s\"\n\n", subtype, more, boundary);
}

void mime_begin_part(struct text *out, const char *boundary)
{
    text_addf(out, "\n--%s\n", boundary);
}

void mime_add_part(struct text *out, const char *boundary, const struct mime_part *p)
{
    static const char *const encoding[] = {"7bit", "quoted-printable", "base64"};

    mime_begin_part(out, boundary);
    text_addf(out, "Content-Type: %s\nContent-Transfer-Encoding: %s\n", p->type,
              encoding[p->encoding]);
    if (p->about)
        text_addf(out, "Content-Description: %s\n", p->about);
    if (p->name)
        text_addf(out, "Content-Disposition: %s; filename=\"%s\"\n",
                  p->in_line ? "inline" : "attachment", p->name);
    text_addc(out, '\n');
    if (p->encoding == MIME_QUOTED)
        mime_add_quoted(out, p->content);
    else if (p->encoding == MIME_BASE64)
        notice_add_base64(out, p->content, true);
    else
        text_add(out, p->content);
}

void mime_end(struct text *out, const char *boundary)
{
    text_addf(out, "\n--%s--\n", boundary);
}
