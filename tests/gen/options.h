/* options: what loggen is asked for on its command line. Wrong options end the program (exit 64).
 */
#ifndef GEN_OPTIONS_H
#define GEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum hop_kind { HOP_NONE, HOP_FILTER, HOP_INSTANCE };

struct options {
    uint64_t size, seed; /* size 0: not given */
    int64_t start;       /* microseconds since 1970 */
    double days, warmup; /* days; days 0: until size is reached */
    uint32_t customers, outbound;
    double rate;  /* messages a day and customer, on average */
    double noise; /* 1: about a twelfth of the lines */
    enum hop_kind hop;
    double hop_share; /* of the messages */
    double reuse;     /* share of queue files that get their inode's last queue id again */
    bool long_ids, xforward, dash, tls, rfc3339;
    const char *host, *scenario, *labels, *customers_file, *spam, *geo;
    uint32_t attacks, hard;     /* compromises, and odd but honest cases, of each kind */
    double spam_at, spam_pause; /* hours after the start; seconds between its sessions */
    uint32_t spam_messages, spam_rcpts;
};

void options_read(struct options *o, int argc, char **argv);
void options_die(const char *what, const char *value);

#endif
