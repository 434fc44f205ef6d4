/* notice_words: the words of one language that notices are made of, beside the templates: names of
 * families of evidence, of what a rule looks at, how dates and numbers are written; the file
 * templates/LANG/words.txt.
 *
 * A line is `key = text`; `#` begins a comment line. Every key of notice_words.c has to be there
 * once. Nothing is a stranger's here, but {n} in a text is where a number goes.
 */
#ifndef MPTOOLS_ACT_NOTICE_WORDS_H
#define MPTOOLS_ACT_NOTICE_WORDS_H

#include "base/arena.h"
#include "base/words.h"

struct notice_words {
    struct slice *text; /* by key; NULL: not loaded */
};

/* Reads the text of the file; texts live in the arena. False with problems. */
bool notice_words_read(struct notice_words *w, const char *file, struct slice text,
                       struct arena *arena, struct problems *problems);
/* `group.name`, or the name itself where the language has no word for it. */
struct slice notice_word(const struct notice_words *w, const char *group, struct slice name);
/* Of a key that is always there. */
struct slice notice_word_of(const struct notice_words *w, const char *key);
/* The text of the key, its {n} replaced. */
void notice_word_add_n(struct text *out, const struct notice_words *w, const char *key, int64_t n);

/* As the language writes them. Not a number, not a time: as it is, on one line. */
void notice_add_number(struct text *out, const struct notice_words *w, struct slice s);
void notice_add_time(struct text *out, const struct notice_words *w, struct slice s);

#endif
