/* options: see options.h. */
#include "sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: loggen [options] >mail.log\n"
    "  --size N[K|M|G]        end before the line that would make it larger; K is 1024 (10M, and\n"
    "                         no end with the scenarios that take 14 days)\n"
    "  --days D               end D days after the start (0: at the size; 14 where it matters)\n"
    "  --seed N               (1)\n"
    "  --start TIME           YYYY-MM-DDTHH:MM:SSZ (2026-10-25T00:00:00Z)\n"
    "  --warmup D             days of life before the log begins (0)\n"
    "  --format rfc3164|rfc3339\n"
    "  --customers N          at least 4 (200)\n"
    "  --rate N               messages a day and customer (250)\n"
    "  --noise X              bots and the like, 0 for none (1)\n"
    "  --outbound N           outbound transports, 1 to 8 (4)\n"
    "  --no-filter            no content filter; same as --hop none\n"
    "  --hop filter|instance|none   where messages go first (filter)\n"
    "  --hop-share X          share of the messages that take it (0.5)\n"
    "  --xforward             the filter passes the first queue id on\n"
    "  --dash                 transports log as postfix-out1/smtp, not postfix/out1/smtp\n"
    "  --long-ids             long queue ids\n"
    "  --reuse X              share of queue files that get their inode's last queue id (0)\n"
    "  --no-tls               no TLS lines\n"
    "  --host NAME            (mx1)\n"
    "  --scenario NAME        plain (the default); one attack: compromised, infected;\n"
    "                         compromises: blast, slow, verified, snowshoe, phish, nat, home,\n"
    "                         virus, webform; honest, but odd: newsletter, invoices, scanner,\n"
    "                         crm, traveller, moved, forwarder, bounces, listed, first, forged;\n"
    "                         mixed: all the compromises and all that is odd\n"
    "  --attacks N            compromises of each kind (1)\n"
    "  --hard N               odd cases of each kind (1)\n"
    "  --spam-at H            hours after the start (30)\n"
    "  --spam-messages N      (1500)\n"
    "  --spam-rcpts N         most recipients a message, 1 to 50 (20)\n"
    "  --spam-pause S         seconds between its sessions, on average (20)\n"
    "  --labels FILE          write what the scenario did\n"
    "  --spam FILE            write TIME, QID and IDENTITY of each spam message taken\n"
    "  --geo FILE             write NET, COUNTRY, ASN and NAME of the clients' providers\n"
    "  --customers-file FILE  write the customers as mptools reads them\n";

enum {
    OPT_SIZE = 256,
    OPT_DAYS,
    OPT_SEED,
    OPT_START,
    OPT_WARMUP,
    OPT_FORMAT,
    OPT_CUSTOMERS,
    OPT_RATE,
    OPT_NOISE,
    OPT_OUTBOUND,
    OPT_NO_FILTER,
    OPT_HOP,
    OPT_HOP_SHARE,
    OPT_XFORWARD,
    OPT_DASH,
    OPT_LONG_IDS,
    OPT_REUSE,
    OPT_NO_TLS,
    OPT_HOST,
    OPT_SCENARIO,
    OPT_ATTACKS,
    OPT_HARD,
    OPT_SPAM_AT,
    OPT_SPAM_MESSAGES,
    OPT_SPAM_RCPTS,
    OPT_SPAM_PAUSE,
    OPT_LABELS,
    OPT_SPAM,
    OPT_GEO,
    OPT_CUSTOMERS_FILE,
    OPT_HELP
};

static const struct option long_options[] = {{"size", 1, NULL, OPT_SIZE},
                                             {"days", 1, NULL, OPT_DAYS},
                                             {"seed", 1, NULL, OPT_SEED},
                                             {"start", 1, NULL, OPT_START},
                                             {"warmup", 1, NULL, OPT_WARMUP},
                                             {"format", 1, NULL, OPT_FORMAT},
                                             {"customers", 1, NULL, OPT_CUSTOMERS},
                                             {"rate", 1, NULL, OPT_RATE},
                                             {"noise", 1, NULL, OPT_NOISE},
                                             {"outbound", 1, NULL, OPT_OUTBOUND},
                                             {"no-filter", 0, NULL, OPT_NO_FILTER},
                                             {"hop", 1, NULL, OPT_HOP},
                                             {"hop-share", 1, NULL, OPT_HOP_SHARE},
                                             {"xforward", 0, NULL, OPT_XFORWARD},
                                             {"dash", 0, NULL, OPT_DASH},
                                             {"long-ids", 0, NULL, OPT_LONG_IDS},
                                             {"reuse", 1, NULL, OPT_REUSE},
                                             {"no-tls", 0, NULL, OPT_NO_TLS},
                                             {"host", 1, NULL, OPT_HOST},
                                             {"scenario", 1, NULL, OPT_SCENARIO},
                                             {"attacks", 1, NULL, OPT_ATTACKS},
                                             {"hard", 1, NULL, OPT_HARD},
                                             {"spam-at", 1, NULL, OPT_SPAM_AT},
                                             {"spam-messages", 1, NULL, OPT_SPAM_MESSAGES},
                                             {"spam-rcpts", 1, NULL, OPT_SPAM_RCPTS},
                                             {"spam-pause", 1, NULL, OPT_SPAM_PAUSE},
                                             {"labels", 1, NULL, OPT_LABELS},
                                             {"spam", 1, NULL, OPT_SPAM},
                                             {"geo", 1, NULL, OPT_GEO},
                                             {"customers-file", 1, NULL, OPT_CUSTOMERS_FILE},
                                             {"help", 0, NULL, OPT_HELP},
                                             {NULL, 0, NULL, 0}};

void options_die(const char *what, const char *value)
{
    fprintf(stderr, "loggen: %s: %s\n", what, value);
    exit(64);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end != '\0' || !(v >= least && v <= most))
        options_die("not a number in its range", text);
    return v;
}

static uint64_t size(const char *text)
{
    char *end;
    double v = strtod(text, &end);
    const char *units = "KMG";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;

    if (end == text || !(v > 0) || (*end != '\0' && (unit == NULL || end[1] != '\0')))
        options_die("not a size", text);
    for (int i = unit ? (int)(unit - units) : -1; i >= 0; i--)
        v *= 1024;
    return (uint64_t)v;
}

static int64_t start_time(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

    if (end == NULL || *end != '\0')
        options_die("not a time like 2026-10-25T00:00:00Z", text);
    return (int64_t)timegm(&tm) * SECOND;
}

static enum hop_kind hop(const char *text)
{
    if (strcmp(text, "filter") == 0)
        return HOP_FILTER;
    if (strcmp(text, "instance") == 0)
        return HOP_INSTANCE;
    if (strcmp(text, "none") != 0)
        options_die("--hop is filter, instance or none, not", text);
    return HOP_NONE;
}

static bool rfc3339(const char *text)
{
    if (strcmp(text, "rfc3339") != 0 && strcmp(text, "rfc3164") != 0)
        options_die("--format is rfc3164 or rfc3339, not", text);
    return strcmp(text, "rfc3339") == 0;
}

/* Options about the log as a whole; the rest is option_more()'s. */
static bool option_log(struct options *o, int opt, const char *arg)
{
    switch (opt) {
    case OPT_SIZE:
        o->size = size(arg);
        return true;
    case OPT_DAYS:
        o->days = number(arg, 0, 3650);
        return true;
    case OPT_SEED:
        o->seed = (uint64_t)number(arg, 0, 1e15);
        return true;
    case OPT_START:
        o->start = start_time(arg);
        return true;
    case OPT_WARMUP:
        o->warmup = number(arg, 0, 100);
        return true;
    case OPT_FORMAT:
        o->rfc3339 = rfc3339(arg);
        return true;
    case OPT_CUSTOMERS:
        o->customers = (uint32_t)number(arg, 4, 200000);
        return true;
    case OPT_RATE:
        o->rate = number(arg, 0.01, 1e6);
        return true;
    case OPT_NOISE:
        o->noise = number(arg, 0, 1000);
        return true;
    case OPT_OUTBOUND:
        o->outbound = (uint32_t)number(arg, 1, MAX_OUTBOUND);
        return true;
    case OPT_HOST:
        o->host = arg;
        return true;
    default:
        return false;
    }
}

static void option_more(struct options *o, int opt, const char *arg)
{
    switch (opt) {
    case OPT_NO_FILTER:
        o->hop = HOP_NONE;
        break;
    case OPT_HOP:
        o->hop = hop(arg);
        break;
    case OPT_HOP_SHARE:
        o->hop_share = number(arg, 0, 1);
        break;
    case OPT_XFORWARD:
        o->xforward = true;
        break;
    case OPT_DASH:
        o->dash = true;
        break;
    case OPT_LONG_IDS:
        o->long_ids = true;
        break;
    case OPT_REUSE:
        o->reuse = number(arg, 0, 1);
        break;
    case OPT_NO_TLS:
        o->tls = false;
        break;
    case OPT_SCENARIO:
        o->scenario = arg;
        break;
    case OPT_ATTACKS:
        o->attacks = (uint32_t)number(arg, 0, 50);
        break;
    case OPT_HARD:
        o->hard = (uint32_t)number(arg, 0, 50);
        break;
    case OPT_SPAM_AT:
        o->spam_at = number(arg, 0, 87600);
        break;
    case OPT_SPAM_MESSAGES:
        o->spam_messages = (uint32_t)number(arg, 1, 1e9);
        break;
    case OPT_SPAM_RCPTS:
        o->spam_rcpts = (uint32_t)number(arg, 1, 50);
        break;
    case OPT_SPAM_PAUSE:
        o->spam_pause = number(arg, 0.01, 1e6);
        break;
    case OPT_LABELS:
        o->labels = arg;
        break;
    case OPT_SPAM:
        o->spam = arg;
        break;
    case OPT_GEO:
        o->geo = arg;
        break;
    case OPT_CUSTOMERS_FILE:
        o->customers_file = arg;
        break;
    case OPT_HELP:
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        exit(64);
    }
}

void options_read(struct options *o, int argc, char **argv)
{
    int opt;

    *o = (struct options){.seed = 1,
                          .attacks = 1,
                          .hard = 1,
                          .customers = 200,
                          .outbound = 4,
                          .rate = 250,
                          .noise = 1,
                          .hop = HOP_FILTER,
                          .hop_share = 0.5,
                          .tls = true,
                          .host = "mx1",
                          .scenario = "plain",
                          .spam_at = 30,
                          .spam_messages = 1500,
                          .spam_rcpts = 20,
                          .spam_pause = 20,
                          .start = start_time("2026-10-25T00:00:00Z")};
    while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!option_log(o, opt, optarg))
            option_more(o, opt, optarg);
    if (optind < argc)
        option_more(o, '?', "");
}
