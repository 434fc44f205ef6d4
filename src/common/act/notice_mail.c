#include "act/notice_mail_parts.h"

#include <stdio.h>

#include "act/notice_arf.h"
#include "act/notice_chart.h"
#include "act/notice_mime.h"
#include "base/exits.h"
#include "base/when.h"

/* What a mail is made of. */
struct made {
    struct notice_facts facts;
    struct arena arena;
    struct text evidence;
    struct notice_rows rows;
    const struct notice_words *words;
};

static int no_ledger(struct ledger *l, struct failure *failure)
{
    const struct failure *f = ledger_failure(l);

    return f->status ? failure_set(failure, f->status, "%s", failure_text(f))
                     : failure_memory(failure);
}

static bool add_row_facts(struct notice_facts *f, const struct notice *n)
{
    bool ok = notice_facts_add_time(f, SL("time"), n->time) &&
              notice_facts_add(f, SL("event"), 0, 0, n->event_name) &&
              notice_facts_add(f, SL("customer"), 0, 0, n->customer);

    if (n->incident)
        ok = ok && notice_facts_add_int(f, SL("incident"), n->incident);
    if (n->listing)
        ok = ok && notice_facts_add_int(f, SL("listing"), n->listing);
    return ok;
}

/* What a suspension takes away of an identity that belongs to no customer. */
static bool add_identity(struct notice_facts *f)
{
    struct slice scope = notice_fact(f, SL("scope"));
    struct slice identity = notice_fact(f, SL("identity"));
    struct slice list = slice_eq(scope, SL("login"))    ? SL("logins")
                        : slice_eq(scope, SL("client")) ? SL("nets")
                                                        : SLICE_NONE;

    return list.n == 0 || notice_fact_rows(f, list) || notice_facts_add(f, list, 0, 0, identity);
}

static int gather(struct made *m, const struct notice_office *o, struct ledger *l,
                  const struct notice *n, const struct notice_addressee *to,
                  struct failure *failure)
{
    if (n->event == NOTICE_EVENTS)
        return failure_set(failure, EXIT_DATA,
                           "notice %lld: `%.*s' is nothing that this version can say: it stays",
                           (long long)n->id, (int)n->event_name.n, n->event_name.p);
    if (!n->readable)
        return failure_set(failure, EXIT_DATA, "notice %lld: its facts are no JSON: it stays",
                           (long long)n->id);
    if (!add_row_facts(&m->facts, n) || !mail_add_office(&m->facts, o, to, n->partner))
        return failure_memory(failure);
    if (!notice_facts_of(&m->facts, l, n) || !notice_evidence_of(&m->evidence, l, n))
        return no_ledger(l, failure);
    if (!add_identity(&m->facts) ||
        !notice_rows_read(&m->rows, text_slice(&m->evidence), &m->arena) ||
        (m->rows.n && !notice_facts_add_int(&m->facts, SL("evidence"), (int64_t)m->rows.n)))
        return failure_memory(failure);
    return 0;
}

static void add_text_part(struct text *out, const char *boundary, struct slice body)
{
    mime_add_part(out, boundary,
                  &(struct mime_part){.type = "text/plain; charset=utf-8",
                                      .encoding = MIME_QUOTED,
                                      .content = body});
}

/* The report, or the text alone. */
static void add_report(struct text *out, const struct made *m, const struct notice *n,
                       struct slice body, const char *outer)
{
    struct text report = {0}, original = {0};
    char boundary[48];

    if (!notice_is_abuse(n->event)) {
        add_text_part(out, outer, body);
        return;
    }
    snprintf(boundary, sizeof(boundary), "=_mp-%lld-report", (long long)n->id);
    mime_begin_part(out, outer);
    mime_add_multipart(out, "report", " report-type=feedback-report;", boundary);
    add_text_part(out, boundary, body);
    notice_add_report(&report, &m->facts, &m->rows);
    notice_add_original(&original, &m->facts, &m->rows);
    mime_add_part(out, boundary,
                  &(struct mime_part){.type = "message/feedback-report",
                                      .name = "feedback-report.txt",
                                      .content = text_slice(&report)});
    mime_add_part(out, boundary,
                  &(struct mime_part){.type = "text/rfc822-headers",
                                      .name = "headers.txt",
                                      .content = text_slice(&original)});
    mime_end(out, boundary);
    out->failed = out->failed || report.failed || original.failed;
    text_free(&report);
    text_free(&original);
}

static void add_evidence(struct text *out, const struct made *m, const struct notice *n,
                         const char *boundary)
{
    struct text tsv = {0};
    char name[48];

    if (m->rows.n == 0)
        return;
    snprintf(name, sizeof(name), "evidence-%lld.tsv", (long long)n->id);
    notice_add_tsv(&tsv, text_slice(&m->evidence));
    mime_add_part(out, boundary,
                  &(struct mime_part){.type = "text/tab-separated-values; charset=utf-8",
                                      .name = name,
                                      .encoding = MIME_QUOTED,
                                      .content = text_slice(&tsv)});
    out->failed = out->failed || tsv.failed;
    text_free(&tsv);
}

static void add_pictures(struct text *out, const struct chart *c, const struct notice *n,
                         const char *boundary)
{
    struct text svg = {0}, png = {0};
    char name[48];

    if (!chart_add_png(&png, c))
        out->failed = true;
    chart_add_svg(&svg, c);
    snprintf(name, sizeof(name), "chart-%lld.png", (long long)n->id);
    mime_add_part(out, boundary,
                  &(struct mime_part){.type = "image/png",
                                      .name = name,
                                      .in_line = true,
                                      .encoding = MIME_BASE64,
                                      .content = text_slice(&png)});
    snprintf(name, sizeof(name), "chart-%lld.svg", (long long)n->id);
    mime_add_part(out, boundary,
                  &(struct mime_part){.type = "image/svg+xml",
                                      .name = name,
                                      .encoding = MIME_BASE64,
                                      .content = text_slice(&svg)});
    out->failed = out->failed || svg.failed;
    text_free(&svg);
    text_free(&png);
}

/* The action is the notice's moment, where the event is one that acts. */
static bool add_chart(struct text *out, const struct made *m, const struct notice *n,
                      const char *boundary)
{
    bool acts = notice_is_abuse(n->event) && n->event != NOTICE_WATCH;
    struct chart_moments at = {notice_time(notice_fact(&m->facts, SL("flagged"))),
                               acts ? n->time : WHEN_NONE};
    struct chart c;
    bool drawn = m->rows.n && chart_draw(&c, &m->rows, &at, m->words);

    if (drawn)
        add_pictures(out, &c, n, boundary);
    if (m->rows.n)
        chart_free(&c);
    return drawn;
}

static void assemble(struct notice_mail *out, const struct made *m, const struct notice_office *o,
                     const struct notice *n, const struct notice_addressee *to, bool inner)
{
    struct mail_head head = {.to = to,
                             .subject = text_slice(&out->subject),
                             .name = n->name,
                             .first = n->first,
                             .notice = n,
                             .inner = inner};
    char boundary[48];

    snprintf(boundary, sizeof(boundary), "=_mp-%lld-mixed", (long long)n->id);
    mail_add_head(&out->message, o, &head);
    mime_add_multipart(&out->message, "mixed", "", boundary);
    add_report(&out->message, m, n, text_slice(&out->body), boundary);
    add_evidence(&out->message, m, n, boundary);
    out->chart = add_chart(&out->message, m, n, boundary);
    out->rows = (unsigned)m->rows.n;
    mime_end(&out->message, boundary);
}

int notice_compose_one(struct notice_mail *out, const struct notice_office *o, struct ledger *l,
                       const struct notice *n, bool inner, struct failure *failure)
{
    struct notice_addressee to = notice_addressee(o, n->partner);
    struct made m = {.words = NULL};
    int status = gather(&m, o, l, n, &to, failure);

    if (status == 0)
        status = mail_render(out, o, &to, n->event, &m.facts, &m.words, failure);
    if (status == 0)
        assemble(out, &m, o, n, &to, inner);
    if (status == 0 && out->message.failed)
        status = failure_memory(failure);
    notice_facts_free(&m.facts);
    arena_free(&m.arena);
    text_free(&m.evidence);
    return status;
}

int notice_compose(struct notice_mail *out, const struct notice_office *o, struct ledger *l,
                   const struct notice *n, struct failure *failure)
{
    return notice_compose_one(out, o, l, n, false, failure);
}

void notice_mail_free(struct notice_mail *m)
{
    text_free(&m->subject);
    text_free(&m->body);
    text_free(&m->message);
    *m = (struct notice_mail){0};
}
