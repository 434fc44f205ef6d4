/* route_map: the Postfix maps of the routes that stand, and the lines of main.cf and master.cf that
 * use them.
 *
 * A pure function of the ledger (routes, domains, slots), the operator's files and the means. In
 * one folder, kept by blockdir.h:
 *   mp_route_sasl, mp_route_sasl_regexp, mp_route_net   login or net -> class mp_routeNN
 *   mp_routeNN_rcpt   recipient domain -> FILTER …      of the slot's customers (route_means.h)
 *   mp_routeNN_hop    recipient domain -> FILTER out2:  at the slot's listener behind the hop
 *   mp_transport      recipient domain -> mp_poolNN     everybody's mail
 *   mp_transport_pools  mp_poolNN,DRAW -> out2:
 *   mp_pool           DRAW -> out2:                     what all other mail leaves by
 * DRAW is a number from 1 to ROUTE_DRAWS that main.cf draws with randmap:, so a server's share is
 * its rows, and main.cf is written once. Domains that are ours are in none of them.
 *
 * The classes are asked in smtpd_helo_restrictions: it is the one list where
 * permit_sasl_authenticated before the client's net costs nothing (a login decides, wherever it
 * comes from), it is evaluated for those who log in, too, before smtpd_sender_restrictions, where
 * senderblock's refusals are: refused is refused, whatever FILTER was set. It needs
 * smtpd_delay_reject and a HELO.
 *
 * Limits: access(5) takes a domain's row for its subdomains, too
 * (parent_domain_matches_subdomains); those of ours, and those that are known to be others', get a
 * DUNNO row.
 */
#ifndef MPTOOLS_ACT_ROUTE_MAP_H
#define MPTOOLS_ACT_ROUTE_MAP_H

#include "act/blockmap.h"
#include "act/route_record.h"

#define ROUTE_DRAWS 60u

struct route_map_input {
    struct ledger *ledger;
    const struct providers *providers;
    const struct customers *customers;
    const struct route_means *means;
    const struct route_slots *slots;
    const struct map *ours; /* domains: these and what is below them */
};

/* Fills *out (starts as {0}; route_map_free() in any case). What can't be carried is told. False
 * when memory ran out or the ledger failed. */
bool route_map_build(struct blockmap *out, const struct route_map_input *in,
                     struct problems *problems);
void route_map_free(struct blockmap *b);
/* Is the domain, or what it is below of, one of these? */
bool route_is_ours(const struct map *ours, struct slice domain);

/* How many of ROUTE_DRAWS each server gets. */
void route_shares(const uint64_t *weight, size_t n, unsigned *share);

/* Lines to add once. type: lmdb, cdb, … chroot: `y` or `n`, as the relay's smtp service has it. */
void route_main_cf(struct text *out, const char *dir, const char *type,
                   const struct route_means *means);
void route_master_cf(struct text *out, const struct route_means *means, char chroot);
/* What mp_routes, the two tables and a class have to be; for route_check.h, too. `$mp_route_index`
 * and the like stand for the places. */
size_t route_cf_checks(void);
const char *route_cf_check(size_t i);

#endif
