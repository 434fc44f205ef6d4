/* world: see world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const partners[8] = {"north-it", "bluehost",   "citycomp",  "webwerk",
                                        "datanova", "klarsystem", "officehub", "direct"};

const char *const service_names[SERVICES] = {"smtpd", "submission/smtpd", "smtps/smtpd", "smtpd"};

/* Room for the customers that scenarios add. */
enum { SPARE = 256, SPARE_IDENTITIES = 4 };

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL)
        abort();
    return p;
}

static uint32_t identities_of(struct rng *r, enum customer_kind kind)
{
    double n = rng_lognormal(r, 4.0, 0.9);

    if (kind != CUSTOMER_OFFICE)
        return 1 + rng_below(r, 2);
    return n < 1.0 ? 1 : n > 40.0 ? 40 : (uint32_t)n;
}

/* Whatever the number of customers (four at least), there is one of each kind. */
static enum customer_kind kind_of(uint32_t i, unsigned draw)
{
    if (i < 2)
        return CUSTOMER_OFFICE;
    if (i < 4)
        return i == 2 ? CUSTOMER_NEWSLETTER : CUSTOMER_SHOP;
    return draw < 5 ? CUSTOMER_NEWSLETTER : draw < 30 ? CUSTOMER_SHOP : CUSTOMER_OFFICE;
}

static void customer_make(struct rng *r, struct customer *c, uint32_t i, uint32_t *nets)
{
    names_customer_domain(c->domain, sizeof(c->domain), i);
    snprintf(c->key, sizeof(c->key), "%.*s", (int)strcspn(c->domain, "."), c->domain);
    c->partner = partners[rng_skewed(r, 8)];
    c->kind = kind_of(i, rng_below(r, 100));
    c->weight = rng_lognormal(r, 1.0, 1.1);
    c->seed = rng_next(r);
    c->contacts = 30 + (uint32_t)(c->weight * (c->kind == CUSTOMER_OFFICE ? 120 : 3000));
    c->identities = identities_of(r, c->kind);
    if (i == 0)
        c->identities = c->identities < 3 ? 3 : c->identities;
    if (i > 0 && c->kind != CUSTOMER_NEWSLETTER && rng_chance(r, 0.35)) {
        if (*nets < 30)
            snprintf(c->net, sizeof(c->net), "198.51.100.%u/30", 4 + *nets * 4);
        else
            snprintf(c->net, sizeof(c->net), "2001:db8:%x:%x::/64", 0x100 + *nets / 4096,
                     *nets % 4096);
        ++*nets;
    }
}

static void machine_make(const struct customer *c, struct identity *id, uint32_t j)
{
    char ip[40];
    size_t stem = strcspn(c->net, "/");
    size_t host = (size_t)(strrchr(c->net, c->net[stem - 1] == ':' ? ':' : '.') - c->net);
    const char *name = c->kind == CUSTOMER_OFFICE ? "mail" : "web1";

    if (c->net[stem - 1] == ':')
        snprintf(ip, sizeof(ip), "%.*s25", (int)stem, c->net);
    else
        snprintf(ip, sizeof(ip), "%.*s.%d", (int)host, c->net, atoi(c->net + host + 1) + 1);
    snprintf(id->client, sizeof(id->client), "%s.%s[%s]", name, c->domain, ip);
    snprintf(id->helo, sizeof(id->helo), "%s.%s", name, c->domain);
    if (c->kind != CUSTOMER_OFFICE)
        snprintf(id->sender, sizeof(id->sender), "%s@%s", j ? "orders" : "noreply", c->domain);
    id->service = SERVICE_MX;
}

void world_roaming(struct rng *r, char *out, size_t size)
{
    uint32_t h = rng_below(r, 1u << 30);

    if (h % 3 == 0)
        snprintf(out, size, "unknown[2001:db8:1:%x::%x]", h >> 8 & 0xffff, (h >> 3 & 0xff) + 2);
    else if (h % 3 == 1)
        snprintf(out, size, "mobile-%u.carrier.example[192.0.2.%u]", h >> 16 & 127,
                 1 + (h >> 16 & 63));
    else
        snprintf(out, size, "dsl-%u.city-net.example[198.51.100.%u]", h >> 16 & 127,
                 128 + (h >> 16 & 63));
}

void world_enemy(uint64_t h, char *name, size_t name_size, char *ip, size_t ip_size)
{
    if (h % 4 == 0)
        snprintf(ip, ip_size, "2001:db8:bad:%x::%x", (unsigned)(h >> 8) & 0xff,
                 (unsigned)(h >> 16) & 0xff);
    else
        snprintf(ip, ip_size, "192.0.2.%u", 128 + ((unsigned)(h >> 8) & 127));
    if (h % 3 == 0)
        snprintf(name, name_size, "host-%u.cheapcloud.example", (unsigned)(h >> 8) & 127);
    else
        snprintf(name, name_size, "unknown");
}

static void login_make(struct rng *r, const struct customer *c, struct identity *id, uint32_t j)
{
    static const char *const helos[4] = {"[192.0.2.%u]", "[127.0.0.1]", "laptop-%u",
                                         "desktop%u.lan"};
    static const uint8_t services[4] = {SERVICE_SUBMISSION, SERVICE_SUBMISSION, SERVICE_SMTPS,
                                        SERVICE_SUBMISSION};
    uint32_t number;

    if (c->kind == CUSTOMER_NEWSLETTER)
        snprintf(id->sender, sizeof(id->sender), "%s@%s", j ? "offers" : "news", c->domain);
    else if (c->kind == CUSTOMER_SHOP)
        snprintf(id->sender, sizeof(id->sender), "%s@%s", j ? "orders" : "noreply", c->domain);
    /* Two ways of naming logins: the address, or the customer with a number. */
    if (c->seed % 4 == 0)
        snprintf(id->login, sizeof(id->login), "%s-%02u", c->key, j + 1);
    else
        snprintf(id->login, sizeof(id->login), "%s", id->sender);
    number = rng_below(r, 250) + 2;
    snprintf(id->helo, sizeof(id->helo), helos[rng_below(r, 4)], number);
    id->service = services[rng_below(r, 4)];
    world_roaming(r, id->client, sizeof(id->client));
}

static void identities_make(struct world *w, struct rng *r, struct customer *c)
{
    for (uint32_t j = 0; j < c->identities; j++) {
        struct identity *id = &w->identity[c->first + j];
        char person[40];

        id->customer = c;
        /* An odd step goes through all the names before it comes back to one. */
        names_person(person, sizeof(person), (c->seed >> 16) + j * 323);
        if (j == 1 || (j == 3 && rng_chance(r, 0.5)))
            snprintf(person, sizeof(person), "%s", j == 1 ? "info" : "accounts");
        snprintf(id->sender, sizeof(id->sender), "%s@%s", person, c->domain);
        if (c->net[0] != '\0')
            machine_make(c, id, j);
        else
            login_make(r, c, id, j);
    }
}

static void kinds_make(struct world *w)
{
    for (int kind = 0; kind < CUSTOMER_KINDS; kind++) {
        double sum = 0;

        w->of_kind[kind] = allocate(w->customers, sizeof(uint32_t));
        w->sum[kind] = allocate(w->customers, sizeof(double));
        for (uint32_t i = 0; i < w->customers; i++) {
            if ((int)w->customer[i].kind != kind)
                continue;
            sum += w->customer[i].weight;
            w->of_kind[kind][w->kinds[kind]] = i;
            w->sum[kind][w->kinds[kind]++] = sum;
        }
        w->weight += sum;
    }
}

struct world *world_new(struct rng *r, uint32_t customers)
{
    struct world *w = allocate(1, sizeof(*w));
    uint32_t nets = 0;

    w->customers = customers;
    w->customer = allocate(customers + SPARE, sizeof(*w->customer));
    for (uint32_t i = 0; i < customers; i++) {
        customer_make(r, &w->customer[i], i, &nets);
        w->customer[i].first = w->identities;
        w->identities += w->customer[i].identities;
    }
    w->identity = allocate(w->identities + SPARE * SPARE_IDENTITIES, sizeof(*w->identity));
    w->spare = SPARE;
    for (uint32_t i = 0; i < customers; i++)
        identities_make(w, r, &w->customer[i]);
    kinds_make(w);
    return w;
}

struct customer *world_add(struct world *w, struct rng *r, enum customer_kind kind, const char *net,
                           uint32_t identities)
{
    struct customer *c = &w->customer[w->customers];

    if (w->spare == 0 || identities > SPARE_IDENTITIES)
        return NULL;
    w->spare--;
    names_customer_domain(c->domain, sizeof(c->domain), w->customers++);
    snprintf(c->key, sizeof(c->key), "%.*s", (int)strcspn(c->domain, "."), c->domain);
    snprintf(c->net, sizeof(c->net), "%s", net);
    c->partner = partners[rng_skewed(r, 8)];
    c->kind = kind;
    c->seed = rng_next(r);
    c->contacts = 150 + rng_below(r, 300);
    c->cast = true;
    c->identities = identities;
    c->first = w->identities;
    w->identities += identities;
    identities_make(w, r, c);
    return c;
}

bool stay_client(const struct stay *stay, struct rng *r, int64_t now, char *out, size_t size)
{
    if (now < stay->from || now >= stay->to || !rng_chance(r, stay->share))
        return false;
    snprintf(out, size, "%s", stay->client[rng_below(r, stay->clients)]);
    return true;
}

const struct customer *world_customer(const struct world *w, struct rng *r, enum customer_kind kind)
{
    const double *sum = w->sum[kind];
    uint32_t lo = 0, hi = w->kinds[kind] - 1;
    double x = rng_unit(r) * sum[hi];

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (sum[mid] > x)
            hi = mid;
        else
            lo = mid + 1;
    }
    return &w->customer[w->of_kind[kind][lo]];
}

const struct identity *world_identity(const struct world *w, struct rng *r,
                                      const struct customer *c)
{
    return &w->identity[c->first + rng_skewed(r, c->identities)];
}

bool world_write_customers(const struct world *w, const char *path)
{
    FILE *f = fopen(path, "w");

    if (f == NULL)
        return false;
    for (uint32_t i = 0; i < w->customers; i++) {
        const struct customer *c = &w->customer[i];

        fprintf(f, "%s  %s  domain:%s", c->key, c->partner, c->domain);
        if (c->net[0] != '\0')
            fprintf(f, " net:%s", c->net);
        for (uint32_t j = 0; j < c->identities; j++) {
            const char *login = w->identity[c->first + j].login;
            if (login[0] != '\0' && strchr(login, '@') == NULL)
                fprintf(f, " sasl:%s", login);
        }
        fprintf(f, " mail:postmaster@%s\n", c->domain);
    }
    return fclose(f) == 0;
}
