/* json: reads one flat JSON object a line (RFC 8259), as the journal and our own records are.
 *
 * A pull reader over a slice that has to stay. Values are strings, numbers, true, false, null, or
 * arrays of byte values (the journal's form of a string that isn't UTF-8); the reader appends a
 * value's bytes to the caller's text. Anything else, nested objects too, is passed over with a
 * bounded depth. Every function returns false on malformed input and then stays at it.
 */
#ifndef MPTOOLS_LOG_JSON_H
#define MPTOOLS_LOG_JSON_H

#include "base/text.h"

struct json_reader {
    const char *p, *end;
    bool first, bad;
};

/* Starts at the object's brace; false when there is none. */
bool json_object(struct json_reader *r, struct slice s);
/* The next key into key (emptied first), the reader then stands at its value; false at the end of
 * the object or when it is malformed. */
bool json_key(struct json_reader *r, struct text *key);
/* The value, appended to out unless that is NULL. */
bool json_value(struct json_reader *r, struct text *out);
/* Was the object read to its closing brace, with nothing but space behind it? */
bool json_done(const struct json_reader *r);

#endif
