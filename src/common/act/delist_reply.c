#include "act/delist_reply.h"

#include "act/notice_escape.h"

#define NAME_LEAST 4u /* shorter names would be found in words */
#define LINK_MOST 400u

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26 || is_digit(c) || (unsigned char)c >= 0x80;
}

static bool is_local(char c)
{
    return is_letter(c) || (c && strchr(".!#$%&'*+/=?^_`{|}~-", c));
}

static bool is_host(char c)
{
    return is_letter(c) || c == '.' || c == '-' || c == '_';
}

/* --- whose host it is --- */

static bool below(struct slice host, struct slice name)
{
    if (name.n == 0 || host.n < name.n)
        return false;
    struct slice end = slice_skip(host, host.n - name.n);
    return slice_ieq(end, name) && (host.n == name.n || end.p[-1] == '.');
}

/* Of a URL or a mail address. */
static struct slice host_of(struct slice to)
{
    const char *p = slice_find(to, SL("://")), *at = slice_rchr(to, '@');
    struct slice s = p    ? slice_skip(to, (size_t)(p + 3 - to.p))
                     : at ? slice_skip(to, (size_t)(at + 1 - to.p))
                          : to;
    size_t n = 0;

    while (n < s.n && is_host(s.p[n]))
        n++;
    return slice_of(s.p, n);
}

static bool trusts(const struct delist *x, struct slice host)
{
    const struct provider *p = x->provider;
    struct slice words = x->policy ? x->policy->trust : SLICE_NONE;

    if (p == NULL || host.n == 0)
        return false;
    if (below(host, host_of(p->to)))
        return true;
    for (unsigned i = 0; i < p->mx.n; i++)
        if (below(host, p->mx.word[i]))
            return true;
    for (unsigned i = 0; i < p->alias.n; i++)
        if (below(host, p->alias.word[i]))
            return true;
    while (words.n) {
        const char *blank = slice_chr(words, ' ');
        struct slice word = blank ? slice_range(words.p, blank) : words;
        words = slice_skip(words, word.n + (blank ? 1 : 0));
        if (below(host, word))
            return true;
    }
    return false;
}

/* --- links and addresses --- */

static bool is_link(char c)
{
    return c > 0x20 && c < 0x7f && strchr("<>\"\\^`{|}", c) == NULL;
}

bool delist_reply_link(struct text *out, const struct delist *x)
{
    struct slice rest = x->by_log ? x->sample : SLICE_NONE;

    for (const char *p; (p = slice_find(rest, SL("http"))) != NULL;) {
        size_t n = 0;
        rest = slice_skip(rest, (size_t)(p - rest.p));
        while (n < rest.n && is_link(rest.p[n]))
            n++;
        while (n && strchr(".,;:!?)]'", rest.p[n - 1]))
            n--;
        struct slice link = slice_of(rest.p, n);
        rest = slice_skip(rest, n ? n : 1);
        bool web = slice_starts(link, SL("https://")) || slice_starts(link, SL("http://"));
        if (web && n <= LINK_MOST && slice_chr(link, '@') == NULL && trusts(x, host_of(link))) {
            text_add(out, link);
            return true;
        }
    }
    return false;
}

/* The address around the @ at `at`. */
static struct slice address_at(struct slice s, const char *at)
{
    const char *from = at, *to = at + 1, *end = s.p + s.n;

    if (from > s.p && from[-1] == '"') {
        const char *quote = slice_rchr(slice_range(s.p, from - 1), '"');
        from = quote ? quote : from;
    } else {
        while (from > s.p && is_local(from[-1]))
            from--;
    }
    while (to < end && is_host(*to))
        to++;
    while (to > at + 1 && (to[-1] == '.' || to[-1] == '-'))
        to--;
    return slice_range(from, to);
}

bool delist_reply_mail(struct text *out, const struct delist *x)
{
    struct slice rest = x->by_log ? x->sample : SLICE_NONE;

    for (const char *at; (at = slice_chr(rest, '@')) != NULL;) {
        struct slice a = address_at(x->sample, at);
        bool good = a.p < at && a.n <= 254 && *a.p != '-' && trusts(x, host_of(a));
        for (size_t i = 0; good && i < a.n; i++)
            good = (unsigned char)a.p[i] < 0x80 && strchr("\"'`{|}/%!&", a.p[i]) == NULL;
        if (good) {
            text_add(out, a);
            return true;
        }
        rest = slice_skip(rest, (size_t)(at + 1 - rest.p));
    }
    return false;
}

/* --- names --- */

static const char *find_word(struct slice s, struct slice name)
{
    for (size_t i = 0; name.n >= NAME_LEAST && i + name.n <= s.n; i++)
        if (slice_ieq(slice_of(s.p + i, name.n), name) && (i == 0 || !is_letter(s.p[i - 1])) &&
            (i + name.n == s.n || !is_letter(s.p[i + name.n])))
            return s.p + i;
    return NULL;
}

static void earlier(struct slice s, struct slice name, struct slice *found)
{
    const char *p = find_word(s, name);

    if (p && (found->n == 0 || p < found->p))
        *found = slice_of(p, name.n);
}

/* The first thing in s that may not be passed on. Addresses of the provider's own may. */
static struct slice first_name(const struct delist *x, struct slice s)
{
    struct slice found = SLICE_NONE, rest = s;

    for (const char *at; found.n == 0 && (at = slice_chr(rest, '@')) != NULL;) {
        struct slice a = address_at(s, at);
        if (a.n > 1 && !trusts(x, host_of(a)))
            found = a;
        rest = slice_skip(rest, (size_t)(at + 1 - rest.p));
    }
    for (size_t i = 0; i < x->culprits; i++) {
        const struct delist_culprit *c = &x->culprit[i];
        earlier(s, c->customer, &found);
        earlier(s, c->identity, &found);
        if (slice_chr(c->identity, '@'))
            earlier(s, host_of(c->identity), &found);
    }
    return found;
}

struct slice delist_names(const struct delist *x, struct slice text)
{
    return first_name(x, text);
}

/* Whole characters only. */
static struct slice cut(struct slice s, size_t most)
{
    if (s.n <= most)
        return s;
    while (most && ((unsigned char)s.p[most] & 0xc0) == 0x80)
        most--;
    return slice_of(s.p, most);
}

void delist_reply_quote(struct text *out, const struct delist *x)
{
    struct slice rest = cut(x->sample, DELIST_REPLY_MOST);
    bool whole = rest.n == x->sample.n;

    for (struct slice name; (name = first_name(x, rest)).n;) {
        notice_add_line(out, slice_range(rest.p, name.p), DELIST_REPLY_MOST);
        text_add(out, SL("[removed]"));
        rest = slice_skip(rest, (size_t)(name.p + name.n - rest.p));
    }
    notice_add_line(out, rest, DELIST_REPLY_MOST);
    if (!whole)
        text_add(out, SL(" [...]"));
}
