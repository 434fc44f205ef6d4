/* delist_template_parts: the tags of templates, for delist_template.c and delist_render.c only. */
#ifndef MPTOOLS_ACT_DELIST_TEMPLATE_PARTS_H
#define MPTOOLS_ACT_DELIST_TEMPLATE_PARTS_H

#include "act/delist_template.h"

#define TEMPLATE_DEEP 8u

enum tag { TAG_FACT, TAG_IF, TAG_UNLESS, TAG_END_IF, TAG_END_UNLESS, TAG_COMMENT, TAG_BAD };

/* The tag at the head of *s, which is moved behind it unless the tag doesn't end. */
enum tag template_tag(struct slice *s, unsigned *fact);

struct template_walk {
    enum tag open[TEMPLATE_DEEP];
    unsigned depth, hidden; /* hidden: from this depth on nothing stands; 0: all does */
};

/* What a tag does to the walk; false when it doesn't fit. */
bool template_walk(struct template_walk *w, enum tag tag, bool known);

#endif
