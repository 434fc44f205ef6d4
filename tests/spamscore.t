#!/usr/bin/env python3
"""spamscore as a whole: what it finds in a log, what it prints, and how it fails."""
import datetime
import fcntl
import gzip
import json
import math
import os
import pty
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unicodedata

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import COLUMNS, Checks, tool  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
SPAMSCORE, PARSE = BIN + "/spamscore", BIN + "/mplog-parse"
SHARE = os.environ.get("MPTOOLS_SHARE", os.path.abspath("share/mptools"))
SAMPLE = "share/mptools/sample.log"
HEADER = ("time state kind identity customer partner score threshold since messages recipients "
          "refused unknown senders sender_list clients countries families samples").split()
CUSTOMERS = """\
acme north-it domain:acme.example sasl:bob sasl:ann
news south    sasl:news net:203.0.113.0/28 net:2001:db8:1::/48
"""
t = Checks()
top = tempfile.mkdtemp(prefix="spamscore.")
conf, none = top + "/conf", top + "/none"
os.mkdir(conf)
os.mkdir(none)


def write(path, text):
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


write(conf + "/customers", CUSTOMERS)


def score(args, stdin=b"", conf_dir=none, env=None):
    e = {"MPTOOLS_SHARE": SHARE}
    e.update(env or {})
    return tool(["-C", conf_dir] + list(args), stdin=stdin, program=SPAMSCORE, env=e)


class Log:
    """Event records, as mplog-parse writes them."""

    def __init__(self, start=datetime.datetime(2026, 11, 1)):
        self.rows, self.clock, self.ids, self.random = [], 0, 0, random.Random(5)
        self.start = start

    def now(self):
        return (self.start + datetime.timedelta(seconds=self.clock)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def row(self, **f):
        f.setdefault("time", self.now())
        self.rows.append("\t".join(f.get(c, "") for c in COLUMNS))

    def mail(self, site="a", answer="accepted", verdict=None, login="bob", sender="bob@acme.example",
             client="192.0.2.7"):
        """One message to one new recipient, delivered to a site; or stopped after the verdict."""
        self.clock += 7
        self.ids += 1
        m = dict(host="mx1", instance="postfix", qid="Q%d" % self.ids, client_ip=client,
                 sasl_user=login, sender=sender, nrcpt="1")
        self.row(kind="accept", daemon="smtpd", **m)
        if verdict:
            self.row(kind="verdict", daemon="amavis", verdict=verdict, **m)
        if answer:
            self.row(kind="deliver", daemon="smtp", relay_name="mx." + site + ".example",
                     relay_ip="198.%d.100.25" % (ord(site[0]) % 200), relay_port="25", delay="0.5",
                     rcpt="r%d@%s.example" % (self.ids, site),
                     status="sent" if answer == "accepted" else "bounced", **{"class": answer}, **m)
        self.row(kind="remove", daemon="qmgr", **m)

    def campaign(self, n, unknown=0.0, content=0.0, kind="spam-content", **more):
        for i in range(n):
            r = self.random.random
            answer = ("user-unknown" if r() < unknown else kind if r() < content else "accepted")
            self.mail(site="abcde"[i % 5], answer=answer, **more)

    def stream(self, end=True, rows=slice(None)):
        rows = self.rows[rows]
        head = "#mplog\t" + "\t".join(COLUMNS) + "\n"
        tail = "#end %d %d\n" % (len(rows), len(rows)) if end else ""
        return (head + "".join(r + "\n" for r in rows) + tail).encode("utf-8", "surrogateescape")


def suspects(result):
    """The rows of a suspect stream by identity; its frame is checked."""
    lines = result.out.decode("utf-8", "backslashreplace").split("\n")
    if lines[0] != "#suspects\t" + "\t".join(HEADER) or not lines[-2].startswith("#end "):
        return None
    rows = [dict(zip(HEADER, line.split("\t"))) for line in lines[1:-2]]
    return {r["identity"]: r for r in rows} if lines[-2] == "#end %d" % len(rows) else None


def states(result):
    found = suspects(result)
    return None if found is None else {who: r["state"] for who, r in found.items()}


def judged(what, log, want, conf_dir=none):
    """Who is flagged as what; the exit status follows, and nothing is said on stderr."""
    r = score([], log.stream(), conf_dir)
    t.ok(states(r) == want and r.rc == (1 if want else 0) and r.err == b"", what, r)
    return suspects(r) or {}


def on_terminal(args, env=None, stdin=None):
    """The tool with stdout (and stderr) on a terminal of its own: its status and what it shows."""
    master, slave = pty.openpty()
    e = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm",
         "MPTOOLS_SHARE": SHARE}
    e.update(env or {})
    p = subprocess.Popen([SPAMSCORE, "-C", none] + args, stdin=stdin or slave, stdout=slave,
                         stderr=slave, env=e, start_new_session=True)
    os.close(slave)
    out = b""
    while select.select([master], [], [], 60)[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    os.close(master)
    return p.wait(60), out.replace(b"\r\n", b"\n").decode("utf-8", "replace")


# ---- the sample log ----
raw = score([SAMPLE])
found = suspects(raw)
tanja = "tanja.peters@north-print.example"
t.ok(found and list(found) == [tanja] and raw.rc == 1 and raw.err == b"",
     "the sample log has one compromised login, exit 1", raw)
row = (found or {}).get(tanja, {})
t.equal(row.get("state"), "compromised", "its state")
t.ok(float(row.get("score", 0)) >= float(row.get("threshold", 1)), "its score is over the threshold", row)
t.ok(row.get("since", "9") <= row.get("time", "") < "2026-11-17T09:10", "flagged when it began", row)
t.ok(row.get("sender_list") == tanja + "=" + row.get("messages", ""), "one sender address", row)
t.ok(len(row.get("samples", "").split()) == 5, "five queue ids to look up", row)
t.ok(re.search(r"replies-content=[\d.]+: refused \d+ of \d+ as spam by (at least )?\d+ providers; ",
               row.get("families", "")), "it says in words what was seen", row)
records = tool([SAMPLE], program=PARSE, env={"MPTOOLS_SHARE": SHARE})
for what, r in (("mplog-parse's records", score([], records.out)),
                ("a gzip file", score([write(top + "/log.gz", gzip.compress(open(SAMPLE, "rb").read()))])),
                ("standard input", score(["-"], open(SAMPLE, "rb").read()))):
    t.ok(r.out == raw.out and r.rc == raw.rc and r.err == b"", "the same, byte for byte, from " + what, r)
t.ok(all(score([SAMPLE]).out == raw.out for _ in range(3)), "and in every run")

# ---- who is flagged ----
log = Log()
log.campaign(200, 0.01, 0.005, login="ann", sender="ann@acme.example")
log.campaign(150, 0.4, 0.6)
row = judged("a spammer, and not his colleague", log, {"bob": "compromised"}, conf).get("bob", {})
t.equal((row.get("kind"), row.get("customer"), row.get("partner")), ("login", "acme", "north-it"),
        "customer and partner are from the file")
log = Log()
log.campaign(20000, 0.07, 0.01, login="news", sender="x@shop.example")
judged("a newsletter with 7 % unknown users isn't", log, {}, conf)
log = Log()
log.campaign(3000, 1.0, login="news", sender="x@shop.example")
row = judged("nothing but unknown users is a suspect", log, {"news": "suspect"}, conf).get("news", {})
t.ok(float(row.get("score", 99)) < float(row.get("threshold", 0)), "below the threshold", row)
log = Log()
log.campaign(300, 0.4, 0.6, login="", client="192.0.2.66", sender="ann@acme.example")
log.campaign(300, 0.01, login="ann", sender="ann@acme.example")
judged("whose address a stranger forges isn't, nor is the stranger", log, {}, conf)
for kind in ("ip-blocklisted", "rate-limited"):
    log = Log()
    log.campaign(2000, 0.05, 1.0, kind=kind)
    judged("nor who is refused because our address is listed (%s)" % kind, log, {}, conf)
log = Log()
for i in range(2000):
    log.mail("a", ("spam-content", "user-unknown")[i % 2])
judged("nor whom one remote site alone accuses", log, {}, conf)
log = Log()
log.campaign(1000, sender="<>", unknown=0.5, content=0.5)
judged("nor anybody for the null sender", log, {}, conf)
log = Log()
log.mail(verdict="virus", answer=None, login="ann")
log.campaign(100, login="ann")
row = judged("one known virus is enough", log, {"ann": "infected"}, conf).get("ann", {})
t.ok("our filter found a virus in 1 of 1" in row.get("families", ""), "and it says so", row)
log = Log()
log.campaign(150, 0.4, 0.6, login="", client="203.0.113.5")
log.campaign(150, 0.4, 0.6, login="", client="2001:db8:1:2::77")
log.campaign(150, 0.4, 0.6, login="", client="203.0.113.16")
judged("machines in a customer's net, by address or /64; others are strangers", log,
       {"203.0.113.5": "compromised", "2001:db8:1:2::/64": "compromised"}, conf)

# ---- output ----
log = Log()
log.campaign(100, 0.4, 0.6, login="one")
log.campaign(100, 0.4, 0.6, login="two", sender="a b%=@x.example")
log.campaign(100, 1.0, login="three")
log.mail(answer="user-unknown", login="four")
three = log.stream()
r = score(["-o", "json"], three)
objects = [json.loads(line) for line in r.out.decode().splitlines()]
t.equal([o.get("identity") for o in objects], list(suspects(score([], three))) + [None],
        "JSON: one object a suspect")
rank = [("suspect", "compromised").index(o["state"]) + o["score"] / 1000 for o in objects[:-1]]
t.ok(len(rank) == 3 and rank == sorted(rank, reverse=True), "worst first", rank)
two = [o for o in objects if o.get("identity") == "two"][0]
t.equal(objects[-1], {"kind": "end", "suspects": 3}, "and an end")
t.equal(list(objects[0]), [c for c in HEADER if c not in ("partner", "countries")],
        "with the columns that are known")
t.equal(two["sender_list"], [{"name": "a b%=@x.example", "count": two["messages"]}],
        "lists are arrays")
t.ok("a%%20b%%25=@x.example=%d" % two["messages"] in score([], three).out.decode(),
     "in TSV a list's names are escaped so that it splits")
deliveries = [x for x in three.decode().split("\n") if "\taccept\t" not in x]
deliveries[-2] = "#end %d 0" % (len(deliveries) - 3)
r = score(["-o", "table"], "\n".join(deliveries).encode())
t.ok(r.rc == 1 and len(re.findall(b"^compromised ", r.out, re.M)) == 2 and r.err == b"",
     "deliveries alone will do", r)
t.equal(list(suspects(score(["--top", "2"], three))), list(suspects(score([], three)))[:2],
        "--top keeps the worst")
t.equal(states(score(["-a"], three)),
        {"one": "compromised", "two": "compromised", "three": "suspect", "four": "clear"},
        "-a lists those with a score, too")
r = score(["--explain", "ONE"], three)
walk = r.out.decode().splitlines()
t.ok(r.rc == 1 and all(re.match(r"2026-11-01T00:\d\d:\d\dZ .*Q\d+ ", w) for w in walk) and
     {"Q%d" % i for i in range(1, 101)} == set(re.findall(r"\bQ\d+\b", r.out.decode())) and
     "replies-content +" in r.out.decode(), "--explain tells the walk, message by message", r)
r = score(["--explain", "nobody"], three)
t.ok(r.rc == 0 and b"nobody: this log has no mail" in r.err, "--explain of somebody unknown", r)
r = score(["-v"], three)
t.ok(re.search(rb"903 records, 4 identities, 3 flagged at a threshold of \d+\.\d\d\n", r.err),
     "-v says how much was read", r)
t.ok(b"no GeoIP database" in r.err, "and that countries are unknown", r)
target = write(top + "/out", "old\n")
r = score(["-w", target], three)
t.ok(r.rc == 1 and r.out == b"" and open(target, "rb").read() == score([], three).out,
     "-w FILE writes the same to a file", r)

# ---- on a terminal ----
hostile = Log()
names = ["evil\x1b[2J\x1b]0;x\x07login-that-is-long-too-long-for-a-column", "bidi\u202etxt.exe",
         "\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d", "z\u200bero"]
for name in names:
    escaped = name.replace("\x1b", "\\x1b").replace("\x07", "\\x07")
    hostile.campaign(100, 0.4, 0.6, login=escaped, sender=escaped + "@x.example")
path = write(top + "/hostile", hostile.stream())


def width(line):
    line = re.sub("\x1b\\[[0-9;]*m", "", line)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


rc, shown = on_terminal(["-q", path])
t.ok(rc == 1 and len(re.findall("^\\S*compromised", shown, re.M)) == len(names),
     "a terminal gets a table", shown)
t.ok(max(width(x) for x in shown.split("\n")) <= 80, "of 80 columns, wide characters counted as two",
     "\n".join("%d %s" % (width(x), x) for x in shown.split("\n") if width(x) > 80))
plain = re.sub("\x1b\\[[0-9;]*m", "", shown)
t.ok(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", plain),
     "no byte of the log reaches it that it would obey", repr(plain))
t.ok("\\x1b[2j" in plain and "\\u202e" in plain and "\\u200b" in plain, "they are written out", plain)
t.ok("\x1b[1;31mcompromised" in shown, "in colour", repr(shown))
t.ok("\u2588" in shown, "with a sparkline", shown)
t.ok(re.search(r"^  why +\d+\.\d refused \d+ of 100 as \w+ by 5 providers$", plain, re.M),
     "and in words why", shown)
why = re.findall(r"^(?:  why)? +(\d+\.\d) [a-z0-9]", plain.split("  since")[0], re.M)
t.ok(len(why) > 1 and why == sorted(why, key=float, reverse=True), "what weighs most comes first", why)
rc, shown = on_terminal(["-q", path], {"NO_COLOR": "1"})
t.ok(rc == 1 and "\x1b" not in shown, "without colour where NO_COLOR is set", repr(shown))
rc, shown = on_terminal([path], {"LC_ALL": "C"})
t.ok(all(ord(c) < 127 for c in shown), "in ASCII where the locale has no UTF-8", repr(shown))
rc, shown = on_terminal([write(top + "/honest", Log().stream())])
t.ok(rc == 0 and "\nnobody: " in shown, "it says so when there is nobody", shown)
t.ok(shown.startswith("spamscore: no GeoIP database"), "and that there is no GeoIP database", shown)
rc, shown = on_terminal(["-q", top + "/honest"])
t.ok(rc == 0 and "GeoIP" not in shown, "but not with -q", shown)
rc, shown = on_terminal([])
t.ok(rc == 64 and "usage: spamscore" in shown, "without input it shows its usage (exit 64)", shown)
noise = random.Random(7)
wild = Log()
for _ in range(12):
    login = "".join(chr(noise.choice((noise.randrange(0x21, 0x7f), noise.randrange(0x80, 0x300),
                                      noise.randrange(0x2000, 0x2100), noise.randrange(0x3000, 0xd7ff),
                                      noise.randrange(0xdc80, 0xdd00), noise.randrange(0x1f000, 0x20000))))
                    for _ in range(noise.randrange(1, 60))).replace("\\", "/")
    wild.mail(verdict="virus", answer=None, login=login, sender=login + "@x.example")
rc, shown = on_terminal(["-q", write(top + "/wild", wild.stream())], {"NO_COLOR": "1"})
t.ok(rc == 1 and shown.count("\ninfected ") == 12 and
     not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown),
     "any bytes at all in a name do no harm", repr(shown))

# ---- a part of the log ----
log = Log()
log.campaign(100, 0.4, 0.6, login="one")
second = log.now()
log.campaign(100, 0.4, 0.6, login="two")
third = log.now()
log.campaign(3, 1.0, login="three")
parts = log.stream()
both = suspects(score([], parts))
t.equal(sorted(both), ["one", "two"], "two spammers, one after the other")


def part(what, args, want, rc=1, stream=parts):
    r = score(args, stream)
    t.ok(states(r) is not None and sorted(states(r)) == want and r.rc == rc and r.err == b"", what, r)
    return suspects(r) or {}


found = part("--since names who was flagged since", ["--since", second], ["two"])
t.equal(found.get("two"), both["two"], "and has learned from what was before")
part("even at that very moment", ["--since", both["two"]["time"]], ["two"])
part("nobody since: exit 0", ["--since", "2026-11-02"], [], 0)
part("-a: clear ones that began since, too; they make no exit status", ["-a", "--since", third],
     ["three"], 0)
found = part("--until leaves out what is later", ["--until", second], ["one"])
t.equal(found.get("one"), suspects(score([], log.stream(rows=slice(0, 297))))["one"],
        "as if it had never been written")
part("all of it: nobody", ["--until", "2026-11-01T00:00:07Z"], [], 0)
flag = datetime.datetime.strptime(both["two"]["time"][:19], "%Y-%m-%dT%H:%M:%S")
for form, east, zone in (("%Y-%m-%dT%H:%M:%SZ", 0, []), ("%Y-%m-%d %H:%M:%S", 0, []),
                         ("%Y-%m-%dt%H:%M:%S.000z", 0, []), ("%Y-%m-%dT%H:%M:%S+02:00", 120, []),
                         ("%Y-%m-%dT%H:%M:%S-03:30", -210, []),
                         ("%Y-%m-%dT%H:%M:%S", 540, ["--tz", "Asia/Tokyo"])):
    then, later = [(flag + datetime.timedelta(minutes=east, seconds=s)).strftime(form) for s in (0, 2)]
    part("a time written as " + " ".join([then] + zone), zone + ["--since", then], ["two"])
    part("and two seconds later", zone + ["--since", later], [], 0)
minute = (flag + datetime.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
part("without seconds", ["--since", minute], [], 0)
t.equal(score(["--since", "2026-11-01"], parts).out, score([], parts).out, "a day is its midnight")
fresh = Log(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3))
fresh.campaign(100, 0.4, 0.6, login="one")
fresh.clock = 2 * 3600
fresh.campaign(100, 0.4, 0.6, login="two")
for span in ("90m", "-90m", "5400s"):
    part("a span back from now: " + span, ["--since", span], ["two"], stream=fresh.stream())
part("--until 2h", ["--until", "2h", "--since", "1d"], ["one"], stream=fresh.stream())
rc, shown = on_terminal(["-q", "--since", "2026-11-02", write(top + "/parts", parts)])
t.ok(rc == 0 and "none of them was flagged in that time" in shown, "a person is told so", shown)

# ---- failures ----
r = score([], log.stream(end=False))
t.ok(r.rc == 75 and r.out == b"" and r.err.count(b"\n") == 1,
     "a record stream without its end: a message, nothing printed, exit 75", r)
r = score(["-w", target], log.stream(end=False))
t.ok(r.rc == 75 and open(target, "rb").read().startswith(b"#suspects"), "the file of -w stays", r)
r = score([top + "/missing", SAMPLE])
t.ok(r.rc == 66 and b"missing" in r.err and b"#end" not in r.out,
     "an input that can't be read: exit 66, and no end line", r)
r = score([write(top + "/binary", bytes(range(256)) * 40)])
t.ok(r.rc == 65 and r.err, "not a log at all: exit 65", r)
for option, value, what in (("--output", "xml", "none of tsv, json, table"), ("--top", "0", "no number, 1 or more"),
                            ("--top", "x", "no number, 1 or more"), ("--year", "26", "no year, as 2026"),
                            ("--tz", "Mars/Olympus", "no time zone of this system, as Europe/Berlin")):
    r = score([option, value, SAMPLE])
    t.equal((r.rc, r.out, r.err.decode()), (64, b"", "spamscore: error: %s: %s is %s\n" % (option, value, what)),
            "no value: %s %s" % (option, value))
for args in (["--explain", "x", "-a"], ["--explain", "x", "-o", "json"], ["--nonsense"], ["-w"],
             ["--explain", "x", "--since", "1h"], ["--calibrate", "--explain", "x"],
             ["--calibrate", "--state", "x"], ["--calibrate", "--top", "2"],
             ["--calibrate", "--metrics", "x"], ["--explain", "x", "--metrics", "x"],
             ["--since", "1h", "--until", "2h"], ["--since", "2026-11-24", "--until", "2026-11-24"]):
    r = score(args + [SAMPLE] if args != ["-w"] else args)
    t.ok(r.rc == 64 and r.out == b"" and b"usage: spamscore" in r.err, "usage: " + " ".join(args), r)
for when in ("", "yesterday", "1", "h", "-", "1y", "2h30m", "99999999999w", "2026", "2026-11", "26-11-24",
             "2026-13-01", "2026-02-29", "2026-11-24T", "2026-11-24T10", "2026-11-24T10:00:",
             "2026-11-24T10:00:00.", "2026-11-24T25:00Z", "2026-11-24T10:00+1", "2026-11-24T10:00+01:60",
             "2026-11-24T10:00ZZ", "2026-11-24Z", "2026-11-24T10:00 x", " 1h"):
    r = score(["--until", when, SAMPLE])
    t.equal((r.rc, r.err.decode()), (64, "spamscore: error: --until: %s is no time, as 2026-11-24T10:00:00Z or 2h\n"
                                     % (when or "''")), "no time: '%s'" % when)

# --- figures
def figures(path):
    return dict(line.rsplit(" ", 1) for line in open(path).read().split("\n") if line and line[0] != "#")


prom = top + "/spamscore.prom"
r = score(["-o", "json", "--metrics", prom, SAMPLE])
named = [json.loads(line).get("state") for line in r.out.splitlines()]
got = figures(prom)
t.equal({s: got['mptools_spamscore_suspects{state="%s"}' % s] for s in ("suspect", "compromised", "infected")},
        {s: str(named.count(s)) for s in ("suspect", "compromised", "infected")}, "--metrics: suspects by state")
t.ok(r.rc == 1 and named.count("compromised") and int(got["mptools_spamscore_identities"]) >= len(named) - 1,
     "--metrics: of how many identities", got)
r = score(["--top", "1", "--metrics", prom, SAMPLE])
t.equal({k: v for k, v in figures(prom).items() if "timestamp" not in k},
        {k: v for k, v in got.items() if "timestamp" not in k}, "--metrics: whatever --top prints")
t.equal(got['mptools_log_lines{tool="spamscore",kind="mail"}'], str(open(SAMPLE).read().count("\n")),
        "--metrics: the lines that were read")
before = open(prom).read()
r = score(["--metrics", prom, top + "/missing", SAMPLE])
t.ok(r.rc == 66 and open(prom).read() == before, "--metrics: stays when the run fails", r)
r = score(["--metrics", top + "/no/such.prom", SAMPLE])
t.ok(r.rc == 73 and b"no/such.prom" in r.err and r.out == raw.out, "--metrics: a folder that isn't there: exit 73", r)
r = score(["--help"])
t.ok(r.rc == 0 and r.out.startswith(b"usage: spamscore") and r.err == b"", "--help", r)
r = score(["--version"])
t.ok(r.rc == 0 and re.match(rb"spamscore \d", r.out), "--version", r)
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        p = subprocess.run([SPAMSCORE, "-C", none, SAMPLE], stdout=full, stderr=subprocess.PIPE,
                           env=dict(os.environ, MPTOOLS_SHARE=SHARE), timeout=60)
    t.ok(p.returncode == 74 and p.stderr, "a full disk: exit 74", p)

# ---- a state that goes from run to run ----
state = top + "/state"
lines = open(SAMPLE, "rb").read().splitlines(keepends=True)


def pieces(what, cut, want, more=()):
    """A log in pieces, each a run that goes on from the last: the last one prints what one run
    over all of it prints."""
    if os.path.exists(state):
        os.remove(state)
    results = [score(["--state", state] + list(more), piece) for piece in cut]
    last = results[-1]
    t.ok(last.out == want.out and last.rc == want.rc and not any(r.err for r in results), what, last)
    return results


for n in (2, 7):
    at = [len(lines) * i // n for i in range(n + 1)]
    pieces("a log in %d pieces" % n, [b"".join(lines[i:j]) for i, j in zip(at, at[1:])], raw)
t.equal(os.stat(state).st_mode & 0o777, 0o600, "nobody else may read the state")
middle = len(log.rows) // 2
first, rest = log.stream(rows=slice(0, middle)), log.stream(rows=slice(middle, None))
results = pieces("records in two pieces", [first, rest], score([], parts))
t.equal(results[0].out, score([], first).out, "the first run is one without a state")
r = score(["--state", state, "--since", log.now()], Log().stream())
t.ok(states(r) == {} and r.rc == 0, "who was flagged before is not named again with --since", r)
r = score(["--state", state], Log().stream())
t.equal(states(r), {who: row["state"] for who, row in both.items()}, "but is without it")
before = open(state, "rb").read()
r = score(["--state", state, "--explain", "two"], rest)
t.ok(r.rc == 1 and r.out and open(state, "rb").read() == before, "--explain changes no state", r)


def untouched(what, rc, words, args=("--state", state), stdin=rest, path=state):
    old = open(path, "rb").read() if os.path.isfile(path) else None
    r = score(args, stdin)
    now = open(path, "rb").read() if os.path.isfile(path) else None
    t.ok(r.rc == rc and old == now and words in r.err and b"#end" not in r.out, what, r)


with open(state + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    lock.write("4711\n")
    lock.flush()
    untouched("another run holds it: exit 75, and it says who", 75, b"held by pid 4711")
    r = score(["--state", state, "--explain", "two"], rest)
    t.ok(r.rc == 1 and not r.err, "--explain needs no lock", r)
untouched("an input that isn't there: exit 66, the state stays", 66, b"stays as it was",
          ("--state", state, top + "/missing"))
untouched("a record stream without its end: 75, the same", 75, b"stays as it was",
          stdin=log.stream(end=False))
for what, damaged in (("cut short", before[:-40]), ("empty", b""), ("a byte changed",
                      before[:len(before) // 2] + b"?" + before[len(before) // 2 + 1:]),
                      ("something behind it", before + b"x"), ("not a state", b"Subject: x\n" * 9)):
    untouched("a state that is damaged (%s): exit 65, and what to do" % what, 65, b"move the file away",
              ("--state", write(top + "/damaged", damaged)), path=top + "/damaged")
untouched("of another version: exit 65", 65, b"another version of spamscore",
          ("--state", write(top + "/damaged", before.replace(b"spamscore 1", b"spamscore 2", 1))),
          path=top + "/damaged")
untouched("a folder for a state: exit 66", 66, b"no regular file", ("--state", none))
r = score(["--state", top + "/no/such/folder"], rest)
t.ok(r.rc == 73 and b"/no/such/folder" in r.err and r.out == b"", "one that can't be made: exit 73", r)

# ---- where clients are ----
places = top + "/places"
os.mkdir(places)
table = "192.0.2.0/24\tDE\t64496\tBusiness Fibre\n198.51.100.0/24\tFR\t64497\tEvil \x1b[31m Net\n"
for kind in ("country", "asn"):
    with open("%s/%s.mmdb" % (places, kind), "wb") as f:
        subprocess.run([sys.executable, "tests/mmdb.py", f.name, kind], input=table.encode(),
                       stdout=subprocess.DEVNULL, check=True)
write(places + "/mptools.conf", "[geoip]\ncountry = country.mmdb\nasn = asn.mmdb\n")
log = Log()
for i in range(60):
    log.mail("abcde"[i % 5], ("spam-content", "user-unknown")[i % 2],
             client=("192.0.2.7", "198.51.100.8", "203.0.113.9")[i % 3])
r = score([], log.stream(), places)
row = (suspects(r) or {}).get("bob", {})
t.ok(re.match(r"[DF][ER]=\d+ [DF][ER]=\d+$", row.get("countries", "")) and r.err == b"",
     "with a database the countries are known", r)
rc, shown = on_terminal(["-C", places, write(top + "/places.log", log.stream())], {"NO_COLOR": "1"})
t.ok(rc == 1 and "192.0.2.7 DE AS64496 Business Fibre (" in shown and
     re.search(r"203\.0\.113\.9 \(\d+\)", shown), "a person sees where each client is", shown)
t.ok("198.51.100.8 FR AS64497 Evil \\x1b[31m Net (" in shown, "and the database is a stranger, too", shown)
t.ok("GeoIP" not in shown, "and no notice", shown)

# ---- calibrate ----
honest = Log()
for i in range(3000):
    honest.mail("abcdefgh"[i % 8], "user-unknown" if i % 61 == 0 else "accepted",
                login="user%d" % (i % 30), sender="user%d@acme.example" % (i % 30))
path, made = write(top + "/honest", honest.stream()), conf + "/scoring.conf"
r = score(["--calibrate", path], conf_dir=conf)
t.ok(r.rc == 0 and b"3,000 messages of 30 identities" in r.out and not os.path.exists(made),
     "--calibrate prints a report", r)
r2 = score(["--calibrate", "-w", made, path], conf_dir=conf)
t.ok(r2.rc == 0 and r2.out == r.out and r2.err == b"" and b"usual unknown" in open(made, "rb").read(),
     "-w writes the scoring.conf", r2)
r = score(["--check-config"], conf_dir=conf)
t.ok(r.rc == 0 and r.err == b"", "which is a good one", r)
os.remove(made)
r = score(["--calibrate"], honest.stream(), conf)
t.ok(r.rc == 0 and b"3,000 messages" in r.out, "standard input can't be read twice, which is fine", r)
r = score(["--calibrate", "--until", "2026-11-01T02:00:00Z", path], conf_dir=conf)
t.ok(r.rc == 0 and b"1,028 messages" in r.out, "--until", r)
r = score(["--calibrate", "-w", made], parts, conf)
t.ok(r.rc == 1 and b"not written: there is too little mail" in r.err and not os.path.exists(made),
     "too little mail for an estimate", r)
honest.campaign(100, 0.4, 0.6, login="one")
r = score(["--calibrate", "-w", made], honest.stream(), conf)
t.ok(r.rc == 1 and b"isn't clean" in r.out and b"\n  one: compromised" in r.out and
     os.path.exists(made), "a log that isn't clean: exit 1, and who it was", r)
os.remove(made)
r = score(["--calibrate", "-w", made], log.stream(end=False), conf)
t.ok(r.rc == 75 and r.out == b"" and not os.path.exists(made), "an input that isn't whole: nothing", r)

# ---- configuration ----
bad = top + "/bad"
os.mkdir(bad)
write(bad + "/customers", "acme north net:10.0.0.0/8\nbeta north net:10.0.0.0/8\nlonely\n")
write(bad + "/partners", "north \"North IT\" mail:x\n")
write(bad + "/outbound", "out1 nowhere\n")
write(bad + "/scoring.conf", "false_flags 7\nlikelihood verdict 0.5 0.4\nnonsense 1\nlikelihood colour 1 2\n")
write(bad + "/mptools.conf", "[scoring]\nfalse_flags = often\n[geoip]\ncontry = x\n")
mistakes = ["customers:2", "customers:3", "partners:1"]


def config_told(what, args, want, program=SPAMSCORE, conf_dir=bad):
    r = tool(["-C", conf_dir] + args, program=program, env={"MPTOOLS_SHARE": SHARE})
    where = re.findall(r"/([a-z.]+:\d+): ", r.err.decode())
    t.ok(r.rc == (78 if want else 0) and r.out == b"" and where == want, what, r)


all_mistakes = (mistakes + ["outbound:1", "mptools.conf:2", "mptools.conf:4"] +
                ["scoring.conf:%d" % i for i in (1, 2, 3, 4)])
for args in (["--check-config"], [SAMPLE], ["--calibrate", SAMPLE], ["--explain", "x", SAMPLE]):
    config_told("all mistakes at once with file and line, exit 78 (%s)" % args[0], args,
                all_mistakes)
config_told("mplog-parse --check-config", ["--check-config"],
            mistakes + ["outbound:1", "mptools.conf:2", "mptools.conf:4"], PARSE)
config_told("senderblock --check-config", ["--check-config"], all_mistakes, BIN + "/senderblock")
strange = top + "/strange"
os.mkdir(strange)
write(strange + "/customers", "acme north net:10.0.0.0/8\nbeta - net:10.0.0.0/9\nx south sasl:x\n")
config_told("no file partners: any partner will do", ["--check-config"], [], conf_dir=strange)
write(strange + "/partners", "north North\n")
for program in ("spamscore", "mplog-parse", "senderblock"):
    config_told("a partner who isn't in partners: the customer's line (%s)" % program,
                ["--check-config"], ["customers:3"], BIN + "/" + program, strange)
os.remove(strange + "/customers")
write(strange + "/mptools.conf", "[geoip]\ncountry = nowhere.mmdb\n")
r = score(["--check-config"], conf_dir=strange)
t.ok(r.rc == 78 and b"nowhere.mmdb" in r.err, "a GeoIP database that isn't there", r)
r = score(["--check-config"], conf_dir=conf)
t.ok(r.rc == 0 and r.out + r.err == b"", "--check-config is silent when all is well", r)
write(conf + "/scoring.conf", "false_flags 1e-9   # one in a thousand million\n")
r = score([], three, conf)
usual = float(both["one"]["threshold"])
t.ok(suspects(r) and abs(float(suspects(r)["one"]["threshold"]) - usual - math.log(1000)) < 0.02,
     "the threshold follows from false_flags", r)
write(conf + "/mptools.conf", "[scoring]\nfalse_flags = 1 per 100,000 messages\n")
r = score([], three, conf)
t.ok(suspects(r) and abs(float(suspects(r)["one"]["threshold"]) - usual + math.log(10)) < 0.02,
     "that of mptools.conf goes before it", r)
r = score([SAMPLE], env={"MPTOOLS_SHARE": none})
t.ok(r.rc == 78 and b"scoring.conf is missing" in r.err, "without its data it says so, exit 78", r)

shutil.rmtree(top)
t.done()
