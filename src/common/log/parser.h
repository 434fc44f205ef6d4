/* parser: a raw mail log in, event records out.
 *
 * Push bytes in blocks of any size, then take records until there are none; no input, no output, no
 * exit here. A block has to stay until parser_next() wants more. A record's slices are valid until
 * the next call. Envelopes of all kinds may be mixed; lines over LINE_MAX_BYTES are cut and
 * counted; nothing that a line holds makes this fail, only memory running out does.
 */
#ifndef MPTOOLS_LOG_PARSER_H
#define MPTOOLS_LOG_PARSER_H

#include "base/text.h"
#include "log/correlate.h"
#include "log/envelope.h"

#define LINE_MAX_BYTES ((size_t)1024 * 1024)

struct parser;
struct tally;

struct parser_options {
    int64_t now;            /* the present, microseconds: no line is later (0: the clock's) */
    int year;               /* of the first line, where stamps have none; 0: inferred */
    int64_t queue_lifetime; /* microseconds; 0: six days, Postfix's five and some slack */
    bool summary;           /* count shapes, for parser_tally() */
};

struct parser_stats {
    uint64_t lines, blank, cut;
    uint64_t unreadable; /* no envelope */
    uint64_t foreign;    /* programs that have nothing to do with mail */
    uint64_t beyond;     /* of programs too many to remember (program.h) */
    uint64_t mail;       /* Postfix's lines and its companions' */
    uint64_t unknown;    /* of these: not understood */
    uint64_t form[ENVELOPE_FORMS];
    uint64_t record[KIND_COUNT];
    int64_t first, last; /* the earliest and latest time seen; WHEN_NONE without any */
    bool year_doubtful;  /* spans more than a year without saying which */
    struct correlate_stats messages;
};

enum parser_result { PARSER_MORE, PARSER_RECORD, PARSER_FAILED };

struct parser *parser_new(const struct parser_options *options);
void parser_free(struct parser *p);

void parser_push(struct parser *p, const char *data, size_t n);
/* The input is over: half a line counts as one, and what waits comes out. */
void parser_end(struct parser *p);
/* Another file begins: half a line of the last one counts as one. */
void parser_break(struct parser *p);
/* *out is the parser's; it may be changed. */
enum parser_result parser_next(struct parser *p, struct record **out);

/* Instead of parser_next(): the next readable line, with what was found in it. false: wants more.
 */
bool parser_next_facts(struct parser *p, struct envelope *e, struct facts *facts);

void parser_stats(const struct parser *p, struct parser_stats *out);
/* What was read, by daemon and shape; only with options.summary. */
const struct tally *parser_tally(const struct parser *p);

/* Everything that the next run over a growing log needs, as text; only between whole lines, without
 * parser_end(). load wants a new parser; false when the text isn't one of save's. */
bool parser_save(const struct parser *p, struct text *out);
bool parser_load(struct parser *p, struct slice saved);

#endif
