#include "base/inifile.h"

#include <errno.h>
#include <stdio.h>

#include <ini.h>

#include "base/inifile_value.h"

#define FILE_MOST ((size_t)1 << 20)

struct reading {
    const struct inifile *f;
    struct problems *problems;
    struct arena *arena;
    char *out;
    struct slice rest; /* of the text */
    unsigned line;     /* the one that libinih has now */
    unsigned *stands;  /* by key: in which line; 0: not yet */
    const char *section;
    bool headed;  /* a [section] was there; section is NULL when it is an unknown one */
    bool due;     /* the line at hand has to bring a name and a value */
    bool goes_on; /* it continues the key before */
    const struct inifile_key *last;
};

/* Takes the further lines of a key that is in error. */
static const struct inifile_key ignored = {.type = INIFILE_LIST};

#define WRONG(r, ...) problem_add((r)->problems, (r)->f->file, (r)->line, __VA_ARGS__)

/* libinih calls nobody for a line that it can't take apart. */
static void settle(struct reading *r)
{
    if (r->due)
        WRONG(r, "neither [SECTION] nor NAME = VALUE");
    r->due = false;
}

static bool is_text(const struct reading *r, struct slice s)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        unsigned char c = (unsigned char)s.p[i];
        n = utf8_length(s.p + i, s.p + s.n);
        if (n == 0)
            WRONG(r, "byte 0x%02x is not UTF-8: save the file as UTF-8", c);
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            WRONG(r, "control character 0x%02x: remove it", c);
        else
            continue;
        return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice without_comment(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] == '#' || s.p[i] == ';') && (i == 0 || is_blank(s.p[i - 1])))
            s.n = i;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* The names of the keys of a section, or (NULL) of all sections. */
static void names(const struct inifile *f, const char *section, struct text *t)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct inifile_key *k = &f->keys[i];
        bool first = i == 0 || strcmp(k->section, k[-1].section) != 0;
        if (section ? strcmp(k->section, section) == 0 : first)
            text_addf(t, "%s%s", t->n ? ", " : "", section ? k->name : k->section);
    }
    text_addc(t, '\0');
}

/* A line that begins with [. False: libinih is not to see it. */
static bool header(struct reading *r, struct slice line)
{
    const char *end = slice_chr(line, ']');
    struct slice name = end ? slice_range(line.p + 1, end) : SLICE_NONE;
    struct text all = {0};

    r->headed = true;
    r->section = NULL;
    r->last = NULL;
    if (end == NULL || end + 1 != line.p + line.n) {
        WRONG(r, "a line with a section is [SECTION] and nothing more");
        return false;
    }
    for (size_t i = 0; i < r->f->n && r->section == NULL; i++)
        if (slice_eq(name, slice_str(r->f->keys[i].section)))
            r->section = r->f->keys[i].section;
    if (r->section)
        return true;
    names(r->f, NULL, &all);
    WRONG(r, "there is no section [%.*s]: the sections are %s", (int)name.n, name.p,
          all.failed ? "" : all.p);
    text_free(&all);
    return false;
}

/* The line as libinih is to see it; empty when it is in error or has nothing. */
static struct slice prepare(struct reading *r, struct slice line)
{
    struct slice bare = without_comment(line);
    bool text = is_text(r, line), fits = bare.n <= INIFILE_LINE_MOST;

    if (text && !fits)
        WRONG(r,
              "the line is longer than %u bytes; a list may go on in lines that begin with a "
              "blank",
              INIFILE_LINE_MOST);
    if (!text || !fits) {
        r->last = &ignored;
        return SLICE_NONE;
    }
    line = bare;
    while (line.n && is_blank(*line.p))
        line = slice_skip(line, 1);
    if (line.n == 0)
        return line;
    if (*line.p == '[')
        return header(r, line) ? line : SLICE_NONE;
    r->goes_on =
        line.p > bare.p && !slice_chr(line, '=') && r->last && r->last->type == INIFILE_LIST;
    if (r->goes_on && r->last == &ignored)
        return SLICE_NONE;
    r->due = true;
    return r->goes_on ? bare : line;
}

/* libinih's reader, in place of fgets. */
static char *next_line(char *to, int room, void *stream)
{
    struct reading *r = stream;
    const char *end = slice_chr(r->rest, '\n');
    struct slice line = end ? slice_range(r->rest.p, end) : r->rest;

    settle(r);
    if (r->rest.n == 0)
        return NULL;
    r->rest = slice_skip(r->rest, line.n + 1);
    r->line++;
    r->goes_on = false;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    line = prepare(r, line);
    if (line.n + 3 > (size_t)room) { /* a libinih with another buffer than the usual one */
        WRONG(r, "the line is longer than %d bytes", room - 3);
        r->due = false;
        line.n = 0;
    }
    if (line.n)
        memcpy(to, line.p, line.n);
    to[line.n] = '\0';
    return to;
}

static void set(struct reading *r, const struct inifile_key *key, const char *value)
{
    char needs[INIFILE_NEEDS];
    bool failed = false;

    if (inifile_value(key, slice_str(value), r->f->file, r->arena, r->out + key->at, &failed) ||
        failed) {
        if (failed)
            WRONG(r, "out of memory");
        return;
    }
    WRONG(r, "%s = %s: %s is needed", key->name, value, inifile_needs(key, needs));
}

static void unknown(const struct reading *r, const char *name)
{
    struct text all = {0};

    names(r->f, r->section, &all);
    WRONG(r, "there is no `%s' in [%s]: its names are %s", name, r->section,
          all.failed ? "" : all.p);
    text_free(&all);
}

/* libinih's handler, for each name and value and each line that goes on. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    (void)section; /* cut to 49 bytes, unlike r->section */
    r->due = false;
    if (r->goes_on) {
        set(r, r->last, value);
        return 1;
    }
    r->last = &ignored;
    if (!r->headed)
        WRONG(r, "`%s' stands before the first [SECTION]", name);
    if (r->section == NULL)
        return 1;
    for (size_t i = 0; i < r->f->n; i++) {
        const struct inifile_key *k = &r->f->keys[i];
        if (strcmp(k->section, r->section) != 0 || strcmp(k->name, name) != 0)
            continue;
        if (r->stands[i]) {
            WRONG(r, "`%s' stands in line %u already", name, r->stands[i]);
            return 1;
        }
        r->stands[i] = r->line;
        r->last = k;
        if (k->type == INIFILE_LIST)
            *(struct inifile_list *)(void *)(r->out + k->at) = (struct inifile_list){0};
        set(r, k, value);
        return 1;
    }
    unknown(r, name);
    return 1;
}

static void defaults(struct reading *r)
{
    for (size_t i = 0; i < r->f->n; i++)
        if (r->f->keys[i].usual)
            set(r, &r->f->keys[i], r->f->keys[i].usual);
}

enum words_result inifile_read(const struct inifile *f, struct slice text,
                               struct problems *problems, struct arena *arena, void *out)
{
    unsigned before = problems->count;
    struct reading r = {.f = f, .problems = problems, .arena = arena, .out = out, .rest = text};

    r.stands = arena_alloc(arena, (f->n + 1) * sizeof *r.stands);
    if (r.stands == NULL) {
        problem_add(problems, f->file, 0, "out of memory");
        return WORDS_BROKEN;
    }
    defaults(&r);
    if (slice_starts(r.rest, SL("\xef\xbb\xbf")))
        r.rest = slice_skip(r.rest, 3);
    int error = ini_parse_stream(next_line, &r, take, &r);
    settle(&r);
    if (error && problems->count == before)
        problem_add(problems, f->file, error > 0 ? (unsigned)error : 0,
                    error > 0 ? "libinih can't read the line" : "out of memory");
    return problems->count == before ? WORDS_OK : WORDS_BROKEN;
}

static bool slurp(FILE *in, struct text *t)
{
    size_t n;

    do {
        if (!text_room(t, 4096)) {
            errno = ENOMEM;
            return false;
        }
        n = fread(t->p + t->n, 1, 4096, in);
        t->n += n;
    } while (n && t->n <= FILE_MOST);
    if (t->n > FILE_MOST)
        errno = EFBIG;
    return !ferror(in) && t->n <= FILE_MOST;
}

enum words_result inifile_load(const struct inifile *f, struct problems *problems,
                               struct arena *arena, void *out)
{
    FILE *in = fopen(f->file, "re");
    struct text text = {0};
    enum words_result result = WORDS_BROKEN;

    if (in == NULL && errno == ENOENT) {
        result = inifile_read(f, SLICE_NONE, problems, arena, out);
        return result == WORDS_OK ? WORDS_ABSENT : result;
    }
    if (in == NULL)
        problem_add(problems, f->file, 0, "can't open it: %s", strerror(errno));
    else if (!slurp(in, &text))
        problem_add(problems, f->file, 0, "can't read it: %s", strerror(errno));
    else
        result = inifile_read(f, text_slice(&text), problems, arena, out);
    if (in)
        fclose(in);
    text_free(&text);
    return result;
}
