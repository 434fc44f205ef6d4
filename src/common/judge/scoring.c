#include "judge/scoring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A message is three observations as a rule, each of which may start the sum anew: its arrival,
 * what our filter said, and what the remote sites said (answers that come minutes apart make more).
 */
#define OBSERVATIONS_PER_MESSAGE 3

/* One family alone may go this far over h: enough to be a suspect in spite of what the others cost
 * (cusum.h), and no more, so that a sum that was high comes down again. */
#define ALONE_SHARE 1.3

enum setting {
    FALSE_FLAGS,
    FAMILY_SHARE,
    CAMPAIGN_SHARE,
    MAILING_SHARE,
    CONDUCT_SHARE,
    REMOTE_SHARE,
    MESSAGE_SHARE,
    AFFECTED,
    ONSET,
    FADE,
    CHANGE,
    KINSHIP,
    SETTINGS
};

static const struct {
    struct slice name;
    double least, most;
} setting[SETTINGS] = {
    [FALSE_FLAGS] = {{"false_flags", 11}, 1e-12, 1e-2},
    [FAMILY_SHARE] = {{"family_share", 12}, 0.5, 0.95},
    [CAMPAIGN_SHARE] = {{"campaign_share", 14}, 0.05, 0.95},
    [MAILING_SHARE] = {{"mailing_share", 13}, 0.05, 1},
    [CONDUCT_SHARE] = {{"conduct_share", 13}, 0.05, 1},
    [REMOTE_SHARE] = {{"remote_share", 12}, 0.05, 0.49},
    [MESSAGE_SHARE] = {{"message_share", 13}, 0.02, 0.5},
    [AFFECTED] = {{"affected", 8}, 0.01, 0.99},
    [ONSET] = {{"onset", 5}, 1e-6, 0.1},
    [FADE] = {{"fade", 4}, 0, 0.5},
    [CHANGE] = {{"change", 6}, 1e-6, 0.5},
    [KINSHIP] = {{"kinship", 7}, 0, 1000},
};

static const struct slice family_names[FAMILY_COUNT] = {
    [FAMILY_CONTENT] = {"replies-content", 15},
    [FAMILY_UNKNOWN] = {"replies-unknown", 15},
    [FAMILY_VERDICT] = {"verdict", 7},
    [FAMILY_RECIPIENTS] = {"recipients", 10},
    [FAMILY_VOLUME] = {"volume", 6},
    [FAMILY_ORIGIN] = {"origin", 6},
    [FAMILY_SENDER] = {"sender", 6},
};

static const struct slice sign_names[SIGN_COUNT] = {
    [SIGN_CONTENT] = {"content", 7},
    [SIGN_UNKNOWN] = {"unknown", 7},
    [SIGN_SPAM] = {"spam", 4},
    [SIGN_NEW_RCPT] = {"new-recipient", 13},
    [SIGN_NEW_DOMAIN] = {"new-recipient-domain", 20},
    [SIGN_NEW_SENDER] = {"new-sender", 10},
    [SIGN_FOREIGN_SENDER] = {"foreign-sender", 14},
    [SIGN_RANDOM_SENDER] = {"random-sender", 13},
    [SIGN_NEW_NET] = {"new-net", 7},
    [SIGN_NEW_AS] = {"new-provider", 12},
    [SIGN_NEW_COUNTRY] = {"new-country", 11},
    [SIGN_ELSEWHERE] = {"elsewhere", 9},
    [SIGN_BUSIER] = {"busier", 6},
    [SIGN_ODD_HOUR] = {"odd-hour", 8},
};

struct values {
    double setting[SETTINGS];
    bool have[SETTINGS];
    struct sign_scoring sign[SIGN_COUNT];
};

struct slice family_name(unsigned family)
{
    return family < FAMILY_COUNT ? family_names[family] : SLICE_NONE;
}

struct slice sign_name(unsigned sign)
{
    return sign < SIGN_COUNT ? sign_names[sign] : SLICE_NONE;
}

static bool number(const struct words *w, struct slice s, double least, double most, double *out)
{
    char buf[40] = "", *end = buf;

    if (s.n && s.n < sizeof buf) {
        memcpy(buf, s.p, s.n);
        buf[s.n] = 0;
        *out = strtod(buf, &end);
    }
    if (end == buf || *end || !(*out >= least && *out <= most)) {
        words_error(w, "%.*s: a number from %g to %g is needed", (int)s.n, s.p, least, most);
        return false;
    }
    return true;
}

/* SHARE:WEIGHT */
static bool read_share(const struct words *w, struct slice word, double *share, double *weight)
{
    const char *colon = slice_chr(word, ':');

    if (colon == NULL) {
        words_error(w, "%.*s: SHARE:WEIGHT is needed", (int)word.n, word.p);
        return false;
    }
    return number(w, slice_range(word.p, colon), 1e-6, 0.999, share) &&
           number(w, slice_range(colon + 1, word.p + word.n), 1e-9, 1e9, weight);
}

static bool read_shares(const struct words *w, struct shares *out)
{
    double share, weight, sum = 0;

    *out = (struct shares){.n = (unsigned)w->n - 2};
    for (unsigned i = 0; i < out->n; i++) {
        if (!read_share(w, w->word[i + 2], &share, &weight))
            return false;
        out->share[i] = (float)share;
        out->yes[i] = (float)log(share);
        out->no[i] = (float)log1p(-share);
        out->weight[i] = (float)weight;
        sum += weight;
    }
    for (unsigned i = 0; i < out->n; i++)
        out->weight[i] /= (float)sum;
    return true;
}

static void read_sign(const struct words *w, bool usual, struct values *v)
{
    struct shares shares;

    if (w->n < 3 || w->n > SHARES_MOST + 2) {
        words_error(w, "SIGN and one to %u times SHARE:WEIGHT are needed", SHARES_MOST);
        return;
    }
    for (unsigned i = 0; i < SIGN_COUNT; i++) {
        if (!slice_eq(w->word[1], sign_names[i]))
            continue;
        if (read_shares(w, &shares))
            *(usual ? &v->sign[i].usual : &v->sign[i].compromised) = shares;
        return;
    }
    words_error(w, "there is no sign `%.*s`", (int)w->word[1].n, w->word[1].p);
}

static void read_line(const struct words *w, struct values *v)
{
    bool usual = slice_eq(w->word[0], SL("usual"));

    if (usual || slice_eq(w->word[0], SL("compromised"))) {
        read_sign(w, usual, v);
        return;
    }
    for (unsigned i = 0; i < SETTINGS; i++) {
        if (!slice_eq(w->word[0], setting[i].name))
            continue;
        if (w->n != 2)
            words_error(w, "%s needs one value", setting[i].name.p);
        else if (number(w, w->word[1], setting[i].least, setting[i].most, &v->setting[i]))
            v->have[i] = true;
        return;
    }
    words_error(w, "there is no setting `%.*s`", (int)w->word[0].n, w->word[0].p);
}

static enum words_result read_file(const char *dir, struct problems *problems, struct values *v)
{
    enum words_result result;
    struct words w;
    char *file;

    if (asprintf(&file, "%s/scoring.conf", dir) < 0) {
        problem_add(problems, dir, 0, "out of memory");
        return WORDS_BROKEN;
    }
    result = words_load(&w, file, problems);
    while (result == WORDS_OK && words_next(&w))
        read_line(&w, v);
    words_free(&w);
    free(file);
    return result;
}

static void check_complete(const char *share, struct problems *problems, const struct values *v)
{
    for (unsigned i = 0; i < SETTINGS; i++)
        if (!v->have[i])
            problem_add(problems, share, 0, "scoring.conf: %s is missing", setting[i].name.p);
    for (unsigned i = 0; i < SIGN_COUNT; i++) {
        if (v->sign[i].usual.n == 0 && i != SIGN_ODD_HOUR) /* that one is learned alone */
            problem_add(problems, share, 0, "scoring.conf: usual %s is missing", sign_names[i].p);
        if (v->sign[i].compromised.n == 0)
            problem_add(problems, share, 0, "scoring.conf: compromised %s is missing",
                        sign_names[i].p);
    }
}

static void set_threshold(struct scoring *out, const double setting_of[SETTINGS])
{
    double h = log(OBSERVATIONS_PER_MESSAGE / setting_of[FALSE_FLAGS]);

    out->false_flags = setting_of[FALSE_FLAGS];
    out->threshold = h;
    out->family_most = h * setting_of[FAMILY_SHARE];
    out->alone_most = h * ALONE_SHARE;
    out->campaign_most = h * setting_of[CAMPAIGN_SHARE];
    out->mailing_most = h * setting_of[MAILING_SHARE];
    out->conduct_most = h * setting_of[CONDUCT_SHARE];
    out->remote_most = h * setting_of[REMOTE_SHARE];
    out->message_most = h * setting_of[MESSAGE_SHARE];
}

void scoring_false_flags(struct scoring *s, double false_flags)
{
    double h = s->threshold;

    set_threshold(s, (double[SETTINGS]){
                         [FALSE_FLAGS] = false_flags,
                         [FAMILY_SHARE] = s->family_most / h,
                         [CAMPAIGN_SHARE] = s->campaign_most / h,
                         [MAILING_SHARE] = s->mailing_most / h,
                         [CONDUCT_SHARE] = s->conduct_most / h,
                         [REMOTE_SHARE] = s->remote_most / h,
                         [MESSAGE_SHARE] = s->message_most / h,
                     });
}

bool scoring_load(const char *share, const char *conf, struct problems *problems,
                  struct scoring *out)
{
    unsigned before = problems->count;
    struct values v = {0};

    if (read_file(share, problems, &v) == WORDS_ABSENT)
        problem_add(problems, share, 0, "scoring.conf is missing: it ships with the tools");
    else if (problems->count == before)
        check_complete(share, problems, &v);
    if (conf)
        read_file(conf, problems, &v);
    if (problems->count != before)
        return false;
    *out = (struct scoring){
        .affected = (float)log(v.setting[AFFECTED]),
        .spared = (float)log1p(-v.setting[AFFECTED]),
        .onset = (float)log(v.setting[ONSET]),
        .calm = (float)log1p(-v.setting[ONSET]),
        .fade = (float)v.setting[FADE],
        .change = (float)v.setting[CHANGE],
        .kinship = (float)v.setting[KINSHIP],
    };
    set_threshold(out, v.setting);
    memcpy(out->sign, v.sign, sizeof out->sign);
    return true;
}
