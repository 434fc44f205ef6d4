#include "judge/customer.h"

#include <stdio.h>
#include <stdlib.h>

#include "judge/customer_parts.h"

#define NAME_LONGEST 64u /* a key: it becomes part of map names and of text in refusals */
#define DOMAIN_LONGEST 253u
#define MAIL_LONGEST 254u

static bool grow(void **array, size_t *room, size_t n, size_t size)
{
    if (n < *room)
        return true;
    size_t more = *room ? *room * 2 : 64;
    void *p = realloc(*array, more * size);
    if (p == NULL)
        return false;
    *array = p;
    *room = more;
    return true;
}

static bool is_name(struct slice s)
{
    if (s.n == 0 || s.n > NAME_LONGEST)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (unsigned char)((c | 0x20) - 'a') < 26;
        if (!letter && !is_digit(c) && (c == 0 || strchr("._@+-", c) == NULL))
            return false;
    }
    return true;
}

static bool is_domain(struct slice s)
{
    size_t label = 0;

    if (s.n == 0 || s.n > DOMAIN_LONGEST)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (unsigned char)((c | 0x20) - 'a') < 26;
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (letter || is_digit(c) || c == '_' || c == '-') {
            if (++label > 63)
                return false;
        } else {
            return false;
        }
    }
    return label > 0;
}

static struct slice lower(struct arena *a, struct slice s)
{
    struct slice copy = arena_slice(a, s);
    char *p = (char *)(uintptr_t)copy.p;

    for (size_t i = 0; i < copy.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] |= 0x20;
    return copy;
}

/* The customer of that key, a new one at need; NULL after an error, which is reported. */
static struct customer *customer_of(struct customers *c, const struct words *w)
{
    struct slice key = w->word[0], partner = w->word[1];

    if (!is_name(key) || !is_name(partner)) {
        words_error(w, "%s: 1 to %u letters, digits and . _ @ + - are allowed",
                    is_name(key) ? "the partner (second word)" : "the customer's key (first word)",
                    NAME_LONGEST);
        return NULL;
    }
    if (slice_eq(partner, SL("-")))
        partner = SLICE_NONE;
    struct customer *old = map_get(&c->keys, key);
    if (old && !slice_eq(old->partner, partner)) {
        words_error(w, "customer %.*s has another partner on line %u", (int)key.n, key.p,
                    old->line);
        return NULL;
    }
    if (old)
        return old;
    struct customer *new = arena_alloc(&c->arena, sizeof *new);
    if (new == NULL || !grow((void **)&c->list, &c->room, c->n, sizeof(struct customer *))) {
        c->failed = true;
        return NULL;
    }
    new->key = arena_slice(&c->arena, key);
    new->partner = arena_slice(&c->arena, partner);
    new->line = w->line;
    c->failed |=
        new->key.n != key.n || new->partner.n != partner.n || !map_put(&c->keys, new->key, new);
    c->list[c->n++] = new;
    return new;
}

/* An identity's kind and text from its word. False after an error, which is reported. */
static bool parse_login(const struct words *w, struct slice value, struct customer_id *id)
{
    const char *star = slice_chr(value, '*');

    id->kind = CUSTOMER_LOGIN;
    id->text = value;
    if (value.n == 0 || value.n > LOGIN_LONGEST) {
        words_error(w, "a login has 1 to %u bytes", LOGIN_LONGEST);
        return false;
    }
    if (star == NULL)
        return true;
    if (star != slice_rchr(value, '*') || (star != value.p && star != value.p + value.n - 1)) {
        words_error(w, "sasl:%.*s: one star only, as the first or the last character", (int)value.n,
                    value.p);
        return false;
    }
    bool leading = star == value.p && value.n > 1;
    id->kind = leading ? CUSTOMER_LOGIN_SUFFIX : CUSTOMER_LOGIN_PREFIX;
    id->text = leading ? slice_skip(value, 1) : slice_of(value.p, value.n - 1);
    return true;
}

static bool parse_net(const struct words *w, struct slice value, struct customer_id *id)
{
    const char *why = ipnet_parse(value, &id->net);
    unsigned bits = id->net.bits;

    id->kind = CUSTOMER_NET;
    id->text = value;
    if (why == NULL && (bits == 0 || (bits == 96 && ipaddr_is_v4(id->net.addr))))
        why = "the whole Internet is no customer's net";
    if (why)
        words_error(w, "net:%.*s: %s", (int)value.n, value.p, why);
    return why == NULL;
}

static bool parse_id(const struct words *w, struct slice word, struct customer_id *id)
{
    const char *colon = slice_chr(word, ':');
    struct slice kind = colon ? slice_range(word.p, colon) : SLICE_NONE;
    struct slice value = colon ? slice_range(colon + 1, word.p + word.n) : SLICE_NONE;

    if (slice_eq(kind, SL("net")))
        return parse_net(w, value, id);
    if (slice_eq(kind, SL("sasl")))
        return parse_login(w, value, id);
    id->text = value;
    if (slice_eq(kind, SL("domain"))) {
        id->kind = CUSTOMER_DOMAIN;
        if (is_domain(value))
            return true;
        words_error(w, "domain:%.*s: not a domain name (write an international one as xn--…)",
                    (int)value.n, value.p);
    } else if (slice_eq(kind, SL("mail"))) {
        id->kind = CUSTOMER_MAIL;
        if (value.n <= MAIL_LONGEST && slice_chr(value, '@') && !slice_chr(value, ' ') &&
            !slice_chr(value, '\t'))
            return true;
        words_error(w, "mail:%.*s: not a mail address", (int)value.n, value.p);
    } else {
        words_error(w, "%.*s: an identity begins with domain:, net:, sasl: or mail:", (int)word.n,
                    word.p);
    }
    return false;
}

/* What an identity is found by, in the arena. */
static struct slice id_key(struct customers *c, const struct customer_id *id)
{
    char net[17];

    if (id->kind != CUSTOMER_NET)
        return lower(&c->arena, id->text);
    memcpy(net, &id->net.addr.hi, 8);
    memcpy(net + 8, &id->net.addr.lo, 8);
    net[16] = (char)id->net.bits;
    return arena_slice(&c->arena, slice_of(net, sizeof net));
}

static void link_id(struct customer *owner, struct customer_id *id)
{
    if (owner->last)
        owner->last->next = id;
    else
        owner->ids = id;
    owner->last = id;
}

static void overlap(const struct words *w, unsigned line, const struct customer_id *a,
                    const struct customer_id *b)
{
    static const char *const what[] = {"domain",         "net",         "login", "login wildcard",
                                       "login wildcard", "mail address"};
    const char *pre = a->kind == CUSTOMER_LOGIN_SUFFIX ? "*" : "";
    const char *post = a->kind == CUSTOMER_LOGIN_PREFIX ? "*" : "";

    problem_add(w->problems, w->file, line,
                "%s %s%.*s%s of %.*s overlaps with line %u, where it is %.*s's", what[a->kind], pre,
                (int)a->text.n, a->text.p, post, (int)a->customer->key.n, a->customer->key.p,
                b->line, (int)b->customer->key.n, b->customer->key.p);
}

static bool add_net(struct customers *c, const struct customer_id *id)
{
    if (!grow((void **)&c->net, &c->nets_room, c->nets, sizeof *c->net))
        return false;
    c->net[c->nets++] = (struct net_node){id, NO_NET};
    return true;
}

static void add_id(struct customers *c, const struct words *w, struct customer *owner,
                   struct slice word)
{
    struct customer_id parsed = {.customer = owner, .line = w->line};

    if (!parse_id(w, word, &parsed))
        return;
    struct slice key = id_key(c, &parsed);
    const struct customer_id *old =
        parsed.kind == CUSTOMER_MAIL ? NULL : map_get(&c->id[parsed.kind], key);
    if (old && old->customer == owner)
        return; /* said twice */
    if (old) {
        overlap(w, w->line, &parsed, old);
        return;
    }
    struct customer_id *id = arena_alloc(&c->arena, sizeof *id);
    if (id == NULL || (key.n == 0 && parsed.text.n)) {
        c->failed = true;
        return;
    }
    *id = parsed;
    id->text = parsed.kind == CUSTOMER_NET || parsed.kind == CUSTOMER_MAIL
                   ? arena_slice(&c->arena, parsed.text)
                   : key;
    link_id(owner, id);
    if (id->kind == CUSTOMER_MAIL)
        return;
    c->failed |= !map_put(&c->id[id->kind], key, id);
    if (id->kind == CUSTOMER_NET)
        c->failed |= !add_net(c, id);
    else if (id->kind == CUSTOMER_LOGIN_PREFIX || id->kind == CUSTOMER_LOGIN_SUFFIX)
        c->length[id->kind - CUSTOMER_LOGIN_PREFIX][key.n] = true;
}

static int net_order(const void *a, const void *b)
{
    const struct net_node *x = a, *y = b;

    return ipnet_cmp(x->id->net, y->id->net);
}

/* Sorts the nets, so that a net stands before those within it, and links each to the smallest one
 * around it. */
static void index_nets(struct customers *c)
{
    uint32_t outer = NO_NET;

    if (c->nets)
        qsort(c->net, c->nets, sizeof *c->net, net_order);
    for (size_t i = 0; i < c->nets; i++) {
        while (outer != NO_NET && !ipnet_covers(c->net[outer].id->net, c->net[i].id->net))
            outer = c->net[outer].outer;
        c->net[i].outer = outer;
        outer = (uint32_t)i;
    }
}

/* A wildcard within another customer's of the same kind: nothing says who wins. */
static void check_wildcard(const struct customers *c, const struct words *w,
                           const struct customer_id *id)
{
    const struct customer_id *outer = id;

    if (id->kind != CUSTOMER_LOGIN_PREFIX && id->kind != CUSTOMER_LOGIN_SUFFIX)
        return;
    do
        outer = customer_wildcard(c, id->kind, id->text, outer->text.n);
    while (outer && outer->customer == id->customer);
    if (outer && outer->line > id->line)
        overlap(w, outer->line, outer, id);
    else if (outer)
        overlap(w, id->line, id, outer);
}

enum words_result customers_read(struct words *w, struct customers **out)
{
    struct customers *c = calloc(1, sizeof *c);
    unsigned before = w->problems->count;

    *out = NULL;
    while (c && !c->failed && words_next(w)) {
        if (w->n < 2) {
            words_error(w, "the partner is missing: KEY PARTNER IDENTITY… (`-` for no partner)");
            continue;
        }
        struct customer *owner = customer_of(c, w);
        for (size_t i = 2; owner && i < w->n; i++)
            add_id(c, w, owner, w->word[i]);
    }
    if (c == NULL || c->failed)
        problem_add(w->problems, w->file, 0, "out of memory");
    else
        for (size_t i = 0; i < c->n; i++)
            for (const struct customer_id *id = c->list[i]->ids; id; id = id->next)
                check_wildcard(c, w, id);
    if (w->problems->count != before) {
        customers_free(c);
        return WORDS_BROKEN;
    }
    index_nets(c);
    *out = c;
    return WORDS_OK;
}

enum words_result customers_load(const char *dir, struct problems *problems, struct customers **out)
{
    struct words w;
    char *file;

    *out = NULL;
    if (asprintf(&file, "%s/customers", dir) < 0) {
        problem_add(problems, dir, 0, "out of memory");
        return WORDS_BROKEN;
    }
    enum words_result result = words_load(&w, file, problems);
    if (result == WORDS_OK)
        result = customers_read(&w, out);
    words_free(&w);
    free(file);
    return result;
}
