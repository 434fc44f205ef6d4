/* world: the relay's customers and their identities (logins, or machines known by address).
 *
 * Made from the seed; read only once the scenario is set up. Addresses: customers' own nets are in
 * 198.51.100.0/25 while they last and 2001:db8:100::/40 after that; logins come from 192.0.2.0/26,
 * 198.51.100.128/26 and 2001:db8:1::/48; 192.0.2.128/25 and 2001:db8:bad::/48 are everybody's
 * enemies; 203.0.113.0/27 is the relay; the recipients' servers have the rest (names.c).
 */
#ifndef GEN_WORLD_H
#define GEN_WORLD_H

#include "names.h"
#include "rng.h"

/* The smtpd services, each with processes of its own; the last takes mail back from a filter. */
enum service { SERVICE_MX, SERVICE_SUBMISSION, SERVICE_SMTPS, SERVICE_AGAIN, SERVICES };
extern const char *const service_names[SERVICES];

enum customer_kind { CUSTOMER_OFFICE, CUSTOMER_SHOP, CUSTOMER_NEWSLETTER, CUSTOMER_KINDS };

struct customer;
struct role;

/* A login is used from elsewhere for some time. */
struct stay {
    int64_t from, to;
    double share; /* of its sessions */
    uint32_t clients;
    const char (*client)[96]; /* NAME[IP] */
};

struct identity {
    const struct customer *customer;
    char login[96]; /* "" for a machine known by its address */
    char sender[96];
    char client[96]; /* NAME[IP] it usually comes from */
    char helo[64];
    uint8_t service;         /* enum service: the smtpd it uses */
    bool cast;               /* it has a part in the scenario */
    const struct stay *stay; /* NULL: none */
    struct role *role;       /* of all its mail; NULL: nothing odd about it */
};

struct customer {
    char key[24];
    const char *partner;
    char domain[40];
    char net[48]; /* "" when its identities are logins */
    enum customer_kind kind;
    double weight;
    uint64_t seed;
    uint32_t first, identities; /* in world->identity */
    uint32_t contacts;          /* how many it writes to as a rule */
    bool cast;                  /* somebody of it has a part in the scenario */
};

struct world {
    struct customer *customer;
    uint32_t customers;
    struct identity *identity;
    uint32_t identities;
    uint32_t spare; /* customers that can be added */
    /* Customers of each kind, and the running sum of their weights. */
    uint32_t *of_kind[CUSTOMER_KINDS], kinds[CUSTOMER_KINDS];
    double *sum[CUSTOMER_KINDS], weight;
};

struct world *world_new(struct rng *r, uint32_t customers);
/* One more customer, for a scenario: the ordinary traffic knows nothing of it. net "": its
 * identities are logins. NULL when there is no more room. */
struct customer *world_add(struct world *w, struct rng *r, enum customer_kind kind, const char *net,
                           uint32_t identities);
/* A customer of that kind by weight; there must be one. */
const struct customer *world_customer(const struct world *w, struct rng *r,
                                      enum customer_kind kind);
const struct identity *world_identity(const struct world *w, struct rng *r,
                                      const struct customer *c);
/* NAME[IP] of where the login is used from at that time; false: from wherever it is as a rule. */
bool stay_client(const struct stay *stay, struct rng *r, int64_t now, char *out, size_t size);
/* NAME[IP] of a place that a login may be used from when not at home. */
void world_roaming(struct rng *r, char *out, size_t size);
void world_enemy(uint64_t h, char *name, size_t name_size, char *ip, size_t ip_size);
/* The operator's file `customers`; false with errno when it can't be written. */
bool world_write_customers(const struct world *w, const char *path);

#endif
