#include "act/route_show.h"

#include "base/when.h"

#define SELECTED                                                                   \
    "SELECT r.customer, r.provider, r.via, r.why, r.listing, r.since AS 'since@'," \
    " r.until AS 'until@', l.ip, l.provider AS listed_at, l.state,"                \
    " coalesce(l.since, l.first) AS 'listed_since@', l.reason"                     \
    " FROM routes r LEFT JOIN listings l ON l.id = r.listing"
enum {
    CUSTOMER,
    PROVIDER,
    VIA,
    WHY,
    LISTING,
    SINCE,
    UNTIL,
    IP,
    LISTED_AT,
    STATE,
    LISTED_SINCE,
    REASON
};

static void add_time(struct text *out, int64_t t)
{
    char buf[WHEN_TEXT_MAX];

    if (t != WHEN_NONE)
        text_add(out, slice_of(buf, when_print(buf, t, 0)));
}

static void add_tsv(const struct ledger_rows *r, struct text *out)
{
    static const int texts[] = {CUSTOMER, PROVIDER, VIA, WHY};
    int64_t listing = ledger_int(r, LISTING);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        text_add_tsv(out, ledger_text(r, texts[i]));
        text_addc(out, '\t');
    }
    if (listing != INT64_MIN)
        text_addf(out, "%lld", (long long)listing);
    text_addc(out, '\t');
    add_time(out, ledger_int(r, SINCE));
    text_addc(out, '\t');
    add_time(out, ledger_int(r, UNTIL));
    text_addc(out, '\t');
    text_add_tsv(out, ledger_text(r, IP));
    text_addc(out, '\t');
    text_add_tsv(out, ledger_text(r, LISTED_AT));
    text_addc(out, '\t');
    text_add_tsv(out, ledger_text(r, REASON));
    text_addc(out, '\n');
}

static void add_provider(const struct providers *providers, struct slice id, struct text *out)
{
    const struct provider *p = provider_find(providers, id);

    text_add_visible(out, p ? p->name : id);
}

/* `acme's mail to Google leaves by out2 since …: asked for` */
static void add_sentence(const struct ledger_rows *r, const struct providers *providers,
                         struct text *out)
{
    const struct provider *p = provider_find(providers, ledger_text(r, PROVIDER));
    struct slice customer = ledger_text(r, CUSTOMER);

    if (slice_eq(customer, SL("*"))) {
        text_add(out, p && p->kind == PROVIDER_DNSBL ? SL("All mail") : SL("Everybody's mail"));
    } else {
        text_add_visible(out, customer);
        text_add(out, SL("'s mail"));
    }
    if (p == NULL || p->kind != PROVIDER_DNSBL) {
        text_add(out, SL(" to "));
        add_provider(providers, ledger_text(r, PROVIDER), out);
    }
    text_add(out,
             ledger_int(r, UNTIL) == WHEN_NONE ? SL("\n    leaves by ") : SL("\n    left by "));
    text_add_visible(out, ledger_text(r, VIA));
    text_add(out, SL(" since "));
    add_time(out, ledger_int(r, SINCE));
    if (ledger_int(r, UNTIL) != WHEN_NONE) {
        text_add(out, SL(" until "));
        add_time(out, ledger_int(r, UNTIL));
    }
    text_addc(out, '\n');
    if (ledger_int(r, LISTING) == INT64_MIN) {
        text_add(out, SL("    because it was asked for\n"));
        return;
    }
    text_add(out, SL("    because "));
    text_add_visible(out, ledger_text(r, IP));
    text_add(out, SL(" is listed at "));
    add_provider(providers, ledger_text(r, LISTED_AT), out);
    text_addf(out, " (listing %lld, %.*s, since ", (long long)ledger_int(r, LISTING),
              (int)ledger_text(r, STATE).n, ledger_text(r, STATE).p);
    add_time(out, ledger_int(r, LISTED_SINCE));
    text_add(out, SL(")\n"));
}

bool route_show(struct ledger *l, const struct providers *providers, enum route_format format,
                bool all, struct text *out)
{
    static const char open_ones[] = SELECTED " WHERE r.until IS NULL ORDER BY r.id";
    static const char every_one[] = SELECTED " ORDER BY r.id";
    struct ledger_rows rows = ledger_query(l, all ? every_one : open_ones, "");
    size_t n = 0;

    if (format == ROUTE_TSV)
        text_add(out, SL("#routes\tcustomer\tprovider\tvia\twhy\tlisting\tsince\tuntil\tip\t"
                         "listed_at\treason\n"));
    if (format == ROUTE_JSON)
        text_addc(out, '[');
    for (; ledger_next(&rows); n++) {
        if (format == ROUTE_JSON) {
            text_add(out, n ? SL(",\n {") : SL("\n {"));
            ledger_json(&rows, out);
            text_addc(out, '}');
        } else if (format == ROUTE_TSV) {
            add_tsv(&rows, out);
        } else {
            add_sentence(&rows, providers, out);
        }
    }
    ledger_done(&rows);
    if (format == ROUTE_JSON)
        text_add(out, n ? SL("\n]\n") : SL("]\n"));
    if (format == ROUTE_TSV)
        text_addf(out, "#end %zu\n", n);
    if (format == ROUTE_TABLE && n == 0)
        text_add(out, SL("nothing is routed\n"));
    return ledger_failure(l)->status == 0;
}
