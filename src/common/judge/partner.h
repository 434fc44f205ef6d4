/* partner: who resells to the customers and is told of their trouble, from the operator's file
 * `partners`.
 *
 * One line a partner: KEY "NAME" [mail:ADDRESS…] [lang:TAG]. The key is the second word of a line
 * of `customers`; the tag (RFC 5646, `en`, `pt-BR`) chooses the language of notices. Absent is not
 * an error: then a customer may name any partner. A partner without an address is fine, too: nobody
 * is written to.
 *
 * All memory belongs to the struct partners. Security: addresses become arguments and headers of
 * mail, tags become part of file names. So an address has no blank, control, comma, quote or
 * bracket and doesn't begin with a dash, and a tag is letters, digits and dashes only.
 */
#ifndef MPTOOLS_JUDGE_PARTNER_H
#define MPTOOLS_JUDGE_PARTNER_H

#include "base/slice.h"
#include "base/words.h"
#include "judge/customer.h"

struct partner {
    struct slice key, name;
    struct slice lang;        /* empty: none was given */
    const struct slice *mail; /* mails of them, in the order of the file */
    size_t mails;
    unsigned line;
};

struct partners;

/* DIR/partners. WORDS_OK gives *out (partners_free() it); WORDS_ABSENT, *out NULL: the operator has
 * no such file; WORDS_BROKEN, *out NULL: the problems say why, all of them. */
enum words_result partners_load(const char *dir, struct problems *problems, struct partners **out);
/* The same from words that are loaded already. */
enum words_result partners_read(struct words *words, struct partners **out);
void partners_free(struct partners *p); /* NULL is fine */

/* NULL when there is none; also when p is NULL. */
const struct partner *partners_by_key(const struct partners *p, struct slice key);

/* Every customer that has a partner must have one of these; a problem, at the customer's first line
 * in `file`, when it is another. Nothing to check when p or c is NULL. */
void partners_check(const struct partners *p, const struct customers *c, const char *file,
                    struct problems *problems);

#endif
