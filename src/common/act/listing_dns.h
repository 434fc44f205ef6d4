/* listing_dns: which blocklists are asked about our addresses, and what their answers mean as looks
 * for listing.h.
 *
 * Asked are the living lists of providers.conf that may be asked, or those that are named; a list
 * that needs a key only if the key file has one, and then not the list that it replaces. The key
 * file has lines `ID KEY`, and nobody but its owner and group may be able to read it. What doesn't
 * exist, has ended, or has nothing to ask is a problem with its reason.
 *
 * SECURITY: keys are secrets: they are in no message, problem or answer.
 */
#ifndef MPTOOLS_ACT_LISTING_DNS_H
#define MPTOOLS_ACT_LISTING_DNS_H

#include "act/dnsbl.h"
#include "act/listing.h"
#include "base/arena.h"

struct listing_lists {
    struct arena arena;
    struct words keys; /* the file, which the keys point into */
    struct zone *zone; /* these three: n of them, beside each other */
    struct slice *key;
    const struct provider **of;
    unsigned n;
};

/* keys: a file, or NULL. named: ids or zones of the only lists to ask; none: all that may be asked.
 * False when there were problems. To be freed in any case. */
bool listing_lists_load(struct listing_lists *lists, const struct providers *providers,
                        const char *keys, char *const *named, size_t named_n,
                        struct problems *problems);
void listing_lists_free(struct listing_lists *lists);

/* One thing that a list says about an address. */
struct listing_answer {
    const struct provider *asked;
    const struct provider *of; /* whom to deal with: a part of asked, or itself */
    unsigned list, addr;       /* numbers of the question's zone and address */
    enum dnsbl_verdict verdict;
    enum dnsbl_reason why;
    uint32_t code;        /* of a listing */
    struct slice meaning; /* for people */
};

#define LISTING_ANSWERS 16u
/* What the list says of the address: one answer for each part that it is on, or one that it is on
 * none; 0 when it wasn't asked. At most LISTING_ANSWERS. */
unsigned listing_answers(const struct providers *providers, const struct listing_lists *lists,
                         const struct dnsbl *d, unsigned list, unsigned addr,
                         struct listing_answer out[LISTING_ANSWERS]);

/* The looks that they are, into the ledger: a found one for each part, and one that found nothing
 * for each open row of the list that isn't among them. changed is told of each change; its look is
 * valid meanwhile. */
typedef bool listing_changed(void *user, const struct listing_look *look,
                             const struct listing_change *change);
bool listing_take(struct ledger *l, const struct providers *providers,
                  const struct listing_answer *answer, unsigned n, struct slice ip,
                  struct slice txt, int64_t time, listing_changed *changed, void *user);

/* `127.0.0.2`. Returns buf. */
const char *listing_code(uint32_t code, char buf[16]);

#endif
