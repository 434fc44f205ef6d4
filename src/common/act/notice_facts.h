/* notice_facts: what a notice knows, by name: the JSON object notices.facts taken apart, and what
 * its readers add (the partner's name, the listing's row). mptools-ledger(5) names the facts.
 *
 * A fact is one value (row and column 0), a list (a row each), or a list of lists. Values are bytes
 * of a stranger as they are; whoever shows them escapes them. Starts as {0}, ends in
 * notice_facts_free(), owns its memory. Of more than NOTICE_FACTS_MOST values the rest is dropped:
 * our own tools write far fewer.
 */
#ifndef MPTOOLS_ACT_NOTICE_FACTS_H
#define MPTOOLS_ACT_NOTICE_FACTS_H

#include "act/ledger.h"
#include "base/arena.h"

#define NOTICE_FACTS_MOST 4096u

struct notice_fact {
    struct slice name, value;
    unsigned row, column;
};

struct notice_facts {
    struct arena arena;
    struct notice_fact *list;
    size_t n, cap;
};

/* False when memory runs out. An empty value is not kept: it is as good as unknown. */
bool notice_facts_add(struct notice_facts *f, struct slice name, unsigned row, unsigned column,
                      struct slice value);
bool notice_facts_add_int(struct notice_facts *f, struct slice name, int64_t value);
bool notice_facts_add_time(struct notice_facts *f, struct slice name, int64_t time); /* or NONE */
/* Those of the ledger's notice; facts that are there already stay. False: a failure of the ledger,
 * or memory. */
bool notice_facts_load(struct notice_facts *f, struct ledger *l, int64_t notice);
void notice_facts_free(struct notice_facts *f);

/* p is NULL when it isn't known. */
struct slice notice_fact(const struct notice_facts *f, struct slice name);
struct slice notice_fact_at(const struct notice_facts *f, struct slice name, unsigned row,
                            unsigned column);
unsigned notice_fact_rows(const struct notice_facts *f, struct slice name);

/* RFC 3339 in UTC (`Z`), a fraction is cut to microseconds; WHEN_NONE when it isn't that. */
int64_t notice_time(struct slice s);

#endif
