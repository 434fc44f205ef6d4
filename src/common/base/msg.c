#include "base/msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

static const char *progname = "mptools";
static bool quiet_wanted;
static unsigned errors;

void msg_init(const char *argv0)
{
    const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

    if (argv0)
        progname = slash ? slash + 1 : argv0;
}

void msg_quiet(bool quiet)
{
    quiet_wanted = quiet;
}

unsigned msg_errors(void)
{
    return errors;
}

const char *msg_progname(void)
{
    return progname;
}

static void msg_print(const char *severity, const char *fmt, va_list ap)
{
    int saved = errno;
    char *text = NULL;
    struct text out = {0};

    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    text_add(&out, slice_str(progname));
    text_add(&out, SL(": "));
    text_add(&out, slice_str(severity));
    text_add_visible(&out, text ? slice_str(text) : SL("(out of memory)"));
    text_add(&out, SL("\n"));
    if (out.p)
        fwrite(out.p, 1, out.n, stderr);
    text_free(&out);
    free(text);
    errno = saved;
}

void msg_error(const char *fmt, ...)
{
    va_list ap;

    errors++;
    va_start(ap, fmt);
    msg_print("error: ", fmt, ap);
    va_end(ap);
}

void msg_warn(const char *fmt, ...)
{
    va_list ap;

    if (quiet_wanted)
        return;
    va_start(ap, fmt);
    msg_print("warning: ", fmt, ap);
    va_end(ap);
}

void msg_info(const char *fmt, ...)
{
    va_list ap;

    if (quiet_wanted)
        return;
    va_start(ap, fmt);
    msg_print("", fmt, ap);
    va_end(ap);
}
