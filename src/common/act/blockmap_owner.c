#include "act/blockmap_parts.h"

#include <stdlib.h>

unsigned owners_slot(const struct owners *o, const struct customer *c)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->list[i].customer == c)
            return o->list[i].slot;
    return 0;
}

void nets_add(struct nets *nets, struct ipnet net, unsigned slot)
{
    if (nets->n == nets->cap) {
        size_t cap = nets->cap ? nets->cap * 2 : 64;
        struct net_row *list = realloc(nets->list, cap * sizeof(*list));
        if (list == NULL) {
            nets->failed = true;
            return;
        }
        nets->list = list;
        nets->cap = cap;
    }
    nets->list[nets->n++] = (struct net_row){net, slot};
}

static bool within_blocked(const struct nets *nets, size_t blocked, struct ipnet net)
{
    for (size_t i = 0; i < blocked; i++)
        if (ipnet_covers(nets->list[i].net, net))
            return true;
    return false;
}

bool nets_add_others(struct nets *nets, const struct customers *customers,
                     const struct owners *owners)
{
    size_t blocked = nets->n;

    for (size_t i = 0; blocked && i < customers_count(customers); i++) {
        const struct customer *c = customers_at(customers, i);
        if (owners_slot(owners, c))
            continue;
        for (const struct customer_id *id = c->ids; id; id = id->next)
            if (id->kind == CUSTOMER_NET && within_blocked(nets, blocked, id->net))
                nets_add(nets, id->net, 0);
    }
    return !nets->failed;
}

/* A row that blocks before one that only says `not blocked here`. */
static int compare_nets(const void *a, const void *b)
{
    const struct net_row *x = a, *y = b;
    int order = (y->net.bits > x->net.bits) - (y->net.bits < x->net.bits);

    if (order == 0)
        order = ipnet_cmp(x->net, y->net);
    if (order == 0)
        order = (x->slot == 0) - (y->slot == 0);
    return order ? order : (x->slot > y->slot) - (x->slot < y->slot);
}

bool nets_write(struct nets *nets, struct mapfile *map, struct problems *problems)
{
    char text[IPNET_TEXT], address[IPADDR_TEXT], class_text[SLOT_CLASS_TEXT];

    if (nets->n)
        qsort(nets->list, nets->n, sizeof(*nets->list), compare_nets);
    for (size_t i = 0; i < nets->n; i++) {
        const struct net_row *row = &nets->list[i];
        struct slice value = row->slot ? slot_class(row->slot, class_text) : SL("DUNNO");
        /* A net's first address may be in a smaller one: only single addresses are sure. */
        struct slice probe =
            row->net.bits == 128 ? slice_str(ipaddr_text(row->net.addr, address)) : SLICE_NONE;
        ipnet_text(row->net, text);
        if (mapfile_add(map, slice_str(text), value, probe) == MAP_CLASH && row->slot)
            problem_add(problems, map->name, 0, "%s: belongs to two blocks; the first one counts",
                        text);
    }
    return !map->failed;
}

void nets_free(struct nets *nets)
{
    free(nets->list);
    *nets = (struct nets){0};
}

void add_login_expression(struct text *out, unsigned kind, struct slice text)
{
    text_addc(out, '/');
    if (kind == CUSTOMER_LOGIN || kind == CUSTOMER_LOGIN_PREFIX)
        text_addc(out, '^');
    if (kind == CUSTOMER_DOMAIN)
        text_add(out, SL("@([^@]+\\.)?"));
    text_add_regexp_literal(out, text);
    if (kind != CUSTOMER_LOGIN_PREFIX)
        text_addc(out, '$');
    text_addc(out, '/');
}

static bool is_pattern(const struct customer_id *id)
{
    return id->kind == CUSTOMER_LOGIN_PREFIX || id->kind == CUSTOMER_LOGIN_SUFFIX ||
           id->kind == CUSTOMER_DOMAIN;
}

/* The order of customers_by_login(): wildcards before domains, longer text first, then a leading
 * star before a trailing one. */
static int compare_patterns(const struct customer_id *a, const struct customer_id *b)
{
    int order = (a->kind == CUSTOMER_DOMAIN) - (b->kind == CUSTOMER_DOMAIN);

    if (order == 0)
        order = (b->text.n > a->text.n) - (b->text.n < a->text.n);
    return order ? order : (b->kind == CUSTOMER_LOGIN_SUFFIX) - (a->kind == CUSTOMER_LOGIN_SUFFIX);
}

static int compare_pattern_pointers(const void *a, const void *b)
{
    const struct customer_id *x = *(const struct customer_id *const *)a;
    const struct customer_id *y = *(const struct customer_id *const *)b;
    int order = compare_patterns(x, y);

    if (order == 0 && x->text.n)
        order = memcmp(x->text.p, y->text.p, x->text.n);
    return order;
}

/* Does the pattern fit the whole login? */
static bool pattern_fits(const struct customer_id *pattern, struct slice login)
{
    if (pattern->kind == CUSTOMER_LOGIN_PREFIX)
        return slice_starts(login, pattern->text);
    if (!slice_ends(login, pattern->text))
        return false;
    if (pattern->kind == CUSTOMER_LOGIN_SUFFIX)
        return true;
    const char *at = slice_rchr(login, '@');
    if (at == NULL || login.n == pattern->text.n)
        return false;
    char before = login.p[login.n - pattern->text.n - 1];
    size_t domain = (size_t)(login.p + login.n - at) - 1;
    return domain == pattern->text.n || (domain > pattern->text.n && before == '.');
}

enum exception {
    EXCEPTION_NONE,
    EXCEPTION_WITHIN,  /* somebody else's login, domain or wildcard within the pattern */
    EXCEPTION_CROSSING /* somebody else's other end: acme-* and *@globex.example */
};

/* What the identity is to the pattern, going by who wins in customers_by_login(). */
static enum exception exception_kind(const struct customer_id *id,
                                     const struct customer_id *pattern, const struct owners *owners)
{
    if (id->customer == pattern->customer)
        return EXCEPTION_NONE;
    if (id->kind == CUSTOMER_LOGIN)
        return pattern_fits(pattern, id->text) ? EXCEPTION_WITHIN : EXCEPTION_NONE;
    /* Those of other customers with an incident stand in the map before this one. */
    if (!is_pattern(id) || owners_slot(owners, id->customer) || compare_patterns(id, pattern) > 0)
        return EXCEPTION_NONE;
    if ((id->kind == CUSTOMER_LOGIN_PREFIX) != (pattern->kind == CUSTOMER_LOGIN_PREFIX))
        return EXCEPTION_CROSSING;
    if (id->kind == CUSTOMER_LOGIN_PREFIX)
        return slice_starts(id->text, pattern->text) ? EXCEPTION_WITHIN : EXCEPTION_NONE;
    return slice_ends(id->text, pattern->text) || slice_ends(pattern->text, id->text)
               ? EXCEPTION_WITHIN
               : EXCEPTION_NONE;
}

struct pattern_work {
    struct mapfile *map;
    const struct customers *customers;
    const struct owners *owners;
    struct problems *problems;
};

/* Goes through all exceptions of a kind; writes their rows when asked, counts them. */
static size_t exceptions(const struct pattern_work *w, const struct customer_id *pattern,
                         enum exception kind, bool write)
{
    size_t n = 0;

    for (size_t i = 0; i < customers_count(w->customers); i++)
        for (const struct customer_id *id = customers_at(w->customers, i)->ids; id; id = id->next) {
            struct text t = {0};
            if (exception_kind(id, pattern, w->owners) != kind)
                continue;
            n++;
            if (!write)
                continue;
            add_login_expression(&t, id->kind, id->text);
            w->map->failed |= t.failed;
            mapfile_add(w->map, text_slice(&t), SL("DUNNO"), SLICE_NONE);
            text_free(&t);
        }
    return n;
}

static void add_pattern(const struct pattern_work *w, const struct customer_id *pattern)
{
    char class_text[SLOT_CLASS_TEXT];
    struct slice value = slot_class(owners_slot(w->owners, pattern->customer), class_text);
    size_t within = exceptions(w, pattern, EXCEPTION_WITHIN, false);
    size_t crossing = exceptions(w, pattern, EXCEPTION_CROSSING, false);
    struct text t = {0};

    if (!map_text_good(pattern->text) || within > EXCEPTIONS_MAX) {
        problem_add(
            w->problems, w->map->name, 0,
            "%.*s of customer %.*s: has %zu logins and wildcards of other customers in it, too "
            "many for a map: give its logins one by one (sasl:LOGIN) in the customers file",
            (int)pattern->text.n, pattern->text.p, (int)pattern->customer->key.n,
            pattern->customer->key.p, within);
        return;
    }
    if (crossing > EXCEPTIONS_MAX)
        crossing = 0;
    add_login_expression(&t, pattern->kind, pattern->text);
    w->map->failed |= t.failed;
    if (within + crossing)
        mapfile_add_if(w->map, text_slice(&t));
    exceptions(w, pattern, EXCEPTION_WITHIN, true);
    if (crossing)
        exceptions(w, pattern, EXCEPTION_CROSSING, true);
    mapfile_add(w->map, text_slice(&t), value, SLICE_NONE);
    if (within + crossing)
        mapfile_add_endif(w->map);
    text_free(&t);
}

bool add_login_patterns(struct mapfile *map, const struct customers *customers,
                        const struct owners *owners, struct problems *problems)
{
    const struct customer_id **patterns = NULL;
    size_t n = 0, cap = 0;

    for (size_t i = 0; i < owners->n; i++)
        for (const struct customer_id *id = owners->list[i].customer->ids; id; id = id->next)
            cap += is_pattern(id);
    if (cap == 0)
        return true;
    patterns = calloc(cap, sizeof(*patterns));
    if (patterns == NULL)
        return false;
    for (size_t i = 0; i < owners->n; i++)
        for (const struct customer_id *id = owners->list[i].customer->ids; id; id = id->next)
            if (is_pattern(id))
                patterns[n++] = id;
    qsort(patterns, n, sizeof(*patterns), compare_pattern_pointers);
    const struct pattern_work work = {map, customers, owners, problems};
    for (size_t i = 0; i < n; i++)
        add_pattern(&work, patterns[i]);
    free(patterns);
    return !map->failed;
}
