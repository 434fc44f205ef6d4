#include "act/blockmap_parts.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/address.h"

/* The first condition of a rule, as a row of its slot's map. Rows with the same key, and nets
 * within nets, become one: the first match of a table is the only one that smtpd looks at. */
struct head {
    unsigned slot;
    enum rule_field field;
    struct slice text;
    struct ipnet net;   /* of RULE_CLIENT */
    struct slice value; /* the refusal, or the class of the second condition */
    bool refusal;
};

struct rule_work {
    struct blockmap *b;
    struct map_set *suspended;
    const char *contact;
    struct head *heads;
    size_t n, cap;
    unsigned used[BLOCKMAP_SLOTS_MAX + 1]; /* further conditions of each slot */
    struct arena arena;
    bool failed;
};

/* Smaller comes first in a rule: what one message has one of and a row names exactly, so that heads
 * can be joined. A pattern is never the head of another condition. */
static unsigned rank(enum rule_field field)
{
    static const unsigned char order[RULE_FIELDS] = {
        [RULE_CLIENT] = 0, [RULE_LOGIN] = 1,          [RULE_HELO] = 2,
        [RULE_SENDER] = 3, [RULE_SENDER_PATTERN] = 3, [RULE_SUBJECT] = 4};

    return order[field];
}

/* The expression of a condition, with its slashes. */
static void add_expression(struct text *t, const struct rule_condition *c)
{
    struct address address;

    switch (c->field) {
    case RULE_SENDER:
        if (address_parse(c->value, &address) == ADDRESS_OK)
            address_add_regexp(t, &address);
        break;
    case RULE_SENDER_PATTERN:
        text_add(t, SL("/^("));
        text_add(t, c->value);
        text_add(t, SL(")$/"));
        break;
    case RULE_SUBJECT:
        text_add(t, SL("/^Subject:[[:space:]]*("));
        text_add(t, c->value);
        text_add(t, SL(")[[:space:]]*$/"));
        break;
    default:
        text_add(t, SL("/^"));
        text_add_regexp_literal(t, c->value);
        text_add(t, SL("$/"));
    }
}

static const char *pattern_fault(struct slice s)
{
    char buf[PATTERN_MAX + 1];
    regex_t re;

    if (s.n == 0 || s.n > PATTERN_MAX)
        return "a pattern has to have 1 to 400 bytes";
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '/')
            return "a pattern has a slash or a control character";
    for (size_t i = 0, k; i < s.n; i += k)
        if ((k = utf8_length(s.p + i, s.p + s.n)) == 0)
            return "a pattern is not UTF-8";
    memcpy(buf, s.p, s.n);
    buf[s.n] = '\0';
    if (regcomp(&re, buf, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
        return "a pattern is no extended regular expression";
    regfree(&re);
    return NULL;
}

static const char *value_fault(const struct rule_condition *c)
{
    struct address address;
    struct ipnet net;

    switch (c->field) {
    case RULE_SENDER:
        return address_parse(c->value, &address) == ADDRESS_OK ? NULL : "not a sender address";
    case RULE_SENDER_PATTERN:
    case RULE_SUBJECT:
        return pattern_fault(c->value);
    case RULE_CLIENT:
        return ipnet_parse(c->value, &net) == NULL ? NULL : "not a client address or net";
    case RULE_LOGIN:
    case RULE_HELO:
        return map_text_good(c->value) ? NULL : "a login or HELO name with control characters";
    default:
        return "an unknown field";
    }
}

const char *rule_fault(const struct rule_condition *condition, unsigned conditions)
{
    bool taken[RULE_FIELDS] = {false};

    if (conditions == 0 || conditions > RULE_CONDITIONS)
        return "it has no conditions, or too many";
    for (unsigned i = 0; i < conditions; i++) {
        const char *fault = value_fault(&condition[i]);
        if (fault)
            return fault;
        if (condition[i].field == RULE_SUBJECT && conditions > 1)
            return "a subject can't be joined with other conditions";
        for (unsigned f = 0; f < RULE_FIELDS; f++)
            if (taken[f] && rank(f) == rank(condition[i].field))
                return "two conditions look at the same";
        taken[condition[i].field] = true;
    }
    return NULL;
}

bool rule_can_be_carried(const struct rule *rule, unsigned used)
{
    return rule_fault(rule->condition, rule->conditions) == NULL &&
           used + rule->conditions - 1 <= BLOCKMAP_ANDS;
}

struct rule_work *rule_work_new(struct blockmap *b, struct map_set *suspended, const char *contact)
{
    struct rule_work *w = calloc(1, sizeof(*w));

    if (w) {
        w->b = b;
        w->suspended = suspended;
        w->contact = contact;
    }
    return w;
}

static void sort_conditions(struct rule_condition *c, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        for (unsigned k = i; k && rank(c[k - 1].field) > rank(c[k].field); k--) {
            struct rule_condition swap = c[k];
            c[k] = c[k - 1];
            c[k - 1] = swap;
        }
}

static struct slice keep(struct rule_work *w, struct slice s)
{
    struct slice copy = arena_slice(&w->arena, s);

    w->failed |= copy.n != s.n;
    return copy;
}

static void add_head(struct rule_work *w, unsigned slot, const struct rule_condition *c,
                     struct slice value, bool refusal)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 16;
        struct head *heads = realloc(w->heads, cap * sizeof(*heads));
        if (heads == NULL) {
            w->failed = true;
            return;
        }
        w->heads = heads;
        w->cap = cap;
    }
    struct head *h = &w->heads[w->n++];
    *h = (struct head){slot, c->field, c->value, .value = keep(w, value), .refusal = refusal};
    if (c->field == RULE_CLIENT)
        ipnet_parse(c->value, &h->net);
}

/* An address: in the index, which open sessions see at once, and with its extensions as an
 * expression. */
static void add_sender(struct rule_work *w, unsigned slot, const struct rule_condition *c,
                       struct slice refusal)
{
    struct mapfile *index = slot_map(w->b, slot, SLOT_SENDER), *regexp = index + 1;
    struct problems *problems = w->suspended->problems;
    struct address address;
    struct text t = {0};

    if (address_parse(c->value, &address) != ADDRESS_OK)
        return;
    struct slice key = address_key(&address);
    if (map_get(&index->index, key)) /* an earlier rule has it */
        return;
    bool indexed = address_fits_index(&address);
    if (indexed)
        problem_key(problems, index->name, key, mapfile_add(index, key, refusal, key));
    if (!indexed || !address.quoted) {
        add_expression(&t, c);
        problem_key(problems, regexp->name, key, mapfile_add(regexp, text_slice(&t), refusal, key));
    }
    w->failed |= t.failed;
    text_free(&t);
}

static void add_header(struct rule_work *w, const struct rule_condition *c, struct slice refusal)
{
    struct mapfile *m = &w->b->maps[MAP_HEADER_CHECKS];
    struct text t = {0};

    add_expression(&t, c);
    problem_key(w->suspended->problems, m->name, c->value,
                mapfile_add(m, text_slice(&t), refusal, SLICE_NONE));
    w->failed |= t.failed;
    text_free(&t);
}

/* A login that is refused whatever it sends: a row beside the suspended ones', if it is the
 * owner's. */
static void add_login_rule(struct rule_work *w, const struct standing_action *a,
                           struct slice refusal)
{
    struct slice login = a->condition[0].value;
    const struct customer *c = customers_by_login(w->suspended->customers, login);
    bool own = a->whole_customer ? c && slice_eq(c->key, a->customer)
                                 : a->kind == IDENTITY_LOGIN && slice_eq(login, a->identity);

    if (own)
        map_set_identity(w->suspended, IDENTITY_LOGIN, login, refusal);
    else
        problem_add(w->suspended->problems, NULL, 0,
                    "[mp %u.%u] can't be carried: login %.*s isn't the owner's", a->incident,
                    a->rule, (int)login.n, login.p);
}

/* Rows of the further conditions, from the last to the second; returns where the first leads. */
static struct slice add_further(struct rule_work *w, unsigned slot, const struct rule_condition *c,
                                unsigned conditions, struct slice refusal, char buf[CLASS_TEXT])
{
    struct slice value = refusal;

    for (unsigned i = conditions - 1; i >= 1; i--) {
        unsigned number = ++w->used[slot];
        struct mapfile *m = slot_map(w->b, slot, SLOT_AND + number - 1);
        struct text t = {0};
        add_expression(&t, &c[i]);
        problem_key(w->suspended->problems, m->name, c[i].value,
                    mapfile_add(m, text_slice(&t), value,
                                c[i].field == RULE_SENDER_PATTERN ? SLICE_NONE : c[i].value));
        w->failed |= t.failed;
        text_free(&t);
        value = and_class(slot, number, c[i].field, buf);
    }
    return value;
}

void rule_work_add(struct rule_work *w, const struct standing_action *a)
{
    struct rule_condition c[RULE_CONDITIONS];
    char class_text[CLASS_TEXT];
    struct text t = {0};

    memcpy(c, a->condition, sizeof(c));
    sort_conditions(c, a->conditions);
    blockmap_add_refusal(&t, a, w->contact);
    w->failed |= t.failed;
    struct slice refusal = text_slice(&t);
    if (a->conditions == 1 && c[0].field == RULE_SUBJECT)
        add_header(w, c, refusal);
    else if (a->conditions == 1 && c[0].field == RULE_LOGIN)
        add_login_rule(w, a, refusal);
    else if (a->conditions == 1 && c[0].field == RULE_SENDER)
        add_sender(w, a->slot, c, refusal);
    else if (a->conditions == 1)
        add_head(w, a->slot, c, refusal, true);
    else if (w->used[a->slot] + a->conditions - 1 > BLOCKMAP_ANDS)
        problem_add(w->suspended->problems, NULL, 0,
                    "[mp %u.%u] can't be carried: the class mp_slot%02u has no room for its "
                    "further conditions",
                    a->incident, a->rule, a->slot);
    else
        add_head(w, a->slot, c, add_further(w, a->slot, c, a->conditions, refusal, class_text),
                 false);
    text_free(&t);
}

static bool same_map(const struct head *a, const struct head *b)
{
    return a->slot == b->slot && a->field == b->field;
}

/* Does every message that fits h fit `outer` as well? */
static bool fits_within(const struct head *h, const struct head *outer)
{
    if (!same_map(h, outer))
        return false;
    return h->field == RULE_CLIENT ? ipnet_covers(outer->net, h->net)
                                   : slice_eq(h->text, outer->text);
}

/* Smaller nets first; equal ones beside each other. */
static int compare_heads(const void *a, const void *b)
{
    const struct head *x = a, *y = b;
    int order = (x->slot > y->slot) - (x->slot < y->slot);

    if (order == 0)
        order = (x->field > y->field) - (x->field < y->field);
    if (order == 0 && x->field == RULE_CLIENT)
        order = (x->net.bits < y->net.bits) - (x->net.bits > y->net.bits);
    if (order == 0 && x->field == RULE_CLIENT)
        order = ipnet_cmp(x->net, y->net);
    if (order == 0 && x->field != RULE_CLIENT)
        order = slice_cmp(x->text, y->text);
    /* A refusal before classes, then by the text: incidents and rules are in it. */
    if (order == 0)
        order = (int)y->refusal - (int)x->refusal;
    return order ? order : slice_cmp(x->value, y->value);
}

/* What the row of heads[i] says: a refusal that holds for it, else all classes. */
static void add_value(const struct rule_work *w, size_t i, struct text *value)
{
    for (size_t k = 0; k < w->n; k++)
        if (w->heads[k].refusal && fits_within(&w->heads[i], &w->heads[k])) {
            text_add(value, w->heads[k].value);
            return;
        }
    for (size_t k = 0; k < w->n; k++)
        if (fits_within(&w->heads[i], &w->heads[k])) {
            if (value->n)
                text_addc(value, ' ');
            text_add(value, w->heads[k].value);
        }
}

static void write_head(struct rule_work *w, size_t i)
{
    const struct head *h = &w->heads[i];
    unsigned which = h->field == RULE_CLIENT  ? SLOT_CLIENT
                     : h->field == RULE_LOGIN ? SLOT_LOGIN
                     : h->field == RULE_HELO  ? SLOT_HELO
                                              : SLOT_SENDER_REGEXP;
    struct mapfile *m = slot_map(w->b, h->slot, which);
    char net[IPNET_TEXT], address[IPADDR_TEXT];
    struct text key = {0}, value = {0};
    struct slice probe = h->field == RULE_SENDER_PATTERN ? SLICE_NONE : h->text;

    if (h->field == RULE_CLIENT) {
        text_add(&key, slice_str(ipnet_text(h->net, net)));
        probe = h->net.bits == 128 ? slice_str(ipaddr_text(h->net.addr, address)) : SLICE_NONE;
    } else {
        add_expression(&key, &(struct rule_condition){h->field, h->text});
    }
    add_value(w, i, &value);
    if (key.failed || value.failed)
        w->failed = true;
    else
        problem_key(w->suspended->problems, m->name, h->text,
                    mapfile_add(m, text_slice(&key), text_slice(&value), probe));
    text_free(&key);
    text_free(&value);
}

bool rule_work_write(struct rule_work *w)
{
    if (w->n)
        qsort(w->heads, w->n, sizeof(*w->heads), compare_heads);
    for (size_t i = 0; i < w->n; i++) {
        bool again = i && fits_within(&w->heads[i], &w->heads[i - 1]) &&
                     fits_within(&w->heads[i - 1], &w->heads[i]);
        if (!again)
            write_head(w, i);
    }
    return !w->failed;
}

void rule_work_free(struct rule_work *w)
{
    if (w == NULL)
        return;
    free(w->heads);
    arena_free(&w->arena);
    free(w);
}
