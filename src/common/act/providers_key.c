#include "act/providers_parts.h"

enum type {
    TEXT,
    NAMES,
    FIELDS,
    IDS,
    ID,
    LISTED_BY,
    HOURS,
    FLAG,
    WEIGHT,
    CHOICE_KIND,
    CHOICE_ASK,
    CHOICE_WAY,
    ZONE,
    FAMILY,
    TEST,
    CODE,
    PART,
    TO,
    MATCH,
    OWN,
    EXAMPLE
};

struct key {
    const char *name;
    enum type type;
    size_t at;
    bool many; /* may stand more than once in a section */
};

#define P(member) offsetof(struct entry, p.member)
static const struct key keys[] = {
    {"name", TEXT, P(name), false},
    {"listed-by", LISTED_BY, P(listed_by), false},
    {"kind", CHOICE_KIND, P(kind), false},
    {"use", FLAG, offsetof(struct entry, off), false},
    {"weight", WEIGHT, P(weight), false},
    {"zone", ZONE, 0, false},
    {"family", FAMILY, 0, false},
    {"test", TEST, 0, false},
    {"ask", CHOICE_ASK, P(ask), false},
    {"code", CODE, 0, true},
    {"alias", NAMES, P(alias), true},
    {"replaces", ID, offsetof(struct entry, replaces), false},
    {"part", PART, 0, false},
    {"mx", NAMES, P(mx), true},
    {"domain", NAMES, P(domain), true},
    {"match", MATCH, 0, true},
    {"own", OWN, 0, true},
    {"example", EXAMPLE, 0, true},
    {"yields", IDS, offsetof(struct entry, yields), true},
    {"delist", CHOICE_WAY, P(way), false},
    {"to", TO, 0, false},
    {"to-unchecked", FLAG, P(to_unchecked), false},
    {"to-in-reply", FLAG, P(to_in_reply), false},
    {"owner-only", FLAG, P(owner_only), false},
    {"lockout", FLAG, P(lockout), false},
    {"fields", FIELDS, P(fields), true},
    {"clears", HOURS, P(clears), false},
    {"expires", HOURS, P(expires), false},
    {"gap", HOURS, P(gap), false},
    {"quiet", HOURS, P(quiet), false},
    {"terms", TEXT, P(terms), false},
    {"reason", TEXT, P(reason), false},
    {"note", TEXT, P(note), false},
};
_Static_assert(sizeof keys / sizeof keys[0] == PROVIDER_KEYS, "PROVIDER_KEYS is wrong");

static const char *const choices[][6] = {
    {"dnsbl", "mailbox", "filter", "dead", "note", NULL},
    {"yes", "information", "no", NULL},
    {"none", "automatic", "portal", "form", "mail", NULL},
};

static bool choose(struct provider_reading *r, const char *const *words, unsigned *out,
                   struct slice value)
{
    struct text all = {0};

    for (unsigned i = 0; words[i]; i++)
        if (slice_eq(value, slice_str(words[i]))) {
            *out = i;
            return true;
        }
    for (unsigned i = 0; words[i]; i++)
        text_addf(&all, "%s%s", i ? ", " : "", words[i]);
    text_addc(&all, '\0');
    PROVIDER_WRONG(r, "`%.*s' is none of %s", (int)value.n, value.p, all.failed ? "" : all.p);
    text_free(&all);
    return false;
}

/* Which of two words, at least one of them. */
static bool read_two(struct provider_reading *r, struct slice value, const char *one, bool *first,
                     const char *other, bool *second)
{
    *first = *second = false;
    while (value.n) {
        struct slice word = provider_word(&value);
        if (slice_eq(word, slice_str(one)) && !*first)
            *first = true;
        else if (slice_eq(word, slice_str(other)) && !*second)
            *second = true;
        else if (!slice_eq(word, SL("none")) || *first || *second || value.n) {
            PROVIDER_WRONG(r, "expected %s, %s or both, or none", one, other);
            return false;
        }
    }
    return true;
}

static bool read_flag(struct provider_reading *r, bool *out, struct slice value, bool is_use)
{
    bool yes = slice_eq(value, SL("yes"));

    if (!yes && !slice_eq(value, SL("no"))) {
        PROVIDER_WRONG(r, "`%.*s' is neither yes nor no", (int)value.n, value.p);
        return false;
    }
    *out = is_use ? !yes : yes;
    return true;
}

static bool read_weight(struct provider_reading *r, unsigned *out, struct slice value)
{
    uint64_t n;

    if (!slice_u64(value, &n) || n < 1 || n > 10) {
        PROVIDER_WRONG(r, "weight is a number from 1 to 10");
        return false;
    }
    *out = (unsigned)n;
    return true;
}

static bool read_id(struct provider_reading *r, struct slice *out, struct slice value)
{
    if (!provider_is_id(value)) {
        PROVIDER_WRONG(r, "`%.*s' can't be an id: lower case letters, digits and -", (int)value.n,
                       value.p);
        return false;
    }
    *out = arena_slice(&r->all->arena, value);
    return out->p != NULL;
}

/* The name of replies.conf, which may have a & ("at&t"). */
static bool read_listed_by(struct provider_reading *r, struct slice *out, struct slice value)
{
    const char *at = slice_chr(value, '&');
    bool good = at ? provider_is_id(slice_range(value.p, at)) &&
                         provider_is_id(slice_range(at + 1, value.p + value.n))
                   : provider_is_id(value);

    if (!good) {
        PROVIDER_WRONG(r, "`%.*s' is no name of replies.conf", (int)value.n, value.p);
        return false;
    }
    *out = arena_slice(&r->all->arena, value);
    return out->p != NULL;
}

static bool read_ids(struct provider_reading *r, struct provider_words *w, struct slice value)
{
    struct slice id;

    r->e->yields_line = r->line;
    while (value.n)
        if (!read_id(r, &id, provider_word(&value)) || !provider_words_add(&r->all->arena, w, id))
            return false;
    return true;
}

static bool set(struct provider_section *s, const struct key *key, struct slice value)
{
    struct provider_reading *r = &s->r;
    struct entry *e = r->e;
    char *at = (char *)e + key->at;

    switch (key->type) {
    case TEXT:
        *(struct slice *)(void *)at = arena_slice(&r->all->arena, value);
        return ((struct slice *)(void *)at)->p != NULL;
    case NAMES:
        return provider_read_names(r, (void *)at, value);
    case FIELDS:
        return provider_read_fields(r, (void *)at, value);
    case IDS:
        return read_ids(r, (void *)at, value);
    case ID:
        e->replaces_line = r->line;
        return read_id(r, (void *)at, value);
    case LISTED_BY:
        return read_listed_by(r, (void *)at, value);
    case HOURS:
        return provider_read_hours(r, (void *)at, value);
    case FLAG:
        return read_flag(r, (void *)at, value, key->at == offsetof(struct entry, off));
    case WEIGHT:
        return read_weight(r, (void *)at, value);
    case CHOICE_KIND:
    case CHOICE_ASK:
    case CHOICE_WAY:
        return choose(r, choices[key->type - CHOICE_KIND], (void *)at, value);
    case ZONE:
        return provider_read_zone(r, value);
    case FAMILY:
        return read_two(r, value, "ipv4", &e->p.zone.ipv4, "ipv6", &e->p.zone.ipv6);
    case TEST:
        return read_two(r, value, "listed", &e->p.zone.test_listed, "unlisted",
                        &e->p.zone.test_unlisted);
    case CODE:
        return provider_read_code(r, value);
    case PART:
        return provider_read_part(r, value);
    case TO:
        return provider_read_to(r, value);
    case MATCH:
    case OWN:
        return provider_read_match(r, value, key->type == OWN);
    case EXAMPLE:
        return provider_read_example(r, value);
    }
    return false;
}

/* A list in a section takes the place of the one that an earlier file gave. */
static void clear_earlier(struct provider_section *s, const struct key *key)
{
    struct entry *e = s->r.e;

    if (key->type == NAMES || key->type == FIELDS || key->type == IDS) {
        *(struct provider_words *)(void *)((char *)e + key->at) = (struct provider_words){0};
    } else if (key->type == CODE) {
        e->p.zone.codes = 0;
    } else if ((key->type == MATCH || key->type == OWN) && !s->r.matched) {
        e->first = e->last = NULL;
        e->p.match = NULL;
    }
    s->r.matched |= key->type == MATCH || key->type == OWN;
}

static void unknown_key(struct provider_section *s, struct slice name)
{
    struct text all = {0};

    for (unsigned i = 0; i < PROVIDER_KEYS; i++)
        text_addf(&all, "%s%s", i ? ", " : "", keys[i].name);
    text_addc(&all, '\0');
    PROVIDER_WRONG(&s->r, "there is no `%.*s': the names are %s", (int)name.n, name.p,
                   all.failed ? "" : all.p);
    text_free(&all);
}

void provider_read_key(struct provider_section *s, struct slice name, struct slice value)
{
    unsigned before = s->r.problems->count;

    for (unsigned i = 0; i < PROVIDER_KEYS; i++) {
        if (!slice_eq(name, slice_str(keys[i].name)))
            continue;
        if (s->stands[i] && !keys[i].many) {
            PROVIDER_WRONG(&s->r, "`%s' stands in line %u already", keys[i].name, s->stands[i]);
            return;
        }
        if (s->stands[i] == 0)
            clear_earlier(s, &keys[i]);
        s->stands[i] = s->r.line;
        if (value.n == 0)
            PROVIDER_WRONG(&s->r, "`%s' has no value", keys[i].name);
        else if (!set(s, &keys[i], value) && s->r.problems->count == before)
            PROVIDER_WRONG(&s->r, "out of memory");
        return;
    }
    unknown_key(s, name);
}
