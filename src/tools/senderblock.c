/* senderblock: suspects in, Postfix maps out that refuse one address of one customer. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/blockdir.h"
#include "act/blockreport.h"
#include "act/decide.h"
#include "act/suspects.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/outfile.h"
#include "base/share.h"
#include "judge/annotate.h"

#define MAPS_DIR "/etc/postfix/mptools"

static const char usage[] =
    "usage: senderblock [-nqv] [-C DIR] [-d DIR] [--postmap [--reload]] [--map-type TYPE]\n"
    "                   [--slots N] [--max-new-blocks N | --confirm] [FILE ...]\n"
    "       senderblock --print-postfix [-d DIR] [--map-type TYPE] [--slots N]\n"
    "Reads spamscore's suspects, writes Postfix maps that block what they send. For example:\n"
    "    spamscore /var/log/mail.log | senderblock -n       look at what would be blocked\n"
    "    spamscore /var/log/mail.log | senderblock --postmap --reload\n";

static int postmap, reload, print_lines, check_config, confirm, dry_run, verbose, quiet;

static const struct option long_options[] = {{"config", required_argument, NULL, 'C'},
                                             {"maps", required_argument, NULL, 'd'},
                                             {"map-type", required_argument, NULL, 'T'},
                                             {"slots", required_argument, NULL, 'S'},
                                             {"max-new-blocks", required_argument, NULL, 'M'},
                                             {"dry-run", no_argument, &dry_run, 1},
                                             {"verbose", no_argument, &verbose, 1},
                                             {"quiet", no_argument, &quiet, 1},
                                             {"postmap", no_argument, &postmap, 1},
                                             {"reload", no_argument, &reload, 1},
                                             {"print-postfix", no_argument, &print_lines, 1},
                                             {"check-config", no_argument, &check_config, 1},
                                             {"confirm", no_argument, &confirm, 1},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

/* One run: what is known and what it made. */
struct run {
    const char *conf, *dir, *type;
    unsigned slots, max_new; /* 0: not said */
    bool show;
    struct annotate *annotate; /* for the customers only */
    struct blocks blocks;
    struct blockmap maps;
    bool *changed; /* of maps.maps: Postfix doesn't know it yet */
    struct text report;
    struct failure failure;
    size_t new_customers, left; /* left: compromised, but not blocked */
};

static int number_option(const char *name, unsigned max, unsigned *out)
{
    uint64_t v;

    if (!slice_u64(slice_str(optarg), &v) || v == 0 || v > max) {
        msg_error("%s: %s is not a number from 1 to %u", name, optarg, max);
        return EXIT_USAGE;
    }
    *out = (unsigned)v;
    return 0;
}

static int take_option(struct run *run, int c)
{
    switch (c) {
    case 0:
        return 0;
    case 'C':
        run->conf = optarg;
        return 0;
    case 'd':
        run->dir = optarg;
        return 0;
    case 'n':
    case 'v':
    case 'q':
        *(c == 'n' ? &dry_run : c == 'v' ? &verbose : &quiet) = 1;
        return 0;
    case 'T':
        run->type = optarg;
        return 0;
    case 'S':
        return number_option("--slots", SLOTS_MAX, &run->slots);
    case 'M':
        return number_option("--max-new-blocks", 1000000, &run->max_new);
    default:
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
}

static int parse_options(struct run *run, int argc, char **argv)
{
    int c, status = 0;

    run->dir = MAPS_DIR;
    run->conf = conf_dir(NULL);
    while (status == 0 && (c = getopt_long(argc, argv, "C:d:nvqhV", long_options, NULL)) != -1) {
        if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "senderblock " MPTOOLS_VERSION "\n", stdout);
            exit(fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO);
        }
        status = take_option(run, c);
    }
    if (status == 0 && (reload > postmap || (dry_run && postmap))) {
        msg_error(reload > postmap ? "--reload goes with --postmap"
                                   : "specify only one of --dry-run and --postmap");
        status = EXIT_USAGE;
    }
    msg_quiet(quiet);
    run->show = verbose || dry_run || print_lines || isatty(STDOUT_FILENO);
    return status;
}

static int load_customers(struct run *run)
{
    int status = annotate_new(run->conf, 1u << COL_CUSTOMER, &run->annotate);

    if (check_config)
        status = exit_worse(status, annotate_check(run->annotate));
    if (status == 0 && annotate_customers(run->annotate) == NULL &&
        strcmp(run->conf, CONF_DIR_DEFAULT) != 0)
        msg_warn("%s/customers: is not there, so each login or address stands for itself",
                 run->conf);
    return status;
}

/* The handler of suspects_read(): changes only what is in memory. */
static int take_suspect(void *context, const struct suspect *s)
{
    struct run *run = context;
    const struct block *block = NULL;
    enum block_added added = BLOCK_NO_SLOT;
    struct decision d;

    decide(s, annotate_customers(run->annotate), &d);
    if (d.kind == DECISION_BLOCK) {
        unsigned incidents = run->blocks.incidents;
        added = blocks_add(&run->blocks, &d.block, &block);
        if (added == BLOCK_NO_MEMORY)
            return failure_memory(&run->failure);
        run->new_customers += run->blocks.incidents - incidents;
    } else if (d.kind == DECISION_SEVERAL && (block = blocks_find(&run->blocks, &d.block))) {
        added = BLOCK_STANDS; /* what it sends besides makes the spam's share smaller */
    }
    run->left += d.kind != DECISION_WATCH && block == NULL;
    if (run->show) {
        report_suspect(&run->report, s, &d, added, block);
    } else if (d.kind != DECISION_WATCH && added != BLOCK_STANDS) {
        report_sentence(&run->report, s, &d, added, block);
        text_addc(&run->report, '\n');
    }
    return 0;
}

/* A broken log must not switch a provider off. */
static int check_amount(struct run *run)
{
    size_t limit = run->max_new ? run->max_new : decide_max_new(annotate_customers(run->annotate));

    if (confirm || dry_run || run->new_customers <= limit)
        return 0;
    return failure_set(
        &run->failure, EXIT_TEMPFAIL,
        "%zu customers would be blocked at once, more than %zu: nothing was changed: "
        "look at them with --dry-run, then say --confirm",
        run->new_customers, limit);
}

static int build_maps(struct run *run)
{
    struct problems problems = {0};
    bool built =
        blockmap_build(&run->maps, &run->blocks, annotate_customers(run->annotate), &problems);

    problems_print(&problems);
    problems_free(&problems);
    run->changed = calloc(run->maps.n + 1, sizeof(*run->changed));
    return built && run->changed ? 0 : failure_memory(&run->failure);
}

static int install(struct run *run, const struct blockdir *dir)
{
    const struct table_type *type = NULL;

    if (postmap && (type = table_type_choose(run->type, &run->failure)) == NULL)
        return run->failure.status;
    if (blockdir_install(dir, &run->blocks, &run->maps, type, run->changed, &run->failure) != 0)
        return run->failure.status;
    if (postmap && !postfix_has_classes(run->blocks.slots))
        msg_warn("main.cf doesn't use these maps, so nothing is blocked yet: add what `senderblock "
                 "--print-postfix` prints");
    if (reload && memchr(run->changed, 1, run->maps.n))
        return postfix_reload(&run->failure);
    report_commands(&run->report, dir->path, run->type, &run->maps, run->changed);
    return 0;
}

static int block_all(struct run *run, char *const *names, int count)
{
    struct blockdir dir = BLOCKDIR_NONE;
    int status = blockdir_open(&dir, run->dir, dry_run, run->slots, &run->blocks, &run->failure);

    if (dry_run)
        text_add(&run->report, SL("Nothing is changed (--dry-run). This is what would be done:\n"));
    if (status == 0)
        status = suspects_read(names, count, take_suspect, run, &run->failure);
    if (status == 0)
        status = check_amount(run);
    if (status == 0)
        status = build_maps(run);
    if (status == 0 && !dry_run)
        status = install(run, &dir);
    for (size_t i = 0; status == 0 && dry_run && i < run->maps.n; i++)
        if (run->maps.maps[i].n)
            report_map(&run->report, dir.path, &run->maps.maps[i]);
    blockdir_close(&dir);
    return status ? status : run->blocks.n || run->left ? EXIT_FOUND : EXIT_DONE;
}

static int print_postfix(struct run *run)
{
    const struct table_type *type = table_type_choose(run->type, &run->failure);

    if (type == NULL || blocks_load(&run->blocks, run->dir, &run->failure) != 0)
        return run->failure.status;
    if (run->blocks.slots == 0)
        msg_warn("%s: holds no maps yet: run `senderblock --postmap` before main.cf names them",
                 run->dir);
    if (run->slots == 0)
        run->slots = run->blocks.slots ? run->blocks.slots : SLOTS_DEFAULT;
    blockmap_main_cf(&run->report, run->dir, type->name, run->slots);
    return 0;
}

/* To a person who looks, on stdout; else only what is new, on stderr. */
static int print_report(struct run *run)
{
    struct outfile out;
    int status = outfile_open(&out, NULL, false);

    if (run->show)
        outfile_add(&out, text_slice(&run->report));
    status = exit_worse(status, outfile_finish(&out));
    if (status)
        msg_error("%s", outfile_error(&out));
    outfile_free(&out);
    for (struct slice line, rest = text_slice(&run->report); rest.n && !run->show;) {
        const char *nl = slice_chr(rest, '\n');
        line = nl ? slice_range(rest.p, nl) : rest;
        rest = slice_skip(rest, line.n + 1);
        msg_info("%.*s", (int)line.n, line.p);
    }
    return run->report.failed ? EXIT_TEMPFAIL : status;
}

static void free_run(struct run *run)
{
    annotate_free(run->annotate);
    blocks_free(&run->blocks);
    blockmap_free(&run->maps);
    text_free(&run->report);
    failure_free(&run->failure);
    free(run->changed);
}

int main(int argc, char **argv)
{
    struct run run = {0};
    int status;

    msg_init(argv[0]);
    if ((status = parse_options(&run, argc, argv)) != 0)
        return status;
    argv += optind;
    argc -= optind;
    if (argc == 0 && !print_lines && !check_config && isatty(STDIN_FILENO)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    status = print_lines ? print_postfix(&run) : load_customers(&run);
    if (status == 0 && !print_lines && !check_config)
        status = block_all(&run, argv, argc);
    if (run.failure.status)
        msg_error("%s", failure_text(&run.failure));
    else
        status = exit_worse(status, print_report(&run));
    free_run(&run);
    return status;
}
