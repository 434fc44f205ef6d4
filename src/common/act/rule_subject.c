/* What the spam's subjects have in common. */
#include "act/rule_parts.h"

/* Subjects that are alike. */
struct alike {
    struct slice key, text; /* text: of all of them the one that sorts first */
    uint64_t spam, others;
    bool varies;
};

struct subjects {
    struct map by_key;
    struct arena arena;
    struct text key;
    const struct alike *best;
};

/* Lower case, one zero for each number, one blank for each run of them. */
static struct slice key_of(struct text *t, struct slice subject)
{
    t->n = 0;
    for (size_t i = 0; i < subject.n; i++) {
        char c = subject.p[i];
        if (is_digit(c))
            c = '0';
        else if (c == '\t')
            c = ' ';
        else if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if ((c != '0' && c != ' ') || t->n == 0 || t->p[t->n - 1] != c)
            text_addc(t, c);
    }
    return text_slice(t);
}

static struct alike *alike_of(struct subjects *s, struct slice subject)
{
    struct slice key = key_of(&s->key, subject);
    struct alike *a = s->key.failed ? NULL : map_get(&s->by_key, key);

    if (a || s->key.failed)
        return a;
    a = arena_alloc(&s->arena, sizeof *a);
    key = arena_slice(&s->arena, key);
    if (a == NULL || key.n == 0)
        return NULL;
    *a = (struct alike){.key = key, .text = subject};
    return map_put(&s->by_key, key, a) ? a : NULL;
}

static bool count(struct subjects *s, const struct rule_message *m)
{
    struct alike *a = alike_of(s, m->subject);

    if (a == NULL)
        return false;
    a->spam += m->spam;
    a->others += !m->spam;
    if (m->spam && !slice_eq(a->text, m->subject)) {
        a->varies |= a->spam > 1;
        if (a->spam == 1 || slice_cmp(m->subject, a->text) < 0)
            a->text = m->subject;
    }
    if (s->best == NULL || a->spam > s->best->spam ||
        (a->spam == s->best->spam && slice_cmp(a->key, s->best->key) < 0))
        s->best = a;
    return true;
}

bool rule_subject(const struct rule_message *messages, size_t n, struct rule_subject *out)
{
    struct subjects s = {.best = NULL};
    uint64_t spam = 0;
    bool ok = true;

    *out = (struct rule_subject){.spam = 0};
    for (size_t i = 0; i < n && ok; i++) {
        spam += messages[i].spam;
        if (messages[i].subject.n == 0)
            continue;
        out->spam += messages[i].spam;
        out->legitimate += !messages[i].spam;
        ok = count(&s, &messages[i]);
    }
    if (ok && s.best && s.best->spam >= RULE_SEEN && s.best->spam * 2 > spam) {
        out->text = s.best->text;
        out->varies = s.best->varies;
        out->covered = s.best->spam;
        out->collateral = s.best->others;
    }
    map_free(&s.by_key);
    arena_free(&s.arena);
    text_free(&s.key);
    return ok;
}

void rule_subject_add_words(struct text *out, const struct rule_subject *s)
{
    if (s->text.n == 0)
        return;
    text_add(out, SL("subject \""));
    text_add_visible(out, s->text);
    text_add(out, s->varies ? SL("\" and the like (") : SL("\" ("));
    text_addf(out, "%llu of %llu spam messages, %llu of %llu others)",
              (unsigned long long)s->covered, (unsigned long long)s->spam,
              (unsigned long long)s->collateral, (unsigned long long)s->legitimate);
}
