#include <stdio.h>
#include <stdlib.h>

#include "log/correlate_parts.h"

/* One message is a line of tab separated values with the escapes of mplog(5), its waiting records
 * follow as lines of their own:
 *   clock CLOCK AHEAD BEHIND
 *   msg   HOST BASE ENTRY FLAGS LIST TOUCHED WAITS_SINCE SERIAL QID … (the fields, in their order)
 *   rec   TIME DIGITS KIND TAG COLUMN=VALUE …
 *   wait  NUMBER PARENT (of the message, from 0, in the order in which they wait; and of the one
 *         whose own origin it waits for, or -1)
 *   ses   HOST TAG PID FAILS PROXIED CLIENT_NAME CLIENT_IP SASL_USER (an open session of smtpd)
 *   end   COUNT */

static void add_field(struct text *out, struct slice v)
{
    text_addc(out, '\t');
    text_add_tsv(out, v);
}

static void save_held(const struct held *h, struct text *out)
{
    struct record r;

    held_fields(h, &r);
    text_addf(out, "rec\t%lld\t%u\t%u", (long long)h->time, h->digits, h->kind);
    add_field(out, h->prog->tag);
    for (int c = 0; c < COL_COUNT; c++) {
        if (r.f[c].n == 0)
            continue;
        text_addf(out, "\t%d=", c);
        text_add_tsv(out, r.f[c]);
    }
    text_addc(out, '\n');
}

static void save_message(const struct message *m, struct text *out)
{
    text_add(out, SL("msg"));
    add_field(out, m->instance->host);
    add_field(out, m->instance->name);
    add_field(out, m->entry ? m->entry->tag : SLICE_NONE);
    unsigned flags = m->flags & ~(unsigned)MESSAGE_CHILD;
    text_addf(out, "\t%u\t%u\t%lld\t%lld", flags | (m->instance->owner ? 0x8000u : 0), m->list,
              (long long)m->touched, (long long)m->waits_since);
    text_addf(out, "\t%llu", (unsigned long long)m->serial);
    add_field(out, message_qid(m));
    for (int f = 0; f < MESSAGE_FIELDS; f++)
        add_field(out, message_get(m, (enum message_field)f));
    text_addc(out, '\n');
    for (const struct held *h = m->held; h; h = h->next)
        save_held(h, out);
}

static void save_session(const struct session *s, struct text *out)
{
    text_add(out, SL("ses"));
    add_field(out, s->prog->host);
    add_field(out, s->prog->tag);
    text_addf(out, "\t%u\t%u\t%d", s->pid, s->fails, s->proxied != NULL);
    for (int f = MESSAGE_CLIENT_NAME; f <= MESSAGE_SASL_USER; f++)
        add_field(out, s->proxied ? message_get(s->proxied, (enum message_field)f) : SLICE_NONE);
    text_addc(out, '\n');
}

bool correlate_save(struct correlate *c, struct text *out)
{
    uint32_t n = 0;

    text_addf(out, "clock\t%lld\t%u\t%u\n", (long long)c->clock, c->ahead, c->behind);
    for (int l = LIST_FRESH; l < LIST_COUNT; l++)
        for (struct message *m = c->store.list[l].first; m; m = m->next) {
            m->number = n++;
            save_message(m, out);
        }
    for (const struct message *m = c->wait_first; m; m = m->wait_next)
        text_addf(out, "wait\t%u\t%lld\n", m->number,
                  m->parent ? (long long)m->parent->number : -1LL);
    for (size_t i = 0; i < SESSIONS; i++)
        if (c->session[i].fails || c->session[i].proxied)
            save_session(&c->session[i], out);
    text_addf(out, "end\t%u\n", n);
    return !out->failed;
}

struct loading {
    struct correlate *c;
    struct programs *programs;
    struct text value;        /* one unescaped value */
    struct message *m, **all; /* the last one; all of them by number */
    size_t n, room, waiting;  /* waiting: so many have to be named again */
    bool bad, ended;
};

/* The next value of the line, unescaped; valid until the next one. */
static struct slice value(struct loading *in, struct slice *line)
{
    const char *tab = slice_chr(*line, '\t');
    struct slice v = tab ? slice_range(line->p, tab) : *line;

    in->bad |= line->p == NULL;
    *line = tab ? slice_range(tab + 1, line->p + line->n) : SLICE_NONE;
    in->value.n = 0;
    if (v.n && !text_add_untsv(&in->value, v))
        in->bad = true;
    return text_slice(&in->value);
}

static int64_t number(struct loading *in, struct slice *line)
{
    struct slice v = value(in, line);
    uint64_t u = 0;
    bool minus = v.n && v.p[0] == '-';

    if (!slice_u64(slice_skip(v, minus), &u) || u > (uint64_t)INT64_MAX + minus)
        in->bad = true;
    return minus ? (int64_t)(0 - u) : (int64_t)u;
}

static struct program *program(struct loading *in, struct slice host, struct slice tag)
{
    struct program *p = program_of(in->programs, host, tag);

    in->bad |= p == NULL;
    return p;
}

static void keep(struct loading *in, struct message *m)
{
    if (in->n == in->room) {
        size_t room = in->room ? in->room * 2 : 256;
        struct message **all = realloc(in->all, room * sizeof *all);
        if (all == NULL) {
            in->bad = true;
            return;
        }
        in->all = all;
        in->room = room;
    }
    in->all[in->n++] = m;
}

/* Puts a message back in its place among those that wait. */
static void load_wait(struct loading *in, struct slice line)
{
    int64_t i = number(in, &line), parent = number(in, &line);

    if (in->bad || i < 0 || parent >= (int64_t)in->n || parent == i || (uint64_t)i >= in->n ||
        in->all[i]->flags & MESSAGE_WAITS) {
        in->bad = true;
        return;
    }
    int64_t since = in->all[i]->waits_since;
    wait_begin(in->c, in->all[i]);
    in->all[i]->waits_since = since;
    if (parent >= 0) {
        in->all[i]->parent = in->all[parent];
        in->all[parent]->flags |= MESSAGE_CHILD;
    }
}

static void load_message(struct loading *in, struct slice line)
{
    struct store *s = &in->c->store;
    struct text host = {0}, base = {0}, entry = {0};

    text_add(&host, value(in, &line));
    text_add(&base, value(in, &line));
    text_add(&entry, value(in, &line));
    int64_t flags = number(in, &line), list = number(in, &line);
    int64_t touched = number(in, &line), since = number(in, &line);
    int64_t serial = number(in, &line);
    /* the base name alone, as a tag, has the same instance as base/daemon */
    struct program *p = program(in, text_slice(&host), text_slice(&base));
    struct slice qid = value(in, &line);
    if (in->bad || list <= LIST_NONE || list >= LIST_COUNT || flags < 0 || qid.n == 0) {
        in->bad = true;
    } else if ((in->m = store_add(s, qid, p->instance, touched)) == NULL) {
        in->bad = true;
    } else {
        struct message *m = in->m;
        for (int f = 0; f < MESSAGE_FIELDS && (f < MESSAGE_SUBJECT || line.p); f++)
            in->bad |= !message_set(s, m, (enum message_field)f, value(in, &line));
        p->instance->owner |= (flags & 0x8000) != 0;
        if (entry.n)
            m->entry = program(in, text_slice(&host), text_slice(&entry));
        store_move(s, m, (enum message_list)list, touched);
        m->waits_since = since;
        m->serial = (uint64_t)serial;
        if (m->serial > s->serial)
            s->serial = m->serial;
        m->flags = (uint16_t)(flags & 0x7fff & ~MESSAGE_WAITS);
        in->waiting += (flags & MESSAGE_WAITS) != 0;
        keep(in, m);
    }
    text_free(&host);
    text_free(&base);
    text_free(&entry);
}

static void load_session(struct loading *in, struct slice line)
{
    struct text host = {0};
    struct event e = {0};

    text_add(&host, value(in, &line));
    e.prog = program(in, text_slice(&host), value(in, &line));
    e.pid = (uint32_t)number(in, &line);
    text_free(&host);
    if (in->bad)
        return;
    struct session *s = session_of(in->c, &e, true);
    s->fails = (uint32_t)number(in, &line);
    struct message *m = number(in, &line) ? session_proxied(in->c, s) : NULL;
    for (int f = MESSAGE_CLIENT_NAME; m && f <= MESSAGE_SASL_USER; f++)
        in->bad |= !message_set(&in->c->store, m, (enum message_field)f, value(in, &line));
}

static void load_held(struct loading *in, struct slice line)
{
    struct record r = {.time = number(in, &line)};
    struct text bytes = {0};

    r.digits = (uint8_t)number(in, &line);
    r.kind = (uint8_t)number(in, &line);
    if (in->m == NULL || r.kind == KIND_NONE || r.kind >= KIND_COUNT || r.digits > 6) {
        in->bad = true;
        return;
    }
    const struct program *p = program(in, in->m->instance->host, value(in, &line));
    if (!text_room(&bytes, line.n + 1)) /* so that the slices into it stay */
        in->bad = true;
    while (line.n && !in->bad) {
        struct slice v = value(in, &line);
        const char *eq = slice_chr(v, '=');
        uint64_t column = COL_COUNT;
        if (eq == NULL || !slice_u64(slice_range(v.p, eq), &column) || column >= COL_COUNT) {
            in->bad = true;
            break;
        }
        struct slice text = slice_range(eq + 1, v.p + v.n);
        r.f[column] = slice_of(bytes.p + bytes.n, text.n);
        text_add(&bytes, text);
    }
    struct held *h = in->bad ? NULL : held_new(&in->c->store, &r, p);
    if (h) {
        *(in->m->held ? &in->m->held_last->next : &in->m->held) = h;
        in->m->held_last = h;
    }
    in->bad |= h == NULL;
    text_free(&bytes);
}

static void load_line(struct loading *in, struct slice line)
{
    const char *tab = slice_chr(line, '\t');
    struct slice word = tab ? slice_range(line.p, tab) : line;

    line = tab ? slice_range(tab + 1, line.p + line.n) : SLICE_NONE;
    if (slice_eq(word, SL("clock"))) {
        in->c->clock = number(in, &line);
        in->c->ahead = (unsigned)number(in, &line);
        in->c->behind = (unsigned)number(in, &line);
    } else if (slice_eq(word, SL("msg")))
        load_message(in, line);
    else if (slice_eq(word, SL("rec")))
        load_held(in, line);
    else if (slice_eq(word, SL("ses")))
        load_session(in, line);
    else if (slice_eq(word, SL("wait")))
        load_wait(in, line);
    else if (slice_eq(word, SL("end")))
        in->ended =
            number(in, &line) == (int64_t)in->n && !in->bad && in->waiting == in->c->waiting;
    else
        in->bad = true;
}

bool correlate_load(struct correlate *c, struct programs *programs, struct slice saved)
{
    struct loading in = {.c = c, .programs = programs};

    while (saved.n && !in.bad && !in.ended) {
        const char *nl = slice_chr(saved, '\n');
        if (nl == NULL)
            break;
        load_line(&in, slice_range(saved.p, nl));
        saved = slice_range(nl + 1, saved.p + saved.n);
    }
    for (const struct message *m = c->wait_first; m; m = m->wait_next)
        in.bad |= m->parent && !(m->parent->flags & MESSAGE_WAITS);
    text_free(&in.value);
    free(in.all);
    return in.ended && !in.bad && !c->failed;
}
