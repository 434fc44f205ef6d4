/* spamscore_calibrate: spamscore --calibrate, what calibrate.h estimates told and written. */
#ifndef MPTOOLS_TOOLS_SPAMSCORE_CALIBRATE_H
#define MPTOOLS_TOOLS_SPAMSCORE_CALIBRATE_H

#include "config.h"
#include "spamscore_options.h"

/* The report on stdout, the site's scoring.conf to the file of -w. Returns the exit status;
 * EXIT_FOUND when somebody is flagged, so that the log isn't clean. */
int calibrate_log(const struct options *o, const struct config *c, char *const *names, int count);

#endif
