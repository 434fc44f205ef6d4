#include "act/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/exits.h"
#include "judge/suspect.h"

#define COLUMNS 11
#define HEADER                                                                                   \
    "#mpblocks\tslot\tincident\trule\tscope\tcustomer\tpartner\tkind\tidentity\taddress\ttime\t" \
    "since\n"
#define FILE_MAX (16u << 20)

bool block_same_owner(const struct block *a, const struct block *b)
{
    if (a->whole_customer != b->whole_customer)
        return false;
    if (a->whole_customer)
        return slice_eq(a->customer, b->customer);
    return a->kind == b->kind && slice_eq(a->identity, b->identity);
}

static struct block *new_block(struct blocks *b)
{
    if (b->n == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 16;
        struct block *list = realloc(b->list, cap * sizeof(*list));
        if (list == NULL)
            return NULL;
        b->list = list;
        b->cap = cap;
    }
    return &b->list[b->n];
}

static bool keep(struct arena *a, struct slice *s)
{
    struct slice c = s->n ? arena_slice(a, *s) : SLICE_NONE;
    bool kept = c.n == s->n;

    *s = c;
    return kept;
}

/* Copies all strings and takes the block into the list. */
static const struct block *push(struct blocks *b, const struct block *from)
{
    struct block *block = new_block(b);

    if (block == NULL)
        return NULL;
    *block = *from;
    struct slice *strings[] = {&block->identity, &block->customer, &block->partner,
                               &block->address,  &block->time,     &block->since};
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (!keep(&b->arena, strings[i]))
            return NULL;
    b->n++;
    return block;
}

static bool slot_is_free(const struct blocks *b, unsigned slot)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->list[i].slot == slot)
            return false;
    return true;
}

/* Round robin: smtpd may hold the map of a slot that was just given back for a session's length. */
static unsigned choose_slot(const struct blocks *b)
{
    for (unsigned i = 0; i < b->slots; i++) {
        unsigned slot = (b->incidents + i) % b->slots + 1;
        if (slot_is_free(b, slot))
            return slot;
    }
    return 0;
}

const struct block *blocks_find(const struct blocks *b, const struct block *want)
{
    for (size_t i = 0; i < b->n; i++)
        if (block_same_owner(&b->list[i], want) && slice_eq(b->list[i].address, want->address))
            return &b->list[i];
    return NULL;
}

enum block_added blocks_add(struct blocks *b, const struct block *want, const struct block **out)
{
    struct block block = *want;

    block.slot = 0;
    block.rule = 1;
    if ((*out = blocks_find(b, want)) != NULL)
        return BLOCK_STANDS;
    for (size_t i = 0; i < b->n; i++) {
        const struct block *other = &b->list[i];
        if (!block_same_owner(other, want))
            continue;
        block.slot = other->slot;
        block.incident = other->incident;
        if (other->rule >= block.rule)
            block.rule = other->rule + 1;
    }
    bool fresh = block.slot == 0;
    if (fresh && (block.slot = choose_slot(b)) == 0)
        return BLOCK_NO_SLOT;
    if (fresh)
        block.incident = b->incidents + 1;
    *out = push(b, &block);
    if (*out == NULL)
        return BLOCK_NO_MEMORY;
    b->incidents += fresh;
    return BLOCK_NEW;
}

/* Splits at tabs into exactly COLUMNS. */
static bool split(struct slice line, struct slice *field)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *tab = slice_chr(line, '\t');
        if ((tab == NULL) != (i + 1 == COLUMNS))
            return false;
        field[i] = tab ? slice_range(line.p, tab) : line;
        if (tab)
            line = slice_skip(line, field[i].n + 1);
    }
    return true;
}

static bool number(struct slice s, unsigned max, unsigned *out)
{
    uint64_t v;

    if (!slice_u64(s, &v) || v == 0 || v > max)
        return false;
    *out = (unsigned)v;
    return true;
}

static bool time_good(struct slice s)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

    if (s.n == 0)
        return true;
    if (s.n != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (form[i] == 'd' ? !is_digit(s.p[i]) : s.p[i] != form[i])
            return false;
    return true;
}

static const char *scope_text(const struct block *block)
{
    return block->whole_customer ? "customer" : "identity";
}

/* NULL or what is wrong with the block in itself. */
static const char *block_fault(const struct block *block)
{
    struct address address;

    if (block->identity.n == 0)
        return "identity is empty";
    if (address_parse(block->address, &address) != ADDRESS_OK ||
        !slice_eq(address_key(&address), block->address))
        return "address is none that can be blocked, or not in its canonical form";
    if (!time_good(block->time) || !time_good(block->since))
        return "time and since have to be like 2026-11-24T10:27:50Z";
    return NULL;
}

/* The fields after the numbers; scratch holds what the escapes stand for. */
static const char *read_names(struct slice *field, struct text *scratch, struct block *block)
{
    struct slice *to[] = {&block->customer, &block->partner, NULL,         &block->identity,
                          &block->address,  &block->time,    &block->since};
    size_t end[7];

    block->whole_customer = slice_eq(field[3], SL("customer"));
    if (!block->whole_customer && !slice_eq(field[3], SL("identity")))
        return "scope is neither customer nor identity";
    block->kind = slice_eq(field[6], SL("login"))    ? IDENTITY_LOGIN
                  : slice_eq(field[6], SL("client")) ? IDENTITY_CLIENT
                                                     : IDENTITY_NONE;
    if (block->kind == IDENTITY_NONE)
        return "kind is neither login nor client";
    scratch->n = 0;
    if (!text_room(scratch, 1))
        return "no memory";
    for (size_t i = 0; i < 7; i++) {
        if (!text_add_untsv(scratch, field[i + 4]))
            return "an escape is wrong";
        end[i] = scratch->n;
    }
    for (size_t i = 0, at = 0; i < 7; at = end[i++])
        if (to[i])
            *to[i] = slice_of(scratch->p + at, end[i] - at);
    return block_fault(block);
}

static const char *read_block(struct blocks *b, struct slice line, struct text *scratch)
{
    struct slice field[COLUMNS];
    struct block block = {0};

    if (!split(line, field))
        return "not eleven columns";
    if (!number(field[0], b->slots, &block.slot) ||
        !number(field[1], b->incidents, &block.incident) ||
        !number(field[2], UINT_MAX, &block.rule))
        return "slot, incident or rule is no number or larger than the second line allows";
    const char *fault = read_names(field, scratch, &block);
    if (fault)
        return fault;
    for (size_t i = 0; i < b->n; i++) {
        const struct block *other = &b->list[i];
        bool same = block_same_owner(other, &block);
        if (same != (other->slot == block.slot) || same != (other->incident == block.incident))
            return "a slot and an incident belong to one customer, and it has no other";
        if (same && (slice_eq(other->address, block.address) || other->rule == block.rule))
            return "the same address or rule twice";
    }
    return push(b, &block) ? NULL : "no memory";
}

/* `#slots N incidents N`, tab separated. */
static bool read_counts(struct blocks *b, struct slice line)
{
    unsigned slots, incidents;
    char buf[64];
    int used = 0;

    if (line.n >= sizeof(buf))
        return false;
    memcpy(buf, line.p, line.n);
    buf[line.n] = '\0';
    if (sscanf(buf, "#slots\t%5u\tincidents\t%9u%n", &slots, &incidents, &used) != 2 ||
        (size_t)used != line.n || slots == 0 || slots > SLOTS_MAX)
        return false;
    b->slots = slots;
    b->incidents = incidents;
    return true;
}

int blocks_read(struct blocks *b, const char *name, struct slice text, struct failure *failure)
{
    struct text scratch = {0};
    const char *fault = NULL;
    unsigned line_number = 0;

    while (text.n && fault == NULL) {
        const char *nl = slice_chr(text, '\n');
        struct slice line = nl ? slice_range(text.p, nl) : text;
        text = slice_skip(text, line.n + 1);
        line_number++;
        if (line_number == 1)
            fault = slice_starts(line, SL("#mpblocks\tslot\t")) ? NULL : "no list of blocks";
        else if (line_number == 2)
            fault = read_counts(b, line) ? NULL : "should be `#slots N incidents N`";
        else if (line.n)
            fault = read_block(b, line, &scratch);
    }
    if (fault == NULL && line_number < 2)
        fault = "ends before its second line";
    if (scratch.failed)
        fault = "no memory";
    text_free(&scratch);
    if (fault)
        return failure_set(failure, EXIT_CONFIG,
                           "%s:%u: %s: mend the line, or take it out to lift the block", name,
                           line_number ? line_number : 1, fault);
    return 0;
}

static int read_file(const char *path, int fd, struct text *out, struct failure *failure)
{
    for (;;) {
        if (!text_room(out, 65536))
            return failure_memory(failure);
        ssize_t n = read(fd, out->p + out->n, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || out->n > FILE_MAX)
            return failure_set(failure, EXIT_IO, "%s: can't be read: %s", path,
                               n < 0 ? strerror(errno) : "too long");
        if (n == 0)
            return 0;
        out->n += (size_t)n;
    }
}

int blocks_load(struct blocks *b, const char *dir, struct failure *failure)
{
    char path[PATH_MAX];
    struct text text = {0};
    int status = 0;

    if ((size_t)snprintf(path, sizeof(path), "%s/" BLOCKS_FILE, dir) >= sizeof(path))
        return failure_set(failure, EXIT_CANTCREAT, "%s: the name is too long", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            return 0;
        return failure_set(failure, EXIT_NOINPUT, "%s: can't be opened: %s", path, strerror(errno));
    }
    status = read_file(path, fd, &text, failure);
    close(fd);
    if (status == 0)
        status = blocks_read(b, path, text_slice(&text), failure);
    text_free(&text);
    return status;
}

void blocks_render(const struct blocks *b, struct text *out)
{
    text_add(out, SL(HEADER));
    text_addf(out, "#slots\t%u\tincidents\t%u\n", b->slots, b->incidents);
    for (size_t i = 0; i < b->n; i++) {
        const struct block *block = &b->list[i];
        const struct slice names[] = {
            block->customer, block->partner, identity_kind_name(block->kind),
            block->identity, block->address, block->time,
            block->since};
        text_addf(out, "%u\t%u\t%u\t%s", block->slot, block->incident, block->rule,
                  scope_text(block));
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            text_addc(out, '\t');
            if (names[k].n)
                text_add_tsv(out, names[k]);
        }
        text_addc(out, '\n');
    }
}

int blocks_write(const struct blocks *b, const char *dir, bool *changed, struct failure *failure)
{
    char path[PATH_MAX];
    struct text t = {0};
    int status;

    if ((size_t)snprintf(path, sizeof(path), "%s/" BLOCKS_FILE, dir) >= sizeof(path))
        return failure_set(failure, EXIT_CANTCREAT, "%s: the name is too long", dir);
    blocks_render(b, &t);
    if (t.failed)
        status = failure_memory(failure);
    else
        status = atomic_write(path, text_slice(&t), ATOMIC_IF_CHANGED, changed, failure);
    text_free(&t);
    return status;
}

void blocks_free(struct blocks *b)
{
    free(b->list);
    arena_free(&b->arena);
    *b = (struct blocks){0};
}
