/* standing: the actions that stand, as the maps are made from them: a pure function of the ledger.
 *
 * Owns its memory: starts as {0}, ends in standing_free().
 */
#ifndef MPTOOLS_ACT_STANDING_H
#define MPTOOLS_ACT_STANDING_H

#include "act/ledger.h"
#include "base/arena.h"
#include "judge/suspect.h"

/* What a rule looks at. All conditions of one action have to hold. */
enum rule_field {
    RULE_SENDER,         /* one address, as address_key() */
    RULE_SENDER_PATTERN, /* a POSIX extended regular expression for the whole address, no slashes */
    RULE_CLIENT,         /* an address, or a net */
    RULE_LOGIN,          /* a whole login, in lower case */
    RULE_HELO,           /* in lower case */
    RULE_SUBJECT,        /* a POSIX extended regular expression, no slashes */
    RULE_FIELDS
};
#define RULE_CONDITIONS 3u

struct rule_condition {
    enum rule_field field;
    struct slice value;
};

enum action_type { ACTION_ADDRESS, ACTION_RULE, ACTION_SUSPENSION };

struct standing_action {
    int64_t id, since;
    unsigned incident, rule, slot; /* slot 0: none (a suspension needs none) */
    enum action_type type;
    bool whole_customer; /* every login and net of `customer`, not the identity alone */
    uint8_t kind;        /* enum identity_kind of the identity alone */
    struct slice identity;
    struct slice customer, partner;
    struct rule_condition condition[RULE_CONDITIONS];
    unsigned conditions;
};

struct standing {
    struct standing_action *list; /* by incident, then rule */
    size_t n, cap;
    struct arena arena;
};

struct slice rule_field_name(unsigned field); /* as in the ledger */
int rule_field_of(struct slice name);         /* -1: none */
struct slice action_type_name(unsigned type);

/* False when memory runs out or the ledger failed; it fails, too, when it has an action whose
 * conditions don't fit (EXIT_DATA): a part of them would refuse more than was decided. */
bool standing_load(struct ledger *l, struct standing *out);
void standing_free(struct standing *s);

#endif
