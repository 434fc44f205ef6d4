/* Configuration files: words, customers, outbound addresses. Mistakes are told, line by line; what
 * was taken is found again. */
#include "fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

#include "judge/customer.h"
#include "judge/outbound.h"

static void check_words(struct slice s)
{
    struct problems problems = {0};
    struct words w = {0};
    unsigned line = 0;
    size_t sum = 0;

    CHECK(words_of(&w, "f", s, &problems) == WORDS_OK || problems.count);
    while (words_next(&w)) {
        CHECK(w.n > 0 && w.line > line);
        line = w.line;
        for (size_t i = 0; i < w.n; i++)
            for (size_t k = 0; k < w.word[i].n; k++) {
                CHECK((unsigned char)w.word[i].p[k] >= 0x20 || w.word[i].p[k] == '\t');
                sum += (unsigned char)w.word[i].p[k];
            }
    }
    CHECK(sum < SIZE_MAX);
    words_free(&w);
    problems_free(&problems);
}

static void look_up(const struct customers *c, const struct customer *who)
{
    for (const struct customer_id *id = who->ids; id; id = id->next) {
        CHECK(id->customer == who);
        if (id->kind == CUSTOMER_LOGIN)
            CHECK(customers_by_login(c, id->text) == who);
        else if (id->kind == CUSTOMER_DOMAIN)
            CHECK(customers_by_domain(c, id->text) == who);
        else if (id->kind == CUSTOMER_NET)
            CHECK(customers_by_client(c, id->net.addr) != NULL);
    }
}

static void check_customers(struct slice s)
{
    struct problems problems = {0};
    struct customers *c = NULL;
    struct words w = {0};

    if (words_of(&w, "customers", s, &problems) == WORDS_OK) {
        enum words_result result = customers_read(&w, &c);
        CHECK((result == WORDS_OK) == (c != NULL) && (c != NULL || problems.count));
        for (size_t i = 0; c && i < customers_count(c); i++) {
            const struct customer *who = customers_at(c, i);
            CHECK(customers_by_key(c, who->key) == who);
            look_up(c, who);
        }
        customers_by_login(c, s);
        customers_by_domain(c, s);
    }
    customers_free(c);
    words_free(&w);
    problems_free(&problems);
}

static void check_outbound(struct slice s)
{
    static char dir[64], file[80];
    struct problems problems = {0};
    struct outbound o = {0};

    if (dir[0] == '\0') {
        snprintf(dir, sizeof dir, "/tmp/mptools-fuzz-%ld", (long)getpid());
        snprintf(file, sizeof file, "%s/outbound", dir);
        CHECK(mkdir(dir, 0700) == 0);
    }
    FILE *f = fopen(file, "wb");
    CHECK(f && fwrite(s.p, 1, s.n, f) == s.n && fclose(f) == 0);
    CHECK(outbound_load(&o, dir, &problems) != WORDS_ABSENT);
    outbound_by_syslog(&o, s, SLICE_NONE);
    outbound_by_syslog(&o, s, SL("2001:db8::1"));
    outbound_by_ip(&o, s);
    outbound_free(&o);
    problems_free(&problems);
    unlink(file);
    if (rmdir(dir) == 0)
        dir[0] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = copy_of(slice_of((const char *)data, size));
    struct slice s = slice_of(copy, size);

    if (size > 0) {
        check_words(s);
        check_customers(s);
        check_outbound(s);
    }
    free(copy);
    return 0;
}
