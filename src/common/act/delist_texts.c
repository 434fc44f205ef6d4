#include "act/delist_texts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MOST 65536u

struct delist_texts {
    struct arena arena;
    struct delist_template *list;
    size_t n, cap;
    struct problems *problems; /* while loading */
};

/* The whole file in the arena; p is NULL with a problem. */
static struct slice read_file(struct delist_texts *t, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), why = 0;
    char *p = fd < 0 ? NULL : arena_alloc(&t->arena, FILE_MOST + 1);
    size_t n = 0;
    ssize_t got = 1;

    if (p == NULL)
        why = fd < 0 ? errno : ENOMEM;
    while (p && got > 0 && n <= FILE_MOST) {
        got = read(fd, p + n, FILE_MOST + 1 - n);
        if (got < 0)
            why = errno;
        n += got > 0 ? (size_t)got : 0;
    }
    if (n > FILE_MOST)
        why = EFBIG;
    if (fd >= 0)
        close(fd);
    if (why)
        problem_add(t->problems, path, 0, "can't be read: %s", strerror(why));
    return why ? SLICE_NONE : slice_of(p, n);
}

static struct delist_template *add(struct delist_texts *t, struct slice name)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 32;
        struct delist_template *more = realloc(t->list, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        t->list = more;
        t->cap = cap;
    }
    t->list[t->n] = (struct delist_template){.name = arena_slice(&t->arena, name)};
    return t->list[t->n].name.p ? &t->list[t->n++] : NULL;
}

static void load_file(struct delist_texts *t, const char *dir, const char *name)
{
    struct slice stem = slice_of(name, strlen(name) - 4);
    struct delist_template *to;
    char *path;

    if (delist_texts_find(t, stem)) /* the operator's own goes first */
        return;
    to = add(t, stem);
    if (to == NULL || asprintf(&path, "%s/%s", dir, name) < 0) {
        problem_add(t->problems, dir, 0, "out of memory");
        return;
    }
    char *file = arena_str(&t->arena, slice_str(path));
    struct slice text = file ? read_file(t, file) : SLICE_NONE;
    if (text.p)
        delist_template_read(to, file, text, &t->arena, t->problems);
    free(path);
}

static int is_template(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".txt") == 0;
}

/* needed: it is a mistake when there is none. */
static void load_dir(struct delist_texts *t, const char *top, bool needed)
{
    struct dirent **entry;
    char *dir;

    if (asprintf(&dir, "%s/requests", top) < 0) {
        problem_add(t->problems, top, 0, "out of memory");
        return;
    }
    int n = scandir(dir, &entry, is_template, alphasort);
    if (n < 0 && (needed || errno != ENOENT))
        problem_add(t->problems, dir, 0, "can't be read: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        load_file(t, dir, entry[i]->d_name);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    free(dir);
}

struct delist_texts *delist_texts_load(const char *share, const char *conf,
                                       struct problems *problems)
{
    struct delist_texts *t = calloc(1, sizeof *t);
    unsigned before = problems->count;

    if (t == NULL) {
        problem_add(problems, share, 0, "out of memory");
        return NULL;
    }
    t->problems = problems;
    if (conf)
        load_dir(t, conf, false);
    load_dir(t, share, true);
    t->problems = NULL;
    if (problems->count == before)
        return t;
    delist_texts_free(t);
    return NULL;
}

void delist_texts_free(struct delist_texts *t)
{
    if (t == NULL)
        return;
    arena_free(&t->arena);
    free(t->list);
    free(t);
}

const struct delist_template *delist_texts_find(const struct delist_texts *t, struct slice name)
{
    for (size_t i = 0; t && i < t->n; i++)
        if (slice_eq(t->list[i].name, name))
            return &t->list[i];
    return NULL;
}

const struct delist_template *delist_texts_at(const struct delist_texts *t, size_t i)
{
    return i < t->n ? &t->list[i] : NULL;
}
