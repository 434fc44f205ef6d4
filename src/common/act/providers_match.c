#include "act/providers_parts.h"

#include <ctype.h>
#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    MATCH_LIMIT = 50000,  /* a shipped pattern needs a few hundred for the longest reply */
    HEAP_LIMIT = 1024,    /* KiB */
    USES_BEFORE_JIT = 12, /* about what the compilation costs */
    PAIRS = 8             /* of places that a match gives back */
};

static const struct slice meanings[PROVIDER_MEANINGS] = {
    [PROVIDER_LISTED] = SL("listed"),
    [PROVIDER_LIST] = SL("list"),
    [PROVIDER_WARNING] = SL("warning"),
    [PROVIDER_RECEIVER] = SL("receiver"),
    [PROVIDER_TENANT] = SL("tenant"),
    [PROVIDER_DOMAIN] = SL("domain"),
    [PROVIDER_AUTHENTICATION] = SL("authentication"),
};

struct slice provider_meaning_name(enum provider_meaning meaning)
{
    return meanings[meaning];
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool compile(struct provider_reading *r, struct match *m)
{
    int error;
    PCRE2_SIZE at;
    PCRE2_UCHAR text[128];

    m->re = pcre2_compile((PCRE2_SPTR)m->m.source.p, m->m.source.n,
                          PCRE2_CASELESS | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF |
                              PCRE2_NEVER_BACKSLASH_C,
                          &error, &at, NULL);
    if (m->re == NULL) {
        pcre2_get_error_message(error, text, sizeof text);
        PROVIDER_WRONG(r, "the pattern is wrong at its byte %zu: %s", (size_t)at + 1,
                       (const char *)text);
        return false;
    }
    int group = pcre2_substring_number_from_name(m->re, (PCRE2_SPTR) "by");
    m->by_group = group > 0 && group < PAIRS ? (unsigned)group : 0;
    if ((m->m.meaning == PROVIDER_LIST && m->m.list.n == 0) != (group > 0)) {
        PROVIDER_WRONG(r, group > 0 ? "a group (?<by>...) is for `list' without an id"
                                    : "`list' needs an id, list:ID, or a group (?<by>...)");
        return false;
    }
    return true;
}

/* `listed`, `list:spamhaus`, … */
static bool read_meaning(struct provider_reading *r, struct match *m, struct slice word)
{
    const char *colon = slice_chr(word, ':');
    struct slice name = colon ? slice_range(word.p, colon) : word;
    unsigned i = 0;

    while (i < PROVIDER_MEANINGS && !slice_eq(name, meanings[i]))
        i++;
    m->m.meaning = (enum provider_meaning)i;
    if (i == PROVIDER_MEANINGS || (colon && i != PROVIDER_LIST)) {
        PROVIDER_WRONG(r,
                       "`%.*s' is none of listed, list, list:ID, warning, receiver, tenant, "
                       "domain, authentication",
                       (int)word.n, word.p);
        return false;
    }
    if (colon == NULL)
        return true;
    struct slice id = slice_range(colon + 1, word.p + word.n);
    if (!provider_is_id(id)) {
        PROVIDER_WRONG(r, "`%.*s' can't be an id", (int)id.n, id.p);
        return false;
    }
    m->m.list = arena_slice(&r->all->arena, id);
    return m->m.list.p != NULL;
}

bool provider_read_match(struct provider_reading *r, struct slice value, bool own)
{
    struct match *m = arena_alloc(&r->all->arena, sizeof *m);
    struct entry *e = r->e;

    if (m == NULL || !read_meaning(r, m, provider_word(&value)))
        return false;
    m->m.own = own;
    m->m.file = r->file;
    m->m.line = r->line;
    m->m.source = arena_slice(&r->all->arena, value);
    m->of = e;
    if (value.n == 0) {
        PROVIDER_WRONG(r, "there is no pattern behind the meaning");
        return false;
    }
    if (++r->all->matches > PROVIDER_MATCHES_MAX) {
        PROVIDER_WRONG(r, "there are more than %d patterns", PROVIDER_MATCHES_MAX);
        return false;
    }
    m->seq = (unsigned)r->all->matches;
    if (m->m.source.p == NULL || !compile(r, m)) {
        pcre2_code_free(m->re);
        return false;
    }
    m->all = r->all->compiled;
    r->all->compiled = m;
    if (e->last) {
        e->last->next = m;
        e->last->m.next = &m->m;
    } else {
        e->first = m;
        e->p.match = &m->m;
    }
    e->last = m;
    return true;
}

bool provider_read_example(struct provider_reading *r, struct slice value)
{
    struct match *m = r->e->last;
    struct arena *a = &r->all->arena;
    struct slice copy = arena_slice(a, value);

    if (m == NULL || !r->matched) {
        PROVIDER_WRONG(r, "an example stands below the pattern that it is of");
        return false;
    }
    if (copy.p == NULL || !provider_words_add(a, &m->m.examples, copy))
        return false;
    if (!provider_match_fits(r->all, m, copy)) {
        PROVIDER_WRONG(r, "the pattern in line %u doesn't fit its example, which it sees as: %.*s",
                       m->m.line, (int)r->all->seen.n, r->all->seen.p);
        return false;
    }
    return true;
}

/* --- one pattern ------------------------------------------------------------------------------ */

/* The reply as patterns see it: `550 5.7.1 words`; a key for the memory is in all->text. */
static struct slice subject(struct providers *all, struct slice reply)
{
    const struct reply_text *t = &all->text;
    size_t n = 0;

    reply_text_make(&all->text, reply);
    if (t->codes.code)
        n += (size_t)snprintf(all->subject, 8, "%03u ", t->codes.code % 1000);
    if (t->codes.dsn[0])
        n += (size_t)snprintf(all->subject + n, 24, "%u.%u.%u ", t->codes.dsn[0] % 10,
                              t->codes.dsn[1] % 100000, t->codes.dsn[2] % 100000);
    memcpy(all->subject + n, t->words.p, t->words.n);
    return all->seen = slice_of(all->subject, n + t->words.n);
}

/* The match data and the limits, made at the first use. */
static bool ready(struct providers *all)
{
    if (all->data == NULL)
        all->data = pcre2_match_data_create(PAIRS, NULL);
    if (all->context == NULL && (all->context = pcre2_match_context_create(NULL)) != NULL) {
        pcre2_set_match_limit(all->context, MATCH_LIMIT);
        pcre2_set_depth_limit(all->context, MATCH_LIMIT);
        pcre2_set_heap_limit(all->context, HEAP_LIMIT);
    }
    return all->data && all->context;
}

static bool fits(struct providers *all, struct match *m, struct slice s)
{
    if (m->uses < USES_BEFORE_JIT && ++m->uses == USES_BEFORE_JIT)
        pcre2_jit_compile(m->re, PCRE2_JIT_COMPLETE); /* if it can't, it works without */
    return pcre2_match(m->re, (PCRE2_SPTR)s.p, s.n, 0, 0, all->data, all->context) >= 0;
}

bool provider_match_fits(struct providers *all, struct match *m, struct slice reply)
{
    return ready(all) && fits(all, m, subject(all, reply));
}

void provider_matches_free(struct providers *all)
{
    for (struct match *m = all->compiled; m; m = m->all)
        pcre2_code_free(m->re);
    pcre2_match_data_free(all->data);
    pcre2_match_context_free(all->context);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The name that the pattern's group found, in lower case; empty when it can't be one. */
static struct slice named(struct providers *all, const struct match *m, struct slice s)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(all->data);
    size_t k = 2 * (size_t)m->by_group, n;

    if (at[k] == PCRE2_UNSET || at[k] >= at[k + 1] || at[k + 1] > s.n)
        return SLICE_NONE;
    n = at[k + 1] - at[k];
    if (n >= sizeof all->list)
        return SLICE_NONE;
    for (size_t i = 0; i < n; i++)
        all->list[i] = (char)tolower((unsigned char)s.p[at[k] + i]);
    return slice_of(all->list, n);
}

/* The first pattern that fits, all->list being what it named. */
static const struct match *first_fit(struct providers *all, const struct provider *at,
                                     struct slice s, struct slice *list)
{
    for (size_t i = 0; i < all->matches; i++) {
        struct match *m = all->order[i];
        if (m->m.own && (at == NULL || (at != &m->of->p && at != m->of->p.part_of)))
            continue;
        if (!fits(all, m, s))
            continue;
        *list = m->by_group ? named(all, m, s) : SLICE_NONE;
        if (m->by_group == 0 || list->n)
            return m;
    }
    return NULL;
}

/* What a list that the reply names by its zone makes of it. */
static bool by_zone(const struct providers *all, struct slice list, struct provider_reply *out)
{
    const struct provider *p = provider_of_zone(all, list);
    const struct entry *e = p ? NULL : provider_zone_entry(all, list);

    if (e) /* known, and switched off */
        return false;
    if (p) {
        out->provider = p;
        out->meaning = p->kind == PROVIDER_DEAD   ? PROVIDER_RECEIVER
                       : p->kind == PROVIDER_NOTE ? PROVIDER_DOMAIN
                                                  : PROVIDER_LISTED;
        return true;
    }
    out->list = list;
    return true;
}

static bool say(const struct providers *all, const struct match *m, struct slice list,
                struct provider_reply *out)
{
    const struct provider *p;

    if (m->of->off || (m->named && m->named->off))
        return false;
    out->match = &m->m;
    out->meaning = m->m.meaning;
    out->provider = m->named ? &m->named->p : &m->of->p;
    if (m->by_group && !by_zone(all, list, out))
        return false;
    p = out->provider;
    if (out->meaning == PROVIDER_LISTED && out->at && out->at != p && out->at != p->part_of &&
        p->kind != PROVIDER_MAILBOX)
        out->meaning = PROVIDER_LIST;
    return true;
}

bool provider_of_reply_at(struct providers *all, struct slice reply, const struct provider *at,
                          struct provider_reply *out)
{
    struct slice s = subject(all, reply), list = SLICE_NONE;
    uint64_t hash = slice_hash(all->text.key) ^ ((uintptr_t)at >> 4);
    struct known *k = &all->known[hash % PROVIDER_KNOWN];
    const struct match *m;

    *out = (struct provider_reply){.at = at};
    if (!ready(all))
        return false;
    if (k->hash == hash && k->length == all->text.key.n && k->at == at) {
        m = k->match;
    } else {
        m = first_fit(all, at, s, &list);
        if (m == NULL || m->by_group == 0) /* else what it named isn't remembered */
            *k = (struct known){hash, at, m, (unsigned)all->text.key.n};
    }
    return m && say(all, m, list, out);
}

/* NAME in `host NAME[IP] said: ` or `… refused to talk to me: `, where Postfix writes it. */
static struct slice host_of(struct slice reply)
{
    static const struct slice again = SL("delivery temporarily suspended: ");
    const char *open, *close;

    if (slice_starts(reply, again))
        reply = slice_skip(reply, again.n);
    if (!slice_starts(reply, SL("host ")))
        return SLICE_NONE;
    reply = slice_skip(reply, 5);
    if ((open = slice_chr(reply, '[')) == NULL || open - reply.p > 255 ||
        (close = slice_chr(slice_skip(reply, (size_t)(open - reply.p)), ']')) == NULL)
        return SLICE_NONE;
    struct slice rest = slice_range(close + 1, reply.p + reply.n);
    if (!slice_starts(rest, SL(" said: ")) && !slice_starts(rest, SL(" refused to talk to me: ")))
        return SLICE_NONE;
    return slice_range(reply.p, open);
}

bool provider_of_reply(struct providers *all, struct slice reply, struct slice host,
                       struct provider_reply *out)
{
    if (host.n == 0)
        host = host_of(reply);
    return provider_of_reply_at(all, reply, provider_of_mx(all, host), out);
}
