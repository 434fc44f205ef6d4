/* input: bytes of a file or of standard input, unpacked where they are packed, block by block.
 *
 * gzip and zstd are found by their first bytes, on pipes too (decompress.h says what they may look
 * like). A block lies in the input's own buffer and is valid until the next call; its length has no
 * meaning, and from a pipe it is what was there. Blocks don't end at line ends, but input_keep()
 * lets the next one begin with what is left of this one, so whole lines need no buffer elsewhere.
 *
 * Failures (the text says file, reason and what to do): EXIT_NOINPUT when it can't be opened or is
 * a folder, EXIT_DATA when the packed data is damaged or packed in a way that is not read here,
 * EXIT_IO when reading fails, EXIT_TEMPFAIL when memory runs out. What could be unpacked before the
 * damage is handed out first. Reads are tried again after EINTR and wait on non-blocking
 * descriptors. Memory: 256 KiB and what is kept, for packed data its window as well.
 */
#ifndef MPTOOLS_LOG_INPUT_H
#define MPTOOLS_LOG_INPUT_H

#include <sys/types.h>

#include "base/failure.h"
#include "base/slice.h"
#include "log/decompress.h"

#define INPUT_BLOCK ((size_t)256 * 1024)

struct input;

/* "-" is standard input, which stays open. NULL only when memory runs out: a file that can't be
 * opened is a failure that the first read returns. */
struct input *input_open(const char *name);
/* The same for an open descriptor, which is now the input's; name is for messages. */
struct input *input_open_fd(int fd, const char *name);
void input_close(struct input *in); /* NULL is fine */

/* The next block's length; 0 at the end; -1 after a failure. What is kept counts as part of the
 * block, but with 0 and -1 it only stays where it is (input_kept). */
ssize_t input_read(struct input *in, const char **block);
/* The last n bytes of the block just read come again, at the front of the next. */
void input_keep(struct input *in, size_t n);
/* What is kept now: after the end, a last line without its newline. */
struct slice input_kept(const struct input *in);

/* Whether it is gzip or zstd; reads the first bytes if that has not been done. */
bool input_is_packed(struct input *in);
/* Goes to that byte of a plain regular file; false (and nothing is changed) with any other. */
bool input_seek(struct input *in, uint64_t offset);

const char *input_name(const struct input *in); /* "standard input" for "-" */
const struct failure *input_failure(const struct input *in);
/* At the end: bytes after the packed data were left out; the text, or NULL. */
const char *input_warning(const struct input *in);

/* Unpacked bytes handed out, without what is kept. */
uint64_t input_offset(const struct input *in);
/* For a progress line: bytes taken from the file as it is on disk, and its size; 0 for a size that
 * is not known. */
void input_progress(const struct input *in, uint64_t *done, uint64_t *size);

#endif
