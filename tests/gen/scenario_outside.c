/* What others do to the relay and its customers, see scenario.h: providers that list one of our
 * addresses, a site that loses its directory, strangers who forge a customer's address.
 */
#include <stdlib.h>

#include "cast.h"
#include "place.h"
#include "scenario.h"

enum { STRANGERS = 40 };

static struct trouble *trouble_new(struct sim *s, const char *kind, enum outcome outcome)
{
    struct trouble *t = calloc(1, sizeof(*t));

    if (t == NULL)
        abort();
    t->next = s->troubles;
    s->troubles = t;
    t->role = role_new(s, kind, NULL, false);
    t->outcome = outcome;
    t->transports = UINT32_MAX;
    return t;
}

/* One or two of our addresses, at one to three providers. */
static void listing(struct sim *s, enum outcome outcome)
{
    static const enum style lists[6] = {STYLE_BIGMAIL, STYLE_OUTPOST,  STYLE_REDMONT,
                                        STYLE_YONDER,  STYLE_NORDPOST, STYLE_PEARMAIL};
    struct trouble *t = trouble_new(s, "honest:listed", outcome);
    char *name = t->role->sender;
    uint32_t providers = 1 + rng_below(&s->rng, 3), addresses = 1 + rng_below(&s->rng, 2);

    for (uint32_t i = 0; i < providers; i++)
        t->styles |= 1u << lists[rng_below(&s->rng, 6)];
    t->transports = 0;
    for (uint32_t i = 0; i < addresses; i++)
        t->transports |= 1u << rng_below(&s->rng, s->opt.outbound);
    for (uint32_t i = 0; i < s->opt.outbound; i++)
        if (t->transports >> i & 1)
            name += snprintf(name, sizeof(s->transport_ip[i]) + 1, "%s%s",
                             name > t->role->sender ? "," : "", s->transport_ip[i]);
    t->from = cast_time(s, 0.5, 0.9);
    t->to = t->from + (int64_t)(cast_size(s, 4, 24) * (double)HOUR);
}

/* Some providers say that it is the address and what list it is on, some only that it is spam. */
void scenario_listed(struct sim *s)
{
    listing(s, OUTCOME_BLOCKED);
    listing(s, OUTCOME_CONTENT);
}

/* Mail that others send, to customers or in customers' names. */
struct incoming {
    struct identity by[STRANGERS]; /* machines that are nobody's; customer: the victim's */
    const struct identity *victim;
    struct role *role;
    int64_t from, to;
    double rate; /* messages an hour */
    uint32_t burst;
    compose_fn compose;
};

static struct incoming *incoming_new(const struct identity *victim, struct role *role)
{
    struct incoming *in = calloc(1, sizeof(*in));

    if (in == NULL)
        abort();
    in->victim = victim;
    in->role = role;
    in->burst = 5;
    for (int i = 0; i < STRANGERS; i++) {
        in->by[i].customer = victim->customer;
        in->by[i].service = SERVICE_MX;
    }
    return in;
}

static void incoming_step(struct sim *s, void *incoming)
{
    struct incoming *in = incoming;
    const struct identity *by = &in->by[rng_below(&s->rng, STRANGERS)];
    uint32_t n = 1 + rng_below(&s->rng, in->burst);
    double pause = (double)HOUR / in->rate * (1 + in->burst) / 2;

    if (s->now >= in->to)
        return;
    session_open(s, by, by->client, n, in->compose, in);
    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, pause), incoming_step, in);
}

static void incoming_start(struct sim *s, struct incoming *in, double hours)
{
    in->to = in->from + (int64_t)(hours * (double)HOUR);
    sched_add(&s->sched, in->from, incoming_step, in);
}

/* The servers of recipients that spam was sent to in the victim's name. */
static void from_servers(struct sim *s, struct incoming *in)
{
    for (int i = 0; i < STRANGERS; i++) {
        const struct domain *d =
            &s->names->domain[RCPT_DOMAIN(names_rcpt(s->names, rng_next(&s->rng), 0, false))];

        snprintf(in->by[i].client, sizeof(in->by[i].client), "%.60s[%s]", d->mx, d->ip);
        snprintf(in->by[i].helo, sizeof(in->by[i].helo), "%.60s", d->mx);
    }
}

static void from_bots(struct sim *s, struct incoming *in)
{
    for (int i = 0; i < STRANGERS; i++) {
        unsigned provider = place_abroad(&s->rng, ABROAD_BOTS | ABROAD_HOSTS);

        place_client(&s->rng, provider, in->by[i].client, sizeof(in->by[i].client));
        snprintf(in->by[i].helo, sizeof(in->by[i].helo), "%.8s%u", "mail-srv",
                 rng_below(&s->rng, 100));
    }
}

/* A notice about mail that the victim never sent. */
static void backscatter_compose(struct sim *s, struct mail *m, void *arg)
{
    const struct incoming *in = arg;

    m->inbound = true;
    m->role = in->role;
    snprintf(m->to, sizeof(m->to), "%s", in->victim->sender);
    mail_add_rcpt(s, m, RCPT_WRITTEN);
    m->size = traffic_size(s, 6000, 0.5);
    traffic_msgid(s, m, "postmaster.example");
}

/* Spam in the victim's name: to customers of the relay, whose servers refuse some of it; or to
 * others, for whom the relay takes no mail from strangers. */
static void forged_compose(struct sim *s, struct mail *m, void *arg)
{
    const struct incoming *in = arg;
    const struct customer *to = &s->world->customer[rng_below(&s->rng, s->world->customers)];
    bool unknown = rng_chance(&s->rng, 0.3);
    char person[40];

    m->inbound = true;
    m->role = in->role;
    m->spam = 0.3F;
    snprintf(m->sender, sizeof(m->sender), "%s", in->victim->sender);
    if (rng_chance(&s->rng, 0.4)) {
        mail_add_rcpt(s, m, names_rcpt(s->names, rng_next(&s->rng), 0.3, true));
        m->refuse = "554 5.7.1 <%r>: Relay access denied";
    } else {
        names_person(person, sizeof(person), rng_next(&s->rng));
        snprintf(m->to, sizeof(m->to), "%s@%s", person, to->domain);
        mail_add_rcpt(s, m, unknown ? RCPT_WRITTEN | RCPT_UNKNOWN : RCPT_WRITTEN);
    }
    m->size = traffic_size(s, 4000, 0.4);
    traffic_msgid(s, m, in->victim->customer->domain);
}

void scenario_forged(struct sim *s)
{
    struct identity *victim = cast_login(s);
    double hours = cast_size(s, 6, 48);
    struct incoming *spam, *notices;
    struct role *role;

    if (victim == NULL) {
        cast_nobody("forged");
        return;
    }
    role = role_new(s, "honest:forged", victim, false);
    spam = incoming_new(victim, role);
    spam->compose = forged_compose;
    spam->rate = cast_size(s, 20, 200);
    from_bots(s, spam);
    spam->from = cast_time(s, 0.5, 0.9);
    incoming_start(s, spam, hours);
    notices = incoming_new(victim, role);
    notices->compose = backscatter_compose;
    notices->rate = spam->rate / 2;
    from_servers(s, notices);
    notices->from = spam->from + 5 * MINUTE;
    incoming_start(s, notices, hours + 3);
}

/* A customer's server took mail for users that it doesn't have, and tells the senders, who were
 * forged: some do not exist, some providers take it for spam. */
static void bouncing_compose(struct sim *s, struct mail *m, void *arg)
{
    const struct incoming *in = arg;

    m->role = in->role;
    m->spam = 0.15F;
    m->look = in->victim->customer->seed | 1;
    mail_add_rcpt(s, m, names_rcpt(s->names, rng_next(&s->rng), 0.35, true));
    m->size = traffic_size(s, 6000, 0.5);
    traffic_msgid(s, m, in->victim->customer->domain);
}

static void bouncing(struct sim *s)
{
    struct identity *server = cast_new_machine(s, CUSTOMER_OFFICE);
    struct incoming *in;

    if (server == NULL) {
        cast_nobody("bounces");
        return;
    }
    in = incoming_new(server, role_new(s, "honest:bounces", server, false));
    for (int i = 0; i < STRANGERS; i++)
        in->by[i] = *server;
    in->compose = bouncing_compose;
    in->rate = cast_size(s, 60, 600);
    in->from = cast_time(s, 0.5, 0.9);
    incoming_start(s, in, cast_size(s, 2, 12));
}

/* A large site forgets its users for an hour of a working day; and bounces by the hundred, to and
 * from customers. */
void scenario_bounces(struct sim *s)
{
    static const enum style large[4] = {STYLE_BIGMAIL, STYLE_OUTPOST, STYLE_NORDPOST,
                                        STYLE_REDMONT};
    struct trouble *t = trouble_new(s, "honest:bounces", OUTCOME_UNKNOWN);
    struct identity *victim = cast_login(s);
    struct incoming *in;

    t->styles = 1u << large[rng_below(&s->rng, 4)];
    t->from = cast_worktime(s, 0.5, 0.95);
    t->to = t->from + HOUR;
    snprintf(t->role->sender, sizeof(t->role->sender), "user unknown");
    bouncing(s);
    if (victim == NULL) {
        cast_nobody("bounces");
        return;
    }
    in = incoming_new(victim, role_new(s, "honest:bounces", victim, false));
    in->compose = backscatter_compose;
    in->rate = cast_size(s, 60, 600);
    from_servers(s, in);
    in->from = cast_time(s, 0.5, 0.9);
    incoming_start(s, in, cast_size(s, 1, 12));
}
