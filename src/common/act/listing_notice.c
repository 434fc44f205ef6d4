/* Who is told that an address of ours is listed, or no longer; and texts of listings. */
#include <ctype.h>

#include "act/listing.h"
#include "base/exits.h"

static void key(struct text *t, const char *name)
{
    text_addf(t, "%s\"%s\":", t->n > 1 ? "," : "", name);
}

static void string(struct text *t, const char *name, struct slice s)
{
    if (s.n == 0)
        return;
    key(t, name);
    text_add_json(t, s);
}

static void moment(struct text *t, const char *name, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    if (us != WHEN_NONE)
        string(t, name, slice_of(buf, when_print(buf, us, 0)));
}

static void why(struct text *t, const struct listing_look *k, bool listed)
{
    struct text s = {0};
    const char *verb = k->over.n ? " is taken for having ended its listing of"
                       : k->dns  ? listed ? " lists" : " no longer lists"
                       : listed  ? " refuses mail from"
                                 : " takes mail again from";

    text_add(&s, k->name);
    text_add(&s, slice_str(verb));
    text_add(&s, SL(" our address "));
    text_add(&s, k->ip);
    text_add(&s, SL(": "));
    text_add(&s, k->over.n ? k->over : SL("two looks in a row found it so"));
    text_addc(&s, '.');
    string(t, "reason", text_slice(&s));
    t->failed |= s.failed;
    text_free(&s);
}

static void facts(struct text *t, const struct listing_look *k, const struct listing_change *c,
                  const char *event, struct slice partner)
{
    bool listed = strcmp(event, "listed") == 0;

    text_addc(t, '{');
    string(t, "event", slice_str(event));
    key(t, "listing");
    text_addf(t, "%lld", (long long)c->id);
    string(t, "partner", partner);
    string(t, "ip", k->ip);
    string(t, "provider", k->name);
    string(t, "provider_id", k->provider);
    string(t, "source", k->dns ? SL("dns") : SL("log"));
    string(t, "state", slice_str(listing_state_name(listed ? LISTING_LISTED : LISTING_CLEAR)));
    moment(t, "since", c->since);
    moment(t, "until", listed ? WHEN_NONE : k->time);
    why(t, k, listed);
    string(t, "code", k->code);
    string(t, "list_reason", k->reason);
    string(t, "url", k->url);
    string(t, "sample", k->sample);
}

/* customers: a JSON array. */
static bool insert(struct ledger *l, const struct listing_look *k, const struct listing_change *c,
                   const char *event, struct slice partner, struct slice customers,
                   uint64_t refused)
{
    struct text json = {0}, name = {0};
    int64_t at = strcmp(event, "listed") == 0 && c->since != WHEN_NONE ? c->since : k->time;

    facts(&json, k, c, event, partner);
    key(&json, "refused");
    text_addf(&json, "%llu", (unsigned long long)refused);
    key(&json, "customers");
    text_add(&json, customers);
    text_addc(&json, '}');
    text_addf(&name, "mptools.listing.%lld.%s.%lld.", (long long)c->id, event,
              (long long)(at / WHEN_SECOND));
    for (size_t i = 0; i < partner.n; i++) { /* it becomes a Message-ID */
        unsigned char b = (unsigned char)partner.p[i];
        text_addf(&name, b < 0x80 && (isalnum(b) || b == '-' || b == '_') ? "%c" : "=%02X", b);
    }
    if (json.failed || name.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    ledger_run(l,
               "INSERT OR IGNORE INTO notices (listing, event, partner, time, name, facts)"
               " VALUES (?, ?, ?, ?, ?, ?)",
               "ittitt", c->id, slice_str(event), partner, k->time, text_slice(&name),
               text_slice(&json));
    text_free(&json);
    text_free(&name);
    return ledger_failure(l)->status == 0;
}

static bool told_first(const struct listing_look *k, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (slice_eq(k->touched[j].partner, k->touched[i].partner))
            return false;
    return true;
}

/* One partner's customers in this look. */
static bool tell_partner(struct ledger *l, const struct listing_look *k,
                         const struct listing_change *c, const char *event, size_t first)
{
    struct slice partner = k->touched[first].partner;
    struct text customers = {0};
    uint64_t refused = 0;

    text_addc(&customers, '[');
    for (size_t i = first; i < k->touched_n; i++) {
        if (!slice_eq(k->touched[i].partner, partner))
            continue;
        if (customers.n > 1)
            text_addc(&customers, ',');
        text_add_json(&customers, k->touched[i].customer);
        refused += k->touched[i].refused;
    }
    text_addc(&customers, ']');
    bool ok = !customers.failed && insert(l, k, c, event, partner, text_slice(&customers), refused);
    if (customers.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    text_free(&customers);
    return ok;
}

/* The end is told to whom the beginning was. */
static bool tell_end(struct ledger *l, const struct listing_look *k, const struct listing_change *c)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT n.partner, json_extract(n.facts, '$.customers'),"
                     " json_extract(n.facts, '$.refused'), l.code, l.reason, l.url FROM notices n"
                     " JOIN listings l ON l.id = n.listing"
                     " WHERE n.listing = ? AND n.event = 'listed' ORDER BY n.id",
                     "i", c->id);
    bool ok = true;

    while (ok && ledger_next(&r)) {
        struct listing_look end = *k;
        end.code = ledger_text(&r, 3);
        end.reason = ledger_text(&r, 4);
        end.url = ledger_text(&r, 5);
        end.sample = SLICE_NONE;
        ok = insert(l, &end, c, "delisted", ledger_text(&r, 0), ledger_text(&r, 1),
                    (uint64_t)ledger_int(&r, 2));
    }
    ledger_done(&r);
    return ok && ledger_failure(l)->status == 0;
}

bool listing_announce(struct ledger *l, const struct listing_look *k,
                      const struct listing_change *c, const char *event)
{
    if (strcmp(event, "delisted") == 0)
        return tell_end(l, k, c);
    for (size_t i = 0; i < k->touched_n; i++)
        if (told_first(k, i) && !tell_partner(l, k, c, event, i))
            return false;
    return ledger_failure(l)->status == 0;
}

/* --- texts --- */

void listing_text(struct text *out, struct slice s)
{
    size_t n = 0, length;

    while (n < s.n) {
        length = utf8_length(s.p + n, s.p + s.n);
        length = length ? length : 1;
        if (n + length > LISTING_TEXT_MOST)
            break;
        n += length;
    }
    text_add_visible(out, slice_of(s.p, n));
}

/* The first http or https link, without what ends the sentence around it. */
static struct slice link_in(struct slice s)
{
    const char *p = s.p, *end = s.p + s.n, *q;

    for (; p < end; p++) {
        struct slice rest = slice_range(p, end);
        if (!slice_starts(rest, SL("https://")) && !slice_starts(rest, SL("http://")))
            continue;
        for (q = p; q < end && (unsigned char)*q > ' ' && (unsigned char)*q < 0x7f &&
                    strchr("<>\"'()[]\\", *q) == NULL;)
            q++;
        while (q > p && strchr(".,;:!?", q[-1]))
            q--;
        return slice_range(p, q);
    }
    return SLICE_NONE;
}

void listing_url(struct text *out, const struct provider *p, struct slice ip, struct slice reply)
{
    struct slice found = link_in(reply), to = p ? p->to : SLICE_NONE;
    const char *hole = to.n ? slice_find(to, SL("{ip}")) : NULL;

    if (to.n == 0 || (p && p->to_in_reply && found.n)) {
        listing_text(out, found);
        return;
    }
    if (hole == NULL) {
        text_add(out, to);
        return;
    }
    text_add(out, slice_range(to.p, hole));
    text_add(out, ip);
    text_add(out, slice_range(hole + 4, to.p + to.n));
}
