/* mplog-parse: a raw mail log in, event records out (mplog-parse(1), mplog(5)). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "judge/annotate.h"
#include "log/stream.h"
#include "log/summary.h"

static const char usage_text[] =
    "usage: mplog-parse [-qv] [-o tsv|json] [-c COLUMNS] [-s kind=KINDS] [-w FILE]\n"
    "                   [-C DIR] [--year YEAR] [--tz ZONE] [--live] [FILE ...]\n"
    "       mplog-parse --follow FILE --state FILE [...]\n"
    "       mplog-parse --facts [FILE ...]\n"
    "Reads Postfix mail logs (gzip, zstd too; - or nothing: standard input) and writes one event\n"
    "a line. For example: mplog-parse -c time,sasl_user,rcpt,status -s kind=deliver mail.log\n";

struct options {
    const char *format, *columns, *select, *output, *conf, *follow, *state, *tz;
    int year;
    bool facts, live, verbose, check;
    unsigned kinds; /* bit set; all when 0 */
};

enum { OPT_FACTS = 256, OPT_FOLLOW, OPT_STATE, OPT_LIVE, OPT_YEAR, OPT_TZ, OPT_CHECK };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},    {"columns", required_argument, NULL, 'c'},
    {"select", required_argument, NULL, 's'},    {"write", required_argument, NULL, 'w'},
    {"config", required_argument, NULL, 'C'},    {"facts", no_argument, NULL, OPT_FACTS},
    {"follow", required_argument, NULL, OPT_FOLLOW}, {"state", required_argument, NULL, OPT_STATE},
    {"live", no_argument, NULL, OPT_LIVE},       {"year", required_argument, NULL, OPT_YEAR},
    {"tz", required_argument, NULL, OPT_TZ},     {"check-config", no_argument, NULL, OPT_CHECK},
    {"quiet", no_argument, NULL, 'q'},           {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},            {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static int usage(const char *problem)
{
    if (problem)
        msg_error("%s", problem);
    fputs(usage_text, problem ? stderr : stdout);
    return problem ? EXIT_USAGE : EXIT_DONE;
}

static bool parse_year(const char *s, int *year)
{
    uint64_t v;

    if (!slice_u64(slice_str(s), &v) || v < 1970 || v > 9999)
        return false;
    *year = (int)v;
    return true;
}

static const char *option_problem(int c, const char *arg)
{
    static char problem[128];

    snprintf(problem, sizeof problem, "%.80s: %s", arg,
             c == ':' ? "an argument is missing" : "no such option, or not in that form");
    return problem;
}

/* Returns -1 to go on, or an exit status. */
static int parse_options(struct options *o, int argc, char **argv)
{
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":o:c:s:w:C:qvhV", long_options, NULL)) != -1) {
        switch (c) {
        case 'o':
            o->format = optarg;
            break;
        case 'c':
            o->columns = optarg;
            break;
        case 's':
            o->select = optarg;
            break;
        case 'w':
            o->output = optarg;
            break;
        case 'C':
            o->conf = optarg;
            break;
        case OPT_FACTS:
            o->facts = true;
            break;
        case OPT_FOLLOW:
            o->follow = optarg;
            break;
        case OPT_STATE:
            o->state = optarg;
            break;
        case OPT_LIVE:
            o->live = true;
            break;
        case OPT_YEAR:
            if (!parse_year(optarg, &o->year))
                return usage("--year wants a year, such as 2026");
            break;
        case OPT_TZ:
            o->tz = optarg;
            break;
        case OPT_CHECK:
            o->check = true;
            break;
        case 'q':
            msg_quiet(true);
            break;
        case 'v':
            o->verbose = true;
            break;
        case 'h':
            return usage(NULL);
        case 'V':
            puts("mplog-parse " MPTOOLS_VERSION);
            return EXIT_DONE;
        default:
            return usage(option_problem(c, argv[optind - 1]));
        }
    }
    return -1;
}

/* "kind=deliver,reject" */
static const char *select_kinds(struct options *o)
{
    static char problem[128];
    struct slice s = slice_str(o->select);

    if (!slice_starts(s, SL("kind=")))
        return "--select wants kind=KIND[,KIND...]";
    s = slice_skip(s, 5);
    for (;;) {
        const char *comma = slice_chr(s, ',');
        struct slice name = comma ? slice_range(s.p, comma) : s;
        unsigned k = record_kind_of(name);
        if (k == KIND_NONE) {
            snprintf(problem, sizeof problem,
                     "--select: no kind '%.*s': accept, deliver, reject, auth-fail, login, "
                     "verdict, ndr, hold, remove",
                     (int)(name.n > 30 ? 30 : name.n), name.p);
            return problem;
        }
        o->kinds |= 1u << k;
        if (comma == NULL)
            return NULL;
        s = slice_range(comma + 1, s.p + s.n);
    }
}

static const char *check_options(struct options *o, int files)
{
    if (o->format && strcmp(o->format, "tsv") != 0 && strcmp(o->format, "json") != 0)
        return "-o wants tsv or json";
    if ((o->follow == NULL) != (o->state == NULL))
        return "--follow FILE and --state FILE go together";
    if (o->follow && files)
        return "specify only one of --follow and input files";
    if (o->facts && (o->follow || o->select || o->columns || o->format))
        return "--facts goes with input files only";
    if (o->tz && !when_zone(o->tz))
        return "--tz wants a time zone that this system knows, such as Europe/Berlin";
    if (files == 0 && !o->follow && !o->check && isatty(STDIN_FILENO))
        return "no input: name a log, or pipe one in";
    return o->select ? select_kinds(o) : NULL;
}

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

static void run_facts(struct stream *in, struct outfile *out)
{
    struct envelope e;
    struct facts facts;

    while (!outfile_stopped(out) && stream_next_facts(in, &e, &facts))
        write_facts(out, &e, &facts);
}

static void run_records(const struct options *o, struct stream *in, struct annotate *a,
                        struct tsv_writer *w)
{
    struct record *r;
    bool raw;
    enum stream_result more = stream_next(in, &r, &raw);

    if (o->columns == NULL)
        w->extra = stream_extra(in); /* what another version knows is passed on */
    tsv_write_header(w);
    annotate_only(a, tsv_writer_mask(w));
    for (; more == STREAM_RECORD && !outfile_stopped(w->out); more = stream_next(in, &r, &raw)) {
        if (o->kinds && !(o->kinds >> r->kind & 1))
            continue;
        annotate_record(a, r, raw);
        tsv_write(w, r);
    }
    /* the next program sees no exit status: a stream that isn't whole has no end */
    if (stream_status(in) == 0)
        tsv_write_end(w, stream_lines(in));
}

static void print_summary(const struct stream *in)
{
    struct text t = {0};

    summary_print(stream_parser(in), &t);
    if (t.p)
        fwrite(t.p, 1, t.n, stderr);
    text_free(&t);
}

static int work(const struct options *o, struct stream *in, struct annotate *a, struct follow *f)
{
    struct outfile out;
    struct tsv_writer w;
    struct slice bad;

    int status = outfile_open(&out, o->output, o->live);
    tsv_writer_init(&w, &out);
    w.json = o->format && strcmp(o->format, "json") == 0;
    if (o->columns && !tsv_writer_columns(&w, slice_str(o->columns), &bad)) {
        msg_error("--columns: '%.*s' is no column of mplog(5), or comes twice", (int)bad.n, bad.p);
        status = EXIT_USAGE;
    } else if (status == 0) {
        if (o->facts)
            run_facts(in, &out);
        else
            run_records(o, in, a, &w);
        status = stream_status(in);
        /* a file that isn't whole doesn't take the old one's place */
        int written = status && o->output ? 0 : outfile_finish(&out);
        status = exit_worse(status, written);
        if (f && status == 0 && (!stream_save(in) || follow_commit(f) != 0)) {
            msg_error("%s", follow_failure(f)->status ? failure_text(follow_failure(f))
                                                      : "out of memory");
            status = exit_worse(EXIT_TEMPFAIL, follow_failure(f)->status);
        }
        if (o->verbose)
            print_summary(in);
    }
    if (out.failure.status)
        msg_error("%s", outfile_error(&out));
    tsv_writer_free(&w);
    outfile_free(&out);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct follow *f = NULL;
    struct annotate *a;

    msg_init(argv[0]);
    int status = parse_options(&o, argc, argv);
    if (status >= 0)
        return status;
    const char *problem = check_options(&o, argc - optind);
    if (problem)
        return usage(problem);
    if ((status = annotate_new(o.conf, o.facts, &a)) != 0 || o.check) {
        annotate_free(a);
        return status;
    }
    if (o.follow) {
        f = follow_open(o.follow, o.state);
        if (f == NULL || follow_failure(f)->status) {
            msg_error("%s", f ? failure_text(follow_failure(f)) : "out of memory");
            status = f ? follow_failure(f)->status : EXIT_TEMPFAIL;
            follow_close(f);
            annotate_free(a);
            return status;
        }
    }
    struct stream_options so = {.parser = {.year = o.year, .summary = o.verbose}, .live = o.live};
    struct stream *in = f ? stream_follow(&so, f) : stream_open(&so, argv + optind, argc - optind);
    if (in == NULL) {
        msg_error("out of memory");
        status = EXIT_TEMPFAIL;
    } else {
        status = work(&o, in, a, f);
    }
    stream_close(in);
    follow_close(f);
    annotate_free(a);
    return status;
}
