#include "log/tally.h"

#include <stdlib.h>

void tally_free(struct tally *t)
{
    map_free(&t->map);
    arena_free(&t->arena);
    text_free(&t->key);
}

static void count(struct tally *t, struct slice daemon, struct slice shape, struct slice example,
                  bool known)
{
    t->key.n = 0;
    text_add(&t->key, daemon);
    text_addc(&t->key, '\t');
    text_add(&t->key, shape);
    text_addc(&t->key, known ? '+' : '-');
    struct tally_row *row = map_get(&t->map, text_slice(&t->key));
    if (row == NULL) {
        if (t->map.used >= TALLY_MAX || (row = arena_alloc(&t->arena, sizeof *row)) == NULL) {
            t->beyond++;
            return;
        }
        struct slice key = arena_slice(&t->arena, text_slice(&t->key));
        if (example.n > TALLY_EXAMPLE)
            example.n = TALLY_EXAMPLE;
        *row = (struct tally_row){.daemon = slice_of(key.p, daemon.n),
                                  .shape = slice_of(key.p + daemon.n + 1, shape.n),
                                  .example = arena_slice(&t->arena, example),
                                  .known = known};
        if (key.p == NULL || !map_put(&t->map, key, row)) {
            t->beyond++;
            return;
        }
    }
    row->count++;
}

void tally_known(struct tally *t, struct slice daemon, struct slice shape, struct slice example)
{
    count(t, daemon, shape, example, true);
}

/* The text with its values taken out: runs with a digit in them become N, what stands in <> or []
 * is emptied, 60 bytes are enough. */
void tally_unknown(struct tally *t, struct slice daemon, struct slice text)
{
    char shape[64];
    size_t n = 0;
    const char *p = text.p, *end = text.p + text.n;

    while (p < end && n < 60) {
        const char *start = p;
        bool digit = false;
        for (; p < end && (is_digit(*p) || (unsigned)((*p | 0x20) - 'a') < 26); p++)
            digit |= is_digit(*p);
        if (p > start) {
            size_t run = digit ? 1 : (size_t)(p - start);
            if (run > 60 - n)
                run = 60 - n;
            memcpy(shape + n, digit ? "N" : start, run);
            n += run;
            continue;
        }
        char close = *p == '<' ? '>' : *p == '[' ? ']' : 0;
        shape[n++] = *p++;
        const char *q = close && p < end ? memchr(p, close, (size_t)(end - p)) : NULL;
        p = q ? q : p;
    }
    count(t, daemon, slice_of(shape, n), text, false);
}

static int more_lines(const void *a, const void *b)
{
    const struct tally_row *x = *(const struct tally_row *const *)a;
    const struct tally_row *y = *(const struct tally_row *const *)b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    size_t n = x->shape.n < y->shape.n ? x->shape.n : y->shape.n;
    int c = memcmp(x->shape.p, y->shape.p, n);
    return c ? c : (x->shape.n > y->shape.n) - (x->shape.n < y->shape.n);
}

const struct tally_row **tally_rows(const struct tally *t, size_t *n)
{
    const struct tally_row **rows = t->map.used ? malloc(t->map.used * sizeof *rows) : NULL;
    const struct map_entry *e;
    size_t at = 0;

    *n = 0;
    while (rows && (e = map_next(&t->map, &at)) != NULL)
        rows[(*n)++] = e->value;
    if (rows)
        qsort(rows, *n, sizeof *rows, more_lines);
    return rows;
}
