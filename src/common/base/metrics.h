/* metrics: figures for Prometheus, as its node_exporter picks them up from a file (`textfile
 * collector`: a file NAME.prom in its folder; text exposition format 0.0.4).
 *
 * A family is its name, type and help, then a sample for each set of labels; a file has every
 * family once, and no two files of one folder may have the same sample, so a tool's own families
 * begin with mptools_TOOL_ or have a label that tells them apart. Names are the program's own
 * (mptools_…, checked: a wrong one is a failure, not a broken file). Label values are anybody's:
 * backslash, quote and newline are escaped, bytes that aren't UTF-8 become \xHH. No time stamps,
 * which the collector refuses.
 *
 * A struct metrics starts as {0} and ends in metrics_free(). The file is replaced as a whole
 * (atomic.h) or stays; failures are metrics_write()'s.
 */
#ifndef MPTOOLS_BASE_METRICS_H
#define MPTOOLS_BASE_METRICS_H

#include "base/failure.h"
#include "base/text.h"

struct metrics {
    struct text text;
    struct slice name; /* of the family at hand: the caller's string, which has to stay */
    bool wrong;        /* a name that the format doesn't allow */
};

struct metrics_label {
    const char *name;
    struct slice value;
};

/* type: gauge or counter (whose name ends in _total). help: a sentence. */
void metrics_family(struct metrics *m, const char *name, const char *type, const char *help);
void metrics_sample(struct metrics *m, const struct metrics_label *label, size_t labels,
                    double value);
/* A family of one sample without labels. */
void metrics_gauge(struct metrics *m, const char *name, const char *help, double value);
/* 0 or the status of the failure. */
int metrics_write(const struct metrics *m, const char *path, struct failure *failure);
/* The same, and says what went wrong (msg.h). */
int metrics_save(const struct metrics *m, const char *path);
void metrics_free(struct metrics *m);

#endif
