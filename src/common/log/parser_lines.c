#include "log/parser_parts.h"

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
bool parser_line(struct parser *p, struct envelope *e)
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
