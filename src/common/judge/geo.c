#include "judge/geo.h"

#include <errno.h>
#include <stdlib.h>

#include <maxminddb.h>

#include "base/map.h"

/* The last answers, by a hash of the address: a client sends many messages in a row. */
#define CACHE 4096u

/* How many nodes of a tree are looked at for a record that has what it should. */
#define NODES_TRIED 100000u

struct known {
    struct ipaddr addr;
    bool used;
    struct geo_place place;
};

/* What an entry says, into the place; false when that is nothing. */
typedef bool tell_fn(MMDB_entry_s *entry, struct geo_place *to);

struct database {
    MMDB_s mmdb;
    bool open;
};

struct geo {
    struct database country, asn;
    struct known cache[CACHE];
};

/* Ways to a value, the best first; each ends in NULL. */
typedef const char *const way[3];

static way country_ways[] = {
    {"country", "iso_code"}, {"country_code"}, {"country"}, {"registered_country", "iso_code"}};
static way asn_ways[] = {{"autonomous_system_number"}, {"asn"}};
static way name_ways[] = {{"autonomous_system_organization"}, {"as_name"}, {"name"}};

static bool value(MMDB_entry_s *entry, const way *w, MMDB_entry_data_s *data)
{
    return MMDB_aget_value(entry, data, *w) == MMDB_SUCCESS && data->has_data;
}

static bool string(MMDB_entry_s *entry, const way *w, struct slice *s)
{
    MMDB_entry_data_s data;

    if (!value(entry, w, &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return false;
    *s = slice_of(data.utf8_string, data.data_size);
    return true;
}

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool tell_country(MMDB_entry_s *entry, struct geo_place *to)
{
    struct slice s;

    for (size_t i = 0; i < sizeof country_ways / sizeof *country_ways; i++) {
        if (!string(entry, &country_ways[i], &s) || s.n != 2 || !is_letter(s.p[0]) ||
            !is_letter(s.p[1]))
            continue;
        char a = (char)(s.p[0] & ~0x20), b = (char)(s.p[1] & ~0x20);
        if (a == 'Z' && b == 'Z') /* a vendor's word for unknown */
            continue;
        to->country[0] = a;
        to->country[1] = b;
        return true;
    }
    return false;
}

/* A number in any of the types that it may have; 0 when it is none. */
static uint32_t as_number(const MMDB_entry_data_s *data)
{
    struct slice s;
    uint64_t n = 0;

    switch (data->type) {
    case MMDB_DATA_TYPE_UINT16:
        n = data->uint16;
        break;
    case MMDB_DATA_TYPE_UINT32:
        n = data->uint32;
        break;
    case MMDB_DATA_TYPE_INT32:
        n = data->int32 > 0 ? (uint64_t)data->int32 : 0;
        break;
    case MMDB_DATA_TYPE_UINT64:
        n = data->uint64;
        break;
    case MMDB_DATA_TYPE_UTF8_STRING:
        s = slice_of(data->utf8_string, data->data_size);
        if (s.n > 2 && slice_ieq(slice_of(s.p, 2), SL("AS")))
            s = slice_skip(s, 2);
        if (!slice_u64(s, &n))
            n = 0;
        break;
    }
    return n <= UINT32_MAX ? (uint32_t)n : 0;
}

static bool tell_asn(MMDB_entry_s *entry, struct geo_place *to)
{
    MMDB_entry_data_s data;

    for (size_t i = 0; to->asn == 0 && i < sizeof asn_ways / sizeof *asn_ways; i++)
        if (value(entry, &asn_ways[i], &data))
            to->asn = as_number(&data);
    for (size_t i = 0; to->as_name.n == 0 && i < sizeof name_ways / sizeof *name_ways; i++)
        string(entry, &name_ways[i], &to->as_name);
    if (to->as_name.n > GEO_NAME_MOST) {
        to->as_name.n = GEO_NAME_MOST;
        while (to->as_name.n && (to->as_name.p[to->as_name.n] & 0xc0) == 0x80)
            to->as_name.n--; /* not within a character */
    }
    return to->asn != 0;
}

/* Whether some record under the node tells something. */
static bool tells(const MMDB_s *m, uint32_t number, unsigned depth, unsigned *left, tell_fn *tell)
{
    MMDB_search_node_s node;
    struct geo_place place = {0};

    if (depth == 128 || *left == 0 || MMDB_read_node(m, number, &node) != MMDB_SUCCESS)
        return false;
    --*left;
    if (node.left_record_type == MMDB_RECORD_TYPE_DATA && tell(&node.left_record_entry, &place))
        return true;
    if (node.right_record_type == MMDB_RECORD_TYPE_DATA && tell(&node.right_record_entry, &place))
        return true;
    if (node.left_record_type == MMDB_RECORD_TYPE_SEARCH_NODE &&
        tells(m, (uint32_t)node.left_record, depth + 1, left, tell))
        return true;
    return node.right_record_type == MMDB_RECORD_TYPE_SEARCH_NODE &&
           tells(m, (uint32_t)node.right_record, depth + 1, left, tell);
}

static void open_one(struct database *d, const char *path, const char *key, tell_fn *tell,
                     struct problems *problems)
{
    unsigned left = NODES_TRIED;

    if (path == NULL)
        return;
    errno = 0;
    int error = MMDB_open(path, MMDB_MODE_MMAP, &d->mmdb);
    if (error == MMDB_FILE_OPEN_ERROR || error == MMDB_IO_ERROR) {
        problem_add(problems, path, 0,
                    "can't open it: %s: correct `%s' in section [geoip] of mptools.conf, or take "
                    "it out",
                    errno ? strerror(errno) : MMDB_strerror(error), key);
    } else if (error) {
        problem_add(problems, path, 0,
                    "it is no MaxMind database (%s): put one (.mmdb) there, or correct `%s' in "
                    "section [geoip] of mptools.conf",
                    MMDB_strerror(error), key);
    } else {
        d->open = true;
        if (!tells(&d->mmdb, 0, 0, &left, tell))
            problem_add(problems, path, 0,
                        "no record in it has %s: `%s' in section [geoip] of mptools.conf has to "
                        "name another kind of database",
                        tell == tell_asn ? "an AS number" : "a country", key);
    }
}

struct geo *geo_open(const char *country_path, const char *asn_path, struct problems *problems)
{
    unsigned before = problems->count;

    if (country_path == NULL && asn_path == NULL)
        return NULL;
    struct geo *g = calloc(1, sizeof *g);
    if (g == NULL) {
        problem_add(problems, NULL, 0, "out of memory");
        return NULL;
    }
    open_one(&g->country, country_path, "country", tell_country, problems);
    open_one(&g->asn, asn_path, "asn", tell_asn, problems);
    if (problems->count == before)
        return g;
    geo_free(g);
    return NULL;
}

void geo_free(struct geo *g)
{
    if (g == NULL)
        return;
    if (g->country.open)
        MMDB_close(&g->country.mmdb);
    if (g->asn.open)
        MMDB_close(&g->asn.mmdb);
    free(g);
}

static void look_up(const struct database *d, struct ipaddr a, tell_fn *tell, struct geo_place *to)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl((uint32_t)a.lo)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool is_v4 = ipaddr_is_v4(a);
    int error;

    if (!d->open)
        return;
    for (int i = 0; i < 8; i++) {
        v6.sin6_addr.s6_addr[i] = (uint8_t)(a.hi >> (56 - 8 * i));
        v6.sin6_addr.s6_addr[8 + i] = (uint8_t)(a.lo >> (56 - 8 * i));
    }
    const struct sockaddr *sa =
        is_v4 ? (const struct sockaddr *)(const void *)&v4 : (const void *)&v6;
    MMDB_lookup_result_s r = MMDB_lookup_sockaddr(&d->mmdb, sa, &error);
    if (error == MMDB_SUCCESS && r.found_entry)
        tell(&r.entry, to);
}

bool geo_find(struct geo *g, struct ipaddr a, struct geo_place *out)
{
    *out = (struct geo_place){0};
    if (g == NULL)
        return false;
    struct known *k = &g->cache[slice_hash(slice_of((const char *)&a, sizeof a)) % CACHE];
    if (!k->used || ipaddr_cmp(k->addr, a) != 0) {
        *k = (struct known){.addr = a, .used = true};
        look_up(&g->country, a, tell_country, &k->place);
        look_up(&g->asn, a, tell_asn, &k->place);
    }
    *out = k->place;
    return out->country[0] || out->asn || out->as_name.n;
}
