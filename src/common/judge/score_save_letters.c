#include "judge/score_save_parts.h"

/* More recipients than any message has. */
#define RCPTS_MOST (1u << 24)

static void save_word(const struct word *w, struct text *out)
{
    pack_fixed(out, w->site.name);
    pack_fixed(out, w->site.net);
    pack_number(out, w->site.local);
    pack_number(out, w->accepted);
    pack_number(out, w->content);
    pack_number(out, w->other);
    pack_number(out, w->fresh);
    pack_number(out, w->unknown);
}

static void load_word(struct word *w, struct unpack *in)
{
    w->site.name = unpack_fixed(in);
    w->site.net = unpack_fixed(in);
    w->site.local = unpack_number(in, 1);
    w->accepted = (unsigned)unpack_number(in, RCPTS_MOST);
    w->content = (unsigned)unpack_number(in, RCPTS_MOST);
    w->other = (unsigned)unpack_number(in, RCPTS_MOST);
    w->fresh = (unsigned)unpack_number(in, RCPTS_MOST);
    w->unknown = (unsigned)unpack_number(in, w->fresh);
}

static void save_letter(const struct letter *l, struct text *out)
{
    pack_fixed(out, l->key);
    pack_fixed(out, l->leg);
    pack_fixed(out, (uint64_t)l->arrived);
    pack_fixed(out, (uint64_t)l->heard);
    pack_number(out, l->recipients);
    pack_number(out, l->content);
    pack_number(out, l->unknown);
    pack_number(out, l->to.all);
    pack_number(out, l->to.fresh);
    pack_number(out, l->to.domains);
    pack_number(out, l->words);
    for (unsigned i = 0; i < l->words; i++)
        save_word(&l->word[i], out);
    pack_number(out, l->verdict);
    pack_number(out, l->last);
    pack_bytes(out, l->qid);
    pack_bytes(out, l->sender);
    pack_bytes(out, l->client);
    pack_bytes(out, l->country);
}

static struct slice keep(char *buf, size_t size, struct unpack *in)
{
    struct slice s = unpack_bytes(in, size);

    if (s.n)
        memcpy(buf, s.p, s.n);
    return slice_of(buf, s.n);
}

static void load_letter(struct waiting *w, struct unpack *in)
{
    struct letter *l = &w->letter;

    l->key = unpack_fixed(in);
    l->leg = unpack_fixed(in);
    l->arrived = unpack_time(in);
    l->heard = unpack_time(in);
    l->recipients = unpack_number(in, UINT64_MAX);
    l->content = unpack_number(in, UINT64_MAX);
    l->unknown = unpack_number(in, UINT64_MAX);
    l->to.all = (unsigned)unpack_number(in, RCPTS_MOST);
    l->to.fresh = (unsigned)unpack_number(in, l->to.all);
    l->to.domains = (unsigned)unpack_number(in, l->to.fresh);
    l->words = (unsigned)unpack_number(in, LETTER_SITES);
    for (unsigned i = 0; i < l->words; i++)
        load_word(&l->word[i], in);
    l->verdict = (enum verdict)unpack_number(in, VERDICT_VIRUS);
    l->last = unpack_number(in, 1);
    l->qid = keep(w->qid, sizeof w->qid, in);
    l->sender = keep(w->sender, sizeof w->sender, in);
    l->client = keep(w->client, sizeof w->client, in);
    l->country = keep(w->country, sizeof w->country, in);
}

void letters_save(const struct scorer *s, struct text *out)
{
    pack_number(out, s->waits);
    for (size_t i = 0; i < s->waits; i++) {
        const struct waiting *w = &s->waiting[(s->first + i) % WAITING];
        uint32_t person = w->letter.person ? w->letter.person->number : 0;
        pack_number(out, person);
        if (person == 0) /* taken already, it only keeps its place */
            continue;
        pack_fixed(out, (uint64_t)w->since);
        save_letter(&w->letter, out);
    }
}

void letters_load(struct scorer *s, struct person *const *people, size_t n, struct unpack *in)
{
    size_t waits = (size_t)unpack_number(in, WAITING);

    for (; s->waits < waits && !in->bad; s->waits++) {
        struct waiting *w = &s->waiting[s->waits];
        size_t person = (size_t)unpack_number(in, n);
        if (person == 0)
            continue;
        w->since = unpack_time(in);
        load_letter(w, in);
        w->letter.person = people[person - 1];
    }
}
