/* blockdir: the folder of maps, for one run at a time.
 *
 * Order of writing: the blocks first, then the maps that follow from them, so that a run that is
 * killed in between is completed by the next one, whatever that one reads. Nothing is deleted.
 * A struct blockdir starts as BLOCKDIR_NONE and ends in blockdir_close().
 */
#ifndef MPTOOLS_ACT_BLOCKDIR_H
#define MPTOOLS_ACT_BLOCKDIR_H

#include "act/blockmap.h"
#include "act/postmap.h"
#include "base/lockfile.h"

struct blockdir {
    const char *path;
    struct lockfile lock;
};

#define BLOCKDIR_NONE ((struct blockdir){.lock = {.fd = -1}})

/* Makes the folder if it isn't there (not its parents), locks it (DIR/mp_blocks.lock) and reads the
 * blocks. With look_only nothing is made or locked. slots: how many classes are wanted; 0: as many
 * as there were, SLOTS_DEFAULT the first time. */
int blockdir_open(struct blockdir *dir, const char *path, bool look_only, unsigned slots,
                  struct blocks *blocks, struct failure *failure);
/* Writes blocks and maps. With a type it then makes all tables equal to their maps and proves them;
 * a table that fails doesn't keep the others from being built, the first failure is returned.
 * changed has a place for each map: on return those that Postfix doesn't know yet, because postmap
 * (type NULL) or a reload (regexp and cidr maps) is still to come. */
int blockdir_install(const struct blockdir *dir, const struct blocks *blocks, struct blockmap *maps,
                     const struct table_type *type, bool *changed, struct failure *failure);
void blockdir_close(struct blockdir *dir);

#endif
