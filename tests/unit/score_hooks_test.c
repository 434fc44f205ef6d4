/* What senderblock needs of a scorer: to be told at once, to say what was dealt with, to judge some
 * more strictly, and to know whom a record is charged to. */
#include "scored.h"

#include "judge/score_parts.h"
#include "judge/score_save.h"

#define FLAGS 16u

struct hooks {
    struct run run;
    unsigned flags;
    struct {
        unsigned state;
        double score, threshold;
        uint64_t messages;
        int64_t time;
        char identity[32];
    } flag[FLAGS];
    bool deal; /* with everybody who is compromised, at once */
};

static void on_flagged(void *user, const struct suspect *s)
{
    struct hooks *h = user;

    assert_true(h->flags < FLAGS);
    unsigned i = h->flags++;
    h->flag[i].state = s->state;
    h->flag[i].score = s->score;
    h->flag[i].threshold = s->threshold;
    h->flag[i].messages = s->messages;
    h->flag[i].time = s->time;
    snprintf(h->flag[i].identity, sizeof h->flag[i].identity, "%.*s", (int)s->identity.n,
             s->identity.p);
    assert_true(s->customer.n && s->family_n && s->client_n);
    if (h->deal && s->state >= STATE_COMPROMISED)
        scorer_dealt(h->run.scorer, s->kind, s->identity);
}

static void begin(struct hooks *h)
{
    *h = (struct hooks){0};
    run_begin(&h->run, true, "");
    struct scorer_options o = {.scoring = &h->run.scoring,
                               .customers = h->run.customers,
                               .flagged = on_flagged,
                               .user = h};
    scorer_free(h->run.scorer);
    h->run.scorer = scorer_new(&o);
    assert_non_null(h->run.scorer);
    h->run.time = MONDAY - 28 * DAY;
    ordinary(&h->run, &ann, 1);
    h->run.time = MONDAY - 28 * DAY;
    ordinary(&h->run, &bob, 1);
    assert_int_equal(h->flags, 0);
}

static struct person *bob_of(const struct hooks *h)
{
    struct person *p = person_known(h->run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"));

    assert_non_null(p);
    return p;
}

/* Messages of a campaign to a dirty list, at five sites in turn. */
static void spam(struct hooks *h, unsigned n)
{
    for (; n; n--) {
        const char *what = chance(&h->run) < 0.4   ? "user-unknown"
                           : chance(&h->run) < 0.6 ? "spam-content"
                                                   : "accepted";
        send(&h->run, &bob, site_at(h->run.messages), what);
    }
}

/* Messages until so many flags were told of; 0: never. */
static unsigned spam_until(struct hooks *h, unsigned flags)
{
    for (unsigned n = 1; n <= 200; n++) {
        spam(h, 1);
        if (h->flags >= flags)
            return n;
    }
    return 0;
}

static void told_at_once(void **state)
{
    struct hooks h;

    (void)state;
    begin(&h);
    int64_t from = h.run.time;
    unsigned n = spam_until(&h, 1);
    assert_in_range(n, 3, 60);
    assert_int_equal(h.flag[0].state, STATE_COMPROMISED);
    assert_string_equal(h.flag[0].identity, "bob@acme.example");
    assert_in_range(h.flag[0].time, from, h.run.time);
    assert_true(h.flag[0].score >= h.flag[0].threshold);
    /* the same as is reported at that moment */
    assert_int_equal(state_of(&h.run, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(h.flag[0].messages == h.run.suspect.messages);
    assert_true(h.flag[0].time == h.run.suspect.time);
    assert_true(fabs(h.flag[0].score - h.run.suspect.score) < 1e-9);
    assert_true(fabs(h.flag[0].threshold - h.run.scoring.threshold) < 1e-9);
    spam(&h, 50); /* still the same */
    assert_int_equal(h.flags, 1);
    accept_mail(&h.run, &bob);
    verdict(&h.run, &bob, "virus");
    assert_int_equal(h.flags, 2);
    assert_int_equal(h.flag[1].state, STATE_INFECTED);
    run_end(&h.run);
}

static void dealt_meanwhile(void **state)
{
    struct hooks h;

    (void)state;
    begin(&h);
    while (bob_of(&h)->window == NULL)
        spam(&h, 1);
    struct usual before = bob_of(&h)->usual, group = bob_of(&h)->group->usual;
    h.deal = true;
    unsigned n = spam_until(&h, 1);
    assert_in_range(n, 3, 60);
    assert_null(bob_of(&h)->window);
    assert_non_null(bob_of(&h)->worst);
    assert_memory_equal(&before, &bob_of(&h)->usual, sizeof before);
    assert_memory_equal(&group, &bob_of(&h)->group->usual, sizeof group);
    assert_int_equal(state_of(&h.run, "bob@acme.example"), STATE_COMPROMISED); /* as it was */
    /* he goes on and is flagged anew, by what comes after */
    unsigned more = spam_until(&h, 2);
    assert_in_range(more, n / 2, 2 * n);
    assert_in_range(h.flag[1].messages, 1, more);
    assert_true(h.flag[1].time > h.flag[0].time);
    run_end(&h.run);
}

static void dealt_later(void **state)
{
    struct hooks h;

    (void)state;
    begin(&h);
    spam(&h, 4);
    assert_non_null(bob_of(&h)->window);
    scorer_dealt(h.run.scorer, IDENTITY_CLIENT, SL("bob@acme.example")); /* nobody */
    scorer_dealt(h.run.scorer, IDENTITY_LOGIN, SL("stranger"));
    scorer_dealt(h.run.scorer, 9, SL("bob@acme.example"));
    assert_non_null(bob_of(&h)->window);
    struct usual before = bob_of(&h)->usual;
    scorer_dealt(h.run.scorer, IDENTITY_LOGIN, SL("Bob@ACME.example"));
    assert_null(bob_of(&h)->window);
    assert_null(bob_of(&h)->worst); /* it wasn't flagged */
    assert_memory_equal(&before, &bob_of(&h)->usual, sizeof before);
    run_end(&h.run);
}

/* What was written before it was dealt with is still answered for days. */
static void late_answers(struct hooks *h, bool deal)
{
    char qid[60][16];

    begin(h);
    for (unsigned i = 0; i < 60; i++) {
        accept_mail(&h->run, &bob);
        memcpy(qid[i], h->run.qid, sizeof qid[i]);
    }
    unsigned flags = h->flags;
    if (deal)
        scorer_dealt(h->run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"));
    for (unsigned i = 0; i < 60; i++) {
        struct record r;
        memcpy(h->run.qid, qid[i], sizeof qid[i]);
        r = record_of(&h->run, KIND_DELIVER, &bob);
        r.time = h->run.time += WHEN_SECOND;
        r.f[COL_RCPT] = slice_str(somebody_new(&h->run, site_at(i)));
        r.f[COL_RELAY_NAME] = slice_str(site_at(i));
        static const char *const ip[] = {"198.1.2.3", "198.1.3.3", "198.1.4.3", "198.1.5.3",
                                         "198.1.6.3"};
        r.f[COL_RELAY_IP] = slice_str(ip[i % 5]);
        r.f[COL_STATUS] = SL("bounced");
        r.f[COL_CLASS] = i % 2 ? SL("spam-content") : SL("user-unknown");
        r.f[COL_DELAY] = SL("90");
        feed(&h->run, &r);
    }
    assert_int_equal(h->flags > flags, !deal);
    run_end(&h->run);
}

static void answers_to_what_was_dealt_with(void **state)
{
    struct hooks h;

    (void)state;
    late_answers(&h, false);
    late_answers(&h, true);
}

/* It lasts: a state that is saved knows. */
static void dealt_is_saved(void **state)
{
    struct hooks h;
    struct text bytes = {0};

    (void)state;
    begin(&h);
    spam(&h, 4);
    scorer_dealt(h.run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"));
    uint32_t dealt = bob_of(&h)->dealt;
    assert_int_equal(dealt, h.run.time / WHEN_SECOND);
    assert_true(scorer_save(h.run.scorer, &bytes));
    run_start(&h.run, "");
    assert_int_equal(scorer_load(h.run.scorer, text_slice(&bytes)), SCORER_LOADED);
    assert_int_equal(bob_of(&h)->dealt, dealt);
    /* nothing came in yet: it holds for all that was known */
    scorer_dealt(h.run.scorer, IDENTITY_LOGIN, SL("ann@acme.example"));
    const struct person *p = person_known(h.run.scorer, IDENTITY_LOGIN, SL("ann@acme.example"));
    assert_int_equal(p->dealt, dealt);
    text_free(&bytes);
    run_end(&h.run);
}

static unsigned spam_on_probation(struct hooks *h, double share, int64_t more)
{
    begin(h);
    assert_true(scorer_probation(h->run.scorer, IDENTITY_LOGIN, SL("BOB@acme.example"), share,
                                 h->run.time + more));
    return spam_until(h, 1);
}

static void probation(void **state)
{
    struct hooks h;

    (void)state;
    unsigned full = spam_on_probation(&h, 1, HOUR);
    run_end(&h.run);
    unsigned half = spam_on_probation(&h, 0.5, HOUR);
    double threshold = 0.5 * h.run.scoring.threshold;
    print_message("flagged after %u messages, at half of the threshold after %u\n", full, half);
    assert_true(half < full && half > 1);
    assert_int_equal(h.flag[0].state, STATE_COMPROMISED);
    assert_true(fabs(h.flag[0].threshold - threshold) < 1e-4);
    assert_true(h.flag[0].score >= threshold && h.flag[0].score < 2 * threshold);
    assert_int_equal(state_of(&h.run, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(fabs(h.run.suspect.threshold - threshold) < 1e-4);
    run_end(&h.run);
    assert_int_equal(spam_on_probation(&h, 0.5, -1), full); /* it is over */
    assert_true(fabs(h.flag[0].threshold - 2 * threshold) < 1e-9);
    run_end(&h.run);
    assert_in_range(spam_on_probation(&h, 0, HOUR), 1, half);
    run_end(&h.run);
}

/* It ends while the watch goes on; what is said anew replaces it. */
static void probation_ends(void **state)
{
    struct hooks h;

    (void)state;
    begin(&h);
    scorer_probation(h.run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"), 0.01, INT64_MAX);
    scorer_probation(h.run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"), 0.5, INT64_MAX);
    scorer_probation(h.run.scorer, IDENTITY_LOGIN, SL("ann@acme.example"), 0.2, INT64_MAX);
    scorer_probation(h.run.scorer, IDENTITY_CLIENT, SL("192.0.2.99"), 0.5, INT64_MAX);
    spam(&h, 2);
    assert_int_equal(h.flags, 0);
    assert_int_equal(state_of(&h.run, "bob@acme.example"), STATE_CLEAR);
    assert_true(fabs(h.run.suspect.threshold - 0.5 * h.run.scoring.threshold) < 1e-4);
    scorer_probation(h.run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"), 0.5, h.run.time);
    assert_int_not_equal(spam_until(&h, 1), 0);
    assert_true(fabs(h.flag[0].threshold - h.run.scoring.threshold) < 1e-9);
    run_end(&h.run);
}

/* One kind of evidence is no more enough than without: the limits are lowered with the threshold.
 */
static void probation_needs_two_kinds(void **state)
{
    struct hooks h;

    (void)state;
    begin(&h);
    scorer_probation(h.run.scorer, IDENTITY_LOGIN, SL("bob@acme.example"), 0.5, INT64_MAX);
    for (unsigned i = 0; i < 100; i++) {
        accept_mail(&h.run, &bob);
        verdict(&h.run, &bob, "spam");
    }
    assert_int_equal(state_of(&h.run, "bob@acme.example"), STATE_SUSPECT);
    assert_int_equal(h.flags, 1);
    assert_int_equal(h.flag[0].state, STATE_SUSPECT);
    spam_until(&h, 2); /* told of the next step, too */
    assert_int_equal(h.flags, 2);
    assert_int_equal(h.flag[1].state, STATE_COMPROMISED);
    run_end(&h.run);
}

static void who(void **state)
{
    struct hooks h;
    struct scorer_who w;

    (void)state;
    begin(&h);
    struct record r = record_of(&h.run, KIND_VERDICT, &bob);
    r.f[COL_SASL_USER] = SL("BOB@acme.example");
    assert_true(scorer_who(h.run.scorer, &r, &w));
    assert_int_equal(w.kind, IDENTITY_LOGIN);
    assert_true(slice_eq(w.identity, SL("bob@acme.example")));
    assert_true(slice_eq(w.customer, SL("acme")));
    assert_true(slice_eq(w.partner, SL("north-it")));
    r.f[COL_SASL_USER] = SL("stranger");
    assert_false(scorer_who(h.run.scorer, &r, &w));
    r.f[COL_SASL_USER] = SLICE_NONE;
    assert_false(scorer_who(h.run.scorer, &r, &w));
    r.f[COL_SASL_USER] = SL("bob@acme.example");
    r.f[COL_SENDER] = SL("<>"); /* nobody's */
    assert_false(scorer_who(h.run.scorer, &r, &w));
    run_end(&h.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_at_once),
        cmocka_unit_test(dealt_meanwhile),
        cmocka_unit_test(dealt_later),
        cmocka_unit_test(answers_to_what_was_dealt_with),
        cmocka_unit_test(dealt_is_saved),
        cmocka_unit_test(probation),
        cmocka_unit_test(probation_ends),
        cmocka_unit_test(probation_needs_two_kinds),
        cmocka_unit_test(who),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
