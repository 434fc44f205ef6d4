/* notice_evidence: the rows of notices.evidence (TSV, mptools-ledger(5)) taken apart, and written
 * again for a spreadsheet.
 *
 * Columns are found by the names in the first line; ones that are missing are empty, ones that we
 * don't know are passed over. A row with a damaged escape keeps its bytes. Texts live in the arena.
 */
#ifndef MPTOOLS_ACT_NOTICE_EVIDENCE_H
#define MPTOOLS_ACT_NOTICE_EVIDENCE_H

#include "base/arena.h"
#include "base/text.h"

#define NOTICE_EVIDENCE_MOST 1000u

struct notice_row {
    int64_t time; /* WHEN_NONE: not known */
    struct slice qid, sender, client, login, helo;
    uint64_t recipients, sent, refused;
};

struct notice_rows {
    struct notice_row *list;
    size_t n;
};

/* False when memory runs out. */
bool notice_rows_read(struct notice_rows *out, struct slice tsv, struct arena *arena);

/* The same TSV, made fit for a spreadsheet: a cell that would begin a formula (= + - @, except
 * numbers) gets its first byte as \xHH, which mplog(5)'s readers undo. */
void notice_add_tsv(struct text *out, struct slice tsv);

#endif
