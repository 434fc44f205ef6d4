#include "act/ledgershow_parts.h"

struct ledger_rows ledgershow_chosen(struct ledger *l, const struct show_options *o)
{
    return ledger_query(l,
                        "SELECT id FROM incidents WHERE id = ?1 OR (?1 = 0 AND"
                        " (?2 OR state <> 'closed')) ORDER BY id",
                        "ii", o->incident, (int64_t)o->all);
}

/* A member that is a list of objects, the rows of the query; the first column is the row's id, for
 * `more`, which adds what hangs on it. */
static void json_list(struct ledger *l, struct text *out, const char *name, const char *sql,
                      int64_t id, void (*more)(struct ledger *, struct text *, int64_t))
{
    struct ledger_rows r = ledger_query(l, sql, "i", id);

    text_addf(out, ",\"%s\":[", name);
    for (const char *comma = ""; ledger_next(&r); comma = ",") {
        text_addf(out, "%s{", comma);
        ledger_json(&r, out);
        if (more)
            more(l, out, ledger_int(&r, 0));
        text_addc(out, '}');
    }
    ledger_done(&r);
    text_addc(out, ']');
}

static void json_conditions(struct ledger *l, struct text *out, int64_t action)
{
    json_list(l, out, "conditions",
              "SELECT field, value FROM conditions WHERE action = ? ORDER BY number", action, NULL);
}

/* The facts are members of a JSON object already. */
static void json_facts(struct ledger *l, struct text *out, int64_t suspect)
{
    struct ledger_rows r = ledger_query(l,
                                        "SELECT facts FROM suspects WHERE id = ?"
                                        " AND json_valid('{' || facts || '}') AND facts <> ''",
                                        "i", suspect);

    if (ledger_next(&r)) {
        text_add(out, SL(",\"facts\":{"));
        text_add(out, ledger_text(&r, 0));
        text_addc(out, '}');
    }
    ledger_done(&r);
}

static void json_incident(struct ledger *l, struct text *out, int64_t id)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT id AS incident, state, customer, partner, scope, identity, slot,"
                     " opened AS \"opened@\", since AS \"since@\", clock AS \"clock@\","
                     " last_spam AS \"last_spam@\", last_attempt AS \"last_attempt@\", attempts,"
                     " reinstated AS \"reinstated@\", before, relapses, closed AS \"closed@\""
                     " FROM incidents WHERE id = ?",
                     "i", id);

    if (ledger_next(&r))
        ledger_json(&r, out);
    ledger_done(&r);
    json_list(l, out, "suspects",
              "SELECT id, kind, identity, state, time AS \"time@\", since AS \"since@\", score,"
              " threshold, messages, recipients, refused, unknown, senders, samples"
              " FROM suspects WHERE incident = ? ORDER BY time, id",
              id, json_facts);
    json_list(l, out, "actions",
              "SELECT id, rule, type, since AS \"since@\", until AS \"until@\", by, ended_by,"
              " covered, spam, collateral, legitimate, refused, last_refused AS \"last_refused@\""
              " FROM actions WHERE incident = ? ORDER BY rule",
              id, json_conditions);
    json_list(l, out, "tickets",
              "SELECT id, ticket, statement, time AS \"time@\", by, forced FROM tickets"
              " WHERE incident = ? ORDER BY id",
              id, NULL);
    json_list(l, out, "notices",
              "SELECT id, event, time AS \"time@\", partner, sent AS \"sent@\" FROM notices"
              " WHERE incident = ? ORDER BY id",
              id, NULL);
    json_list(l, out, "story",
              "SELECT id, time AS \"time@\", tool, by, what, reason FROM journal"
              " WHERE incident = ? ORDER BY id",
              id, NULL);
}

void ledgershow_json(struct ledger *l, const struct show_options *o, struct text *out)
{
    struct ledger_rows r = ledgershow_chosen(l, o);

    text_addc(out, '[');
    for (const char *comma = ""; ledger_next(&r); comma = ",") {
        text_addf(out, "%s\n{", comma);
        json_incident(l, out, ledger_int(&r, 0));
        text_addc(out, '}');
    }
    ledger_done(&r);
    text_add(out, SL("\n]\n"));
}
