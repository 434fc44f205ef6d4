#include "judge/fresh.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 4u

static uint32_t place(const struct fresh *f, uint64_t number)
{
    uint32_t i = (uint32_t)number & (f->size - 1);

    while (f->slot[i] && f->slot[i] != number)
        i = (i + 1) & (f->size - 1);
    return i;
}

bool fresh_has(const struct fresh *f, uint64_t number)
{
    return f->used && f->slot[place(f, number)] == number;
}

static bool grow(struct fresh *f)
{
    struct fresh wide = {.size = f->size ? f->size * 2 : FIRST, .used = f->used};

    wide.slot = calloc(wide.size, sizeof *wide.slot);
    if (wide.slot == NULL)
        return false;
    for (uint32_t i = 0; i < f->size; i++)
        if (f->slot[i])
            wide.slot[place(&wide, f->slot[i])] = f->slot[i];
    free(f->slot);
    *f = wide;
    return true;
}

bool fresh_add(struct fresh *f, uint64_t number)
{
    if (f->used == FRESH_MOST)
        return true;
    if (f->used >= f->size / 2 && !grow(f))
        return false;
    uint32_t i = place(f, number);
    f->used += f->slot[i] == 0;
    f->slot[i] = number;
    return true;
}

void fresh_clear(struct fresh *f)
{
    if (f->used)
        memset(f->slot, 0, f->size * sizeof *f->slot);
    f->used = 0;
}

void fresh_free(struct fresh *f)
{
    free(f->slot);
}

void fresh_save(const struct fresh *f, struct text *out)
{
    uint32_t first = 0;

    pack_number(out, f->used);
    if (f->used == 0)
        return;
    pack_number(out, f->size);
    while (f->slot[first]) /* from a free slot on, each finds its own place again */
        first++;
    for (uint32_t i = 0; i < f->size; i++) {
        uint64_t number = f->slot[(first + i) & (f->size - 1)];
        if (number)
            pack_fixed(out, number);
    }
}

bool fresh_load(struct fresh *f, struct unpack *in)
{
    uint32_t n = (uint32_t)unpack_count(in, FRESH_MOST, sizeof *f->slot);

    if (n == 0)
        return true;
    uint32_t size = (uint32_t)unpack_number(in, n <= FIRST / 4 ? FIRST : n * 4);
    if (size < FIRST || (size & (size - 1)) || n > size / 2) {
        in->bad = true;
        return true;
    }
    if ((f->slot = calloc(size, sizeof *f->slot)) == NULL)
        return false;
    f->size = size;
    for (; f->used < n; f->used++) {
        uint64_t number = unpack_fixed(in);
        uint32_t i = place(f, number);
        in->bad |= number == 0 || f->slot[i];
        f->slot[i] = number;
    }
    return true;
}
