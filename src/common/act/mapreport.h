/* mapreport: what senderblock tells a person about the maps: what would be written, what to do
 * next.
 *
 * Adds whole lines to a text, ready for a terminal: a stranger's bytes are made visible.
 */
#ifndef MPTOOLS_ACT_MAPREPORT_H
#define MPTOOLS_ACT_MAPREPORT_H

#include "act/blockmap.h"

/* A map's rows as they would be written, headed by its path. */
void report_map(struct text *out, const char *dir, struct mapfile *m);
/* The postmap command for the indexed maps that changed (changed[i] of maps->maps[i]), and the
 * reload for the others; nothing when none did. type may be NULL: not known here. */
void report_commands(struct text *out, const char *dir, const char *type,
                     const struct blockmap *maps, const bool *changed);

#endif
