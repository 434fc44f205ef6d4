#!/usr/bin/env python3
"""kill -9 at random moments of what cron runs: the ledger and the maps end as if nothing had
happened, and no notice is lost. Then: two runs at once, a full disk, a read-only folder."""
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import string
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, environment, tool  # noqa: E402
from mlog import Log  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
SENDERBLOCK, MPNOTIFY = BIN + "/senderblock", BIN + "/mpnotify"
KILLS = 40 if "asan" in BIN else 500
HOUR, DAY = 3600, 86400
POSTMAP = shutil.which("postmap", path=os.environ.get("PATH", "") + ":/usr/sbin")
check = Checks()
top = tempfile.mkdtemp(prefix="killed.")
os.makedirs(top + "/postfix")
with open(top + "/postfix/main.cf", "w") as f:
    f.write("compatibility_level = 3.6\nqueue_directory = %s\n" % top)
os.environ["MAIL_CONFIG"] = top + "/postfix"
rnd = random.Random(int(os.environ.get("SEED", "7")))


def random_sender(i):
    r = random.Random(i)
    return "".join(r.choice(string.ascii_lowercase) for _ in range(9)) + "@promo.example"


def make_log():
    log = Log()
    people = [("%s@%s.example" % (w, c), "203.0.113.%d" % (16 * k + n + 1))
              for k, c in enumerate(("acme", "globex", "initech")) for n, w in
              enumerate(("bob", "eve", "ann"))]
    for n, (login, client) in enumerate(people):
        log.honest(n * 100, 4 * DAY, login, client, login)
    log.spam(2 * DAY, 40, "bob@acme.example", "45.10.10.1", "bob@acme.example")
    log.spam(2 * DAY + 5 * HOUR, 60, "eve@acme.example", "45.10.10.2", random_sender)
    log.spam(2 * DAY + 9 * HOUR, 60, "ann@globex.example", "45.10.10.3", random_sender)
    log.spam(3 * DAY + 4 * HOUR, 60, "eve@acme.example", "45.10.10.2", random_sender, every=200)
    log.spam(3 * DAY + 6 * HOUR, 30, "bob@initech.example", "45.10.10.4", "bob@initech.example")
    for i in range(20):
        log.refusal(3 * DAY + 12 * HOUR + i * 60, "45.10.10.1", "bob@acme.example",
                    "v@t.example", "1.1")
    return log.text()


class Relay:
    """A folder with all that one cron job works on."""

    def __init__(self, name):
        self.dir = os.path.join(top, name)
        os.makedirs(self.dir + "/conf")
        os.makedirs(self.dir + "/mail")
        with open(self.dir + "/conf/customers", "w") as f:
            f.write("".join("%s north domain:%s.example net:203.0.113.%d/28\n" % (c, c, 16 * k)
                            for k, c in enumerate(("acme", "globex", "initech"))))
        with open(self.dir + "/conf/partners", "w") as f:
            f.write('north "North IT" mail:abuse@north.example\n')
        with open(self.dir + "/conf/mptools.conf", "w") as f:
            f.write("[notify]\nfrom = abuse@relay.example\ndigest = 1000\n")
        self.log = self.dir + "/mail.log"
        open(self.log, "w").close()
        self.mailer = self.dir + "/mailer"
        with open(self.mailer, "w") as f:
            f.write("#!/bin/sh\ncat >'%s/mail/'.$$ && mv '%s/mail/'.$$ '%s/mail/'m$$\n"
                    % (self.dir, self.dir, self.dir))
        os.chmod(self.mailer, 0o755)
        self.ledger, self.maps = self.dir + "/ledger.db", self.dir + "/maps"

    def job(self):
        """The cron job as a shell's command."""
        block = [SENDERBLOCK, "-q", "-C", self.dir + "/conf", "-d", self.maps, "--ledger",
                 self.ledger, "--follow", self.log] + (["--postmap"] if POSTMAP else [])
        notify = [MPNOTIFY, "-q", "-C", self.dir + "/conf", "--ledger", self.ledger, "--sendmail",
                  self.mailer]
        return "%s; r=$?; [ $r -le 1 ] && %s" % (" ".join(map(quote, block)),
                                                 " ".join(map(quote, notify)))

    def start(self):
        return subprocess.Popen(["sh", "-c", self.job()], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, env=environment(MAIL_CONFIG=top + "/postfix"),
                                start_new_session=True)

    def append(self, text):
        with open(self.log, "a") as f:
            f.write(text)

    def rotate(self):
        if os.path.exists(self.log + ".1"):
            os.rename(self.log + ".1", self.log + ".2")
        os.rename(self.log, self.log + ".1")
        open(self.log, "w").close()

    def message_ids(self):
        ids = []
        for name in os.listdir(self.dir + "/mail"):
            if name.startswith("m"):
                with open(self.dir + "/mail/" + name, errors="replace") as f:
                    ids += re.findall(r"(?mi)^message-id:\s*<([^@>]+)@", f.read())
        return ids


def quote(s):
    return "'" + s + "'"


def dump(path):
    db = sqlite3.connect(path)
    out = {}
    for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE"
                            " 'sqlite_%' AND name <> 'state' ORDER BY name").fetchall():
        cur = db.execute("SELECT * FROM %s" % name)
        cols = [d[0] for d in cur.description]
        rows = [{c: v for c, v in zip(cols, r) if c != "sent" or name == "messages"} for r in cur]
        if name == "messages":
            for r in rows:
                del r["id"]
            rows.sort(key=lambda r: sorted((k, str(v)) for k, v in r.items()))
        out[name] = rows
    db.close()
    return out


def maps_of(relay):
    out = {}
    for name in sorted(os.listdir(relay.maps)):
        path = os.path.join(relay.maps, name)
        if name.startswith("mp_") and name != "mp_lock" and "." not in name:
            with open(path) as f:
                out[name] = [l for l in f if not l.startswith("#")]
            if POSTMAP and os.path.exists(path + ".lmdb"):
                p = subprocess.run([POSTMAP, "-s", "lmdb:" + path], capture_output=True, text=True)
                out[name + ".lmdb"] = sorted(p.stdout.split("\n"))
    return out


text = make_log()
lines = text.splitlines(keepends=True)

calm = Relay("calm")
calm.append(text)
p = calm.start()
err = p.communicate()[1]
check.ok(p.returncode == 0, "undisturbed: the job ends well", "%s %s" % (p.returncode, err))
want, want_maps = dump(calm.ledger), maps_of(calm)
check.ok({i["state"] for i in want["incidents"]} == {"suspended", "rule", "address"},
         "the log has an incident of each state", [i["state"] for i in want["incidents"]])

storm = Relay("storm")
usual = .1  # seconds that a job takes
at = kills = finished = 0
while kills < KILLS or at < len(lines):
    if at < len(lines) and (kills >= KILLS or rnd.random() < .9):
        n = rnd.randrange(1, max(2, 3 * len(lines) // KILLS))
        storm.append("".join(lines[at:at + n]))
        at += n
    if rnd.random() < .01:
        storm.rotate()
    begun = time.monotonic()
    p = storm.start()
    try:
        p.wait(rnd.random() * usual)
        finished += 1
        usual = .9 * usual + .1 * (time.monotonic() - begun)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        kills += 1
        usual = min(2, usual * 1.002)
        p.wait()
    p.stderr.close()
p = storm.start()
err = p.communicate()[1]
check.ok(p.returncode == 0, "after %d kills and %d runs that ended by themselves: the job ends well"
         % (kills, finished), "%s %s" % (p.returncode, err))
got, got_maps = dump(storm.ledger), maps_of(storm)
for table in want:
    check.ok(got[table] == want[table], "killed or not, the same: table %s" % table,
             [(a, b) for a, b in zip(got[table], want[table]) if a != b][:2] or
             (len(got[table]), len(want[table])))
check.equal(got_maps, want_maps, "killed or not, the same maps and tables")
names = {n["name"] for n in want["notices"]}
check.ok(names and set(storm.message_ids()) == names == set(calm.message_ids()),
         "no notice is lost, and what was sent twice has the same Message-ID",
         (sorted(names), sorted(set(storm.message_ids()))))
check.ok(len(calm.message_ids()) == len(names), "undisturbed, each is sent once")
left = [n for n in os.listdir(storm.maps) if not re.fullmatch(r"mp_\w+(\.\w+)?", n)]
check.equal(left, [], "nothing is left behind in the folder of the maps")

# --- two at once ---
holder = subprocess.Popen(["flock", "-x", storm.ledger + ".lock", "sh", "-c", "echo on; sleep 60"],
                          stdout=subprocess.PIPE, start_new_session=True)
holder.stdout.readline()
r = tool(["-C", storm.dir + "/conf", "-d", storm.maps, "--ledger", storm.ledger, "--follow",
          storm.log], program=SENDERBLOCK)
check.ok(r.rc == 75 and b"another run" in r.err or b"held by" in r.err,
         "a second run says who holds the ledger", r)
os.killpg(holder.pid, signal.SIGKILL)
holder.wait()

# --- disk full, read-only folder ---
before, before_maps = dump(storm.ledger), maps_of(storm)
more = Log()
more.spam(4 * DAY + HOUR, 40, "eve@globex.example", "45.10.10.9", "eve@globex.example")
storm.append(more.text())
r = tool(["-c", 'ulimit -f 8; exec "$@"', "sh", SENDERBLOCK, "-q", "-C", storm.dir + "/conf", "-d",
          storm.maps, "--ledger", storm.ledger, "--follow", storm.log], program="/bin/sh")
check.ok(r.rc in (73, 74, -signal.SIGXFSZ) and dump(storm.ledger) == before and
         maps_of(storm) == before_maps, "a file that can't grow: ledger and maps stay", r)
if os.getuid() == 0 and shutil.which("setpriv"):
    os.chmod(top, 0o755)
    run = ["--reuid=65534", "--regid=65534", "--clear-groups", SENDERBLOCK, "-q", "-C", storm.dir + "/conf", "-d",
           storm.maps, "--ledger", storm.ledger, "--follow", storm.log]
    r = tool(run, program=shutil.which("setpriv"))
    check.ok(r.rc in (73, 74) and storm.ledger.encode() in r.err and dump(storm.ledger) == before,
             "no permission: said so, with the file", r)
    for base, dirs, files in os.walk(storm.dir):
        for f in [base] + [os.path.join(base, f) for f in files]:
            os.chown(f, 65534, 65534)
    os.chmod(storm.maps, 0o555)
    r = tool(run, program=shutil.which("setpriv"))
    check.ok(r.rc in (73, 74) and b"maps" in r.err and maps_of(storm) == before_maps,
             "a read-only folder: the old maps stay, and it says so", r)
    check.ok(len(dump(storm.ledger)["actions"]) > len(before["actions"]),
             "what was decided is in the ledger")
    os.chmod(storm.maps, 0o755)
    r = tool(run, program=shutil.which("setpriv"))
    check.ok(r.rc == 1 and maps_of(storm) != before_maps, "the next run writes them", r)

shutil.rmtree(top)
check.done()
