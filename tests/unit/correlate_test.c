/* correlate: what the lines of one message say is on all its records, and on nobody else's. */
#include "records.h"

/* A submission of alice's, which goes to a content filter and comes back as B1B2C3D4E5. */
#define FIRST                                                                                    \
    "0 mx postfix/submission/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, " \
    "sasl_username=alice\n"                                                                      \
    "0 mx postfix/cleanup[2]: A1B2C3D4E5: message-id=<m1@x>\n"                                   \
    "0 mx postfix/qmgr[3]: A1B2C3D4E5: from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
#define SENT(relay, reply)                                                            \
    "2 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y.example>, relay=" relay                \
    ", delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (" reply ")\n"                 \
    "2 mx postfix/qmgr[3]: A1B2C3D4E5: removed\n"
#define TO(relay) SENT(relay, "250 2.0.0 Ok: queued as B1B2C3D4E5")
#define SECOND_AT(host, client, msgid)                                     \
    "1 " host " postfix/smtpd[4]: B1B2C3D4E5: client=" client "\n"         \
    "1 " host " postfix/cleanup[5]: B1B2C3D4E5: message-id=" msgid "\n"    \
    "1 " host " postfix/qmgr[3]: B1B2C3D4E5: from=<boss@x.example>, size=9, nrcpt=1 (queue active)\n"
#define SECOND(client, msgid) SECOND_AT("mx", client, msgid)
#define OUT_AT(host)                                                                          \
    "3 " host " postfix/smtp[7]: B1B2C3D4E5: to=<r@y.example>, relay=m.example[192.0.2.9]:25" \
    ", delay=1, delays=1/0/0/0, dsn=5.7.1, status=bounced (host m.example[192.0.2.9] said: "  \
    "550 5.7.1 spam (in reply to end of DATA command))\n"
#define OUT OUT_AT("mx")

#define WHO "qid origin client_ip sasl_user sender"
#define A(kind) kind " A1B2C3D4E5 - 198.51.100.7 alice alice@x.example\n"
#define A_BEGIN "login A1B2C3D4E5 - 198.51.100.7 alice -\n" A("accept")
#define A_END A("deliver") A("remove")
#define B(kind) kind " B1B2C3D4E5 A1B2C3D4E5 198.51.100.7 alice alice@x.example\n"
#define ALONE(kind, ip) kind " B1B2C3D4E5 - " ip " - boss@x.example\n"
/* B's own records come at the end, as they have waited in vain */
#define APART(ip) A_BEGIN A_END ALONE("accept", ip) ALONE("deliver", ip)
/* B came from a client whose records don't wait */
#define APART_AT_ONCE(ip) A_BEGIN ALONE("accept", ip) A_END ALONE("deliver", ip)
#define TIED A_BEGIN A("deliver") B("accept") A("remove") B("deliver")
#define LOOP "127.0.0.1[127.0.0.1]:10024"
#define BACK "localhost[127.0.0.1]"

static const struct script links[] = {
    {"tied: content filter on this machine", WHO, FIRST SECOND(BACK, "<m1@x>") TO(LOOP) OUT, TIED},
    {"tied: IPv6 loopback", WHO, FIRST SECOND("l[::1]", "<m1@x>") TO("l[::1]:10024") OUT, TIED},
    {"tied: over a socket", WHO, FIRST SECOND(BACK, "<m1@x>") TO("f[private/scan]") OUT, TIED},
    {"tied: filter on the private network", WHO,
     FIRST SECOND("f[10.1.2.3]", "<m1@x>") TO("f[10.1.2.3]:10024") OUT, TIED},
    {"tied: filter speaks before the second leg is logged", WHO,
     FIRST TO(LOOP) SECOND(BACK, "<m1@x>") OUT,
     A_BEGIN A_END B("accept") B("deliver")},
    {"tied: amavis quotes the next hop", WHO,
     FIRST SECOND(BACK, "<m1@x>")
         SENT(LOOP, "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as B1B2C3D4E5")
             OUT,
     TIED},
    {"tied: another host of the private network", WHO,
     FIRST SECOND_AT("out", "mx[10.0.0.1]", "<m1@x>") TO("out[10.0.0.2]:25") OUT_AT("out"), TIED},
    {"apart: a client on the Internet", WHO, FIRST SECOND("e[203.0.113.6]", "<m1@x>") TO(LOOP) OUT,
     APART_AT_ONCE("203.0.113.6")},
    {"apart: another Message-ID", WHO, FIRST SECOND(BACK, "<m2@x>") TO(LOOP) OUT,
     APART("127.0.0.1")},
    {"apart: the next hop is on the Internet", WHO,
     FIRST SECOND(BACK, "<m1@x>") TO("m.example[192.0.2.9]:25") OUT, APART("127.0.0.1")},
    {"apart: the next hop says nothing", WHO,
     FIRST SECOND(BACK, "<m1@x>") SENT(LOOP, "250 2.0.0 Ok") OUT, APART("127.0.0.1")},
    {"apart: another queue id", WHO,
     FIRST SECOND(BACK, "<m1@x>") SENT(LOOP, "250 Ok: queued as C1B2C3D4E5") OUT,
     APART("127.0.0.1")},
    {"apart: deferred is not taken in again", WHO,
     FIRST SECOND(BACK, "<m1@x>") "2 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y.example>, relay=" LOOP
                                  ", delay=1, dsn=4.0.0, status=deferred (queued as B1B2C3D4E5)\n"
                                  "2 mx postfix/qmgr[3]: A1B2C3D4E5: removed\n" OUT,
     APART("127.0.0.1")},
    {"apart: a login of its own", WHO,
     FIRST SECOND("localhost[127.0.0.1], sasl_method=PLAIN, sasl_username=eve", "<m1@x>") TO(LOOP)
         OUT,
     A_BEGIN "login B1B2C3D4E5 - 127.0.0.1 eve -\naccept B1B2C3D4E5 - 127.0.0.1 eve "
             "boss@x.example\n" A_END "deliver B1B2C3D4E5 - 127.0.0.1 eve boss@x.example\n"},
    {"apart: another host without the same Message-ID", WHO,
     FIRST SECOND_AT("out", "mx[10.0.0.1]", "<m2@x>") TO("out[10.0.0.2]:25") OUT_AT("out"),
     APART("10.0.0.1")},
    {"apart: the word stands in the remote's refusal", WHO,
     FIRST SECOND(BACK, "<m1@x>") SENT("m.example[192.0.2.9]:25",
                                       "250 relay=127.0.0.1[127.0.0.1]:10024 queued as B1B2C3D4E5")
         OUT,
     APART("127.0.0.1")},
    /* The hop is a host of the private network, say a customer's own server, and may lie: what it
     * names has to have come from it. */
    {"apart: next hop names the message of another private client", WHO,
     FIRST SECOND("v[10.9.9.9]", "<m1@x>") TO("f[10.1.2.3]:25") OUT, APART("10.9.9.9")},
    /* The id is known before the message is: without its Message-ID nothing is proved. */
    {"apart: the second leg has shown no Message-ID yet", WHO,
     FIRST "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK "\n" TO(LOOP)
         "3 mx postfix/cleanup[5]: B1B2C3D4E5: message-id=<evil@x>\n"
         "3 mx postfix/qmgr[3]: B1B2C3D4E5: from=<boss@x.example>, size=9, nrcpt=1 (queue active)\n"
             OUT,
     APART("127.0.0.1")},
    {"apart: sasl_sender is the client's own word", WHO,
     FIRST
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=e[203.0.113.6], sasl_method=PLAIN, "
     "sasl_username=eve, sasl_sender=x, orig_queue_id=A1B2C3D4E5, orig_client=pc[198.51.100.7]\n",
     A_BEGIN "login B1B2C3D4E5 - 203.0.113.6 eve -\n"},
    {"apart: orig_queue_id in a login", WHO,
     FIRST
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=l[127.0.0.1], sasl_method=PLAIN, "
     "sasl_username=eve, orig_queue_id=A1B2C3D4E5\n"
     "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<e@x.example>, size=9, nrcpt=1 (queue active)\n",
     A_BEGIN "login B1B2C3D4E5 - 127.0.0.1 eve -\naccept B1B2C3D4E5 - 127.0.0.1 eve e@x.example\n"},
    {"apart: a second one claims the same id", WHO,
     FIRST SECOND(BACK, "<m1@x>") TO(LOOP)
         "3 mx postfix/smtp[6]: E1B2C3D4E5: to=<r@y.example>, relay=" LOOP
         ", delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as B1B2C3D4E5)\n" OUT,
     A_BEGIN A("deliver") B("accept") A("remove") "deliver E1B2C3D4E5 - - - -\n" B("deliver")},
    {"XFORWARD: a message that is known", WHO,
     FIRST "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK
           ", orig_queue_id=A1B2C3D4E5, orig_client=pc[198.51.100.7]\n"
           "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<b@x.example>, size=9, nrcpt=1 (queue active)\n",
     A_BEGIN B("accept")},
    {"XFORWARD: a message that is not", "qid origin client_ip sasl_user",
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK
     ", orig_queue_id=F1B2C3D4E5, orig_client=pc[198.51.100.9]\n"
     "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<b@x.example>, size=9, nrcpt=1 (queue active)\n",
     "accept B1B2C3D4E5 F1B2C3D4E5 198.51.100.9 -\n"},
    {"proxy filter: the session's client", "qid client_ip sasl_user",
     "0 mx postfix/smtpd[1]: NOQUEUE: client=pc[198.51.100.7], sasl_method=PLAIN, "
     "sasl_username=alice\n"
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK "\n"
     "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<b@x.example>, size=9, nrcpt=1 (queue active)\n"
     "1 mx postfix/smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as B1B2C3D4E5; "
     "from=<b@x.example> to=<r@y.example> proto=ESMTP helo=<pc>\n",
     "login - 198.51.100.7 alice\naccept B1B2C3D4E5 198.51.100.7 alice\n"},
    {"proxy filter: another session's pid", "qid client_ip sasl_user",
     "0 mx postfix/smtpd[1]: NOQUEUE: client=pc[198.51.100.7], sasl_method=PLAIN, "
     "sasl_username=alice\n"
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK "\n"
     "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<b@x.example>, size=9, nrcpt=1 (queue active)\n"
     "1 mx postfix/smtpd[2]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as B1B2C3D4E5; "
     "from=<b@x.example> to=<r@y.example> proto=ESMTP helo=<pc>\n",
     "login - 198.51.100.7 alice\naccept B1B2C3D4E5 127.0.0.1 -\n"},
    {"proxy filter: the session is over", "qid client_ip sasl_user",
     "0 mx postfix/smtpd[1]: NOQUEUE: client=pc[198.51.100.7], sasl_method=PLAIN, "
     "sasl_username=alice\n"
     "0 mx postfix/smtpd[1]: disconnect from pc[198.51.100.7] ehlo=1 auth=1 quit=1 commands=3\n"
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK "\n"
     "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<b@x.example>, size=9, nrcpt=1 (queue active)\n"
     "1 mx postfix/smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as B1B2C3D4E5; "
     "from=<b@x.example> to=<r@y.example> proto=ESMTP helo=<pc>\n",
     "login - 198.51.100.7 alice\naccept B1B2C3D4E5 127.0.0.1 -\n"},
    {"proxy filter: the next client of a process whose end was missed", "qid client_ip sasl_user",
     "0 mx postfix/smtpd[1]: NOQUEUE: client=pc[198.51.100.7], sasl_method=PLAIN, "
     "sasl_username=alice\n"
     "1 mx postfix/smtpd[1]: connect from e[203.0.113.6]\n"
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK "\n"
     "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<b@x.example>, size=9, nrcpt=1 (queue active)\n"
     "1 mx postfix/smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as B1B2C3D4E5; "
     "from=<b@x.example> to=<r@y.example> proto=ESMTP helo=<pc>\n",
     "login - 198.51.100.7 alice\naccept B1B2C3D4E5 127.0.0.1 -\n"},
};

int main(void)
{
    const struct CMUnitTest tests[] = {{0}};
    return run_scripts("correlate", links, sizeof links / sizeof *links, tests, 0);
}
