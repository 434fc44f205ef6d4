/* score_parts: what the files of the scorer share; for score*.c only. */
#ifndef MPTOOLS_JUDGE_SCORE_PARTS_H
#define MPTOOLS_JUDGE_SCORE_PARTS_H

#include "base/arena.h"
#include "base/map.h"
#include "judge/identity.h"
#include "judge/recent.h"
#include "judge/score.h"
#include "judge/window.h"

/* Everything about one identity. */
struct person {
    struct slice name, label, partner;
    struct window *window; /* while its sum is over zero */
    struct window *worst;  /* a flagged window that is over */
    struct cusum cusum;
    uint32_t customer; /* hash of the label; never 0 */
    uint8_t kind;      /* enum identity_kind */
    uint8_t scale;     /* of its rates; the scorer's may be larger */
    uint16_t rate[SCORER_RATES];
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
    struct word word[LETTER_SITES];
    unsigned words;
    bool last; /* nothing more will be heard of it */
    struct slice qid, sender, client;
};

struct waiting {
    struct letter letter;
    int64_t since;
    char qid[QID_KEPT], sender[NAME_KEPT + 1], client[64];
};

#define WAITING 256u

struct scorer {
    struct scorer_options o;
    const struct scoring *scoring;
    psl_ctx_t *psl;
    struct arena arena;
    struct map people; /* kind and name -> struct person */
    struct map labels; /* label -> itself, in the arena */
    struct remotes *remotes;
    struct recent heard;     /* messages and sites whose word was taken */
    struct recent passed;    /* queue files that a filter of ours took and answered for */
    struct waiting *waiting; /* a ring, oldest first */
    size_t first, waits;
    int64_t now,
        start; /* the latest time; the log's first minute, in minutes; INT64_MIN at first */
    uint64_t serial, records;
    uint8_t scale;
    bool failed; /* out of memory */
    struct person **ranked;
    size_t n_ranked;
    struct text seen, line;
};

/* score_words.c */
/* Counts the letter's message in the window, unless it is there already. */
void letter_count(struct scorer *s, struct window *w, const struct letter *l);
/* The letter's words become one observation. */
void letter_take(struct scorer *s, struct letter *l);
/* Keeps it until more is heard, or joins it with what waits. */
void letter_wait(struct scorer *s, const struct letter *l);
/* Takes letters that have waited long enough by `now`; all of them with INT64_MAX. */
void letters_due(struct scorer *s, int64_t now);
/* The queue file was removed: nothing more will be heard from it. */
void letters_removed(struct scorer *s, uint64_t leg);
/* Our filter's verdict on a message. */
void verdict_take(struct scorer *s, struct letter *l, enum verdict v);

/* score_rank.c */
void person_rate(struct scorer *s, struct person *p, int64_t time);

#endif
