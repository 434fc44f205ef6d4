/* settings: what the operator sets in DIR/mptools.conf; see mptools.conf(5).
 *
 * One row a key in settings.c says its section, name, type, default and range; inifile.h says how
 * the file is written and what counts as a mistake. A key that is added needs its row, its member
 * here and its paragraph in man/mptools.conf.5.
 */
#ifndef MPTOOLS_BASE_SETTINGS_H
#define MPTOOLS_BASE_SETTINGS_H

#include "base/inifile.h"

struct settings {
    struct arena arena;
    double false_flags; /* tolerated, per message; 0: not set, scoring.conf has it */
    const char *geoip_country, *geoip_asn; /* MaxMind databases; NULL: none */

    const char *ledger, *maps, *templates; /* NULL: not set */

    int64_t deadline;        /* seconds from the first rule to the suspension */
    int64_t quiet;           /* seconds without an attempt before a reinstatement */
    int64_t forget;          /* seconds without spam until what is only watched is closed */
    int64_t keep_messages;   /* seconds that messages stay in the ledger */
    uint64_t max_new_blocks; /* customers in a run; 0: not set, 1 % or 10 */
    double max_collateral;   /* share of other mail that a rule may refuse, too */
    uint64_t slots;          /* restriction classes; 0: not set */
    const char *contact;     /* whom a refusal names: a word without blanks; NULL: nobody */

    bool route_auto;      /* is everybody's mail routed around all listings? */
    uint64_t route_slots; /* restriction classes of routes; 0: not set */

    const char *notify_from;     /* the address that notices come from; NULL: not set */
    const char *notify_operator; /* who signs them */
    const char *notify_copy;     /* an address that gets all of them, too */
    const char *sendmail;        /* the mailer; NULL: not set */
    const char *language;        /* of partners without one */
    uint64_t digest;             /* from so many notices a run on, a partner gets one mail */
    bool notify_watch;           /* are partners told of what is only watched? */

    const char *keys;                             /* a file of keys to blocklists; NULL: none */
    const char *resolver;                         /* ADDRESS[:PORT]; NULL: the system's */
    const char *metrics;                          /* a Prometheus textfile; NULL: none */
    uint64_t listed_recipients, listed_customers; /* refused, of a listing in the log; 0: not set */
    int64_t listed_window;                        /* seconds; 0: not set */

    /* Who asks for a delisting; NULL: not set. */
    const char *delist_from, *organisation, *delist_name, *phone, *website;
};

/* WORDS_ABSENT: there is no such file, *out has the defaults. WORDS_BROKEN: the problems say why.
 * settings_free() it after any of the three. */
enum words_result settings_load(const char *dir, struct problems *problems, struct settings *out);
void settings_free(struct settings *s);

#endif
