/* blockmap_parts: what blockmap.c (the maps) and blockmap_owner.c (whose login or net it is) share;
 * for these two only. */
#ifndef MPTOOLS_ACT_BLOCKMAP_PARTS_H
#define MPTOOLS_ACT_BLOCKMAP_PARTS_H

#include "act/blockmap.h"

#define SLOT_CLASS_TEXT 16u
/* So many rows of one wildcard or domain may say that a login in it is somebody else's; each smtpd
 * process keeps all of them compiled. */
#define EXCEPTIONS_MAX 500u

struct owner {
    const struct customer *customer;
    unsigned slot;
};

struct owners {
    struct owner list[SLOTS_MAX];
    size_t n;
};

/* 0: the customer has no incident. */
unsigned owners_slot(const struct owners *o, const struct customer *c);

struct net_row {
    struct ipnet net;
    unsigned slot; /* 0: somebody else's within a blocked net */
};

struct nets {
    struct net_row *list;
    size_t n, cap;
    bool failed;
};

void nets_add(struct nets *nets, struct ipnet net, unsigned slot);
/* The nets of other customers that lie within a blocked one. */
bool nets_add_others(struct nets *nets, const struct customers *customers,
                     const struct owners *owners);
/* Smallest nets first, as the first match of a cidr table wins. */
bool nets_write(struct nets *nets, struct mapfile *map, struct problems *problems);
void nets_free(struct nets *nets);

struct slice slot_class(unsigned slot, char buf[SLOT_CLASS_TEXT]);

/* kind: CUSTOMER_LOGIN, _PREFIX, _SUFFIX or CUSTOMER_DOMAIN. */
void add_login_expression(struct text *out, unsigned kind, struct slice text);
/* The wildcards and domains of the owners. */
bool add_login_patterns(struct mapfile *map, const struct customers *customers,
                        const struct owners *owners, struct problems *problems);

#endif
