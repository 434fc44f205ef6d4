#include "judge/evidence.h"

#include <stdlib.h>

static bool is_one_of(struct slice s, const struct slice *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(s, list[i]))
            return true;
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum answer answer_of(const struct record *r)
{
    static const struct slice content[] = {
        {"spam-content", 12}, {"virus", 5}, {"domain-blocklisted", 18}, {"policy", 6}};
    static const struct slice about_us[] = {{"ip-blocklisted", 14}, {"rate-limited", 12}};
    struct slice class = r->f[COL_CLASS], status = r->f[COL_STATUS];
    bool bounced = slice_eq(status, SL("bounced"));

    if (slice_eq(status, SL("sent")))
        return ANSWER_ACCEPTED;
    if (!bounced && !slice_eq(status, SL("deferred")))
        return ANSWER_NOTHING;
    if (is_one_of(class, about_us, COUNT(about_us)))
        return ANSWER_ABOUT_US;
    if (is_one_of(class, content, COUNT(content)))
        return ANSWER_CONTENT;
    if (!bounced)
        return ANSWER_NOTHING;
    return slice_eq(class, SL("user-unknown")) ? ANSWER_UNKNOWN : ANSWER_OTHER;
}

bool answer_is_filter(const struct record *r)
{
    struct slice reply = r->f[COL_REPLY];

    return slice_find(reply, SL("from MTA(")) || slice_find(reply, SL("discarded, id=")) ||
           slice_find(reply, SL("Reject, id="));
}

bool sites_room(struct site_sums *sums, unsigned n)
{
    struct site_sum *wide;

    if (n <= sums->room)
        return true;
    if ((wide = realloc(sums->site, n * sizeof *wide)) == NULL)
        return false;
    sums->site = wide;
    sums->room = (uint8_t)n;
    return true;
}

void sites_free(struct site_sums *sums)
{
    free(sums->site);
    *sums = (struct site_sums){0};
}

/* The site's sums: its own, a new one's, or when there is no room those of the smallest. NULL when
 * memory runs out. */
static struct site_sum *site_of(struct site_sums *sums, const struct remote *site)
{
    struct site_sum *least = NULL;
    float least_sum = 0;

    for (unsigned i = 0; i < sums->n; i++) {
        struct site_sum *s = &sums->site[i];
        if (s->name == site->name || (s->net && s->net == site->net))
            return s;
        float sum = s->content + s->unknown;
        if (least == NULL || sum < least_sum) {
            least = s;
            least_sum = sum;
        }
    }
    if (sums->n < SITES_KEPT) {
        if (sums->n == sums->room && !sites_room(sums, sums->n ? 2u * sums->n : 1))
            return NULL;
        least = &sums->site[sums->n++];
        *least = (struct site_sum){0};
    } else {
        sums->more = true;
    }
    least->name = site->name;
    least->net = site->net;
    return least;
}

/* A site's own sum: not under zero, and not so high that it couldn't come down again. */
static void add_sum(float *sum, float llr, const struct scoring *s)
{
    *sum += llr;
    if (*sum < 0)
        *sum = 0;
    if (*sum > (float)s->family_most)
        *sum = (float)s->family_most;
}

bool word_accuses(const struct word *w)
{
    return w->content || w->unknown;
}

void word_observe(struct mind *m, const struct word *w, float usual, struct site_sums *sums,
                  struct observation *o)
{
    float decided = (float)(w->content + w->accepted);

    if (decided <= 0 && w->fresh == 0)
        return;
    struct site_sum *site = site_of(sums, &w->site);
    if (site == NULL) {
        m->failed = true;
        return;
    }
    if (w->content)
        site->refused |= 1u << FAMILY_CONTENT;
    if (w->unknown)
        site->refused |= 1u << FAMILY_UNKNOWN;
    if (w->fresh) {
        float llr = sign_seen(m, SIGN_UNKNOWN, (float)w->unknown / (float)w->fresh, 0);
        o->llr[FAMILY_UNKNOWN] += llr;
        add_sum(&site->unknown, llr, m->scoring);
    }
    if (decided > 0) {
        float llr = sign_seen(m, SIGN_CONTENT, (float)w->content / decided, usual);
        o->llr[FAMILY_CONTENT] += llr;
        add_sum(&site->content, llr, m->scoring);
    }
}

double sites_most(const struct site_sums *sums, const struct scoring *s)
{
    double most = 0;

    for (unsigned i = 0; i < sums->n; i++) {
        double site = (double)(sums->site[i].content + sums->site[i].unknown);
        most += site < s->remote_most ? site : s->remote_most;
    }
    return most;
}

unsigned sites_refused(const struct site_sums *sums, unsigned families)
{
    unsigned n = 0;

    for (unsigned i = 0; i < sums->n; i++)
        n += (sums->site[i].refused & families) != 0;
    return n;
}
