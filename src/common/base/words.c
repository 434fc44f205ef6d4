#include "base/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"

#define FILE_MAX ((size_t)256 << 20)

static void add_problem(struct problems *p, const char *file, unsigned line, const char *fmt,
                        va_list ap)
{
    char *s = NULL;

    if (p->count++ >= PROBLEMS_KEPT)
        return;
    if (vasprintf(&s, fmt, ap) < 0)
        return; /* counted all the same */
    if (file && line)
        text_addf(&p->lines, "%s:%u: ", file, line);
    else if (file)
        text_addf(&p->lines, "%s: ", file);
    text_add_visible(&p->lines, slice_str(s));
    text_addc(&p->lines, '\n');
    free(s);
}

void problem_add(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_problem(p, file, line, fmt, ap);
    va_end(ap);
}

void problems_print(const struct problems *p)
{
    struct slice rest = text_slice(&p->lines);
    const char *end;

    while ((end = slice_chr(rest, '\n')) != NULL) {
        msg_error("%.*s", (int)(end - rest.p), rest.p);
        rest = slice_skip(rest, (size_t)(end - rest.p) + 1);
    }
    if (p->lines.failed)
        msg_error("out of memory while gathering %u mistakes", p->count);
    else if (p->count > PROBLEMS_KEPT)
        msg_error("and %u more", p->count - PROBLEMS_KEPT);
}

void problems_free(struct problems *p)
{
    text_free(&p->lines);
    p->count = 0;
}

static enum words_result broken(struct words *w, const char *what)
{
    problem_add(w->problems, w->file, 0, "%s: %s", what, strerror(errno));
    words_free(w);
    return WORDS_BROKEN;
}

static void start(struct words *w, const char *file, struct problems *problems)
{
    *w = (struct words){.file = file, .problems = problems};
}

static void ready(struct words *w, size_t n)
{
    w->at = w->text;
    w->end = w->text + n;
    if (n >= 3 && memcmp(w->text, "\xef\xbb\xbf", 3) == 0)
        w->at += 3;
}

enum words_result words_of(struct words *w, const char *file, struct slice text,
                           struct problems *problems)
{
    start(w, file, problems);
    if ((w->text = malloc(text.n + 1)) == NULL)
        return broken(w, "can't read it");
    if (text.n)
        memcpy(w->text, text.p, text.n);
    ready(w, text.n);
    return WORDS_OK;
}

/* Everything that fd gives, into w->text. */
static bool slurp(struct words *w, int fd, size_t *n)
{
    size_t room = 0;

    for (*n = 0;;) {
        if (room - *n < 2) {
            size_t bigger = room ? room * 2 : 65536;
            char *p = *n > FILE_MAX ? NULL : realloc(w->text, bigger);
            if (p == NULL) {
                errno = *n > FILE_MAX ? EFBIG : ENOMEM;
                return false;
            }
            w->text = p;
            room = bigger;
        }
        ssize_t got = read(fd, w->text + *n, room - *n - 1);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            *n += (size_t)got;
    }
}

enum words_result words_load(struct words *w, const char *file, struct problems *problems)
{
    size_t n;

    start(w, file, problems);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return WORDS_ABSENT;
    if (fd < 0)
        return broken(w, "can't open it");
    bool ok = slurp(w, fd, &n);
    int saved = errno;
    close(fd);
    errno = saved;
    if (!ok)
        return broken(w, "can't read it");
    ready(w, n);
    return WORDS_OK;
}

void words_error(const struct words *w, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_problem(w->problems, w->file, w->line, fmt, ap);
    va_end(ap);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The bytes that no line may hold. */
static bool line_is_text(const struct words *w, const char *p, const char *end)
{
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t n = utf8_length(p, end);

        if (n == 0) {
            words_error(w, "byte 0x%02x is not UTF-8: save the file as UTF-8", c);
            return false;
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            words_error(w, "control character 0x%02x: remove it", c);
            return false;
        }
        p += n;
    }
    return true;
}

static bool keep(struct words *w, struct slice word)
{
    if (w->n == w->room) {
        size_t room = w->room ? w->room * 2 : 16;
        struct slice *p = realloc(w->word, room * sizeof *p);
        if (p == NULL) {
            words_error(w, "out of memory");
            return false;
        }
        w->word = p;
        w->room = room;
    }
    w->word[w->n++] = word;
    return true;
}

/* A word in quotes that begin at p, its escapes undone in place. Returns what follows the closing
 * quote, NULL when there is none. */
static char *quoted(char *p, const char *end, struct slice *word)
{
    char *to = p + 1, *from = p + 1;

    *word = slice_of(to, 0);
    while (from < end && *from != '"') {
        if (*from == '\\' && from + 1 < end && (from[1] == '"' || from[1] == '\\'))
            from++;
        *to++ = *from++;
    }
    word->n = (size_t)(to - word->p);
    return from < end ? from + 1 : NULL;
}

/* Splits one line; false when it has a mistake, which is reported then. */
static bool split(struct words *w, char *p, const char *end)
{
    struct slice word;

    w->n = 0;
    for (;;) {
        while (p < end && is_blank(*p))
            p++;
        if (p == end || *p == '#')
            return true;
        if (*p == '"') {
            if ((p = quoted(p, end, &word)) == NULL) {
                words_error(w, "a quotation mark is not closed");
                return false;
            }
            if (p < end && !is_blank(*p)) {
                words_error(w, "a blank is missing after a closing quotation mark");
                return false;
            }
        } else {
            char *from = p;
            while (p < end && !is_blank(*p))
                p++;
            word = slice_range(from, p);
            if (slice_chr(word, '"')) {
                words_error(w, "a quotation mark within a word: quotes go around the whole word");
                return false;
            }
        }
        if (!keep(w, word))
            return false;
    }
}

bool words_next(struct words *w)
{
    while (w->at < w->end) {
        char *line = w->at, *end = memchr(line, '\n', (size_t)(w->end - line));
        if (end == NULL)
            end = w->end;
        w->at = end < w->end ? end + 1 : end;
        w->line++;
        if (end > line && end[-1] == '\r')
            end--;
        if (line_is_text(w, line, end) && split(w, line, end) && w->n)
            return true;
    }
    w->n = 0;
    return false;
}

void words_free(struct words *w)
{
    free(w->text);
    free(w->word);
    w->text = w->at = w->end = NULL;
    w->word = NULL;
    w->n = w->room = 0;
}
