/* msg: messages to the operator, on stderr.
 *
 * One line each: `tool: [severity: ]text`, the text saying where (file:line), what happened and
 * what to do. Bytes that a terminal would obey (control characters, ESC, bytes that aren't UTF-8)
 * are written as \xHH, whoever chose them. errno is kept. Nothing here exits.
 */
#ifndef MPTOOLS_BASE_MSG_H
#define MPTOOLS_BASE_MSG_H

#include <stdbool.h>

#include "base/slice.h"

/* argv[0]'s last part becomes the prefix; the string has to stay. */
void msg_init(const char *argv0);
void msg_quiet(bool quiet); /* -q: warnings are dropped, errors are not */

void msg_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void msg_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void msg_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Warnings and errors since the start, for the tests and for `exit as the worst`. */
unsigned msg_errors(void);

const char *msg_progname(void);

#endif
