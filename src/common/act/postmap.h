/* postmap: building the tables that Postfix reads, and proving that they hold what was meant.
 *
 * postmap exits 0 on rows that it left out, so a table counts as built only when postmap said
 * nothing and the table read back (postmap -s; cdb: a look-up of every key) equals the rows. A new
 * table is built and proved in a folder of its own beside the maps first. Then it goes in place:
 * lmdb by postmap itself, in one transaction that open smtpd sessions see at once; the others by
 * rename, as postmap would empty a hash or btree file before it fills it. Until then the old table
 * serves.
 *
 * The programs are looked for in PATH and then in /usr/sbin; they obey MAIL_CONFIG. Their output is
 * read as a whole, nothing of it is obeyed. Everything blocks until the program ends.
 *
 * Failures: EXIT_UNAVAILABLE when a program is missing, EXIT_IO when a table can't be built or
 * reads back differently; the text holds the program's first line.
 */
#ifndef MPTOOLS_ACT_POSTMAP_H
#define MPTOOLS_ACT_POSTMAP_H

#include "act/mapfile.h"
#include "base/failure.h"

struct table_type {
    const char *name;   /* lmdb, cdb, hash, btree */
    const char *suffix; /* of the built file */
};

/* wanted: a name of the four, or NULL for the best that `postconf -m` has: lmdb, cdb, hash, btree.
 * Returns NULL with *failure set (EXIT_USAGE for an unknown name). */
const struct table_type *table_type_choose(const char *wanted, struct failure *failure);

/* Makes DIR's table of an indexed map equal to its rows; *built says whether it wasn't before.
 * Other kinds are read by Postfix as they are: they are only proved. Returns 0 or the failure's
 * status. */
int postmap_install(const struct table_type *type, const char *dir, const struct mapfile *m,
                    bool *built, struct failure *failure);

/* Removes what a run that was killed left of a table in DIR. */
void postmap_clear(const char *dir);

/* Does main.cf declare our restriction classes, up to that slot? False also when postconf fails. */
bool postfix_has_classes(unsigned slots);

/* `postfix reload`: regexp and cidr maps are read anew. */
int postfix_reload(struct failure *failure);

#endif
