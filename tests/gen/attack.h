/* attack: one identity sends spam for some time, its owner's honest mail going on beside it.
 *
 * attack_new() makes one whose numbers differ with the seed; whoever makes it may change them all
 * before attack_start(). Times are microseconds, rates messages an hour.
 */
#ifndef GEN_ATTACK_H
#define GEN_ATTACK_H

#include "sim.h"

enum rhythm { RHYTHM_ALWAYS, RHYTHM_OFFICE, RHYTHM_SOME_HOURS };
enum signs {
    SIGNS_OWN,     /* the owner's address */
    SIGNS_DOMAIN,  /* other local parts of the owner's domain */
    SIGNS_FOREIGN, /* forged: other people's domains */
    SIGNS_WEB      /* the web server's own account, or letters at random */
};

struct attack {
    struct role *role;
    const struct identity *victim;
    struct identity *as; /* the victim's identity, used from the attacker's machines */
    uint32_t clients;
    int64_t from, to;
    double rate;
    uint32_t burst; /* most messages a session */
    enum rhythm rhythm;
    unsigned hour, hours; /* of the day, with RHYTHM_SOME_HOURS */
    enum signs signs;
    uint32_t rcpts;    /* most recipients a message */
    double unknown;    /* share of the recipients that do not exist */
    uint32_t contacts; /* its list begins with so many: the owner's contacts; 0: none, no end */
    uint32_t at;       /* how many of them were written to */
    double spam;       /* the chance that a provider that knows it refuses it */
    uint64_t look;     /* what it looks like */
    uint32_t size;     /* bytes, about */
    bool infected, started; /* infected: a known virus */
};

struct attack *attack_new(struct sim *s, const char *kind, const struct identity *victim);
/* So many machines abroad, at so many providers at most and half of that at least. */
void attack_from_abroad(struct sim *s, struct attack *a, uint32_t clients, uint32_t most);
/* Machines at home, as the relay's customers have. */
void attack_from_home(struct sim *s, struct attack *a, uint32_t clients);
/* The owner's own address; its greeting is the spam program's, unless it is the web server. */
void attack_from_inside(struct sim *s, struct attack *a);
/* Lets another attack use the same machines (and words) as one that has some. */
void attack_share(struct attack *a, const struct attack *other);
void attack_start(struct sim *s, struct attack *a);

#endif
