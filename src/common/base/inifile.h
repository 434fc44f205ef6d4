/* inifile: a configuration file of `[section]` and `name = value` lines, read by a table of the
 * keys that it may have.
 *
 * libinih takes the lines apart; what it would let pass or cut off silently is an error here, and
 * all errors are told at once with their line: an unknown section or key, a key twice, a value that
 * its type doesn't allow, a line without `=`, a line over INIFILE_LINE_MOST bytes, control bytes
 * and bytes that are not UTF-8. `#` and `;` start a comment at the beginning of a line or behind a
 * blank. A list may go on in lines that begin with a blank and have no `=`. `:` may stand for `=`.
 * A section may come twice, its keys may not.
 *
 * Adding a key is one row {section, name, type, offsetof(struct …, member), usual, least, most}.
 * Values are stored as these types:
 *   INIFILE_PATH      const char *         a relative one is joined to the file's own folder
 *   INIFILE_TEXT      const char *         the rest of the line, blanks within kept
 *   INIFILE_NUMBER    uint64_t             1000 or 1,000
 *   INIFILE_RATE      double               1e-6, or 1 per 1,000,000 [messages]
 *   INIFILE_DURATION  int64_t, seconds     90, 90s, 90m, 24h, 30d, 2w
 *   INIFILE_FLAG      bool                 yes, no
 *   INIFILE_LIST      struct inifile_list  words between blanks or commas
 * Strings live in the arena given. Nothing here prints; memory that runs out is a problem, too.
 */
#ifndef MPTOOLS_BASE_INIFILE_H
#define MPTOOLS_BASE_INIFILE_H

#include "base/arena.h"
#include "base/words.h"

#define INIFILE_LINE_MOST 190u /* libinih's own buffer has 200 */

enum inifile_type {
    INIFILE_PATH,
    INIFILE_TEXT,
    INIFILE_NUMBER,
    INIFILE_RATE,
    INIFILE_DURATION,
    INIFILE_FLAG,
    INIFILE_LIST
};

struct inifile_list {
    struct slice *word;
    size_t n;
};

struct inifile_key {
    const char *section, *name;
    enum inifile_type type;
    size_t at;          /* where the value goes in the caller's struct */
    const char *usual;  /* the default, as it would stand in a file; NULL: zero, NULL, no, none */
    double least, most; /* of a number, rate or duration */
};

struct inifile {
    const char *file; /* its name in messages */
    const struct inifile_key *keys;
    size_t n;
};

/* Sets every key of the zeroed struct at `out` to its default, then to what the file (at most
 * 1 MiB) says. WORDS_ABSENT, with the defaults, when there is none. After WORDS_BROKEN the problems
 * say why, and the values are not to be used. */
enum words_result inifile_load(const struct inifile *f, struct problems *problems,
                               struct arena *arena, void *out);
/* The same from a text in memory. */
enum words_result inifile_read(const struct inifile *f, struct slice text,
                               struct problems *problems, struct arena *arena, void *out);

#endif
