/* program: who wrote a line: host and syslog tag, taken apart once and remembered.
 *
 * Programs live as long as their table; a pointer identifies host and tag. The table is bounded:
 * the lines of what comes after PROGRAMS_MAX different ones are counted and not read.
 */
#ifndef MPTOOLS_LOG_PROGRAM_H
#define MPTOOLS_LOG_PROGRAM_H

#include "base/arena.h"
#include "base/map.h"
#include "log/body.h"

#define PROGRAMS_MAX 16384
#define PROGRAM_SLOTS 1024

/* A Postfix instance of a host, by the first part of its syslog name. */
struct instance {
    struct instance *next; /* in the order in which they were met */
    struct slice host, name;
    uint32_t host_id;
    bool owner; /* has shown a daemon that a queue has one of: it owns a queue */
};

struct program {
    struct slice host, tag;
    struct slice name;   /* the instance column: "postfix/submission" */
    struct slice daemon; /* the daemon column: "smtpd" */
    enum daemon kind;
    bool companion; /* a program that shape.h has templates of */
    bool records;   /* templates of it make records */
    bool beyond;    /* one too many: counted, not read */
    struct instance *instance;
    uint32_t hash; /* of host and tag, the same in every run */
};

struct programs {
    struct arena arena;
    struct map by_key, instances, hosts;
    struct instance *first_instance, *last_instance;
    struct program *slot[PROGRAM_SLOTS];
    struct program spare;
    struct instance spare_instance;
    struct text key;
    uint32_t count, host_count;
};

void programs_free(struct programs *ps);
/* NULL when memory runs out. */
struct program *program_of(struct programs *ps, struct slice host, struct slice tag);

#endif
