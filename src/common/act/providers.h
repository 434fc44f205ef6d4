/* providers: who may refuse our mail because of the address that it comes from: DNS blocklists,
 * mailbox providers and filter vendors. How each is asked, recognised in replies, and left.
 *
 * Read from SHARE/providers.conf, then CONF/providers.d/?*.conf by name; mptools-providers(5) has
 * the format. A section with a known id changes the keys that it has. All mistakes are told at once
 * as FILE:LINE: what is wrong, among them an example that its own pattern doesn't match.
 *
 * A struct providers owns everything that it gives out, which is read only. One a process (or
 * thread): reading replies changes it. Nothing here prints.
 *
 * Limits against a hostile reply: those of reply_text.h on what is read, and PCRE2's on each match;
 * a pattern that runs into one doesn't fit. A reply says what one remote claims, not what is true.
 */
#ifndef MPTOOLS_ACT_PROVIDERS_H
#define MPTOOLS_ACT_PROVIDERS_H

#include "act/zone.h"
#include "base/words.h"

enum provider_kind {
    PROVIDER_DNSBL,
    PROVIDER_MAILBOX,
    PROVIDER_FILTER, /* a vendor whose filter stands before others' mailboxes */
    PROVIDER_DEAD,   /* a list that has ended: never ask it, `reason` says why */
    PROVIDER_NOTE    /* nobody to be listed by: what replies say that is no listing */
};

enum provider_ask {
    PROVIDER_ASK,
    PROVIDER_ASK_INFORMATION, /* ask and show, but neither notify nor act */
    PROVIDER_ASK_NEVER        /* only if the operator turns it on */
};

/* What a reply means. The last four are no listings of the address. */
enum provider_meaning {
    PROVIDER_LISTED,   /* the address is on the list of `provider` */
    PROVIDER_LIST,     /* the same, and it isn't the list of the one who answered */
    PROVIDER_WARNING,  /* slowed down for its reputation; a listing may follow */
    PROVIDER_RECEIVER, /* the receiver's fault: the list refuses its resolver, or is dead */
    PROVIDER_TENANT,   /* one customer of the provider has blocked it, who alone can lift that */
    PROVIDER_DOMAIN,   /* a domain or URL is listed */
    PROVIDER_AUTHENTICATION, /* SPF, DKIM or DMARC */
    PROVIDER_MEANINGS
};

enum provider_way {
    PROVIDER_NO_WAY,    /* nobody takes requests */
    PROVIDER_AUTOMATIC, /* it goes by itself, and requests are useless */
    PROVIDER_PORTAL,    /* self-service: done at once, without anybody reading it */
    PROVIDER_FORM,      /* read by people */
    PROVIDER_MAIL
};

struct provider_words {
    struct slice *word;
    unsigned n;
};

struct provider_match {
    const struct provider_match *next; /* of the same provider; NULL after the last */
    enum provider_meaning meaning;
    bool own;            /* counts only in a reply of the provider's own servers */
    struct slice list;   /* the id of the other list that is meant (PROVIDER_LIST), or empty */
    struct slice source; /* the pattern */
    struct provider_words examples;
    const char *file;
    unsigned line;
};

struct provider {
    struct slice id, name;
    struct slice listed_by; /* the name that reply_class() gives it; several may share one */
    enum provider_kind kind;
    unsigned weight; /* 1 to 10: how much of the mail a listing stops; 0 of PROVIDER_DEAD, _NOTE */

    /* The DNS list; zone.zone is empty when nothing can be asked. */
    struct zone zone;
    enum provider_ask ask;
    struct provider_words alias;     /* other zone names that mean this list */
    const struct provider *replaces; /* not to be asked when this one is (a keyed zone of it) */
    const struct provider *part_of;  /* the list that this one is a part of, or NULL */
    const struct zone_code *part;    /* parts codes of part_of's that mean this one */
    unsigned parts;

    struct provider_words mx;     /* suffixes of its mail servers' names */
    struct provider_words domain; /* recipient domains: a hint, the MX decides */
    const struct provider_match *match;

    enum provider_way way;
    struct slice to;   /* URL, with {ip} for the address, or mail address; may be empty */
    bool to_unchecked; /* `to` is from memory: a person has to look first */
    bool to_in_reply;  /* a link or address in the reply goes before `to` */
    bool owner_only;   /* only the owner of the network may ask */
    bool lockout;      /* repeated requests make it worse */
    struct provider_words fields;         /* what is asked for, see mptools-providers(5) */
    unsigned clears, expires, gap, quiet; /* hours, 0: not known. Usual time to clear after a
                                             request; when it goes by itself; the least time between
                                             requests; without spam before one */
    struct slice terms;                   /* of use of the zone */
    struct slice reason; /* PROVIDER_DEAD, PROVIDER_NOTE: why its zones must not be asked */
    struct slice note;   /* for whoever deals with it */
    const char *file;    /* where it stands */
    unsigned line;
};

struct providers;

/* share: the folder of providers.conf, NULL for share_dir(); conf: the operator's, NULL for none;
 * one without providers.d is fine. NULL when there were mistakes: all of them are in problems. */
struct providers *providers_load(const char *share, const char *conf, struct problems *problems);
void providers_free(struct providers *p); /* NULL is fine */

/* By number from 0, in the order of the files; NULL after the last. */
const struct provider *provider_at(const struct providers *p, size_t i);
const struct provider *provider_find(const struct providers *p, struct slice id);
/* Whose mail server this is: the longest suffix at a label's border, in any case of letters. */
const struct provider *provider_of_mx(const struct providers *p, struct slice host);
const struct provider *provider_of_domain(const struct providers *p, struct slice domain);
/* Whose list a zone is, or what a zone is below of. PROVIDER_DEAD and _NOTE: not to be asked. */
const struct provider *provider_of_zone(const struct providers *p, struct slice zone);
/* Whom to deal with when `asked` has answered with this code (host byte order): a part of it, or
 * itself. */
const struct provider *provider_of_code(const struct providers *p, const struct provider *asked,
                                        uint32_t code);

struct provider_reply {
    enum provider_meaning meaning;
    const struct provider *provider; /* whose list; for the last four meanings, whose words */
    const struct provider *at;       /* who answered, or NULL: not known */
    struct slice list; /* a list that only the reply names (`provider` is a PROVIDER_NOTE then);
                          valid until the next reply */
    const struct provider_match *match; /* what fitted */
};

/* reply: as for reply_class(). host: the relay's name; empty: taken from the reply's own `host NAME
 * said:`. False: it says nothing about the address's standing, or nothing that is known. */
bool provider_of_reply(struct providers *p, struct slice reply, struct slice host,
                       struct provider_reply *out);
/* The same where it is known whose server answered; at may be NULL: somebody else's. */
bool provider_of_reply_at(struct providers *p, struct slice reply, const struct provider *at,
                          struct provider_reply *out);

/* "listed", "list", …; the meaning has to be in range. */
struct slice provider_meaning_name(enum provider_meaning meaning);

#endif
