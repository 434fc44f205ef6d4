/* conffolder: the operator's NAME.d folders, such as replies.d, whose *.conf files add to what
 * ships.
 *
 * The files are read in the order of their names; others, and hidden ones, are passed over. A
 * folder that isn't there is none to read. What goes wrong is added to the problems.
 */
#ifndef MPTOOLS_BASE_CONFFOLDER_H
#define MPTOOLS_BASE_CONFFOLDER_H

#include "base/words.h"

typedef void conffolder_read(void *to, const char *path, struct problems *problems);

/* Calls read for each file of DIR/NAME; path is good for that call only. */
void conffolder_each(const char *dir, const char *name, conffolder_read *read, void *to,
                     struct problems *problems);

#endif
