/* parser_parts: what parser.c and parser_lines.c share. Private to them. */
#ifndef MPTOOLS_LOG_PARSER_PARTS_H
#define MPTOOLS_LOG_PARSER_PARTS_H

#include "log/journal.h"
#include "log/parser.h"
#include "log/tally.h"

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

/* parser_lines.c: the next log line, its envelope read; false: wants more bytes. */
bool parser_line(struct parser *p, struct envelope *e);

#endif
