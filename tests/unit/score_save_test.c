/* A scorer that is saved and goes on elsewhere: the same suspects, and no bytes that harm it. */
#include "scored.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "judge/score_save.h"
#include "judge/score_save_parts.h"

/* A handover after so many steps of a story; 0: none. */
static unsigned every, steps, handovers;

static struct text saved_of(const struct scorer *s)
{
    struct text t = {0};

    assert_true(scorer_save(s, &t));
    return t;
}

static void same_names(const struct names *a, const struct names *b)
{
    assert_int_equal(a->n, b->n);
    for (unsigned i = 0; i < a->n; i++) {
        const struct top_name *x = &a->top[i], *y = &b->top[i];
        assert_true(slice_eq(slice_of(x->name, x->n), slice_of(y->name, y->n)));
        assert_int_equal(x->count, y->count);
        assert_int_equal(x->error, y->error);
    }
}

static void same_beliefs(const struct beliefs *a, const struct beliefs *b)
{
    assert_int_equal(a->begun, b->begun);
    assert_int_equal(a->used, b->used); /* in another order, it may be */
    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        if (!(a->begun >> i & 1))
            continue;
        unsigned next = a->used;
        for (unsigned k = 0; k < SIGN_TALLIES; k++)
            if (a->begun >> k & 1 && a->at[k] > a->at[i] && a->at[k] < next)
                next = a->at[k];
        assert_memory_equal(beliefs_of(a, i), beliefs_of(b, i),
                            (next - a->at[i]) * sizeof *a->weight);
    }
}

static void same_sites(const struct site_sums *a, const struct site_sums *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->more, b->more);
    for (unsigned i = 0; i < a->n; i++) {
        const struct site_sum *x = &a->site[i], *y = &b->site[i];
        assert_true(x->name == y->name && x->net == y->net && x->refused == y->refused);
        assert_memory_equal(&x->content, &y->content, sizeof x->content);
        assert_memory_equal(&x->unknown, &y->unknown, sizeof x->unknown);
    }
}

/* All that is in a window itself; what isn't needed of it is zero. */
static struct window only(const struct window *w, bool open)
{
    struct window copy;

    memcpy(&copy, w, sizeof copy);
    memset(&copy.sender, 0, sizeof copy.sender);
    memset(&copy.client, 0, sizeof copy.client);
    memset(&copy.country, 0, sizeof copy.country);
    memset(&copy.sums, 0, sizeof copy.sums);
    memset(&copy.watch.beliefs, 0, sizeof copy.watch.beliefs);
    copy.fresh.slot = NULL;
    copy.sender_bits = NULL;
    copy.sample = NULL;
    if (!open) {
        memset(&copy.cusum, 0, sizeof copy.cusum);
        memset(&copy.watch, 0, sizeof copy.watch);
        memset(&copy.fresh, 0, sizeof copy.fresh);
    }
    copy.fell = false;
    return copy;
}

static void same_window(const struct window *a, const struct window *b, bool open)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL)
        return;
    struct window x = only(a, open), y = only(b, open);
    assert_memory_equal(&x, &y, sizeof x);
    same_names(&a->sender, &b->sender);
    same_names(&a->client, &b->client);
    same_names(&a->country, &b->country);
    same_sites(&a->sums, &b->sums);
    assert_int_equal(a->sender_bits == NULL, b->sender_bits == NULL);
    if (a->sender_bits)
        assert_memory_equal(a->sender_bits, b->sender_bits, SENDER_BITS / 8);
    for (unsigned i = 0; i < a->samples; i++)
        assert_true(slice_eq(slice_of(a->sample[i].qid, a->sample[i].n),
                             slice_of(b->sample[i].qid, b->sample[i].n)));
    if (open)
        same_beliefs(&a->watch.beliefs, &b->watch.beliefs);
    if (open && a->fresh.used)
        assert_memory_equal(a->fresh.slot, b->fresh.slot, a->fresh.size * sizeof *a->fresh.slot);
}

/* Member by member, so that one that isn't saved is found. */
static void same_person(const struct person *a, const struct person *b)
{
    struct person x, y;
    uint16_t rate[2][SCORER_RATES];

    same_window(a->window, b->window, true);
    same_window(a->worst, b->worst, false);
    assert_true(slice_eq(a->group->label, b->group->label));
    assert_true(slice_eq(a->group->partner, b->group->partner));
    assert_memory_equal(&a->group->usual, &b->group->usual, sizeof a->group->usual);
    assert_true(a->group->hash == b->group->hash && a->group->id == b->group->id);
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    rates_get(a, rate[0]);
    rates_get(b, rate[1]);
    assert_memory_equal(rate[0], rate[1], sizeof rate[0]);
    memset(&x.rate, 0, sizeof x.rate);
    memset(&y.rate, 0, sizeof y.rate);
    x.busy = y.busy = false;
    x.group = y.group = NULL;
    x.window = y.window = x.worst = y.worst = NULL;
    x.number = y.number = 1;
    assert_memory_equal(&x, &y, offsetof(struct person, key));
}

static void same_scorer(const struct scorer *a, const struct scorer *b)
{
    struct text x = {0}, y = {0};
    struct person *p;

    assert_int_equal(a->people.used, b->people.used);
    for (size_t at = 0; (p = person_next(a, &at)) != NULL;) {
        struct person *q = person_of_key(b, person_bytes(p));
        assert_non_null(q);
        same_person(p, q);
        p->number = q->number = 1;
    }
    assert_memory_equal(&a->everyone, &b->everyone, sizeof a->everyone);
    assert_true(a->seed == b->seed && a->now == b->now && a->start == b->start);
    assert_true(a->serial == b->serial && a->scale == b->scale);
    letters_save(a, &x);
    letters_save(b, &y);
    assert_true(slice_eq(text_slice(&x), text_slice(&y)));
    text_free(&x);
    text_free(&y);
}

/* Another run goes on; exact: nothing is left behind. */
static void hand(struct run *t, bool exact)
{
    struct scorer *old = t->scorer;
    struct text bytes = saved_of(old), again;

    t->scorer = NULL;
    run_start(t, "");
    assert_int_equal(scorer_load(t->scorer, text_slice(&bytes)), SCORER_LOADED);
    again = saved_of(t->scorer);
    assert_int_equal(again.n, bytes.n);
    if (exact)
        same_scorer(old, t->scorer);
    scorer_free(old);
    text_free(&bytes);
    text_free(&again);
    handovers++;
}

static void hand_over(struct run *t)
{
    hand(t, false);
}

static void step(struct run *t)
{
    if (every && ++steps % every == 0)
        hand(t, true);
}

/* One message to n recipients, friends or strangers; the k-th of them is refused where a bit of
 * `refused` says so. */
static void message(struct run *t, const struct mail *m, unsigned n, bool strangers,
                    unsigned refused, const char *said)
{
    struct mail of = *m;
    char nrcpt[8];

    snprintf(nrcpt, sizeof nrcpt, "%u", n);
    of.nrcpt = nrcpt;
    accept_mail(t, &of);
    step(t);
    if (said) {
        verdict(t, &of, said);
        step(t);
    }
    for (unsigned i = 0; i < n; i++) {
        char far[16];
        snprintf(far, sizeof far, "far%u", (t->messages * 7 + i) % 23);
        const char *site = strangers ? far : site_at(t->messages + i);
        const char *rcpt = strangers ? somebody_new(t, site) : somebody(t, site, i % 9);
        const char *class = !(refused >> i & 1) ? "accepted"
                            : i % 2             ? "spam-content"
                                                : "user-unknown";
        deliver_to(t, &of, site, rcpt, class, false);
        step(t);
    }
    removed(t, &of);
    step(t);
}

static void quiet_days(struct run *t, unsigned days)
{
    for (unsigned day = 0; day < days; day++) {
        for (unsigned i = 0; i < 6; i++) {
            message(t, &bob, 1 + i % 3, false, 0, "clean");
            if (i % 2)
                message(t, &ann, 2, i == 3, i == 3 && day % 4 == 0, NULL);
            t->time += HOUR;
        }
        t->time += 18 * HOUR;
    }
}

static const struct mail thief = {
    "bob@acme.example", "203.0.113.77", "xk3q9v7z@other.example", NULL, NULL, "host77.far.example"};
static const struct mail lab = {"", "2001:db8:1::7", "probe@lab.example", NULL, NULL, NULL};

/* Weeks of four identities; bob's login is stolen, ann sends a virus, and the news go to many. */
static void story(struct run *t)
{
    t->time -= 70 * DAY;
    quiet_days(t, 8);
    for (unsigned i = 0; i < 12; i++)
        message(t, &news, 9, i > 6, i > 6 ? 0x11 : 0, "clean");
    message(t, &lab, 3, true, 1, NULL);
    quiet_days(t, 2);
    for (unsigned i = 0; i < 25; i++) {
        struct mail of = thief;
        char sender[32];
        snprintf(sender, sizeof sender, "n%u@other%u.example", i * i, i % 11);
        of.sender = sender;
        message(t, &of, 4, true, i % 2 ? 0x7 : 0xa, i % 3 ? "spam" : "clean");
    }
    quiet_days(t, 6);
    message(t, &ann, 1, true, 0, "virus");
    message(t, &lab, 5, true, 3, NULL);
    for (unsigned i = 0; i < 5; i++)
        message(t, &thief, 4, true, 0x7, "spam");
}

/* All that is told at the end. */
static struct text told(struct run *t)
{
    struct text out = {0};

    assert_true(scorer_end(t->scorer));
    size_t n = scorer_rank(t->scorer, true);
    for (size_t i = 0; i < n; i++) {
        struct scorer_rates rates;
        scorer_suspect(t->scorer, i, &t->suspect);
        suspect_tsv(&out, &t->suspect);
        scorer_rates(t->scorer, i, &rates);
        text_addf(&out, "%u of %u minutes:", rates.n, rates.minutes);
        for (unsigned k = 0; k < rates.n; k++)
            text_addf(&out, " %u", rates.count[k]);
        text_addc(&out, '\n');
    }
    return out;
}

static void tell(unsigned handover, struct text *out)
{
    struct run t;

    run_begin(&t, true, "");
    every = handover;
    steps = handovers = 0;
    story(&t);
    *out = told(&t);
    if (handover == 0) {
        assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
        assert_int_equal(state_of(&t, "ann@acme.example"), STATE_INFECTED);
    }
    run_end(&t);
}

static void test_pieces(void **state)
{
    static const unsigned pieces[] = {1, 2, 3, 7, 50, 333};
    struct text one, parts;

    (void)state;
    tell(0, &one);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        tell(pieces[i], &parts);
        assert_true(handovers > 1);
        if (!slice_eq(text_slice(&one), text_slice(&parts)))
            fail_msg("handed over after every %u steps it is\n%.*snot\n%.*s", pieces[i],
                     (int)parts.n, parts.p, (int)one.n, one.p);
        text_free(&parts);
    }
    text_free(&one);
}

/* same_scorer() finds what isn't saved of a person or a window. Of these it doesn't: who changes
 * one has to look at score_save*.c, then here. */
static void test_members(void **state)
{
    (void)state;
    if (sizeof(void *) != 8)
        skip();
    assert_int_equal(sizeof(struct group), 152);
    assert_int_equal(offsetof(struct person, key), 184); /* there may be a million of them */
    assert_int_equal(sizeof(struct letter), 536);
    assert_int_equal(sizeof(struct word), 48);
    assert_int_equal(sizeof(struct waiting), 896);
    assert_int_equal(sizeof(struct recent), 48);
    assert_int_equal(sizeof(struct scorer), 640);
}

/* Bytes with windows, letters that wait, sites: what damage can hit. */
static struct text some_bytes(struct run *t)
{
    run_begin(t, true, "");
    every = 0;
    quiet_days(t, 1);
    for (unsigned i = 0; i < 6; i++)
        message(t, &thief, 2, true, 0x3, "spam");
    accept_mail(t, &thief);
    struct mail two = thief;
    two.nrcpt = "2";
    deliver(t, &two, "big", "spam-content", false);
    return saved_of(t->scorer);
}

static enum scorer_loaded load(struct run *t, struct slice bytes)
{
    run_start(t, "");
    return scorer_load(t->scorer, bytes);
}

static void test_cut(void **state)
{
    struct run t;
    struct text bytes = some_bytes(&t);

    (void)state;
    for (size_t n = 0; n < bytes.n; n += n < 200 ? 1 : 97)
        assert_int_equal(load(&t, slice_of(bytes.p, n)), SCORER_DAMAGED);
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_LOADED);
    text_addc(&bytes, '\n');
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_DAMAGED);
    assert_int_equal(load(&t, SLICE_NONE), SCORER_DAMAGED);
    text_free(&bytes);
    run_end(&t);
}

static void test_flipped(void **state)
{
    struct run t;
    struct text bytes = some_bytes(&t);

    (void)state;
    for (size_t i = 0; i < bytes.n; i += i < 200 ? 1 : 97) {
        bytes.p[i] ^= (char)(1 << i % 8);
        assert_int_not_equal(load(&t, text_slice(&bytes)), SCORER_LOADED);
        bytes.p[i] ^= (char)(1 << i % 8);
    }
    text_free(&bytes);
    run_end(&t);
}

static void sign_bytes(struct text *bytes)
{
    uint64_t hash = XXH3_64bits(bytes->p, bytes->n - 8);

    for (unsigned i = 0; i < 8; i++)
        bytes->p[bytes->n - 8 + i] = (char)(hash >> 8 * i);
}

/* Somebody who can write the file can make its hash right, too. */
static void test_hostile(void **state)
{
    struct run t;
    struct text bytes = some_bytes(&t);
    unsigned loaded = 0;

    (void)state;
    for (unsigned i = 0; i < 1500; i++) {
        struct text bad = {0};
        text_add(&bad, text_slice(&bytes));
        size_t from = i % 3 ? 60 : 0, range = i % 3 == 1 && bytes.n > 3000 ? 3000 : bytes.n - 8;
        for (unsigned k = 0; k < 1 + i % 4; k++) {
            size_t at = from + (size_t)(chance(&t) * (double)(range - from));
            bad.p[at] = i % 2 ? (char)(chance(&t) * 256) : (char)(bad.p[at] ^ 1 << i % 8);
        }
        if (i % 5 == 0)
            bad.n -= (size_t)(chance(&t) * (double)(bad.n - 100));
        sign_bytes(&bad);
        if (load(&t, text_slice(&bad)) == SCORER_LOADED) {
            struct text again = saved_of(t.scorer);
            loaded++;
            message(&t, &thief, 3, true, 0x3, "spam");
            message(&t, &ann, 3, false, 0, "clean");
            struct text out = told(&t);
            text_free(&out);
            text_free(&again);
        }
        text_free(&bad);
    }
    assert_true(loaded > 30); /* they weren't all refused at the door */
    text_free(&bytes);
    run_end(&t);
}

static void test_versions(void **state)
{
    struct run t;
    struct text bytes = some_bytes(&t);
    char *digit = bytes.p + strlen("#mptools-scorer ");

    (void)state;
    assert_int_equal(*digit, '2');
    *digit = '1';
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_OTHER_VERSION);
    *digit = 'x';
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_DAMAGED);
    *digit = '2';
    digit[2]++; /* the number of signs */
    sign_bytes(&bytes);
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_OTHER_VERSION);
    text_free(&bytes);
    run_end(&t);
}

static const struct person *person_named(const struct run *t, const char *key)
{
    return person_of_key(t->scorer, slice_str(key));
}

/* Another scoring.conf: what was counted stays, what was believed begins again. */
static void test_other_numbers(void **state)
{
    struct run t;
    struct text bytes = some_bytes(&t);
    struct usual before = person_named(&t, "1bob@acme.example")->usual;

    (void)state;
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_LOADED);
    const struct person *p = person_named(&t, "1bob@acme.example");
    assert_non_null(p->window);
    assert_true(p->window->watch.beliefs.begun != 0);
    run_numbers(&t.scoring);
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_LOADED);
    p = person_named(&t, "1bob@acme.example");
    assert_non_null(p->window);
    assert_int_equal(p->window->watch.beliefs.begun, 0);
    assert_memory_equal(&p->usual, &before, sizeof before);
    message(&t, &thief, 3, true, 0x7, "spam");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    text_free(&bytes);
    run_end(&t);
}

/* The customers file has changed: identities go to whom they belong to now. */
static void test_other_customers(void **state)
{
    struct run t;
    struct text bytes = some_bytes(&t);
    struct words w;

    (void)state;
    customers_free(t.customers);
    assert_int_equal(words_of(&w, "customers",
                              SL("umbrella - sasl:bob@acme.example\n"
                                 "acme east-it sasl:ann@acme.example\n"),
                              &t.problems),
                     0);
    assert_int_equal(customers_read(&w, &t.customers), WORDS_OK);
    words_free(&w);
    assert_int_equal(load(&t, text_slice(&bytes)), SCORER_LOADED);
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(slice_eq(t.suspect.customer, SL("umbrella")));
    const struct group *acme = person_named(&t, "1ann@acme.example")->group;
    assert_true(slice_eq(acme->label, SL("acme")));
    assert_true(slice_eq(acme->partner, SL("east-it")));
    text_free(&bytes);
    run_end(&t);
}

/* Whom nobody heard of for long is forgotten; who sends every month is not. */
static void test_forgotten(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    every = 0;
    t.time -= 1000 * DAY;
    for (unsigned i = 0; i < 30; i++)
        message(&t, &thief, 4, true, i % 2 ? 0x7 : 0xa, "spam");
    message(&t, &ann, 1, false, 0, NULL);
    hand_over(&t);
    assert_true(scorer_state_of(t.scorer, SL("bob@acme.example")) >= STATE_COMPROMISED);
    for (unsigned month = 0; month < 4; month++) {
        t.time += 24 * DAY;
        message(&t, &news, 1, false, 0, NULL);
        hand_over(&t);
        bool gone = scorer_state_of(t.scorer, SL("bob@acme.example")) == -1;
        assert_int_equal(gone, month == 3);
    }
    assert_null(person_named(&t, "1ann@acme.example"));
    assert_null(map_get(&t.scorer->groups, SL("acme")));
    assert_non_null(person_named(&t, "1news"));
    run_end(&t);
}

/* A flag that is over is told for 30 days. */
static void test_old_flag(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    every = 0;
    t.time -= 1000 * DAY;
    for (unsigned i = 0; i < 30; i++)
        message(&t, &thief, 4, true, i % 2 ? 0x7 : 0xa, "spam");
    while (person_named(&t, "1bob@acme.example")->window)
        quiet_days(&t, 1);
    assert_non_null(person_named(&t, "1bob@acme.example")->worst);
    quiet_days(&t, 25);
    hand_over(&t);
    assert_int_equal(scorer_state_of(t.scorer, SL("bob@acme.example")), STATE_COMPROMISED);
    quiet_days(&t, 6);
    hand_over(&t);
    assert_int_equal(scorer_state_of(t.scorer, SL("bob@acme.example")), STATE_CLEAR);
    run_end(&t);
}

/* One line of a host whose clock is wrong: nobody is forgotten, and time goes on as before. */
static void test_wrong_clock(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    every = 0;
    t.time -= 50 * DAY;
    int64_t now = t.time;
    message(&t, &bob, 1, false, 0, NULL);
    t.time += 20000 * DAY;
    message(&t, &ann, 1, false, 0, NULL);
    t.time = now;
    hand_over(&t);
    hand_over(&t);
    assert_non_null(person_named(&t, "1bob@acme.example"));
    assert_non_null(person_named(&t, "1ann@acme.example"));
    assert_true(t.scorer->now <= when_now() + DAY);
    run_end(&t);
}

/* Long logs: the rates begin anew, so that they tell of days, not of months. */
static void test_rates(void **state)
{
    struct run t;
    struct scorer_rates rates;

    (void)state;
    run_begin(&t, true, "");
    every = 0;
    t.time -= 1000 * DAY;
    for (unsigned i = 0; i < 30; i++)
        message(&t, &thief, 4, true, i % 2 ? 0x7 : 0xa, "spam");
    t.time += 30 * DAY;
    message(&t, &bob, 1, false, 0, NULL);
    hand_over(&t);
    for (unsigned i = 0; i < 5; i++)
        message(&t, &bob, 1, false, 0, NULL);
    assert_int_equal(scorer_rank(t.scorer, true), 1);
    scorer_rates(t.scorer, 0, &rates);
    assert_int_equal(rates.n, 1);
    assert_int_equal(rates.count[0], 5);
    run_end(&t);
}

/* A memory that is handed over remembers and forgets as one that isn't. */
static void test_recent(void **state)
{
    struct recent one, two;

    (void)state;
    assert_true(recent_init(&one, 16, 256) && recent_init(&two, 16, 256));
    for (uint64_t i = 1; i < 2000; i++) {
        uint64_t number = recent_mix(i / 2 * 77, 'x');
        assert_int_equal(recent_touch(&one, number), recent_touch(&two, number));
        recent_add(&one, number);
        recent_add(&two, number);
        if (i % 5)
            continue;
        struct text t = {0};
        recent_save(&two, &t);
        struct unpack in = {.rest = text_slice(&t)};
        recent_free(&two);
        assert_true(recent_init(&two, 16, 256) && recent_load(&two, &in));
        assert_false(in.bad);
        assert_int_equal(in.rest.n, 0);
        assert_int_equal(one.used, two.used);
        for (uint64_t k = 1; k <= i; k++) {
            number = recent_mix(k / 2 * 77, 'x');
            assert_int_equal(recent_has(&one, number), recent_has(&two, number));
        }
        text_free(&t);
    }
    recent_free(&one);
    recent_free(&two);
}

/* Even the order in which it is walked is the same. */
static void test_fresh(void **state)
{
    struct fresh f = {0}, g = {0};

    (void)state;
    for (uint64_t i = 1; i < 700; i++) {
        struct text t = {0};
        assert_true(fresh_add(&f, slice_hash_with(slice_of((const char *)&i, sizeof i), 1)));
        fresh_save(&f, &t);
        struct unpack in = {.rest = text_slice(&t)};
        assert_true(fresh_load(&g, &in));
        assert_false(in.bad);
        assert_int_equal(g.size, f.size);
        assert_int_equal(g.used, f.used);
        assert_memory_equal(g.slot, f.slot, f.size * sizeof *f.slot);
        fresh_free(&g);
        g = (struct fresh){0};
        text_free(&t);
    }
    fresh_free(&f);
}

/* What sites did to whom. */
static void test_remotes(void **state)
{
    struct remotes *one = remotes_new(7), *two = remotes_new(7);
    struct run t = {.seed = 12345};
    int64_t time = MONDAY;

    (void)state;
    for (unsigned i = 0; i < 30000; i++) {
        struct remote site = {.name = 1 + (uint64_t)(chance(&t) * chance(&t) * 6000)};
        uint32_t customer = 1 + (uint32_t)(chance(&t) * 40);
        bool refused = chance(&t) < 0.5;
        time += WHEN_SECOND;
        remote_heard(one, &site, customer, refused, time);
        remote_heard(two, &site, customer, refused, time);
        double a = remote_share_refused(one, &site, 1, time, 0.01);
        double b = remote_share_refused(two, &site, 1, time, 0.01);
        assert_true(a >= b && a <= b);
        if (i % 1000)
            continue;
        struct text bytes = {0};
        remotes_save(two, &bytes);
        struct unpack in = {.rest = text_slice(&bytes)};
        remotes_free(two);
        two = remotes_new(7);
        remotes_load(two, &in);
        assert_false(in.bad);
        assert_int_equal(in.rest.n, 0);
        text_free(&bytes);
    }
    remotes_free(one);
    remotes_free(two);
}

static void test_pack(void **state)
{
    static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    struct text t = {0};

    (void)state;
    for (size_t i = 0; i < 8; i++)
        pack_number(&t, numbers[i]);
    pack_fixed(&t, UINT64_C(0x0123456789abcdef));
    pack_float(&t, -0.1F);
    pack_double(&t, 1e300);
    pack_bytes(&t, SL("bytes"));
    struct unpack in = {.rest = text_slice(&t)};
    for (size_t i = 0; i < 8; i++)
        assert_true(unpack_number(&in, numbers[i]) == numbers[i]);
    assert_int_equal(in.rest.p[0], (char)0xef);
    assert_true(unpack_fixed(&in) == UINT64_C(0x0123456789abcdef));
    float x = unpack_float(&in, 1);
    assert_true(x <= -0.1F && x >= -0.1F);
    struct unpack other = in;
    unpack_double(&other, 1e299);
    assert_true(other.bad);
    assert_true(unpack_double(&in, 1e301) > 0.9e300);
    assert_true(slice_eq(unpack_bytes(&in, 5), SL("bytes")));
    assert_false(in.bad);
    assert_int_equal(unpack_number(&in, 1), 0);
    assert_true(in.bad);
    text_free(&t);
}

static void test_pack_bad(void **state)
{
    static const struct slice numbers[] = {{"", 0},
                                           {"\x80", 1},
                                           {"\x05", 1},
                                           {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
                                           {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11}};
    static const char nan[] = "\x00\x00\xc0\x7f", infinite[] = "\x00\x00\x80\x7f";

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct unpack in = {.rest = numbers[i]};
        assert_int_equal(unpack_number(&in, 4), 0);
        assert_true(in.bad);
    }
    struct unpack in = {.rest = slice_of(nan, 4)};
    unpack_float(&in, 1e30F);
    assert_true(in.bad);
    in = (struct unpack){.rest = slice_of(infinite, 4)};
    unpack_float(&in, 1e30F);
    assert_true(in.bad);
    in = (struct unpack){.rest = SL("\x05"
                                    "abcd")};
    assert_int_equal(unpack_bytes(&in, 9).n, 0);
    assert_true(in.bad);
    in = (struct unpack){.rest = SL("\x03"
                                    "abcd")};
    assert_int_equal(unpack_count(&in, 9, 2), 0);
    assert_true(in.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_members),
        cmocka_unit_test(test_cut),           cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_hostile),       cmocka_unit_test(test_versions),
        cmocka_unit_test(test_other_numbers), cmocka_unit_test(test_other_customers),
        cmocka_unit_test(test_forgotten),     cmocka_unit_test(test_old_flag),
        cmocka_unit_test(test_wrong_clock),   cmocka_unit_test(test_rates),
        cmocka_unit_test(test_recent),        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_remotes),       cmocka_unit_test(test_pack),
        cmocka_unit_test(test_pack_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
