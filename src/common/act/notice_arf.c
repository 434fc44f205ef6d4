#include "act/notice_arf.h"

#include "act/notice_escape.h"
#include "act/notice_templates.h"
#include "base/ipnet.h"
#include "base/when.h"

bool notice_is_abuse(unsigned event)
{
    return event == NOTICE_WATCH || event == NOTICE_ADDRESS || event == NOTICE_RULE ||
           event == NOTICE_SUSPENDED || event == NOTICE_RELAPSE;
}

static const struct notice_row *newest(const struct notice_rows *rows)
{
    const struct notice_row *row = NULL;

    for (size_t i = 0; i < rows->n; i++)
        if (row == NULL || rows->list[i].time >= row->time)
            row = &rows->list[i];
    return row;
}

/* The client of the newest message, else the first one that the facts name. */
static bool client_of(const struct notice_facts *facts, const struct notice_rows *rows,
                      char text[IPADDR_TEXT])
{
    const struct notice_row *row = newest(rows);
    struct ipaddr ip;

    if (!(row && ipaddr_parse(row->client, &ip)) &&
        !ipaddr_parse(notice_fact(facts, SL("clients")), &ip))
        return false;
    ipaddr_text(ip, text);
    return true;
}

/* Of the newest message, which gives a time even when nothing else does. */
static int64_t arrival(const struct notice_facts *facts, const struct notice_rows *rows)
{
    const struct notice_row *row = newest(rows);
    int64_t time = row ? row->time : WHEN_NONE;

    return time == WHEN_NONE ? notice_time(notice_fact(facts, SL("since"))) : time;
}

static struct slice sender_of(const struct notice_facts *facts, const struct notice_rows *rows)
{
    const struct notice_row *row = newest(rows);

    return row && row->sender.n ? row->sender : notice_fact(facts, SL("sender_list"));
}

void notice_add_report(struct text *out, const struct notice_facts *facts,
                       const struct notice_rows *rows)
{
    struct slice sender = sender_of(facts, rows);
    int64_t time = arrival(facts, rows);
    char client[IPADDR_TEXT];
    uint64_t messages;

    text_add(out, SL("Feedback-Type: abuse\n"
                     "User-Agent: mptools-mpnotify/" MPTOOLS_VERSION "\n"
                     "Version: 1\n"));
    if (notice_is_address(sender)) {
        text_add(out, SL("Original-Mail-From: <"));
        text_add(out, sender);
        text_add(out, SL(">\n"));
    }
    if (time != WHEN_NONE) {
        text_add(out, SL("Arrival-Date: "));
        notice_add_date(out, time);
        text_addc(out, '\n');
    }
    if (client_of(facts, rows, client))
        text_addf(out, "Source-IP: %s\n", client);
    if (slice_u64(notice_fact(facts, SL("messages")), &messages) && messages)
        text_addf(out, "Incidents: %llu\n", (unsigned long long)messages);
}

/* A token of a Received header: no blanks, parentheses or brackets. */
static void add_token(struct text *out, struct slice s)
{
    for (size_t i = 0; i < s.n && i < 200; i++) {
        unsigned char c = (unsigned char)s.p[i];
        text_addc(out, c > 0x20 && c < 0x7f && !strchr("()[]<>;\\\"", c) ? (char)c : '?');
    }
}

static void add_received(struct text *out, const struct notice_row *row)
{
    struct ipaddr ip;
    char client[IPADDR_TEXT];

    text_add(out, SL("Received: from "));
    if (row->helo.n)
        add_token(out, row->helo);
    else
        text_add(out, SL("unknown"));
    if (ipaddr_parse(row->client, &ip))
        text_addf(out, " ([%s%s])", ipaddr_is_v4(ip) ? "" : "IPv6:", ipaddr_text(ip, client));
    if (row->login.n) {
        text_add(out, SL("\n (Authenticated sender: "));
        add_token(out, row->login);
        text_addc(out, ')');
    }
    if (row->qid.n) {
        text_add(out, SL("\n id "));
        add_token(out, row->qid);
    }
    if (row->time != WHEN_NONE) {
        text_add(out, SL(";\n "));
        notice_add_date(out, row->time);
    }
    text_addc(out, '\n');
}

void notice_add_original(struct text *out, const struct notice_facts *facts,
                         const struct notice_rows *rows)
{
    struct slice sender = sender_of(facts, rows);
    const struct notice_row *row = newest(rows);

    text_add(out, SL("Return-Path: <"));
    if (notice_is_address(sender))
        text_add(out, sender);
    text_add(out, SL(">\n"));
    if (row)
        add_received(out, row);
}
