#include "act/postmap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/run.h"
#include "base/atomic.h"
#include "base/exits.h"

/* Best first. */
static const struct table_type types[] = {
    {"lmdb", ".lmdb"}, {"cdb", ".cdb"}, {"hash", ".db"}, {"btree", ".db"}};
#define PATH_ROOM (PATH_MAX + 100) /* a map's name, type and building place besides */
#define TYPES (sizeof(types) / sizeof(types[0]))

/* Room was checked in postmap_install(). */
static void __attribute__((format(printf, 2, 3)))
make_path(char buf[PATH_ROOM], const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf, PATH_ROOM, fmt, ap);
    va_end(ap);
}

static struct slice first_line(const struct text *t)
{
    const char *nl = slice_chr(text_slice(t), '\n');

    return nl ? slice_range(t->p, nl) : text_slice(t);
}

/* What a program's bad end says; with status 0 that it warned. */
static int program_failed(struct failure *f, const char *program, const char *about, int status,
                          const struct text *err)
{
    struct slice line = first_line(err);

    if (status == RUN_MISSING)
        return failure_set(f, EXIT_UNAVAILABLE,
                           "%s: not found: install Postfix, or leave out --postmap and give "
                           "--map-type",
                           program);
    if (status == RUN_FAILED)
        return failure_set(f, EXIT_UNAVAILABLE, "%s: can't be run: %s", program,
                           errno ? strerror(errno) : "it was killed");
    return failure_set(f, EXIT_IO, "%s: %s said: %.*s", about, program, (int)line.n,
                       line.n ? line.p : "");
}

static bool has_line(struct slice text, const char *line)
{
    struct slice want = slice_str(line);

    while (text.n) {
        const char *nl = slice_chr(text, '\n');
        struct slice one = nl ? slice_range(text.p, nl) : text;
        if (slice_eq(one, want))
            return true;
        text = slice_skip(text, one.n + 1);
    }
    return false;
}

static const struct table_type *best_type(struct failure *failure)
{
    static const char *const argv[] = {"postconf", "-m", NULL};
    const struct table_type *best = NULL;
    struct text out = {0}, err = {0};
    int status = run_program(argv, SLICE_NONE, &out, &err);

    for (size_t i = 0; status == 0 && i < TYPES && best == NULL; i++)
        if (has_line(text_slice(&out), types[i].name))
            best = &types[i];
    if (status != 0)
        program_failed(failure, "postconf", "the table types", status, &err);
    else if (best == NULL)
        failure_set(failure, EXIT_UNAVAILABLE,
                    "postconf -m: has neither lmdb, cdb, hash nor btree: install postfix-lmdb");
    text_free(&out);
    text_free(&err);
    return best;
}

const struct table_type *table_type_choose(const char *wanted, struct failure *failure)
{
    if (wanted == NULL)
        return best_type(failure);
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(wanted, types[i].name) == 0)
            return &types[i];
    failure_set(failure, EXIT_USAGE, "%s: no table type: use lmdb, cdb, hash or btree", wanted);
    return NULL;
}

/* Runs postmap on TYPE:PATH; 0 to 1 is its status, output in *out. Anything on stderr is a failure.
 */
static int postmap(const char *option, const char *argument, const char *table, struct slice input,
                   struct text *out, struct failure *failure)
{
    const char *argv[5] = {"postmap"};
    size_t n = 1;
    struct text err = {0};

    if (option)
        argv[n++] = option;
    if (argument)
        argv[n++] = argument;
    argv[n] = table;
    int status = run_program(argv, input, out, &err);
    if (status < 0 || status > 1 || err.n || (status == 1 && option == NULL)) {
        program_failed(failure, "postmap", table, status, &err);
        status = RUN_FAILED;
    }
    text_free(&err);
    return status;
}

/* Are the lines `key<TAB>value` the rows, all of them and no more, in any order? */
static bool lines_are_rows(struct slice text, const struct mapfile *m)
{
    size_t n = 0;

    while (text.n) {
        const char *nl = slice_chr(text, '\n');
        struct slice line = nl ? slice_range(text.p, nl) : text;
        const char *tab = slice_chr(line, '\t');
        text = slice_skip(text, line.n + 1);
        const struct slice *value = tab ? map_get(&m->index, slice_range(line.p, tab)) : NULL;
        if (value == NULL || !slice_eq(*value, slice_skip(line, (size_t)(tab + 1 - line.p))))
            return false;
        n++;
    }
    return n == m->n;
}

/* Does the built table hold the rows? Why not is told in *failure when it was asked for. */
static bool table_holds(const struct table_type *type, const char *table, const struct mapfile *m,
                        struct failure *failure)
{
    struct text out = {0}, keys = {0};
    int status;

    if (strcmp(type->name, "cdb") == 0) { /* it can't be dumped */
        for (size_t i = 0; i < m->n; i++) {
            text_add(&keys, m->rows[i].key);
            text_addc(&keys, '\n');
        }
        status = postmap("-q", "-", table, text_slice(&keys), &out, failure);
    } else {
        status = postmap("-s", NULL, table, SLICE_NONE, &out, failure);
    }
    bool holds = status >= 0 && !keys.failed && lines_are_rows(text_slice(&out), m);
    if (status >= 0 && !holds)
        failure_set(failure, EXIT_IO, "%s: reads back differently from what was written", table);
    text_free(&out);
    text_free(&keys);
    return holds;
}

/* A table with a few rows of regexp or cidr: Postfix must read it without a word, and each row
 * whose answer is known must give it. */
static int prove_text(const char *dir, const struct mapfile *m, struct failure *failure)
{
    char table[PATH_ROOM];
    struct text keys = {0}, want = {0}, out = {0};

    make_path(table, "%s:%s/%s", m->kind == MAP_CIDR ? "cidr" : "regexp", dir, m->name);
    for (size_t i = 0; i < m->n; i++) {
        if (m->rows[i].probe.n == 0)
            continue;
        text_add(&keys, m->rows[i].probe);
        text_addc(&keys, '\n');
        text_add(&want, m->rows[i].probe);
        text_addc(&want, '\t');
        text_add(&want, m->rows[i].value);
        text_addc(&want, '\n');
    }
    if (keys.n == 0) /* any look-up makes Postfix read the file */
        text_add(&keys, m->kind == MAP_CIDR ? SL("192.0.2.1\n") : SL("probe\n"));
    int status = postmap("-q", "-", table, text_slice(&keys), &out, failure);
    if (status >= 0 && !slice_eq(text_slice(&out), text_slice(&want)) && want.n)
        failure_set(failure, EXIT_IO, "%s: does not answer as it should", table);
    text_free(&keys);
    text_free(&want);
    text_free(&out);
    return failure->status;
}

static int write_text(const struct mapfile *m, const char *path, struct failure *failure)
{
    struct text t = {0};
    struct mapfile copy = *m; /* rows are sorted already, rendering changes nothing */
    int status = mapfile_render(&copy, &t) ? atomic_write(path, text_slice(&t), 0, NULL, failure)
                                           : failure_memory(failure);

    text_free(&t);
    return status;
}

/* Builds the table in the folder `stage` and proves it there. */
static int build_aside(const struct table_type *type, const char *stage, const struct mapfile *m,
                       struct failure *failure)
{
    char path[PATH_ROOM], table[PATH_ROOM];
    struct text out = {0};

    make_path(path, "%s/%s", stage, m->name);
    make_path(table, "%s:%s", type->name, path);
    if (write_text(m, path, failure) == 0 &&
        postmap(NULL, NULL, table, SLICE_NONE, &out, failure) == 0)
        table_holds(type, table, m, failure);
    text_free(&out);
    return failure->status;
}

static int sync_folder(const char *dir, struct failure *failure)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        failure_set(failure, EXIT_IO, "%s: can't be synced: %s", dir, strerror(errno));
    if (fd >= 0)
        close(fd);
    return failure->status;
}

/* The proved table goes to its place. */
static int put_in_place(const struct table_type *type, const char *stage, const char *dir,
                        const struct mapfile *m, struct failure *failure)
{
    char from[PATH_ROOM], to[PATH_ROOM], table[PATH_ROOM];
    struct text out = {0};

    make_path(table, "%s:%s/%s", type->name, dir, m->name);
    if (strcmp(type->name, "lmdb") == 0) {
        if (postmap(NULL, NULL, table, SLICE_NONE, &out, failure) == 0)
            table_holds(type, table, m, failure);
        text_free(&out);
        return failure->status;
    }
    make_path(from, "%s/%s%s", stage, m->name, type->suffix);
    make_path(to, "%s/%s%s", dir, m->name, type->suffix);
    if (rename(from, to) != 0)
        return failure_set(failure, EXIT_CANTCREAT, "%s: can't be replaced: %s", to,
                           strerror(errno));
    return sync_folder(dir, failure);
}

/* The folder where tables are built, and what a killed run left in it; not through a link. */
static void remove_stage(const char *stage)
{
    int fd = open(stage, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(folder)) != NULL;)
        unlinkat(fd, e->d_name, 0); /* fails for . and .. */
    closedir(folder);
    rmdir(stage);
}

void postmap_clear(const char *dir)
{
    char stage[PATH_ROOM];

    if (strlen(dir) >= PATH_MAX)
        return;
    make_path(stage, "%s/.mp_new", dir);
    if (access(stage, F_OK) == 0)
        remove_stage(stage);
}

static int install_table(const struct table_type *type, const char *dir, const struct mapfile *m,
                         struct failure *failure)
{
    char stage[PATH_ROOM];

    make_path(stage, "%s/.mp_new", dir);
    remove_stage(stage);
    if (mkdir(stage, 0700) != 0)
        return failure_set(failure, EXIT_CANTCREAT, "%s: can't be made: %s", stage,
                           strerror(errno));
    if (build_aside(type, stage, m, failure) == 0)
        put_in_place(type, stage, dir, m, failure);
    remove_stage(stage);
    return failure->status;
}

int postmap_install(const struct table_type *type, const char *dir, const struct mapfile *m,
                    bool *built, struct failure *failure)
{
    char path[PATH_ROOM], table[PATH_ROOM];
    struct failure ignored = {0};

    *built = false;
    if (strlen(dir) >= PATH_MAX)
        return failure_set(failure, EXIT_CANTCREAT, "%s: the name is too long", dir);
    if (m->kind != MAP_INDEXED)
        return m->n ? prove_text(dir, m, failure) : 0;
    make_path(path, "%s/%s%s", dir, m->name, type->suffix);
    make_path(table, "%s:%s/%s", type->name, dir, m->name);
    /* A missing table is not asked for: postmap waits a second before it says so. */
    bool holds = access(path, F_OK) == 0 && table_holds(type, table, m, &ignored);
    if (!holds && ignored.status == EXIT_UNAVAILABLE)
        failure_move(failure, &ignored);
    failure_free(&ignored);
    if (!holds && failure->status == 0)
        *built = install_table(type, dir, m, failure) == 0;
    return failure->status;
}

bool postfix_has_classes(unsigned slots)
{
    static const char *const argv[] = {"postconf", "-hx", "smtpd_restriction_classes", NULL};
    struct text out = {0}, err = {0};
    char last[16];

    snprintf(last, sizeof(last), "mp_slot%02u", slots);
    bool has = run_program(argv, SLICE_NONE, &out, &err) == 0 &&
               slice_find(text_slice(&out), slice_str(last)) != NULL;
    text_free(&out);
    text_free(&err);
    return has;
}

int postfix_reload(struct failure *failure)
{
    static const char *const argv[] = {"postfix", "reload", NULL};
    struct text out = {0}, err = {0};
    int status = run_program(argv, SLICE_NONE, &out, &err);

    if (status != 0)
        program_failed(failure, "postfix reload", "the new regexp and cidr maps", status, &err);
    text_free(&out);
    text_free(&err);
    return failure->status;
}
