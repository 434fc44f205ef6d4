/* mplog-parse: a raw mail log in, event records out (mplog-parse(1), mplog(5)). */
#include <stdio.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "judge/annotate.h"
#include "log/parser_metrics.h"
#include "log/stream.h"
#include "log/summary.h"
#include "mplog-parse_options.h"

static void write_facts(struct outfile *out, const struct envelope *e, const struct facts *facts)
{
    const char *slash = slice_rchr(e->tag, '/');
    struct text t = {0};

    text_add_tsv(&t, slash ? slice_range(slash + 1, e->tag.p + e->tag.n) : e->tag);
    text_addc(&t, '\t');
    text_add_tsv(&t, facts->shape);
    for (unsigned i = 0; i < facts->n; i++) {
        text_addc(&t, '\t');
        text_add(&t, facts->f[i].name);
        text_addc(&t, '=');
        text_add_tsv(&t, facts->f[i].value);
    }
    outfile_add(out, text_slice(&t));
    outfile_end_line(out);
    text_free(&t);
}

struct run {
    const struct options *o;
    struct annotate *annotate;
    struct follow *follow; /* NULL: files */
    struct stream *in;
    struct outfile out;
    struct tsv_writer writer;
};

static void run_facts(struct run *run)
{
    struct envelope e;
    struct facts facts;

    while (!outfile_stopped(&run->out) && stream_next_facts(run->in, &e, &facts))
        write_facts(&run->out, &e, &facts);
}

static void run_records(struct run *run)
{
    struct record *r;
    bool raw;
    struct tsv_writer *w = &run->writer;
    enum stream_result more = stream_next(run->in, &r, &raw);

    if (run->o->columns == NULL)
        w->extra = stream_extra(run->in); /* what another version knows is passed on */
    tsv_write_header(w);
    for (; more == STREAM_RECORD && !outfile_stopped(w->out);
         more = stream_next(run->in, &r, &raw)) {
        if (run->o->kinds && !(run->o->kinds >> r->kind & 1))
            continue;
        annotate_record(run->annotate, r, raw);
        tsv_write(w, r);
    }
    /* the next program sees no exit status: a stream that isn't whole has no end */
    if (stream_status(run->in) == 0)
        tsv_write_end(w, stream_lines(run->in));
}

static void print_summary(const struct stream *in)
{
    struct text t = {0};

    summary_print(stream_parser(in), &t);
    if (t.p)
        fwrite(t.p, 1, t.n, stderr);
    text_free(&t);
}

/* The state goes on when all that was read is written: past a damaged file, too, whose lines would
 * come again each time. */
static int commit(struct run *run)
{
    if (run->out.failure.status || outfile_gone(&run->out) || follow_failure(run->follow)->status ||
        stream_status(run->in) == EXIT_TEMPFAIL)
        return 0;
    if (stream_save(run->in) && follow_commit(run->follow) == 0)
        return 0;
    const struct failure *f = follow_failure(run->follow);
    msg_error("%s", f->status ? failure_text(f) : "out of memory");
    return f->status ? f->status : EXIT_TEMPFAIL;
}

static int write_metrics(const struct run *run)
{
    struct parser_stats stats;
    struct metrics m = {0};

    parser_stats(stream_parser(run->in), &stats);
    metrics_parse(&m, "mplog-parse", &stats);
    metrics_gauge(&m, "mptools_mplog_parse_last_run_timestamp_seconds",
                  "When mplog-parse last ran.", (double)(when_now() / WHEN_SECOND));
    int status = metrics_save(&m, run->o->metrics);
    metrics_free(&m);
    return status;
}

static int work(struct run *run)
{
    int status = outfile_open(&run->out, run->o->output, run->o->live);

    if (status == 0) {
        if (run->o->facts)
            run_facts(run);
        else
            run_records(run);
        status = stream_status(run->in);
        /* a file that isn't whole doesn't take the old one's place */
        if (status == 0 || run->o->output == NULL)
            status = exit_worse(status, outfile_finish(&run->out));
        if (run->follow)
            status = exit_worse(status, commit(run));
        if (status == 0 && run->o->metrics && !outfile_gone(&run->out))
            status = write_metrics(run);
        if (run->o->verbose)
            print_summary(run->in);
    }
    if (run->out.failure.status)
        msg_error("%s", outfile_error(&run->out));
    outfile_free(&run->out);
    return status;
}

static int open_input(struct run *run, char **names, int count)
{
    const struct options *o = run->o;
    struct stream_options so = {.parser = {.year = (int)o->year, .summary = o->verbose},
                                .progress = !isatty(STDOUT_FILENO)};

    if (o->follow) {
        run->follow = follow_open(o->follow, o->state);
        const struct failure *f = run->follow ? follow_failure(run->follow) : NULL;
        if (f && f->status) {
            msg_error("%s", failure_text(f));
            return f->status;
        }
        run->in = run->follow ? stream_follow(&so, run->follow) : NULL;
    } else {
        run->in = stream_open(&so, names, count);
    }
    if (run->in == NULL)
        msg_error("out of memory");
    return run->in ? 0 : EXIT_TEMPFAIL;
}

static bool choose_columns(struct run *run)
{
    struct slice bad;

    tsv_writer_init(&run->writer, &run->out);
    run->writer.json = run->o->format == PARSE_JSON;
    if (run->o->columns == NULL ||
        tsv_writer_columns(&run->writer, slice_str(run->o->columns), &bad))
        return true;
    msg_error("--columns: '%.*s' is no column of mplog(5), or comes twice", (int)bad.n, bad.p);
    return false;
}

int main(int argc, char **argv)
{
    struct options o;
    struct run run = {.o = &o};

    msg_init(argv[0]);
    int first, status = options_parse(&o, argc, argv, &first);
    if (status >= 0)
        return status;
    if (!choose_columns(&run))
        return EXIT_USAGE;
    uint32_t columns = o.check ? ANNOTATE_ALL : o.facts ? 0 : tsv_writer_mask(&run.writer);
    status = annotate_new(o.conf, columns, &run.annotate);
    if (o.check)
        status = exit_worse(status, annotate_check(run.annotate));
    if (status == 0 && !o.check && (status = open_input(&run, argv + first, argc - first)) == 0)
        status = work(&run);
    stream_close(run.in);
    follow_close(run.follow);
    annotate_free(run.annotate);
    tsv_writer_free(&run.writer);
    return status;
}
