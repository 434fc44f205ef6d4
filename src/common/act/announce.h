/* announce: a transition becomes a notice in the ledger, with all that is known of it then.
 *
 * What a notice says never changes afterwards: facts as a JSON object and evidence as TSV, both
 * described in mptools-ledger(5); mpnotify(8) makes mail of them. Its name (the Message-ID's left
 * side) follows from the incident and the notice's number in it, so a run that was killed and is
 * done again gives the same.
 */
#ifndef MPTOOLS_ACT_ANNOUNCE_H
#define MPTOOLS_ACT_ANNOUNCE_H

#include "act/incident.h"
#include "act/trail.h"

struct announcement {
    const char *event; /* of table notices */
    const struct incident *incident;
    int64_t time;
    struct slice reason;     /* a sentence */
    const struct suspect *s; /* NULL: what the incident's latest suspect says */
    const struct rule *rule; /* NULL: none */
    const char *type;        /* of the action: address, rule, suspension; NULL: none */
    unsigned number;         /* of the action in the incident */
    int64_t deadline;        /* when a suspension comes; WHEN_NONE: it doesn't */
    struct slice ticket, statement;
    const struct customer *customer;   /* whose logins and nets a suspension takes away; or NULL */
    const struct trail_list *evidence; /* those marked as spam are written; or NULL */
};

/* False after a failure of the ledger. */
bool announce(struct ledger *l, const struct announcement *a);

/* A suspect's facts, members of a JSON object without its braces. */
void suspect_facts(struct text *out, const struct suspect *s);

#endif
