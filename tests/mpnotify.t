#!/usr/bin/env python3
"""mpnotify: what it makes of the ledger's notices, to whom it goes, and when it counts as sent."""
import email
import email.policy
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, environment, tool, unescape  # noqa: E402

MPNOTIFY = os.path.abspath(os.environ.get("BIN", "bin") + "/mpnotify")
NOON = 1795521600  # 2026-11-24T12:00:00Z
HOUR = 3600
HEADERS = {"date", "from", "to", "bcc", "subject", "message-id", "in-reply-to", "references",
           "auto-submitted", "x-mptools-incident", "x-mptools-listing", "x-mptools-event",
           "mime-version", "content-type"}
t = Checks()
top = tempfile.mkdtemp(prefix="mpnotify.")
conf, box = top + "/conf", top + "/box"
ledger, number = None, 0


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def settings(more="", notify="from = abuse@relay.example\noperator = Relay Österreich\n"):
    write(conf + "/mptools.conf", "[notify]\n" + notify + more)


def run(*args, env=None, quiet=()):
    return tool(["-C", conf, "--ledger", ledger] + list(args), program=MPNOTIFY, env=env)


def mailer(body=""):
    """A program that keeps its arguments and its input, then does what body says."""
    path = "%s/mailer%d" % (top, len(os.listdir(top)))
    write(path, "#!/bin/bash\nn=$(ls %s | wc -l)\nprintf '%%s\\n' \"$@\" >%s/args\n"
          "cat >$(printf '%s/%%04d' $n)\n%s\n" % (box, top, box, body), 0o755)
    return path


def fresh():
    """An empty ledger, an empty box."""
    global ledger, number
    number += 1
    ledger = "%s/ledger%d.db" % (top, number)
    open(ledger, "w").close()
    shutil.rmtree(box, ignore_errors=True)
    os.mkdir(box)
    r = tool(["-C", conf, "--ledger", ledger, "--sendmail", "/bin/true"], program=MPNOTIFY)
    if r.rc or r.err or r.out:
        t.ok(False, "an empty ledger has nothing to send", repr(r))


def sql(statement, *values):
    db = sqlite3.connect(ledger)
    with db:
        rows = db.execute(statement, values).fetchall()
    db.close()
    return rows


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def evidence(rows=20, sender="bob@acme.example", helo="mail.acme.example", login="bob@acme.example"):
    return "time\tqid\tsender\tclient\tlogin\thelo\trecipients\tsent\trefused\tspam\n" + "".join(
        "%s\t4F5C%06X\t%s\t198.51.100.7\t%s\t%s\t5\t2\t3\t1\n"
        % (stamp(NOON + i * 900), i, sender, login, helo) for i in range(rows))


def facts(**more):
    f = dict(kind="login", identity="bob@acme.example", scope="customer", state="address",
             since=stamp(NOON), flagged=stamp(NOON + 2 * HOUR), messages=412, recipients=1034,
             refused=655, unknown=122, senders=1, sender_list=[["bob@acme.example", 412]],
             clients=[["198.51.100.7", 400], ["203.0.113.5", 12]],
             countries=[["RU", 400], ["US", 12]],
             families=[["replies-content", 8.3, "533 refused as spam"],
                       ["verdict", 8.3, "our filter: spam"]],
             score=16.6, threshold=13.8, rule=1, type="address", words="sender address x",
             conditions=[["sender", "bob@acme.example"]], covered=412, spam=412, collateral=0,
             legitimate=3210)
    f.update(more)
    return {k: v for k, v in f.items() if v is not None}


def notice(event="address", incident=7, customer="acme", partner="north-it", at=NOON + 3 * HOUR,
           tsv=None, listing=None, raw=None, **more):
    sql("INSERT OR IGNORE INTO incidents (id, customer, partner, scope, state, opened)"
        " VALUES (?, ?, ?, 'customer', 'address', 1)", incident, "c%s" % incident, partner)
    name = "mptools.%s.%s.%d" % (incident, event, sql("SELECT count(*) FROM notices")[0][0])
    sql("INSERT INTO notices (incident, listing, event, customer, partner, time, name, facts,"
        " evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", None if listing else incident, listing,
        event, customer, partner, at * 1000000, name, raw if raw is not None else
        json.dumps(facts(**more)), evidence() if tsv is None else tsv)
    return name


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def mails():
    """What the mailer got, in order."""
    return [parse(open(box + "/" + n, "rb").read()) for n in sorted(os.listdir(box))]


def waiting():
    return [r[0] for r in sql("SELECT id FROM notices WHERE sent IS NULL ORDER BY id")]


def parts(m, kind):
    return [p for p in m.walk() if p.get_content_type() == kind]


def body(m):
    return m.get_body(("plain",)).get_content()


def faults(raw):
    """What is wrong with a mail as a mail."""
    m, found = parse(raw), []
    for p in m.walk():
        found += ["%s: %s" % (p.get_content_type(), d) for d in p.defects]
    found += ["header %s" % h for h in m.keys() if h.lower() not in HEADERS]
    found += ["%s twice" % h for h in set(m.keys()) if len(m.get_all(h)) > 1]
    for line in raw.split(b"\n"):
        if len(line) > 78 or re.search(rb"[^\t\x20-\x7e]", line):
            found.append("line: %r" % line[:120])
    return found


def png_faults(data):
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return ["no PNG"]
    at, found, names, image = 8, [], [], b""
    while at < len(data):
        n = int.from_bytes(data[at:at + 4], "big")
        name, chunk = data[at + 4:at + 8], data[at + 8:at + 8 + n]
        if zlib.crc32(name + chunk) != int.from_bytes(data[at + 8 + n:at + 12 + n], "big"):
            found.append("crc of %r" % name)
        names.append(name)
        if name == b"IHDR":
            width, height = int.from_bytes(chunk[:4], "big"), int.from_bytes(chunk[4:8], "big")
        if name == b"IDAT":
            image += chunk
        at += 12 + n
    if names != [b"IHDR", b"PLTE", b"IDAT", b"IEND"]:
        found.append(names)
    if len(zlib.decompress(image)) != (width + 1) * height:
        found.append("size of the image")
    return found


settings()
write(conf + "/partners",
      'north-it "North IT" mail:abuse@north-it.example mail:noc@north-it.example lang:en\n'
      'sued "Süd GmbH" mail:noc@sued.example lang:de-AT\n'
      'gaul "Gaul SA" mail:noc@gaul.example lang:fr\n'
      'silent "Silent Ltd"\n')

# --- one notice, all of it
fresh()
good = mailer()
name = notice()
r = run()
t.ok(r.rc == 1 and not r.err and r.out.startswith(b"#id\ttime\tevent\t") and r.out.count(b"\n") == 2,
     "without an option it says what waits, and exits 1", repr(r))
t.equal(r.out.split(b"\n")[1].split(b"\t"),
        [b"1", b"2026-11-24T15:00:00Z", b"address", b"7", b"acme", b"north-it",
         b"abuse@north-it.example, noc@north-it.example"], "a notice is one line")
r = run("-n", "--sendmail", good)
t.ok(r.rc == 0 and waiting() == [1] and not os.listdir(box) and b"would be sent to" in r.err,
     "--dry-run sends nothing", repr(r))
r = run("--sendmail", good)
t.ok(r.rc == 0 and not r.out and not r.err and waiting() == [], "sent, and marked sent", repr(r))
t.equal(open(top + "/args").read().split("\n"), ["-t", "-oi", "-f", "abuse@relay.example", ""],
        "the mailer's arguments")
raw = open(box + "/0000", "rb").read()
t.equal(faults(raw), [], "a mail without a fault")
m = parse(raw)
t.equal([p.get_content_type() for p in m.walk()],
        ["multipart/mixed", "multipart/report", "text/plain", "message/feedback-report",
         "text/plain", "text/rfc822-headers", "text/tab-separated-values", "image/png",
         "image/svg+xml"], "its parts, the text first")
t.equal(m["subject"], "[mp-7] acme: spam from one sender address, now blocked", "the subject")
t.equal((m["to"], m["message-id"], m["auto-submitted"], m["x-mptools-incident"]),
        ("abuse@north-it.example, noc@north-it.example", "<%s@relay.example>" % name,
         "auto-generated", "7"), "the headers")
t.equal((m["from"].addresses[0].display_name, m["from"].addresses[0].addr_spec),
        ("Relay Österreich", "abuse@relay.example"), "who sends it")
text = body(m)
for fact in ("Customer:          acme\n", "login bob@acme.example\n", "Since:             2026-11-24 12:00 UTC",
             "412, to 1,034 recipients", "655 recipients", "122 of them do not exist",
             "400  198.51.100.7\n", "RU (400), US (12)", "533 refused as spam",
             "412 of the 412 spam messages and 0 of the", "3,210 other messages", "[mp 7.1]",
             "the sender address bob@acme.example.", "HOW TO ANSWER", "Relay Österreich\n"):
    t.ok(fact in text, "the text says: " + fact.strip(), text)
t.equal([line for line in text.split("\n") if len(line) > 78 or line.endswith(" ")], [],
        "no line of the text is too long")
tsv = parts(m, "text/tab-separated-values")[0]
t.equal((tsv.get_content(), tsv.get_filename()), (evidence(), "evidence-1.tsv"), "the evidence")
report = m.get_payload()[0]
t.equal((report.get_content_type(), report.get_param("report-type")),
        ("multipart/report", "feedback-report"), "the report (RFC 5965)")
arf = parse(report.get_payload()[1].get_payload()[0].as_bytes())
t.equal({k: arf[k] for k in arf.keys()},
        {"Feedback-Type": "abuse", "User-Agent": arf["User-Agent"], "Version": "1",
         "Original-Mail-From": "<bob@acme.example>", "Source-IP": "198.51.100.7",
         "Arrival-Date": "Tue, 24 Nov 2026 16:45:00 +0000", "Incidents": "412"}, "its fields")
original = parse(report.get_payload()[2].get_payload(decode=True))
t.equal((original["return-path"], "bob@acme.example" in original["received"],
         "[198.51.100.7]" in original["received"]), ("<bob@acme.example>", True, True),
        "the headers that are known of the original")
t.equal(png_faults(parts(m, "image/png")[0].get_content()), [], "the chart is a PNG")
svg = xml.fromstring(parts(m, "image/svg+xml")[0].get_content())
labels = [e.text for e in svg.iter("{http://www.w3.org/2000/svg}text")]
t.ok({"delivered", "refused", "noticed", "our action", "UTC"} <= set(labels),
     "the chart is SVG, with its labels", labels)
bars = [e for e in svg.iter("{http://www.w3.org/2000/svg}rect") if e.get("fill") == "#4477aa"]
t.ok(len(bars) == 21, "the chart has a bar for each quarter of an hour, and the legend", len(bars))
r = run("--sendmail", good)
t.ok(r.rc == 0 and len(mails()) == 1, "nothing is sent twice", repr(r))
r = run("--sendmail", good, "--only", "1")
t.ok(r.rc == 64 and b"sent already" in r.err, "not even when it is asked for", repr(r))
t.ok(run("--print", "--only", "1").out.startswith(b"From mpnotify "), "but it can be looked at")

# --- every event, in both languages
fresh()
sql("INSERT INTO listings (id, ip, provider, source, state, first, since, last, code, reason, url)"
    " VALUES (3, '203.0.113.10', 'example-bl', 'dns', 'listed', 1, ?, 1, '127.0.0.2',"
    " 'spam source', 'https://bl.example/')", NOON * 1000000)
EVENTS = "watch address rule suspended reinstated relapse closed undone listed delisted".split()
for partner in ("north-it", "sued"):
    for i, event in enumerate(EVENTS):
        notice(event, incident=10 + i + 50 * (partner == "sued"), partner=partner,
               listing=3 if "listed" in event else None, deadline=stamp(NOON + 26 * HOUR),
               statement="Reinstalled.\nHOW TO ANSWER\n  not at all", ticket="T-1",
               logins=["bob@acme.example", "acme-*"], nets=["203.0.113.0/28"], attempts=12,
               last_attempt=stamp(NOON + 9 * HOUR), reason="that is why")
r = run("--print", "--digest", "0")
t.ok(r.rc == 1 and not r.err, "--print exits 1 when something waits", repr(r.err))
boxed = [parse(b"From " + x) for x in r.out.split(b"\nFrom mpnotify ")]
t.equal(len(boxed), 20, "a mail for each notice, as mbox")
for i, m in enumerate(boxed):
    what = "%s %s" % (("en", "de")[i // 10], EVENTS[i % 10])
    raw = m.as_bytes()
    text = body(m)
    t.ok(m["x-mptools-event"] == EVENTS[i % 10] and not [d for p in m.walk() for d in p.defects] and
         "{{" not in text and "\n\n\n\n" not in text and ("WAS SIE BITTE TUN" if i > 9 else
                                                          "WHAT WE ASK YOU TO DO") in text,
         what + ": a notice", text)
    t.equal([line for line in text.split("\n") if len(line) > 84], [], what + ": lines")
    if EVENTS[i % 10] == "reinstated":
        t.ok("> HOW TO ANSWER" in text and text.count("\nHOW TO ANSWER") == (i < 10),
             what + ": a statement is a quotation", text)
    if EVENTS[i % 10] in ("rule", "suspended", "relapse"):
        t.ok(("25.11.2026, 14:00 Uhr (UTC)" if i > 9 else "2026-11-25 14:00 UTC") in text,
             what + ": the deadline", text)
    if EVENTS[i % 10] == "suspended":
        t.ok("acme-*\n" in text and "203.0.113.0/28\n" in text, what + ": what is taken away", text)
    if EVENTS[i % 10] == "listed":
        t.ok("203.0.113.10" in m["subject"] and "example-bl" in m["subject"] and
             "spam source" in text and not parts(m, "message/feedback-report"),
             what + ": the listing", text)
t.equal([(boxed[9]["in-reply-to"], boxed[8]["message-id"])], [(boxed[8]["message-id"],) * 2],
        "a listing's mails are a thread")
r = run("--json")
rows = [json.loads(line) for line in r.out.splitlines()]
t.ok(r.rc == 1 and len(rows) == 20 and rows[1]["facts"]["messages"] == 412 and
     rows[11]["to"] == ["noc@sued.example"] and "Absenderadresse" in rows[11]["text"] and
     rows[1]["to"] == ["abuse@north-it.example", "noc@north-it.example"], "--json, a line each",
     repr(r)[:600])

# --- a thread, a language without templates
fresh()
first = notice("address")
notice("rule", at=NOON + 4 * HOUR)
notice("rule", partner="gaul", incident=9)
run("--sendmail", good)
got = mails()
t.equal([(m["in-reply-to"], m["references"]) for m in got],
        [(None, None), ("<%s@relay.example>" % first,) * 2, (None, None)],
        "an incident's mails are a thread")
t.ok("HOW TO ANSWER" in body(got[2]), "a partner whose language isn't there gets English")
settings("language = de\n")
t.ok("WIE SIE" in body(parse(run("--print", "--only", "3").out)), "or [notify] language")
settings()

# --- strangers
fresh()
evil = "x\r\nBcc: victim@victim.example\r\n\r\nWHAT WE DID\n  \u202enothing\u202c =?UTF-8?Q?a?= \x1b[2J"
notice("rule", customer=evil, identity=evil, sender_list=[[evil, 3], ["</text><script>", 2]],
       clients=[[evil, 1]], countries=[[evil, 1]], families=[["verdict", 1, evil], [evil, 1, evil]],
       conditions=[["sender", evil], [evil, "x"]], reason=evil, ticket=evil, statement=evil,
       logins=[evil], nets=[evil], senders=evil, messages=evil, since=evil, deadline=evil,
       flagged="2026-11-24T12:00:00Z\r\nX: y", incident=7,
       tsv=evidence(helo="\\x1b]0;x\\x07<script>(\\r\\n", sender="=1+cmd|' /C calc'!A0",
                    login="a\\r\\nX-Evil: yes") + "torn\tline\x1b\x00\xff\n")
r = run("--print")
raw = r.out.split(b"\n", 1)[1]
t.equal(faults(raw), [], "hostile facts make no fault in the mail")
m = parse(raw)
text = body(m)
t.ok(not m["bcc"] and m["subject"].startswith("[mp-7] x??Bcc:?victim@"), "nor a header",
     m["subject"])
t.equal([line for line in text.split("\n") if line.startswith("WHAT WE DID")], ["WHAT WE DID"],
        "nor a line at the margin of the text")
t.equal(re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", text), [],
        "nor controls in the text")
t.ok(all(p.get_content_type() != "message/feedback-report" or b"X-Evil" not in
         re.sub(rb"\n[ \t]", b" ", p.as_bytes()).split(b"\nX") for p in m.walk()) and
     "X-Evil" not in parse(parts(m, "text/rfc822-headers")[0].get_payload(decode=True)),
     "nor a header in the report")
t.ok(parse(m.get_payload()[0].get_payload()[1].get_payload()[0].as_bytes())["original-mail-from"]
     is None and parts(m, "text/rfc822-headers")[0].get_payload(decode=True).startswith(
         b"Return-Path: <>\n"), "an address that is none isn't there")
cells = parts(m, "text/tab-separated-values")[0].get_payload(decode=True).split(b"\n")[1].split(b"\t")
t.ok(cells[2].startswith(b"\\x3d") and unescape(cells[2]) == b"=1+cmd|' /C calc'!A0",
     "a formula is none for a spreadsheet, and still readable", cells)
xml.fromstring(parts(m, "image/svg+xml")[0].get_content())
t.ok(len(raw) < 60000, "nor a large mail", len(raw))

# --- nobody to tell
fresh()
notice(partner="silent")
notice(partner="", incident=8)
notice(partner="north-it", incident=9)
r = run("--sendmail", good)
t.ok(r.rc == 1 and waiting() == [1, 2] and len(mails()) == 1 and r.err.count(b"nobody to send") == 2,
     "without an address it stays, is told, and exit 1", repr(r))
settings("copy = noc@relay.example\n")
r = run("--sendmail", good)
got = mails()
t.ok(r.rc == 0 and waiting() == [] and got[1]["to"] == "noc@relay.example" and not got[1]["bcc"] and
     "the partner silent" in body(got[1]), "or goes to [notify] copy, and says so", repr(r))
notice(partner="north-it", incident=11)
run("--sendmail", good)
t.equal((mails()[-1]["to"], mails()[-1]["bcc"]),
        ("abuse@north-it.example, noc@north-it.example", "noc@relay.example"), "the copy is hidden")
settings()

# --- the mailer's end
fresh()
for i in range(3):
    notice(incident=20 + i, partner=("north-it", "sued", "gaul")[i])
r = run("--sendmail", mailer("echo 'queue is full' >&2; echo more >&2; exit 75"))
t.ok(r.rc == 75 and waiting() == [1, 2, 3] and r.err.count(b"exit status 75: queue is full\n") == 3,
     "a mailer that exits 75: nothing is marked", repr(r))
r = run("--sendmail", mailer("[ $n = 4 ] && { printf 'no \\033[2Jsuch user' >&2; exit 67; }; exit 0"))
t.ok(r.rc == 69 and waiting() == [2] and b"notice 2: not sent: " in r.err and b"\x1b" not in r.err,
     "one that is refused doesn't keep the others", repr(r))
r = run("--sendmail", top + "/nowhere")
t.ok(r.rc == 69 and waiting() == [2] and b"nowhere: can't be run: No such file" in r.err,
     "a mailer that isn't there", repr(r))
write(top + "/deaf", "#!/bin/sh\nexit 0\n", 0o755)
r = run("--sendmail", top + "/deaf", "-v")
t.ok(r.rc == 0 and waiting() == [] and b"1 sent, 0 not" in r.err, "a mailer that reads nothing",
     repr(r))
fresh()
notice()
began = time.monotonic()
r = run("--sendmail", mailer("sleep 30"), "--timeout", "1")
t.ok(r.rc == 75 and waiting() == [1] and b"no end after 1 s" in r.err and
     time.monotonic() - began < 4, "a mailer that hangs is ended", repr(r))
for i in range(5):
    notice(incident=70 + i)
r = run("--sendmail", good)
got = mails()
t.ok(r.rc == 0 and waiting() == [] and len(got) == 3 and
     got[1]["message-id"] == got[0]["message-id"], "it may have sent it: again the same mail", repr(r))
notice(incident=80)
r = run("--sendmail", mailer("kill -11 $$"))
t.ok(r.rc == 69 and waiting() == [7] and b"killed by signal 11" in r.err, "one that dies", repr(r))

# --- killed between the mailer's exit and the commit
fresh()
notice(incident=30)
r = run("--sendmail", mailer("kill -9 $PPID"))
t.ok(r.rc == -signal.SIGKILL and waiting() == [1] and len(mails()) == 1, "a run that is killed")
for i in range(6):
    notice(incident=31 + i)
r = run("--sendmail", good)
got = mails()
t.ok(r.rc == 0 and waiting() == [] and len(got) == 3 and
     got[1]["message-id"] == got[0]["message-id"] and body(got[1]) == body(got[0]),
     "its notice is sent again first, as the same mail, whatever came since", repr(r))
fresh()
for i in range(5):
    notice(incident=30 + i)
run("--sendmail", mailer("kill -9 $PPID"))
notice(incident=36)
r = run("--sendmail", good)
got = mails()
t.ok(r.rc == 0 and waiting() == [] and len(got) == 3 and
     got[1]["message-id"] == got[0]["message-id"] and body(got[0]) == body(got[1]) and
     got[2]["message-id"] not in (got[0]["message-id"], None), "and so is a digest", repr(r))
t.equal(sql("SELECT count(*) FROM state"), [(0,)], "nothing is left of it")

# --- digests
fresh()
names = [notice(incident=40 + i, customer="c%d" % i) for i in range(6)]
notice(incident=50, partner="sued")
r = run("--sendmail", good)
got = mails()
t.ok(r.rc == 0 and waiting() == [] and len(got) == 2, "many notices are one mail", repr(r))
t.equal(faults(open(box + "/0000", "rb").read()), [], "a digest without a fault")
inner = [p.get_payload()[0] for p in parts(got[0], "message/rfc822")]
t.equal([p["message-id"] for p in inner], ["<%s@relay.example>" % n for n in names],
        "with each notice as it would be alone")
t.ok(got[0]["message-id"] == "<digest.%s@relay.example>" % names[0] and
     "[mp-45] c5: spam from one" in body(got[0]) and got[0]["subject"].startswith("[mp] 6 notices")
     and parts(got[0], "multipart/digest") and len(parts(got[0], "image/png")) == 6,
     "and a text that lists them", body(got[0]))
fresh()
settings("copy = noc@relay.example\n")
for i in range(6):
    notice(incident=40 + i)
run("--sendmail", good)
m = mails()[0]
t.equal([m["bcc"]] + [p.get_payload()[0]["bcc"] for p in parts(m, "message/rfc822")],
        ["noc@relay.example"] + [None] * 6, "the copy is not named within it")
settings()
fresh()
for i in range(4):
    notice(incident=40 + i)
run("--sendmail", good, "--digest", "0")
t.equal(len(mails()), 4, "--digest 0: none")
fresh()
for i in range(3):
    notice(incident=40 + i)
run("--sendmail", good, "--digest", "3")
t.equal(len(mails()), 1, "--digest 3")

# --- some of them
fresh()
for i in range(3):
    notice(incident=40 + i, at=NOON + i * 86400)
r = run("--sendmail", good, "--since", "2026-11-26")
t.ok(r.rc == 0 and waiting() == [1, 2], "--since", repr(r))
r = run("--sendmail", good, "--only", "2")
t.ok(r.rc == 0 and waiting() == [1], "--only", repr(r))
settings("sendmail = %s\n" % good)
notice(incident=60)
r = run("--send")
t.ok(r.rc == 0 and waiting() == [] and mails()[-1]["x-mptools-incident"] == "60",
     "--send takes the mailer of mptools.conf", repr(r))
settings()

# --- damaged notices
fresh()
notice(raw="{no json")
notice("newer", incident=8)
notice(incident=9)
notice(incident=10, raw="{}", tsv="")
r = run("--sendmail", good)
t.ok(r.rc == 65 and waiting() == [1, 2] and len(mails()) == 2 and b"notice 1: its facts are no JSON"
     in r.err and b"notice 2: `newer' is nothing" in r.err, "damaged ones stay, the others go",
     repr(r))

# --- templates
own = top + "/templates"
settings("[paths]\ntemplates = %s\n" % own)
os.mkdir(own)
write(own + "/en/address.txt", "Subject: ours {{incident}}\n\n{{#if ip}}no{{/if}}{{! a note }}\n"
      "  {{#if messages}}\n{{#if customer}}yes: {{sender_list}}\n{{/if}}\n{{/if}}\nend\n")
fresh()
notice()
notice("rule", incident=8)
r = run("--print")
got = [parse(b"From " + x) for x in r.out.split(b"\nFrom mpnotify ")]
t.ok(got[0]["subject"] == "ours 7" and
     body(got[0]) == "\nyes:     412  bob@acme.example\nend\n" and
     "WHAT WE SAW" in body(got[1]), "the operator's file goes before the shipped one, file by file",
     body(got[0]))
BAD = {
    "Subject: x\n\n{{nonsense}}\n": "3: there is no field `nonsense'",
    "Subject: {{identity}}\n\n": "1: identity can't be in a subject",
    "Subject: x\n\na\n{{#if spam}}\nb\n": "4: {{#if}} without its {{/if}}",
    "Subject: x\n\n{{/if}}\n": "3: {{/if}} without its {{#if}}",
    "Subject: x\n\n{{customer\n": "3: {{ without its }} in the same line",
    "Dear all\n\n": "1: the first line has to be",
    "Subject: x\ntext\n": "2: an empty line has to follow",
    "Subject: x\n\na\x07\n": "3: byte 0x07",
}
for content, problem in BAD.items():
    write(own + "/en/rule.txt", content)
    r = run("--check-config")
    t.ok(r.rc == 78 and ("error: %s/en/rule.txt:%s" % (own, problem)).encode() in r.err,
         "a template's mistake: " + problem, repr(r))
r = run("--sendmail", good)
t.ok(r.rc == 78 and waiting() == [1, 2] and not os.listdir(box), "and nothing is sent", repr(r))
os.remove(own + "/en/rule.txt")
write(own + "/en/adress.txt", "Subject: x\n\n")
r = run("--check-config")
t.ok(r.rc == 78 and b"adress.txt: there is no event of that name" in r.err, "a name misspelt",
     repr(r))
os.remove(own + "/en/adress.txt")
write(own + "/de/words.txt", "date = YYYY\nnonsense = 1\n")
r = run("--check-config")
t.ok(r.rc == 78 and b"words.txt:2: there is no key `nonsense'" in r.err and
     b"words.txt: decimal is missing" in r.err, "words that are wrong or missing", repr(r))
shutil.rmtree(own + "/de")
r = run("--check-config")
t.ok(r.rc == 0 and not r.err and not r.out, "a good configuration", repr(r))
os.rename(own, own + "x")
r = run("--check-config")
t.ok(r.rc == 78 and b"can't read the folder of templates" in r.err, "no folder", repr(r))
for notify, problem in (("from = Abuse <a@b.example>\n", b"from: Abuse <a@b.example> is no plain"),
                        ("from = -oQ/tmp@b.example\n", b"is no plain mail address"),
                        ("copy = nobody\n", b"copy: nobody is no plain"),
                        ("language = ge\n", b"there are no templates in ge"),
                        ("", b"from is missing")):
    settings(notify=notify)
    r = run("--sendmail", good)
    t.ok(r.rc == 78 and problem in r.err and not os.listdir(box),
         "a setting's mistake: " + problem.decode(), repr(r))
r = run("--print")
t.ok(r.rc == 1 and not r.err and b"@localhost>" in r.out, "without [notify] from it still prints",
     repr(r.err))
settings()

# --- fields are documented
man = open("man/mpnotify.8", encoding="utf-8").read()
source = open("src/common/act/notice_fields.c", encoding="utf-8").read()
fields = re.findall(r'^    \{"([a-z_]+)", add_', source, re.M)
t.ok(len(fields) > 40, "the fields are found", fields)
t.equal([f for f in fields if not re.search(r"^\.It Cm .*\b%s\b" % f, man, re.M)], [],
        "every field of templates is in the man page")

# --- two at once, no ledger, the command line
with open(ledger + ".notify.lock", "w") as f:
    fcntl.flock(f, fcntl.LOCK_EX)
    r = run("--sendmail", good)
    t.ok(r.rc == 75 and waiting() == [1, 2] and b"another run is at work" in r.err,
         "one at a time sends", repr(r))
    t.ok(run().rc == 1, "and one that only looks needn't wait")
r = tool(["-C", conf, "--ledger", top + "/none.db", "--sendmail", good], program=MPNOTIFY)
t.ok(r.rc == 66 and b"no ledger" in r.err and not os.path.exists(top + "/none.db"),
     "no ledger is made", repr(r))
write(top + "/text.db", "this is no ledger at all, but a text\n" * 40)
r = tool(["-C", conf, "--ledger", top + "/text.db", "--sendmail", good], program=MPNOTIFY)
t.ok(r.rc == 65 and r.err, "a file that is no ledger", repr(r))
for option, value, what in (("--only", "0", "no number, 1 or more"), ("--timeout", "0", "no number from 1 to 3600"),
                            ("--digest", "1001", "no number from 0 to 1000"),
                            ("--since", "yesterday", "no time in UTC, as 2026-11-24T10:00:00Z or 2026-11-24")):
    r = run(option, value)
    t.equal((r.rc, r.err.decode()), (64, "mpnotify: error: %s: %s is %s\n" % (option, value, what)),
            "no value: %s %s" % (option, value))
for args in (["--print", "--json"], ["--sendmail", "x"], ["--digest", "1"], ["--only", "1", "--since", "2026-11-24"],
             ["file"], ["--nonsense"], ["--sendmail"]):
    r = run(*args)
    t.ok(r.rc == 64 and b"usage: mpnotify" in r.err, "usage: " + " ".join(args), repr(r))
t.ok(run("--only", "99").rc == 64, "a notice that isn't there")
full = subprocess.run([MPNOTIFY, "-C", conf, "--ledger", ledger, "--print"], env=environment(),
                      stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, timeout=30)
t.ok(full.returncode == 74 and full.stderr, "a full disk", full)
t.ok(run("-V").out.startswith(b"mpnotify ") and run("-h").rc == 0, "-V and -h")

# --- a terminal
master, slave = os.openpty()
p = subprocess.Popen([MPNOTIFY, "-C", conf, "--ledger", ledger, "--print", "--only", "1"],
                     env=environment(), stdout=slave, stderr=subprocess.PIPE)
os.close(slave)
shown = b""
try:
    while True:
        chunk = os.read(master, 65536)
        if not chunk:
            break
        shown += chunk
except OSError:
    pass
p.wait()
p.stderr.close()
os.close(master)
t.ok(b"Subject: [mp-7] acme" in shown and b"[attached: 20 rows of evidence, a chart]" in shown and
     b"Content-Type" not in shown, "on a terminal the mail is readable", shown[:800])
shutil.rmtree(top)
t.done()
