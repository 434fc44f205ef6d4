/* senderblock: whoever sends spam is blocked, exactly, and no longer than needed; the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/ledgershow.h"
#include "act/operator.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/outfile.h"
#include "base/words.h"
#include "judge/table.h"
#include "senderblock_maps.h"
#include "senderblock_options.h"
#include "senderblock_run.h"

#define STATEMENT_MOST ((size_t)64 * 1024)

static int64_t now_of(const struct options *o)
{
    return o->now == WHEN_NONE ? when_now() : o->now;
}

/* Does anything stand, or is anybody left who should be stopped? */
static int found(struct ledger *l, bool left)
{
    return left || ledger_int_of(l, 0, "SELECT count(*) FROM actions WHERE until IS NULL", "") > 0
               ? EXIT_FOUND
               : EXIT_DONE;
}

static int finish(struct ledger *l, const struct options *o, int status)
{
    if (status == 0 && !o->dry_run)
        status = ledger_commit(l);
    else
        ledger_rollback(l);
    return status;
}

/* --- what is done --- */

static int write_metrics(const struct options *o, struct ledger *l, struct metrics *m)
{
    metrics_blocks(m, l);
    metrics_gauge(m, "mptools_senderblock_last_run_timestamp_seconds", "When senderblock last ran.",
                  (double)when_now() / WHEN_SECOND);
    return metrics_save(m, o->metrics);
}

static int block(const struct options *o, struct config *c, struct ledger *l, char **names,
                 int count, struct text *report)
{
    bool left = false;
    struct metrics metrics = {0};
    int status = ledger_begin(l) ? run_log(o, c, l, names, count, report, &left, &metrics)
                                 : ledger_failure(l)->status;

    if (o->dry_run) {
        if (status == 0)
            status = maps_show(o, c, l, report);
        int result = found(l, left);
        ledger_rollback(l);
        metrics_free(&metrics);
        return status ? status : result;
    }
    status = finish(l, o, status);
    if (status == 0)
        status = maps_install(o, c, l, report);
    if (status == 0 && o->metrics)
        status = write_metrics(o, l, &metrics);
    metrics_free(&metrics);
    return status ? status : found(l, left);
}

static int read_statement(const char *file, struct text *out)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "r");
    size_t n;

    if (f == NULL) {
        msg_error("%s: can't be read: %m", file);
        return EXIT_NOINPUT;
    }
    if (text_room(out, STATEMENT_MOST)) {
        n = fread(out->p, 1, STATEMENT_MOST, f);
        while (n && (out->p[n - 1] == '\n' || out->p[n - 1] == ' '))
            n--;
        out->n = n;
    }
    if (f != stdin)
        fclose(f);
    if (out->n)
        return 0;
    msg_error("%s: is empty: say what was done about the threat", file);
    return EXIT_DATA;
}

static int reinstate(const struct options *o, struct config *c, struct ledger *l,
                     struct text *report)
{
    struct text statement = {0};
    struct failure failure = {0};
    int status = 0;

    if (o->statement_file)
        status = read_statement(o->statement_file, &statement);
    else
        text_add(&statement, slice_str(o->statement));
    struct reinstatement r = {.customer = slice_str(o->reinstate),
                              .ticket = slice_str(o->ticket),
                              .statement = text_slice(&statement),
                              .by = slice_str(o->by),
                              .now = now_of(o),
                              .force = o->force};
    if (status == 0 && ledger_begin(l))
        status = finish(l, o, operator_reinstate(l, &c->settings, &r, report, &failure));
    if (failure.status)
        msg_error("%s", failure_text(&failure));
    failure_free(&failure);
    text_free(&statement);
    return status || o->dry_run ? status : maps_install(o, c, l, report);
}

static int undo(const struct options *o, struct config *c, struct ledger *l, struct text *report)
{
    struct failure failure = {0};
    int status = 0;

    if (ledger_begin(l))
        status = finish(
            l, o,
            operator_undo(l, slice_str(o->undo), slice_str(o->by), now_of(o), report, &failure));
    if (failure.status)
        msg_error("%s", failure_text(&failure));
    failure_free(&failure);
    return status || o->dry_run ? status : maps_install(o, c, l, report);
}

static int show(const struct options *o, struct config *c, struct ledger *l, struct text *report)
{
    struct table_style style = table_style_of(STDOUT_FILENO);
    struct show_options so = {.all = o->all, .deadline = c->settings.deadline, .style = style};
    uint64_t id = 0;

    if (o->incident && (!slice_u64(slice_str(o->incident), &id) || id == 0)) {
        msg_error("--show: %s is no incident's number", o->incident);
        return EXIT_USAGE;
    }
    so.incident = (int64_t)id;
    enum show_format format = o->format && strcmp(o->format, "json") == 0 ? SHOW_JSON : SHOW_TABLE;
    if (!ledgershow(l, format, &so, report) && ledger_failure(l)->status == 0) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    return 0;
}

static int with_ledger(const struct options *o, struct config *c, char **names, int count,
                       struct text *report)
{
    /* what would be done leaves nothing behind */
    bool memory = o->dry_run && access(o->ledger, F_OK) != 0;
    int status;

    if (o->made && !memory && !o->show)
        mkdir(o->dir, 0755); /* a failure shows when the ledger is opened */
    struct ledger *l =
        ledger_open(memory ? LEDGER_MEMORY : o->ledger, o->show ? LEDGER_READ : LEDGER_DECIDE);

    if (l == NULL) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    status = ledger_failure(l)->status;
    if (status == 0 && o->show)
        status = show(o, c, l, report);
    else if (status == 0 && o->reinstate)
        status = reinstate(o, c, l, report);
    else if (status == 0 && o->undo)
        status = undo(o, c, l, report);
    else if (status == 0)
        status = block(o, c, l, names, count, report);
    if (ledger_failure(l)->status)
        msg_error("%s", failure_text(ledger_failure(l)));
    status = exit_worse(status, ledger_failure(l)->status);
    ledger_close(l);
    return status;
}

/* --- telling --- */

/* To a person who looks, on stdout; else only what is new, on stderr. */
static int print_report(const struct options *o, struct text *report)
{
    bool looks = o->verbose || o->dry_run || o->show || o->print_postfix || o->reinstate ||
                 o->undo || isatty(STDOUT_FILENO);
    struct outfile out;
    int status = outfile_open(&out, NULL, false);

    if (looks)
        outfile_add(&out, text_slice(report));
    status = exit_worse(status, outfile_finish(&out));
    if (status)
        msg_error("%s", outfile_error(&out));
    outfile_free(&out);
    for (struct slice line, rest = text_slice(report); rest.n && !looks;) {
        const char *nl = slice_chr(rest, '\n');
        line = nl ? slice_range(rest.p, nl) : rest;
        rest = slice_skip(rest, nl ? line.n + 1 : line.n);
        msg_info("%.*s", (int)line.n, line.p);
    }
    return report->failed ? EXIT_TEMPFAIL : status;
}

int main(int argc, char **argv)
{
    struct options o;
    struct config config = {0};
    struct text report = {0};

    msg_init(argv[0]);
    int status = senderblock_options(&o, argc, argv);
    if (status >= 0)
        return status;
    status = config_open(&config, o.conf);
    if (status == 0 && !senderblock_settings(&o, &config.settings))
        status = EXIT_TEMPFAIL;
    if (status == 0)
        status = maps_check_config(&o, &config);
    if (status == 0 && o.print_postfix)
        status = maps_print(&o, &report);
    else if (status == 0 && o.check_postfix)
        status = maps_check(&o);
    else if (status == 0 && !o.check_config)
        status = with_ledger(&o, &config, argv + optind, argc - optind, &report);
    status = exit_worse(status, print_report(&o, &report));
    config_close(&config);
    senderblock_options_free(&o);
    text_free(&report);
    return status;
}
