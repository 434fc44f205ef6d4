/* sink: builds log lines and writes them to a file descriptor in large pieces.
 *
 * A line is begun with its time, tag and pid, put together piece by piece, and ended; it is dropped
 * whole when it would take the log over its size limit, and the sink is full from then on. While
 * the sink is mute (the time before the log starts) lines are dropped without counting. A write
 * that fails ends the program (exit 74): the generator has nothing else to save.
 */
#ifndef GEN_SINK_H
#define GEN_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum sink_format { SINK_RFC3164, SINK_RFC3339 };

struct sink {
    char *buf;
    size_t len;       /* bytes in buf, the line under way included */
    size_t line;      /* where the line under way begins */
    uint64_t written; /* bytes of whole lines so far, in buf or out already */
    uint64_t lines;
    uint64_t limit; /* size limit of the log */
    bool full;
    bool mute;
    enum sink_format format;
    const char *host;
    int64_t second; /* the second that stamp was made for */
    char stamp[64]; /* "Oct 25 00:00:00 host " or "2026-10-25T00:00:00" */
    size_t stamp_len;
    int fd;
};

/* host must live as long as the sink. */
void sink_open(struct sink *k, int fd, enum sink_format format, const char *host, uint64_t limit);
/* Writes what is left and frees the buffer. */
void sink_close(struct sink *k);

/* Begins a line: `STAMP HOST INSTANCE/SERVICE[PID]: `. Without an instance the tag is the service,
 * without a pid (0) there are no brackets. t is microseconds since 1970. */
void sink_begin(struct sink *k, int64_t t, const char *instance, const char *service, uint32_t pid);
void sink_end(struct sink *k);

void put_bytes(struct sink *k, const char *p, size_t n);
void put_uint(struct sink *k, uint64_t v);
/* As many decimal digits as width says, with leading zeros. */
void put_padded(struct sink *k, uint64_t v, unsigned width);
void put_hex(struct sink *k, uint64_t v, unsigned width);
/* A span of microseconds as Postfix prints a delay: two digits that count, at most 0.01 s. */
void put_delay(struct sink *k, int64_t us);
/* `Oct 25 00:00:00`, and `2026-10-25T00:00:00Z`. */
void put_short_time(struct sink *k, int64_t t);
void put_iso_time(struct sink *k, int64_t t);

static inline void put_text(struct sink *k, const char *s)
{
    put_bytes(k, s, strlen(s));
}

#define PUT(k, literal) put_bytes(k, literal, sizeof(literal) - 1)

#endif
