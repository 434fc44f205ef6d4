#include "act/delist_request.h"

#include "act/notice_escape.h"
#include "act/notice_mime.h"

#define COMMENT 76u

/* --- for people --- */

static void add_line(struct text *out, const char *before, struct slice s)
{
    text_add(out, slice_str(before));
    text_add_visible(out, s);
    text_addc(out, '\n');
}

/* One note, on lines of about COMMENT columns. */
static void add_note(struct text *out, struct slice s)
{
    size_t column = sizeof "# Note:" - 1;

    text_add(out, SL("# Note:"));
    while (s.n) {
        const char *p = slice_chr(s, ' ');
        struct slice word = p ? slice_range(s.p, p) : s;
        s = slice_skip(s, word.n + (p ? 1 : 0));
        if (column + 1 + word.n > COMMENT) {
            text_add(out, SL("\n#  "));
            column = 3;
        }
        text_addc(out, ' ');
        text_add_visible(out, word);
        column += 1 + word.n;
    }
    text_addc(out, '\n');
}

bool delist_request_note(const struct delist_request *r, struct slice *rest, struct slice *line)
{
    const char *nl = rest->p ? slice_chr(*rest, '\n') : slice_chr(r->notes, '\n');

    if (rest->p == NULL)
        *rest = r->notes;
    if (rest->n == 0)
        return false;
    *line = nl ? slice_range(rest->p, nl) : *rest;
    *rest = slice_skip(*rest, line->n + (nl ? 1 : 0));
    return true;
}

static void add_notes(struct text *out, const struct delist_request *r)
{
    struct slice rest = SLICE_NONE, line;

    while (delist_request_note(r, &rest, &line))
        add_note(out, line);
}

static void add_heading(struct text *out, const struct delist_request *r, const struct delist *x)
{
    static const char *const how[] = {
        [PROVIDER_PORTAL] = "self-service", [PROVIDER_FORM] = "a form", [PROVIDER_MAIL] = "mail"};

    text_addf(out, "# Listing %lld: ", (long long)x->id);
    text_add_visible(out, x->ip);
    text_add(out, SL(" at "));
    text_add_visible(out, x->provider->name);
    text_addf(out, ", by %s\n", how[r->way]);
    if (r->id)
        text_addf(out, "# Nothing has been sent. When you have: delistreq --sent %lld\n",
                  (long long)r->id);
    add_notes(out, r);
}

void delist_request_print(struct text *out, const struct delist_request *r, const struct delist *x)
{
    add_heading(out, r, x);
    if (r->way == PROVIDER_MAIL) {
        add_line(out, "\nTo: ", delist_request_mailable(r) ? r->to : SLICE_NONE);
        add_line(out, "Subject: ", r->subject);
        text_addc(out, '\n');
        text_add(out, r->text);
        text_addc(out, '\n');
        return;
    }
    if (r->to.n)
        add_line(out, "# Open: ", r->to);
    for (struct slice rest = r->text; rest.n;) {
        const char *nl = slice_chr(rest, '\n');
        struct slice line = nl ? slice_range(rest.p, nl) : rest;
        rest = slice_skip(rest, line.n + (nl ? 1 : 0));
        add_line(out, line.n ? "# " : "#", line);
    }
    for (size_t i = 0; i < r->fields; i++) {
        add_line(out, "\n== ", r->field[i].label);
        text_add(out, r->field[i].text);
        text_addc(out, '\n');
    }
}

/* --- JSON --- */

static void add_member(struct text *out, const char *name, struct slice value)
{
    text_addf(out, ",\"%s\":", name);
    text_add_json(out, value);
}

void delist_request_json(struct text *out, const struct delist_request *r, const struct delist *x)
{
    text_addf(out, "{\"listing\":%lld", (long long)x->id);
    if (r->id)
        text_addf(out, ",\"request\":%lld", (long long)r->id);
    add_member(out, "ip", x->ip);
    add_member(out, "provider", x->provider->id);
    add_member(out, "way", delist_way_name(r->way));
    add_member(out, "to", r->to);
    if (r->way == PROVIDER_MAIL) {
        add_member(out, "subject", r->subject);
        add_member(out, "text", r->text);
    } else {
        add_member(out, "steps", r->text);
        text_add(out, SL(",\"fields\":["));
        for (size_t i = 0; i < r->fields; i++) {
            text_add(out, i ? SL(",{\"key\":") : SL("{\"key\":"));
            text_add_json(out, r->field[i].key);
            add_member(out, "label", r->field[i].label);
            add_member(out, "text", r->field[i].text);
            text_addc(out, '}');
        }
        text_addc(out, ']');
    }
    add_member(out, "notes", r->notes);
    text_add(out, SL("}\n"));
}

/* --- RFC 5322 --- */

static bool is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static void add_message_id(struct text *out, const struct delist_request *r, const struct delist *x,
                           const struct delist_office *o)
{
    const char *at = slice_rchr(o->from, '@');

    text_addf(out, "Message-ID: <delist.%lld.%lld.%lld", (long long)x->id, (long long)r->id,
              (long long)(o->now / WHEN_SECOND));
    text_add(out, slice_skip(o->from, (size_t)(at - o->from.p)));
    text_add(out, SL(">\n"));
}

void delist_request_mail(struct text *out, const struct delist_request *r, const struct delist *x,
                         const struct delist_office *o)
{
    bool ascii = is_ascii(r->text);

    text_add(out, SL("From: "));
    notice_add_phrase(out, o->organisation);
    text_add(out, SL("\n <"));
    text_add(out, o->from);
    text_add(out, SL(">\nTo: "));
    text_add(out, r->to);
    text_addc(out, '\n');
    notice_add_header(out, "Subject", r->subject);
    text_add(out, SL("Date: "));
    notice_add_date(out, o->now);
    text_addc(out, '\n');
    add_message_id(out, r, x, o);
    text_addf(out,
              "MIME-Version: 1.0\nContent-Type: text/plain; charset=%s\n"
              "Content-Transfer-Encoding: %s\n\n",
              ascii ? "us-ascii" : "utf-8", ascii ? "7bit" : "quoted-printable");
    if (ascii)
        text_add(out, r->text);
    else
        mime_add_quoted(out, r->text);
    if (out->n && out->p[out->n - 1] != '\n')
        text_addc(out, '\n');
}
