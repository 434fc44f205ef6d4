/* postfixcheck_parts: what postfixcheck.c (parameters and files) and postfixcheck_list.c
 * (restriction lists, classes, services) share; for these two only. */
#ifndef MPTOOLS_ACT_POSTFIXCHECK_PARTS_H
#define MPTOOLS_ACT_POSTFIXCHECK_PARTS_H

#include "act/postfixcheck.h"

struct postfix {
    struct text main;    /* postconf -x: `NAME = VALUE`, $ expanded */
    struct text master;  /* postconf -x -P: `NAME/TYPE/PARAMETER = VALUE` */
    struct text service; /* postconf -M */
    const char *dir, *type;
    unsigned slots;
    struct problems *out;
};

#define FINDING(p, ...) problem_add((p)->out, NULL, 0, __VA_ARGS__)

/* The next line of text; false at the end. */
bool next_line(struct slice *text, struct slice *line);
/* The next word between blanks and commas. */
bool next_word(struct slice *text, struct slice *word);
bool has_word(struct slice text, struct slice word);

/* The value of a parameter; *found says whether it is there. */
struct slice main_value(const struct postfix *p, const char *name);
/* A service's own value (-o); service is `NAME/TYPE`. */
struct slice service_value(const struct postfix *p, struct slice service, const char *name,
                           bool *found);
/* Is it behind a content filter, where everything comes in for the second time? */
bool behind_filter(const struct postfix *p, struct slice service);

/* Adds a piece of main.cf with $mp_index, $mp_regexp and $mp_cidr as they ought to be. */
void add_expanded(const struct postfix *p, struct text *out, struct slice piece);

void check_classes(const struct postfix *p);
void check_services(const struct postfix *p);

#endif
