/* dnsbl: asks DNS blocklists about addresses, many at once, and says what each answer is worth.
 *
 * RFC 5782: the address's octets (version 6: nibbles) reversed before the list's zone; an A record
 * in 127.0.0.0/8 is a code, no A record is `not listed`, TXT has the reason. A list is tested
 * before it is believed (section 5): 127.0.0.2 has to be listed and 127.0.0.1 must not be; version
 * 6 has its own two entries and is tested on its own. When a list fails, its addresses aren't
 * asked, and all of them are `cannot tell`, never clean. So are an address outside 127.0.0.0/8 (a
 * parked domain, a resolver that rewrites NXDOMAIN), 127.255.255.0/24 (the lists' own errors), a
 * code that zone.h's codes don't name, and a question that got no usable answer.
 *
 * One call asks everything and returns when all is answered or given up: no threads, no signals.
 * SIGPIPE is ignored meanwhile, since c-ares writes to a resolver that may have closed (TCP, after
 * an answer too long for UDP). How long it can take is bounded, see struct dnsbl_options.
 *
 * Security: answers are a stranger's. Texts are cut to DNSBL_TXT bytes and are NOT escaped. Keys
 * are secrets: they are put into the name in the question, and nowhere else; a text that repeats
 * one (in any case of letters) has `KEY` there. The resolver has to be trusted: answers aren't
 * signed.
 */
#ifndef MPTOOLS_ACT_DNSBL_H
#define MPTOOLS_ACT_DNSBL_H

#include "act/zone.h"
#include "base/failure.h"
#include "base/ipnet.h"

#define DNSBL_NAME 256u  /* room for a domain name as text, with its NUL */
#define DNSBL_TXT 1024u  /* the longest text kept */
#define DNSBL_KEY_MIN 3u /* bytes; no list has keys as short */

enum dnsbl_verdict { DNSBL_NOT_ASKED, DNSBL_NOT_LISTED, DNSBL_LISTED, DNSBL_CANNOT_TELL };

/* Why it can't be told. */
enum dnsbl_reason {
    DNSBL_FINE,
    DNSBL_NO_TEST_ENTRY, /* 127.0.0.2 isn't listed: the list is empty, gone, or silent to us */
    DNSBL_WILDCARD,      /* 127.0.0.1 is listed: it lists everything */
    DNSBL_ERROR_CODE,    /* 127.255.255.0/24 */
    DNSBL_OUTSIDE,       /* an address outside 127.0.0.0/8 */
    DNSBL_UNKNOWN_CODE,
    DNSBL_BAD_ANSWER, /* without an address, or unreadable */
    DNSBL_SERVFAIL,
    DNSBL_REFUSED,
    DNSBL_TIME_OUT,
    DNSBL_UNREACHABLE, /* nothing listens at the resolver's address */
    DNSBL_NO_TIME,     /* limit_ms was up */
    DNSBL_NO_KEY
};

/* 0 takes the default. */
struct dnsbl_options {
    const char *resolver; /* ADDR, ADDR:PORT or [ADDR6]:PORT; NULL: those of resolv.conf(5) */
    unsigned in_flight;   /* questions at once, up to 1,024; default 256 */
    unsigned per_list;    /* of them to one list, up to 1,024; default 64 */
    unsigned timeout_ms;  /* of the first try, 10 to 60,000; doubled for each next; default 1,000 */
    unsigned tries;       /* of each resolver, up to 10; default 4, so 1 + 2 + 4 + 8 s */
    unsigned limit_ms;    /* for all together, up to an hour; default 120,000 */
};

struct dnsbl_question {
    const struct zone *zone;
    const struct slice *key; /* one for each zone, SLICE_NONE where there is none; NULL: no keys */
    unsigned zones;
    const struct ipaddr *addr; /* none: the lists are only tested, in each family they have */
    unsigned addrs;
    struct dnsbl_options options;
};

struct dnsbl_result {
    enum dnsbl_verdict verdict; /* NOT_ASKED: the list has nothing of that family */
    enum dnsbl_reason reason;   /* when it can't be told */
    unsigned codes;
    const uint32_t *code; /* every address of the answer, ascending, host byte order */
    struct slice meaning; /* of the lowest code that lists */
    struct slice txt;     /* of a listing; several records are joined by " | "; may be empty */
};

struct dnsbl_stats {
    unsigned long asked;     /* questions, tests and texts included */
    unsigned long answered;  /* that got any answer, were it SERVFAIL; 0: the resolver is dead */
    unsigned long timed_out; /* tries */
};

/* The answers, or NULL: EXIT_USAGE for a bad option, EXIT_CONFIG for a zone or key that makes no
 * name (the message names the zone's id, never the key), EXIT_TEMPFAIL. The question's arrays have
 * to stay. That nothing answered is no failure here: everything is `cannot tell` then. */
struct dnsbl;
struct dnsbl *dnsbl_ask(const struct dnsbl_question *q, struct failure *f);
const struct dnsbl_result *dnsbl_result(const struct dnsbl *d, unsigned zone, unsigned addr);
/* Why a list as a whole is not believed, by its test or because it fell silent; DNSBL_FINE also
 * where it has nothing to ask. */
enum dnsbl_reason dnsbl_tested(const struct dnsbl *d, unsigned zone, bool v6);
struct dnsbl_stats dnsbl_stats(const struct dnsbl *d);
void dnsbl_free(struct dnsbl *d);

/* For people: "it lists everything: its entry 127.0.0.1 must not be listed", … */
const char *dnsbl_reason_text(enum dnsbl_reason reason);

/* What the answer's addresses say by the list's codes; *why for `cannot tell`, *by the code that
 * lists or NULL. */
enum dnsbl_verdict dnsbl_read(const struct zone *z, const uint32_t *code, unsigned n,
                              enum dnsbl_reason *why, const struct zone_code **by);
/* The first of the list's codes that has it, or NULL. */
const struct zone_code *dnsbl_code(const struct zone *z, uint32_t code);

/* The name to ask for; v6: by nibbles, which ::ffff:127.0.0.2 needs to be told. False when the zone
 * or the key is no part of a domain name, or it gets too long. */
bool dnsbl_name(char buf[DNSBL_NAME], const struct zone *z, struct slice key, struct ipaddr a,
                bool v6);
/* The zone without the label KEY, for people. Returns buf. */
const char *dnsbl_zone_name(char buf[DNSBL_NAME], const struct zone *z);
/* Replaces each secret in n bytes at p by `KEY`, whatever the case of letters; returns the new
 * length, which is at most n. A secret under DNSBL_KEY_MIN is none. */
size_t dnsbl_scrub(char *p, size_t n, struct slice secret);

/* `ADDR`, `ADDR:PORT`, `[ADDR6]:PORT` as c-ares wants it, into buf; false when it is none. */
#define DNSBL_RESOLVER 64u
bool dnsbl_resolver(const char *s, char buf[DNSBL_RESOLVER]);

#endif
