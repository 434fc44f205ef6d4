/* body_parts: the longer readers of body.c, in files of their own. Private to body*.c. */
#ifndef MPTOOLS_LOG_BODY_PARTS_H
#define MPTOOLS_LOG_BODY_PARTS_H

#include "log/body.h"
#include "log/field.h"

void body_set_client(struct line *l, const struct host *h);

/* "QID: to=<…>, relay=…, …, status=… (…)" of a delivery agent. */
bool body_delivery(struct slice s, struct line *l);

/* "ACTION: STAGE from CLIENT: REPLY; from=<…> to=<…> proto=… helo=<…>", the queue id already taken;
 * smtpd's, postscreen's and cleanup's forms. */
bool body_action(struct slice s, struct line *l);

#endif
