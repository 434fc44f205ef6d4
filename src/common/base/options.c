#include "base/options.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/moment.h"
#include "base/msg.h"
#include "base/text.h"

#define NUMBERED 256 /* getopt_long()'s value of the first row */

const char *const option_formats[] = {"tsv", "json", "table", NULL};

static const struct option common[] = {{"quiet", no_argument, NULL, 'q'},
                                       {"help", no_argument, NULL, 'h'},
                                       {"version", no_argument, NULL, 'V'},
                                       {NULL, 0, NULL, 0}};

/* A command line on its way. */
struct reading {
    const struct command *command;
    char *to; /* the tool's struct */
    int argc;
    char **argv;
    const char *time[OPTIONS_MOST]; /* of a row, not read yet */
    struct option names[OPTIONS_MOST + sizeof common / sizeof *common];
    char letters[3 * OPTIONS_MOST];
};

static int misused(const struct command *c, const char *what, const char *problem)
{
    msg_error("%s%s%s", what, *what ? ": " : "", problem);
    fputs(c->usage, stderr);
    return EXIT_USAGE;
}

static int wrong(const char *name, const char *value, const char *what)
{
    msg_error("%s: %s %s", name, *value ? value : "''", what);
    return EXIT_USAGE;
}

static int wrong_value(const struct option_row *row, const char *value, const char *what)
{
    char name[64];

    snprintf(name, sizeof name, "--%s", row->name);
    return wrong(name, value, what);
}

/* --- values --- */

int options_number(const char *name, const char *value, uint64_t least, uint64_t most,
                   uint64_t *out)
{
    char what[80];
    uint64_t n;

    if (slice_u64(slice_str(value), &n) && n >= least && n <= most) {
        *out = n;
        return -1;
    }
    if (most >= INT64_MAX / 2)
        snprintf(what, sizeof what, "is no number, %llu or more", (unsigned long long)least);
    else
        snprintf(what, sizeof what, "is no number from %llu to %llu", (unsigned long long)least,
                 (unsigned long long)most);
    return wrong(name, value, what);
}

static int take_number(const struct option_row *row, const char *value, void *at)
{
    char name[64];

    snprintf(name, sizeof name, "--%s", row->name);
    return options_number(name, value, row->least, row->most, at);
}

static int take_year(const struct option_row *row, const char *value, uint64_t *at)
{
    uint64_t year;

    if (!slice_u64(slice_str(value), &year) || year < 1970 || year > 9999)
        return wrong_value(row, value, "is no year, as 2026");
    *at = year;
    return -1;
}

/* 3600: 1h */
static void add_span(struct text *out, uint64_t seconds)
{
    static const struct {
        unsigned seconds;
        char letter;
    } unit[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    while (seconds % unit[i].seconds)
        i++;
    text_addf(out, "%llu%c", (unsigned long long)(seconds / unit[i].seconds), unit[i].letter);
}

static int take_span(const struct option_row *row, const char *value, int64_t *at)
{
    struct text t = {0};
    int64_t span;

    if (span_option(value, &span) && span / WHEN_SECOND >= (int64_t)row->least &&
        span <= (int64_t)row->most * WHEN_SECOND) {
        *at = span;
        return -1;
    }
    text_add(&t, SL("is no span from "));
    add_span(&t, row->least);
    text_add(&t, SL(" to "));
    add_span(&t, row->most);
    text_addc(&t, '\0');
    int status = wrong_value(row, value, t.failed ? "is no span" : t.p);
    text_free(&t);
    return status;
}

/* Returns the word's place; -1 after it was told that there is none. */
static int find_word(const struct option_row *row, const char *value)
{
    struct text t = {0};

    for (int i = 0; row->word[i]; i++)
        if (strcmp(value, row->word[i]) == 0)
            return i;
    for (size_t i = 0; row->word[i]; i++)
        text_addf(&t, "%s%s", i ? ", " : "is none of ", row->word[i]);
    text_addc(&t, '\0');
    wrong_value(row, value, t.failed ? "is no such word" : t.p);
    text_free(&t);
    return -1;
}

static int take_word(const struct option_row *row, const char *value, unsigned *at)
{
    int i = find_word(row, value);

    if (i < 0)
        return EXIT_USAGE;
    *at = (unsigned)i;
    return -1;
}

static int take_text(const struct option_row *row, const char *value, const char **at)
{
    if (row->word && find_word(row, value) < 0)
        return EXIT_USAGE;
    *at = value;
    return -1;
}

static int add_text(const struct reading *r, const struct option_row *row, char *value)
{
    char ***list = (char ***)(void *)(r->to + row->at);
    size_t *n = (size_t *)(void *)(r->to + row->count);

    if (*list == NULL && (*list = calloc((size_t)r->argc, sizeof **list)) == NULL) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    (*list)[(*n)++] = value;
    return -1;
}

static int take_own(const struct reading *r, const struct option_row *row, const char *value)
{
    const char *what = row->take(r->to, value);

    return what ? wrong_value(row, value, what) : -1;
}

/* value: NULL for a flag. */
static int take(struct reading *r, const struct option_row *row, char *value)
{
    void *at = r->to + row->at;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)at = true;
        return -1;
    case OPTION_TEXT:
        return take_text(row, value, at);
    case OPTION_TEXTS:
        return add_text(r, row, value);
    case OPTION_NUMBER:
        return take_number(row, value, at);
    case OPTION_YEAR:
        return take_year(row, value, at);
    case OPTION_TIME:
        r->time[row - r->command->option] = value;
        return -1;
    case OPTION_SPAN:
        return take_span(row, value, at);
    case OPTION_ZONE:
        return when_zone(value)
                   ? -1
                   : wrong_value(row, value, "is no time zone of this system, as Europe/Berlin");
    case OPTION_WORD:
        return take_word(row, value, at);
    case OPTION_OWN:
        return take_own(r, row, value);
    }
    return -1;
}

/* All of them back from the same moment. */
static int take_times(struct reading *r)
{
    int64_t now = when_now();

    for (size_t i = 0; i < r->command->options; i++) {
        const struct option_row *row = &r->command->option[i];
        if (r->time[i] && !time_option(r->time[i], now, (void *)(r->to + row->at)))
            return wrong_value(row, r->time[i], "is no time, as 2026-11-24T10:00:00Z or 2h");
    }
    return -1;
}

/* --- the words --- */

/* For getopt_long(3); the leading ':' makes it silent. */
static void name_options(struct reading *r)
{
    const struct command *c = r->command;
    char *letter = r->letters;

    *letter++ = ':';
    for (size_t i = 0; i < c->options; i++) {
        const struct option_row *row = &c->option[i];
        int has = row->kind == OPTION_FLAG ? no_argument : required_argument;
        r->names[i] = (struct option){row->name, has, NULL, NUMBERED + (int)i};
        if (row->letter == 0)
            continue;
        *letter++ = row->letter;
        if (has)
            *letter++ = ':';
    }
    memcpy(letter, "qhV", sizeof "qhV");
    memcpy(r->names + c->options, common, sizeof common);
}

static const struct option_row *row_of(const struct command *c, int value)
{
    size_t i = 0;

    if (value >= NUMBERED)
        return &c->option[value - NUMBERED];
    while (c->option[i].letter != value)
        i++;
    return &c->option[i];
}

static int say(const char *what)
{
    fputs(what, stdout);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
}

/* c: what getopt_long() returned, '?' or ':'. A letter may stand in the middle of a word. */
static int bad_option(const struct reading *r, int c)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt && optopt < NUMBERED;

    return misused(r->command, is_letter ? letter : r->argv[optind - 1],
                   c == ':' ? "an argument is missing" : "no such option, or not in that form");
}

static int take_option(struct reading *r, int c)
{
    char version[64];

    switch (c) {
    case 'q':
        msg_quiet(true);
        return -1;
    case 'h':
        return say(r->command->usage);
    case 'V':
        snprintf(version, sizeof version, "%s " MPTOOLS_VERSION "\n", r->command->name);
        return say(version);
    case '?':
    case ':':
        return bad_option(r, c);
    default:
        return take(r, row_of(r->command, c), optarg);
    }
}

int options_read(const struct command *c, void *to, int argc, char **argv)
{
    struct reading r = {.command = c, .to = to, .argc = argc, .argv = argv};
    int status = -1, option;

    name_options(&r);
    optind = 0; /* the GNU way to begin anew */
    while (status < 0 && (option = getopt_long(argc, argv, r.letters, r.names, NULL)) != -1)
        status = take_option(&r, option);
    if (status < 0)
        status = take_times(&r);
    const char *problem =
        status < 0 && c->contradiction ? c->contradiction(to, argc - optind, argv + optind) : NULL;
    return problem ? misused(c, "", problem) : status;
}

void options_free(const struct command *c, void *to)
{
    for (size_t i = 0; i < c->options; i++) {
        char ***list = (char ***)(void *)((char *)to + c->option[i].at);
        if (c->option[i].kind != OPTION_TEXTS)
            continue;
        free(*list);
        *list = NULL;
    }
}

unsigned options_format(unsigned said, const char *output)
{
    if (said != OPTION_UNSAID)
        return said;
    return output == NULL && isatty(STDOUT_FILENO) ? 2 : 0;
}

const char *options_user(void)
{
    const struct passwd *user = getpwuid(getuid());

    return user ? user->pw_name : "operator";
}
