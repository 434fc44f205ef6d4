/* blocks: what is blocked, and the file that remembers it between runs.
 *
 * DIR/mp_blocks is one block a line (tab separated, escapes of mplog(5)) after two header lines;
 * all maps are computed from it and the operator's customers file, so a run that was killed between
 * two maps is made good by the next one. A block is one sender address, refused for one customer
 * alone. A customer has one slot (one of a fixed number of restriction classes in main.cf) and one
 * incident number; further addresses of the same customer are further rules of the same incident.
 * Slots are given round robin, so the one given back last is the last one used again; incident
 * numbers are never used twice.
 *
 * Whose slot it is: a customer of the customers file has one for all its logins and nets; without
 * that file, or for an identity that isn't in it, the identity itself has its own.
 *
 * All strings belong to the struct blocks, which starts as {0} and ends in blocks_free().
 */
#ifndef MPTOOLS_ACT_BLOCKS_H
#define MPTOOLS_ACT_BLOCKS_H

#include "act/address.h"
#include "base/arena.h"
#include "base/failure.h"
#include "base/slice.h"

#define BLOCKS_FILE "mp_blocks"
#define SLOTS_DEFAULT 32u
#define SLOTS_MAX 99u

struct block {
    unsigned slot, incident, rule; /* all from 1 */
    bool whole_customer;           /* every login and net of `customer`, not the identity alone */
    uint8_t kind;                  /* enum identity_kind of the flagged identity */
    struct slice identity;
    struct slice customer, partner; /* for an identity alone: labels */
    struct slice address;           /* as address_key() */
    struct slice time, since;       /* RFC 3339 in UTC, text order is time order; may be empty */
};

struct blocks {
    struct block *list; /* in the order in which they were made */
    size_t n, cap;
    unsigned slots;     /* how many classes main.cf has; 0: not settled yet */
    unsigned incidents; /* numbers given so far */
    struct arena arena;
};

enum block_added {
    BLOCK_NEW,     /* *out is the new one */
    BLOCK_STANDS,  /* *out is the one that was there */
    BLOCK_NO_SLOT, /* as many customers as there are slots have an incident */
    BLOCK_NO_MEMORY
};

/* DIR/mp_blocks; none is no failure. Returns 0 or the status in *failure (EXIT_CONFIG: a line is
 * wrong, with FILE:LINE). */
int blocks_load(struct blocks *b, const char *dir, struct failure *failure);
int blocks_read(struct blocks *b, const char *name, struct slice text, struct failure *failure);

/* Adds what *want says (its slot, incident and rule are chosen here); the same address for the same
 * owner is already there. */
enum block_added blocks_add(struct blocks *b, const struct block *want, const struct block **out);

/* The block of that address for that owner; NULL when there is none. */
const struct block *blocks_find(const struct blocks *b, const struct block *want);

/* Does the slot belong to the owner of *want? */
bool block_same_owner(const struct block *a, const struct block *b);

void blocks_render(const struct blocks *b, struct text *out);
int blocks_write(const struct blocks *b, const char *dir, bool *changed, struct failure *failure);
void blocks_free(struct blocks *b);

#endif
