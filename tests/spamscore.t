#!/usr/bin/env python3
"""spamscore as a whole: what it finds in a log, what it prints, and how it fails."""
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

    def __init__(self):
        self.rows, self.clock, self.ids, self.random = [], 0, 0, random.Random(5)

    def row(self, **f):
        f.setdefault("time", "2026-11-%02dT%02d:%02d:%02dZ" % (
            1 + self.clock // 86400, self.clock // 3600 % 24, self.clock // 60 % 60, self.clock % 60))
        self.rows.append("\t".join(f.get(c, "") for c in COLUMNS))

    def mail(self, site="a", answer="accepted", verdict=None, login="bob", sender="bob@acme.example",
             client="192.0.2.7"):
        """One message to one recipient, delivered to a site; or stopped after the verdict."""
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
                     status="sent" if answer == "accepted" else "bounced", **{"class": answer}, **m)
        self.row(kind="remove", daemon="qmgr", **m)

    def campaign(self, n, unknown=0.0, content=0.0, kind="spam-content", **more):
        for i in range(n):
            r = self.random.random
            answer = ("user-unknown" if r() < unknown else kind if r() < content else "accepted")
            self.mail(site="abcde"[i % 5], answer=answer, **more)

    def stream(self, end=True):
        head = "#mplog\t" + "\t".join(COLUMNS) + "\n"
        tail = "#end %d %d\n" % (len(self.rows), len(self.rows)) if end else ""
        return (head + "".join(r + "\n" for r in self.rows) + tail).encode("utf-8", "surrogateescape")


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
t.ok(row.get("time", "") > row.get("since", "9") > "2026-11-17T08:59", "since is when it began", row)
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
t.ok(float(row.get("score", 99)) <= 0.6 * float(row.get("threshold", 0)) + 0.02,
     "at 60 % of the threshold", row)
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
t.equal([o.get("identity") for o in objects], ["one", "two", "three", None], "JSON: one object a suspect")
t.equal(objects[-1], {"kind": "end", "suspects": 3}, "and an end")
t.equal(list(objects[0]), [c for c in HEADER if c not in ("partner", "countries")],
        "with the columns that are known")
t.equal(objects[1]["sender_list"], [{"name": "a b%=@x.example", "count": objects[1]["messages"]}],
        "lists are arrays")
t.ok("a%%20b%%25=@x.example=%d" % objects[1]["messages"] in score([], three).out.decode(),
     "in TSV a list's names are escaped so that it splits")
deliveries = [x for x in three.decode().split("\n") if "\taccept\t" not in x]
deliveries[-2] = "#end %d 0" % (len(deliveries) - 3)
r = score(["-o", "table"], "\n".join(deliveries).encode())
t.ok(r.rc == 1 and r.out.count(b"compromised ") == 2 and r.err == b"", "deliveries alone will do", r)
t.equal(list(suspects(score(["--top", "2"], three))), ["one", "two"], "--top keeps the worst")
t.equal(states(score(["-a"], three)),
        {"one": "compromised", "two": "compromised", "three": "suspect", "four": "clear"},
        "-a lists those with a score, too")
r = score(["--explain", "ONE"], three)
walk = r.out.decode().splitlines()
t.ok(r.rc == 1 and len(walk) == 100 and re.match(
    r"2026-11-01T00:00:07Z Q1 .* by 1 provider: .*: score \d+\.\d\d of 14\.51$", walk[0]),
    "--explain tells the walk, message by message", r)
r = score(["--explain", "nobody"], three)
t.ok(r.rc == 0 and b"nobody: this log has no mail" in r.err, "--explain of somebody unknown", r)
r = score(["-v"], three)
t.ok(b"4 identities, 3 flagged at a threshold of 14.51" in r.err, "-v says how much was read", r)
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


rc, shown = on_terminal([path])
t.ok(rc == 1 and shown.count("compromised") == 4, "a terminal gets a table", shown)
t.ok(max(width(x) for x in shown.split("\n")) <= 80, "of 80 columns, wide characters counted as two",
     "\n".join("%d %s" % (width(x), x) for x in shown.split("\n") if width(x) > 80))
plain = re.sub("\x1b\\[[0-9;]*m", "", shown)
t.ok(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", plain),
     "no byte of the log reaches it that it would obey", repr(plain))
t.ok("\\x1b[2j" in plain and "\\u202e" in plain and "\\u200b" in plain, "they are written out", plain)
t.ok("\x1b[1;31mcompromised" in shown, "in colour", repr(shown))
t.ok("\u2588" in shown, "with a sparkline", shown)
t.ok(re.search(r"refused \d+ of 100 as spam by 5\s+providers", shown), "and in words", shown)
rc, shown = on_terminal([path], {"NO_COLOR": "1"})
t.ok(rc == 1 and "\x1b" not in shown, "without colour where NO_COLOR is set", repr(shown))
rc, shown = on_terminal([path], {"LC_ALL": "C"})
t.ok(all(ord(c) < 127 for c in shown), "in ASCII where the locale has no UTF-8", repr(shown))
rc, shown = on_terminal([write(top + "/honest", Log().stream())])
t.ok(rc == 0 and shown.startswith("nobody: "), "it says so when there is nobody", shown)
rc, shown = on_terminal([])
t.ok(rc == 64 and "usage: spamscore" in shown, "without input it shows its usage (exit 64)", shown)

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
for args in (["-o", "xml"], ["--top", "0"], ["--top", "x"], ["--year", "26"], ["--tz", "Mars/Olympus"],
             ["--explain", "x", "-a"], ["--explain", "x", "-o", "json"], ["--nonsense"], ["-w"]):
    r = score(args + [SAMPLE] if args != ["-w"] else args)
    t.ok(r.rc == 64 and r.out == b"" and b"usage: spamscore" in r.err, "usage: " + " ".join(args), r)
r = score(["--help"])
t.ok(r.rc == 0 and r.out.startswith(b"usage: spamscore") and r.err == b"", "--help", r)
r = score(["--version"])
t.ok(r.rc == 0 and re.match(rb"spamscore \d", r.out), "--version", r)
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        p = subprocess.run([SPAMSCORE, "-C", none, SAMPLE], stdout=full, stderr=subprocess.PIPE,
                           env=dict(os.environ, MPTOOLS_SHARE=SHARE), timeout=60)
    t.ok(p.returncode == 74 and p.stderr, "a full disk: exit 74", p)

# ---- configuration ----
bad = top + "/bad"
os.mkdir(bad)
write(bad + "/customers", "acme north net:10.0.0.0/8\nbeta north net:10.0.0.0/8\nlonely\n")
write(bad + "/scoring.conf", "false_flags 7\nlikelihood verdict 0.5 0.4\nnonsense 1\nlikelihood colour 1 2\n")
for args in (["--check-config"], [SAMPLE]):
    r = score(args, conf_dir=bad)
    where = re.findall(r"/([a-z.]+:\d+): ", r.err.decode())
    t.ok(r.rc == 78 and r.out == b"" and
         where == ["customers:2", "customers:3"] + ["scoring.conf:%d" % i for i in (1, 2, 3, 4)],
         "all mistakes at once with file and line, exit 78 (%s)" % args[0], r)
r = score(["--check-config"], conf_dir=conf)
t.ok(r.rc == 0 and r.out + r.err == b"", "--check-config is silent when all is well", r)
write(conf + "/scoring.conf", "false_flags 1e-9   # one in a thousand million\n")
r = score([], three, conf)
t.ok(suspects(r) and suspects(r)["one"]["threshold"] == "%.2f" % math.log(2e9),
     "the threshold follows from false_flags", r)
r = score([SAMPLE], env={"MPTOOLS_SHARE": none})
t.ok(r.rc == 78 and b"scoring.conf is missing" in r.err, "without its data it says so, exit 78", r)

shutil.rmtree(top)
t.done()
