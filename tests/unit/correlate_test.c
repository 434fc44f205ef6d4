/* correlate: what the lines of one message say is on all its records, and on nobody else's. */
#include "records.h"

/* A submission of alice's, which goes to a content filter and comes back as B1B2C3D4E5. */
#define FIRST                                                                                    \
    "0 mx postfix/submission/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, " \
    "sasl_username=alice\n"                                                                      \
    "0 mx postfix/cleanup[2]: A1B2C3D4E5: message-id=<m1@x>\n"                                   \
    "0 mx postfix/qmgr[3]: A1B2C3D4E5: from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
/* The same with a line before the queue manager's. */
#define FIRST_AS(qid, line)                                                                   \
    "0 mx postfix/submission/smtpd[1]: " qid ": client=pc[198.51.100.7], sasl_method=PLAIN, " \
    "sasl_username=alice\n" line "0 mx postfix/cleanup[2]: " qid ": message-id=<m1@x>\n"      \
    "0 mx postfix/qmgr[3]: " qid ": from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
#define OUT_OF(qid)                                                                              \
    "2 mx postfix/smtp[6]: " qid ": to=<r@y.example>, relay=m[192.0.2.9]:25, delay=1, dsn=2.0.0" \
    ", status=sent (250 ok)\n2 mx postfix/qmgr[3]: " qid ": removed\n"
#define SENT(relay, reply)                                             \
    "2 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y.example>, relay=" relay \
    ", delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (" reply ")\n"  \
    "2 mx postfix/qmgr[3]: A1B2C3D4E5: removed\n"
#define TO(relay) SENT(relay, "250 2.0.0 Ok: queued as B1B2C3D4E5")
#define SECOND_AT(host, client, msgid)                                  \
    "1 " host " postfix/smtpd[4]: B1B2C3D4E5: client=" client "\n"      \
    "1 " host " postfix/cleanup[5]: B1B2C3D4E5: message-id=" msgid "\n" \
    "1 " host                                                           \
    " postfix/qmgr[3]: B1B2C3D4E5: from=<boss@x.example>, size=9, nrcpt=1 (queue active)\n"
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
#define APART_AT_ONCE(ip)       \
    A_BEGIN ALONE("accept", ip) \
    A_END ALONE("deliver", ip)
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
     FIRST TO(LOOP) SECOND(BACK, "<m1@x>") OUT, A_BEGIN A_END B("accept") B("deliver")},
    {"tied: amavis quotes the next hop", WHO,
     FIRST SECOND(BACK, "<m1@x>")
         SENT(LOOP,
              "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as B1B2C3D4E5") OUT,
     TIED},
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
    {"apart: a message of another host", WHO,
     FIRST SECOND_AT("out", "f[10.1.2.3]", "<m1@x>") TO("f[10.1.2.3]:10024") OUT_AT("out"),
     APART("10.1.2.3")},
    {"apart: a mail server of the private network", WHO,
     FIRST SECOND("f[10.1.2.3]", "<m1@x>") TO("f[10.1.2.3]:25") OUT, APART("10.1.2.3")},
    {"apart: another host, and the word comes first", WHO,
     FIRST TO(LOOP) SECOND_AT("out", BACK, "<m1@x>") OUT_AT("out"),
     A_BEGIN A_END ALONE("accept", "127.0.0.1") ALONE("deliver", "127.0.0.1")},
    {"apart: another client, and the word comes first", WHO,
     FIRST TO("f[10.1.2.3]:10024") SECOND("v[10.9.9.9]", "<m1@x>") OUT, APART("10.9.9.9")},
    {"apart: another Message-ID, and the word comes first", WHO,
     FIRST TO(LOOP) SECOND(BACK, "<m2@x>") OUT, APART("127.0.0.1")},
    {"apart: the word stands in the remote's refusal", WHO,
     FIRST SECOND(BACK, "<m1@x>") SENT("m.example[192.0.2.9]:25",
                                       "250 relay=127.0.0.1[127.0.0.1]:10024 queued as B1B2C3D4E5")
         OUT,
     APART("127.0.0.1")},
    /* A hop on the private network may be a customer's own server, and lie: what it names has to
     * have come from it, and it has to be no mail server. */
    {"apart: next hop names the message of another private client", WHO,
     FIRST SECOND("v[10.9.9.9]", "<m1@x>") TO("f[10.1.2.3]:10024") OUT, APART("10.9.9.9")},
    /* The id is known before the message is: without its Message-ID nothing is proved. */
    {"apart: the second leg has shown no Message-ID yet", WHO,
     FIRST "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=" BACK
           "\n" TO(LOOP) "3 mx postfix/cleanup[5]: B1B2C3D4E5: message-id=<evil@x>\n"
                         "3 mx postfix/qmgr[3]: B1B2C3D4E5: from=<boss@x.example>, size=9, nrcpt=1 "
                         "(queue active)\n" OUT,
     APART("127.0.0.1")},
    {"apart: sasl_sender is the client's own word", WHO,
     FIRST
     "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=e[203.0.113.6], sasl_method=PLAIN, "
     "sasl_username=eve, sasl_sender=x, orig_queue_id=A1B2C3D4E5, orig_client=pc[198.51.100.7]\n",
     A_BEGIN "login B1B2C3D4E5 - 203.0.113.6 eve -\n"},
    {"apart: orig_queue_id in a login", WHO,
     FIRST "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=l[127.0.0.1], sasl_method=PLAIN, "
           "sasl_username=eve, orig_queue_id=A1B2C3D4E5\n"
           "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<e@x.example>, size=9, nrcpt=1 (queue active)\n",
     A_BEGIN "login B1B2C3D4E5 - 127.0.0.1 eve -\naccept B1B2C3D4E5 - 127.0.0.1 eve e@x.example\n"},
    {"apart: a second one claims the same id", WHO,
     FIRST SECOND(BACK, "<m1@x>")
         TO(LOOP) "3 mx postfix/smtp[6]: E1B2C3D4E5: to=<r@y.example>, relay=" LOOP
                  ", delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as "
                  "B1B2C3D4E5)\n" OUT,
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

#define ALICE(qid, at)                                            \
    at " mx postfix/smtpd[1]: " qid ": client=pc[198.51.100.7], " \
       "sasl_method=PLAIN, sasl_username=alice\n"
#define MSGID(qid, at, id) at " mx postfix/cleanup[2]: " qid ": message-id=" id "\n"
#define ACTIVE(qid, at, from) \
    at " mx postfix/qmgr[3]: " qid ": from=<" from ">, size=9, nrcpt=1 (queue active)\n"
#define BOUNCED(qid, at)                                                                      \
    at " mx postfix/smtp[7]: " qid ": to=<r@y.example>, relay=m.example[192.0.2.9]:25, "      \
       "delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced (host m.example[192.0.2.9] said: " \
       "550 5.1.1 no (in reply to RCPT TO command))\n"
#define REMOVED(qid, at) at " mx postfix/qmgr[3]: " qid ": removed\n"

/* Who a message's records name, through a life that is not as it should be. */
#define HEADER(qid, subject)                                                                       \
    "0 mx postfix/cleanup[2]: " qid ": warning: header Subject: " subject " from pc[198.51.100.7]" \
    "; from=<a@x> to=<r@y> proto=ESMTP helo=<pc>\n"

static const struct script lives[] = {
    {"a logged subject, and the HELO, on all later records", "qid helo subject",
     FIRST_AS("A1B2C3D4E5", HEADER("A1B2C3D4E5", "cheap pills")) OUT_OF("A1B2C3D4E5"),
     "login A1B2C3D4E5 - -\naccept A1B2C3D4E5 pc cheap pills\ndeliver A1B2C3D4E5 pc cheap pills\n"
     "remove A1B2C3D4E5 pc cheap pills\n"},
    {"of several subjects the first", "qid subject",
     ALICE("A1B2C3D4E5", "0") HEADER("A1B2C3D4E5", "") HEADER("A1B2C3D4E5", "one")
         HEADER("A1B2C3D4E5", "two") ACTIVE("A1B2C3D4E5", "1", "a@x"),
     "login A1B2C3D4E5 -\naccept A1B2C3D4E5 one\n"},
    {"a queue id that begins anew has no old subject", "qid helo subject",
     ALICE("A1B2C3D4E5", "0") HEADER("A1B2C3D4E5", "one") ACTIVE("A1B2C3D4E5", "1", "a@x")
         ALICE("A1B2C3D4E5", "2") ACTIVE("A1B2C3D4E5", "2", "a@x"),
     "login A1B2C3D4E5 - -\naccept A1B2C3D4E5 pc one\nlogin A1B2C3D4E5 - -\n"
     "accept A1B2C3D4E5 - -\n"},
    {"the second leg has the first one's, whatever the filter made of it", "qid helo subject",
     FIRST_AS("A1B2C3D4E5", HEADER("A1B2C3D4E5", "one")) SECOND(BACK, "<m1@x>")
         HEADER("B1B2C3D4E5", "***SPAM*** one") TO(LOOP) OUT,
     "login A1B2C3D4E5 - -\naccept A1B2C3D4E5 pc one\ndeliver A1B2C3D4E5 pc one\n"
     "accept B1B2C3D4E5 pc one\nremove A1B2C3D4E5 pc one\ndeliver B1B2C3D4E5 pc one\n"},
    {"where only the second leg's is logged, that stays", "qid subject",
     FIRST SECOND(BACK, "<m1@x>") HEADER("B1B2C3D4E5", "one") TO(LOOP) OUT,
     "login A1B2C3D4E5 -\naccept A1B2C3D4E5 -\ndeliver A1B2C3D4E5 -\n"
     "accept B1B2C3D4E5 one\nremove A1B2C3D4E5 -\ndeliver B1B2C3D4E5 one\n"},
    {"expected before its lines come, too", "qid subject",
     FIRST_AS("A1B2C3D4E5", HEADER("A1B2C3D4E5", "one")) TO(LOOP) SECOND(BACK, "<m1@x>") OUT,
     "login A1B2C3D4E5 -\naccept A1B2C3D4E5 one\ndeliver A1B2C3D4E5 one\n"
     "remove A1B2C3D4E5 one\naccept B1B2C3D4E5 one\ndeliver B1B2C3D4E5 one\n"},
    {"a notice tells of the message's subject, its own queue id has none", "qid subject",
     FIRST_AS("A1B2C3D4E5", HEADER("A1B2C3D4E5", "one"))
         BOUNCED("A1B2C3D4E5", "2") "2 mx postfix/bounce[8]: A1B2C3D4E5: sender non-delivery "
                                    "notification: C1B2C3D4E5\n" ACTIVE("C1B2C3D4E5", "2", ""),
     "login A1B2C3D4E5 -\naccept A1B2C3D4E5 one\ndeliver A1B2C3D4E5 one\nndr C1B2C3D4E5 one\n"
     "accept C1B2C3D4E5 -\n"},
    {"what is refused, held or unknown", "qid subject",
     ALICE("A1B2C3D4E5", "0") HEADER(
         "A1B2C3D4E5",
         "one") "0 mx postfix/cleanup[2]: A1B2C3D4E5: reject: header Subject: two from "
                "pc[198.51.100.7]; from=<a@x> to=<r@y> proto=ESMTP helo=<pc>: 5.7.1 no\n" HEADER(
                    "C1B2C3D4E5", "x") ACTIVE("C1B2C3D4E5", "1", "a@x"),
     "login A1B2C3D4E5 -\nreject A1B2C3D4E5 two\naccept C1B2C3D4E5 -\n"},
    {"two Message-ID headers are two lines of one message", "qid sasl_user msgid",
     ALICE("A1B2C3D4E5", "0") MSGID("A1B2C3D4E5", "0", "<1@x>") MSGID("A1B2C3D4E5", "0", "<2@x>")
         ACTIVE("A1B2C3D4E5", "1", "a@x") BOUNCED("A1B2C3D4E5", "2"),
     "login A1B2C3D4E5 alice -\naccept A1B2C3D4E5 alice 1@x\ndeliver A1B2C3D4E5 alice 1@x\n"},
    {"an id begins anew after its end", "qid sasl_user",
     ALICE("A1B2C3D4E5", "0") MSGID("A1B2C3D4E5", "0", "<1@x>") ACTIVE("A1B2C3D4E5", "1", "a@x")
         REMOVED(
             "A1B2C3D4E5",
             "2") "3 mx postfix/smtpd[1]: A1B2C3D4E5: client=e[203.0.113.6]\n" MSGID("A1B2C3D4E5",
                                                                                     "3", "<2@x>")
             ACTIVE("A1B2C3D4E5", "3", "e@x") BOUNCED("A1B2C3D4E5", "3"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\nremove A1B2C3D4E5 alice\n"
     "accept A1B2C3D4E5 -\ndeliver A1B2C3D4E5 -\n"},
    {"an id begins anew, its end was lost", "qid sasl_user sender",
     ALICE("A1B2C3D4E5", "0") MSGID("A1B2C3D4E5", "0", "<1@x>") ACTIVE(
         "A1B2C3D4E5", "1",
         "a@x") "3 mx postfix/smtpd[1]: A1B2C3D4E5: client=e[203.0.113.6]\n" ACTIVE("A1B2C3D4E5",
                                                                                    "3", "e@x")
         BOUNCED("A1B2C3D4E5", "3"),
     "login A1B2C3D4E5 alice -\naccept A1B2C3D4E5 alice a@x\naccept A1B2C3D4E5 - e@x\n"
     "deliver A1B2C3D4E5 - e@x\n"},
    {"an id begins anew with a notice", "qid sasl_user sender",
     ALICE("A1B2C3D4E5", "0") MSGID("A1B2C3D4E5", "0", "<1@x>") ACTIVE("A1B2C3D4E5", "1", "a@x")
         MSGID("A1B2C3D4E5", "9",
               "<n@x>") "9 mx postfix/bounce[8]: 0123456789: sender non-delivery notification: "
                        "A1B2C3D4E5\n" ACTIVE("A1B2C3D4E5", "9", "") BOUNCED("A1B2C3D4E5", "9"),
     "login A1B2C3D4E5 alice -\naccept A1B2C3D4E5 alice a@x\nndr A1B2C3D4E5 - -\n"
     "accept A1B2C3D4E5 - <>\ndeliver A1B2C3D4E5 - <>\n"},
    {"an id of another host", "host sasl_user",
     ALICE("A1B2C3D4E5", "0") ACTIVE(
         "A1B2C3D4E5", "1",
         "a@x") "2 out postfix/qmgr[1]: A1B2C3D4E5: from=<b@x>, size=1, nrcpt=1 (queue active)\n",
     "login mx alice\naccept mx alice\naccept out -\n"},
    {"an id of another instance", "instance sasl_user",
     ALICE("A1B2C3D4E5", "0")
         ACTIVE("A1B2C3D4E5", "1",
                "a@x") "2 mx out/qmgr[1]: FFFFFFFFFF: from=<b@x>, size=1, nrcpt=1 (queue active)\n"
                       "2 mx out/qmgr[1]: A1B2C3D4E5: from=<b@x>, size=1, nrcpt=1 (queue active)\n",
     "login postfix alice\naccept postfix alice\naccept out -\naccept out -\n"},
    {"another name of a service of the same instance", "instance sasl_user",
     ALICE("A1B2C3D4E5", "0") ACTIVE(
         "A1B2C3D4E5", "1",
         "a@x") "2 mx postfix-out1/smtp[7]: A1B2C3D4E5: to=<r@y>, relay=none, delay=1, dsn=4.4.1, "
                "status=deferred (connect to m.example[192.0.2.9]:25: Connection refused)\n",
     "login postfix alice\naccept postfix alice\ndeliver postfix-out1 alice\n"},
    {"active again is no second accept", "qid",
     ACTIVE("A1B2C3D4E5", "0", "a@x") ACTIVE("A1B2C3D4E5", "900", "a@x"), "accept A1B2C3D4E5\n"},
    {"lines out of order", "qid sasl_user msgid",
     MSGID("A1B2C3D4E5", "0", "<1@x>") ALICE("A1B2C3D4E5", "0") BOUNCED("A1B2C3D4E5", "1")
         ACTIVE("A1B2C3D4E5", "1", "a@x") REMOVED("A1B2C3D4E5", "2") BOUNCED("A1B2C3D4E5", "2"),
     "login A1B2C3D4E5 alice 1@x\ndeliver A1B2C3D4E5 alice 1@x\naccept A1B2C3D4E5 alice 1@x\n"
     "remove A1B2C3D4E5 alice 1@x\ndeliver A1B2C3D4E5 alice 1@x\n"},
    {"a minute after its end a line is another message's", "qid sasl_user",
     ALICE("A1B2C3D4E5", "0") ACTIVE("A1B2C3D4E5", "1", "a@x") REMOVED("A1B2C3D4E5", "2")
         BOUNCED("A1B2C3D4E5", "63"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\nremove A1B2C3D4E5 alice\n"
     "deliver A1B2C3D4E5 -\n"},
    {"a log that begins in the middle", "qid sender sasl_user",
     BOUNCED("A1B2C3D4E5", "0") ACTIVE("A1B2C3D4E5", "1", "a@x") REMOVED("A1B2C3D4E5", "1"),
     "deliver A1B2C3D4E5 - -\naccept A1B2C3D4E5 a@x -\nremove A1B2C3D4E5 a@x -\n"},
    {"a notice: the parent's id, not its login", "qid origin client_ip sasl_user rcpt sender",
     FIRST BOUNCED("A1B2C3D4E5", "2")
         MSGID("C1B2C3D4E5", "2",
               "<n@mx>") "2 mx postfix/bounce[8]: A1B2C3D4E5: sender non-delivery notification: "
                         "C1B2C3D4E5\n" ACTIVE("C1B2C3D4E5", "2", "") BOUNCED("C1B2C3D4E5", "3"),
     "login A1B2C3D4E5 - 198.51.100.7 alice - -\n"
     "accept A1B2C3D4E5 - 198.51.100.7 alice - alice@x.example\n"
     "deliver A1B2C3D4E5 - 198.51.100.7 alice r@y.example alice@x.example\n"
     "ndr C1B2C3D4E5 A1B2C3D4E5 198.51.100.7 alice alice@x.example alice@x.example\n"
     "accept C1B2C3D4E5 A1B2C3D4E5 - - - <>\n"
     "deliver C1B2C3D4E5 A1B2C3D4E5 - - r@y.example <>\n"},
    {"requeued: the same message under a new id", "qid origin sasl_user",
     FIRST "2 mx postfix/pickup[8]: C1B2C3D4E5: uid=110 from=<alice@x.example> "
           "orig_id=A1B2C3D4E5\n" MSGID("C1B2C3D4E5", "2", "<m1@x>")
               ACTIVE("C1B2C3D4E5", "2", "alice@x.example"),
     "login A1B2C3D4E5 - alice\naccept A1B2C3D4E5 - alice\naccept C1B2C3D4E5 A1B2C3D4E5 alice\n"},
    {"pickup: a sender that says orig_id", "qid origin sasl_user sender",
     FIRST "2 mx postfix/pickup[8]: C1B2C3D4E5: uid=1000 from=<x> orig_id=A1B2C3D4E5>\n" ACTIVE(
         "C1B2C3D4E5", "2", "x"),
     "login A1B2C3D4E5 - alice -\naccept A1B2C3D4E5 - alice alice@x.example\n"
     "accept C1B2C3D4E5 - - x\n"},
    {"hold, release, expiry", "qid sasl_user status reply",
     ALICE(
         "A1B2C3D4E5",
         "0") "0 mx postfix/cleanup[2]: A1B2C3D4E5: hold: header Subject: x from pc[198.51.100.7]; "
              "from=<a@x> to=<r@y> proto=ESMTP helo=<pc>: wait\n"
              "9 mx postfix/postsuper[8]: A1B2C3D4E5: placed on hold\n" ACTIVE(
                  "A1B2C3D4E5", "10", "a@x") "11 mx postfix/qmgr[3]: A1B2C3D4E5: from=<a@x>, "
                                             "status=expired, returned to sender\n",
     "login A1B2C3D4E5 alice - -\nhold A1B2C3D4E5 alice - wait\nhold A1B2C3D4E5 alice - -\n"
     "accept A1B2C3D4E5 alice - -\ndeliver A1B2C3D4E5 alice expired returned to sender\n"},
    {"SASL failures that were logged are not counted again", "client_ip sasl_user reply",
     "0 mx postfix/smtpd[1]: connect from e[203.0.113.6]\n"
     "1 mx postfix/smtpd[1]: warning: e[203.0.113.6]: SASL LOGIN authentication failed: no, "
     "sasl_username=boss\n"
     "2 mx postfix/smtpd[1]: disconnect from e[203.0.113.6] ehlo=1 auth=0/1 commands=1/2\n"
     "3 mx postfix/smtpd[1]: connect from e[203.0.113.6]\n"
     "4 mx postfix/smtpd[1]: disconnect from e[203.0.113.6] ehlo=1 auth=0/2 commands=1/3\n"
     "5 mx postfix/smtpd[1]: disconnect from e[203.0.113.6] ehlo=1 auth=2 commands=3\n",
     "auth-fail 203.0.113.6 boss no\nauth-fail 203.0.113.6 - -\n"},
    {"what a failed login calls itself is not split", "sasl_user",
     "1 mx postfix/smtpd[1]: warning: e[203.0.113.6]: SASL LOGIN authentication failed: no, "
     "sasl_username=a, sasl_username=boss\n",
     "auth-fail a, sasl_username=boss\n"},
    {"the authentication server's trouble is nobody's failure", "sasl_user",
     "1 mx postfix/smtpd[1]: warning: e[203.0.113.6]: SASL LOGIN authentication failed: "
     "Connection lost to authentication server\n"
     "2 mx postfix/smtpd[1]: disconnect from e[203.0.113.6] ehlo=1 auth=0/1 commands=1/2\n",
     ""},
};

#define PLAIN(host, at, qid)                                                               \
    at " " host " postfix/smtpd[1]: " qid ": client=pc[198.51.100.7], sasl_method=PLAIN, " \
       "sasl_username=alice\n"
#define QUEUED(host, at, qid) \
    at " " host " postfix/qmgr[3]: " qid ": from=<a@x>, size=9, nrcpt=1 (queue active)\n"
#define OTHER(at) at " mx postfix/smtpd[9]: connect from e[203.0.113.6]\n"

/* The clock: waits, old age, stamps that are wrong. */
static const struct script clocks[] = {
    {"a wait is over after 30 seconds of the log", "qid",
     SECOND(BACK, "<m1@x>") OTHER("31") QUEUED("mx", "31", "D1B2C3D4E5") OTHER("32")
         QUEUED("mx", "32", "E1B2C3D4E5"),
     "accept D1B2C3D4E5\naccept B1B2C3D4E5\naccept E1B2C3D4E5\n"},
    {"a wild stamp ends no wait and ages nothing", "qid sasl_user",
     PLAIN("mx", "0", "A1B2C3D4E5") OTHER("400000000") QUEUED("mx", "1", "A1B2C3D4E5"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\n"},
    {"the first stamp is wild", "qid sasl_user",
     OTHER("400000000") PLAIN("mx", "0", "A1B2C3D4E5") OTHER("1") QUEUED("mx", "1", "A1B2C3D4E5"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\n"},
    {"eight wild stamps in a row, then the right time again", "qid sasl_user",
     OTHER("400000000") OTHER("400000000") OTHER("400000000") OTHER("400000000") OTHER("400000000")
         OTHER("400000000") OTHER("400000000") OTHER("400000000") OTHER("400000000") OTHER("0")
             OTHER("0") OTHER("0") OTHER("0") OTHER("0") OTHER("0") OTHER("0") OTHER("0") OTHER("0")
                 PLAIN("mx", "0", "A1B2C3D4E5") OTHER("1") QUEUED("mx", "1", "A1B2C3D4E5"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\n"},
    {"a host whose clock is five hours late", "qid sasl_user",
     OTHER("0") PLAIN("slow", "-18000", "A1B2C3D4E5") OTHER("1")
         QUEUED("slow", "-17999", "A1B2C3D4E5"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\n"},
    {"a host whose clock is ten days late", "qid sasl_user",
     OTHER("0") PLAIN("slow", "-864000", "A1B2C3D4E5") OTHER("1")
         QUEUED("slow", "-863999", "A1B2C3D4E5") OTHER("2") "-863990 slow postfix/qmgr[3]: "
                                                            "A1B2C3D4E5: removed\n",
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\nremove A1B2C3D4E5 alice\n"},
    {"a host whose clock is an hour early", "qid sasl_user",
     OTHER("0") PLAIN("fast", "3600", "A1B2C3D4E5") OTHER("1") QUEUED("fast", "3601", "A1B2C3D4E5"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\n"},
    {"a message in the queue for five days", "qid sasl_user",
     PLAIN("mx", "0", "A1B2C3D4E5") QUEUED("mx", "1", "A1B2C3D4E5") OTHER("80000") OTHER("160000")
         OTHER("240000") OTHER("320000") OTHER("400000") BOUNCED("A1B2C3D4E5", "432000"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\ndeliver A1B2C3D4E5 alice\n"},
    {"a session that is over is forgotten", "qid sasl_user",
     PLAIN("mx", "0", "A1B2C3D4E5") OTHER("15000") OTHER("15001")
         QUEUED("mx", "15002", "A1B2C3D4E5"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 -\n"},
    {"the log goes on after a week of silence", "qid sasl_user",
     PLAIN("mx", "0", "A1B2C3D4E5") QUEUED("mx", "1", "A1B2C3D4E5") OTHER("700000") OTHER("700000")
         OTHER("700000") OTHER("700000") OTHER("700000") OTHER("700000") OTHER("700000")
             OTHER("700000") OTHER("700000") BOUNCED("A1B2C3D4E5", "700001"),
     "login A1B2C3D4E5 alice\naccept A1B2C3D4E5 alice\ndeliver A1B2C3D4E5 -\n"},
};

/* What is remembered after n times these lines, one in `every` seconds: % is a queue id, another
 * each time. Lines of the saved state, which has all that there is. */
static size_t kept_after(const char *first, const char *lines, unsigned n, unsigned every,
                         struct text *out)
{
    struct parser *p = script_parser();
    struct text log = script_log(first), saved = {0};
    size_t kept = 0;

    parser_push(p, log.p, log.n);
    take_records(p, "qid", out);
    for (unsigned i = 0; i < n; i++) {
        log.n = 0;
        for (const char *at = lines, *nl; *at; at = nl + 1) {
            struct text line = {0};
            nl = strchr(at, '\n');
            text_addf(&line, "%u ", i * every);
            for (const char *c = at; c < nl; c++)
                if (*c == '%')
                    text_addf(&line, "%010X", i);
                else
                    text_addc(&line, *c);
            text_addc(&line, '\0');
            script_line(&log, line.p, line.n - 1);
            text_free(&line);
        }
        parser_push(p, log.p, log.n);
        take_records(p, "qid", out);
    }
    assert_true(parser_save(p, &saved));
    for (size_t i = 0; i < saved.n; i++)
        kept += saved.p[i] == '\n';
    parser_free(p);
    text_free(&log);
    text_free(&saved);
    return kept;
}

#define NOTHING "0 mx postfix/smtpd[1]: connect from e[203.0.113.6]\n"
#define CLIENT "mx postfix/smtpd[7]: %: client=e[203.0.113.6]\n"

static void bounded(void **state)
{
    static const struct {
        const char *name, *first, *lines;
        unsigned every;
        size_t most;
    } row[] = {
        {"sessions without an end", NOTHING, CLIENT, 1, 15000},
        /* one with a wild stamp must not keep all those behind it */
        {"sessions behind a wild one",
         NOTHING "0 mx postfix/smtpd[1]: A1B2C3D4E5: client=e[203.0.113.6]\n"
                 "9000000 mx postfix/smtpd[1]: B1B2C3D4E5: client=e[203.0.113.6]\n",
         CLIENT, 1, 15000},
        {"messages that are done", NOTHING,
         CLIENT "mx postfix/qmgr[3]: %: from=<a@x>, size=1, nrcpt=1 (queue active)\n"
                "mx postfix/qmgr[3]: %: removed\n",
         0, 3000},
        {"refused by cleanup", NOTHING,
         CLIENT "mx postfix/cleanup[3]: %: reject: header Subject: x from e[203.0.113.6]; from=<a> "
                "to=<b> proto=ESMTP helo=<e>: 5.7.1 no\n",
         0, 3000},
        {"second legs that never come", NOTHING,
         "mx postfix/qmgr[3]: A1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue active)\n"
         "mx postfix/smtp[3]: A1B2C3D4E5: to=<r@y>, relay=l[127.0.0.1]:10024, delay=1, dsn=2.0.0, "
         "status=sent (250 Ok: queued as %)\n",
         0, 3000},
        {"messages that wait", NOTHING,
         "mx postfix/smtpd[4]: %: client=l[127.0.0.1]\n"
         "mx postfix/cleanup[4]: %: reject: header Subject: x from l[127.0.0.1]; from=<a> to=<b> "
         "proto=ESMTP helo=<l>: 5.7.1 no\n",
         0, 3 * 9000},
    };
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct text out = {0};
        size_t kept = kept_after(row[i].first, row[i].lines, 40000, row[i].every, &out);
        if (kept > row[i].most && ++bad)
            print_error("%s: %zu lines of state\n", row[i].name, kept);
        text_free(&out);
    }
    assert_int_equal(bad, 0);
}

/* However many wait at once, the first of them comes out. */
static void not_all_can_wait(void **state)
{
    struct text out = {0};

    (void)state;
    kept_after(NOTHING,
               "mx postfix/smtpd[4]: %: client=l[127.0.0.1]\n"
               "mx postfix/qmgr[3]: %: from=<a@x>, size=1, nrcpt=1 (queue active)\n",
               9000, 0, &out);
    assert_true(slice_starts(text_slice(&out), SL("accept 0000000000\naccept 0000000001\n")));
    text_free(&out);
}

int main(void)
{
    static struct script all[120];
    size_t n = 0;
    const struct CMUnitTest more[] = {cmocka_unit_test(bounded),
                                      cmocka_unit_test(not_all_can_wait)};

    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        all[n++] = links[i];
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        all[n++] = lives[i];
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        all[n++] = clocks[i];
    return run_scripts("correlate", all, n, more, sizeof more / sizeof *more);
}
