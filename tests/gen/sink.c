/* sink: see sink.h. */
#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, LONGEST_LINE = 1 << 16 };

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void sink_open(struct sink *k, int fd, enum sink_format format, const char *host, uint64_t limit)
{
    memset(k, 0, sizeof(*k));
    k->buf = malloc(BUFFER + LONGEST_LINE);
    if (k->buf == NULL)
        abort();
    k->fd = fd;
    k->format = format;
    k->host = host;
    k->limit = limit;
    k->second = INT64_MIN;
}

static void sink_flush(struct sink *k)
{
    size_t done = 0;

    while (done < k->len) {
        ssize_t n = write(k->fd, k->buf + done, k->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE)
            exit(0); /* the reader has seen enough */
        if (n < 0) {
            perror("loggen: write");
            exit(74);
        }
        done += (size_t)n;
    }
    k->len = 0;
}

void sink_close(struct sink *k)
{
    sink_flush(k);
    free(k->buf);
    k->buf = NULL;
}

void put_bytes(struct sink *k, const char *p, size_t n)
{
    if (k->len - k->line + n > LONGEST_LINE)
        abort(); /* a line of the generator's own making is never that long */
    memcpy(k->buf + k->len, p, n);
    k->len += n;
}

void put_uint(struct sink *k, uint64_t v)
{
    char digits[20];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    put_bytes(k, digits + i, sizeof(digits) - i);
}

void put_padded(struct sink *k, uint64_t v, unsigned width)
{
    char digits[20];

    for (unsigned i = width; i > 0; i--) {
        digits[i - 1] = (char)('0' + v % 10);
        v /= 10;
    }
    put_bytes(k, digits, width);
}

void put_hex(struct sink *k, uint64_t v, unsigned width)
{
    char digits[16];

    for (unsigned i = width; i > 0; i--) {
        digits[i - 1] = "0123456789ABCDEF"[v & 15];
        v >>= 4;
    }
    put_bytes(k, digits, width);
}

void put_delay(struct sink *k, int64_t us)
{
    int64_t hundredths = (us + 5000) / 10000;

    if (hundredths >= 1000) {
        put_uint(k, (uint64_t)((us + 500000) / 1000000));
        return;
    }
    if (hundredths >= 100)
        hundredths = (hundredths + 5) / 10 * 10;
    put_uint(k, (uint64_t)hundredths / 100);
    if (hundredths % 100 == 0)
        return;
    PUT(k, ".");
    put_uint(k, (uint64_t)hundredths % 100 / 10);
    if (hundredths % 10 != 0)
        put_uint(k, (uint64_t)hundredths % 10);
}

static void broken_down(int64_t seconds, struct tm *tm)
{
    time_t when = (time_t)seconds;

    if (gmtime_r(&when, tm) == NULL)
        abort();
}

void put_short_time(struct sink *k, int64_t t)
{
    struct tm tm;

    broken_down(t / 1000000, &tm);
    put_bytes(k, months[tm.tm_mon], 3);
    PUT(k, " ");
    if (tm.tm_mday < 10)
        PUT(k, " ");
    put_uint(k, (uint64_t)tm.tm_mday);
    PUT(k, " ");
    put_padded(k, (uint64_t)tm.tm_hour, 2);
    PUT(k, ":");
    put_padded(k, (uint64_t)tm.tm_min, 2);
    PUT(k, ":");
    put_padded(k, (uint64_t)tm.tm_sec, 2);
}

void put_iso_time(struct sink *k, int64_t t)
{
    char text[40];
    struct tm tm;

    broken_down(t / 1000000, &tm);
    put_bytes(k, text, strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm));
}

/* Most lines share their second with the one before: its text is made once. */
static void stamp_renew(struct sink *k, int64_t second)
{
    struct tm tm;

    broken_down(second, &tm);
    if (k->format == SINK_RFC3339)
        k->stamp_len = strftime(k->stamp, sizeof(k->stamp), "%Y-%m-%dT%H:%M:%S.", &tm);
    else
        k->stamp_len =
            (size_t)snprintf(k->stamp, sizeof(k->stamp), "%s %2d %02d:%02d:%02d ",
                             months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    k->second = second;
}

void sink_begin(struct sink *k, int64_t t, const char *instance, const char *service, uint32_t pid)
{
    int64_t second = t / 1000000;

    k->line = k->len;
    if (second != k->second)
        stamp_renew(k, second);
    put_bytes(k, k->stamp, k->stamp_len);
    if (k->format == SINK_RFC3339) {
        put_padded(k, (uint64_t)(t % 1000000), 6);
        PUT(k, "+00:00 ");
    }
    put_text(k, k->host);
    PUT(k, " ");
    if (instance != NULL) {
        put_text(k, instance);
        PUT(k, "/");
    }
    put_text(k, service);
    if (pid != 0) {
        PUT(k, "[");
        put_uint(k, pid);
        PUT(k, "]");
    }
    PUT(k, ": ");
}

void sink_end(struct sink *k)
{
    size_t n;

    PUT(k, "\n");
    n = k->len - k->line;
    if (k->mute || k->full || k->written + n > k->limit) {
        k->full = k->full || !k->mute;
        k->len = k->line;
        return;
    }
    k->written += n;
    k->lines++;
    if (k->len >= BUFFER)
        sink_flush(k);
    k->line = k->len;
}
