#include "act/blockmap_cf.h"
#include "act/postfixcheck_parts.h"

/* Are the words of `want` in the text, one behind the other? Sets *rest to what follows them. */
static bool find_words(struct slice text, struct slice want, struct slice *before,
                       struct slice *rest)
{
    struct slice start = text, word;

    for (;;) {
        struct slice a = text, b = want, x, y;
        bool same = true, more = next_word(&b, &y);
        while (same && more) {
            same = next_word(&a, &x) && slice_eq(x, y);
            more = same && next_word(&b, &y);
        }
        if (same) {
            *before = slice_range(start.p, text.p);
            *rest = a;
            return true;
        }
        if (!next_word(&text, &word))
            return false;
    }
}

/* A word that lets mail pass. */
static struct slice permit_in(struct slice text)
{
    struct slice word;

    while (next_word(&text, &word))
        if (slice_starts(word, SL("permit")))
            return word;
    return SLICE_NONE;
}

/* The list has ours, in their order, and nothing lets mail pass before; where: of the parameter, in
 * words; fix: what to do when it is missing altogether. */
static void check_list(const struct postfix *p, struct slice list, const char *where,
                       const char *fix)
{
    struct slice rest = list, before, after, word;
    size_t missing = 0;

    for (size_t i = 0; i < cf_restrictions(); i++) {
        struct text want = {0};
        add_expanded(p, &want, slice_str(cf_restriction(i)));
        if (find_words(rest, text_slice(&want), &before, &after)) {
            struct slice permit = permit_in(before);
            if (permit.n)
                FINDING(p,
                        "%s: %.*s stands before %s and lets mail pass: move $mp_restrictions "
                        "before it",
                        where, (int)permit.n, permit.p, cf_restriction(i));
            rest = after;
        } else {
            missing++;
            /* Said once for a list that has none of them. */
            if (missing == 1 && !slice_find(list, SL("/mp_customer_sasl"))) {
                FINDING(p, "%s doesn't have our checks, so nothing is refused: %s", where, fix);
                text_free(&want);
                return;
            }
            FINDING(p, "%s: %s is missing or out of order: let it be $mp_restrictions", where,
                    cf_restriction(i));
        }
        text_free(&want);
    }
    if (missing == 0 && next_word(&rest, &word))
        FINDING(p,
                "%s: %.*s stands behind ours, where clients with a login never come: move it "
                "before $mp_restrictions",
                where, (int)word.n, word.p);
}

bool behind_filter(const struct postfix *p, struct slice service)
{
    static const char *const names[] = {"content_filter", "smtpd_proxy_filter"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bool found;
        struct slice value = service_value(p, service, names[i], &found);
        if (found && value.n == 0)
            return true;
    }
    return false;
}

/* What a service sets that keeps our checks from working. */
static void check_overrides(const struct postfix *p, struct slice service)
{
    bool found;
    struct slice value = service_value(p, service, "smtpd_delay_reject", &found);

    if (found && !slice_eq(value, SL("yes")))
        FINDING(p, "master.cf: %.*s sets smtpd_delay_reject=%.*s: take it out", (int)service.n,
                service.p, (int)value.n, value.p);
    value = service_value(p, service, "smtpd_restriction_classes", &found);
    if (found && !slice_find(value, SL("mp_slot01")))
        FINDING(p,
                "master.cf: %.*s sets smtpd_restriction_classes itself, so it answers 451 where "
                "ours are meant: append $mp_classes there",
                (int)service.n, service.p);
    value = service_value(p, service, "receive_override_options", &found);
    if (slice_find(value, SL("no_header_body_checks")))
        FINDING(p,
                "master.cf: %.*s sets no_header_body_checks, so rules for subjects don't hold "
                "there: take it out",
                (int)service.n, service.p);
}

/* `NAME TYPE private unprivileged chroot wakeup maxproc COMMAND …` to NAME/TYPE; false when it is
 * no smtpd. */
static bool smtpd_service(struct slice line, struct text *name)
{
    struct slice word;

    for (unsigned i = 0; next_word(&line, &word); i++) {
        if (i < 2) {
            text_add(name, word);
            text_add(name, i == 0 ? SL("/") : SLICE_NONE);
        }
        if (i == 7)
            return slice_eq(word, SL("smtpd")) && !name->failed;
    }
    return false;
}

static void check_service(const struct postfix *p, struct slice service, bool *main_used)
{
    struct text where = {0}, fix = {0};
    bool found;
    struct slice list = service_value(p, service, "smtpd_sender_restrictions", &found);

    check_overrides(p, service);
    if (!found) {
        *main_used = true;
        return;
    }
    text_addf(&where, "master.cf: smtpd_sender_restrictions of %.*s", (int)service.n, service.p);
    text_addc(&where, '\0');
    text_addf(&fix, "postconf -P '%.*s/smtpd_sender_restrictions=%s$mp_restrictions'",
              (int)service.n, service.p, list.n ? "…, " : "");
    text_addc(&fix, '\0');
    if (!where.failed && !fix.failed)
        check_list(p, list, where.p, fix.p);
    text_free(&where);
    text_free(&fix);
}

void check_services(const struct postfix *p)
{
    struct slice rest = text_slice(&p->service), line;
    bool main_used = false;
    size_t services = 0;

    while (next_line(&rest, &line)) {
        struct text name = {0};
        if (smtpd_service(line, &name) && !behind_filter(p, text_slice(&name))) {
            services++;
            check_service(p, text_slice(&name), &main_used);
        }
        text_free(&name);
    }
    if (services == 0)
        FINDING(p, "master.cf has no smtpd service, so there is nothing to refuse mail");
    if (main_used)
        check_list(p, main_value(p, "smtpd_sender_restrictions"), "smtpd_sender_restrictions",
                   "append $mp_restrictions (senderblock --print-postfix)");
}

/* 0: right; 1: not declared; 2: has no value; 3: lacks a check. */
static int class_fault(const struct postfix *p, struct slice declared, struct slice name,
                       struct slice checks)
{
    struct text value_name = {0};
    int fault = 0;

    text_add(&value_name, name);
    text_addc(&value_name, '\0');
    struct slice value = value_name.failed ? SLICE_NONE : main_value(p, value_name.p);
    struct slice rest = checks, line, before, after;
    if (!has_word(declared, name))
        fault = 1;
    else if (value.n == 0)
        fault = 2;
    while (fault == 0 && next_line(&rest, &line)) {
        struct text want = {0};
        add_expanded(p, &want, line);
        if (!find_words(value, text_slice(&want), &before, &after))
            fault = 3;
        text_free(&want);
    }
    text_free(&value_name);
    return fault;
}

void check_classes(const struct postfix *p)
{
    static const char *const what[] = {"", "not in smtpd_restriction_classes",
                                       "in smtpd_restriction_classes, but not defined",
                                       "without some of their checks, or with other maps"};
    struct slice declared = main_value(p, "smtpd_restriction_classes");
    size_t faults[4] = {0};
    struct text first[4] = {{0}};

    for (unsigned slot = 1; slot <= p->slots; slot++)
        for (size_t i = 0; i < cf_classes(); i++) {
            struct text name = {0}, checks = {0};
            cf_class_name(&name, slot, i);
            cf_class_checks(&checks, slot, i, "\n");
            int fault = class_fault(p, declared, text_slice(&name), text_slice(&checks));
            if (faults[fault]++ == 0)
                text_add(&first[fault], text_slice(&name));
            text_free(&name);
            text_free(&checks);
        }
    for (int i = 1; i < 4; i++)
        if (faults[i])
            FINDING(p,
                    "main.cf: %zu of our %zu classes are %s (the first is %.*s): whoever is sent "
                    "there gets a 451: take the lines of senderblock --print-postfix",
                    faults[i], p->slots * cf_classes(), what[i], (int)first[i].n,
                    first[i].n ? first[i].p : "");
    for (int i = 0; i < 4; i++)
        text_free(&first[i]);
}
