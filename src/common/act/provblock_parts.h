/* provblock_parts: what provblock's own files share. */
#ifndef MPTOOLS_ACT_PROVBLOCK_PARTS_H
#define MPTOOLS_ACT_PROVBLOCK_PARTS_H

#include "act/provblock.h"
#include "base/arena.h"

enum {
    REFUSALS_MOST = 256, /* recipients that are told apart in a window */
    TOUCHED_MOST = 256,  /* customers */
    PLACES_MOST = 32,    /* where it was refused */
    NAME_MOST = 255
};

struct refusal {
    int64_t time;
    uint64_t rcpt;     /* its hash */
    uint32_t customer; /* its number in `touched`; TOUCHED_MOST: nobody's, or one too many */
};

/* One address of ours at one provider. */
struct pair {
    struct slice ip, id, name;
    struct refusal *refusal; /* REFUSALS_MOST; NULL until the first */
    unsigned refusals;
    struct listing_touched *touched; /* TOUCHED_MOST, since it began */
    unsigned touched_n;
    struct slice place[PLACES_MOST]; /* @ and the id of a provider, or a recipient's domain */
    unsigned places;
    int64_t last;   /* refusal */
    int64_t latest; /* of anything */
    int64_t looked; /* the last look; WHEN_NONE: none yet */
    bool looked_found;
    int64_t warned;
    unsigned accepted; /* in a row */
    enum listing_state state;
};

struct provblock {
    struct provblock_options o;
    struct arena arena;
    struct pair *pair;
    unsigned pairs;
    int64_t due; /* before this, no listing can end for want of mail */
    bool no_memory;
};

/* The strings are copied; NULL: out of memory. Puts out the least recent one when all are taken. */
struct pair *provblock_pair(struct provblock *p, struct slice ip, struct slice id,
                            struct slice name);
bool provblock_pair_room(struct pair *pair);
void provblock_pair_clear(struct pair *pair);

/* words: the reply that shows it; of a look that found nothing, why that counts, or empty. A look
 * of the same kind as the last comes only some time after it. */
bool provblock_look(struct provblock *p, struct pair *pair, int64_t time, bool found,
                    struct slice words);
bool provblock_is_place(const struct pair *pair, struct slice place);

/* --- provblock_end.c; false when memory runs out --- */

bool provblock_accepted(struct provblock *p, const struct record *r);
/* Takes what nothing has shown for long for over; to be called when the log's time is past due. */
bool provblock_unproven(struct provblock *p, int64_t time);
void provblock_set_due(struct provblock *p, const struct pair *pair);

/* The code and, if there is one, the enhanced code that the reply begins with. */
struct slice provblock_code(struct slice reply);
/* The address of ours that it left by, as text; false when that isn't known. refused: the reply may
 * quote it. */
bool provblock_outbound(const struct provblock *p, const struct record *r, bool refused,
                        char buf[IPADDR_TEXT]);
/* `@ID` of the provider that answered, else the recipient's domain. */
struct slice provblock_place(const struct record *r, const struct provider *at,
                             char buf[NAME_MOST + 1]);
struct slice provblock_lower(struct slice s, char buf[NAME_MOST + 1]); /* cut to NAME_MOST */

#endif
