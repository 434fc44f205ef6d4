#include "log/parser_metrics.h"

#include "base/when.h"

void metrics_parse(struct metrics *m, const char *tool, const struct parser_stats *s)
{
    const struct {
        struct slice what;
        uint64_t n;
    } row[] = {{SL("mail"), s->mail - s->unknown},
               {SL("unknown"), s->unknown},
               {SL("foreign"), s->foreign},
               {SL("unreadable"), s->unreadable}};
    struct metrics_label label[] = {{"tool", slice_str(tool)}, {"kind", SLICE_NONE}};

    metrics_family(m, "mptools_log_lines", "gauge",
                   "Lines of the log read by the tool's last run.");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        label[1].value = row[i].what;
        metrics_sample(m, label, 2, (double)row[i].n);
    }
    metrics_family(m, "mptools_log_records", "gauge", "Events found in them.");
    for (unsigned k = KIND_NONE + 1; k < KIND_COUNT; k++) {
        label[1].value = record_kind_name(k);
        metrics_sample(m, label, 2, (double)s->record[k]);
    }
    if (s->last == WHEN_NONE)
        return;
    metrics_family(m, "mptools_log_last_timestamp_seconds", "gauge", "Time of the latest line.");
    metrics_sample(m, label, 1, (double)(s->last / WHEN_SECOND));
}
