/* settings and inifile: every type's values, all mistakes at once with their lines, what libinih
 * alone would let pass; mptools.conf itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings.h"

struct sample {
    const char *path, *other;
    uint64_t number;
    double rate;
    int64_t duration;
    bool flag, off;
    struct inifile_list list, none;
};

#define AT(member) offsetof(struct sample, member)

static const struct inifile_key keys[] = {
    {"one", "path", INIFILE_PATH, AT(path), "templates", 0, 0},
    {"one", "other", INIFILE_PATH, AT(other), NULL, 0, 0},
    {"one", "number", INIFILE_NUMBER, AT(number), "10", 1, 1e6},
    {"one", "rate", INIFILE_RATE, AT(rate), "1 per 1,000 messages", 1e-12, 0.01},
    {"two", "duration", INIFILE_DURATION, AT(duration), "24h", 60, 30 * 86400},
    {"two", "flag", INIFILE_FLAG, AT(flag), "yes", 0, 0},
    {"two", "off", INIFILE_FLAG, AT(off), NULL, 0, 0},
    {"two", "list", INIFILE_LIST, AT(list), "a.example b.example", 0, 0},
    {"two", "none", INIFILE_LIST, AT(none), NULL, 0, 0},
};

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static enum words_result read_text(struct slice text, struct sample *out, struct problems *p)
{
    const struct inifile f = {"/etc/mp/s.conf", keys, sizeof keys / sizeof *keys};

    *out = (struct sample){0};
    return inifile_read(&f, text, p, &arena, out);
}

static struct sample good(const char *text)
{
    struct problems p = {0};
    struct sample s;
    enum words_result result = read_text(slice_str(text), &s, &p);

    if (result != WORDS_OK)
        print_error("%s: %.*s", text, (int)p.lines.n, p.lines.p);
    assert_int_equal(result, WORDS_OK);
    assert_int_equal(p.count, 0);
    return s;
}

static void wrong_bytes(struct slice text, const char *problems)
{
    struct problems p = {0};
    struct sample s;

    assert_int_equal(read_text(text, &s, &p), WORDS_BROKEN);
    text_addc(&p.lines, '\0');
    assert_string_equal(p.lines.p, problems);
    problems_free(&p);
}

static void wrong(const char *text, const char *problems)
{
    wrong_bytes(slice_str(text), problems);
}

static const char *listed(const struct inifile_list *l)
{
    static char buf[2000];
    size_t n = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < l->n; i++)
        n += (size_t)snprintf(buf + n, sizeof buf - n, "%.*s|", (int)l->word[i].n, l->word[i].p);
    return buf;
}

static void defaults(void **state)
{
    struct sample s = good("");

    (void)state;
    assert_string_equal(s.path, "/etc/mp/templates");
    assert_null(s.other);
    assert_int_equal(s.number, 10);
    assert_true(s.rate == 1.0 / 1000);
    assert_int_equal(s.duration, 86400);
    assert_true(s.flag);
    assert_false(s.off);
    assert_string_equal(listed(&s.list), "a.example|b.example|");
    assert_int_equal(s.none.n, 0);
}

static void layout(void **state)
{
    struct sample s =
        good("\xef\xbb\xbf# a comment\r\n; another\r\n\r\n  [one]  # of it\r\n"
             "path=/var/lib/GeoIP/a b.mmdb\t; why\r\n   number : 99 # indented\r\n"
             "other = ../x;y#z\r\n[two]\nflag = no\n[one]\nrate = 1e-6\n[two]\noff = yes");

    (void)state;
    assert_string_equal(s.path, "/var/lib/GeoIP/a b.mmdb");
    assert_string_equal(s.other, "/etc/mp/../x;y#z");
    assert_int_equal(s.number, 99);
    assert_true(s.rate == 1e-6);
    assert_false(s.flag);
    assert_true(s.off);
}

static void lists(void **state)
{
    struct sample s =
        good("[two]\nlist = x.example, y.example\n  z.example # last\n\n\t# none\n\tw:1 \n"
             "none =\n  1 2 3\n  4 5 6 7 8 9\n  duration = 90m\n");

    (void)state;
    assert_string_equal(listed(&s.list), "x.example|y.example|z.example|w:1|");
    assert_string_equal(listed(&s.none), "1|2|3|4|5|6|7|8|9|");
    assert_int_equal(s.duration, 5400);
    assert_int_equal(good("[two]\nlist =\n").list.n, 0);
}

/* A value between the same words: is it taken, and as what? */
static void values(void **state)
{
    static const struct {
        const char *line;
        double value; /* -1: refused */
    } row[] = {
        {"[one]\nnumber = 1", 1},
        {"[one]\nnumber = 1,000", 1000},
        {"[one]\nnumber = 1,000,000", 1e6},
        {"[one]\nnumber = 0", -1},
        {"[one]\nnumber = 1000001", -1},
        {"[one]\nnumber = 1,5", -1},
        {"[one]\nnumber = ,500", -1},
        {"[one]\nnumber = 1000,000", -1},
        {"[one]\nnumber = 1,000,", -1},
        {"[one]\nnumber = -1", -1},
        {"[one]\nnumber = 1.5", -1},
        {"[one]\nnumber = 5 6", -1},
        {"[one]\nnumber = 99999999999999999999", -1},
        {"[one]\nnumber =", -1},
        {"[one]\nrate = 0.01", 0.01},
        {"[one]\nrate = 1e-12", 1e-12},
        {"[one]\nrate = 1 per 1,000,000 messages", 1e-6},
        {"[one]\nrate = 1 per 1000000", 1e-6},
        {"[one]\nrate = 2.5  per\t1000 messages", 0.0025},
        {"[one]\nrate = 0", -1},
        {"[one]\nrate = 0.011", -1},
        {"[one]\nrate = 1e-13", -1},
        {"[one]\nrate = -1e-6", -1},
        {"[one]\nrate = 0x1p-20", -1},
        {"[one]\nrate = nan", -1},
        {"[one]\nrate = 1e999", -1},
        {"[one]\nrate = 0,01", -1},
        {"[one]\nrate = 1e-6 messages", -1},
        {"[one]\nrate = 1 per 0", -1},
        {"[one]\nrate = 1 per", -1},
        {"[one]\nrate = 1 in 1000", -1},
        {"[one]\nrate = 1 per 1000 days", -1},
        {"[one]\nrate = 1 per 1000 messages or so", -1},
        {"[one]\nrate =", -1},
        {"[two]\nduration = 24h", 86400},
        {"[two]\nduration = 24 h", 86400},
        {"[two]\nduration = 90m", 5400},
        {"[two]\nduration = 90s", 90},
        {"[two]\nduration = 90", 90},
        {"[two]\nduration = 30d", 2592000},
        {"[two]\nduration = 2w", 1209600},
        {"[two]\nduration = 31d", -1},
        {"[two]\nduration = 59", -1},
        {"[two]\nduration = 1.5h", -1},
        {"[two]\nduration = 1h30m", -1},
        {"[two]\nduration = h", -1},
        {"[two]\nduration = 1y", -1},
        {"[two]\nduration = 18446744073709551615w", -1},
        {"[two]\nduration = -1h", -1},
        {"[two]\nduration =", -1},
        {"[two]\nflag = yes", 1},
        {"[two]\nflag = no", 0},
        {"[two]\nflag = 1", -1},
        {"[two]\nflag = Yes", -1},
        {"[two]\nflag =", -1},
        {"[one]\npath =", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct problems p = {0};
        struct sample s;
        bool ok = read_text(slice_str(row[i].line), &s, &p) == WORDS_OK;
        double v = row[i].line[6] == 'n'   ? (double)s.number
                   : row[i].line[6] == 'r' ? s.rate
                   : row[i].line[6] == 'd' ? (double)s.duration
                                           : s.flag;
        if (ok != (row[i].value >= 0) || (ok && v != row[i].value))
            fail_msg("%s: %s, %g", row[i].line, ok ? "taken" : "refused", v);
        assert_int_equal(p.count, !ok);
        problems_free(&p);
    }
}

static void all_at_once(void **state)
{
    (void)state;
    wrong("early = 1\n"
          "[one]\n"
          "numbre = 5\n"
          "number = many\n"
          "path = /a\n"
          "path = /b\n"
          "just words\n"
          "[three]\n"
          "number = 5\n"
          "[one\n"
          "[two] flag = no\n"
          "[two]\n"
          "duration = 1y\n"
          "flag = perhaps\n"
          "rate = 1e-6\n"
          "= 5\n"
          "[one]\n"
          "rate = all\n"
          "   indented\n"
          "other",
          "/etc/mp/s.conf:1: `early' stands before the first [SECTION]\n"
          "/etc/mp/s.conf:3: there is no `numbre' in [one]: its names are path, other, number, "
          "rate\n"
          "/etc/mp/s.conf:4: number = many: a whole number from 1 to 1000000 is needed\n"
          "/etc/mp/s.conf:6: `path' stands in line 5 already\n"
          "/etc/mp/s.conf:7: neither [SECTION] nor NAME = VALUE\n"
          "/etc/mp/s.conf:8: there is no section [three]: the sections are one, two\n"
          "/etc/mp/s.conf:10: a line with a section is [SECTION] and nothing more\n"
          "/etc/mp/s.conf:11: a line with a section is [SECTION] and nothing more\n"
          "/etc/mp/s.conf:13: duration = 1y: a time from 1m to 30d, as 90s, 90m, 24h, 30d or 2w, "
          "is needed\n"
          "/etc/mp/s.conf:14: flag = perhaps: yes or no is needed\n"
          "/etc/mp/s.conf:15: there is no `rate' in [two]: its names are duration, flag, off, "
          "list, none\n"
          "/etc/mp/s.conf:16: there is no `' in [two]: its names are duration, flag, off, list, "
          "none\n"
          "/etc/mp/s.conf:18: rate = all: a rate from 1e-12 to 0.01, as 1e-6 or `1 per 1,000,000 "
          "messages', is needed\n"
          "/etc/mp/s.conf:19: neither [SECTION] nor NAME = VALUE\n"
          "/etc/mp/s.conf:20: neither [SECTION] nor NAME = VALUE\n");
    /* the further lines of what is in error already are not in error again */
    wrong("[two]\nlits = a\n  b\n[three]\nx =\n  y\n  z\n[two]\nlist = a\nlist = b\n  c\n",
          "/etc/mp/s.conf:2: there is no `lits' in [two]: its names are duration, flag, off, list, "
          "none\n"
          "/etc/mp/s.conf:4: there is no section [three]: the sections are one, two\n"
          "/etc/mp/s.conf:10: `list' stands in line 9 already\n");
}

/* libinih cuts section names at 49 bytes and lines at 199. */
static void long_lines(void **state)
{
    char text[700], path[300];

    (void)state;
    memset(path, 'p', sizeof path);
    snprintf(text, sizeof text, "[one]\npath = /%.*s\n[two]\nflag = no\n",
             (int)INIFILE_LINE_MOST - 8, path);
    struct sample s = good(text);
    assert_int_equal(strlen(s.path), INIFILE_LINE_MOST - 7);
    assert_false(s.flag);
    snprintf(text, sizeof text, "[one]\npath = /%.*s   # %.*s\n", (int)INIFILE_LINE_MOST - 8, path,
             200, path);
    assert_int_equal(strlen(good(text).path), INIFILE_LINE_MOST - 7);
    snprintf(text, sizeof text, "[one]\npath = /%.*s\nnumber = 0\n", (int)INIFILE_LINE_MOST - 7,
             path);
    wrong(text, "/etc/mp/s.conf:2: the line is longer than 190 bytes; a list may go on in lines "
                "that begin with a blank\n"
                "/etc/mp/s.conf:3: number = 0: a whole number from 1 to 1000000 is needed\n");
    snprintf(text, sizeof text, "[two]\nlist = %.*s\n  more\n", 290, path);
    wrong(text, "/etc/mp/s.conf:2: the line is longer than 190 bytes; a list may go on in lines "
                "that begin with a blank\n");
    snprintf(text, sizeof text, "[one%060d]\nnumber = 0\n", 0);
    snprintf(path, sizeof path,
             "/etc/mp/s.conf:1: there is no section [one%060d]: the sections are one, two\n", 0);
    wrong(text, path);
}

static void strange_bytes(void **state)
{
    (void)state;
    wrong_bytes(SL("[one]\nnumber = 5\0 6\npath = \xff\nother = a\033[2Jb\n# \001\nnumber\x7f=1\n"),
                "/etc/mp/s.conf:2: control character 0x00: remove it\n"
                "/etc/mp/s.conf:3: byte 0xff is not UTF-8: save the file as UTF-8\n"
                "/etc/mp/s.conf:4: control character 0x1b: remove it\n"
                "/etc/mp/s.conf:5: control character 0x01: remove it\n"
                "/etc/mp/s.conf:6: control character 0x7f: remove it\n");
    wrong_bytes(SL("[one]\rnumber = 1\n"), "/etc/mp/s.conf:1: control character 0x0d: remove it\n");
    assert_string_equal(good("[one]\npath = /m\xc3\xbcll").path, "/m\xc3\xbcll");
}

static void put(const char *dir, const char *text, size_t times)
{
    char file[200];

    snprintf(file, sizeof file, "%s/mptools.conf", dir);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    for (size_t i = 0; i < times; i++)
        fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void files(void **state)
{
    char dir[] = "/tmp/settings_test.XXXXXX", name[80];
    struct problems p = {0};
    struct settings s;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(settings_load(dir, &p, &s), WORDS_ABSENT);
    assert_true(s.false_flags == 0);
    assert_false(s.route_auto);
    assert_int_equal(s.route_slots, 0);
    assert_null(s.geoip_country);
    assert_null(s.geoip_asn);
    settings_free(&s);
    put(dir,
        "[scoring]\nfalse_flags = 1 per 1,000,000 messages\n"
        "[geoip]\ncountry = c.mmdb\nasn = /a.mmdb\n"
        "[route]\nauto = yes\nslots = 99\n",
        1);
    assert_int_equal(settings_load(dir, &p, &s), WORDS_OK);
    assert_true(s.false_flags == 1e-6);
    snprintf(name, sizeof name, "%s/c.mmdb", dir);
    assert_string_equal(s.geoip_country, name);
    assert_string_equal(s.geoip_asn, "/a.mmdb");
    assert_true(s.route_auto);
    assert_int_equal(s.route_slots, 99);
    settings_free(&s);
    assert_int_equal(p.count, 0);
    put(dir, "[scoring]\nfalse_flags = 1\n", 1);
    assert_int_equal(settings_load(dir, &p, &s), WORDS_BROKEN);
    settings_free(&s);
    put(dir, "# a line of a file that is far too long to have been written by anybody\n", 20000);
    assert_int_equal(settings_load(dir, &p, &s), WORDS_BROKEN);
    settings_free(&s);
    snprintf(name, sizeof name, "%s/mptools.conf", dir);
    unlink(name);
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(settings_load(dir, &p, &s), WORDS_BROKEN);
    settings_free(&s);
    assert_int_equal(p.count, 3);
    text_addc(&p.lines, '\0');
    assert_non_null(strstr(p.lines.p, "mptools.conf:2: false_flags = 1: a rate from"));
    assert_non_null(strstr(p.lines.p, "mptools.conf: can't read it: File too large\n"));
    assert_non_null(strstr(p.lines.p, "mptools.conf: can't read it: Is a directory\n"));
    problems_free(&p);
    rmdir(name);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),      cmocka_unit_test(layout),
        cmocka_unit_test(lists),         cmocka_unit_test(values),
        cmocka_unit_test(all_at_once),   cmocka_unit_test(long_lines),
        cmocka_unit_test(strange_bytes), cmocka_unit_test(files),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
