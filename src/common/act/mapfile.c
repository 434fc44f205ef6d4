#include "act/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/route_value.h"
#include "base/exits.h"
#include "base/ipnet.h"

#define KEY_MAX 255
#define VALUE_MAX 400
#define PROBED_MAX 100
#define SIGNATURE "# Written by mptools"

static bool printable(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return false;
    return true;
}

static bool is_class(struct slice s)
{
    if (!slice_starts(s, SL("mp_")) || s.n > 40)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && s.p[i] != '_' && !(s.p[i] >= 'a' && s.p[i] <= 'z'))
            return false;
    return true;
}

static bool are_classes(struct slice s)
{
    const char *space;

    while ((space = slice_chr(s, ' ')) != NULL) {
        if (!is_class(slice_range(s.p, space)))
            return false;
        s = slice_skip(s, (size_t)(space + 1 - s.p));
    }
    return is_class(s);
}

/* `554 5.7.1 text`: code and status have to agree (RFC 3463 section 2). */
static bool is_reply(struct slice s)
{
    return s.n > 10 && (s.p[0] == '5' || s.p[0] == '4') && is_digit(s.p[1]) && is_digit(s.p[2]) &&
           s.p[3] == ' ' && s.p[4] == s.p[0] && s.p[5] == '.' && is_digit(s.p[6]) &&
           s.p[7] == '.' && is_digit(s.p[8]) && s.p[9] == ' ' && s.p[10] != ' ';
}

static bool value_text_good(struct slice value)
{
    return value.n && value.n <= VALUE_MAX && printable(value) && !slice_chr(value, '$') &&
           value.p[value.n - 1] != ' ';
}

bool map_value_good(struct slice value)
{
    return value_text_good(value) && (slice_eq(value, SL("DUNNO")) || are_classes(value) ||
                                      is_reply(value) || route_value_good(value));
}

bool map_header_value_good(struct slice value)
{
    return value_text_good(value) && slice_starts(value, SL("REJECT ")) && value.p[7] != ' ';
}

bool map_key_good(struct slice key)
{
    bool quoted = false;

    if (key.n == 0 || key.n > KEY_MAX || !printable(key) || key.p[0] == '#' || key.p[0] == ' ')
        return false;
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        if (c >= 'A' && c <= 'Z')
            return false;
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && (!quoted || ++i == key.n))
            return false;
        else if (c == ' ' && !quoted)
            return false;
    }
    return !quoted;
}

bool map_text_good(struct slice s)
{
    for (size_t i = 0, k; i < s.n; i += k) {
        unsigned char c = (unsigned char)s.p[i];
        k = utf8_length(s.p + i, s.p + s.n);
        if (k == 0 || c < 0x20 || c == 0x7f)
            return false;
    }
    return s.n > 0 && s.n <= KEY_MAX;
}

/* An expression between slashes, none inside, no byte that would end the line. */
static bool expression_good(struct slice s)
{
    if (s.n < 3 || s.p[0] != '/' || s.p[s.n - 1] != '/')
        return false;
    for (size_t i = 1; i + 1 < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f || c == '/')
            return false;
        if (c == '\\' && ++i + 1 == s.n)
            return false;
    }
    return true;
}

static bool net_good(struct slice s)
{
    struct ipnet net;

    return ipnet_parse(s, &net) == NULL;
}

static bool key_good(const struct mapfile *m, struct slice key)
{
    switch (m->kind) {
    case MAP_INDEXED:
        return map_key_good(key);
    case MAP_REGEXP:
    case MAP_HEADER:
        return expression_good(key);
    case MAP_CIDR:
        return net_good(key);
    }
    return false;
}

static struct map_row *new_row(struct mapfile *m)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 16;
        struct map_row *rows = realloc(m->rows, cap * sizeof(*rows));
        if (rows == NULL)
            return NULL;
        m->rows = rows;
        m->cap = cap;
    }
    return &m->rows[m->n];
}

static struct slice copy(struct mapfile *m, struct slice s)
{
    struct slice c = s.n ? arena_slice(&m->arena, s) : SLICE_NONE;

    if (c.n != s.n)
        m->failed = true;
    return c;
}

static bool push(struct mapfile *m, struct slice key, struct slice value, struct slice probe)
{
    struct map_row *row = new_row(m);

    if (row == NULL) {
        m->failed = true;
        return false;
    }
    *row = (struct map_row){copy(m, key), copy(m, value), copy(m, probe)};
    if (m->failed)
        return false;
    m->n++;
    return true;
}

/* Does the expression, with its slashes, fit the text? An error means that it might. */
static bool expression_fits(struct slice expression, const char *text)
{
    char *pattern = strndup(expression.p + 1, expression.n - 2);
    regex_t re;

    if (pattern == NULL)
        return true;
    bool compiled = regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0;
    bool fits = !compiled || regexec(&re, text, 0, NULL, 0) == 0;
    if (compiled)
        regfree(&re);
    free(pattern);
    return fits;
}

/* Might an earlier row of a regexp map answer? (Of many rows this is not asked.) */
static bool answered_before(const struct mapfile *m, struct slice probe)
{
    char *text = m->n > PROBED_MAX ? NULL : strndup(probe.p, probe.n);
    bool answered = text == NULL;

    for (size_t i = 0; i < m->n && !answered; i++)
        answered = m->rows[i].key.p[0] == '/' && expression_fits(m->rows[i].key, text);
    free(text);
    return answered;
}

static bool is_keyed(const struct mapfile *m)
{
    return m->kind == MAP_INDEXED || m->kind == MAP_CIDR;
}

enum map_added mapfile_add(struct mapfile *m, struct slice key, struct slice value,
                           struct slice probe)
{
    if (!key_good(m, key))
        return MAP_BAD_KEY;
    if (!(m->kind == MAP_HEADER ? map_header_value_good(value) : map_value_good(value)))
        return MAP_BAD_VALUE;
    if (is_keyed(m)) {
        const struct slice *there = map_get(&m->index, key);
        if (there)
            return slice_eq(*there, value) ? MAP_ADDED : MAP_CLASH;
    } else if (probe.n && answered_before(m, probe)) {
        probe = SLICE_NONE;
    }
    if (!push(m, key, value, probe))
        return MAP_NO_MEMORY;
    if (is_keyed(m)) {
        struct slice *kept = arena_alloc(&m->arena, sizeof(*kept));
        if (kept)
            *kept = m->rows[m->n - 1].value;
        if (kept == NULL || !map_put(&m->index, m->rows[m->n - 1].key, kept)) {
            m->failed = true;
            return MAP_NO_MEMORY;
        }
    }
    return MAP_ADDED;
}

void mapfile_add_if(struct mapfile *m, struct slice expression)
{
    struct text t = {0};

    text_add(&t, SL("if "));
    text_add(&t, expression);
    if (t.failed || !expression_good(expression))
        m->failed = true;
    else
        push(m, text_slice(&t), SLICE_NONE, SLICE_NONE);
    text_free(&t);
}

void mapfile_add_endif(struct mapfile *m)
{
    push(m, SL("endif"), SLICE_NONE, SLICE_NONE);
}

void mapfile_about(struct mapfile *m, struct slice line)
{
    m->about = copy(m, line);
}

static int compare_keys(const void *a, const void *b)
{
    struct slice x = ((const struct map_row *)a)->key, y = ((const struct map_row *)b)->key;

    return slice_cmp(x, y);
}

static const char *kind_text(enum map_kind kind)
{
    return kind == MAP_INDEXED ? "indexed: postmap makes the table"
           : kind == MAP_CIDR  ? "cidr: Postfix reads it after a reload"
                               : "regexp: Postfix reads it after a reload";
}

bool mapfile_render(struct mapfile *m, struct text *out)
{
    if (m->failed)
        return false;
    if (m->kind == MAP_INDEXED && m->n)
        qsort(m->rows, m->n, sizeof(*m->rows), compare_keys);
    text_addf(out, SIGNATURE " from its ledger; changes made here are lost.\n# %s, %s.\n", m->name,
              kind_text(m->kind));
    if (m->about.n) {
        text_add(out, SL("# "));
        text_add_tsv(out, m->about);
        text_addc(out, '\n');
    }
    for (size_t i = 0; i < m->n; i++) {
        text_add(out, m->rows[i].key);
        if (m->rows[i].value.n) {
            text_addc(out, '\t');
            text_add(out, m->rows[i].value);
        }
        text_addc(out, '\n');
    }
    return !out->failed;
}

/* Absent and empty files may be written; others only if they begin with our line. */
static bool is_ours(const char *path)
{
    char buf[sizeof(SIGNATURE) - 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT;
    ssize_t n = read(fd, buf, sizeof(buf));
    close(fd);
    return n == 0 || (n == (ssize_t)sizeof(buf) && memcmp(buf, SIGNATURE, sizeof(buf)) == 0);
}

static bool has_bytes(const char *path, struct slice want)
{
    char buf[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t n = 1;

    if (fd < 0)
        return false;
    bool same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == want.n;
    while (same && n > 0) {
        n = read(fd, buf, sizeof(buf));
        same = n >= 0 && (size_t)n <= want.n && memcmp(buf, want.p, (size_t)n) == 0;
        if (same)
            want = slice_skip(want, (size_t)n);
    }
    close(fd);
    return same && want.n == 0;
}

static int stage_bytes(const char *path, struct slice bytes, struct atomic **out,
                       struct failure *failure)
{
    struct atomic *a = atomic_open(path, 0);

    if (a == NULL)
        return failure_memory(failure);
    if (atomic_fd(a) >= 0 && !write_all(atomic_fd(a), bytes.p, bytes.n))
        atomic_write_failed(a);
    if (atomic_failure(a)->status == 0) {
        *out = a;
        return 0;
    }
    failure_set(failure, atomic_failure(a)->status, "%s", failure_text(atomic_failure(a)));
    atomic_free(a);
    return failure->status;
}

int mapfile_stage(struct mapfile *m, const char *dir, struct atomic **out, struct failure *failure)
{
    char path[PATH_MAX];
    struct text t = {0};

    *out = NULL;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, m->name) >= sizeof(path))
        return failure_set(failure, EXIT_CANTCREAT, "%s/%s: the name is too long", dir, m->name);
    if (!is_ours(path))
        return failure_set(failure, EXIT_CANTCREAT,
                           "%s: is not one of our own maps, or can't be read: move it away "
                           "or choose another folder with --maps",
                           path);
    if (!mapfile_render(m, &t))
        failure_memory(failure);
    else if (!has_bytes(path, text_slice(&t)))
        stage_bytes(path, text_slice(&t), out, failure);
    text_free(&t);
    return failure->status;
}

void mapfile_free(struct mapfile *m)
{
    free(m->rows);
    map_free(&m->index);
    arena_free(&m->arena);
    *m = (struct mapfile){0};
}
