#include "mpnotify_config.h"

#include <limits.h>
#include <stdio.h>

#include "act/notice_escape.h"
#include "base/exits.h"
#include "base/share.h"
#include "base/when.h"

static void check_address(const char *file, const char *key, const char *value,
                          struct problems *problems)
{
    if (value && !notice_is_address(slice_str(value)))
        problem_add(problems, file, 0, "[notify] %s: %s is no plain mail address", key, value);
}

static void check_settings(struct config *c, const char *dir, bool send, struct problems *problems)
{
    const struct settings *s = &c->settings;
    char file[PATH_MAX];

    snprintf(file, sizeof(file), "%s/mptools.conf", dir);
    check_address(file, "from", s->notify_from, problems);
    check_address(file, "copy", s->notify_copy, problems);
    if (send && s->notify_from == NULL)
        problem_add(problems, file, 0,
                    "[notify] from is missing: the address that notices come from");
    if (c->templates && !notice_templates_speak(c->templates, slice_str(s->language)))
        problem_add(problems, file, 0, "[notify] language: there are no templates in %s",
                    s->language);
    c->office.from = slice_str(s->notify_from ? s->notify_from : "mpnotify@localhost");
}

int config_load(struct config *c, const char *named, bool send)
{
    const char *dir = conf_dir(named);
    struct problems problems = {0};
    char shipped[PATH_MAX];

    if (!share_path(shipped, sizeof(shipped), "templates"))
        problem_add(&problems, share_dir(), 0, "the path is too long");
    bool known = settings_load(dir, &problems, &c->settings) != WORDS_BROKEN;
    partners_load(dir, &problems, &c->partners);
    if (problems.count == 0)
        c->templates = notice_templates_load(c->settings.templates, shipped, &problems);
    if (known)
        check_settings(c, dir, send, &problems);
    c->office.settings = &c->settings;
    c->office.partners = c->partners;
    c->office.templates = c->templates;
    c->office.now = when_now();
    int status = problems.count ? EXIT_CONFIG : 0;
    problems_print(&problems);
    problems_free(&problems);
    return status;
}

void config_free(struct config *c)
{
    notice_templates_free(c->templates);
    partners_free(c->partners);
    settings_free(&c->settings);
}
