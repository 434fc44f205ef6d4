#include "judge/reply.h"

#include <limits.h>
#include <stdlib.h>

#include "base/conffolder.h"
#include "base/map.h"
#include "base/share.h"
#include "judge/reply_rules.h"
#include "judge/reply_text.h"

static const struct slice names[REPLY_CLASS_COUNT] = {
    [REPLY_OTHER] = SL("other"),
    [REPLY_ACCEPTED] = SL("accepted"),
    [REPLY_USER_UNKNOWN] = SL("user-unknown"),
    [REPLY_MAILBOX_FULL] = SL("mailbox-full"),
    [REPLY_SPAM_CONTENT] = SL("spam-content"),
    [REPLY_VIRUS] = SL("virus"),
    [REPLY_IP_BLOCKLISTED] = SL("ip-blocklisted"),
    [REPLY_DOMAIN_BLOCKLISTED] = SL("domain-blocklisted"),
    [REPLY_RATE_LIMITED] = SL("rate-limited"),
    [REPLY_GREYLISTED] = SL("greylisted"),
    [REPLY_AUTH_FAILURE] = SL("auth-failure"),
    [REPLY_POLICY] = SL("policy"),
    [REPLY_CONFIG] = SL("config"),
    [REPLY_BAD_SENDER] = SL("bad-sender"),
    [REPLY_NETWORK] = SL("network"),
    [REPLY_PROTOCOL] = SL("protocol"),
    [REPLY_MESSAGE_TOO_BIG] = SL("message-too-big"),
};

/* The memory of verdicts: a table of small buckets. A skeleton's hash says which bucket; the bucket
 * forgets its entries in turn. Two skeletons with the same 64 bit hash are told apart by their
 * length only: nobody who doesn't know the process's seed can make that happen. */
enum { BUCKETS = 1024, PLACES = 4 };

struct known {
    uint64_t hash;
    unsigned length; /* of the skeleton's key, 0: free */
    unsigned rule;
    enum reply_class class;
    struct slice listed_by; /* the rule's, or in name when the text gave it */
    char name[REPLY_LISTED_MAX];
};

struct replies {
    struct reply_rules rules;
    struct reply_text text;
    unsigned char turn[BUCKETS];
    struct known known[BUCKETS][PLACES];
};

struct slice reply_class_name(enum reply_class class)
{
    return names[class];
}

enum reply_class reply_class_of(struct slice name)
{
    for (unsigned i = 0; i < REPLY_CLASS_COUNT; i++)
        if (slice_eq(names[i], name))
            return (enum reply_class)i;
    return REPLY_CLASS_COUNT;
}

/* --- loading -------------------------------------------------------------------------------- */

static void read_rules(void *rules, const char *path, struct problems *problems)
{
    reply_rules_read(rules, path, problems);
}

struct replies *replies_load(const char *dir, struct problems *problems)
{
    struct replies *r = calloc(1, sizeof *r);
    unsigned before = problems->count;
    char path[PATH_MAX];

    if (r == NULL) {
        problem_add(problems, NULL, 0, "out of memory");
        return NULL;
    }
    if (dir)
        conffolder_each(dir, "replies.d", read_rules, &r->rules, problems);
    if (share_path(path, sizeof path, "replies.conf"))
        reply_rules_read(&r->rules, path, problems);
    else
        problem_add(problems, share_dir(), 0, "the name is too long");
    if (problems->count == before)
        return r;
    replies_free(r);
    return NULL;
}

void replies_free(struct replies *r)
{
    if (r == NULL)
        return;
    reply_rules_free(&r->rules);
    free(r);
}

/* --- judging -------------------------------------------------------------------------------- */

/* 250 2.1.5 OK: most of a log, so it has to cost nothing. */
static bool is_accepted(struct slice reply)
{
    return reply.n >= 3 && reply.p[0] == '2' && is_digit(reply.p[1]) && is_digit(reply.p[2]) &&
           (reply.n == 3 || reply.p[3] == ' ' || reply.p[3] == '-');
}

void reply_class(struct replies *r, struct slice reply, struct reply_verdict *out)
{
    if (is_accepted(reply)) {
        *out = (struct reply_verdict){REPLY_ACCEPTED, SLICE_NONE, 0};
        return;
    }
    reply_text_make(&r->text, reply);
    uint64_t hash = slice_hash(r->text.key);
    size_t b = hash % BUCKETS;
    for (int i = 0; i < PLACES; i++) {
        const struct known *k = &r->known[b][i];
        if (k->hash == hash && k->length == r->text.key.n) {
            *out = (struct reply_verdict){k->class, k->listed_by, k->rule};
            return;
        }
    }
    struct known *k = &r->known[b][r->turn[b]];
    r->turn[b] = (unsigned char)((r->turn[b] + 1) % PLACES);
    if (is_accepted(reply_bare(reply)) || (r->text.codes.code >= 200 && r->text.codes.code < 300))
        *out = (struct reply_verdict){REPLY_ACCEPTED, SLICE_NONE, 0};
    else
        reply_rules_match(&r->rules, &r->text, k->name, out);
    k->hash = hash;
    k->length = (unsigned)r->text.key.n;
    k->rule = out->rule;
    k->class = out->class;
    k->listed_by = out->listed_by;
}

unsigned replies_rule(const struct replies *r, unsigned rule, const char **file)
{
    return reply_rules_where(&r->rules, rule, file);
}
