#include "act/delist_parts.h"

#include <stdlib.h>

#include "base/exits.h"
#include "base/moment.h"

#define REPEATS (30 * WHEN_DAY)

static const struct slice verdict_name[DELIST_VERDICTS] = {
    [DELIST_ALLOWED] = SL("allowed"),      [DELIST_REFUSED] = SL("not allowed"),
    [DELIST_WAITING] = SL("asked"),        [DELIST_FOLLOW_UP] = SL("follow up"),
    [DELIST_TOO_EARLY] = SL("too early"),  [DELIST_BEHIND] = SL("later"),
    [DELIST_BY_ITSELF] = SL("by itself"),  [DELIST_NOBODY] = SL("nobody to ask"),
    [DELIST_UNCONFIRMED] = SL("one look"), [DELIST_GOING] = SL("going"),
    [DELIST_UNKNOWN] = SL("unknown"),
};
static const struct slice cause_name[CAUSES] = {
    [CAUSE_GONE] = SL("gone"),       [CAUSE_NONE] = SL("none"),       [CAUSE_RECENT] = SL("recent"),
    [CAUSE_UNKNOWN] = SL("unknown"), [CAUSE_UNFIXED] = SL("unfixed"),
};

struct slice delist_verdict_name(unsigned verdict)
{
    return verdict < DELIST_VERDICTS ? verdict_name[verdict] : SLICE_NONE;
}

struct slice delist_cause_name(unsigned cause)
{
    return cause < CAUSES ? cause_name[cause] : SLICE_NONE;
}

void delist_add_time(struct text *out, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    if (us == WHEN_NONE)
        return;
    when_print(buf, us, 0);
    text_add(out, slice_of(buf, 10));
    text_addc(out, ' ');
    text_add(out, slice_of(buf + 11, 5));
    text_add(out, SL(" UTC"));
}

void delist_add_span(struct text *out, int64_t us)
{
    int64_t n = us < 0 ? 0 : us / WHEN_SECOND / 60;
    const char *unit = "minute";

    if (n >= 96 * 60) {
        n /= 24 * 60;
        unit = "day";
    } else if (n >= 100) {
        n /= 60;
        unit = "hour";
    }
    text_addf(out, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

/* --- what the ledger has --- */

#define COLUMNS                                                                               \
    "SELECT id, ip, provider, state, first, coalesce(since, first), last, code, reason, url," \
    " sample, source FROM listings"

static bool grow(struct delists *d)
{
    size_t cap = d->cap ? 2 * d->cap : 16;
    struct delist *more;

    if (d->n < d->cap)
        return true;
    if ((more = realloc(d->list, cap * sizeof *more)) == NULL)
        return false;
    d->list = more;
    d->cap = cap;
    return true;
}

/* A list that was asked as a whole: which part of it is meant, by its code. */
static const struct provider *part_of_code(const struct providers *providers,
                                           const struct provider *p, struct slice code)
{
    const char *blank = slice_chr(code, ' ');
    struct ipaddr a;

    if (p == NULL || p->zone.zone.n == 0 ||
        !ipaddr_parse(blank ? slice_range(code.p, blank) : code, &a) || !ipaddr_is_v4(a))
        return p;
    const struct provider *part = provider_of_code(providers, p, (uint32_t)a.lo);
    return part ? part : p;
}

static bool take_row(struct delists *d, const struct ledger_rows *r, const struct delist_office *o)
{
    struct arena *arena = &d->arena;

    if (!grow(d))
        return false;
    struct delist *x = &d->list[d->n++];
    *x = (struct delist){.id = ledger_int(r, 0),
                         .ip = arena_slice(arena, ledger_text(r, 1)),
                         .list = arena_slice(arena, ledger_text(r, 2)),
                         .state = arena_slice(arena, ledger_text(r, 3)),
                         .first = ledger_int(r, 4),
                         .since = ledger_int(r, 5),
                         .last = ledger_int(r, 6),
                         .code = arena_slice(arena, ledger_text(r, 7)),
                         .said = arena_slice(arena, ledger_text(r, 8)),
                         .url = arena_slice(arena, ledger_text(r, 9)),
                         .sample = arena_slice(arena, ledger_text(r, 10)),
                         .by_log = slice_eq(ledger_text(r, 11), SL("log")),
                         .fixed = WHEN_NONE,
                         .cleared = WHEN_NONE,
                         .drafted = WHEN_NONE,
                         .asked = WHEN_NONE,
                         .asked_last = WHEN_NONE,
                         .at = WHEN_NONE};
    x->provider = part_of_code(o->providers, provider_find(o->providers, x->list), x->code);
    if (x->provider)
        x->policy = delist_texts_find(o->texts, x->provider->id);
    return true;
}

static struct slice stated(struct ledger *l, struct arena *arena, int64_t listing, const char *what)
{
    struct ledger_rows r = ledger_query(l,
                                        "SELECT reason FROM journal WHERE listing = ? AND"
                                        " what = ? ORDER BY id DESC LIMIT 1",
                                        "it", listing, slice_str(what));
    struct slice s = SLICE_NONE;

    if (ledger_next(&r))
        s = arena_slice(arena, ledger_text(&r, 0));
    ledger_done(&r);
    return s;
}

static void take_statement(struct ledger *l, struct arena *arena, struct delist *x)
{
    x->stated = stated(l, arena, x->id, "cause");
    x->measure = stated(l, arena, x->id, "measure");
    char *fixed = arena_str(arena, stated(l, arena, x->id, "fixed"));
    if (fixed == NULL || !time_option(fixed, 0, &x->fixed))
        x->fixed = WHEN_NONE;
}

static void take_requests(struct ledger *l, struct arena *arena, struct delist *x, int64_t now)
{
    struct ledger_rows r = ledger_query(l,
                                        "SELECT id, time, sent, answer FROM requests WHERE listing"
                                        " = ? ORDER BY id DESC LIMIT 1",
                                        "i", x->id);

    if (ledger_next(&r)) {
        x->request = ledger_int(&r, 0);
        x->drafted = ledger_int(&r, 1);
        x->answer = arena_slice(arena, ledger_text(&r, 3));
    }
    ledger_done(&r);
    x->asked =
        ledger_int_of(l, WHEN_NONE, "SELECT max(sent) FROM requests WHERE listing = ?", "i", x->id);
    r = ledger_query(l,
                     "SELECT max(r.sent), count(*) FILTER (WHERE r.sent > ?) FROM requests r"
                     " JOIN listings g ON g.id = r.listing WHERE g.ip = ? AND g.provider = ?"
                     " AND r.sent IS NOT NULL",
                     "itt", now - REPEATS, x->ip, x->list);
    if (ledger_next(&r)) {
        x->asked_last = ledger_int(&r, 0);
        x->asked_before = (unsigned)ledger_int(&r, 1);
    }
    ledger_done(&r);
    x->cleared = ledger_int_of(l, WHEN_NONE,
                               "SELECT max(until) FROM listings WHERE ip = ? AND provider = ? AND"
                               " state = 'clear' AND since IS NOT NULL AND until > ?",
                               "tti", x->ip, x->list, x->first - REPEATS);
}

static bool take_culprits(struct ledger *l, struct arena *arena, struct delist *x,
                          const struct delist_office *o)
{
    int64_t quiet = x->provider ? x->provider->quiet * 3600 * WHEN_SECOND : 0;
    struct culprit_question q = {.ip = x->ip,
                                 .from = x->first - o->before,
                                 .now = o->now,
                                 .quiet = quiet > o->quiet ? quiet : o->quiet};

    return culprits_find(l, &q, arena, &x->culprit, &x->culprits);
}

bool delists_load(struct delists *out, struct ledger *l, const struct delist_office *o,
                  int64_t only)
{
    struct ledger_rows r = only
                               ? ledger_query(l, COLUMNS " WHERE id = ?", "i", only)
                               : ledger_query(l, COLUMNS " WHERE state <> 'clear' ORDER BY id", "");
    bool good = true;

    while (good && ledger_next(&r))
        good = take_row(out, &r, o);
    ledger_done(&r);
    for (size_t i = 0; good && i < out->n; i++) {
        take_statement(l, &out->arena, &out->list[i]);
        take_requests(l, &out->arena, &out->list[i], o->now);
        good = take_culprits(l, &out->arena, &out->list[i], o);
    }
    for (size_t i = 0; good && i < out->n; i++)
        good = delist_decide(&out->list[i], l, o, &out->arena);
    if (!good && ledger_failure(l)->status == 0)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return ledger_failure(l)->status == 0;
}

void delists_free(struct delists *d)
{
    free(d->list);
    arena_free(&d->arena);
    *d = (struct delists){.n = 0};
}
