/* notice_mailer: gives a mail to `PATH -t -oi -f FROM`, the interface that sendmail(1) and its
 * likes have, without a shell.
 *
 * The mail is in an unnamed file in memory, so nothing waits and no SIGPIPE comes. The mailer runs
 * in a process group of its own; when its time is up the group gets SIGTERM and five seconds later
 * SIGKILL. Its outputs are dropped but for the first line of stderr, which stands in the failure.
 */
#ifndef MPTOOLS_ACT_NOTICE_MAILER_H
#define MPTOOLS_ACT_NOTICE_MAILER_H

#include "base/failure.h"
#include "base/slice.h"

enum mailer_result {
    MAILER_TOOK,    /* it exited 0 */
    MAILER_REFUSED, /* it exited with something else: the mail isn't on its way */
    MAILER_UNSURE,  /* it was killed or ran out of time: nobody knows */
    MAILER_MISSING  /* it couldn't be started: nothing will be sent */
};

/* The failure's status: EXIT_TEMPFAIL for the mailer's 71, 74, 75 and when it ran out of time, else
 * EXIT_UNAVAILABLE. */
enum mailer_result mailer_send(const char *path, const char *from, struct slice mail,
                               unsigned seconds, struct failure *failure);

#endif
