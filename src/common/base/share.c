#include "base/share.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MPTOOLS_DATADIR
#define MPTOOLS_DATADIR "/usr/local/share/mptools"
#endif

static bool is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* PREFIX/bin/tool -> PREFIX/share/mptools */
static bool beside_program(char *buf, size_t size)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    if (n <= 0 || (size_t)n >= sizeof exe - 1)
        return false;
    exe[n] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(exe, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    int len = snprintf(buf, size, "%s/share/mptools", exe);
    return len > 0 && (size_t)len < size && is_dir(buf);
}

const char *share_dir(void)
{
    static char found[PATH_MAX + 32];
    const char *env;

    if (found[0] != '\0')
        return found;
    env = secure_getenv("MPTOOLS_SHARE");
    if (env && *env && strlen(env) < sizeof found)
        strcpy(found, env);
    else if (!beside_program(found, sizeof found))
        strcpy(found, MPTOOLS_DATADIR);
    return found;
}

bool share_path(char *buf, size_t size, const char *name)
{
    int len = snprintf(buf, size, "%s/%s", share_dir(), name);

    return len > 0 && (size_t)len < size;
}

const char *conf_dir(const char *named)
{
    const char *env = secure_getenv("MPTOOLS_CONF");

    if (named)
        return named;
    return env && *env ? env : CONF_DIR_DEFAULT;
}
