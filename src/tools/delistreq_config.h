/* delistreq_config: what delistreq works with, loaded and checked together: mptools.conf, outbound,
 * providers and templates. */
#ifndef MPTOOLS_TOOLS_DELISTREQ_CONFIG_H
#define MPTOOLS_TOOLS_DELISTREQ_CONFIG_H

#include "act/delist.h"
#include "base/settings.h"
#include "delistreq_options.h"

struct delistreq_config {
    struct settings settings;
    struct outbound outbound;
    struct providers *providers;
    struct delist_texts *texts;
    struct delist_office office;
    const char *ledger;
};

/* 0, or EXIT_CONFIG with all mistakes told. To be freed in any case. */
int delistreq_config_load(struct delistreq_config *c, const struct options *o);
void delistreq_config_free(struct delistreq_config *c);

/* May a request go out: is it known who asks? 0, or the exit status, told. */
int delistreq_config_asks(const struct delistreq_config *c);

#endif
