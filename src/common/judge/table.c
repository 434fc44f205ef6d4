#include "judge/table.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "judge/wrap.h"

#define INDENT 12u
#define STATE_WIDTH 11u
#define IDENTITY_WIDTH 27u
#define CUSTOMER_WIDTH 13u
#define RATE_WIDTH 12u
#define SENDERS_SHOWN 3u
#define AS_WIDTH 32u
#define SCORE_LEAST 0.05 /* less would be 0.0 */

/* How many of the rates' intervals make one column. */
static unsigned merged(const struct scorer_rates *rates)
{
    return (rates->n + RATE_WIDTH - 1) / RATE_WIDTH > 1 ? 2 : 1;
}

static void add_sparkline(struct text *out, const struct scorer_rates *r, bool utf8)
{
    static const char *const bars[] = {" ",
                                       "\xe2\x96\x81",
                                       "\xe2\x96\x82",
                                       "\xe2\x96\x83",
                                       "\xe2\x96\x84",
                                       "\xe2\x96\x85",
                                       "\xe2\x96\x86",
                                       "\xe2\x96\x87",
                                       "\xe2\x96\x88"};
    static const char *const plain[] = {" ", ".", ".", ":", ":", "+", "+", "#", "#"};
    unsigned merge = merged(r);
    uint32_t count[RATE_WIDTH] = {0}, most = 0;

    for (unsigned i = 0; i < r->n; i++)
        count[i / merge] += r->count[i];
    for (unsigned i = 0; i < RATE_WIDTH; i++)
        most = count[i] > most ? count[i] : most;
    for (unsigned i = 0; most && i * merge < r->n; i++) {
        unsigned level = count[i] ? 1 + count[i] * 7 / most : 0;
        text_add(out, slice_str(utf8 ? bars[level] : plain[level]));
    }
}

static void wrap_format(struct wrap *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void wrap_format(struct wrap *w, const char *fmt, ...)
{
    char buf[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    wrap_text(w, slice_str(buf));
}

/* What the row has no room for. */
static void add_who(struct wrap *w, const struct suspect *s)
{
    bool identity = wrap_columns(s->identity, w->utf8) > IDENTITY_WIDTH;
    bool customer = wrap_columns(s->customer, w->utf8) > CUSTOMER_WIDTH;

    if (!identity && !customer && s->partner.n == 0)
        return;
    wrap_begin(w, "  who", INDENT);
    if (identity)
        wrap_word(w, s->identity, customer || s->partner.n ? "," : "");
    if (customer) {
        wrap_word(w, SL("customer"), "");
        wrap_word(w, s->customer, s->partner.n ? "," : "");
    }
    if (s->partner.n) {
        wrap_word(w, SL("partner"), "");
        wrap_word(w, s->partner, "");
    }
    wrap_end(w);
}

/* The families that speak against it, strongest first, a line each. */
static void add_why(struct wrap *w, const struct suspect *s)
{
    bool shown[SUSPECT_FAMILIES] = {false};

    for (unsigned n = 0; n < s->family_n; n++) {
        const struct suspect_family *best = NULL;
        for (unsigned i = 0; i < s->family_n; i++)
            if (!shown[i] && s->family[i].score >= SCORE_LEAST &&
                (best == NULL || s->family[i].score > best->score))
                best = &s->family[i];
        if (best == NULL)
            break;
        shown[best - s->family] = true;
        wrap_begin(w, n ? "" : "  why", INDENT);
        wrap_format(w, "%4.1f", best->score);
        text_addc(w->out, ' ');
        w->indent = ++w->at; /* what is wrapped stands under the words, not the number */
        wrap_text(w, best->seen.n ? best->seen : best->name);
        wrap_end(w);
    }
}

static void add_since(struct wrap *w, const struct suspect *s)
{
    char since[WHEN_TEXT_MAX], time[WHEN_TEXT_MAX];

    when_print(since, s->since, 0);
    when_print(time, s->time, 0);
    wrap_begin(w, "  since", INDENT);
    wrap_format(w, "%.10s %.5s UTC,", since, since + 11);
    if (s->time && memcmp(since, time, 10) == 0)
        wrap_format(w, "flagged %.5s:", time + 11);
    else if (s->time && memcmp(since, time, 4) == 0)
        wrap_format(w, "flagged %.5s %.5s:", time + 5, time + 11);
    else if (s->time)
        wrap_format(w, "flagged %.10s %.5s:", time, time + 11);
    else
        wrap_format(w, "not flagged:");
    wrap_format(w, "%llu message%s, %llu recipient%s", (unsigned long long)s->messages,
                s->messages == 1 ? "" : "s", (unsigned long long)s->recipients,
                s->recipients == 1 ? "" : "s");
    wrap_end(w);
}

static void add_counts(struct wrap *w, const struct suspect_count *list, unsigned n)
{
    char behind[32];

    for (unsigned i = 0; i < n; i++) {
        snprintf(behind, sizeof behind, " (%llu)%s", (unsigned long long)list[i].count,
                 i + 1 < n ? "," : "");
        wrap_word(w, list[i].name, behind);
    }
}

static void add_senders(struct wrap *w, const struct suspect *s)
{
    if (s->sender_n == 0)
        return;
    wrap_begin(w, s->senders > 1 ? "  senders" : "  sender", INDENT);
    if (s->senders > 1) {
        wrap_format(w, "%llu:", (unsigned long long)s->senders);
        add_counts(w, s->sender, s->sender_n < SENDERS_SHOWN ? s->sender_n : SENDERS_SHOWN);
    } else {
        wrap_word(w, s->sender[0].name, "");
    }
    wrap_end(w);
}

/* One client and where it is. */
static void add_place(struct wrap *w, const struct suspect_count *client, struct geo *geo)
{
    struct geo_place place = {0};
    struct ipaddr ip;
    struct text name = {0};

    wrap_word(w, client->name, "");
    if (ipaddr_parse(client->name, &ip))
        geo_find(geo, ip, &place);
    if (*place.country)
        wrap_word(w, slice_str(place.country), "");
    if (place.asn)
        wrap_format(w, "AS%lu", (unsigned long)place.asn);
    if (place.as_name.n) {
        wrap_cell(&name, place.as_name, AS_WIDTH, w->utf8);
        wrap_text(w, text_slice(&name));
    }
    wrap_format(w, "(%llu)", (unsigned long long)client->count);
    wrap_end(w);
    w->out->failed |= name.failed;
    text_free(&name);
}

static void add_clients(struct wrap *w, const struct suspect *s, struct geo *geo)
{
    bool itself = s->kind == IDENTITY_CLIENT && s->client_n == 1;

    if (s->country_n > 1) {
        wrap_begin(w, "  countries", INDENT);
        add_counts(w, s->country, s->country_n);
        wrap_end(w);
    }
    if (s->client_n == 0 || (itself && geo == NULL))
        return;
    wrap_begin(w, s->client_n > 1 ? "  clients" : "  client", INDENT);
    if (geo == NULL)
        add_counts(w, s->client, s->client_n);
    for (unsigned i = 0; geo && i < s->client_n; i++)
        add_place(w, &s->client[i], geo);
    wrap_end(w);
}

static void add_samples(struct wrap *w, const struct suspect *s)
{
    if (s->sample_n)
        wrap_begin(w, "  look up", INDENT);
    for (unsigned i = 0; i < s->sample_n; i++)
        wrap_word(w, s->sample[i], "");
    wrap_end(w);
}

struct table_style table_style_of(int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return (struct table_style){.colour = isatty(fd) && !(no_color && *no_color) && term &&
                                          strcmp(term, "dumb") != 0,
                                .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
}

void table_head(struct text *out, const struct table_style *style)
{
    if (style->colour)
        text_add(out, SL("\x1b[1m"));
    wrap_cell(out, SL("STATE"), STATE_WIDTH + 1, style->utf8);
    wrap_cell(out, SL("IDENTITY"), IDENTITY_WIDTH + 1, style->utf8);
    wrap_cell(out, SL("CUSTOMER"), CUSTOMER_WIDTH + 1, style->utf8);
    text_add(out, SL("SCORE MESSAGES RATE"));
    text_add(out, style->colour ? SL("\x1b[0m\n") : SL("\n"));
}

void table_row(struct text *out, const struct table_style *style, const struct suspect *s,
               const struct scorer_rates *rates, struct geo *geo)
{
    static const char *const colour[] = {"", "\x1b[33m", "\x1b[1;31m", "\x1b[1;35m"};
    bool dye = style->colour && s->state > STATE_CLEAR && s->state <= STATE_INFECTED;
    struct wrap w = {.out = out, .utf8 = style->utf8};

    if (dye)
        text_add(out, slice_str(colour[s->state]));
    wrap_cell(out, suspect_state_name(s->state), STATE_WIDTH, style->utf8);
    text_add(out, dye ? SL("\x1b[0m ") : SL(" "));
    wrap_cell(out, s->identity, IDENTITY_WIDTH, style->utf8);
    text_addc(out, ' ');
    wrap_cell(out, s->customer, CUSTOMER_WIDTH, style->utf8);
    text_addf(out, " %5.1f %8llu ", s->score, (unsigned long long)s->messages);
    add_sparkline(out, rates, style->utf8);
    text_addc(out, '\n');
    add_who(&w, s);
    add_why(&w, s);
    add_since(&w, s);
    add_senders(&w, s);
    add_clients(&w, s, geo);
    add_samples(&w, s);
}

void table_foot(struct text *out, const struct scorer_rates *rates, double threshold)
{
    unsigned n = rates->minutes * merged(rates);
    const char *unit = "minute";

    if (n % 1440 == 0) {
        n /= 1440;
        unit = "day";
    } else if (n % 60 == 0) {
        n /= 60;
        unit = "hour";
    }
    text_addf(out, "RATE: over the log, %u %s%s a column. SCORE: compromised from %.1f on.\n", n,
              unit, n == 1 ? "" : "s", threshold);
}
