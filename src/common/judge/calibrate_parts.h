/* calibrate_parts: what the files of calibrate.h share; for calibrate*.c only. */
#ifndef MPTOOLS_JUDGE_CALIBRATE_PARTS_H
#define MPTOOLS_JUDGE_CALIBRATE_PARTS_H

#include "base/arena.h"
#include "base/map.h"
#include "judge/calibrate.h"
#include "judge/calibrate_fit.h"

/* An identity's observations of a sign on one day. */
struct cell {
    struct cell *older;
    float yes, no;
    float least; /* the sum over the observations */
    int32_t day; /* since 1970 */
};

/* An identity. */
struct witness {
    struct witness *next;
    const char *who; /* the address of its name in the scorer */
    struct cell *newest[SIGN_TALLIES];
    int32_t hour;            /* of its last message, since 1970 */
    uint32_t messages;       /* in that hour */
    uint32_t hours, doubled; /* times that an hour got to 1, 2, 4, … messages; to 2, 4, … */
    bool left_out;
};

struct sign_fit {
    struct shares shares;
    size_t identities;           /* that showed it or didn't */
    size_t telling;              /* often enough: of these are the three */
    float median, high, highest; /* 50, 90 and 99 % have no more than that */
    bool fitted;                 /* there were enough to say something new */
};

/* One time through the log. */
struct pass {
    bool over;
    uint64_t flags;           /* times that somebody was flagged compromised */
    size_t flagged, suspects; /* identities */
    size_t named;             /* flagged ones for the list: on the second pass, the new ones */
    struct text list;         /* of the first of these, a line each */
};

#define LISTED 20u

struct calibrate {
    struct calibrate_options o;
    struct scorer *scorer;
    struct scoring fitted; /* the present one with the new shares */
    struct sign_fit fit[SIGN_COUNT];
    struct pass pass[2];
    unsigned at; /* the pass */
    struct arena arena;
    struct map by_name; /* witnesses */
    struct map flagged; /* names, on the first pass */
    struct witness *first, **end, *last;
    size_t witnesses, cells[SIGN_TALLIES];
    uint64_t messages;
    int64_t time, from, to; /* of the record at hand, the first and the last; microseconds */
    int32_t day;
    bool failed;
};

/* calibrate_estimate.c */
/* Makes c->fit and c->fitted from what the witnesses saw. */
bool estimate_all(struct calibrate *c);

#endif
