/* blockmap: the Postfix maps that make the blocks hold, and the main.cf lines that use them.
 *
 * A pure function of the blocks and the customers file: the same input gives the same bytes. The
 * maps, in one folder:
 *   mp_customer_sasl         indexed  login -> class, for customers with an incident
 *   mp_customer_sasl_regexp  regexp   the same for wildcards, whole domains and logins that an
 *                                     indexed map can't carry
 *   mp_customer_net          cidr     net -> class
 *   mp_slotNN_sender         indexed  sender address -> refusal, the customer's in slot NN
 *   mp_slotNN_sender_regexp  regexp   the same with `+` extensions, and addresses that an indexed
 *                                     map can't carry
 * A login's or net's owner is found as in judge/customer.h: what another customer has inside a
 * blocked one's wildcard, domain or net gets a DUNNO row before it. Limits: a wildcard or domain
 * with more than 500 of them is left out, and told (the flagged login itself is in the indexed map
 * in any case); where more than 500 trailing stars of other customers cross a leading star or
 * domain (`x-*` and `*@acme.example`), or the other way round, a login that fits both counts as the
 * blocked one's.
 *
 * The main.cf lines name all classes and maps, so they are written once; a map that they name has
 * to exist, even empty, or smtpd answers 451 to everybody. A session is judged by its login, and by
 * its client address only if it has none: `permit_sasl_authenticated` between the two checks does
 * that, which is why they stand at the end of a list of their own (smtpd_sender_restrictions).
 */
#ifndef MPTOOLS_ACT_BLOCKMAP_H
#define MPTOOLS_ACT_BLOCKMAP_H

#include "act/blocks.h"
#include "act/mapfile.h"
#include "base/words.h"
#include "judge/customer.h"

#define BLOCKMAP_SHARED 3u /* maps that are not a slot's, first in the list */
#define BLOCKMAP_NAME 40u

struct blockmap {
    struct mapfile *maps;
    char (*names)[BLOCKMAP_NAME];
    size_t n;
};

/* Fills *out (starts as {0}, blockmap_free() it in any case). What can't be carried or is no longer
 * in the customers file is told in *problems; the rest is built all the same. False when memory ran
 * out. customers may be NULL. */
bool blockmap_build(struct blockmap *out, const struct blocks *blocks,
                    const struct customers *customers, struct problems *problems);
void blockmap_free(struct blockmap *b);

/* The refusal that the block's address gets, a good map value. */
void block_add_refusal(struct text *out, const struct block *block);

/* The lines to add to main.cf once. type: lmdb, cdb, hash or btree. */
void blockmap_main_cf(struct text *out, const char *dir, const char *type, unsigned slots);

#endif
