/* address: a sender address as a key of a Postfix access map.
 *
 * The address comes from a log, so a stranger chose every byte of it. address_parse() accepts only
 * what a map can carry without touching another entry, and brings it into the one form that smtpd
 * asks a table for (RFC 5321 section 4.1.2; Postfix quote_821_local): ASCII letters in lower case,
 * local part as a dot-string where it is one, else quoted; no dot after the domain. A local part
 * without a domain can't come here from Postfix: it completes `bob` with $myorigin before it looks
 * up and logs.
 *
 * Nothing here allocates. A struct address owns its bytes.
 */
#ifndef MPTOOLS_ACT_ADDRESS_H
#define MPTOOLS_ACT_ADDRESS_H

#include "base/slice.h"
#include "base/text.h"

/* Postfix looks up more, lmdb carries 510; RFC 5321 allows 254 for a path. */
#define ADDRESS_MAX 255

enum address_fault {
    ADDRESS_OK,
    ADDRESS_NULL,       /* the null sender: bounces, nobody's address */
    ADDRESS_NO_LOCAL,   /* `@x`: would be a key for a whole domain */
    ADDRESS_NO_DOMAIN,  /* `x` or `x@`: would be a key for every domain */
    ADDRESS_BAD_DOMAIN, /* not a host name, UTF-8 name or address literal */
    ADDRESS_BAD_QUOTES, /* unbalanced quotes or a bare space */
    ADDRESS_CONTROL,    /* a byte below 0x20, or 0x7f: postmap would see another line or key */
    ADDRESS_NOT_UTF8,   /* postmap drops the line */
    ADDRESS_TOO_LONG
};

struct address {
    char key[ADDRESS_MAX + 1];
    size_t n;
    size_t local; /* length of the local part in key, quotes included */
    bool quoted;
    bool ascii;
    bool doubtful; /* has a `?`: Postfix logs control bytes as `?`, it may stand for one */
};

enum address_fault address_parse(struct slice logged, struct address *out);
/* For messages: "has no domain", … */
const char *address_fault_text(enum address_fault fault);

static inline struct slice address_key(const struct address *a)
{
    return (struct slice){a->key, a->n};
}

/* A text map can carry it as a key. Not: a leading `#` (a comment, silently), bytes over 0x7f
 * (postmap folds their case by rules of its own, two keys may become one). These go to a regexp
 * map. */
bool address_fits_index(const struct address *a);

/* Adds the extended regular expression (regexp_table(5), with its slashes) that matches the address
 * and, unless it is quoted, its `+` extensions: bob@x also matches bob+y@x, which smtpd looks up as
 * bob@x only where recipient_delimiter is set. */
void address_add_regexp(struct text *t, const struct address *a);

/* Adds s with every operator of an extended regular expression and the slash escaped. s must not
 * hold control bytes. */
void text_add_regexp_literal(struct text *t, struct slice s);

#endif
