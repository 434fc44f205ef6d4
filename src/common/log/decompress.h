/* decompress: packed bytes in, unpacked bytes out; no input and no output of its own.
 *
 * gzip (RFC 1952, zlib) and zstd (RFC 8878), several members or frames one after another and mixed,
 * as `cat mail.log.2.gz mail.log.1.zst` makes them. What was unpacked before damage is handed out
 * before the damage is reported. Zero bytes after the last member are padding and ignored, as
 * gzip(1) does; anything else there is counted and left out, and decompress_garbage() says so.
 *
 * Security limit: memory is bounded whatever the input says: zstd windows over 128 MiB, which only
 * `zstd --long` makes, are refused. The size of the output is not limited: read it as a stream.
 */
#ifndef MPTOOLS_LOG_DECOMPRESS_H
#define MPTOOLS_LOG_DECOMPRESS_H

#include "base/failure.h"
#include "base/slice.h"

enum packing {
    PACKING_NONE,
    PACKING_GZIP,
    PACKING_ZSTD,
    PACKING_FOREIGN, /* xz, bzip2, lz4, compress, zip: known, not read */
    PACKING_UNSURE   /* too few bytes to tell */
};

#define PACKING_MAGIC 6 /* bytes after which packing_of is never unsure */

/* How a file that begins with these bytes is packed. For PACKING_FOREIGN *command (or NULL)
 * becomes what unpacks it: "xz -dc". */
enum packing packing_of(struct slice begin, const char **command);

enum decompress_result {
    DECOMPRESS_GO_ON,  /* all of the input is taken, or all of the room is used */
    DECOMPRESS_END,    /* the packed data is complete; only when `last` */
    DECOMPRESS_DAMAGED /* the failure says how: EXIT_DATA, or EXIT_TEMPFAIL for memory */
};

struct decompress;

struct decompress *decompress_new(void); /* NULL when memory runs out */
void decompress_free(struct decompress *d);

/* Takes bytes off the front of *in and writes up to *room bytes to out; *room becomes how many it
 * wrote, with every result. `last`: nothing follows *in; call again until it is not GO_ON. */
enum decompress_result decompress_run(struct decompress *d, struct slice *in, bool last, char *out,
                                      size_t *room);

/* The failure's text has no file name: "ends in the middle of a gzip member: …". */
const struct failure *decompress_failure(const struct decompress *d);
/* Bytes after the end of the packed data that were left out, and where they begin. */
uint64_t decompress_garbage(const struct decompress *d, uint64_t *at);

#endif
