/* sim: see sim.h. The event loop, process numbers and memory. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t pid_new(struct sim *s)
{
    s->next_pid += 1 + rng_below(&s->rng, 7);
    if (s->next_pid >= 4194304)
        s->next_pid = 400;
    return s->next_pid;
}

struct proc proc_take(struct sim *s, struct pids *p, unsigned most_uses)
{
    struct proc proc;

    if (p->n == 0) {
        proc.pid = pid_new(s);
        proc.uses = 0;
    } else {
        proc = p->idle[--p->n];
        if (proc.uses >= most_uses) {
            proc.pid = pid_new(s);
            proc.uses = 0;
        }
    }
    proc.uses++;
    return proc;
}

void proc_give(struct pids *p, struct proc proc)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 64;
        p->idle = realloc(p->idle, p->cap * sizeof(*p->idle));
        if (p->idle == NULL)
            abort();
    }
    p->idle[p->n++] = proc;
}

/* A free object's first bytes hold the address of the next free one. */
void *pool_take(struct pool *p, size_t size)
{
    enum { AT_ONCE = 64 };
    void *object;

    if (p->free == NULL) {
        char *block;

        p->size = (size + 15) & ~(size_t)15;
        block = calloc(AT_ONCE, p->size);
        if (block == NULL)
            abort();
        for (int i = AT_ONCE - 1; i >= 0; i--)
            pool_give(p, block + (size_t)i * p->size);
    }
    object = p->free;
    memcpy(&p->free, object, sizeof(void *));
    memset(object, 0, size);
    return object;
}

void pool_give(struct pool *p, void *object)
{
    memcpy(object, &p->free, sizeof(void *));
    p->free = object;
}

static void transports_name(struct sim *s)
{
    for (uint32_t i = 0; i < s->opt.outbound; i++) {
        snprintf(s->transport[i], sizeof(s->transport[i]),
                 s->opt.dash ? "postfix-out%u" : "out%u/smtp", i + 1);
        snprintf(s->transport_ip[i], sizeof(s->transport_ip[i]), "203.0.113.%u", 11 + i);
    }
}

void sim_open(struct sim *s, const struct options *opt)
{
    memset(s, 0, sizeof(*s));
    s->opt = *opt;
    rng_seed(&s->rng, opt->seed);
    s->names = names_new(opt->seed);
    s->world = world_new(&s->rng, opt->customers);
    sink_open(&s->scratch, -1, SINK_RFC3339, "", 0);
    s->refused_as = OUTCOME_SPAM;
    s->honest_refusals = 0.0003;
    sink_open(&s->out, 1, opt->rfc3339 ? SINK_RFC3339 : SINK_RFC3164, opt->host,
              opt->size ? opt->size : 10 << 20);
    s->next_pid = 900;
    s->qmgr_pid = pid_new(s);
    transports_name(s);
    s->now = opt->start - (int64_t)(opt->warmup * (double)DAY);
    s->end = opt->days > 0 ? opt->start + (int64_t)(opt->days * (double)DAY) : INT64_MAX;
}

void sim_run(struct sim *s)
{
    struct event e;

    while (!s->out.full && sched_take(&s->sched, &e) && e.t < s->end) {
        s->now = e.t;
        s->out.mute = e.t < s->opt.start;
        e.fn(s, e.arg);
    }
    sink_close(&s->out);
}
