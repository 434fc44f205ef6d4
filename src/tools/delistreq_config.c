#include "delistreq_config.h"

#include "act/ledger.h"
#include "act/notice_escape.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/share.h"

static struct slice first_of(const char *option, const char *setting)
{
    return slice_str(option ? option : setting);
}

static void set_office(struct delistreq_config *c, const struct options *o)
{
    const struct settings *s = &c->settings;

    c->office = (struct delist_office){
        .providers = c->providers,
        .outbound = &c->outbound,
        .texts = c->texts,
        .organisation =
            first_of(o->organisation, s->organisation ? s->organisation : s->notify_operator),
        .name = first_of(o->name, s->delist_name),
        .from = first_of(o->from, s->delist_from ? s->delist_from : s->notify_from),
        .phone = first_of(o->phone, s->phone),
        .website = first_of(o->website, s->website),
        .now = o->now,
        .quiet = s->quiet * WHEN_SECOND,
        .before = o->before,
    };
    c->ledger = o->ledger ? o->ledger : s->ledger ? s->ledger : LEDGER_DEFAULT;
}

int delistreq_config_load(struct delistreq_config *c, const struct options *o)
{
    const char *dir = conf_dir(o->conf);
    struct problems problems = {0};

    settings_load(dir, &problems, &c->settings);
    outbound_load(&c->outbound, dir, &problems);
    c->providers = providers_load(NULL, dir, &problems);
    c->texts = delist_texts_load(share_dir(), dir, &problems);
    set_office(c, o);
    int status = problems.count ? EXIT_CONFIG : 0;
    problems_print(&problems);
    problems_free(&problems);
    return status;
}

void delistreq_config_free(struct delistreq_config *c)
{
    delist_texts_free(c->texts);
    providers_free(c->providers);
    outbound_free(&c->outbound);
    settings_free(&c->settings);
}

int delistreq_config_asks(const struct delistreq_config *c)
{
    if (c->office.from.n == 0)
        msg_error("nobody knows where answers go: name an address with --from, or in mptools.conf");
    else if (!notice_is_address(c->office.from))
        msg_error("%.*s: is no plain mail address: correct --from, or mptools.conf",
                  (int)c->office.from.n, c->office.from.p);
    else if (c->office.organisation.n == 0)
        msg_error("nobody knows who asks: name it with --organisation, or in mptools.conf");
    else
        return 0;
    return EXIT_CONFIG;
}
