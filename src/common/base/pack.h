/* pack: numbers and strings as bytes, the same on every machine, and back.
 *
 * Whole numbers take one byte for each seven bits (LEB128, as in DWARF), those of fixed width are
 * little-endian, floating point is the bits of IEEE 754. Packing adds to a struct text, whose
 * `failed` tells when memory ran out. Unpacking trusts nothing: what isn't there, is out of range
 * or not a number sets `bad` and gives 0; from then on everything is 0, so a chain of calls needs
 * one check at its end, or before something is allocated or looped over. Numbers are 0 to `most`,
 * floating point -most to most; strings go with their length, and point into the input.
 */
#ifndef MPTOOLS_BASE_PACK_H
#define MPTOOLS_BASE_PACK_H

#include <endian.h>

#include "base/text.h"

#define PACK_NUMBER 10 /* bytes for 64 bits */

static inline void pack_number(struct text *out, uint64_t n)
{
    if (!text_room(out, PACK_NUMBER))
        return;
    for (; n >= 0x80; n >>= 7)
        out->p[out->n++] = (char)(n | 0x80);
    out->p[out->n++] = (char)n;
}

static inline void pack_little(struct text *out, uint64_t n, unsigned bytes)
{
    uint64_t little = htole64(n);

    if (!text_room(out, bytes))
        return;
    memcpy(out->p + out->n, &little, bytes);
    out->n += bytes;
}

static inline void pack_fixed(struct text *out, uint64_t n)
{
    pack_little(out, n, 8);
}

static inline void pack_float(struct text *out, float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    pack_little(out, bits, sizeof bits);
}

static inline void pack_double(struct text *out, double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    pack_little(out, bits, sizeof bits);
}

static inline void pack_bytes(struct text *out, struct slice s)
{
    pack_number(out, s.n);
    text_add(out, s);
}

struct unpack {
    struct slice rest;
    bool bad;
};

static inline uint64_t unpack_bad(struct unpack *in)
{
    in->bad = true;
    in->rest = SLICE_NONE;
    return 0;
}

static inline uint64_t unpack_number(struct unpack *in, uint64_t most)
{
    uint64_t n = 0;

    for (size_t i = 0; i < in->rest.n && i < PACK_NUMBER; i++) {
        unsigned char c = (unsigned char)in->rest.p[i];
        if (i == PACK_NUMBER - 1 && c > 1)
            break;
        n |= (uint64_t)(c & 0x7f) << 7 * i;
        if (c & 0x80)
            continue;
        in->rest = slice_skip(in->rest, i + 1);
        return n <= most ? n : unpack_bad(in);
    }
    return unpack_bad(in);
}

static inline uint64_t unpack_little(struct unpack *in, unsigned bytes)
{
    uint64_t n = 0;

    if (in->rest.n < bytes)
        return unpack_bad(in);
    memcpy(&n, in->rest.p, bytes);
    in->rest = slice_skip(in->rest, bytes);
    return le64toh(n);
}

static inline uint64_t unpack_fixed(struct unpack *in)
{
    return unpack_little(in, 8);
}

static inline float unpack_float(struct unpack *in, float most)
{
    uint32_t bits = (uint32_t)unpack_little(in, sizeof bits);
    float x;

    memcpy(&x, &bits, sizeof x);
    return x >= -most && x <= most ? x : (float)unpack_bad(in);
}

static inline double unpack_double(struct unpack *in, double most)
{
    uint64_t bits = unpack_little(in, sizeof bits);
    double x;

    memcpy(&x, &bits, sizeof x);
    return x >= -most && x <= most ? x : (double)unpack_bad(in);
}

static inline struct slice unpack_bytes(struct unpack *in, size_t most)
{
    size_t n = (size_t)unpack_number(in, most);
    struct slice s = slice_of(in->rest.p, n);

    if (in->bad || n > in->rest.n) {
        unpack_bad(in);
        return SLICE_NONE;
    }
    in->rest = slice_skip(in->rest, n);
    return s;
}

/* The number of things that follow, each of at least `least` bytes: so what is allocated for them
 * is bounded by the input. */
static inline size_t unpack_count(struct unpack *in, uint64_t most, size_t least)
{
    uint64_t n = unpack_number(in, most);

    return n <= in->rest.n / least ? (size_t)n : (size_t)unpack_bad(in);
}

#endif
