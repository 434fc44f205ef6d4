/* fuzz: what the harnesses share. Each tests/fuzz/NAME.c has one LLVMFuzzerTestOneInput: libFuzzer
 * calls it (tests/fuzz.sh), or main.c does with the files of the kept corpus (tests/fuzz.t).
 *
 * A harness ends in abort() when what it checks doesn't hold. Bytes that decide (a seed, a choice)
 * are taken off the front of the input.
 */
#ifndef MPTOOLS_TESTS_FUZZ_H
#define MPTOOLS_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "log/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_NOW INT64_C(1795521600000000) /* 2026-11-24T12:00:00Z */

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                            \
        }                                                                       \
    } while (0)

struct bytes {
    const uint8_t *p, *end;
};

static inline unsigned take_byte(struct bytes *b)
{
    return b->p < b->end ? *b->p++ : 0;
}

/* The next n bytes, or what is left. */
static inline struct slice take_slice(struct bytes *b, size_t n)
{
    if (n > (size_t)(b->end - b->p))
        n = (size_t)(b->end - b->p);
    struct slice s = slice_of((const char *)b->p, n);
    b->p += n;
    return s;
}

static inline uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* A copy whose ends the sanitizer watches; for free(). */
static inline char *copy_of(struct slice s)
{
    char *p = malloc(s.n ? s.n : 1);

    CHECK(p);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

static inline struct slice first_line(struct slice s)
{
    const char *nl = slice_chr(s, '\n');

    return nl ? slice_range(s.p, nl + 1) : s;
}

/* Fails with the first line that differs. */
static inline void check_same(const struct text *a, const struct text *b, const char *what)
{
    struct slice x = text_slice(a), y = text_slice(b);
    unsigned line = 1;

    if (slice_eq(x, y))
        return;
    for (; slice_eq(first_line(x), first_line(y)); line++) {
        x = slice_skip(x, first_line(x).n);
        y = slice_skip(y, first_line(y).n);
    }
    fprintf(stderr, "%s: line %u:\n%.*s\n--- not\n%.*s\n", what, line, (int)first_line(x).n, x.p,
            (int)first_line(y).n, y.p);
    abort();
}

/* A record as text, and what any record has to be. */
static inline void add_record(struct text *out, const struct record *r)
{
    CHECK(r->kind > KIND_NONE && r->kind < KIND_COUNT);
    CHECK(r->digits <= 6 && envelope_time_ok(r->time));
    text_addf(out, "%lld.%u", (long long)r->time, r->digits);
    text_addc(out, '\t');
    text_add(out, record_kind_name(r->kind));
    for (unsigned c = COL_KIND + 1; c < COL_COUNT; c++) {
        text_addc(out, '\t');
        text_add_tsv(out, r->f[c]);
    }
    text_addc(out, '\n');
}

static inline struct parser *new_parser(bool summary)
{
    struct parser_options o = {.now = FUZZ_NOW, .summary = summary};
    struct parser *p = parser_new(&o);

    CHECK(p);
    return p;
}

static inline void add_records(struct parser *p, struct text *out)
{
    struct record *r;
    enum parser_result result;

    while ((result = parser_next(p, &r)) == PARSER_RECORD)
        add_record(out, r);
    CHECK(result == PARSER_MORE);
}

static inline void push_all(struct parser *p, struct slice log, struct text *out)
{
    parser_push(p, log.p, log.n);
    add_records(p, out);
}

/* In blocks of up to `most` bytes, each gone when the next one comes. */
static inline void push_blocks(struct parser *p, struct slice log, uint64_t seed, size_t most,
                               struct text *out)
{
    while (log.n) {
        size_t n = next_random(&seed) % (most + 1);
        struct slice block = slice_of(log.p, n < log.n ? n : log.n);
        char *copy = copy_of(block);
        push_all(p, slice_of(copy, block.n), out);
        free(copy);
        log = slice_skip(log, block.n);
    }
}

static inline void end_records(struct parser *p, struct text *out)
{
    parser_push(p, NULL, 0);
    parser_end(p);
    add_records(p, out);
}

#endif
