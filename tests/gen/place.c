/* place: see place.h. */
#include "place.h"

#include <stdio.h>

struct provider {
    const char *country;
    uint32_t asn;
    const char *name;
    const char *host; /* with the last two numbers of the address; NULL: unknown */
    unsigned sorts;
};

static const struct provider providers[] = {
    {"FR", 64503, "Hexagone Mobile", "m-%u-%u.hexagone.example", ABROAD_TRAVEL},
    {"IT", 64504, "Stivale Telecom", "host-%u-%u.stivale.example", ABROAD_TRAVEL | ABROAD_BOTS},
    {"ES", 64505, "Meseta Fibra", "dyn-%u-%u.meseta.example", ABROAD_TRAVEL | ABROAD_BOTS},
    {"GB", 64506, "Albion Broadband", "bb-%u-%u.albion.example", ABROAD_TRAVEL},
    {"US", 64507, "Prairie Cable", "c-%u-%u.prairie-cable.example", ABROAD_TRAVEL | ABROAD_BOTS},
    {"TR", 64508, "Bosphorus Net", NULL, ABROAD_TRAVEL | ABROAD_BOTS},
    {"BR", 64509, "Cerrado Internet", "%u-%u.user.cerrado.example", ABROAD_BOTS},
    {"VN", 64510, "Red River Telecom", NULL, ABROAD_BOTS},
    {"IN", 64511, "Deccan Broadband", NULL, ABROAD_BOTS | ABROAD_TRAVEL},
    {"ID", 65536, "Nusantara Link", NULL, ABROAD_BOTS},
    {"RU", 65537, "Taiga Net", "dsl-%u-%u.taiga.example", ABROAD_BOTS},
    {"UA", 65538, "Steppe Online", NULL, ABROAD_BOTS},
    {"TH", 65539, "Chao Broadband", "node-%u-%u.chao.example", ABROAD_BOTS | ABROAD_TRAVEL},
    {"MX", 65540, "Sierra Cable", "dsl-%u-%u.sierra.example", ABROAD_BOTS},
    {"AR", 65541, "Pampa Net", NULL, ABROAD_BOTS},
    {"CO", 65542, "Andina Fibra", NULL, ABROAD_BOTS},
    {"KR", 65543, "Han River Networks", NULL, ABROAD_BOTS},
    {"PK", 65544, "Indus Link", NULL, ABROAD_BOTS},
    {"EG", 65545, "Delta Telecom", "host-%u-%u.delta-tel.example", ABROAD_BOTS},
    {"RO", 65546, "Carpat Hosting", "vps-%u-%u.carpat.example", ABROAD_HOSTS},
    {"US", 65547, "Cheap Metal Servers", "srv-%u-%u.cheapmetal.example", ABROAD_HOSTS},
    {"SG", 65548, "Straits Cloud", NULL, ABROAD_HOSTS},
    {"NL", 65549, "Polder Virtual", "vps%u-%u.polder.example", ABROAD_HOSTS},
    {"IE", 65550, "Big Cloud Europe", "ec-%u-%u.bigcloud.example", ABROAD_CLOUD | ABROAD_HOSTS},
};

enum { PROVIDERS = sizeof(providers) / sizeof(*providers), HOMES = 9 };

/* world.h says who has these. */
static const char *const homes[HOMES] = {
    "198.51.100.0/25\tDE\t64496\tBusiness Fibre",   "2001:db8:100::/40\tDE\t64496\tBusiness Fibre",
    "198.18.0.0/18\tDE\t64496\tBusiness Fibre",     "192.0.2.0/26\tDE\t64497\tCarrier Mobile",
    "198.51.100.128/26\tDE\t64498\tCity Net",       "2001:db8:1::/48\tDE\t64499\tKabel Sechs",
    "198.18.64.0/18\tDE\t64500\tNeuland Glasfaser", "192.0.2.128/25\tMD\t64501\tCheap Cloud",
    "2001:db8:bad::/48\tMD\t64501\tCheap Cloud",
};

unsigned place_abroad(struct rng *r, unsigned sorts)
{
    unsigned i;

    do
        i = rng_below(r, PROVIDERS);
    while (!(providers[i].sorts & sorts));
    return i;
}

void place_client(struct rng *r, unsigned provider, char *out, size_t size)
{
    unsigned a = rng_below(r, 8) + provider * 8, b = 1 + rng_below(r, 254);
    char name[64] = "unknown";

    if (rng_below(r, 5) == 0) {
        snprintf(out, size, "unknown[2001:db8:%x:%x::%x]", 0xb000 + provider, 1 + a * 16 + b % 16,
                 1 + b);
        return;
    }
    if (providers[provider].host != NULL && rng_below(r, 4) > 0)
        snprintf(name, sizeof(name), providers[provider].host, a, b);
    snprintf(out, size, "%s[198.19.%u.%u]", name, a, b);
}

void place_moved(struct rng *r, char *out, size_t size)
{
    unsigned a = 64 + rng_below(r, 64), b = 1 + rng_below(r, 254);

    snprintf(out, size, "business-%u-%u.neuland.example[198.18.%u.%u]", a, b, a, b);
}

void place_net(unsigned i, char *out, size_t size)
{
    snprintf(out, size, "198.18.%u.%u/29", i / 32 % 64, i % 32 * 8);
}

bool place_write(const char *path)
{
    FILE *f = fopen(path, "w");

    if (f == NULL)
        return false;
    for (int i = 0; i < HOMES; i++)
        fprintf(f, "%s\n", homes[i]);
    for (unsigned i = 0; i < PROVIDERS; i++) {
        const struct provider *p = &providers[i];

        fprintf(f, "198.19.%u.0/21\t%s\t%u\t%s\n", i * 8, p->country, p->asn, p->name);
        fprintf(f, "2001:db8:%x::/48\t%s\t%u\t%s\n", 0xb000 + i, p->country, p->asn, p->name);
    }
    return fclose(f) == 0;
}
