#include "act/route_record.h"

#include <stdlib.h>

#include "base/exits.h"

#define STATE_SLOTS "routegen.slots"

static bool out_of_memory(struct ledger *l)
{
    if (ledger_failure(l)->status == 0)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return false;
}

bool route_sets(struct ledger *l, route_set_fn *each, void *user)
{
    struct ledger_rows rows = ledger_query(l,
                                           "SELECT customer, provider, via FROM routes WHERE until"
                                           " IS NULL AND customer <> '*'"
                                           " ORDER BY customer, provider, id",
                                           "");
    struct text customer = {0}, set = {0};
    bool ok = true;

    while (ok && ledger_next(&rows)) {
        if (set.n && !slice_eq(ledger_text(&rows, 0), text_slice(&customer))) {
            ok = each(user, text_slice(&customer), text_slice(&set));
            set.n = 0;
        }
        text_add(&set, set.n ? SL(" ") : SLICE_NONE);
        text_add(&set, ledger_text(&rows, 1));
        text_addc(&set, '=');
        text_add(&set, ledger_text(&rows, 2));
        customer.n = 0;
        text_add(&customer, ledger_text(&rows, 0));
        if (set.failed || customer.failed)
            ok = out_of_memory(l);
    }
    ledger_done(&rows);
    if (ok && set.n)
        ok = each(user, text_slice(&customer), text_slice(&set));
    text_free(&customer);
    text_free(&set);
    return ok && ledger_failure(l)->status == 0;
}

/* A line a slot: `FREED SET`. Slots beyond the number are dropped. */
static bool load(struct route_slots *s, struct ledger *l)
{
    struct text t = {0};
    struct slice rest;

    ledger_state(l, STATE_SLOTS, &t);
    rest = text_slice(&t);
    for (unsigned i = 0; i < s->n && rest.n; i++) {
        const char *end = slice_chr(rest, '\n');
        struct slice line = end ? slice_range(rest.p, end) : rest;
        const char *space = slice_chr(line, ' ');
        uint64_t freed = 0;
        rest = slice_skip(rest, line.n + 1);
        if (space == NULL)
            continue;
        slice_u64(slice_range(line.p, space), &freed);
        s->freed[i] = (int64_t)freed;
        struct slice set = slice_skip(line, (size_t)(space + 1 - line.p));
        s->set[i] = set.n ? arena_slice(&s->arena, set) : SLICE_NONE;
    }
    text_free(&t);
    return ledger_failure(l)->status == 0;
}

static bool save(const struct route_slots *s, struct ledger *l)
{
    struct text t = {0}, old = {0};

    for (unsigned i = 0; i < s->n; i++) {
        text_addf(&t, "%lld ", (long long)s->freed[i]);
        text_add(&t, s->set[i]);
        text_addc(&t, '\n');
    }
    bool there = ledger_state(l, STATE_SLOTS, &old);
    bool ok = t.failed ? out_of_memory(l)
                       : (there && slice_eq(text_slice(&old), text_slice(&t))) ||
                             ledger_state_set(l, STATE_SLOTS, text_slice(&t));
    text_free(&t);
    text_free(&old);
    return ok;
}

/* Never used before freed longest ago; n: none. */
static unsigned free_slot(const struct route_slots *s)
{
    unsigned best = s->n;

    for (unsigned i = 0; i < s->usable; i++)
        if (s->set[i].n == 0 && (best == s->n || s->freed[i] < s->freed[best]))
            best = i;
    return best;
}

/* The sets that there are, sorted, each once. */
struct sets {
    struct arena arena;
    struct map seen;
    struct slice *list;
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    struct slice x = *(const struct slice *)a, y = *(const struct slice *)b;

    return slice_cmp(x, y);
}

static bool add_set(void *user, struct slice customer, struct slice set)
{
    struct sets *all = user;

    (void)customer;
    if (map_get(&all->seen, set))
        return true;
    struct slice copy = arena_slice(&all->arena, set);
    return copy.p && map_put(&all->seen, copy, all);
}

static bool load_sets(struct ledger *l, struct sets *all)
{
    const struct map_entry *e;
    size_t at = 0;

    if (!route_sets(l, add_set, all) ||
        (all->list = calloc(all->seen.used + 1, sizeof *all->list)) == NULL)
        return out_of_memory(l);
    while ((e = map_next(&all->seen, &at)) != NULL)
        all->list[all->n++] = e->key;
    if (all->n)
        qsort(all->list, all->n, sizeof *all->list, by_text);
    return true;
}

static bool give(struct route_slots *s, struct ledger *l, struct slice set,
                 struct problems *problems)
{
    unsigned i = free_slot(s);

    if (i == s->n) {
        problem_add(problems, NULL, 0,
                    "no class is free for customers with the routes %.*s: they aren't "
                    "routed: more classes with --slots, and in main.cf what routegen "
                    "--print-postfix says then",
                    (int)set.n, set.p);
        return true;
    }
    s->set[i] = arena_slice(&s->arena, set);
    return s->set[i].p || out_of_memory(l);
}

bool route_slots_make(struct route_slots *s, struct ledger *l, unsigned slots, unsigned usable,
                      int64_t now, struct problems *problems)
{
    struct sets all = {.n = 0};

    *s = (struct route_slots){.set = calloc(slots + 1, sizeof *s->set),
                              .freed = calloc(slots + 1, sizeof *s->freed),
                              .n = slots,
                              .usable = usable};
    bool ok = s->set && s->freed ? load(s, l) && load_sets(l, &all) : out_of_memory(l);
    for (unsigned i = 0; i < slots && ok; i++)
        if (s->set[i].n && (i >= usable || map_get(&all.seen, s->set[i]) == NULL)) {
            s->set[i] = SLICE_NONE;
            s->freed[i] = now > 0 ? now : 1;
        }
    for (size_t i = 0; i < all.n && ok; i++)
        if (route_slot_of(s, all.list[i]) == 0)
            ok = give(s, l, all.list[i], problems);
    free(all.list);
    map_free(&all.seen);
    arena_free(&all.arena);
    return ok && save(s, l);
}

unsigned route_slot_of(const struct route_slots *s, struct slice set)
{
    for (unsigned i = 0; i < s->n; i++)
        if (set.n && slice_eq(s->set[i], set))
            return i + 1;
    return 0;
}

void route_slots_free(struct route_slots *s)
{
    free(s->set);
    free(s->freed);
    arena_free(&s->arena);
    *s = (struct route_slots){.n = 0};
}
