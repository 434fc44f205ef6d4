#include "judge/fresh.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 16u

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
