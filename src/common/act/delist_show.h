/* delist_show: the open listings with what may be done about each: a table for people, TSV, JSON.
 *
 * TSV: a header line `#delist` and the columns' names; one listing a line; escapes are those of
 * mplog(5). Times are RFC 3339.
 */
#ifndef MPTOOLS_ACT_DELIST_SHOW_H
#define MPTOOLS_ACT_DELIST_SHOW_H

#include "act/delist.h"
#include "judge/table.h"

void delist_show_table(struct text *out, const struct delists *d, const struct table_style *style);
void delist_show_tsv(struct text *out, const struct delists *d);
/* One JSON object a line; culprits with it. */
void delist_show_json(struct text *out, const struct delists *d);

#endif
