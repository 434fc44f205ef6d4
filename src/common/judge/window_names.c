#include "judge/window_names.h"

#include <stdlib.h>

static struct top_name *find(const struct names *names, struct slice name)
{
    for (uint32_t i = 0; i < names->n; i++)
        if (slice_eq(slice_of(names->top[i].name, names->top[i].n), name))
            return &names->top[i];
    return NULL;
}

bool names_has(const struct names *names, struct slice name)
{
    return find(names, name) != NULL;
}

static struct top_name *least_of(const struct names *names)
{
    struct top_name *least = names->top;

    for (uint32_t i = 1; i < names->n; i++)
        if (names->top[i].count < least->count)
            least = &names->top[i];
    return least;
}

/* A place at the end: the array doubles. NULL when memory runs out. */
static struct top_name *append(struct names *names)
{
    uint32_t n = names->n;

    if ((n & (n - 1)) == 0) {
        struct top_name *wide = realloc(names->top, (n ? 2 * n : 1) * sizeof *wide);
        if (wide == NULL)
            return NULL;
        names->top = wide;
    }
    names->top[n] = (struct top_name){0};
    return &names->top[names->n++];
}

static char *copy_of(struct slice name)
{
    char *copy = malloc(name.n ? name.n : 1);

    if (copy && name.n)
        memcpy(copy, name.p, name.n);
    return copy;
}

bool names_add(struct names *names, unsigned most, struct slice name)
{
    struct top_name *t = find(names, name);

    if (t == NULL) {
        char *copy = copy_of(name);
        t = copy == NULL ? NULL : names->n < most ? append(names) : least_of(names);
        if (t == NULL) {
            free(copy);
            return false;
        }
        free(t->name);
        t->name = copy;
        t->n = (uint32_t)name.n;
        t->error = t->count;
    }
    if (t->count < UINT32_MAX)
        t->count++;
    return true;
}

static int by_count(const void *a, const void *b)
{
    const struct suspect_count *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = memcmp(x->name.p, y->name.p, n);
    return c ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

unsigned names_list(const struct names *names, struct suspect_count *out)
{
    unsigned used = 0;

    for (uint32_t i = 0; i < names->n; i++) {
        const struct top_name *t = &names->top[i];
        if (t->count > t->error)
            out[used++] = (struct suspect_count){slice_of(t->name, t->n), t->count - t->error};
    }
    qsort(out, used, sizeof *out, by_count);
    return used;
}

void names_free(struct names *names)
{
    for (uint32_t i = 0; i < names->n; i++)
        free(names->top[i].name);
    free(names->top);
    *names = (struct names){0};
}

void names_save(const struct names *names, struct text *out)
{
    pack_number(out, names->n);
    for (uint32_t i = 0; i < names->n; i++) {
        pack_bytes(out, slice_of(names->top[i].name, names->top[i].n));
        pack_number(out, names->top[i].count);
        pack_number(out, names->top[i].error);
    }
}

bool names_load(struct names *names, unsigned most, struct unpack *in)
{
    unsigned n = (unsigned)unpack_number(in, most);

    for (unsigned i = 0; i < n && !in->bad; i++) {
        struct slice name = unpack_bytes(in, NAME_KEPT);
        struct top_name *t = append(names);
        if (t == NULL || (t->name = copy_of(name)) == NULL)
            return false;
        t->n = (uint32_t)name.n;
        t->count = (uint32_t)unpack_number(in, UINT32_MAX);
        t->error = (uint32_t)unpack_number(in, UINT32_MAX);
    }
    return true;
}
