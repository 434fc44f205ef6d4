#include "act/delist_show.h"

#include <stdio.h>

#include "judge/wrap.h"

#define ID_WIDTH 5u
#define IP_WIDTH 24u
#define VERDICT_WIDTH 14u

static struct slice list_name(const struct delist *x)
{
    return x->provider ? x->provider->name : x->list;
}

static const char *colour_of(const struct delist *x)
{
    if (x->verdict == DELIST_ALLOWED || x->verdict == DELIST_GOING)
        return "\x1b[32m";
    if (x->verdict == DELIST_REFUSED)
        return "\x1b[1;31m";
    return x->verdict == DELIST_FOLLOW_UP ? "\x1b[33m" : "";
}

static void add_sentence(struct wrap *w, const char *label, struct slice s)
{
    if (s.n == 0)
        return;
    wrap_begin(w, label, ID_WIDTH + 1);
    wrap_text(w, s);
    wrap_end(w);
}

static void add_row(struct text *out, const struct delist *x, const struct table_style *style)
{
    struct wrap w = {.out = out, .utf8 = style->utf8};
    const char *colour = style->colour ? colour_of(x) : "";
    char id[24];
    struct text when = {0};

    snprintf(id, sizeof id, "%lld", (long long)x->id);
    wrap_cell(out, slice_str(id), ID_WIDTH + 1, style->utf8);
    text_add(out, slice_str(colour));
    wrap_cell(out, delist_verdict_name(x->verdict), VERDICT_WIDTH, style->utf8);
    text_add(out, *colour ? SL("\x1b[0m") : SL(""));
    wrap_cell(out, x->ip, IP_WIDTH, style->utf8);
    wrap_cell(out, list_name(x), WRAP_WIDTH - ID_WIDTH - 1 - VERDICT_WIDTH - IP_WIDTH, style->utf8);
    while (out->n && out->p[out->n - 1] == ' ')
        out->n--;
    text_addc(out, '\n');
    text_add(&when, SL("since "));
    delist_add_time(&when, x->since);
    if (x->code.n) {
        text_add(&when, SL(", code "));
        text_add(&when, x->code);
    }
    add_sentence(&w, "", text_slice(&when));
    add_sentence(&w, "", x->reason);
    add_sentence(&w, "  ->", x->next);
    out->failed |= when.failed;
    text_free(&when);
}

void delist_show_table(struct text *out, const struct delists *d, const struct table_style *style)
{
    if (d->n == 0) {
        text_add(out, SL("no address of ours is listed, as far as the ledger knows\n"));
        return;
    }
    text_add(out, style->colour ? SL("\x1b[1m") : SL(""));
    wrap_cell(out, SL("NO"), ID_WIDTH + 1, style->utf8);
    wrap_cell(out, SL("REQUEST"), VERDICT_WIDTH, style->utf8);
    wrap_cell(out, SL("ADDRESS"), IP_WIDTH, style->utf8);
    text_add(out, style->colour ? SL("LIST\x1b[0m\n") : SL("LIST\n"));
    for (size_t i = 0; i < d->n; i++)
        add_row(out, &d->list[i], style);
}

/* --- TSV --- */

static void add_time(struct text *out, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    if (us != WHEN_NONE)
        text_add(out, slice_of(buf, when_print(buf, us, 0)));
}

void delist_show_tsv(struct text *out, const struct delists *d)
{
    text_add(out,
             SL("#delist\tlisting\tip\tprovider\tstate\tsince\trequest\tcause\tat\tdraft\tasked"
                "\treason\tnext\n"));
    for (size_t i = 0; i < d->n; i++) {
        const struct delist *x = &d->list[i];
        text_addf(out, "%lld\t", (long long)x->id);
        text_add_tsv(out, x->ip);
        text_addc(out, '\t');
        text_add_tsv(out, x->provider ? x->provider->id : x->list);
        text_addc(out, '\t');
        text_add_tsv(out, x->state);
        text_addc(out, '\t');
        add_time(out, x->since);
        text_addc(out, '\t');
        text_add(out, delist_verdict_name(x->verdict));
        text_addc(out, '\t');
        text_add(out, x->provider ? delist_cause_name(x->cause) : SLICE_NONE);
        text_addc(out, '\t');
        add_time(out, x->at);
        text_addc(out, '\t');
        if (x->request)
            text_addf(out, "%lld", (long long)x->request);
        text_addc(out, '\t');
        add_time(out, x->asked);
        text_addc(out, '\t');
        text_add_tsv(out, x->reason);
        text_addc(out, '\t');
        text_add_tsv(out, x->next);
        text_addc(out, '\n');
    }
}

/* --- JSON --- */

static void member(struct text *out, const char *name, struct slice value)
{
    if (value.n == 0)
        return;
    text_addf(out, ",\"%s\":", name);
    text_add_json(out, value);
}

static void time_member(struct text *out, const char *name, int64_t us)
{
    if (us == WHEN_NONE)
        return;
    text_addf(out, ",\"%s\":\"", name);
    add_time(out, us);
    text_addc(out, '"');
}

static void number_member(struct text *out, const char *name, int64_t n)
{
    if (n)
        text_addf(out, ",\"%s\":%lld", name, (long long)n);
}

static void add_culprit(struct text *out, const struct delist_culprit *c)
{
    static const struct slice state[] = {
        [CULPRIT_FIXED] = SL("fixed"),         [CULPRIT_RECENT] = SL("recent"),
        [CULPRIT_TRYING] = SL("trying"),       [CULPRIT_WATCHED] = SL("watched"),
        [CULPRIT_UNFLAGGED] = SL("unflagged"), [CULPRIT_FREE] = SL("free"),
        [CULPRIT_NO_TICKET] = SL("no ticket"), [CULPRIT_SENDING] = SL("sending")};

    text_add(out, SL("{\"is\":"));
    text_add_json(out, state[c->state]);
    number_member(out, "incident", c->incident);
    if (c->incident)
        member(out, "state", incident_state_name(c->stage));
    member(out, "kind", c->login ? SL("login") : SL("client"));
    member(out, "identity", c->identity);
    member(out, "customer", c->customer);
    number_member(out, "messages", c->messages);
    number_member(out, "refused", c->refused);
    number_member(out, "attempts", c->attempts);
    time_member(out, "began", c->began);
    time_member(out, "ended", c->ended);
    time_member(out, "blocked", c->acted);
    time_member(out, "reinstated", c->reinstated);
    time_member(out, "last_attempt", c->last_attempt);
    time_member(out, "quiet_until", c->ready);
    text_addc(out, '}');
}

void delist_show_json(struct text *out, const struct delists *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct delist *x = &d->list[i];
        text_addf(out, "{\"listing\":%lld", (long long)x->id);
        member(out, "ip", x->ip);
        member(out, "provider", x->provider ? x->provider->id : x->list);
        member(out, "name", list_name(x));
        member(out, "state", x->state);
        member(out, "code", x->code);
        time_member(out, "since", x->since);
        time_member(out, "relisted_after", x->cleared);
        member(out, "request", delist_verdict_name(x->verdict));
        text_addf(out, ",\"may_ask\":%s", x->may_ask ? "true" : "false");
        if (x->provider)
            member(out, "cause", delist_cause_name(x->cause));
        member(out, "stated_cause", x->stated);
        time_member(out, "at", x->at);
        number_member(out, "draft", x->request);
        time_member(out, "asked", x->asked);
        member(out, "answer", x->answer);
        member(out, "reason", x->reason);
        member(out, "next", x->next);
        text_add(out, SL(",\"culprits\":["));
        for (size_t j = 0; j < x->culprits; j++) {
            text_add(out, j ? SL(",") : SL(""));
            add_culprit(out, &x->culprit[j]);
        }
        text_add(out, SL("]}\n"));
    }
}
