/* route_check_parts: what route_check.c (transports, parameters, files) and route_check_list.c
 * (services and their restriction lists) share; for these two only. */
#ifndef MPTOOLS_ACT_ROUTE_CHECK_PARTS_H
#define MPTOOLS_ACT_ROUTE_CHECK_PARTS_H

#include "act/route_check.h"
#include "act/route_map.h"

#define FOUND(out, ...) problem_add(out, NULL, 0, __VA_ARGS__)

/* What a service (NAME/TYPE) sets for itself, or main.cf's value. */
struct slice route_value_for(const struct route_postfix *r, struct slice service, const char *name,
                             bool *own);
/* Are the words of `want` the first ones of the list? */
bool route_begins_with(struct slice list, struct slice want);
void route_check_services(const struct route_check *c, struct problems *out);

#endif
