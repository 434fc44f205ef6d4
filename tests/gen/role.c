/* role: see role.h. */
#include "role.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

struct role *role_new(struct sim *s, const char *kind, const struct identity *who, bool spam)
{
    struct role *role = calloc(1, sizeof(*role));
    struct role **last = &s->roles;

    if (role == NULL)
        abort();
    while (*last != NULL)
        last = &(*last)->next;
    *last = role;
    role->kind = kind;
    role->who = who;
    role->spam = spam;
    role->to = INT64_MAX;
    if (who != NULL)
        snprintf(role->sender, sizeof(role->sender), "%s", who->sender);
    return role;
}

/* As spamscore names an identity: the login, else the address, of IPv6 its /64. */
static void identity_name(const struct identity *who, char *out, size_t size)
{
    size_t at = strcspn(who->client, "[");
    struct in6_addr a;
    char text[INET6_ADDRSTRLEN];

    if (who->login[0] != '\0') {
        snprintf(out, size, "%s", who->login);
        return;
    }
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(who->client + at + 1, "]"),
             who->client + at + 1);
    if (inet_pton(AF_INET6, text, &a) != 1) {
        snprintf(out, size, "%s", text);
        return;
    }
    memset(a.s6_addr + 8, 0, 8);
    if (inet_ntop(AF_INET6, &a, text, sizeof(text)) == NULL)
        abort();
    snprintf(out, size, "%s/64", text);
}

void role_touched(struct sim *s, struct role *role)
{
    if (s->out.mute || s->now < role->from || s->now >= role->to)
        return;
    if (role->begun == 0)
        role->begun = s->now;
    role->ended = s->now;
    role->messages++;
}

static void spam_line(struct sim *s, const struct mail *m)
{
    char name[96];
    struct sink *k = &s->scratch;

    identity_name(m->role->who, name, sizeof(name));
    k->len = k->line = 0;
    put_iso_time(k, s->now);
    fprintf(s->spam, "%.*s\t%s\t%s\n", (int)k->len, k->buf, m->qid, name);
}

void role_accepted(struct sim *s, const struct mail *m)
{
    uint32_t before = m->role->messages;

    role_touched(s, m->role);
    if (m->role->messages == before)
        return;
    m->role->recipients += m->nrcpt;
    if (m->role->spam && s->spam != NULL)
        spam_line(s, m);
}

static void write_time(FILE *f, struct sink *scratch, int64_t t)
{
    scratch->len = scratch->line = 0;
    put_iso_time(scratch, t);
    fprintf(f, "\t%.*s", (int)scratch->len, scratch->buf);
}

static void role_line(FILE *f, struct sink *scratch, const struct role *role)
{
    char name[96] = "*";
    const struct identity *who = role->who;

    if (who != NULL)
        identity_name(who, name, sizeof(name));
    fprintf(f, "\t%s\t%s\t%s\t%s\t%s\t%u\t%u", role->kind, name, who ? who->customer->key : "*",
            who ? who->customer->partner : "*", role->sender, role->messages, role->recipients);
    write_time(f, scratch, role->begun);
    write_time(f, scratch, role->ended);
    fprintf(f, "\t%s\n", who == NULL ? "all" : who->login[0] != '\0' ? "login" : "client");
}

bool role_write(const struct sim *s, const char *path)
{
    FILE *f = fopen(path, "w");
    struct sink scratch;

    if (f == NULL)
        return false;
    sink_open(&scratch, -1, SINK_RFC3339, "", 0);
    fputs("#labels\tkind\tidentity\tcustomer\tpartner\tsender\tmessages\trecipients\tbegin\tend"
          "\tidentity_kind\n",
          f);
    for (const struct role *role = s->roles; role != NULL; role = role->next)
        if (role->messages > 0)
            role_line(f, &scratch, role);
    scratch.len = 0;
    sink_close(&scratch);
    return fclose(f) == 0;
}
