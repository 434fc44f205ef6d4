/* place: the nets that clients come from, with their country and provider.
 *
 * Home is one country with a handful of providers, where the relay's customers are (their own nets
 * and the places that logins roam to, see world.h); abroad are twenty-odd providers in as many
 * countries, each with an IPv4 /21 of 198.18.0.0/15 (RFC 2544) and an IPv6 /48. Autonomous system
 * numbers are for documentation (RFC 5398), provider names invented.
 */
#ifndef GEN_PLACE_H
#define GEN_PLACE_H

#include "rng.h"

#include <stddef.h>

/* What sort of clients a provider abroad has, as bits. */
enum abroad {
    ABROAD_TRAVEL = 1, /* hotels and telephones: customers on a journey */
    ABROAD_BOTS = 2,   /* other people's infected machines */
    ABROAD_HOSTS = 4,  /* rented servers */
    ABROAD_CLOUD = 8   /* where honest software as a service lives */
};

/* The number of a provider abroad that has one of those sorts of clients. */
unsigned place_abroad(struct rng *r, unsigned sorts);
/* NAME[IP] of a client there, into out. */
void place_client(struct rng *r, unsigned provider, char *out, size_t size);
/* NAME[IP] of a client of a provider at home that no customer has used before. */
void place_moved(struct rng *r, char *out, size_t size);
/* The i-th net for a customer of a scenario, 198.18.x.y/29. */
void place_net(unsigned i, char *out, size_t size);
/* Writes NET, COUNTRY, ASN, NAME of every net, tab between; false with errno when it can't. */
bool place_write(const char *path);

#endif
