/* journal: systemd's journal as `journalctl -o export` and `-o json` write it.
 *
 * Export is one field a line and an empty line between entries; a field that isn't text is its name
 * alone, then a 64-bit little-endian length and the bytes (systemd.io/JOURNAL_EXPORT_FORMATS). JSON
 * is one object a line; what isn't UTF-8 is an array of byte values. Bytes come out as they were
 * logged. Values are copied into the state's own memory and stay until the next entry begins.
 */
#ifndef MPTOOLS_LOG_JOURNAL_H
#define MPTOOLS_LOG_JOURNAL_H

#include "base/text.h"
#include "log/envelope.h"

enum journal_key {
    JOURNAL_HOST,
    JOURNAL_TAG,
    JOURNAL_COMM,
    JOURNAL_SYSLOG_PID,
    JOURNAL_PID,
    JOURNAL_SOURCE_TIME,
    JOURNAL_TIME,
    JOURNAL_MESSAGE,
    JOURNAL_KEYS
};

struct journal {
    bool open; /* within an export entry */
    struct text value[JOURNAL_KEYS];
    bool have[JOURNAL_KEYS];
};

void journal_free(struct journal *j);

/* Does this line begin an export entry? Every entry begins with its cursor or a time. */
bool journal_begins(struct slice line);
/* A new entry: forgets the old one. */
void journal_clear(struct journal *j);
/* One field; unknown names are passed over. */
void journal_field(struct journal *j, struct slice name, struct slice value);
/* A line of an export entry that holds NAME=value; false when it has no '='. */
bool journal_line(struct journal *j, struct slice line);
/* The entry as an envelope; false when it has no time, no program or no message. */
bool journal_envelope(const struct journal *j, struct envelope *out);
/* One JSON line, cleared and read; false when it is no JSON object. */
bool journal_json(struct journal *j, struct slice line);

#endif
