#include "act/blockmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "act/blockmap_parts.h"
#include "base/when.h"
#include "judge/suspect.h"

#define CONTACT_MAX 120u

static const struct {
    const char *name;
    enum map_kind kind;
} shared_maps[SHARED_MAPS] = {
    [MAP_SUSPENDED_SASL] = {"mp_suspended_sasl", MAP_INDEXED},
    [MAP_SUSPENDED_SASL_REGEXP] = {"mp_suspended_sasl_regexp", MAP_REGEXP},
    [MAP_SUSPENDED_NET] = {"mp_suspended_net", MAP_CIDR},
    [MAP_CUSTOMER_SASL] = {"mp_customer_sasl", MAP_INDEXED},
    [MAP_CUSTOMER_SASL_REGEXP] = {"mp_customer_sasl_regexp", MAP_REGEXP},
    [MAP_CUSTOMER_NET] = {"mp_customer_net", MAP_CIDR},
    [MAP_HEADER_CHECKS] = {"mp_header_checks", MAP_HEADER},
};

static const struct {
    const char *name, *check;
    enum map_kind kind;
} slot_maps[SLOT_AND] = {
    [SLOT_SENDER] = {"sender", "check_sender_access", MAP_INDEXED},
    [SLOT_SENDER_REGEXP] = {"sender_regexp", "check_sender_access", MAP_REGEXP},
    [SLOT_CLIENT] = {"client", "check_client_access", MAP_CIDR},
    [SLOT_LOGIN] = {"login", "check_sasl_access", MAP_REGEXP},
    [SLOT_HELO] = {"helo", "check_helo_access", MAP_REGEXP},
};

const char *shared_map_name(enum shared_map which)
{
    return shared_maps[which].name;
}

const char *slot_map_name(unsigned slot, unsigned which, char buf[BLOCKMAP_NAME])
{
    if (which < SLOT_AND)
        snprintf(buf, BLOCKMAP_NAME, "mp_slot%02u_%s", slot, slot_maps[which].name);
    else
        snprintf(buf, BLOCKMAP_NAME, "mp_slot%02u_and%u", slot, which - SLOT_AND + 1);
    return buf;
}

const char *slot_map_check(unsigned which)
{
    return slot_maps[which].check;
}

enum map_kind slot_map_kind(unsigned which)
{
    return which < SLOT_AND ? slot_maps[which].kind : MAP_REGEXP;
}

struct mapfile *slot_map(struct blockmap *b, unsigned slot, unsigned which)
{
    return &b->maps[SHARED_MAPS + (size_t)SLOT_MAPS * (slot - 1) + which];
}

struct slice slot_class(unsigned slot, char buf[CLASS_TEXT])
{
    int n = snprintf(buf, CLASS_TEXT, "mp_slot%02u", slot);

    return slice_of(buf, (size_t)n);
}

enum rule_field and_field(unsigned i)
{
    static const enum rule_field fields[AND_FIELDS] = {RULE_LOGIN, RULE_HELO, RULE_SENDER};

    return fields[i];
}

const char *field_check(enum rule_field field)
{
    return field == RULE_LOGIN    ? "check_sasl_access"
           : field == RULE_HELO   ? "check_helo_access"
           : field == RULE_CLIENT ? "check_client_access"
                                  : "check_sender_access";
}

struct slice and_class(unsigned slot, unsigned number, enum rule_field field, char buf[CLASS_TEXT])
{
    const char *name = field == RULE_LOGIN ? "login" : field == RULE_HELO ? "helo" : "sender";
    int n = snprintf(buf, CLASS_TEXT, "mp_slot%02u_and%u_%s", slot, number, name);

    return slice_of(buf, (size_t)n);
}

static bool make_maps(struct blockmap *b, unsigned slots)
{
    slots = slots > BLOCKMAP_SLOTS_MAX ? BLOCKMAP_SLOTS_MAX : slots;
    b->slots = slots;
    b->n = SHARED_MAPS + (size_t)SLOT_MAPS * slots;
    b->maps = calloc(b->n, sizeof(*b->maps));
    b->names = calloc(b->n, sizeof(*b->names));
    if (b->maps == NULL || b->names == NULL)
        return false;
    for (size_t i = 0; i < SHARED_MAPS; i++) {
        snprintf(b->names[i], BLOCKMAP_NAME, "%s", shared_maps[i].name);
        b->maps[i].kind = shared_maps[i].kind;
    }
    for (size_t i = SHARED_MAPS; i < b->n; i++) {
        unsigned which = (unsigned)((i - SHARED_MAPS) % SLOT_MAPS);
        slot_map_name((unsigned)((i - SHARED_MAPS) / SLOT_MAPS) + 1, which, b->names[i]);
        b->maps[i].kind = slot_map_kind(which);
    }
    for (size_t i = 0; i < b->n; i++)
        b->maps[i].name = b->names[i];
    return true;
}

bool blockmap_contact_good(const char *contact)
{
    size_t n = strlen(contact);

    for (size_t i = 0; i < n; i++)
        if (contact[i] <= ' ' || contact[i] > '~' || strchr("$<>", contact[i]))
            return false;
    return n > 0 && n <= CONTACT_MAX;
}

static const char *what_is_stopped(const struct standing_action *a)
{
    if (a->type == ACTION_ADDRESS)
        return "mail from this address is stopped because it sends spam";
    if (a->type == ACTION_RULE)
        return "mail like this is stopped because it is spam";
    return a->whole_customer ? "outbound mail of this customer is suspended because of spam"
           : a->kind == IDENTITY_LOGIN
               ? "outbound mail of this login is suspended because of spam"
               : "outbound mail of this address is suspended because of spam";
}

void blockmap_add_refusal(struct text *out, const struct standing_action *a, const char *contact)
{
    bool header = a->conditions == 1 && a->condition[0].field == RULE_SUBJECT;

    text_addf(out, "%s [mp %u.%u] %s; contact %s about incident %u",
              header ? "REJECT" : "554 5.7.1", a->incident, a->rule, what_is_stopped(a),
              contact && blockmap_contact_good(contact) ? contact : "your mail provider",
              a->incident);
}

void problem_key(struct problems *problems, const char *map, struct slice key,
                 enum map_added result)
{
    if (result == MAP_ADDED || result == MAP_NO_MEMORY)
        return;
    problem_add(problems, map, 0, "%.*s: %s", (int)key.n, key.p,
                result == MAP_CLASH ? "belongs to two actions; the first one counts"
                                    : "can't be carried by a Postfix map: block it by hand");
}

/* The header comment of a slot's maps. */
static void describe_slot(struct blockmap *b, const struct standing_action *a)
{
    char when[WHEN_TEXT_MAX];
    struct text t = {0};

    text_addf(&t, "Incident %u, since ", a->incident);
    text_add(&t, slice_of(when, when_print(when, a->since, 0)));
    text_add(&t, a->whole_customer ? SL(": all logins and nets of customer ")
                                   : SL(": this login or address alone: "));
    text_add_visible(&t, a->whole_customer ? a->customer : a->identity);
    for (unsigned which = 0; which < SLOT_MAPS; which++)
        mapfile_about(slot_map(b, a->slot, which), t.failed ? SLICE_NONE : text_slice(&t));
    text_free(&t);
}

struct build {
    struct blockmap *b;
    struct map_set suspended, slots;
    struct rule_work *rules;
    const char *contact;
    struct problems *problems;
    unsigned *incident; /* of each slot; 0: free */
};

/* The rows that say whose logins and nets it is, in one set of maps. */
static bool add_owner(struct build *w, struct map_set *set, const struct standing_action *a,
                      struct slice value)
{
    const struct customer *c =
        a->whole_customer ? customers_by_key(set->customers, a->customer) : NULL;

    if (c) {
        /* The flagged login, though a wildcard has it as well: open sessions see the index. */
        if (a->kind == IDENTITY_LOGIN && customers_by_login(set->customers, a->identity) == c)
            map_set_identity(set, IDENTITY_LOGIN, a->identity, value);
        return owners_value(&set->owners, c).n || map_set_customer(set, c, value);
    }
    if (a->whole_customer)
        problem_add(w->problems, NULL, 0,
                    "incident %u: customer %.*s isn't in the customers file any more: %s%.*s",
                    a->incident, (int)a->customer.n, a->customer.p,
                    a->identity.n ? "what is refused is refused only to "
                                  : "nothing of it is refused",
                    (int)a->identity.n, a->identity.n ? a->identity.p : "");
    if (a->identity.n)
        map_set_identity(set, a->kind, a->identity, value);
    return true;
}

static bool add_suspension(struct build *w, const struct standing_action *a)
{
    struct text t = {0};
    bool added = false;

    blockmap_add_refusal(&t, a, w->contact);
    if (!t.failed)
        added = add_owner(w, &w->suspended, a, text_slice(&t));
    text_free(&t);
    return added;
}

/* The action's slot, if it is one and the incident's own. */
static bool slot_good(struct build *w, const struct standing_action *a)
{
    const char *fault = NULL;

    if (a->slot == 0)
        fault = "has no restriction class";
    else if (a->slot > w->b->slots)
        fault = "has a restriction class that main.cf hasn't (--slots)";
    else if (w->incident[a->slot] && w->incident[a->slot] != a->incident)
        fault = "has a restriction class that another incident has";
    if (fault)
        problem_add(w->problems, NULL, 0, "[mp %u.%u] can't be carried: it %s", a->incident,
                    a->rule, fault);
    return fault == NULL;
}

static bool needs_slot(const struct standing_action *a)
{
    return a->conditions != 1 ||
           (a->condition[0].field != RULE_LOGIN && a->condition[0].field != RULE_SUBJECT);
}

static bool add_rule(struct build *w, const struct standing_action *a)
{
    char class_text[CLASS_TEXT];
    const char *fault = rule_fault(a->condition, a->conditions);

    if (fault) {
        problem_add(w->problems, NULL, 0, "[mp %u.%u] can't be carried by Postfix maps: %s",
                    a->incident, a->rule, fault);
        return true;
    }
    if (!needs_slot(a)) {
        rule_work_add(w->rules, a);
        return true;
    }
    if (!slot_good(w, a))
        return true;
    if (w->incident[a->slot] == 0) {
        w->incident[a->slot] = a->incident;
        describe_slot(w->b, a);
        if (!add_owner(w, &w->slots, a, slot_class(a->slot, class_text)))
            return false;
    }
    rule_work_add(w->rules, a);
    return true;
}

static bool any_failed(const struct blockmap *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->maps[i].failed)
            return true;
    return false;
}

static bool build_rows(struct build *w, const struct standing *standing)
{
    for (size_t i = 0; i < standing->n; i++) {
        const struct standing_action *a = &standing->list[i];
        if (!(a->type == ACTION_SUSPENSION ? add_suspension(w, a) : add_rule(w, a)))
            return false;
    }
    return rule_work_write(w->rules) && map_set_write(&w->suspended) && map_set_write(&w->slots);
}

bool blockmap_build(struct blockmap *out, const struct standing *standing,
                    const struct customers *customers, const struct blockmap_options *options,
                    struct problems *problems)
{
    struct build w = {
        .b = out,
        .suspended = {out, MAP_SUSPENDED_SASL, .customers = customers, .problems = problems},
        .slots = {out, MAP_CUSTOMER_SASL, .customers = customers, .problems = problems},
        .contact = options->contact,
        .problems = problems};
    bool built = false;

    if (make_maps(out, options->slots ? options->slots : BLOCKMAP_SLOTS)) {
        w.incident = calloc(out->slots + 1, sizeof(*w.incident));
        w.rules = rule_work_new(out, &w.suspended, w.contact);
        built = w.incident && w.rules && build_rows(&w, standing);
    }
    rule_work_free(w.rules);
    free(w.incident);
    map_set_free(&w.suspended);
    map_set_free(&w.slots);
    return built && !any_failed(out);
}

void blockmap_free(struct blockmap *b)
{
    for (size_t i = 0; b->maps && i < b->n; i++)
        mapfile_free(&b->maps[i]);
    free(b->maps);
    free(b->names);
    *b = (struct blockmap){0};
}
