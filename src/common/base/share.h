/* share: where the data that ships with the tools is (reply patterns, blocklists, scoring).
 *
 * In this order: the folder that $MPTOOLS_SHARE names; ../share/mptools beside the folder of the
 * running program (so that a checkout and a relocated install work as they are); the folder given
 * when it was compiled, MPTOOLS_DATADIR. The first one is taken without a look whether it exists,
 * because whoever sets the variable wants to hear that his folder is wrong; the second one only if
 * it is there. The answer is worked out once and stays until the program ends; never NULL.
 *
 * Security: a program that runs with more rights than its user must not use $MPTOOLS_SHARE; it is
 * read with secure_getenv(3), which ignores it then.
 */
#ifndef MPTOOLS_BASE_SHARE_H
#define MPTOOLS_BASE_SHARE_H

#include <stdbool.h>
#include <stddef.h>

const char *share_dir(void);

/* `share_dir()/name` into buf; false when it doesn't fit. */
bool share_path(char *buf, size_t size, const char *name);

#define CONF_DIR_DEFAULT "/etc/mptools"

/* The operator's folder: the one that was named (NULL: none), else $MPTOOLS_CONF unless it is
 * empty, else CONF_DIR_DEFAULT, which may be missing. The same rule about rights as above. */
const char *conf_dir(const char *named);

#endif
