#!/usr/bin/env python3
"""The oddities of real logs (the corpus' README lists them), each with lines written here, and the
logic of queue ids: what belongs to which message, and what must never be taken to."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, Stream, by_message, facts, log_of, parse, pick, tool  # noqa: E402

t = Checks()
YEAR = ("--year", "2026")


LOGS = []  # every log that run() saw, for in_pieces()


def run(*lines, args=YEAR, **how):
    LOGS.append(log_of(*lines, **how))
    return parse(t, LOGS[-1], *args)


def one(records, what, kind=None, **columns):
    """The only record of that sort; {} (and a failed check) when there are none or several."""
    found = pick(records, kind, **columns)
    if len(found) != 1:
        t.ok(False, what + ": one record", "%d of %s %s in %s" % (
            len(found), kind, columns, [{k: v for k, v in r.items() if v} for r in records]))
        return {}
    return found[0]


def has(records, what, kind, where=None, **columns):
    """Exactly one record of that kind (at `where`), and it has these columns."""
    r = one(records, what, kind, **(where or {}))
    if r:
        wrong = {k: (r[k], v) for k, v in columns.items()
                 if not (r[k] in v if isinstance(v, tuple) else r[k] == v)}
        t.ok(not wrong, what, "column: (got, want): %s\nrecord: %s"
             % (wrong, {k: v for k, v in r.items() if v}))


def message(qid, client="web.example[192.0.2.10]", login="", sender="ann@acme.example", size=1000,
            msgid=None, prefix="postfix", smtpd="smtpd", pid=101):
    """client=, message-id= and qmgr lines of a message that enters the queue."""
    auth = ", sasl_method=PLAIN, sasl_username=" + login if login else ""
    return [("%s/%s" % (prefix, smtpd), "%s: client=%s%s" % (qid, client, auth), pid),
            (prefix + "/cleanup", "%s: message-id=<%s>" % (qid, msgid or qid + "@acme.example")),
            active(qid, sender, size, prefix)]


def active(qid, sender="ann@acme.example", size=1000, prefix="postfix", nrcpt=1):
    return (prefix + "/qmgr", "%s: from=<%s>, size=%d, nrcpt=%d (queue active)"
            % (qid, sender, size, nrcpt))


def sent(qid, rcpt="joe@corp.example", relay="mx.corp.example[198.51.100.25]:25",
         reply="250 2.0.0 Ok", program="postfix/smtp", status="sent", dsn="2.0.0"):
    return (program, "%s: to=<%s>, relay=%s, delay=1.5, delays=0.1/0.2/0.3/0.9, dsn=%s, status=%s "
            "(%s)" % (qid, rcpt, relay, dsn, status, reply))


def to_filter(qid, leg, relay="127.0.0.1[127.0.0.1]:10024", rcpt="joe@corp.example"):
    return sent(qid, rcpt, relay, "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: "
                "queued as " + leg)


def removed(qid, prefix="postfix"):
    return (prefix + "/qmgr", qid + ": removed")


LOCAL = "localhost[127.0.0.1]"


# Tags

def tags():
    for program, instance, daemon in (
            ("postfix/submission/smtpd", "postfix/submission", "smtpd"),
            ("postfix/smtps/smtpd", "postfix/smtps", "smtpd"),
            ("postfix/smtp-25/smtpd", "postfix/smtp-25", "smtpd"),
            ("postfix-incoming/smtpd", "postfix-incoming", "smtpd"),
            ("postfix-smo/submission/smtpd", "postfix-smo/submission", "smtpd"),
            ("postfix-203.0.113.23/smtpd", "postfix-203.0.113.23", "smtpd")):
        r = run(program + ": AB12CD34EF: client=web.example[192.0.2.10], sasl_method=PLAIN, "
                "sasl_username=ann")
        has(r, "tag %s" % program, "login", instance=instance, daemon=daemon, sasl_user="ann",
            client_ip="192.0.2.10", client_name="web.example", qid="AB12CD34EF", host="mx1")
    r = run("postfix/sender-cleanup/cleanup: AB12CD34EF: reject: header Subject: x from "
            "web.example[192.0.2.10]; from=<a@x.example> to=<b@y.example> proto=ESMTP "
            "helo=<web>: 5.7.1 no")
    has(r, "tag postfix/sender-cleanup/cleanup", "reject", instance="postfix/sender-cleanup",
        daemon="cleanup", sender="a@x.example", rcpt="b@y.example", client_ip="192.0.2.10")
    r = run(sent("AB12CD34EF", program="postfix-203.0.113.23/smtp"))
    has(r, "tag postfix-203.0.113.23/smtp", "deliver", instance="postfix-203.0.113.23",
        daemon="smtp", status="sent")
    f = facts(t, log_of("/postfix-script: the Postfix mail system is running: PID: 95072"))
    t.ok(len(f) == 1 and f[0][0].endswith("postfix-script") and f[0][1] != "",
         "tag /postfix-script is understood", f)
    r = run(("postfix/smtpd", "AB12CD34EF: client=web.example[192.0.2.10], sasl_method=PLAIN, "
             "sasl_username=ann", None))
    has(r, "a tag without a pid", "login", daemon="smtpd", qid="AB12CD34EF")
    r = run(b"Nov 24 10:00:01 mx1 postfix/smtpd[123] AB12CD34EF: client=web.example[192.0.2.10], "
            b"sasl_method=PLAIN, sasl_username=ann\n")
    has(r, "no colon after the pid", "login", daemon="smtpd", qid="AB12CD34EF", sasl_user="ann")


# Times

def times():
    login = b" mx1 postfix/smtpd[1]: AB12CD34EF: client=w[192.0.2.1], sasl_method=PLAIN, " \
            b"sasl_username=ann\n"

    def when(*stamps, args=YEAR):
        return [r["time"] for r in pick(parse(t, b"".join(s + login for s in stamps), *args),
                                        "login")]
    t.equal(when(b"Mar 7 02:09:33"), ["2026-03-07T02:09:33Z"], "an unpadded day")
    t.equal(when(b"Mar  7 02:09:33"), ["2026-03-07T02:09:33Z"], "a day padded with a space")
    t.equal(when(b"Jun 04 02:09:33"), ["2026-06-04T02:09:33Z"], "a day padded with a zero")
    t.equal(when(b"2026-03-07T02:09:33.123456+01:00", b"2026-03-07T02:09:34+01:00",
                 b"2026-03-07T02:09:35.5Z"),
            ["2026-03-07T01:09:33.123456Z", "2026-03-07T01:09:34Z", "2026-03-07T02:09:35.5Z"],
            "ISO with and without a fraction")
    t.equal(when(b"2026-03-07T02:09:33.123456+00:00", b"Mar  7 02:09:34", b"2026-03-07T02:09:35Z"),
            ["2026-03-07T02:09:33.123456Z", "2026-03-07T02:09:34Z", "2026-03-07T02:09:35Z"],
            "both kinds in one file")
    got = when(b"2021-02-06T10:00:00Z", b"021-02-06T10:00:01Z", b"2021-02-06T10:00:02Z")
    t.ok(got[:1] + got[-1:] == ["2021-02-06T10:00:00Z", "2021-02-06T10:00:02Z"] and
         all(g.startswith("2021-02-06T10:00:0") for g in got),
         "a damaged stamp does not harm the lines beside it", got)
    # 2025/26: the newest line is not in the future, and a step back over New Year is a new year.
    t.equal(when(b"Dec 31 23:59:58", b"Dec 31 23:59:59", b"Jan  1 00:00:01", args=())[-1][4:],
            "-01-01T00:00:01Z", "New Year without a year: the last line")
    got = when(b"Dec 31 23:59:58", b"Jan  1 00:00:01", b"Dec 31 23:59:59", b"Jan  1 00:00:02",
               args=())
    years = [int(g[:4]) for g in got]
    t.ok(len(years) == 4 and years[1] == years[0] + 1 and years[2] == years[0]
         and years[3] == years[1], "lines out of order at New Year", got)
    r = run(*message("AB12CD34EF", login="ann"), sent("AB12CD34EF"))
    back = log_of(*message("AB12CD34EF", login="ann")) + \
        log_of(sent("AB12CD34EF"), hour=9)
    has(parse(t, back, *YEAR), "a stamp an hour back: the message is the same", "deliver",
        sasl_user="ann", time="2026-11-24T09:00:01Z")
    has(r, "and in order", "deliver", sasl_user="ann")


# Broken lines

def broken():
    whole = log_of(*message("AB12CD34EF", login="ann"), sent("AB12CD34EF"), removed("AB12CD34EF"))
    lines = whole.split(b"\n")
    want = parse(t, whole, *YEAR)
    t.equal(parse(t, b"\n\n".join(lines) + b"\n \n", *YEAR), want, "blank lines")
    t.equal(parse(t, whole[:-1], *YEAR), want, "no newline at the end")
    half = lines[3][:len(lines[3]) // 2]
    rest = lines[3][len(lines[3]) // 2:]
    got = parse(t, b"\n".join(lines[:3] + [half, rest] + lines[4:]), *YEAR)
    t.equal(got, [r for r in want if r["kind"] != "deliver"], "a line split in two says nothing")
    got = parse(t, whole + b"Nov 24 10:00:09 mx1 postfix/smtp[43", *YEAR)
    t.equal(got, want, "a line cut off in its tag")
    got = parse(t, whole + b"Nov 24 10:00:09 mx1 postfix/qmgr[7]: AB12CD34EF: from=<ann@acme.exa",
                *YEAR)
    t.equal(got, want, "a line cut off in a field")
    got = parse(t, whole.replace(b"\n", b"\r\n"), *YEAR)
    t.equal(got, want, "lines that end in CR LF")


# Queue ids

def short_and_long_ids():
    for qid in ("4XbJ7z0Lw1z9vKr", "3mPVKl0Qbkzjxt", "44KCRG5tYPzCqt2", "0F5383D", "1A2B3C4"):
        r = run(*message(qid, login="ann"), sent(qid), removed(qid))
        has(r, "queue id %s" % qid, "deliver", qid=qid, sasl_user="ann", sender="ann@acme.example")
    r = run(*message("4XbJ7z0Lw1z9vKr", login="ann"), *message("4XbJ7z0Lw1z9vKR", login="bea"),
            sent("4XbJ7z0Lw1z9vKr"), sent("4XbJ7z0Lw1z9vKR"))
    t.equal([d["sasl_user"] for d in pick(r, "deliver")], ["ann", "bea"],
            "ids that differ in case alone are two")


def reuse():
    first = message("AB12CD34EF", login="ann", sender="ann@acme.example")
    second = message("AB12CD34EF", client="other.example[192.0.2.77]", sender="zoe@other.example")
    for what, between in (("after removed", [removed("AB12CD34EF")]), ("never removed", []),
                          ("after postsuper -d",
                           ["postfix/postsuper: AB12CD34EF: removed"])):
        r = run(*first, sent("AB12CD34EF"), *between, *second, sent("AB12CD34EF"))
        got = [(d["sasl_user"], d["client_ip"], d["sender"]) for d in pick(r, "deliver")]
        t.equal(got, [("ann", "192.0.2.10", "ann@acme.example"),
                      ("", "192.0.2.77", "zoe@other.example")], "an id used again, " + what)
        t.equal(len(pick(r, "accept")), 2, "two accepts, " + what)
    r = run(first[0], "postfix/cleanup: AB12CD34EF: message-id=<m@x.example>",
            "postfix/cleanup: AB12CD34EF: reject: header Subject: pills from "
            "web.example[192.0.2.10]; from=<ann@acme.example> to=<joe@corp.example> proto=ESMTP "
            "helo=<web>: 5.7.1 no pills",
            "postfix/cleanup: AB12CD34EF: message-id=<20261124.AB12CD34EF@mx1.example>",
            "postfix/bounce: 99AA88BB77: sender non-delivery notification: AB12CD34EF",
            active("AB12CD34EF", "", 3000), sent("AB12CD34EF", "zoe@other.example"))
    has(r, "the id of a refused message, used again by a notice, has no login", "deliver",
        sasl_user="", client_ip="", sender="<>", rcpt="zoe@other.example")


def middle_of_life():
    r = run(sent("AB12CD34EF"), active("AB12CD34EF"), sent("AB12CD34EF", "two@corp.example"),
            removed("AB12CD34EF"))
    t.equal([(d["qid"], d["rcpt"], d["sender"]) for d in pick(r, "deliver")],
            [("AB12CD34EF", "joe@corp.example", ""),
             ("AB12CD34EF", "two@corp.example", "ann@acme.example")],
            "first seen in the middle of its life")
    t.equal(len(pick(r, "remove")), 1, "and removed")
    r = run(*message("AB12CD34EF"), sent("AB12CD34EF", status="deferred", dsn="4.0.0",
                                         reply="connect to mx: timed out"),
            active("AB12CD34EF"), active("AB12CD34EF"), sent("AB12CD34EF"))
    t.equal(len(pick(r, "accept")), 1, "(queue active) repeated is one accept")
    t.equal([d["status"] for d in pick(r, "deliver")], ["deferred", "sent"], "and two attempts")


def companions_with_ids():
    r = run(*message("AB12CD34EF", login="ann"),
            "opendkim: AB12CD34EF: DKIM-Signature field added (s=mail, d=acme.example)",
            "opendkim: AB12CD34EF: removed", "opendkim: AB12CD34EF: client=evil[192.0.2.66]",
            sent("AB12CD34EF"))
    has(r, "opendkim's lines begin with a queue id and change nothing", "deliver", sasl_user="ann",
        client_ip="192.0.2.10")
    t.equal(pick(r, "remove"), [], "opendkim removes nothing")


def two_instances():
    qid = "AB12CD34EF"
    r = run(*message(qid, login="ann"),
            *message(qid, client="lan.example[192.0.2.99]", sender="zoe@other.example",
                     prefix="postfix-out1"),
            sent(qid, program="postfix-out1/smtp"), sent(qid), removed(qid, "postfix-out1"),
            removed(qid))
    got = [(d["instance"], d["sasl_user"], d["client_ip"], d["sender"])
           for d in pick(r, "deliver")]
    t.equal(got, [("postfix-out1", "", "192.0.2.99", "zoe@other.example"),
                  ("postfix", "ann", "192.0.2.10", "ann@acme.example")],
            "two instances with the same id at once")
    a = log_of(*message(qid, login="ann"), host="mx1")
    b = log_of(*message(qid, client="lan.example[192.0.2.99]"), host="mx2")
    c = log_of(sent(qid), host="mx2") + log_of(sent(qid), host="mx1")
    t.equal([(d["host"], d["sasl_user"]) for d in pick(parse(t, a + b + c, *YEAR), "deliver")],
            [("mx2", ""), ("mx1", "ann")], "two hosts with the same id at once")


def clone_transport():
    for clone, instance in (("postfix-out1/smtp", "postfix-out1"),
                            ("postfix/out1/smtp", "postfix/out1")):
        r = run(*message("AB12CD34EF", login="ann"), sent("AB12CD34EF", program=clone))
        has(r, "%s delivers a message of postfix/qmgr" % clone, "deliver", sasl_user="ann",
            instance=instance, daemon="smtp", sender="ann@acme.example")
    r = run(*message("AB12CD34EF", login="ann", smtpd="submission/smtpd"), sent("AB12CD34EF"))
    has(r, "postfix/submission/smtpd accepts, postfix/qmgr and postfix/smtp go on", "deliver",
        sasl_user="ann", instance="postfix")
    has(r, "an accept names the daemon that took it in", "accept", daemon="smtpd",
        instance="postfix/submission", sasl_user="ann", size="1000", nrcpt="1",
        msgid="AB12CD34EF@acme.example", sender="ann@acme.example")


# Reinjection

FIRST = message("AAAA11112222", login="ann", msgid="m1@acme.example", smtpd="submission/smtpd")
SECOND = message("BBBB33334444", client=LOCAL, msgid="m1@acme.example", size=1500, pid=202)


def linked(what, lines):
    r = run(*lines)
    has(r, what + ": the last hop knows the first's login", "deliver", {"qid": "BBBB33334444"},
        sasl_user="ann", client_ip="192.0.2.10", origin="AAAA11112222")
    has(r, what + ": the first hop is its own origin", "deliver", {"qid": "AAAA11112222"},
        sasl_user="ann", origin=("", "AAAA11112222"))


def reinjection():
    done = [to_filter("AAAA11112222", "BBBB33334444"), removed("AAAA11112222")]
    out = [sent("BBBB33334444"), removed("BBBB33334444")]
    linked("filter, second leg queued first", FIRST + SECOND + done + out)
    linked("filter, second leg delivered first", FIRST + SECOND + out + done)
    linked("filter, second leg delivered before its removal", FIRST + SECOND + out[:1] + done)
    linked("filter, in the plain order", FIRST + done[:1] + SECOND + done[1:] + out)
    linked("filter, second leg after the first's removal", FIRST + done + SECOND + out)
    linked("orig_queue_id", FIRST + message(
        "BBBB33334444", client=LOCAL + ", orig_queue_id=AAAA11112222, "
        "orig_client=web.example[192.0.2.10]", msgid="m1@acme.example") + out + done)
    linked("orig_queue_id with an empty Message-ID", message("AAAA11112222", login="ann", msgid="")
           + message("BBBB33334444", client=LOCAL + ", orig_queue_id=AAAA11112222, "
                     "orig_client=web.example[192.0.2.10]", msgid="") + out + done)
    second = message("BBBB33334444", client=LOCAL, msgid="m1@acme.example", prefix="postfix-out1")
    linked("second instance", FIRST + second +
           [sent("AAAA11112222", relay="127.0.0.1[127.0.0.1]:10030",
                 reply="250 2.0.0 Ok: queued as BBBB33334444"), removed("AAAA11112222"),
            sent("BBBB33334444", program="postfix-out1/smtp"), removed("BBBB33334444",
                                                                       "postfix-out1")])
    linked("by LMTP over IPv6", FIRST + message("BBBB33334444", client="localhost[::1]",
                                                msgid="m1@acme.example")
           + [sent("AAAA11112222", relay="localhost[::1]:10024", program="postfix/lmtp",
                   reply="250 2.0.0 Ok, id=96785-17, from MTA(smtp:[::1]:10025): 250 2.0.0 Ok: "
                   "queued as BBBB33334444")] + out)
    third = message("CCCC55556666", client=LOCAL, msgid="m1@acme.example")
    r = run(*(FIRST + SECOND + done + third + [to_filter("BBBB33334444", "CCCC55556666"),
              removed("BBBB33334444"), sent("CCCC55556666")]))
    has(r, "three legs: the third's origin is the first", "deliver", {"qid": "CCCC55556666"},
        origin="AAAA11112222", sasl_user="ann", client_ip="192.0.2.10")
    other = message("DDDD77778888", login="bea", msgid="m2@acme.example")
    leg = message("EEEE99990000", client=LOCAL, msgid="m2@acme.example")
    r = run(*(FIRST + other + leg + SECOND + [to_filter("AAAA11112222", "BBBB33334444"),
              to_filter("DDDD77778888", "EEEE99990000"), sent("EEEE99990000"),
              sent("BBBB33334444")]))
    t.equal([(d["qid"], d["origin"], d["sasl_user"]) for d in pick(r, "deliver")][2:],
            [("EEEE99990000", "DDDD77778888", "bea"), ("BBBB33334444", "AAAA11112222", "ann")],
            "two messages in the filter at once")


def zimbra():
    r = run("postfix/submission/smtpd: NOQUEUE: filter: RCPT from web.example[192.0.2.10]: "
            "<ann@acme.example>: Sender address triggers FILTER smtp-amavis:[127.0.0.1]:10026; "
            "from=<ann@acme.example> to=<joe@corp.example> proto=ESMTP helo=<web>",
            *FIRST, *SECOND, to_filter("AAAA11112222", "BBBB33334444"), sent("BBBB33334444"))
    t.equal(pick(r, "reject"), [], "NOQUEUE: filter is no refusal")
    has(r, "NOQUEUE: filter, then the filter's legs", "deliver", {"qid": "BBBB33334444"},
        sasl_user="ann", origin="AAAA11112222")


def proxy_filter():
    accepted = ("postfix/smtpd", "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as "
                "BBBB33334444; from=<ann@acme.example> to=<joe@corp.example> proto=ESMTP "
                "helo=<web>", 101)
    client = ("postfix/smtpd", "NOQUEUE: client=web.example[192.0.2.10], sasl_method=PLAIN, "
              "sasl_username=ann", 101)
    leg = message("BBBB33334444", client=LOCAL, msgid="m1@acme.example", smtpd="10025/smtpd",
                  pid=202)
    r = run(client, *leg, accepted, sent("BBBB33334444"))
    has(r, "smtpd_proxy_filter: the login is known at delivery", "deliver", sasl_user="ann",
        client_ip="192.0.2.10")
    has(r, "smtpd_proxy_filter: a login without a queue id", "login", qid="", sasl_user="ann")
    r = run(client, *leg[:2], accepted, leg[2], sent("BBBB33334444"))
    has(r, "smtpd_proxy_filter, accepted before qmgr's line", "accept", sasl_user="ann")
    r = run(client, ("postfix/smtpd", "NOQUEUE: client=evil.example[192.0.2.66]", 303), *leg,
            accepted, sent("BBBB33334444"))
    has(r, "smtpd_proxy_filter: each process has its own session", "deliver", sasl_user="ann",
        client_ip="192.0.2.10")


def proxy_sessions():
    """The session that proxy-accept belongs to is that of its own process, and of no other."""
    login = ("postfix/smtpd", "NOQUEUE: client=web.example[192.0.2.10], sasl_method=PLAIN, "
             "sasl_username=ann", 101)
    bye = ("postfix/smtpd", "disconnect from web.example[192.0.2.10] ehlo=1 auth=1 quit=1", 101)
    leg = message("BBBB33334444", client=LOCAL, msgid="m1@acme.example", smtpd="10025/smtpd",
                  pid=202)
    accepted = ("postfix/smtpd", "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as "
                "BBBB33334444; from=<a@x.example> to=<j@y.example> proto=ESMTP helo=<h>", 101)
    evil = [("postfix/smtpd", "connect from evil.example[192.0.2.66]", 101),
            ("postfix/smtpd", "NOQUEUE: client=evil.example[192.0.2.66]", 101)]
    not_linked("a process that served a login before", [login, bye] + evil + leg +
               [accepted, sent("BBBB33334444")], client_ip="192.0.2.66")
    not_linked("the same, its client= line lost", [login, bye] + evil[:1] + leg +
               [accepted, sent("BBBB33334444")])
    foreign = message("BBBB33334444", client="other.example[192.0.2.77]")
    not_linked("the filter names a message that came from outside", [login] + foreign +
               [accepted, sent("BBBB33334444")], client_ip="192.0.2.77")


def requeue():
    r = run(*message("AAAA11112222", login="ann"),
            sent("AAAA11112222", status="deferred", dsn="4.7.0", reply="later"),
            "postfix/postsuper: AAAA11112222: requeued", "postfix/postsuper: Requeued: 1 message",
            "postfix/pickup: BBBB33334444: uid=102 from=<ann@acme.example> orig_id=AAAA11112222",
            "postfix/cleanup: BBBB33334444: message-id=<AAAA11112222@acme.example>",
            active("BBBB33334444"), sent("BBBB33334444"))
    has(r, "postsuper -r: the new id has the old one's login", "deliver", {"qid": "BBBB33334444"},
        sasl_user="ann", origin="AAAA11112222", client_ip="192.0.2.10")
    r = run("postfix/pickup: BBBB33334444: uid=33 from=<www-data>",
            "postfix/cleanup: BBBB33334444: message-id=<x@mx1.example>",
            active("BBBB33334444", "www-data@mx1.example"), sent("BBBB33334444"))
    has(r, "a message from sendmail(1)", "accept", daemon="pickup", instance="postfix",
        sender="www-data@mx1.example", sasl_user="", client_ip="", origin="")


def notices():
    note = "BBBB33334444"
    bounced = sent("AAAA11112222", status="bounced", dsn="5.1.1",
                   reply="host mx.corp.example[198.51.100.25] said: 550 5.1.1 <joe@corp.example> "
                   "no such user (in reply to RCPT TO command)")
    lines = [("postfix/cleanup", note + ": message-id=<20261124.%s@mx1.example>" % note),
             ("postfix/bounce", "AAAA11112222: sender non-delivery notification: " + note),
             active(note, "", 3000), removed("AAAA11112222"),
             sent(note, "ann@acme.example", "mx1.example[/run/dovecot/lmtp]",
                  program="postfix/lmtp"), removed(note)]
    r = run(*message("AAAA11112222", login="ann"), bounced, *lines)
    has(r, "a notice and its parent", "ndr", qid=note, origin="AAAA11112222",
        rcpt="ann@acme.example")
    has(r, "the notice's accept", "accept", {"qid": note}, daemon="bounce", sender="<>",
        origin="AAAA11112222", sasl_user="", client_ip="", size="3000")
    has(r, "the notice's delivery is nobody's login", "deliver", {"qid": note}, sender="<>",
        origin="AAAA11112222", sasl_user="", client_ip="", client_name="",
        rcpt="ann@acme.example")
    has(r, "the refusal itself", "deliver", {"qid": "AAAA11112222"}, sasl_user="ann",
        status="bounced", dsn="5.1.1", reply="550 5.1.1 <joe@corp.example> no such user")
    lines[1], lines[2] = lines[2], lines[1]
    r = run(*message("AAAA11112222", login="ann"), bounced, *lines)
    has(r, "a notice, qmgr's line before bounce's", "ndr", qid=note, origin="AAAA11112222",
        rcpt="ann@acme.example")
    has(r, "and its delivery", "deliver", {"qid": note}, origin="AAAA11112222", sasl_user="",
        sender="<>")
    r = run(*message("AAAA11112222", login="ann"), lines[0],
            ("postfix/bounce", "AAAA11112222: sender delay notification: " + note))
    t.equal(pick(r, "ndr"), [], "a delay notice is not a non-delivery notice")
    r = run(*message("AAAA11112222", login="ann"), "postfix/qmgr: AAAA11112222: "
            "from=<ann@acme.example>, status=expired, returned to sender")
    has(r, "qmgr's status=expired has no recipient", "deliver", status="expired", rcpt="",
        sender="ann@acme.example", sasl_user="ann", daemon="qmgr")


# What must not be linked. A is the victim's message, B the attacker's or a bystander's.

def not_linked(what, lines, leg="BBBB33334444", login="", **columns):
    r = run(*lines)
    for d in pick(r, qid=leg):
        if d["kind"] in ("deliver", "accept"):
            t.ok(d["origin"] == "" and d["sasl_user"] == login and
                 all(d[k] == v for k, v in columns.items()), "not linked: %s (%s)"
                 % (what, d["kind"]), {k: v for k, v in d.items() if v})
    t.ok(pick(r, "deliver", qid=leg), "there is something to judge: " + what)


def held_for_a_link():
    """A second leg that never gets its `queued as` is its own message, and comes out whole."""
    foreign = sent("AAAA11112222", relay="mx.corp.example[198.51.100.25]:25",
                   reply="250 2.0.0 Ok: queued as 0123456789")
    not_linked("B from here with A's Message-ID, but A went elsewhere",
               FIRST + SECOND + [sent("BBBB33334444"), foreign, removed("BBBB33334444"),
                                 removed("AAAA11112222")], client_ip="127.0.0.1")
    not_linked("B from here with A's Message-ID, A still on its way",
               FIRST + SECOND + [sent("BBBB33334444"), removed("BBBB33334444")],
               client_ip="127.0.0.1")
    late = log_of(*FIRST, *SECOND) + b"".join(
        log_of(line, hour=10 + i) for i, line in ((1, to_filter("AAAA11112222", "BBBB33334444")),
                                                  (2, sent("BBBB33334444"))))
    r = parse(t, late, *YEAR)
    has(r, "a filter that takes an hour: the last hop knows the login", "deliver",
        {"qid": "BBBB33334444"}, sasl_user="ann", origin="AAAA11112222")


def never_linked():
    evil = "mx.evil.example[198.51.100.66]"
    reply = "250 2.0.0 Ok: queued as BBBB33334444"
    foreign = sent("AAAA11112222", "eve@evil.example", evil + ":25", reply)
    after = [sent("BBBB33334444", "joe@corp.example"), removed("BBBB33334444")]
    b = message("BBBB33334444", client="host.evil.example[198.51.100.77]",
                msgid="m1@acme.example", sender="eve@evil.example")
    not_linked("a foreign client, a foreign relay, an equal Message-ID",
               FIRST + b + [foreign] + after, client_ip="198.51.100.77")
    b = message("BBBB33334444", client=evil, msgid="m1@acme.example", sender="eve@evil.example")
    not_linked("the attacker's server is also the client", FIRST + b + [foreign] + after,
               client_ip="198.51.100.66")
    not_linked("the same, B delivered before the reply", FIRST + b + after[:1] + [foreign],
               client_ip="198.51.100.66")
    b = message("BBBB33334444", client=evil, msgid="m1@acme.example", login="eve",
                sender="eve@evil.example")
    not_linked("B has its own login", FIRST + b + [foreign] + after, login="eve")
    b = message("BBBB33334444", client=LOCAL, msgid="m1@acme.example", login="web")
    not_linked("B has its own login and comes from here (a webmail)",
               FIRST + b + [foreign] + after, login="web", client_ip="127.0.0.1")
    not_linked("B has its own login, A went to our filter",
               FIRST + b + [to_filter("AAAA11112222", "BBBB33334444")] + after, login="web")
    b = message("BBBB33334444", client=LOCAL, msgid="m1@acme.example")
    not_linked("a foreign relay says so, B comes from here", FIRST + [sent(
        "AAAA11112222", "eve@evil.example", evil + ":25", "450 4.7.1 later", status="deferred",
        dsn="4.7.1")] + b + [foreign] + after)
    b = message("BBBB33334444", client=LOCAL, msgid="other@acme.example")
    not_linked("the Message-IDs differ", FIRST + b + [foreign] + after)
    refusal = sent("AAAA11112222", "eve@evil.example", evil + ":25", "host %s said: 550 queued as "
                   "BBBB33334444 (in reply to RCPT TO command)" % evil, status="bounced",
                   dsn="5.0.0")
    b = message("BBBB33334444", client=evil, msgid="m1@acme.example")
    not_linked("a refusal says `queued as`", FIRST + b + [refusal] + after)
    r = run(*FIRST, *message("BBBB33334444", client=evil + ", orig_queue_id=AAAA11112222, "
                             "orig_client=x[192.0.2.1]", msgid="m9@x.example"),
            sent("BBBB33334444"))
    t.ok(len(pick(r, "deliver")) == 1, "orig_queue_id from a client that Postfix trusts is read")
    r = run(*FIRST, *message("CCCC55556666", login="bea", msgid="m5@acme.example"),
            *message("BBBB33334444", client=LOCAL, msgid="m5@acme.example"),
            to_filter("AAAA11112222", "BBBB33334444"), sent("BBBB33334444"))
    d = one(r, "judge", "deliver", qid="BBBB33334444")
    t.ok(d and d["sasl_user"] != "ann", "not linked: the filter names an id with another "
         "Message-ID", {k: v for k, v in d.items() if v})


# Fields

def fields():
    r = run("postfix/local: AB12CD34EF: to=joe@mx1.example, orig_to=root@mx1.example, relay=local, "
            "delay=0.07, delays=0.04/0/0/0.03, dsn=2.0.0, status=sent (delivered to command: "
            "procmail -a \"$EXTENSION\")")
    has(r, "addresses without brackets", "deliver", rcpt="joe@mx1.example",
        orig_rcpt="root@mx1.example", relay_ip="", relay_port="", status="sent", dsn="2.0.0",
        delay="0.07", reply="delivered to command: procmail -a \"$EXTENSION\"", daemon="local")
    r = run(sent("AB12CD34EF", '"user 1234 with space"@corp.example'))
    has(r, "a quoted local part with spaces", "deliver",
        rcpt='"user 1234 with space"@corp.example')
    r = run("postfix/local: AB12CD34EF: to=<ann@mx1.example>, orig_to=<root>, relay=local, "
            "delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)")
    has(r, "orig_to=<root>", "deliver", rcpt="ann@mx1.example", orig_rcpt="root",
        reply="delivered to mailbox")
    r = run("postfix/smtp: AB12CD34EF: to=<joe@corp.example>, "
            "relay=mx.corp.example[2001:db8::25]:25, conn_use=5, delay=0.95, "
            "delays=0.17/0.75/0/0.03, tls=dane/requiretls:nocertmatch, dsn=2.0.0, status=sent "
            "(250 ok)")
    has(r, "conn_use=, tls=, an IPv6 relay", "deliver", relay_name="mx.corp.example",
        relay_ip="2001:db8::25", relay_port="25", delay="0.95", dsn="2.0.0", status="sent",
        reply="250 ok")
    r = run(sent("AB12CD34EF", relay="mx1.example[/var/run/dovecot/lmtp]",
                 program="postfix/lmtp"))
    has(r, "a relay that is a socket", "deliver", relay_name="mx1.example", relay_ip="",
        relay_port="")
    r = run(sent("AB12CD34EF", relay="none", status="deferred", dsn="4.4.1",
                 reply="connect to mx.dead.example[198.51.100.55]:25: Connection refused"))
    has(r, "relay=none", "deliver", relay_name=("", "none"), relay_ip="", relay_port="",
        status="deferred",
        reply="connect to mx.dead.example[198.51.100.55]:25: Connection refused")
    r = run(sent("AB12CD34EF"))
    has(r, "a plain relay", "deliver", relay_name="mx.corp.example", relay_ip="198.51.100.25",
        relay_port="25", delay="1.5")
    r = run("postfix/smtp: AB12CD34EF: to=<joe@corp.example>, relay=none, delay=0.2, "
            "delays=0.1/0/0.1/0, dsn=5.4.4, status=undeliverable-but-not-cached (no)")
    has(r, "a status with hyphens", "deliver", status="undeliverable-but-not-cached")


def clients():
    r = run("postfix/smtpd: NOQUEUE: reject: CONNECT from unknown[unknown]: 421 4.3.2 Service "
            "currently unavailable; proto=SMTP")
    has(r, "unknown[unknown]", "reject", client_ip=("", "unknown"), client_name=("", "unknown"),
        sender="", rcpt="", dsn="4.3.2")
    r = run("postfix/smtpd: warning: unknown[192.0.2.7]:55729: SASL LOGIN authentication failed: "
            "authentication failure")
    has(r, "a port after the address", "auth-fail", client_ip="192.0.2.7", client_name="unknown")
    r = run(*message("AB12CD34EF", client="192.0.2.8.dyn.isp.example[192.0.2.8]", login="ann"))
    has(r, "a name that begins with an IP", "login", client_name="192.0.2.8.dyn.isp.example",
        client_ip="192.0.2.8")
    r = run(*message("AB12CD34EF", client="mx.v6.example[2001:db8::7]", login="ann"))
    has(r, "an IPv6 client", "login", client_name="mx.v6.example", client_ip="2001:db8::7")


def message_ids():
    def of(body):
        r = run("postfix/cleanup: AB12CD34EF: message-id=" + body, active("AB12CD34EF"),
                sent("AB12CD34EF"))
        got = {d["msgid"] for d in r}
        return got.pop() if len(got) == 1 else got
    t.equal(of("<a.b.c@acme.example>"), "a.b.c@acme.example", "a Message-ID")
    t.ok(of("<>") in ("", "<>"), "an empty Message-ID")
    cut = "eyJyZXBseV90byI6ImFAYiIsImJ4X21zZ19pZCI6Ijg1MDZlYjk2LTMzZTUiLCJib2R5IjoiU2VociB"
    t.equal(of("<" + cut), "<" + cut, "a Message-ID without an end")
    mime = "=?UTF-8?B?PDE5?=? =?UTF-8?B?MTIyMDExMjkxNjYxMUBDbGllbnQ+?="
    t.equal(of(mime), mime, "MIME encoded words with a space")
    t.equal(of("no.brackets@acme.example"), "no.brackets@acme.example", "no brackets")


def status_text():
    r = run(sent("AB12CD34EF", status="deferred", dsn="4.2.0",
                 reply="host mx.corp.example[198.51.100.25] said: 450 4.2.0 <joe@corp.example>: "
                 "Greylisted (try (again) in 5 min), see http://x.example/(a) (in reply to RCPT TO "
                 "command)"))
    has(r, "nested parentheses", "deliver", status="deferred",
        reply="450 4.2.0 <joe@corp.example>: Greylisted (try (again) in 5 min), see "
        "http://x.example/(a)")
    r = run("postfix/smtp: AB12CD34EF: host mx.corp.example[198.51.100.25] said: 451 greylisted "
            "(in reply to RCPT TO command)",
            "postfix/smtp: AB12CD34EF: host mx.corp.example[198.51.100.25] refused to talk to me: "
            "450 4.3.2 try again later",
            "postfix/smtp: AB12CD34EF: lost connection with mx.corp.example[198.51.100.25] while "
            "sending RCPT TO")
    t.equal(r, [], "said:, refused to talk to me, lost connection without status= are no delivery")
    r = run(sent("AB12CD34EF", status="deferred", dsn="4.0.0",
                 reply="host mx.corp.example[198.51.100.25] refused to talk to me: 554 5.7.1 "
                 "blocked, see http://bl.example/"))
    has(r, "refused to talk to me", "deliver", status="deferred",
        reply="554 5.7.1 blocked, see http://bl.example/")
    r = run(sent("AB12CD34EF", status="deferred", dsn="4.4.2",
                 reply="lost connection with mx.corp.example[198.51.100.25] while receiving the "
                 "initial server greeting"))
    has(r, "lost connection", "deliver", reply="lost connection with "
        "mx.corp.example[198.51.100.25] while receiving the initial server greeting")
    r = run(sent("AB12CD34EF", status="deferred", dsn="4.7.1", reply="delivery temporarily "
                 "suspended: host mx.corp.example[198.51.100.25] refused to talk to me: 554 no",
                 program="postfix/error", relay="none"))
    has(r, "delivery temporarily suspended", "deliver", daemon="error", status="deferred",
        reply="delivery temporarily suspended: host mx.corp.example[198.51.100.25] refused to "
        "talk to me: 554 no")


# Rejects, SASL

def rejects():
    tail = "; from=<bad@evil.example> to=<joe@corp.example> proto=ESMTP helo=<evil>"

    def reject(what, line, **columns):
        has(run(line), what, "reject", **columns)
    whole = {"sender": "bad@evil.example", "rcpt": "joe@corp.example", "helo": "evil",
             "client_ip": "192.0.2.66", "client_name": "evil.example"}
    start = "postfix/smtpd: NOQUEUE: reject: RCPT from evil.example[192.0.2.66]: "
    reject("a reject of smtpd", start + "554 5.7.1 <joe@corp.example>: Relay access denied" + tail,
           reply="554 5.7.1 <joe@corp.example>: Relay access denied", dsn="5.7.1", qid="", **whole)
    reject("a reject within a message", start.replace("NOQUEUE", "AB12CD34EF") +
           "550 5.1.1 <joe@corp.example>: Recipient address rejected: User unknown" + tail,
           qid="AB12CD34EF", dsn="5.1.1", **whole)
    reject("an enhanced code alone", "postfix/cleanup: AB12CD34EF: milter-reject: END-OF-MESSAGE "
           "from evil.example[192.0.2.66]: 4.7.1 Try again later" + tail, dsn="4.7.1",
           reply="4.7.1 Try again later", qid="AB12CD34EF", daemon="cleanup", **whole)
    reject("an empty reply", "postfix/smtpd: proxy-reject: END-OF-MESSAGE: " + tail, reply="",
           sender="bad@evil.example", rcpt="joe@corp.example")
    reject("proxy-reject", "postfix/smtpd: proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, "
           "id=31619-02 - spam" + tail, reply="554 5.7.0 Reject, id=31619-02 - spam", dsn="5.7.0")
    reject("VRFY", "postfix/smtpd: NOQUEUE: reject: VRFY from evil.example[192.0.2.66]: 454 4.7.1 "
           "<aap@henk.example>: Relay access denied; to=<aap@henk.example> proto=SMTP helo=<me>",
           sender="", rcpt="aap@henk.example", dsn="4.7.1", helo="me",
           reply="454 4.7.1 <aap@henk.example>: Relay access denied")
    reject("EHLO", "postfix/smtpd: NOQUEUE: reject: EHLO from evil.example[192.0.2.66]: 504 5.5.2 "
           "<User>: Helo command rejected: need fully-qualified hostname; proto=SMTP helo=<User>",
           sender="", rcpt="", helo="User", client_ip="192.0.2.66", dsn="5.5.2")
    reject("CONNECT", "postfix/smtpd: NOQUEUE: reject: CONNECT from unknown[192.0.2.66]: 450 "
           "4.7.25 Client host rejected: cannot find your hostname, [192.0.2.66]; proto=SMTP",
           sender="", rcpt="", helo="", client_ip="192.0.2.66", dsn="4.7.25",
           reply="450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.66]")
    reject("BDAT", "postfix/submission/smtpd: 44JCRG5tYPzCqt2: reject: BDAT from "
           "evil.example[192.0.2.66]: 550 5.5.3 <DATA>: Data command rejected: Multi-recipient "
           "bounce; from=<> to=<joe@corp.example> proto=ESMTP helo=<evil>", sender="<>",
           rcpt="joe@corp.example", qid="44JCRG5tYPzCqt2", dsn="5.5.3")
    reject("postscreen's commas", "postfix/postscreen: NOQUEUE: reject: RCPT from "
           "[192.0.2.66]:60591: 550 5.7.1 Service unavailable; client [192.0.2.66] blocked using "
           "bl.example; from=<bad@evil.example>, to=<joe@corp.example>, proto=ESMTP, helo=<evil>",
           client_ip="192.0.2.66", sender="bad@evil.example", rcpt="joe@corp.example", helo="evil",
           dsn="5.7.1", daemon="postscreen",
           reply="550 5.7.1 Service unavailable; client [192.0.2.66] blocked using bl.example")
    reject("postscreen full", "postfix/postscreen: NOQUEUE: reject: CONNECT from "
           "[192.0.2.66]:1337: too many connections", client_ip="192.0.2.66", sender="", rcpt="",
           reply="too many connections")
    reject("5.12.345", start + "550 5.12.345 <joe@corp.example>: Recipient address rejected: x"
           + tail, dsn="5.12.345", **whole)
    reject("550 5.7.51 1", start + "550 5.7.51 1 <joe@corp.example>: Recipient address rejected: x"
           + tail, dsn="5.7.51", reply="550 5.7.51 1 <joe@corp.example>: Recipient address "
           "rejected: x", **whole)
    reject("a reply with semicolons", start + "554 5.7.1 Service unavailable; Client host "
           "[192.0.2.66] blocked using bl.example; http://bl.example/?ip=192.0.2.66" + tail,
           reply="554 5.7.1 Service unavailable; Client host [192.0.2.66] blocked using "
           "bl.example; http://bl.example/?ip=192.0.2.66", **whole)
    reject("a header check", "postfix/cleanup: AB12CD34EF: reject: header Subject: cheap pills "
           "from evil.example[192.0.2.66]" + tail + ": 5.7.1 no pills", qid="AB12CD34EF",
           dsn="5.7.1", reply="5.7.1 no pills", **whole)
    r = run(*message("AB12CD34EF", client="evil.example[192.0.2.66]", login="ann")[:2],
            start.replace("NOQUEUE", "AB12CD34EF") + "550 5.1.1 <joe@corp.example>: no" + tail,
            "postfix/cleanup: AB12CD34EF: milter-reject: END-OF-MESSAGE from "
            "evil.example[192.0.2.66]: 5.7.1 spam" + tail)
    t.equal([x["sasl_user"] for x in pick(r, "reject")], ["ann", "ann"],
            "a refusal within a message has the message's login")
    r = run(start.replace("reject:", "reject_warning:") + "554 5.7.1 no" + tail,
            start.replace("reject:", "warn:") + "<x>: Sender address note" + tail,
            start.replace("reject:", "discard:") + "<x>: Sender address SPAM" + tail)
    t.equal(pick(r, "reject"), [], "reject_warning, warn and discard are no refusal")
    r = run("postfix/smtpd: NOQUEUE: hold: RCPT from evil.example[192.0.2.66]: <bad@evil.example>: "
            "Sender address held for review" + tail)
    has(r, "a hold of smtpd", "hold", sender="bad@evil.example", client_ip="192.0.2.66")
    r = run("postfix/cleanup: AB12CD34EF: hold: header Subject: x from evil.example[192.0.2.66]"
            + tail + ": [rule 25]")
    has(r, "a hold of cleanup", "hold", qid="AB12CD34EF", sender="bad@evil.example")
    r = run("postfix/postsuper: AB12CD34EF: placed on hold")
    has(r, "a hold of postsuper", "hold", qid="AB12CD34EF", daemon="postsuper")


def sasl():
    def fails(what, *lines, count=1, **columns):
        r = pick(run(*lines), "auth-fail")
        t.ok(len(r) == count and all(x[k] == v for x in r for k, v in columns.items()),
             "SASL failure: " + what, [{k: v for k, v in x.items() if v} for x in r])
    start = "postfix/smtpd: warning: evil.example[192.0.2.66]: SASL LOGIN authentication failed:"
    who = {"client_ip": "192.0.2.66", "client_name": "evil.example"}
    fails("base64", start + " UGFzc3dvcmQ6", sasl_user="", **who)
    fails("empty", start, sasl_user="", **who)
    fails("empty with a space", start + " ", **who)
    fails("lower case", start.replace("LOGIN", "plain") + " x", **who)
    fails("(reason unavailable)", start + " (reason unavailable), sasl_username=admin@x.example",
          sasl_user="admin@x.example", **who)
    fails("our own server is lost", start + " Connection lost to authentication server", count=0)
    end = "postfix/smtpd: disconnect from evil.example[192.0.2.66] ehlo=1 auth=0/%d quit=1 " \
        "commands=2/3"
    fails("in the disconnect line alone", end % 1, **who)
    connect = "postfix/smtpd: connect from evil.example[192.0.2.66]"
    fails("logged and counted: one", connect, start + " x", end % 1, **who)
    fails("two logged, two counted", connect, start + " x", start + " x", end % 2, count=2, **who)
    r = pick(run(connect, start + " x", end % 3), "auth-fail")
    t.ok(len(r) >= 2, "SASL failure: the disconnect line counts more than were logged", len(r))
    fails("two sessions of one process", connect, start + " x", end % 1, connect, end % 1, count=2,
          **who)
    fails("a success and a failure", connect, start + " x",
          "postfix/smtpd: disconnect from evil.example[192.0.2.66] ehlo=1 auth=1/2 quit=1 "
          "commands=3/4", **who)
    fails("none at all", connect, "postfix/smtpd: disconnect from evil.example[192.0.2.66] ehlo=1 "
          "auth=1 quit=1 commands=3", count=0)


def companions():
    tail = "user=<ann@acme.example>, method=PLAIN, rip=192.0.2.66, lip=198.51.100.1"
    r = run("dovecot: imap-login: Login: " + tail + ", mpid=19259, TLS, session=<US9g0d+1NL9ONw>")
    has(r, "dovecot Login", "login", sasl_user="ann@acme.example", client_ip="192.0.2.66")
    r = run("dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): " + tail)
    has(r, "dovecot auth failed", "auth-fail", sasl_user="ann@acme.example",
        client_ip="192.0.2.66")
    r = run("dovecot: imap-login: Login aborted: Connection closed (auth failed, 3 attempts in 16 "
            "secs) (auth_failed): " + tail + ", TLS, session=<9ZHq02g3J8S60fan>")
    has(r, "dovecot 2.4 auth failed", "auth-fail", sasl_user="ann@acme.example",
        client_ip="192.0.2.66")
    r = run("dovecot: auth-worker(304): pam(ann,192.0.2.66): unknown user",
            "dovecot: auth: passwd-file(bea,192.0.2.67,<NTI4FiZxcQCSud4G>): Password mismatch")
    t.equal([(x["kind"], x["sasl_user"], x["client_ip"]) for x in r],
            [("auth-fail", "ann", "192.0.2.66"), ("auth-fail", "bea", "192.0.2.67")],
            "dovecot's auth worker")
    r = run("dovecot: imap-login: Disconnected (no auth attempts in 10 secs): user=<>, "
            "rip=192.0.2.66, lip=198.51.100.1, TLS handshaking: Disconnected",
            "dovecot: lmtp(19423): Connect from local",
            "dovecot: imap(ann)<19430><jBCG09+1huxPakVq>: Logged out in=21756 out=588")
    t.equal(r, [], "dovecot's other lines")
    end = ", [192.0.2.10]:6101 [192.0.2.10] <ann@acme.example> -> <joe@corp.example>, Queue-ID: " \
        "AAAA11112222, Message-ID: <m1@acme.example>, mail_id: 6aLEkMwQa8H2, Hits: %s, size: 888" \
        ", queued_as: BBBB33334444, 80 ms"
    for words, verdict in (("Passed CLEAN {RelayedOpenRelay}", "clean"),
                           ("Passed SPAMMY {RelayedTaggedInbound}", "spam"),
                           ("Blocked SPAM {DiscardedOutbound,Quarantined}", "spam"),
                           ("Blocked INFECTED (Eicar-Test-Signature) {DiscardedInternal}", "virus"),
                           ("Blocked BANNED (.exe,.exe-ms,x.exe) {BouncedInbound}", "banned"),
                           ("Passed BAD-HEADER-0 {RelayedInbound}", "bad-header"),
                           ("Passed UNCHECKED {RelayedInbound}", "unchecked"),
                           ("Passed OVERSIZED {RelayedInbound}", "oversized")):
        r = run(*message("AAAA11112222", login="ann"), "amavis: (02279-04) " + words + end % "5.3")
        has(r, "amavis %s" % words, "verdict", verdict=verdict, qid="AAAA11112222",
            sasl_user="ann")


    r = run(*message("AAAA11112222", login="ann"), "rspamd: <6b1e9c>; task; "
            "rspamd_task_write_log: id: <m1@acme.example>, qid: <AAAA11112222>, ip: 192.0.2.10, "
            "from: <ann@acme.example>, (default: T (reject): [19.5/15.0] [BAYES(5.1){100%;}]), "
            "len: 1234, time: 1.2ms, dns req: 3, digest: <abc>, rcpts: <joe@corp.example>, "
            "mime_rcpts: <joe@corp.example>")
    has(r, "rspamd", "verdict", verdict="spam", qid="AAAA11112222", sasl_user="ann")
    r = run("spamd: spamd: result: Y 15 - BAYES_99,HTML_MESSAGE scantime=1.3,size=2345,user=nobody,"
            "uid=65534,required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=4321,"
            "mid=<m1@acme.example>,bayes=1.0,autolearn=spam",
            "spamd: spamd: result: . 0 - NONE scantime=1.3,size=2345,user=nobody,"
            "uid=65534,required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=4321,"
            "mid=<m2@acme.example>,bayes=0.1,autolearn=no")
    t.equal([(x["verdict"], x["msgid"]) for x in pick(r, "verdict")],
            [("spam", "m1@acme.example"), ("clean", "m2@acme.example")], "spamd")


def bytes_of_all_sorts():
    junk = "\\302\\240\\377 #011 #033[31m"
    r = run(sent("AB12CD34EF", reply="250 " + junk))
    has(r, "octal-escaped junk stays as it is", "deliver", reply="250 " + junk)
    r = run(sent("AB12CD34EF", "gr\u00fc\u00dfe@corp.example"))
    has(r, "an UTF-8 address", "deliver", rcpt="gr\u00fc\u00dfe@corp.example")
    r = run(sent("AB12CD34EF", reply="250 \udcff\udcfe ok"))
    has(r, "bytes that are not UTF-8", "deliver", reply="250 \udcff\udcfe ok")
    r = run("postfix/postscreen: PREGREET 14 after 0.08 from [192.0.2.2]:59415: EHLO ylmf-pc\\r\\n")
    t.equal(r, [], "postscreen's PREGREET")


def in_pieces():
    """Each log again, a run of --follow after every line: what is open is carried over. The last
    line comes two hours later: what waited for its link has waited long enough."""
    wrong, end = [], b"Nov 24 13:00:00 mx1 postfix/qmgr[1]: FFFF0000FFFF: removed\n"
    with tempfile.TemporaryDirectory() as folder:
        logs = [log for log in LOGS if log.count(b"\n") > 2]
        for n, log in enumerate(logs):
            log += end
            path, rows, faults = os.path.join(folder, "log%d" % n), [], []
            for line in log.split(b"\n")[:-1]:
                with open(path, "ab") as f:
                    f.write(line + b"\n")
                r = tool([*YEAR, "--follow", path, "--state", path + ".state"])
                if r.rc or r.err:
                    faults.append(r)
                rows += Stream(r.out).rows
            want = Stream(tool([*YEAR], stdin=log).out).rows
            if by_message(rows) != by_message(want) or faults:
                wrong.append("%s\nfaults %s\ngot  %s\nwant %s\n" % (
                    log.decode("utf-8", "replace"), faults[:1], rows, want))
    t.ok(not wrong, "%d logs read in runs of one line each give the same records" % len(logs),
         "%d differ\n%s" % (len(wrong), "\n".join(wrong[:4])))


def unknown_shapes():
    r = tool(["-v", *YEAR], stdin=log_of(
        "postfix/smtpd: flux capacitor overload 17", "postfix/smtpd: flux capacitor overload 18",
        "postfix/newd: hello", "sshd: Accepted publickey", "postfix/qmgr: AB12CD34EF: removed"))
    err = r.err.decode()
    t.ok(r.rc == 0 and re.search(r"\b2\b.*smtpd.*flux capacitor overload", err) and
         err.count("flux capacitor overload 1") == 1, "-v counts what was not understood by daemon "
         "and shape, with one example", r)
    t.ok(re.search(r"\b1\b.*newd", err) and "publickey" not in err and
         re.search(r"not understood: 3\b", err), "an unknown daemon of Postfix counts, another "
         "program's line does not", r)


def old_messages():
    """What is older than the queue lifetime is dropped and counted, and inherits nothing."""
    start = log_of(*message("AB12CD34EF", login="ann"), *message("AB12CD34FF", login="bea"))
    later = b"".join(b"Dec %2d 10:00:00 mx1 postfix/smtp[1]: 00AA11BB%02X: to=<j@x.example>, "
                     b"relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)\n"
                     % (d, d) for d in range(1, 27))
    last = b"Dec 26 11:00:00 mx1 postfix/smtp[1]: AB12CD34EF: to=<j@x.example>, relay=none, " \
           b"delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)\n"
    r = tool(["-v", *YEAR], stdin=start + later + last)
    got = pick(Stream(r.out).records, "deliver", qid="AB12CD34EF")
    t.ok([x["sasl_user"] for x in got] == [""], "a month later the id is another message's", got)
    t.ok(re.search(rb"[1-9]\d* messages? dropped after the queue lifetime", r.err), "and it is "
         "counted", r.err.decode())


for part in (tags, times, broken, short_and_long_ids, reuse, middle_of_life, companions_with_ids,
             two_instances, clone_transport, reinjection, zimbra, proxy_filter, proxy_sessions,
             requeue, notices, held_for_a_link, never_linked, fields, clients, message_ids,
             status_text, rejects, sasl, companions, bytes_of_all_sorts, unknown_shapes,
             old_messages, in_pieces):
    part()
t.done()
