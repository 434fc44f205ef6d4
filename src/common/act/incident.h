/* incident: one affair of one owner, from the first suspicion until it is closed; a row of the
 * ledger's table `incidents`, its suspects, actions and tickets.
 *
 * An owner is who may be acted on: a customer of the `customers` file with every login and net, or,
 * where that file names nobody, the flagged identity alone. (A label that was made up from a domain
 * never widens a block.) An owner has one open incident at most.
 *
 * Failures are the ledger's and stick there. Texts live in the arena that is given.
 */
#ifndef MPTOOLS_ACT_INCIDENT_H
#define MPTOOLS_ACT_INCIDENT_H

#include "act/rule.h"
#include "base/when.h"
#include "judge/customer.h"
#include "judge/suspect.h"

enum incident_state {
    INCIDENT_WATCH,
    INCIDENT_ADDRESS,
    INCIDENT_RULE,
    INCIDENT_SUSPENDED,
    INCIDENT_REINSTATED,
    INCIDENT_CLOSED
};

struct owner {
    bool whole;            /* the customer; else the identity alone */
    uint8_t kind;          /* enum identity_kind, of the identity alone */
    struct slice identity; /* of the identity alone */
    struct slice customer, partner;
};

/* Times are WHEN_NONE where there is none. */
struct incident {
    int64_t id;
    struct owner owner;
    enum incident_state state, before; /* before: what it was reinstated from */
    unsigned slot, relapses;
    int64_t opened, since, clock, last_spam, last_attempt, reinstated, closed;
    int64_t attempts;
};

struct slice incident_state_name(unsigned state);

/* Who owns the identity by the customers file; NULL when nobody. The identity of a client is an
 * address or, for IPv6, a net. */
const struct customer *identity_owner(const struct customers *customers, unsigned kind,
                                      struct slice identity);
/* The owner of the identity that the suspect is; texts are the suspect's or the customers'. */
struct owner owner_of(const struct customers *customers, const struct suspect *s);

/* The owner's open incident, or the one of that number. False: there is none, or a failure. */
bool incident_find(struct ledger *l, const struct owner *o, struct arena *arena,
                   struct incident *out);
bool incident_get(struct ledger *l, int64_t id, struct arena *arena, struct incident *out);
/* A new one, which gets its number. */
bool incident_add(struct ledger *l, struct incident *i);
bool incident_save(struct ledger *l, const struct incident *i);

/* The numbers of all that are open, ascending; *n of them, in the arena. */
bool incidents_open(struct ledger *l, struct arena *arena, int64_t **ids, size_t *n);

/* The suspect belongs to the incident. facts: its JSON object (notices.h). */
bool incident_suspect(struct ledger *l, const struct incident *i, const struct suspect *s,
                      struct slice facts);
/* Was this one flagged at that time already? The incident's number, 0 when not. */
int64_t suspect_known(struct ledger *l, const struct suspect *s);

/* Another action that stands; returns its number within the incident, 0 after a failure. rule: NULL
 * for a suspension. */
unsigned incident_act(struct ledger *l, const struct incident *i, enum action_type type,
                      const struct rule *rule, int64_t time);
/* All standing actions end; how many did. */
int64_t incident_lift(struct ledger *l, const struct incident *i, int64_t time, struct slice by);
/* The conditions of its standing actions, one rule each, in the arena; what rules cover isn't
 * filled. False after a failure. */
bool incident_rules(struct ledger *l, const struct incident *i, struct arena *arena,
                    struct rule **rules, size_t *n);
/* Who was flagged as compromised in it since the last ticket, and since when they sent spam. */
struct flagged {
    uint8_t kind; /* enum identity_kind */
    struct slice identity;
};
bool incident_flagged(struct ledger *l, const struct incident *i, struct arena *arena,
                      struct flagged **list, size_t *n, int64_t *since);
/* When the latest action was taken; WHEN_NONE: there was none. */
int64_t incident_last_action(struct ledger *l, const struct incident *i);

#endif
