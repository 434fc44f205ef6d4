#include "judge/report.h"

struct report {
    struct scorer *scorer;
    const struct report_options *o;
    struct outfile *out;
    struct text text;      /* not handed over yet */
    size_t named, matched; /* printed; wanted but for `top` */
    struct report_count count;
};

static void add_one(struct report *r, size_t i, const struct suspect *suspect)
{
    struct scorer_rates rates;

    switch (r->o->format) {
    case REPORT_TSV:
        suspect_tsv(&r->text, suspect);
        break;
    case REPORT_JSON:
        suspect_json(&r->text, suspect);
        break;
    case REPORT_TABLE:
        scorer_rates(r->scorer, i, &rates);
        if (r->named == 0)
            table_head(&r->text, &r->o->style);
        table_row(&r->text, &r->o->style, suspect, &rates, r->o->geo);
    }
    r->named++;
    outfile_add(r->out, text_slice(&r->text));
    r->text.n = 0;
}

/* 19 of 340 identities: 1 infected, 18 compromised. */
static void add_total(struct report *r, uint64_t identities)
{
    const char *sep = ":";

    text_addf(&r->text, "%zu of %llu identities", r->matched, (unsigned long long)identities);
    for (unsigned state = STATE_INFECTED + 1; state-- > 0;) {
        if (r->count.by_state[state] == 0)
            continue;
        struct slice name = suspect_state_name(state);
        text_addf(&r->text, "%s %zu %.*s", sep, r->count.by_state[state], (int)name.n, name.p);
        sep = ",";
    }
    if (r->named < r->matched)
        text_addf(&r->text, "; these are the worst %zu", r->named);
    text_add(&r->text, SL(".\n"));
}

static void add_table_end(struct report *r)
{
    struct scorer_rates rates;
    struct scorer_stats stats;
    struct suspect any;

    scorer_stats(r->scorer, &stats);
    if (r->matched == 0) {
        text_addf(&r->text, "nobody: %llu identities, none of them %s\n",
                  (unsigned long long)stats.identities,
                  r->o->since == WHEN_NONE ? "sends spam as far as this log shows"
                                           : "was flagged in that time");
        return;
    }
    scorer_suspect(r->scorer, 0, &any);
    scorer_rates(r->scorer, 0, &rates);
    table_foot(&r->text, &rates, any.threshold);
    add_total(r, stats.identities);
}

static void add_end(struct report *r)
{
    if (r->o->format == REPORT_TABLE)
        add_table_end(r);
    else if (r->o->format == REPORT_TSV && r->o->whole)
        suspect_tsv_end(&r->text, r->named);
    else if (r->o->format == REPORT_JSON && r->o->whole)
        text_addf(&r->text, "{\"kind\":\"end\",\"suspects\":%zu}\n", r->named);
}

/* By `since`: the flag counts, or, if there is none, the beginning. */
static bool is_wanted(const struct report_options *o, const struct suspect *s)
{
    return o->since == WHEN_NONE || (s->state > STATE_CLEAR ? s->time : s->since) >= o->since;
}

static void add_all(struct report *r, size_t n)
{
    struct suspect suspect;

    for (size_t i = 0; i < n && !r->text.failed; i++) {
        scorer_suspect(r->scorer, i, &suspect);
        if (!is_wanted(r->o, &suspect))
            continue;
        r->matched++;
        r->count.by_state[suspect.state]++;
        if (r->o->top == 0 || r->named < r->o->top)
            add_one(r, i, &suspect);
    }
}

bool report_write(struct scorer *s, const struct report_options *o, struct outfile *out,
                  struct report_count *count)
{
    struct report r = {.scorer = s, .o = o, .out = out};
    size_t n = scorer_rank(s, o->all);

    if (n == SIZE_MAX)
        return false;
    if (o->format == REPORT_TSV)
        suspect_tsv_header(&r.text);
    add_all(&r, n);
    if (!r.text.failed) {
        add_end(&r);
        outfile_add(out, text_slice(&r.text));
    }
    *count = r.count;
    bool failed = r.text.failed;
    text_free(&r.text);
    return !failed;
}

size_t report_flagged(const struct report_count *count)
{
    size_t n = 0;

    for (unsigned state = STATE_CLEAR + 1; state <= STATE_INFECTED; state++)
        n += count->by_state[state];
    return n;
}
