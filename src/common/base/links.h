/* links: where the symbolic links of a file name lead, for writing.
 *
 * Only the last part of the name is looked at; links in its folders are the kernel's business. The
 * file at the end need not exist, which is why this is not realpath(3). Refused, as the kernel's
 * protected_symlinks does for open(2): a link in a sticky folder where everybody may write (/tmp)
 * that belongs neither to us nor to the folder's owner. A link in /proc (/dev/stdout leads to one)
 * is returned as it is: its text need not be a path.
 */
#ifndef MPTOOLS_BASE_LINKS_H
#define MPTOOLS_BASE_LINKS_H

#include "base/failure.h"

/* The name to free, or NULL with the failure set (EXIT_CANTCREAT, EXIT_TEMPFAIL for memory). */
char *links_follow(const char *path, struct failure *failure);

#endif
