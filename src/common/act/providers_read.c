#include "act/providers_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/conffolder.h"
#include "base/share.h"

enum { LINE_MOST = 4096 };

/* --- sections --------------------------------------------------------------------------------- */

static struct entry *new_entry(struct provider_section *s, struct slice id)
{
    struct providers *all = s->r.all;
    struct entry *e = arena_alloc(&all->arena, sizeof *e);

    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 128;
        struct entry **more = realloc(all->entry, room * sizeof *more);
        if (more == NULL)
            return NULL;
        all->entry = more;
        all->room = room;
    }
    if (e == NULL || all->n == PROVIDERS_MAX)
        return NULL;
    e->p.id = arena_slice(&all->arena, id);
    e->p.file = s->r.file;
    e->p.line = s->r.line;
    e->p.kind = (enum provider_kind) - 1;
    e->p.ask = PROVIDER_ASK;
    e->p.zone.ipv4 = true;
    e->p.zone.test_listed = e->p.zone.test_unlisted = true;
    e->operators = s->r.operators;
    e->seq = (unsigned)all->n;
    if (e->p.id.p == NULL || !map_put(&all->by_id, e->p.id, e))
        return NULL;
    return all->entry[all->n++] = e;
}

/* A line that begins with [. */
static void read_header(struct provider_section *s, struct slice line)
{
    struct slice id = slice_of(line.p + 1, line.n - 1);

    s->r.e = NULL;
    s->r.matched = false;
    memset(s->stands, 0, sizeof s->stands);
    if (id.n == 0 || id.p[id.n - 1] != ']') {
        PROVIDER_WRONG(&s->r, "a line with a section is [ID] and nothing more");
        return;
    }
    id.n--;
    if (!provider_is_id(id)) {
        PROVIDER_WRONG(&s->r, "`%.*s' can't be an id: lower case letters, digits and -", (int)id.n,
                       id.p);
        return;
    }
    s->r.e = map_get(&s->r.all->by_id, id);
    if (s->r.e && s->r.e->p.file == s->r.file) {
        PROVIDER_WRONG(&s->r, "[%.*s] stands in line %u already", (int)id.n, id.p, s->r.e->p.line);
        s->r.e = NULL;
    } else if (s->r.e == NULL && (s->r.e = new_entry(s, id)) == NULL) {
        PROVIDER_WRONG(&s->r, "out of memory, or more than %d providers", PROVIDERS_MAX);
    } else { /* another file goes on with it: lines are that file's from here */
        s->r.e->yields_line = s->r.e->replaces_line = s->r.e->part_line = s->r.e->zone_line = 0;
        s->r.e->p.file = s->r.file;
        s->r.e->p.line = s->r.line;
    }
}

static bool is_text(struct provider_section *s, struct slice line)
{
    if (line.n > LINE_MOST) {
        PROVIDER_WRONG(&s->r, "the line is longer than %d bytes", LINE_MOST);
        return false;
    }
    for (size_t i = 0, n; i < line.n; i += n) {
        unsigned char c = (unsigned char)line.p[i];
        n = utf8_length(line.p + i, line.p + line.n);
        if (n == 0)
            PROVIDER_WRONG(&s->r, "byte 0x%02x is not UTF-8: save the file as UTF-8", c);
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            PROVIDER_WRONG(&s->r, "control character 0x%02x: remove it", c);
        else
            continue;
        return false;
    }
    return true;
}

static struct slice trimmed(struct slice s)
{
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r' ||
                   s.p[s.n - 1] == '\n'))
        s.n--;
    while (s.n && (*s.p == ' ' || *s.p == '\t'))
        s = slice_skip(s, 1);
    return s;
}

static void read_line(struct provider_section *s, struct slice line, bool *headed)
{
    const char *equals;

    line = trimmed(line);
    if (line.n == 0 || *line.p == '#' || !is_text(s, line))
        return;
    if (*line.p == '[') {
        *headed = true;
        read_header(s, line);
    } else if (!*headed) {
        PROVIDER_WRONG(&s->r, "this stands before the first [ID]");
    } else if ((equals = slice_chr(line, '=')) == NULL) {
        PROVIDER_WRONG(&s->r, "neither [ID] nor NAME = VALUE");
    } else if (s->r.e) { /* what is below a wrong header was not meant for anything */
        struct slice name = trimmed(slice_range(line.p, equals));
        provider_read_key(s, name, trimmed(slice_range(equals + 1, line.p + line.n)));
    }
}

static void read_file(struct providers *all, const char *file, bool operators,
                      struct problems *problems)
{
    struct provider_section s = {.r = {.all = all, .problems = problems, .operators = operators}};
    FILE *in = fopen(file, "re");
    bool headed = false;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    s.r.file = arena_str(&all->arena, slice_str(file));
    if (in == NULL || s.r.file == NULL) {
        problem_add(problems, file, 0, "can't open it: %s", in ? "out of memory" : strerror(errno));
    } else {
        for (s.r.line = 1; (n = getline(&line, &room, in)) >= 0; s.r.line++)
            read_line(&s, slice_of(line, (size_t)n), &headed);
        if (ferror(in))
            problem_add(problems, file, 0, "can't read it: %s", strerror(errno));
    }
    free(line);
    if (in)
        fclose(in);
}

static void read_operators(void *all, const char *path, struct problems *problems)
{
    read_file(all, path, true, problems);
}

struct providers *providers_load(const char *share, const char *conf, struct problems *problems)
{
    struct providers *all = calloc(1, sizeof *all);
    unsigned before = problems->count;
    char path[PATH_MAX];

    if (all == NULL) {
        problem_add(problems, NULL, 0, "out of memory");
        return NULL;
    }
    if (share == NULL)
        share = share_dir();
    if ((size_t)snprintf(path, sizeof path, "%s/providers.conf", share) >= sizeof path)
        problem_add(problems, share, 0, "the name is too long");
    else
        read_file(all, path, false, problems);
    if (conf)
        conffolder_each(conf, "providers.d", read_operators, all, problems);
    providers_check(all, problems);
    if (problems->count == before)
        return all;
    providers_free(all);
    return NULL;
}
