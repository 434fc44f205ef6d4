#include "judge/report.h"

static void add_one(struct scorer *s, size_t i, const struct report_options *o, struct text *t)
{
    struct scorer_rates rates;
    struct suspect suspect;

    scorer_suspect(s, i, &suspect);
    switch (o->format) {
    case REPORT_TSV:
        suspect_tsv(t, &suspect);
        break;
    case REPORT_JSON:
        suspect_json(t, &suspect);
        break;
    case REPORT_TABLE:
        scorer_rates(s, i, &rates);
        if (i == 0)
            table_head(t, &o->style);
        table_row(t, &o->style, &suspect, &rates);
    }
}

static void add_end(struct scorer *s, size_t n, const struct report_options *o, struct text *t)
{
    struct scorer_rates rates;
    struct scorer_stats stats;

    scorer_stats(s, &stats);
    if (o->format == REPORT_TSV && o->whole)
        suspect_tsv_end(t, n);
    else if (o->format == REPORT_JSON && o->whole)
        text_addf(t, "{\"kind\":\"end\",\"suspects\":%zu}\n", n);
    else if (o->format == REPORT_TABLE && n == 0)
        text_addf(t, "nobody: %llu identities, none of them sends spam as far as this log shows\n",
                  (unsigned long long)stats.identities);
    else if (o->format == REPORT_TABLE) {
        scorer_rates(s, 0, &rates);
        text_addf(t, "RATE: messages over the log, a column is %u minutes\n",
                  rates.minutes * table_merged(&rates));
    }
}

bool report_write(struct scorer *s, const struct report_options *o, struct outfile *out)
{
    size_t n = scorer_rank(s, o->all);
    struct text t = {0};

    if (n == SIZE_MAX)
        return false;
    if (o->top && n > o->top)
        n = o->top;
    if (o->format == REPORT_TSV)
        suspect_tsv_header(&t);
    for (size_t i = 0; i < n && !t.failed; i++) {
        add_one(s, i, o, &t);
        outfile_add(out, text_slice(&t));
        t.n = 0;
    }
    bool failed = t.failed;
    if (!failed) {
        add_end(s, n, o, &t);
        outfile_add(out, text_slice(&t));
        failed = t.failed;
    }
    text_free(&t);
    return !failed;
}
