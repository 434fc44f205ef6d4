#include "log/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void notes_add(struct notes *n, const char *fmt, ...)
{
    char **more = realloc(n->text, (n->count + 1) * sizeof *more), *text = NULL;
    va_list ap;
    int length;

    va_start(ap, fmt);
    length = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (more)
        n->text = more;
    if (more && length >= 0) {
        n->text[n->count++] = text;
        return;
    }
    n->failed = true;
    if (length >= 0)
        free(text);
}

const char *notes_take(struct notes *n)
{
    return n->taken < n->count ? n->text[n->taken++] : NULL;
}

void notes_free(struct notes *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->text[i]);
    free(n->text);
    *n = (struct notes){0};
}
