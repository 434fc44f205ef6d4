/* slice: a run of bytes that somebody else owns.
 *
 * Log lines are a stranger's bytes: never NUL-terminated, never trusted, compared by length and
 * memcmp. A slice lives as long as the block, arena or pool it points into; a function that keeps
 * one copies it. p may be NULL only when n is 0. Nothing here allocates or fails.
 */
#ifndef MPTOOLS_BASE_SLICE_H
#define MPTOOLS_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *p;
    size_t n;
};

#define SLICE_NONE ((struct slice){NULL, 0})
/* A slice of a string literal. */
#define SL(lit) ((struct slice){(lit), sizeof(lit) - 1})

static inline struct slice slice_of(const char *p, size_t n)
{
    return (struct slice){p, n};
}

static inline struct slice slice_str(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

/* From a to b; b must not be before a. */
static inline struct slice slice_range(const char *a, const char *b)
{
    return (struct slice){a, (size_t)(b - a)};
}

static inline uint64_t word_at(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* memcmp(a, b, n) == 0 without the call for the short strings that log fields are. */
static inline bool bytes_eq(const char *a, const char *b, size_t n)
{
    if (n > 32)
        return memcmp(a, b, n) == 0;
    if (n >= 8) {
        uint64_t d = (word_at(a) ^ word_at(b)) | (word_at(a + n - 8) ^ word_at(b + n - 8));
        if (n > 16)
            d |= (word_at(a + 8) ^ word_at(b + 8)) | (word_at(a + n - 16) ^ word_at(b + n - 16));
        return d == 0;
    }
    if (n >= 4) {
        uint32_t i, j, k, l;
        memcpy(&i, a, 4);
        memcpy(&j, b, 4);
        memcpy(&k, a + n - 4, 4);
        memcpy(&l, b + n - 4, 4);
        return ((i ^ j) | (k ^ l)) == 0;
    }
    while (n > 0 && a[n - 1] == b[n - 1])
        n--;
    return n == 0;
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && bytes_eq(a.p, b.p, a.n);
}

/* As strcmp(3), by bytes; one that begins another comes first. */
static inline int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* ASCII case folding only (domains, SMTP verbs). */
static inline bool slice_ieq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && bytes_eq(s.p, prefix.p, prefix.n);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && bytes_eq(s.p + s.n - suffix.n, suffix.p, suffix.n);
}

/* s without its first k bytes; k is cut to the length. */
static inline struct slice slice_skip(struct slice s, size_t k)
{
    return k > s.n ? (struct slice){s.p + s.n, 0} : (struct slice){s.p + k, s.n - k};
}

/* The first needle in s, or NULL. For needles of a few bytes in strings of a few hundred, where
 * memmem's preparation costs more than the search; time is at worst the product of the lengths. */
static inline const char *slice_find(struct slice s, struct slice needle)
{
    const char *p = s.p, *last;

    if (s.n < needle.n || needle.n == 0)
        return needle.n == 0 ? s.p : NULL;
    last = s.p + s.n - needle.n;
    while (p <= last &&
           (p = memchr(p, (unsigned char)needle.p[0], (size_t)(last - p) + 1)) != NULL) {
        if (bytes_eq(p, needle.p, needle.n))
            return p;
        p++;
    }
    return NULL;
}

static inline const char *slice_chr(struct slice s, char c)
{
    return s.n ? memchr(s.p, (unsigned char)c, s.n) : NULL;
}

static inline const char *slice_rchr(struct slice s, char c)
{
    return s.n ? memrchr(s.p, (unsigned char)c, s.n) : NULL;
}

/* The last needle in s, or NULL. */
const char *slice_rfind(struct slice s, struct slice needle);

/* The unsigned decimal number that is all of s; false when it is empty, not a number or over
 * UINT64_MAX. */
bool slice_u64(struct slice s, uint64_t *out);

/* Zeroes and copies of a few hundred bytes, once or twice a line. Of a size that it knows, gcc
 * makes a `rep stos` or `rep movs`, whose start costs more than all of libc's vector loop: so it is
 * not told. */
static inline void zero_bytes(void *p, size_t n)
{
    __asm__("" : "+r"(n));
    memset(p, 0, n);
}

static inline void copy_bytes(void *to, const void *from, size_t n)
{
    __asm__("" : "+r"(n));
    memcpy(to, from, n);
}

/* The value of a hex digit, or -1. */
static inline int hex_digit(char c)
{
    if ((unsigned char)(c - '0') < 10)
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

#endif
