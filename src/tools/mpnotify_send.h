/* mpnotify_send: the mails go to the mailer, and what it took is marked sent. */
#ifndef MPTOOLS_TOOLS_MPNOTIFY_SEND_H
#define MPTOOLS_TOOLS_MPNOTIFY_SEND_H

#include "mpnotify_batch.h"
#include "mpnotify_options.h"

/* What an earlier run was sending when it was killed, before anything else. */
int send_claimed(const struct options *o, struct batches *b, const char *mailer);
int send_batches(const struct options *o, struct batches *b, const char *mailer);

#endif
