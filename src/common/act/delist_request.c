#include "act/delist_request.h"

#include "act/delist_facts.h"
#include "act/delist_reply.h"
#include "act/notice_escape.h"
#include "base/exits.h"

static const struct slice way_name[] = {[PROVIDER_NO_WAY] = SL("none"),
                                        [PROVIDER_AUTOMATIC] = SL("automatic"),
                                        [PROVIDER_PORTAL] = SL("portal"),
                                        [PROVIDER_FORM] = SL("form"),
                                        [PROVIDER_MAIL] = SL("mail")};

struct slice delist_way_name(enum provider_way way)
{
    return way <= PROVIDER_MAIL ? way_name[way] : SLICE_NONE;
}

void delist_request_free(struct delist_request *r)
{
    arena_free(&r->arena);
    *r = (struct delist_request){.id = 0};
}

struct making {
    struct delist_request *out;
    const struct delist *x;
    const struct delist_office *o;
    const struct delist_template *t; /* the provider's, or its way's */
    struct slice language;
    struct delist_facts facts;
    struct text notes;
    bool failed;
};

static struct slice keep(struct making *m, struct text *t)
{
    struct slice s = arena_slice(&m->out->arena, text_slice(t));

    m->failed |= t->failed || (t->n && s.p == NULL);
    text_free(t);
    return s;
}

static void note(struct making *m, const char *s)
{
    text_add(&m->notes, slice_str(s));
    text_addc(&m->notes, '\n');
}

/* --- where it goes --- */

static void add_usual(struct text *out, const struct delist *x)
{
    struct slice to = x->provider->to;
    const char *p = slice_find(to, SL("{ip}"));

    if (p == NULL) {
        text_add(out, to);
        return;
    }
    text_add(out, slice_range(to.p, p));
    text_add_visible(out, x->ip);
    text_add(out, slice_skip(to, (size_t)(p + 4 - to.p)));
}

static void find_address(struct making *m)
{
    const struct delist *x = m->x;
    struct text to = {0};

    if (x->provider->to_in_reply)
        m->out->from_reply =
            m->out->way == PROVIDER_MAIL ? delist_reply_mail(&to, x) : delist_reply_link(&to, x);
    if (!m->out->from_reply)
        add_usual(&to, x);
    m->out->to = keep(m, &to);
    if (m->out->to.n == 0)
        note(m, "no address is known: look at the reply, and at the provider's pages");
    else if (x->provider->to_unchecked && !m->out->from_reply)
        note(m, "the address couldn't be confirmed: look whether it is the right one");
    if (m->out->way == PROVIDER_MAIL && m->out->to.n && !delist_request_mailable(m->out))
        text_addf(&m->notes, "the address to write to stands on %.*s\n", (int)m->out->to.n,
                  m->out->to.p);
}

bool delist_request_mailable(const struct delist_request *r)
{
    return r->way == PROVIDER_MAIL && notice_is_address(r->to);
}

/* --- its text --- */

static struct slice render(struct making *m, struct slice template, bool fill)
{
    struct text t = {0};

    delist_render(&t, template, &m->facts, fill);
    while (t.n && t.p[t.n - 1] == '\n')
        t.n--;
    return keep(m, &t);
}

static const struct delist_section *section_of(const struct making *m, struct slice key)
{
    const struct delist_section *s = delist_section_find(m->t, key);
    const struct delist_template *fields = delist_texts_find(m->o->texts, SL("fields"));

    return s || fields == NULL ? s : delist_section_find(fields, key);
}

static bool is_setting(struct slice key)
{
    return slice_eq(key, SL("phone")) || slice_eq(key, SL("website"));
}

static void add_field(struct making *m, const struct delist_section *s)
{
    struct delist_field *f = &m->out->field[m->out->fields];

    *f = (struct delist_field){.key = s->key, .label = s->label, .text = render(m, s->text, false)};
    if (f->text.n == 0 && s->text.n)
        text_addf(&m->notes, "%.*s: not known: fill it in%s\n", (int)s->label.n, s->label.p,
                  is_setting(s->key) ? ", or set it in [delist] of mptools.conf" : "");
    m->out->fields++;
}

/* The template's own, in its order, then what else is asked for. */
static void make_fields(struct making *m)
{
    /* of a form whose fields aren't known */
    static struct slice most[] = {SL("ip"), SL("email"), SL("reason")};
    static const struct provider_words any = {most, sizeof most / sizeof *most};
    const struct provider_words *asked = &m->x->provider->fields;

    if (asked->n + m->t->sections == 0 && m->out->way == PROVIDER_FORM)
        asked = &any;

    m->out->field =
        arena_alloc(&m->out->arena, (m->t->sections + asked->n + 1) * sizeof *m->out->field);
    if (m->out->field == NULL) {
        m->failed = true;
        return;
    }
    for (size_t i = 0; i < m->t->sections; i++)
        add_field(m, &m->t->section[i]);
    for (unsigned i = 0; i < asked->n; i++) {
        const struct delist_section *s = section_of(m, asked->word[i]);
        if (slice_eq(asked->word[i], SL("account")))
            note(m, "you need an account there");
        else if (slice_eq(asked->word[i], SL("captcha")))
            note(m, "there is a captcha to solve");
        else if (s && delist_section_find(m->t, s->key) == NULL)
            add_field(m, s);
    }
}

static void make_notes(struct making *m)
{
    const struct provider *p = m->x->provider;

    if (m->facts.value[FACT_HOST].n == 0)
        note(m, "the host name of the address isn't known: name it in `outbound' (hostname:NAME)");
    if (m->x->stated.n && !slice_eq(m->language, SL("en")))
        text_addf(&m->notes, "this text is in `%.*s': what you said with --cause has to be, too\n",
                  (int)m->language.n, m->language.p);
    if (p->owner_only)
        note(m, "only the owner of the network may ask: if that isn't you, pass it on");
    if (p->lockout)
        note(m, "repeated requests make it worse: send it once");
    if (p->note.n) {
        text_add(&m->notes, p->note);
        text_addc(&m->notes, '\n');
    }
    m->out->notes = keep(m, &m->notes);
}

static const struct delist_template *own_text(const struct delist *x)
{
    return x->policy && (x->policy->text.n || x->policy->sections) ? x->policy : NULL;
}

int delist_request_make(struct delist_request *out, const struct delist *x,
                        const struct delist_office *o, struct ledger *l, struct failure *failure)
{
    struct making m = {.out = out, .x = x, .o = o};
    struct slice way = delist_way_name(x->provider->way);
    struct text name = {0};

    out->way = x->provider->way;
    m.t = own_text(x) ? own_text(x) : delist_texts_find(o->texts, way);
    m.language = x->policy && x->policy->language.n ? x->policy->language
                 : m.t && m.t->language.n           ? m.t->language
                                                    : SL("en");
    text_add(&name, SL("words."));
    text_add(&name, m.language);
    const struct delist_template *words = delist_texts_find(o->texts, keep(&m, &name));
    if (m.t == NULL || words == NULL)
        return failure_set(failure, EXIT_CONFIG,
                           "requests/%.*s.txt: there is no such template: reinstall mptools",
                           m.t ? (int)m.language.n + 6 : (int)way.n, m.t ? "words.en" : way.p);
    if (!delist_facts_make(&m.facts, x, o, l, words, &out->arena)) {
        if (ledger_failure(l)->status)
            return ledger_failure(l)->status;
        return failure_memory(failure);
    }
    find_address(&m);
    out->subject = render(&m, m.t->subject, false);
    out->text = render(&m, m.t->text, true);
    if (out->way != PROVIDER_MAIL)
        make_fields(&m);
    make_notes(&m);
    return m.failed ? failure_memory(failure) : 0;
}
