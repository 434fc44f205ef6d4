/* shape_template: the little language of the tables of log line shapes.
 *
 *     text           itself; {<} and {>} are the braces
 *     {name}         as little as possible, up to where the following part of the template fits
 *     {name:last}    as much as possible: for what a stranger wrote before Postfix's own words
 *     {name:TYPE}    num    digits
 *                    dec    digits, with sign, dots, exponent
 *                    ip     an IPv4 or IPv6 address, or "unknown"
 *                    qid    a queue id
 *                    word   no space, none of , ; : ( ) [ ] { } < > and quotes
 *                    token  no space, none of , < >
 *                    path   an address as between <>, which may have a quoted local part; can be
 * empty paths  more of them: ",<path>" any number of times, none too; not behind a bare {name} rest
 * everything up to the end, without going there: what follows is matched in the same bytes
 *     {name=A|B|C}   one of these words, the first that fits
 *     {?…}           a part that may be missing; it may hold anything but a bare {name}
 *     {} {:num} {=A} the same without a capture
 *
 * A bare {name} must be followed by text or by the end. What stands between two of them has a
 * bounded length at any place that is tried (RUN_MAX), and where it first fits is final, so a match
 * takes time linear in the line. The empty sender is given as "<>". Compiled templates live in the
 * arena; their texts and names are the pattern's, which has to stay.
 */
#ifndef MPTOOLS_LOG_SHAPE_TEMPLATE_H
#define MPTOOLS_LOG_SHAPE_TEMPLATE_H

#include "base/arena.h"
#include "log/shape.h"

#define RUN_MAX 1024 /* bytes that one typed capture can have */

struct template_part;

struct template_head {
    uint64_t w[2];
};

struct shape_template {
    const struct template_part *parts;
    /* What a line has to begin with, so that most templates are ruled out at once. */
    bool qid;                        /* a queue id and ": ", then */
    struct template_head head, mask; /* these bytes */
    uint64_t first[4];               /* the first being one of these */
};

/* False when the pattern isn't of the language; *why says where, NULL when memory ran out. */
bool template_compile(struct arena *a, const char *pattern, struct shape_template *t,
                      const char **why);

/* The first bytes of s, as template.head is stored; missing ones are zero. */
struct template_head template_head(struct slice s);

/* Can a line with these first bytes, behind the queue id where t->qid, be of the form? */
static inline bool template_fits(const struct shape_template *t, struct template_head h)
{
    unsigned char c = *(const unsigned char *)&h;

    return !(((h.w[0] ^ t->head.w[0]) & t->mask.w[0]) | ((h.w[1] ^ t->head.w[1]) & t->mask.w[1])) &&
           (t->first[c >> 6] >> (c & 63) & 1);
}

/* Is all of s of that form? Captures are added behind the facts that are there. On false, n is as
 * it was. */
bool template_match(const struct shape_template *t, struct slice s, struct facts *facts);

/* The length of the queue id that s begins with, when ": " follows; else 0. */
size_t template_qid(struct slice s);

#endif
