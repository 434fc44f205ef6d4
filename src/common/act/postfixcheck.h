/* postfixcheck: is Postfix set up so that the maps can do their work?
 *
 * Reads what `postconf`, `postconf -P` and `postconf -M` say (MAIL_CONFIG is obeyed) and looks at
 * the maps in the folder; changes nothing. Each finding is one line: what is wrong, and what to do.
 */
#ifndef MPTOOLS_ACT_POSTFIXCHECK_H
#define MPTOOLS_ACT_POSTFIXCHECK_H

#include "base/failure.h"
#include "base/words.h"

/* dir: the folder of maps; type: lmdb, cdb, hash or btree; slots: 0: BLOCKMAP_SLOTS. Returns 0 when
 * postconf could be asked, whatever was found (*out counts it); else the status in *failure. */
int postfix_check(const char *dir, const char *type, unsigned slots, struct problems *out,
                  struct failure *failure);

#endif
