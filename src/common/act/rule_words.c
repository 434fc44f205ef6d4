#include "act/rule_parts.h"

/* The expression without its anchors and backslashes, as a person would write it. */
static void add_plain(struct text *out, struct slice s)
{
    struct text t = {0};

    if (s.n && s.p[0] == '^')
        s = slice_skip(s, 1);
    if (s.n && s.p[s.n - 1] == '$' && (s.n == 1 || s.p[s.n - 2] != '\\'))
        s.n--;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\\' || ++i < s.n)
            text_addc(&t, s.p[i]);
    out->failed |= t.failed;
    text_add_visible(out, text_slice(&t));
    text_free(&t);
}

static void add_pattern(struct text *out, struct slice s)
{
    if (slice_starts(s, SL("^.+@")) && !slice_eq(s, SL("^.+@.+$"))) {
        text_add(out, SL("all sender addresses at "));
        add_plain(out, slice_skip(s, 4));
        return;
    }
    text_add(out, SL("sender addresses like "));
    bool anywhere = slice_ends(s, SL("@.+$"));
    if (anywhere)
        s.n -= 4;
    add_plain(out, s);
    if (anywhere)
        text_add(out, SL(" at any domain"));
}

static void add_condition(struct text *out, const struct rule_condition *c)
{
    switch (c->field) {
    case RULE_SENDER:
        text_add(out, SL("sender address "));
        break;
    case RULE_SENDER_PATTERN:
        add_pattern(out, c->value);
        return;
    case RULE_CLIENT:
        text_add(out, slice_chr(c->value, '/') ? SL("client net ") : SL("client address "));
        break;
    case RULE_LOGIN:
        text_add(out, SL("login "));
        break;
    case RULE_HELO:
        text_add(out, SL("HELO name "));
        break;
    case RULE_SUBJECT:
        text_add(out, SL("subjects like "));
        add_plain(out, c->value);
        return;
    case RULE_FIELDS:
        break;
    }
    text_add_visible(out, c->value);
}

void rule_add_words(struct text *out, const struct rule_condition *condition, unsigned conditions)
{
    for (unsigned i = 0; i < conditions; i++) {
        if (i)
            text_add(out, SL(" and "));
        add_condition(out, &condition[i]);
    }
}
