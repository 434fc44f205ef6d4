/* blockdir: the folder of maps, for one run at a time.
 *
 * Maps follow from the ledger alone, so a run that is killed while it writes them is completed by
 * the next one. Nothing is deleted. A file that can't be written (full disk, no permission) stays
 * as it was and the failure says which; the others are not touched then. A struct blockdir starts
 * as BLOCKDIR_NONE and ends in blockdir_close().
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
#define BLOCKDIR_LOCK "mp_lock"

/* Makes the folder if it isn't there (not its parents) and locks it (DIR/mp_lock): the ledger's
 * own lock doesn't keep a run with another ledger out. With look_only nothing is made or locked. */
int blockdir_open(struct blockdir *dir, const char *path, bool look_only, struct failure *failure);
/* Writes the maps. With a type it then makes all tables equal to their maps and proves them; a
 * table that fails doesn't keep the others from being built, the first failure is returned.
 * changed has a place for each map: on return those that Postfix doesn't know yet, because postmap
 * (type NULL) or a reload (regexp and cidr maps) is still to come. */
int blockdir_install(const struct blockdir *dir, struct blockmap *maps,
                     const struct table_type *type, bool *changed, struct failure *failure);
void blockdir_close(struct blockdir *dir);

#endif
