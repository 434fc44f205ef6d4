#include "act/mapfile.h"
#include "act/rule_parts.h"

struct slice rule_message_field(const struct rule_message *m, enum rule_field field)
{
    switch (field) {
    case RULE_SENDER:
    case RULE_SENDER_PATTERN:
        return m->sender;
    case RULE_CLIENT:
        return m->client;
    case RULE_LOGIN:
        return m->login;
    case RULE_HELO:
        return m->helo;
    case RULE_SUBJECT:
        return m->subject;
    case RULE_FIELDS:
        break;
    }
    return SLICE_NONE;
}

static struct slice fold(struct slice s, char *buf)
{
    for (size_t i = 0; i < s.n; i++)
        buf[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i];
    return slice_of(buf, s.n);
}

static void take_sender(struct slice raw, char *buf, struct rule_value *out)
{
    struct address a;

    out->good = address_parse(raw, &a) == ADDRESS_OK;
    if (!out->good)
        return;
    memcpy(buf, a.key, a.n);
    out->text = slice_of(buf, a.n);
    out->local = a.local;
    out->quoted = a.quoted;
}

static void take_client(struct slice raw, char *buf, struct rule_value *out)
{
    out->good = ipaddr_parse(raw, &out->ip);
    if (out->good)
        out->text = slice_str(ipaddr_text(out->ip, buf));
}

void rule_value_of(enum rule_field field, const struct rule_message *m, char buf[RULE_VALUE_MAX],
                   struct rule_value *out)
{
    struct slice raw = rule_message_field(m, field);

    *out = (struct rule_value){.good = false};
    out->unknown =
        (field == RULE_HELO || field == RULE_SUBJECT) && (raw.n == 0 || raw.n > RULE_VALUE_MAX);
    if (raw.n == 0 || raw.n > RULE_VALUE_MAX)
        return;
    if (field == RULE_SENDER || field == RULE_SENDER_PATTERN) {
        take_sender(raw, buf, out);
    } else if (field == RULE_CLIENT) {
        take_client(raw, buf, out);
    } else {
        out->text = fold(raw, buf);
        out->good = field == RULE_LOGIN
                        ? map_text_good(out->text)
                        : field == RULE_HELO && map_key_good(out->text) && !slice_chr(raw, '"');
    }
}

static void begin_sender(struct rule_test *t)
{
    struct address a;

    t->none = address_parse(t->value, &a) != ADDRESS_OK || !slice_eq(address_key(&a), t->value);
    t->local = a.local;
    t->quoted = a.quoted;
}

/* An expression that somebody else made: Postfix's own way, slower. */
static void begin_foreign(struct rule_test *t)
{
    char text[RULE_VALUE_MAX + 1];

    t->none = t->value.n == 0 || t->value.n > RULE_VALUE_MAX || slice_chr(t->value, '\0');
    if (t->none)
        return;
    memcpy(text, t->value.p, t->value.n);
    text[t->value.n] = '\0';
    t->none = regcomp(&t->regex, text, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0;
    t->foreign = !t->none;
}

void rule_test_begin(struct rule_test *t, const struct rule_condition *c)
{
    t->field = c->field;
    t->value = c->value;
    t->none = t->foreign = false;
    switch (c->field) {
    case RULE_SENDER:
        begin_sender(t);
        break;
    case RULE_SENDER_PATTERN:
        if (!pattern_parse_sender(t->value, &t->pattern))
            begin_foreign(t);
        break;
    case RULE_SUBJECT:
        if (!pattern_parse_subject(t->value, &t->pattern))
            begin_foreign(t);
        break;
    case RULE_CLIENT:
        t->none = ipnet_parse(t->value, &t->net) != NULL;
        break;
    case RULE_LOGIN:
    case RULE_HELO:
        t->none = t->value.n == 0;
        break;
    case RULE_FIELDS:
        t->none = true;
    }
}

void rule_test_end(struct rule_test *t)
{
    if (t->foreign)
        regfree(&t->regex);
    t->foreign = false;
}

static bool foreign_holds(const struct rule_test *t, struct slice s)
{
    char text[RULE_VALUE_MAX + 1];

    if (slice_chr(s, '\0'))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return regexec(&t->regex, text, 0, NULL, 0) == 0;
}

static bool sender_holds(const struct rule_test *t, const struct rule_value *v)
{
    if (slice_eq(t->value, v->text))
        return true;
    return !t->quoted && !v->quoted && v->local > t->local && v->text.p[t->local] == '+' &&
           bytes_eq(v->text.p, t->value.p, t->local) &&
           slice_eq(slice_skip(v->text, v->local), slice_skip(t->value, t->local));
}

/* smtpd looks the name up, then what stands behind its first dot, and so on. */
static bool helo_holds(const struct rule_test *t, struct slice helo)
{
    return slice_ends(helo, t->value) &&
           (helo.n == t->value.n || helo.p[helo.n - t->value.n - 1] == '.');
}

bool rule_test_holds(const struct rule_test *t, const struct rule_value *v)
{
    if (t->none || v->text.n == 0)
        return false;
    if (t->foreign)
        return foreign_holds(t, v->text);
    switch (t->field) {
    case RULE_SENDER:
        return sender_holds(t, v);
    case RULE_SENDER_PATTERN:
        return pattern_fits_sender(&t->pattern, v->text, v->local);
    case RULE_CLIENT:
        return ipnet_has(t->net, v->ip);
    case RULE_LOGIN:
        return slice_eq(t->value, v->text);
    case RULE_HELO:
        return helo_holds(t, v->text);
    case RULE_SUBJECT:
        return pattern_fits_subject(&t->pattern, v->text);
    case RULE_FIELDS:
        break;
    }
    return false;
}

static bool all_hold(const struct rule_condition *condition, unsigned conditions,
                     const struct rule_message *m, bool unknown)
{
    char buf[RULE_VALUE_MAX];
    struct rule_value v;
    struct rule_test t;
    bool holds = conditions > 0;

    for (unsigned i = 0; i < conditions && holds; i++) {
        rule_value_of(condition[i].field, m, buf, &v);
        if (v.unknown) {
            holds = unknown;
            continue;
        }
        rule_test_begin(&t, &condition[i]);
        holds = rule_test_holds(&t, &v);
        rule_test_end(&t);
    }
    return holds;
}

bool rule_matches(const struct rule_condition *condition, unsigned conditions,
                  const struct rule_message *m)
{
    return all_hold(condition, conditions, m, false);
}

bool rule_may_match(const struct rule_condition *condition, unsigned conditions,
                    const struct rule_message *m)
{
    return all_hold(condition, conditions, m, true);
}
