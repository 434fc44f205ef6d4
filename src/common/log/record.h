/* record: one event of the record stream, mplog(5).
 *
 * The columns are specified once, in the table of record.c; a record holds one slice a column and
 * its time. Slices point into the block the line came from, into the parser's memory, or into the
 * reader's line: they are valid until the next record is asked for. An empty slice is 'unknown';
 * the null sender is "<>", other addresses stand without their brackets. The subject, known where
 * header_checks(5) log it, is its sender's raw bytes, RFC 2047 words undecoded, SUBJECT_MAX at
 * most.
 */
#ifndef MPTOOLS_LOG_RECORD_H
#define MPTOOLS_LOG_RECORD_H

#include "base/slice.h"
#include "base/text.h"

#define SUBJECT_MAX 255u /* bytes; longer ones are cut, not within a UTF-8 character */

enum record_column {
    COL_TIME,
    COL_KIND,
    COL_HOST,
    COL_INSTANCE,
    COL_DAEMON,
    COL_QID,
    COL_ORIGIN,
    COL_CLIENT_NAME,
    COL_CLIENT_IP,
    COL_SASL_USER,
    COL_HELO,
    COL_SENDER,
    COL_RCPT,
    COL_ORIG_RCPT,
    COL_MSGID,
    COL_SIZE,
    COL_NRCPT,
    COL_RELAY_NAME,
    COL_RELAY_IP,
    COL_RELAY_PORT,
    COL_DELAY,
    COL_DSN,
    COL_STATUS,
    COL_REPLY,
    COL_CLASS,
    COL_LISTED_BY,
    COL_OUTBOUND_IP,
    COL_VERDICT,
    COL_CUSTOMER,
    COL_PARTNER,
    COL_SUBJECT,
    COL_COUNT
};

enum record_kind {
    KIND_NONE, /* not a kind; a record never has it */
    KIND_ACCEPT,
    KIND_DELIVER,
    KIND_REJECT,
    KIND_AUTH_FAIL,
    KIND_LOGIN,
    KIND_VERDICT,
    KIND_NDR,
    KIND_HOLD,
    KIND_REMOVE,
    KIND_COUNT
};

struct record {
    int64_t time;              /* microseconds since 1970-01-01T00:00:00Z */
    uint8_t digits;            /* digits of a second's fraction in the log, 0 to 6 */
    uint8_t kind;              /* enum record_kind */
    struct slice f[COL_COUNT]; /* COL_TIME and COL_KIND stay empty here */
    struct slice extra; /* read from a stream: fields of columns that we don't know, as TSV */
};

/* The column's or kind's name in the stream. The index must be in range. */
struct slice record_column_name(unsigned column);
struct slice record_kind_name(unsigned kind);
/* The column or kind of that name; -1, or KIND_NONE, when there is none. */
int record_column_of(struct slice name);
unsigned record_kind_of(struct slice name);
/* Columns that JSON writes as numbers. */
bool record_column_is_number(unsigned column);

#endif
