#include "spamscore_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/atomic.h"
#include "base/exits.h"

#define NAME "#mptools-spamscore "
#define HEAD NAME "1\n"
#define END_LENGTH 21 /* end 0123456789abcdef\n */

static uint64_t hash_of(struct slice s)
{
    return XXH3_64bits(s.p, s.n);
}

static int damaged(struct state *s, const char *how)
{
    return failure_set(&s->failure, EXIT_DATA,
                       "%s: the state %s: nothing was changed: move the file away to begin anew",
                       s->path, how);
}

/* All of the file; nothing when there is none. */
static int read_file(struct state *s)
{
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st = {0};
    ssize_t n = fd < 0 || fstat(fd, &st) != 0 ? -1 : 1;

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (n > 0 && !S_ISREG(st.st_mode)) { /* /dev/zero would never end */
        close(fd);
        return failure_set(&s->failure, EXIT_NOINPUT,
                           "%s: is no regular file: give --state a file of its own", s->path);
    }
    if (n > 0 && st.st_size == 0)
        damaged(s, "is empty");
    while (n > 0 && text_room(&s->bytes, 65536)) {
        do
            n = read(fd, s->bytes.p + s->bytes.n, 65536);
        while (n < 0 && errno == EINTR);
        s->bytes.n += n > 0 ? (size_t)n : 0;
    }
    if (n < 0)
        failure_set(&s->failure, EXIT_NOINPUT,
                    "%s: the state can't be read: %s: nothing was changed: check the file and who "
                    "may read it",
                    s->path, strerror(errno));
    else if (s->bytes.failed)
        failure_memory(&s->failure);
    if (fd >= 0)
        close(fd);
    return s->failure.status;
}

static bool take(struct slice *s, struct slice what)
{
    if (!slice_starts(*s, what))
        return false;
    *s = slice_skip(*s, what.n);
    return true;
}

/* The file's parts; false when it isn't one that state_save() wrote. */
static bool take_apart(struct state *s)
{
    struct slice all = text_slice(&s->bytes), rest = slice_of(all.p, all.n - END_LENGTH);
    char end[END_LENGTH + 1];
    uint64_t n;

    snprintf(end, sizeof end, "end %016llx\n", (unsigned long long)hash_of(rest));
    if (memcmp(all.p + rest.n, end, END_LENGTH) != 0 || !take(&rest, SL(HEAD "messages ")))
        return false;
    const char *newline = slice_chr(rest, '\n');
    if (newline == NULL || !slice_u64(slice_range(rest.p, newline), &n))
        return false;
    rest = slice_range(newline + 1, rest.p + rest.n);
    if (n > rest.n)
        return false;
    s->messages = slice_of(rest.p, n);
    rest = slice_skip(rest, n);
    if (!take(&rest, SL("\nscorer\n")) || rest.n == 0)
        return false;
    s->scorer = slice_of(rest.p, rest.n - 1); /* without the newline */
    return true;
}

static int lock(struct state *s)
{
    char *name;

    if (asprintf(&name, "%s.lock", s->path) < 0)
        return failure_memory(&s->failure);
    lockfile_take(&s->lock, name, &s->failure);
    free(name);
    return s->failure.status;
}

int state_open(struct state *s, const char *path, bool will_write)
{
    s->path = path;
    if (will_write && lock(s) != 0)
        return s->failure.status;
    if (read_file(s) != 0 || s->bytes.n == 0)
        return s->failure.status;
    struct slice all = text_slice(&s->bytes);
    if (slice_starts(all, SL(NAME)) && !slice_starts(all, SL(HEAD)))
        return damaged(s, "was written by another version of spamscore");
    if (all.n < sizeof HEAD + END_LENGTH || !take_apart(s))
        return damaged(s, "is damaged, or isn't one of spamscore's");
    return 0;
}

int state_load(struct state *s, struct scorer *scorer)
{
    enum scorer_loaded loaded = s->scorer.n ? scorer_load(scorer, s->scorer) : SCORER_LOADED;

    text_free(&s->bytes);
    s->messages = s->scorer = SLICE_NONE;
    switch (loaded) {
    case SCORER_DAMAGED:
        return damaged(s, "is damaged");
    case SCORER_OTHER_VERSION:
        return damaged(s, "was written by another version of spamscore");
    case SCORER_NO_MEMORY:
        return failure_memory(&s->failure);
    case SCORER_LOADED:
        break;
    }
    return 0;
}

int state_save(struct state *s, struct slice messages, const struct scorer *scorer)
{
    struct text t = {0};

    text_add(&t, SL(HEAD));
    text_addf(&t, "messages %zu\n", messages.n);
    text_add(&t, messages);
    text_add(&t, SL("\nscorer\n"));
    bool saved = scorer_save(scorer, &t);
    text_addc(&t, '\n');
    text_addf(&t, "end %016llx\n", (unsigned long long)hash_of(text_slice(&t)));
    if (!saved || t.failed)
        failure_memory(&s->failure);
    else
        atomic_write(s->path, text_slice(&t), ATOMIC_PRIVATE, NULL, &s->failure);
    text_free(&t);
    return s->failure.status;
}

void state_free(struct state *s)
{
    lockfile_drop(&s->lock);
    text_free(&s->bytes);
    failure_free(&s->failure);
}
