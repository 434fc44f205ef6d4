#include "base/conffolder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_conf(const struct dirent *e)
{
    struct slice name = slice_str(e->d_name);

    return name.n > 5 && name.p[0] != '.' && slice_ends(name, SL(".conf"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void conffolder_each(const char *dir, const char *name, conffolder_read *read, void *to,
                     struct problems *problems)
{
    char folder[PATH_MAX], path[PATH_MAX + 300];
    struct dirent **found = NULL;
    int n;

    if ((size_t)snprintf(folder, sizeof folder, "%s/%s", dir, name) >= sizeof folder) {
        problem_add(problems, dir, 0, "the name is too long");
        return;
    }
    if ((n = scandir(folder, &found, is_conf, by_name)) < 0) {
        if (errno != ENOENT)
            problem_add(problems, folder, 0, "can't read the folder: %s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, found[i]->d_name);
        read(to, path, problems);
        free(found[i]);
    }
    free(found);
}
