#include "act/blockmap_parts.h"

#include <stdlib.h>

#include "act/address.h"
#include "judge/suspect.h"

/* Places in a set's maps, from its first. */
enum { INDEX, REGEXP, NET };

struct slice owners_value(const struct map_owners *o, const struct customer *c)
{
    size_t number = (size_t)(uintptr_t)map_get(&o->by_key, c->key);

    return number ? o->list[number - 1].value : SLICE_NONE;
}

static struct mapfile *set_map(const struct map_set *set, unsigned which)
{
    return &set->b->maps[(unsigned)set->first + which];
}

static void nets_add(struct nets *nets, struct ipnet net, struct slice value)
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
    nets->list[nets->n++] = (struct net_row){net, value};
}

static int by_size(const void *a, const void *b)
{
    const struct net_row *x = a, *y = b;
    int order = (y->net.bits > x->net.bits) - (y->net.bits < x->net.bits);

    return order ? order : ipnet_cmp(x->net, y->net);
}

/* The first ones are sorted by_size(); sizes: those that there are. */
static bool within_refused(const struct nets *nets, size_t refused, const bool sizes[129],
                           struct ipnet net)
{
    for (unsigned bits = 0; bits <= net.bits; bits++) {
        struct net_row key = {.net = ipnet_of(net.addr, (uint8_t)bits)};
        if (sizes[bits] && bsearch(&key, nets->list, refused, sizeof(key), by_size))
            return true;
    }
    return false;
}

/* The nets of other customers that lie within a refused one. */
static bool nets_add_others(struct map_set *set)
{
    struct nets *nets = &set->nets;
    size_t refused = nets->n;
    bool sizes[129] = {false};

    for (size_t i = 0; i < refused; i++)
        sizes[nets->list[i].net.bits] = true;
    if (refused)
        qsort(nets->list, refused, sizeof(*nets->list), by_size);
    for (size_t i = 0; refused && i < customers_count(set->customers); i++) {
        const struct customer *c = customers_at(set->customers, i);
        if (owners_value(&set->owners, c).n)
            continue;
        for (const struct customer_id *id = c->ids; id; id = id->next)
            if (id->kind == CUSTOMER_NET && within_refused(nets, refused, sizes, id->net))
                nets_add(nets, id->net, SLICE_NONE);
    }
    return !nets->failed;
}

/* Smallest nets first, as the first match of a cidr table wins; a row that refuses before one that
 * only says `not refused here`. */
static int compare_nets(const void *a, const void *b)
{
    const struct net_row *x = a, *y = b;
    int order = by_size(a, b);

    return order ? order : (x->value.n == 0) - (y->value.n == 0);
}

/* Rows with equal nets stay in the order in which they came. */
static void sort_nets(struct nets *nets)
{
    if (nets->n)
        qsort(nets->list, nets->n, sizeof(*nets->list), compare_nets);
}

static bool nets_write(struct map_set *set)
{
    struct mapfile *map = set_map(set, NET);
    char text[IPNET_TEXT], address[IPADDR_TEXT];

    sort_nets(&set->nets);
    for (size_t i = 0; i < set->nets.n; i++) {
        const struct net_row *row = &set->nets.list[i];
        struct slice value = row->value.n ? row->value : SL("DUNNO");
        /* A net's first address may be in a smaller one: only single addresses are sure. */
        struct slice probe =
            row->net.bits == 128 ? slice_str(ipaddr_text(row->net.addr, address)) : SLICE_NONE;
        ipnet_text(row->net, text);
        if (mapfile_add(map, slice_str(text), value, probe) == MAP_CLASH && row->value.n)
            problem_key(set->problems, map->name, slice_str(text), MAP_CLASH);
    }
    return !map->failed;
}

static void add_login_expression(struct text *out, unsigned kind, struct slice text)
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
                                     const struct customer_id *pattern,
                                     const struct map_owners *owners)
{
    if (id->customer == pattern->customer)
        return EXCEPTION_NONE;
    if (id->kind == CUSTOMER_LOGIN)
        return pattern_fits(pattern, id->text) ? EXCEPTION_WITHIN : EXCEPTION_NONE;
    /* Those of other owners in these maps have their own rows, before this one. */
    if (!is_pattern(id) || owners_value(owners, id->customer).n ||
        compare_patterns(id, pattern) > 0)
        return EXCEPTION_NONE;
    if ((id->kind == CUSTOMER_LOGIN_PREFIX) != (pattern->kind == CUSTOMER_LOGIN_PREFIX))
        return EXCEPTION_CROSSING;
    if (id->kind == CUSTOMER_LOGIN_PREFIX)
        return slice_starts(id->text, pattern->text) ? EXCEPTION_WITHIN : EXCEPTION_NONE;
    return slice_ends(id->text, pattern->text) || slice_ends(pattern->text, id->text)
               ? EXCEPTION_WITHIN
               : EXCEPTION_NONE;
}

/* Goes through all exceptions of a kind; writes their rows when asked, counts them. */
static size_t exceptions(const struct map_set *set, const struct customer_id *pattern,
                         enum exception kind, bool write)
{
    struct mapfile *map = set_map(set, REGEXP);
    size_t n = 0;

    for (size_t i = 0; i < customers_count(set->customers); i++)
        for (const struct customer_id *id = customers_at(set->customers, i)->ids; id;
             id = id->next) {
            struct text t = {0};
            if (exception_kind(id, pattern, &set->owners) != kind)
                continue;
            n++;
            if (!write)
                continue;
            add_login_expression(&t, id->kind, id->text);
            map->failed |= t.failed;
            mapfile_add(map, text_slice(&t), SL("DUNNO"), SLICE_NONE);
            text_free(&t);
        }
    return n;
}

static void add_pattern(const struct map_set *set, const struct customer_id *pattern)
{
    struct mapfile *map = set_map(set, REGEXP);
    size_t within = exceptions(set, pattern, EXCEPTION_WITHIN, false);
    size_t crossing = exceptions(set, pattern, EXCEPTION_CROSSING, false);
    struct text t = {0};

    if (!map_text_good(pattern->text) || within > EXCEPTIONS_MAX) {
        problem_add(
            set->problems, map->name, 0,
            "%.*s of customer %.*s: has %zu logins and wildcards of other customers in it, too "
            "many for a map: give its logins one by one (sasl:LOGIN) in the customers file",
            (int)pattern->text.n, pattern->text.p, (int)pattern->customer->key.n,
            pattern->customer->key.p, within);
        return;
    }
    if (crossing > EXCEPTIONS_MAX)
        crossing = 0;
    add_login_expression(&t, pattern->kind, pattern->text);
    map->failed |= t.failed;
    if (within + crossing)
        mapfile_add_if(map, text_slice(&t));
    exceptions(set, pattern, EXCEPTION_WITHIN, true);
    if (crossing)
        exceptions(set, pattern, EXCEPTION_CROSSING, true);
    mapfile_add(map, text_slice(&t), owners_value(&set->owners, pattern->customer), SLICE_NONE);
    if (within + crossing)
        mapfile_add_endif(map);
    text_free(&t);
}

/* The wildcards and domains of the owners. */
static bool add_patterns(const struct map_set *set)
{
    const struct customer_id **patterns = NULL;
    size_t n = 0, cap = 0;

    for (size_t i = 0; i < set->owners.n; i++)
        for (const struct customer_id *id = set->owners.list[i].customer->ids; id; id = id->next)
            cap += is_pattern(id);
    if (cap == 0)
        return true;
    patterns = calloc(cap, sizeof(*patterns));
    if (patterns == NULL)
        return false;
    for (size_t i = 0; i < set->owners.n; i++)
        for (const struct customer_id *id = set->owners.list[i].customer->ids; id; id = id->next)
            if (is_pattern(id))
                patterns[n++] = id;
    qsort(patterns, n, sizeof(*patterns), compare_pattern_pointers);
    for (size_t i = 0; i < n; i++)
        add_pattern(set, patterns[i]);
    free(patterns);
    return !set_map(set, REGEXP)->failed;
}

/* A login that the index carries goes there, any other as an expression. */
static void add_login(const struct map_set *set, struct slice login, struct slice value)
{
    struct mapfile *index = set_map(set, INDEX), *regexp = set_map(set, REGEXP);
    enum map_added result = MAP_BAD_KEY;
    struct text t = {0};

    if (slice_chr(login, '"') == NULL)
        result = mapfile_add(index, login, value, login);
    if (result == MAP_BAD_KEY && map_text_good(login)) {
        add_login_expression(&t, CUSTOMER_LOGIN, login);
        result = mapfile_add(regexp, text_slice(&t), value, login);
    }
    problem_key(set->problems, index->name, login, result);
    text_free(&t);
}

static struct slice keep(struct map_set *set, struct slice value)
{
    struct mapfile *m = set_map(set, INDEX);
    struct slice copy = arena_slice(&m->arena, value);

    m->failed |= copy.n != value.n;
    return copy;
}

bool map_set_customer(struct map_set *set, const struct customer *c, struct slice value)
{
    struct map_owners *o = &set->owners;

    if (o->n == o->cap) {
        size_t cap = o->cap ? o->cap * 2 : 16;
        struct map_owner *list = realloc(o->list, cap * sizeof(*list));
        if (list == NULL)
            return false;
        o->list = list;
        o->cap = cap;
    }
    value = keep(set, value);
    o->list[o->n++] = (struct map_owner){c, value};
    if (!map_put(&o->by_key, c->key, (void *)(uintptr_t)o->n))
        return false;
    for (const struct customer_id *id = c->ids; id; id = id->next)
        if (id->kind == CUSTOMER_NET)
            nets_add(&set->nets, id->net, value);
    return value.n > 0;
}

void map_set_identity(struct map_set *set, unsigned kind, struct slice identity, struct slice value)
{
    struct ipnet net;

    if (kind == IDENTITY_LOGIN)
        add_login(set, identity, value);
    else if (ipnet_parse(identity, &net) == NULL)
        nets_add(&set->nets, net, keep(set, value));
    else
        problem_key(set->problems, set_map(set, NET)->name, identity, MAP_BAD_KEY);
}

/* Logins that stand in no pattern's way come first, so all of them before the patterns. */
bool map_set_write(struct map_set *set)
{
    for (size_t i = 0; i < set->owners.n; i++)
        for (const struct customer_id *id = set->owners.list[i].customer->ids; id; id = id->next)
            if (id->kind == CUSTOMER_LOGIN)
                add_login(set, id->text, set->owners.list[i].value);
    return add_patterns(set) && nets_add_others(set) && nets_write(set);
}

void map_set_free(struct map_set *set)
{
    free(set->owners.list);
    map_free(&set->owners.by_key);
    free(set->nets.list);
    set->owners = (struct map_owners){0};
    set->nets = (struct nets){0};
}
