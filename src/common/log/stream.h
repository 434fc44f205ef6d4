/* stream: event records from files or standard input, whatever they are: a raw log (plain or
 * packed) or the record stream of mplog(5), told apart by the first line.
 *
 * Raw logs named together are one log, in the order given: rotated files oldest first. What is
 * wrong with an input is told with msg.h, once, and makes the status; the other inputs are read all
 * the same. Whoever acts on records must look at stream_status() at the end first: EXIT_TEMPFAIL
 * means that a record stream had no end line, and nothing of it may be acted upon.
 */
#ifndef MPTOOLS_LOG_STREAM_H
#define MPTOOLS_LOG_STREAM_H

#include "log/follow.h"
#include "log/parser.h"
#include "log/tsv.h"

struct stream;

struct stream_options {
    struct parser_options parser;
    bool progress; /* show how far it is, on a terminal, when it takes longer than a second */
    /* The inputs are a piece of a log that other runs go on with: messages that are open at its end
     * stay open, for stream_save_open(). A piece ends after a whole line or entry of the journal:
     * half a last line counts as one. One in which nothing happened is no error once there was
     * another before it. */
    bool keep_open;
    /* Does another stream begin with this line (or its first 10 bytes)? Its lines are then handed
     * out as they are. NULL: there is none that the caller could read. */
    bool (*other)(struct slice first);
    struct slice open; /* what stream_save_open() gave last time; has to stay until stream_open() */
};

/* names: input files, "-" for standard input; none is standard input too. They have to stay. NULL
 * when memory runs out. Open messages that can't be read are told, and the status is EXIT_DATA at
 * once; nothing is read then. */
struct stream *stream_open(const struct stream_options *options, char *const *names, int count);
/* What is new in a followed log. The stream uses f, which stays the caller's, and keeps the open
 * messages in its blob "messages": call stream_save() after the last record, then commit. */
struct stream *stream_follow(const struct stream_options *options, struct follow *f);
void stream_close(struct stream *s);

enum stream_result {
    STREAM_RECORD,
    STREAM_LINE, /* of another stream: stream_line() has it */
    STREAM_END
};
/* The next record, which is the stream's and may be changed; *raw tells whether it was made from
 * log lines here (its class is still to be found) or came from a record stream. Valid until the
 * next call. */
enum stream_result stream_next(struct stream *s, struct record **out, bool *raw);
/* Without its newline; no slice at all (p is NULL) at the end of that input. Read errors make the
 * status. */
struct slice stream_line(const struct stream *s);
/* Instead: the next log line with what was found in it; record streams are an error here. */
bool stream_next_facts(struct stream *s, struct envelope *e, struct facts *facts);

/* Names of the columns, as TSV, that the record stream has and we don't know; after the first
 * record. */
struct slice stream_extra(const struct stream *s);
/* 0, or the worst that happened, of exits.h. Final after STREAM_END. */
int stream_status(const struct stream *s);
/* Log lines: those read here and those that the record streams count. */
uint64_t stream_lines(const struct stream *s);
const struct parser *stream_parser(const struct stream *s); /* for its statistics */
/* Puts the open messages into the followed log's state; false when memory runs out. */
bool stream_save(struct stream *s);
/* With keep_open, after STREAM_END: adds the messages that are still open, as text, for the next
 * run (nothing when no raw log was ever read). False when memory runs out. Afterwards stream_next()
 * gives what these messages still hold back, as at the end of a log that doesn't go on, and then
 * STREAM_END again: for the report at hand, not for a state that is kept. */
bool stream_save_open(struct stream *s, struct text *out);

#endif
