#include "log/parser.h"

#include <stdio.h>
#include <stdlib.h>

#include "log/journal.h"
#include "log/tally.h"

#define REPEATS_MAX 100000 /* a larger number is nobody's count */

/* Where a binary field of the journal's export format is at. */
enum binary { BINARY_NONE, BINARY_LENGTH, BINARY_DATA, BINARY_SKIP, BINARY_NEWLINE };

struct parser {
    struct parser_options options;
    struct parser_stats stats;
    struct envelope_state envelope;
    struct programs programs;
    struct correlate *correlate;
    struct journal journal;
    struct tally tally;
    struct envelope again; /* the line of `message repeated N times`, repeats times still */
    unsigned repeats;
    const char *at, *end; /* what is left of the block */
    struct text carry;    /* the start of a line that the last block began */
    bool carry_used;      /* the line that was handed out stands in carry */
    bool carry_cut;
    bool ending, broken, closing, flushed, failed;
    enum binary binary;
    struct text field, bytes; /* a binary field's name and value */
    uint64_t binary_left;
};

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

/* Keeps the start of a line; what is over the limit is dropped. */
static void carry(struct parser *p, struct slice s)
{
    size_t room = LINE_MAX_BYTES - p->carry.n;

    if (s.n > room) {
        s.n = room;
        p->carry_cut = true;
    }
    text_add(&p->carry, s);
    p->failed |= p->carry.failed;
}

static struct slice whole_carry(struct parser *p)
{
    p->stats.cut += p->carry_cut;
    p->carry_cut = false;
    p->carry_used = true;
    return text_slice(&p->carry);
}

/* The next line without its newline. */
static bool next_line(struct parser *p, struct slice *line)
{
    if (p->carry_used) {
        p->carry.n = 0;
        p->carry_used = false;
    }
    size_t left = (size_t)(p->end - p->at);
    const char *nl = left ? memchr(p->at, '\n', left) : NULL;
    if (nl == NULL) {
        carry(p, slice_range(p->at, p->end));
        p->at = p->end;
        if (p->carry.n == 0 || !(p->ending || p->broken)) {
            p->broken = false;
            return false;
        }
        p->broken = false;
        *line = whole_carry(p);
        return true;
    }
    *line = slice_range(p->at, nl);
    p->at = nl + 1;
    if (p->carry.n) {
        carry(p, *line);
        *line = whole_carry(p);
    } else if (line->n > LINE_MAX_BYTES) {
        line->n = LINE_MAX_BYTES;
        p->stats.cut++;
    }
    return true;
}

static size_t take_bytes(struct parser *p, uint64_t want, bool keep)
{
    size_t n = (size_t)(p->end - p->at);

    if (n > want)
        n = (size_t)want;
    if (keep)
        text_add(&p->bytes, slice_of(p->at, n));
    p->failed |= p->bytes.failed;
    p->at += n;
    return n;
}

/* Goes on with a binary field; false when the block is used up. */
static bool binary_field(struct parser *p)
{
    while (p->at < p->end) {
        if (p->binary == BINARY_LENGTH) {
            take_bytes(p, 8 - p->bytes.n, true);
            if (p->bytes.n < 8)
                continue;
            uint64_t n = 0;
            for (int i = 7; i >= 0; i--)
                n = n << 8 | (unsigned char)p->bytes.p[i];
            p->bytes.n = 0;
            p->binary_left = n;
            p->binary = n ? BINARY_DATA : BINARY_NEWLINE;
        } else if (p->binary == BINARY_DATA) {
            uint64_t room = LINE_MAX_BYTES - p->bytes.n;
            p->binary_left -= take_bytes(p, p->binary_left < room ? p->binary_left : room, true);
            if (p->binary_left && p->bytes.n == LINE_MAX_BYTES) {
                p->stats.cut++;
                p->binary = BINARY_SKIP;
            } else if (p->binary_left == 0) {
                p->binary = BINARY_NEWLINE;
            }
        } else if (p->binary == BINARY_SKIP) {
            p->binary_left -= take_bytes(p, p->binary_left, false);
            if (p->binary_left == 0)
                p->binary = BINARY_NEWLINE;
        } else {
            p->at += *p->at == '\n';
            p->binary = BINARY_NONE;
            journal_field(&p->journal, text_slice(&p->field), text_slice(&p->bytes));
            return true;
        }
    }
    return false;
}

/* One line of an export entry; true when it ended the entry, which then is in *e. */
static bool export_line(struct parser *p, struct slice line, struct envelope *e)
{
    if (line.n == 0) {
        p->journal.open = false;
        if (journal_envelope(&p->journal, e)) {
            e->form = ENVELOPE_JOURNAL_EXPORT;
            return true;
        }
        p->stats.unreadable++;
        return false;
    }
    if (!journal_line(&p->journal, line)) {
        p->field.n = p->bytes.n = 0;
        text_add(&p->field, line);
        p->binary = BINARY_LENGTH;
    }
    return false;
}

static bool envelope_of(struct parser *p, struct slice line, struct envelope *e)
{
    if (line.n && line.p[0] == '{' && journal_json(&p->journal, line) &&
        journal_envelope(&p->journal, e)) {
        e->form = ENVELOPE_JOURNAL_JSON;
        return true;
    }
    if (envelope_parse(&p->envelope, line, e))
        return true;
    p->stats.unreadable++;
    return false;
}

/* The journal's own times anchor the year of stamps that have none, too. */
static void note_time(struct parser *p, const struct envelope *e)
{
    p->stats.form[e->form]++;
    if (e->form >= ENVELOPE_JOURNAL_EXPORT) {
        p->envelope.last = e->time;
        p->envelope.started = true;
    }
    if (p->stats.first == WHEN_NONE || e->time < p->stats.first)
        p->stats.first = e->time;
    if (p->stats.last == WHEN_NONE || e->time > p->stats.last)
        p->stats.last = e->time;
}

/* The next log line's envelope. */
static bool next_envelope(struct parser *p, struct envelope *e)
{
    struct slice line;

    for (;;) {
        if (p->binary != BINARY_NONE && !binary_field(p)) {
            if (!p->ending && !p->closing)
                return false;
            p->binary = BINARY_NONE; /* cut off within a field: the entry goes without it */
        }
        if (p->binary != BINARY_NONE)
            continue;
        if (!next_line(p, &line)) {
            if (!p->journal.open || (!p->ending && !p->closing)) {
                p->closing = false;
                return false;
            }
            line = SLICE_NONE; /* a file's last entry needs no empty line */
        } else {
            p->stats.lines++;
        }
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        bool ok = false;
        if (!p->journal.open && journal_begins(line)) {
            journal_clear(&p->journal);
            p->journal.open = true;
        }
        if (p->journal.open)
            ok = export_line(p, line, e);
        else if (line.n == 0)
            p->stats.blank++;
        else
            ok = envelope_of(p, line, e);
        if (ok) {
            note_time(p, e);
            return true;
        }
    }
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
        l->type = LINE_OTHER;
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
        } else if (next_envelope(p, &e)) {
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

    if (!next_envelope(p, e))
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

/* Save: the envelope's state in one line, then the messages. */
bool parser_save(const struct parser *p, struct text *out)
{
    text_addf(out, "parser 1 %d %lld\n", p->envelope.started ? 1 : 0, (long long)p->envelope.last);
    return correlate_save(p->correlate, out) && !out->failed;
}

bool parser_load(struct parser *p, struct slice saved)
{
    const char *nl = slice_chr(saved, '\n');
    char head[64];
    int started;
    long long last;

    if (nl == NULL || (size_t)(nl - saved.p) >= sizeof head)
        return false;
    memcpy(head, saved.p, (size_t)(nl - saved.p));
    head[nl - saved.p] = '\0';
    if (sscanf(head, "parser 1 %d %lld", &started, &last) != 2)
        return false;
    p->envelope.started = started != 0;
    p->envelope.last = last;
    return correlate_load(p->correlate, &p->programs, slice_range(nl + 1, saved.p + saved.n));
}
