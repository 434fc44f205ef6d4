#include "log/stream_parts.h"

#include <stdlib.h>

#include "base/exits.h"
#include "base/msg.h"

/* What following met on its way: gaps, damaged files. */
static void follow_notes(struct stream *s)
{
    const char *note;

    while ((note = follow_note(s->follow)) != NULL)
        msg_warn("%s", note);
}

enum stream_result stream_next_followed(struct stream *s, struct record **out)
{
    for (;;) {
        const char *block;
        ssize_t n;
        switch (parser_next(s->parser, out)) {
        case PARSER_RECORD:
            return STREAM_RECORD;
        case PARSER_FAILED:
            stream_parser_failed(s);
            return STREAM_END;
        case PARSER_MORE:
            break;
        }
        n = follow_read(s->follow, &block);
        follow_notes(s);
        if (n <= 0) {
            stream_fail(s, follow_status(s->follow));
            const struct failure *f = follow_failure(s->follow);
            if (f && f->status) {
                msg_error("%s", failure_text(f));
                stream_fail(s, f->status);
            }
            return STREAM_END;
        }
        parser_push(s->parser, block, (size_t)n);
    }
}

struct stream *stream_follow(const struct stream_options *options, struct follow *f)
{
    struct stream *s = stream_new(options);
    struct slice saved = follow_blob(f, "messages");

    if (s == NULL)
        return NULL;
    s->follow = f;
    if (saved.n && !parser_load(s->parser, saved)) {
        msg_error("the state's open messages are damaged: move the state file away to begin anew");
        stream_fail(s, EXIT_DATA);
    }
    return s;
}

bool stream_save(struct stream *s)
{
    struct text saved = {0};
    bool ok = parser_save(s->parser, &saved) &&
              follow_blob_set(s->follow, "messages", text_slice(&saved));

    text_free(&saved);
    return ok;
}
