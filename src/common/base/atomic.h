/* atomic: a file that is replaced as a whole or not at all.
 *
 * The new content goes to a temporary file in the same folder, which gets the old file's mode and
 * owner (without an old file: 0644 cut by the umask), is synced, renamed over the old file, and the
 * folder is synced (Postfix's DATABASE_README asks maps to be replaced that way). Until the rename
 * the old file is untouched. The temporary file has no name until then where the file system can do
 * that (O_TMPFILE), so that not even a kill -9 leaves one behind; elsewhere it is `.NAME.HEX`, and
 * atomic_free() removes it.
 *
 * A symbolic link is followed and stays; one that another user put into a folder where everybody
 * may write (sticky, like /tmp) is refused, as the kernel's protected_symlinks does. A device, a
 * FIFO or a socket (/dev/null) is not replaced but written to. Extended attributes and ACLs of the
 * old file are not carried over.
 *
 * Failures: EXIT_CANTCREAT when the file can't be made or may not be replaced, EXIT_IO when writing
 * fails (full disk); the text says that the old file is kept.
 */
#ifndef MPTOOLS_BASE_ATOMIC_H
#define MPTOOLS_BASE_ATOMIC_H

#include "base/failure.h"
#include "base/slice.h"

enum {
    ATOMIC_IF_CHANGED = 1, /* the same content is there already: not touched */
    /* With ATOMIC_IF_CHANGED: the lines at the top that begin with # (who wrote it and when) do
     * not count. */
    ATOMIC_NOT_HEADER = 2,
    ATOMIC_NAMED = 4,  /* the temporary file has a name from the start, as without O_TMPFILE */
    ATOMIC_PRIVATE = 8 /* a file that is new gets mode 0600, not 0644 */
};

struct atomic;

/* NULL only when memory runs out; look at atomic_failure() next. */
struct atomic *atomic_open(const char *path, unsigned flags);
const struct failure *atomic_failure(const struct atomic *a);
/* Where to write; -1 after a failure. Not to be closed. */
int atomic_fd(const struct atomic *a);
/* The file that will be replaced, links resolved. */
const char *atomic_path(const struct atomic *a);
/* For writes that fail elsewhere: notes errno as the reason, so that nothing can be committed. */
int atomic_write_failed(struct atomic *a);
/* Puts the new file in place; 0 or the status of the failure. Once. */
int atomic_commit(struct atomic *a);
/* After a commit: the file was written, not found unchanged. */
bool atomic_changed(const struct atomic *a);
/* Without a commit before: everything stays as it was. NULL is fine. */
void atomic_free(struct atomic *a);

/* All of it in one call; *changed (or NULL) is set when it succeeds. */
int atomic_write(const char *path, struct slice content, unsigned flags, bool *changed,
                 struct failure *failure);

/* write(2) until everything is written, through EINTR and a non-blocking descriptor; false with
 * errno. */
bool write_all(int fd, const char *p, size_t n);

#endif
