/* shape_parts: what a compiled template consists of. Private to
 * shape_template.c, shape_compile.c and shape_types.c.
 */
#ifndef MPTOOLS_LOG_SHAPE_PARTS_H
#define MPTOOLS_LOG_SHAPE_PARTS_H

#include "log/shape_template.h"

enum op {
    OP_END,
    OP_TEXT,
    OP_RUN,   /* a typed capture */
    OP_WORDS, /* one of several words */
    OP_MAYBE, /* a part that may be missing; skip: parts up to its OP_CLOSE */
    OP_CLOSE,
    OP_FREE,     /* {name} */
    OP_FREE_LAST /* {name:last} */
};

enum type {
    TYPE_NUM,
    TYPE_DEC,
    TYPE_IP,
    TYPE_QID,
    TYPE_WORD,
    TYPE_TOKEN,
    TYPE_PATH,
    TYPE_PATHS,
    TYPE_REST
};

struct template_part {
    uint8_t op, type;
    bool sender;
    uint16_t skip;
    struct slice text; /* OP_TEXT: itself; OP_WORDS: "A|B|C" */
    struct slice name; /* empty: no capture */
};

/* The type of that name; -1 when there is none. */
int type_of(struct slice name);

/* Where the run of that type that starts at p ends; NULL: there is none.
 * TYPE_REST ends at p. */
const char *type_run(enum type type, const char *p, const char *end);

/* Would a run of that type go on over c? */
bool type_takes(enum type type, char c);

#endif
