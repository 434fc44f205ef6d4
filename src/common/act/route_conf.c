#include "act/route_conf.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOWN(s) (int)((s).n > 80 ? 80 : (s).n), (s).n ? (s).p : ""

static char out_of_memory[] = "out of memory";

bool route_conf_never(const struct route_conf *c, struct slice customer, const struct provider *p)
{
    for (size_t i = 0; i < c->nevers; i++)
        if (slice_eq(c->never[i].customer, customer) &&
            (c->never[i].provider == NULL || c->never[i].provider == p))
            return true;
    return false;
}

static bool add_wish(struct route_conf *c, struct route_wish wish)
{
    if (c->wishes == c->room) {
        size_t room = c->room ? c->room * 2 : 16;
        struct route_wish *more = realloc(c->wish, room * sizeof *more);
        if (more == NULL)
            return false;
        c->wish = more;
        c->room = room;
    }
    c->wish[c->wishes++] = wish;
    return true;
}

/* `NAME' and what is wrong with it, in the arena. */
static const char *wrong(struct route_conf *c, struct slice name, const char *what)
{
    struct text t = {0};

    text_addf(&t, "`%.*s' %s", SHOWN(name), what);
    const char *s = t.failed ? NULL : arena_str(&c->arena, text_slice(&t));
    text_free(&t);
    return s ? s : out_of_memory;
}

/* A provider that takes mail, or a list. */
static bool is_for(const struct provider *p, struct slice name)
{
    if (p->kind == PROVIDER_DEAD || p->kind == PROVIDER_NOTE)
        return false;
    return slice_eq(p->id, name) || (slice_eq(p->listed_by, name) && (p->mx.n || p->domain.n));
}

static const char *fault(const struct provider *p, const struct route_wish *wish)
{
    if (p->kind != PROVIDER_DNSBL)
        return p->mx.n || p->domain.n ? NULL
                                      : "has no mail servers of its own: name what it is a part of";
    if (!slice_eq(wish->customer, ROUTE_EVERYBODY))
        return "is a list and takes no mail: name a provider, or route `*'";
    return wish->via.n ? "is a list: it is routed around, not by one server" : NULL;
}

/* One wish for each provider of that name. Returns what is wrong, or NULL. */
static const char *add_providers(struct route_conf *c, const struct route_known *known,
                                 struct route_wish wish, struct slice name)
{
    const struct provider *exact = provider_find(known->providers, name), *p;
    size_t n = 0;

    if (slice_eq(name, ROUTE_EVERYBODY)) {
        if (wish.via.n)
            return "all mail by one server is default_transport's part: name a provider";
        return add_wish(c, wish) ? NULL : out_of_memory;
    }
    for (size_t i = 0; (p = provider_at(known->providers, i)) != NULL; i++) {
        if (!is_for(p, name) || (exact && p != exact))
            continue;
        wish.provider = p;
        wish.asked = true;
        const char *what = fault(p, &wish);
        if (what)
            return wrong(c, name, what);
        if (!add_wish(c, wish))
            return out_of_memory;
        n++;
    }
    return n ? NULL : wrong(c, name, "is no provider: mptools-providers(5) says where they are");
}

/* Two or three words. */
static const char *add_route(struct route_conf *c, const struct route_known *known,
                             const struct slice *word, size_t n)
{
    struct route_wish wish = {.customer = arena_slice(&c->arena, word[0])};

    if (wish.customer.p == NULL)
        return out_of_memory;
    if (!slice_eq(word[0], ROUTE_EVERYBODY) && customers_by_key(known->customers, word[0]) == NULL)
        return wrong(c, word[0], "is no customer of the file customers");
    if (n > 2) {
        const struct outbound_address *out = route_conf_out(c, word[2]);
        if (out == NULL)
            return wrong(c, word[2], "is no server of the file outbound");
        wish.via = out->name;
    }
    return add_providers(c, known, wish, word[1]);
}

const char *route_conf_add(struct route_conf *c, const struct route_known *known, struct slice text)
{
    struct slice word[4];
    size_t n = 0;

    for (const char *colon = text.p; colon && n < 4;) {
        colon = slice_chr(text, ':');
        word[n++] = colon ? slice_range(text.p, colon) : text;
        text = colon ? slice_skip(text, (size_t)(colon + 1 - text.p)) : text;
    }
    if (n < 2 || n > 3 || word[0].n == 0 || word[1].n == 0 || word[n - 1].n == 0)
        return "expected CUSTOMER:PROVIDER or CUSTOMER:PROVIDER:VIA";
    return add_route(c, known, word, n);
}

bool route_conf_auto(struct route_conf *c)
{
    return add_wish(c, (struct route_wish){.customer = ROUTE_EVERYBODY});
}

/* --- the file's lines --- */

static void read_route(const struct words *w, struct route_conf *c, const struct route_known *known)
{
    const char *what = w->n < 3 || w->n > 4 ? "expected route CUSTOMER|* PROVIDER|* [VIA]"
                                            : add_route(c, known, w->word + 1, w->n - 1);

    if (what)
        words_error(w, "%s", what);
}

static void read_leave(const struct words *w, struct route_conf *c, const struct route_known *known)
{
    const struct provider *p;
    size_t n = 0;

    for (size_t i = 0; w->n == 2 && (p = provider_at(known->providers, i)) != NULL; i++)
        if (is_for(p, w->word[1])) {
            n++;
            if (!map_put(&c->leave, p->id, (void *)p))
                words_error(w, "out of memory");
        }
    if (n == 0)
        words_error(w, "expected leave PROVIDER, an id or name of mptools-providers(5)");
}

/* Read as a route's line, and moved from there. */
static void read_never(const struct words *w, struct route_conf *c, const struct route_known *known)
{
    const struct slice word[2] = {w->n > 1 ? w->word[1] : SLICE_NONE,
                                  w->n > 2 ? w->word[2] : ROUTE_EVERYBODY};
    size_t before = c->wishes;

    if (w->n < 2 || w->n > 3 || slice_eq(word[0], ROUTE_EVERYBODY)) {
        words_error(w, "expected never CUSTOMER [PROVIDER]; for everybody it is leave PROVIDER");
        return;
    }
    const char *what = add_route(c, known, word, 2);
    size_t n = c->wishes - before;
    struct route_wish *more = what ? NULL : realloc(c->never, (c->nevers + n) * sizeof *more);
    c->wishes = before;
    if (more == NULL) {
        words_error(w, "%s", what ? what : out_of_memory);
        return;
    }
    c->never = more;
    memcpy(c->never + c->nevers, c->wish + before, n * sizeof *more);
    c->nevers += n;
}

static void read_place(const struct words *w, struct slice word, struct route_place *place)
{
    struct route_place p;

    if (place->port)
        words_error(w, "stands twice");
    else if (!route_place_parse(word, &p) || p.port > 65535 - 100 || !route_place_is_loopback(&p))
        words_error(w, "'%.*s' is not ADDRESS:PORT on this machine, as 127.0.0.1:10031",
                    SHOWN(word));
    else
        *place = p;
}

static void read_filter(const struct words *w, struct route_conf *c)
{
    if (w->n != 2 || c->filter_said) {
        words_error(w, "expected one line `filter none' or `filter ADDRESS:PORT'");
        return;
    }
    c->filter_said = true;
    c->filter_none = slice_eq(w->word[1], SL("none"));
    if (!c->filter_none && !route_place_parse(w->word[1], &c->filter))
        words_error(w, "'%.*s' is neither none nor ADDRESS:PORT", SHOWN(w->word[1]));
}

static void read_scan(const struct words *w, struct route_conf *c)
{
    if (w->n != 3) {
        words_error(w, "expected scan VIA TRANSPORT:[ADDRESS]:PORT, or scan * ADDRESS:PORT");
        return;
    }
    if (slice_eq(w->word[1], ROUTE_EVERYBODY)) {
        read_place(w, w->word[2], &c->scan_hop);
        return;
    }
    struct route_scan *more = realloc(c->scan, (c->scans + 1) * sizeof *more);
    if (more)
        c->scan = more;
    struct slice way = more ? arena_slice(&c->arena, w->word[2]) : SLICE_NONE;
    if (way.p == NULL)
        words_error(w, "out of memory");
    else if (route_conf_out(c, w->word[1]) == NULL)
        words_error(w, "'%.*s' is no server of the file outbound", SHOWN(w->word[1]));
    else if (!route_way_good(way) || way.p[way.n - 1] == ':')
        words_error(w, "'%.*s' is not TRANSPORT:[ADDRESS]:PORT, as scan:[127.0.0.1]:10026",
                    SHOWN(way));
    else if (route_conf_scan(c, w->word[1]).n)
        words_error(w, "'%.*s' has a scanner's listener already", SHOWN(w->word[1]));
    else
        c->scan[c->scans++] = (struct route_scan){route_conf_out(c, w->word[1])->name, way};
}

static void read_ours(const struct words *w, struct route_conf *c)
{
    for (size_t i = 1; i < w->n; i++) {
        char *copy = arena_str(&c->arena, w->word[i]);
        for (char *p = copy; p && *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
        if (copy == NULL || !map_put(&c->ours, slice_of(copy, w->word[i].n), copy))
            words_error(w, "out of memory");
        else if (!route_domain_good(slice_of(copy, w->word[i].n)))
            words_error(w, "'%.*s' is no domain", SHOWN(w->word[i]));
    }
    if (w->n < 2)
        words_error(w, "expected ours DOMAIN...");
}

static void read_line(const struct words *w, struct route_conf *c, const struct route_known *known)
{
    struct slice key = w->word[0];

    if (slice_eq(key, SL("route")))
        read_route(w, c, known);
    else if (slice_eq(key, SL("leave")))
        read_leave(w, c, known);
    else if (slice_eq(key, SL("never")))
        read_never(w, c, known);
    else if (slice_eq(key, SL("hop")) && w->n == 2)
        read_place(w, w->word[1], &c->hop);
    else if (slice_eq(key, SL("filter")))
        read_filter(w, c);
    else if (slice_eq(key, SL("scan")))
        read_scan(w, c);
    else if (slice_eq(key, SL("ours")))
        read_ours(w, c);
    else
        words_error(w,
                    "'%.*s' is none of route, leave, never, hop ADDRESS:PORT, filter, scan, ours",
                    SHOWN(key));
}

/* --- outbound servers --- */

static int by_line(const void *a, const void *b)
{
    const struct outbound_address *x = *(const struct outbound_address *const *)a;
    const struct outbound_address *y = *(const struct outbound_address *const *)b;

    return (x->line > y->line) - (x->line < y->line);
}

static bool is_v6(const struct outbound_address *a)
{
    return slice_chr(a->ip, ':') != NULL;
}

/* The lines come in their order; those before are in their places. */
static void add_out(struct route_conf *c, const struct outbound_address *a, const char *dir,
                    struct problems *problems)
{
    size_t i = 0;

    while (i < c->outs && !slice_eq(c->out[i]->name, a->name))
        i++;
    if (!route_name_good(a->name))
        problem_add(problems, dir, 0, "outbound, line %u: '%.*s' can't be a transport's name",
                    a->line, SHOWN(a->name));
    if (i == c->outs)
        c->out[c->outs++] = a;
    else if (c->twin[i] == NULL && is_v6(a) != is_v6(c->out[i]))
        c->twin[i] = a;
    else
        problem_add(
            problems, dir, 0,
            "outbound, line %u: '%.*s' stands in line %u already: a server has one IPv4 and "
            "one IPv6 address",
            a->line, SHOWN(a->name), c->out[i]->line);
}

static bool find_outbound(struct route_conf *c, const struct outbound *o, const char *dir,
                          struct problems *problems)
{
    const struct map_entry *e;
    size_t at = 0, n = 0, room = o ? o->by_ip.used + 1 : 1;

    c->out = calloc(room, sizeof *c->out);
    c->twin = calloc(room, sizeof *c->twin);
    if (c->out == NULL || c->twin == NULL)
        return false;
    while (o && (e = map_next(&o->by_ip, &at)) != NULL)
        c->out[n++] = e->value;
    qsort(c->out, n, sizeof *c->out, by_line);
    for (size_t i = 0; i < n; i++)
        add_out(c, c->out[i], dir, problems);
    return true;
}

bool route_conf_only_v6(const struct route_conf *c, size_t i)
{
    return is_v6(c->out[i]) && c->twin[i] == NULL;
}

const struct outbound_address *route_conf_out(const struct route_conf *c, struct slice name)
{
    for (size_t i = 0; i < c->outs; i++)
        if (slice_eq(c->out[i]->name, name))
            return c->out[i];
    return NULL;
}

struct slice route_conf_scan(const struct route_conf *c, struct slice via)
{
    for (size_t i = 0; i < c->scans; i++)
        if (slice_eq(c->scan[i].via, via))
            return c->scan[i].way;
    return SLICE_NONE;
}

bool route_conf_load(struct route_conf *c, const char *dir, const struct route_known *known,
                     struct problems *problems)
{
    unsigned before = problems->count;
    struct words w = {0};
    struct text path = {0};

    *c = (struct route_conf){.wishes = 0};
    text_addf(&path, "%s/routes", dir);
    text_addc(&path, '\0');
    if (path.failed || !find_outbound(c, known->outbound, dir, problems)) {
        problem_add(problems, dir, 0, "out of memory");
    } else {
        enum words_result r = words_load(&w, path.p, problems);
        while (r == WORDS_OK && words_next(&w))
            read_line(&w, c, known);
        words_free(&w);
    }
    text_free(&path);
    return problems->count == before;
}

void route_conf_free(struct route_conf *c)
{
    free(c->wish);
    free(c->never);
    free(c->out);
    free(c->twin);
    free(c->scan);
    map_free(&c->leave);
    map_free(&c->ours);
    arena_free(&c->arena);
    *c = (struct route_conf){.wishes = 0};
}
