/* blockmap_cf: what main.cf has to say about the maps, piece by piece: blockmap_main_cf() prints
 * it, postfixcheck.h compares with it. Places of maps are written with $mp_index, $mp_regexp and
 * $mp_cidr, as main.cf has them. */
#ifndef MPTOOLS_ACT_BLOCKMAP_CF_H
#define MPTOOLS_ACT_BLOCKMAP_CF_H

#include "base/text.h"

/* The checks of mp_restrictions, in their order. */
size_t cf_restrictions(void);
const char *cf_restriction(size_t i);

/* A slot's classes: the slot itself first, then those of its further conditions. Each adds the
 * class's name and what it checks. */
size_t cf_classes(void);
void cf_class_name(struct text *out, unsigned slot, size_t i);
void cf_class_checks(struct text *out, unsigned slot, size_t i, const char *between);

#endif
