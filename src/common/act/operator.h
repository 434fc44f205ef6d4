/* operator: what a person decides: reinstating a customer by ticket, taking an action back.
 *
 * Within the caller's transaction. Statuses besides the ledger's: EXIT_USAGE (no such customer or
 * action), EXIT_FOUND when a reinstatement is refused because attempts are still seen. The
 * failure's text says why; it doesn't stick in the ledger.
 */
#ifndef MPTOOLS_ACT_OPERATOR_H
#define MPTOOLS_ACT_OPERATOR_H

#include "act/announce.h"
#include "base/settings.h"

struct reinstatement {
    struct slice customer; /* its key, or the login or client address of an incident of its own */
    struct slice ticket, statement;
    struct slice by; /* who says so */
    int64_t now;
    bool force; /* although attempts are still seen */
};

/* What was done, in words, is added to out. */
int operator_reinstate(struct ledger *l, const struct settings *settings,
                       const struct reinstatement *r, struct text *out, struct failure *failure);

/* action: `INCIDENT.RULE`, as in [mp 7.2]. */
int operator_undo(struct ledger *l, struct slice action, struct slice by, int64_t now,
                  struct text *out, struct failure *failure);

#endif
