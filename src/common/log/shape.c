#include "log/shape.h"

#include "base/map.h"
#include "log/shape_template.h"
#include "log/shapes.h"

struct entry {
    struct shape_template t;
    const struct shape *row;
};

/* A daemon's rows of one family. */
struct group {
    struct slice daemon;
    struct entry *entries;
    size_t n;
    bool records; /* one of them makes records */
};

static const struct shape_table *const tables[] = {
    &shapes_smtpd,           &shapes_smtp,   &shapes_queue,   &shapes_generic, &shapes_dovecot,
    &shapes_dovecot_generic, &shapes_amavis, &shapes_filters, &shapes_policy,  &shapes_logins};

static struct {
    struct map groups[FAMILIES];
    struct arena arena;
    bool ready;
} shapes;

/* Takes the first word off a list; false at its end. */
static bool next_word(struct slice *list, struct slice *word)
{
    while (list->n && *list->p == ' ')
        *list = slice_skip(*list, 1);
    const char *sp = slice_chr(*list, ' ');
    *word = sp ? slice_range(list->p, sp) : *list;
    *list = slice_skip(*list, word->n);
    return word->n > 0;
}

static struct group *group_of(enum family family, struct slice daemon)
{
    struct group *g = map_get(&shapes.groups[family], daemon);

    if (g == NULL && (g = arena_alloc(&shapes.arena, sizeof *g)) != NULL) {
        g->daemon = daemon;
        if (!map_put(&shapes.groups[family], daemon, g))
            return NULL;
    }
    return g;
}

/* The first time round counts, the second fills. */
static bool add_row(enum family family, const struct shape *row, const struct entry *e)
{
    struct slice list = slice_str(row->daemons), word;

    while (next_word(&list, &word)) {
        struct group *g = group_of(family, word);
        if (g == NULL)
            return false;
        if (e != NULL && g->entries == NULL) {
            g->entries = arena_alloc(&shapes.arena, g->n * sizeof *g->entries);
            if (g->entries == NULL)
                return false;
            g->n = 0;
        }
        if (e != NULL)
            g->entries[g->n] = *e;
        g->records |= row->kind != KIND_NONE;
        g->n++;
    }
    return true;
}

static bool add_table(const struct shape_table *table, bool fill)
{
    for (size_t i = 0; i < table->n; i++) {
        struct entry e = {.row = &table->rows[i]};
        const char *why;
        if (fill && !template_compile(&shapes.arena, e.row->pattern, &e.t, &why)) {
            if (why != NULL)
                continue; /* a mistake in the row: the tests find it, the others still work */
            return false;
        }
        if (!add_row(table->family, e.row, fill ? &e : NULL))
            return false;
    }
    return true;
}

bool shape_setup(void)
{
    const size_t count = sizeof tables / sizeof *tables;

    if (shapes.ready)
        return true;
    for (size_t i = 0; i < 2 * count; i++) {
        if (!add_table(tables[i % count], i >= count)) {
            for (size_t f = 0; f < FAMILIES; f++)
                map_free(&shapes.groups[f]);
            arena_free(&shapes.arena);
            memset(&shapes, 0, sizeof shapes);
            return false;
        }
    }
    return shapes.ready = true;
}

/* Hands the capture "rest", always the last one, to the row's reader. */
static bool read_rest(const struct shape *row, struct facts *facts, unsigned before)
{
    if (row->read == NULL)
        return true;
    struct slice rest = facts->n > before ? facts->f[--facts->n].value : SLICE_NONE;
    return row->read(rest, facts);
}

static bool match_group(enum family family, struct slice daemon, struct slice body,
                        struct facts *facts)
{
    const struct group *g = map_get(&shapes.groups[family], daemon);
    size_t qid = g ? template_qid(body) : 0;
    struct template_head plain = template_head(body),
                         behind = template_head(qid ? slice_skip(body, qid + 2) : SLICE_NONE);
    unsigned before = facts->n;

    for (size_t i = 0; g != NULL && i < g->n; i++) {
        const struct entry *e = &g->entries[i];
        if ((e->t.qid && qid == 0) || !template_fits(&e->t, e->t.qid ? behind : plain))
            continue;
        if (template_match(&e->t, body, facts) && read_rest(e->row, facts, before)) {
            facts->shape = slice_str(e->row->name);
            facts->kind = e->row->kind;
            return true;
        }
        facts->n = before;
    }
    return false;
}

static bool match_family(enum family family, struct slice daemon, struct slice body,
                         struct facts *facts)
{
    return match_group(family, daemon, body, facts) || match_group(family, SL("*"), body, facts);
}

/* "auth-worker(123)" is auth-worker. */
static struct slice base_name(struct slice daemon)
{
    size_t i = 0;

    while (i < daemon.n && daemon.p[i] != '(' && daemon.p[i] != '<')
        i++;
    return slice_of(daemon.p, i);
}

bool shape_daemon(struct slice daemon)
{
    daemon = base_name(daemon);
    return map_get(&shapes.groups[FAMILY_DOVECOT], daemon) != NULL ||
           map_get(&shapes.groups[FAMILY_COMPANION], daemon) != NULL;
}

bool shape_makes_records(struct slice daemon, bool postfix)
{
    const struct group *own = map_get(&shapes.groups[FAMILY_POSTFIX], daemon);
    const struct group *companion = map_get(&shapes.groups[FAMILY_COMPANION], base_name(daemon));

    if (!postfix && map_get(&shapes.groups[FAMILY_DOVECOT], base_name(daemon)))
        return true;
    return (postfix && own && own->records) || (companion && companion->records);
}

static bool match_dovecot(struct slice daemon, struct slice body, struct facts *facts)
{
    if (map_get(&shapes.groups[FAMILY_DOVECOT], base_name(daemon)) == NULL)
        return false;
    shapes_dovecot_frame(&daemon, &body, facts);
    if (match_family(FAMILY_DOVECOT, daemon, body, facts))
        return true;
    facts->n = 0;
    return false;
}

bool shape_match(struct slice daemon, bool postfix, struct slice body, struct facts *facts)
{
    facts->shape = SLICE_NONE;
    facts->kind = KIND_NONE;
    facts->n = 0;
    if (!shapes.ready)
        return false;
    if (postfix)
        return match_group(FAMILY_POSTFIX, daemon, body, facts) ||
               match_group(FAMILY_COMPANION, daemon, body, facts) ||
               match_group(FAMILY_POSTFIX, SL("*"), body, facts);
    return match_dovecot(daemon, body, facts) || match_group(FAMILY_COMPANION, daemon, body, facts);
}

struct slice shape_fact(const struct facts *facts, struct slice name)
{
    for (unsigned i = 0; i < facts->n; i++)
        if (slice_eq(facts->f[i].name, name))
            return facts->f[i].value;
    return SLICE_NONE;
}

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

struct slice shape_verdict(struct slice raw)
{
    static const struct {
        const char *word, *verdict;
    } words[] = {{"clean", "clean"},
                 {"no", "clean"},
                 {"n", "clean"},
                 {".", "clean"},
                 {"ham", "clean"},
                 {"spam", "spam"},
                 {"spammy", "spam"},
                 {"identified spam", "spam"},
                 {"y", "spam"},
                 {"yes", "spam"},
                 {"reject", "spam"},
                 {"add header", "spam"},
                 {"rewrite subject", "spam"},
                 {"quarantine", "spam"},
                 {"discard", "spam"},
                 {"infected", "virus"},
                 {"virus", "virus"},
                 {"banned", "banned"},
                 {"bad-header", "bad-header"},
                 {"unchecked", "unchecked"},
                 {"soft reject", "unchecked"},
                 {"greylist", "unchecked"},
                 {"other", "unchecked"},
                 {"tempfail", "unchecked"},
                 {"oversized", "oversized"},
                 {"mta-blocked", "blocked"},
                 {"blocked", "blocked"}};

    /* Behind the word come "(Eicar)", "-7", ":Eicar", " action" and the like. */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct slice w = slice_str(words[i].word);
        if (raw.n >= w.n && slice_ieq(slice_of(raw.p, w.n), w) &&
            (raw.n == w.n || !is_letter(raw.p[w.n])))
            return slice_str(words[i].verdict);
    }
    return SLICE_NONE;
}
