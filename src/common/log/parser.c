#include "log/parser.h"

#include <stdio.h>
#include <stdlib.h>

#include "log/parser_parts.h"

#define REPEATS_MAX 100000 /* a larger number is nobody's count */

struct parser *parser_new(const struct parser_options *options)
{
    struct parser *p = calloc(1, sizeof *p);

    if (p == NULL || !shape_setup()) {
        free(p);
        return NULL;
    }
    p->options = *options;
    p->envelope.now = options->now ? options->now : when_now();
    p->envelope.wall = options->now == 0;
    p->envelope.year = options->year;
    p->stats.first = p->stats.last = WHEN_NONE;
    p->correlate = correlate_new(options->queue_lifetime ? options->queue_lifetime : 6 * WHEN_DAY);
    if (p->correlate == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

void parser_free(struct parser *p)
{
    if (p == NULL)
        return;
    correlate_free(p->correlate);
    programs_free(&p->programs);
    journal_free(&p->journal);
    tally_free(&p->tally);
    text_free(&p->carry);
    text_free(&p->field);
    text_free(&p->bytes);
    free(p);
}

void parser_push(struct parser *p, const char *data, size_t n)
{
    p->at = data;
    p->end = data + n;
}

void parser_end(struct parser *p)
{
    p->ending = true;
}

void parser_break(struct parser *p)
{
    p->broken = p->closing = true;
}

/* A session of smtpd begins, or ends without word of a failed login: both only make it a new one. A
 * quarter of a relay's log is these. */
static bool is_session_mark(struct slice text)
{
    if (slice_starts(text, SL("connect from ")))
        return true;
    return slice_starts(text, SL("disconnect from ")) && slice_find(text, SL("auth=")) == NULL;
}

/* Reads the text; facts are filled for a line that a template has read. Without detail, what makes
 * no record and ties nothing together is not looked at closely. */
static bool read_text(struct parser *p, const struct program *prog, const struct envelope *e,
                      struct line *l, struct facts *facts, bool detail)
{
    facts->n = 0;
    facts->kind = KIND_NONE;
    facts->shape = SLICE_NONE;
    l->type = LINE_OTHER;
    if (prog->kind == DAEMON_OTHER && !prog->companion) {
        p->stats.foreign += !prog->beyond;
        p->stats.beyond += prog->beyond;
        return false;
    }
    p->stats.mail++;
    if (!detail && prog->kind == DAEMON_SMTPD && is_session_mark(e->text)) {
        l->type = LINE_CONNECT;
        return true;
    }
    if (!detail && prog->kind == DAEMON_POSTSCREEN && !slice_starts(e->text, SL("NOQUEUE")))
        return false;
    if (prog->kind != DAEMON_OTHER) {
        zero_bytes(l, sizeof *l);
        if (body_parse(prog->kind, e->text, l))
            return true;
        bool mark = prog->kind == DAEMON_SMTPD && is_session_mark(e->text);
        l->type = mark ? LINE_CONNECT : LINE_OTHER; /* as without detail */
        if (mark)
            return true;
    }
    if (!detail && !prog->records)
        return false;
    if (shape_match(prog->daemon, prog->kind != DAEMON_OTHER, e->text, facts))
        return true;
    p->stats.unknown++;
    return false;
}

static void count(struct parser *p, const struct program *prog, const struct envelope *e,
                  const struct line *l, const struct facts *facts, bool known)
{
    struct facts own;

    if (prog->kind == DAEMON_OTHER && !prog->companion)
        return;
    if (!known) {
        tally_unknown(&p->tally, prog->daemon, e->text);
        return;
    }
    struct slice shape = facts->shape;
    if (l->type != LINE_OTHER) {
        body_facts(l, &own);
        shape = own.shape;
    }
    tally_known(&p->tally, prog->daemon, shape, e->text);
}

static void one_line(struct parser *p, const struct envelope *e)
{
    struct program *prog = program_of(&p->programs, e->host, e->tag);
    struct line l;
    struct facts facts;

    if (prog == NULL) {
        p->failed = true;
        return;
    }
    bool known = read_text(p, prog, e, &l, &facts, p->options.summary);
    if (p->options.summary)
        count(p, prog, e, &l, &facts, known);
    if (!known)
        return;
    bool ok = true;
    if (l.type != LINE_OTHER)
        ok = correlate_line(p->correlate, prog, e->pid, e->time, e->digits, &l);
    else if (facts.kind != KIND_NONE)
        ok = correlate_facts(p->correlate, prog, e->time, e->digits, &facts);
    p->failed |= !ok;
}

/* rsyslog's `message repeated N times: [ text]` (RepeatedMsgReduction, Ubuntu's default): the text
 * is read as often. */
static void unfold(struct parser *p, struct envelope *e)
{
    static const struct slice mark = SL("message repeated "), times = SL(" times: [");
    const char *q;
    uint64_t n;

    p->repeats = 0;
    if (e->text.n == 0 || e->text.p[0] != 'm' || !slice_starts(e->text, mark) ||
        (q = slice_find(e->text, times)) == NULL ||
        !slice_u64(slice_range(e->text.p + mark.n, q), &n) || n == 0 || n > REPEATS_MAX)
        return;
    struct slice text = slice_range(q + times.n, e->text.p + e->text.n);
    if (text.n && text.p[0] == ' ')
        text = slice_skip(text, 1);
    if (text.n && text.p[text.n - 1] == ']')
        text.n--;
    e->text = text;
    p->again = *e;
    p->repeats = (unsigned)n - 1;
}

enum parser_result parser_next(struct parser *p, struct record **out)
{
    struct envelope e;

    for (;;) {
        if (p->failed)
            return PARSER_FAILED;
        if ((*out = correlate_next(p->correlate)) != NULL) {
            p->stats.record[(*out)->kind]++;
            return PARSER_RECORD;
        }
        if (p->repeats) {
            p->repeats--;
            one_line(p, &p->again);
        } else if (parser_line(p, &e)) {
            unfold(p, &e);
            one_line(p, &e);
        } else if (p->ending && !p->flushed) {
            p->flushed = true;
            correlate_flush(p->correlate);
        } else {
            return PARSER_MORE;
        }
    }
}

bool parser_next_facts(struct parser *p, struct envelope *e, struct facts *facts)
{
    struct line l;

    if (!parser_line(p, e))
        return false;
    unfold(p, e);
    p->repeats = 0;
    struct program *prog = program_of(&p->programs, e->host, e->tag);
    if (prog && read_text(p, prog, e, &l, facts, true) && l.type != LINE_OTHER)
        body_facts(&l, facts);
    return true;
}

void parser_stats(const struct parser *p, struct parser_stats *out)
{
    *out = p->stats;
    out->year_doubtful = p->envelope.future;
    correlate_stats(p->correlate, &out->messages);
}

const struct tally *parser_tally(const struct parser *p)
{
    return &p->tally;
}

/* Save: a line of the envelope's state, one for each instance that owns a queue, then the messages:
 *   parser 1 STARTED LAST JUMPS
 *   own HOST NAME
 */
static void save_owners(const struct parser *p, struct text *out)
{
    for (const struct instance *in = p->programs.first_instance; in; in = in->next) {
        if (!in->owner)
            continue;
        text_add(out, SL("own\t"));
        text_add_tsv(out, in->host);
        text_addc(out, '\t');
        text_add_tsv(out, in->name);
        text_addc(out, '\n');
    }
}

bool parser_save(const struct parser *p, struct text *out)
{
    text_addf(out, "parser 1 %d %lld %u\n", p->envelope.started ? 1 : 0,
              (long long)p->envelope.last, p->envelope.jumps);
    save_owners(p, out);
    return correlate_save(p->correlate, out) && !out->failed;
}

static bool load_owner(struct parser *p, struct slice line)
{
    const char *tab = slice_chr(line, '\t');
    struct text host = {0}, name = {0};
    struct program *prog = NULL;

    if (tab && text_add_untsv(&host, slice_range(line.p, tab)) &&
        text_add_untsv(&name, slice_range(tab + 1, line.p + line.n)))
        prog = program_of(&p->programs, text_slice(&host), text_slice(&name));
    if (prog)
        prog->instance->owner = true;
    text_free(&host);
    text_free(&name);
    return prog != NULL;
}

bool parser_load(struct parser *p, struct slice saved)
{
    const char *nl = slice_chr(saved, '\n');
    char head[80];
    int started;
    long long last;

    if (nl == NULL || (size_t)(nl - saved.p) >= sizeof head)
        return false;
    memcpy(head, saved.p, (size_t)(nl - saved.p));
    head[nl - saved.p] = '\0';
    if (sscanf(head, "parser 1 %d %lld %u", &started, &last, &p->envelope.jumps) != 3)
        return false;
    p->envelope.started = started != 0;
    p->envelope.last = last;
    saved = slice_range(nl + 1, saved.p + saved.n);
    while (slice_starts(saved, SL("own\t")) && (nl = slice_chr(saved, '\n')) != NULL) {
        if (!load_owner(p, slice_range(saved.p + 4, nl)))
            return false;
        saved = slice_range(nl + 1, saved.p + saved.n);
    }
    return correlate_load(p->correlate, &p->programs, saved);
}
