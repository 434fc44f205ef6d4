/* replies: see replies.h. */
#include "replies.h"

#include <stddef.h>

enum { MOST = 3 };

struct wordings {
    struct wording w[MOST]; /* as many as have a text */
};

#define HELP "https://help.bigmail.example/?p="
#define NORD "For explanation visit https://postmaster.nordpost.example/error?ip=%i&c="
#define EOP "[XX1NAM02FT%n.eop-nam02.prod.protection.redmont.example %D %Q]"

static const struct wordings table[STYLE_COUNT][OUTCOME_COUNT] = {
    [STYLE_POSTFIX] =
        {
            [OUTCOME_SENT] = {{{"250 2.0.0 Ok: queued as %Q", "2.0.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"550 5.1.1 <%r>: Recipient address rejected: User unknown in "
                                   "virtual mailbox table",
                                   "5.1.1", PHASE_RCPT},
                                  {"550 5.1.1 <%r>: Recipient address rejected: User unknown in "
                                   "relay recipient table",
                                   "5.1.1", PHASE_RCPT},
                                  {"550 5.1.1 <%r>: Recipient address rejected: undeliverable "
                                   "address: mailbox is closed",
                                   "5.1.1", PHASE_RCPT}}},
            [OUTCOME_FULL] =
                {{{"452 4.2.2 <%r>: Recipient address rejected: Mailbox is full", "4.2.2",
                   PHASE_RCPT},
                  {"552 5.2.2 <%r>: Recipient address rejected: Mailbox quota exceeded", "5.2.2",
                   PHASE_RCPT}}},
            [OUTCOME_SPAM] =
                {{{"554 5.7.1 Spam: this message was refused by our content filter (score 14.%n)",
                   "5.7.1", PHASE_END},
                  {"550 5.7.1 Rejected: the message's content scored as spam, id=%n-07", "5.7.1",
                   PHASE_END}}},
            [OUTCOME_BLOCKED] =
                {{{"554 5.7.1 Service unavailable; Client host [%i] blocked using dnsbl.example; "
                   "https://dnsbl.example/query?ip=%i",
                   "5.7.1", PHASE_RCPT}}},
            [OUTCOME_THROTTLED] =
                {{{"450 4.7.1 <%r>: Recipient address rejected: Rate limit exceeded, try again "
                   "later",
                   "4.7.1", PHASE_RCPT},
                  {"451 4.7.1 Too many messages from %i in the last hour, try again later", "4.7.1",
                   PHASE_MAIL}}},
            [OUTCOME_GREYLISTED] =
                {{{"450 4.2.0 <%r>: Recipient address rejected: Greylisted for 300 seconds, see "
                   "https://greylist.example/%d.html",
                   "4.2.0", PHASE_RCPT},
                  {"451 4.7.1 <%r>: Recipient address rejected: Greylisting in action, try again "
                   "in 5 "
                   "minutes",
                   "4.7.1", PHASE_RCPT}}},
            [OUTCOME_TURNED_AWAY] =
                {{{"421 4.3.2 %h Too many connections at the moment, try again later", "4.3.2",
                   PHASE_GREETING},
                  {"554 %h No SMTP service for [%i]: its address has a bad reputation", "4.0.0",
                   PHASE_GREETING}}},
        },
    [STYLE_EXIM] =
        {
            [OUTCOME_SENT] = {{{"250 OK id=%x", "2.0.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"550 No such recipient here: <%r>", "5.0.0", PHASE_RCPT},
                                  {"550 Unrouteable address", "5.0.0", PHASE_RCPT}}},
            [OUTCOME_SPAM] = {{{"550 This message was classified as spam (score 11.%n)", "5.0.0",
                                PHASE_END}}},
            [OUTCOME_BLOCKED] =
                {{{"550 Your host [%i] is listed in the DNS block list dnsbl.example", "5.0.0",
                   PHASE_RCPT}}},
            [OUTCOME_GREYLISTED] = {{{"451 Greylisted: please try again in five minutes", "4.0.0",
                                      PHASE_RCPT}}},
        },
    [STYLE_GATEWAY] =
        {
            [OUTCOME_SENT] = {{{"250 2.0.0 %q Message accepted for delivery", "2.0.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"550 5.1.1 <%r>... User unknown", "5.1.1", PHASE_RCPT}}},
            [OUTCOME_SPAM] = {{{"554 5.7.1 Message refused: spam detected; reference %q", "5.7.1",
                                PHASE_END}}},
            [OUTCOME_THROTTLED] = {{{"451 4.7.1 Connections from %i are rate limited, slow down",
                                     "4.7.1", PHASE_MAIL}}},
        },
    [STYLE_BIGMAIL] =
        {
            [OUTCOME_SENT] = {{{"250 2.0.0 OK  %t %q - bsmtp", "2.0.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"550-5.1.1 There is no mail account of the name that you tried, "
                                   "it does not exist. "
                                   "550-5.1.1 Look for typing errors or spaces in the recipient's "
                                   "address. More is at "
                                   "550 5.1.1  " HELP "NoSuchUser %q - bsmtp",
                                   "5.1.1", PHASE_RCPT}}},
            [OUTCOME_FULL] =
                {{{"452-4.2.2 The recipient's inbox is out of storage space and over quota. Ask "
                   "452-4.2.2 the recipient to go to 452 4.2.2  " HELP "OverQuotaTemp %q - bsmtp",
                   "4.2.2", PHASE_RCPT}}},
            [OUTCOME_SPAM] =
                {{{"550-5.7.1 [%i      12] We have found that this message is 550-5.7.1 likely "
                   "unsolicited mail. To lessen the spam that reaches our users, 550-5.7.1 this "
                   "message has been blocked. See 550 5.7.1  " HELP
                   "UnsolicitedMessageError %q - bsmtp",
                   "5.7.1", PHASE_END}}},
            [OUTCOME_BLOCKED] = {{{"550-5.7.28 [%i      18] Unsolicited mail comes from your IP "
                                   "address at an unusual "
                                   "550-5.7.28 rate. To protect our users from spam, mail from it "
                                   "has been 550-5.7.28 "
                                   "blocked. See 550 5.7.28  " HELP "UnsolicitedIPError %q - bsmtp",
                                   "5.7.28", PHASE_END}}},
            [OUTCOME_THROTTLED] =
                {{{"421-4.7.28 [%i      15] Unsolicited mail comes from your IP address at an "
                   "unusual "
                   "421-4.7.28 rate. To protect our users from spam, mail from it is rate limited "
                   "421-4.7.28 for now. See 421 4.7.28  " HELP
                   "UnsolicitedRateLimitError %q - bsmtp",
                   "4.7.28", PHASE_END}}},
        },
    [STYLE_OUTPOST] =
        {
            [OUTCOME_SENT] =
                {{{"250 2.6.0 <%m> [InternalId=%n%n, "
                   "Hostname=XX1PR%nMB%n.namprd02.prod.redmont.example] "
                   "%z bytes in 0.131, 62.517 KB/sec Queued mail for delivery -> 250 2.1.5",
                   "2.6.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] =
                {{{"550 5.5.0 Requested action not taken: mailbox unavailable (S20%n). " EOP,
                   "5.5.0", PHASE_RCPT}}},
            [OUTCOME_FULL] = {{{"554 5.2.2 Mailbox full: the recipient's mailbox is over its "
                                "storage limit. " EOP,
                                "5.2.2", PHASE_END}}},
            [OUTCOME_SPAM] =
                {{{"554 5.7.1 Message refused: its content looks like spam (SC-001). " EOP, "5.7.1",
                   PHASE_END}}},
            [OUTCOME_CONTENT] = {{{"550 5.7.1 Message rejected as spam by content filtering. " EOP,
                                   "5.7.1", PHASE_END}}},
            [OUTCOME_BLOCKED] =
                {{{"550 5.7.1 Messages from [%i] were not taken. Ask your Internet service "
                   "provider, "
                   "since part of their network is on our block list (S3150). See also "
                   "http://mail.outpost.example/troubleshooting#errors. " EOP,
                   "5.7.1", PHASE_MAIL}}},
            [OUTCOME_THROTTLED] = {{{"451 4.7.650 The mail server [%i] has been rate limited for a "
                                     "time because of its IP "
                                     "reputation. For delivery information see "
                                     "https://postmaster.outpost.example. (S775) " EOP,
                                     "4.7.650", PHASE_MAIL}}},
        },
    [STYLE_REDMONT] =
        {
            [OUTCOME_SENT] = {{{"250 2.6.0 <%m> [InternalId=%n%n, "
                                "Hostname=AM%nMB%n.eurprd05.prod.redmont.example] "
                                "%z bytes in 0.204, 40.113 KB/sec Queued mail for delivery",
                                "2.6.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] =
                {{{"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient %r not found by address "
                   "lookup",
                   "5.1.10", PHASE_END},
                  {"550 5.4.1 Recipient address rejected: no recipient <%r> here. AS(%n) " EOP,
                   "5.4.1", PHASE_RCPT}}},
            [OUTCOME_SPAM] =
                {{{"550 5.7.501 Access denied: spam was seen from this sender. AS(%n) " EOP,
                   "5.7.501", PHASE_END}}},
            [OUTCOME_CONTENT] =
                {{{"550 5.7.1 Message rejected as spam by content filtering. " EOP, "5.7.1",
                   PHASE_END},
                  {"550 5.7.350 Remote server returned message detected as spam -> 554 5.7.1 The "
                   "message was classified as spam. " EOP,
                   "5.7.350", PHASE_END}}},
            [OUTCOME_THROTTLED] =
                {{{"451 4.7.500 Server busy, try again later from [%i]. (S%n) " EOP, "4.7.500",
                   PHASE_MAIL}}},
        },
    [STYLE_YONDER] =
        {
            [OUTCOME_SENT] = {{{"250 ok dirdel", "2.0.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"554 delivery error: dd This user doesn't have a yonder.example "
                                   "account (%r) [0] - "
                                   "mta%n.mail.bf1.yonder.example",
                                   "5.0.0", PHASE_END}}},
            [OUTCOME_FULL] = {{{"552 5.2.2 <%r>: the mailbox is over quota", "5.2.2", PHASE_RCPT}}},
            [OUTCOME_SPAM] =
                {
                    {{"554 5.7.9 Message not accepted for policy reasons: spam content. See "
                      "https://postmaster.yonder.example/error-codes",
                      "5.7.9", PHASE_END}}},
            [OUTCOME_CONTENT] = {{{"554 5.7.9 Message refused: it looks like spam to us. See "
                                   "https://postmaster.yonder.example/error-codes",
                                   "5.7.9", PHASE_END}}},
            [OUTCOME_BLOCKED] = {{{"553 5.7.1 [BL21] Connections will not be accepted from %i, "
                                   "because the address is on "
                                   "a block list; see https://postmaster.yonder.example/bl21",
                                   "5.7.1", PHASE_MAIL}}},
            [OUTCOME_THROTTLED] = {{{"421 4.7.0 [TSS04] Messages from %i are put off for now "
                                     "because of unexpected volume "
                                     "or user complaints; see "
                                     "https://postmaster.yonder.example/421-tss04",
                                     "4.7.0", PHASE_MAIL}}},
        },
    [STYLE_NORDPOST] =
        {
            [OUTCOME_SENT] = {{{"250 Requested mail action okay, completed: id=%q", "2.0.0",
                                PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"550-Requested action not taken: mailbox unavailable 550 " NORD
                                   "unknown",
                                   "5.0.0", PHASE_RCPT}}},
            [OUTCOME_FULL] =
                {{{"552-Requested mail action aborted: exceeded storage allocation 552 " NORD
                   "quota",
                   "5.0.0", PHASE_RCPT}}},
            [OUTCOME_SPAM] = {{{"554-Transaction failed 554-Reject due to policy restrictions: "
                                "spam message. 554 " NORD "hi",
                                "5.0.0", PHASE_END}}},
            [OUTCOME_BLOCKED] = {{{"554-nordpost.example (mxnord%n) Reject: IP address is on a "
                                   "block list. 554 " NORD "bip",
                                   "5.0.0", PHASE_MAIL}}},
            [OUTCOME_THROTTLED] = {{{"450-Requested mail action not taken: too many messages from "
                                     "%i for now 450 " NORD "rate",
                                     "4.0.0", PHASE_MAIL}}},
            [OUTCOME_TURNED_AWAY] =
                {{{"554-nordpost.example (mxnord%n) Nemesis SMTP Service not available 554-No SMTP "
                   "service 554-IP address is on a block list. 554 " NORD "bl",
                   "4.0.0", PHASE_GREETING}}},
        },
    [STYLE_PEARMAIL] =
        {
            [OUTCOME_SENT] = {{{"250 2.0.0 Ok: queued as %Q", "2.0.0", PHASE_END}}},
            [OUTCOME_UNKNOWN] = {{{"550 5.1.1 <%r>: user does not exist", "5.1.1", PHASE_RCPT}}},
            [OUTCOME_FULL] = {{{"552 5.2.2 <%r>: user is over quota", "5.2.2", PHASE_RCPT}}},
            [OUTCOME_SPAM] = {{{"554 5.7.1 [CS01] Message rejected as unsolicited content. See "
                                "https://support.pearmail.example/cs01",
                                "5.7.1", PHASE_END}}},
        },
};

const struct wording *reply_wording(enum style style, enum outcome outcome, uint32_t pick)
{
    const struct wording *w = table[style][outcome].w;
    uint32_t n = 0;

    if (w[0].text == NULL && outcome == OUTCOME_CONTENT)
        return reply_wording(style, OUTCOME_SPAM, pick);
    if (w[0].text == NULL)
        w = table[STYLE_POSTFIX][outcome].w;
    while (n < MOST && w[n].text != NULL)
        n++;
    return &w[pick % n];
}
