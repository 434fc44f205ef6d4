#include "judge/recent.h"

#include <stdlib.h>
#include <string.h>

bool recent_init(struct recent *r, size_t first, size_t most)
{
    *r = (struct recent){.young_size = first, .old_size = first, .most = most};
    r->young = calloc(first, sizeof *r->young);
    r->old = calloc(first, sizeof *r->old);
    return r->young && r->old;
}

void recent_free(struct recent *r)
{
    free(r->young);
    free(r->old);
}

/* Where the number is, or would be. */
static size_t place(const uint64_t *slots, size_t size, uint64_t number)
{
    size_t i = number & (size - 1);

    while (slots[i] && slots[i] != number)
        i = (i + 1) & (size - 1);
    return i;
}

static bool in_old(const struct recent *r, uint64_t number)
{
    return r->old[place(r->old, r->old_size, number)] == number;
}

bool recent_has(const struct recent *r, uint64_t number)
{
    return r->young[place(r->young, r->young_size, number)] == number || in_old(r, number);
}

bool recent_touch(struct recent *r, uint64_t number)
{
    if (r->young[place(r->young, r->young_size, number)] == number)
        return true;
    if (!in_old(r, number))
        return false;
    recent_add(r, number);
    return true;
}

static bool grow(struct recent *r)
{
    size_t size = r->young_size * 2;
    uint64_t *wide = size <= r->most ? calloc(size, sizeof *wide) : NULL;

    if (wide == NULL)
        return false;
    for (size_t i = 0; i < r->young_size; i++)
        if (r->young[i])
            wide[place(wide, size, r->young[i])] = r->young[i];
    free(r->young);
    r->young = wide;
    r->young_size = size;
    return true;
}

static void forget(struct recent *r)
{
    uint64_t *slots = r->old;
    size_t size = r->old_size;

    r->old = r->young;
    r->old_size = r->young_size;
    r->young = slots;
    r->young_size = size;
    memset(r->young, 0, size * sizeof *r->young);
    r->used = 0;
}

void recent_add(struct recent *r, uint64_t number)
{
    size_t i = place(r->young, r->young_size, number);

    if (r->young[i])
        return;
    r->young[i] = number;
    if (++r->used >= r->young_size / 2 && !grow(r))
        forget(r);
}

static void save_table(const uint64_t *slots, size_t size, struct text *out)
{
    size_t used = 0;

    for (size_t i = 0; i < size; i++)
        used += slots[i] != 0;
    pack_number(out, used);
    for (size_t i = 0; i < size; i++)
        if (slots[i])
            pack_fixed(out, slots[i]);
}

void recent_save(const struct recent *r, struct text *out)
{
    save_table(r->old, r->old_size, out);
    save_table(r->young, r->young_size, out);
}

/* A table of n numbers, at most half full. */
static bool load_table(uint64_t **slots, size_t *size, size_t n, struct unpack *in)
{
    size_t wide = *size;

    while (wide / 2 < n)
        wide *= 2;
    uint64_t *table = calloc(wide, sizeof *table);
    if (table == NULL)
        return false;
    free(*slots);
    *slots = table;
    *size = wide;
    for (; n; n--) {
        uint64_t number = unpack_fixed(in);
        size_t i = place(table, wide, number);
        in->bad |= number == 0 || table[i];
        table[i] = number;
    }
    return true;
}

bool recent_load(struct recent *r, struct unpack *in)
{
    size_t n = unpack_count(in, r->most / 2, sizeof *r->old);

    if (!load_table(&r->old, &r->old_size, n, in))
        return false;
    r->used = unpack_count(in, r->most / 2 - 1, sizeof *r->young);
    return load_table(&r->young, &r->young_size, r->used, in);
}
