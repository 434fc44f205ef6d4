#include "act/postfixcheck.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "act/blockmap_parts.h"
#include "act/postfixcheck_parts.h"
#include "act/postmap.h"
#include "act/run.h"
#include "base/exits.h"

bool next_line(struct slice *text, struct slice *line)
{
    if (text->n == 0)
        return false;
    const char *end = slice_chr(*text, '\n');
    *line = end ? slice_range(text->p, end) : *text;
    *text = slice_skip(*text, line->n + 1);
    return true;
}

static bool is_between(char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\n';
}

bool next_word(struct slice *text, struct slice *word)
{
    size_t from = 0, to;

    while (from < text->n && is_between(text->p[from]))
        from++;
    for (to = from; to < text->n && !is_between(text->p[to]);)
        to++;
    *word = slice_of(text->p + from, to - from);
    *text = slice_skip(*text, to);
    return word->n > 0;
}

bool has_word(struct slice text, struct slice word)
{
    struct slice one;

    while (next_word(&text, &one))
        if (slice_eq(one, word))
            return true;
    return false;
}

/* The value behind `NAME = `. */
static bool value_of(struct slice text, struct slice name, struct slice *value)
{
    struct slice line;

    while (next_line(&text, &line))
        if (slice_starts(line, name) && slice_starts(slice_skip(line, name.n), SL(" ="))) {
            *value = slice_skip(line, name.n + 2);
            if (value->n && value->p[0] == ' ')
                *value = slice_skip(*value, 1);
            return true;
        }
    return false;
}

struct slice main_value(const struct postfix *p, const char *name)
{
    struct slice value = SLICE_NONE;

    value_of(text_slice(&p->main), slice_str(name), &value);
    return value;
}

struct slice service_value(const struct postfix *p, struct slice service, const char *name,
                           bool *found)
{
    struct slice value = SLICE_NONE;
    struct text key = {0};

    text_add(&key, service);
    text_addf(&key, "/%s", name);
    *found = !key.failed && value_of(text_slice(&p->master), text_slice(&key), &value);
    text_free(&key);
    return value;
}

void add_expanded(const struct postfix *p, struct text *out, struct slice piece)
{
    const char *dollar = slice_chr(piece, '$');

    if (dollar == NULL) {
        text_add(out, piece);
        return;
    }
    struct slice rest = slice_skip(piece, (size_t)(dollar - piece.p));
    const char *slash = slice_chr(rest, '/');
    text_add(out, slice_range(piece.p, dollar));
    text_addf(out, "%s:%s",
              slice_starts(rest, SL("$mp_index"))  ? p->type
              : slice_starts(rest, SL("$mp_cidr")) ? "cidr"
                                                   : "regexp",
              p->dir);
    if (slash)
        text_add(out, slice_skip(rest, (size_t)(slash - rest.p)));
}

/* What a postconf option prints, added to out. */
static int ask(const char *const argv[], struct text *out, struct failure *failure)
{
    struct text err = {0};
    int status = run_program(argv, SLICE_NONE, out, &err);

    if (status == RUN_MISSING) {
        failure_set(failure, EXIT_UNAVAILABLE, "postconf: not found: install Postfix");
    } else if (status != 0) {
        struct slice text = text_slice(&err), line = SLICE_NONE;
        next_line(&text, &line);
        failure_set(failure, EXIT_UNAVAILABLE, "postconf %s: %.*s", argv[1], (int)line.n,
                    line.n ? line.p : "");
    } else if (out->failed) {
        failure_memory(failure);
    }
    text_free(&err);
    return failure->status;
}

static void check_types(const struct postfix *p, struct slice types)
{
    const char *const wanted[] = {p->type, "regexp", "cidr"};

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (!has_word(types, slice_str(wanted[i])))
            FINDING(p,
                    "Postfix has no %s tables (postconf -m): install postfix-%s, or use another "
                    "type (--map-type)",
                    wanted[i], wanted[i]);
}

/* One line for all that is missing. */
static void check_files(const struct postfix *p)
{
    const struct standing nothing = {0};
    const struct blockmap_options options = {.slots = p->slots};
    struct failure ignored = {0};
    const struct table_type *type = table_type_choose(p->type, &ignored);
    struct blockmap maps = {0};
    char path[PATH_MAX + 100];
    struct text first = {0};
    size_t missing = 0;

    if (!blockmap_build(&maps, &nothing, NULL, &options, p->out))
        FINDING(p, "the maps can't be looked at: out of memory");
    for (size_t i = 0; i < maps.n; i++) {
        bool indexed = maps.maps[i].kind == MAP_INDEXED && type;
        snprintf(path, sizeof(path), "%s/%s%s", p->dir, maps.maps[i].name,
                 indexed ? type->suffix : "");
        if (access(path, R_OK) == 0)
            continue;
        if (missing++ == 0)
            text_addf(&first, "%s: %s", path, strerror(errno));
    }
    if (missing)
        FINDING(p,
                "%zu of %zu maps are missing, and Postfix answers 451 to all mail when main.cf "
                "names one of them: run senderblock --postmap (%.*s)",
                missing, maps.n, (int)first.n, first.n ? first.p : "");
    text_free(&first);
    blockmap_free(&maps);
    failure_free(&ignored);
}

static void check_parameters(const struct postfix *p)
{
    struct slice delimiter = main_value(p, "recipient_delimiter");

    if (!slice_eq(main_value(p, "smtpd_delay_reject"), SL("yes")))
        FINDING(p, "smtpd_delay_reject = no: mail is refused before its recipients are known, so "
                   "the log doesn't show them: postconf smtpd_delay_reject=yes");
    if (slice_eq(main_value(p, "soft_bounce"), SL("yes")))
        FINDING(p, "soft_bounce = yes: what is refused is tried again and again: postconf "
                   "soft_bounce=no");
    for (size_t i = 0; i < delimiter.n; i++)
        if (delimiter.p[i] != '+')
            FINDING(p,
                    "recipient_delimiter has `%c`: rules of several conditions only know address "
                    "extensions behind a `+`",
                    delimiter.p[i]);
}

static void check_headers(const struct postfix *p)
{
    struct slice checks = main_value(p, "header_checks"), rest = text_slice(&p->master), line;
    struct text want = {0};

    add_expanded(p, &want, SL("$mp_regexp/mp_header_checks"));
    if (!has_word(checks, text_slice(&want)))
        FINDING(p,
                "header_checks lacks regexp:%s/mp_header_checks: rules for subjects don't hold: "
                "append it",
                p->dir);
    while (next_line(&rest, &line)) {
        const char *at = slice_find(line, SL("/header_checks ="));
        if (at && !has_word(slice_skip(line, (size_t)(at - line.p)), text_slice(&want)))
            FINDING(p,
                    "master.cf: %.*s sets header_checks itself, without ours: append "
                    "$mp_regexp/mp_header_checks there",
                    (int)(at - line.p), line.p);
    }
    if (slice_find(main_value(p, "receive_override_options"), SL("no_header_body_checks")))
        FINDING(p, "receive_override_options has no_header_body_checks: rules for subjects don't "
                   "hold: set it for the service behind the content filter only");
    text_free(&want);
}

/* Our maps where they don't belong. */
static void check_elsewhere(const struct postfix *p)
{
    static const char *const lists[] = {"smtpd_client_restrictions", "smtpd_helo_restrictions",
                                        "smtpd_relay_restrictions", "smtpd_recipient_restrictions",
                                        "smtpd_data_restrictions"};
    struct slice rest = text_slice(&p->main), line;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (slice_find(main_value(p, lists[i]), SL("/mp_customer_")) ||
            slice_find(main_value(p, lists[i]), SL("/mp_suspended_")))
            FINDING(p,
                    "%s has our checks: a client's login may not be known there, and "
                    "permit_sasl_authenticated ends that list: move $mp_restrictions to the end of "
                    "smtpd_sender_restrictions",
                    lists[i]);
    while (next_line(&rest, &line)) {
        const char *at = slice_find(line, SL("proxy:"));
        if (at && slice_find(slice_skip(line, (size_t)(at - line.p)), SL("/mp_"))) {
            const char *equals = slice_chr(line, ' ');
            FINDING(p,
                    "%.*s reads our maps through proxymap, which keeps old ones: leave out proxy:",
                    (int)(equals ? equals - line.p : 0), line.p);
        }
    }
}

static int read_postfix(struct postfix *p, struct text *types, struct failure *failure)
{
    static const char *const ask_types[] = {"postconf", "-m", NULL};
    static const char *const ask_main[] = {"postconf", "-x", NULL};
    static const char *const ask_master[] = {"postconf", "-xP", NULL};
    static const char *const ask_services[] = {"postconf", "-M", NULL};

    if (ask(ask_types, types, failure) != 0 || ask(ask_main, &p->main, failure) != 0 ||
        ask(ask_master, &p->master, failure) != 0 || ask(ask_services, &p->service, failure) != 0)
        return failure->status;
    return 0;
}

int postfix_check(const char *dir, const char *type, unsigned slots, struct problems *out,
                  struct failure *failure)
{
    struct postfix p = {
        .dir = dir, .type = type, .slots = slots ? slots : BLOCKMAP_SLOTS, .out = out};
    struct text types = {0};

    if (read_postfix(&p, &types, failure) == 0) {
        check_types(&p, text_slice(&types));
        check_files(&p);
        check_classes(&p);
        check_services(&p);
        check_headers(&p);
        check_parameters(&p);
        check_elsewhere(&p);
    }
    text_free(&types);
    text_free(&p.main);
    text_free(&p.master);
    text_free(&p.service);
    return failure->status;
}
