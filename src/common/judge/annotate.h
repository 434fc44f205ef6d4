/* annotate: the columns of a record that are not in the log: class, listed_by, outbound_ip,
 * customer, partner.
 *
 * One annotate a process: it holds the reply patterns and the operator's files customers, partners
 * and outbound. Slices that it puts into a record are its own and stay until the next record.
 */
#ifndef MPTOOLS_JUDGE_ANNOTATE_H
#define MPTOOLS_JUDGE_ANNOTATE_H

#include "judge/customer.h"
#include "judge/outbound.h"
#include "log/record.h"

struct annotate;

#define ANNOTATE_ALL UINT32_MAX

/* dir: the operator's folder; NULL: $MPTOOLS_CONF, else /etc/mptools. columns: those that will be
 * looked at, a bit for each (1u << COL_CLASS); what only others need is neither read nor worked
 * out. 0, or the exit status with all problems told by msg.h. *out is NULL or safe to free in any
 * case.
 */
int annotate_new(const char *dir, uint32_t columns, struct annotate **out);
void annotate_free(struct annotate *a); /* NULL is fine */

/* For --check-config of a tool that doesn't need mptools.conf: what is wrong with it is told with
 * the rest. 0 or EXIT_CONFIG; NULL is fine. */
int annotate_check(const struct annotate *a);

/* raw: the record was made from log lines here. Of a record that came from a stream, only columns
 * that are empty are filled. */
void annotate_record(struct annotate *a, struct record *r, bool raw);

/* NULL when the operator has no such file. */
const struct customers *annotate_customers(const struct annotate *a);
const struct outbound *annotate_outbound(const struct annotate *a);
const char *annotate_dir(const struct annotate *a);

#endif
