/* inifile_value: one value of an inifile, from its text; inifile.c's own. */
#ifndef MPTOOLS_BASE_INIFILE_VALUE_H
#define MPTOOLS_BASE_INIFILE_VALUE_H

#include "base/inifile.h"

#define INIFILE_NEEDS 160u /* room for what a key needs, with its NUL */

/* Stores the value at `to`; a list is added to. False when the text is none of the key's type or
 * out of its range, or when memory ran out (*failed then). */
bool inifile_value(const struct inifile_key *key, struct slice text, const char *file,
                   struct arena *arena, void *to, bool *failed);

/* "a whole number from 1 to 99". Returns buf. */
const char *inifile_needs(const struct inifile_key *key, char buf[INIFILE_NEEDS]);

#endif
