/* escalate_parts: what the files of the escalation share; for escalate*.c only. */
#ifndef MPTOOLS_ACT_ESCALATE_PARTS_H
#define MPTOOLS_ACT_ESCALATE_PARTS_H

#include "act/address.h"
#include "act/announce.h"
#include "act/escalate.h"

#define ESCALATE_SHARE 95 /* per cent of the spam that has one sender address */

/* What the suspect's window holds. */
struct spam {
    struct trail_list list;   /* the owner's messages, some of them spam */
    struct rule_message *all; /* the same, for rule_find(); in the event's arena */
    bool measured;            /* from messages; else from what the suspect says */
    bool one;                 /* nearly all have one sender address */
    enum address_fault fault; /* of that address */
    struct address address;
    uint64_t share, of; /* so many of so many messages have it */
};

struct probation {
    struct incident i;
    int64_t until;
    bool begun; /* the log has come to the ticket */
};

struct escalate {
    struct escalate_options o;
    struct arena arena; /* of the event at hand */
    struct text text;
    int64_t now;          /* the latest time */
    int64_t due;          /* nothing is due before; WHEN_NONE: not known */
    struct arena kept;    /* of what stays */
    struct probation *on; /* who is on probation, or will be when the log gets there */
    size_t ons;
    struct escalate_counts counts;
};

/* escalate_spam.c */
/* False after a failure; spam_free() it in any case. */
bool spam_load(struct escalate *e, const struct owner *o, const struct suspect *s,
               struct spam *out);
void spam_free(struct spam *s);
/* How much a rule covers and hits by mistake. */
void spam_measure(const struct spam *s, struct rule *rule);
/* A spammer with several sources gives several rules, each for what those before leave. */
#define RULES_MOST 3u
bool spam_rules(struct escalate *e, const struct incident *i, const struct spam *s,
                struct rule out[RULES_MOST], unsigned *n);

/* escalate_act.c */
/* Refuses the address. False when it can't be: no class is free, or no map carries it. */
bool escalate_to_address(struct escalate *e, struct incident *i, const struct suspect *s,
                         const struct spam *spam);
/* Refuses what the tightest rules say, if there are any; the clock runs in any case. */
void escalate_to_rule(struct escalate *e, struct incident *i, const struct suspect *s,
                      const struct spam *spam, const char *event);
/* Does an action with these conditions stand? */
bool escalate_stands(struct escalate *e, const struct incident *i, const struct rule *rule);

/* escalate.c */
/* "login bob@acme.example, 41 messages since 2026-…: " */
void escalate_add_who(struct text *t, const struct suspect *s);
void escalate_add_tag(struct text *t, const struct incident *i, unsigned number);
/* The notice of what was done; e->text is the reason. */
void escalate_tell(struct escalate *e, const char *event, const struct incident *i,
                   const struct suspect *s, int64_t time, const char *type, unsigned number,
                   const struct rule *rule, const struct trail_list *evidence);
const struct customer *escalate_customer(const struct escalate *e, const struct incident *i);
/* Journal, and told. e->text holds the reason. */
void escalate_note(struct escalate *e, const struct incident *i, const char *what, int64_t time);
void escalate_suspend(struct escalate *e, struct incident *i, const struct suspect *s,
                      int64_t time);
void escalate_add_time(struct text *t, int64_t us);
int64_t escalate_deadline(const struct escalate *e, const struct incident *i);

/* escalate_time.c */
bool probation_load(struct escalate *e); /* false when memory runs out */

#endif
