#include "act/route_check_parts.h"

struct slice route_value_for(const struct route_postfix *r, struct slice service, const char *name,
                             bool *own)
{
    struct slice value = service_value(&r->p, service, name, own);

    return *own ? value : main_value(&r->p, name);
}

/* A piece of --print-postfix with the places of our maps as they ought to be. */
static void add_wanted(const struct route_check *c, struct text *out, struct slice piece)
{
    static const struct slice cidr = SL("$mp_route_cidr"), regexp = SL("$mp_route_regexp");
    const char *dollar = slice_chr(piece, '$');
    struct slice place = dollar ? slice_skip(piece, (size_t)(dollar - piece.p)) : SLICE_NONE;
    const char *slash = slice_chr(place, '/');

    if (slash == NULL) {
        text_add(out, piece);
        return;
    }
    text_add(out, slice_range(piece.p, dollar));
    text_addf(out, "%s:%s",
              slice_starts(place, cidr)     ? "cidr"
              : slice_starts(place, regexp) ? "regexp"
                                            : c->type->name,
              c->dir);
    text_add(out, slice_range(slash, piece.p + piece.n));
}

bool route_begins_with(struct slice list, struct slice want)
{
    struct slice x, y;

    while (next_word(&want, &y))
        if (!next_word(&list, &x) || !slice_eq(x, y))
            return false;
    return true;
}

/* Ours in the list, in their order, and nothing that permits before. */
static void check_list(const struct route_check *c, struct slice list, const char *where,
                       struct problems *out)
{
    struct text want = {0};
    struct slice word;
    bool whole;

    if (!slice_find(list, SL("/mp_route_sasl"))) {
        FOUND(out, "%s doesn't have $mp_routes, so no customer's mail is routed there: add it",
              where);
        return;
    }
    for (size_t i = 0; i < route_cf_checks(); i++) {
        add_wanted(c, &want, slice_str(route_cf_check(i)));
        text_addc(&want, ' ');
    }
    while (!(whole = route_begins_with(list, text_slice(&want))) && next_word(&list, &word) &&
           !slice_find(word, SL("/mp_route_")))
        if (slice_starts(word, SL("permit")))
            FOUND(out, "%s: %.*s stands before $mp_routes and ends the list: put $mp_routes first",
                  where, (int)word.n, word.p);
    if (!whole)
        FOUND(out,
              "%s: $mp_routes isn't whole, or names other maps than those in %s: take it, and "
              "mp_route_index and the like, as routegen --print-postfix says",
              where, c->dir);
    text_free(&want);
}

/* Ours end a list for those who log in, and with it what senderblock refuses there. */
static void check_elsewhere(const struct route_check *c, const char *service, struct problems *out)
{
    static const char *const lists[] = {
        "smtpd_client_restrictions", "smtpd_sender_restrictions",
        "smtpd_relay_restrictions",  "smtpd_recipient_restrictions",
        "smtpd_data_restrictions",   "smtpd_end_of_data_restrictions"};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        bool own = true;
        struct slice value = service
                                 ? service_value(&c->postfix->p, slice_str(service), lists[i], &own)
                                 : main_value(&c->postfix->p, lists[i]);
        if (own && slice_find(value, SL("/mp_route_sasl")))
            FOUND(out,
                  "%s%s%s has $mp_routes, whose permit_sasl_authenticated lets everything behind "
                  "it pass there: move $mp_routes to smtpd_helo_restrictions",
                  lists[i], service ? " of master.cf, " : "", service ? service : "");
    }
}

static void check_overrides(const struct route_check *c, struct slice name, struct problems *out)
{
    bool own;
    struct slice value = route_value_for(c->postfix, name, "smtpd_delay_reject", &own);

    if (own && !slice_eq(value, SL("yes")))
        FOUND(out,
              "master.cf: %.*s sets smtpd_delay_reject=no: routes don't work there: take it out",
              (int)name.n, name.p);
    value = route_value_for(c->postfix, name, "smtpd_helo_required", &own);
    if (own && !slice_eq(value, SL("yes")))
        FOUND(out,
              "master.cf: %.*s sets smtpd_helo_required=no: mail of a client without HELO isn't "
              "routed there: take it out",
              (int)name.n, name.p);
    value = route_value_for(c->postfix, name, "smtpd_restriction_classes", &own);
    if (own && !has_word(value, SL("mp_route01")))
        FOUND(out,
              "master.cf: %.*s sets smtpd_restriction_classes itself, so it answers 451 where ours "
              "are meant: append $mp_route_classes there",
              (int)name.n, name.p);
    value = route_value_for(c->postfix, name, "smtpd_proxy_filter", &own);
    if (value.n)
        FOUND(
            out,
            "%s: %.*s has a smtpd_proxy_filter, where Postfix knows no FILTER: no customer's mail "
            "is routed there: scan it by a milter or a content_filter instead",
            own ? "master.cf" : "main.cf", (int)name.n, name.p);
}

static void check_service(const struct route_check *c, struct slice name, bool *main_used,
                          struct problems *out)
{
    struct text where = {0}, service = {0};
    bool own;
    struct slice value = route_value_for(c->postfix, name, "smtpd_helo_restrictions", &own);

    text_addf(&where, "master.cf: smtpd_helo_restrictions of %.*s", (int)name.n, name.p);
    text_addc(&where, '\0');
    text_add(&service, name);
    text_addc(&service, '\0');
    *main_used |= !own;
    if (own && !where.failed)
        check_list(c, value, where.p, out);
    check_overrides(c, name, out);
    if (!service.failed)
        check_elsewhere(c, service.p, out);
    text_free(&where);
    text_free(&service);
}

/* The next service that takes customers' mail, as NAME/TYPE: not what comes in for a second time.
 */
static bool next_service(const struct route_postfix *r, const struct route_conf *conf,
                         struct slice *rest, struct text *name)
{
    struct slice line, word[8];

    while (next_line(rest, &line)) {
        unsigned n = 0;
        bool own;
        while (n < 8 && next_word(&line, &word[n]))
            n++;
        if (n < 8 || !slice_eq(word[7], SL("smtpd")))
            continue;
        name->n = 0;
        text_add(name, word[0]);
        text_addc(name, '/');
        text_add(name, word[1]);
        struct slice filter = route_value_for(r, text_slice(name), "content_filter", &own);
        if (!name->failed && !behind_filter(&r->p, text_slice(name)) &&
            !(own && route_is_way_out(conf, filter)))
            return true;
    }
    return false;
}

bool route_proxied(const struct route_postfix *r, const struct route_conf *conf)
{
    struct slice rest = text_slice(&r->p.service);
    struct text name = {0};
    size_t services = 0, proxied = 0;
    bool own;

    while (r->asked && next_service(r, conf, &rest, &name)) {
        services++;
        proxied += route_value_for(r, text_slice(&name), "smtpd_proxy_filter", &own).n > 0;
    }
    text_free(&name);
    return services && proxied == services;
}

void route_check_services(const struct route_check *c, struct problems *out)
{
    struct slice rest = text_slice(&c->postfix->p.service);
    struct text name = {0};
    bool main_used = false;

    while (next_service(c->postfix, c->means->conf, &rest, &name))
        check_service(c, text_slice(&name), &main_used, out);
    text_free(&name);
    if (main_used)
        check_list(c, main_value(&c->postfix->p, "smtpd_helo_restrictions"),
                   "smtpd_helo_restrictions", out);
    check_elsewhere(c, NULL, out);
}
