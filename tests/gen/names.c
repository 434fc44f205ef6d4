/* names: see names.h. */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const firsts[64] = {
    "anna",    "ben",    "carla",  "david",   "emma",   "felix",  "greta",  "hugo",
    "ines",    "jonas",  "karin",  "lukas",   "maria",  "nils",   "olga",   "paul",
    "rosa",    "simon",  "tanja",  "ulrich",  "vera",   "walter", "yvonne", "zoe",
    "adam",    "bianca", "chris",  "doris",   "eric",   "fiona",  "georg",  "helena",
    "ivan",    "julia",  "kevin",  "laura",   "martin", "nina",   "oliver", "petra",
    "quentin", "rita",   "stefan", "theresa", "uwe",    "victor", "wanda",  "xaver",
    "alice",   "bruno",  "cora",   "daniel",  "elena",  "frank",  "gisela", "henry",
    "ida",     "jan",    "kira",   "leo",     "mona",   "noah",   "otto",   "pia"};

static const char *const lasts[64] = {
    "adler",    "baker",   "carter",  "dietz",  "ebert",   "fischer", "graf",    "hansen",
    "irving",   "jensen",  "keller",  "lang",   "meyer",   "novak",   "o'brien", "parker",
    "quinn",    "richter", "schmidt", "turner", "ullmann", "vogel",   "weber",   "young",
    "zimmer",   "arnold",  "berg",    "cooper", "duval",   "engel",   "frey",    "gruber",
    "huber",    "iversen", "jung",    "kaiser", "lopez",   "martens", "nagel",   "ortega",
    "peters",   "rossi",   "sauer",   "thomas", "unger",   "vargas",  "winter",  "yilmaz",
    "ziegler",  "ahrens",  "bauer",   "conrad", "decker",  "ernst",   "franke",  "garcia",
    "hoffmann", "ihle",    "jacobs",  "krause", "lorenz",  "moreau",  "neumann", "olsen"};

static const char *const places[48] = {
    "north",   "alpine",  "harbor", "silver", "maple",  "granite", "river",  "summit",
    "amber",   "cedar",   "delta",  "ember",  "falcon", "garden",  "hazel",  "indigo",
    "juniper", "kestrel", "lark",   "meadow", "nova",   "orchard", "pine",   "quartz",
    "raven",   "stone",   "timber", "union",  "valley", "willow",  "yarrow", "zephyr",
    "anchor",  "birch",   "copper", "dune",   "elm",    "forge",   "grove",  "heron",
    "iris",    "jade",    "king",   "linden", "mosaic", "nectar",  "opal",   "prairie"};

static const char *const trades[48] = {
    "print",  "foods",   "tools",  "bikes",    "books",  "travel",  "design", "energy",
    "metal",  "law",     "dental", "flowers",  "music",  "optics",  "paper",  "realty",
    "school", "systems", "textil", "trade",    "works",  "wine",    "yachts", "labs",
    "auto",   "bakery",  "care",   "dance",    "events", "finance", "glass",  "hotel",
    "invest", "joinery", "kiosk",  "logistic", "media",  "nursery", "office", "pharma",
    "quarry", "repair",  "sports", "tiles",    "united", "vision",  "water",  "studio"};

static const char *const roles[16] = {"info",    "office",  "sales",  "kontakt", "support", "hello",
                                      "billing", "orders",  "team",   "hr",      "service", "mail",
                                      "press",   "booking", "events", "jobs"};

struct big {
    const char *name;
    const char *mx;
    enum style style;
    unsigned share; /* of 100 messages to mailbox providers */
};

static const struct big bigs[BIG_DOMAINS] = {
    {"bigmail.example", "bigmail-smtp-in.searchco.example", STYLE_BIGMAIL, 38},
    {"outpost.example", "outpost-com.olc.protection.redmont.example", STYLE_OUTPOST, 15},
    {"hotpost.example", "hotpost-com.olc.protection.redmont.example", STYLE_OUTPOST, 10},
    {"yonder.example", "mta5.am0.yonderdns.example", STYLE_YONDER, 9},
    {"nordpost.example", "mx00.emig.nordpost.example", STYLE_NORDPOST, 11},
    {"netpost.example", "mx-ha03.netpost.example", STYLE_NORDPOST, 7},
    {"pearmail.example", "mx01.mail.pearmail.example", STYLE_PEARMAIL, 5},
    {"telepost.example", "mx00.telepost.example", STYLE_GATEWAY, 4},
    {"cablenet.example", "mx1.cablenet.example", STYLE_EXIM, 1},
};

static void dashed(char *out, size_t size, const char *name)
{
    size_t i;

    for (i = 0; name[i] != '\0' && i + 1 < size; i++)
        out[i] = name[i] == '.' ? '-' : name[i];
    out[i] = '\0';
}

/* Who handles the mail of a small domain: hosted by the large two, or by its own server. */
static void small_mx(struct domain *d, uint64_t h)
{
    char label[40];
    unsigned who = h % 100;

    dashed(label, sizeof(label), d->name);
    if (who < 42) {
        d->style = STYLE_REDMONT;
        snprintf(d->mx, sizeof(d->mx), "%s.mail.protection.redmont.example", label);
    } else if (who < 58) {
        d->style = STYLE_BIGMAIL;
        snprintf(d->mx, sizeof(d->mx), "aspmx.l.searchco.example");
    } else if (who < 66) {
        d->style = STYLE_GATEWAY;
        snprintf(d->mx, sizeof(d->mx), "mx%u.%s.gateway.example", (unsigned)(h >> 8) % 2 + 1,
                 label);
    } else {
        d->style = who < 88 ? STYLE_POSTFIX : STYLE_EXIM;
        snprintf(d->mx, sizeof(d->mx), "%s.%s", (h >> 8) % 2 ? "mail" : "mx1", d->name);
        d->greylists = d->style == STYLE_POSTFIX && (h >> 16) % 100 < 40;
        if ((h >> 24) % 1000 < 18)
            d->fault = (uint8_t)(FAULT_SILENT + (h >> 40) % 3);
    }
}

/* Sites that are run by different people have different nets: /24, or /48 for IPv6. There are only
 * three /24s for documentation, so all but the three largest sites are reached by IPv6. */
static void domain_ip(struct domain *d, uint32_t i, uint64_t h)
{
    unsigned host = (unsigned)(h >> 8) % 64;

    if (d->style == STYLE_BIGMAIL)
        snprintf(d->ip, sizeof(d->ip), "203.0.113.%u", 64 + host);
    else if (d->style == STYLE_OUTPOST || d->style == STYLE_REDMONT)
        snprintf(d->ip, sizeof(d->ip), "198.51.100.%u", 192 + host);
    else if (d->style == STYLE_NORDPOST)
        snprintf(d->ip, sizeof(d->ip), "192.0.2.%u", 64 + host);
    else if (d->style == STYLE_GATEWAY && i >= BIG_DOMAINS)
        snprintf(d->ip, sizeof(d->ip), "2001:db8:f0ff:1::%x", 16 + host);
    else
        snprintf(d->ip, sizeof(d->ip), "2001:db8:%x:%x::%x",
                 i < BIG_DOMAINS ? 0xf000 + i : 0x1000 + i, (unsigned)(h >> 32) % 16, 16 + host);
}

struct names *names_new(uint64_t seed)
{
    struct names *n = calloc(1, sizeof(*n));

    if (n == NULL)
        abort();
    for (uint32_t i = 0; i < DOMAINS; i++) {
        struct domain *d = &n->domain[i];
        uint64_t h = rng_hash(seed ^ (i * 0x10001ull));
        if (i < BIG_DOMAINS) {
            snprintf(d->name, sizeof(d->name), "%s", bigs[i].name);
            snprintf(d->mx, sizeof(d->mx), "%s", bigs[i].mx);
            d->style = (uint8_t)bigs[i].style;
        } else {
            uint32_t j = i - BIG_DOMAINS;
            uint32_t more = j / (48 * 48);
            snprintf(d->name, sizeof(d->name), more ? "%s%s%u.example" : "%s%s.example",
                     places[j % 48], trades[j / 48 % 48], more + 1);
            small_mx(d, h);
        }
        domain_ip(d, i, rng_hash(h));
    }
    return n;
}

static uint32_t big_domain(unsigned percent)
{
    uint32_t i = 0;

    while (percent >= bigs[i].share) {
        percent -= bigs[i].share;
        i++;
    }
    return i;
}

/* Small domains are written to unevenly: the square of an even number prefers the low ones. */
static uint32_t small_domain(uint64_t h)
{
    uint64_t u = h & 0xffffffff;

    return BIG_DOMAINS + (uint32_t)(((u * u) >> 32) * SMALL_DOMAINS >> 32);
}

rcpt_id names_rcpt(const struct names *n, uint64_t h, double unknown, bool stranger)
{
    uint64_t more = rng_hash(h);
    uint32_t d = h % 100 < 55 ? big_domain((unsigned)(h >> 8) % 100) : small_domain(more);
    rcpt_id id;

    if (n->domain[d].fault != FAULT_NONE && !stranger && (h >> 20) % 100 < 85)
        d = small_domain(rng_hash(more));
    id = (rcpt_id)d | (rng_hash(more ^ 0x5eed) & 0xffffffff) << 16;
    if ((double)(more >> 40) < unknown * 0x1p24)
        id |= RCPT_UNKNOWN;
    else if ((h >> 30) % 1000 < 2)
        id |= RCPT_FULL;
    if ((h >> 44) % 300 == 0)
        id |= RCPT_SHOUTED;
    return id;
}

/* A mailbox that doesn't exist has an odd number or a hyphen in its name; one that does has
 * neither, so no address is now the one and now the other. */
static size_t person(char *out, size_t size, uint64_t h, bool unknown)
{
    const char *first = firsts[h % 64];
    const char *last = lasts[(h >> 6) % 64];
    unsigned number = (unsigned)(h >> 16) % 500 * 2 + unknown;
    int n;

    switch ((h >> 12) % 8) {
    case 0:
        n = snprintf(out, size, unknown ? "%c-%s" : "%c%s", first[0], last);
        break;
    case 1:
        n = snprintf(out, size, "%s%u", first, number);
        break;
    case 2:
        n = snprintf(out, size, "%s_%s%u", first, last, number);
        break;
    case 3:
    case 4:
        n = snprintf(out, size, "%s.%s%u", first, last, number);
        break;
    default:
        n = snprintf(out, size, unknown ? "%s-%s" : "%s.%s", first, last);
        break;
    }
    return n > 0 ? (size_t)n : 0;
}

void names_person(char *out, size_t size, uint64_t h)
{
    snprintf(out, size, "%s.%s", firsts[h % 64], lasts[(h >> 6) % 64]);
}

static void put_upper(struct sink *k, const char *s)
{
    for (; *s != '\0'; s++) {
        char c = *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
        put_bytes(k, &c, 1);
    }
}

void names_put_rcpt(const struct names *n, struct sink *k, rcpt_id id)
{
    uint64_t h = id >> 16 & 0xffffffff;
    uint32_t d = RCPT_DOMAIN(id);
    char local[64];

    if (d >= BIG_DOMAINS && h % 5 == 0 && !(id & RCPT_UNKNOWN))
        put_text(k, roles[(h >> 4) % 16]);
    else
        put_bytes(k, local, person(local, sizeof(local), h >> 2, (id & RCPT_UNKNOWN) != 0));
    PUT(k, "@");
    if (id & RCPT_SHOUTED)
        put_upper(k, n->domain[d].name);
    else
        put_text(k, n->domain[d].name);
}

void names_customer_domain(char *out, size_t size, uint32_t i)
{
    uint32_t more = i / (48 * 48);

    /* A hyphen keeps them apart from the recipients' domains. */
    snprintf(out, size, more ? "%s-%s%u.example" : "%s-%s.example", places[i * 7 % 48],
             trades[(i * 11 + i / 48) % 48], more + 1);
}
