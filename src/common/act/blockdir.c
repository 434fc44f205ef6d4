#include "act/blockdir.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/exits.h"

static int make_and_lock(struct blockdir *dir, struct failure *failure)
{
    char path[PATH_MAX];

    if (mkdir(dir->path, 0755) != 0 && errno != EEXIST)
        return failure_set(
            failure, EXIT_CANTCREAT,
            "%s: the folder for the maps can't be made: %s: make it, or name another "
            "with --maps",
            dir->path, strerror(errno));
    if ((size_t)snprintf(path, sizeof(path), "%s/" BLOCKS_FILE ".lock", dir->path) >= sizeof(path))
        return failure_set(failure, EXIT_CANTCREAT, "%s: the name is too long", dir->path);
    return lockfile_take(&dir->lock, path, failure);
}

/* Fewer slots than before only if none of those in use is lost. */
static int settle_slots(struct blocks *b, const char *path, unsigned slots, struct failure *failure)
{
    if (slots == 0)
        slots = b->slots ? b->slots : SLOTS_DEFAULT;
    for (size_t i = 0; i < b->n; i++)
        if (b->list[i].slot > slots)
            return failure_set(failure, EXIT_USAGE, "%s: slot %u is in use, so --slots can't be %u",
                               path, b->list[i].slot, slots);
    b->slots = slots;
    return 0;
}

int blockdir_open(struct blockdir *dir, const char *path, bool look_only, unsigned slots,
                  struct blocks *blocks, struct failure *failure)
{
    dir->path = path;
    if (!look_only && make_and_lock(dir, failure) != 0)
        return failure->status;
    if (blocks_load(blocks, path, failure) != 0)
        return failure->status;
    return settle_slots(blocks, path, slots, failure);
}

static int write_files(const struct blockdir *dir, const struct blocks *blocks,
                       struct blockmap *maps, bool *changed, struct failure *failure)
{
    bool ignored;

    if (blocks_write(blocks, dir->path, &ignored, failure) != 0)
        return failure->status;
    for (size_t i = 0; i < maps->n; i++)
        if (mapfile_write(&maps->maps[i], dir->path, &changed[i], failure) != 0)
            return failure->status;
    return 0;
}

int blockdir_install(const struct blockdir *dir, const struct blocks *blocks, struct blockmap *maps,
                     const struct table_type *type, bool *changed, struct failure *failure)
{
    if (write_files(dir, blocks, maps, changed, failure) != 0)
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
