/* mpnotify_show: the notices to look at: a list, the mails, or JSON. */
#ifndef MPTOOLS_TOOLS_MPNOTIFY_SHOW_H
#define MPTOOLS_TOOLS_MPNOTIFY_SHOW_H

#include "mpnotify_batch.h"
#include "mpnotify_options.h"

/* To stdout. EXIT_FOUND when there are any, or the status of a failure, which it tells. */
int show(const struct options *o, struct batches *b);

#endif
