/* customer: whose mail it is, from the operator's file `customers`.
 *
 * One line a customer: KEY PARTNER IDENTITY…, an identity being `domain:acme.example`,
 * `net:203.0.113.0/28` (an address alone is its own net), `sasl:bob@acme.example`, `sasl:acme-*` or
 * `sasl:*@acme.example` (one star, first or last), `mail:it@acme.example` (whom to write to; it
 * identifies nobody). A key may have further lines with the same partner; they add up. Domains and
 * logins are folded to lower case, as Postfix folds its map keys.
 *
 * Who wins: for nets the longest prefix; for logins the exact one, then the wildcard with the
 * longest text, then the domain of a login that is an address; for domains the nearest parent.
 * What this can't settle between two customers is an overlap and an error that names both lines:
 * the same net, login or domain twice, one wildcard within another of its kind. (A leading and a
 * trailing star may both match a login: the longer text wins, the leading star of equally long
 * ones.)
 *
 * All memory belongs to the struct customers; look-ups take no time that grows with the file but
 * log(n). SECURITY: a customer is found by what was authenticated (login, client address).
 * customers_by_domain() is for labels and for a login's own domain: a sender address is a claim by
 * anyone and must never decide whom to block.
 */
#ifndef MPTOOLS_JUDGE_CUSTOMER_H
#define MPTOOLS_JUDGE_CUSTOMER_H

#include "base/ipnet.h"
#include "base/slice.h"
#include "base/words.h"

enum customer_id_kind {
    CUSTOMER_DOMAIN,       /* text: the domain */
    CUSTOMER_NET,          /* net, and text as it stands in the file */
    CUSTOMER_LOGIN,        /* text: the whole login */
    CUSTOMER_LOGIN_PREFIX, /* text: what stands before the star */
    CUSTOMER_LOGIN_SUFFIX, /* text: what stands behind the star */
    CUSTOMER_MAIL          /* text: the address, as written */
};

struct customer_id {
    struct customer_id *next; /* in the order of the file */
    const struct customer *customer;
    struct slice text;
    struct ipnet net;
    unsigned line;
    uint8_t kind; /* enum customer_id_kind */
};

struct customer {
    struct slice key, partner;
    const struct customer_id *ids; /* walk with ->next */
    unsigned line;                 /* its first */
    struct customer_id *last;      /* this module's own */
};

struct customers;

/* DIR/customers. WORDS_OK gives *out (customers_free() it); WORDS_ABSENT, *out NULL: the operator
 * has no such file; WORDS_BROKEN, *out NULL: the problems say why, all of them. */
enum words_result customers_load(const char *dir, struct problems *problems,
                                 struct customers **out);
/* The same from words that are loaded already. */
enum words_result customers_read(struct words *words, struct customers **out);
void customers_free(struct customers *c);

size_t customers_count(const struct customers *c);
const struct customer *customers_at(const struct customers *c, size_t i); /* in the file's order */

/* NULL when there is none; also when c is NULL. */
const struct customer *customers_by_key(const struct customers *c, struct slice key);
const struct customer *customers_by_login(const struct customers *c, struct slice login);
const struct customer *customers_by_client(const struct customers *c, struct ipaddr client);
const struct customer *customers_by_domain(const struct customers *c, struct slice domain);

#endif
