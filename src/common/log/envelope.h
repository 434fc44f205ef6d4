/* envelope: what stands before a log line's text: when, where, which program.
 *
 * Reads RFC 3164 (with and without <PRI>, Postfix's maillog_file), RFC 3339 as rsyslog and
 * `journalctl -o short-iso` write it, RFC 5424 and TAI64N, line by line, each its own kind; the
 * journal's multi-line and JSON forms are journal.h's. RFC 3164 has no year and no zone: the zone
 * is the process's (base/when.h), the year is inferred so that the log doesn't run into the future
 * and steps at New Year.
 *
 * The state is a plain struct that its owner zeroes and sets `now` and `year` in. Slices point into
 * the line. Nothing fails: a line without a readable envelope returns false.
 */
#ifndef MPTOOLS_LOG_ENVELOPE_H
#define MPTOOLS_LOG_ENVELOPE_H

#include "base/slice.h"
#include "base/when.h"

enum envelope_form {
    ENVELOPE_NONE,
    ENVELOPE_RFC3164,
    ENVELOPE_RFC3339,
    ENVELOPE_RFC5424,
    ENVELOPE_TAI64N,
    ENVELOPE_JOURNAL_EXPORT,
    ENVELOPE_JOURNAL_JSON,
    ENVELOPE_FORMS
};

struct envelope {
    int64_t time; /* microseconds, UTC */
    uint8_t digits;
    uint8_t form;
    uint32_t pid;      /* 0 when there is none */
    struct slice host; /* empty when there is none */
    struct slice tag;  /* program without [pid] */
    struct slice text;
};

struct envelope_state {
    int64_t now;  /* no line is later than this plus a day; the owner sets it */
    bool wall;    /* now is the present, and goes on */
    int year;     /* the first line's year; 0: inferred */
    int64_t last; /* time of the line before, WHEN_NONE or 0 at the start */
    bool started;
    bool future; /* out: a line had no year that fits: a wrong clock, or a log of several years */
    bool astray; /* the line at hand is one */
    unsigned jumps;

    /* The minute of the last RFC 3164 stamp ("Nov 24 10:27:") and the last day of local time that
     * had the same offset from start to end, as the next line's is nearly always the same. */
    char stamp[16];
    int64_t stamp_time;
    struct civil day;
    int64_t day_start;
    char iso[20];
    int64_t iso_seconds;
};

/* Splits the line (no newline). */
bool envelope_parse(struct envelope_state *st, struct slice line, struct envelope *out);

/* RFC 3339 at the start of s, with 'T' or a space, with or without offset (without: local time).
 * Returns the bytes read, 0 when there is none. */
size_t envelope_rfc3339(struct envelope_state *st, struct slice s, int64_t *time, uint8_t *digits);

/* Within the years 1970 to 9999, which is what the records can tell. */
bool envelope_time_ok(int64_t time);

const char *envelope_form_name(unsigned form);

#endif
