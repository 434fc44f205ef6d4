#include "act/notice_mailer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/exits.h"

#define GRACE 5000 /* milliseconds from SIGTERM to SIGKILL */

extern char **environ;

enum { IN, OUT, ERR, FILES };

static bool open_files(int fd[FILES], struct slice mail)
{
    for (int i = 0; i < FILES; i++)
        fd[i] = -1;
    for (int i = 0; i < FILES; i++)
        if ((fd[i] = memfd_create("mpnotify", MFD_CLOEXEC)) < 0)
            return false;
    return write_all(fd[IN], mail.p, mail.n) && lseek(fd[IN], 0, SEEK_SET) == 0;
}

static void close_files(const int fd[FILES])
{
    for (int i = 0; i < FILES; i++)
        if (fd[i] >= 0)
            close(fd[i]);
}

/* A group of its own, no signal blocked, SIGPIPE as usual. Returns an errno. */
static int prepare(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;

    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &usual);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

static int start(pid_t *pid, const char *path, const char *from, const int fd[FILES])
{
    const char *const argv[] = {path, "-t", "-oi", "-f", from, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int error = prepare(&attributes);
    for (int i = 0; i < FILES && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(&actions, fd[i], i);
    if (error == 0)
        error = posix_spawn(pid, path, &actions, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* True when it has ended by then. */
static bool ended(pid_t pid, int pidfd, int64_t until, int *code)
{
    for (;;) {
        pid_t got = waitpid(pid, code, WNOHANG);
        int64_t left = until - clock_ms();
        if (got == pid)
            return true;
        if (left <= 0)
            return false;
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        if (pidfd < 0 && left > 20) /* an old kernel: look again and again */
            left = 20;
        poll(&p, pidfd >= 0, left > 60000 ? 60000 : (int)left);
    }
}

/* Its status as wait(2) gives it; false when its time was up, and it is dead now. */
static bool wait_for(pid_t pid, unsigned seconds, int *code)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    bool in_time = ended(pid, pidfd, clock_ms() + (int64_t)seconds * 1000, code);

    if (!in_time) {
        kill(-pid, SIGTERM);
        if (!ended(pid, pidfd, clock_ms() + GRACE, code)) {
            kill(-pid, SIGKILL);
            while (waitpid(pid, code, 0) < 0 && errno == EINTR)
                ;
        }
    }
    if (pidfd >= 0)
        close(pidfd);
    return in_time;
}

static struct slice first_line(int fd, char *buffer, size_t size)
{
    ssize_t n = pread(fd, buffer, size, 0);
    struct slice s = {buffer, n > 0 ? (size_t)n : 0};
    const char *nl = slice_chr(s, '\n');

    return nl ? slice_range(s.p, nl) : s;
}

static enum mailer_result judge(const char *path, int code, struct slice said,
                                struct failure *failure)
{
    int status = WIFEXITED(code) ? WEXITSTATUS(code) : 0;
    bool later = status == 71 || status == EXIT_IO || status == EXIT_TEMPFAIL;
    const char *colon = said.n ? ": " : "";

    if (WIFEXITED(code) && status == 0)
        return MAILER_TOOK;
    if (!WIFEXITED(code)) {
        failure_set(failure, EXIT_UNAVAILABLE, "%s: was killed by signal %d%s%.*s", path,
                    WTERMSIG(code), colon, (int)said.n, said.p);
        return MAILER_UNSURE;
    }
    failure_set(failure, later ? EXIT_TEMPFAIL : EXIT_UNAVAILABLE, "%s: exit status %d%s%.*s", path,
                status, colon, (int)said.n, said.p);
    return MAILER_REFUSED;
}

static enum mailer_result missing(const char *path, int error, struct failure *failure)
{
    failure_set(failure, error == ENOMEM || error == EAGAIN ? EXIT_TEMPFAIL : EXIT_UNAVAILABLE,
                "%s: can't be run: %s", path, strerror(error));
    return MAILER_MISSING;
}

enum mailer_result mailer_send(const char *path, const char *from, struct slice mail,
                               unsigned seconds, struct failure *failure)
{
    enum mailer_result result;
    char buffer[400];
    int fd[FILES], code = 0, error;
    pid_t pid;

    if (!open_files(fd, mail)) {
        result = missing("memory for the mail", errno, failure);
    } else if ((error = start(&pid, path, from, fd)) != 0) {
        result = missing(path, error, failure);
    } else if (!wait_for(pid, seconds, &code)) {
        failure_set(failure, EXIT_TEMPFAIL, "%s: no end after %u s: it was killed", path, seconds);
        result = MAILER_UNSURE;
    } else {
        result = judge(path, code, first_line(fd[ERR], buffer, sizeof(buffer)), failure);
    }
    close_files(fd);
    return result;
}
