#include "judge/scoring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A message is at most two observations, each of which may start the sum anew: what our filter
 * said, and what the remote sites said. */
#define OBSERVATIONS_PER_MESSAGE 2

/* One family alone may go this far over h: enough to be a suspect in spite of what the others cost
 * (cusum.h), and no more, so that a sum that was high comes down again. */
#define ALONE_SHARE 1.3

enum setting {
    FALSE_FLAGS,
    FAMILY_SHARE,
    REMOTE_SHARE,
    MESSAGE_SHARE,
    AFFECTED,
    ONSET,
    FADE,
    SETTINGS
};

static const struct {
    struct slice name;
    double least, most;
} setting[SETTINGS] = {
    [FALSE_FLAGS] = {{"false_flags", 11}, 1e-12, 1e-2},
    [FAMILY_SHARE] = {{"family_share", 12}, 0.5, 0.95},
    [REMOTE_SHARE] = {{"remote_share", 12}, 0.05, 0.49},
    [MESSAGE_SHARE] = {{"message_share", 13}, 0.02, 0.5},
    [AFFECTED] = {{"affected", 8}, 0.01, 0.99},
    [ONSET] = {{"onset", 5}, 1e-6, 0.1},
    [FADE] = {{"fade", 4}, 0, 0.5},
};

static const struct slice family_names[FAMILY_COUNT] = {
    [FAMILY_CONTENT] = {"replies-content", 15},
    [FAMILY_UNKNOWN] = {"replies-unknown", 15},
    [FAMILY_VERDICT] = {"verdict", 7},
};

struct values {
    double setting[SETTINGS];
    bool have[SETTINGS], have_family[FAMILY_COUNT];
    struct likelihood family[FAMILY_COUNT];
};

struct slice family_name(unsigned family)
{
    return family < FAMILY_COUNT ? family_names[family] : SLICE_NONE;
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

static void read_likelihood(const struct words *w, struct values *v)
{
    struct likelihood l;

    if (w->n != 4) {
        words_error(w, "likelihood FAMILY USUAL COMPROMISED are needed");
        return;
    }
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        if (!slice_eq(w->word[1], family_names[f]))
            continue;
        if (!number(w, w->word[2], 1e-6, 0.9, &l.usual) ||
            !number(w, w->word[3], 1e-6, 0.999, &l.compromised))
            return;
        if (l.compromised <= l.usual) {
            words_error(w, "a compromised identity has to show the sign more often than usual");
            return;
        }
        l.yes = (float)log(l.compromised / l.usual);
        l.no = (float)log((1 - l.compromised) / (1 - l.usual));
        v->family[f] = l;
        v->have_family[f] = true;
        return;
    }
    words_error(w, "there is no family `%.*s`", (int)w->word[1].n, w->word[1].p);
}

static void read_line(const struct words *w, struct values *v)
{
    if (slice_eq(w->word[0], SL("likelihood"))) {
        read_likelihood(w, v);
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
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (!v->have_family[f])
            problem_add(problems, share, 0, "scoring.conf: likelihood %s is missing",
                        family_names[f].p);
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
    double h = log(OBSERVATIONS_PER_MESSAGE / v.setting[FALSE_FLAGS]);
    *out = (struct scoring){
        .false_flags = v.setting[FALSE_FLAGS],
        .threshold = h,
        .family_most = h * v.setting[FAMILY_SHARE],
        .alone_most = h * ALONE_SHARE,
        .remote_most = h * v.setting[REMOTE_SHARE],
        .message_most = h * v.setting[MESSAGE_SHARE],
        .affected = (float)log(v.setting[AFFECTED]),
        .spared = (float)log1p(-v.setting[AFFECTED]),
        .onset = (float)log(v.setting[ONSET]),
        .calm = (float)log1p(-v.setting[ONSET]),
        .fade = (float)v.setting[FADE],
    };
    memcpy(out->family, v.family, sizeof out->family);
    return true;
}
