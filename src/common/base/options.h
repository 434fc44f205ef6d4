/* options: the command line of a tool, by a table of its options.
 *
 * One row an option says its name, its letter, what kind of value it has and where that goes: a
 * member of the tool's own struct, by its offset, of the type that the kind names. What an option
 * doesn't say stays as the tool set it before. The words are getopt_long(3)'s: long names may be
 * cut short, options may stand behind arguments, `--` ends them. Each tool also has
 *   -h, --help      the usage on stdout
 *   -V, --version   its name and version
 *   -q, --quiet     msg_quiet()
 * A value that is none is told as `TOOL: error: --now: foo is no time, as 2026-11-24T10:00:00Z`; an
 * option that there isn't, or a contradiction, with the usage behind it. Times are read once all
 * options are known, since --tz may come last.
 *
 * Strings are those of argv, and stay its. Prints, as tools do; never exits.
 */
#ifndef MPTOOLS_BASE_OPTIONS_H
#define MPTOOLS_BASE_OPTIONS_H

#include <limits.h>

#include "base/slice.h"

enum option_kind {
    OPTION_FLAG,   /* bool: true; it has no value */
    OPTION_TEXT,   /* const char * */
    OPTION_TEXTS,  /* char **, which options_free() frees; how many: size_t at `count` */
    OPTION_NUMBER, /* uint64_t, or int64_t where it fits: from `least` to `most` */
    OPTION_YEAR,   /* uint64_t */
    OPTION_TIME,   /* int64_t: microseconds since 1970, see moment.h */
    OPTION_SPAN,   /* int64_t: microseconds; `least` and `most` are seconds */
    OPTION_ZONE,   /* nothing is stored: when_zone() takes it */
    OPTION_WORD,   /* an enum: the place of the value in `word` */
    OPTION_OWN     /* `take` stores it */
};

/* The member's value, where no option sets it: an enum that wasn't said. */
#define OPTION_UNSAID UINT_MAX

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    size_t at; /* offsetof() of the member */
    uint64_t least, most;
    size_t count;
    const char *const *word; /* up to a NULL; of OPTION_TEXT, too, if it may not be anything */
    /* NULL, or what is wrong, as it stands behind the value: "is no port". */
    const char *(*take)(void *to, const char *value);
};

struct command {
    const char *name, *usage;
    const struct option_row *option;
    size_t options; /* at most OPTIONS_MOST */
    /* What is wrong with all of it, or NULL. n: the arguments that are no options. */
    const char *(*contradiction)(void *to, int n, char **argument);
};

#define OPTIONS_MOST 64u

/* tsv, json, table: the words of -o, and the values of the enum that belongs to them. */
extern const char *const option_formats[];

/* Returns -1 to go on, with the arguments from argv[optind] on, or an exit status: what is wrong
 * was told then, or what was asked for. options_free() it in any case. */
int options_read(const struct command *c, void *to, int argc, char **argv);
void options_free(const struct command *c, void *to);

/* An argument that is a number; name: what it is. -1, or the exit status of what was told. */
int options_number(const char *name, const char *value, uint64_t least, uint64_t most,
                   uint64_t *out);
/* What -o said (OPTION_UNSAID: nothing): without it a table on a terminal, TSV elsewhere.
 * output: that of -w, or NULL. */
unsigned options_format(unsigned said, const char *output);
/* The user's name, as --by has it when it isn't said. */
const char *options_user(void);

#endif
