#!/usr/bin/env python3
"""spamscore --calibrate: what it says of honest logs and of others, and that its file is taken."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import COLUMNS, Checks, skip, tool  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
SPAMSCORE, PARSE = BIN + "/spamscore", BIN + "/mplog-parse"
LOGGEN = os.path.abspath(os.environ.get("B", "build")) + "/loggen"
SHARE = os.environ.get("MPTOOLS_SHARE", os.path.abspath("share/mptools"))
if not os.access(LOGGEN, os.X_OK):
    skip("there is no %s: make check builds it" % LOGGEN)
t = Checks()
top = tempfile.mkdtemp(prefix="calibrate.")


def score(args, conf, stdin=b"", program=SPAMSCORE):
    return tool(["-C", conf] + list(args), stdin=stdin, program=program,
                env={"MPTOOLS_SHARE": SHARE})


def make(name, *args):
    """A generated log of four days with its customers; the configuration folder is beside it."""
    d = "%s/%s" % (top, name)
    os.mkdir(d)
    subprocess.run([LOGGEN, "--days", "4", "--size", "200M", "--customers", "20", "--rate", "80",
                    "--noise", "0", "--no-tls", "--customers-file", d + "/customers",
                    "--labels", d + "/labels"] + list(args), stdout=open(d + "/mail.log", "wb"),
                   check=True)
    return d


def calibrate(d, *args, stdin=b"", log=True):
    return score(["--calibrate"] + list(args) + ([d + "/mail.log"] if log else []), d, stdin)


def flagged(d, conf=None):
    """Whom spamscore itself takes for compromised or infected."""
    r = score(["-o", "tsv", d + "/mail.log"], conf or d)
    rows = [line.split("\t") for line in r.out.decode().split("\n")]
    return {row[3] for row in rows if len(row) > 4 and row[1] in ("compromised", "infected")}


def warned(text):
    """Whom the report says so of."""
    part = text.split("WARNING", 1)[1].split("\n\n", 1)[0] if "WARNING" in text else ""
    return set(re.findall(r"^  (\S+): (?:compromised|infected) at 2026-", part, re.M))


def usual(path):
    """SIGN -> [(share, weight)] of a scoring.conf."""
    lines = [line.split() for line in open(path) if line.startswith("usual ")]
    return {w[1]: [tuple(map(float, x.split(":"))) for x in w[2:]] for w in lines}


def accepted(d, path, what):
    conf = "%s/conf" % d
    os.makedirs(conf, exist_ok=True)
    shutil.copy(path, conf + "/scoring.conf")
    shutil.copy(d + "/customers", conf + "/customers")
    r = score(["--check-config"], conf)
    t.ok(r.rc == 0 and r.err == b"", what, r)
    return conf


# Honest mail, as odd as it comes.
logs = [make("newsletter", "--scenario", "newsletter", "--seed", "4"),
        make("odd", "--scenario", "mixed", "--attacks", "0", "--seed", "7"),
        make("attack", "--scenario", "compromised", "--seed", "4")]
for d in logs:
    name = os.path.basename(d)
    r = calibrate(d, "-w", d + "/new.conf")
    out, bad = r.out.decode(), flagged(d)
    t.ok(r.rc == (1 if bad else 0) and r.err == b"", name + ": exit status and no message", r)
    t.equal(warned(out), bad, name + ": it warns of those whom spamscore flags")
    t.ok(re.match(r"[\d,]+ messages of [\d,]+ identities, 2026-10-25 to 2026-10-28 \(4 days\)\n",
                  out), name + ": what it is about", out)
    m = re.search(r"present numbers: ([\d,]+) in ([\d,]+) messages, which is (\S+) in a million\n"
                  r" +\(95 % confidence: (\S+) to (\S+)\)", out)
    if t.ok(m, name + ": the rate of false flags", out):
        low, rate, high = [float(m.group(i).replace(",", "")) for i in (4, 3, 5)]
        t.ok(low <= rate < high, name + ": the interval is around it", m.group(0))
    t.ok(re.search(r"new numbers: [\d,]+ in [\d,]+ messages", out),
         name + ": measured again with the new numbers", out)
    new = usual(d + "/new.conf")
    t.ok({"content", "unknown", "new-recipient", "new-sender", "new-net", "busier"} <= set(new),
         name + ": lines for what there is enough of", new)
    shipped = usual(SHARE + "/scoring.conf")
    t.ok(all([s for s, _ in new[k]] == [s for s, _ in shipped[k]] for k in new if k != "busier"),
         name + ": the shares are the shipped ones", new)
    t.ok(all(w > 0 for k in new for _, w in new[k]), name + ": no weight is gone", new)
    accepted(d, d + "/new.conf", name + ": the file is a configuration")
    body = open(d + "/new.conf").read()
    t.ok("compromised " not in re.sub("(?m)^#.*", "", body), name + ": and only of what is usual")

# An attack.
d = logs[2]
spammer = [line.split("\t")[2] for line in open(d + "/labels") if "stolen-login" in line][0]
r = calibrate(d)
t.ok(warned(r.out.decode()) == {spammer}, "the stolen login is named, and nobody else", r)
t.ok(b"left out of the estimate" in r.out, "and left out", r)
t.ok("1 identity was flagged and left out" in open(d + "/new.conf").read(), "the file says so, too")
r = calibrate(d, "-a", "-w", d + "/all.conf")
t.ok(r.rc == 1 and b"counted all the same" in r.out, "-a counts it", r)
mean = {f: sum(s * w for s, w in usual("%s/%s.conf" % (d, f))["unknown"]) for f in ("new", "all")}
t.ok(mean["all"] > mean["new"], "which makes unknown recipients more usual", mean)
conf = accepted(d, logs[1] + "/new.conf", "another log's file is a configuration here")
t.equal(flagged(d, conf), {spammer}, "calibrated on honest mail, the stolen login is still found")

# Pipelines that must agree.
d = logs[0]
log = open(d + "/mail.log", "rb").read()
r = calibrate(d, "-w", d + "/piped.conf", stdin=log, log=False)
t.ok(r.rc == 0 and b"can't be read twice" in r.out, "standard input: measured once", r)
t.equal(usual(d + "/piped.conf"), usual(d + "/new.conf"), "the same from standard input")
with open(d + "/records", "wb") as f:
    f.write(score([d + "/mail.log"], d, program=PARSE).out)
r = score(["--calibrate", "-w", d + "/records.conf", d + "/records"], d)
t.ok(r.rc == 0 and b"new numbers: 0 in" in r.out, "records can be read twice, too", r)
t.equal(usual(d + "/records.conf"), usual(d + "/new.conf"), "the same from records")

# What isn't enough, or isn't possible.
r = calibrate(d, "-w", top + "/few.conf", stdin=b"".join(log.splitlines(True)[:300]), log=False)
t.ok(not os.path.exists(top + "/few.conf") and b"too little mail" in r.out,
     "300 lines are no reason for a file", r)
t.ok(b"not written" in r.err, "which is told", r)
r = calibrate(d, "-w", top + "/nowhere/x.conf")
t.ok(r.rc == 73 and b"nowhere" in r.err, "a file that can't be made is an error", r)


def record(i, **f):
    f.update(time="2026-11-01T%02d:%02d:%02dZ" % (i // 3600, i // 60 % 60, i % 60), host="mx1",
             qid="Q%d" % i, client_ip="192.0.2.7", sasl_user="b\\x1b]0;x", sender="b@c.example",
             nrcpt="1")
    return "\t".join(f.get(c, "") for c in COLUMNS)


# A login that a terminal would obey.
rows = []
for i in range(600):
    site = i % 5
    answer = "accepted" if i < 200 or i % 4 == 0 else ("user-unknown", "spam-content")[i % 2]
    rows += [record(i, kind="accept"),
             record(i, kind="deliver", relay_name="mx.s%d.example" % site, rcpt="u%d@d%d.example" %
                    ((i % 20, site) if i < 200 else (i, i)), relay_ip="198.%d.100.25" % (60 + site),
                    status="sent" if answer == "accepted" else "bounced", **{"class": answer}),
             record(i, kind="remove")]
stream = "\t".join(["#mplog"] + COLUMNS) + "\n" + "\n".join(rows) + "\n#end %d 0\n" % len(rows)
os.mkdir(top + "/none")
r = score(["--calibrate"], top + "/none", stdin=stream.encode())
t.ok(r.rc == 1 and b"  b\\x1b]0;x: compromised" in r.out and b"\x1b" not in r.out + r.err,
     "a login's control characters are shown, not sent", r)

shutil.rmtree(top)
t.done()
