#include "judge/identity.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_loopback(struct ipaddr a)
{
    return ipaddr_is_v4(a) ? (uint32_t)a.lo >> 24 == 127 : a.hi == 0 && a.lo == 1;
}

/* Sent by mail systems, not by anybody: null sender, or made by bounce(8). */
static bool is_notice(const struct record *r)
{
    return r->kind == KIND_NDR || slice_eq(r->f[COL_SENDER], SL("<>")) ||
           slice_eq(r->f[COL_DAEMON], SL("bounce"));
}

static enum identity_kind login_of(struct slice login, struct identity *out)
{
    if (login.n > IDENTITY_LONGEST)
        return out->kind = IDENTITY_NONE;
    for (size_t i = 0; i < login.n; i++)
        out->buf[i] = lower(login.p[i]);
    out->name = slice_of(out->buf, login.n);
    return out->kind = IDENTITY_LOGIN;
}

static enum identity_kind client_of(const struct customers *customers, const struct record *r,
                                    struct identity *out)
{
    struct ipaddr a;

    if (!ipaddr_parse(r->f[COL_CLIENT_IP], &a))
        return IDENTITY_NONE;
    bool own = ipaddr_is_private(a);
    if (own && r->f[COL_ORIGIN].n)
        return IDENTITY_NONE;
    if (customers ? customers_by_client(customers, a) == NULL : is_loopback(a))
        return IDENTITY_NONE;
    out->addr = a;
    out->outsider = customers == NULL && !own;
    out->name = ipaddr_is_v4(a) ? slice_str(ipaddr_text(a, out->buf))
                                : slice_str(ipnet_text(ipnet_of(a, 64), out->buf));
    return out->kind = IDENTITY_CLIENT;
}

enum identity_kind identity_of(const struct customers *customers, const struct record *r,
                               struct identity *out)
{
    out->kind = IDENTITY_NONE;
    out->outsider = false;
    if (is_notice(r))
        return IDENTITY_NONE;
    if (r->f[COL_SASL_USER].n)
        return login_of(r->f[COL_SASL_USER], out);
    return client_of(customers, r, out);
}

const struct customer *identity_customer(const struct customers *customers,
                                         const struct identity *id)
{
    if (id->kind == IDENTITY_LOGIN)
        return customers_by_login(customers, id->name);
    return id->kind == IDENTITY_CLIENT ? customers_by_client(customers, id->addr) : NULL;
}

/* Letters, digits, hyphen, underscore and bytes of UTF-8, in labels; lower case, NUL-terminated. */
static bool fold_name(struct slice name, char buf[IDENTITY_LONGEST + 1])
{
    bool dotted = false;

    while (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > IDENTITY_LONGEST || name.p[0] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = lower(name.p[i]);
        bool letter = (unsigned char)(c - 'a') < 26 || (unsigned char)c >= 0x80;
        if (!letter && !is_digit(c) && c != '-' && c != '_' && c != '.')
            return false;
        if (c == '.' && name.p[i - 1] == '.')
            return false;
        dotted |= c == '.';
        buf[i] = c;
    }
    buf[name.n] = 0;
    return dotted;
}

static const char *last_two_labels(const char *name)
{
    const char *dot = strrchr(name, '.');

    while (dot && dot > name && dot[-1] != '.')
        dot--;
    return dot ? dot : name;
}

struct slice organisational_domain(const psl_ctx_t *psl, struct slice name,
                                   char buf[IDENTITY_LONGEST + 1])
{
    struct ipaddr ip;

    if (ipaddr_parse(name, &ip) || !fold_name(name, buf))
        return SLICE_NONE;
    if (psl == NULL)
        return slice_str(last_two_labels(buf));
    const char *domain = psl_registrable_domain(psl, buf);
    return slice_str(domain ? domain : buf);
}

static struct slice domain_part(struct slice address)
{
    const char *at = slice_rchr(address, '@');

    return at ? slice_range(at + 1, address.p + address.n) : SLICE_NONE;
}

struct slice identity_label(const psl_ctx_t *psl, const struct identity *id, const struct record *r,
                            char buf[IDENTITY_LONGEST + 1])
{
    struct slice label = SLICE_NONE;

    if (r->f[COL_CUSTOMER].n) /* whoever made the records knew the customers */
        return r->f[COL_CUSTOMER];
    if (id->kind == IDENTITY_LOGIN)
        label = organisational_domain(psl, domain_part(id->name), buf);
    if (label.n == 0)
        label = organisational_domain(psl, domain_part(r->f[COL_SENDER]), buf);
    if (label.n == 0)
        label = r->f[COL_CLIENT_IP].n ? r->f[COL_CLIENT_IP] : id->name;
    return label;
}
