#include "act/blockmap_slots.h"

#include <inttypes.h>
#include <stdlib.h>

#include "act/blockmap.h"
#include "base/when.h"

struct slot {
    int64_t given; /* WHEN_NONE: never */
    bool used;
};

/* The ledger's state `slots`: a line `SLOT TIME` for each slot that was ever given. */
static void read_given(struct ledger *l, struct slot *slot)
{
    struct text t = {0};
    char *at = NULL, *end;

    if (ledger_state(l, "slots", &t)) {
        text_addc(&t, '\0');
        at = t.p;
    }
    while (at && *at) {
        unsigned long number = strtoul(at, &end, 10);
        int64_t time = strtoll(end, &end, 10);
        if (*end != '\n' || number == 0 || number > BLOCKMAP_SLOTS_MAX)
            break;
        slot[number].given = time;
        at = end + 1;
    }
    text_free(&t);
}

static bool write_given(struct ledger *l, const struct slot *slot)
{
    struct text t = {0};

    for (unsigned i = 1; i <= BLOCKMAP_SLOTS_MAX; i++)
        if (slot[i].given != WHEN_NONE)
            text_addf(&t, "%u %" PRId64 "\n", i, slot[i].given);
    bool written = !t.failed && ledger_state_set(l, "slots", text_slice(&t));
    text_free(&t);
    return written;
}

static void read_used(struct ledger *l, struct slot *slot)
{
    struct ledger_rows rows =
        ledger_query(l, "SELECT slot FROM incidents WHERE slot > 0 AND state <> 'closed'", "");

    while (ledger_next(&rows)) {
        int64_t number = ledger_int(&rows, 0);
        if (number <= BLOCKMAP_SLOTS_MAX)
            slot[number].used = true;
    }
    ledger_done(&rows);
}

/* When a free slot was given back, or a little later: the last end of an action of the incident
 * that got it, which is the one that began to act at that time. */
static int64_t given_back(struct ledger *l, const struct slot *s)
{
    if (s->given == WHEN_NONE)
        return WHEN_NONE;
    int64_t until =
        ledger_int_of(l, WHEN_NONE,
                      "SELECT max(until) FROM actions WHERE incident IN"
                      " (SELECT incident FROM actions WHERE since = ? AND type <> 'suspension')",
                      "i", s->given);
    return until > s->given ? until : s->given;
}

unsigned slot_choose(struct ledger *l, unsigned slots, int64_t now)
{
    struct slot slot[BLOCKMAP_SLOTS_MAX + 1];
    int64_t earliest = INT64_MAX;
    unsigned best = 0;

    for (unsigned i = 0; i <= BLOCKMAP_SLOTS_MAX; i++)
        slot[i] = (struct slot){.given = WHEN_NONE};
    read_given(l, slot);
    read_used(l, slot);
    for (unsigned i = 1; i <= slots && i <= BLOCKMAP_SLOTS_MAX; i++) {
        int64_t back = slot[i].used ? INT64_MAX : given_back(l, &slot[i]);
        if (back < earliest) {
            earliest = back;
            best = i;
        }
    }
    if (best == 0 || (earliest != WHEN_NONE && earliest > now - SLOT_REST_LEAST))
        return 0;
    slot[best].given = now;
    return write_given(l, slot) && ledger_failure(l)->status == 0 ? best : 0;
}

bool blockmap_can_carry(struct ledger *l, int64_t incident, const struct rule *rule)
{
    int64_t used = ledger_int_of(l, 0,
                                 "SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM actions a"
                                 " JOIN conditions c ON c.action = a.id"
                                 " WHERE a.incident = ? AND a.until IS NULL GROUP BY a.id)",
                                 "i", incident);

    return ledger_failure(l)->status == 0 && rule_can_be_carried(rule, (unsigned)used);
}
