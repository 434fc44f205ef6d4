#include "act/never.h"

#include <stdio.h>

enum entry_kind { ENTRY_CUSTOMER, ENTRY_LOGIN, ENTRY_NET };

struct never_entry {
    struct never_entry *next;
    enum entry_kind kind;
    struct slice text; /* of a login without its star, in lower case */
    bool star_first, star_last;
    struct ipnet net;
};

void never_free(struct never *n)
{
    arena_free(&n->arena);
    *n = (struct never){0};
}

static struct slice folded(struct arena *arena, struct slice s)
{
    char *copy = arena_alloc(arena, s.n + 1);

    for (size_t i = 0; copy && i < s.n; i++)
        copy[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i];
    return copy ? slice_of(copy, s.n) : SLICE_NONE;
}

static const char *parse(struct arena *arena, struct slice word, struct never_entry *e)
{
    if (slice_starts(word, SL("customer:")) && word.n > 9) {
        e->kind = ENTRY_CUSTOMER;
        e->text = arena_slice(arena, slice_skip(word, 9));
        return NULL;
    }
    if (slice_starts(word, SL("net:"))) {
        e->kind = ENTRY_NET;
        return ipnet_parse(slice_skip(word, 4), &e->net);
    }
    if (!slice_starts(word, SL("sasl:")) || word.n == 5)
        return "expected customer:KEY, sasl:LOGIN or net:NET";
    e->kind = ENTRY_LOGIN;
    e->text = folded(arena, slice_skip(word, 5));
    e->star_first = e->text.n && e->text.p[0] == '*';
    if (e->star_first)
        e->text = slice_skip(e->text, 1);
    e->star_last = e->text.n && e->text.p[e->text.n - 1] == '*';
    e->text.n -= e->star_last;
    return e->text.n == 0 || slice_chr(e->text, '*') || (e->star_first && e->star_last)
               ? "one star, first or last, and something beside it"
               : NULL;
}

enum words_result never_load(struct never *n, const char *dir, struct problems *problems)
{
    struct words w = {0};
    char path[4096];
    unsigned before = problems->count;

    *n = (struct never){0};
    if (snprintf(path, sizeof path, "%s/never_block", dir) >= (int)sizeof path)
        return WORDS_ABSENT;
    enum words_result r = words_load(&w, path, problems);
    while (r == WORDS_OK && words_next(&w))
        for (size_t i = 0; i < w.n; i++) {
            struct never_entry *e = arena_alloc(&n->arena, sizeof *e);
            const char *wrong = e ? parse(&n->arena, w.word[i], e) : "out of memory";
            if (wrong) {
                words_error(&w, "'%.*s': %s", (int)(w.word[i].n > 60 ? 60 : w.word[i].n),
                            w.word[i].p, wrong);
            } else {
                e->next = n->first;
                n->first = e;
            }
        }
    words_free(&w);
    return problems->count > before ? WORDS_BROKEN : r;
}

static bool matches(const struct never_entry *e, const struct owner *o, unsigned kind,
                    struct slice identity)
{
    struct ipnet net;

    switch (e->kind) {
    case ENTRY_CUSTOMER:
        return o->whole && slice_eq(e->text, o->customer);
    case ENTRY_NET:
        return kind == IDENTITY_CLIENT && ipnet_parse(identity, &net) == NULL &&
               ipnet_covers(e->net, net);
    case ENTRY_LOGIN:
        break;
    }
    if (kind != IDENTITY_LOGIN || identity.n < e->text.n)
        return false;
    if (e->star_first)
        return slice_ieq(slice_skip(identity, identity.n - e->text.n), e->text);
    return e->star_last ? slice_ieq(slice_of(identity.p, e->text.n), e->text)
                        : slice_ieq(identity, e->text);
}

bool never_has(const struct never *n, const struct owner *o, unsigned kind, struct slice identity)
{
    for (const struct never_entry *e = n ? n->first : NULL; e; e = e->next)
        if (matches(e, o, kind, identity))
            return true;
    return false;
}
