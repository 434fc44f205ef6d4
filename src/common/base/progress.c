#include "base/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"

#define WAIT WHEN_SECOND
#define INTERVAL (WHEN_SECOND / 4)
#define NAME_MAX_BYTES 30

static void show(const char *name, uint64_t done, uint64_t size, double seconds)
{
    const char *slash = strrchr(name, '/');
    struct text t = {0};
    double rate = (double)done / seconds;

    name = slash ? slash + 1 : name;
    text_add(&t, SL("\r\033[K"));
    text_add_visible(&t, slice_of(name, strnlen(name, NAME_MAX_BYTES)));
    text_addf(&t, ": %llu MB", (unsigned long long)(done / 1000000));
    if (size) {
        text_addf(&t, " of %llu (%d %%)", (unsigned long long)(size / 1000000),
                  (int)(100.0 * (double)done / (double)size));
        if (rate > 0 && size > done)
            text_addf(&t, ", %.0f s left", (double)(size - done) / rate);
    }
    text_addf(&t, ", %.0f MB/s ", rate / 1e6);
    if (t.p)
        fwrite(t.p, 1, t.n, stderr);
    text_free(&t);
}

void progress_step(struct progress *p, const char *name, uint64_t done, uint64_t size)
{
    if (p->off)
        return;
    int64_t now = when_now();
    if (p->start == 0) {
        p->off = !isatty(STDERR_FILENO);
        p->start = p->last = now;
    }
    if (now - p->start < WAIT || now - p->last < INTERVAL)
        return;
    p->last = now;
    p->shown = true;
    show(name, done, size, (double)(now - p->start) / 1e6);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
    p->start = 0;
}
