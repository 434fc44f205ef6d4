/* spamscore: whose login or machine sends spam, from a mail log or its event records. */
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "base/share.h"
#include "judge/annotate.h"
#include "log/stream.h"
#include "spamscore_options.h"

/* What a run works with. */
struct run {
    const struct options *o;
    struct scoring scoring;
    struct annotate *annotate;
    struct scorer *scorer;
    struct outfile out;
};

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

static int read_all(struct run *run, struct stream *in)
{
    bool ok = true, raw;
    struct record *r;

    while (ok && stream_next(in, &r, &raw) == STREAM_RECORD) {
        annotate_record(run->annotate, r, raw);
        ok = scorer_record(run->scorer, r);
    }
    if (ok && scorer_end(run->scorer))
        return stream_status(in);
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

/* Writes them, worst first. whole: the input was. Returns a status, EXIT_FOUND if any is flagged.
 */
static int report(struct run *run, bool whole)
{
    struct report_options ro = {
        .format = run->o->format, .all = run->o->all, .whole = whole, .top = run->o->top};
    struct scorer_stats stats;

    if (run->o->output == NULL)
        ro.style = table_style_of(STDOUT_FILENO);
    if (!report_write(run->scorer, &ro, &run->out)) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    scorer_stats(run->scorer, &stats);
    if (run->o->verbose)
        msg_info("%llu records, %llu identities, %llu flagged at a threshold of %.2f",
                 (unsigned long long)stats.records, (unsigned long long)stats.identities,
                 (unsigned long long)stats.flagged, run->scoring.threshold);
    return stats.flagged ? EXIT_FOUND : EXIT_DONE;
}

/* After the walk. */
static int report_one(struct run *run)
{
    int state = scorer_state_of(run->scorer, slice_str(run->o->explain));

    if (state < 0)
        msg_warn("%s: this log has no mail of that login or client address", run->o->explain);
    return state > STATE_CLEAR ? EXIT_FOUND : EXIT_DONE;
}

static int work(struct run *run, struct stream *in)
{
    struct scorer_options so = {.scoring = &run->scoring,
                                .customers = annotate_customers(run->annotate),
                                .explain = slice_str(run->o->explain),
                                .explained = explained,
                                .user = &run->out};
    int status = outfile_open(&run->out, run->o->output, false);

    run->scorer = scorer_new(&so);
    if (run->scorer == NULL) {
        msg_error("out of memory");
        status = EXIT_TEMPFAIL;
    } else if (status == 0) {
        status = read_all(run, in);
        if (status != EXIT_TEMPFAIL)
            status =
                exit_worse(status, run->o->explain ? report_one(run) : report(run, status == 0));
        /* a file that isn't whole doesn't take the old one's place */
        int written = status > EXIT_FOUND && run->o->output ? 0 : outfile_finish(&run->out);
        status = exit_worse(status, written);
    }
    if (run->out.failure.status)
        msg_error("%s", outfile_error(&run->out));
    outfile_free(&run->out);
    scorer_free(run->scorer);
    return status;
}

static int load(struct run *run)
{
    int status = annotate_new(run->o->conf, ANNOTATE_ALL, &run->annotate);
    struct problems problems = {0};

    if (status == EXIT_TEMPFAIL)
        return status;
    if (!scoring_load(share_dir(), annotate_dir(run->annotate), &problems, &run->scoring))
        status = EXIT_CONFIG;
    problems_print(&problems);
    problems_free(&problems);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct run run = {.o = &o};

    msg_init(argv[0]);
    setlocale(LC_CTYPE, "");
    int status = spamscore_options(&o, argc, argv);
    if (status >= 0)
        return status;
    status = load(&run);
    if (status == 0 && !o.check) {
        struct stream_options so = {.parser = {.year = (int)o.year}, .progress = true};
        struct stream *in = stream_open(&so, argv + optind, argc - optind);
        if (in == NULL) {
            msg_error("out of memory");
            status = EXIT_TEMPFAIL;
        } else {
            status = work(&run, in);
        }
        stream_close(in);
    }
    annotate_free(run.annotate);
    return status;
}
