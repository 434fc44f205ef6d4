#!/usr/bin/env python3
"""Bad input and bad command lines: a clear message each and the exit status of the table; and
--follow across every kind of rotation: many small runs give what one run over the whole gives."""
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import PARSE, Checks, Stream, by_message, environment, log_of, pick, tool  # noqa: E402

t = Checks()
YEAR = ("--year", "2026")
DIR = tempfile.mkdtemp(prefix="mplog-badinput.")


def message(n):
    qid = "AB12CD%04X" % n
    return ["postfix/smtpd: %s: client=w[192.0.2.1], sasl_method=PLAIN, sasl_username=ann%d"
            % (qid, n), "postfix/cleanup: %s: message-id=<m%d@x.example>" % (qid, n),
            "postfix/qmgr: %s: from=<a@x.example>, size=%d, nrcpt=1 (queue active)"
            % (qid, 100 + n),
            "postfix/smtp: %s: to=<r%d@y.example>, relay=mx[198.51.100.2]:25, delay=1, "
            "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)" % (qid, n),
            "postfix/qmgr: %s: removed" % qid]


def messages(first, count, hour=10):
    return log_of(*[line for n in range(first, first + count) for line in message(n)], hour=hour)


GOOD = messages(0, 3)


def path(name, data=None):
    p = os.path.join(DIR, name)
    if data is not None:
        with open(p, "wb") as f:
            f.write(data)
    return p


def said(r, *words):
    """The message begins with the tool's name and holds the words; nothing else is there."""
    lines = r.err.decode("utf-8", "replace").split("\n")
    return lines[0].startswith("mplog-parse: ") and lines[-1] == "" and \
        all(re.search(w, r.err.decode("utf-8", "replace"), re.I) for w in words)


def fails(what, r, status, *words):
    statuses = status if isinstance(status, tuple) else (status,)
    t.ok(r.rc in statuses and said(r, *words), "%s: exit %s and a message" % (
        what, " or ".join(map(str, statuses))), r)


# Input

def input_files():
    good = path("good.log", GOOD)
    want = Stream(tool([*YEAR, good]).out)
    t.ok(len(want.records) == 12 and not want.faults, "a good file",
         "%d %s" % (len(want.records), want.faults))
    binary = path("binary", bytes((i * 167 + i // 7) % 256 for i in range(200000)))
    fails("a binary file", tool([binary]), 65, "binary|no mail log|not a mail log|no log")
    fails("a binary file on stdin", tool([], stdin=open(binary, "rb").read()), 65)
    fails("/bin/true", tool([shutil.which("true")]), 65)
    fails("NULs", tool([path("nul", b"\0" * 100000)]), 65)
    fails("an empty file", tool([path("empty", b"")]), 65, "empty|no log|no mail")
    fails("an empty stdin", tool([]), 65)
    fails("a directory", tool([DIR]), 66, "directory|folder", re.escape(DIR))
    fails("an absent file", tool([path("absent")]), 66, "absent", "No such file")
    for what, data in (("prose", b"Dear all,\nthis is a letter.\n" * 50),
                       ("a web server's log", b'192.0.2.1 - - [24/Nov/2026:10:00:00 +0000] "GET / '
                        b'HTTP/1.1" 200 5 "-" "curl"\n' * 50)):
        fails("no log at all: " + what, tool([path("x", data)]), 65, "mail|log")
    kernel = b"".join(b"Nov 24 10:00:%02d mx1 kernel: eth0: link %d\n" % (i, i) for i in range(50))
    fails("a log without a mail line", tool([*YEAR, path("kernel", kernel)]), 65, "mail")
    if os.geteuid() != 0:
        p = path("secret", GOOD)
        os.chmod(p, 0)
        fails("an unreadable file", tool([p]), 66, "denied")
    r = tool([*YEAR, path("absent"), good])
    s = Stream(r.out)
    t.ok(r.rc == 66 and said(r, "absent") and s.rows == want.rows,
         "an absent file beside a good one: the good one is read, the worst status counts", r)
    half = GOOD.index(b"\n", len(GOOD) // 2) + 1
    r = tool([*YEAR, path("one.gz", gzip.compress(GOOD[:half], mtime=0)), path("two", GOOD[half:])])
    t.ok(r.rc == 0 and r.out == tool([*YEAR, good]).out, "a log in two files, one compressed", r)
    r = tool([*YEAR, path("cut", GOOD[:half] + b"Nov 24 11:00:00 mx1 postf"), path("two")])
    t.ok(r.rc == 0 and Stream(r.out).rows == want.rows,
         "half a line at the end of a file is not put before the next one", r)
    r = tool([*YEAR, good, "-"], stdin=messages(7, 1))
    t.ok(r.rc == 0 and len(Stream(r.out).records) == 16, "a file, then stdin as -", r)


def compressed():
    packed = gzip.compress(GOOD, mtime=0)
    want = Stream(tool([*YEAR, "-"], stdin=GOOD).out).rows
    r = tool([*YEAR, path("good.gz", packed)])
    t.ok(r.rc == 0 and Stream(r.out).rows == want, "gzip", r)
    for cut in (len(packed) - 9, len(packed) // 2, 5):
        r = tool([*YEAR, path("cut.gz", packed[:cut])])
        fails("gzip cut after %d bytes" % cut, r, (65, 74), "cut\\.gz",
              "truncated|unexpected end|incomplete|middle")
        t.ok(b"#end" not in r.out, "and its records have no #end: the next program must not act")
    bad = bytearray(packed)
    bad[len(bad) // 2] ^= 0x55
    fails("gzip with a flipped byte", tool([*YEAR, path("bad.gz", bytes(bad))]), (65, 74),
          "bad\\.gz")
    bad = bytearray(packed)
    bad[-6] ^= 0x55
    fails("gzip with a wrong checksum", tool([*YEAR, path("sum.gz", bytes(bad))]), (65, 74))
    r = tool([*YEAR, path("tail.gz", packed + b"\0" * 512)])
    t.ok(r.rc == 0 and Stream(r.out).rows == want, "gzip padded with NULs", r)
    if shutil.which("zstd"):
        z = subprocess.run(["zstd", "-q", "-c"], input=GOOD, stdout=subprocess.PIPE,
                           check=True).stdout
        r = tool([*YEAR, path("good.zst", z)])
        t.ok(r.rc == 0 and Stream(r.out).rows == want, "zstd", r)
        fails("zstd cut", tool([*YEAR, path("cut.zst", z[:len(z) // 2])]), (65, 74), "cut\\.zst")
    p = path("bomb.gz", gzip.compress(b"x" * 50000000, 9))
    fails("fifty megabytes without a newline", tool([p]), 65)


# Output

def output():
    good = path("big.log", messages(0, 3000))
    with open("/dev/full", "wb") as full:
        p = subprocess.run([PARSE, *YEAR, good], stdout=full, stderr=subprocess.PIPE,
                           env=environment(), timeout=30)
    t.ok(p.returncode == 74 and p.stderr.startswith(b"mplog-parse: ") and
         b"No space left" in p.stderr, "/dev/full: exit 74 and a message", p)
    with open("/dev/full", "wb") as full:
        p = subprocess.run([PARSE, "-o", "json", *YEAR, path("good.log")], stdout=full,
                           stderr=subprocess.PIPE, env=environment(), timeout=30)
    t.ok(p.returncode == 74, "/dev/full with less than a buffer", p)
    p = subprocess.run("%s --year 2026 %s | head -1; echo ${PIPESTATUS[0]}" % (PARSE, good),
                       shell=True, executable="/bin/bash", stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=environment(), timeout=30)
    lines = p.stdout.split(b"\n")
    t.ok(p.stderr == b"" and lines[0].startswith(b"#mplog\t") and lines[1] in (b"0", b"141"),
         "a closed pipe ends quietly", p)
    r = tool([*YEAR, "-w", path("out.tsv"), path("good.log")])
    t.ok(r.rc == 0 and r.out == b"" and open(path("out.tsv"), "rb").read() ==
         tool([*YEAR, path("good.log")]).out, "-w FILE", r)
    fails("-w into an absent folder", tool([*YEAR, "-w", path("nodir/out"), path("good.log")]), 73,
          "nodir")
    r = tool([*YEAR, "--metrics", path("prom"), path("good.log")])
    got = dict(line.rsplit(" ", 1) for line in open(path("prom")).read().split("\n")
               if line and line[0] != "#")
    kinds = [line.split(b"\t")[1].decode() for line in r.out.split(b"\n") if line and line[:1] != b"#"]
    t.equal((r.rc, got['mptools_log_lines{tool="mplog-parse",kind="mail"}'],
             got['mptools_log_records{tool="mplog-parse",kind="deliver"}'],
             got['mptools_log_records{tool="mplog-parse",kind="ndr"}']),
            (0, str(GOOD.count(b"\n")), str(kinds.count("deliver")), str(kinds.count("ndr"))),
            "--metrics: lines and records")
    t.ok("mptools_mplog_parse_last_run_timestamp_seconds" in got, "--metrics: and when", got)
    fails("--metrics into an absent folder",
          tool([*YEAR, "--metrics", path("nodir/prom"), "-w", path("out.tsv"), path("good.log")]), 73, "nodir/prom")
    cut = path("cut.gz", gzip.compress(GOOD, mtime=0)[:-20])
    prom = open(path("prom")).read()
    tool([*YEAR, "--metrics", path("prom"), cut])
    t.equal(open(path("prom")).read(), prom, "--metrics: stays when the run fails")
    before = open(path("out.tsv"), "rb").read()
    r = tool([*YEAR, "-w", path("out.tsv"), cut])
    t.ok(r.rc >= 64 and open(path("out.tsv"), "rb").read() == before and not [
        n for n in os.listdir(DIR) if n.startswith("out.tsv") and n != "out.tsv"],
         "-w FILE after a damaged input: the old file stays, nothing is left beside it", r)
    p = subprocess.run("%s --year 2026 %s >&-" % (PARSE, good), shell=True,
                       executable="/bin/bash", stderr=subprocess.PIPE, env=environment(),
                       timeout=30)
    t.ok(p.returncode in (73, 74), "a closed stdout", p)


def live():
    """With --live a record is there before the input ends."""
    p = subprocess.Popen([PARSE, "--live", *YEAR], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=environment())
    try:
        p.stdin.write(log_of(*message(0)[:1]))
        p.stdin.flush()
        os.set_blocking(p.stdout.fileno(), False)
        got = b""
        for _ in range(100):
            time.sleep(0.02)
            got += p.stdout.read() or b""
            if b"\tann0\t" in got:
                break
        t.ok(b"\tlogin\t" in got and got.endswith(b"\n"), "--live writes a record at once", got)
    finally:
        p.stdin.close()
        t.ok(p.wait(10) == 0, "and ends with its input", p.stderr.read())
        p.stdout.close()
        p.stderr.close()


# Command line

def options():
    good = path("good.log", GOOD)
    for what, args, words in (
            ("an unknown option", ["--nonsense"], ["nonsense"]),
            ("an unknown letter", ["-Z"], ["Z"]),
            ("an unknown column", ["--columns", "time,colour"], ["colour"]),
            ("no column", ["--columns", ""], ["column"]),
            ("a column twice", ["--columns", "time,kind,time"], ["time"]),
            ("an unknown format", ["-o", "xml"], ["-o", "tsv"]),
            ("an unknown kind", ["--select", "kind=party"], ["party"]),
            ("a selection of no column", ["--select", "nonsense"], ["--select"]),
            ("a year that is none", ["--year", "soon"], ["--year"]),
            ("a year out of range", ["--year", "99999999999999999999"], ["year"]),
            ("an unknown zone", ["--tz", "Mars/Olympus"], ["--tz"]),
            ("a zone that is a folder", ["--tz", "Europe"], ["--tz"]),
            ("an option without its argument", ["--year"], ["year"]),
            ("--follow without --state", ["--follow", good], ["state"]),
            ("--state without --follow", ["--state", path("s")], ["follow"]),
            ("--facts with -o json", ["--facts", "-o", "json"], ["facts", "json|-o"]),
            ("--facts with --columns", ["--facts", "--columns", "time"], ["facts"]),
            ("--facts with --metrics", ["--facts", "--metrics", path("p")], ["facts", "metrics"]),
            ("--facts with --select", ["--facts", "--select", "kind=deliver"], ["facts"])):
        r = tool(args + ([] if what.startswith("an option") or "follow" in what else [good]))
        fails(what, r, 64, *words)
        t.ok(r.out == b"", what + ": nothing on stdout", r.out[:200])
    fails("--follow with a file", tool(["--follow", good, "--state", path("s"), good]), 64)
    r = tool(["-h"])
    t.ok(r.rc == 0 and b"mplog-parse" in r.out and not r.err, "-h", r)
    r = tool(["-V"])
    t.ok(r.rc == 0 and re.search(rb"\d", r.out) and not r.err, "-V", r)
    r = tool(["-q", *YEAR, good])
    t.ok(r.rc == 0 and not r.err, "-q", r)


# Records

def records():
    good = tool([*YEAR], stdin=GOOD).out
    lines = good.split(b"\n")
    cut = b"\n".join(lines[:-2]) + b"\n"

    def damaged(what, stdin, status, *words):
        r = tool(["-"], stdin=stdin)
        fails(what, r, status, *words)
        t.ok(not re.search(rb"^#end", r.out, re.M), what + ": no #end is written", r.out[-80:])
    damaged("records without #end", cut, 75, "#end")
    damaged("records cut in a line", good[:len(good) // 2], 75)
    damaged("a header alone", lines[0] + b"\n", 75, "#end")
    damaged("#end with another number", good.replace(b"#end 12", b"#end 13"), (65, 75))
    damaged("a record after #end", good + lines[1] + b"\n", (65, 75))
    damaged("a record with too few fields", good.replace(
        lines[2], lines[2].rsplit(b"\t", 1)[0]), 65)
    damaged("a record with a bad escape", good.replace(b"ann1", b"an\\n1\\q"), 65)
    damaged("a record with a bad time", good.replace(b"T10:00:09Z", b"T10:61:09Z"), 65, "time")
    damaged("a record with an unknown kind", good.replace(b"\tdeliver\t", b"\tparty\t"), 65,
            "kind")
    damaged("a header with a column twice", good.replace(b"\thost\t", b"\tkind\t", 1), 65)
    r = tool(["--columns", "qid,reply"], stdin=GOOD)
    damaged("records that have no time and no kind", r.out, 65, "kind|time")
    more = good.replace(b"\tsubject\n", b"\tsubject\tcolour\n")
    more = b"".join(line + (b"\tred\n" if line[:1] != b"#" else b"\n")
                    for line in more.split(b"\n")[:-1])
    r = tool(["-"], stdin=more)
    t.ok(r.rc == 0 and (r.out == more or r.out == good and said(r, "column")),
         "a column of a later version is passed on, or its loss is told", r)
    older = b"\n".join(line if line[:4] == b"#end" else line.rsplit(b"\t", 1)[0]
                       for line in good.split(b"\n"))
    r = tool(["-"], stdin=older)
    t.ok(r.rc == 0 and r.out == good, "an earlier version's stream, without subjects, is read", r)
    empty = lines[0] + b"\n#end 0 0\n"
    r = tool(["-"], stdin=empty)
    t.ok(r.rc == 0 and r.out == empty and not r.err, "a stream without a record", r)
    r = tool(["--columns", "time,kind,qid", "-"], stdin=good)
    s = Stream(r.out)
    t.ok(r.rc == 0 and s.columns == ["time", "kind", "qid"] and len(s.records) == 12,
         "--columns of records", r)
    again = tool(["-"], stdin=r.out)
    t.ok(again.rc == 0 and [x["qid"] for x in Stream(again.out).records] ==
         [x["qid"] for x in s.records], "records of three columns read back", again)


# --follow

class Follow:
    """A log that grows and is rotated, read by many runs."""

    def __init__(self, name):
        self.log, self.state = path(name + ".log", b""), path(name + ".state")
        self.rows, self.whole, self.faults = [], b"", []

    def write(self, data):
        self.whole += data
        with open(self.log, "ab") as f:
            f.write(data)

    def run(self, *args):
        r = tool([*YEAR, *args, "--follow", self.log, "--state", self.state])
        s = Stream(r.out)
        if r.rc or r.err or s.faults:
            self.faults.append("%r %s" % (r, s.faults))
        self.rows += s.rows
        return s.rows

    def check(self, what):
        want = Stream(tool([*YEAR, "-"], stdin=self.whole).out).rows
        t.ok(by_message(self.rows) == by_message(want) and not self.faults, "--follow: " + what,
             "faults: %s\ngot %d, want %d\nonly got: %s\nonly wanted: %s"
             % (self.faults[:3], len(self.rows), len(want),
                [r[:150] for r in self.rows if r not in want][:3],
                [r[:150] for r in want if r not in self.rows][:3]))


def follow_growth():
    f = Follow("growth")
    data = messages(0, 12)
    step = len(data) // 17 + 1
    for i in range(0, len(data), step):
        f.write(data[i:i + step])
        f.run()
    f.check("seventeen runs, each with half a line left")
    t.equal(f.run(), [], "--follow: a run with nothing new")
    f = Follow("lines")
    for line in messages(0, 4).split(b"\n")[:-1]:
        f.write(line + b"\n")
        f.run()
    f.check("a run for every line: the open messages are carried over")
    users = [r["sasl_user"] for r in pick(Stream(
        b"\n".join([b"#mplog\t" + b"\t".join(c.encode() for c in Stream(
            tool([*YEAR], stdin=GOOD).out).columns)] + f.rows + [
                b"#end %d 0" % len(f.rows)]) + b"\n").records, "deliver")]
    t.equal(users, ["ann0", "ann1", "ann2", "ann3"], "--follow: a login from an earlier run")
    f = Follow("empty")
    t.equal((f.run(), f.faults), ([], []), "--follow: an empty log is no fault")
    f.write(messages(0, 1))
    f.run()
    f.check("a log that was empty at first")


def follow_rename(suffix, pack=None):
    f = Follow("rename" + suffix)
    data = messages(0, 9)
    a, b = len(data) // 3, data.index(b"\n", 2 * len(data) // 3) + 1
    f.write(data[:a])
    f.run()
    f.write(data[a:b])
    old = f.log + suffix
    os.rename(f.log, old)
    if pack:
        with open(old, "rb") as plain:
            packed = pack(plain.read())
        os.unlink(old)
        with open(old, "wb") as out:
            out.write(packed)
    open(f.log, "wb").close()
    f.write(data[b:])
    f.run()
    f.check("rotated by rename to *%s" % suffix)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def follow_rotation():
    follow_rename(".1")
    follow_rename("-20261124")
    follow_rename(".1.gz", lambda d: gzip.compress(d, mtime=0))
    follow_rename("-20261124.gz", lambda d: gzip.compress(d, mtime=0))
    if shutil.which("zstd"):
        follow_rename(".1.zst", zstd)
    f = Follow("waiting")
    data = messages(0, 6)
    end = data.index(b"\n", 700) + 1
    f.write(data[:300])
    f.run()
    f.write(data[300:end])
    os.rename(f.log, f.log + ".1")
    got = tool([*YEAR, "--follow", f.log, "--state", f.state])
    s = Stream(got.out)
    t.ok(got.rc in (0, 66, 75) and (got.rc == 0 or said(got)), "--follow: between rename and "
         "creation there is no log", got)
    f.rows += s.rows
    f.write(data[end:])
    f.run()
    f.check("a run between rename and creation loses nothing")
    f = Follow("half")
    f.write(messages(0, 2) + b"Nov 24 11:00:00 mx1 postfix/smtp[4321]: AB12CD0001: to=<joe@x.exa")
    f.run()
    os.rename(f.log, f.log + ".1")
    f.whole += b"\n"  # a new log does not go on in the middle of the old one's line
    f.write(messages(2, 2))
    f.run()
    f.check("half a line at the end of the rotated log is not put before the new log's first")
    for what, first, then in (("shorter than before", 6, 2), ("longer than before", 2, 9)):
        f = Follow("copytruncate" + what[:5])
        f.write(messages(0, first))
        f.run()
        f.write(messages(20, 1))
        shutil.copy(f.log, f.log + ".1")
        os.truncate(f.log, 0)
        f.write(messages(40, then))
        f.run()
        f.check("copytruncate, the new log " + what)
    f = Follow("copied")
    f.write(messages(0, 5))
    f.run()
    with open(f.log, "rb") as log, gzip.open(f.log + ".1.gz", "wb") as out:
        out.write(log.read() + messages(20, 2))
    f.whole += messages(20, 2)
    os.truncate(f.log, 0)
    f.write(messages(40, 1))
    f.run()
    f.check("copytruncate, the copy compressed")
    f = Follow("twice")
    f.write(messages(0, 2))
    f.run()
    f.write(messages(2, 2))
    os.rename(f.log, f.log + ".1")
    f.write(messages(4, 2))
    f.run()
    os.rename(f.log + ".1", f.log + ".2")
    f.write(messages(6, 1))
    os.rename(f.log, f.log + ".1")
    f.write(messages(8, 1))
    f.run()
    f.check("rotated twice, a run between")


def follow_faults():
    log = path("f.log", messages(0, 2))
    r = tool([*YEAR, "--follow", log, "--state", path("nodir/state")])
    fails("--state in an absent folder", r, (73, 74), "nodir")
    fails("--follow an absent file", tool([*YEAR, "--follow", path("nothere"), "--state",
                                           path("f.state")]), (66, 75), "nothere")
    fails("--follow a directory", tool([*YEAR, "--follow", DIR, "--state", path("f.state")]), 66)
    for what, junk in (("junk", b"\x00\x01junk"), ("text", b"hello\nworld\n"), ("an empty file",
                                                                               b"")):
        state = path("junk.state", junk)
        r = tool([*YEAR, "--follow", log, "--state", state])
        if what == "an empty file" and r.rc == 0:
            t.ok(len(Stream(r.out).records) == 8, "--state an empty file is a first run", r)
            continue
        fails("--state is " + what, r, (65, 75, 78), "state")
        t.equal(open(state, "rb").read(), junk, "and %s is left as it was" % what)
    state = path("full.state")
    tool([*YEAR, "--follow", log, "--state", state])
    before = open(state, "rb").read()
    with open(log, "ab") as f:
        f.write(messages(5, 1))
    with open("/dev/full", "wb") as full:
        p = subprocess.run([PARSE, *YEAR, "--follow", log, "--state", state], stdout=full,
                           stderr=subprocess.PIPE, env=environment(), timeout=30)
    t.ok(p.returncode == 74 and open(state, "rb").read() == before,
         "--follow to a full disk: the state stays, nothing is lost", p)
    p = subprocess.run("%s --year 2026 --follow %s --state %s | :; echo ${PIPESTATUS[0]}"
                       % (PARSE, log, state), shell=True, executable="/bin/bash",
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    t.ok(p.stdout in (b"0\n", b"141\n") and p.stderr == b"" and (
        p.stdout == b"0\n" or open(state, "rb").read() == before),
         "--follow into a closed pipe: quiet, the state stays", p)
    with open(state, "wb") as f:
        f.write(before)
    r = tool([*YEAR, "--follow", log, "--state", state])
    t.ok(r.rc == 0 and len(Stream(r.out).records) == 4, "and the next run reads it again", r)
    big, state = path("two.log", messages(0, 3000)), path("two.state")
    p = subprocess.Popen([PARSE, *YEAR, "--follow", big, "--state", state],
                         stdout=subprocess.PIPE, env=environment())
    try:
        p.stdout.read(1)  # it is at work, and waits for its reader
        fails("two runs at once", tool([*YEAR, "--follow", big, "--state", state]), 75, "run|lock")
        rest = p.stdout.read()
    finally:
        p.stdout.close()
        status = p.wait(10)
    t.ok(status == 0 and len(Stream(b"#" + rest).records) == 12000, "and the first one ends well",
         "exit %s, %d bytes" % (status, len(rest)))


try:
    for part in (input_files, compressed, output, live, options, records, follow_growth,
                 follow_rotation, follow_faults):
        part()
finally:
    shutil.rmtree(DIR)
t.done()
