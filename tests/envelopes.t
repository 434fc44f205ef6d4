#!/usr/bin/env python3
"""One log in every envelope gives the same records; years, zones and daylight saving."""
import calendar
import datetime
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, facts, parse, pick  # noqa: E402

t = Checks()
START = calendar.timegm((2026, 11, 4, 6, 25, 1))
ODD = "\udcff\udcfe gr\u00fc\u00dfe"  # bytes that are not UTF-8, and some that are

# (seconds after the start, micro-seconds, program, pid, body)
EVENTS = (
    (0, 0, "postfix/submission/smtpd", 101, "connect from web.example[192.0.2.10]"),
    (0, 123456, "postfix/submission/smtpd", 101, "AB12CD34EF: client=web.example[192.0.2.10], "
     "sasl_method=PLAIN, sasl_username=ann@acme.example"),
    (1, 1, "postfix/cleanup", 102, "AB12CD34EF: message-id=<m1@acme.example>"),
    (1, 20, "postfix/qmgr", 103, "AB12CD34EF: from=<ann@acme.example>, size=1234, nrcpt=2 (queue "
     "active)"),
    (1, 500000, "postfix/submission/smtpd", 101, "disconnect from web.example[192.0.2.10] ehlo=2 "
     "starttls=1 auth=1 mail=1 rcpt=2 data=1 quit=1 commands=9"),
    (2, 0, "postfix/smtpd", 104, "NOQUEUE: reject: RCPT from evil.example[198.51.100.66]: 554 "
     "5.7.1 <joe@corp.example>: Relay access denied; from=<a@evil.example> to=<joe@corp.example> "
     "proto=ESMTP helo=<evil>"),
    (3, 999999, "postfix/smtpd", 104, "warning: evil.example[198.51.100.66]: SASL LOGIN "
     "authentication failed: UGFzc3dvcmQ6"),
    (4, 100000, "postfix/out1/smtp", 105, "AB12CD34EF: to=<joe@corp.example>, "
     "relay=mx.corp.example[198.51.100.25]:25, delay=3.1, delays=0.1/0/1/2, dsn=5.1.1, "
     "status=bounced (host mx.corp.example[198.51.100.25] said: 550 5.1.1 \"no such\\user\" " + ODD
     + " (in reply to RCPT TO command))"),
    (4, 200000, "postfix/smtp", 106, "AB12CD34EF: to=<kim@corp.example>, "
     "relay=mx.corp.example[2001:db8::25]:25, delay=3.1, delays=0.1/0/1/2, dsn=2.0.0, status=sent "
     "(250 2.0.0 Ok: queued as 9F8E7D)"),
    (5, 0, "postfix/cleanup", 102, "CD34EF5678: message-id=<20261104.CD34EF5678@mx1.example>"),
    (5, 0, "postfix/bounce", 107, "AB12CD34EF: sender non-delivery notification: CD34EF5678"),
    (5, 0, "postfix/qmgr", 103, "CD34EF5678: from=<>, size=3000, nrcpt=1 (queue active)"),
    (6, 0, "postfix/qmgr", 103, "AB12CD34EF: removed"),
    (6, 0, "postfix/qmgr", 103, "CD34EF5678: removed"),
    (70, 0, "dovecot", None, "imap-login: Login: user=<bea>, method=PLAIN, rip=192.0.2.11, "
     "lip=198.51.100.1, mpid=7, TLS, session=<abc>"),
)


def raw(body):
    return body.encode("utf-8", "surrogateescape")


def tag(program, pid):
    return program + ("[%d]" % pid if pid else "")


def stamp(event, form):
    return time.strftime(form, time.gmtime(START + event[0]))


def rfc3164(event, pri=""):
    when = time.gmtime(START + event[0])
    return raw("%s%s %2d %s mx1 %s: %s\n" % (pri, time.strftime("%b", when), when.tm_mday,
                                            time.strftime("%H:%M:%S", when),
                                            tag(event[2], event[3]), event[4]))


def rfc3339(event, zone="+00:00"):
    shift = {"+00:00": 0, "Z": 0, "+05:30": 19800, "-08:00": -28800}[zone]
    when = time.gmtime(START + event[0] + shift)
    return raw("%s.%06d%s mx1 %s: %s\n" % (time.strftime("%Y-%m-%dT%H:%M:%S", when), event[1], zone,
                                          tag(event[2], event[3]), event[4]))


def rfc5424(event, data="-", bom=""):
    return raw("<22>1 %s.%06dZ mx1 %s %s - %s %s%s\n" % (
        stamp(event, "%Y-%m-%dT%H:%M:%S"), event[1], event[2], event[3] or "-", data, bom,
        event[4]))


def short_iso(event, zone="+0000"):
    return raw("%s%s mx1 %s: %s\n" % (stamp(event, "%Y-%m-%dT%H:%M:%S"), zone,
                                     tag(event[2], event[3]), event[4]))


def journal(event):
    micro = (START + event[0]) * 1000000 + event[1]
    fields = [("__CURSOR", "s=1;i=2"), ("__REALTIME_TIMESTAMP", str(micro)),
              ("__MONOTONIC_TIMESTAMP", "17"), ("_BOOT_ID", "5e1ab2"), ("PRIORITY", "6"),
              ("SYSLOG_FACILITY", "2"), ("SYSLOG_IDENTIFIER", event[2]),
              ("_TRANSPORT", "syslog"), ("_HOSTNAME", "mx1"), ("MESSAGE", event[4])]
    if event[3]:
        fields.insert(-1, ("SYSLOG_PID", str(event[3])))
        fields.insert(3, ("_PID", str(event[3])))
    return fields


def export(event, binary=False):
    out = b""
    for name, value in journal(event):
        value = raw(value)
        if binary and name == "MESSAGE" or any(b < 32 or b > 126 for b in value):
            out += name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
        else:
            out += name.encode() + b"=" + value + b"\n"
    return out + b"\n"


def journal_json(event, array=False):
    fields = dict(journal(event))
    value = raw(fields["MESSAGE"])
    try:
        fields["MESSAGE"] = list(value) if array else value.decode("utf-8")
    except UnicodeDecodeError:
        fields["MESSAGE"] = list(value)
    return json.dumps(fields).encode() + b"\n"


def render(how, *args):
    return b"".join(how(e, *args) for e in EVENTS)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def members(data):
    cut = len(data) // 2
    return gzip.compress(data[:cut], mtime=0) + gzip.compress(b"", mtime=0) + \
        gzip.compress(data[cut:], mtime=0)


ARGS = ("--year", "2026", "--tz", "UTC")
WANT = parse(t, render(rfc3339), *ARGS, what="RFC 3339")


def same(what, log, fraction=True, args=ARGS):
    got = parse(t, log, *args, what=what)

    def of(records):
        return [dict(r, time=r["time"] if fraction else r["time"][:19]) for r in records]
    wrong = [{k: (g[k], w[k]) for k in w if g[k] != w[k]} for g, w in zip(of(got), of(WANT))]
    t.ok(of(got) == of(WANT), what + " gives the same records",
         "%d records, want %d; %s" % (len(got), len(WANT), [w for w in wrong if w][:3]))


def envelopes():
    t.equal([r["kind"] for r in WANT], ["login", "accept", "reject", "auth-fail", "deliver",
                                        "deliver", "ndr", "accept", "remove", "remove", "login"],
            "the log's records")
    t.equal([r["time"] for r in WANT][:4],
            ["2026-11-04T06:25:01.123456Z", "2026-11-04T06:25:02.000020Z",
             "2026-11-04T06:25:03.000000Z", "2026-11-04T06:25:04.999999Z"], "their times")
    same("RFC 3164", render(rfc3164), False)
    same("RFC 3164 with <PRI>", render(rfc3164, "<22>"), False)
    same("RFC 3339 with Z", render(rfc3339, "Z"))
    same("RFC 3339 with +05:30", render(rfc3339, "+05:30"))
    same("RFC 3339 with -08:00", render(rfc3339, "-08:00"))
    same("RFC 5424", render(rfc5424))
    same("RFC 5424 with a byte order mark", render(rfc5424, "-", "\ufeff"))
    same("RFC 5424 with structured data", render(
        rfc5424, '[ex@32473 a="b \\" c\\] d" e="f"][meta sequenceId="29"]'))
    same("maillog_file, which pads the day with a zero", b"".join(
        rfc3164(e).replace(b"Nov  4", b"Nov 04") for e in EVENTS), False)
    same("journalctl -o short-iso", b"-- Journal begins at Wed 2026-11-04 06:00:00 UTC. --\n" +
         render(short_iso) + b"-- Boot 5e1ab2 --\n", False)
    same("journalctl -o short-iso with +00:00", render(short_iso, "+00:00"), False)
    same("journalctl -o export", render(export))
    same("journalctl -o export, binary messages", render(export, True))
    same("journalctl -o json", render(journal_json))
    same("journalctl -o json, messages as numbers", render(journal_json, True))
    same("gzip", gzip.compress(render(rfc3339), mtime=0))
    same("gzip in several members", members(render(rfc3339)))
    same("gzip of journalctl -o export", members(render(export)))
    if shutil.which("zstd"):
        same("zstd", zstd(render(rfc3339)))
        half = len(render(rfc3339)) // 2
        same("zstd in several frames", zstd(render(rfc3339)[:half]) + zstd(render(rfc3339)[half:]))
    forms = (rfc3339, rfc5424, rfc3164, journal_json, short_iso, export,
             lambda e: rfc3164(e, "<22>"))
    mixed = b"".join(forms[i % len(forms)](e) for i, e in enumerate(EVENTS))
    same("all of them in one file", mixed, False)
    same("without a newline at the end", render(rfc3339)[:-1])


def journal_details():
    first = render(export).replace(b"SYSLOG_IDENTIFIER=dovecot\n", b"")
    got = parse(t, first + render(export), *ARGS)
    t.equal(len(got), 2 * len(WANT) - 1, "an entry without an identifier is nobody's")
    odd = export((0, 0, "postfix/smtpd", 1, "x\ny")) + render(export)
    t.equal(len(parse(t, odd, *ARGS)), len(WANT), "a message with a newline in an entry")
    cut = render(export, True)[:-30]
    t.equal(len(parse(t, cut, *ARGS)), len(WANT) - 1, "the last entry cut off")
    big = b"".join([b"SYSLOG_IDENTIFIER=postfix/smtpd\nMESSAGE\n", struct.pack("<Q", 1 << 62),
                    b"abc\n\n"])
    got = parse(t, render(export) + big, *ARGS)
    t.equal(len(got), len(WANT), "a length that is a lie, at the end")
    deep = b'{"a":' * 100000 + b"\n"
    t.equal(len(parse(t, deep + render(journal_json), *ARGS)), len(WANT), "JSON nested too deep")
    extra = b"".join(json.dumps(dict(dict(journal(e)), MESSAGE=e[4].replace("\udcff", "").replace(
        "\udcfe", ""), _X=None, _Y={"a": [1, "}", "\\"]}, _Z="\u00fc\ud83d\ude00")).encode() + b"\n"
        for e in EVENTS)
    t.equal(len(parse(t, extra, *ARGS)), len(WANT), "JSON with nested fields that we don't read")
    found = facts(t, render(journal_json))
    t.equal(len(found), len(EVENTS), "an entry is a line")


# Years

def login(stamp_, host="mx1"):
    return ("%s %s postfix/smtpd[1]: AB12CD34EF: client=w[192.0.2.1], sasl_method=PLAIN, "
            "sasl_username=ann\n" % (stamp_, host)).encode()


def bsd(when):
    return when.strftime("%b ") + "%2d" % when.day + when.strftime(" %H:%M:%S")


def when_of(stamps, *args, env=None):
    return [r["time"] for r in pick(parse(t, b"".join(map(login, stamps)), *args, env=env),
                                    "login")]


def utc(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def years():
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    day = datetime.timedelta(days=1)

    def sure(when):  # not a 29th of February, which has no twin a year before
        return when + day if (when.month, when.day) == (2, 29) else when

    def year_before(when):
        return when.replace(year=when.year - 1)
    past = sure(now - 10 * day)
    t.equal(when_of([bsd(past)]), [utc(past)], "ten days ago is this year, or the last in January")
    soon = now + datetime.timedelta(minutes=5)
    t.equal(when_of([bsd(soon)]), [utc(soon)], "a clock five minutes ahead is not a year behind")
    later = sure(now + 30 * day)
    t.equal(when_of([bsd(later)]), [utc(year_before(later))], "in thirty days was last year")
    eleven = [year_before(sure(now + 20 * day)) + 25 * n * day for n in range(13)]
    t.equal(when_of(map(bsd, eleven)), list(map(utc, eleven)), "from last year into this one")
    got = when_of(["Dec 30 23:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Jan  2 01:00:00"],
                  "--tz", "UTC")
    t.equal([int(g[:4]) - int(got[0][:4]) for g in got], [0, 0, 1, 1], "over New Year")
    t.equal(when_of(["Dec 31 23:59:59", "Jan  1 00:00:00"], "--year", "2019"),
            ["2019-12-31T23:59:59Z", "2020-01-01T00:00:00Z"], "--year is that of the first line")
    t.equal(when_of(["Feb 29 12:00:00"], "--year", "2024"), ["2024-02-29T12:00:00Z"],
            "a leap day")
    newest = max(when_of([bsd(sure(now - 40 * day)), bsd(sure(now + 40 * day)),
                          bsd(sure(now - 50 * day))]))
    t.ok(newest <= utc(now + day), "the newest line is not in the future", newest)
    two = [b"2025-12-31T23:59:59Z", b"Jan  1 00:00:05"]
    got = [r["time"] for r in pick(parse(t, b"".join(login(s.decode()) for s in two)), "login")]
    t.equal(got, ["2025-12-31T23:59:59Z", "2026-01-01T00:00:05Z"],
            "a line with a year, then New Year without one")


# Zones

def zones():
    t.equal(when_of(["Nov  4 06:25:01"], "--year", "2026", "--tz", "Europe/Berlin"),
            ["2026-11-04T05:25:01Z"], "--tz")
    t.equal(when_of(["Jul  4 06:25:01"], "--year", "2026", "--tz", "Europe/Berlin"),
            ["2026-07-04T04:25:01Z"], "--tz in summer")
    t.equal(when_of(["Jul  4 06:25:01"], "--year", "2026", env={"TZ": "America/New_York"}),
            ["2026-07-04T10:25:01Z"], "TZ")
    t.equal(when_of(["Jul  4 06:25:01"], "--year", "2026", "--tz", "Asia/Kolkata",
                    env={"TZ": "America/New_York"}), ["2026-07-04T00:55:01Z"],
            "--tz wins over TZ")
    t.equal(when_of(["Dec 31 20:00:00"], "--year", "2025", "--tz", "America/New_York"),
            ["2026-01-01T01:00:00Z"], "--year is the log's local year")
    t.equal(when_of(["2026-07-04T06:25:01+00:00"], "--tz", "Europe/Berlin"),
            ["2026-07-04T06:25:01Z"], "a line with its own offset needs no zone")
    berlin = ("--year", "2026", "--tz", "Europe/Berlin")
    t.equal(when_of(["Mar 29 01:59:59", "Mar 29 03:00:00", "Mar 29 03:00:01"], *berlin),
            ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:01Z"],
            "spring: over the missing hour")
    got = when_of(["Mar 29 01:59:59", "Mar 29 02:30:00", "Mar 29 03:30:00"], *berlin)
    t.ok(len(got) == 3 and "2026-03-29T00:30:00Z" <= got[1] <= "2026-03-29T01:30:00Z"
         and got[2] == "2026-03-29T01:30:00Z", "spring: a time that did not exist", got)
    t.equal(when_of(["Oct 25 01:59:59", "Oct 25 02:00:00", "Oct 25 02:30:00", "Oct 25 02:59:59",
                     "Oct 25 02:00:00", "Oct 25 02:30:00", "Oct 25 02:59:59", "Oct 25 03:00:00"],
                    *berlin),
            ["2026-10-24T23:59:59Z", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z",
             "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
             "2026-10-25T01:59:59Z", "2026-10-25T02:00:00Z"],
            "autumn: the doubled hour, told by the order of the lines")
    got = when_of(["Oct 25 02:30:00", "Oct 25 02:30:02", "Oct 25 02:30:01", "Oct 25 02:30:03"],
                  *berlin)
    t.equal([g[:16] for g in got], ["2026-10-25T00:30"] * 4,
            "autumn: a line a second late does not change the hour")


for part in (envelopes, journal_details, years, zones):
    part()
t.done()
