#include "act/listing_dns.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* --- which lists --- */

/* Why the provider can't be asked, or NULL. */
static const char *unfit(const struct provider *p)
{
    if (p->kind == PROVIDER_DEAD)
        return "is a list that has ended and must not be asked";
    if (p->kind != PROVIDER_DNSBL)
        return "is no list of addresses";
    return p->zone.zone.n ? NULL : "has no zone to ask";
}

static void refuse(const struct provider *p, const char *file, unsigned line,
                   struct problems *problems)
{
    problem_add(problems, file, line, "`%.*s' %s%s%.*s", (int)p->id.n, p->id.p, unfit(p),
                p->reason.n ? ": " : "", (int)p->reason.n, p->reason.p);
}

static bool load_keys(struct listing_lists *lists, const char *file, struct problems *problems)
{
    struct stat st;

    if (file == NULL)
        return true;
    if (stat(file, &st) != 0) {
        problem_add(problems, file, 0, "can't be read: %s", strerror(errno));
        return false;
    }
    if (st.st_mode & (S_IROTH | S_IWOTH)) {
        problem_add(problems, file, 0, "everybody may read or write these keys: chmod o= it");
        return false;
    }
    return words_load(&lists->keys, file, problems) == WORDS_OK;
}

/* Into key[], beside the providers' numbers. */
static void read_keys(struct listing_lists *lists, const struct providers *providers,
                      struct slice *key, size_t n, struct problems *problems)
{
    struct words *w = &lists->keys;

    while (w->text && words_next(w)) {
        const struct provider *p = provider_find(providers, w->word[0]);
        char buf[DNSBL_NAME];
        size_t i = 0;
        if (w->n != 2)
            words_error(w, "expected ID KEY");
        else if (p == NULL)
            words_error(w, "there is no list of that id");
        else if (unfit(p))
            refuse(p, w->file, w->line, problems);
        else if (!p->zone.keyed)
            words_error(w, "`%.*s' takes no key", (int)p->id.n, p->id.p);
        else if (!dnsbl_name(buf, &p->zone, w->word[1], (struct ipaddr){0, 0xffff7f000002}, false))
            words_error(w, "the key is no part of a domain name");
        else
            while (i < n && provider_at(providers, i) != p)
                i++;
        if (p && i < n && provider_at(providers, i) == p)
            key[i] = w->word[1];
    }
}

/* The list that was named by its id or its zone; NULL with a problem. */
static const struct provider *by_name(const struct providers *providers, const char *name,
                                      struct problems *problems)
{
    const struct provider *p = provider_find(providers, slice_str(name));

    if (p == NULL)
        p = provider_of_zone(providers, slice_str(name));
    if (p == NULL)
        problem_add(problems, NULL, 0, "there is no list `%s' in providers.conf", name);
    else if (unfit(p))
        refuse(p, NULL, 0, problems);
    return p && !unfit(p) ? p : NULL;
}

static void add(struct listing_lists *lists, const struct provider *p, struct slice key)
{
    for (unsigned i = 0; i < lists->n; i++)
        if (lists->of[i] == p)
            return;
    lists->zone[lists->n] = p->zone;
    lists->key[lists->n] = key;
    lists->of[lists->n++] = p;
}

static bool is_replaced(const struct providers *providers, const struct slice *key, size_t n,
                        const struct provider *p)
{
    for (size_t i = 0; i < n; i++) {
        const struct provider *other = provider_at(providers, i);
        if (other->replaces == p && key[i].n)
            return true;
    }
    return false;
}

static void choose(struct listing_lists *lists, const struct providers *providers,
                   const struct slice *key, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct provider *p = provider_at(providers, i);
        if (!unfit(p) && p->ask != PROVIDER_ASK_NEVER && (!p->zone.keyed || key[i].n) &&
            !is_replaced(providers, key, n, p))
            add(lists, p, key[i]);
    }
}

static void choose_named(struct listing_lists *lists, const struct providers *providers,
                         const struct slice *key, char *const *named, size_t named_n,
                         struct problems *problems)
{
    for (size_t i = 0; i < named_n; i++) {
        const struct provider *p = by_name(providers, named[i], problems);
        size_t k = 0;
        while (p && provider_at(providers, k) != p)
            k++;
        if (p && p->zone.keyed && key[k].n == 0)
            problem_add(problems, NULL, 0, "`%s' needs a key: see --keys", named[i]);
        else if (p)
            add(lists, p, key[k]);
    }
}

bool listing_lists_load(struct listing_lists *lists, const struct providers *providers,
                        const char *keys, char *const *named, size_t named_n,
                        struct problems *problems)
{
    unsigned before = problems->count;
    size_t n = 0;

    *lists = (struct listing_lists){0};
    while (provider_at(providers, n))
        n++;
    size_t room = n + named_n + 1;
    struct slice *key = arena_alloc(&lists->arena, room * sizeof *key);
    lists->zone = arena_alloc(&lists->arena, room * sizeof *lists->zone);
    lists->key = arena_alloc(&lists->arena, room * sizeof *lists->key);
    lists->of = arena_alloc(&lists->arena, room * sizeof *lists->of);
    if (!key || !lists->zone || !lists->key || !lists->of) {
        problem_add(problems, NULL, 0, "out of memory");
        return false;
    }
    if (!load_keys(lists, keys, problems))
        return false;
    read_keys(lists, providers, key, n, problems);
    if (named_n)
        choose_named(lists, providers, key, named, named_n, problems);
    else
        choose(lists, providers, key, n);
    return problems->count == before;
}

void listing_lists_free(struct listing_lists *lists)
{
    words_free(&lists->keys);
    arena_free(&lists->arena);
}

/* --- what they say --- */

const char *listing_code(uint32_t code, char buf[16])
{
    snprintf(buf, 16, "%u.%u.%u.%u", code >> 24, code >> 16 & 255, code >> 8 & 255, code & 255);
    return buf;
}

unsigned listing_answers(const struct providers *providers, const struct listing_lists *lists,
                         const struct dnsbl *d, unsigned list, unsigned addr,
                         struct listing_answer out[LISTING_ANSWERS])
{
    const struct dnsbl_result *r = dnsbl_result(d, list, addr);
    const struct provider *asked = lists->of[list];
    struct listing_answer a = {.asked = asked,
                               .of = asked,
                               .list = list,
                               .addr = addr,
                               .verdict = r->verdict,
                               .why = r->reason};
    unsigned n = 0;

    if (r->verdict == DNSBL_NOT_ASKED)
        return 0;
    if (r->verdict != DNSBL_LISTED) {
        out[0] = a;
        return 1;
    }
    for (unsigned i = 0; i < r->codes && n < LISTING_ANSWERS; i++) {
        const struct zone_code *c = dnsbl_code(&asked->zone, r->code[i]);
        bool again = false;
        if (c == NULL || !c->listed)
            continue;
        a.of = provider_of_code(providers, asked, r->code[i]);
        a.code = r->code[i];
        a.meaning = c->meaning;
        for (unsigned k = 0; k < n; k++)
            again |= out[k].of == a.of;
        if (!again)
            out[n++] = a;
    }
    return n;
}

static bool take_one(struct ledger *l, const struct providers *providers,
                     const struct listing_look *k, listing_changed *changed, void *user)
{
    struct listing_change c;

    if (!listing_look(l, providers, k, &c))
        return false;
    return c.event == NULL || changed(user, k, &c);
}

static bool take_found(struct ledger *l, const struct providers *providers,
                       const struct listing_answer *a, struct slice txt, struct listing_look k,
                       listing_changed *changed, void *user)
{
    struct text reason = {0}, url = {0};
    char code[16];

    listing_text(&reason, txt.n ? txt : a->meaning);
    listing_url(&url, a->of, k.ip, txt);
    k.found = true;
    k.provider = a->of->id;
    k.name = a->of->name;
    k.code = slice_str(listing_code(a->code, code));
    k.reason = text_slice(&reason);
    k.url = text_slice(&url);
    k.sample = txt.n ? a->meaning : SLICE_NONE;
    bool ok = !reason.failed && !url.failed && take_one(l, providers, &k, changed, user);
    text_free(&reason);
    text_free(&url);
    return ok;
}

static bool is_among(const struct listing_answer *answer, unsigned n, struct slice id)
{
    for (unsigned i = 0; i < n; i++)
        if (answer[i].verdict == DNSBL_LISTED && slice_eq(answer[i].of->id, id))
            return true;
    return false;
}

bool listing_take(struct ledger *l, const struct providers *providers,
                  const struct listing_answer *answer, unsigned n, struct slice ip,
                  struct slice txt, int64_t time, listing_changed *changed, void *user)
{
    struct listing_look k = {.time = time, .dns = true, .ip = ip};
    struct text open = {0};
    bool ok = true;

    if (n == 0 || answer[0].verdict == DNSBL_CANNOT_TELL)
        return true;
    ok = listing_open(l, providers, ip, answer[0].asked, &open);
    for (unsigned i = 0; ok && i < n; i++)
        if (answer[i].verdict == DNSBL_LISTED)
            ok = take_found(l, providers, &answer[i], txt, k, changed, user);
    for (struct slice rest = text_slice(&open); ok && rest.n;) {
        const char *blank = slice_chr(rest, ' ');
        struct slice id = blank ? slice_range(rest.p, blank) : rest;
        const struct provider *p = provider_find(providers, id);
        rest = slice_skip(rest, blank ? id.n + 1 : id.n);
        k.provider = id;
        k.name = p ? p->name : id;
        if (!is_among(answer, n, id))
            ok = take_one(l, providers, &k, changed, user);
    }
    text_free(&open);
    return ok && ledger_failure(l)->status == 0;
}
