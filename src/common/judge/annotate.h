/* annotate: the columns of a record that are not in the log: class, listed_by, outbound_ip,
 * customer, partner.
 *
 * One annotate a process: it holds the reply patterns and the operator's customers and outbound
 * files. Slices that it puts into a record are its own and stay until annotate_free().
 */
#ifndef MPTOOLS_JUDGE_ANNOTATE_H
#define MPTOOLS_JUDGE_ANNOTATE_H

#include "judge/customer.h"
#include "judge/outbound.h"
#include "log/record.h"

struct annotate;

/* dir: the operator's folder; NULL: $MPTOOLS_CONF, else /etc/mptools. bare: nothing is wanted but
 * the object (no file is read). 0, or the exit status with all problems told by msg.h. *out is NULL
 * or safe to free in any case. */
int annotate_new(const char *dir, bool bare, struct annotate **out);
void annotate_free(struct annotate *a); /* NULL is fine */

/* Only these columns will be looked at (a bit for each, 1u << COL_CLASS): what is for others can be
 * left out. All at the start. */
void annotate_only(struct annotate *a, uint32_t columns);

/* raw: the record was made from log lines here. Of a record that came from a stream, only columns
 * that are empty are filled. */
void annotate_record(struct annotate *a, struct record *r, bool raw);

/* NULL when the operator has no such file. */
const struct customers *annotate_customers(const struct annotate *a);
const struct outbound *annotate_outbound(const struct annotate *a);
const char *annotate_dir(const struct annotate *a);

#endif
