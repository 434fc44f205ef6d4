#include "mpnotify_show.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "act/notice_escape.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/outfile.h"
#include "base/when.h"
#include "judge/wrap.h"

#define LIST_COLUMNS 7

struct showing {
    struct batches *b;
    struct outfile out;
    bool people; /* a terminal */
};

static int tell(struct failure *f)
{
    int status = f->status;

    msg_error("%s", failure_text(f));
    failure_free(f);
    return status;
}

/* One line: for a terminal in columns, else TSV. */
static void put_row(struct showing *s, const struct text cell[LIST_COLUMNS])
{
    static const unsigned width[LIST_COLUMNS] = {4, 20, 10, 8, 16, 12, 1};
    struct text line = {0};

    for (unsigned i = 0; i < LIST_COLUMNS; i++) {
        bool last = i + 1 == LIST_COLUMNS;
        if (!s->people) {
            text_add_tsv(&line, text_slice(&cell[i]));
            text_add(&line, last ? SL("") : SL("\t"));
            continue;
        }
        size_t at = line.n;
        notice_add_line(&line, text_slice(&cell[i]), 60);
        struct slice shown = slice_skip(text_slice(&line), at);
        unsigned columns = wrap_columns(shown, true);
        for (; !last && columns < width[i] + 2; columns++)
            text_addc(&line, ' ');
    }
    outfile_add(&s->out, text_slice(&line));
    outfile_end_line(&s->out);
    text_free(&line);
}

static void free_cells(struct text cell[LIST_COLUMNS])
{
    for (unsigned i = 0; i < LIST_COLUMNS; i++)
        text_free(&cell[i]);
}

static void list_head(struct showing *s)
{
    static const char *const name[LIST_COLUMNS] = {"id",       "time",    "event", "incident",
                                                   "customer", "partner", "to"};
    struct text cell[LIST_COLUMNS] = {0};

    for (unsigned i = 0; i < LIST_COLUMNS; i++)
        text_addf(&cell[i], "%s%s", i || s->people ? "" : "#", name[i]);
    put_row(s, cell);
    free_cells(cell);
}

static void list_one(struct showing *s, const struct notice *n)
{
    struct notice_addressee to = notice_addressee(s->b->office, n->partner);
    struct text cell[LIST_COLUMNS] = {0};
    char stamp[WHEN_TEXT_MAX];

    text_addf(&cell[0], "%lld", (long long)n->id);
    text_add(&cell[1], slice_of(stamp, when_print(stamp, n->time, 0)));
    text_add(&cell[2], n->event_name);
    if (n->incident || n->listing)
        text_addf(&cell[3], n->incident ? "%lld" : "L%lld",
                  (long long)(n->incident ? n->incident : n->listing));
    text_add(&cell[4], n->customer);
    text_add(&cell[5], n->partner);
    if (to.n)
        notice_add_addresses(&cell[6], s->b->office, &to, " ");
    else if (s->people)
        text_add(&cell[6], SL("nobody: no address"));
    put_row(s, cell);
    free_cells(cell);
}

static void list_all(struct showing *s)
{
    const struct notices *all = s->b->notices;

    if (all->n)
        list_head(s);
    for (size_t i = 0; i < all->n && !outfile_stopped(&s->out); i++)
        list_one(s, &all->list[i]);
}

/* As a reader of the mail sees it. */
static void print_readable(struct showing *s, const struct notice_mail *m)
{
    struct notice_addressee to = notice_addressee(s->b->office, s->b->list[0]->partner);
    struct text t = {0};

    text_add(&t, SL("To: "));
    notice_add_addresses(&t, s->b->office, &to, " ");
    text_add(&t, to.n ? SL("\nSubject: ") : SL("nobody: no address\nSubject: "));
    text_add(&t, text_slice(&m->subject));
    text_add(&t, SL("\n\n"));
    text_add(&t, text_slice(&m->body));
    if (m->rows)
        text_addf(&t, "\n[attached: %u rows of evidence%s]\n", m->rows,
                  m->chart ? ", a chart" : "");
    text_addf(&t, "\n%.*s\n", 72,
              "------------------------------------------------------------------------");
    outfile_add(&s->out, text_slice(&t));
    text_free(&t);
}

/* mbox (RFC 4155). No line within can begin with `From `: quoted-printable sees to that. */
static void print_mail(struct showing *s, const struct notice_mail *m)
{
    time_t now = (time_t)(s->b->office->now / WHEN_SECOND);
    struct tm tm;
    char stamp[64] = "";

    if (gmtime_r(&now, &tm))
        strftime(stamp, sizeof(stamp), "%a %b %e %H:%M:%S %Y", &tm);
    outfile_addf(&s->out, "From mpnotify %s\n", stamp);
    outfile_add(&s->out, text_slice(&m->message));
    outfile_addc(&s->out, '\n');
}

static int print_all(struct showing *s)
{
    int status = 0;

    while (!outfile_stopped(&s->out) && batches_next(s->b)) {
        struct notice_mail mail = {.rows = 0};
        struct failure failure = {0};
        if (batches_compose(s->b, &mail, &failure))
            status = exit_worse(status, tell(&failure));
        else if (s->people)
            print_readable(s, &mail);
        else
            print_mail(s, &mail);
        notice_mail_free(&mail);
        if (ledger_failure(s->b->ledger)->status)
            break;
    }
    return status;
}

static void add_json_addresses(struct text *t, const struct notice_office *o, struct slice partner)
{
    struct notice_addressee to = notice_addressee(o, partner);
    struct text all = {0};

    notice_add_addresses(&all, o, &to, "");
    text_add(t, SL(",\"to\":["));
    for (struct slice s = text_slice(&all); s.n;) {
        const char *comma = slice_chr(s, ',');
        struct slice one = comma ? slice_range(s.p, comma) : s;
        text_add_json(t, one);
        if (comma)
            text_addc(t, ',');
        s = slice_skip(s, one.n + 1);
    }
    text_addc(t, ']');
    text_free(&all);
}

static void add_json(struct text *t, const char *name, struct slice value)
{
    text_addf(t, ",\"%s\":", name);
    text_add_json(t, value);
}

static int json_one(struct showing *s, const struct notice *n)
{
    struct notice_mail mail = {.rows = 0};
    struct failure failure = {0};
    struct text t = {0}, facts = {0};
    char stamp[WHEN_TEXT_MAX];
    int status = notice_compose(&mail, s->b->office, s->b->ledger, n, &failure);

    if (status == 0 && !notice_json_of(&facts, s->b->ledger, n))
        status = failure_memory(&failure);
    text_addf(&t, "{\"id\":%lld", (long long)n->id);
    add_json(&t, "time", slice_of(stamp, when_print(stamp, n->time, 0)));
    add_json(&t, "event", n->event_name);
    if (n->incident)
        text_addf(&t, ",\"incident\":%lld", (long long)n->incident);
    if (n->listing)
        text_addf(&t, ",\"listing\":%lld", (long long)n->listing);
    add_json(&t, "customer", n->customer);
    add_json(&t, "partner", n->partner);
    add_json_addresses(&t, s->b->office, n->partner);
    add_json(&t, "subject", text_slice(&mail.subject));
    add_json(&t, "text", text_slice(&mail.body));
    text_addf(&t, ",\"evidence_rows\":%u,\"facts\":", mail.rows);
    text_add(&t, text_slice(&facts));
    text_addc(&t, '}');
    if (status == 0) {
        outfile_add(&s->out, text_slice(&t));
        outfile_end_line(&s->out);
    } else {
        tell(&failure);
    }
    text_free(&t);
    text_free(&facts);
    notice_mail_free(&mail);
    return status;
}

static int json_all(struct showing *s)
{
    int status = 0;

    for (size_t i = 0; i < s->b->notices->n && !outfile_stopped(&s->out); i++)
        status = exit_worse(status, json_one(s, &s->b->notices->list[i]));
    return status;
}

int show(const struct options *o, struct batches *b)
{
    struct showing s = {.b = b, .people = isatty(STDOUT_FILENO)};
    int status = outfile_open(&s.out, NULL, false);

    if (status == 0 && o->mode == MODE_LIST)
        list_all(&s);
    else if (status == 0)
        status = o->mode == MODE_JSON ? json_all(&s) : print_all(&s);
    int written = outfile_finish(&s.out);
    if (written)
        msg_error("%s", outfile_error(&s.out));
    outfile_free(&s.out);
    if (b->notices->n)
        status = exit_worse(status, EXIT_FOUND);
    return exit_worse(status, written);
}
