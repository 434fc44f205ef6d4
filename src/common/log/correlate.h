/* correlate: ties the lines of one message together and makes the event records.
 *
 * A message is known by host, instance and queue id. An instance is the first part of the syslog
 * name; a name that has shown no queue manager, cleanup or pickup of its own is only another name
 * for a service of the host's other instance (-o syslog_name=postfix-out1). The records of a
 * message bear what its earlier lines said.
 *
 * A second leg, taken in again from a content filter or by a second instance, gets the first leg's
 * client, login and sender. Since these decide whom to block, a stranger must not be able to make
 * one: the first leg's line has to say `queued as QID` of a next hop on this machine, or at another
 * port than 25 of its private network, and the second leg has to come from there, to the same host,
 * without a login of its own, with the same Message-ID. As the second leg's lines are logged first,
 * the records of a message from such a client wait for that word, HOLD_SECONDS of the log's time at
 * most.
 *
 * Memory follows the messages that are open. What is left when its queue lifetime is over is
 * dropped and counted. Times are the log's; one line with a wild time ages nothing.
 */
#ifndef MPTOOLS_LOG_CORRELATE_H
#define MPTOOLS_LOG_CORRELATE_H

#include "base/text.h"
#include "log/body.h"
#include "log/program.h"

struct correlate;

struct correlate_stats {
    uint64_t reused;  /* queue ids that began anew without having been removed */
    uint64_t expired; /* messages dropped at the end of the queue lifetime, never removed */
    uint64_t linked;  /* second legs tied to their first */
    uint64_t open;    /* messages open now */
};

/* lifetime: microseconds after the last line at which an open message is given up (Postfix's
 * maximal_queue_lifetime and some slack). NULL when memory runs out. */
struct correlate *correlate_new(int64_t lifetime);
void correlate_free(struct correlate *c);

/* One line. Its records then have to be taken with correlate_next() before the next line, as they
 * point into this one. False when memory runs out. */
bool correlate_line(struct correlate *c, const struct program *prog, uint32_t pid, int64_t time,
                    uint8_t digits, const struct line *l);
/* A record that a template made (a companion's verdict or login), tied to its queue id. */
bool correlate_facts(struct correlate *c, const struct program *prog, int64_t time, uint8_t digits,
                     const struct facts *facts);
struct record *correlate_next(struct correlate *c); /* NULL: there is none (any more) */
/* At the end of the input: what waits, waits no longer. */
void correlate_flush(struct correlate *c);

/* The open messages as lines of text, and back; for a log that is followed from run to run. load
 * returns false when the text isn't one of save's. */
bool correlate_save(struct correlate *c, struct text *out);
bool correlate_load(struct correlate *c, struct programs *programs, struct slice saved);

void correlate_stats(const struct correlate *c, struct correlate_stats *out);

#endif
