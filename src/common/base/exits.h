/* exits: the exit statuses of every tool, the same everywhere (sysexits.h names the high ones). */
#ifndef MPTOOLS_BASE_EXITS_H
#define MPTOOLS_BASE_EXITS_H

enum {
    EXIT_DONE = 0,         /* done, nothing found that wants an action */
    EXIT_FOUND = 1,        /* done, and found something to act on */
    EXIT_USAGE = 64,       /* EX_USAGE: the command line is wrong */
    EXIT_DATA = 65,        /* EX_DATAERR: the input is no mail log at all, or is damaged */
    EXIT_NOINPUT = 66,     /* EX_NOINPUT: an input can't be opened */
    EXIT_UNAVAILABLE = 69, /* EX_UNAVAILABLE: a service or program that is needed doesn't answer */
    EXIT_CANTCREAT = 73,   /* EX_CANTCREAT: an output file can't be made */
    EXIT_IO = 74,          /* EX_IOERR: reading or writing failed */
    EXIT_TEMPFAIL = 75,    /* EX_TEMPFAIL: try again, nothing was changed */
    EXIT_CONFIG = 78       /* EX_CONFIG: a configuration file is wrong */
};

/* The worse of two statuses: the failure that a caller should look at first. */
static inline int exit_worse(int a, int b)
{
    return a > b ? a : b;
}

#endif
