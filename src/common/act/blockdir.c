#include "act/blockdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exits.h"

/* `.mp_NAME.HEX`: a new file (base/atomic.h) of a run that was killed before it was in place. */
static bool is_left(const char *name)
{
    const char *hex = strrchr(name, '.');

    return strncmp(name, ".mp_", 4) == 0 && hex && strlen(hex) == 17 &&
           strspn(hex + 1, "0123456789abcdef") == 16;
}

static void clear_left(const char *path)
{
    DIR *d = opendir(path);

    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (is_left(e->d_name))
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    postmap_clear(path);
}

int blockdir_open(struct blockdir *dir, const char *path, bool look_only, struct failure *failure)
{
    char lock[PATH_MAX];

    dir->path = path;
    if (look_only)
        return 0;
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return failure_set(
            failure, EXIT_CANTCREAT,
            "%s: the folder for the maps can't be made: %s: make it, or name another "
            "with --maps",
            path, strerror(errno));
    if ((size_t)snprintf(lock, sizeof(lock), "%s/" BLOCKDIR_LOCK, path) >= sizeof(lock))
        return failure_set(failure, EXIT_CANTCREAT, "%s: the name is too long", path);
    if (lockfile_take(&dir->lock, lock, failure) == 0)
        clear_left(path);
    return failure->status;
}

/* All new files are written beside the old ones before the first goes in place, so that a full disk
 * leaves the old ones, all of them. */
static int stage(const struct blockdir *dir, struct blockmap *maps, struct atomic **staged,
                 struct failure *failure)
{
    for (size_t i = 0; i < maps->n; i++)
        if (mapfile_stage(&maps->maps[i], dir->path, &staged[i], failure) != 0)
            return failure->status;
    return 0;
}

static void reload_path(const struct blockdir *dir, char path[PATH_MAX + 20])
{
    snprintf(path, PATH_MAX + 20, "%.*s/" BLOCKDIR_RELOAD, PATH_MAX, dir->path);
}

bool blockdir_reload_due(const struct blockdir *dir)
{
    char path[PATH_MAX + 20];

    reload_path(dir, path);
    return access(path, F_OK) == 0;
}

void blockdir_reloaded(const struct blockdir *dir)
{
    char path[PATH_MAX + 20];

    reload_path(dir, path);
    unlink(path);
}

/* Before the first map that Postfix only reads after a reload goes in place. */
static int note_reload(const struct blockdir *dir, const struct blockmap *maps,
                       struct atomic **staged, struct failure *failure)
{
    char path[PATH_MAX + 20];
    bool due = false;

    for (size_t i = 0; i < maps->n; i++)
        due |= staged[i] && maps->maps[i].kind != MAP_INDEXED;
    if (!due)
        return 0;
    reload_path(dir, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return failure_set(failure, EXIT_CANTCREAT, "%s: can't be made: %s: the old maps are kept",
                           path, strerror(errno));
    close(fd);
    return 0;
}

static int put_in_place(const struct blockmap *maps, struct atomic **staged, bool *changed,
                        struct failure *failure)
{
    for (size_t i = 0; i < maps->n; i++) {
        if (staged[i] && atomic_commit(staged[i]) != 0)
            return failure_set(failure, atomic_failure(staged[i])->status, "%s",
                               failure_text(atomic_failure(staged[i])));
        changed[i] = staged[i] != NULL;
    }
    return 0;
}

static int write_files(const struct blockdir *dir, struct blockmap *maps, bool *changed,
                       struct failure *failure)
{
    struct atomic **staged = calloc(maps->n, sizeof(struct atomic *));

    if (staged == NULL)
        return failure_memory(failure);
    if (stage(dir, maps, staged, failure) == 0 && note_reload(dir, maps, staged, failure) == 0)
        put_in_place(maps, staged, changed, failure);
    for (size_t i = 0; i < maps->n; i++)
        atomic_free(staged[i]);
    free(staged);
    return failure->status;
}

int blockdir_install(const struct blockdir *dir, struct blockmap *maps,
                     const struct table_type *type, bool *changed, struct failure *failure)
{
    for (size_t i = 0; i < maps->n; i++)
        changed[i] = false;
    if (write_files(dir, maps, changed, failure) != 0)
        return failure->status;
    for (size_t i = 0; type && i < maps->n; i++) {
        struct failure one = {0};
        bool built;
        if (postmap_install(type, dir->path, &maps->maps[i], &built, &one) == 0 &&
            maps->maps[i].kind == MAP_INDEXED)
            changed[i] = false;
        bool hopeless = one.status == EXIT_UNAVAILABLE;
        failure_move(failure, &one);
        if (hopeless)
            break;
    }
    return failure->status;
}

void blockdir_close(struct blockdir *dir)
{
    lockfile_drop(&dir->lock);
}
