#include "act/metrics.h"

/* Samples of a query: labels' values first, the number last. NULL numbers are left out. */
static bool samples(struct metrics *m, struct ledger *l, const char *sql,
                    struct metrics_label *label, int labels)
{
    struct ledger_rows r = ledger_query(l, sql, "");

    while (ledger_next(&r)) {
        for (int i = 0; i < labels; i++)
            label[i].value = ledger_text(&r, i);
        if (ledger_int(&r, labels) != INT64_MIN)
            metrics_sample(m, label, (size_t)labels, ledger_double(&r, labels));
    }
    ledger_done(&r);
    return ledger_failure(l)->status == 0;
}

bool metrics_listings(struct metrics *m, struct ledger *l)
{
    struct metrics_label state[] = {{"state", SLICE_NONE}};
    struct metrics_label one[] = {{"ip", SLICE_NONE},
                                  {"provider", SLICE_NONE},
                                  {"source", SLICE_NONE},
                                  {"state", SLICE_NONE}};

    metrics_family(m, "mptools_listings", "gauge", "Listings of our addresses, by state.");
    samples(m, l,
            "SELECT s.column1, (SELECT count(*) FROM listings WHERE state = s.column1)"
            " FROM (VALUES ('seen'), ('listed'), ('clearing'), ('clear')) s",
            state, 1);
    metrics_family(m, "mptools_listing_since_timestamp_seconds", "gauge",
                   "Each open listing, with the time of the look that first found it.");
    return samples(m, l,
                   "SELECT ip, provider, source, state, first / 1000000 FROM listings"
                   " WHERE state <> 'clear' ORDER BY id",
                   one, 4);
}

bool metrics_blocks(struct metrics *m, struct ledger *l)
{
    struct metrics_label label[] = {{"state", SLICE_NONE}}, type[] = {{"type", SLICE_NONE}},
                         kind[] = {{"kind", SLICE_NONE}};

    metrics_family(m, "mptools_incidents", "gauge", "Incidents, by state.");
    samples(m, l,
            "SELECT s.column1, (SELECT count(*) FROM incidents WHERE state = s.column1) FROM"
            " (VALUES ('watch'), ('address'), ('rule'), ('suspended'), ('reinstated'),"
            " ('closed')) s",
            label, 1);
    metrics_family(m, "mptools_suspects", "gauge", "Identities flagged in open incidents.");
    samples(m, l,
            "SELECT k.column1, (SELECT count(DISTINCT s.identity) FROM suspects s JOIN incidents i"
            " ON i.id = s.incident WHERE i.state <> 'closed' AND s.kind = k.column1)"
            " FROM (VALUES ('login'), ('client')) k",
            kind, 1);
    metrics_family(m, "mptools_blocks", "gauge", "Blocks that stand, by type.");
    samples(m, l,
            "SELECT t.column1, (SELECT count(*) FROM actions WHERE until IS NULL AND type ="
            " t.column1) FROM (VALUES ('address'), ('rule'), ('suspension')) t",
            type, 1);
    metrics_family(m, "mptools_refused_recipients_total", "counter",
                   "Recipients that the blocks have refused, as the log shows.");
    samples(m, l, "SELECT coalesce(sum(refused), 0) FROM actions", NULL, 0);
    metrics_family(m, "mptools_notices_unsent", "gauge", "Notices that wait for mpnotify.");
    return samples(m, l, "SELECT count(*) FROM notices WHERE sent IS NULL", NULL, 0);
}
