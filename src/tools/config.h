/* config: the operator's files that the scoring tools work with, loaded and checked together. */
#ifndef MPTOOLS_TOOLS_CONFIG_H
#define MPTOOLS_TOOLS_CONFIG_H

#include "base/settings.h"
#include "judge/annotate.h"
#include "judge/geo.h"
#include "judge/scoring.h"

/* Starts as {0}, ends in config_close(). */
struct config {
    struct annotate *annotate;
    struct settings settings;
    struct scoring scoring;
    struct geo *geo; /* NULL: no database */
};

/* dir: as annotate_new()'s. 0, or the exit status with the mistakes of all files told. */
int config_open(struct config *c, const char *dir);
void config_close(struct config *c);

#endif
