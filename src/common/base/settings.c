#include "base/settings.h"

#include <stdio.h>
#include <stdlib.h>

#define AT(member) offsetof(struct settings, member)

static const struct inifile_key keys[] = {
    /* section, name, type, where, default, least, most; the rows of a section stand together */
    {"scoring", "false_flags", INIFILE_RATE, AT(false_flags), NULL, 1e-12, 1e-2},
    {"geoip", "country", INIFILE_PATH, AT(geoip_country), NULL, 0, 0},
    {"geoip", "asn", INIFILE_PATH, AT(geoip_asn), NULL, 0, 0},
};

enum words_result settings_load(const char *dir, struct problems *problems, struct settings *out)
{
    struct inifile f = {.keys = keys, .n = sizeof keys / sizeof *keys};
    char *file;

    *out = (struct settings){0};
    if (asprintf(&file, "%s/mptools.conf", dir) < 0) {
        problem_add(problems, dir, 0, "out of memory");
        return WORDS_BROKEN;
    }
    f.file = file;
    enum words_result result = inifile_load(&f, problems, &out->arena, out);
    free(file);
    return result;
}

void settings_free(struct settings *s)
{
    arena_free(&s->arena);
    *s = (struct settings){0};
}
