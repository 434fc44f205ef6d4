/* notice_mail: a notice, or several as a digest, as a mail (RFC 5322) for sendmail -t.
 *
 *   multipart/mixed
 *     multipart/report (RFC 6522, which lets it stand within; only when abuse is reported)
 *       text/plain                  the notice, from its template: what mail programs show
 *       message/feedback-report     RFC 5965
 *       text/rfc822-headers
 *     text/tab-separated-values     the evidence
 *     image/png, image/svg+xml      the chart
 *
 * A digest is multipart/mixed with its text and a multipart/digest of those mails.
 *
 * Message-ID is the notice's name at the domain of [notify] from, so the same notice always has the
 * same one. A digest has its first notice's, with `digest.` before it. Text lines end in LF.
 */
#ifndef MPTOOLS_ACT_NOTICE_MAIL_H
#define MPTOOLS_ACT_NOTICE_MAIL_H

#include "act/notice.h"
#include "base/settings.h"
#include "judge/partner.h"

struct notice_office {
    const struct settings *settings;
    const struct partners *partners; /* NULL: no such file */
    const struct notice_templates *templates;
    struct slice from; /* a plain address */
    int64_t now;
};

/* Who gets it: the partner's addresses, else the copy, else nobody (n is 0). */
struct notice_addressee {
    const struct partner *partner; /* NULL: not in the file */
    bool copy_only;                /* nobody but the copy */
    size_t n;                      /* addresses */
};
struct notice_addressee notice_addressee(const struct notice_office *o, struct slice partner);
/* The addresses, a comma and `between` between them. */
void notice_add_addresses(struct text *out, const struct notice_office *o,
                          const struct notice_addressee *a, const char *between);

struct notice_mail {
    struct text subject, body, message; /* body: the text alone */
    unsigned rows;                      /* of evidence */
    bool chart;
};

/* 0, or EXIT_CONFIG (no template in any language), EXIT_DATA (the notice is damaged or of a newer
 * version), EXIT_TEMPFAIL, or the ledger's status; failure says why. */
int notice_compose(struct notice_mail *out, const struct notice_office *o, struct ledger *l,
                   const struct notice *n, struct failure *failure);
/* Several of one partner; as many of the *n as fit a mail of about `most` bytes, at least one;
 * *n becomes how many. */
int notice_compose_digest(struct notice_mail *out, const struct notice_office *o, struct ledger *l,
                          struct notice *const *list, size_t *n, size_t most,
                          struct failure *failure);
void notice_mail_free(struct notice_mail *m);

#endif
