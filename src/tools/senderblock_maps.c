#include "senderblock_maps.h"

#include <stdlib.h>
#include <string.h>

#include "act/blockdir.h"
#include "act/mapreport.h"
#include "act/never.h"
#include "act/postfixcheck.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/share.h"

static int told(struct failure *failure)
{
    int status = failure->status;

    if (status)
        msg_error("%s", failure_text(failure));
    failure_free(failure);
    return status;
}

/* The maps as the ledger wants them; blockmap_free() them in any case. */
static int build(const struct options *o, struct config *c, struct ledger *l, struct blockmap *maps)
{
    const struct blockmap_options bo = {.slots = (unsigned)o->slots,
                                        .contact = c->settings.contact};
    const struct customers *customers = annotate_customers(c->annotate);
    struct standing standing = {0};
    struct problems problems = {0};
    bool ok =
        standing_load(l, &standing) && blockmap_build(maps, &standing, customers, &bo, &problems);

    if (standing.n && customers == NULL && strcmp(o->conf, CONF_DIR_DEFAULT) != 0)
        msg_warn("%s/customers: is not there, so each login or address stands for itself", o->conf);
    problems_print(&problems);
    problems_free(&problems);
    standing_free(&standing);
    if (ok)
        return 0;
    return ledger_failure(l)->status ? ledger_failure(l)->status
                                     : ledger_fail(l, EXIT_TEMPFAIL, "out of memory");
}

static int install(const struct options *o, struct blockmap *maps, struct text *report)
{
    struct blockdir dir = BLOCKDIR_NONE;
    struct failure failure = {0};
    const struct table_type *type = NULL;
    bool *changed = calloc(maps->n + 1, sizeof *changed);
    int status = changed ? 0 : failure_memory(&failure);

    if (status == 0 && o->postmap && (type = table_type_choose(o->type, &failure)) == NULL)
        status = failure.status;
    if (status == 0)
        status = blockdir_open(&dir, o->dir, false, &failure);
    if (status == 0)
        status = blockdir_install(&dir, maps, type, changed, &failure);
    if (status == 0 && o->postmap && !postfix_has_classes(maps->slots))
        msg_warn("main.cf doesn't use these maps, so nothing is blocked yet: add what `senderblock "
                 "--print-postfix` prints");
    if (status == 0 && o->reload && blockdir_reload_due(&dir)) {
        if ((status = postfix_reload(&failure)) == 0)
            blockdir_reloaded(&dir);
    } else if (status == 0 && !o->reload)
        report_commands(report, o->dir, o->type, maps, changed);
    blockdir_close(&dir);
    free(changed);
    told(&failure);
    return status;
}

int maps_install(const struct options *o, struct config *c, struct ledger *l, struct text *report)
{
    struct blockmap maps = {0};
    int status = build(o, c, l, &maps);

    if (status == 0)
        status = install(o, &maps, report);
    blockmap_free(&maps);
    return status;
}

int maps_show(const struct options *o, struct config *c, struct ledger *l, struct text *report)
{
    struct blockmap maps = {0};
    int status = build(o, c, l, &maps);

    text_add(report, SL("Nothing is changed (--dry-run). This is what the maps would hold:\n"));
    for (size_t i = 0; status == 0 && i < maps.n; i++)
        if (maps.maps[i].n)
            report_map(report, o->dir, &maps.maps[i]);
    blockmap_free(&maps);
    return status;
}

int maps_print(const struct options *o, struct text *report)
{
    struct failure failure = {0};
    const struct table_type *type = table_type_choose(o->type, &failure);

    if (type == NULL)
        return told(&failure);
    blockmap_main_cf(report, o->dir, type->name, (unsigned)o->slots);
    return 0;
}

int maps_check(const struct options *o)
{
    struct failure failure = {0};
    struct problems problems = {0};
    const struct table_type *type = table_type_choose(o->type, &failure);
    int status = type ? postfix_check(o->dir, type->name, (unsigned)o->slots, &problems, &failure)
                      : failure.status;

    problems_print(&problems);
    if (status == 0 && problems.count)
        status = EXIT_FOUND;
    problems_free(&problems);
    told(&failure);
    return status;
}

int maps_check_config(const struct options *o, struct config *c)
{
    struct problems problems = {0};
    struct never never;
    int status;

    never_load(&never, o->conf, &problems);
    never_free(&never);
    if (c->settings.contact && !blockmap_contact_good(c->settings.contact))
        problem_add(&problems, NULL, 0,
                    "%s/mptools.conf: contact: needs 1 to 120 printable ASCII characters without "
                    "blanks or $, as https://relay.example/ticket",
                    o->conf);
    status = problems.count ? EXIT_CONFIG : 0;
    problems_print(&problems);
    problems_free(&problems);
    return status;
}
