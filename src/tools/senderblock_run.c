#include "senderblock_run.h"

#include "act/attempt.h"
#include "act/escalate.h"
#include "act/trail.h"
#include "base/exits.h"
#include "base/msg.h"
#include "judge/evidence.h"
#include "senderblock_state.h"

struct run {
    const struct options *o;
    struct config *config;
    struct ledger *ledger;
    struct never never;
    struct follow *follow;
    struct stream *in;
    struct scorer *scorer;
    struct trail *trail;
    struct escalate *escalate;
    struct attempts attempts;
    struct suspect_reader *suspects; /* of a suspect stream that is being read */
    struct text *told;
    int64_t clock;      /* what the ledger has seen of the log */
    int64_t latest;     /* of this run */
    int64_t most, keep; /* later times are a wrong clock's; messages stay so long */
    bool failed;        /* out of memory */
};

static int no_memory(struct run *r)
{
    return ledger_fail(r->ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
}

static void on_flag(void *user, const struct suspect *s)
{
    struct run *r = user;

    escalate_flag(r->escalate, s);
}

static void on_dealt(void *user, unsigned kind, struct slice identity)
{
    struct run *r = user;

    if (r->scorer)
        scorer_dealt(r->scorer, kind, identity);
}

static void on_probation(void *user, unsigned kind, struct slice identity, double share,
                         int64_t until)
{
    struct run *r = user;

    if (r->scorer && !scorer_probation(r->scorer, kind, identity, share, until))
        r->failed = true;
}

static void on_told(void *user, struct slice sentence)
{
    struct run *r = user;

    text_add(r->told, sentence);
    text_addc(r->told, '\n');
}

/* --- reading --- */

/* Times far in the future are a wrong clock's: nothing passes because of them. */
static void note_time(struct run *r, int64_t time)
{
    if (time > r->latest && time <= r->most) {
        r->latest = time;
        trail_forget(r->trail, time - r->keep);
        escalate_time(r->escalate, time);
    }
}

static void note_message(struct run *r, const struct record *rec)
{
    const struct customers *customers = annotate_customers(r->config->annotate);
    struct identity id;

    if (identity_of(customers, rec, &id) == IDENTITY_NONE)
        return;
    const struct customer *c = identity_customer(customers, &id);
    enum answer answer = rec->kind == KIND_DELIVER ? answer_of(rec) : ANSWER_NOTHING;
    enum verdict verdict = rec->kind == KIND_VERDICT ? verdict_of(rec) : VERDICT_NOTHING;
    int spam = verdict == VERDICT_VIRUS ? 2 : verdict == VERDICT_SPAM;

    escalate_seen(r->escalate, id.kind, id.name);
    r->failed |= !trail_record(r->trail, rec, &id, c ? c->key : SLICE_NONE,
                               answer == ANSWER_CONTENT || answer == ANSWER_UNKNOWN, spam);
}

static void take_record(struct run *r, struct record *rec, bool raw)
{
    unsigned incident, rule;
    bool new = r->o->follow || r->clock == WHEN_NONE || rec->time > r->clock;

    annotate_record(r->config->annotate, rec, raw);
    note_time(r, rec->time);
    if (new &&attempt_of(rec, &incident, &rule))
        r->failed |= !attempts_add(&r->attempts, incident, rule, rec->time);
    if (new && (rec->kind == KIND_ACCEPT || rec->kind == KIND_DELIVER || rec->kind == KIND_VERDICT))
        note_message(r, rec);
    r->failed |= !scorer_record(r->scorer, rec);
}

static bool is_suspects(struct slice first)
{
    return suspect_is_header(first);
}

/* A line of spamscore's. False: it can't be read. */
static bool take_line(struct run *r, struct slice line)
{
    struct suspect s;

    if (r->suspects == NULL && (r->suspects = suspect_reader_new()) == NULL)
        return r->failed = true;
    if (line.p == NULL) {
        bool ended = suspect_reader_ended(r->suspects);
        suspect_reader_free(r->suspects);
        r->suspects = NULL;
        if (!ended)
            ledger_fail(r->ledger, EXIT_TEMPFAIL,
                        "the suspects end without their #end line, so whatever wrote them died: "
                        "nothing was changed: run it again");
        return ended;
    }
    switch (suspect_reader_line(r->suspects, line, &s)) {
    case SUSPECT_LINE_BAD:
        ledger_fail(r->ledger, EXIT_DATA, "suspects, line %llu: %s: nothing was changed",
                    (unsigned long long)suspect_reader_lines(r->suspects),
                    suspect_reader_why(r->suspects));
        return false;
    case SUSPECT_LINE_ONE:
        escalate_flag(r->escalate, &s);
        if (s.time > r->latest && s.time <= r->most)
            r->latest = s.time;
        break;
    case SUSPECT_LINE_NONE:
        break;
    }
    return true;
}

static int read_all(struct run *r)
{
    struct record *rec;
    bool raw;

    for (;;) {
        enum stream_result got = stream_next(r->in, &rec, &raw);
        if (got == STREAM_END)
            break;
        if (got == STREAM_RECORD)
            take_record(r, rec, raw);
        else if (!take_line(r, stream_line(r->in)))
            break;
        if (r->failed)
            return no_memory(r);
        if (ledger_failure(r->ledger)->status)
            return ledger_failure(r->ledger)->status;
    }
    int status = stream_status(r->in);
    if (status)
        return ledger_fail(r->ledger, status,
                           "nothing was changed: run it again when the input "
                           "can be read");
    return ledger_failure(r->ledger)->status;
}

/* --- beginning and end --- */

static struct scorer *make_scorer(struct run *r)
{
    return scorer_new(&(struct scorer_options){.scoring = &r->config->scoring,
                                               .customers = annotate_customers(r->config->annotate),
                                               .geo = r->config->geo,
                                               .flagged = on_flag,
                                               .user = r});
}

static int begin(struct run *r, char *const *names, int count)
{
    struct stream_options so = {
        .parser = {.year = (int)r->o->year}, .progress = true, .other = is_suspects};
    const struct customers *customers = annotate_customers(r->config->annotate);

    r->clock = state_clock(r->ledger);
    r->latest = WHEN_NONE;
    r->keep = r->config->settings.keep_messages * WHEN_SECOND;
    r->most = r->o->now == WHEN_NONE ? when_now() + WHEN_DAY : r->o->now;
    r->trail = trail_new(r->ledger);
    r->scorer = make_scorer(r);
    struct escalate_options eo = {.ledger = r->ledger,
                                  .customers = customers,
                                  .settings = &r->config->settings,
                                  .never = &r->never,
                                  .trail = r->trail,
                                  .slots = (unsigned)r->o->slots,
                                  .clock = r->clock,
                                  .dealt = on_dealt,
                                  .probation = on_probation,
                                  .told = on_told,
                                  .user = r};
    r->escalate = escalate_new(&eo);
    if (r->trail == NULL || r->scorer == NULL || r->escalate == NULL)
        return no_memory(r);
    if (r->o->follow) {
        bool usable = true;
        int status = state_load(r->o, r->ledger, &r->follow, &r->in, r->scorer, &usable);
        if (usable || status)
            return status;
        scorer_free(r->scorer);
        return (r->scorer = make_scorer(r)) ? 0 : no_memory(r);
    }
    r->in = stream_open(&so, names, count);
    return r->in ? 0 : no_memory(r);
}

static int end(struct run *r)
{
    int status = 0;

    if (r->o->follow)
        status = state_save(r->ledger, r->follow, r->in, r->scorer);
    else if (!scorer_end(r->scorer))
        status = no_memory(r);
    if (r->o->now != WHEN_NONE)
        escalate_time(r->escalate, r->o->now);
    if (r->o->now != WHEN_NONE && r->o->now > r->latest)
        r->latest = r->o->now;
    attempts_flush(&r->attempts, r->ledger);
    if (r->latest == WHEN_NONE)
        return status ? status : ledger_failure(r->ledger)->status;
    if (!r->o->dry_run)
        trail_flush(r->trail, r->latest, r->keep);
    if (r->clock == WHEN_NONE || r->latest > r->clock)
        state_set_clock(r->ledger, r->latest);
    return status ? status : ledger_failure(r->ledger)->status;
}

/* A broken log must not switch a provider off. */
static int check_amount(struct run *r)
{
    size_t most =
        r->o->max_new ? r->o->max_new : escalate_max_new(annotate_customers(r->config->annotate));
    struct escalate_counts counts = escalate_counts(r->escalate);

    if (r->o->confirm || r->o->dry_run || counts.new_customers <= most)
        return 0;
    return ledger_fail(r->ledger, EXIT_TEMPFAIL,
                       "%zu customers would be blocked at once, more than %zu: nothing was "
                       "changed: look at them with --dry-run, then say --confirm",
                       counts.new_customers, most);
}

static void free_run(struct run *r)
{
    escalate_free(r->escalate);
    scorer_free(r->scorer);
    trail_free(r->trail);
    stream_close(r->in);
    follow_close(r->follow);
    attempts_free(&r->attempts);
    if (r->suspects)
        suspect_reader_free(r->suspects);
    never_free(&r->never);
}

int run_log(const struct options *o, struct config *c, struct ledger *l, char *const *names,
            int count, struct text *told, bool *left, struct metrics *metrics)
{
    struct parser_stats stats;
    struct run r = {.o = o, .config = c, .ledger = l, .told = told};
    struct problems problems = {0};
    int status = never_load(&r.never, o->conf, &problems) == WORDS_BROKEN ? EXIT_CONFIG : 0;

    problems_print(&problems);
    problems_free(&problems);
    if (status == 0)
        status = begin(&r, names, count);
    if (status == 0)
        status = read_all(&r);
    if (status == 0)
        status = end(&r);
    if (status == 0)
        status = check_amount(&r);
    if (status == 0) {
        parser_stats(stream_parser(r.in), &stats);
        metrics_parse(metrics, "senderblock", &stats);
    }
    *left = r.escalate && escalate_counts(r.escalate).left > 0;
    free_run(&r);
    return status;
}
