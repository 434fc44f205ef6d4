/* tsv: the record stream of mplog(5) as bytes: written and read back.
 *
 * TSV: a header line that starts with `#mplog` and names the columns, one record a line, `#end
 * RECORDS LINES` at the end. JSON lines: one object a record, absent fields left out, and at the
 * end
 * {"kind":"end","records":N,"lines":N}. The reader takes either, any columns in any order, and
 * passes on columns that it doesn't know (TSV only). A stream without its end was cut off: whoever
 * wrote it died, and what it says must not be acted upon.
 */
#ifndef MPTOOLS_LOG_TSV_H
#define MPTOOLS_LOG_TSV_H

#include "base/outfile.h"
#include "log/record.h"

struct tsv_writer {
    struct outfile *out;
    bool json;
    unsigned n;
    uint8_t column[COL_COUNT];
    struct slice extra; /* names of further columns, as TSV, that record.extra has the fields of */
    uint64_t records;
    struct text scratch;
    int64_t second; /* the second whose text is in stamp */
    char stamp[24];
};

/* All columns, TSV, until the fields are changed. The writer doesn't own out. */
void tsv_writer_init(struct tsv_writer *w, struct outfile *out);
void tsv_writer_free(struct tsv_writer *w);
/* "a,b,c"; false when a name is none or comes twice, which then is in *bad. */
bool tsv_writer_columns(struct tsv_writer *w, struct slice list, struct slice *bad);
/* The columns that are written: a bit for each. */
uint32_t tsv_writer_mask(const struct tsv_writer *w);
void tsv_write_header(struct tsv_writer *w);
void tsv_write(struct tsv_writer *w, const struct record *r);
/* lines: log lines read. */
void tsv_write_end(struct tsv_writer *w, uint64_t lines);

enum tsv_result { TSV_RECORD, TSV_SKIP, TSV_END, TSV_BAD };

struct tsv_reader {
    bool json, ended;
    struct text unknown; /* names of the columns that we don't know, as TSV */
    unsigned n;
    int8_t column[64];       /* -1: unknown to us */
    uint64_t records, lines; /* read so far; the producer's count of lines, from the end line */
    struct text scratch, value, extra;
    const char *problem; /* of the last TSV_BAD */
};

void tsv_reader_free(struct tsv_reader *t);
/* Is this the first line of a record stream? */
bool tsv_is_header(struct slice line);
/* One line of the stream, the header included. The record's slices point into the line or the
 * reader and are valid until the next call. */
enum tsv_result tsv_read(struct tsv_reader *t, struct slice line, struct record *out);

#endif
