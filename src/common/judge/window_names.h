/* window_names: the most frequent of many names, in bounded memory, by the Space-Saving sketch
 * (Metwally, Agrawal and El Abbadi 2005).
 *
 * When there is no room left, a new name takes the place of the least frequent one, and its count
 * as a possible error. A name's count is reported less that error, so it is never more than was
 * seen. Starts as {0}; takes memory only for the names that it holds, which are its own. Names have
 * at most 255 bytes; they are a stranger's.
 */
#ifndef MPTOOLS_JUDGE_WINDOW_NAMES_H
#define MPTOOLS_JUDGE_WINDOW_NAMES_H

#include "base/pack.h"
#include "judge/suspect.h"

#define NAME_KEPT 255u

struct top_name {
    char *name; /* not NUL-terminated */
    uint32_t n, count, error;
};

struct names {
    struct top_name *top;
    uint32_t n;
};

bool names_has(const struct names *names, struct slice name);
/* Counts the name, one of at most `most`. False when memory runs out. */
bool names_add(struct names *names, unsigned most, struct slice name);
/* Most frequent first; returns how many. out has room for all of them. */
unsigned names_list(const struct names *names, struct suspect_count *out);
void names_free(struct names *names); /* empty again */

/* All of them, and back into one that is {0}. False when memory runs out; bytes that can't be read
 * set in->bad. */
void names_save(const struct names *names, struct text *out);
bool names_load(struct names *names, unsigned most, struct unpack *in);

#endif
