/* cast: who plays a part in a scenario. Customers are taken one by one, so that no two parts meet
 * in one as long as there are others; an identity never has two. NULL when nobody is left.
 */
#ifndef GEN_CAST_H
#define GEN_CAST_H

#include "sim.h"

/* A login of an office. */
struct identity *cast_login(struct sim *s);
/* A machine known by its address, of a customer of that kind. */
struct identity *cast_machine(struct sim *s, enum customer_kind kind);
/* An office that has from least to most identities, all of them logins and free. */
struct customer *cast_office(struct sim *s, uint32_t least, uint32_t most);
/* A customer of the scenario's own: with logins, or with one machine in a net of its own. The first
 * identity; the others come after it. */
struct identity *cast_new(struct sim *s, enum customer_kind kind, uint32_t logins);
struct identity *cast_new_machine(struct sim *s, enum customer_kind kind);

/* A time of the log, as shares of its length. */
int64_t cast_time(struct sim *s, double lo, double hi);
/* The same, when offices work, if there is such a time. */
int64_t cast_worktime(struct sim *s, double lo, double hi);
/* A number, small ones as likely as large ones in proportion (log-uniform). */
double cast_size(struct sim *s, double lo, double hi);
/* Says on stderr that a part was left out for want of somebody to play it. */
void cast_nobody(const char *part);

#endif
