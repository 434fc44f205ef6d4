#include "config.h"

#include "base/exits.h"
#include "base/share.h"

int config_open(struct config *c, const char *dir)
{
    int status = annotate_new(dir, ANNOTATE_ALL, &c->annotate);
    struct problems problems = {0};

    if (c->annotate == NULL)
        return status;
    dir = annotate_dir(c->annotate);
    bool known = settings_load(dir, &problems, &c->settings) != WORDS_BROKEN;
    scoring_load(share_dir(), dir, &problems, &c->scoring);
    if (known && (c->settings.geoip_country || c->settings.geoip_asn))
        c->geo = geo_open(c->settings.geoip_country, c->settings.geoip_asn, &problems);
    if (problems.count)
        status = exit_worse(status, EXIT_CONFIG);
    else if (c->settings.false_flags > 0)
        scoring_false_flags(&c->scoring, c->settings.false_flags);
    problems_print(&problems);
    problems_free(&problems);
    return status;
}

void config_close(struct config *c)
{
    annotate_free(c->annotate);
    settings_free(&c->settings);
    geo_free(c->geo);
}
