#include "judge/window.h"

#include <math.h>
#include <stdlib.h>

struct window *window_new(int64_t since, uint64_t serial)
{
    struct window *w = calloc(1, sizeof *w);

    if (w) {
        w->since = since;
        w->serial = serial;
    }
    return w;
}

static void forget_names(struct top_name *top, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        free(top[i].name);
        top[i] = (struct top_name){0};
    }
}

void window_free(struct window *w)
{
    if (w == NULL)
        return;
    forget_names(w->sender, SUSPECT_SENDERS);
    forget_names(w->client, SUSPECT_CLIENTS);
    forget_names(w->country, SUSPECT_COUNTRIES);
    fresh_free(&w->fresh);
    free(w);
}

void window_recount(struct window *w, int64_t since, uint64_t serial)
{
    w->since = since;
    w->serial = serial;
    w->messages = w->recipients = w->content = w->unknown = 0;
    w->verdicts = w->spam = w->viruses = w->told = w->fresh_rcpts = 0;
    w->nets = w->providers = w->countries = w->new_senders = w->foreign_senders = w->busiest = 0;
    w->best = 0;
    w->samples = 0;
    w->many_senders = false;
    memset(w->part, 0, sizeof w->part);
    memset(w->sender_bits, 0, sizeof w->sender_bits);
    for (unsigned i = 0; i < w->sums.n; i++)
        w->sums.site[i].refused = 0;
    forget_names(w->sender, SUSPECT_SENDERS);
    forget_names(w->client, SUSPECT_CLIENTS);
    forget_names(w->country, SUSPECT_COUNTRIES);
}

/* The name's place, or the free or least one; *found tells. */
static struct top_name *top_find(struct top_name *top, unsigned n, struct slice name, bool *found)
{
    struct top_name *least = &top[0];

    *found = false;
    for (unsigned i = 0; i < n && top[i].name; i++)
        if (slice_eq(slice_of(top[i].name, top[i].n), name)) {
            *found = true;
            return &top[i];
        }
    for (unsigned i = 0; i < n; i++) {
        if (top[i].name == NULL)
            return &top[i];
        if (top[i].count < least->count)
            least = &top[i];
    }
    return least;
}

/* Counts the name; *evicted is set when another lost its place. */
static bool top_add(struct top_name *top, unsigned n, struct slice name, bool *evicted)
{
    bool found;
    struct top_name *t = top_find(top, n, name, &found);

    if (!found) {
        char *copy = malloc(name.n ? name.n : 1);
        if (copy == NULL)
            return false;
        if (name.n)
            memcpy(copy, name.p, name.n);
        *evicted |= t->name != NULL;
        free(t->name);
        t->name = copy;
        t->n = (uint32_t)name.n;
        t->error = t->count;
    }
    if (t->count < UINT32_MAX)
        t->count++;
    return true;
}

/* FNV-1a, the same in every run, so that the estimate is. */
static uint32_t spread(struct slice s)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return h ^ h >> 16;
}

bool window_message(struct window *w, struct slice sender, struct slice client,
                    struct slice country, uint64_t recipients)
{
    char buf[NAME_KEPT];
    bool ignored = false;

    w->messages++;
    w->recipients += recipients;
    if (sender.n) {
        if (sender.n <= NAME_KEPT) {
            for (size_t i = 0; i < sender.n; i++)
                buf[i] =
                    sender.p[i] >= 'A' && sender.p[i] <= 'Z' ? sender.p[i] | 0x20 : sender.p[i];
            sender.p = buf;
            if (!top_add(w->sender, SUSPECT_SENDERS, sender, &w->many_senders))
                return false;
        } else {
            w->many_senders = true;
        }
        uint32_t bit = spread(sender) % SENDER_BITS;
        w->sender_bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    if (country.n && !top_add(w->country, SUSPECT_COUNTRIES, country, &ignored))
        return false;
    return client.n == 0 || client.n > NAME_KEPT ||
           top_add(w->client, SUSPECT_CLIENTS, client, &ignored);
}

void window_sample(struct window *w, struct slice qid)
{
    if (w->samples == SUSPECT_SAMPLES || qid.n == 0 || qid.n > QID_KEPT)
        return;
    for (unsigned i = 0; i < w->samples; i++)
        if (slice_eq(slice_of(w->sample[i], w->sample_n[i]), qid))
            return;
    memcpy(w->sample[w->samples], qid.p, qid.n);
    w->sample_n[w->samples++] = (uint8_t)qid.n;
}

static uint64_t different_senders(const struct window *w)
{
    uint64_t kept = 0, zeros = 0;

    for (unsigned i = 0; i < SUSPECT_SENDERS; i++)
        kept += w->sender[i].name != NULL;
    if (!w->many_senders)
        return kept;
    for (unsigned i = 0; i < SENDER_BITS / 64; i++)
        zeros += 64 - (uint64_t)__builtin_popcountll(w->sender_bits[i]);
    double estimate = SENDER_BITS * log((double)SENDER_BITS / (double)(zeros ? zeros : 1));
    return estimate > (double)kept + 1 ? (uint64_t)(estimate + 0.5) : kept + 1;
}

static int by_count(const void *a, const void *b)
{
    const struct suspect_count *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = memcmp(x->name.p, y->name.p, n);
    return c ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

static unsigned top_list(const struct top_name *top, unsigned n, struct suspect_count *out)
{
    unsigned used = 0;

    for (unsigned i = 0; i < n; i++)
        if (top[i].name && top[i].count > top[i].error)
            out[used++] = (struct suspect_count){slice_of(top[i].name, top[i].n),
                                                 top[i].count - top[i].error};
    qsort(out, used, sizeof *out, by_count);
    return used;
}

/* 1,040 */
static void add_grouped(struct text *t, uint64_t n)
{
    if (n >= 1000) {
        add_grouped(t, n / 1000);
        text_addf(t, ",%03u", (unsigned)(n % 1000));
    } else {
        text_addf(t, "%u", (unsigned)n);
    }
}

static uint64_t at_least(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_replies(const struct window *w, struct text *t, uint64_t refused, unsigned family)
{
    unsigned sites = sites_refused(&w->sums, 1u << family);
    const char *as = family == FAMILY_CONTENT ? "spam" : "unknown";

    text_add(t, SL("refused "));
    add_grouped(t, refused);
    text_add(t, SL(" of "));
    add_grouped(t, at_least(w->recipients, w->content + w->unknown));
    text_addf(t, " as %s", as);
    if (sites) /* not told by recipients alone that were known before */
        text_addf(t, " by %s%u provider%s", w->sums.more ? "at least " : "", sites,
                  sites == 1 ? "" : "s");
}

static void add_verdict(const struct window *w, struct text *t)
{
    const char *kind = w->viruses ? "a virus" : "spam";

    text_addf(t, "our filter found %s in ", kind);
    add_grouped(t, w->viruses ? w->viruses : w->spam);
    text_add(t, SL(" of "));
    add_grouped(t, w->verdicts);
}

static void add_part(struct text *t, uint64_t n, const char *what, const char *more)
{
    if (n == 0)
        return;
    if (t->n && t->p[t->n - 1] != ' ')
        text_add(t, SL(", "));
    add_grouped(t, n);
    text_addf(t, " new %s%s", what, n == 1 ? "" : more);
}

static void add_recipients(const struct window *w, struct text *t)
{
    add_grouped(t, w->fresh_rcpts);
    text_add(t, SL(" of "));
    add_grouped(t, w->told);
    text_add(t, SL(" recipients are new to this customer"));
}

static void add_origin(const struct window *w, struct text *t)
{
    struct text part = {0};

    add_part(&part, w->nets, "net", "s");
    add_part(&part, w->providers, "provider", "s");
    add_part(&part, w->countries, "countr", "");
    if (w->countries)
        text_add(&part, w->countries == 1 ? SL("y") : SL("ies"));
    text_add(t, text_slice(&part));
    text_free(&part);
}

static void add_sender(const struct window *w, struct text *t)
{
    add_grouped(t, w->new_senders);
    text_addf(t, " new sender address%s, ", w->new_senders == 1 ? "" : "es");
    add_grouped(t, w->foreign_senders);
    text_add(t, SL(" of other domains"));
}

static void add_seen(const struct window *w, struct text *t, unsigned family)
{
    if (family == FAMILY_CONTENT && w->content)
        add_replies(w, t, w->content, family);
    else if (family == FAMILY_UNKNOWN && w->unknown)
        add_replies(w, t, w->unknown, family);
    else if (family == FAMILY_VERDICT && w->verdicts)
        add_verdict(w, t);
    else if (family == FAMILY_RECIPIENTS && w->told)
        add_recipients(w, t);
    else if (family == FAMILY_VOLUME && w->busiest) {
        text_add(t, SL("up to "));
        add_grouped(t, w->busiest);
        text_add(t, SL(" messages an hour"));
    } else if (family == FAMILY_ORIGIN && w->nets)
        add_origin(w, t);
    else if (family == FAMILY_SENDER && w->new_senders)
        add_sender(w, t);
}

static void families(const struct window *w, struct text *seen, struct suspect *out)
{
    size_t from[FAMILY_COUNT], end[FAMILY_COUNT];

    seen->n = 0;
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        from[f] = seen->n;
        add_seen(w, seen, f);
        end[f] = seen->n;
    }
    out->family_n = 0;
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (w->part[f] > 0.005 || w->part[f] < -0.005 || end[f] > from[f])
            out->family[out->family_n++] = (struct suspect_family){
                family_name(f), (double)w->part[f],
                seen->failed ? SLICE_NONE : slice_of(seen->p + from[f], end[f] - from[f])};
}

void window_suspect(const struct window *w, struct text *seen, struct suspect *out)
{
    out->time = w->time;
    out->since = w->since;
    out->state = w->state;
    out->score = w->best;
    out->messages = w->messages;
    out->recipients = at_least(w->recipients, w->content + w->unknown);
    out->refused = w->content + w->unknown;
    out->unknown = w->unknown;
    out->senders = different_senders(w);
    out->sender_n = top_list(w->sender, SUSPECT_SENDERS, out->sender);
    out->client_n = top_list(w->client, SUSPECT_CLIENTS, out->client);
    out->country_n = top_list(w->country, SUSPECT_COUNTRIES, out->country);
    out->sample_n = w->samples;
    for (unsigned i = 0; i < w->samples; i++)
        out->sample[i] = slice_of(w->sample[i], w->sample_n[i]);
    families(w, seen, out);
}
