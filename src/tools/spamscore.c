/* spamscore: whose login or machine sends spam, from a mail log or its event records. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "base/share.h"
#include "judge/annotate.h"
#include "judge/report.h"
#include "log/stream.h"

static const char usage_text[] =
    "usage: spamscore [-aqv] [-o table|tsv|json] [--top N] [-w FILE] [-C DIR]\n"
    "                 [--year YEAR] [--tz ZONE] [FILE ...]\n"
    "       spamscore --explain IDENTITY [FILE ...]\n"
    "       spamscore --check-config [-C DIR]\n"
    "Reads mail logs or mplog-parse's records (gzip, zstd too; - or nothing: standard input) and\n"
    "names the logins and machines that send spam. For example: spamscore /var/log/mail.log\n";

struct options {
    const char *format_name, *explain, *output, *conf, *tz, *top_text, *year_text;
    enum report_format format;
    uint64_t top, year; /* 0: not said */
    bool all, verbose, check;
};

enum { OPT_EXPLAIN = 256, OPT_TOP, OPT_YEAR, OPT_TZ, OPT_CHECK };

static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                             {"all", no_argument, NULL, 'a'},
                                             {"write", required_argument, NULL, 'w'},
                                             {"config", required_argument, NULL, 'C'},
                                             {"explain", required_argument, NULL, OPT_EXPLAIN},
                                             {"top", required_argument, NULL, OPT_TOP},
                                             {"year", required_argument, NULL, OPT_YEAR},
                                             {"tz", required_argument, NULL, OPT_TZ},
                                             {"check-config", no_argument, NULL, OPT_CHECK},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

/* What a run works with. */
struct run {
    const struct options *o;
    struct scoring scoring;
    struct annotate *annotate;
    struct scorer *scorer;
    struct outfile out;
    struct timespec started;
    double told; /* seconds after the start at which the progress line was written */
};

static int usage(const char *problem)
{
    if (problem)
        msg_error("%s", problem);
    fputs(usage_text, problem ? stderr : stdout);
    if (problem)
        return EXIT_USAGE;
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
}

static int option_problem(int c, const char *arg)
{
    char problem[128];

    snprintf(problem, sizeof problem, "%.80s: %s", arg,
             c == ':' ? "an argument is missing" : "no such option, or not in that form");
    return usage(problem);
}

/* Where the argument of an option goes; NULL for one that has none. */
static const char **argument(struct options *o, int c)
{
    const struct {
        int option;
        const char **to;
    } where[] = {{'o', &o->format_name},  {'w', &o->output},
                 {'C', &o->conf},         {OPT_EXPLAIN, &o->explain},
                 {OPT_TOP, &o->top_text}, {OPT_YEAR, &o->year_text},
                 {OPT_TZ, &o->tz}};

    for (size_t i = 0; i < sizeof where / sizeof *where; i++)
        if (where[i].option == c)
            return where[i].to;
    return NULL;
}

/* Returns -1 to go on, or an exit status. */
static int take_option(struct options *o, int c, const char *arg)
{
    const char **to = argument(o, c);

    if (to) {
        *to = optarg;
        return -1;
    }
    switch (c) {
    case 'a':
        o->all = true;
        return -1;
    case OPT_CHECK:
        o->check = true;
        return -1;
    case 'q':
        msg_quiet(true);
        return -1;
    case 'v':
        o->verbose = true;
        return -1;
    case 'h':
        return usage(NULL);
    case 'V':
        puts("spamscore " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    default:
        return option_problem(c, arg);
    }
}

static int parse_options(struct options *o, int argc, char **argv)
{
    int c, status = -1;

    opterr = 0;
    while (status < 0 && (c = getopt_long(argc, argv, ":o:aw:C:qvhV", long_options, NULL)) != -1)
        status = take_option(o, c, argv[optind - 1]);
    return status;
}

static bool number(const char *s, uint64_t least, uint64_t most, uint64_t *out)
{
    return s == NULL || (slice_u64(slice_str(s), out) && *out >= least && *out <= most);
}

static const char *check_options(struct options *o, int files)
{
    static const char *const formats[] = {"tsv", "json", "table"};

    o->format = isatty(STDOUT_FILENO) && o->output == NULL ? REPORT_TABLE : REPORT_TSV;
    for (int i = REPORT_TSV; o->format_name && i <= REPORT_TABLE + 1; i++) {
        if (i > REPORT_TABLE)
            return "-o wants table, tsv or json";
        o->format = (enum report_format)i;
        if (strcmp(o->format_name, formats[i]) == 0)
            break;
    }
    if (!number(o->top_text, 1, SIZE_MAX / 2, &o->top))
        return "--top wants a number, 1 or more";
    if (!number(o->year_text, 1970, 9999, &o->year))
        return "--year wants a year, such as 2026";
    if (o->explain && (o->all || o->top || o->format_name))
        return "specify only one of --explain and -a, -o, --top";
    if (o->tz && !when_zone(o->tz))
        return "--tz wants a time zone that this system knows, such as Europe/Berlin";
    if (files == 0 && !o->check && isatty(STDIN_FILENO))
        return "no input: name a log, or pipe one in";
    return NULL;
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

static void progress(struct run *run, const struct stream *in)
{
    struct timespec now;
    uint64_t done, size;

    clock_gettime(CLOCK_MONOTONIC, &now);
    double t = (double)(now.tv_sec - run->started.tv_sec) +
               (double)(now.tv_nsec - run->started.tv_nsec) / 1e9;
    if (t < run->told + 1)
        return;
    run->told = t;
    stream_progress(in, &done, &size);
    if (size && done && done <= size)
        fprintf(stderr, "\r%3.0f %%, %.0f MB/s, %.0f s left \x1b[K",
                100.0 * (double)done / (double)size, (double)done / t / 1e6,
                t * (double)(size - done) / (double)done);
    else
        fprintf(stderr, "\r%.0f MB, %.0f MB/s \x1b[K", (double)done / 1e6, (double)done / t / 1e6);
}

static int read_all(struct run *run, struct stream *in)
{
    bool show = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO), ok = true, raw;
    struct record *r;

    for (unsigned n = 1; ok && stream_next(in, &r, &raw) == STREAM_RECORD; n++) {
        annotate_record(run->annotate, r, raw);
        ok = scorer_record(run->scorer, r);
        if (show && n % 8192 == 0)
            progress(run, in);
    }
    if (run->told > 0)
        fputs("\r\x1b[K", stderr);
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
    int status = annotate_new(run->o->conf, false, &run->annotate);
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
    clock_gettime(CLOCK_MONOTONIC, &run.started);
    int status = parse_options(&o, argc, argv);
    if (status >= 0)
        return status;
    const char *problem = check_options(&o, argc - optind);
    if (problem)
        return usage(problem);
    status = load(&run);
    if (status == 0 && !o.check) {
        struct stream_options so = {.parser = {.year = (int)o.year}};
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
