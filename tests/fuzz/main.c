/* Calls a harness with the content of each file named, as libFuzzer would. */
#include "fuzz.h"

static void one_file(const char *name)
{
    FILE *f = fopen(name, "rb");
    struct text t = {0};
    size_t n;

    if (f == NULL) {
        perror(name);
        exit(2);
    }
    while (text_room(&t, 65536) && (n = fread(t.p + t.n, 1, 65536, f)) > 0)
        t.n += n;
    fclose(f);
    char *copy = copy_of(text_slice(&t));
    LLVMFuzzerTestOneInput((const uint8_t *)copy, t.n);
    free(copy);
    text_free(&t);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        fprintf(stderr, "%s\n", argv[i]);
        one_file(argv[i]);
    }
    return 0;
}
