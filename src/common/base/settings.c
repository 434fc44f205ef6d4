#include "base/settings.h"

#include <stdio.h>
#include <stdlib.h>

#define AT(member) offsetof(struct settings, member)

static const struct inifile_key keys[] = {
    /* section, name, type, where, default, least, most; the rows of a section stand together */
    {"scoring", "false_flags", INIFILE_RATE, AT(false_flags), NULL, 1e-12, 1e-2},
    {"geoip", "country", INIFILE_PATH, AT(geoip_country), NULL, 0, 0},
    {"geoip", "asn", INIFILE_PATH, AT(geoip_asn), NULL, 0, 0},
    {"paths", "ledger", INIFILE_PATH, AT(ledger), NULL, 0, 0},
    {"paths", "maps", INIFILE_PATH, AT(maps), NULL, 0, 0},
    {"paths", "templates", INIFILE_PATH, AT(templates), NULL, 0, 0},
    {"block", "deadline", INIFILE_DURATION, AT(deadline), "24h", 3600, 30 * 86400.0},
    {"block", "quiet", INIFILE_DURATION, AT(quiet), "6h", 60, 30 * 86400.0},
    {"block", "forget", INIFILE_DURATION, AT(forget), "24h", 3600, 90 * 86400.0},
    {"block", "keep_messages", INIFILE_DURATION, AT(keep_messages), "3d", 86400, 90 * 86400.0},
    {"block", "max_new_blocks", INIFILE_NUMBER, AT(max_new_blocks), NULL, 1, 1e6},
    {"block", "max_collateral", INIFILE_RATE, AT(max_collateral), NULL, 0, 0.5},
    {"block", "slots", INIFILE_NUMBER, AT(slots), NULL, 1, 99},
    {"block", "contact", INIFILE_TEXT, AT(contact), NULL, 0, 0},
    {"route", "auto", INIFILE_FLAG, AT(route_auto), NULL, 0, 0},
    {"route", "slots", INIFILE_NUMBER, AT(route_slots), NULL, 1, 99},
    {"notify", "from", INIFILE_TEXT, AT(notify_from), NULL, 0, 0},
    {"notify", "operator", INIFILE_TEXT, AT(notify_operator), NULL, 0, 0},
    {"notify", "copy", INIFILE_TEXT, AT(notify_copy), NULL, 0, 0},
    {"notify", "sendmail", INIFILE_PATH, AT(sendmail), NULL, 0, 0},
    {"notify", "language", INIFILE_TEXT, AT(language), "en", 0, 0},
    {"notify", "digest", INIFILE_NUMBER, AT(digest), "5", 2, 1000},
    {"notify", "watch", INIFILE_FLAG, AT(notify_watch), NULL, 0, 0},
    {"blwatch", "keys", INIFILE_PATH, AT(keys), NULL, 0, 0},
    {"blwatch", "resolver", INIFILE_TEXT, AT(resolver), NULL, 0, 0},
    {"blwatch", "metrics", INIFILE_PATH, AT(metrics), NULL, 0, 0},
    {"blwatch", "recipients", INIFILE_NUMBER, AT(listed_recipients), NULL, 1, 200},
    {"blwatch", "customers", INIFILE_NUMBER, AT(listed_customers), NULL, 1, 200},
    {"blwatch", "window", INIFILE_DURATION, AT(listed_window), NULL, 60, 86400},
    {"delist", "from", INIFILE_TEXT, AT(delist_from), NULL, 0, 0},
    {"delist", "organisation", INIFILE_TEXT, AT(organisation), NULL, 0, 0},
    {"delist", "name", INIFILE_TEXT, AT(delist_name), NULL, 0, 0},
    {"delist", "phone", INIFILE_TEXT, AT(phone), NULL, 0, 0},
    {"delist", "website", INIFILE_TEXT, AT(website), NULL, 0, 0},
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
