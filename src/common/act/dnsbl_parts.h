/* What dnsbl's files have in common; nobody else's.
 *
 * Each list has two lanes, one a family: first its two test questions, both at once, then its
 * addresses. The lanes take turns at the free places, so that a slow list doesn't hold up the
 * others. A question keeps its struct query until it is over, a listing's until it has its text.
 */
#ifndef MPTOOLS_ACT_DNSBL_PARTS_H
#define MPTOOLS_ACT_DNSBL_PARTS_H

#include <ares.h>

#include "act/dnsbl.h"
#include "base/arena.h"

/* After so many time-outs in a row a list counts as dead. */
#define SILENT_MAX 8u

enum { TEST_UNLISTED, TEST_LISTED, TESTS };
enum kind { ASK_TEST, ASK_ADDRESS, ASK_TEXT };

struct lane {
    unsigned zone;
    bool v6, used;
    bool pending[TESTS]; /* still to be asked */
    enum dnsbl_reason result[TESTS];
    unsigned waiting;        /* tests asked and not answered */
    enum dnsbl_reason fault; /* why nothing more is asked */
    unsigned next;           /* address */
    unsigned in_flight;
    unsigned silent, silent_text; /* time-outs in a row */
};

struct query {
    struct dnsbl *d;
    struct query *next; /* free, or waiting to ask for its text */
    struct lane *lane;
    enum kind kind;
    unsigned what; /* which test, or which address */
};

struct dnsbl {
    struct dnsbl_question q;
    struct dnsbl_options opt; /* without zeroes */
    ares_channel channel;
    struct arena arena;
    struct dnsbl_result *result; /* zones times addrs */
    struct lane *lane;           /* two for each zone */
    unsigned lanes, turn;
    struct query *query, *free, *texts;
    unsigned in_flight, window;
    struct dnsbl_stats stats;
    bool no_memory, stopping;
};

static inline struct slice dnsbl_key(const struct dnsbl_question *q, unsigned zone)
{
    return q->key && q->zone[zone].keyed ? q->key[zone] : SLICE_NONE;
}

static inline struct dnsbl_result *dnsbl_at(struct dnsbl *d, const struct lane *l, unsigned addr)
{
    return &d->result[(size_t)l->zone * d->q.addrs + addr];
}

/* ares_query()'s callback; arg is the struct query. */
void dnsbl_answered(void *arg, int status, int timeouts, unsigned char *answer, int size);

#endif
