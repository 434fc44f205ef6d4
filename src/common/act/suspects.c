#include "act/suspects.h"

#include "base/exits.h"
#include "log/input.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct reading {
    const char *name;
    struct suspect_reader *reader;
    suspect_handler *handler;
    void *context;
    struct failure *failure;
};

static int read_line(struct reading *r, struct slice line)
{
    struct suspect s;
    bool first = suspect_reader_lines(r->reader) == 0;

    if (first && !suspect_is_header(line))
        return failure_set(r->failure, EXIT_DATA,
                           "%s: is no suspect stream: a mail log or records go through spamscore "
                           "first: spamscore LOG | senderblock",
                           r->name);
    switch (suspect_reader_line(r->reader, line, &s)) {
    case SUSPECT_LINE_BAD:
        return failure_set(r->failure, EXIT_DATA, "%s:%llu: %s: nothing was changed", r->name,
                           (unsigned long long)suspect_reader_lines(r->reader),
                           suspect_reader_why(r->reader));
    case SUSPECT_LINE_ONE:
        return r->handler(r->context, &s);
    case SUSPECT_LINE_NONE:
        break;
    }
    return 0;
}

/* The whole lines of a block; *used says how many bytes they were. */
static int read_lines(struct reading *r, struct slice block, size_t *used)
{
    int status = 0;

    *used = 0;
    while (status == 0) {
        struct slice rest = slice_skip(block, *used);
        const char *nl = slice_chr(rest, '\n');
        if (nl == NULL)
            break;
        status = read_line(r, slice_range(rest.p, nl));
        *used += (size_t)(nl - rest.p) + 1;
    }
    return status;
}

static int read_input(struct reading *r, struct input *in)
{
    const char *block;
    size_t used;
    ssize_t n;
    int status = 0;

    while (status == 0 && (n = input_read(in, &block)) > 0) {
        status = read_lines(r, slice_of(block, (size_t)n), &used);
        if (status == 0 && (size_t)n - used > LINE_MAX_BYTES)
            status = failure_set(r->failure, EXIT_DATA, "%s: has lines over a megabyte", r->name);
        input_keep(in, (size_t)n - used);
    }
    if (status)
        return status;
    if (n < 0)
        return failure_set(r->failure, input_failure(in)->status, "%s",
                           failure_text(input_failure(in)));
    struct slice last = input_kept(in);
    if (last.n)
        status = read_line(r, last);
    if (status == 0 && !suspect_reader_ended(r->reader))
        status =
            failure_set(r->failure, EXIT_TEMPFAIL,
                        "%s: ends without its #end line, so whatever wrote it died: nothing was "
                        "changed: run it again",
                        r->name);
    return status;
}

static int read_one(struct reading *r, const char *name)
{
    struct input *in = input_open(name);
    int status;

    r->reader = suspect_reader_new();
    if (in == NULL || r->reader == NULL) {
        status = failure_memory(r->failure);
    } else {
        r->name = input_name(in);
        status = read_input(r, in);
    }
    if (r->reader)
        suspect_reader_free(r->reader);
    input_close(in);
    return status;
}

int suspects_read(char *const *names, int count, suspect_handler *handler, void *context,
                  struct failure *failure)
{
    struct reading r = {.handler = handler, .context = context, .failure = failure};
    int status = 0;

    if (count == 0)
        return read_one(&r, "-");
    for (int i = 0; i < count && status == 0; i++)
        status = read_one(&r, names[i]);
    return status;
}
