#include "mpnotify_send.h"

#include "act/notice_mailer.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/when.h"

struct sending {
    const struct options *o;
    struct batches *b;
    const char *mailer;
    bool stop;
    size_t sent, left; /* notices */
};

static int tell(struct failure *f)
{
    int status = f->status;

    msg_error("%s", failure_text(f));
    failure_free(f);
    *f = (struct failure){0};
    return status;
}

/* "notice 12" or "notices 12 to 17". */
static void add_which(struct text *t, const struct batches *b)
{
    text_addf(t, b->n > 1 ? "notices %lld to %lld" : "notice %lld", (long long)b->list[0]->id,
              (long long)b->list[b->n - 1]->id);
}

static void report(const struct sending *s, const char *what)
{
    struct notice_addressee to = notice_addressee(s->b->office, s->b->list[0]->partner);
    struct text t = {0};

    add_which(&t, s->b);
    text_addf(&t, ": %s ", what);
    notice_add_addresses(&t, s->b->office, &to, " ");
    msg_info("%.*s", (int)t.n, t.n ? t.p : "");
    text_free(&t);
}

static int nobody(struct sending *s)
{
    const struct notice *n = s->b->list[0];

    s->left++;
    s->b->done[n - s->b->notices->list] = true;
    msg_warn(
        "notice %lld: nobody to send it to: the partner %.*s has no address in `partners', and "
        "[notify] copy isn't set: it stays",
        (long long)n->id, n->partner.n ? (int)n->partner.n : 1, n->partner.n ? n->partner.p : "-");
    return EXIT_FOUND;
}

/* Claimed; what the mailer said decides what becomes of the claim. */
static int hand_over(struct sending *s, struct slice mail)
{
    struct batches *b = s->b;
    struct failure failure = {0};
    enum mailer_result result = mailer_send(s->mailer, b->office->settings->notify_from, mail,
                                            (unsigned)s->o->timeout, &failure);

    s->stop = result == MAILER_MISSING || result == MAILER_UNSURE;
    if (result == MAILER_TOOK) {
        if (s->o->verbose)
            report(s, "sent to");
        s->sent += b->n;
        return notices_sent(b->ledger, b->list, b->n, when_now());
    }
    s->left += b->n;
    struct text t = {0};
    add_which(&t, b);
    msg_error("%.*s: not sent: %s", (int)t.n, t.n ? t.p : "", failure_text(&failure));
    text_free(&t);
    int status = failure.status;
    failure_free(&failure);
    if (result != MAILER_UNSURE)
        status = exit_worse(status, notices_release(b->ledger));
    return status;
}

static int send_mail(struct sending *s)
{
    struct notice_mail mail = {.rows = 0};
    struct failure failure = {0};
    int status = batches_compose(s->b, &mail, &failure);

    if (status) {
        s->left += s->b->n ? s->b->n : 1;
        status = tell(&failure);
    } else if (s->o->dry_run) {
        report(s, "would be sent to");
    } else if ((status = notices_claim(s->b->ledger, s->b->list, s->b->n)) == 0) {
        status = hand_over(s, text_slice(&mail.message));
    }
    s->stop = s->stop || ledger_failure(s->b->ledger)->status || status == EXIT_CONFIG;
    notice_mail_free(&mail);
    return status;
}

static int one(struct sending *s)
{
    return notice_addressee(s->b->office, s->b->list[0]->partner).n ? send_mail(s) : nobody(s);
}

static void sum_up(const struct sending *s)
{
    size_t untried = 0;

    for (size_t i = 0; i < s->b->notices->n; i++)
        untried += !s->b->done[i];
    if (untried)
        msg_warn("stopped: %zu more %s", untried, untried == 1 ? "waits" : "wait");
    if (s->o->verbose && !s->o->dry_run)
        msg_info("%zu sent, %zu not", s->sent, s->left + untried);
}

int send_batches(const struct options *o, struct batches *b, const char *mailer)
{
    struct sending s = {.o = o, .b = b, .mailer = mailer};
    int status = 0;

    while (!s.stop && batches_next(b))
        status = exit_worse(status, one(&s));
    sum_up(&s);
    return status;
}

/* The notices of the claim that still wait become the batch. */
static void gather(struct batches *b, const int64_t *id, size_t n)
{
    b->n = 0;
    for (size_t i = 0; i < b->notices->n; i++)
        for (size_t j = 0; j < n; j++)
            if (b->notices->list[i].id == id[j] && b->n < b->notices->n)
                b->list[b->n++] = &b->notices->list[i];
}

int send_claimed(const struct options *o, struct batches *b, const char *mailer)
{
    struct sending s = {.o = o, .b = b, .mailer = mailer};
    struct arena arena = {0};
    int64_t *id;
    size_t n;
    int status = 0;

    if (notices_claimed(b->ledger, &arena, &id, &n) && n) {
        gather(b, id, n);
        if (b->n)
            status = one(&s);
        else if (!o->dry_run)
            status = notices_release(b->ledger);
    }
    arena_free(&arena);
    return status;
}
