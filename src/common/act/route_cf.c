#include "act/route_map.h"

static const char *const checks[] = {
    "check_sasl_access $mp_route_index/mp_route_sasl",
    "check_sasl_access $mp_route_regexp/mp_route_sasl_regexp",
    "permit_sasl_authenticated",
    "check_client_access $mp_route_cidr/mp_route_net",
};

size_t route_cf_checks(void)
{
    return sizeof checks / sizeof *checks;
}

const char *route_cf_check(size_t i)
{
    return checks[i];
}

static void add_classes(struct text *out, unsigned slots)
{
    text_add(out, SL("mp_route_classes ="));
    for (unsigned i = 1; i <= slots; i++)
        text_addf(out, "%smp_route%02u", i % 8 == 1 ? "\n    " : " ", i);
    text_addc(out, '\n');
    for (unsigned i = 1; i <= slots; i++)
        text_addf(out,
                  "mp_route%02u = check_recipient_access $mp_route_index/mp_route%02u_rcpt\n"
                  "mp_route%02u_hop = check_recipient_access $mp_route_index/mp_route%02u_hop\n",
                  i, i, i, i);
}

void route_main_cf(struct text *out, const char *dir, const char *type,
                   const struct route_means *means)
{
    text_add(
        out,
        SL("# mptools: what routegen needs in main.cf, once; routegen(8). The maps have to be\n"
           "# there before (routegen --postmap). Where main.cf has one of the first four\n"
           "# parameters already, add our value to it: $mp_routes before everything that\n"
           "# permits in smtpd_helo_restrictions, $mp_route_transport last in transport_maps,\n"
           "# $mp_route_pool in the place of a randmap: of your own. Leave the last two out\n"
           "# if mail of everybody is never to be routed.\n"
           "smtpd_restriction_classes = $mp_route_classes\n"
           "smtpd_helo_restrictions = $mp_routes\n"
           "transport_maps = $mp_route_transport\n"
           "sender_dependent_default_transport_maps = $mp_route_pool\n"));
    text_addf(out, "mp_route_index = %s:%s\nmp_route_regexp = regexp:%s\nmp_route_cidr = cidr:%s\n",
              type, dir, dir, dir);
    text_add(out, SL("mp_routes ="));
    for (size_t i = 0; i < route_cf_checks(); i++)
        text_addf(out, "\n    %s", route_cf_check(i));
    text_addc(out, '\n');
    text_add(out, SL("mp_route_draws = 1"));
    for (unsigned i = 2; i <= ROUTE_DRAWS; i++)
        text_addf(out, ",%u", i);
    text_add(out,
             SL("\nmp_route_transport = pipemap:{unionmap:{$mp_route_index/mp_transport,"
                "randmap:{$mp_route_draws}},$mp_route_index/mp_transport_pools}\n"
                "mp_route_pool = pipemap:{randmap:{$mp_route_draws},$mp_route_index/mp_pool}\n"
                "# Each recipient alone to the hop, so that FILTER holds for it alone.\n" ROUTE_HOP
                "_destination_recipient_limit = 1\n"));
    add_classes(out, route_means_slots(means));
}

static void add_bind(struct text *out, const struct outbound_address *a)
{
    text_addf(out, "  -o smtp_bind_address%s=%.*s\n", slice_chr(a->ip, ':') ? "6" : "",
              (int)a->ip.n, a->ip.p);
}

/* One without an IPv6 address must not use the machine's: that is another server to the receiver.
 */
static void add_transports(struct text *out, const struct route_conf *c, char chroot)
{
    for (size_t i = 0; i < c->outs; i++) {
        const struct outbound_address *o = c->out[i], *twin = c->twin[i];
        struct slice syslog = o->syslog.n || !twin ? o->syslog : twin->syslog;
        struct slice helo = o->hostname.n || !twin ? o->hostname : twin->hostname;
        text_add(out, o->name);
        text_addf(out, " unix - - %c - - smtp\n  -o syslog_name=", chroot);
        if (syslog.n)
            text_add(out, syslog);
        else
            text_addf(out, "postfix-%.*s", (int)o->name.n, o->name.p);
        text_addc(out, '\n');
        add_bind(out, o);
        if (twin)
            add_bind(out, twin);
        else if (route_conf_only_v6(c, i))
            text_add(out, SL("  -o smtp_address_preference=ipv6\n"));
        else
            text_add(out, SL("  -o inet_protocols=ipv4\n"));
        if (helo.n)
            text_addf(out, "  -o smtp_helo_name=%.*s\n", (int)helo.n, helo.p);
    }
}

/* The place as master.cf has it: brackets only around IPv6. */
static void add_listener(struct text *out, const struct route_place *p, unsigned step)
{
    bool v6 = slice_chr(slice_str(p->address), ':') != NULL;

    text_addf(out, v6 ? "[%s]:%u" : "%s:%u", p->address, p->port + step);
}

/* Mail comes in here for the second time: nothing is refused, checked or rewritten again. */
static void add_back(struct text *out, const struct route_place *p, unsigned step, char chroot)
{
    add_listener(out, p, step);
    text_addf(out,
              " inet n - %c - - smtpd\n  -o syslog_name=postfix/mp_hop -o content_filter=\n"
              "  -o smtpd_proxy_filter= -o smtpd_tls_security_level=none\n"
              "  -o smtpd_sasl_auth_enable=no -o mynetworks=127.0.0.0/8,[::1]/128\n"
              "  -o smtpd_client_restrictions=permit_mynetworks,reject\n"
              "  -o smtpd_sender_restrictions= -o smtpd_data_restrictions=\n"
              "  -o smtpd_end_of_data_restrictions= -o smtpd_milters=\n"
              "  -o smtpd_relay_restrictions=permit_mynetworks,reject\n"
              "  -o smtpd_recipient_restrictions=permit_mynetworks,reject\n"
              "  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,"
              "no_milters,no_address_mappings\n"
              "  -o smtpd_authorized_xforward_hosts=127.0.0.0/8,[::1]/128\n"
              "  -o smtpd_client_event_limit_exceptions=127.0.0.0/8,[::1]/128\n",
              chroot);
    text_addf(out, "  -o smtpd_helo_restrictions=$mp_route%02u_hop\n", step + 1);
}

void route_master_cf(struct text *out, const struct route_means *means, char chroot)
{
    const struct route_conf *c = means->conf;
    char buf[ROUTE_PLACE];

    text_add(out,
             SL("# mptools: what routegen needs in master.cf, once; routegen(8).\n"
                "# A service that sets smtpd_helo_restrictions itself needs $mp_routes there.\n"));
    add_transports(out, c, chroot);
    if (c->hop.port) {
        text_addf(out,
                  ROUTE_HOP
                  " unix - - %c - - smtp\n  -o syslog_name=postfix/mp_hop\n"
                  "  -o smtp_send_xforward_command=yes -o disable_dns_lookups=yes\n"
                  "  -o smtp_dns_support_level=disabled -o smtp_tls_security_level=none\n"
                  "  -o smtp_bind_address= -o smtp_bind_address6= -o smtp_fallback_relay=\n",
                  chroot);
        for (unsigned i = 0; i < route_means_slots(means); i++)
            add_back(out, &c->hop, i, chroot);
    }
    if (c->hop.port && c->scan_hop.port) {
        text_add(out, SL("# The scanner has to listen here, and each to hand mail back there:\n"));
        for (unsigned i = 0; i < route_means_slots(means); i++) {
            text_addf(out, "#   %s ->", route_place_text(&c->scan_hop, i, buf));
            text_addf(out, " %s\n", route_place_text(&c->hop, i, buf));
        }
    }
    if (c->hop.port == 0 || !c->scan_hop.port)
        for (size_t i = 0; i < c->scans; i++)
            text_addf(out,
                      "# The scanner's %.*s has to hand mail back to a listener that is a copy of\n"
                      "# the one it hands mail back to now, with  -o content_filter=%.*s:\n",
                      (int)c->scan[i].way.n, c->scan[i].way.p, (int)c->scan[i].via.n,
                      c->scan[i].via.p);
}
