/* blockmap: the Postfix maps that make the standing actions hold, and the lines for main.cf and
 * master.cf that use them; mptools-postfix(7) says it to operators.
 *
 * A pure function of the standing actions, the customers file and two settings: the same input
 * gives the same bytes. The maps, in one folder:
 *   mp_suspended_sasl, mp_suspended_sasl_regexp, mp_suspended_net   who is refused altogether
 *   mp_customer_sasl, mp_customer_sasl_regexp, mp_customer_net      login or net -> class mp_slotNN
 *   mp_slotNN_sender, _sender_regexp, _client, _helo                what the customer in NN may not
 *   mp_slotNN_and1, _and2, _and3                                    further conditions of its rules
 *   mp_header_checks                                                subjects, of everybody's mail
 * …_sasl and …_sender are indexed (postmap), …_net and …_client cidr, all others regexp tables.
 * main.cf names all of them, so it is written once; a map that it names has to exist, even empty,
 * or smtpd answers 451 to everybody.
 *
 * Whose a login or net is is found as in judge/customer.h: what another customer has inside a
 * refused one's wildcard, domain or net gets a DUNNO row before it. Limits: a wildcard or domain
 * with more than 500 of them is left out, and told (the flagged login itself is in the indexed map
 * in any case); where more than 500 trailing stars of other customers cross a leading star or
 * domain (`x-*` and `*@acme.example`), or the other way round, a login that fits both counts as the
 * refused one's. A session is judged by its login, and by its client address only if it has none.
 *
 * Rules: a condition alone is a row of its slot's map with the refusal (a login alone: of
 * mp_suspended_sasl). With more of them the first one's row leads to the class of a map that holds
 * the second alone, and so on; each such map belongs to one rule, so two rules can't mix. There
 * are BLOCKMAP_ANDS in a slot; a rule needs one fewer than it has conditions. A subject can't be
 * joined with other conditions (header_checks(5) knows neither customer nor client).
 */
#ifndef MPTOOLS_ACT_BLOCKMAP_H
#define MPTOOLS_ACT_BLOCKMAP_H

#include "act/blockmap_slots.h"
#include "act/mapfile.h"
#include "act/standing.h"
#include "base/words.h"
#include "judge/customer.h"

#define BLOCKMAP_SLOTS 32u /* classes in main.cf, the default */
#define BLOCKMAP_SLOTS_MAX 99u
#define BLOCKMAP_ANDS 3u
#define BLOCKMAP_NAME 40u

struct blockmap {
    struct mapfile *maps;
    char (*names)[BLOCKMAP_NAME];
    size_t n;
    unsigned slots;
};

struct blockmap_options {
    unsigned slots;      /* 0: BLOCKMAP_SLOTS */
    const char *contact; /* named in each refusal; NULL: nobody */
};

/* Fills *out (starts as {0}, blockmap_free() it in any case). What can't be carried or is no longer
 * in the customers file is told in *problems; the rest is built all the same. False when memory ran
 * out. customers may be NULL. */
bool blockmap_build(struct blockmap *out, const struct standing *standing,
                    const struct customers *customers, const struct blockmap_options *options,
                    struct problems *problems);
void blockmap_free(struct blockmap *b);

/* May it stand in a refusal: 1 to 120 printable ASCII characters, no blank and no `$`? */
bool blockmap_contact_good(const char *contact);
/* The refusal that the action gives, a good map value. */
void blockmap_add_refusal(struct text *out, const struct standing_action *a, const char *contact);

/* The lines to add to main.cf once, and as comments what master.cf needs. type: lmdb, cdb, hash or
 * btree. */
void blockmap_main_cf(struct text *out, const char *dir, const char *type, unsigned slots);

#endif
