/* window: what an identity did since its sum left zero: the suspected messages, counted.
 *
 * Exists only while the sum is over zero, and of a flagged identity afterwards. Most windows see a
 * message or two and are gone again, so memory is taken only for what is there: some 500 bytes, and
 * for each belief, remote site, name and sample its own. All of it is bounded: the most frequent
 * senders and clients (window_names.h); different senders are counted exactly while these hold them
 * all, else by linear counting (Whang, Vander-Zanden and Taylor 1990). Names are folded to lower
 * case as Postfix folds its map keys; one that is longer than 255 bytes is counted but not kept.
 */
#ifndef MPTOOLS_JUDGE_WINDOW_H
#define MPTOOLS_JUDGE_WINDOW_H

#include "judge/evidence.h"
#include "judge/fresh.h"
#include "judge/suspect.h"
#include "judge/window_names.h"

#define QID_KEPT 24u /* Postfix's long queue ids have up to 20 */
#define SENDER_BITS 1024u

struct sample {
    uint8_t n;
    char qid[QID_KEPT];
};

struct window {
    struct cusum cusum;
    struct watch watch;
    struct fresh fresh;
    int64_t since, time; /* the first message's arrival; when the state was reached */
    int64_t last;        /* observation */
    int64_t alarmed;     /* the last time that it was in a flagged state */
    uint64_t serial;     /* tells this window from every other */
    uint64_t messages, recipients, content, unknown; /* the last two: recipients refused */
    uint64_t verdicts, spam, viruses;                /* messages that our filter looked at */
    uint64_t told, fresh_rcpts;                      /* recipients that answered; new ones */
    uint32_t nets, providers, countries;             /* new ones */
    uint32_t new_senders, foreign_senders;
    uint32_t busiest; /* most messages in an hour of the clock */
    double best;      /* the highest score, and its parts */
    float part[FAMILY_COUNT];
    float share; /* of the threshold at which its state was reached; 1 without probation */
    struct site_sums sums;
    struct names sender, client, country;
    uint64_t *sender_bits; /* of all; NULL: `sender` holds them all */
    struct sample *sample;
    uint8_t samples;
    uint8_t state; /* enum suspect_state, the worst so far */
    bool fell;     /* its sum did, with the observation at hand */
};

struct window *window_new(int64_t since, uint64_t serial); /* NULL when memory runs out */
/* One to try an observation in that won't need memory for beliefs and one message's sites. */
struct window *window_spare(void);
/* A window that goes on from what was tried in the spare one. */
struct window *window_of_spare(const struct window *spare, int64_t since, uint64_t serial);
void window_free(struct window *w);

/* What was counted so far had nothing to do with it: counts begin anew with a message that arrived
 * at that time. What is believed and learned stays. */
void window_recount(struct window *w, int64_t since, uint64_t serial);

/* One message more. False when memory runs out. */
bool window_message(struct window *w, struct slice sender, struct slice client,
                    struct slice country, uint64_t recipients);
/* Different senders are from now on counted by bits; false when memory runs out. */
bool window_bits(struct window *w);
/* A message to look up, one of those that were refused. False when memory runs out. */
bool window_sample(struct window *w, struct slice qid);
/* Fills what the window knows; names point into it. families: what was seen, into `seen`, which
 * has to live as long as out. */
void window_suspect(const struct window *w, struct text *seen, struct suspect *out);

#endif
