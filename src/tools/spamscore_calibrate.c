#include "spamscore_calibrate.h"

#include "base/exits.h"
#include "base/msg.h"
#include "base/share.h"
#include "judge/calibrate.h"
#include "log/stream.h"

struct calibration {
    const struct options *o;
    const struct config *config;
    char *const *names;
    int count;
    struct calibrate *calibrate;
};

static int no_memory(void)
{
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

/* All of the log, or what is of the time asked for. */
static int read_log(struct calibration *c)
{
    struct stream_options so = {.parser = {.year = (int)c->o->year}, .progress = true};
    struct stream *in = stream_open(&so, c->names, c->count);
    struct record *r;
    bool raw, ok = in != NULL;

    while (ok && stream_next(in, &r, &raw) == STREAM_RECORD) {
        if (r->time < c->o->since || r->time >= c->o->until)
            continue;
        annotate_record(c->config->annotate, r, raw);
        ok = calibrate_record(c->calibrate, r);
    }
    int status = in ? stream_status(in) : 0;
    stream_close(in);
    return ok && calibrate_end(c->calibrate) ? status : no_memory();
}

/* The file first: the report says what was measured, not what was written. */
static int tell(struct calibration *c)
{
    struct text file = {0}, report = {0};
    int status = 0;

    bool ok = calibrate_file(c->calibrate, when_now(), &file);
    ok = calibrate_report(c->calibrate, &report) && ok;
    if (!ok)
        status = no_memory();
    else if (c->o->output && calibrate_any(c->calibrate))
        status = outfile_text(c->o->output, &file);
    else if (c->o->output)
        msg_warn("%s: not written: there is too little mail to estimate anything", c->o->output);
    if (ok)
        status = exit_worse(status, outfile_text(NULL, &report));
    text_free(&file);
    text_free(&report);
    return status;
}

static int run(struct calibration *c)
{
    int status = read_log(c);

    if (status == 0 && calibrate_any(c->calibrate) && calibrate_rereads(c->names, c->count))
        status = calibrate_again(c->calibrate) ? read_log(c) : no_memory();
    if (status)
        return status;
    status = tell(c);
    return exit_worse(status, calibrate_clean(c->calibrate) ? EXIT_DONE : EXIT_FOUND);
}

int calibrate_log(const struct options *o, const struct config *config, char *const *names,
                  int count)
{
    struct problems problems = {0};
    struct scoring shipped;
    struct calibration c = {.o = o, .config = config, .names = names, .count = count};

    if (!scoring_load(share_dir(), NULL, &problems, &shipped)) {
        problems_print(&problems);
        problems_free(&problems);
        return EXIT_CONFIG;
    }
    c.calibrate =
        calibrate_new(&(struct calibrate_options){.scoring = &config->scoring,
                                                  .shipped = &shipped,
                                                  .customers = annotate_customers(config->annotate),
                                                  .geo = config->geo,
                                                  .all = o->all});
    int status = c.calibrate ? run(&c) : no_memory();
    calibrate_free(c.calibrate);
    return status;
}
