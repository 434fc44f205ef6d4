/* blockdir: the folder of maps, for one run at a time.
 *
 * Maps follow from the ledger alone, so a run that is killed while it writes them is completed by
 * the next one; a reload that it didn't come to is remembered by a file of its own (DIR/mp_reload).
 * No map is deleted. When one can't be written (full disk, no permission), all stay as they were
 * and the failure says which. A struct blockdir starts as BLOCKDIR_NONE and ends in
 * blockdir_close().
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
#define BLOCKDIR_RELOAD "mp_reload"

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

/* Were regexp or cidr maps written since the last reload that this module was told of? */
bool blockdir_reload_due(const struct blockdir *dir);
/* Postfix has read them. */
void blockdir_reloaded(const struct blockdir *dir);

#endif
