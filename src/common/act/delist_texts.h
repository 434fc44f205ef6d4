/* delist_texts: all templates of delisting requests, by the name of their file: of a provider
 * (`spamhaus-css`), of a way (`form`, `portal`, `mail`), the words that causes and measures are
 * told in (`words.en`), and what a form's fields are filled with (`fields`).
 *
 * Read from CONF/requests/?*.txt, then SHARE/requests; the operator's file takes the place of the
 * shipped one of the same name. Owns its memory, which is read only.
 */
#ifndef MPTOOLS_ACT_DELIST_TEXTS_H
#define MPTOOLS_ACT_DELIST_TEXTS_H

#include "act/delist_template.h"

struct delist_texts;

/* share: the folder of shipped data; conf: the operator's, NULL for none. NULL when there were
 * mistakes: all of them are in problems. */
struct delist_texts *delist_texts_load(const char *share, const char *conf,
                                       struct problems *problems);
void delist_texts_free(struct delist_texts *t); /* NULL is fine */
const struct delist_template *delist_texts_find(const struct delist_texts *t, struct slice name);
const struct delist_template *delist_texts_at(const struct delist_texts *t, size_t i);

#endif
