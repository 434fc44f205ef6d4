/* mpnotify_config: what mpnotify knows before it opens the ledger. */
#ifndef MPTOOLS_TOOLS_MPNOTIFY_CONFIG_H
#define MPTOOLS_TOOLS_MPNOTIFY_CONFIG_H

#include "act/notice_mail.h"

struct config {
    struct settings settings;
    struct partners *partners;
    struct notice_templates *templates;
    struct notice_office office;
};

/* Reads and checks everything, tells all the mistakes. send: mail will go out, so there has to be a
 * sender. 0 or a status; config_free() it after either. */
int config_load(struct config *c, const char *dir, bool send);
void config_free(struct config *c);

#endif
