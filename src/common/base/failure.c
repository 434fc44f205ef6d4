#include "base/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/exits.h"

int failure_set(struct failure *f, int status, const char *fmt, ...)
{
    int saved = errno;
    va_list ap;

    if (f->status)
        return f->status;
    f->status = status;
    va_start(ap, fmt);
    if (vasprintf(&f->text, fmt, ap) < 0)
        f->text = NULL;
    va_end(ap);
    errno = saved;
    return f->status;
}

int failure_memory(struct failure *f)
{
    if (f->status == 0)
        f->status = EXIT_TEMPFAIL;
    return f->status;
}

const char *failure_text(const struct failure *f)
{
    if (f->text)
        return f->text;
    return f->status ? "out of memory: nothing was changed: try again with more" : "";
}

void failure_move(struct failure *to, struct failure *from)
{
    if (to->status == 0) {
        *to = *from;
        *from = (struct failure){0};
    }
    failure_free(from);
}

void failure_free(struct failure *f)
{
    free(f->text);
    *f = (struct failure){0};
}
