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

struct window *window_spare(void)
{
    struct window *w = window_new(0, 0);

    if (w && beliefs_reserve(&w->watch.beliefs) && sites_room(&w->sums, SITES_KEPT))
        return w;
    window_free(w);
    return NULL;
}

struct window *window_of_spare(const struct window *spare, int64_t since, uint64_t serial)
{
    struct window *w = window_new(since, serial);

    if (w == NULL)
        return NULL;
    if (!beliefs_copy(&w->watch.beliefs, &spare->watch.beliefs) ||
        !sites_room(&w->sums, spare->sums.n)) {
        window_free(w);
        return NULL;
    }
    w->cusum = spare->cusum;
    w->last = spare->last;
    w->watch.learned = spare->watch.learned;
    w->sums.n = spare->sums.n;
    w->sums.more = spare->sums.more;
    if (spare->sums.n)
        memcpy(w->sums.site, spare->sums.site, spare->sums.n * sizeof *w->sums.site);
    return w;
}

static void forget_names(struct window *w)
{
    names_free(&w->sender);
    names_free(&w->client);
    names_free(&w->country);
    free(w->sender_bits);
    w->sender_bits = NULL;
}

void window_free(struct window *w)
{
    if (w == NULL)
        return;
    forget_names(w);
    free(w->sample);
    beliefs_free(&w->watch.beliefs);
    sites_free(&w->sums);
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
    memset(w->part, 0, sizeof w->part);
    for (unsigned i = 0; i < w->sums.n; i++)
        w->sums.site[i].refused = 0;
    forget_names(w);
}

/* FNV-1a, the same in every run, so that the estimate is. */
static uint32_t spread(struct slice s)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return h ^ h >> 16;
}

static void set_bit(struct window *w, struct slice sender)
{
    uint32_t bit = spread(sender) % SENDER_BITS;

    w->sender_bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

bool window_bits(struct window *w)
{
    if ((w->sender_bits = calloc(SENDER_BITS / 64, sizeof *w->sender_bits)) == NULL)
        return false;
    for (uint32_t i = 0; i < w->sender.n; i++)
        set_bit(w, slice_of(w->sender.top[i].name, w->sender.top[i].n));
    return true;
}

static bool count_sender(struct window *w, struct slice sender)
{
    char buf[NAME_KEPT];
    bool kept = sender.n <= NAME_KEPT;

    for (size_t i = 0; kept && i < sender.n; i++)
        buf[i] = sender.p[i] >= 'A' && sender.p[i] <= 'Z' ? sender.p[i] | 0x20 : sender.p[i];
    if (kept)
        sender.p = buf;
    bool lost = !kept || (w->sender.n == SUSPECT_SENDERS && !names_has(&w->sender, sender));
    if (lost && w->sender_bits == NULL && !window_bits(w))
        return false;
    if (w->sender_bits)
        set_bit(w, sender);
    return !kept || names_add(&w->sender, SUSPECT_SENDERS, sender);
}

bool window_message(struct window *w, struct slice sender, struct slice client,
                    struct slice country, uint64_t recipients)
{
    w->messages++;
    w->recipients += recipients;
    if (sender.n && !count_sender(w, sender))
        return false;
    if (country.n && !names_add(&w->country, SUSPECT_COUNTRIES, country))
        return false;
    return client.n == 0 || client.n > NAME_KEPT || names_add(&w->client, SUSPECT_CLIENTS, client);
}

bool window_sample(struct window *w, struct slice qid)
{
    if (w->samples == SUSPECT_SAMPLES || qid.n == 0 || qid.n > QID_KEPT)
        return true;
    for (unsigned i = 0; i < w->samples; i++)
        if (slice_eq(slice_of(w->sample[i].qid, w->sample[i].n), qid))
            return true;
    struct sample *more = realloc(w->sample, (w->samples + 1u) * sizeof *more);
    if (more == NULL)
        return false;
    w->sample = more;
    more[w->samples].n = (uint8_t)qid.n;
    memcpy(more[w->samples++].qid, qid.p, qid.n);
    return true;
}

static uint64_t different_senders(const struct window *w)
{
    uint64_t kept = w->sender.n, zeros = 0;

    if (w->sender_bits == NULL)
        return kept;
    for (unsigned i = 0; i < SENDER_BITS / 64; i++)
        zeros += 64 - (uint64_t)__builtin_popcountll(w->sender_bits[i]);
    double estimate = SENDER_BITS * log((double)SENDER_BITS / (double)(zeros ? zeros : 1));
    return estimate > (double)kept + 1 ? (uint64_t)(estimate + 0.5) : kept + 1;
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
    out->sender_n = names_list(&w->sender, out->sender);
    out->client_n = names_list(&w->client, out->client);
    out->country_n = names_list(&w->country, out->country);
    out->sample_n = w->samples;
    for (unsigned i = 0; i < w->samples; i++)
        out->sample[i] = slice_of(w->sample[i].qid, w->sample[i].n);
    families(w, seen, out);
}
