#include <math.h>

#include "base/when.h"
#include "judge/calibrate_parts.h"

#define MILLION 1e6
/* A sign that is so much more frequent than the shipped numbers have it needs a reason. */
#define STRIKING 3.0

/* 1,040 */
static void add_grouped(struct text *t, uint64_t n)
{
    if (n >= 1000) {
        add_grouped(t, n / 1000);
        text_addf(t, ",%03u", (unsigned)(n % 1000));
    } else {
        text_addf(t, "%u", (unsigned)n);
    }
}

static void add_count(struct text *t, uint64_t n, const char *one, const char *many)
{
    add_grouped(t, n);
    text_addf(t, " %s", n == 1 ? one : many);
}

/* Three digits, but whole thousands. */
static void add_number(struct text *t, double x)
{
    if (x >= 999.5)
        add_grouped(t, (uint64_t)(x + 0.5));
    else
        text_addf(t, "%.3g", x);
}

static void add_time(struct text *t, int64_t time)
{
    char when[WHEN_TEXT_MAX];

    text_add(t, slice_of(when, when_print(when, time, 0)));
}

/* The first and the last day, of a log that has any records. */
static void add_span(struct text *t, const struct calibrate *c)
{
    char when[WHEN_TEXT_MAX];
    uint64_t days = c->to > c->from ? (uint64_t)((c->to - c->from - 1) / WHEN_DAY) + 1 : 1;

    when_print(when, c->from, 0);
    text_addf(t, ", %.10s to ", when);
    when_print(when, c->to, 0);
    text_addf(t, "%.10s (", when);
    add_count(t, days, "day)", "days)");
}

static void add_basis(struct text *t, const struct calibrate *c)
{
    add_count(t, c->messages, "message of ", "messages of ");
    add_count(t, c->witnesses, "identity", "identities");
    if (c->from != WHEN_NONE)
        add_span(t, c);
}

static void add_list(struct text *t, const struct pass *pass)
{
    text_add(t, text_slice(&pass->list));
    if (pass->named <= LISTED)
        return;
    text_add(t, SL("  and "));
    add_grouped(t, pass->named - LISTED);
    text_add(t, SL(" more\n"));
}

static void add_flagged(struct text *t, const struct calibrate *c)
{
    text_add(t, SL("\nWARNING: this log isn't clean. Flagged were:\n"));
    add_list(t, &c->pass[0]);
    if (c->o.all) {
        text_add(t, SL("They were counted all the same, as if they were honest.\n"));
        return;
    }
    text_add(t, SL("They were left out of the estimate. Look at each: if it was compromised, take "
                   "a log\nwithout it; if all of them are honest, count them with --all.\n"));
}

static void add_suspects(struct text *t, size_t suspects)
{
    text_add(t, SL("\nNote: "));
    add_count(t, suspects, "identity is a suspect", "identities are suspects");
    text_add(t, SL(" (one kind of evidence; spamscore lists them). Their\nmail was counted, since "
                   "honest mailings look like that too. Look at them.\n"));
}

static void add_strangers(struct text *t)
{
    text_add(t, SL("\nNote: without a customers file, every client that some of its mail went out "
                   "for is\nan identity, strangers that write to yours too. Better have one first "
                   "(customers).\n"));
}

static void add_striking(struct text *t, const struct calibrate *c)
{
    for (unsigned i = 0; i < SIGN_COUNT; i++) {
        double before = shares_mean(&c->o.shipped->sign[i].usual);
        double now = shares_mean(&c->fit[i].shares);
        if (!c->fit[i].fitted || i == SIGN_BUSIER || now < STRIKING * before)
            continue;
        struct slice name = sign_name(i);
        text_addf(t,
                  "\nNote: %.*s is %.1f times as frequent as the shipped numbers have it. If that\n"
                  "can't be this site's usual mail, the log isn't clean.\n",
                  (int)name.n, name.p, now / before);
    }
}

/* A share of messages in percent. */
static void add_share(struct text *t, bool known, double share)
{
    if (known)
        text_addf(t, "  %7.3g %%", 100 * share);
    else
        text_add(t, SL("          -"));
}

static void add_sign(struct text *t, const struct calibrate *c, enum sign sign)
{
    const struct sign_fit *fit = &c->fit[sign];
    struct slice name = sign_name(sign);

    text_addf(t, "%-20.*s  %10zu", (int)name.n, name.p, fit->telling);
    add_share(t, fit->telling, (double)fit->median);
    add_share(t, fit->telling, (double)fit->high);
    add_share(t, fit->telling, (double)fit->highest);
    add_share(t, true, shares_mean(&c->o.shipped->sign[sign].usual));
    add_share(t, fit->fitted, shares_mean(&fit->shares));
    text_addc(t, '\n');
}

static void add_table(struct text *t, const struct calibrate *c)
{
    text_add(t, SL("\nShare of an identity's messages that show a sign, over identities with 20 "
                   "and more\nthat could have; and its mean over all, as shipped and as it is "
                   "here:\n"));
    text_addf(t, "%-20s  %10s  %9s  %9s  %9s  %9s  %9s\n", "SIGN", "IDENTITIES", "MEDIAN", "90 %",
              "99 %", "SHIPPED", "HERE");
    for (unsigned i = 0; i < SIGN_COUNT; i++)
        if (i != SIGN_ODD_HOUR)
            add_sign(t, c, i);
    text_add(t, SL("HERE leaves out what is new of everybody at first. -: too few to tell; the "
                   "shipped\nnumbers stay.\n"));
}

static void add_opinion(struct text *t, const struct interval *rate, double tolerated)
{
    if (rate->low > tolerated) {
        text_add(t, SL("That is more than tolerated.\n"));
    } else if (rate->high <= tolerated) {
        text_add(t, SL("That is less than tolerated.\n"));
    } else {
        text_add(t, SL("That fits; to be sure takes "));
        add_number(t, poisson_interval(0).high / tolerated);
        text_add(t, SL(" messages without a flag.\n"));
    }
}

static void add_rate(struct text *t, const struct calibrate *c, const struct pass *pass)
{
    double messages = (double)c->messages;
    struct interval rate = poisson_interval(pass->flags);

    rate.low /= messages;
    rate.high /= messages;
    add_grouped(t, pass->flags);
    text_add(t, SL(" in "));
    add_count(t, c->messages, "message", "messages");
    text_add(t, SL(", which is "));
    add_number(t, (double)pass->flags / messages * MILLION);
    text_add(t, SL(" in a million\n    (95 % confidence: "));
    add_number(t, rate.low * MILLION);
    text_add(t, SL(" to "));
    add_number(t, rate.high * MILLION);
    text_add(t, SL("). "));
    add_opinion(t, &rate, c->o.scoring->false_flags);
}

static void add_again(struct text *t, const struct calibrate *c)
{
    const struct pass *pass = &c->pass[1];

    text_add(t, SL("  new numbers: "));
    if (!pass->over) {
        text_add(t, SL("not measured, as this input can't be read twice. Put the file in\n"
                       "    place and run this again, on other mail if there is any.\n"));
        return;
    }
    add_rate(t, c, pass);
    text_add(t, SL("    It is the mail that they were made from, which flatters them a little.\n"));
    if (pass->named)
        text_add(t, SL("    Flagged now, but not with the present numbers:\n"));
    add_list(t, pass);
}

static void add_rates(struct text *t, const struct calibrate *c)
{
    if (c->messages == 0)
        return;
    text_add(t,
             SL("\nFalse flags, if all of this mail is honest; tolerated in a million messages: "));
    add_number(t, c->o.scoring->false_flags * MILLION);
    text_add(t, SL("\n  present numbers: "));
    add_rate(t, c, &c->pass[0]);
    if (calibrate_any(c))
        add_again(t, c);
}

bool calibrate_report(const struct calibrate *c, struct text *out)
{
    add_basis(out, c);
    text_addc(out, '\n');
    if (c->pass[0].flagged)
        add_flagged(out, c);
    if (c->pass[0].suspects)
        add_suspects(out, c->pass[0].suspects);
    if (c->o.customers == NULL)
        add_strangers(out);
    add_striking(out, c);
    add_table(out, c);
    add_rates(out, c);
    if (!calibrate_any(c))
        text_add(out, SL("\nThis is too little mail to estimate anything from.\n"));
    return !out->failed;
}

/* The weights in percent. */
static void add_line(struct text *t, enum sign sign, const struct shares *s)
{
    struct slice name = sign_name(sign);

    text_addf(t, "usual %-20.*s", (int)name.n, name.p);
    for (unsigned i = 0; i < s->n; i++)
        text_addf(t, " %.4g:%.4g", (double)s->share[i],
                  s->n == 1 ? 1.0 : 100 * (double)s->weight[i]);
    text_addc(t, '\n');
}

bool calibrate_file(const struct calibrate *c, int64_t now, struct text *out)
{
    text_add(out, SL("# scoring.conf: how honest mail looks at this site, for /etc/mptools (keep "
                     "your own\n# other lines). Made by spamscore --calibrate of mptools "));
    text_add(out, SL(MPTOOLS_VERSION ", "));
    add_time(out, now);
    text_add(out, SL(",\n# from "));
    add_basis(out, c);
    text_add(out, SL(".\n"));
    if (c->pass[0].flagged) {
        text_add(out, SL("# The log wasn't clean: "));
        add_count(out, c->pass[0].flagged, "identity was", "identities were");
        text_add(out, c->o.all ? SL(" flagged, and counted.\n") : SL(" flagged and left out.\n"));
    }
    for (unsigned i = 0; i < SIGN_COUNT; i++)
        if (c->fit[i].fitted)
            add_line(out, i, &c->fit[i].shares);
    return !out->failed;
}
