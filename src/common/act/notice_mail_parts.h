/* notice_mail_parts: what notice_mail.c and notice_mail_digest.c share: headers, and the view that
 * templates see. */
#ifndef MPTOOLS_ACT_NOTICE_MAIL_PARTS_H
#define MPTOOLS_ACT_NOTICE_MAIL_PARTS_H

#include "act/notice_mail.h"

struct mail_head {
    const struct notice_addressee *to;
    struct slice subject;
    struct slice name, before;   /* Message-ID: before and name, at the domain */
    struct slice first;          /* of the thread, or empty */
    const struct notice *notice; /* NULL: a digest */
    bool inner;                  /* within a digest: the copy isn't named */
};

/* All headers but MIME's. */
void mail_add_head(struct text *out, const struct notice_office *o, const struct mail_head *h);
/* The facts that every template may use. */
bool mail_add_office(struct notice_facts *f, const struct notice_office *o,
                     const struct notice_addressee *to, struct slice partner);
/* Renders the event's template in the addressee's language. 0 or a status. */
int mail_render(struct notice_mail *out, const struct notice_office *o,
                const struct notice_addressee *to, unsigned event, const struct notice_facts *facts,
                const struct notice_words **words, struct failure *failure);
/* inner: it will stand in a digest. */
int notice_compose_one(struct notice_mail *out, const struct notice_office *o, struct ledger *l,
                       const struct notice *n, bool inner, struct failure *failure);

#endif
