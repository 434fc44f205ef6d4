#include "act/notice_templates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LANGUAGES 64u
#define FILE_MOST 65536

struct language {
    struct slice name;
    struct notice_words words;
    struct notice_template event[NOTICE_EVENTS]; /* token NULL: it has none */
};

struct notice_templates {
    struct arena arena;
    struct language language[LANGUAGES];
    unsigned n;
    struct problems *problems; /* while loading */
};

static const char *const event_names[] = {"watch",      "address",  "rule",   "suspended",
                                          "reinstated", "relapse",  "closed", "undone",
                                          "listed",     "delisted", "digest"};

enum notice_event notice_event_of(struct slice name)
{
    unsigned i = 0;

    while (i < NOTICE_EVENTS && !slice_eq(slice_str(event_names[i]), name))
        i++;
    return i;
}

const char *notice_event_name(unsigned event)
{
    return event < NOTICE_EVENTS ? event_names[event] : "";
}

/* The whole file in the arena; its bytes, p NULL with a problem. */
static struct slice read_file(struct notice_templates *t, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t n = -1;
    char *p = NULL;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > FILE_MOST)
        errno = EFBIG;
    else if (fd >= 0 && (p = arena_alloc(&t->arena, FILE_MOST + 1)) != NULL)
        n = read(fd, p, FILE_MOST + 1);
    if (n < 0 || n > FILE_MOST)
        problem_add(t->problems, path, 0, "can't read it: %s", strerror(n < 0 ? errno : EFBIG));
    if (fd >= 0)
        close(fd);
    return n < 0 || n > FILE_MOST ? SLICE_NONE : slice_of(p, (size_t)n);
}

static struct language *find_language(struct notice_templates *t, struct slice name)
{
    for (unsigned i = 0; i < t->n; i++)
        if (slice_ieq(t->language[i].name, name))
            return &t->language[i];
    return NULL;
}

static struct language *add_language(struct notice_templates *t, struct slice name)
{
    struct language *l = find_language(t, name);

    if (l || t->n == LANGUAGES)
        return l;
    l = &t->language[t->n];
    l->name = arena_slice(&t->arena, name);
    return l->name.p ? t->n++, l : NULL;
}

/* A file of the language that isn't read from the operator's folder already. */
static void load_file(struct notice_templates *t, struct language *l, const char *dir,
                      const char *name)
{
    struct slice stem = slice_of(name, strlen(name) - 4);
    unsigned event = notice_event_of(stem);
    bool words = slice_eq(stem, SL("words"));
    struct text path = {0};

    text_addf(&path, "%s/%s%c", dir, name, 0);
    char *file = path.failed ? NULL : arena_str(&t->arena, slice_of(path.p, path.n - 1));
    text_free(&path);
    if (file == NULL)
        problem_add(t->problems, dir, 0, "out of memory");
    else if (!words && event == NOTICE_EVENTS)
        problem_add(t->problems, file, 0, "there is no event of that name: see mpnotify(8)");
    if (file == NULL ||
        (words ? l->words.text != NULL : event == NOTICE_EVENTS || l->event[event].token != NULL))
        return;
    struct slice text = read_file(t, file);
    if (text.p && words)
        notice_words_read(&l->words, file, text, &t->arena, t->problems);
    else if (text.p)
        notice_template_read(&l->event[event], file, text, &t->arena, t->problems);
}

static bool is_template(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".txt") == 0;
}

static int templates_only(const struct dirent *e)
{
    return is_template(e);
}

static int visible_only(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void load_language(struct notice_templates *t, const char *top, const char *name)
{
    struct dirent **entry;
    struct language *l;
    struct text dir = {0};

    text_addf(&dir, "%s/%s%c", top, name, 0);
    int n = dir.failed ? -1 : scandir(dir.p, &entry, templates_only, alphasort);
    if (n >= 0) { /* else it is no folder */
        if ((l = add_language(t, slice_str(name))) == NULL)
            problem_add(t->problems, dir.p, 0, "more than %u languages", LANGUAGES);
        for (int i = 0; i < n; i++) {
            if (l)
                load_file(t, l, dir.p, entry[i]->d_name);
            free(entry[i]);
        }
        free(entry);
    } else if (errno != ENOTDIR) {
        problem_add(t->problems, dir.failed ? top : dir.p, 0, "can't read it: %s", strerror(errno));
    }
    text_free(&dir);
}

static void load_folder(struct notice_templates *t, const char *dir)
{
    struct dirent **entry;
    int n = scandir(dir, &entry, visible_only, alphasort);

    if (n < 0)
        problem_add(t->problems, dir, 0, "can't read the folder of templates: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        load_language(t, dir, entry[i]->d_name);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
}

struct notice_templates *notice_templates_load(const char *own, const char *shipped,
                                               struct problems *problems)
{
    struct notice_templates *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        problem_add(problems, shipped, 0, "out of memory");
        return NULL;
    }
    t->problems = problems;
    if (own)
        load_folder(t, own);
    load_folder(t, shipped);
    for (unsigned i = 0; i < t->n; i++)
        if (t->language[i].words.text == NULL)
            problem_add(problems, own ? own : shipped, 0, "%.*s/words.txt is missing",
                        (int)t->language[i].name.n, t->language[i].name.p);
    t->problems = NULL;
    return t;
}

void notice_templates_free(struct notice_templates *t)
{
    if (t == NULL)
        return;
    arena_free(&t->arena);
    free(t);
}

static struct slice first_part(struct slice tag)
{
    const char *dash = slice_chr(tag, '-');

    return dash ? slice_range(tag.p, dash) : tag;
}

bool notice_templates_speak(const struct notice_templates *t, struct slice language)
{
    for (unsigned i = 0; i < t->n; i++)
        if (slice_ieq(t->language[i].name, language) ||
            slice_ieq(t->language[i].name, first_part(language)))
            return true;
    return false;
}

const struct notice_template *notice_templates_find(const struct notice_templates *t,
                                                    struct slice language, struct slice usual,
                                                    unsigned event,
                                                    const struct notice_words **words)
{
    const struct slice tag[] = {language, first_part(language), usual, first_part(usual), SL("en")};

    for (size_t i = 0; i < sizeof(tag) / sizeof(tag[0]); i++)
        for (unsigned j = 0; j < t->n && tag[i].n; j++) {
            const struct language *l = &t->language[j];
            if (slice_ieq(l->name, tag[i]) && l->event[event].token && l->words.text) {
                *words = &l->words;
                return &l->event[event];
            }
        }
    return NULL;
}
