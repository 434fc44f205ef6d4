#include "act/notice_mail_parts.h"

#include <stdio.h>

#include "act/notice_mime.h"
#include "base/when.h"

#define DIGEST_MOST 50u /* notices */

struct digest {
    struct text parts; /* the mails, each with its boundary before it */
    struct notice_facts facts;
    char boundary[48];
    size_t n;
};

/* Adds the notice; false when it would get too large, or after a failure. */
static bool take(struct digest *d, const struct notice_office *o, struct ledger *l,
                 const struct notice *n, size_t most, struct failure *failure)
{
    struct notice_mail mail = {.rows = 0};
    struct text line = {0};
    char stamp[WHEN_TEXT_MAX];
    bool fits = notice_compose_one(&mail, o, l, n, true, failure) == 0 &&
                (d->n == 0 || d->parts.n + mail.message.n <= most);

    if (fits) {
        mime_begin_part(&d->parts, d->boundary);
        text_addc(&d->parts, '\n'); /* no headers: multipart/digest holds message/rfc822 */
        text_add(&d->parts, text_slice(&mail.message));
        text_add(&line, slice_of(stamp, when_print(stamp, n->time, 0)));
        text_add(&line, SL("  "));
        text_add(&line, text_slice(&mail.subject));
        if (!notice_facts_add(&d->facts, SL("notices"), (unsigned)d->n, 0, text_slice(&line)) ||
            d->parts.failed)
            failure_memory(failure);
        d->n++;
    }
    text_free(&line);
    notice_mail_free(&mail);
    return fits && failure->status == 0;
}

static void assemble(struct notice_mail *out, struct digest *d, const struct notice_office *o,
                     const struct notice_addressee *to, const struct notice *first)
{
    struct mail_head head = {.to = to,
                             .subject = text_slice(&out->subject),
                             .before = SL("digest."),
                             .name = first->name};
    struct text *m = &out->message;
    char outer[48];

    snprintf(outer, sizeof(outer), "=_mp-d%lld-mixed", (long long)first->id);
    mail_add_head(m, o, &head);
    mime_add_multipart(m, "mixed", "", outer);
    mime_add_part(m, outer,
                  &(struct mime_part){.type = "text/plain; charset=utf-8",
                                      .encoding = MIME_QUOTED,
                                      .content = text_slice(&out->body)});
    mime_begin_part(m, outer);
    mime_add_multipart(m, "digest", "", d->boundary);
    text_add(m, text_slice(&d->parts));
    mime_end(m, d->boundary);
    mime_end(m, outer);
}

int notice_compose_digest(struct notice_mail *out, const struct notice_office *o, struct ledger *l,
                          struct notice *const *list, size_t *n, size_t most,
                          struct failure *failure)
{
    struct notice_addressee to = notice_addressee(o, list[0]->partner);
    const struct notice_words *words;
    struct digest d = {.n = 0};

    snprintf(d.boundary, sizeof(d.boundary), "=_mp-d%lld-digest", (long long)list[0]->id);
    while (d.n < *n && d.n < DIGEST_MOST && take(&d, o, l, list[d.n], most, failure))
        ;
    *n = d.n;
    if (failure->status == 0 && (!notice_facts_add_int(&d.facts, SL("count"), (int64_t)d.n) ||
                                 !mail_add_office(&d.facts, o, &to, list[0]->partner)))
        failure_memory(failure);
    if (failure->status == 0 &&
        mail_render(out, o, &to, NOTICE_DIGEST, &d.facts, &words, failure) == 0)
        assemble(out, &d, o, &to, list[0]);
    if (failure->status == 0 && out->message.failed)
        failure_memory(failure);
    notice_facts_free(&d.facts);
    text_free(&d.parts);
    return failure->status;
}
