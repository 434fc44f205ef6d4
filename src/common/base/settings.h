/* settings: what the operator sets in DIR/mptools.conf; see mptools.conf(5).
 *
 * One row a key in settings.c says its section, name, type, default and range; inifile.h says how
 * the file is written and what counts as a mistake. A key that is added needs its row, its member
 * here and its paragraph in man/mptools.conf.5.
 */
#ifndef MPTOOLS_BASE_SETTINGS_H
#define MPTOOLS_BASE_SETTINGS_H

#include "base/inifile.h"

struct settings {
    struct arena arena;
    double false_flags; /* tolerated, per message; 0: not set, scoring.conf has it */
    const char *geoip_country, *geoip_asn; /* MaxMind databases; NULL: none */
};

/* WORDS_ABSENT: there is no such file, *out has the defaults. WORDS_BROKEN: the problems say why.
 * settings_free() it after any of the three. */
enum words_result settings_load(const char *dir, struct problems *problems, struct settings *out);
void settings_free(struct settings *s);

#endif
