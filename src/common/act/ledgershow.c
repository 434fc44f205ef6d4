#include "act/ledgershow_parts.h"

#include <stdarg.h>
#include <stdio.h>

#include "act/incident.h"
#include "judge/wrap.h"

#define INDENT 12u
#define NUMBER_WIDTH 7u
#define STATE_WIDTH 11u
#define OWNER_WIDTH 30u
#define PARTNER_WIDTH 12u
#define SUSPECTS_SHOWN 3 /* of an incident that is one of many */
#define ALL INT64_C(-1)  /* LIMIT's word for it */
#define TIME_MAX 20u

/* "2026-11-24 10:31", UTC */
static const char *time_text(char buf[TIME_MAX], int64_t us)
{
    char full[WHEN_TEXT_MAX];

    if (us == WHEN_NONE)
        return "an unknown time";
    when_print(full, us, 0);
    snprintf(buf, TIME_MAX, "%.10s %.5s", full, full + 11);
    return buf;
}

static void add(struct wrap *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct wrap *w, const char *fmt, ...)
{
    char buf[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    wrap_text(w, slice_str(buf));
}

/* Never broken at its blank. */
static void add_time(struct wrap *w, const char *before, int64_t us, const char *behind)
{
    char time[TIME_MAX];

    wrap_text(w, slice_str(before));
    wrap_word(w, slice_str(time_text(time, us)), behind);
}

static const char *s_of(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* --- the incident --- */

static const char *colour_of(enum incident_state state)
{
    switch (state) {
    case INCIDENT_SUSPENDED:
        return "\x1b[1;31m";
    case INCIDENT_ADDRESS:
    case INCIDENT_RULE:
        return "\x1b[31m";
    case INCIDENT_WATCH:
    case INCIDENT_REINSTATED:
        return "\x1b[33m";
    case INCIDENT_CLOSED:
        break;
    }
    return "\x1b[2m";
}

static void add_head(struct text *out, const struct table_style *style)
{
    text_add(out, style->colour ? SL("\x1b[1m") : SL(""));
    wrap_cell(out, SL("NUMBER"), NUMBER_WIDTH + 1, style->utf8);
    wrap_cell(out, SL("STATE"), STATE_WIDTH + 1, style->utf8);
    wrap_cell(out, SL("CUSTOMER"), OWNER_WIDTH + 1, style->utf8);
    wrap_cell(out, SL("PARTNER"), PARTNER_WIDTH + 1, style->utf8);
    text_add(out, SL("SINCE (UTC)"));
    text_add(out, style->colour ? SL("\x1b[0m\n") : SL("\n"));
}

static struct slice name_of(const struct incident *i)
{
    return i->owner.whole ? i->owner.customer : i->owner.identity;
}

static void add_row(struct text *out, const struct table_style *style, const struct incident *i)
{
    char number[24], time[TIME_MAX];

    snprintf(number, sizeof number, "%lld", (long long)i->id);
    wrap_cell(out, slice_str(number), NUMBER_WIDTH, style->utf8);
    text_addc(out, ' ');
    text_add(out, style->colour ? slice_str(colour_of(i->state)) : SL(""));
    wrap_cell(out, incident_state_name(i->state), STATE_WIDTH, style->utf8);
    text_add(out, style->colour ? SL("\x1b[0m ") : SL(" "));
    wrap_cell(out, name_of(i), OWNER_WIDTH, style->utf8);
    text_addc(out, ' ');
    wrap_cell(out, i->owner.partner, PARTNER_WIDTH, style->utf8);
    text_addf(out, " %s\n", time_text(time, i->opened));
}

/* What the row has no room for. */
static void add_who(struct wrap *w, const struct incident *i)
{
    bool name = wrap_columns(name_of(i), w->utf8) > OWNER_WIDTH;
    bool partner = wrap_columns(i->owner.partner, w->utf8) > PARTNER_WIDTH;
    bool label = !i->owner.whole && i->owner.customer.n;

    if (!name && !partner && !label)
        return;
    wrap_begin(w, "  who", INDENT);
    if (name)
        wrap_word(w, name_of(i), label || partner ? "," : "");
    if (label) {
        wrap_text(w, SL("writes as"));
        wrap_word(w, i->owner.customer, partner ? "," : "");
    }
    if (partner) {
        wrap_word(w, SL("partner"), "");
        wrap_word(w, i->owner.partner, "");
    }
    wrap_end(w);
}

/* --- what was sent --- */

/* The families that speak against it, strongest first, a line each. */
static void add_why(struct ledger *l, struct wrap *w, int64_t suspect)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT json_extract(f.value, '$[1]'), coalesce(nullif(json_extract("
                     "f.value, '$[2]'), ''), json_extract(f.value, '$[0]'))"
                     " FROM suspects s, json_each(CASE WHEN json_valid('{' || s.facts || '}')"
                     " THEN '{' || s.facts || '}' ELSE '{}' END, '$.families') f"
                     " WHERE s.id = ? AND json_extract(f.value, '$[1]') >= 0.05 ORDER BY 1 DESC",
                     "i", suspect);
    const char *label = "  why";

    for (; ledger_next(&r); label = "") {
        wrap_begin(w, label, INDENT);
        char nats[24];
        snprintf(nats, sizeof nats, "%4.1f", ledger_double(&r, 0));
        wrap_word(w, slice_str(nats), "");
        text_addc(w->out, ' ');
        w->indent = ++w->at; /* what is wrapped stands under the words, not the number */
        wrap_text(w, ledger_text(&r, 1));
        wrap_end(w);
    }
    ledger_done(&r);
}

static void add_figures(struct wrap *w, const struct ledger_rows *r)
{
    int64_t messages = ledger_int(r, 6), recipients = ledger_int(r, 7);
    int64_t refused = ledger_int(r, 8), senders = ledger_int(r, 9);

    if (messages == WHEN_NONE || recipients == WHEN_NONE)
        return;
    wrap_begin(w, "", INDENT);
    add(w, "%lld message%s to %lld recipient%s", (long long)messages, s_of(messages),
        (long long)recipients, s_of(recipients));
    if (senders > 1)
        add(w, "as %lld senders", (long long)senders);
    if (ledger_int(r, 5) != WHEN_NONE)
        add_time(w, "since", ledger_int(r, 5), "");
    if (refused > 0)
        add(w, "(%lld refused by their sites)", (long long)refused);
    wrap_end(w);
}

/* Each identity as it was flagged last; of many incidents, only the latest one's reasons. */
static void add_suspects(struct ledger *l, struct wrap *w, int64_t incident, int64_t most)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT id, kind, identity, state, max(time), since, messages, recipients,"
                     " refused, senders, count(*) FROM suspects WHERE incident = ?"
                     " GROUP BY kind, identity ORDER BY max(time) DESC, id DESC LIMIT ?",
                     "ii", incident, most);

    for (bool first = true; ledger_next(&r); first = false) {
        wrap_begin(w, "  flagged", INDENT);
        wrap_text(w, ledger_text(&r, 1));
        wrap_word(w, ledger_text(&r, 2), ",");
        wrap_text(w, ledger_text(&r, 3));
        add_time(w, "", ledger_int(&r, 4), "");
        if (ledger_int(&r, 10) > 1)
            add(w, "(%lld times)", (long long)ledger_int(&r, 10));
        add_figures(w, &r);
        wrap_end(w);
        if (first || most == ALL)
            add_why(l, w, ledger_int(&r, 0));
    }
    ledger_done(&r);
    int64_t others = ledger_int_of(l, 0,
                                   "SELECT count(DISTINCT kind || identity) FROM suspects"
                                   " WHERE incident = ?",
                                   "i", incident) -
                     most;
    if (most != ALL && others > 0) {
        wrap_begin(w, "", INDENT);
        add(w, "and %lld more: --show %lld lists them", (long long)others, (long long)incident);
        wrap_end(w);
    }
}

/* --- what is refused --- */

static void add_conditions(struct ledger *l, struct wrap *w, int64_t action)
{
    struct ledger_rows r = ledger_query(
        l, "SELECT field, value FROM conditions WHERE action = ? ORDER BY number", "i", action);
    struct rule_condition c[RULE_CONDITIONS];
    struct arena arena = {0};
    struct text words = {0};
    unsigned n = 0;

    while (ledger_next(&r)) {
        int field = rule_field_of(ledger_text(&r, 0));
        if (field >= 0 && n < RULE_CONDITIONS)
            c[n++] = (struct rule_condition){(enum rule_field)field,
                                             arena_slice(&arena, ledger_text(&r, 1))};
    }
    ledger_done(&r);
    if (n)
        rule_add_words(&words, c, n);
    else
        text_add(&words, SL("everything"));
    wrap_text(w, text_slice(&words));
    w->out->failed |= words.failed;
    text_free(&words);
    arena_free(&arena);
}

static void add_action(struct ledger *l, struct wrap *w, const struct ledger_rows *r,
                       int64_t incident)
{
    bool stands = ledger_int(r, 3) == WHEN_NONE;

    wrap_begin(w, stands ? "  refused" : "  ended", INDENT);
    add(w, "[%lld.%lld]", (long long)incident, (long long)ledger_int(r, 1));
    add_conditions(l, w, ledger_int(r, 0));
    add_time(w, "since", ledger_int(r, 2), "");
    if (!stands) {
        add_time(w, "until", ledger_int(r, 3), ",");
        wrap_text(w, SL("ended by"));
        wrap_text(w, ledger_text(r, 10));
    }
    if (ledger_int(r, 5) > 0)
        add(w, "(it covers %lld of %lld spam messages, and %lld of %lld others)",
            (long long)ledger_int(r, 4), (long long)ledger_int(r, 5), (long long)ledger_int(r, 6),
            (long long)ledger_int(r, 7));
    if (ledger_int(r, 8) > 0) {
        add(w, "and has refused %lld recipient%s, the last", (long long)ledger_int(r, 8),
            s_of(ledger_int(r, 8)));
        add_time(w, "at", ledger_int(r, 9), "");
    }
    wrap_end(w);
}

static void add_actions(struct ledger *l, struct wrap *w, int64_t incident, bool ended)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT id, rule, since, until, covered, spam, collateral, legitimate,"
                     " refused, last_refused, ended_by FROM actions WHERE incident = ?"
                     " AND (until IS NULL OR ?) ORDER BY rule",
                     "ii", incident, (int64_t)ended);

    while (ledger_next(&r))
        add_action(l, w, &r, incident);
    ledger_done(&r);
}

static void add_attempts(struct wrap *w, const struct incident *i)
{
    if (i->attempts <= 0)
        return;
    wrap_begin(w, "  attempts", INDENT);
    add(w, "%lld refused, the last", (long long)i->attempts);
    add_time(w, "at", i->last_attempt, "");
    wrap_end(w);
}

/* --- what comes next, and what was --- */

static void add_next(struct wrap *w, const struct incident *i, const struct show_options *o)
{
    int64_t due = i->clock == WHEN_NONE ? WHEN_NONE : i->clock + o->deadline * WHEN_SECOND;

    wrap_begin(w, "  next", INDENT);
    switch (i->state) {
    case INCIDENT_RULE:
        add_time(w, "suspended at", due, "");
        add_time(w, "if spam still leaves then; last seen leaving at", i->last_spam, "");
        break;
    case INCIDENT_ADDRESS:
    case INCIDENT_SUSPENDED:
        wrap_text(w, SL("stays so until a ticket says what was done (--reinstate)"));
        break;
    case INCIDENT_REINSTATED:
        add_time(w, "watched at half the threshold since", i->reinstated, "");
        break;
    case INCIDENT_WATCH:
        add_time(w, "watched, nothing is refused; last seen", i->last_spam, "");
        break;
    case INCIDENT_CLOSED:
        add_time(w, "nothing: closed at", i->closed, "");
        break;
    }
    if (i->relapses)
        add(w, "(%u relapse%s)", i->relapses, s_of(i->relapses));
    wrap_end(w);
}

/* Times and sentences: id of the incident, and how many of the latest. */
static void add_told(struct ledger *l, struct wrap *w, const char *label, const char *sql,
                     int64_t incident, int64_t most)
{
    struct ledger_rows r = ledger_query(l, sql, "ii", incident, most);

    for (; ledger_next(&r); label = "") {
        wrap_begin(w, label, INDENT);
        add_time(w, "", ledger_int(&r, 0), "");
        if (slice_eq(ledger_text(&r, 2), SL("senderblock"))) {
            wrap_word(w, ledger_text(&r, 1), ":");
        } else {
            wrap_text(w, ledger_text(&r, 1));
            wrap_text(w, SL("by"));
            wrap_word(w, ledger_text(&r, 2), ":");
        }
        wrap_text(w, ledger_text(&r, 3));
        wrap_end(w);
    }
    ledger_done(&r);
}

static void add_incident(struct ledger *l, struct text *out, const struct show_options *o,
                         const struct incident *i)
{
    struct wrap w = {.out = out, .utf8 = o->style.utf8};
    bool whole = o->incident != 0;

    add_row(out, &o->style, i);
    add_who(&w, i);
    add_suspects(l, &w, i->id, whole ? ALL : SUSPECTS_SHOWN);
    add_actions(l, &w, i->id, whole);
    add_attempts(&w, i);
    add_told(l, &w, "  ticket",
             "SELECT time, CASE forced WHEN 0 THEN ticket ELSE ticket || ', forced,' END, by,"
             " statement FROM tickets WHERE incident = ? ORDER BY id DESC LIMIT ?",
             i->id, whole ? ALL : 1);
    add_next(&w, i, o);
    if (!whole)
        return;
    add_told(l, &w, "  story",
             "SELECT time, what, by, reason FROM journal WHERE incident = ? ORDER BY id LIMIT ?",
             i->id, ALL);
}

static void show_table(struct ledger *l, const struct show_options *o, struct text *out)
{
    struct ledger_rows r = ledgershow_chosen(l, o);
    size_t n = 0;

    while (ledger_next(&r)) {
        struct arena arena = {0};
        struct incident i;
        if (incident_get(l, ledger_int(&r, 0), &arena, &i)) {
            if (n++ == 0)
                add_head(out, &o->style);
            add_incident(l, out, o, &i);
        }
        arena_free(&arena);
    }
    ledger_done(&r);
    if (n == 0 && ledger_failure(l)->status == 0)
        text_add(out, o->incident ? SL("There is no such incident: --show --all lists them.\n")
                      : o->all    ? SL("There was no incident.\n")
                                  : SL("No incident is open: nothing is refused.\n"));
}

bool ledgershow(struct ledger *l, enum show_format format, const struct show_options *o,
                struct text *out)
{
    if (format == SHOW_JSON)
        ledgershow_json(l, o, out);
    else
        show_table(l, o, out);
    return ledger_failure(l)->status == 0 && !out->failed;
}
