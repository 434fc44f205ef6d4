#!/usr/bin/env python3
"""From the first spam to the last word with the provider, as cron and an operator would see it: a real
Postfix with three outbound addresses, a content filter behind its queue, customers, and a Microsoft
that lists one of the addresses in its own words. Its log alone tells blwatch which address is listed
where; senderblock blocks the culprit; routegen takes one innocent customer's mail around; delistreq
asks only when the cause is gone; and all of it ends with the listing.

Hours pass by moving the stamps of the log: cron's runs see relay.log, which is the log of Postfix with
its stamps written as rsyslog does, so many hours later. Needs root (a Postfix master does)."""
import datetime
import json
import os
import re
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "postfix")]
from lib import Checks, tool  # noqa: E402
from outbound import MICROSOFT, MX, NAME, OUT, Mailbox, Relay, needs  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
check = Checks()
needs()
top = tempfile.mkdtemp(prefix="mptools-listing.", dir="/tmp")
maps = top + "/etc/mptools"
relay = Relay(top)
conf, ledger, put, sql = relay.conf, relay.ledger, relay.put, relay.sql
mail, ports = relay.mail, relay.ports

# ---- cron and the clock ----
START = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=6)
later = datetime.timedelta(0)  # how much the clock of relay.log is ahead of START
begun = datetime.datetime.now(datetime.timezone.utc)
read = 0


def now():
    return START + later + (datetime.datetime.now(datetime.timezone.utc) - begun)


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def log_on():
    """What Postfix has logged since the last time goes to relay.log."""
    global read
    with open(top + "/mail.log", "rb") as f:
        f.seek(read)
        new = f.read()
    new = new[:new.rfind(b"\n") + 1]
    read += len(new)
    with open(top + "/relay.log", "ab") as f:
        for line in new.splitlines(True):
            m = re.match(rb"(\w{3} [ \d]\d \d\d:\d\d:\d\d) (.*)", line, re.S)
            at = datetime.datetime.strptime("%d %s" % (begun.astimezone().year, m.group(1).decode()),
                                            "%Y %b %d %H:%M:%S").astimezone()
            f.write(stamp(START + later + (at - begun)).encode() + b" " + m.group(2))


def hours(count):
    """What was logged so far was logged before so many hours."""
    global later
    log_on()
    later += datetime.timedelta(hours=count)


def run(name, *args, want=0, err=None):
    r = tool(["-C", conf] + list(args), program=os.path.join(BIN, name),
             env={"MAIL_CONFIG": top + "/etc", "PATH": os.environ["PATH"]})
    if r.rc != want or (err is None and r.err) or (err and err not in r.err.decode()):
        check.ok(False, "%s %s: exit %s, stderr %s" % (name, " ".join(args), want, err), r)
    return r


def rows(r):
    return [line.split("\t") for line in r.out.decode().split("\n") if line and line[0] != "#"]


FOLLOW = ("--follow", top + "/relay.log")


def watch(want):
    """(event, ip, provider, state, code) of each line."""
    log_on()
    found = rows(run("blwatch", "--no-dns", *FOLLOW, want=want))
    return [tuple(r[i] for i in (1, 2, 3, 4, 6)) for r in found if r[0] != "time"]


def block(want=0, err=None):
    log_on()
    r = run("senderblock", *FOLLOW, "--postmap", "--reload", "--now", stamp(now()), want=want, err=err)
    time.sleep(0.3)
    return r


def route():
    log_on()
    found = rows(run("routegen", *FOLLOW, "--postmap", "--reload"))
    time.sleep(0.3)
    return [tuple(r[1:5]) for r in found]


def requests(want):
    log_on()
    r = run("delistreq", "-o", "json", "--now", stamp(now()), want=want)
    return [json.loads(line) for line in r.out.decode().split("\n") if line]


# ---- the relay, set up as the pages say ----
def set_up():
    put("mptools.conf", "[paths]\nledger = %s\nmaps = %s\n[notify]\nfrom = postmaster@relay.example.net\n"
        "operator = Relay Example\n[block]\ncontact = https://relay.example/help\n" % (ledger, maps))
    put("outbound", "out1 %s syslog:postfix-out1 hostname:out1.relay.example.net\n"
        "out2 %s syslog:postfix-out2 weight:0\nout3 %s syslog:postfix-out3 weight:0\n" % tuple(OUT.values()))
    put("customers", "acme north domain:acme.example net:127.0.1.0/24 sasl:acme1 sasl:acme2\n"
                     "globex south domain:globex.example net:127.0.2.0/24 sasl:globex1\n"
                     "initech south domain:initech.example sasl:initech1\n")
    put("partners", 'north "North IT" mail:abuse@north.example lang:en\n'
                    'south "South IT" mail:abuse@south.example lang:en\n')
    put("routes", "route globex microsoft\nhop 127.0.0.1:%d\nscan * 127.0.0.1:%d\n" %
        (ports["HOP"], ports["SCANHOP"]))
    relay.make("content_filter = scan:[127.0.0.1]:%d" % ports["FILTER"], "smtpd_helo_required = yes")
    relay.shell(r"postconf -# smtpd_restriction_classes smtpd_helo_restrictions transport_maps "
                "smtpd_sender_restrictions header_checks sender_dependent_default_transport_maps")
    open(top + "/relay.log", "w").close()
    run("senderblock", *FOLLOW, "--postmap", err="main.cf")
    run("routegen", *FOLLOW, "--postmap", err="has no transport out1")
    relay.append("main.cf", run("senderblock", "--print-postfix").out.decode())
    relay.append("main.cf", run("routegen", "--print-postfix").out.decode())
    relay.append("master.cf", run("routegen", "--print-master").out.decode())
    relay.postconf("smtpd_sender_restrictions = $mp_restrictions", "header_checks = $mp_regexp/mp_header_checks",
                   "smtpd_restriction_classes = $mp_classes $mp_route_classes")
    for name in "senderblock", "routegen":
        check.equal((run(name, "--check-postfix").rc), 0, "%s --check-postfix finds nothing" % name)
    run("routegen", *FOLLOW, "--postmap")  # cron's first
    relay.start_world()
    wrong = relay.start()
    return check.ok(wrong is None, "a private Postfix starts", wrong)


OTHERS = [("globex1", "ann@globex.example"), ("initech1", "tom@initech.example"), ("acme1", "bob@acme.example")]


def honest(domains, count=1):
    """Everyday mail of all three customers; what became of it."""
    ways = []
    for n in range(count):
        for login, sender in OTHERS:
            for domain in domains:
                relay.hand_in(login, ["%s%d@%s" % (login, n, domain)], sender)
                ways.append((relay.subject, "%s%d@%s" % (login, n, domain)))
    relay.drain()
    seen = {(s, r): NAME.get(a, a) for s, r, a in Mailbox.seen if s != "refused"}
    return [seen.get(w) for w in ways]


def spam(sender, count, domains=("corp.example", "gmail.com", "hotmail.com")):
    refused = 0
    for n in range(count):
        said = relay.hand_in("acme2", ["v%d.%d@%s" % (relay.count, n, domains[n % len(domains)])], sender,
                             words="cheap pills")
        refused += said is not None
    relay.drain()
    return refused


def main():
    if not set_up():
        return
    Mailbox.picky = {MX["corp.example"][1]}

    # ---- days like any other ----
    for _ in range(3):
        check.ok(set(honest(["gmail.com", "hotmail.com", "corp.example"], 2)) == {"out1"}, "all mail leaves by out1")
        hours(8)
    check.equal(watch(0), [], "blwatch: nothing is listed")
    check.equal((block().out, route()), (b"", []), "senderblock and routegen: nothing to do")
    check.equal(requests(0), [], "delistreq: nothing to ask")

    # ---- a login of acme is stolen, and Microsoft has had enough ----
    hours(1)
    spam("promo@acme.example", 30)
    time.sleep(1.1)  # the log's stamps have seconds: some leaves after it was caught
    spam("promo@acme.example", 3)
    Mailbox.blocked = {MICROSOFT: {OUT["out1"]}}
    ways = honest(["hotmail.com", "gmail.com"], 3)
    check.equal(ways, [None, "out1"] * 9, "Microsoft refuses out1, for everybody")
    check.equal(watch(0), [("seen", OUT["out1"], "microsoft-consumer", "seen", "550 5.7.1")],
                "blwatch, of this log: one look found out1 at Microsoft")
    check.equal(route(), [], "one look makes no route")
    hours(0.25)
    honest(["hotmail.com"], 3)
    check.equal(watch(1), [("listed", OUT["out1"], "microsoft-consumer", "listed", "550 5.7.1")],
                "a quarter of an hour later: listed")
    listing = sql("SELECT id, reason FROM listings WHERE state = 'listed'")
    check.ok(len(listing) == 1 and "S3150" in listing[0][1], "in the ledger, with Microsoft's words", listing)
    asked = requests(1)
    check.ok(len(asked) == 1 and asked[0]["request"] == "not allowed", "delistreq: nobody is blocked: not allowed", asked)
    block(1, "[mp 1.1]")
    check.equal(sql("SELECT customer, state FROM incidents"), [("acme", "address")], "senderblock, next: acme's address")
    asked = requests(1)
    check.ok(asked[0]["request"] == "not allowed" and "still sends" in asked[0]["reason"],
             "delistreq: spam left until its maps were there", asked)
    check.equal([c["identity"] for c in asked[0]["culprits"]], ["acme2"], "it names the login, and no other")
    refused = spam("promo@acme.example", 3)
    check.equal(refused, 3, "Postfix refuses that address from now on")

    # ---- around the listing, for the customer who wants it ----
    check.equal(route(), [("begins", "globex", "microsoft-consumer", "out2")], "routegen: globex by out2")
    check.equal(mail("globex1", ["a@hotmail.com"], "ann@globex.example"), {"a@hotmail.com": "out2"},
                "globex's mail to Hotmail leaves by out2")
    check.equal(relay.scanned(), {"a@hotmail.com"}, "through the content filter")
    check.equal(mail("globex1", ["a@gmail.com"], "ann@globex.example"), {"a@gmail.com": "out1"}, "its other mail by out1")
    for login, sender in OTHERS[1:]:
        check.equal(mail(login, ["a@hotmail.com"], sender), {"a@hotmail.com": None}, "nobody else's: " + login)
    many = {"a@hotmail.com": "out2", "b@gmail.com": "out1", "c@hotmail.com": "out2", "d@corp.example": "out1"}
    check.equal(mail("globex1", list(many), "ann@globex.example"), many, "one message to many: each by its way")
    check.equal(relay.scanned(), set(many), "all of it scanned")
    check.equal(sql("SELECT customer, via, until FROM routes"), [("globex", "out2", None)], "the ledger has it")

    # ---- the spammer goes on, as somebody else ----
    hours(1)
    check.equal(spam("sales@acme.example", 20), 0, "acme2 takes another sender address")
    block(1, "[mp 1.2]")
    check.equal(sql("SELECT state FROM incidents"), [("rule",)], "senderblock: a rule")
    asked = requests(1)
    check.ok(asked[0]["request"] == "not allowed", "delistreq: not allowed", asked)
    check.equal(spam("sales@acme.example", 3), 3, "Postfix refuses that, too")
    check.equal(mail("acme1", ["b@gmail.com"]), {"b@gmail.com": "out1"}, "the colleague's mail flows")
    hours(2)
    block(1, "")
    asked = requests(1)
    check.ok(asked[0]["request"] == "not allowed" and asked[0]["cause"] in ("recent", "unfixed"), "two hours on: not quiet enough", asked)
    check.equal(run("delistreq", "--now", stamp(now()), str(listing[0][0]), want=1, err="").out, b"",
                "delistreq LISTING says so, too, and prints no request")

    # ---- quiet: the request ----
    hours(6)
    honest(["gmail.com"])
    block(1, "")
    asked = requests(0)
    check.ok(asked[0]["request"] == "allowed" and asked[0]["cause"] == "gone", "after block and quiet: allowed", asked)
    text = run("delistreq", "--now", stamp(now()), str(listing[0][0])).out.decode()
    for word in OUT["out1"], "out1.relay.example.net", "S3150":
        check.ok(word in text, "the request names " + word, text)
    check.ok(not re.search("acme|globex|initech|promo@|sales@", text), "and no customer", text)
    number = sql("SELECT id FROM requests")[0][0]
    run("delistreq", "--now", stamp(now()), "--sent", str(number))
    check.equal(requests(0)[0]["request"], "asked", "--sent: now they have it")
    check.equal([len(watch(1)), route()], [0, []], "as long as nothing changes, nothing is said")

    # ---- Microsoft lets it go ----
    hours(5)
    Mailbox.blocked = {}
    check.equal(set(honest(["hotmail.com"], 4)), {"out1", "out2"}, "Microsoft takes out1's mail again")
    check.equal(watch(1), [("clearing", OUT["out1"], "microsoft-consumer", "clearing", "")], "blwatch: clearing")
    check.equal(route(), [], "the route stays for the second look")
    hours(0.25)
    honest(["hotmail.com"], 4)
    check.equal(watch(0), [("delisted", OUT["out1"], "microsoft-consumer", "clear", "")], "then it is over")
    check.equal(route(), [("ends", "globex", "microsoft-consumer", "out2")], "the listing ends, the route ends")
    check.equal(mail("globex1", ["a@hotmail.com"], "ann@globex.example"), {"a@hotmail.com": "out1"}, "by out1 again")
    check.equal(requests(0), [], "delistreq: nothing left to ask")
    check.equal(sql("SELECT count(*) FROM listings"), [(1,)], "all of it was one listing")

    # ---- who was told ----
    notices = [json.loads(n) for n in run("mpnotify", "--json", want=1).out.decode().splitlines()]
    check.equal(sorted((n["event"], n["partner"]) for n in notices),
                [("address", "north"), ("delisted", "north"), ("delisted", "south"), ("listed", "north"),
                 ("listed", "south"), ("rule", "north")], "each partner is told what touched its customers")
    south = " ".join(n["subject"] + n["text"] for n in notices if n["partner"] == "south")
    check.ok("acme" not in south and "(Outlook.com, Hotmail, Live, MSN)" in south, "and nothing of others'", south)


try:
    main()
finally:
    relay.instance("instance_stop")
    if not os.environ.get("KEEP"):
        shutil.rmtree(top, ignore_errors=True)
check.done()
