#include "act/announce.h"

#include "base/exits.h"
#include "base/when.h"

#define EVIDENCE_MOST 1000u

static void key(struct text *t, const char *name)
{
    if (t->n && t->p[t->n - 1] != '{')
        text_addc(t, ',');
    text_addf(t, "\"%s\":", name);
}

static void string(struct text *t, const char *name, struct slice s)
{
    if (s.n == 0)
        return;
    key(t, name);
    text_add_json(t, s);
}

static void number(struct text *t, const char *name, uint64_t n)
{
    key(t, name);
    text_addf(t, "%llu", (unsigned long long)n);
}

static void moment(struct text *t, const char *name, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    if (us != WHEN_NONE && us > 0)
        string(t, name, slice_of(buf, when_print(buf, us, 0)));
}

static void counts(struct text *t, const char *name, const struct suspect_count *list, unsigned n)
{
    if (n == 0)
        return;
    key(t, name);
    for (unsigned i = 0; i < n; i++) {
        text_add(t, i ? SL(",[") : SL("[["));
        text_add_json(t, list[i].name);
        text_addf(t, ",%llu]", (unsigned long long)list[i].count);
    }
    text_addc(t, ']');
}

static void families(struct text *t, const struct suspect *s)
{
    if (s->family_n == 0)
        return;
    key(t, "families");
    for (unsigned i = 0; i < s->family_n; i++) {
        text_add(t, i ? SL(",[") : SL("[["));
        text_add_json(t, s->family[i].name);
        text_addf(t, ",%.2f,", s->family[i].score);
        text_add_json(t, s->family[i].seen);
        text_addc(t, ']');
    }
    text_addc(t, ']');
}

void suspect_facts(struct text *out, const struct suspect *s)
{
    string(out, "kind", identity_kind_name(s->kind));
    string(out, "identity", s->identity);
    moment(out, "since", s->since);
    moment(out, "flagged", s->time);
    number(out, "messages", s->messages);
    number(out, "recipients", s->recipients);
    number(out, "refused", s->refused);
    number(out, "unknown", s->unknown);
    number(out, "senders", s->senders);
    counts(out, "sender_list", s->sender, s->sender_n);
    counts(out, "clients", s->client, s->client_n);
    counts(out, "countries", s->country, s->country_n);
    families(out, s);
    key(out, "score");
    text_addf(out, "%.2f", s->score);
    key(out, "threshold");
    text_addf(out, "%.2f", s->threshold);
}

static void action(struct text *t, const struct announcement *a)
{
    struct text words = {0};

    if (a->type == NULL)
        return;
    string(t, "type", slice_str(a->type));
    number(t, "rule", a->number);
    if (a->rule == NULL || a->rule->conditions == 0)
        return;
    rule_add_words(&words, a->rule->condition, a->rule->conditions);
    string(t, "words", text_slice(&words));
    t->failed |= words.failed;
    text_free(&words);
    key(t, "conditions");
    for (unsigned i = 0; i < a->rule->conditions; i++) {
        text_add(t, i ? SL(",[") : SL("[["));
        text_add_json(t, rule_field_name(a->rule->condition[i].field));
        text_addc(t, ',');
        text_add_json(t, a->rule->condition[i].value);
        text_addc(t, ']');
    }
    text_addc(t, ']');
    if (a->rule->spam == 0)
        return;
    number(t, "covered", a->rule->covered);
    number(t, "spam", a->rule->spam);
    number(t, "collateral", a->rule->collateral);
    number(t, "legitimate", a->rule->legitimate);
}

static void identities(struct text *t, const char *name, const struct customer *c, bool nets)
{
    unsigned n = 0;

    for (const struct customer_id *id = c->ids; id; id = id->next) {
        if (id->kind == CUSTOMER_MAIL || (id->kind == CUSTOMER_NET) != nets)
            continue;
        if (n++ == 0) {
            key(t, name);
            text_addc(t, '[');
        } else {
            text_addc(t, ',');
        }
        struct text one = {0};
        if (id->kind == CUSTOMER_LOGIN_SUFFIX)
            text_addc(&one, '*');
        if (id->kind == CUSTOMER_DOMAIN)
            text_add(&one, SL("*@"));
        text_add(&one, id->text);
        if (id->kind == CUSTOMER_LOGIN_PREFIX)
            text_addc(&one, '*');
        text_add_json(t, text_slice(&one));
        t->failed |= one.failed;
        text_free(&one);
    }
    if (n)
        text_addc(t, ']');
}

static void facts(struct text *t, struct ledger *l, const struct announcement *a)
{
    const struct incident *i = a->incident;

    text_addc(t, '{');
    string(t, "event", slice_str(a->event));
    number(t, "incident", (uint64_t)i->id);
    string(t, "customer", i->owner.customer);
    string(t, "partner", i->owner.partner);
    string(t, "scope", i->owner.whole ? SL("customer") : identity_kind_name(i->owner.kind));
    string(t, "state", incident_state_name(i->state));
    string(t, "reason", a->reason);
    moment(t, "deadline", a->deadline);
    action(t, a);
    if (i->attempts > 0)
        number(t, "attempts", (uint64_t)i->attempts);
    moment(t, "last_attempt", i->last_attempt);
    string(t, "ticket", a->ticket);
    string(t, "statement", a->statement);
    if (a->customer) {
        identities(t, "logins", a->customer, false);
        identities(t, "nets", a->customer, true);
    }
    if (a->s) {
        suspect_facts(t, a->s);
    } else {
        struct ledger_rows r = ledger_query(
            l, "SELECT facts FROM suspects WHERE incident = ? ORDER BY time DESC, id DESC LIMIT 1",
            "i", i->id);
        if (ledger_next(&r) && ledger_text(&r, 0).n) {
            text_addc(t, ',');
            text_add(t, ledger_text(&r, 0));
        }
        ledger_done(&r);
    }
    text_addc(t, '}');
}

static void evidence_row(struct text *t, const struct trail_message *m)
{
    const struct slice field[] = {m->qid, m->m.sender, m->m.client, m->m.login, m->m.helo};
    char buf[WHEN_TEXT_MAX];

    text_add(t, slice_of(buf, when_print(buf, m->m.time, 0)));
    for (unsigned i = 0; i < sizeof field / sizeof *field; i++) {
        text_addc(t, '\t');
        text_add_tsv(t, field[i]);
    }
    text_addf(t, "\t%u\t%u\t%u\t%u\t", m->m.recipients, m->sent, m->refused, m->spam);
    text_add_tsv(t, m->m.subject);
    text_addc(t, '\n');
}

static void evidence(struct text *t, const struct trail_list *list)
{
    size_t spam = 0;

    for (size_t i = 0; list && i < list->n; i++)
        spam += list->list[i].m.spam;
    if (spam == 0)
        return;
    text_add(t, SL("time\tqid\tsender\tclient\tlogin\thelo\trecipients\tsent\trefused\tspam"
                   "\tsubject\n"));
    for (size_t i = 0; i < list->n; i++)
        if (list->list[i].m.spam && spam-- <= EVIDENCE_MOST)
            evidence_row(t, &list->list[i]);
}

bool announce(struct ledger *l, const struct announcement *a)
{
    struct text json = {0}, tsv = {0}, name = {0};
    int64_t nth = ledger_int_of(l, 0, "SELECT count(*) FROM notices WHERE incident = ?", "i",
                                a->incident->id);

    facts(&json, l, a);
    evidence(&tsv, a->evidence);
    text_addf(&name, "mptools.%lld.%lld.%s.%lld", (long long)a->incident->id, (long long)nth + 1,
              a->event, (long long)(a->time / WHEN_SECOND));
    if (json.failed || tsv.failed || name.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    ledger_run(l,
               "INSERT INTO notices (incident, event, customer, partner, time, name, facts,"
               " evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               "itttittt", a->incident->id, slice_str(a->event), a->incident->owner.customer,
               a->incident->owner.partner, a->time, text_slice(&name), text_slice(&json),
               text_slice(&tsv));
    text_free(&json);
    text_free(&tsv);
    text_free(&name);
    return ledger_failure(l)->status == 0;
}
