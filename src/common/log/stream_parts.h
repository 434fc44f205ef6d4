/* stream_parts: what the files of the stream share; for stream*.c only. */
#ifndef MPTOOLS_LOG_STREAM_PARTS_H
#define MPTOOLS_LOG_STREAM_PARTS_H

#include "base/progress.h"
#include "log/input.h"
#include "log/stream.h"

enum mode { MODE_NONE, MODE_RAW, MODE_RECORDS, MODE_OTHER };

struct stream {
    struct stream_options options;
    char *const *names;
    int count, next_name;
    struct input *input;
    struct follow *follow;
    struct parser *parser;
    struct tsv_reader reader;
    struct record record; /* the reader's */
    enum mode mode;
    struct slice rest;     /* of a record stream's block */
    struct slice text;     /* a line of another stream */
    uint64_t line, bytes;  /* of this input */
    uint64_t mail_before;  /* mail lines before this input */
    uint64_t record_lines; /* lines that the record streams count */
    struct progress progress;
    bool any_raw, ended;
    bool over;    /* no more of this input is wanted */
    bool goes_on; /* open messages are kept: other runs go on with the log */
    int status;
};

/* stream.c */
struct stream *stream_new(const struct stream_options *options); /* NULL: out of memory */
void stream_fail(struct stream *s, int status);                  /* the worst one stays */
bool stream_parser_failed(struct stream *s);                     /* false, after telling */

/* stream_follow.c */
enum stream_result stream_next_followed(struct stream *s, struct record **out);

#endif
