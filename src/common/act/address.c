#include "act/address.h"

static bool is_upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || is_upper(c);
}

/* RFC 5321 atext; bytes over 0x7f are allowed by RFC 6531. */
static bool is_atext(unsigned char c)
{
    return c >= 0x80 || is_alnum(c) || (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static enum address_fault check_bytes(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f)
            return ADDRESS_CONTROL;
    }
    for (size_t i = 0, k; i < s.n; i += k) {
        k = utf8_length(s.p + i, s.p + s.n);
        if (k == 0)
            return ADDRESS_NOT_UTF8;
    }
    return ADDRESS_OK;
}

/* Finds the last `@` outside quotes; false when quotes don't close or a space is bare. */
static bool find_at(struct slice s, size_t *at, bool *found)
{
    bool quoted = false;

    *found = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\') {
            if (++i == s.n)
                return false;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ' ' && !quoted) {
            return false;
        } else if (c == '@' && !quoted) {
            *at = i;
            *found = true;
        }
    }
    return !quoted;
}

/* Undoes quotes and backslashes: the local part itself. Returns its length; buf holds s.n bytes. */
static size_t unquote(struct slice s, char *buf)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            continue;
        if (s.p[i] == '\\' && i + 1 < s.n)
            i++;
        buf[n++] = s.p[i];
    }
    return n;
}

static bool is_dot_string(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool dot = s.p[i] == '.';
        if (dot && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
            return false;
        if (!dot && !is_atext((unsigned char)s.p[i]))
            return false;
    }
    return true;
}

static bool add(struct address *a, char c)
{
    if (a->n == ADDRESS_MAX)
        return false;
    a->key[a->n++] = is_upper((unsigned char)c) ? (char)(c | 0x20) : c;
    if ((unsigned char)c >= 0x80)
        a->ascii = false;
    return true;
}

static bool add_local(struct address *a, struct slice local)
{
    bool fits = true;

    a->quoted = !is_dot_string(local);
    if (a->quoted)
        fits = add(a, '"');
    for (size_t i = 0; i < local.n && fits; i++) {
        if (local.p[i] == '"' || local.p[i] == '\\')
            fits = add(a, '\\');
        fits = fits && add(a, local.p[i]);
    }
    if (a->quoted)
        fits = fits && add(a, '"');
    a->local = a->n;
    return fits;
}

static bool good_literal(struct slice s)
{
    if (s.n < 3 || s.p[s.n - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < s.n; i++)
        if (!is_alnum((unsigned char)s.p[i]) && strchr(".:-", s.p[i]) == NULL)
            return false;
    return true;
}

static bool good_domain(struct slice s)
{
    if (s.n && s.p[0] == '[')
        return good_literal(s);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool dot = c == '.';
        if (dot && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
            return false;
        if (!dot && c < 0x80 && !is_alnum(c) && c != '-' && c != '_')
            return false;
    }
    return true;
}

enum address_fault address_parse(struct slice logged, struct address *out)
{
    char buf[1024];
    size_t at = 0;
    bool found;

    *out = (struct address){.ascii = true};
    if (logged.n == 0 || slice_eq(logged, SL("<>")))
        return ADDRESS_NULL;
    if (logged.n > sizeof(buf))
        return ADDRESS_TOO_LONG;
    enum address_fault fault = check_bytes(logged);
    if (fault != ADDRESS_OK)
        return fault;
    if (!find_at(logged, &at, &found))
        return ADDRESS_BAD_QUOTES;
    struct slice domain = found ? slice_skip(logged, at + 1) : SLICE_NONE;
    if (domain.n > 1 && domain.p[domain.n - 1] == '.')
        domain.n--;
    if (domain.n == 0)
        return ADDRESS_NO_DOMAIN;
    if (!good_domain(domain))
        return ADDRESS_BAD_DOMAIN;
    struct slice local = slice_of(buf, unquote(slice_of(logged.p, at), buf));
    if (local.n == 0)
        return ADDRESS_NO_LOCAL;
    bool fits = add_local(out, local) && add(out, '@');
    for (size_t i = 0; i < domain.n && fits; i++)
        fits = add(out, domain.p[i]);
    out->doubtful = slice_chr(local, '?') != NULL;
    return fits ? ADDRESS_OK : ADDRESS_TOO_LONG;
}

const char *address_fault_text(enum address_fault fault)
{
    static const char *const text[] = {
        [ADDRESS_OK] = "can be blocked",
        [ADDRESS_NULL] = "is the null sender of bounces",
        [ADDRESS_NO_LOCAL] = "has no local part",
        [ADDRESS_NO_DOMAIN] = "has no domain",
        [ADDRESS_BAD_DOMAIN] = "has a domain that is no host name",
        [ADDRESS_BAD_QUOTES] = "has unbalanced quotes or a bare space",
        [ADDRESS_CONTROL] = "holds control characters",
        [ADDRESS_NOT_UTF8] = "is not UTF-8",
        [ADDRESS_TOO_LONG] = "is longer than 255 bytes",
    };
    return text[fault];
}

bool address_fits_index(const struct address *a)
{
    return a->ascii && a->key[0] != '#';
}

void text_add_regexp_literal(struct text *t, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        /* Only operators: glibc gives \<, \w and others a meaning of their own. */
        if (s.p[i] != '\0' && strchr(".[]()*+?{}|^$\\/", s.p[i]) != NULL)
            text_addc(t, '\\');
        text_addc(t, s.p[i]);
    }
}

void address_add_regexp(struct text *t, const struct address *a)
{
    struct slice key = address_key(a);

    text_add(t, SL("/^"));
    text_add_regexp_literal(t, slice_of(key.p, a->local));
    if (!a->quoted)
        text_add(t, SL("(\\+[^@]*)?"));
    text_add_regexp_literal(t, slice_skip(key, a->local));
    text_add(t, SL("$/"));
}
