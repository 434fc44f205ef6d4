/* The state of --follow: refused, or what was read prints as what is read again. */
#include "fuzz.h"

#include "log/followstate.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static bool pass(struct slice bytes, struct text *out)
{
    struct followstate s = {0};
    struct failure f = {0};
    int status = followstate_parse(&s, bytes, "state", &f);

    CHECK((status == 0) == (f.status == 0));
    if (status == 0)
        CHECK(followstate_print(&s, out));
    followstate_free(&s);
    failure_free(&f);
    return status == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t = {0}, first = {0}, second = {0};

    /* with the right hash behind it, as nobody finds it by chance */
    text_add(&t, slice_of((const char *)data, size));
    pass(text_slice(&t), &first);
    text_addf(&t, "end %llu\n", (unsigned long long)XXH3_64bits(t.n ? t.p : "", t.n));
    first.n = 0;
    if (pass(text_slice(&t), &first)) {
        CHECK(pass(text_slice(&first), &second));
        check_same(&first, &second, "printed twice");
    }
    text_free(&t);
    text_free(&first);
    text_free(&second);
    return 0;
}
