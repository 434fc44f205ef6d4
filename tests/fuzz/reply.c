/* A remote server's words: the same words get the same verdict, whatever was judged in between. */
#include "fuzz.h"

#include "judge/reply.h"

static struct replies *patterns(void)
{
    static struct replies *r;
    struct problems problems = {0};

    if (r)
        return r;
    setenv("MPTOOLS_SHARE", "share/mptools", 0); /* run from the top of the checkout */
    r = replies_load(NULL, &problems);
    if (r == NULL)
        fprintf(stderr, "%.*s", (int)problems.lines.n, problems.lines.p);
    CHECK(r);
    problems_free(&problems);
    return r;
}

static void judge(struct slice reply, struct text *out)
{
    struct reply_verdict v;
    const char *file = NULL;

    reply_class(patterns(), reply, &v);
    CHECK(v.class < REPLY_CLASS_COUNT);
    CHECK(reply_class_of(reply_class_name(v.class)) == v.class);
    text_add(out, reply_class_name(v.class));
    text_addc(out, '\t');
    text_add_tsv(out, v.listed_by);
    unsigned line = replies_rule(patterns(), v.rule, &file);
    CHECK((line != 0) == (v.rule != 0));
    text_addf(out, "\t%u", line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char noise[64];
    static unsigned n;
    struct text first = {0}, again = {0}, other = {0};
    char *copy = copy_of(slice_of((const char *)data, size));
    struct slice reply = slice_of(copy, size), ip;

    judge(reply, &first);
    for (int i = 0; i < 20; i++) {
        int len = snprintf(noise, sizeof noise, "550 5.7.1 noise%c%c%c", 'a' + (int)(n % 26),
                           'a' + (int)(n / 26 % 26), 'a' + (int)(n / 676 % 26));
        judge(slice_of(noise, (size_t)len), &other);
        n++;
    }
    judge(reply, &again);
    check_same(&first, &again, "first and again");
    if (reply_quoted_ip(reply, &ip))
        CHECK(ip.n > 1 && ip.p >= copy && ip.p + ip.n <= copy + size);
    free(copy);
    text_free(&first);
    text_free(&again);
    text_free(&other);
    return 0;
}
