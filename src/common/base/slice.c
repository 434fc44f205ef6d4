#include "base/slice.h"

const char *slice_rfind(struct slice s, struct slice needle)
{
    if (needle.n == 0 || s.n < needle.n)
        return NULL;
    struct slice rest = {s.p, s.n - needle.n + 1};
    const char *q;

    while ((q = slice_rchr(rest, needle.p[0])) != NULL) {
        if (memcmp(q, needle.p, needle.n) == 0)
            return q;
        rest.n = (size_t)(q - rest.p);
    }
    return NULL;
}

bool slice_u64(struct slice s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        uint64_t d = (uint64_t)(s.p[i] - '0');
        if (v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}
