#include "judge/annotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/exits.h"
#include "base/msg.h"
#include "base/settings.h"
#include "base/share.h"
#include "judge/partner.h"
#include "judge/reply.h"

#define COLUMNS_CLASS (1u << COL_CLASS | 1u << COL_LISTED_BY)
#define COLUMNS_CUSTOMER (1u << COL_CUSTOMER | 1u << COL_PARTNER)

struct annotate {
    const char *dir;
    struct customers *customers;
    struct partners *partners;
    struct outbound outbound;
    struct replies *replies;
    uint32_t columns;
};

/* Whose partner isn't one is told at the customer's line. */
static void load_customers(struct annotate *a, struct problems *problems)
{
    char *file;

    customers_load(a->dir, problems, &a->customers);
    partners_load(a->dir, problems, &a->partners);
    if (asprintf(&file, "%s/customers", a->dir) < 0) {
        problem_add(problems, a->dir, 0, "out of memory");
        return;
    }
    partners_check(a->partners, a->customers, file, problems);
    free(file);
}

/* Tells them; 0 or the exit status. */
static int tell(struct problems *problems)
{
    int status = problems->count ? EXIT_CONFIG : 0;

    problems_print(problems);
    problems_free(problems);
    return status;
}

static int load(struct annotate *a)
{
    struct problems problems = {0};

    if (a->columns & COLUMNS_CUSTOMER)
        load_customers(a, &problems);
    if (a->columns & 1u << COL_OUTBOUND_IP)
        outbound_load(&a->outbound, a->dir, &problems);
    if (a->columns & COLUMNS_CLASS)
        a->replies = replies_load(a->dir, &problems);
    return tell(&problems);
}

int annotate_new(const char *dir, uint32_t columns, struct annotate **out)
{
    struct annotate *a = *out = calloc(1, sizeof *a);
    struct stat st;

    if (a == NULL) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    a->columns = columns;
    a->dir = conf_dir(dir);
    if (strcmp(a->dir, CONF_DIR_DEFAULT) != 0 && (stat(a->dir, &st) != 0 || !S_ISDIR(st.st_mode))) {
        msg_error("%s: no such folder: it was named as the one of the operator's files", a->dir);
        return EXIT_CONFIG;
    }
    return load(a);
}

int annotate_check(const struct annotate *a)
{
    struct problems problems = {0};
    struct settings settings;

    if (a == NULL)
        return 0;
    settings_load(a->dir, &problems, &settings);
    settings_free(&settings);
    return tell(&problems);
}

void annotate_free(struct annotate *a)
{
    if (a == NULL)
        return;
    customers_free(a->customers);
    partners_free(a->partners);
    outbound_free(&a->outbound);
    replies_free(a->replies);
    free(a);
}

/* By what was authenticated, never by what the message says of itself. */
static const struct customer *customer_of(const struct annotate *a, const struct record *r)
{
    struct ipaddr ip;

    if (r->f[COL_SASL_USER].n)
        return customers_by_login(a->customers, r->f[COL_SASL_USER]);
    if (ipaddr_parse(r->f[COL_CLIENT_IP], &ip))
        return customers_by_client(a->customers, ip);
    return NULL;
}

static void classify(struct annotate *a, struct record *r)
{
    struct reply_verdict v;

    reply_class(a->replies, r->f[COL_REPLY], &v);
    r->f[COL_CLASS] = reply_class_name(v.class);
    r->f[COL_LISTED_BY] = v.listed_by;
}

/* The address that a delivery left by: the transport's by the operator's table, else the one that a
 * refusal quotes. */
static void outbound_ip(const struct annotate *a, struct record *r)
{
    const struct outbound_address *o =
        outbound_by_syslog(&a->outbound, r->f[COL_INSTANCE], r->f[COL_RELAY_IP]);
    struct slice quoted;

    if (o)
        r->f[COL_OUTBOUND_IP] = o->ip;
    else if (!slice_eq(r->f[COL_STATUS], SL("sent")) && reply_quoted_ip(r->f[COL_REPLY], &quoted) &&
             !slice_eq(quoted, r->f[COL_RELAY_IP]))
        r->f[COL_OUTBOUND_IP] = quoted;
}

void annotate_record(struct annotate *a, struct record *r, bool raw)
{
    bool delivery = r->kind == KIND_DELIVER;

    if (a->columns & COLUMNS_CLASS && a->replies && (raw || r->f[COL_CLASS].n == 0) &&
        r->f[COL_REPLY].n && (delivery || r->kind == KIND_REJECT))
        classify(a, r);
    if (a->columns & COLUMNS_CUSTOMER && a->customers && r->f[COL_CUSTOMER].n == 0) {
        const struct customer *c = customer_of(a, r);
        if (c) {
            r->f[COL_CUSTOMER] = c->key;
            r->f[COL_PARTNER] = c->partner;
        }
    }
    if (delivery && a->columns & 1u << COL_OUTBOUND_IP && r->f[COL_OUTBOUND_IP].n == 0)
        outbound_ip(a, r);
}

const struct customers *annotate_customers(const struct annotate *a)
{
    return a->customers;
}

const struct outbound *annotate_outbound(const struct annotate *a)
{
    return &a->outbound;
}

const char *annotate_dir(const struct annotate *a)
{
    return a->dir;
}
