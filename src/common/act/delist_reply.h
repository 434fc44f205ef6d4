/* delist_reply: what a server's refusal is good for in a request: its words as a quotation, and the
 * link or address that it says to turn to.
 *
 * SECURITY: a refusal is a stranger's words and is passed on to another stranger. Quoted, it is on
 * one line, harmless for a terminal, cut, and without mail addresses (but the provider's own) and
 * without the names of the customers who caused the listing. A link or address counts only when its
 * host is the provider's own: below one of its mail servers, its zones' names, the host of its
 * usual page, or what its template trusts.
 */
#ifndef MPTOOLS_ACT_DELIST_REPLY_H
#define MPTOOLS_ACT_DELIST_REPLY_H

#include "act/delist.h"

#define DELIST_REPLY_MOST 600u

void delist_reply_quote(struct text *out, const struct delist *x);
/* The first trusted link, or mail address, added to out; false when there is none. */
bool delist_reply_link(struct text *out, const struct delist *x);
bool delist_reply_mail(struct text *out, const struct delist *x);

/* Does the text name a mail address, or one of the culprits? What it is, or empty. */
struct slice delist_names(const struct delist *x, struct slice text);

#endif
