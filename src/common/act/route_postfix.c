#include "act/route_postfix.h"

#include <stdio.h>

#include "act/route_learn.h"
#include "act/run.h"
#include "base/exits.h"

static const char *const own_domains[] = {"mydestination", "virtual_mailbox_domains",
                                          "virtual_alias_domains", "relay_domains"};

static bool ask(struct route_postfix *r, const char *option, struct text *out)
{
    const char *const argv[] = {"postconf", option, NULL};
    struct text err = {0};
    int status = run_program(argv, SLICE_NONE, out, &err);
    const char *end = slice_chr(text_slice(&err), '\n');

    if (status == RUN_MISSING)
        failure_set(&r->why, EXIT_UNAVAILABLE, "postconf: not found: install Postfix");
    else if (status != 0)
        failure_set(&r->why, EXIT_UNAVAILABLE, "postconf %s failed: %.*s", option,
                    end ? (int)(end - err.p) : 0, end ? err.p : "");
    else if (out->failed)
        failure_memory(&r->why);
    text_free(&err);
    return r->why.status == 0;
}

void route_postfix_load(struct route_postfix *r)
{
    r->asked =
        ask(r, "-x", &r->p.main) && ask(r, "-xP", &r->p.master) && ask(r, "-M", &r->p.service);
}

void route_postfix_free(struct route_postfix *r)
{
    text_free(&r->p.main);
    text_free(&r->p.master);
    text_free(&r->p.service);
    failure_free(&r->why);
}

bool route_is_way_out(const struct route_conf *conf, struct slice filter)
{
    const char *colon = slice_chr(filter, ':');
    struct slice name = colon ? slice_range(filter.p, colon) : filter;

    return slice_eq(name, SL(ROUTE_HOP)) || route_conf_out(conf, name) != NULL;
}

bool route_postfix_filter(const struct route_postfix *r, const struct route_conf *conf,
                          struct text *out)
{
    struct slice value = main_value(&r->p, "content_filter"), rest = text_slice(&r->p.master), line;

    if (value.n) {
        text_add(out, value);
        text_add(out, SL(" of main.cf"));
        return true;
    }
    while (next_line(&rest, &line)) {
        const char *at = slice_find(line, SL("/content_filter = "));
        struct slice name = at ? slice_range(line.p, at) : SLICE_NONE;
        value = at ? slice_skip(line, name.n + sizeof "/content_filter = " - 1) : SLICE_NONE;
        if (value.n == 0 || route_is_way_out(conf, value))
            continue;
        text_add(out, value);
        text_add(out, SL(" of master.cf, "));
        text_add(out, name);
        return true;
    }
    return false;
}

char route_postfix_chroot(const struct route_postfix *r)
{
    struct slice rest = text_slice(&r->p.service), line, word;

    while (next_line(&rest, &line)) {
        unsigned n = 0;
        if (!next_word(&line, &word) || !slice_eq(word, SL("smtp")))
            continue;
        while (next_word(&line, &word) && ++n < 4)
            if (n == 1 && !slice_eq(word, SL("unix")))
                break;
        if (n == 4)
            return slice_eq(word, SL("y")) ? 'y' : 'n';
    }
    return 'n';
}

/* --- domains of ours --- */

struct asking {
    struct route_conf *conf;
    struct map seen;
    struct text keys; /* the domains of all providers and what they are below of, one a line */
    struct arena arena;
};

/* Its parents, too: relay_domains means what is below a domain as well. */
static bool add_key(void *user, struct slice domain)
{
    struct asking *a = user;
    const char *dot;

    while ((dot = slice_chr(domain, '.')) != NULL && map_get(&a->seen, domain) == NULL) {
        struct slice kept = arena_slice(&a->arena, domain);
        text_add(&a->keys, domain);
        text_addc(&a->keys, '\n');
        if (a->keys.failed || kept.p == NULL || !map_put(&a->seen, kept, a))
            return false;
        domain = slice_skip(domain, (size_t)(dot + 1 - domain.p));
    }
    return true;
}

static bool add_ours(struct route_conf *c, struct slice domain)
{
    char *copy;

    if (domain.n && domain.p[0] == '.')
        domain = slice_skip(domain, 1);
    if (domain.n == 0)
        return true;
    copy = arena_str(&c->arena, domain);
    for (char *p = copy; p && *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    return copy && map_put(&c->ours, slice_of(copy, domain.n), copy);
}

/* Which of the domains has that table? */
static int ask_table(struct asking *a, struct slice table, struct failure *failure)
{
    char name[1024];
    const char *const argv[] = {"postmap", "-q", "-", name, NULL};
    struct text out = {0}, err = {0};
    struct slice rest, line;

    if ((size_t)snprintf(name, sizeof name, "%.*s", (int)table.n, table.p) >= sizeof name)
        return failure_set(failure, EXIT_UNAVAILABLE, "%.60s...: the table's name is too long",
                           name);
    int status = run_program(argv, text_slice(&a->keys), &out, &err);
    /* It warns of what main.cf has twice, too; 1 is `none of them`, and what it can't do. */
    if (status < 0 || status > 1 || slice_find(text_slice(&err), SL(": fatal: ")) ||
        slice_find(text_slice(&err), SL(": error: ")))
        failure_set(failure, EXIT_UNAVAILABLE,
                    "%s: can't be asked which domains are ours, so nothing is routed: %.*s", name,
                    (int)(err.n > 200 ? 200 : err.n), err.n ? err.p : "postmap failed");
    rest = text_slice(&out);
    while (failure->status == 0 && next_line(&rest, &line)) {
        const char *tab = slice_chr(line, '\t');
        if (tab && !add_ours(a->conf, slice_range(line.p, tab)))
            failure_memory(failure);
    }
    text_free(&out);
    text_free(&err);
    return failure->status;
}

/* The next word of a list; `inline:{a=b, c=d}` is one. */
static bool next_entry(struct slice *list, struct slice *entry)
{
    struct slice more;
    int depth = 0;

    if (!next_word(list, entry))
        return false;
    for (more = *entry;; *entry = slice_range(entry->p, more.p + more.n)) {
        for (size_t i = 0; i < more.n; i++)
            depth += (more.p[i] == '{') - (more.p[i] == '}');
        if (depth <= 0 || !next_word(list, &more))
            return true;
    }
}

static int take_file(struct asking *a, struct slice path, const char *parameter,
                     struct failure *failure);

/* `!DOMAIN` takes away from what is ours, which costs nothing to overlook. */
static int take_list(struct asking *a, struct slice list, const char *parameter, bool in_file,
                     struct failure *failure)
{
    struct slice word;

    while (failure->status == 0 && next_entry(&list, &word)) {
        bool table = slice_chr(word, ':') != NULL;
        if (word.p[0] == '!')
            continue;
        if (word.p[0] == '/' && !in_file)
            take_file(a, word, parameter, failure);
        else if (table && a->keys.n)
            ask_table(a, word, failure);
        else if (!table && !add_ours(a->conf, word))
            failure_memory(failure);
    }
    return failure->status;
}

static int take_file(struct asking *a, struct slice path, const char *parameter,
                     struct failure *failure)
{
    struct problems problems = {0};
    struct words w = {0};
    char name[1024];
    enum words_result r = WORDS_BROKEN;

    if ((size_t)snprintf(name, sizeof name, "%.*s", (int)path.n, path.p) < sizeof name)
        r = words_load(&w, name, &problems);
    while (failure->status == 0 && r == WORDS_OK && words_next(&w))
        for (size_t i = 0; i < w.n; i++)
            take_list(a, w.word[i], parameter, true, failure);
    if (failure->status == 0 && (r != WORDS_OK || problems.count))
        failure_set(failure, EXIT_UNAVAILABLE,
                    "%s: %s: can't be read, so nothing is routed: it says which domains are ours",
                    parameter, name);
    words_free(&w);
    problems_free(&problems);
    return failure->status;
}

int route_postfix_ours(const struct route_postfix *r, struct ledger *l,
                       const struct providers *providers, struct route_conf *conf,
                       struct failure *failure)
{
    struct asking a = {.conf = conf};
    const struct provider *p;

    for (size_t i = 0; (p = provider_at(providers, i)) != NULL; i++)
        if (!route_domains(l, p, add_key, &a))
            failure_set(failure, EXIT_TEMPFAIL, "the domains can't be read: %s",
                        failure_text(ledger_failure(l)));
    for (size_t i = 0; r->asked && i < sizeof own_domains / sizeof *own_domains; i++)
        take_list(&a, main_value(&r->p, own_domains[i]), own_domains[i], false, failure);
    text_free(&a.keys);
    map_free(&a.seen);
    arena_free(&a.arena);
    return failure->status;
}
