/* follow: what is new in a growing log since the last run, across rotation.
 *
 * `--follow FILE --state STATE` from cron: the state says how far the log was read; the rest comes
 * in whole lines, first from the rotated files that were written since (renamed or copied and
 * truncated, packed or not, several of them), then from FILE. They are recognised by content
 * (resume.h). Without a state it is the first run, and FILE is read from its beginning.
 *
 * Half a last line is left for the next run; a rotated file's is handed out with a newline when the
 * next file begins. NUL bytes where a line begins (a hole that truncation left) are dropped, and so
 * are lines over FOLLOW_LINE_MAX, with a note. A file whose writer has not gone over to the new,
 * yet empty one is read on next time. Lines that can't be had any more (a rotated file that is gone
 * or damaged) are a gap: a note says what is missing, and reading goes on.
 *
 * The state covers what follow_read() has returned. With a state file it is written by
 * follow_commit() alone, atomically, and STATE.lock keeps a second run out; without one the caller
 * keeps follow_state()'s bytes, in one transaction with what it made of the lines.
 *
 * Failures (the text says what to do; nothing is changed then): EXIT_NOINPUT, EXIT_IO; EXIT_DATA
 * for a damaged state or one of a newer version, EXIT_USAGE for another log's; EXIT_TEMPFAIL when
 * another run holds the state, or FILE is not there and nothing else can be read.
 */
#ifndef MPTOOLS_LOG_FOLLOW_H
#define MPTOOLS_LOG_FOLLOW_H

#include <sys/types.h>

#include "base/failure.h"
#include "base/slice.h"
#include "base/text.h"

#define FOLLOW_LINE_MAX ((size_t)1024 * 1024)

struct follow;

/* NULL only when memory runs out; look at follow_failure() next. */
struct follow *follow_open(const char *path, const char *state_path);
/* With a state that the caller keeps: what follow_state() gave; empty for a first run. */
struct follow *follow_resume(const char *path, struct slice state);
void follow_close(struct follow *f); /* NULL is fine; gives up the lock */

/* The next whole lines, valid until the next call: their length; 0 when there is nothing more; -1
 * after a failure. */
ssize_t follow_read(struct follow *f, const char **block);
/* What makes going on impossible; status 0 while there is nothing of the kind. */
const struct failure *follow_failure(const struct follow *f);
/* What the operator should know (a gap, a damaged file), one text after another; NULL when there is
 * no other now. The caller prints it as a warning; it lives as long as f. */
const char *follow_note(struct follow *f);
/* Gaps found so far, and the worst status of damaged files (EXIT_DATA or 0). */
unsigned follow_gaps(const struct follow *f);
int follow_status(const struct follow *f);

/* The file that the last block came from. */
const char *follow_source(const struct follow *f);
/* For a progress line: bytes on disk taken so far and in all. */
void follow_progress(const struct follow *f, uint64_t *done, uint64_t *size);

/* Byte strings of the caller that live in the state, by name (followstate.h): SLICE_NONE when there
 * is none of that name. Setting copies; false for a wrong name or when memory runs out. */
struct slice follow_blob(const struct follow *f, const char *name);
bool follow_blob_set(struct follow *f, const char *name, struct slice bytes);

/* The state as bytes, added to out; false when memory runs out or the log was never opened. */
bool follow_state(const struct follow *f, struct text *out);
/* Writes the state file; 0 or the status of the failure, whose text is follow_failure()'s. Without
 * a state file there is nothing to do. */
int follow_commit(struct follow *f);

#endif
