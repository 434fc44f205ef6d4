/* blwatch: are our outbound addresses listed, by DNS blocklists and in what the log says? */
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/msg.h"
#include "blwatch_ledger.h"

static int no_memory(void)
{
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

/* --- configuration --- */

static int by_address(const void *a, const void *b)
{
    return ipaddr_cmp(*(const struct ipaddr *)a, *(const struct ipaddr *)b);
}

static bool find_ours(struct watch *w)
{
    const struct outbound *out = annotate_outbound(w->annotate);
    const struct map_entry *e;
    size_t at = 0, n = 0;

    w->ours = calloc(out->by_ip.used + w->o->addrs + 1, sizeof *w->ours);
    if (w->ours == NULL)
        return false;
    while ((e = map_next(&out->by_ip, &at)) != NULL)
        n += ipaddr_parse(((const struct outbound_address *)e->value)->ip, &w->ours[n]);
    for (size_t i = 0; i < w->o->addrs; i++)
        w->ours[n++] = w->o->addr[i];
    qsort(w->ours, n, sizeof *w->ours, by_address);
    for (size_t i = 0; i < n; i++)
        if (w->ours_n == 0 || ipaddr_cmp(w->ours[w->ours_n - 1], w->ours[i]) != 0)
            w->ours[w->ours_n++] = w->ours[i];
    return true;
}

static int load(struct watch *w, struct options *o)
{
    uint32_t columns = 1u << COL_CUSTOMER | 1u << COL_PARTNER | 1u << COL_OUTBOUND_IP;
    struct problems problems = {0};
    int status = annotate_new(o->conf, o->one_look ? 0 : columns, &w->annotate);

    if (w->annotate == NULL)
        return status;
    const char *dir = annotate_dir(w->annotate);
    settings_load(dir, &problems, &w->settings);
    w->providers = providers_load(NULL, dir, &problems);
    if (problems.count)
        status = exit_worse(status, EXIT_CONFIG);
    problems_print(&problems);
    problems_free(&problems);
    if (status)
        return status;
    blwatch_settings(o, &w->settings);
    if (!find_ours(w))
        return no_memory();
    if (!o->no_dns)
        status = watch_dns_load(&w->dns, o, w->providers);
    w->dns.addr = o->addrs ? o->addr : w->ours;
    w->dns.addrs = (unsigned)(o->addrs ? o->addrs : w->ours_n);
    if (status == 0 && w->ours_n == 0 && !o->check_config) {
        msg_error("%s/outbound: has no address of ours: write them there, or name them", dir);
        status = EXIT_CONFIG;
    }
    return status;
}

/* --- one look --- */

static int look_once(struct watch *w)
{
    int status = watch_dns_ask(&w->dns, w->o);
    unsigned found = 0;
    char ip[IPADDR_TEXT];

    for (unsigned i = 0; w->dns.answers && i < w->dns.addrs; i++)
        found += report_look(&w->report, w->providers, &w->dns.lists, w->dns.answers, i,
                             slice_str(ipaddr_text(w->dns.addr[i], ip)), w->o->now);
    return status ? status : found ? EXIT_FOUND : EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct options o;
    struct watch w = {.o = &o};

    msg_init(argv[0]);
    setlocale(LC_CTYPE, "");
    int status = blwatch_options(&o, argc, argv);
    if (status < 0) {
        w.report.format = o.format;
        if (o.output == NULL)
            w.report.style = table_style_of(STDOUT_FILENO);
        status = load(&w, &o);
        if (status == 0 && !o.check_config)
            status = o.one_look ? look_once(&w) : watch_ledger(&w);
        if (status <= EXIT_FOUND || status == EXIT_UNAVAILABLE)
            status = exit_worse(status, report_write_out(&w.report, &o));
    }
    watch_log_free(&w.log);
    watch_dns_free(&w.dns);
    providers_free(w.providers);
    settings_free(&w.settings);
    annotate_free(w.annotate);
    text_free(&w.report.text);
    free(w.ours);
    blwatch_options_free(&o);
    return status;
}
