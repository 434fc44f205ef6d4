#include "base/cli.h"

#include <stdio.h>

#include "base/exits.h"
#include "base/msg.h"

int cli_usage(const char *usage, const char *problem)
{
    if (problem)
        msg_error("%s", problem);
    fputs(usage, problem ? stderr : stdout);
    if (problem)
        return EXIT_USAGE;
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
}

int cli_bad_option(const char *usage, int c, const char *arg)
{
    char problem[128];

    snprintf(problem, sizeof problem, "%.80s: %s", arg,
             c == ':' ? "an argument is missing" : "no such option, or not in that form");
    return cli_usage(usage, problem);
}

bool cli_year(const char *s, int *year)
{
    uint64_t v;

    if (!slice_u64(slice_str(s), &v) || v < 1970 || v > 9999)
        return false;
    *year = (int)v;
    return true;
}
