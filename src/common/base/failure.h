/* failure: what went wrong, as an exit status and one line for the operator.
 *
 * src/common neither prints nor exits, so a module that can fail keeps a struct failure, {0} at the
 * start, and its user asks for the text: `file: what happened: what to do`, without the tool's name
 * and without escaping (msg.h does both). The first failure is the cause and stays; later ones are
 * dropped. errno is kept. When there is no memory for the text a fixed one stands in.
 */
#ifndef MPTOOLS_BASE_FAILURE_H
#define MPTOOLS_BASE_FAILURE_H

struct failure {
    int status; /* of exits.h; 0: nothing went wrong */
    char *text;
};

/* Returns the status that is kept, so that a function can end in `return failure_set(…)`. */
int failure_set(struct failure *f, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int failure_memory(struct failure *f); /* out of memory: EXIT_TEMPFAIL */
/* "" when nothing went wrong. */
const char *failure_text(const struct failure *f);
/* Hands the failure over: *to becomes *from unless *to has one already; *from is freed. */
void failure_move(struct failure *to, struct failure *from);
void failure_free(struct failure *f);

#endif
