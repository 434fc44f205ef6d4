/* blwatch_report: what blwatch(8) writes out: a line for each event, or tables for people. */
#ifndef MPTOOLS_TOOLS_BLWATCH_REPORT_H
#define MPTOOLS_TOOLS_BLWATCH_REPORT_H

#include "act/listing_dns.h"
#include "blwatch_options.h"
#include "judge/table.h"

struct report {
    struct text text;
    enum output_format format;
    struct table_style style;
    unsigned rows;
};

/* Starts as {0} with format and style. A row: times WHEN_NONE and empty texts are unknown. */
struct report_row {
    int64_t time, since;
    struct slice event, ip, provider, state, code, reason, url;
};
void report_row(struct report *r, const struct report_row *row);

/* Of one look: what every list says of an address; a table, or rows. Returns how many lists that
 * may be acted upon have it. */
unsigned report_look(struct report *r, const struct providers *providers,
                     const struct listing_lists *lists, const struct dnsbl *d, unsigned addr,
                     struct slice ip, int64_t time);
/* A table of the listings that are open; nothing for the other formats. */
void report_open(struct report *r, struct ledger *l, const struct providers *providers);

/* To stdout or o->output; 0 or the status. */
int report_write_out(struct report *r, const struct options *o);

#endif
