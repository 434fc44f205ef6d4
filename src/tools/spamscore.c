/* spamscore: whose login or machine sends spam, from a mail log or its event records. */
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "log/parser_metrics.h"
#include "log/stream.h"
#include "spamscore_calibrate.h"
#include "config.h"
#include "spamscore_options.h"
#include "spamscore_state.h"

/* What a run works with. */
struct run {
    const struct options *o;
    struct config *config;
    struct state state;
    struct stream *in;
    struct scorer *scorer;
    struct outfile out;
    struct report_count count;
};

static int no_memory(void)
{
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

/* A line of the walk of --explain. */
static void explained(void *user, struct slice line)
{
    struct outfile *out = user;
    struct text t = {0};

    text_add_visible(&t, line);
    outfile_add(out, text_slice(&t));
    outfile_end_line(out);
    text_free(&t);
}

/* Up to the end of the stream; false when memory runs out. */
static bool take_records(struct run *run)
{
    struct record *r;
    bool raw;

    while (stream_next(run->in, &r, &raw) == STREAM_RECORD) {
        if (r->time >= run->o->until)
            continue;
        annotate_record(run->config->annotate, r, raw);
        if (!scorer_record(run->scorer, r))
            return false;
    }
    return true;
}

/* Of an input that wasn't whole the rest would be missing for good. */
static int save(struct run *run, struct slice messages)
{
    if (run->o->explain)
        return 0;
    if (stream_status(run->in) == 0)
        return state_save(&run->state, messages, run->scorer);
    msg_warn("%s: stays as it was: run again once the input can be read", run->o->state);
    return 0;
}

/* What is open is the next run's, which --state keeps; but this run's report has it, too. */
static int read_all(struct run *run)
{
    struct text messages = {0};
    bool ok = take_records(run);
    int status = 0;

    if (ok && run->o->state) {
        ok = stream_save_open(run->in, &messages);
        if (ok)
            status = save(run, text_slice(&messages));
        ok = ok && take_records(run);
        text_free(&messages);
    }
    if (!ok || !scorer_end(run->scorer))
        return no_memory();
    return exit_worse(stream_status(run->in), status);
}

/* Writes them, worst first. Returns a status, EXIT_FOUND if any is flagged. */
static int report(struct run *run)
{
    const struct options *o = run->o;
    struct report_options ro = {.format = o->format,
                                .geo = run->config->geo,
                                .since = o->since,
                                .all = o->all,
                                .whole = stream_status(run->in) == 0,
                                .top = o->top};
    struct scorer_stats stats;

    if (o->output == NULL)
        ro.style = table_style_of(STDOUT_FILENO);
    if (!report_write(run->scorer, &ro, &run->out, &run->count))
        return no_memory();
    scorer_stats(run->scorer, &stats);
    if (o->verbose)
        msg_info("%llu records, %llu identities, %llu flagged at a threshold of %.2f",
                 (unsigned long long)stats.records, (unsigned long long)stats.identities,
                 (unsigned long long)stats.flagged, run->config->scoring.threshold);
    return report_flagged(&run->count) ? EXIT_FOUND : EXIT_DONE;
}

/* After the walk. */
static int report_one(struct run *run)
{
    int state = scorer_state_of(run->scorer, slice_str(run->o->explain));

    if (state < 0)
        msg_warn("%s: this log has no mail of that login or client address", run->o->explain);
    return state > STATE_CLEAR ? EXIT_FOUND : EXIT_DONE;
}

static int write_metrics(const struct run *run)
{
    struct metrics_label label[] = {{"state", SLICE_NONE}};
    struct parser_stats read;
    struct scorer_stats scored;
    struct metrics m = {0};

    parser_stats(stream_parser(run->in), &read);
    scorer_stats(run->scorer, &scored);
    metrics_parse(&m, "spamscore", &read);
    metrics_gauge(&m, "mptools_spamscore_identities", "Logins and machines that were heard of.",
                  (double)scored.identities);
    metrics_family(&m, "mptools_spamscore_suspects", "gauge",
                   "Those of them that the last run flagged, by state.");
    for (unsigned state = STATE_CLEAR + 1; state <= STATE_INFECTED; state++) {
        label[0].value = suspect_state_name(state);
        metrics_sample(&m, label, 1, (double)run->count.by_state[state]);
    }
    metrics_gauge(&m, "mptools_spamscore_last_run_timestamp_seconds", "When spamscore last ran.",
                  (double)(when_now() / WHEN_SECOND));
    int status = metrics_save(&m, run->o->metrics);
    metrics_free(&m);
    return status;
}

static int work(struct run *run)
{
    int status = outfile_open(&run->out, run->o->output, false);

    if (status == 0)
        status = read_all(run);
    if (status != EXIT_TEMPFAIL && run->out.failure.status == 0)
        status = exit_worse(status, run->o->explain ? report_one(run) : report(run));
    /* a file that isn't whole doesn't take the old one's place */
    int written = status > EXIT_FOUND && run->o->output ? 0 : outfile_finish(&run->out);
    if (run->out.failure.status)
        msg_error("%s", outfile_error(&run->out));
    outfile_free(&run->out);
    status = exit_worse(status, written);
    if (status <= EXIT_FOUND && run->o->metrics)
        status = exit_worse(status, write_metrics(run));
    return status;
}

/* What a run needs, with what the last one left. */
static int begin(struct run *run, char *const *names, int count)
{
    const struct options *o = run->o;
    struct stream_options so = {
        .parser = {.year = (int)o->year}, .progress = true, .keep_open = o->state != NULL};
    struct scorer_options sc = {.scoring = &run->config->scoring,
                                .customers = annotate_customers(run->config->annotate),
                                .geo = run->config->geo,
                                .explain = slice_str(o->explain),
                                .explained = explained,
                                .user = &run->out};

    if (o->state && state_open(&run->state, o->state, o->explain == NULL) != 0)
        return run->state.failure.status;
    so.open = run->state.messages;
    run->in = stream_open(&so, names, count);
    run->scorer = scorer_new(&sc);
    if (run->in == NULL || run->scorer == NULL)
        return no_memory();
    return o->state ? state_load(&run->state, run->scorer) : 0;
}

/* Once a run, to whoever looks; cron's mail isn't for it. */
static void notice_geo(const struct options *o, const struct config *c)
{
    if (c->settings.geoip_country == NULL && (o->verbose || isatty(STDERR_FILENO)))
        msg_info("no GeoIP database of countries: see mptools.conf(5)");
}

static int score(const struct options *o, struct config *c, char *const *names, int count)
{
    struct run run = {.o = o, .config = c, .state = STATE_NONE};

    notice_geo(o, c);
    int status = begin(&run, names, count);
    if (status == 0)
        status = work(&run);
    if (run.state.failure.status)
        msg_error("%s", failure_text(&run.state.failure));
    scorer_free(run.scorer);
    stream_close(run.in);
    state_free(&run.state);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct config config = {0};

    msg_init(argv[0]);
    setlocale(LC_CTYPE, "");
    int status = spamscore_options(&o, argc, argv);
    if (status >= 0)
        return status;
    status = config_open(&config, o.conf);
    argv += optind;
    argc -= optind;
    if (status == 0 && !o.check)
        status =
            o.calibrate ? calibrate_log(&o, &config, argv, argc) : score(&o, &config, argv, argc);
    config_close(&config);
    return status;
}
