/* scenario: the parts that scenarios are made of; scenario.c has the table of their names.
 */
#ifndef GEN_SCENARIO_H
#define GEN_SCENARIO_H

#include "sim.h"

/* scenario_first.c: one attack, as the options say. */
void scenario_compromised(struct sim *s);
void scenario_infected(struct sim *s);

/* scenario_attacks.c */
void scenario_blast(struct sim *s);
void scenario_slow(struct sim *s);
void scenario_verified(struct sim *s);
void scenario_snowshoe(struct sim *s);
void scenario_phish(struct sim *s);
void scenario_nat(struct sim *s);
void scenario_home(struct sim *s);
void scenario_virus(struct sim *s);
void scenario_webform(struct sim *s);

/* scenario_bulk.c: honest, but many at once. */
void scenario_newsletter(struct sim *s);
void scenario_invoices(struct sim *s);
void scenario_newcomer(struct sim *s);

/* scenario_steady.c: honest, but odd day by day. */
void scenario_scanner(struct sim *s);
void scenario_crm(struct sim *s);
void scenario_forwarder(struct sim *s);

/* scenario_places.c: honest, from elsewhere. */
void scenario_traveller(struct sim *s);
void scenario_moved(struct sim *s);

/* scenario_outside.c: what others do to us. */
void scenario_listed(struct sim *s);
void scenario_bounces(struct sim *s);
void scenario_forged(struct sim *s);

#endif
