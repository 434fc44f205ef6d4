/* sched: the simulation's event queue, a four-way heap ordered by time and, within one microsecond,
 * by the order of asking, so that a run is the same every time. Memory that runs out ends the
 * program by abort().
 */
#ifndef GEN_SCHED_H
#define GEN_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
typedef void (*event_fn)(struct sim *s, void *arg);

struct event {
    int64_t t; /* microseconds since 1970 */
    uint64_t order;
    event_fn fn;
    void *arg;
};

struct sched {
    struct event *heap;
    size_t n, cap;
    uint64_t order;
};

void sched_add(struct sched *q, int64_t t, event_fn fn, void *arg);
/* Takes the earliest event; false when there is none. */
bool sched_take(struct sched *q, struct event *e);
void sched_free(struct sched *q);

#endif
