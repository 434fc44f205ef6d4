/* blockreport: what senderblock tells a person: who is blocked, what of theirs, why, what to do
 * next.
 *
 * Adds whole lines to a text, ready for a terminal: a stranger's bytes are made visible.
 */
#ifndef MPTOOLS_ACT_BLOCKREPORT_H
#define MPTOOLS_ACT_BLOCKREPORT_H

#include "act/blockmap.h"
#include "act/decide.h"

/* One sentence, for stderr and a log: what was done with the suspect or why nothing was. */
void report_sentence(struct text *out, const struct suspect *s, const struct decision *d,
                     enum block_added added, const struct block *block);
/* The same for reading: the sentence, then the evidence, indented. */
void report_suspect(struct text *out, const struct suspect *s, const struct decision *d,
                    enum block_added added, const struct block *block);
/* A map's rows as they would be written, headed by its path. */
void report_map(struct text *out, const char *dir, struct mapfile *m);
/* The postmap command for the indexed maps that changed (changed[i] of maps->maps[i]), and the
 * reload for the others; nothing when none did. type may be NULL: not known here. */
void report_commands(struct text *out, const char *dir, const char *type,
                     const struct blockmap *maps, const bool *changed);

#endif
