/* options: every kind of value and its mistakes, what getopt_long(3) makes of the words, the
 * tool's own say. */
#include "scratch.h"

#include <getopt.h>

#include "base/exits.h"
#include "base/msg.h"
#include "base/options.h"
#include "base/when.h"

enum colour { RED, GREEN, BLUE };

struct sample {
    bool flag, other;
    const char *text, *mode;
    char **list;
    size_t lists;
    uint64_t number, year, port;
    int64_t id, time, until, span;
    enum colour colour;
    int left; /* as contradiction() was told */
    char **argument;
};

static const char *take_port(void *to, const char *value)
{
    struct sample *s = to;

    return slice_u64(slice_str(value), &s->port) && s->port < 65536 ? NULL : "is no port";
}

#define AT(member) .at = offsetof(struct sample, member)

static const char *const colours[] = {"red", "green", "blue", NULL};
static const char *const modes[] = {"slow", "fast", NULL};

static const struct option_row rows[] = {
    {"flag", 'f', OPTION_FLAG, AT(flag)},
    {"other", 'n', OPTION_FLAG, AT(other)},
    {"text", 't', OPTION_TEXT, AT(text)},
    {"mode", 0, OPTION_TEXT, AT(mode), .word = modes},
    {"list", 'l', OPTION_TEXTS, AT(list), .count = offsetof(struct sample, lists)},
    {"number", 0, OPTION_NUMBER, AT(number), 2, 99},
    {"id", 0, OPTION_NUMBER, AT(id), 1, INT64_MAX},
    {"year", 0, OPTION_YEAR, AT(year)},
    {"since", 0, OPTION_TIME, AT(time)},
    {"until", 0, OPTION_TIME, AT(until)},
    {"span", 0, OPTION_SPAN, AT(span), 60, 86400},
    {"tz", 0, OPTION_ZONE, .at = 0},
    {"colour", 'c', OPTION_WORD, AT(colour), .word = colours},
    {"port", 0, OPTION_OWN, .take = take_port},
};

static const char *contradiction(void *to, int n, char **argument)
{
    struct sample *s = to;

    s->left = n;
    s->argument = argument;
    return s->flag && s->other ? "specify only one of -f and -n" : NULL;
}

static const struct command command = {"sample", "usage: sample\n", rows,
                                       sizeof rows / sizeof *rows, contradiction};

static struct sample sample;
static int out_fd, err_fd;

/* The words of line, between blanks, are a command line: what it returns, with what it printed in
 * the files out and err. `%` in a word is a blank. */
static int run(const char *line)
{
    static char words[512], *argv[32];
    int argc = 0;

    options_free(&command, &sample);
    sample = (struct sample){.colour = OPTION_UNSAID, .time = WHEN_NONE};
    snprintf(words, sizeof words, "%s", line);
    argv[argc++] = (char[]){"sample"};
    for (char *w = words, *word; (word = strsep(&w, " ")) != NULL && *line;) {
        for (char *p = word; *p; p++)
            *p = *p == '%' ? ' ' : *p;
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    put_file("out", SLICE_NONE);
    put_file("err", SLICE_NONE);
    assert_non_null(freopen("out", "a", stdout));
    assert_non_null(freopen("err", "a", stderr));
    int status = options_read(&command, &sample, argc, argv);
    fflush(stdout);
    fflush(stderr);
    dup2(out_fd, STDOUT_FILENO);
    dup2(err_fd, STDERR_FILENO);
    return status;
}

static void good(const char *line)
{
    int status = run(line);

    if (status != -1) {
        struct text t = get_file("err");
        fail_msg("%s: %d: %.*s", line, status, (int)t.n, t.p);
    }
    expect_file("out", SLICE_NONE);
    expect_file("err", SLICE_NONE);
}

static void wrong(const char *line, const char *problem)
{
    assert_int_equal(run(line), EXIT_USAGE);
    expect_file("out", SLICE_NONE);
    expect_file("err", slice_str(problem));
}

static void kinds(void **state)
{
    (void)state;
    good("-f -t a%b --mode fast -l x --list=y -lz --number 99 --id 9223372036854775807 --year 2026 "
         "--span 24h -c blue --port 25");
    assert_true(sample.flag);
    assert_false(sample.other);
    assert_string_equal(sample.text, "a b");
    assert_string_equal(sample.mode, "fast");
    assert_int_equal(sample.lists, 3);
    assert_string_equal(sample.list[0], "x");
    assert_string_equal(sample.list[1], "y");
    assert_string_equal(sample.list[2], "z");
    assert_int_equal(sample.number, 99);
    assert_int_equal(sample.id, INT64_MAX);
    assert_int_equal(sample.year, 2026);
    assert_int_equal(sample.span, WHEN_DAY);
    assert_int_equal(sample.colour, BLUE);
    assert_int_equal(sample.port, 25);
    assert_int_equal(sample.time, WHEN_NONE);
    good("-t a -t b --number 2 --span -1m --colour red --port 0");
    assert_string_equal(sample.text, "b");
    assert_int_equal(sample.span, 60 * WHEN_SECOND);
    assert_int_equal(sample.colour, RED);
}

static void nothing_said(void **state)
{
    (void)state;
    good("");
    assert_int_equal(sample.colour, OPTION_UNSAID);
    assert_null(sample.list);
    assert_int_equal(sample.left, 0);
}

/* Abbreviations, clusters, options behind arguments, and what `--` ends. */
static void words(void **state)
{
    (void)state;
    good("a --num=5 b --fl -- -n c");
    assert_int_equal(sample.number, 5);
    assert_true(sample.flag);
    assert_false(sample.other);
    assert_int_equal(sample.left, 4);
    assert_string_equal(sample.argument[0], "a");
    assert_string_equal(sample.argument[2], "-n");
    good("-fqtx -");
    assert_true(sample.flag);
    assert_string_equal(sample.text, "x");
    assert_int_equal(sample.left, 1);
    good("a");
    msg_quiet(false);
}

/* The zone of a time may come behind it, and all spans count from one moment. */
static void times(void **state)
{
    (void)state;
    good("--since 2026-11-24 --until 2026-11-24T10:00+01:00 --tz Europe/Berlin");
    assert_int_equal(sample.time, INT64_C(1795474800) * WHEN_SECOND);
    assert_int_equal(sample.until, INT64_C(1795510800) * WHEN_SECOND);
    int64_t before = when_now();
    good("--tz UTC --since 1d --until 24h");
    assert_int_equal(sample.time, sample.until);
    assert_in_range(sample.time, before - WHEN_DAY, when_now() - WHEN_DAY);
    wrong("--since 2h --until 2026-13-01 -f",
          "sample: error: --until: 2026-13-01 is no time, as 2026-11-24T10:00:00Z or 2h\n");
    assert_int_equal(sample.left, 0); /* contradiction() isn't asked then */
    assert_null(sample.argument);
}

static void wrong_values(void **state)
{
    static const struct {
        const char *line, *problem;
    } row[] = {
        {"--number 1", "--number: 1 is no number from 2 to 99"},
        {"--number 100", "--number: 100 is no number from 2 to 99"},
        {"--number -3", "--number: -3 is no number from 2 to 99"},
        {"--number 18446744073709551616",
         "--number: 18446744073709551616 is no number from 2 to 99"},
        {"--number=", "--number: '' is no number from 2 to 99"},
        {"--id 0", "--id: 0 is no number, 1 or more"},
        {"--id 9223372036854775808", "--id: 9223372036854775808 is no number, 1 or more"},
        {"--year 26", "--year: 26 is no year, as 2026"},
        {"--year 1969", "--year: 1969 is no year, as 2026"},
        {"--year 10000", "--year: 10000 is no year, as 2026"},
        {"--since a\033b", "--since: a\\x1bb is no time, as 2026-11-24T10:00:00Z or 2h"},
        {"--span 59s", "--span: 59s is no span from 1m to 1d"},
        {"--span 25h", "--span: 25h is no span from 1m to 1d"},
        {"--span 1969-12-31T23:00:00Z", "--span: 1969-12-31T23:00:00Z is no span from 1m to 1d"},
        {"--tz Mars/Olympus",
         "--tz: Mars/Olympus is no time zone of this system, as Europe/Berlin"},
        {"--col gree", "--colour: gree is none of red, green, blue"},
        {"-c greener", "--colour: greener is none of red, green, blue"},
        {"--mode Fast", "--mode: Fast is none of slow, fast"},
        {"--port 65536", "--port: 65536 is no port"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char problem[256];
        snprintf(problem, sizeof problem, "sample: error: %s\n", row[i].problem);
        wrong(row[i].line, problem);
    }
}

static void wrong_options(void **state)
{
    static const char form[] = "no such option, or not in that form",
                      missing[] = "an argument is missing";
    const struct {
        const char *line, *what, *problem;
    } row[] = {
        {"--nonsense", "--nonsense: ", form},
        {"-x", "-x: ", form},
        {"-fx", "-x: ", form},
        {"-fxn a", "-x: ", form},
        {"--t x", "--t: ", form}, /* text, tz */
        {"--flag=yes", "--flag=yes: ", form},
        {"-f\344", "-\\xe4: ", form},
        {"--text", "--text: ", missing},
        {"-ft", "-t: ", missing},
        {"-f -n", "", "specify only one of -f and -n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char problem[256];
        snprintf(problem, sizeof problem, "sample: error: %s%s\nusage: sample\n", row[i].what,
                 row[i].problem);
        wrong(row[i].line, problem);
    }
}

/* At once: whatever stands behind it. */
static void help(void **state)
{
    (void)state;
    assert_int_equal(run("-f --help --nonsense"), EXIT_DONE);
    expect_file("out", SL("usage: sample\n"));
    expect_file("err", SLICE_NONE);
    assert_int_equal(run("-fh"), EXIT_DONE);
    expect_file("out", SL("usage: sample\n"));
    assert_int_equal(run("-V"), EXIT_DONE);
    expect_file("out", SL("sample " MPTOOLS_VERSION "\n"));
    assert_int_equal(run("--nonsense -h"), EXIT_USAGE);
}

static void quiet(void **state)
{
    (void)state;
    good("-q");
    freopen("err", "a", stderr);
    msg_warn("unheard");
    msg_quiet(false);
    msg_warn("heard");
    fflush(stderr);
    dup2(err_fd, STDERR_FILENO);
    expect_file("err", SL("sample: warning: heard\n"));
}

static void formats(void **state)
{
    (void)state;
    assert_int_equal(options_format(1, NULL), 1);
    assert_int_equal(options_format(0, "file"), 0);
    assert_int_equal(options_format(OPTION_UNSAID, "file"), 0);
    assert_string_equal(option_formats[0], "tsv");
    assert_string_equal(option_formats[2], "table");
    assert_true(*options_user());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds), cmocka_unit_test(nothing_said), cmocka_unit_test(words),
        cmocka_unit_test(times), cmocka_unit_test(wrong_values), cmocka_unit_test(wrong_options),
        cmocka_unit_test(help),  cmocka_unit_test(quiet),        cmocka_unit_test(formats),
    };

    msg_init("sample");
    out_fd = dup(STDOUT_FILENO);
    err_fd = dup(STDERR_FILENO);
    int failed = cmocka_run_group_tests(tests, scratch_begin, scratch_end);
    options_free(&command, &sample);
    return failed;
}
