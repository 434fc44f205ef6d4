/* score_parts: what the files of the scorer share; for score*.c only. */
#ifndef MPTOOLS_JUDGE_SCORE_PARTS_H
#define MPTOOLS_JUDGE_SCORE_PARTS_H

#include "base/arena.h"
#include "base/map.h"
#include "judge/identity.h"
#include "judge/recent.h"
#include "judge/score.h"
#include "judge/window.h"

/* A customer, or the label of identities that have none. */
struct group {
    struct slice label, partner;
    uint64_t hash;
    struct usual usual;
    uint32_t id;     /* the hash's lower half, for remote.h; never 0 */
    uint32_t number; /* score_save.c: its place in the bytes, from 1; 0: not in them */
    bool known;      /* from the customers file */
};

/* Everything about one identity: 184 bytes and its name. There may be a million. */
struct person {
    struct group *group;
    struct window *window; /* while its sum is over zero */
    struct window *worst;  /* a flagged window that is over */
    uint64_t hash;
    struct usual usual;
    union {
        uint8_t few[SCORER_RATES];
        uint16_t *many; /* of SCORER_RATES */
    } rate;
    struct tempo tempo;
    uint32_t provider, minute; /* the last message's; minutes since 1970 */
    uint32_t heard;            /* when a record was last of it; hours since 1970 */
    uint32_t dealt;            /* scorer_dealt(); seconds since 1970, 0: never */
    uint32_t number;           /* score_save.c: its place in the bytes, from 1; 0: not in them */
    uint8_t scale;             /* of its rates; the scorer's may be larger */
    bool busy;                 /* its rates are `many` */
    uint8_t kind;              /* enum identity_kind */
    uint8_t name_n;            /* bytes */
    char key[];                /* the kind's digit and the name */
};

static inline struct slice person_name(const struct person *p)
{
    return slice_of(p->key + 1, p->name_n);
}

static inline struct slice person_bytes(const struct person *p)
{
    return slice_of(p->key, p->name_n + 1u);
}

/* All of them by their keys: pointers only, since there may be a million. */
struct people {
    struct person **slot; /* NULL: free */
    size_t used, size;    /* size is a power of two */
};

struct probation {
    double share;
    int64_t until;
};

#define LETTER_SITES 8u

/* One message as far as remote sites have answered. Its names point into the record, or into the
 * buffers of a waiting letter. */
struct letter {
    struct person *person;
    uint64_t key, leg;      /* the message; the queue file that is being delivered */
    int64_t arrived, heard; /* when it came in; the last answer */
    uint64_t recipients;
    uint64_t content, unknown; /* recipients refused */
    struct addressees to;
    unsigned words;
    enum verdict verdict;
    bool last; /* nothing more will be heard of it */
    struct slice qid, sender, client, country;
    struct word word[LETTER_SITES]; /* set up to `words` */
};

struct waiting {
    struct letter letter;
    int64_t since;
    char qid[QID_KEPT], sender[NAME_KEPT + 1], client[64], country[2];
};

#define WAITING 256u

struct scorer {
    struct scorer_options o;
    const struct scoring *scoring;
    psl_ctx_t *psl;
    struct arena arena;
    struct people people;
    struct map groups; /* label -> struct group */
    struct usual everyone;
    uint64_t seed;
    struct remotes *remotes;
    struct recent heard;     /* messages and sites whose word was taken */
    struct recent passed;    /* queue files that a filter of ours took and answered for */
    struct recent seen;      /* recipients, senders, places: what was seen of whom */
    struct window *spare;    /* for one observation of somebody who isn't watched */
    struct waiting *waiting; /* a ring, oldest first */
    size_t first, waits;
    int64_t now,
        start;     /* the latest time; the log's first minute, in minutes; INT64_MIN at first */
    int64_t time;  /* the last record's */
    uint64_t host; /* the hash of its host */
    struct map probations;   /* people's keys -> struct probation */
    struct scoring *lowered; /* the numbers at the last share that was asked for; or NULL */
    double lowered_share;
    struct person *telling; /* of whom o.flagged is told just now */
    bool dealt;             /* meanwhile it was dealt with */
    uint64_t serial, records, flags;
    uint8_t scale;
    bool failed; /* out of memory */
    struct person **ranked;
    size_t n_ranked;
    struct text seen_text, line;
};

/* score.c */
/* What the record says of its message; no words yet. */
void letter_of(const struct scorer *s, const struct record *r, struct person *p,
               struct letter *out);
uint64_t scorer_hash(const struct scorer *s, struct slice name);

/* score_people.c */
/* A login and a client of the same name are two: the key is the kind's digit and the name in lower
 * case. SLICE_NONE: no name is that long. */
struct slice person_key(unsigned kind, struct slice name, char buf[IDENTITY_LONGEST + 1]);
struct person *person_of_key(const struct scorer *s, struct slice key); /* NULL: unknown */
struct person *person_known(const struct scorer *s, unsigned kind, struct slice name);
/* Somebody new, of whom nothing but the key is known yet. NULL when memory runs out. */
struct person *person_add(struct scorer *s, struct slice key);
/* Walks all in no order: *at starts at 0; NULL at the end. */
struct person *person_next(const struct scorer *s, size_t *at);
/* Those who share a label. NULL when memory runs out. */
struct group *group_of(struct scorer *s, struct slice label, struct slice partner);

/* score_arrival.c */
/* A message came in: from where, as whom, how fast. */
void arrival_take(struct scorer *s, struct person *p, const struct record *r);
/* Was that seen of that customer before? If not, it is from now on. */
enum familiar familiar_now(struct scorer *s, struct person *p, uint64_t key);

/* score_watch.c */
/* The window that an observation is made in: the person's, or one that lasts if it accuses. */
struct window *watch_window(struct scorer *s, struct person *p);
struct mind watch_mind(struct scorer *s, const struct person *p, struct window *w);
/* The observation is complete; arrived: it is the message's first. Returns the window if the person
 * is watched now, else NULL; call watch_done() after counting in it. */
struct window *watch_take(struct scorer *s, const struct letter *l, struct mind *m,
                          struct observation *o, bool arrived);
void watch_done(struct scorer *s, const struct letter *l, struct window *w, const char *what,
                const struct observation *o);
/* Counts the letter's message in the window, unless it is there already. */
void letter_count(struct scorer *s, struct window *w, const struct letter *l);
/* One who isn't watched shows no sign: that is all there is to say. */
void person_learn(struct person *p, enum sign sign, float yes);
/* Everything about this one is told, so nothing may be passed over. */
bool is_explained(const struct scorer *s, const struct person *p);
/* What arrived then was dealt with. */
bool is_dealt(const struct person *p, int64_t arrived);
/* The numbers to judge by what was gathered of somebody. */
const struct scoring *scoring_of(struct scorer *s, const struct person *p);

/* score_words.c */
/* The letter's words become one observation. */
void letter_take(struct scorer *s, struct letter *l);
/* Keeps it until more is heard, or joins it with what waits. */
void letter_wait(struct scorer *s, const struct letter *l);
/* Takes letters that have waited long enough by `now`; all of them with INT64_MAX. */
void letters_due(struct scorer *s, int64_t now);
/* The queue file was removed: nothing more will be heard from it. */
void letters_removed(struct scorer *s, uint64_t leg);
/* Our filter's verdict on a message. */
void verdict_take(struct scorer *s, struct letter *l);

/* score_rates.c */
/* A message came in then. */
void person_rate(struct scorer *s, struct person *p, int64_t time);
void rates_get(const struct person *p, uint16_t rate[SCORER_RATES]);
/* False when memory runs out. */
bool rates_set(struct scorer *s, struct person *p, const uint16_t rate[SCORER_RATES]);

/* score_rank.c */
/* What is told of a person in that window. */
void person_suspect(struct scorer *s, const struct person *p, const struct window *w,
                    struct suspect *out);

#endif
