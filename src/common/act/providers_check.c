#include "act/providers_parts.h"

#include <stdlib.h>

/* A mistake of an entry: in the line given, or where its section begins. */
#define WRONG(e, at, ...) problem_add(problems, (e)->p.file, (at) ? (at) : (e)->p.line, __VA_ARGS__)

static bool is_list(const struct entry *e)
{
    return e->p.kind == PROVIDER_DNSBL;
}

static void check_zone(struct entry *e, struct problems *problems)
{
    const struct zone *z = &e->p.zone;

    if (z->zone.n && !is_list(e))
        WRONG(e, e->zone_line, "only a dnsbl has a zone to ask; others name theirs by `alias'");
    if (is_list(e) && z->zone.n == 0 && e->p.alias.n == 0 && e->part_of.n == 0)
        WRONG(e, 0, "a dnsbl needs a `zone', or an `alias' or `part' when it can't be asked");
    if (z->zone.n && !z->ipv4 && !z->ipv6)
        WRONG(e, e->zone_line, "`family' says that nothing may be asked");
    if (z->zone.n == 0 || !is_list(e))
        return;
    for (unsigned i = 0; i < z->codes; i++)
        if (z->code[i].listed)
            return;
    WRONG(e, e->zone_line, "no `code' says listed");
}

static void check_entry(struct entry *e, struct problems *problems)
{
    struct provider *p = &e->p;
    bool counts = p->kind != PROVIDER_DEAD && p->kind != PROVIDER_NOTE;

    if (p->name.n == 0)
        WRONG(e, 0, "[%.*s] has no name", (int)p->id.n, p->id.p);
    if ((int)p->kind < 0) {
        WRONG(e, 0, "[%.*s] has no kind", (int)p->id.n, p->id.p);
        return;
    }
    if (counts && p->weight == 0)
        WRONG(e, 0, "[%.*s] has no weight", (int)p->id.n, p->id.p);
    if (p->kind == PROVIDER_DEAD && p->reason.n == 0)
        WRONG(e, 0, "a dead list needs a `reason'");
    if (p->kind == PROVIDER_NOTE && p->alias.n && p->reason.n == 0)
        WRONG(e, 0, "a note with an `alias' needs a `reason' why that isn't asked");
    if ((p->way == PROVIDER_PORTAL || p->way == PROVIDER_FORM || p->way == PROVIDER_MAIL) &&
        p->to.n == 0 && !p->to_in_reply)
        WRONG(e, 0, "a delisting by portal, form or mail needs `to' or `to-in-reply'");
    check_zone(e, problems);
    p->zone.id = p->id;
    p->zone.name = p->name;
    if (p->listed_by.n == 0)
        p->listed_by = p->id;
}

/* The entry of an id that e names in a line. */
static struct entry *other(struct providers *all, struct entry *e, struct slice id, unsigned line,
                           struct problems *problems)
{
    struct entry *o = map_get(&all->by_id, id);

    if (o == NULL)
        WRONG(e, line, "there is no [%.*s]", (int)id.n, id.p);
    else if (o == e)
        WRONG(e, line, "[%.*s] names itself", (int)id.n, id.p);
    return o == e ? NULL : o;
}

static void connect_entry(struct providers *all, struct entry *e, struct problems *problems)
{
    struct entry *o;

    if (e->part_of.n && (o = other(all, e, e->part_of, e->part_line, problems)) != NULL)
        e->p.part_of = &o->p;
    if (e->replaces.n && (o = other(all, e, e->replaces, e->replaces_line, problems)) != NULL)
        e->p.replaces = &o->p;
    for (unsigned i = 0; i < e->yields.n; i++) {
        o = other(all, e, e->yields.word[i], e->yields_line, problems);
        if (o && o->seq > e->seq && o->operators == e->operators)
            WRONG(e, e->yields_line, "[%.*s] has to stand above [%.*s], which yields to it",
                  (int)o->p.id.n, o->p.id.p, (int)e->p.id.n, e->p.id.p);
    }
    for (struct match *m = e->first; m; m = m->next)
        if (m->m.list.n && (m->named = map_get(&all->by_id, m->m.list)) == NULL)
            problem_add(problems, m->m.file, m->m.line, "there is no [%.*s]", (int)m->m.list.n,
                        m->m.list.p);
}

static void put_names(struct map *map, struct entry *e, const struct slice *name, unsigned n,
                      const char *what, struct problems *problems)
{
    for (unsigned i = 0; i < n; i++) {
        const struct entry *o = map_get(map, name[i]);
        if (o)
            WRONG(e, 0, "%s %.*s of [%.*s] is [%.*s]'s, too", what, (int)name[i].n, name[i].p,
                  (int)e->p.id.n, e->p.id.p, (int)o->p.id.n, o->p.id.p);
        else if (!map_put(map, name[i], e))
            WRONG(e, 0, "out of memory");
    }
}

static void put_entry(struct providers *all, struct entry *e, struct problems *problems)
{
    struct slice zone = e->p.zone.zone;

    if (e->p.zone.keyed)
        zone = slice_skip(zone, 4);
    put_names(&all->by_zone, e, &zone, zone.n > 0, "the zone", problems);
    put_names(&all->by_zone, e, e->p.alias.word, e->p.alias.n, "the zone", problems);
    put_names(&all->by_mx, e, e->p.mx.word, e->p.mx.n, "the mx", problems);
    put_names(&all->by_domain, e, e->p.domain.word, e->p.domain.n, "the domain", problems);
}

/* What no list is to be asked about comes first, then lists by name, and the words that a server
 * uses for itself only when nobody is named. */
static unsigned rank(const struct entry *e, const struct match *m)
{
    switch (m->m.meaning) {
    case PROVIDER_RECEIVER:
        return e->p.kind == PROVIDER_DEAD ? 4 : 0;
    case PROVIDER_DOMAIN:
        return 1;
    case PROVIDER_TENANT:
        return 2;
    case PROVIDER_AUTHENTICATION:
        return 5;
    default:
        return e->p.kind == PROVIDER_MAILBOX ? 6 : e->p.kind == PROVIDER_NOTE ? 7 : 3;
    }
}

static int before(const void *a, const void *b)
{
    const struct match *x = *(struct match *const *)a, *y = *(struct match *const *)b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->of->operators != y->of->operators)
        return x->of->operators ? -1 : 1;
    if (x->of->seq != y->of->seq)
        return x->of->seq < y->of->seq ? -1 : 1;
    return x->seq < y->seq ? -1 : 1;
}

static bool make_order(struct providers *all)
{
    size_t n = 0;

    all->order = calloc(all->matches + 1, sizeof(struct match *));
    if (all->order == NULL)
        return false;
    for (size_t i = 0; i < all->n; i++)
        for (struct match *m = all->entry[i]->first; m; m = m->next) {
            m->rank = rank(all->entry[i], m);
            all->order[n++] = m;
        }
    all->matches = n; /* without those that a later file has replaced */
    qsort(all->order, n, sizeof(struct match *), before);
    return true;
}

void providers_check(struct providers *all, struct problems *problems)
{
    unsigned mistakes = problems->count;

    for (size_t i = 0; i < all->n; i++)
        check_entry(all->entry[i], problems);
    for (size_t i = 0; i < all->n; i++) {
        connect_entry(all, all->entry[i], problems);
        put_entry(all, all->entry[i], problems);
    }
    if (problems->count == mistakes && !make_order(all))
        problem_add(problems, NULL, 0, "out of memory");
}
