#!/usr/bin/env python3
"""Fields that a stranger chose, as Postfix logs them: none is taken for another field, none reaches
the output or a terminal unescaped, and the output reads back as it was written."""
import json
import os
import random
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import COLUMNS, Checks, Clock, Stream, json_lines, log_of, parse, pick, tool  # noqa: E402

t = Checks()
YEAR = ("--year", "2026")
VICTIM = "203.0.113.9"
EVIL = "evil.example[198.51.100.66]"


def check(what, lines, want, args=YEAR):
    """The records of lines are exactly want: a list of (kind, columns)."""
    got = parse(t, log_of(*lines), *args, what=what)
    good = len(got) == len(want) and all(
        r["kind"] == kind and all(r[k] in v if isinstance(v, tuple) else r[k] == v
                                  for k, v in columns.items())
        for r, (kind, columns) in zip(got, want))
    t.ok(good, what, "got:\n%s\nwant:\n%s" % (
        "\n".join(str({k: v for k, v in r.items() if v and k not in ("time", "host")})
                  for r in got), "\n".join(map(str, want))))


def senders():
    for local in ('"a, size=1, nrcpt=1 (queue active) status=sent"',
                  '"a>, size=1, nrcpt=1 (queue active)"',
                  '"a>, status=expired, returned to sender"',
                  '"a: removed"', r'"a\">, size=1, nrcpt=9 (queue active)"',
                  r'"a\\"', '"from=<b@victim.example>, size=2"', '">, size=1"'):
        sender = local + "@evil.example"
        check("sender %s" % local,
              ["postfix/cleanup: AB12CD34EF: message-id=<m@x>",
               "postfix/qmgr: AB12CD34EF: from=<%s>, size=4321, nrcpt=2 (queue active)" % sender],
              [("accept", {"sender": sender, "size": "4321", "nrcpt": "2", "qid": "AB12CD34EF"})])
        check("expired sender %s" % local,
              ["postfix/qmgr: AB12CD34EF: from=<%s>, status=expired, returned to sender" % sender],
              [("deliver", {"sender": sender, "status": "expired", "rcpt": "",
                            "qid": "AB12CD34EF"})])
        check("pickup's sender %s" % local,
              ["postfix/pickup: AB12CD34EF: uid=1000 from=<%s>" % sender,
               "postfix/qmgr: AB12CD34EF: from=<%s>, size=4321, nrcpt=2 (queue active)" % sender],
              [("accept", {"sender": sender, "origin": "", "daemon": "pickup"})])
    check("pickup's sender with orig_id",
          ["postfix/smtpd: AAAA11112222: client=w[192.0.2.1]",
           'postfix/pickup: AB12CD34EF: uid=1000 from=<"a> orig_id=AAAA11112222"@e.example>',
           'postfix/qmgr: AB12CD34EF: from=<"a> orig_id=AAAA11112222"@e.example>, size=1, nrcpt=1 '
           "(queue active)"], [("accept", {"origin": "", "client_ip": "", "qid": "AB12CD34EF"})])


def message_ids():
    """A Message-ID loses its brackets only when it is a plain one: here it may keep them."""
    for msgid in ("a@b> from=<evil@x>, status=sent (x)", "a@b>: removed", "a@b, size=1, nrcpt=1 "
                  "(queue active)", "a@b> to=<v@x>, relay=none, delay=1, delays=0/0/0/1, "
                  "dsn=2.0.0, status=sent (250 queued as FFFF00001111)", "x; from=<v@x> to=<y@x>"):
        check("Message-ID %s" % msgid,
              ["postfix/cleanup: AB12CD34EF: message-id=<%s>" % msgid,
               "postfix/qmgr: AB12CD34EF: from=<real@x.example>, size=7, nrcpt=1 (queue active)"],
              [("accept", {"msgid": (msgid, "<%s>" % msgid), "sender": "real@x.example",
                           "size": "7"})])
    value = "<a@b> from=<evil@x>, status=sent (x)"
    got = parse(t, log_of("postfix/cleanup: AB12CD34EF: message-id=" + value,
                          "postfix/qmgr: AB12CD34EF: from=<>, size=7, nrcpt=1 (queue active)"),
                *YEAR)
    t.ok([(r["kind"], r["sender"], r["msgid"]) for r in got] == [("accept", "<>", value)],
         "a Message-ID that goes on after its >", got)


def deliveries():
    start = "postfix/smtp: AB12CD34EF: to=<%s>, relay=" + EVIL + ":25, delay=1.5, " \
        "delays=0.1/0.2/0.3/0.9, dsn=%s, status=%s (%s)"
    fake = "to=<victim@x.example>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent " \
        "(250 2.0.0 Ok: queued as FFFF00001111)"
    said = "host " + EVIL + " said: 550 5.1.1 %s (in reply to RCPT TO command)"
    check("a refusal that looks like a delivery", [start % ("joe@x", "5.1.1", "bounced",
                                                            said % fake)],
          [("deliver", {"rcpt": "joe@x", "status": "bounced", "dsn": "5.1.1",
                        "reply": "550 5.1.1 " + fake, "relay_ip": "198.51.100.66"})])
    check("a refusal that holds its own end", [start % ("joe@x", "5.1.1", "bounced", said % (
        "no (in reply to DATA command)"))],
          [("deliver", {"reply": "550 5.1.1 no (in reply to DATA command)"})])
    check("a refusal that quotes `said:`", [start % ("joe@x", "5.1.1", "bounced", said % (
        "host mx.other.example[203.0.113.9] said: 250 ok"))],
          [("deliver", {"reply": "550 5.1.1 host mx.other.example[203.0.113.9] said: 250 ok"})])
    check("an accepting reply that quotes a refusal", [start % ("joe@x", "2.0.0", "sent", "250 ok "
          "host mx[203.0.113.9] said: 550 no (in reply to RCPT TO command)")],
          [("deliver", {"status": "sent", "reply": "250 ok host mx[203.0.113.9] said: 550 no (in "
                        "reply to RCPT TO command)"})])
    for local in ('"x>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)"',
                  '"x>, orig_to=<v@victim.example"', r'"x\">, relay=none"', '"a>, b=<c"'):
        rcpt = local + "@evil.example"
        check("recipient %s" % local, [start % (rcpt, "5.1.1", "bounced", said % "no")],
              [("deliver", {"rcpt": rcpt, "orig_rcpt": "", "status": "bounced", "dsn": "5.1.1",
                            "relay_name": "evil.example", "reply": "550 5.1.1 no"})])
        check("orig_to %s" % local, [
            (start % ("joe@x", "5.1.1", "bounced", said % "no")).replace(
                "relay=", "orig_to=<%s>, relay=" % rcpt, 1)],
              [("deliver", {"rcpt": "joe@x", "orig_rcpt": rcpt, "status": "bounced",
                            "relay_name": "evil.example"})])
    check("a said: line without a status", [
        "postfix/smtp: AB12CD34EF: host " + EVIL + " said: 450 4.7.1 " + fake +
        " (in reply to RCPT TO command)"], [])
    check("a reply with a forged next line", [start % ("joe@x", "2.0.0", "sent", "250 ok#012Nov 24 "
          "10:00:01 mx1 postfix/smtp[1]: AAAA11112222: " + fake)],
          [("deliver", {"status": "sent", "qid": "AB12CD34EF"})])


def rejects():
    begin = "postfix/smtpd: NOQUEUE: reject: RCPT from " + EVIL + ": "
    tail = "; from=<%s> to=<joe@real.example> proto=ESMTP helo=<h.example>"
    real = {"rcpt": "joe@real.example", "helo": "h.example", "client_ip": "198.51.100.66",
            "client_name": "evil.example"}
    for local in ('"q> to=<x@y> proto=SMTP helo=<z"',
                  '"a; from=<v@x> to=<w@x> proto=SMTP helo=<"', '" to=<x@y> proto=SMTP helo=<"',
                  '"a>: Sender address rejected: x; from=<v@x> to=<w@x> proto=SMTP helo=<y>"',
                  '"\\"> to=<x@y>"', '"; from=<"'):
        sender = local + "@evil.example"
        reply = "554 5.7.1 <%s>: Sender address rejected: no" % sender
        check("a refused sender %s" % local, [begin + reply + tail % sender],
              [("reject", dict(real, sender=sender, reply=reply, dsn="5.7.1"))])
        rcpt = local + "@real.example"
        reply = "550 5.1.1 <%s>: Recipient address rejected: unknown" % rcpt
        check("a refused recipient %s" % local, [
            begin + reply + "; from=<bad@e.example> to=<%s> proto=ESMTP helo=<h.example>" % rcpt],
              [("reject", dict(real, sender="bad@e.example", rcpt=rcpt, reply=reply))])
        check("postscreen, a refused sender %s" % local, [
            "postfix/postscreen: NOQUEUE: reject: RCPT from [198.51.100.66]:4711: 550 5.7.1 "
            "Service unavailable; client [198.51.100.66] blocked using bl.example; from=<%s>, "
            "to=<joe@real.example>, proto=ESMTP, helo=<h.example>" % sender],
              [("reject", {"sender": sender, "rcpt": "joe@real.example", "helo": "h.example",
                           "client_ip": "198.51.100.66", "reply": "550 5.7.1 Service unavailable; "
                           "client [198.51.100.66] blocked using bl.example"})])
    reply = "554 5.7.1 Service unavailable; Client host [198.51.100.66] blocked using bl.example;" \
        " see x; from=<victim@x.example> to=<y@x.example> proto=SMTP helo=<z>"
    check("a blocklist's text with fields", [begin + reply + tail % "bad@e.example"],
          [("reject", dict(real, sender="bad@e.example", reply=reply))])


def headers():
    tail = "; from=<real@e.example> to=<joe@real.example> proto=ESMTP helo=<h.example>"
    real = {"sender": "real@e.example", "rcpt": "joe@real.example", "helo": "h.example",
            "client_ip": "198.51.100.66", "client_name": "evil.example", "qid": "AB12CD34EF"}
    for text in ("x; from=<victim@x> to=<y@x> proto=ESMTP helo=<z>: 5.7.1 no",
                 "x from v.example[%s]; from=<victim@x> to=<y@x> proto=ESMTP helo=<z>" % VICTIM,
                 "x from victim.example[%s]; from=<victim@x> to=<y@x> proto=ESMTP helo=<z>: 5.7.1 "
                 "[rule] y" % VICTIM, "reject: header", "x from local; from=<victim@x>"):
        check("a header: %s" % text, [
            "postfix/cleanup: AB12CD34EF: reject: header Subject: " + text + " from " + EVIL + tail
            + ": 5.7.1 [rule 24] no pills"],
              [("reject", dict(real, reply="5.7.1 [rule 24] no pills", dsn="5.7.1"))])
        check("a held header: %s" % text, [
            "postfix/cleanup: AB12CD34EF: hold: header Subject: " + text + " from " + EVIL + tail +
            ": [rule 25]"], [("hold", real)])
        check("a noted header: %s" % text, [
            "postfix/cleanup: AB12CD34EF: warning: header Subject: " + text + " from " + EVIL +
            tail, "postfix/cleanup: AB12CD34EF: info: header Subject: SASL LOGIN authentication "
            "failed: " + text + " from " + EVIL + tail], [])


def logins():
    victim = ["postfix/smtpd: AAAA11112222: client=w[192.0.2.1], sasl_method=PLAIN, "
              "sasl_username=victim", "postfix/cleanup: AAAA11112222: message-id=<m@x>",
              "postfix/qmgr: AAAA11112222: from=<v@x>, size=1, nrcpt=1 (queue active)"]
    for forged in ("x, orig_queue_id=AAAA11112222, orig_client=v[%s]" % VICTIM,
                   "x>, orig_queue_id=AAAA11112222", "x, sasl_username=victim",
                   "client=v[%s]" % VICTIM):
        got = parse(t, log_of(*victim, "postfix/smtpd: BBBB33334444: client=localhost[127.0.0.1], "
                              "sasl_method=PLAIN, sasl_username=acme1, sasl_sender=<%s>" % forged,
                              "postfix/cleanup: BBBB33334444: message-id=<m@x>",
                              "postfix/qmgr: BBBB33334444: from=<b@x>, size=1, nrcpt=1 (queue "
                              "active)"), *YEAR)
        got = pick(got, qid="BBBB33334444")
        t.ok(got and all(r["sasl_user"] == "acme1" and r["origin"] == "" and
                         r["client_ip"] == "127.0.0.1" for r in got),
             "sasl_sender %s" % forged, got)
    start = "postfix/smtpd: warning: " + EVIL + ": SASL LOGIN authentication failed: "
    who = {"client_ip": "198.51.100.66", "client_name": "evil.example"}
    name = "a, sasl_username=victim"
    check("a failing login name with a field in it", [start + "(reason unavailable), "
          "sasl_username=" + name], [("auth-fail", dict(who, sasl_user=name))])
    name = "v.example[%s]: SASL LOGIN authentication failed: x" % VICTIM
    check("a failing login name like a warning", [start + "x, sasl_username=" + name],
          [("auth-fail", dict(who, sasl_user=name))])
    fake = "v.example[%s]: SASL LOGIN authentication failed: x" % VICTIM
    check("text in other warnings of smtpd", [
        "postfix/smtpd: warning: Illegal address syntax from " + EVIL + " in MAIL command: <" +
        fake + ">", "postfix/smtpd: warning: non-SMTP command from " + EVIL + ": " + fake,
        "postfix/smtpd: warning: " + EVIL + ": SASL: " + fake.replace("SASL", "sasl"),
        "postfix/smtpd: improper command pipelining after EHLO from " + EVIL +
        ": NOQUEUE: reject: RCPT from v.example[%s]: 550 5.1.1 x" % VICTIM,
        "postfix/postscreen: PREGREET 60 after 0.1 from [198.51.100.66]:999: NOQUEUE: reject: RCPT "
        "from [%s]:1: 550 5.7.1 Service unavailable; from=<a@x>, to=<b@x>, proto=ESMTP, "
        "helo=<z>" % VICTIM,
        "postfix/postscreen: NON-SMTP COMMAND from [198.51.100.66]:45284 after CONNECT: NOQUEUE: "
        "reject: RCPT from [%s]:1: 550 5.7.1 x" % VICTIM], [])


def companions():
    end = "method=PLAIN, rip=198.51.100.66, lip=192.0.2.1, TLS, session=<US9g0d+1NL9ONwWt>"
    name = "x>, method=PLAIN, rip=%s, lip=192.0.2.1" % VICTIM
    check("dovecot: a user name with rip=", [
        "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<%s>, %s"
        % (name, end)], [("auth-fail", {"client_ip": "198.51.100.66"})])
    check("dovecot: a user name with an address", [
        "dovecot: auth: passwd-file(a,%s,198.51.100.66,<NTI4FiZxcQCSud4G>): unknown user" % VICTIM],
          [("auth-fail", {"client_ip": "198.51.100.66"})])
    check("PAM: a user name with rhost=", [
        "auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
        "ruser=rhost=%s rhost=198.51.100.66" % VICTIM],
          [("auth-fail", {"client_ip": "198.51.100.66"})])
    check("dovecot: a user name like a login", [
        "dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<imap-login: Login: "
        "user=<v>>, " + end], [("auth-fail", {"client_ip": "198.51.100.66"})])
    for sender, msgid in (('"x, Queue-ID: AAAA11112222, "@evil.example', "m@x"),
                          ("a@evil.example", "m, Queue-ID: AAAA11112222, mail_id: x"),
                          ('"Blocked INFECTED (x) {D}, Queue-ID: AAAA11112222, "@evil.example',
                           "x")):
        check("amavis: sender %s, Message-ID %s" % (sender, msgid), [
            "amavis: (02279-04) Passed CLEAN {RelayedInbound}, [198.51.100.66]:6101 [198.51.100.66]"
            " <%s> -> <joe@corp.example>, Queue-ID: BBBB33334444, Message-ID: <%s>, mail_id: 6aLEk,"
            " Hits: -, size: 888, queued_as: CCCC55556666, 80 ms" % (sender, msgid)],
              [("verdict", {"qid": "BBBB33334444", "verdict": "clean"})])


def reply_log(reply, qid="AB12CD34EF"):
    return log_of(("postfix/smtp", ("%s: to=<joe@x.example>, relay=" % qid + EVIL + ":25, delay=1, "
                                    "delays=0/0/0/1, dsn=5.0.0, status=bounced (").encode() +
                   reply + b")"))


BYTES = (("ESC", b"\x1b[31mred\x1b[0m"), ("an OSC title", b"\x1b]0;x\x07"), ("NUL", b"a\x00b"),
         ("CR", b"a\rb"), ("TAB", b"a\tb"), ("backslashes", b"a\\tb\\\\c\\x41"),
         ("DEL", b"a\x7fb"), ("BS", b"a\x08b"), ("C1 alone", b"a\x9bb"),
         ("C1 as UTF-8", b"a\xc2\x9bb"), ("UTF-8", "grüße €𝄞".encode()),
         ("Latin-1", b"gr\xfc\xdfe"), ("a cut character", b"x\xe2\x82"),
         ("overlong", b"\xc0\xaf"), ("a surrogate", b"\xed\xa0\x80"), ("past the end",
                                                                       b"\xf4\x90\x80\x80"),
         ("a BOM", b"\xef\xbb\xbfx"), ("line separators", "a\u2028b\u0085c".encode()),
         ("VT and FF", b"a\x0bb\x0cc"), ("quotes", b'a"b\'c'), ("a hash", b"#end 1 1"))


def bytes_of_all_sorts():
    for what, raw in BYTES:
        log = reply_log(raw)
        got = parse(t, log, *YEAR, what=what)
        t.ok(len(got) == 1 and got[0]["reply"] == raw.decode("utf-8", "surrogateescape"),
             "bytes survive: " + what, [g["reply"] for g in got])
        r = tool(["-v", *YEAR], stdin=log + log_of(("postfix/smtpd", b"no such shape " + raw),
                                                   ("strange", b"what \x1b[2J is " + raw)))
        t.ok(r.rc == 0 and not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", r.err) and
             b"\xc2\x9b" not in r.err and valid(r.err), "and no terminal is told: " + what, r)
    for column, body in (("helo", b"NOQUEUE: reject: RCPT from e[198.51.100.66]: 550 5.1.1 no; "
                          b"from=<a@x> to=<b@x> proto=ESMTP helo=<\x1b]0;x\x07>"),
                         ("sender", b'NOQUEUE: reject: RCPT from e[198.51.100.66]: 550 5.1.1 no; '
                          b'from=<"\x1b[1m"@x> to=<b@x> proto=ESMTP helo=<h>')):
        got = parse(t, log_of(("postfix/smtpd", body)), *YEAR)
        t.ok(len(got) == 1 and "\x1b" in got[0][column], "escapes in %s" % column, got)


def valid(raw):
    try:
        raw.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def long_lines():
    mib = 1 << 20
    tail = log_of(("postfix/qmgr", "AB12CD34EF: removed"))
    line = reply_log(b"x" * 1000)
    just = reply_log(b"x" * (mib - len(line) + 1000 + 1))  # with its newline 1 MiB and a byte
    t.equal(len(just), mib + 1, "the line is 1 MiB long")
    r = tool(list(YEAR), stdin=just + tail)
    s = Stream(r.out)
    t.ok(r.rc == 0 and not s.faults and len(s.records) == 2 and not r.err and
         len(s.records[0]["reply"]) > mib - 500, "1 MiB is not cut", repr(r)[:500])
    for size in (mib + 1, 3 * mib + 17):
        r = tool(["-v", *YEAR], stdin=reply_log(b"y" * size) + tail)
        s = Stream(r.out)
        t.ok(r.rc == 0 and not s.faults and pick(s.records, "remove"),
             "a line of %d bytes does not harm the next" % size, repr(r)[:500])
        t.ok(all(len(row) <= 2 * mib for row in s.rows), "and is cut")
        t.ok(re.search(rb"\b1\b[^\n]*(long|cut)|(long|cut)[^\n]*\b1\b", r.err) is not None,
             "and counted", r.err[:500])
        t.ok(all(len(row) < 4000 for row in r.err.split(b"\n")), "and not printed whole")
    r = tool(list(YEAR), stdin=b"z" * (5 * mib) + b"\n" + tail)
    s = Stream(r.out)
    t.ok(not s.faults and [x["kind"] for x in s.records] == ["remove"], "a long line of junk",
         repr(r)[:500])


def slow_lines():
    """A megabyte of anything in any field takes no longer than a megabyte of x."""
    shapes = (
        ("postfix/smtpd", "NOQUEUE: reject: RCPT from e[192.0.2.6]: 554 5.7.1 %s; from=<a@x> "
         "to=<b@x> proto=ESMTP helo=<h>"),
        ("postfix/smtpd", 'NOQUEUE: reject: RCPT from e[192.0.2.6]: 554 5.7.1 x; from=<"%s"@x> '
         "to=<b@x> proto=ESMTP helo=<h>"),
        ("postfix/smtpd", "warning: e[192.0.2.6]: SASL LOGIN authentication failed: %s"),
        ("postfix/smtpd", "disconnect from e[192.0.2.6] ehlo=1 %s"), ("postfix/smtpd", "%s"),
        ("postfix/smtp", "AB12CD34EF: to=<%s>, relay=e[192.0.2.6]:25, delay=1, delays=0/0/0/1, "
         "dsn=5.0.0, status=bounced (x)"),
        ("postfix/smtp", "AB12CD34EF: to=<a@x>, relay=e[192.0.2.6]:25, delay=1, delays=0/0/0/1, "
         "dsn=5.0.0, status=bounced (host e[192.0.2.6] said: %s (in reply to RCPT TO command))"),
        ("postfix/cleanup", "AB12CD34EF: reject: header Subject: %s from e[192.0.2.6]; from=<a@x> "
         "to=<b@x> proto=ESMTP helo=<h>: 5.7.1 no"),
        ("postfix/cleanup", "AB12CD34EF: message-id=<%s>"),
        ("postfix/qmgr", "AB12CD34EF: from=<%s>, size=1, nrcpt=1 (queue active)"),
        ("amavis", "(1-2) Passed CLEAN {R}, [192.0.2.6]:61 [192.0.2.6] <%s> -> <b@x>, Queue-ID: "
         "AB12CD34EF, Message-ID: <m>, mail_id: x, Hits: -, size: 1, queued_as: X, 1 ms"),
        ("dovecot", "imap-login: Disconnected (auth failed, 1 attempts): user=<%s>, method=PLAIN, "
         "rip=192.0.2.6, lip=192.0.2.1"),
        ("rspamd", "<x>; task; rspamd_task_write_log: id: <%s>, qid: <AB12CD34EF>, ip: 192.0.2.6, "
         "(default: T (reject): [1/1] [A(1){}]), len: 1"))
    bits = ("; from=<a> to=<b> proto=SMTP helo=<", '"', '\\"', '"<', ">", "\\", '; from=<"',
            " from e[192.0.2.6]; from=<a> ", ", dsn=2.0.0, status=sent (", ")", ", Queue-ID: A",
            ", rip=192.0.2.6, ", "host e[192.0.2.6] said: ", " (in reply to RCPT TO command)",
            "a=1 ", "[", ">, size=1, nrcpt=1 (queue active)", "550 5.7.1 blocked using ")
    worst = (0, "")
    for program, shape in shapes:
        log = log_of(*[(program, shape.replace("%s", bit * (300000 // len(bit)))) for bit in bits])
        start = time.monotonic()
        r = tool(list(YEAR), stdin=log)
        worst = max(worst, (time.monotonic() - start, shape[:60]))
        if r.rc != 0:
            t.ok(False, "a long %s" % shape[:40], r)
    t.ok(worst[0] < 5, "no field is slow to read", worst)


def mixture():
    """One log of everything hostile, in every sort of line."""
    lines = []
    for i, (_, raw) in enumerate(BYTES):
        qid = "AB12CD34%02X" % i
        lines += [("postfix/submission/smtpd", ("%s: client=w[192.0.2.1], sasl_method=PLAIN, "
                                                "sasl_username=" % qid).encode() + raw),
                  ("postfix/cleanup", ("%s: message-id=<" % qid).encode() + raw + b"@x>"),
                  ("postfix/qmgr", ("%s: from=<\"" % qid).encode() + raw.replace(b'"', b"") +
                   b"\"@x.example>, size=9, nrcpt=1 (queue active)"),
                  ("postfix/smtpd", b"NOQUEUE: reject: RCPT from e[198.51.100.66]: 550 5.1.1 " + raw
                   + b"; from=<a@x> to=<b@x> proto=ESMTP helo=<h>"),
                  ("postfix/smtpd", b"warning: e[198.51.100.66]: SASL LOGIN authentication failed: "
                   b"x, sasl_username=" + raw), reply_log(raw, qid),
                  ("postfix/qmgr", qid + ": removed"), ("strange", raw), raw + b"\n"]
    return log_of(*lines)


def reading_back():
    log = mixture()
    r = tool(list(YEAR), stdin=log)
    s = Stream(r.out)
    t.ok(r.rc == 0 and not s.faults and not r.err, "the mixture is a clean stream",
         "%s %s" % (s.faults, r.err[:500]))
    t.equal(s.columns, COLUMNS, "the header names the columns")
    t.ok(len(s.records) >= 6 * len(BYTES), "and has its records", len(s.records))
    again = tool(["-"], stdin=r.out)
    t.ok(again.rc == 0 and again.out == r.out and not again.err,
         "records read back and written are the same, byte for byte", again.err[:500])
    j = tool(["-o", "json", *YEAR], stdin=log)
    j2 = tool(["-o", "json", "-"], stdin=r.out)
    t.ok(j.rc == 0 and j.out == j2.out and j.out, "JSON from the log is JSON from the records",
         "%r\n%r" % (j.out[:300], j2.out[:300]))
    t.ok(not re.search(rb"[\x00-\x09\x0b-\x1f]", j.out) and valid(j.out), "JSON is clean UTF-8")
    same = True
    objects = json_lines(j.out)
    t.equal(objects.pop(), {"kind": "end", "records": s.end[0], "lines": s.end[1]},
            "JSON ends with its numbers")
    for o, rec in zip(objects, s.records):
        want = {k: visible(v) for k, v in rec.items() if v != ""}
        got = {k: number(v) for k, v in o.items()}
        if {k: number(v) for k, v in want.items()} != got:
            same = t.ok(False, "TSV and JSON say the same", "%s\n%s" % (want, o))
            break
    t.ok(same and len(objects) == len(s.records), "TSV and JSON say the same of each record",
         "%d %d" % (len(objects), len(s.records)))
    t.ok(all(isinstance(o.get(k, 0), (int, float)) for o in objects
             for k in ("size", "nrcpt", "relay_port", "delay")), "JSON numbers are numbers")
    three = tool(["--columns", "reply,time,kind", *YEAR], stdin=log)
    s3 = Stream(three.out)
    t.ok(s3.columns == ["reply", "time", "kind"] and not s3.faults and
         [x["reply"] for x in s3.records] == [x["reply"] for x in s.records],
         "--columns gives those columns in that order", three.out[:200])
    for raw in (b"#end 1 1", b"#mplog\ttime\tkind", b"#"):
        single = tool(["--columns", "reply", *YEAR], stdin=reply_log(raw))
        lines = single.out.split(b"\n")
        t.ok(lines[0] == b"#mplog\treply" and lines[2:] == [b"#end 1 1", b""] and
             not lines[1].startswith(b"#"), "a first column that looks like %r" % raw, single.out)
        three = tool(["--columns", "reply,time,kind", *YEAR], stdin=reply_log(raw))
        got = Stream(tool(["-"], stdin=three.out).out)
        t.ok(not got.faults and [x["reply"] for x in got.records] == [raw.decode()],
             "and reads back", three.out)
    for kinds in ("deliver", "reject,auth-fail"):
        sel = tool(["--select", "kind=" + kinds, *YEAR], stdin=log)
        sel2 = tool(["--select", "kind=" + kinds, "-"], stdin=r.out)
        ss = Stream(sel.out)
        t.ok(ss.rows == [row for row, rec in zip(s.rows, s.records)
                         if rec["kind"] in kinds.split(",")] and not ss.faults and
             ss.rows == Stream(sel2.out).rows, "--select kind=" + kinds, sel.err[:300])


COMPANIONS = log_of(
    "amavis: (02279-04) Passed CLEAN {RelayedOpenRelay}, [192.0.2.10]:6101 [192.0.2.10] <a@x> -> "
    "<b@y>, Queue-ID: AB12CD34EF, Message-ID: <m1@x>, mail_id: 6aLEkMwQa8H2, Hits: 5.3, size: 888, "
    "queued_as: BBBB33334444, 80 ms", "rspamd: <6b1e9c>; task; rspamd_task_write_log: id: <m1@x>, "
    "qid: <AB12CD34EF>, ip: 192.0.2.10, from: <a@x>, (default: T (reject): [19.5/15.0] [B(5.1){}])"
    ", len: 1234, time: 1.2ms, dns req: 3, digest: <abc>, rcpts: <b@y>, mime_rcpts: <b@y>",
    "spamd: spamd: result: Y 15 - BAYES_99 scantime=1.3,size=2345,user=nobody,uid=65534,"
    "required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=4321,mid=<m1@x>,autolearn=spam",
    "dovecot: imap-login: Login: user=<bea>, method=PLAIN, rip=192.0.2.11, lip=198.51.100.1, "
    "mpid=7, TLS, session=<abc>", "dovecot: auth: passwd-file(bea,192.0.2.67,<NTI4>): unknown user")


def mutations():
    """Damaged lines: whatever comes out is a clean stream whose columns keep their form."""
    whole = mixture() + b"".join(reply_log(raw) for _, raw in BYTES)
    lines = (whole + COMPANIONS * 8).split(b"\n") * 4
    bits = (b", ", b">", b"<", b'"', b"\\", b"=", b": ", b"[", b"]", b"(", b"\0", b"\xff", b"\r",
            b"status=sent (", b"; from=<", b"removed", b" (queue active)", b"queued as AB12CD34EF",
            b"18446744073709551616", b"-1", b'{"MESSAGE":', b"\nMESSAGE\n\xff\xff\xff\xff\0\0\0\0")
    form = {"size": r"\d{0,19}", "nrcpt": r"\d{0,10}", "relay_port": r"\d{0,5}",
            "delay": r"(\d+(\.\d+)?)?", "status": "[a-z-]*", "dsn": r"([245]\.\d+\.\d+)?",
            "client_ip": "[0-9a-fA-F.:]*|unknown", "relay_ip": "[0-9a-fA-F.:]*",
            "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"}
    faults = []
    for seed in range(12):
        rnd = random.Random(seed)
        out = []
        for line in lines:
            line = bytearray(line)
            for _ in range(rnd.choice((0, 1, 1, 2))):
                at, other = rnd.randrange(len(line) + 1), rnd.choice(lines)
                cut = rnd.randrange(len(other) + 1)
                line[at:at + rnd.choice((0, 0, 7))] = rnd.choice((
                    rnd.choice(bits), rnd.choice(bits), bytes([rnd.randrange(256)]), b"",
                    other[cut:cut + 40]))
            out.append(bytes(line))
        log = b"\n".join(out)
        r = tool(list(YEAR), stdin=log)
        s = Stream(r.out)
        if r.rc or r.err or s.faults:
            faults.append("seed %d: %r %s" % (seed, r, s.faults))
        if tool(["-"], stdin=r.out).out != r.out:
            faults.append("seed %d does not read back" % seed)
        wrong = [(c, x[c]) for x in s.records for c, f in form.items() if not re.fullmatch(f, x[c])]
        if wrong:
            faults.append("seed %d: %s" % (seed, wrong[:8]))
    for what, log in (("an amavis size", COMPANIONS.replace(b"size: 888", b"size: x888")),
                      ("a rspamd length", COMPANIONS.replace(b"len: 1234", b"len: 9" + b"9" * 40)),
                      ("a relay's port", reply_log(b"x").replace(b":25,", b":" + b"1" * 40 + b",")),
                      ("a size", COMPANIONS + log_of("postfix/cleanup: AB12CD34EE: message-id=<x>",
                       "postfix/qmgr: AB12CD34EE: from=<a@x>, size=" + "9" * 40 + ", nrcpt=1 "
                       "(queue active)"))):
        wrong = [(c, x[c]) for x in parse(t, log, *YEAR) for c, f in form.items()
                 if not re.fullmatch(f, x[c])]
        t.equal(wrong, [], "no number is made of %s that is none" % what)
    t.ok(not faults, "damaged lines", "\n".join(faults))


def visible(value):
    """What JSON holds for a value: bytes that are not UTF-8 as \\xHH."""
    return re.sub("[\udc80-\udcff]", lambda m: "\\x%02x" % (ord(m.group()) - 0xdc00), value)


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


for part in (senders, message_ids, deliveries, rejects, headers, logins, companions,
             bytes_of_all_sorts, long_lines, slow_lines,
             reading_back, mutations):
    part()
t.done()
