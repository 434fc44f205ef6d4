/* trail_parts: what the files of the trail share; for trail*.c only. */
#ifndef MPTOOLS_ACT_TRAIL_PARTS_H
#define MPTOOLS_ACT_TRAIL_PARTS_H

#include "act/trail.h"
#include "base/arena.h"
#include "base/map.h"

#define TRAIL_PARTS 8u

enum trail_word {
    WORD_HOST,
    WORD_IDENTITY,
    WORD_CUSTOMER,
    WORD_CLIENT,
    WORD_HELO,
    WORD_SENDER,
    WORD_OUTBOUND,
    WORD_SUBJECT,
    WORD_LISTED_BY,
    WORD_COUNT
};

/* A message that was seen to come in, or what was said of one that wasn't, which the table may
 * have. */
struct trail_entry {
    int64_t least, most; /* when it came in */
    bool known;          /* it was seen: least is most, and the fields are filled */
    uint8_t kind, spam;
    uint32_t recipients, sent, refused;
    int64_t row;               /* of one that wasn't seen: its row, once found; 0: none */
    struct trail_entry *older; /* another one under its key */
    struct slice qid;
    const struct slice *word[WORD_COUNT]; /* never NULL */
};

/* Entries that came one after the other, with all that they point to; equal words are one. */
struct trail_part {
    struct arena arena;
    struct map by_key, words;
    struct slice *last[WORD_COUNT];
    struct trail_entry **list;
    size_t n, cap;
    int64_t latest; /* of all its entries */
};

struct trail {
    struct ledger *ledger;
    struct trail_part part[TRAIL_PARTS]; /* a ring */
    size_t first, parts;                 /* the oldest, and how many are in use */
    int64_t cutoff;                      /* what is older is forgotten */
    struct text key;
};

/* By which messages are found. A queue id has no blanks. */
struct slice trail_key(struct text *t, struct slice host, struct slice qid);
/* Writes its entries into the table. False after a failure. */
bool trail_write(struct trail *t, struct trail_part *p);

#endif
