#include "act/ledgershow.h"

#include "act/incident.h"

#define WIDTH 80u
#define INDENT 4u

static void add_time(struct text *t, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    if (us == WHEN_NONE) {
        text_addc(t, '-');
        return;
    }
    size_t n = when_print(buf, us, 0);
    buf[10] = ' ';
    text_add(t, slice_of(buf, n - 1)); /* without seconds' Z: the head says UTC */
}

/* Words with line breaks at WIDTH; continued lines are indented by two more. */
static void add_wrapped(struct text *out, const char *label, struct slice s)
{
    struct text visible = {0};
    size_t column = INDENT + strlen(label);

    text_addf(out, "%*s%s", (int)INDENT, "", label);
    text_add_visible(&visible, s);
    struct slice rest = text_slice(&visible);
    for (bool first = true; rest.n; first = false) {
        const char *blank = slice_chr(rest, ' ');
        struct slice word = blank ? slice_range(rest.p, blank) : rest;
        rest = slice_skip(rest, blank ? word.n + 1 : word.n);
        if (!first && column + 1 + word.n > WIDTH) {
            text_addf(out, "\n%*s", (int)INDENT + 2, "");
            column = INDENT + 2;
        } else if (!first) {
            text_addc(out, ' ');
            column++;
        }
        text_add(out, word);
        column += word.n;
    }
    text_addc(out, '\n');
    out->failed |= visible.failed;
    text_free(&visible);
}

static const char *colour_of(const struct incident *i)
{
    switch (i->state) {
    case INCIDENT_SUSPENDED:
        return "\033[1;31m";
    case INCIDENT_ADDRESS:
    case INCIDENT_RULE:
        return "\033[31m";
    case INCIDENT_WATCH:
    case INCIDENT_REINSTATED:
        return "\033[33m";
    case INCIDENT_CLOSED:
        break;
    }
    return "\033[2m";
}

static void show_head(const struct incident *i, const struct table_style *style, struct text *out)
{
    text_addf(out, "%lld  ", (long long)i->id);
    text_add(out, style->colour ? slice_str(colour_of(i)) : SL(""));
    text_add(out, incident_state_name(i->state));
    text_add(out, style->colour ? SL("\033[0m") : SL(""));
    text_add(out, SL("  "));
    text_add_visible(out, i->owner.whole ? i->owner.customer : i->owner.identity);
    if (i->owner.partner.n) {
        text_add(out, SL(" ("));
        text_add_visible(out, i->owner.partner);
        text_addc(out, ')');
    }
    text_add(out, SL("  since "));
    add_time(out, i->opened);
    text_addc(out, '\n');
}

static void show_suspects(struct ledger *l, const struct incident *i, struct text *out)
{
    struct ledger_rows r = ledger_query(
        l,
        "SELECT kind, identity, state, messages, recipients, refused, families, max(time), count(*)"
        " FROM suspects WHERE incident = ? GROUP BY kind, identity ORDER BY max(time) DESC LIMIT "
        "10",
        "i", i->id);
    struct text line = {0};

    while (ledger_next(&r)) {
        line.n = 0;
        text_add(&line, ledger_text(&r, 0));
        text_addc(&line, ' ');
        text_add(&line, ledger_text(&r, 1));
        text_addc(&line, ' ');
        text_add(&line, ledger_text(&r, 2));
        text_add(&line, SL(" at "));
        add_time(&line, ledger_int(&r, 7));
        if (ledger_int(&r, 8) > 1)
            text_addf(&line, ", %lld times", (long long)ledger_int(&r, 8));
        text_addf(&line, ": %lld messages to %lld recipients, %lld refused; ",
                  (long long)ledger_int(&r, 3), (long long)ledger_int(&r, 4),
                  (long long)ledger_int(&r, 5));
        text_add(&line, ledger_text(&r, 6));
        add_wrapped(out, "", text_slice(&line));
    }
    ledger_done(&r);
    out->failed |= line.failed;
    text_free(&line);
}

static void add_conditions(struct ledger *l, int64_t action, struct text *line)
{
    struct ledger_rows r = ledger_query(
        l, "SELECT field, value FROM conditions WHERE action = ? ORDER BY number", "i", action);
    struct arena arena = {0};
    struct rule rule = {.conditions = 0};

    while (ledger_next(&r)) {
        int field = rule_field_of(ledger_text(&r, 0));
        if (field >= 0 && rule.conditions < RULE_CONDITIONS)
            rule.condition[rule.conditions++] = (struct rule_condition){
                (enum rule_field)field, arena_slice(&arena, ledger_text(&r, 1))};
    }
    ledger_done(&r);
    if (rule.conditions)
        rule_add_words(line, rule.condition, rule.conditions);
    else
        text_add(line, SL("everything"));
    arena_free(&arena);
}

static void show_actions(struct ledger *l, const struct incident *i, bool all, struct text *out)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT id, rule, since, until, covered, spam, collateral, legitimate,"
                     " refused, last_refused FROM actions WHERE incident = ?"
                     " AND (until IS NULL OR ?) ORDER BY rule",
                     "ii", i->id, (int64_t)all);
    struct text line = {0};

    while (ledger_next(&r)) {
        line.n = 0;
        text_add(&line, ledger_int(&r, 3) == WHEN_NONE ? SL("refused") : SL("was refused"));
        text_addf(&line, " [mp %lld.%lld] from ", (long long)i->id, (long long)ledger_int(&r, 1));
        add_time(&line, ledger_int(&r, 2));
        if (ledger_int(&r, 3) != WHEN_NONE) {
            text_add(&line, SL(" to "));
            add_time(&line, ledger_int(&r, 3));
        }
        text_add(&line, SL(": "));
        add_conditions(l, ledger_int(&r, 0), &line);
        if (ledger_int(&r, 5) != WHEN_NONE)
            text_addf(&line, "; %lld of %lld spam messages, %lld of %lld others",
                      (long long)ledger_int(&r, 4), (long long)ledger_int(&r, 5),
                      (long long)ledger_int(&r, 6), (long long)ledger_int(&r, 7));
        if (ledger_int(&r, 8) > 0) {
            text_addf(&line, "; it caught %lld, the last at ", (long long)ledger_int(&r, 8));
            add_time(&line, ledger_int(&r, 9));
        }
        add_wrapped(out, "", text_slice(&line));
    }
    ledger_done(&r);
    out->failed |= line.failed;
    text_free(&line);
}

static void show_next(const struct incident *i, const struct show_options *o, struct text *out)
{
    struct text line = {0};

    switch (i->state) {
    case INCIDENT_RULE:
        text_add(&line, SL("suspended at "));
        add_time(&line, i->clock == WHEN_NONE ? WHEN_NONE : i->clock + o->deadline * WHEN_SECOND);
        text_add(&line, SL(" if spam still leaves then; last seen leaving at "));
        add_time(&line, i->last_spam);
        break;
    case INCIDENT_ADDRESS:
    case INCIDENT_SUSPENDED:
        text_add(&line, SL("until a ticket says what was done: --reinstate"));
        break;
    case INCIDENT_REINSTATED:
        text_add(&line, SL("reinstated at "));
        add_time(&line, i->reinstated);
        text_add(&line, SL(", watched at half the threshold"));
        break;
    case INCIDENT_WATCH:
        text_add(&line, SL("watched; nothing is refused"));
        break;
    case INCIDENT_CLOSED:
        text_add(&line, SL("closed at "));
        add_time(&line, i->closed);
        break;
    }
    add_wrapped(out, "next: ", text_slice(&line));
    out->failed |= line.failed;
    text_free(&line);
}

static void show_story(struct ledger *l, const struct incident *i, struct text *out)
{
    struct ledger_rows r = ledger_query(
        l, "SELECT time, by, what, reason FROM journal WHERE incident = ? ORDER BY id", "i", i->id);
    struct text line = {0};

    text_addf(out, "%*sstory:\n", (int)INDENT, "");
    while (ledger_next(&r)) {
        line.n = 0;
        add_time(&line, ledger_int(&r, 0));
        text_addc(&line, ' ');
        text_add(&line, ledger_text(&r, 2));
        if (!slice_eq(ledger_text(&r, 1), SL("senderblock"))) {
            text_add(&line, SL(" by "));
            text_add(&line, ledger_text(&r, 1));
        }
        text_add(&line, SL(": "));
        text_add(&line, ledger_text(&r, 3));
        add_wrapped(out, "", text_slice(&line));
    }
    ledger_done(&r);
    out->failed |= line.failed;
    text_free(&line);
}

static bool show_table(struct ledger *l, const struct show_options *o, struct text *out)
{
    struct ledger_rows r = ledger_query(l,
                                        "SELECT id FROM incidents WHERE id = ?1 OR (?1 = 0 AND"
                                        " (?2 OR state <> 'closed')) ORDER BY id",
                                        "ii", o->incident, (int64_t)o->all);
    struct arena arena = {0};
    struct incident i;
    size_t n = 0;

    while (ledger_next(&r)) {
        if (!incident_get(l, ledger_int(&r, 0), &arena, &i))
            continue;
        if (n++ == 0)
            text_add(out, SL("Incidents; times are UTC, of the log\n"));
        show_head(&i, &o->style, out);
        show_suspects(l, &i, out);
        show_actions(l, &i, o->incident != 0, out);
        show_next(&i, o, out);
        if (o->incident)
            show_story(l, &i, out);
    }
    ledger_done(&r);
    arena_free(&arena);
    if (n == 0)
        text_add(out, o->incident ? SL("There is no such incident.\n")
                                  : SL("No open incident: nothing is refused.\n"));
    return ledger_failure(l)->status == 0 && !out->failed;
}

/* SQLite makes the JSON. */
static bool show_json(struct ledger *l, const struct show_options *o, struct text *out)
{
#define AT(column) "strftime('%Y-%m-%dT%H:%M:%SZ', " column " / 1000000, 'unixepoch')"
    struct
        ledger_rows
            r =
                ledger_query(
                    l,
                    "SELECT json_object('incident', id, 'state', state, 'customer', customer,"
                    " 'partner', partner, 'scope', scope, 'identity', identity, 'opened', " AT("ope"
                                                                                               "ne"
                                                                                               "d") ", 'clock', " AT("clock") ", 'last_spam', " AT("last_spam") ", 'last_attempt', " AT("last_attempt") ", 'attempts', attempts, 'reinstated', " AT("reinstated") ", 'relapses', relapses, 'closed', " AT(
                        "closed") ","
                                  " 'suspects', (SELECT json_group_array(json_object('time', " AT(
                                      "time") ", 'kind', kind, 'identity', s.identity, 'state', "
                                              "s.state, 'score', score,"
                                              " 'threshold', threshold, 'messages', messages, "
                                              "'recipients', recipients,"
                                              " 'refused', refused, 'families', families)) FROM "
                                              "suspects s WHERE s.incident = i.id),"
                                              " 'actions', (SELECT "
                                              "json_group_array(json_object('rule', rule, 'type', "
                                              "type, 'since', " AT("a.since") ", 'until', " AT(
                                                  "until") ", 'by', by, 'covered', covered, "
                                                           "'spam', spam,"
                                                           " 'collateral', collateral, "
                                                           "'legitimate', legitimate, 'refused', "
                                                           "refused, 'conditions',"
                                                           " (SELECT "
                                                           "json_group_array(json_object('field', "
                                                           "field, 'value', value)) FROM "
                                                           "conditions c"
                                                           "  WHERE c.action = a.id))) FROM "
                                                           "actions a WHERE a.incident = i.id),"
                                                           " 'tickets', (SELECT "
                                                           "json_group_array(json_object('ticket', "
                                                           "ticket, 'statement', statement,"
                                                           " 'time', " AT(
                                                               "time") ", 'by', by, 'forced', "
                                                                       "forced)) FROM tickets t"
                                                                       "  WHERE t.incident = i.id),"
                                                                       " 'story', (SELECT "
                                                                       "json_group_array(json_"
                                                                       "object('time', " AT(
                                                                           "time") ", 'by', by, "
                                                                                   "'what', what, "
                                                                                   "'reason', "
                                                                                   "reason)) FROM "
                                                                                   "journal j "
                                                                                   "WHERE "
                                                                                   "j.incident = "
                                                                                   "i.id))"
                                                                                   " FROM "
                                                                                   "incidents i "
                                                                                   "WHERE id = ?1 "
                                                                                   "OR (?1 = 0 AND "
                                                                                   "(?2 OR state "
                                                                                   "<> 'closed')) "
                                                                                   "ORDER BY id",
                    "ii", o->incident, (int64_t)o->all);
#undef AT

    text_addc(out, '[');
    for (bool first = true; ledger_next(&r); first = false) {
        text_add(out, first ? SL("\n") : SL(",\n"));
        text_add(out, ledger_text(&r, 0));
    }
    ledger_done(&r);
    text_add(out, SL("\n]\n"));
    return ledger_failure(l)->status == 0 && !out->failed;
}

bool ledgershow(struct ledger *l, enum show_format format, const struct show_options *o,
                struct text *out)
{
    return format == SHOW_JSON ? show_json(l, o, out) : show_table(l, o, out);
}
