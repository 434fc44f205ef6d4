#include "act/run.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"

extern char **environ;

enum { IN, OUT, ERR, FILES };

static bool open_files(int fd[FILES], struct slice input)
{
    for (int i = 0; i < FILES; i++)
        fd[i] = -1;
    for (int i = 0; i < FILES; i++)
        if ((fd[i] = memfd_create("mptools", MFD_CLOEXEC)) < 0)
            return false;
    return write_all(fd[IN], input.p, input.n) && lseek(fd[IN], 0, SEEK_SET) == 0;
}

static void close_files(const int fd[FILES])
{
    for (int i = 0; i < FILES; i++)
        if (fd[i] >= 0)
            close(fd[i]);
}

static bool read_file(int fd, struct text *out)
{
    off_t at = 0;

    for (;;) {
        if (!text_room(out, 4096))
            return false;
        ssize_t n = pread(fd, out->p + out->n, 4096, at);
        if (n <= 0)
            return n == 0;
        out->n += (size_t)n;
        at += n;
    }
}

/* posix_spawnp() and a second look in /usr/sbin, which cron's PATH may lack. Returns an errno. */
static int start(pid_t *pid, const char *const argv[], const int fd[FILES])
{
    posix_spawn_file_actions_t actions;
    char path[PATH_MAX];

    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    int error = 0;
    for (int i = 0; i < FILES && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(&actions, fd[i], i);
    if (error == 0)
        error = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    if (error == ENOENT &&
        snprintf(path, sizeof(path), "/usr/sbin/%s", argv[0]) < (int)sizeof(path))
        error = posix_spawn(pid, path, &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int run_program(const char *const argv[], struct slice input, struct text *out, struct text *err)
{
    int fd[FILES], status = RUN_FAILED, code;
    pid_t pid;

    if (!open_files(fd, input)) {
        close_files(fd);
        return RUN_FAILED;
    }
    int error = start(&pid, argv, fd);
    if (error == ENOENT) {
        status = RUN_MISSING;
    } else if (error == 0) {
        while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
            ;
        errno = 0;
        if (WIFEXITED(code) && read_file(fd[OUT], out) && read_file(fd[ERR], err))
            status = WEXITSTATUS(code);
    }
    close_files(fd);
    if (error)
        errno = error;
    return status;
}
