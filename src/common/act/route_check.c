#include "act/route_check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "act/route_map.h"

#define FOUND(out, ...) problem_add(out, NULL, 0, __VA_ARGS__)

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

/* What a service sets for itself, or main.cf's value. */
static struct slice value_for(const struct route_postfix *r, struct slice service, const char *name,
                              bool *own)
{
    struct slice value = service_value(&r->p, service, name, own);

    return *own ? value : main_value(&r->p, name);
}

static void check_transports(const struct route_check *c, struct problems *out)
{
    const struct route_conf *conf = c->means->conf;
    struct slice command = SLICE_NONE;

    for (size_t i = 0; i < conf->outs; i++) {
        struct slice name = conf->out[i]->name, ip = conf->out[i]->ip;
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
        struct slice bind =
            value_for(c->postfix, text_slice(&key),
                      slice_chr(ip, ':') ? "smtp_bind_address6" : "smtp_bind_address", &own);
        if (!slice_eq(bind, ip))
            FOUND(out,
                  "master.cf: %.*s leaves by %.*s, not by %.*s as the file outbound says: set "
                  "smtp_bind_address there",
                  (int)name.n, name.p, bind.n ? (int)bind.n : 17,
                  bind.n ? bind.p : "any address of it", (int)ip.n, ip.p);
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

/* Ours in the list, in their order, and nothing that permits before. */
static void check_list(struct slice list, const char *where, struct problems *out)
{
    struct slice word;
    bool ours = false;

    if (!slice_find(list, SL("/mp_route_sasl"))) {
        FOUND(out, "%s doesn't have $mp_routes, so no customer's mail is routed there: add it",
              where);
        return;
    }
    while (!ours && next_word(&list, &word)) {
        ours = slice_find(word, SL("/mp_route_sasl")) != NULL;
        if (slice_starts(word, SL("permit")))
            FOUND(out, "%s: %.*s stands before $mp_routes and ends the list: put $mp_routes first",
                  where, (int)word.n, word.p);
    }
    if (!slice_find(list, SL("/mp_route_net")))
        FOUND(out, "%s: $mp_routes isn't whole: take it as routegen --print-postfix says", where);
}

static void check_service(const struct route_check *c, struct slice service, bool *main_used,
                          struct problems *out)
{
    struct text where = {0};
    bool own;
    struct slice value = value_for(c->postfix, service, "smtpd_helo_restrictions", &own);

    text_addf(&where, "master.cf: smtpd_helo_restrictions of %.*s", (int)service.n, service.p);
    text_addc(&where, '\0');
    *main_used |= !own;
    if (own && !slice_find(value, SL("_hop")) && !where.failed)
        check_list(value, where.p, out);
    value = value_for(c->postfix, service, "smtpd_delay_reject", &own);
    if (own && !slice_eq(value, SL("yes")))
        FOUND(out, "master.cf: %.*s sets smtpd_delay_reject=no: routes don't work there",
              (int)service.n, service.p);
    text_free(&where);
}

static void look_at_services(const struct route_check *c, struct problems *out)
{
    struct slice rest = text_slice(&c->postfix->p.service), line, word[8];
    bool main_used = false;

    while (next_line(&rest, &line)) {
        struct text name = {0};
        unsigned n = 0;
        bool own;
        while (n < 8 && next_word(&line, &word[n]))
            n++;
        if (n < 8 || !slice_eq(word[7], SL("smtpd")))
            continue;
        text_add(&name, word[0]);
        text_addc(&name, '/');
        text_add(&name, word[1]);
        struct slice filter = value_for(c->postfix, text_slice(&name), "content_filter", &own);
        if (!name.failed && !behind_filter(&c->postfix->p, text_slice(&name)) &&
            !(own && route_is_way_out(c->means->conf, filter)))
            check_service(c, text_slice(&name), &main_used, out);
        text_free(&name);
    }
    if (main_used)
        check_list(main_value(&c->postfix->p, "smtpd_helo_restrictions"), "smtpd_helo_restrictions",
                   out);
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
    if (!slice_find(main_value(p, "transport_maps"), SL("/mp_transport_pools")))
        FOUND(out, "transport_maps lacks $mp_route_transport: everybody's mail for a provider "
                   "isn't routed: append it");
    if (!slice_find(main_value(p, "sender_dependent_default_transport_maps"), SL("/mp_pool")))
        FOUND(out, "sender_dependent_default_transport_maps lacks $mp_route_pool: a listed address "
                   "stays in the pool: set it");
}

static void look_at_classes(const struct route_check *c, struct problems *out)
{
    struct slice declared = main_value(&c->postfix->p, "smtpd_restriction_classes");
    unsigned missing = 0;
    char name[24];

    for (unsigned i = 1; i <= route_means_slots(c->means); i++) {
        snprintf(name, sizeof name, "mp_route%02u", i);
        missing += !has_word(declared, slice_str(name)) ||
                   !slice_find(main_value(&c->postfix->p, name), SL("_rcpt"));
    }
    if (missing)
        FOUND(out,
              "main.cf: %u of our %u classes are not in smtpd_restriction_classes, or not defined: "
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
    look_at_services(c, out);
    check_parameters(c, out);
}
