/* delist_facts: what a request may say: facts for its template, among them the cause and what was
 * done about it, told in the words of `words.LANG`.
 *
 * Nothing here names a customer, a login or an address but our own. Texts live in the arena.
 */
#ifndef MPTOOLS_ACT_DELIST_FACTS_H
#define MPTOOLS_ACT_DELIST_FACTS_H

#include "act/delist.h"

/* words: the template words.LANG. False when memory runs out, or after a failure of the ledger. */
bool delist_facts_make(struct delist_facts *out, const struct delist *x,
                       const struct delist_office *o, struct ledger *l,
                       const struct delist_template *words, struct arena *arena);

#endif
