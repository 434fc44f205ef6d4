#!/usr/bin/env python3
"""The ledger between processes: locks, crashes, full disks, damage, rights; and what its manual page
says: every column is in it, and its examples work."""
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, environment, skip, tool  # noqa: E402

SOURCES = ["src/common/act/%s.c" % n for n in "ledger ledger_query ledger_schema".split()] + [
    "src/common/base/%s.c" % n for n in "failure lockfile slice text when".split()]
PAGE = "man/mptools-ledger.5"
NOBODY = 65534
SQLITE = shutil.which("sqlite3") or skip("no sqlite3 here")
check = Checks()
top = tempfile.mkdtemp(prefix="ledger.")
os.chmod(top, 0o755)  # another user has to come by
PROGRAM = os.path.join(top, "ledger_check")
subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-O1", "-g",
                "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Isrc/common",
                "-o", PROGRAM, "tests/ledger_check.c"] + SOURCES + ["-lsqlite3"], check=True)


def place(name):
    folder = os.path.join(top, name)
    os.mkdir(folder)
    return folder + "/ledger.db"


def run(*args, **more):
    return tool([str(a) for a in args], program=PROGRAM, **more)


def start(*args):
    return subprocess.Popen([PROGRAM] + [str(a) for a in args], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())


def kill(p):
    os.kill(p.pid, signal.SIGKILL)
    p.communicate()


def sql(path, text):
    return tool([path, text], program=SQLITE)


def sound(path):
    """No page and no reference is broken, and the journal's rows are whole."""
    r = sql(path, "PRAGMA integrity_check; PRAGMA foreign_key_check")
    return r.rc == 0 and r.out == b"ok\n"


def count(path):
    return int(sql(path, "SELECT count(*) FROM journal").out)


def fails(r, status, *words):
    return r.rc == status and all(w.encode() in r.err for w in words)


# --- the file ---

db = place("made")
r = run(db, "read", "open")
check.ok(fails(r, 66, db + ": there is no ledger: senderblock makes it"),
         "a reader doesn't make one", r)
check.ok(not os.listdir(os.path.dirname(db)), "and leaves nothing behind")
check.ok(fails(run(top + "/none/l.db", "decide", "open"), 73, "its folder is not there: make it"),
         "a folder that is missing is told")
r = run(db, "decide", "add", 3)
check.ok(r.rc == 0 and not r.err, "a writer makes it", r)
check.equal(stat.S_IMODE(os.stat(db).st_mode), 0o640, "with mode 0640")
check.ok(sound(db), "its schema is sound")
check.equal(sorted(os.listdir(os.path.dirname(db))), ["ledger.db", "ledger.db.lock"],
            "the write-ahead log is gone when nobody has it open")
for change in ("UPDATE journal SET reason = ''", "DELETE FROM journal",
               "INSERT OR REPLACE INTO journal SELECT * FROM journal",
               "DELETE FROM journal WHERE id = 1"):
    r = sql(db, change)
    check.ok(r.rc != 0 and b"the journal is never changed" in r.err, "not by hand: " + change, r)
check.equal(count(db), 3, "the journal has its rows")

# --- several at once ---

db = place("several")
first = [start(db, "write", "add", 20) for _ in range(8)]
made = [p.communicate() + (p.returncode,) for p in first]
check.ok(all(m == (b"", b"", 0) for m in made), "eight at once make it", made)
check.equal(count(db), 160, "and none loses a row")
held = start(db, "decide", "hold")
held.stdout.readline()
r = run(db, "decide", "open")
check.ok(fails(r, 75, "held by pid %d" % held.pid, "try again"), "who decides is alone, by pid", r)
check.ok(run(db, "write", "add", 1).rc == 0, "a short writer isn't kept from it")
r = run(db, "read", "count")
check.equal((r.rc, r.out), (0, b"161\n"), "nor is a reader")
kill(held)
check.ok(run(db, "decide", "open").rc == 0, "a lock doesn't outlive its holder")

# --- crashes ---

p = start(db, "decide", "half", 4000)
p.stdout.readline()
check.ok(os.path.getsize(db + "-wal") > 1000000, "a transaction that is killed was on its way")
kill(p)
check.equal(run(db, "read", "count").out, b"161\n", "of a killed transaction nothing is there")
check.ok(run(db, "decide", "add", 1).rc == 0 and sound(db) and count(db) == 162,
         "and the next run goes on")
random.seed(4)
lost, unsound = [], 0
for i in range(20):
    one = place("crash%d" % i)
    p = start(one, "decide", "each", 100000)
    p.stdout.readline()
    time.sleep(random.random() / 20)
    os.kill(p.pid, signal.SIGKILL)
    last = (p.communicate()[0].split(b"\n")[-2:-1] or [b"1"])[0]
    if not run(one, "read", "count").rc == 0:
        unsound += 1
    if not sound(one):
        unsound += 1
    if not int(last) <= count(one) <= int(last) + 1:
        lost.append((int(last), count(one)))
check.equal(lost, [], "killed 20 times: what was committed is there, and nothing in between")
check.equal(unsound, 0, "killed 20 times: sound each time")

# --- a full disk ---


def limited(*args, size):
    p = subprocess.run([PROGRAM] + [str(a) for a in args], stdout=subprocess.PIPE, timeout=60,
                       stderr=subprocess.PIPE, env=environment(),
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    return p.returncode, p.stderr


db = place("full")
run(db, "write", "add", 7)
rc, err = limited(db, "decide", "grow", 60, size=20 << 20)
check.ok(rc == 74 and b"ledger.db: " in err and b"nothing was changed: make room" in err,
         "a file that may not grow", (rc, err))
rows = int(sql(db, "SELECT count(*) FROM state").out)
check.ok(sound(db) and rows > 3 and count(db) == 7 + rows, "has what was committed before, whole",
         (rows, count(db)))
check.ok(run(db, "decide", "add", 1).rc == 0 and count(db) == 8 + rows, "and goes on with room")
inside = """mount -t tmpfs -o size=6m none %(d)s && %(p)s %(d)s/l.db write add 5 || exit 9
%(p)s %(d)s/l.db decide grow 60; echo $?; rm -f %(d)s/x
exec %(p)s %(d)s/l.db read count""" % {"d": os.path.dirname(db), "p": PROGRAM}
p = subprocess.run(["unshare", "-m" if os.geteuid() == 0 else "-Urm", "sh", "-c", inside],
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), timeout=60)
if p.returncode == 9 or b"unshare" in p.stderr:
    print("# no file system of our own may be mounted: the disk that is full is left out")
else:
    check.ok(p.stdout.startswith(b"74\n") and b"the disk is full: nothing was changed" in p.stderr,
             "a disk that is full", (p.stdout, p.stderr))
    check.ok(len(p.stdout.split()) == 2 and int(p.stdout.split()[1]) > 5,
             "can still be read", (p.stdout, p.stderr))

# --- rights ---


def other(*args):
    """As somebody who owns nothing here: nobody, or, without root, oneself without rights."""
    if os.geteuid() != 0:
        return run(*args)
    return tool(["--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", PROGRAM]
                + [str(a) for a in args], program="setpriv")


if os.geteuid() == 0 and not shutil.which("setpriv"):
    print("# no setpriv: rights are left out")
else:
    db = place("rights")
    folder = os.path.dirname(db)
    run(db, "write", "add", 5)
    os.chmod(db, 0o444)
    os.chmod(folder, 0o555)
    r = other(db, "read", "count")
    check.equal((r.rc, r.out, r.err), (0, b"5\n", b""), "read in a folder that can't be written")
    for use in ("write", "decide"):
        r = other(db, use, "add", 1)
        check.ok(r.rc in (73, 74) and b"can't be " in r.err and b"who may write there" in r.err
                 or b"permissions of the file and of its folder" in r.err,
                 "but not written (%s)" % use, r)
    os.chmod(folder, 0o755)
    os.chmod(db, 0o644)
    held = start(db, "write", "half", 1)
    held.stdout.readline()
    os.chmod(folder, 0o555)
    r = other(db, "read", "count")
    check.equal((r.rc, r.out, r.err), (0, b"5\n", b""), "read there beside a writer")
    kill(held)
    os.chmod(folder, 0o755)
    p = start(db, "write", "each", 9)
    for _ in range(9):
        p.stdout.readline()
    p.communicate()
    p = start(db, "decide", "hold")  # keeps the log from being put away
    p.stdout.readline()
    run(db, "write", "add", 1)
    kill(p)
    os.chmod(folder, 0o555)
    r = other(db, "read", "count")
    check.equal((r.rc, r.out, r.err), (0, b"15\n", b""), "read there after a writer was killed")
    os.chmod(folder, 0o755)
    os.chmod(db, 0)
    r = other(db, "read", "count")
    check.ok(r.rc == 74 and b"ledger.db: " in r.err and b"permissions of the file" in r.err,
             "a file that may not be read", r)
    os.chmod(folder, 0)
    r = other(db, "read", "count")
    check.ok(fails(r, 74, "ledger.db: can't be opened: Permission denied: check its folder"),
             "a folder that may not be entered", r)
    os.chmod(folder, 0o755)

# --- damage, and other people's files ---

db = place("damage")
run(db, "write", "add", 3000)
whole = open(db, "rb").read()
for what, content in (("cut off", whole[:len(whole) // 2]), ("a page overwritten", None),
                      ("no header", b"\0" * 100 + whole[100:]), ("of another kind", b"x" * 5000)):
    if content is None:
        content = bytearray(whole)
        for at in range(3 * 4096, len(whole), 2 * 4096):
            content[at:at + 4096] = random.randbytes(4096)
    with open(db, "wb") as f:
        f.write(content)
    for use, command in (("read", "count"), ("write", "count"), ("decide", "grow")):
        r = run(db, use, command)
        check.ok(r.rc in (0, 65, 74) and (r.rc or use != "read")
                 and (r.rc == 0 or r.err.startswith(db.encode() + b": ")),
                 "a file %s (%s)" % (what, use), r)
    with open(db, "wb") as f:
        f.write(whole)
    for beside in ("-wal", "-shm"):
        if os.path.exists(db + beside):
            os.unlink(db + beside)
sql(db, "PRAGMA user_version = 99")
check.ok(fails(run(db, "decide", "open"), 65, "is of version 99, from newer mptools"),
         "a newer version")
with open(db, "wb") as f:
    f.write(whole)
theirs = place("theirs")
sql(theirs, "CREATE TABLE bookmarks (a); INSERT INTO bookmarks VALUES (1)")
before = open(theirs, "rb").read()
check.ok(fails(run(theirs, "decide", "open"), 65, "is another program's database"),
         "somebody else's database")
check.ok(open(theirs, "rb").read() == before, "is left as it was")

# --- the manual page ---

HOUR = 3600 * 1000000
NOW = 1795514400 * 1000000
db = place("page")
run(db, "write", "open")
page = open(PAGE).read()
tables = [r[0] for r in sqlite3.connect(db).execute(
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")]
parts = dict(re.findall(r"^\.Ss (\S+)\n(.*?)(?=^\.S[sh])", page, re.M | re.S))
for table in tables:
    columns = [r[1] for r in sqlite3.connect(db).execute("PRAGMA table_info(%s)" % table)]
    named = re.findall(r"^\.It Li (.*)$", parts.get(table, ""), re.M)
    named = [n for line in named for n in line.replace(",", "").split()]
    check.equal(sorted(named), sorted(columns), "the page names the columns of %s" % table)
check.equal(sorted(p for p in parts if p == p.lower()), sorted(tables),
            "the page has all tables and views, and no other")

fill = """
INSERT INTO incidents (id, customer, partner, scope, state, slot, opened, since, clock, last_spam,
 last_attempt, attempts) VALUES (7, 'acme', 'north-it', 'customer', 'rule', 1, %(now)d, %(now)d,
 %(now)d, %(now)d, %(now)d, 31);
INSERT INTO suspects (incident, kind, identity, state, time, score, threshold, messages, recipients,
 refused, sender_list, clients, families, facts) VALUES (7, 'login', 'bob@acme.example',
 'compromised', %(now)d, 16.4, 8, 41, 120, 30, 'a@acme.example=41', '203.0.113.9=41',
 'volume=4.1: many', '"families":[["volume",4.1,"many"]]');
INSERT INTO actions (id, incident, rule, type, since, by, covered, spam, collateral, legitimate,
 refused, last_refused) VALUES (1, 7, 1, 'rule', %(now)d, 'senderblock', 41, 41, 0, 812, 31, %(now)d);
INSERT INTO conditions VALUES (1, 1, 'client', '203.0.113.9');
INSERT INTO tickets (incident, ticket, statement, time, by) VALUES (7, 'T-41', 'x', %(now)d, 'anna');
INSERT INTO messages (time, host, qid, kind, identity, customer, client, helo, sender, recipients,
 refused, spam) VALUES (%(now)d, 'mx1', '4XyZ', 'login', 'bob@acme.example', 'acme', '203.0.113.9',
 'pc', 'a@acme.example', 3, 1, 1);
INSERT INTO notices (incident, event, customer, partner, time, name, facts, evidence) VALUES (7,
 'rule', 'acme', 'north-it', %(now)d, 'mptools.7.1.rule', '{"event":"rule","families":[["volume",4.1,
"many"]]}', 'time	qid');
INSERT INTO notices (incident, event, customer, partner, time, name, facts, evidence, sent) VALUES
 (7, 'address', 'acme', 'north-it', 5, 'mptools.7.0.rule', '{}', 'time	qid', 6);
INSERT INTO listings (id, ip, provider, source, state, first, since, last) VALUES (1, '192.0.2.1',
 'psbl', 'dns', 'listed', %(now)d, %(now)d, %(now)d);
INSERT INTO requests (listing, time, way, address, text) VALUES (1, %(now)d, 'form', 'u', 't');
INSERT INTO routes (customer, provider, via, why, since) VALUES ('*', 'gmx', 'relay2', 'listed',
 %(now)d);
INSERT INTO domains VALUES ('gmx.example', 'gmx', %(now)d, %(now)d, 4);
INSERT INTO state VALUES ('scores', x'00');
INSERT INTO journal (time, tool, by, incident, what, reason) VALUES (%(now)d, 'senderblock',
 'senderblock', 7, 'rule', 'so'), (strftime('%%s') * 1000000, 'senderblock', 'anna', 7, 'undone', 'so');
""" % {"now": NOW}
r = sql(db, fill)
check.ok(r.rc == 0 and not r.err, "a ledger with a row in each table", r)
blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", page, re.M | re.S)
commands = [c for b in blocks for c in re.split(r"^\$ ", b, flags=re.M)[1:]]
check.ok(len(commands) >= 10, "the page has examples", commands)
for command in commands:
    command = command.replace("\\e", "\\").replace("\\-", "-").strip()
    p = subprocess.run(["sh", "-ec", command], cwd=os.path.dirname(db), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=environment(), timeout=60)
    wanted = "SELECT" in command and "UPDATE" not in command
    check.ok(p.returncode == 0 and not p.stderr and bool(p.stdout) >= wanted,
             "the page's example: " + command.split("\n")[0],
             "%s\n%r\n%r" % (command, p.stdout, p.stderr))
check.ok(sound(db), "and all of them leave a sound ledger")
copies = [n for n in os.listdir(os.path.dirname(db)) if n.startswith("ledger-")]
check.ok(copies and all(sound(os.path.join(os.path.dirname(db), n)) for n in copies),
         "the copy that the page makes is whole", copies)

# a copy while somebody writes
held = start(db, "write", "half", 2000)
held.stdout.readline()
copy = os.path.join(top, "copy.db")
r = sql(db, ".backup '%s'" % copy)
kill(held)
check.ok(r.rc == 0 and sound(copy) and run(copy, "read", "count").out == b"2\n",
         "a copy made beside a writer has what was committed", r)

subprocess.run(["chmod", "-R", "u+rwx", top], check=True)
shutil.rmtree(top)
check.done()
