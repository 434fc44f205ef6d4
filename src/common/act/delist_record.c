#include "act/delist_record.h"

#include "base/exits.h"

#define TOOL SL("delistreq")

static bool note(struct ledger *l, int64_t now, struct slice by, int64_t listing, struct slice what,
                 struct text *reason)
{
    if (reason->failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    bool good = ledger_journal(l, now, TOOL, by, 0, listing, what, text_slice(reason));
    text_free(reason);
    return good;
}

bool delist_record_draft(struct ledger *l, struct delist_request *r, const struct delist *x,
                         struct slice by, int64_t now)
{
    struct text text = {0}, reason = {0};
    int64_t draft = ledger_int_of(
        l, 0, "SELECT id FROM requests WHERE listing = ? AND sent IS NULL ORDER BY id DESC", "i",
        x->id);

    r->id = 0; /* its own number is no part of the text */
    delist_request_print(&text, r, x);
    if (text.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    if (draft) {
        ledger_run(l, "UPDATE requests SET time = ?, way = ?, address = ?, text = ? WHERE id = ?",
                   "ittti", now, delist_way_name(r->way), r->to, text_slice(&text), draft);
        r->id = draft;
    } else {
        ledger_run(l,
                   "INSERT INTO requests (listing, time, way, address, text)"
                   " VALUES (?, ?, ?, ?, ?)",
                   "iittt", x->id, now, delist_way_name(r->way), r->to, text_slice(&text));
        r->id = ledger_inserted(l);
        text_addf(&reason, "request %lld: ", (long long)r->id);
        text_add(&reason, x->reason);
        note(l, now, by, x->id, SL("prepared"), &reason);
    }
    text_free(&text);
    return ledger_failure(l)->status == 0;
}

/* The request's listing; 0 with a failure. */
static int64_t listing_of(struct ledger *l, int64_t request, struct failure *failure)
{
    int64_t listing =
        ledger_int_of(l, 0, "SELECT listing FROM requests WHERE id = ?", "i", request);

    if (listing == 0 && ledger_failure(l)->status == 0)
        failure_set(failure, EXIT_USAGE,
                    "%lld: there is no such request: a request has its number when delistreq has "
                    "printed it",
                    (long long)request);
    return listing;
}

static int status_of(const struct ledger *l, const struct failure *failure)
{
    return failure->status ? failure->status : ledger_failure(l)->status;
}

int delist_record_sent(struct ledger *l, int64_t request, struct slice by, int64_t now,
                       struct text *told, struct failure *failure)
{
    int64_t listing = listing_of(l, request, failure);
    struct text reason = {0};

    if (listing == 0)
        return status_of(l, failure);
    ledger_run(l, "UPDATE requests SET sent = ?, by = ? WHERE id = ? AND sent IS NULL", "iti", now,
               by, request);
    if (ledger_failure(l)->status == 0 && ledger_changes(l) == 0)
        return failure_set(failure, EXIT_USAGE, "request %lld: is noted as sent already",
                           (long long)request);
    text_addf(&reason, "request %lld was sent", (long long)request);
    note(l, now, by, listing, SL("asked"), &reason);
    text_addf(told, "request %lld: noted as sent at ", (long long)request);
    delist_add_time(told, now);
    text_addf(told, "; delistreq says when to look again at listing %lld\n", (long long)listing);
    return status_of(l, failure);
}

int delist_record_answer(struct ledger *l, int64_t request, struct slice answer, struct slice by,
                         int64_t now, struct text *told, struct failure *failure)
{
    int64_t listing = listing_of(l, request, failure);
    struct text reason = {0};

    if (listing == 0)
        return status_of(l, failure);
    ledger_run(l,
               "UPDATE requests SET answer = CASE answer WHEN '' THEN ? ELSE answer || char(10)"
               " || ? END WHERE id = ?",
               "tti", answer, answer, request);
    text_addf(&reason, "request %lld: ", (long long)request);
    text_add(&reason, answer);
    note(l, now, by, listing, SL("answered"), &reason);
    text_addf(told, "request %lld: the answer is noted; delistreq says what is next\n",
              (long long)request);
    return status_of(l, failure);
}

bool delist_record_cause(struct ledger *l, int64_t listing, struct slice cause,
                         struct slice measure, int64_t fixed, struct slice by, int64_t now)
{
    char buf[WHEN_TEXT_MAX];

    ledger_journal(l, now, TOOL, by, 0, listing, SL("cause"), cause);
    ledger_journal(l, now, TOOL, by, 0, listing, SL("measure"), measure);
    return ledger_journal(l, now, TOOL, by, 0, listing, SL("fixed"),
                          slice_of(buf, when_print(buf, fixed, 6)));
}
