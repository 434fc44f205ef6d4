#include <stdlib.h>

#include "act/rule_parts.h"

/* What the search for candidates works with. */
struct gather {
    struct candidates *c;
    const struct rule_message *messages;
    size_t n;
    struct arena *arena; /* the caller's */
    struct column column[RULE_FIELDS];
    uint8_t *holds; /* of each value of a column, for one condition */
    bool failed;
};

enum { HOLDS_NOT, HOLDS, HOLDS_MAYBE };

static struct column_entry *new_entry(struct gather *g, struct column *col,
                                      const struct rule_value *v)
{
    struct arena *arena = &g->c->arena;

    if (col->n == col->cap) {
        size_t cap = col->cap ? col->cap * 2 : 64;
        struct column_entry **list = realloc(col->entry, cap * sizeof(struct column_entry *));
        if (list == NULL)
            return NULL;
        col->entry = list;
        col->cap = cap;
    }
    struct column_entry *e = arena_alloc(arena, sizeof *e);
    struct slice text = arena_slice(arena, v->text);
    if (e == NULL || text.n != v->text.n || !map_put(&col->by_text, text, e))
        return NULL;
    e->value = *v;
    e->value.text = text;
    e->at = (uint32_t)col->n;
    return col->entry[col->n++] = e;
}

static struct column_entry *entry_of(struct gather *g, struct column *col,
                                     const struct rule_message *m)
{
    char buf[RULE_VALUE_MAX];
    struct rule_value v;
    struct slice raw = rule_message_field(m, col->field);
    struct column_entry *e = map_get(&col->by_bytes, raw);

    if (e)
        return e;
    rule_value_of(col->field, m, buf, &v);
    if ((e = map_get(&col->by_text, v.text)) == NULL || e->value.unknown != v.unknown)
        e = new_entry(g, col, &v);
    if (e == NULL || !map_put(&col->by_bytes, raw, e))
        return NULL;
    return e;
}

static void fill_column(struct gather *g, enum rule_field field)
{
    struct column *col = &g->column[field];

    col->field = field;
    col->of = malloc((g->n + 1) * sizeof *col->of);
    if (col->of == NULL)
        g->failed = true;
    for (size_t i = 0; i < g->n && !g->failed; i++) {
        struct column_entry *e = entry_of(g, col, &g->messages[i]);
        if (e == NULL) {
            g->failed = true;
            return;
        }
        col->of[i] = e->at;
        e->spam += g->messages[i].spam;
    }
}

static struct candidate *new_candidate(struct candidates *c)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 64;
        struct candidate *list = realloc(c->list, cap * sizeof *list);
        if (list == NULL)
            return NULL;
        c->list = list;
        c->cap = cap;
    }
    return &c->list[c->n];
}

/* For which values the condition holds. */
static void try_values(struct gather *g, const struct column *col, const struct rule_condition *c)
{
    struct rule_test t;

    rule_test_begin(&t, c);
    for (size_t i = 0; i < col->n; i++)
        g->holds[i] = col->entry[i]->value.unknown                 ? HOLDS_MAYBE
                      : rule_test_holds(&t, &col->entry[i]->value) ? HOLDS
                                                                   : HOLDS_NOT;
    rule_test_end(&t);
}

static void set_bits(const struct gather *g, const struct column *col, struct candidate *k)
{
    size_t spam = 0, other = g->c->spam_words * 64;

    for (size_t i = 0; i < g->n; i++) {
        bool is_spam = g->messages[i].spam;
        size_t at = is_spam ? spam++ : other++;
        uint8_t holds = g->holds[col->of[i]];
        if (holds == HOLDS || (holds == HOLDS_MAYBE && !is_spam)) {
            k->bits[at / 64] |= UINT64_C(1) << (at & 63);
            k->covered += is_spam;
            k->collateral += !is_spam;
        }
    }
}

static void add_candidate(struct gather *g, enum rule_field field, struct slice value,
                          unsigned rank, bool wide)
{
    const struct column *col = &g->column[field == RULE_SENDER_PATTERN ? RULE_SENDER : field];
    struct candidate *k = g->failed ? NULL : new_candidate(g->c);

    if (k == NULL) {
        g->failed = true;
        return;
    }
    *k = (struct candidate){.condition = {field, arena_slice(g->arena, value)},
                            .bits = arena_alloc(&g->c->arena, g->c->words * sizeof *k->bits),
                            .rank = rank,
                            .wide = wide};
    if (k->condition.value.n != value.n || k->bits == NULL) {
        g->failed = true;
        return;
    }
    try_values(g, col, &k->condition);
    set_bits(g, col, k);
    if (k->covered >= g->c->floor)
        g->c->n++;
}

/* Values that enough spam has: ten at most, as each message has one. */
static void add_values(struct gather *g, enum rule_field field, unsigned rank)
{
    const struct column *col = &g->column[field];

    for (size_t i = 0; i < col->n; i++)
        if (col->entry[i]->spam >= g->c->floor && col->entry[i]->value.good)
            add_candidate(g, field, col->entry[i]->value.text, rank, false);
}

/* How much spam came from a net, and from how many of its addresses. */
struct net_count {
    struct ipnet net;
    uint64_t spam, clients;
};

static struct ipnet net_around(struct ipaddr ip)
{
    return ipnet_of(ip, ipaddr_is_v4(ip) ? 96 + 24 : 64);
}

static bool count_net(struct gather *g, struct map *nets, const struct column_entry *e)
{
    struct ipnet net = net_around(e->value.ip);
    struct net_count *n = map_get(nets, slice_of((const char *)&net.addr, sizeof net.addr));

    if (n == NULL) {
        n = arena_alloc(&g->c->arena, sizeof *n);
        if (n == NULL)
            return false;
        n->net = net;
        if (!map_put(nets, slice_of((const char *)&n->net.addr, sizeof n->net.addr), n))
            return false;
    }
    n->spam += e->spam;
    n->clients++;
    return true;
}

/* Nets from which several addresses sent spam. */
static void add_nets(struct gather *g)
{
    const struct column *col = &g->column[RULE_CLIENT];
    const struct map_entry *e;
    char text[IPNET_TEXT];
    struct map nets = {0};
    size_t at = 0;

    for (size_t i = 0; i < col->n; i++)
        if (col->entry[i]->spam && col->entry[i]->value.good)
            g->failed |= !count_net(g, &nets, col->entry[i]);
    while (!g->failed && (e = map_next(&nets, &at)) != NULL) {
        const struct net_count *n = e->value;
        if (n->spam >= g->c->floor && n->clients > 1)
            add_candidate(g, RULE_CLIENT, slice_str(ipnet_text(n->net, text)), RANK_NET, false);
    }
    map_free(&nets);
}

static void add_patterns(struct gather *g)
{
    struct wanted_list wanted = {0};

    if (!patterns_find(&g->column[RULE_SENDER], g->c->floor, &g->c->arena, &wanted))
        g->failed = true;
    for (size_t i = 0; i < wanted.n && !g->failed; i++)
        add_candidate(g, RULE_SENDER_PATTERN, wanted.list[i].value, wanted.list[i].rank,
                      wanted.list[i].wide);
    free(wanted.list);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return slice_cmp(x->condition.value, y->condition.value);
}

static void find_all(struct gather *g)
{
    size_t most = 0;

    for (unsigned f = 0; f < RULE_FIELDS && !g->failed; f++) {
        if (f == RULE_SENDER_PATTERN || f == RULE_SUBJECT)
            continue;
        fill_column(g, f);
        most = g->column[f].n > most ? g->column[f].n : most;
    }
    g->holds = malloc(most + 1);
    if (g->failed || g->holds == NULL) {
        g->failed = true;
        return;
    }
    add_values(g, RULE_LOGIN, RANK_LOGIN);
    add_values(g, RULE_CLIENT, RANK_CLIENT);
    add_nets(g);
    add_values(g, RULE_HELO, RANK_HELO);
    add_patterns(g);
    add_values(g, RULE_SENDER, RANK_SENDER);
    if (g->c->n)
        qsort(g->c->list, g->c->n, sizeof *g->c->list, compare_candidates);
}

bool candidates_find(struct candidates *c, const struct rule_message *messages, size_t n,
                     struct arena *arena)
{
    struct gather g = {.c = c, .messages = messages, .n = n, .arena = arena};

    *c = (struct candidates){0};
    for (size_t i = 0; i < n; i++)
        c->spam += messages[i].spam;
    c->floor = (c->spam + RULE_SHARE - 1) / RULE_SHARE;
    if (c->floor < RULE_SEEN)
        c->floor = RULE_SEEN;
    c->spam_words = (c->spam + 63) / 64;
    c->words = c->spam_words + (n - c->spam + 63) / 64;
    if (c->spam < c->floor)
        return true;
    find_all(&g);
    for (unsigned f = 0; f < RULE_FIELDS; f++) {
        free(g.column[f].entry);
        free(g.column[f].of);
        map_free(&g.column[f].by_bytes);
        map_free(&g.column[f].by_text);
    }
    free(g.holds);
    return !g.failed;
}

void candidates_free(struct candidates *c)
{
    free(c->list);
    arena_free(&c->arena);
    *c = (struct candidates){0};
}
