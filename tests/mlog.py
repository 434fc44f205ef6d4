"""A Postfix log as the whole-tool tests need it: messages of logins, delivered or refused, in the
order of their times. Times are seconds from the log's start."""
import datetime

START = datetime.datetime(2026, 9, 1, tzinfo=datetime.timezone.utc)

SPAM = ("550 5.7.1 Message rejected as spam, see our policy", "5.7.1",
        "(in reply to end of DATA command)")
UNKNOWN = ("550 5.1.1 <%s>: Recipient address rejected: User unknown", "5.1.1",
           "(in reply to RCPT TO command)")


def stamp(at):
    return (START + datetime.timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def rfc3339(at):
    return (START + datetime.timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Log:
    def __init__(self):
        self.lines = []
        self.n = 0

    def line(self, at, daemon, text):
        self.lines.append((at, len(self.lines),
                           "%s relay %s[77]: %s" % (stamp(at), daemon, text)))

    def message(self, at, login, client, sender, to, refused=None, subject=None):
        """to: recipients; refused: SPAM, UNKNOWN or None."""
        self.n += 1
        qid = "%011d" % self.n  # no long id: hexadecimal digits
        auth = ", sasl_method=PLAIN, sasl_username=%s" % login if login else ""
        self.line(at, "postfix/submission/smtpd", "%s: client=unknown[%s]%s" % (qid, client, auth))
        self.line(at + .1, "postfix/cleanup", "%s: message-id=<%d@x>" % (qid, self.n))
        self.line(at + .2, "postfix/qmgr", "%s: from=<%s>, size=2000, nrcpt=%d (queue active)"
                  % (qid, sender, len(to)))
        for i, rcpt in enumerate(to):
            domain = rcpt.rsplit("@", 1)[1]
            ip = "198.51.%d.%d" % (sum(domain.encode()) % 200, len(domain))
            host = "mx.%s[%s]" % (domain, ip)
            if refused:
                text, dsn, where = refused
                said = "bounced (host %s said: %s %s)" % (host, text % rcpt if "%s" in text
                                                          else text, where)
            else:
                dsn, said = "2.0.0", "sent (250 2.0.0 Ok: queued as %X)" % self.n
            self.line(at + .5 + i / 100, "postfix/smtp",
                      "%s: to=<%s>, relay=%s:25, delay=0.5, delays=0.1/0/0.2/0.2, dsn=%s, "
                      "status=%s" % (qid, rcpt, host, dsn, said))
        self.line(at + .9, "postfix/qmgr", "%s: removed" % qid)

    def refusal(self, at, client, sender, to, tag, what="Sender address"):
        """One of our own maps'."""
        self.line(at, "postfix/submission/smtpd",
                  "NOQUEUE: reject: RCPT from unknown[%s]: 554 5.7.1 <%s>: %s rejected: [mp %s] "
                  "this address is blocked; from=<%s> to=<%s> proto=ESMTP helo=<pc>"
                  % (client, sender, what, tag, sender, to))

    def honest(self, start, end, login, client, sender, every=1800, friends=6):
        at, i = start, 0
        while at < end:
            self.message(at, login, client, sender,
                         ["friend%d@partner%d.example" % (i % friends, i % friends)])
            at += every
            i += 1

    def spam(self, start, n, login, client, senders, every=30, refused=SPAM):
        """senders: a function of the number, or one address."""
        for i in range(n):
            sender = senders(i) if callable(senders) else senders
            self.message(start + i * every, login, client, sender,
                         ["v%d@target%d.example" % (i, i % 40)], refused if i % 3 else None)

    def text(self, start=None, end=None):
        return "".join(l + "\n" for at, _, l in sorted(self.lines)
                       if (start is None or at >= start) and (end is None or at < end))
