#include "mpnotify_batch.h"

#include <stdlib.h>

bool batches_begin(struct batches *b)
{
    b->list = calloc(b->notices->n + 1, sizeof(struct notice *));
    b->done = calloc(b->notices->n + 1, sizeof(*b->done));
    return b->list && b->done;
}

void batches_end(struct batches *b)
{
    free(b->list);
    free(b->done);
}

static bool together(const struct notice *a, const struct notice *b)
{
    return a->readable && b->readable && a->event != NOTICE_EVENTS && b->event != NOTICE_EVENTS &&
           slice_eq(a->partner, b->partner);
}

/* Of all that waited at the beginning: the last ones of many are a digest, too. */
static bool is_many(const struct batches *b, const struct notice *n)
{
    uint64_t count = 0;

    for (size_t i = 0; i < b->notices->n && b->digest; i++)
        count += together(n, &b->notices->list[i]);
    return b->digest && count >= b->digest && notice_addressee(b->office, n->partner).n;
}

bool batches_next(struct batches *b)
{
    size_t i = 0;

    while (i < b->notices->n && b->done[i])
        i++;
    b->n = 0;
    if (i == b->notices->n)
        return false;
    struct notice *first = &b->notices->list[i];
    b->list[b->n++] = first;
    if (is_many(b, first))
        for (i++; i < b->notices->n; i++)
            if (!b->done[i] && together(first, &b->notices->list[i]))
                b->list[b->n++] = &b->notices->list[i];
    return true;
}

int batches_compose(struct batches *b, struct notice_mail *mail, struct failure *failure)
{
    int status = 0;

    if (b->n > 1)
        status = notice_compose_digest(mail, b->office, b->ledger, b->list, &b->n, DIGEST_BYTES,
                                       failure);
    if (status == 0 && b->n == 1) { /* none of the others fitted */
        notice_mail_free(mail);
        status = notice_compose(mail, b->office, b->ledger, b->list[0], failure);
    }
    for (size_t i = 0; i < b->n || i == 0; i++)
        b->done[b->list[i] - b->notices->list] = true;
    return status;
}
