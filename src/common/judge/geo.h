/* geo: the country and the provider (autonomous system) of an address, from the operator's
 * databases in MaxMind's format.
 *
 * Which files is said in mptools.conf, [geoip] country and asn. Their layouts differ by vendor:
 * MaxMind's and DB-IP's `country.iso_code` (else `registered_country`), ip-location-db's
 * `country_code`, IPinfo's `country`; the number of the AS is a number or a text "AS64496". A
 * database is opened with libmaxminddb, which maps it into memory: an update must replace the file
 * by rename, as geoipupdate(1) does, and is seen by the next run. Writing into the file itself can
 * end the program with SIGBUS.
 *
 * Security: what a database says is a stranger's word. A country is two capital ASCII letters or
 * unknown; a name is any bytes, and whoever prints it escapes it. Memory doesn't grow with
 * look-ups. Not for several threads at once.
 */
#ifndef MPTOOLS_JUDGE_GEO_H
#define MPTOOLS_JUDGE_GEO_H

#include "base/ipnet.h"
#include "base/words.h"

#define GEO_NAME_MOST 100u

struct geo;

struct geo_place {
    char country[3];      /* ISO 3166-1 alpha-2, "" unknown */
    uint32_t asn;         /* 0 unknown */
    struct slice as_name; /* at most GEO_NAME_MOST bytes, until geo_free(); empty: unknown */
};

/* A path may be NULL: no such database. NULL when both are; and when one can't be opened, is no
 * MaxMind database, or has not what it is named for in any record: then a problem says so. */
struct geo *geo_open(const char *country_path, const char *asn_path, struct problems *problems);
void geo_free(struct geo *g); /* NULL is fine */

/* True when anything is known; *out is set in any case, also when g is NULL. */
bool geo_find(struct geo *g, struct ipaddr a, struct geo_place *out);

#endif
