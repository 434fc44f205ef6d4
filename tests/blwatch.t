#!/usr/bin/env python3
"""blwatch: listings by DNS, from rbldnsd and from resolvers out of order, and by a log; each over
two looks to list and two to clear."""
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dns import RBLDNSD, Rbldnsd, Responder, free_port, question  # noqa: E402
from lib import Checks, skip, tool  # noqa: E402
from mlog import rfc3339, stamp  # noqa: E402

TOOL = os.path.abspath(os.path.join(os.environ.get("BIN", "bin"), "blwatch"))
SHIPPED = "share/mptools/providers.conf"
COLUMNS = "time event ip provider state since code reason url".split()
SECRET = "s3cretKeyOfOurs"
check = Checks()
top = tempfile.mkdtemp(prefix="blwatch.")

LISTED = ":127.0.0.2:listed $\n127.0.0.2\n"
ZONES = {
    "v4.example:ip4set:v4": LISTED + "203.0.113.10\n203.0.113.11 :127.0.0.4:see https://v4.example/x\n"
                                     "203.0.113.14 :127.255.255.254:public resolver\n"
                                     "203.0.113.15 :127.0.0.99:who knows\n",
    "v6.example:ip6trie:v6": ":127.0.0.2:listed $\n::ffff:7f00:2\n2001:db8::/64\n",
    "all.example:ip4trie:all": ":127.0.0.2:everything\n0/0\n",
    "notest.example:ip4set:notest": ":127.0.0.2:listed\n203.0.113.10\n",
    "cutoff.example:ip4trie:cutoff": ":127.255.255.254:go away\n0/0\n",
    "parked.example:ip4trie:parked": ":198.51.100.80:buy this domain\n0/0\n",
    "info.example:ip4set:info": LISTED + "203.0.113.10\n",
    "zen.example:ip4set:zen": LISTED + "203.0.113.12 :127.0.0.3:CSS\n203.0.113.12 :127.0.0.4:XBL\n",
    SECRET.lower() + ".keyed.example:ip4set:keyed": ":127.0.0.2:you asked with " + SECRET +
                                                    "\n127.0.0.2\n203.0.113.10\n",
}
OWN = "".join("""[%s]
name = Test list %s
kind = dnsbl
weight = 5
zone = %s
%scode = 127.0.0.2-127.0.0.4 listed spam
delist = portal
to = https://%s/?ip={ip}
""" % (i, i, z, more, z.replace("KEY.", "")) for i, z, more in (
    ("good", "v4.example", ""), ("six", "v6.example", "family = ipv6\n"),
    ("all", "all.example", ""), ("notest", "notest.example", ""),
    ("cutoff", "cutoff.example", ""), ("parked", "parked.example", ""),
    ("info", "info.example", "ask = information\n"), ("keyed", "KEY.keyed.example", "")))

CUSTOMERS = """acme north domain:acme.example net:198.18.0.0/28
globex south domain:globex.example net:198.18.0.16/28
initech north domain:initech.example net:198.18.0.32/28
lonely - domain:lonely.example
"""
OUTBOUND = """out1 203.0.113.10 syslog:postfix-out1
out2 203.0.113.11 syslog:postfix-out2
out3 203.0.113.12 syslog:postfix-out3
"""


def others_off():
    """No list of the shipped file is asked but Spamhaus, and that at a zone of ours."""
    off, section = "[spamhaus]\nzone = zen.example\n", None
    for line in open(SHIPPED):
        m = re.match(r"\[(.+)\]", line)
        section = m.group(1) if m else section
        if re.match(r"zone\s*=", line) and section != "spamhaus":
            off += "[%s]\nask = no\n" % section
    return off


OFF = others_off()


def write(name, text):
    with open(name, "w") as f:
        f.write(text)


class Case:
    """One relay: a configuration, a ledger, a log."""

    def __init__(self, name, own=OWN, outbound=OUTBOUND):
        self.dir = os.path.join(top, name)
        self.conf = self.dir + "/conf"
        self.ledger = self.dir + "/ledger.db"
        os.makedirs(self.conf + "/providers.d")
        write(self.conf + "/providers.d/test.conf", OFF + own)
        write(self.conf + "/customers", CUSTOMERS)
        write(self.conf + "/outbound", outbound)
        self.log, self.n = [], 0

    def run(self, *args):
        return tool(["-C", self.conf, "--ledger", self.ledger] + list(args), program=TOOL,
                    env={"MPTOOLS_SHARE": "share/mptools"})

    def rows(self, sql):
        db = sqlite3.connect(self.ledger)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def states(self):
        return {(ip, p): s for ip, p, s in self.rows(
            "SELECT ip, provider, state FROM listings ORDER BY id")}

    # a log

    def deliver(self, at, out, rcpt, said, who="bob@acme.example", relay=None, deferred=False,
                daemon="smtp"):
        """said: `250 ok` is accepted; other replies are refused."""
        self.n += 1
        qid = "4T%05d%05dzW" % (self.n, int(at) % 100000)  # long ids have no vowels
        lines = [(at, "postfix/submission/smtpd", "client=unknown[198.51.100.7], sasl_method=PLAIN,"
                  " sasl_username=%s" % who),
                 (at + .05, "postfix/cleanup", "message-id=<%d@x>" % self.n),
                 (at + .1, "postfix/qmgr", "from=<%s>, size=2000, nrcpt=1 (queue active)" % who)]
        host = relay or "mx.%s[192.0.2.77]:25" % rcpt.rsplit("@", 1)[1]
        if said.startswith("250"):
            what = "dsn=2.0.0, status=sent (%s)" % said
        elif deferred:
            what = "dsn=4.0.0, status=deferred (%shost %s refused to talk to me: %s)" % (
                "delivery temporarily suspended: " if daemon == "error" else "",
                host.rsplit(":", 1)[0], said)
            host = "none"
        else:
            what = "dsn=5.7.1, status=bounced (host %s said: %s (in reply to MAIL FROM command))" % (
                host.rsplit(":", 1)[0], said)
        lines.append((at + .5, "%s/%s" % (out, daemon),
                      "to=<%s>, relay=%s, delay=0.5, delays=0.1/0/0.2/0.2, %s"
                      % (rcpt, host, what)))
        lines.append((at + .6, "postfix/qmgr", "removed"))
        self.log += [(t, len(self.log), "%s relay %s[77]: %s: %s\n" % (stamp(t), d, qid, text))
                     for t, d, text in lines]

    def text(self, start=None, end=None):
        return "".join(line for t, _, line in sorted(self.log)
                       if (start is None or t >= start) and (end is None or t < end))

    def write_log(self, **cut):
        write(self.dir + "/mail.log", self.text(**cut))
        return self.dir + "/mail.log"


def tsv(r):
    lines = [x.split("\t") for x in r.out.decode().split("\n") if x]
    if not lines:
        return []
    if lines[0] != ["#blwatch"] + COLUMNS:
        check.ok(False, "a header line", r)
    return [dict(zip(COLUMNS, x)) for x in lines[1:]]


def events(r):
    return [(x["event"], x["ip"], x["provider"]) for x in tsv(r)]


# --- by DNS ---

def rewrite(server, name, text, ask, listed):
    """A zone file changes, and rbldnsd reads it."""
    path = os.path.join(server.folder, name)
    write(path, text)
    os.utime(path, (time.time() + rewrite.n, time.time() + rewrite.n))
    rewrite.n += 10
    server.process.send_signal(signal.SIGHUP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        for _ in range(50):
            s.sendto(question(ask, 1), ("127.0.0.1", server.port))
            try:
                answer = s.recv(512)
            except OSError:
                continue
            if (answer[7] > 0) == listed:
                return
            time.sleep(0.1)
    check.ok(False, "rbldnsd takes " + name)


rewrite.n = 10


def test_one_look(resolver):
    def look(*args):
        return tool(list(args) + ["--resolver", resolver], program=TOOL,
                    env={"MPTOOLS_SHARE": share})
    share = os.path.join(top, "share")
    os.mkdir(share)
    shutil.copy(SHIPPED, share + "/providers.conf")
    with open(share + "/providers.conf", "a") as f:
        f.write("\n" + OWN)
    r = look("203.0.113.10", "--list", "good", "-o", "json")
    got = [json.loads(x) for x in r.out.decode().splitlines()]
    check.ok(r.rc == 1 and not r.err, "one look at a listed address exits 1", r)
    check.equal({k: v for k, v in got[0].items() if k != "time"},
                {"event": "look", "ip": "203.0.113.10", "provider": "good", "state": "listed",
                 "code": "127.0.0.2", "reason": "listed 203.0.113.10",
                 "url": "https://v4.example/?ip=203.0.113.10"}, "as JSON")
    r = look("203.0.113.13", "--list", "v4.example")
    check.ok(r.rc == 0 and not r.err and tsv(r)[0]["state"] == "not-listed",
             "a clean one exits 0; a list is found by its zone, too", r)
    r = look("203.0.113.10", "--list", "info")
    check.ok(r.rc == 0 and tsv(r)[0]["state"] == "information",
             "a list that is for information alone is no reason to act", r)
    lists = [x for i in "good six all notest cutoff parked".split() for x in ("--list", i)]
    r = look("203.0.113.10", "203.0.113.14", "203.0.113.15", "2001:db8::1", *lists)
    states = {(x["ip"], x["provider"]): x["state"] for x in tsv(r)}
    check.equal({p: states[("203.0.113.10", p)] for p in "good all notest cutoff parked".split()},
                {"good": "listed", "all": "cannot-tell", "notest": "cannot-tell",
                 "cutoff": "cannot-tell", "parked": "cannot-tell"},
                "lists that fail their test can't tell")
    check.equal([states[("203.0.113.14", "good")], states[("203.0.113.15", "good")],
                 states[("2001:db8::1", "six")], ("203.0.113.10", "six") in states],
                ["cannot-tell", "cannot-tell", "listed", False],
                "an error code, an unknown code, version 6, and a list of the other family")
    r = look("-o", "table", "203.0.113.11", *lists)
    check.ok(r.rc == 1 and b"Test list good (127.0.0.4): see https://v4.example/x" in r.out and
             b"it lists everything" in r.out and b"listed 1, not listed 0, cannot tell 4" in r.out,
             "a table for people", r)
    r = look("203.0.113.10", "--list", "sorbs")
    check.ok(r.rc == 78 and b"ended on 2024-06-05" in r.err, "a dead list is refused", r)
    r = look("203.0.113.10", "--list", "dnsbl.sorbs.net")
    check.ok(r.rc == 78 and b"ended on 2024-06-05" in r.err, "by its zone, too", r)
    r = look("203.0.113.10", "--list", "nosuch")
    check.ok(r.rc == 78 and b"no list `nosuch'" in r.err, "an unknown one, too", r)
    r = tool(["--resolver", "127.0.0.1:%d" % free_port(), "203.0.113.10"], program=TOOL,
             env={"MPTOOLS_SHARE": share})
    check.ok(r.rc == 69 and b"nothing answers" in r.err, "a dead resolver is 69", r)
    for args in (["--resolver", "nonsense", "203.0.113.10"], ["--no-dns"], ["-o", "xml"],
                 ["--follow", "x", "y"], ["--clear", "x"],
                 ["--window", "3d", "x"], ["--recipients", "0", "x"]):
        r = tool(args, program=TOOL, env={"MPTOOLS_SHARE": share})
        check.ok(r.rc == 64 and r.err, "wrong: " + " ".join(args), r)


def test_two_looks(server, resolver):
    c = Case("dns")
    ask = ["--resolver", resolver]
    first = c.run(*ask, "--now", rfc3339(0))
    check.ok(first.rc == 0, "a first look changes nothing yet: exit 0", first)
    check.equal(sorted(events(first)),
                [("information", "203.0.113.10", "info"), ("seen", "203.0.113.10", "good"),
                 ("seen", "203.0.113.11", "good"), ("seen", "203.0.113.12", "spamhaus-css"),
                 ("seen", "203.0.113.12", "spamhaus-xbl")],
                "it sees each, by the parts of Spamhaus; information is shown")
    err = first.err.decode()
    check.ok(all(w in err for w in ("(all), IPv4: can't tell: it lists everything",
                                    "(notest), IPv4", "(cutoff), IPv4", "(parked), IPv4")) and
             err.count("\n") == 4, "what can't be told is told", err)
    second = c.run(*ask, "--now", rfc3339(900))
    check.ok(second.rc == 1 and not second.err, "the second look lists: exit 1; nothing told twice",
             second)
    got = {(x["ip"], x["provider"]): x for x in tsv(second)}
    check.equal(sorted((k + (x["event"],)) for k, x in got.items()),
                [("203.0.113.10", "good", "listed"), ("203.0.113.11", "good", "listed"),
                 ("203.0.113.12", "spamhaus-css", "listed"),
                 ("203.0.113.12", "spamhaus-xbl", "listed")], "each is listed now")
    check.equal([got[("203.0.113.11", "good")][k] for k in COLUMNS],
                [rfc3339(900), "listed", "203.0.113.11", "good", "listed", rfc3339(900),
                 "127.0.0.4", "see https://v4.example/x", "https://v4.example/?ip=203.0.113.11"],
                "the row in full")
    check.equal(c.rows("SELECT count(*) FROM notices"), [(0,)],
                "no mail was refused, so no partner is told")
    third = c.run(*ask, "--now", rfc3339(1800))
    check.ok(third.rc == 1 and not third.out and not third.err, "a third look has nothing new",
             third)
    rewrite(server, "zen", LISTED + "203.0.113.12 :127.0.0.4:XBL\n203.0.113.9\n",
            "9.113.0.203.zen.example", True)
    rewrite(server, "v4", LISTED + "203.0.113.11 :127.0.0.4:x\n", "10.113.0.203.v4.example", False)
    r = c.run(*ask, "--now", rfc3339(2700))
    check.equal(sorted(events(r)), [("clearing", "203.0.113.10", "good"),
                                    ("clearing", "203.0.113.12", "spamhaus-css")],
                "one look without it: clearing, each part for itself")
    check.equal(r.rc, 1, "it still stands")
    rewrite(server, "v4", LISTED + "203.0.113.10\n", "10.113.0.203.v4.example", True)
    r = c.run(*ask, "--now", rfc3339(3600))
    check.equal(sorted(events(r)), [("clearing", "203.0.113.11", "good"),
                                    ("delisted", "203.0.113.12", "spamhaus-css"),
                                    ("persists", "203.0.113.10", "good")],
                "found again: it persists; the second look without it clears")
    dead = "127.0.0.1:%d" % free_port()
    before = c.rows("SELECT * FROM listings")
    r = c.run("--resolver", dead, "--now", rfc3339(4500))
    check.ok(r.rc == 69 and c.rows("SELECT * FROM listings") == before and
             r.err.count(b"\n") == 1, "a dead resolver changes nothing", r)
    refusing = Responder(dict.fromkeys(
        [".".join(z.split(":")[0].split(".")[-2:]) for z in ZONES], lambda *q: (5, [])))
    r = c.run("--resolver", "127.0.0.1:%d" % refusing.port, "--now", rfc3339(4600))
    check.ok(r.rc == 1 and c.rows("SELECT * FROM listings") == before and b"can't tell" in r.err,
             "nor does one that refuses, and it isn't dead", r)
    rewrite(server, "v4", LISTED, "10.113.0.203.v4.example", False)
    rewrite(server, "zen", LISTED, "9.113.0.203.zen.example", False)
    for at in (5400, 6300):
        r = c.run(*ask, "--now", rfc3339(at))
    check.equal(set(c.states().values()), {"clear"}, "two clean looks clear everything")
    check.equal(r.rc, 0, "and exit 0")
    check.equal(c.rows("SELECT until FROM listings WHERE ip = '203.0.113.10'"),
                c.rows("SELECT time FROM journal WHERE what = 'delisted' AND listing = 1"),
                "the end is in the ledger, and in the journal")
    rewrite(server, "v4", LISTED + "203.0.113.10\n", "10.113.0.203.v4.example", True)
    c.run(*ask, "--now", rfc3339(7200))
    rewrite(server, "v4", LISTED, "10.113.0.203.v4.example", False)
    r = c.run(*ask, "--now", rfc3339(8100))
    check.equal(events(r), [("unconfirmed", "203.0.113.10", "good")],
                "what is seen once is no listing")
    r = c.run(*ask, "-n", "--now", rfc3339(9000))
    check.ok(r.rc == 0, "--dry-run", r)


def test_keys(resolver):
    c = Case("keys")
    keys = c.dir + "/keys"
    write(keys, "keyed %s\n" % SECRET)
    os.chmod(keys, 0o644)
    ask = ["--resolver", resolver, "--keys", keys, "--list", "keyed", "203.0.113.10"]
    r = c.run(*ask)
    check.ok(r.rc == 78 and b"everybody may read" in r.err and SECRET.encode() not in r.err,
             "a key file that everybody may read is refused", r)
    os.chmod(keys, 0o640)
    r = c.run(*ask)
    check.ok(r.rc == 0 and events(r) == [("seen", "203.0.113.10", "keyed")], "a keyed list is asked",
             r)
    check.ok(SECRET.lower().encode() not in (r.out + r.err).lower() and
             SECRET.lower() not in str(c.rows("SELECT * FROM listings")).lower(),
             "and the key stays secret, even when the list repeats it", r)
    r = c.run("--resolver", resolver, "--list", "keyed")
    check.ok(r.rc == 78 and b"needs a key" in r.err, "without a key it can't be named", r)
    for line, why in (("sorbs abc", b"ended"), ("good abc", b"takes no key"), ("keyed", b"ID KEY"),
                      ("nosuch x", b"no list"), ("keyed a.b/c", b"no part of a domain name")):
        write(keys, line + "\n")
        r = c.run(*ask)
        check.ok(r.rc == 78 and why in r.err and b"a.b/c" not in r.err,
                 "key file: " + line.split()[0] + ": " + why.decode(), r)


# --- by the log ---

S3150 = ("550 5.7.1 Unfortunately, messages from [203.0.113.11] weren't sent. Please contact your "
         "Internet service provider since part of their network is on our block list (S3150). You "
         "can also refer your provider to http://mail.live.com/mail/troubleshooting.aspx#errors.")
S775 = ("451 4.7.650 The mail server [203.0.113.10] has been temporarily rate limited due to IP "
        "reputation. For e-mail delivery information, see https://postmaster.live.com (S775)")
OLC = "hotmail-com.olc.protection.outlook.com[192.0.2.33]:25"
TELEKOM = ("554 IP=203.0.113.12 - A problem occurred. Ask your postmaster for help or to contact "
           "tosa@rx.t-online.de to clarify. (BL)")
WHO = ["bob@acme.example", "sue@globex.example", "tom@initech.example"]
MX00 = "mx00.t-online.de[192.0.2.44]:25"


def story(c):
    """Microsoft blocks one of three addresses, T-Online another; both end."""
    for i in range(60):  # all addresses, both providers, all well
        out = "postfix-out%d" % (i % 3 + 1)
        c.deliver(i * 30, out, "u%d@hotmail.com" % i, "250 ok", WHO[i % 3], OLC)
        c.deliver(i * 30 + 7, out, "u%d@t-online.de" % i, "250 ok", WHO[i % 3], MX00)
    for i in range(40):
        c.deliver(3600 + i * 60, "postfix-out2", "v%d@hotmail.com" % i, S3150, WHO[i % 3], OLC)
        c.deliver(3600 + i * 60 + 7, "postfix-out1", "w%d@hotmail.com" % i, "250 ok", WHO[i % 3],
                  OLC)
        c.deliver(3600 + i * 60 + 11, "postfix-out3", "v%d@t-online.de" % i, TELEKOM,
                  WHO[i % 2], MX00, True)
    for i in range(40):
        c.deliver(9000 + i * 60, "postfix-out2", "x%d@hotmail.com" % i, "250 ok", WHO[i % 3], OLC)
        c.deliver(9000 + i * 60 + 7, "postfix-out3", "x%d@t-online.de" % i, "250 ok", WHO[i % 3],
                  MX00)


def ledger_of(c):
    return [c.rows("SELECT * FROM %s ORDER BY id" % t) for t in ("listings", "journal", "notices")]


def test_log():
    c = Case("log")
    story(c)
    r = c.run("--no-dns", c.write_log())
    ms, tel = ("203.0.113.11", "microsoft-consumer"), ("203.0.113.12", "t-online")
    check.ok(r.rc == 0 and not r.err, "a log alone; all is over at its end", r)
    check.equal(events(r), [("seen",) + ms, ("seen",) + tel, ("listed",) + ms, ("listed",) + tel,
                            ("clearing",) + ms, ("clearing",) + tel, ("delisted",) + ms,
                            ("delisted",) + tel],
                "the blocked addresses and providers, and nothing else")
    rows = {(x["event"], x["provider"]): x for x in tsv(r)}
    x = rows[("listed", "microsoft-consumer")]
    check.equal((x["code"], x["url"], "S3150" in x["reason"]),
                ("550 5.7.1", "https://go.microsoft.com/fwlink/?LinkID=614866", True),
                "the code, the form, the words")
    check.equal(rows[("seen", "microsoft-consumer")]["time"], rfc3339(3600 + 4 * 60),
                "seen with the fifth recipient")
    check.equal(x["time"], rfc3339(3600 + 14 * 60), "listed ten minutes later")
    check.equal(rows[("clearing", "t-online")]["time"], rfc3339(9000 + 4 * 60 + 7),
                "five accepted in a row begin its end")
    check.equal(c.rows("SELECT ip, provider, source, state FROM listings"),
                [ms + ("log", "clear"), tel + ("log", "clear")], "rows of the ledger")
    notices = c.rows("SELECT event, partner, name, facts FROM notices WHERE json_extract(facts, "
                     "'$.provider_id') = 'microsoft-consumer' ORDER BY id")
    check.equal([n[:2] for n in notices], [("listed", "north"), ("listed", "south"),
                                           ("delisted", "north"), ("delisted", "south")],
                "each partner whose customers' mail it touched is told, both times")
    f = json.loads(notices[0][3])
    check.equal({k: f[k] for k in ("event", "listing", "partner", "ip", "customers", "refused",
                                   "code", "since", "source", "state")},
                {"event": "listed", "listing": 1, "partner": "north", "ip": "203.0.113.11",
                 "customers": ["acme", "initech"], "refused": 10, "code": "550 5.7.1",
                 "since": rfc3339(4440), "source": "log", "state": "listed"}, "the facts")
    check.ok(f["provider"].startswith("Microsoft consumer") and "S3150" in f["list_reason"] and
             f["url"] and f["reason"].endswith("."), "and what people read", f)
    check.ok(re.fullmatch(r"mptools\.listing\.1\.listed\.\d+\.north", notices[0][2]),
             "the notice's name", notices[0][2])
    f = json.loads(notices[2][3])
    check.equal((f["state"], f["until"] > f["since"], f["customers"]),
                ("clear", True, ["acme", "initech"]), "facts of the end")
    dry = Case("dry")
    r = dry.run("-n", "--no-dns", c.dir + "/mail.log")
    check.ok(r.rc == 0 and len(events(r)) == 8 and os.listdir(dry.dir) == ["conf"],
             "--dry-run without a ledger leaves none behind", r)
    again = c.run("--no-dns", c.dir + "/mail.log")
    check.ok(again.rc == 0 and not again.out, "read again, the same log changes nothing", again)
    whole = ledger_of(c)
    for name, cuts in (("pieces", [2000, 3700, 3850, 3900, 4500, 9100, 9700]),
                       ("many", list(range(100, 12000, 333)))):
        p = Case(name)
        p.log = c.log
        for end in cuts + [None]:
            r = p.run("--no-dns", "--follow", p.write_log(end=end))
            if r.err:
                check.ok(False, "a clean run", r)
        check.equal(ledger_of(p), whole, "in %d pieces the ledger is the same" % (len(cuts) + 1))
    stream = Case("stream")
    records = tool(["-C", stream.conf, c.dir + "/mail.log"], env={"MPTOOLS_SHARE": "share/mptools"})
    r = tool(["-C", stream.conf, "--ledger", stream.ledger, "--no-dns", "-"], stdin=records.out,
             program=TOOL, env={"MPTOOLS_SHARE": "share/mptools"})
    check.ok(r.rc == 0 and not r.err and ledger_of(stream) == whole, "from records, too", r)
    cut = records.out[:len(records.out) // 2]
    stream = Case("cut")
    r = tool(["-C", stream.conf, "--ledger", stream.ledger, "--no-dns", "-"],
             stdin=cut[:cut.rindex(b"\n") + 1], program=TOOL, env={"MPTOOLS_SHARE": "share/mptools"})
    check.ok(r.rc == 75 and not stream.rows("SELECT * FROM state"),
             "records without their end: 75, and nothing changed", r)
    half = Case("half")
    half.log = c.log
    r = half.run("--no-dns", half.write_log(end=6000))
    check.equal(r.rc, 1, "while it stands: exit 1")
    r = half.run("--no-dns", "-o", "table", "-n", half.dir + "/mail.log")
    check.ok(b"203.0.113.11" in r.out and b"Microsoft consumer" in r.out and b"listed" in r.out,
             "a table of what stands", r)
    r = dry.run("--no-dns", "-n", "-o", "table", half.dir + "/mail.log")
    flat = b" ".join(r.out.split())
    check.ok(flat.count(b"S3150") == flat.count(b"550 5.7.1 ") == 2, "each code stands once", r)
    r = half.run("--clear", "microsoft-consumer", "--by", "eve", "203.0.113.11", "--now",
                 rfc3339(6100))
    check.ok(r.rc == 0 and not r.err and events(r) == [("delisted",) + ms],
             "--clear ends one by a person's word", r)
    check.equal(half.rows("SELECT by, what FROM journal WHERE by <> 'blwatch'"),
                [("eve", "delisted")], "whose word it was is in the journal")
    r = half.run("--clear", "microsoft-consumer", "203.0.113.11")
    check.ok(r.rc == 65 and b"no open listing" in r.err, "what isn't listed can't be cleared", r)
    half.log = [x for x in half.log if x[0] < 6000]
    for i in range(30):
        half.deliver(6200 + i * 60, "postfix-out2", "k%d@hotmail.com" % i, S3150, WHO[i % 3], OLC)
    half.run("--no-dns", half.write_log())
    check.equal(half.rows("SELECT state, since > 0 FROM listings WHERE ip = '203.0.113.11'"),
                [("clear", 1), ("listed", 1)], "when it goes on, that is a new listing")
    late = Case("late")  # a partner who is touched later is told then
    for i in range(30):
        late.deliver(i * 60, "postfix-out2", "v%d@hotmail.com" % i, S3150,
                     WHO[0] if i % 2 else WHO[2], OLC)
    late.deliver(3000, "postfix-out2", "z@hotmail.com", S3150, WHO[1], OLC)
    late.run("--no-dns", late.write_log())
    check.equal(late.rows("SELECT partner FROM notices ORDER BY id"), [("north",), ("south",)],
                "who is touched later is told then")


def test_not_listings():
    c = Case("not")
    replies = {
        "receiver": "554 5.7.1 Service unavailable; Client host [203.0.113.10] blocked using "
                    "zen.spamhaus.org; Error: open resolver; "
                    "https://check.spamhaus.org/returnc/pub/192.0.2.9/",
        "dead": "554 5.7.1 Service unavailable; Client host [203.0.113.10] blocked using "
                "dnsbl.sorbs.net; Currently Sending Spam See: http://www.sorbs.net/",
        "tenant": "550 5.7.513 Service unavailable, Client host [203.0.113.10] blocked by "
                  "example.org using Customer Block list (AS16012607)",
        "domain": "550 5.7.1 Your email was rejected due to having a domain present in the "
                  "Spamhaus DBL -- see https://www.spamhaus.org/dbl/",
        "auth": "550 5.7.26 Unauthenticated email from acme.example is not accepted due to "
                "domain's DMARC policy.",
        "user": "550 5.1.1 User unknown in virtual mailbox table",
        "content": "554 5.7.1 Spam message rejected",
        "full": "452 4.2.2 The email account that you tried to reach is over quota",
    }
    for k, (name, reply) in enumerate(sorted(replies.items())):
        for i in range(40):
            c.deliver(k * 3600 + i * 60, "postfix-out1", "r%d@%s.example" % (i, name), reply,
                      WHO[i % 3], relay="mx.%s.example[192.0.2.50]:25" % name)
    for i in range(40):  # an old reply repeated is no new refusal
        c.deliver(40000 + i * 60, "postfix", "s%d@t-online.de" % i, TELEKOM, WHO[i % 3], MX00,
                  True, "error")
    for i in range(40):  # many recipients of one customer, few of many
        c.deliver(50000 + i * 60, "postfix-out1", "o%d@hotmail.com" % i, S3150, WHO[0], OLC)
        c.deliver(60000 + i * 60, "postfix-out3", "same%d@t-online.de" % (i % 4), TELEKOM,
                  WHO[i % 3], MX00, True)
        c.deliver(70000 + i * 3600, "postfix-out3", "slow%d@t-online.de" % i, TELEKOM,
                  WHO[i % 3], MX00, True)
    for i in range(40):  # their words in others' mouths: made up, or said to a forwarder
        c.deliver(300000 + i * 60, "postfix-out1", "h%d@hostile.example" % i, S3150, WHO[i % 3])
        c.deliver(300000 + i * 60, "postfix-out1", "i%d@hostile.example" % i, S775, WHO[i % 3])
        c.deliver(310000 + i * 60, "postfix-out1", "j%d@hostile.example" % i, TELEKOM, WHO[i % 3],
                  deferred=True)
    r = c.run("--no-dns", c.write_log())
    check.ok(r.rc == 0 and not r.out and not r.err,
             "the receiver's resolver, a dead list, one tenant's list, a domain, DMARC, users, "
             "content, an old reply, one customer, few recipients, too slow, a mailbox provider's "
             "words from a stranger: no listings", r)


def test_unproven():
    """All mail is routed around a listing: after a week it is taken for over, and seen again."""
    c, day = Case("unproven"), 86400
    ms = ("203.0.113.11", "microsoft-consumer")
    for i in range(30):
        c.deliver(i * 60, "postfix-out2", "v%d@hotmail.com" % i, S3150, WHO[i % 3], OLC)
    for i in range(10 * 24 * 4):
        c.deliver(4000 + i * 900, "postfix-out1", "w%d@hotmail.com" % i, "250 ok", WHO[i % 3], OLC)
    for i in range(30):
        c.deliver(9 * day + i * 60, "postfix-out2", "x%d@hotmail.com" % i, S3150, WHO[i % 3], OLC)
    r = c.run("--no-dns", c.write_log(end=7 * day))
    check.ok(r.rc == 1 and events(r) == [("seen",) + ms, ("listed",) + ms],
             "for a week it stands", r)
    r = c.run("--no-dns", c.write_log(end=9 * day))
    check.ok(r.rc == 0 and events(r) == [("clearing",) + ms, ("delisted",) + ms],
             "then it is taken for over", r)
    why = "not tried since " + rfc3339(29 * 60)
    check.equal([x["reason"] for x in tsv(r)], [why] * 2, "with the reason")
    check.equal({f["reason"].endswith("203.0.113.11: %s." % why) for f in
                 (json.loads(x[0]) for x in
                  c.rows("SELECT facts FROM notices WHERE event = 'delisted'"))}, {True},
                "which the partners are told")
    check.equal(c.rows("SELECT count(*) FROM journal WHERE instr(reason, '%s')" % why), [(2,)],
                "and the journal has")
    r = c.run("--no-dns", c.write_log())
    check.ok(r.rc == 1 and events(r) == [("seen",) + ms, ("listed",) + ms],
             "refused again, it is listed again", r)
    check.equal(c.rows("SELECT state FROM listings ORDER BY id"), [("clear",), ("listed",)],
                "as a listing of its own")


def test_warning():
    c = Case("warning")
    for i in range(30):
        c.deliver(i * 60, "postfix-out1", "u%d@hotmail.com" % i, S775, WHO[i % 3], OLC)
    r = c.run("--no-dns", c.write_log())
    check.ok(r.rc == 0 and events(r) == [("warning", "203.0.113.10", "microsoft-consumer")],
             "S775 is an early warning, told once", r)
    check.equal(c.rows("SELECT what FROM journal"), [("warning",)], "and in the journal")
    check.equal(c.states(), {}, "it is no listing")


def test_address():
    c = Case("address")
    quotes = S3150.replace("203.0.113.11", "203.0.113.12")
    foreign = S3150.replace("203.0.113.11", "198.51.100.99")
    nothing = S3150.replace("[203.0.113.11]", "you")
    for i in range(30):
        c.deliver(i * 60, "postfix", "q%d@hotmail.com" % i, quotes, WHO[i % 3], OLC)
        c.deliver(i * 60 + 7, "postfix", "f%d@hotmail.com" % i, foreign, WHO[i % 3], OLC)
        c.deliver(i * 60 + 11, "postfix", "n%d@hotmail.com" % i, nothing, WHO[i % 3], OLC)
    r = c.run("--no-dns", c.write_log())
    check.equal(sorted(events(r)), [("listed", "203.0.113.12", "microsoft-consumer"),
                                    ("seen", "203.0.113.12", "microsoft-consumer"),
                                    ("unknown", "unknown", "microsoft-consumer")],
                "the address that the reply names counts if it is ours; the rest is told once")
    one = Case("single", outbound="only 203.0.113.10\nsix 2001:db8:1::1\n")
    one.log = [(t, n, line) for t, n, line in c.log if "203.0.113.12" not in line]
    r = one.run("--no-dns", one.write_log())
    check.equal(sorted(set(events(r))), [("listed", "203.0.113.10", "microsoft-consumer"),
                                         ("seen", "203.0.113.10", "microsoft-consumer"),
                                         ("unknown", "unknown", "microsoft-consumer")],
                "the only address of the remote's family needs no name, unless another is named")
    named = Case("named")  # a list that servers name, and mail to them that flows again
    spamhaus = ("554 5.7.1 Service unavailable; Client host [203.0.113.10] blocked using "
                "zen.spamhaus.org; https://www.spamhaus.org/query/ip/203.0.113.10")
    private = "554 5.7.1 Client host [203.0.113.10] blocked using BL.Private.example; see there"
    for i in range(30):
        named.deliver(i * 60, "postfix-out1", "u%d@site%d.example" % (i, i % 9), spamhaus,
                      WHO[i % 3])
        named.deliver(i * 60 + 7, "postfix-out1", "u%d@corp%d.example" % (i, i % 3), private,
                      WHO[i % 3])
        named.deliver(4000 + i * 60, "postfix-out1", "a%d@else%d.example" % (i, i), "250 ok")
        named.deliver(9000 + i * 60, "postfix-out1", "a%d@site%d.example" % (i, i % 9), "250 ok")
    named.run("--no-dns", named.write_log(end=8000))
    check.equal(named.states(), {("203.0.113.10", "spamhaus"): "listed",
                                 ("203.0.113.10", "bl.private.example"): "listed"},
                "lists that servers name; mail accepted elsewhere says nothing about them")
    named.run("--no-dns", named.write_log())
    check.equal(named.states(), {("203.0.113.10", "spamhaus"): "clear",
                                 ("203.0.113.10", "bl.private.example"): "listed"},
                "mail accepted where it was refused ends the one, not the other")


def test_both(server, resolver):
    """What servers say of a list that DNS is asked about belongs to DNS's row."""
    c = Case("both")
    css = ("554 5.7.1 Service unavailable; Client host [203.0.113.12] blocked using "
           "zen.spamhaus.org; https://www.spamhaus.org/query/ip/203.0.113.12")
    rewrite(server, "zen", LISTED + "203.0.113.12 :127.0.0.3:CSS\n", "12.113.0.203.zen.example",
            True)
    for i in range(60):
        c.deliver(i * 60, "postfix-out3", "u%d@site%d.example" % (i, i % 9), css, WHO[i % 2])
    c.run("--no-dns", c.write_log(end=300))
    check.equal(c.states(), {("203.0.113.12", "spamhaus"): "seen"}, "seen by the log")
    c.run("--resolver", resolver, "--now", rfc3339(400), "--list", "spamhaus")
    check.equal(c.rows("SELECT provider, source, state FROM listings"),
                [("spamhaus-css", "dns", "listed")], "DNS confirms it, and knows the part")
    c.run("--resolver", resolver, "--now", rfc3339(3700), "--list", "spamhaus", c.write_log())
    check.equal(c.rows("SELECT count(*) FROM listings"), [(1,)], "and there is one listing")
    check.equal(c.rows("SELECT partner FROM notices ORDER BY partner"), [("north",), ("south",)],
                "whose mail was refused for it is told")


# --- the rest ---

def exposition(text):
    """The samples of a text in Prometheus's format: {(name, ((label, value), …)): number}; ValueError
    for what its grammar doesn't allow."""
    samples, types, done = {}, {}, set()
    current = None
    if not text.endswith("\n"):
        raise ValueError("no newline at the end")
    for line in text.split("\n")[:-1]:
        m = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)", line)
        if m:
            if m.group(2) != current and m.group(2) in done:
                raise ValueError("family twice: " + line)
            current = m.group(2)
            done.add(current)
            if m.group(1) == "TYPE":
                if m.group(3) not in ("gauge", "counter") or current in types:
                    raise ValueError(line)
                types[current] = m.group(3)
            continue
        m = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"'
                         r',?)*)\})? (NaN|[+-]Inf|[-+0-9.e]+)', line)
        if not m or m.group(1) != current or current not in types:
            raise ValueError(line)
        labels = tuple(re.findall(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', m.group(2) or ""))
        if (m.group(1), labels) in samples:
            raise ValueError("sample twice: " + line)
        samples[(m.group(1), labels)] = float(m.group(3))
    return samples


def test_metrics():
    c = Case("metrics")
    story(c)
    prom = c.dir + "/blwatch.prom"
    r = c.run("--no-dns", "--metrics", prom, c.write_log(end=6000))
    with open(prom) as f:
        text = f.read()
    try:
        got = exposition(text)
    except ValueError as e:
        got = {}
        check.ok(False, "metrics can be parsed", e)
    check.equal([got.get(("mptools_listings", (("state", s),))) for s in ("listed", "clear")],
                [2, 0], "how many are listed")
    check.ok(any(n == "mptools_listing_since_timestamp_seconds" and
                 dict(l) == {"ip": "203.0.113.11", "provider": "microsoft-consumer",
                             "source": "log", "state": "listed"} for n, l in got),
             "each of them", text)
    check.ok(got.get(("mptools_log_lines", (("tool", "blwatch"), ("kind", "mail"))), 0) > 400,
             "and the log that was read", text)
    check.ok(oct(os.stat(prom).st_mode & 0o777) == "0o644", "node_exporter may read it")
    r = c.run("--no-dns", "--metrics", c.dir + "/no/such.prom", c.dir + "/mail.log")
    check.ok(r.rc == 73 and r.err, "a folder that isn't there: 73", r)


def test_failures():
    c = Case("failures")
    with open(c.ledger + ".blwatch.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        r = c.run("--no-dns", "/dev/null")
        check.ok(r.rc == 75 and r.err and not os.path.exists(c.ledger), "one run at a time: 75", r)
    r = c.run("--no-dns", c.dir + "/nosuch.log")
    check.ok(r.rc == 66 and not c.rows("SELECT * FROM state"), "no such log: 66, nothing changed",
             r)
    write(c.dir + "/garbage", "no log\n" * 50)
    r = c.run("--no-dns", c.dir + "/garbage")
    check.ok(r.rc == 65, "what is no log: 65", r)
    os.unlink(c.conf + "/outbound")
    r = c.run()
    check.ok(r.rc == 78 and b"no address of ours" in r.err, "without addresses: 78", r)
    write(c.conf + "/outbound", "out1 999.1.1.1\n")
    r = c.run("--check-config")
    check.ok(r.rc == 78 and b"outbound:1" in r.err, "a wrong address: 78", r)
    write(c.conf + "/outbound", OUTBOUND)
    write(c.conf + "/providers.d/bad.conf", "[x]\nkind = nonsense\n")
    r = c.run("--check-config")
    check.ok(r.rc == 78 and b"bad.conf:2" in r.err, "a wrong providers file: 78", r)
    os.unlink(c.conf + "/providers.d/bad.conf")
    r = c.run("--check-config")
    check.ok(r.rc == 0 and not r.err and not r.out, "--check-config", r)
    story(c)
    with open("/dev/full", "wb") as full:
        p = subprocess.run([TOOL, "-C", c.conf, "--ledger", c.ledger, "--no-dns",
                            c.write_log()], stdout=full, stderr=subprocess.PIPE,
                           env={"MPTOOLS_SHARE": "share/mptools", "TZ": "UTC"})
    check.ok(p.returncode == 74 and p.stderr, "a full disk is 74", p)


def main():
    if not os.access(RBLDNSD, os.X_OK):
        skip("no " + RBLDNSD)
    with tempfile.TemporaryDirectory() as zones:
        server = Rbldnsd(zones, ZONES)
        try:
            if check.ok(server.ready(), "rbldnsd answers", open(server.log).read()):
                resolver = "127.0.0.1:%d" % server.port
                test_one_look(resolver)
                test_keys(resolver)
                test_two_looks(server, resolver)
                test_both(server, resolver)
        finally:
            server.stop()
    test_log()
    test_not_listings()
    test_unproven()
    test_warning()
    test_address()
    test_metrics()
    test_failures()
    shutil.rmtree(top)
    check.done()


main()
