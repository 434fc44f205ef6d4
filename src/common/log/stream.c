#include "log/stream_parts.h"

#include <stdlib.h>

#include "base/exits.h"
#include "base/msg.h"

#define HEADER_BYTES 10 /* enough to tell a record stream from a log */

struct stream *stream_new(const struct stream_options *options)
{
    struct stream *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->options = *options;
    s->parser = parser_new(&options->parser);
    if (s->parser == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

void stream_fail(struct stream *s, int status)
{
    s->status = exit_worse(s->status, status);
}

static void load_open(struct stream *s, struct slice saved)
{
    if (saved.n == 0)
        return;
    s->any_raw = true;
    if (parser_load(s->parser, saved))
        return;
    msg_error("the state's open messages are damaged: move the state file away to begin anew");
    stream_fail(s, EXIT_DATA);
    s->next_name = s->count;
}

struct stream *stream_open(const struct stream_options *options, char *const *names, int count)
{
    static char dash[] = "-";
    static char *const standard[] = {dash};
    struct stream *s = stream_new(options);

    if (s) {
        s->names = count ? names : standard;
        s->count = count ? count : 1;
        s->goes_on = options->keep_open;
        load_open(s, options->open);
    }
    return s;
}

void stream_close(struct stream *s)
{
    if (s == NULL)
        return;
    input_close(s->input);
    parser_free(s->parser);
    tsv_reader_free(&s->reader);
    free(s);
}

static uint64_t mail_lines(const struct stream *s)
{
    struct parser_stats st;

    parser_stats(s->parser, &st);
    return st.mail;
}

static bool open_next(struct stream *s)
{
    if (s->next_name == s->count)
        return false;
    s->input = input_open(s->names[s->next_name++]);
    if (s->input == NULL) {
        msg_error("out of memory");
        stream_fail(s, EXIT_TEMPFAIL);
        return false;
    }
    s->mode = MODE_NONE;
    s->line = s->bytes = 0;
    s->over = false;
    s->mail_before = mail_lines(s);
    s->reader.n = 0;
    s->reader.json = s->reader.ended = false;
    s->reader.records = s->reader.lines = 0;
    return true;
}

/* A log without one line of a mail server is most likely not what the operator meant to give. */
static void check_mail(struct stream *s, const char *name)
{
    bool quiet = s->bytes == 0 && s->options.open.n; /* nothing new since the last run */

    if (mail_lines(s) > s->mail_before || quiet)
        return;
    if (s->bytes == 0)
        msg_error("%s: empty: no log line at all", name);
    else
        msg_error("%s: no line of a mail server in it: is it a mail log?", name);
    stream_fail(s, EXIT_DATA);
}

static void close_input(struct stream *s)
{
    const struct failure *f = input_failure(s->input);
    const char *name = input_name(s->input), *warning = input_warning(s->input);

    progress_end(&s->progress);
    if (f && f->status) {
        msg_error("%s", failure_text(f));
        stream_fail(s, f->status);
    }
    if (warning)
        msg_warn("%s", warning);
    if (s->mode == MODE_RECORDS) {
        s->record_lines += s->reader.lines;
        if (!s->reader.ended && !s->over) {
            msg_error(
                "%s: no #end after %llu records: whoever wrote them died: nothing may be done "
                "with them, run it again",
                name, (unsigned long long)s->reader.records);
            stream_fail(s, EXIT_TEMPFAIL);
        }
    } else if (s->mode != MODE_OTHER && (f == NULL || f->status == 0)) {
        check_mail(s, name);
    }
    input_close(s->input);
    s->input = NULL;
    s->mode = MODE_NONE;
}

/* The first bytes tell what it is; a pipe may give fewer than are needed at once. */
static bool find_mode(struct stream *s, const char *block, size_t n, bool more)
{
    struct slice b = slice_of(block, n);

    if (n < HEADER_BYTES && more && slice_chr(b, '\n') == NULL) {
        input_keep(s->input, n);
        return false;
    }
    s->mode = tsv_is_header(b)                          ? MODE_RECORDS
              : s->options.other && s->options.other(b) ? MODE_OTHER
                                                        : MODE_RAW;
    s->any_raw |= s->mode == MODE_RAW;
    return true;
}

static void show_progress(struct stream *s)
{
    uint64_t done, size;

    input_progress(s->input, &done, &size);
    progress_step(&s->progress, input_name(s->input), done, size);
}

/* Gives the parser or the reader another block; false at the end of this input. */
static bool next_block(struct stream *s)
{
    const char *block;
    ssize_t n;

    for (;;) {
        n = input_read(s->input, &block);
        struct slice b = slice_of(block, n > 0 ? (size_t)n : 0);
        if (n <= 0) {
            b = input_kept(s->input);
            if (b.n == 0 || s->ended)
                return false;
            s->ended = true; /* the rest comes once, then the end */
        }
        if (s->mode == MODE_NONE && !find_mode(s, b.p, b.n, n > 0))
            continue;
        s->bytes += b.n;
        s->rest = b;
        if (s->options.progress)
            show_progress(s);
        if (s->mode == MODE_RAW)
            parser_push(s->parser, b.p, b.n);
        return true;
    }
}

static bool next_record_line(struct stream *s, struct slice *line)
{
    for (;;) {
        const char *nl = slice_chr(s->rest, '\n');
        if (nl) {
            *line = slice_range(s->rest.p, nl);
            s->rest = slice_range(nl + 1, s->rest.p + s->rest.n);
            s->line++;
            return true;
        }
        if (s->ended || s->over)
            return false;
        s->bytes -= s->rest.n;
        input_keep(s->input, s->rest.n);
        s->rest = SLICE_NONE;
        if (!next_block(s))
            return false;
    }
}

static bool next_from_records(struct stream *s, struct record **out)
{
    struct slice line;

    while (next_record_line(s, &line)) {
        switch (tsv_read(&s->reader, line, &s->record)) {
        case TSV_RECORD:
            *out = &s->record;
            return true;
        case TSV_BAD:
            msg_error("%s:%llu: %s", input_name(s->input), (unsigned long long)s->line,
                      s->reader.problem);
            stream_fail(s, EXIT_DATA);
            s->over = true;
            s->rest = SLICE_NONE;
            return false;
        case TSV_SKIP:
        case TSV_END:
            break;
        }
    }
    return false;
}

bool stream_parser_failed(struct stream *s)
{
    msg_error("out of memory: nothing was finished, try again");
    stream_fail(s, EXIT_TEMPFAIL);
    s->next_name = s->count;
    return false;
}

/* From the parser's block, then from further blocks. */
static bool next_from_log(struct stream *s, struct record **out)
{
    for (;;) {
        switch (parser_next(s->parser, out)) {
        case PARSER_RECORD:
            return true;
        case PARSER_FAILED:
            return stream_parser_failed(s);
        case PARSER_MORE:
            break;
        }
        if (s->input == NULL || s->over || !next_block(s))
            return false;
    }
}

/* The log's end: what waits comes out. */
static bool drain(struct stream *s, struct record **out)
{
    if (s->follow || s->goes_on || !s->any_raw)
        return false; /* the log goes on: its open messages are kept */
    parser_end(s->parser);
    switch (parser_next(s->parser, out)) {
    case PARSER_RECORD:
        return true;
    case PARSER_FAILED:
        return stream_parser_failed(s);
    case PARSER_MORE:
        break;
    }
    return false;
}

enum stream_result stream_next(struct stream *s, struct record **out, bool *raw)
{
    if (s->follow) {
        *raw = true;
        return stream_next_followed(s, out);
    }
    for (;;) {
        if (s->input == NULL && !open_next(s)) {
            *raw = true;
            return drain(s, out) ? STREAM_RECORD : STREAM_END;
        }
        if (s->mode == MODE_NONE) {
            s->ended = false;
            if (!next_block(s)) {
                close_input(s);
                continue;
            }
        }
        *raw = s->mode == MODE_RAW;
        if (s->mode == MODE_OTHER) {
            s->text = SLICE_NONE;
            if (!next_record_line(s, &s->text))
                close_input(s);
            return STREAM_LINE;
        }
        if (*raw ? next_from_log(s, out) : next_from_records(s, out))
            return STREAM_RECORD;
        if (*raw) {
            parser_break(s->parser); /* half a last line is a line */
            if (parser_next(s->parser, out) == PARSER_RECORD) {
                s->over = true; /* only to drain: next_from_log stops at the block's end */
                return STREAM_RECORD;
            }
        }
        close_input(s);
    }
}

bool stream_next_facts(struct stream *s, struct envelope *e, struct facts *facts)
{
    for (;;) {
        if (s->input == NULL && !open_next(s))
            return false;
        if (s->mode == MODE_RAW && parser_next_facts(s->parser, e, facts))
            return true;
        if (s->mode == MODE_NONE)
            s->ended = false;
        if (s->mode == MODE_RECORDS) {
            msg_error("%s: holds records already, not log lines", input_name(s->input));
            stream_fail(s, EXIT_DATA);
            s->over = true;
        } else if (next_block(s)) {
            continue;
        } else if (s->mode == MODE_RAW) {
            parser_break(s->parser);
            if (parser_next_facts(s->parser, e, facts))
                return true;
        }
        close_input(s);
    }
}

bool stream_save_open(struct stream *s, struct text *out)
{
    s->goes_on = false; /* what comes now is only for the report */
    return !s->any_raw || parser_save(s->parser, out);
}

struct slice stream_line(const struct stream *s)
{
    return s->text;
}

struct slice stream_extra(const struct stream *s)
{
    return text_slice(&s->reader.unknown);
}

int stream_status(const struct stream *s)
{
    return s->status;
}

uint64_t stream_lines(const struct stream *s)
{
    struct parser_stats st;

    parser_stats(s->parser, &st);
    return st.lines + s->record_lines;
}

const struct parser *stream_parser(const struct stream *s)
{
    return s->parser;
}
