#!/usr/bin/env python3
"""spamscore --state: a log in pieces has the suspects that it has in one run; no state is lost."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, environment, skip, tool  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
B = os.path.abspath(os.environ.get("B", "build"))
SPAMSCORE, PARSE, LOGGEN = BIN + "/spamscore", BIN + "/mplog-parse", B + "/loggen"
SHARE = os.environ.get("MPTOOLS_SHARE", os.path.abspath("share/mptools"))
GENERATE = ("--scenario mixed --days 4 --customers 8 --rate 20 --spam-messages 150 --spam-rcpts 8 "
            "--noise 0.05 --no-tls --seed 3").split()
t = Checks()
if not os.access(LOGGEN, os.X_OK):
    skip("no %s: run make check" % LOGGEN)
top = tempfile.mkdtemp(prefix="state.")
conf, log, state = top + "/conf", top + "/mail.log", top + "/state"
os.mkdir(conf)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def command(args):
    return ["-C", conf, "-a", "-o", "tsv"] + list(args)


def score(args, stdin=b""):
    return tool(command(args), stdin=stdin, program=SPAMSCORE, env={"MPTOOLS_SHARE": SHARE})


def start(args):
    """A run that waits for its standard input."""
    return subprocess.Popen([SPAMSCORE] + command(args), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=environment(MPTOOLS_SHARE=SHARE))


def forget():
    for name in (state, state + ".lock"):
        if os.path.exists(name):
            os.unlink(name)


def pieces(lines, n, seed):
    cuts = sorted(random.Random(seed).sample(range(1, len(lines)), n - 1))
    return [b"".join(lines[a:b]) for a, b in zip([0] + cuts, cuts + [len(lines)])]


def flagged(out):
    """Who is flagged: identity -> (state, time)."""
    rows = [row.split("\t") for row in out.decode().split("\n")[1:] if row[:1] not in ("", "#")]
    return {row[3]: (row[1], row[0]) for row in rows if row[1] != "clear"}


def run_pieces(parts, what, by_stdin=False):
    """The last run's output; the runs before it must be quiet, too."""
    forget()
    early = {}
    for i, part in enumerate(parts):
        r = score(["--state", state, "-"], part) if by_stdin else \
            score(["--state", state, write(top + "/piece", part)])
        if r.rc > 1 or r.err:
            t.ok(False, "%s: piece %d of %d" % (what, i + 1, len(parts)), r)
            return b"", early
        for who, how in flagged(r.out).items():
            early.setdefault(who, set()).add(how)
    return r.out, early


def same(got, want, what):
    rows, others = set(got.split(b"\n")), set(want.split(b"\n"))
    t.ok(got == want, what, "got:  %r\nwant: %r" % (sorted(rows - others)[:3],
                                                    sorted(others - rows)[:3]))


# The log in one run, with and without a state.
with open(log, "wb") as f:
    subprocess.run([LOGGEN] + GENERATE + ["--customers-file", conf + "/customers"], stdout=f,
                   stderr=subprocess.DEVNULL, check=True)
lines = read(log).splitlines(keepends=True)
one = score([log])
t.equal((one.rc, one.err), (1, b""), "one run finds suspects")
t.ok(len(flagged(one.out)) >= 4, "at least four", one)
kept = score(["--state", state, log])
t.equal((kept.rc, kept.err), (1, b""), "with a state it is as quiet")
same(kept.out, one.out, "and says the same")
t.equal(os.stat(state).st_mode & 0o777, 0o600, "the state is the owner's alone")
t.ok(os.stat(state).st_size < 4 << 20, "it is small", os.stat(state).st_size)

# Raw, in pieces.
for n, by_stdin in ((2, False), (2, True), (50, False)):
    what = "%d pieces%s" % (n, " by standard input" if by_stdin else "")
    got, early = run_pieces(pieces(lines, n, n + by_stdin), what, by_stdin)
    same(got, one.out, what + " end as one run does")
t.ok(set(flagged(one.out)) <= set(early), "who is flagged was flagged along the way", early)
t.ok(all(how in early.get(who, ()) for who, how in flagged(one.out).items()),
     "at the same time of the log", [early, flagged(one.out)])

# As records.
records = tool([log], program=PARSE, env={"MPTOOLS_SHARE": SHARE})
head, *rows = records.out.splitlines(keepends=True)
rows.pop()
for n in (2, 50):
    parts = [head + part + b"#end %d 1\n" % part.count(b"\n") for part in pieces(rows, n, n)]
    got, early = run_pieces(parts, "%d pieces of records" % n)
    same(got, one.out, "%d pieces of records end as one run does" % n)

# Packed, several files in one run, and half a last line.
third = len(lines) // 3
forget()
parts = [b"".join(lines[a:a + third]) for a in range(0, len(lines), third)]
names = [write(top + "/part%d" % i, part) for i, part in enumerate(parts)]
subprocess.run(["gzip", "-1", names[0]], check=True)
names[0] += ".gz"
score(["--state", state] + names[:2])
write(names[2], b"".join(parts[2:]).rstrip(b"\n"))
same(score(["--state", state, names[2]]).out, one.out, "packed, two files, no newline at the end")

# Nothing new since the last run.
before = read(state)
r = score(["--state", state, write(top + "/piece", b"")])
t.equal((r.rc, r.err), (1, b""), "an empty piece is no error when there was another before it")
same(r.out, one.out, "and changes nothing")
forget()
r = score(["--state", state, top + "/piece"])
t.ok(r.rc == 65 and not os.path.exists(state), "but it is at the beginning", r)

# Whatever fails leaves the state as it was.
write(state, before)
r = score(["--state", state, top + "/missing"])
t.ok(r.rc == 66 and read(state) == before, "a file that is missing: the state stays", r)
r = score(["--state", state, write(top + "/piece", head + rows[0])])
t.ok(r.rc == 75 and read(state) == before, "records without an end: the state stays", r)
r = tool(["-C", conf, "--state", state, "--explain", "nobody", log], program=SPAMSCORE,
         env={"MPTOOLS_SHARE": SHARE})
t.ok(r.rc <= 1 and read(state) == before, "--explain leaves the state alone", r)


def damaged(what, data):
    write(state, data)
    got = score(["--state", state, log])
    t.ok(got.rc == 65 and got.out == b"" and os.fsencode(state) in got.err, what + " is refused",
         got)
    t.ok(read(state) == data and not [n for n in os.listdir(top) if n.startswith(".state")],
         what + ": nothing was changed")


middle = len(before) // 2
damaged("a bit that flipped", before[:middle] + bytes([before[middle] ^ 4]) + before[middle + 1:])
damaged("a cut state", before[:middle])
damaged("one byte too much", before + b"\n")
damaged("an empty state", b"")
damaged("something else", b"#suspects\nno state at all\n" * 9)
damaged("another version", re.sub(rb"^(#mptools-spamscore )\d+", rb"\g<1>99", before))

# Two at once, and one that is killed.
write(state, before)
first = start(["--state", state, "-"])
first.stdin.write(lines[0] * 5)
first.stdin.flush()
for wait in range(600):
    if os.path.exists(state + ".lock") and read(state + ".lock").strip():
        break
    time.sleep(0.05)
r = score(["--state", state, log])
t.ok(r.rc == 75 and str(first.pid).encode() in r.err, "a second run says who holds the state", r)
first.kill()
first.wait()
first.stdout.close()
first.stderr.close()
t.equal(read(state), before, "killed, it leaves the state as it was")
r = score(["--state", state, write(top + "/piece", b"")])
t.ok(r.rc == 1 and r.err == b"", "and no lock", r)
same(r.out, one.out, "the next run goes on")

shutil.rmtree(top)
t.done()
