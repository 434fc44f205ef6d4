#include "log/record.h"

/* The columns and kinds of mplog(5), in the stream's order. */
static const struct {
    struct slice name;
    bool number;
} columns[COL_COUNT] = {
    [COL_TIME] = {SL("time"), false},
    [COL_KIND] = {SL("kind"), false},
    [COL_HOST] = {SL("host"), false},
    [COL_INSTANCE] = {SL("instance"), false},
    [COL_DAEMON] = {SL("daemon"), false},
    [COL_QID] = {SL("qid"), false},
    [COL_ORIGIN] = {SL("origin"), false},
    [COL_CLIENT_NAME] = {SL("client_name"), false},
    [COL_CLIENT_IP] = {SL("client_ip"), false},
    [COL_SASL_USER] = {SL("sasl_user"), false},
    [COL_HELO] = {SL("helo"), false},
    [COL_SENDER] = {SL("sender"), false},
    [COL_RCPT] = {SL("rcpt"), false},
    [COL_ORIG_RCPT] = {SL("orig_rcpt"), false},
    [COL_MSGID] = {SL("msgid"), false},
    [COL_SIZE] = {SL("size"), true},
    [COL_NRCPT] = {SL("nrcpt"), true},
    [COL_RELAY_NAME] = {SL("relay_name"), false},
    [COL_RELAY_IP] = {SL("relay_ip"), false},
    [COL_RELAY_PORT] = {SL("relay_port"), true},
    [COL_DELAY] = {SL("delay"), true},
    [COL_DSN] = {SL("dsn"), false},
    [COL_STATUS] = {SL("status"), false},
    [COL_REPLY] = {SL("reply"), false},
    [COL_CLASS] = {SL("class"), false},
    [COL_LISTED_BY] = {SL("listed_by"), false},
    [COL_OUTBOUND_IP] = {SL("outbound_ip"), false},
    [COL_VERDICT] = {SL("verdict"), false},
    [COL_CUSTOMER] = {SL("customer"), false},
    [COL_PARTNER] = {SL("partner"), false},
    [COL_SUBJECT] = {SL("subject"), false},
};

static const struct slice kinds[KIND_COUNT] = {
    [KIND_NONE] = SL(""),
    [KIND_ACCEPT] = SL("accept"),
    [KIND_DELIVER] = SL("deliver"),
    [KIND_REJECT] = SL("reject"),
    [KIND_AUTH_FAIL] = SL("auth-fail"),
    [KIND_LOGIN] = SL("login"),
    [KIND_VERDICT] = SL("verdict"),
    [KIND_NDR] = SL("ndr"),
    [KIND_HOLD] = SL("hold"),
    [KIND_REMOVE] = SL("remove"),
};

struct slice record_column_name(unsigned column)
{
    return columns[column].name;
}

struct slice record_kind_name(unsigned kind)
{
    return kinds[kind];
}

int record_column_of(struct slice name)
{
    for (int c = 0; c < COL_COUNT; c++)
        if (slice_eq(columns[c].name, name))
            return c;
    return -1;
}

unsigned record_kind_of(struct slice name)
{
    for (unsigned k = 1; k < KIND_COUNT; k++)
        if (slice_eq(kinds[k], name))
            return k;
    return KIND_NONE;
}

bool record_column_is_number(unsigned column)
{
    return columns[column].number;
}
