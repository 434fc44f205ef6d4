/* role: what somebody in a scenario really does, so that a test can compare: a spammer, or somebody
 * honest whose mail looks odd. One role is one line of the labels, in the order of their making.
 * The messages of a spammer are also written one by one (--spam), as the relay takes them.
 */
#ifndef GEN_ROLE_H
#define GEN_ROLE_H

#include "world.h"

struct sim;
struct mail;

struct role {
    struct role *next;
    const char *kind;
    const struct identity *who; /* NULL: everybody */
    char sender[96];            /* or what it is about, when it is everybody's */
    bool spam;
    int64_t from, to; /* only messages taken within count */
    uint32_t messages, recipients;
    int64_t begun, ended; /* first and last message */
};

/* A role of who, for all time unless from and to are changed. */
struct role *role_new(struct sim *s, const char *kind, const struct identity *who, bool spam);
/* Message m was taken, and it has a role. */
void role_accepted(struct sim *s, const struct mail *m);
/* Something happened to messages that are not the role's own. */
void role_touched(struct sim *s, struct role *role);
/* The file of labels; false with errno when it can't be written. */
bool role_write(const struct sim *s, const char *path);

#endif
