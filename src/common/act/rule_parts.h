/* rule_parts: what the files of the rule search share; for rule*.c and their tests only.
 *
 * A pattern is a row of items, each a set of ASCII characters and how many of them; what follows an
 * item of several lengths can't begin with one of its characters, so matching never has to go back.
 */
#ifndef MPTOOLS_ACT_RULE_PARTS_H
#define MPTOOLS_ACT_RULE_PARTS_H

#include <regex.h>

#include "act/address.h"
#include "act/rule.h"
#include "base/ipnet.h"
#include "base/map.h"

#define RULE_SEEN 3u          /* messages that a condition has to hold for at least */
#define RULE_SHARE 10u        /* one in so many of the spam, too */
#define PATTERN_SEEN 4u       /* different local parts that a pattern is learned from */
#define PATTERN_ITEMS 256u    /* of a pattern; a sender's has 64 at most */
#define PATTERN_DOMAINS 3u    /* alternatives */
#define PATTERN_TEXT_MAX 400u /* bytes of an expression that we make */

struct charset {
    uint64_t bits[2]; /* of ASCII */
    bool high;        /* and all bytes over 0x7f */
};

struct pattern_item {
    struct charset set;
    uint16_t least, most; /* most 0: no end */
};

struct pattern {
    struct pattern_item item[PATTERN_ITEMS];
    unsigned items;
    /* of a sender pattern; 0: any. With any local part there is one item, `.+`. */
    struct slice domain[PATTERN_DOMAINS];
    unsigned domains;
    char text[PATTERN_TEXT_MAX + 1]; /* the domains' */
};

/* Takes an expression apart; false when it is none of ours. */
bool pattern_parse_sender(struct slice expression, struct pattern *out);
bool pattern_parse_subject(struct slice expression, struct pattern *out);
bool pattern_fits_sender(const struct pattern *p, struct slice key, size_t local);
bool pattern_fits_subject(const struct pattern *p, struct slice subject);

/* How words are cut into parts. */
enum pattern_cut {
    CUT_RUNS,  /* letters, digits and separators are parts of their own */
    CUT_WORDS, /* letters and digits are one kind of part */
    CUT_WHOLE, /* everything is one part */
    PATTERN_CUTS
};
#define PATTERN_WORD_MAX 64u
/* The word's shape, equal for words that one pattern may be learned from; false when it has
 * characters that no pattern is made of. */
bool pattern_shape(struct slice word, enum pattern_cut cut, char out[PATTERN_WORD_MAX + 1]);
/* Adds the expression, without anchors, that n different words of one shape fit. */
void pattern_learn(struct text *out, const struct slice *words, size_t n, enum pattern_cut cut);
/* A domain that may stand in a pattern. */
bool pattern_domain_good(struct slice domain);
void pattern_add_literal(struct text *out, struct slice s);

/* A message's field, taken apart once. */
#define RULE_VALUE_MAX 1024u /* bytes; of longer ones nothing is known */
struct rule_value {
    struct slice text; /* folded, in buf; a sender's as address_key(); empty: it has none */
    size_t local;      /* of a sender */
    struct ipaddr ip;  /* of a client */
    bool quoted;       /* a sender's local part */
    bool unknown;      /* it may be anything */
    bool good;         /* Postfix can carry it as a condition */
};
/* RULE_SENDER_PATTERN is as RULE_SENDER. */
void rule_value_of(enum rule_field field, const struct rule_message *m, char buf[RULE_VALUE_MAX],
                   struct rule_value *out);
/* The bytes that it is made of. */
struct slice rule_message_field(const struct rule_message *m, enum rule_field field);

/* A condition, taken apart once. */
struct rule_test {
    enum rule_field field;
    bool none;    /* the value is none of its field: holds for nothing */
    bool foreign; /* an expression that is none of ours */
    bool quoted;
    struct slice value;
    size_t local;     /* of a sender */
    struct ipnet net; /* of a client */
    regex_t regex;    /* when foreign */
    struct pattern pattern;
};
/* The condition's value has to stay. */
void rule_test_begin(struct rule_test *t, const struct rule_condition *c);
bool rule_test_holds(const struct rule_test *t, const struct rule_value *v);
void rule_test_end(struct rule_test *t);

/* A candidate, and which messages it holds for. */
enum rule_rank {
    RANK_LOGIN,
    RANK_CLIENT,
    RANK_NET,
    RANK_HELO,
    RANK_PATTERN, /* and wider ones up to */
    RANK_PATTERN_LAST = RANK_PATTERN + 15,
    RANK_SENDER
};

struct candidate {
    struct rule_condition condition;
    uint64_t *bits; /* spam that it holds for; from a new word on others that it may hold for */
    uint64_t covered, collateral;
    unsigned rank;
    bool wide; /* only beside a login or client */
};

struct candidates {
    struct candidate *list;
    size_t n, cap;
    size_t spam, spam_words, words;
    uint64_t floor;     /* less spam isn't worth a rule */
    struct arena arena; /* bits; the values are in the caller's */
};

/* In the order of their worth. False when memory runs out. */
bool candidates_find(struct candidates *c, const struct rule_message *messages, size_t n,
                     struct arena *arena);
void candidates_free(struct candidates *c);

/* A field's different values. */
struct column {
    enum rule_field field;
    struct column_entry **entry;
    uint32_t *of; /* of each message */
    size_t n, cap;
    struct map by_bytes, by_text;
};
struct column_entry {
    struct rule_value value;
    uint64_t spam; /* messages with it */
    uint32_t at;
};

/* Conditions on the shape of senders. */
struct wanted {
    struct slice value;
    unsigned rank;
    bool wide;
};
struct wanted_list {
    struct wanted *list;
    size_t n, cap;
    bool failed;
};
/* Patterns of the senders' column; values in the arena. */
bool patterns_find(const struct column *senders, uint64_t floor, struct arena *arena,
                   struct wanted_list *out);

#endif
