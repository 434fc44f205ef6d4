#include "act/blockmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "act/blockmap_parts.h"
#include "judge/suspect.h"

enum { MAP_SASL, MAP_SASL_REGEXP, MAP_NET };

static bool make_maps(struct blockmap *b, unsigned slots)
{
    b->n = BLOCKMAP_SHARED + 2 * (size_t)slots;
    b->maps = calloc(b->n, sizeof(*b->maps));
    b->names = calloc(b->n, sizeof(*b->names));
    if (b->maps == NULL || b->names == NULL)
        return false;
    snprintf(b->names[MAP_SASL], BLOCKMAP_NAME, "mp_customer_sasl");
    snprintf(b->names[MAP_SASL_REGEXP], BLOCKMAP_NAME, "mp_customer_sasl_regexp");
    snprintf(b->names[MAP_NET], BLOCKMAP_NAME, "mp_customer_net");
    b->maps[MAP_SASL_REGEXP].kind = MAP_REGEXP;
    b->maps[MAP_NET].kind = MAP_CIDR;
    for (unsigned slot = 1; slot <= slots; slot++) {
        size_t at = BLOCKMAP_SHARED + 2 * (size_t)(slot - 1);
        snprintf(b->names[at], BLOCKMAP_NAME, "mp_slot%02u_sender", slot);
        snprintf(b->names[at + 1], BLOCKMAP_NAME, "mp_slot%02u_sender_regexp", slot);
        b->maps[at + 1].kind = MAP_REGEXP;
    }
    for (size_t i = 0; i < b->n; i++)
        b->maps[i].name = b->names[i];
    return true;
}

struct slice slot_class(unsigned slot, char buf[SLOT_CLASS_TEXT])
{
    int n = snprintf(buf, SLOT_CLASS_TEXT, "mp_slot%02u", slot);

    return slice_of(buf, (size_t)n);
}

void block_add_refusal(struct text *out, const struct block *block)
{
    text_addf(
        out,
        "554 5.7.1 [mp %u.%u] Mail from this address is stopped because it sends spam: contact "
        "your mail provider about incident %u",
        block->incident, block->rule, block->incident);
}

/* The header comment of a slot's maps. */
static void describe_slot(struct mapfile *m, const struct block *block)
{
    struct text t = {0};

    text_addf(&t, "Incident %u, since ", block->incident);
    text_add(&t, block->time.n ? block->time : SL("an unknown time"));
    text_add(&t, block->whole_customer ? SL(": all logins and nets of customer ")
                                       : SL(": this login or address alone: "));
    text_add_visible(&t, block->whole_customer ? block->customer : block->identity);
    mapfile_about(m, t.failed ? SLICE_NONE : text_slice(&t));
    text_free(&t);
}

static void problem_key(struct problems *problems, const char *map, struct slice key,
                        enum map_added result)
{
    if (result == MAP_ADDED || result == MAP_NO_MEMORY)
        return;
    problem_add(problems, map, 0, "%.*s: %s", (int)key.n, key.p,
                result == MAP_CLASH ? "belongs to two blocks; the first one counts"
                                    : "can't be carried by a Postfix map: block it by hand");
}

static void add_address(struct blockmap *b, const struct block *block, struct problems *problems)
{
    struct mapfile *index = &b->maps[BLOCKMAP_SHARED + 2 * (size_t)(block->slot - 1)];
    struct address address;
    struct text value = {0}, expression = {0};

    if (address_parse(block->address, &address) != ADDRESS_OK)
        return;
    block_add_refusal(&value, block);
    address_add_regexp(&expression, &address);
    if (value.failed || expression.failed)
        index->failed = true;
    if (index->about.n == 0) {
        describe_slot(index, block);
        describe_slot(index + 1, block);
    }
    struct slice key = address_key(&address), refusal = text_slice(&value);
    bool fits = address_fits_index(&address);
    if (fits)
        problem_key(problems, index->name, key, mapfile_add(index, key, refusal, key));
    if (!fits || !address.quoted)
        problem_key(problems, index[1].name, key,
                    mapfile_add(index + 1, text_slice(&expression), refusal, key));
    text_free(&value);
    text_free(&expression);
}

/* A login that the index carries goes there, any other as an expression; false: it fits nowhere. */
static bool add_login(struct mapfile *index, struct mapfile *regexp, struct slice login,
                      struct slice value, struct problems *problems)
{
    enum map_added result = MAP_BAD_KEY;
    struct text t = {0};

    if (slice_chr(login, '"') == NULL)
        result = mapfile_add(index, login, value, login);
    if (result == MAP_BAD_KEY && map_text_good(login)) {
        add_login_expression(&t, CUSTOMER_LOGIN, login);
        result = mapfile_add(regexp, text_slice(&t), value, login);
    }
    problem_key(problems, index->name, login, result);
    text_free(&t);
    return result == MAP_ADDED;
}

static void add_identity(struct blockmap *b, struct nets *nets, const struct block *block,
                         struct problems *problems)
{
    char class_text[SLOT_CLASS_TEXT];
    struct slice value = slot_class(block->slot, class_text);
    struct ipnet net;

    if (block->kind == IDENTITY_LOGIN)
        add_login(&b->maps[MAP_SASL], &b->maps[MAP_SASL_REGEXP], block->identity, value, problems);
    else if (ipnet_parse(block->identity, &net) == NULL)
        nets_add(nets, net, block->slot);
    else
        problem_key(problems, b->names[MAP_NET], block->identity, MAP_BAD_KEY);
}

static void add_customer(struct blockmap *b, struct nets *nets, const struct owner *owner,
                         struct problems *problems)
{
    char class_text[SLOT_CLASS_TEXT];
    struct slice value = slot_class(owner->slot, class_text);

    for (const struct customer_id *id = owner->customer->ids; id; id = id->next) {
        if (id->kind == CUSTOMER_LOGIN)
            add_login(&b->maps[MAP_SASL], &b->maps[MAP_SASL_REGEXP], id->text, value, problems);
        else if (id->kind == CUSTOMER_NET)
            nets_add(nets, id->net, owner->slot);
    }
}

/* The customers with an incident; each block's identity where the file doesn't have its customer.
 */
static bool collect_owners(struct blockmap *b, const struct blocks *blocks,
                           const struct customers *customers, struct owners *owners,
                           struct nets *nets, struct problems *problems)
{
    for (size_t i = 0; i < blocks->n; i++) {
        const struct block *block = &blocks->list[i];
        const struct customer *c =
            block->whole_customer ? customers_by_key(customers, block->customer) : NULL;
        add_address(b, block, problems);
        if (c == NULL) {
            if (block->whole_customer)
                problem_add(problems, "mp_blocks", 0,
                            "customer %.*s isn't in the customers file any more: only %.*s stays "
                            "blocked",
                            (int)block->customer.n, block->customer.p, (int)block->identity.n,
                            block->identity.p);
            add_identity(b, nets, block, problems);
            continue;
        }
        if (block->kind == IDENTITY_LOGIN && customers_by_login(customers, block->identity) == c)
            add_identity(b, nets, block, problems);
        if (owners_slot(owners, c) == 0)
            owners->list[owners->n++] = (struct owner){c, block->slot};
    }
    for (size_t i = 0; i < owners->n; i++)
        add_customer(b, nets, &owners->list[i], problems);
    return !nets->failed;
}

static bool any_failed(const struct blockmap *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->maps[i].failed)
            return true;
    return false;
}

bool blockmap_build(struct blockmap *out, const struct blocks *blocks,
                    const struct customers *customers, struct problems *problems)
{
    struct owners owners = {0};
    struct nets nets = {0};
    bool built = make_maps(out, blocks->slots) &&
                 collect_owners(out, blocks, customers, &owners, &nets, problems) &&
                 add_login_patterns(&out->maps[MAP_SASL_REGEXP], customers, &owners, problems) &&
                 nets_add_others(&nets, customers, &owners) &&
                 nets_write(&nets, &out->maps[MAP_NET], problems);

    nets_free(&nets);
    return built && !any_failed(out);
}

void blockmap_free(struct blockmap *b)
{
    for (size_t i = 0; b->maps && i < b->n; i++)
        mapfile_free(&b->maps[i]);
    free(b->maps);
    free(b->names);
    *b = (struct blockmap){0};
}

void blockmap_main_cf(struct text *out, const char *dir, const char *type, unsigned slots)
{
    text_addf(
        out,
        "# mptools: what senderblock needs in main.cf, once. The maps have to be there before\n"
        "# (senderblock --postmap). Where main.cf has one of these two parameters already, append\n"
        "# our value to it; smtpd_sender_restrictions ends with ours. A service in master.cf that\n"
        "# sets smtpd_sender_restrictions itself (-o, submission) needs the value there.\n"
        "mp_index = %s:%s\nmp_regexp = regexp:%s\n"
        "smtpd_restriction_classes =",
        type, dir, dir);
    for (unsigned slot = 1; slot <= slots; slot++)
        text_addf(out, "%s mp_slot%02u", slot % 8 == 1 && slots > 8 ? "\n   " : "", slot);
    text_add(out, SL("\nsmtpd_sender_restrictions =\n"
                     "    check_sasl_access $mp_index/mp_customer_sasl\n"
                     "    check_sasl_access $mp_regexp/mp_customer_sasl_regexp\n"
                     "    permit_sasl_authenticated\n"));
    text_addf(out, "    check_client_access cidr:%s/mp_customer_net\n", dir);
    for (unsigned slot = 1; slot <= slots; slot++)
        text_addf(out,
                  "mp_slot%02u = check_sender_access $mp_index/mp_slot%02u_sender\n"
                  "    check_sender_access $mp_regexp/mp_slot%02u_sender_regexp\n",
                  slot, slot, slot);
}
