/* ledger_parts: what the files of the ledger share; for ledger*.c only. */
#ifndef MPTOOLS_ACT_LEDGER_PARTS_H
#define MPTOOLS_ACT_LEDGER_PARTS_H

/* The n-th brings a ledger from version n to n + 1 (PRAGMA user_version); NULL ends them. What was
 * once released never changes. */
extern const char *const ledger_migrations[];

#endif
