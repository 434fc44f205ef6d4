#include "base/links.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exits.h"

#define LINKS_MAX 40

/* Another user could have put this link there to have root replace a file of its choice. */
static bool link_is_trap(const char *path, const struct stat *link)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    struct stat st;
    bool trap = folder == NULL || stat(folder, &st) != 0 ||
                ((st.st_mode & S_ISVTX) && (st.st_mode & S_IWOTH) && link->st_uid != geteuid() &&
                 link->st_uid != st.st_uid);

    free(folder);
    return trap;
}

/* What a link says, as a path from here; NULL with errno. */
static char *link_target(const char *path)
{
    char to[PATH_MAX], *target = NULL;
    const char *slash = strrchr(path, '/');
    ssize_t n = readlink(path, to, sizeof to);

    if (n < 0)
        return NULL;
    if ((size_t)n == sizeof to) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (to[0] == '/' || slash == NULL)
        return strndup(to, (size_t)n);
    if (asprintf(&target, "%.*s/%.*s", (int)(slash - path), path, (int)n, to) < 0)
        return NULL;
    return target;
}

/* Frees the path, says why there is none. */
static char *refuse(char *path, struct failure *failure, const char *why)
{
    failure_set(failure, EXIT_CANTCREAT, "%s: %s: give the file's own name", path, why);
    free(path);
    return NULL;
}

char *links_follow(const char *given, struct failure *failure)
{
    char *path = strdup(given);
    struct stat st;

    for (int i = 0; path && lstat(path, &st) == 0 && S_ISLNK(st.st_mode); i++) {
        if (strncmp(path, "/proc/", 6) == 0)
            return path;
        if (i == LINKS_MAX)
            return refuse(path, failure, "too many symbolic links, one after another");
        if (link_is_trap(path, &st))
            return refuse(path, failure,
                          "another user's symbolic link in a folder where everybody may write");
        char *target = link_target(path);
        if (target == NULL)
            return refuse(path, failure, "a symbolic link that can't be read");
        free(path);
        path = target;
    }
    if (path == NULL)
        failure_memory(failure);
    return path;
}
