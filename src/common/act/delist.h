/* delist: may we ask to be taken off a list? One verdict for each open listing of the ledger.
 *
 * A request before the cause is gone gets the address listed again, and on some lists locks it in.
 * So one is allowed only when everybody who sent spam through the address in the time before, and
 * since (delist_culprit.h), is blocked, suspended or reinstated, and nothing was seen of them for
 * the quiet time: [block] quiet, or the provider's own if that is longer. Then only if the provider
 * takes requests, no other list goes first, and the last request isn't too recent: the provider's
 * least time between two, which doubles with each one in 30 days where repeats make it worse.
 *
 * Owns its memory; slices of the providers and templates are theirs. Failures are the ledger's and
 * stick there. Nothing here writes to the ledger or sends anything.
 *
 * SECURITY: reason and next are for the operator and name customers; requests must not
 * (delist_request.h). Both hold a stranger's bytes: escape them for where they go.
 */
#ifndef MPTOOLS_ACT_DELIST_H
#define MPTOOLS_ACT_DELIST_H

#include "act/delist_culprit.h"
#include "act/delist_texts.h"
#include "act/providers.h"
#include "judge/outbound.h"

/* Who asks, and by what. */
struct delist_office {
    const struct providers *providers;
    const struct outbound *outbound;   /* NULL: no such file */
    const struct delist_texts *texts;  /* NULL: no templates, nothing goes first */
    struct slice organisation, name;   /* empty: not set */
    struct slice from, phone, website; /* from: where answers go */
    int64_t now, quiet, before;        /* microseconds; before: how far back from a listing */
};

enum delist_verdict {
    DELIST_ALLOWED,
    DELIST_REFUSED,     /* its cause isn't gone */
    DELIST_WAITING,     /* asked, and the usual time isn't over */
    DELIST_FOLLOW_UP,   /* asked, and it is */
    DELIST_TOO_EARLY,   /* the last request for this address is too recent */
    DELIST_BEHIND,      /* another list goes first */
    DELIST_BY_ITSELF,   /* it expires */
    DELIST_NOBODY,      /* nobody takes requests */
    DELIST_UNCONFIRMED, /* one look, not two */
    DELIST_GOING,       /* the latest look didn't find it */
    DELIST_UNKNOWN,     /* no such provider */
    DELIST_VERDICTS
};

enum delist_cause {
    CAUSE_GONE,    /* everybody is stopped and quiet */
    CAUSE_NONE,    /* a matter of policy: nobody need have done anything */
    CAUSE_RECENT,  /* stopped, but not quiet long enough */
    CAUSE_UNKNOWN, /* nobody was found */
    CAUSE_UNFIXED,
    CAUSES
};

struct delist {
    int64_t id, first, since, last;
    struct slice ip, list; /* list: the ledger's name of the provider */
    struct slice state, code, said, url, sample;
    bool by_log;                     /* sample is a server's reply; else a list's word, by DNS */
    const struct provider *provider; /* NULL: not known */
    const struct delist_template *policy; /* the template that says what goes first, or NULL */

    struct delist_culprit *culprit; /* worst first */
    size_t culprits;
    struct slice stated, measure; /* the operator's own words, or empty */
    int64_t fixed;                /* when he says that it was; WHEN_NONE */

    int64_t cleared;          /* when it was off this list before; WHEN_NONE: never was on it */
    unsigned asked_before;    /* requests sent for this address and list in 30 days */
    int64_t request, drafted; /* the latest of this listing: its number, 0: none; when made */
    int64_t asked;            /* when it was sent; WHEN_NONE */
    struct slice answer;      /* what came back */
    int64_t asked_last;       /* the latest one sent, for this or an earlier listing */

    enum delist_cause cause;
    enum delist_verdict verdict;
    bool may_ask;              /* a request may go out now */
    int64_t at;                /* when that changes, or is to be looked at again; WHEN_NONE */
    struct slice reason, next; /* sentences for the operator */
};

struct delists {
    struct arena arena;
    struct delist *list; /* by number */
    size_t n, cap;
};

/* All open listings, or the one of that number (0: all), also when it is no longer open. False
 * after a failure. The struct starts as {0} and ends in delists_free(). */
bool delists_load(struct delists *out, struct ledger *l, const struct delist_office *o,
                  int64_t only);
void delists_free(struct delists *d);

struct slice delist_verdict_name(unsigned verdict);
struct slice delist_cause_name(unsigned cause);

/* `2026-11-24 10:27 UTC`; nothing for WHEN_NONE. */
void delist_add_time(struct text *out, int64_t us);
/* `40 minutes`, `26 hours`, `3 days`. */
void delist_add_span(struct text *out, int64_t us);

#endif
