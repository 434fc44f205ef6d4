/* blockmap_parts: what blockmap.c (which maps), blockmap_owner.c (whose login or net it is) and
 * blockmap_rule.c (what a customer may not) share; for these only. */
#ifndef MPTOOLS_ACT_BLOCKMAP_PARTS_H
#define MPTOOLS_ACT_BLOCKMAP_PARTS_H

#include "act/blockmap.h"

/* Places in the list of maps; a customer's three follow the suspended ones' in the same order. */
enum shared_map {
    MAP_SUSPENDED_SASL,
    MAP_SUSPENDED_SASL_REGEXP,
    MAP_SUSPENDED_NET,
    MAP_CUSTOMER_SASL,
    MAP_CUSTOMER_SASL_REGEXP,
    MAP_CUSTOMER_NET,
    MAP_HEADER_CHECKS,
    SHARED_MAPS
};
/* A slot's own, in this order. */
enum slot_map {
    SLOT_SENDER,
    SLOT_SENDER_REGEXP,
    SLOT_CLIENT,
    SLOT_LOGIN,
    SLOT_HELO,
    SLOT_AND,
    SLOT_MAPS = SLOT_AND + BLOCKMAP_ANDS
};

#define CLASS_TEXT 40u
/* So many rows of one wildcard or domain may say that a login in it is somebody else's; each smtpd
 * process keeps all of them compiled. */
#define EXCEPTIONS_MAX 500u
#define PATTERN_MAX 400u

/* Names of maps, without their folder. */
const char *shared_map_name(enum shared_map which);
const char *slot_map_name(unsigned slot, unsigned which, char buf[BLOCKMAP_NAME]);
/* How smtpd asks a slot's map: check_sender_access, … */
const char *slot_map_check(unsigned which);
enum map_kind slot_map_kind(unsigned which);
struct mapfile *slot_map(struct blockmap *b, unsigned slot, unsigned which);

struct slice slot_class(unsigned slot, char buf[CLASS_TEXT]);
/* The class that asks the map of that further condition, from 1, for a field. */
struct slice and_class(unsigned slot, unsigned number, enum rule_field field, char buf[CLASS_TEXT]);
/* The fields that a further condition may have, each with its class. */
#define AND_FIELDS 3u
enum rule_field and_field(unsigned i);
const char *field_check(enum rule_field field);

/* Who has a row in one set of maps, and what it says: a class or a refusal. */
struct map_owner {
    const struct customer *customer;
    struct slice value;
};

struct map_owners {
    struct map_owner *list;
    size_t n, cap;
    struct map by_key; /* of the customer -> its number, from 1 */
};

/* Empty: the customer has no row here. */
struct slice owners_value(const struct map_owners *o, const struct customer *c);

struct net_row {
    struct ipnet net;
    struct slice value; /* empty: somebody else's within a refused net */
};

struct nets {
    struct net_row *list;
    size_t n, cap;
    bool failed;
};

/* One set of maps: the suspended ones', or those of customers with a slot. */
struct map_set {
    struct blockmap *b;
    enum shared_map first;
    struct map_owners owners;
    struct nets nets;
    const struct customers *customers;
    struct problems *problems;
};

/* A customer's rows follow in map_set_write(). */
bool map_set_customer(struct map_set *set, const struct customer *c, struct slice value);
/* An identity alone; kind: enum identity_kind. */
void map_set_identity(struct map_set *set, unsigned kind, struct slice identity,
                      struct slice value);
bool map_set_write(struct map_set *set);
void map_set_free(struct map_set *set);

/* A key that a map didn't take is told. */
void problem_key(struct problems *problems, const char *map, struct slice key,
                 enum map_added result);

/* What an action may not hold for the maps, in words; NULL: nothing. */
const char *rule_fault(const struct rule_condition *condition, unsigned conditions);

/* The rows of all rules. */
struct rule_work;
struct rule_work *rule_work_new(struct blockmap *b, struct map_set *suspended, const char *contact);
void rule_work_add(struct rule_work *w, const struct standing_action *a);
bool rule_work_write(struct rule_work *w);
void rule_work_free(struct rule_work *w);

#endif
