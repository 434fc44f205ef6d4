#include "act/route_means.h"

void route_means_free(struct route_means *m)
{
    text_free(&m->seen);
    map_free(&m->missing);
}

unsigned route_means_slots(const struct route_means *m)
{
    return m->slots ? m->slots : ROUTE_SLOTS;
}

unsigned route_means_usable(const struct route_means *m)
{
    unsigned slots = route_means_slots(m);

    return m->undeclared < slots ? slots - m->undeclared : 0;
}

/* Is the scanner's way to that server there, with its transport? */
static bool can_scan(const struct route_means *m, struct slice via)
{
    struct slice way = route_conf_scan(m->conf, via);
    const char *colon = slice_chr(way, ':');

    return colon && map_get(&m->missing, slice_range(way.p, colon)) == NULL;
}

bool route_means_exact(const struct route_means *m)
{
    return m->conf->hop.port && (m->filter != ROUTE_FILTER_THERE || m->conf->scan_hop.port);
}

const char *route_means_fault(const struct route_means *m, struct slice via)
{
    if (m->proxied)
        return "every service has a smtpd_proxy_filter, where Postfix knows no FILTER: scan by a "
               "milter or a content_filter instead, or route everybody's mail";
    if (m->filter == ROUTE_FILTER_UNKNOWN)
        return "it isn't known whether mail passes a content filter, which FILTER would get "
               "around: say `filter none' or `filter ADDRESS:PORT' in the file routes";
    if (route_means_exact(m))
        return m->hop_missing
                   ? "master.cf lacks mp_hop, or one of its listeners, so the mail would "
                     "be deferred: add what routegen --print-master says"
                   : NULL;
    if (m->filter == ROUTE_FILTER_NONE || can_scan(m, via))
        return NULL;
    return "mail passes a content filter, and FILTER would get around it: give the scanner a "
           "listener whose mail leaves by that server and name it (`scan VIA "
           "TRANSPORT:[ADDRESS]:PORT') in the file routes; routegen --print-master has the lines";
}

void route_means_value(const struct route_means *m, struct slice via, unsigned slot,
                       struct text *out)
{
    const struct route_place *place =
        m->filter == ROUTE_FILTER_THERE ? &m->conf->scan_hop : &m->conf->hop;
    char buf[ROUTE_PLACE];

    text_add(out, SL("FILTER "));
    if (route_means_exact(m)) {
        text_addf(out, ROUTE_HOP ":%s", route_place_text(place, slot - 1, buf));
    } else if (m->filter == ROUTE_FILTER_THERE) {
        text_add(out, route_conf_scan(m->conf, via));
    } else {
        text_add(out, via);
        text_addc(out, ':');
    }
}
