#include "judge/calibrate.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/when.h"
#include "judge/calibrate_parts.h"
#include "judge/usual.h"

static struct slice key_of(const struct witness *w)
{
    return slice_of((const char *)&w->who, sizeof w->who);
}

static struct witness *witness_of(struct calibrate *c, struct slice identity)
{
    struct witness wanted = {.who = identity.p}, *w = c->last;

    if (w && w->who == identity.p)
        return w;
    if ((w = map_get(&c->by_name, key_of(&wanted))) != NULL)
        return c->last = w;
    if ((w = arena_alloc(&c->arena, sizeof *w)) == NULL)
        return NULL;
    w->who = identity.p;
    if (!map_put(&c->by_name, key_of(w), w))
        return NULL;
    *c->end = w;
    c->end = &w->next;
    c->witnesses++;
    return c->last = w;
}

/* Another message: the hour may have doubled. */
static void count_message(struct calibrate *c, struct witness *w)
{
    int64_t hour = hour_of(c->time);

    c->messages++;
    if (w->messages == 0 || hour > w->hour) {
        w->hour = (int32_t)hour;
        w->messages = 0;
    }
    w->messages += w->messages < UINT32_MAX;
    if (w->messages & (w->messages - 1))
        return;
    w->hours++;
    w->doubled += w->messages > 1;
}

static struct cell *cell_of(struct calibrate *c, struct witness *w, enum sign sign)
{
    struct cell *cell = w->newest[sign];

    if (cell && cell->day == c->day)
        return cell;
    if ((cell = arena_alloc(&c->arena, sizeof *cell)) == NULL)
        return NULL;
    cell->older = w->newest[sign];
    cell->day = c->day;
    c->cells[sign]++;
    return w->newest[sign] = cell;
}

/* The scorer's word on every sign. A message has one sender, new or not, when it arrives. */
static void seen(void *user, struct slice identity, enum sign sign, float yes, float usual_least)
{
    struct calibrate *c = user;
    struct witness *w = witness_of(c, identity);
    struct cell *cell = w ? cell_of(c, w, sign) : NULL;

    if (cell == NULL) {
        c->failed = true;
        return;
    }
    cell->yes += yes;
    cell->no += 1 - yes;
    cell->least += usual_least;
    if (sign == SIGN_NEW_SENDER)
        count_message(c, w);
}

static bool begin(struct calibrate *c, const struct scoring *scoring)
{
    struct scorer_options so = {.scoring = scoring,
                                .customers = c->o.customers,
                                .geo = c->o.geo,
                                .seen = c->at == 0 ? seen : NULL,
                                .user = c};

    scorer_free(c->scorer);
    return (c->scorer = scorer_new(&so)) != NULL;
}

struct calibrate *calibrate_new(const struct calibrate_options *options)
{
    struct calibrate *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->o = *options;
    c->end = &c->first;
    c->from = c->to = WHEN_NONE;
    c->day = INT32_MIN;
    if (begin(c, options->scoring))
        return c;
    calibrate_free(c);
    return NULL;
}

void calibrate_free(struct calibrate *c)
{
    if (c == NULL)
        return;
    scorer_free(c->scorer);
    text_free(&c->pass[0].list);
    text_free(&c->pass[1].list);
    map_free(&c->by_name);
    map_free(&c->flagged);
    arena_free(&c->arena);
    free(c);
}

bool calibrate_record(struct calibrate *c, const struct record *r)
{
    int64_t day = r->time / WHEN_DAY;

    c->time = r->time;
    if (c->from == WHEN_NONE || r->time < c->from)
        c->from = r->time;
    if (r->time > c->to)
        c->to = r->time;
    if (day > c->day)
        c->day = day < INT32_MAX ? (int32_t)day : INT32_MAX;
    return scorer_record(c->scorer, r) && !c->failed;
}

static void list_one(struct pass *pass, const struct suspect *one)
{
    char when[WHEN_TEXT_MAX];
    size_t n = when_print(when, one->time, 0);
    struct slice state = suspect_state_name(one->state);

    if (++pass->named > LISTED)
        return;
    text_add(&pass->list, SL("  "));
    text_add_visible(&pass->list, one->identity);
    text_addf(&pass->list, ": %.*s at %.*s, score %.2f of %.2f, %llu message%s since ",
              (int)state.n, state.p, (int)n, when, one->score, one->threshold,
              (unsigned long long)one->messages, one->messages == 1 ? "" : "s");
    n = when_print(when, one->since, 0);
    text_addf(&pass->list, "%.*s\n", (int)n, when);
}

/* On the first pass. */
static bool take_one(struct calibrate *c, const struct suspect *one)
{
    struct witness wanted = {.who = one->identity.p};
    struct witness *w = map_get(&c->by_name, key_of(&wanted));
    struct slice name = arena_slice(&c->arena, one->identity);

    if (w && !c->o.all)
        w->left_out = true;
    return name.n && map_put(&c->flagged, name, c);
}

/* Who was flagged; and on the first pass, who is left out therefore. */
static bool take_flagged(struct calibrate *c, struct pass *pass)
{
    size_t n = scorer_rank(c->scorer, false);
    struct scorer_stats stats;
    struct suspect one;
    bool ok = n != SIZE_MAX;

    for (size_t i = 0; ok && i < n; i++) {
        scorer_suspect(c->scorer, i, &one);
        if (one.state < STATE_COMPROMISED) {
            pass->suspects++;
            continue;
        }
        pass->flagged++;
        if (map_get(&c->flagged, one.identity) == NULL)
            list_one(pass, &one);
        ok = c->at || take_one(c, &one);
    }
    scorer_stats(c->scorer, &stats);
    pass->flags = stats.flags;
    return ok && !pass->list.failed;
}

bool calibrate_end(struct calibrate *c)
{
    struct pass *pass = &c->pass[c->at];

    if (!scorer_end(c->scorer) || c->failed || !take_flagged(c, pass))
        return false;
    pass->over = true;
    return c->at || estimate_all(c);
}

bool calibrate_rereads(char *const *names, int count)
{
    struct stat st;

    for (int i = 0; i < count; i++)
        if (strcmp(names[i], "-") == 0 || stat(names[i], &st) != 0 || !S_ISREG(st.st_mode))
            return false;
    return count > 0;
}

bool calibrate_again(struct calibrate *c)
{
    c->at = 1;
    return begin(c, &c->fitted);
}

bool calibrate_clean(const struct calibrate *c)
{
    return c->pass[0].flagged == 0;
}

bool calibrate_any(const struct calibrate *c)
{
    for (unsigned i = 0; i < SIGN_COUNT; i++)
        if (c->fit[i].fitted)
            return true;
    return false;
}

const struct scoring *calibrate_scoring(const struct calibrate *c)
{
    return &c->fitted;
}
