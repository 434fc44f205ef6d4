#!/usr/bin/env python3
"""Subjects as a real Postfix logs them (header_checks with WARN and INFO): each of many odd ones is
on its own message's records as it was sent, on both legs of a content filter, with the HELO; and none
of them forges a client, a sender or a HELO.

Needs root (a Postfix master does)."""
import os
import shutil
import smtplib
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "postfix")]
from lib import Checks, Stream, pick, tool  # noqa: E402
from outbound import Relay, needs  # noqa: E402

os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ.setdefault("MPTOOLS_SHARE", os.path.join(os.path.dirname(HERE), "share/mptools"))
FORGED = ("x from evil.example[192.0.2.66]; from=<v@victim.example> to=<w@victim.example> proto=ESMTP "
          "helo=<forged.example>")
RULES = r"""/^Subject: held/ HOLD held
/^Subject: refused/ REJECT no pills
/^Subject: thrown/ DISCARD
/^Subject: text/ WARN see <https://relay.example/>
/^Subject: info/ INFO
/^Subject:/ WARN
/^(From|X-Mailer):/ WARN
"""
# what is sent, and what the records say, if that differs; Postfix logs 200 bytes of a header
ODD = [("Hello world",), (FORGED,), (FORGED + ": a text",), ("text " + FORGED,),
       ("text " + FORGED + ": 5.7.1 no",), ("info " + FORGED,), ("",),
       ("   blanks in front", "blanks in front"),
       ("=?utf-8?B?w6TDtsO8?= =?utf-8?Q?_pills?=",), ("folded\r\n one\r\n\ttwo", "folded? one??two"),
       ("\u00e4\u00f6\u00fc raw \u20ac",), ("\x01\x1b[31m\x7f", "??[31m?"), ("tab\tin", "tab?in"),
       ("\u20ac" * 120, "\u20ac" * 63), ("b" * 500, "b" * 191), ("a" * 189 + "\u20ac", "a" * 189),
       ("back\\slash \\t %s $x <b>&amp;</b> \"q\"",), ("(queue active) status=sent (250 ok)",),
       ("x from local",), ("x from unknown[unknown]; from=<>",), ("SASL LOGIN authentication failed: x",)]
check = Checks()
needs()
top = tempfile.mkdtemp(prefix="mptools-subject.", dir="/tmp")
relay = Relay(top)
count = 0


def send(subject, sender="bob@acme.example", helo="pc.client.example", header="Subject: ", more=b""):
    """Its number, and the reply."""
    global count
    count += 1
    with smtplib.SMTP("127.0.0.1", relay.ports["SUBMISSION"], local_hostname=helo, timeout=15) as s:
        s.login("acme1", "acme1", initial_response_ok=True)
        s.docmd("MAIL FROM:<%s>" % sender)
        s.docmd("RCPT TO:<joe@gmail.com>")
        s.putcmd("DATA")
        s.getreply()
        s.send((header + subject).encode() + b"\r\n" + more + b"From: <x@y>\r\nX-Mailer: Subject: spam\r\n"
               b"Message-ID: <s%d@pc>\r\n\r\nHi\r\n.\r\n" % count)
        return count, s.getreply()[0]


def parsed():
    with open(top + "/mail.log", "rb") as f:
        r = tool(["-"], stdin=f.read())
    check.ok(r.rc == 0 and not r.err, "the log is read", None if r.rc == 0 and not r.err else r)
    return Stream(r.out).records


def of(number):
    return pick(records, msgid="s%d@pc" % number)


def bears(number, what, subject, legs=2, **columns):
    """Both legs' records, with that subject, and the true sender and HELO."""
    want = dict({"subject": subject, "helo": "pc.client.example", "sender": "bob@acme.example",
                 "sasl_user": "acme1", "client_ip": "127.0.0.1"}, **columns)
    got = of(number)
    wrong = [r for r in got if any(r[k] != v for k, v in want.items())]
    check.ok(len({r["qid"] for r in got}) == legs and not wrong, what,
             "%d records, not as wanted: %s" % (len(got), wrong[:1]))


try:
    relay.make("content_filter = scan:[127.0.0.1]:%d" % relay.ports["FILTER"],
               "header_checks = regexp:%s/etc/header_checks" % top,
               "smtp_connection_cache_on_demand = no")  # the scanner takes XFORWARD for a session's
    relay.append("header_checks", RULES)
    relay.start_world()
    rc, out = relay.instance("instance_start")
    if not check.ok(rc == 0, "a private Postfix starts", out):
        check.done()
    sent = [(send(row[0])[0], row[-1]) for row in ODD]
    upper = send("upper", header="SUBJECT:")[0]
    other = send("x", header="X-Subject: ")[0]
    two = send("first", more=b"Subject: second\r\n")[0]
    attached = send("outer", more=b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n")[0]
    quoted = '"a>: b; from=<x@y> helo=<z>"@acme.example'
    sender = send("s", sender=quoted)[0]
    helo = send("h", helo="a b>: <c>; from=<q@q>")[0]
    cut = send(FORGED + ": a text", sender="y" * 1900 + "@acme.example")[0]
    held, thrown = send("held " + FORGED)[0], send("thrown")[0]
    refused, code = send("refused " + FORGED)
    check.equal(code, 550, "a refused subject is refused")
    relay.shell("printf 'Subject: by hand\\nMessage-ID: <s0@pc>\\n\\nhi\\n' |"
                " sendmail -C %s/etc -f root@relay.example.net joe@gmail.com" % top)
    relay.drain()
    records = parsed()
    for number, want in sent:
        bears(number, "a subject: %s" % ascii(want[:60]), want)
    bears(upper, "SUBJECT:, without a blank", "upper")
    bears(other, "another header's is none", "")
    bears(two, "of two subjects the first", "first")
    bears(attached, "an attached message's isn't its own", "outer")
    bears(sender, "a sender that looks like the end of the line", "s", sender=quoted)
    bears(helo, "a HELO that does", "h", helo="a?b?:??c???from=?q?q?")
    bears(cut, "Postfix cuts the line: the forged HELO isn't taken", "", helo="",
          sender="y" * 1900 + "@acme.example")
    bears(0, "by sendmail", "by hand", helo="", sender="root@relay.example.net", sasl_user="", client_ip="")
    held_records = of(held) + [r for r in pick(records, "hold") if r["subject"].startswith("held ")]
    check.ok(held_records and all(r["subject"] == "held " + FORGED and r["sender"] == "bob@acme.example"
                                  and r["client_ip"] == "127.0.0.1" for r in held_records),
             "held: the hold's own record", held_records)
    got = [r for r in pick(records, "reject") if r["subject"] == "refused " + FORGED]
    check.ok(len(got) == 1 and got[0]["helo"] == "pc.client.example" and got[0]["reply"] == "5.7.1 no pills"
             and got[0]["sasl_user"] == "acme1", "refused: the refusal's own record", got)
    check.ok(not of(thrown), "thrown away: no record")
    check.ok(not [r for r in records if "forged" in r["helo"] or "victim" in r["sender"] + r["rcpt"]
                  or r["client_ip"] == "192.0.2.66"], "nothing is forged")
finally:
    relay.instance("instance_stop")
    shutil.rmtree(top, ignore_errors=True)
check.done()
