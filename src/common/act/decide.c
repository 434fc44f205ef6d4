#include "act/decide.h"

#include "act/mapfile.h"
#include "base/when.h"

const struct customer *identity_owner(const struct customers *customers, unsigned kind,
                                      struct slice identity)
{
    struct ipnet net;

    if (kind == IDENTITY_LOGIN)
        return customers_by_login(customers, identity);
    if (kind == IDENTITY_CLIENT && ipnet_parse(identity, &net) == NULL)
        return customers_by_client(customers, net.addr);
    return NULL;
}

/* Messages whose sender is the same address once it is in canonical form. */
static uint64_t messages_of(const struct suspect *s, const struct address *address)
{
    struct address other;
    uint64_t n = 0;

    for (unsigned i = 0; i < s->sender_n; i++)
        if (address_parse(s->sender[i].name, &other) == ADDRESS_OK &&
            slice_eq(address_key(&other), address_key(address)))
            n += s->sender[i].count;
    return n;
}

static bool is_nearly_all(uint64_t n, uint64_t of)
{
    return of > 0 && (double)n * 100 >= (double)of * DECIDE_SHARE;
}

static enum decision_kind choose_address(const struct suspect *s, struct decision *d)
{
    if (s->sender_n == 0)
        return DECISION_SEVERAL;
    d->fault = address_parse(s->sender[0].name, &d->address);
    d->share = d->fault == ADDRESS_OK ? messages_of(s, &d->address) : s->sender[0].count;
    if (!is_nearly_all(d->share, s->messages))
        return DECISION_SEVERAL;
    return d->fault == ADDRESS_OK ? DECISION_BLOCK : DECISION_UNFIT;
}

static bool identity_good(const struct suspect *s)
{
    struct ipnet net;

    return s->kind == IDENTITY_LOGIN ? map_text_good(s->identity)
                                     : ipnet_parse(s->identity, &net) == NULL;
}

static struct slice seconds_text(char *buf, int64_t us)
{
    return us > 0 ? slice_of(buf, when_print(buf, us, 0)) : SLICE_NONE;
}

void decide(const struct suspect *s, const struct customers *customers, struct decision *out)
{
    *out = (struct decision){.kind = DECISION_WATCH};
    if (s->state != STATE_COMPROMISED && s->state != STATE_INFECTED)
        return;
    out->owner = identity_owner(customers, s->kind, s->identity);
    out->kind = identity_good(s) ? choose_address(s, out) : DECISION_STRANGE;
    out->block = (struct block){.whole_customer = out->owner != NULL,
                                .kind = s->kind,
                                .identity = s->identity,
                                .customer = out->owner ? out->owner->key : s->customer,
                                .partner = out->owner ? out->owner->partner : s->partner,
                                .address = out->fault == ADDRESS_OK ? address_key(&out->address)
                                                                    : SLICE_NONE,
                                .time = seconds_text(out->time, s->time),
                                .since = seconds_text(out->since, s->since)};
}

size_t decide_max_new(const struct customers *customers)
{
    size_t hundredth = customers_count(customers) / 100;

    return hundredth > 10 ? hundredth : 10;
}
