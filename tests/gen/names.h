/* names: the people and places of the invented internet: words, recipient domains, recipients.
 *
 * Every name ends in .example (RFC 2606) and every address is of a documentation range (RFC 5737,
 * RFC 3849). A recipient is one number: its domain, the seed of its local part, and what is wrong
 * with the mailbox are bits of it, so a mailbox that doesn't exist never exists.
 */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include "replies.h"
#include "rng.h"
#include "sink.h"

enum {
    BIG_DOMAINS = 9,       /* the mailbox providers' own domains come first */
    SMALL_DOMAINS = 20000, /* then everybody else's */
    DOMAINS = BIG_DOMAINS + SMALL_DOMAINS
};

enum fault { FAULT_NONE, FAULT_SILENT, FAULT_CLOSED, FAULT_NO_HOST };

struct domain {
    char name[40];
    char mx[72];
    char ip[32];
    uint8_t style; /* enum style: whose software answers */
    uint8_t fault; /* enum fault */
    bool greylists;
    int64_t suspended; /* until when the queue manager leaves it alone */
};

struct names {
    struct domain domain[DOMAINS];
};

typedef uint64_t rcpt_id;

/* A recipient that is written in the message (the sender of a notice's message), not made up. */
#define RCPT_WRITTEN ((rcpt_id)1 << 63)
#define RCPT_UNKNOWN ((rcpt_id)1 << 48)
#define RCPT_FULL ((rcpt_id)1 << 49)
#define RCPT_SHOUTED ((rcpt_id)1 << 50)
#define RCPT_DOMAIN(id) ((uint32_t)((id)&0xffff))

/* Allocates and fills the domains; never NULL. Free with free(). */
struct names *names_new(uint64_t seed);
/* The recipient that h stands for; unknown is the share of those that do not exist. Regular
 * correspondents seldom write to domains that no longer answer. */
rcpt_id names_rcpt(const struct names *n, uint64_t h, double unknown, bool stranger);
/* Writes local@domain. */
void names_put_rcpt(const struct names *n, struct sink *k, rcpt_id id);
/* The i-th customer's domain, and a person's local part, into out. */
void names_customer_domain(char *out, size_t size, uint32_t i);
void names_person(char *out, size_t size, uint64_t h);

#endif
