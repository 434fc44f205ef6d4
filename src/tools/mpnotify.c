/* mpnotify: tells the partners what happened, one mail for each notice of the ledger. */
#include <errno.h>
#include <locale.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/lockfile.h"
#include "base/msg.h"
#include "base/when.h"
#include "mpnotify_config.h"
#include "mpnotify_send.h"
#include "mpnotify_show.h"

#define MAILER_DEFAULT "/usr/sbin/sendmail"

static int no_memory(void)
{
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

static const char *mailer_of(const struct options *o, const struct config *c)
{
    if (o->sendmail)
        return o->sendmail;
    return c->settings.sendmail ? c->settings.sendmail : MAILER_DEFAULT;
}

typedef int work(const struct options *o, struct batches *b, const char *mailer);

static int show_batches(const struct options *o, struct batches *b, const char *mailer)
{
    (void)mailer;
    return show(o, b);
}

/* The work on what waits: all of it, or what the options say. */
static int with_notices(const struct options *o, const struct config *c, struct ledger *l, bool all,
                        work *do_it)
{
    struct notices notices = {0};
    struct batches b = {.office = &c->office,
                        .ledger = l,
                        .notices = &notices,
                        .digest = o->digest == DIGEST_AS_SET ? c->settings.digest : o->digest};
    int status = 0;

    if (notices_load(&notices, l, all ? WHEN_NONE : o->since, all ? 0 : (int64_t)o->only))
        status = batches_begin(&b) ? do_it(o, &b, mailer_of(o, c)) : no_memory();
    batches_end(&b);
    notices_free(&notices);
    return status;
}

static int no_such(const struct options *o, struct ledger *l)
{
    int64_t sent =
        ledger_int_of(l, 0, "SELECT sent FROM notices WHERE id = ?", "i", (int64_t)o->only);
    int64_t is = ledger_int_of(l, 0, "SELECT id FROM notices WHERE id = ?", "i", (int64_t)o->only);

    if (ledger_failure(l)->status)
        return 0;
    if (is == 0)
        msg_error("--only %llu: there is no such notice", (unsigned long long)o->only);
    else if (sent && o->mode == MODE_SEND)
        msg_error("--only %llu: it was sent already", (unsigned long long)o->only);
    return is == 0 || (sent && o->mode == MODE_SEND) ? EXIT_USAGE : 0;
}

static int work_on(const struct options *o, const struct config *c, struct ledger *l)
{
    int status = o->only ? no_such(o, l) : 0;

    if (status)
        return status;
    if (o->mode != MODE_SEND)
        return with_notices(o, c, l, false, show_batches);
    status = with_notices(o, c, l, true, send_claimed);
    if (status > EXIT_FOUND || ledger_failure(l)->status)
        return status;
    return exit_worse(status, with_notices(o, c, l, false, send_batches));
}

static int open_ledger(const struct options *o, const struct config *c, const char *path)
{
    bool write = o->mode == MODE_SEND && !o->dry_run;
    struct ledger *l = ledger_open(path, write ? LEDGER_WRITE : LEDGER_READ);
    int status = 0;

    if (l == NULL)
        return no_memory();
    if (ledger_failure(l)->status == 0)
        status = work_on(o, c, l);
    if (ledger_failure(l)->status) {
        msg_error("%s", failure_text(ledger_failure(l)));
        status = exit_worse(status, ledger_failure(l)->status);
    }
    ledger_close(l);
    return status;
}

/* One run at a time sends; whoever looks needs no lock. */
static int notify(const struct options *o, const struct config *c)
{
    const char *path = o->ledger            ? o->ledger
                       : c->settings.ledger ? c->settings.ledger
                                            : LEDGER_DEFAULT;
    struct lockfile lock = {.fd = -1};
    struct failure failure = {0};
    struct text name = {0};
    int status = 0;

    if (access(path, F_OK) != 0) {
        msg_error("%s: no ledger: %s: senderblock makes it; --ledger names another one", path,
                  strerror(errno));
        return EXIT_NOINPUT;
    }
    text_addf(&name, "%s.notify.lock%c", path, 0);
    if (name.failed)
        return no_memory();
    if (o->mode == MODE_SEND && !o->dry_run)
        status = lockfile_take(&lock, name.p, &failure);
    if (status)
        msg_error("%s", failure_text(&failure));
    else
        status = open_ledger(o, c, path);
    lockfile_drop(&lock);
    failure_free(&failure);
    text_free(&name);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = {.mode = MODE_LIST};
    struct config config = {.partners = NULL};

    msg_init(argv[0]);
    setlocale(LC_CTYPE, "");
    int status = mpnotify_options(&o, argc, argv);
    if (status >= 0)
        return status;
    status = config_load(&config, o.conf, o.mode == MODE_SEND && !o.dry_run);
    if (status == 0 && !o.check)
        status = notify(&o, &config);
    config_free(&config);
    return status;
}
