#include "log/summary.h"

#include <stdlib.h>

#include "log/tally.h"

static void number(struct text *out, uint64_t n, const char *what)
{
    text_addf(out, "%llu %s", (unsigned long long)n, what);
}

static void print_time(struct text *out, int64_t t)
{
    char buf[WHEN_TEXT_MAX];

    text_add(out, slice_of(buf, when_print(buf, t, 0)));
}

static void print_lines(const struct parser_stats *st, struct text *out)
{
    const char *sep = " (";

    number(out, st->lines, "lines");
    for (unsigned f = 1; f < ENVELOPE_FORMS; f++) {
        if (st->form[f] == 0)
            continue;
        text_addf(out, "%s%s %llu", sep, envelope_form_name(f), (unsigned long long)st->form[f]);
        sep = ", ";
    }
    text_add(out, sep[0] == ',' ? SL(")") : SL(""));
    if (st->first != WHEN_NONE) {
        text_add(out, SL(", "));
        print_time(out, st->first);
        text_add(out, SL(" to "));
        print_time(out, st->last);
    }
    text_addf(out, "\n%llu of a mail server, %llu of other programs, %llu blank, ",
              (unsigned long long)st->mail, (unsigned long long)st->foreign,
              (unsigned long long)st->blank);
    text_addf(out, "%llu without a readable envelope, %llu cut at 1 MiB\n",
              (unsigned long long)st->unreadable, (unsigned long long)st->cut);
    if (st->beyond)
        text_addf(out, "%llu lines of more than %u programs were not read\n",
                  (unsigned long long)st->beyond, PROGRAMS_MAX);
    if (st->year_doubtful)
        text_add(out, SL("the log has no years and spans more than one: give --year\n"));
}

static void print_records(const struct parser_stats *st, struct text *out)
{
    uint64_t all = 0;
    const char *sep = ": ";

    for (unsigned k = 1; k < KIND_COUNT; k++)
        all += st->record[k];
    number(out, all, "records");
    for (unsigned k = 1; k < KIND_COUNT; k++) {
        if (st->record[k] == 0)
            continue;
        text_addf(out, "%s%s %llu", sep, record_kind_name(k).p, (unsigned long long)st->record[k]);
        sep = ", ";
    }
    const struct correlate_stats *m = &st->messages;
    text_addf(out, "\n%llu messages still open, %llu second legs linked to their first, ",
              (unsigned long long)m->open, (unsigned long long)m->linked);
    text_addf(out,
              "%llu queue ids used again without an end, %llu messages dropped after the "
              "queue lifetime\n",
              (unsigned long long)m->reused, (unsigned long long)m->expired);
}

static void print_row(const struct tally_row *row, struct text *out)
{
    text_addf(out, "%10llu  ", (unsigned long long)row->count);
    text_add_visible(out, row->daemon);
    text_add(out, SL(": "));
    text_add_visible(out, row->shape);
    if (!row->known) {
        text_add(out, SL("\n            e.g. "));
        text_add_visible(out, row->example);
    }
    text_addc(out, '\n');
}

void summary_print(const struct parser *p, struct text *out)
{
    const struct tally *t = parser_tally(p);
    struct parser_stats st;
    size_t n;

    parser_stats(p, &st);
    print_lines(&st, out);
    print_records(&st, out);
    const struct tally_row **rows = tally_rows(t, &n);
    text_add(out, SL("understood:\n"));
    for (size_t i = 0; i < n; i++)
        if (rows[i]->known)
            print_row(rows[i], out);
    text_addf(out, "not understood: %llu lines%s\n", (unsigned long long)st.unknown,
              st.unknown ? ":" : "");
    for (size_t i = 0; i < n; i++)
        if (!rows[i]->known)
            print_row(rows[i], out);
    if (t->beyond)
        text_addf(out, "%10llu  lines of further shapes\n", (unsigned long long)t->beyond);
    free(rows);
}
