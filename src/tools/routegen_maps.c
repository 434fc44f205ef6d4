#include "routegen_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "act/blockdir.h"
#include "act/mapreport.h"
#include "base/exits.h"
#include "base/msg.h"

#define LOCK_TRIES 50
#define LOCK_PAUSE 100000000L /* ns */

int run_told(struct failure *failure)
{
    int status = failure->status;

    if (status)
        msg_error("%s", failure_text(failure));
    failure_free(failure);
    return status;
}

static void print_problems(struct run *r, struct problems *problems)
{
    r->troubles += problems->count;
    problems_print(problems);
    problems_free(problems);
}

int maps_build(struct run *r, struct blockmap *maps, int64_t now)
{
    struct problems problems = {0};
    struct failure failure = {0};
    struct route_slots slots = {.n = 0};
    int status = 0;

    if (route_postfix_ours(&r->postfix, r->ledger, r->providers, &r->conf, &failure) != 0)
        return run_told(&failure);
    const struct route_map_input in = {r->ledger, r->providers, r->known.customers,
                                       &r->means, &slots,       &r->conf.ours};
    if (!route_slots_make(&slots, r->ledger, route_means_slots(&r->means),
                          route_means_usable(&r->means), now, &problems) ||
        !route_map_build(maps, &in, &problems))
        status = ledger_failure(r->ledger)->status
                     ? ledger_failure(r->ledger)->status
                     : ledger_fail(r->ledger, EXIT_TEMPFAIL, "out of memory");
    route_slots_free(&slots);
    print_problems(r, &problems);
    return status;
}

/* The folder above ours may be senderblock's, which hasn't run yet. */
static int make_parent(const char *path, struct failure *failure)
{
    char *parent = strdup(path), *slash = parent ? strrchr(parent, '/') : NULL;

    if (parent == NULL)
        return failure_memory(failure);
    if (slash && slash != parent) {
        *slash = '\0';
        if (mkdir(parent, 0755) != 0 && errno != EEXIST)
            failure_set(failure, EXIT_CANTCREAT,
                        "%s: can't be made: %s: make it, or name another "
                        "folder with --maps",
                        parent, strerror(errno));
    }
    free(parent);
    return failure->status;
}

/* Another run of ours is soon done. */
static int open_dir(struct blockdir *dir, const char *path, struct failure *failure)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE};

    for (int i = 0; i < LOCK_TRIES; i++) {
        if (blockdir_open(dir, path, false, failure) != EXIT_TEMPFAIL)
            return failure->status;
        if (i + 1 < LOCK_TRIES) {
            failure_free(failure);
            *failure = (struct failure){0};
            nanosleep(&pause, NULL);
        }
    }
    return failure->status;
}

/* What is left to do by hand. */
static void add_commands(struct run *r, const struct blockmap *maps, const bool *changed)
{
    const char *type = r->o->type ? r->o->type : "lmdb";
    size_t indexed = 0, others = 0;

    for (size_t i = 0; i < maps->n; i++) {
        if (!changed[i])
            continue;
        if (maps->maps[i].kind != MAP_INDEXED) {
            others++;
            continue;
        }
        text_add(&r->out, indexed++ ? SL(" ") : SL("next: postmap "));
        text_addf(&r->out, "%s:%s/%s", type, r->o->dir, maps->maps[i].name);
    }
    if (others)
        text_addf(&r->out, "%spostfix reload", indexed ? " && " : "next: ");
    if (indexed + others)
        text_addc(&r->out, '\n');
}

int maps_install(struct run *r, struct blockmap *maps)
{
    struct blockdir dir = BLOCKDIR_NONE;
    struct failure failure = {0};
    const struct table_type *type = NULL;
    bool *changed = calloc(maps->n + 1, sizeof *changed);
    int status = changed ? 0 : failure_memory(&failure);

    if (status == 0 && r->o->postmap && (type = table_type_choose(r->o->type, &failure)) == NULL)
        status = failure.status;
    if (status == 0)
        status = make_parent(r->o->dir, &failure);
    if (status == 0)
        status = open_dir(&dir, r->o->dir, &failure);
    if (status == 0)
        status = blockdir_install(&dir, maps, type, changed, &failure);
    if (status == 0 && r->o->postmap && r->postfix.asked && !r->in_use)
        msg_warn("main.cf doesn't use these maps, so nothing is routed yet: add what `routegen "
                 "--print-postfix` prints");
    if (status == 0 && r->o->reload && blockdir_reload_due(&dir)) {
        if ((status = postfix_reload(&failure)) == 0)
            blockdir_reloaded(&dir);
    } else if (status == 0 && !r->o->reload && r->o->format == ROUTE_TABLE) {
        add_commands(r, maps, changed);
    }
    blockdir_close(&dir);
    free(changed);
    run_told(&failure);
    return status;
}

void maps_show(struct run *r, struct blockmap *maps)
{
    text_add(&r->out, SL("Nothing is changed (--dry-run). This is what the maps would hold:\n"));
    for (size_t i = 0; i < maps->n; i++)
        if (maps->maps[i].n && (r->o->verbose || strcmp(maps->maps[i].name, "mp_pool") != 0))
            report_map(&r->out, r->o->dir, &maps->maps[i]);
}

int maps_print(struct run *r)
{
    struct failure failure = {0};

    if (r->o->task == TASK_PRINT_MASTER) {
        route_master_cf(&r->out, &r->means, route_postfix_chroot(&r->postfix));
        return 0;
    }
    if (r->o->dir[0] != '/') {
        msg_error("%s: Postfix looks for maps in its own folder: name ours with its whole path "
                  "(--maps /...)",
                  r->o->dir);
        return EXIT_USAGE;
    }
    const struct table_type *type = table_type_choose(r->o->type, &failure);
    if (type == NULL)
        return run_told(&failure);
    route_main_cf(&r->out, r->o->dir, type->name, &r->means);
    return 0;
}

int maps_check(struct run *r)
{
    struct failure failure = {0};
    struct problems problems = {0};
    struct blockmap maps = {0};
    const struct table_type *type = table_type_choose(r->o->type, &failure);
    int status = type ? 0 : run_told(&failure);

    if (status)
        return status;
    if (ledger_begin(r->ledger))
        status = maps_build(r, &maps, WHEN_NONE);
    ledger_rollback(r->ledger);
    if (status == 0) {
        route_check(&(struct route_check){&r->postfix, &r->means, &maps, r->o->dir, type},
                    &problems);
        status = problems.count ? EXIT_FOUND : 0;
    }
    problems_print(&problems);
    problems_free(&problems);
    route_map_free(&maps);
    return run_status(r, status);
}
