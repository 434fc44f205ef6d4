/* providers_parts: what providers.c and its parts share; others include providers.h.
 *
 * An entry is one provider with what only reading and matching need. Entries stay when they are
 * switched off, so that what others say about them can be checked and a reply that names them isn't
 * taken for somebody else's.
 */
#ifndef MPTOOLS_ACT_PROVIDERS_PARTS_H
#define MPTOOLS_ACT_PROVIDERS_PARTS_H

#include "act/providers.h"
#include "base/arena.h"
#include "base/map.h"
#include "judge/reply_text.h"

enum {
    PROVIDERS_MAX = 5000,
    PROVIDER_MATCHES_MAX = 20000,
    PROVIDER_KNOWN = 1024, /* replies that are remembered */
    PROVIDER_SUBJECT = REPLY_WORDS_MAX + 32
};

struct entry;

struct match {
    struct provider_match m; /* m.next is the next one's m */
    struct match *next;      /* of the same entry */
    struct match *all;       /* the one compiled before */
    struct entry *of;
    struct entry *named; /* whose m.list is, or NULL */
    void *re;            /* pcre2_code */
    unsigned by_group;   /* the number of (?<by>...), 0: none */
    unsigned uses, rank, seq;
};

struct entry {
    struct provider p;
    struct match *first, *last;
    struct zone_code *code, *part; /* p.zone.code and p.part while they grow */
    struct slice replaces, part_of;
    struct provider_words yields;
    unsigned yields_line, replaces_line, part_line, zone_line;
    unsigned seq;
    bool off, operators; /* switched off; the operator's own, which go first */
};

struct known {
    uint64_t hash;
    const struct provider *at;
    const struct match *match; /* NULL: none fits */
    unsigned length;           /* 0: free */
};

struct providers {
    struct arena arena;
    struct entry **entry; /* n of them, in the files' order */
    size_t n, room;
    struct map by_id, by_mx, by_domain, by_zone; /* to struct entry; names in lower case */
    struct match **order;                        /* the patterns as they are tried */
    size_t matches;
    struct match *compiled; /* the last one; also those that a later file has replaced */
    void *data, *context;   /* pcre2_match_data, pcre2_match_context */
    struct reply_text text;
    char subject[PROVIDER_SUBJECT];
    struct slice seen; /* the last reply as patterns saw it, in subject */
    char list[256];    /* what the last reply named */
    struct known known[PROVIDER_KNOWN];
};

/* --- providers_value.c: values of keys --- */

struct provider_reading {
    struct providers *all;
    struct problems *problems;
    const char *file; /* in the arena */
    unsigned line;
    struct entry *e;
    bool operators;
    bool matched; /* the section has a pattern, so that those of an earlier file are gone */
};

enum { PROVIDER_KEYS = 33 };

struct provider_section {
    struct provider_reading r;
    unsigned stands[PROVIDER_KEYS]; /* by key: in which line of the section; 0: not yet */
};

#define PROVIDER_WRONG(r, ...) problem_add((r)->problems, (r)->file, (r)->line, __VA_ARGS__)

/* The word at the start of *s, which is taken off it with the blanks behind it. */
struct slice provider_word(struct slice *s);
/* s in lower case, in the arena; {NULL, 0} when memory ran out. */
struct slice provider_lower(struct providers *all, struct slice s);
bool provider_is_id(struct slice s);
bool provider_words_add(struct arena *a, struct provider_words *w, struct slice word);
bool provider_read_names(struct provider_reading *r, struct provider_words *w, struct slice value);
bool provider_read_fields(struct provider_reading *r, struct provider_words *w, struct slice value);
bool provider_read_hours(struct provider_reading *r, unsigned *hours, struct slice value);
/* `127.0.0.2 listed meaning` or FROM-TO …; and `ID [CODE ...]`. */
bool provider_read_code(struct provider_reading *r, struct slice value);
bool provider_read_part(struct provider_reading *r, struct slice value);
bool provider_read_zone(struct provider_reading *r, struct slice value);
bool provider_read_to(struct provider_reading *r, struct slice value);

/* --- providers_key.c --- */

void provider_read_key(struct provider_section *s, struct slice name, struct slice value);

/* --- providers_match.c --- */

/* `MEANING[:ID] PATTERN` */
bool provider_read_match(struct provider_reading *r, struct slice value, bool own);
bool provider_read_example(struct provider_reading *r, struct slice value);
/* Whether the pattern fits the reply, cleaned. */
bool provider_match_fits(struct providers *all, struct match *m, struct slice reply);
void provider_matches_free(struct providers *all);

/* --- providers.c --- */

/* As provider_of_zone(), those that are switched off, too. */
struct entry *provider_zone_entry(const struct providers *all, struct slice zone);

/* --- providers_check.c --- */

/* What can only be said when all is read; makes the maps and the order. */
void providers_check(struct providers *all, struct problems *problems);

#endif
