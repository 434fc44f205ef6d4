#include "blwatch_report.h"

#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "base/outfile.h"
#include "judge/wrap.h"

#define COLUMNS 9u
#define INDENT 14u
#define PROVIDER_WIDTH 30u
#define IP_WIDTH 26u

static const char *const names[COLUMNS] = {"time",  "event", "ip",     "provider", "state",
                                           "since", "code",  "reason", "url"};

/* --- rows --- */

static void add_tsv(struct report *r, const struct slice field[COLUMNS])
{
    if (r->rows == 0) {
        text_add(&r->text, SL("#blwatch"));
        for (unsigned i = 0; i < COLUMNS; i++)
            text_addf(&r->text, "\t%s", names[i]);
        text_addc(&r->text, '\n');
    }
    for (unsigned i = 0; i < COLUMNS; i++) {
        if (i)
            text_addc(&r->text, '\t');
        text_add_tsv(&r->text, field[i]);
    }
    text_addc(&r->text, '\n');
}

static void add_json(struct report *r, const struct slice field[COLUMNS])
{
    const char *separator = "{";

    for (unsigned i = 0; i < COLUMNS; i++) {
        if (field[i].n == 0)
            continue;
        text_addf(&r->text, "%s\"%s\":", separator, names[i]);
        text_add_json(&r->text, field[i]);
        separator = ",";
    }
    text_add(&r->text, SL("}\n"));
}

static const char *colour_of(struct slice event)
{
    if (slice_eq(event, SL("listed")) || slice_eq(event, SL("persists")))
        return "\033[31m";
    if (slice_eq(event, SL("delisted")) || slice_eq(event, SL("unconfirmed")))
        return "\033[32m";
    return "\033[33m";
}

static void add_people(struct report *r, const struct slice field[COLUMNS])
{
    struct wrap w = {&r->text, r->style.utf8, INDENT, 0};

    if (r->style.colour)
        text_add(&r->text, slice_str(colour_of(field[1])));
    wrap_cell(&r->text, field[1], INDENT - 1, r->style.utf8);
    if (r->style.colour)
        text_add(&r->text, SL("\033[0m"));
    text_addc(&r->text, ' ');
    w.indent = w.at = INDENT;
    for (unsigned i = 0; i < COLUMNS; i++)
        if (i != 1 && i != 4 && i != 5 && i != 8 && field[i].n &&
            !(i == 6 && slice_starts(field[7], field[i])))
            wrap_text(&w, field[i]);
    wrap_end(&w);
    if (field[8].n && !(field[7].n && slice_find(field[7], field[8]))) {
        wrap_begin(&w, "", INDENT);
        wrap_word(&w, field[8], "");
        wrap_end(&w);
    }
}

void report_row(struct report *r, const struct report_row *row)
{
    char time[WHEN_TEXT_MAX], since[WHEN_TEXT_MAX];
    struct slice field[COLUMNS] = {SLICE_NONE, row->event, row->ip,     row->provider, row->state,
                                   SLICE_NONE, row->code,  row->reason, row->url};

    if (row->time != WHEN_NONE)
        field[0] = slice_of(time, when_print(time, row->time, 0));
    if (row->since != WHEN_NONE)
        field[5] = slice_of(since, when_print(since, row->since, 0));
    if (r->format == OUTPUT_TSV)
        add_tsv(r, field);
    else if (r->format == OUTPUT_JSON)
        add_json(r, field);
    else
        add_people(r, field);
    r->rows++;
}

/* --- one look --- */

static bool acts(const struct listing_answer *a)
{
    return a->verdict == DNSBL_LISTED && a->asked->ask != PROVIDER_ASK_INFORMATION;
}

static const char *verdict_name(const struct listing_answer *a)
{
    switch (a->verdict) {
    case DNSBL_LISTED:
        return acts(a) ? "listed" : "information";
    case DNSBL_CANNOT_TELL:
        return "cannot-tell";
    default:
        return "not-listed";
    }
}

static void look_row(struct report *r, const struct listing_answer *a, struct slice ip,
                     struct slice txt, int64_t time)
{
    struct report_row row = {.time = time,
                             .since = WHEN_NONE,
                             .event = SL("look"),
                             .ip = ip,
                             .provider = a->of->id,
                             .state = slice_str(verdict_name(a))};
    struct text reason = {0}, url = {0};
    char code[16];

    if (a->verdict == DNSBL_LISTED) {
        row.code = slice_str(listing_code(a->code, code));
        listing_text(&reason, txt.n ? txt : a->meaning);
        listing_url(&url, a->of, ip, txt);
    } else if (a->verdict == DNSBL_CANNOT_TELL) {
        text_add(&reason, slice_str(dnsbl_reason_text(a->why)));
    }
    row.reason = text_slice(&reason);
    row.url = text_slice(&url);
    report_row(r, &row);
    r->text.failed |= reason.failed || url.failed;
    text_free(&reason);
    text_free(&url);
}

static void look_people(struct report *r, const struct listing_answer *a, struct slice ip,
                        struct slice txt)
{
    struct text line = {0};
    char code[16];

    if (r->style.colour)
        text_add(&r->text, acts(a) ? SL("\033[31m") : SL("\033[33m"));
    text_add(&r->text, SL("  "));
    wrap_cell(&r->text, slice_str(verdict_name(a)), INDENT - 3, r->style.utf8);
    if (r->style.colour)
        text_add(&r->text, SL("\033[0m"));
    struct wrap w = {&r->text, r->style.utf8, INDENT, INDENT - 1};
    wrap_text(&w, a->of->name);
    if (a->verdict == DNSBL_LISTED) {
        text_addf(&line, "(%s):", listing_code(a->code, code));
        wrap_text(&w, text_slice(&line));
        line.n = 0;
        listing_text(&line, txt.n ? txt : a->meaning);
        wrap_text(&w, text_slice(&line));
        line.n = 0;
        listing_url(&line, a->of, ip, txt);
        wrap_end(&w);
        if (line.n) {
            wrap_begin(&w, "", INDENT);
            wrap_word(&w, text_slice(&line), "");
        }
    } else {
        wrap_text(&w, SL("--"));
        wrap_text(&w, slice_str(dnsbl_reason_text(a->why)));
    }
    wrap_end(&w);
    r->text.failed |= line.failed;
    text_free(&line);
}

/* Listings first, then what can't be told; the rest is a number. */
static unsigned walk(struct report *r, const struct providers *providers,
                     const struct listing_lists *lists, const struct dnsbl *d, unsigned addr,
                     struct slice ip, enum dnsbl_verdict want, int64_t time, unsigned *count)
{
    struct listing_answer a[LISTING_ANSWERS];
    unsigned found = 0;

    for (unsigned list = 0; list < lists->n; list++) {
        unsigned n = listing_answers(providers, lists, d, list, addr, a);
        for (unsigned i = 0; i < n; i++) {
            if (a[i].verdict != want)
                continue;
            struct slice txt = dnsbl_result(d, list, addr)->txt;
            found += acts(&a[i]);
            ++*count;
            if (r->format != OUTPUT_TABLE)
                look_row(r, &a[i], ip, txt, time);
            else if (want != DNSBL_NOT_LISTED)
                look_people(r, &a[i], ip, txt);
        }
    }
    return found;
}

unsigned report_look(struct report *r, const struct providers *providers,
                     const struct listing_lists *lists, const struct dnsbl *d, unsigned addr,
                     struct slice ip, int64_t time)
{
    unsigned listed = 0, silent = 0, clean = 0, found;

    if (r->format == OUTPUT_TABLE)
        text_addf(&r->text, "%.*s\n", (int)ip.n, ip.p);
    found = walk(r, providers, lists, d, addr, ip, DNSBL_LISTED, time, &listed);
    walk(r, providers, lists, d, addr, ip, DNSBL_CANNOT_TELL, time, &silent);
    walk(r, providers, lists, d, addr, ip, DNSBL_NOT_LISTED, time, &clean);
    if (r->format == OUTPUT_TABLE)
        text_addf(&r->text, "  listed %u, not listed %u, cannot tell %u\n", listed, clean, silent);
    return found;
}

/* --- what is open --- */

static void open_line(struct report *r, const struct ledger_rows *row,
                      const struct providers *providers)
{
    const struct provider *p = provider_find(providers, ledger_text(row, 1));
    int64_t since = ledger_int(row, 3);
    char at[WHEN_TEXT_MAX];

    wrap_cell(&r->text, ledger_text(row, 0), IP_WIDTH, r->style.utf8);
    text_addc(&r->text, ' ');
    wrap_cell(&r->text, p ? p->name : ledger_text(row, 1), PROVIDER_WIDTH, r->style.utf8);
    text_addc(&r->text, ' ');
    wrap_cell(&r->text, ledger_text(row, 2), 9, r->style.utf8);
    when_print(at, since, 0);
    text_addf(&r->text, "%.10s", at);
    text_addc(&r->text, '\n');
}

void report_open(struct report *r, struct ledger *l, const struct providers *providers)
{
    struct ledger_rows rows;
    unsigned n = 0;

    if (r->format != OUTPUT_TABLE)
        return;
    rows = ledger_query(l,
                        "SELECT ip, provider, state, coalesce(since, first) FROM listings"
                        " WHERE state <> 'clear' ORDER BY ip, id",
                        "");
    while (ledger_next(&rows)) {
        if (n++ == 0)
            text_addf(&r->text, "%s%-26s %-30s %-9s%s\n", r->rows ? "\n" : "", "ADDRESS",
                      "PROVIDER", "STATE", "SINCE");
        open_line(r, &rows, providers);
    }
    ledger_done(&rows);
    if (n == 0)
        text_add(&r->text, SL("no address is listed\n"));
}

int report_write_out(struct report *r, const struct options *o)
{
    return outfile_text(o->output, &r->text);
}
