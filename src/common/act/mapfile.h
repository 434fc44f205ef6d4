/* mapfile: the text of one Postfix lookup table, built in memory and put in place as a whole.
 *
 * Kinds: indexed (source of postmap: lmdb, cdb, hash), regexp (regexp_table(5)), cidr
 * (cidr_table(5)), and a regexp table for header_checks(5). A row that Postfix would drop, cut or
 * join to another is not taken: postmap exits 0 on those (7-postfix.md has the list), so they have
 * to be kept out here. Indexed rows are sorted by key, the others keep their order, because their
 * first match wins; the same rows give the same bytes.
 *
 * Ownership: a mapfile starts as {0}, copies what it is given and ends in mapfile_free(). When
 * memory runs out, `failed` is set and stays; mapfile_render() says so.
 */
#ifndef MPTOOLS_ACT_MAPFILE_H
#define MPTOOLS_ACT_MAPFILE_H

#include "base/arena.h"
#include "base/atomic.h"
#include "base/failure.h"
#include "base/map.h"
#include "base/text.h"

enum map_kind { MAP_INDEXED, MAP_REGEXP, MAP_CIDR, MAP_HEADER };

struct map_row {
    struct slice key, value;
    struct slice probe; /* a look-up that this row has to answer; empty: none is known */
};

struct mapfile {
    enum map_kind kind;
    const char *name;   /* file name; the caller's string */
    struct slice about; /* a line for the header comment; may be empty */
    struct map_row *rows;
    size_t n, cap;
    struct map index; /* key to value, of MAP_INDEXED and MAP_CIDR */
    struct arena arena;
    bool failed;
};

enum map_added {
    MAP_ADDED,     /* or it was there with the same value */
    MAP_CLASH,     /* the key is there with another value: the first one stays */
    MAP_BAD_KEY,   /* Postfix can't carry it in this kind of map */
    MAP_BAD_VALUE, /* smtpd wouldn't know it: 451 for whoever hits the row */
    MAP_NO_MEMORY
};

/* What values we write: those of routes (route_value.h), DUNNO, our classes (mp_…, with a space
 * between two), or `5NN 5.x.x text` and `4NN 4.x.x text` in printable ASCII without `$`. */
bool map_value_good(struct slice value);
/* Of header_checks(5), which knows no codes and lets the mail pass then: `REJECT text`. */
bool map_header_value_good(struct slice value);
/* Printable ASCII in lower case that needs no quotes, or a quoted local part; at most 255 bytes. */
bool map_key_good(struct slice key);
/* UTF-8 without control characters, 1 to 255 bytes: what an expression can be made of. */
bool map_text_good(struct slice s);

/* probe: see struct map_row; it is not kept when an earlier row answers it. For MAP_REGEXP and
 * MAP_HEADER the key is the expression with its slashes. */
enum map_added mapfile_add(struct mapfile *m, struct slice key, struct slice value,
                           struct slice probe);
/* regexp maps: rows up to the matching mapfile_add_endif() count only where the expression does. */
void mapfile_add_if(struct mapfile *m, struct slice expression);
void mapfile_add_endif(struct mapfile *m);

/* The file's text, header included. False when memory ran out. */
bool mapfile_render(struct mapfile *m, struct text *out);
/* The new DIR/name, written beside the old one and not yet in place; *out stays NULL when the file
 * is there with these bytes. A file of that name that isn't one of ours is not replaced
 * (EXIT_CANTCREAT). Returns 0 or the status in *failure. */
int mapfile_stage(struct mapfile *m, const char *dir, struct atomic **out, struct failure *failure);

void mapfile_about(struct mapfile *m, struct slice line);
void mapfile_free(struct mapfile *m);

#endif
