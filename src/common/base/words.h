/* words: line-oriented configuration files, and the mistakes found in them.
 *
 * A line is words between blanks; `"two words"` is one word, in which \" and \\ stand for
 * themselves. `#` where a word could begin starts a comment. Lines end in LF or CR LF, the file is
 * UTF-8 (a byte order mark is skipped); other control characters and NUL are mistakes of their
 * line.
 *
 * The file is read as a whole and its words point into that copy: they live until words_free().
 * Nothing here prints: mistakes gather in a struct problems as `FILE:LINE: what is wrong`, so that
 * a user sees all of them at once; only problems_print() writes them, through msg.h.
 */
#ifndef MPTOOLS_BASE_WORDS_H
#define MPTOOLS_BASE_WORDS_H

#include "base/slice.h"
#include "base/text.h"

/* Starts as {0}, ends in problems_free(). The texts of the first PROBLEMS_KEPT are kept, all are
 * counted. */
#define PROBLEMS_KEPT 1000u
struct problems {
    struct text lines; /* one problem a line */
    unsigned count;
};

/* file may be NULL and line 0: then they are left out. */
void problem_add(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void problems_print(
    const struct problems *p); /* msg_error() for each, and how many were not kept */
void problems_free(struct problems *p);

/* Starts as {0}, ends in words_free(). */
struct words {
    const char *file;   /* for messages; the caller's string */
    unsigned line;      /* of the words at hand, from 1 */
    struct slice *word; /* the words at hand: n of them, at least 1 after words_next() */
    size_t n;
    struct problems *problems;
    /* the rest is this module's own */
    char *text, *at, *end;
    size_t room;
};

/* Found, absent and broken are three results. */
enum words_result { WORDS_OK, WORDS_ABSENT, WORDS_BROKEN };

/* Reads the file (at most 256 MiB). WORDS_ABSENT when there is none (ENOENT); WORDS_BROKEN, with a
 * problem added, when it can't be read. */
enum words_result words_load(struct words *w, const char *file, struct problems *problems);
/* The same from a copy of the text in memory; file is its name in messages. */
enum words_result words_of(struct words *w, const char *file, struct slice text,
                           struct problems *problems);

/* Goes to the next line that has words. A line with a mistake is reported and skipped. False at the
 * end. Nothing of an earlier line's word array may be kept; the slices themselves may. */
bool words_next(struct words *w);

/* A mistake in the line at hand. */
void words_error(const struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void words_free(struct words *w);

#endif
