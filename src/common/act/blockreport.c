#include "act/blockreport.h"

#include <stdlib.h>

#include "base/when.h"

static void add_time(struct text *out, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    text_add(out, us > 0 ? slice_of(buf, when_print(buf, us, 0)) : SL("an unknown time"));
}

static void add_identity(struct text *out, const struct suspect *s)
{
    text_add(out, identity_kind_name(s->kind));
    text_addc(out, ' ');
    text_add_visible(out, s->identity);
}

static void add_owner(struct text *out, const struct block *block)
{
    if (!block->whole_customer) {
        text_add(out, identity_kind_name(block->kind));
        text_addc(out, ' ');
        text_add_visible(out, block->identity);
        return;
    }
    text_add(out, SL("customer "));
    text_add_visible(out, block->customer);
    if (block->partner.n) {
        text_add(out, SL(" (partner "));
        text_add_visible(out, block->partner);
        text_addc(out, ')');
    }
}

static void add_blocked(struct text *out, const struct decision *d, enum block_added added,
                        const struct block *block)
{
    const struct block *about = block ? block : &d->block;

    text_add_visible(out, address_key(&d->address));
    text_add(out, added == BLOCK_NEW      ? SL(" is blocked for ")
                  : added == BLOCK_STANDS ? SL(" stays blocked for ")
                                          : SL(" is NOT blocked for "));
    add_owner(out, about);
    if (block)
        text_addf(out, " alone: incident %u, rule %u, class mp_slot%02u", block->incident,
                  block->rule, block->slot);
    else
        text_add(out, SL(": every slot has an incident; give more with --slots, once in main.cf "
                         "too (--print-postfix)"));
    if (d->address.doubtful)
        text_add(out, SL(" (its `?` may stand for a control character, which would not match)"));
}

static void add_several(struct text *out, const struct suspect *s, const struct decision *d)
{
    if (s->sender_n == 0) {
        text_add(out, SL("no sender address is known"));
        return;
    }
    text_addf(out, "its spam has %llu sender addresses, the most frequent on %llu of %llu messages",
              (unsigned long long)s->senders, (unsigned long long)d->share,
              (unsigned long long)s->messages);
}

void report_sentence(struct text *out, const struct suspect *s, const struct decision *d,
                     enum block_added added, const struct block *block)
{
    if (d->kind == DECISION_BLOCK || block) {
        add_blocked(out, d, added, block);
        if (d->kind == DECISION_SEVERAL)
            text_addf(out, "; %llu of %llu messages since then have other senders",
                      (unsigned long long)(s->messages > d->share ? s->messages - d->share : 0),
                      (unsigned long long)s->messages);
        return;
    }
    add_identity(out, s);
    if (d->kind == DECISION_WATCH) {
        text_add(out, SL(" is only watched: one kind of evidence alone never blocks"));
        return;
    }
    text_add(out, SL(" is "));
    text_add(out, suspect_state_name(s->state));
    text_add(out, SL(" and NOT blocked: "));
    if (d->kind == DECISION_STRANGE) {
        text_add(out, SL("no Postfix map can carry it"));
    } else if (d->kind == DECISION_UNFIT) {
        text_add(out, SL("its sender address "));
        text_add_visible(out, s->sender[0].name);
        text_addc(out, ' ');
        text_add(out, slice_str(address_fault_text(d->fault)));
    } else {
        add_several(out, s, d);
    }
    text_add(out, SL(": tell the partner, or block the login by hand"));
}

void report_suspect(struct text *out, const struct suspect *s, const struct decision *d,
                    enum block_added added, const struct block *block)
{
    report_sentence(out, s, d, added, block);
    text_add(out, SL("\n    "));
    text_add(out, suspect_state_name(s->state));
    text_add(out, SL(": "));
    add_identity(out, s);
    text_addf(out, ", score %.1f, threshold %.1f, since ", s->score, s->threshold);
    add_time(out, s->since);
    text_addf(out, "\n    %llu messages to %llu recipients, %llu refused, %llu of them unknown\n",
              (unsigned long long)s->messages, (unsigned long long)s->recipients,
              (unsigned long long)s->refused, (unsigned long long)s->unknown);
    for (unsigned i = 0; i < s->family_n; i++) {
        text_add(out, SL("    "));
        text_add_visible(out, s->family[i].name);
        text_addf(out, " %.1f: ", s->family[i].score);
        text_add_visible(out, s->family[i].seen);
        text_addc(out, '\n');
    }
    if (s->sample_n)
        text_add(out, SL("    look up:"));
    for (unsigned i = 0; i < s->sample_n; i++) {
        text_addc(out, ' ');
        text_add_visible(out, s->sample[i]);
    }
    if (s->sample_n)
        text_addc(out, '\n');
}

/* Like text_add_visible(), but a map's own tabs and line ends stay. */
static void add_lines(struct text *out, struct slice s)
{
    for (size_t i = 0, from = 0; i < s.n; i++)
        if (s.p[i] == '\n' || s.p[i] == '\t') {
            text_add_visible(out, slice_of(s.p + from, i - from));
            text_addc(out, s.p[i]);
            from = i + 1;
        }
}

void report_map(struct text *out, const char *dir, struct mapfile *m)
{
    struct text t = {0};

    text_addf(out, "\n%s/%s:\n", dir, m->name);
    if (mapfile_render(m, &t))
        add_lines(out, text_slice(&t));
    else
        out->failed = true;
    text_free(&t);
}

void report_commands(struct text *out, const char *dir, const char *type,
                     const struct blockmap *maps, const bool *changed)
{
    size_t indexed = 0, others = 0;

    for (size_t i = 0; i < maps->n; i++) {
        if (changed[i] && maps->maps[i].kind == MAP_INDEXED)
            indexed++;
        else if (changed[i])
            others++;
    }
    if (indexed + others == 0)
        return;
    text_add(out, SL("next: "));
    if (type == NULL)
        type = "lmdb";
    if (indexed > 4)
        text_addf(out, "cd %s && postmap $(printf '%s:%%s ' mp_customer_sasl mp_slot??_sender)",
                  dir, type);
    else if (indexed)
        text_add(out, SL("postmap"));
    for (size_t i = 0; i < maps->n && indexed <= 4; i++)
        if (changed[i] && maps->maps[i].kind == MAP_INDEXED)
            text_addf(out, " %s:%s/%s", type, dir, maps->maps[i].name);
    if (others)
        text_addf(out, "%spostfix reload", indexed ? " && " : "");
    text_addc(out, '\n');
}
