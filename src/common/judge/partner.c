#include "judge/partner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/map.h"

#define KEY_MOST 64u /* as in `customers` */
#define NAME_MOST 200u
#define MAIL_MOST 254u /* RFC 5321, section 4.5.3.1.3, without the angle brackets */
#define TAG_MOST 35u

struct partners {
    struct arena arena;
    struct map by_key; /* -> struct partner */
};

static bool is_alnum(char c)
{
    return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 26;
}

/* What can't be the second word of a line of `customers`, or is its word for none, names nobody. */
static bool is_key(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (s.p[i] == 0 || strchr("._@+-", s.p[i]) == NULL))
            return false;
    return s.n && s.n <= KEY_MOST && !slice_eq(s, SL("-"));
}

static bool is_mail(struct slice s)
{
    const char *at = slice_rchr(s, '@');

    if (at == NULL || at == s.p || at + 1 == s.p + s.n || s.n > MAIL_MOST || *s.p == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("<>()[],;:\\\"", s.p[i]))
            return false;
    return slice_chr(s, '@') == at;
}

/* 2 to 8 letters, then parts of 1 to 8 letters and digits behind dashes. */
static bool is_tag(struct slice s)
{
    size_t part = 0, parts = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '-') {
            if (part == 0 || (parts == 0 && part < 2))
                return false;
            parts++;
            part = 0;
        } else if (!is_alnum(s.p[i]) || (parts == 0 && is_digit(s.p[i])) || ++part > 8) {
            return false;
        }
    }
    return part && (parts || part >= 2) && s.n <= TAG_MOST;
}

static bool is_attribute(struct slice word)
{
    return slice_starts(word, SL("mail:")) || slice_starts(word, SL("lang:"));
}

static void attribute(const struct words *w, struct slice word, struct partner *p,
                      struct slice *mail)
{
    struct slice value = slice_skip(word, 5);

    if (!is_attribute(word)) {
        words_error(w,
                    "%.*s: neither mail:ADDRESS nor lang:TAG (a name of several words stands in "
                    "quotes)",
                    (int)word.n, word.p);
    } else if (slice_starts(word, SL("mail:"))) {
        if (is_mail(value))
            mail[p->mails++] = value;
        else
            words_error(w, "%.*s: not a mail address", (int)word.n, word.p);
    } else if (p->lang.n) {
        words_error(w, "%.*s: the line has a lang: already", (int)word.n, word.p);
    } else if (!is_tag(value)) {
        words_error(w, "%.*s: a language is written as en, de or pt-BR", (int)word.n, word.p);
    } else {
        p->lang = value;
    }
}

/* The line's partner, its slices still the words'; mail has room for w->n. False after an error. */
static bool parse(const struct words *w, const struct partners *all, struct partner *p,
                  struct slice *mail)
{
    unsigned before = w->problems->count;
    struct slice name = w->n > 1 ? w->word[1] : SLICE_NONE;

    *p = (struct partner){.key = w->word[0], .name = name, .mail = mail, .line = w->line};
    if (!is_key(p->key))
        words_error(w,
                    "the partner's key (first word): 1 to %u letters, digits and . _ @ + - are "
                    "allowed, and not - alone",
                    KEY_MOST);
    const struct partner *old = map_get(&all->by_key, p->key);
    if (old)
        words_error(w, "partner %.*s stands in line %u already", (int)p->key.n, p->key.p,
                    old->line);
    if (name.n == 0 || is_attribute(name))
        words_error(w, "the name is missing: KEY \"NAME\" [mail:ADDRESS] [lang:TAG]");
    else if (name.n > NAME_MOST)
        words_error(w, "the name is longer than %u bytes", NAME_MOST);
    for (size_t i = is_attribute(name) ? 1 : 2; i < w->n; i++)
        attribute(w, w->word[i], p, mail);
    return w->problems->count == before;
}

/* False when memory runs out. */
static bool keep(struct partners *all, const struct partner *parsed)
{
    struct partner *p = arena_alloc(&all->arena, sizeof *p);
    struct slice *mail = arena_alloc(&all->arena, (parsed->mails + 1) * sizeof *mail);

    if (p == NULL || mail == NULL)
        return false;
    *p = *parsed;
    p->key = arena_slice(&all->arena, parsed->key);
    p->name = arena_slice(&all->arena, parsed->name);
    p->lang = arena_slice(&all->arena, parsed->lang);
    p->mail = mail;
    bool ok = p->key.p && p->name.p && (p->lang.p || parsed->lang.n == 0);
    for (size_t i = 0; i < p->mails; i++) {
        mail[i] = arena_slice(&all->arena, parsed->mail[i]);
        ok = ok && mail[i].p;
    }
    return ok && map_put(&all->by_key, p->key, p);
}

static bool read_line(const struct words *w, struct partners *all)
{
    struct slice *mail = malloc(w->n * sizeof *mail);
    struct partner p;
    bool ok = mail && (!parse(w, all, &p, mail) || keep(all, &p));

    free(mail);
    return ok;
}

enum words_result partners_read(struct words *w, struct partners **out)
{
    struct partners *all = calloc(1, sizeof *all);
    unsigned before = w->problems->count;
    bool ok = all != NULL;

    *out = NULL;
    while (ok && words_next(w))
        ok = read_line(w, all);
    if (!ok)
        problem_add(w->problems, w->file, 0, "out of memory");
    if (w->problems->count != before) {
        partners_free(all);
        return WORDS_BROKEN;
    }
    *out = all;
    return WORDS_OK;
}

enum words_result partners_load(const char *dir, struct problems *problems, struct partners **out)
{
    struct words w;
    char *file;

    *out = NULL;
    if (asprintf(&file, "%s/partners", dir) < 0) {
        problem_add(problems, dir, 0, "out of memory");
        return WORDS_BROKEN;
    }
    enum words_result result = words_load(&w, file, problems);
    if (result == WORDS_OK)
        result = partners_read(&w, out);
    words_free(&w);
    free(file);
    return result;
}

void partners_free(struct partners *p)
{
    if (p == NULL)
        return;
    map_free(&p->by_key);
    arena_free(&p->arena);
    free(p);
}

const struct partner *partners_by_key(const struct partners *p, struct slice key)
{
    return p ? map_get(&p->by_key, key) : NULL;
}

void partners_check(const struct partners *p, const struct customers *c, const char *file,
                    struct problems *problems)
{
    for (size_t i = 0; p && i < customers_count(c); i++) {
        const struct customer *one = customers_at(c, i);
        if (one->partner.n && partners_by_key(p, one->partner) == NULL)
            problem_add(problems, file, one->line,
                        "customer %.*s has the partner %.*s, who is not in the file partners",
                        (int)one->key.n, one->key.p, (int)one->partner.n, one->partner.p);
    }
}
