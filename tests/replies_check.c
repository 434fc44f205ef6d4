/* replies_check: the class and list of every reply on stdin, for tests/replies.t.
 *
 * One reply a line; on stdout `CLASS<TAB>LISTED_BY<TAB>FILE:LINE<TAB>ADDRESS`, ADDRESS being the
 * one that the reply quotes as its client's. Mistakes in the patterns go to stderr, status 78.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/msg.h"
#include "judge/reply.h"

static void print(const struct replies *r, const struct reply_verdict *v, struct slice reply)
{
    struct slice name = reply_class_name(v->class), ip = SLICE_NONE;
    const char *file = "-";
    unsigned line = replies_rule(r, v->rule, &file);

    reply_quoted_ip(reply, &ip);
    printf("%.*s\t%.*s\t%s:%u\t%.*s\n", (int)name.n, name.p, (int)v->listed_by.n,
           v->listed_by.n ? v->listed_by.p : "", file, line, (int)ip.n, ip.n ? ip.p : "");
}

int main(int argc, char **argv)
{
    struct problems problems = {0};
    struct replies *r;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    msg_init(argv[0]);
    r = replies_load(argc > 1 ? argv[1] : NULL, &problems);
    problems_print(&problems);
    problems_free(&problems);
    if (r == NULL)
        return 78;
    while ((n = getline(&line, &room, stdin)) > 0) {
        struct reply_verdict v;
        struct slice reply = slice_of(line, (size_t)n - (line[n - 1] == '\n'));
        reply_class(r, reply, &v);
        print(r, &v, reply);
    }
    free(line);
    replies_free(r);
    return fflush(stdout) == 0 ? 0 : 74;
}
