#include "act/route_check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "act/route_check_parts.h"

/* Has master.cf a service of that name and type? *command: what it runs. */
static bool has_service(const struct route_postfix *r, struct slice name, struct slice type,
                        struct slice *command)
{
    struct slice rest = text_slice(&r->p.service), line, word[8];

    while (next_line(&rest, &line)) {
        unsigned n = 0;
        while (n < 8 && next_word(&line, &word[n]))
            n++;
        if (n == 8 && slice_eq(word[0], name) && slice_eq(word[1], type)) {
            *command = word[7];
            return true;
        }
    }
    return false;
}

struct slice route_missing(const struct route_postfix *r, struct slice via)
{
    struct slice name, command;

    while (r->asked && route_via_next(&via, &name))
        if (!has_service(r, name, SL("unix"), &command))
            return name;
    return SLICE_NONE;
}

static void check_bind(const struct route_check *c, struct slice service,
                       const struct outbound_address *a, struct problems *out)
{
    const char *parameter = slice_chr(a->ip, ':') ? "smtp_bind_address6" : "smtp_bind_address";
    bool own;
    struct slice bind = route_value_for(c->postfix, service, parameter, &own);

    if (!slice_eq(bind, a->ip))
        FOUND(out,
              "master.cf: %.*s leaves by %.*s, not by %.*s as the file outbound says: set %s there",
              (int)a->name.n, a->name.p, bind.n ? (int)bind.n : 17,
              bind.n ? bind.p : "any address of it", (int)a->ip.n, a->ip.p, parameter);
}

static void check_transports(const struct route_check *c, struct problems *out)
{
    const struct route_conf *conf = c->means->conf;
    struct slice command = SLICE_NONE;

    for (size_t i = 0; i < conf->outs; i++) {
        struct slice name = conf->out[i]->name;
        struct text key = {0};
        bool own;
        if (!has_service(c->postfix, name, SL("unix"), &command)) {
            FOUND(out,
                  "master.cf has no transport %.*s: mail routed there would be deferred: add it "
                  "(routegen --print-master)",
                  (int)name.n, name.p);
            continue;
        }
        text_add(&key, name);
        text_add(&key, SL("/unix"));
        check_bind(c, text_slice(&key), conf->out[i], out);
        if (conf->twin[i])
            check_bind(c, text_slice(&key), conf->twin[i], out);
        else if (!route_conf_only_v6(conf, i) &&
                 !slice_eq(route_value_for(c->postfix, text_slice(&key), "inet_protocols", &own),
                           SL("ipv4")))
            FOUND(out,
                  "master.cf: %.*s has no IPv6 address in the file outbound, so to servers with "
                  "IPv6 its mail leaves by any of this machine's: set inet_protocols=ipv4 there",
                  (int)name.n, name.p);
        text_free(&key);
    }
}

unsigned route_hop_missing(const struct route_postfix *r, const struct route_means *means,
                           char first[ROUTE_PLACE])
{
    const struct route_place *p = &means->conf->hop;
    struct slice command;
    unsigned missing = 0;
    char place[ROUTE_PLACE];

    if (p->port == 0 || !r->asked)
        return 0;
    if (!has_service(r, SL(ROUTE_HOP), SL("unix"), &command)) {
        snprintf(first, ROUTE_PLACE, "%s", ROUTE_HOP);
        missing++;
    }
    for (unsigned i = 0; i < route_means_slots(means); i++) {
        bool v6 = strchr(p->address, ':') != NULL;
        snprintf(place, sizeof place, v6 ? "[%s]:%u" : "%s:%u", p->address, p->port + i);
        if (!has_service(r, slice_str(place), SL("inet"), &command) && missing++ == 0)
            snprintf(first, ROUTE_PLACE, "%s", place);
    }
    return missing;
}

unsigned route_declared(const struct route_postfix *r, bool *uses)
{
    struct slice declared = main_value(&r->p, "smtpd_restriction_classes");
    unsigned n = 0;
    char name[24];

    *uses = slice_find(text_slice(&r->p.main), SL("/mp_route_sasl")) != NULL;
    do
        snprintf(name, sizeof name, "mp_route%02u", ++n);
    while (n <= ROUTE_SLOTS_MAX && has_word(declared, slice_str(name)));
    return n - 1;
}

static void check_hop(const struct route_check *c, struct problems *out)
{
    char first[ROUTE_PLACE] = "";
    unsigned missing = route_hop_missing(c->postfix, c->means, first);

    if (c->means->conf->hop.port == 0)
        return;
    if (!slice_eq(main_value(&c->postfix->p, ROUTE_HOP "_destination_recipient_limit"), SL("1")))
        FOUND(out, ROUTE_HOP "_destination_recipient_limit isn't 1, so other recipients of a "
                             "message are routed with the first: postconf " ROUTE_HOP
                             "_destination_recipient_limit=1");
    if (missing)
        FOUND(out,
              "master.cf lacks %u of what the hop needs, its transport and %u listeners (the first "
              "is %s), so no customer's mail is routed: add them (routegen --print-master)",
              missing, route_means_slots(c->means), first);
}

/* Does the parameter have that table of ours? */
static bool has_table(const struct route_check *c, const char *parameter, const char *map)
{
    struct text want = {0};

    text_addf(&want, "%s:%s/%s}", c->type->name, c->dir, map);
    bool has = slice_find(main_value(&c->postfix->p, parameter), text_slice(&want)) != NULL;
    text_free(&want);
    return has;
}

static void check_tables(const struct route_check *c, struct problems *out)
{
    struct slice pool = main_value(&c->postfix->p, "sender_dependent_default_transport_maps");
    const char *ours = slice_find(pool, SL("pipemap:{randmap:{1,2,3,"));

    if (!has_table(c, "transport_maps", "mp_transport_pools"))
        FOUND(out,
              "transport_maps lacks $mp_route_transport with the maps in %s: everybody's mail for "
              "a provider isn't routed: append it",
              c->dir);
    if (!has_table(c, "sender_dependent_default_transport_maps", "mp_pool"))
        FOUND(out,
              "sender_dependent_default_transport_maps lacks $mp_route_pool with the maps in %s: a "
              "listed address stays in the pool: set it",
              c->dir);
    else if (ours && slice_find(slice_range(pool.p, ours), SL("randmap:")))
        FOUND(out, "sender_dependent_default_transport_maps: a randmap: stands before "
                   "$mp_route_pool and answers everything: take it out");
}

static void check_parameters(const struct route_check *c, struct problems *out)
{
    const struct postfix *p = &c->postfix->p;
    struct slice nexthop = main_value(p, "default_filter_nexthop");

    if (nexthop.n)
        FOUND(out,
              "default_filter_nexthop = %.*s: routed mail would all go there and come back: "
              "postconf default_filter_nexthop=",
              (int)nexthop.n, nexthop.p);
    if (!slice_eq(main_value(p, "smtpd_delay_reject"), SL("yes")))
        FOUND(out, "smtpd_delay_reject = no: routes only work with yes: postconf "
                   "smtpd_delay_reject=yes");
    if (!slice_eq(main_value(p, "smtpd_helo_required"), SL("yes")))
        FOUND(out, "smtpd_helo_required = no: mail of a client without HELO isn't routed: postconf "
                   "smtpd_helo_required=yes");
    if (slice_find(main_value(p, "default_transport"), SL("randmap:")))
        FOUND(out, "default_transport = randmap:...: it is no table, and defers all mail: use "
                   "sender_dependent_default_transport_maps=$mp_route_pool");
}

static void look_at_classes(const struct route_check *c, struct problems *out)
{
    struct slice declared = main_value(&c->postfix->p, "smtpd_restriction_classes");
    unsigned missing = 0;
    char name[24];

    for (unsigned i = 1; i <= route_means_slots(c->means); i++) {
        struct text want = {0};
        snprintf(name, sizeof name, "mp_route%02u", i);
        text_addf(&want, "check_recipient_access %s:%s/%s_rcpt", c->type->name, c->dir, name);
        missing += !has_word(declared, slice_str(name)) ||
                   !route_begins_with(main_value(&c->postfix->p, name), text_slice(&want));
        text_free(&want);
    }
    if (missing)
        FOUND(out,
              "main.cf: %u of our %u classes are not in smtpd_restriction_classes, or not defined, "
              "or have other maps: "
              "whoever is sent there gets a 451: take the lines of routegen --print-postfix",
              missing, route_means_slots(c->means));
}

static void check_files(const struct route_check *c, struct problems *out)
{
    char path[PATH_MAX + 100], first[PATH_MAX + 200] = "";
    size_t missing = 0;

    for (size_t i = 0; i < c->maps->n; i++) {
        bool indexed = c->maps->maps[i].kind == MAP_INDEXED;
        snprintf(path, sizeof path, "%s/%s%s", c->dir, c->maps->maps[i].name,
                 indexed ? c->type->suffix : "");
        if (access(path, R_OK) != 0 && missing++ == 0)
            snprintf(first, sizeof first, "%s: %s", path, strerror(errno));
    }
    if (missing)
        FOUND(out,
              "%zu of %zu maps are missing, and Postfix answers 451 to all mail, or defers it, "
              "when main.cf names one of them: run routegen --postmap (%s)",
              missing, c->maps->n, first);
}

void route_check(const struct route_check *c, struct problems *out)
{
    if (!c->postfix->asked) {
        FOUND(out, "%s", failure_text(&c->postfix->why));
        return;
    }
    check_files(c, out);
    check_transports(c, out);
    check_hop(c, out);
    look_at_classes(c, out);
    route_check_services(c, out);
    check_parameters(c, out);
    check_tables(c, out);
}
