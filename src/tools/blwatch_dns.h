/* blwatch_dns: the DNS side of blwatch(8): asking, telling once what can't be told, and the looks
 * into the ledger. */
#ifndef MPTOOLS_TOOLS_BLWATCH_DNS_H
#define MPTOOLS_TOOLS_BLWATCH_DNS_H

#include "act/listing_dns.h"
#include "blwatch_options.h"
#include "blwatch_report.h"

struct watch_dns {
    const struct providers *providers;
    struct listing_lists lists;
    const struct ipaddr *addr;
    unsigned addrs;
    struct dnsbl *answers;
    struct text before, now; /* what was told before; what is to be remembered as told */
    unsigned unclear;        /* answers that can't be told */
};

/* Loads the lists: 0 or EXIT_CONFIG, with the problems told. */
int watch_dns_load(struct watch_dns *w, const struct options *o, const struct providers *providers);
/* 0; EXIT_UNAVAILABLE when nothing answers, told; or another failure. */
int watch_dns_ask(struct watch_dns *w, const struct options *o);
/* Within a transaction. 0 or the ledger's failure. */
int watch_dns_take(struct watch_dns *w, const struct options *o, struct ledger *l,
                   struct report *report, listing_changed *changed, void *user);
void watch_dns_free(struct watch_dns *w);

#endif
