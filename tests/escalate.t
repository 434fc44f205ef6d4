#!/usr/bin/env python3
"""Every state of an incident and every arrow between them, from logs, by replay."""
import json
import os
import random
import shutil
import sqlite3
import string
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__))))
from lib import Checks, tool  # noqa: E402
import mlog  # noqa: E402
from mlog import Log, SPAM, rfc3339  # noqa: E402

TOOL = os.path.abspath(os.path.join(os.environ.get("BIN", "bin"), "senderblock"))
HOUR, DAY = 3600, 86400
START = mlog.START.timestamp()
check = Checks()
top = tempfile.mkdtemp(prefix="escalate.")

CUSTOMERS = """acme north domain:acme.example net:203.0.113.0/28 sasl:acme-scan
globex south domain:globex.example net:203.0.113.16/28
initech north domain:initech.example
"""


class Case:
    """One relay: a configuration, a log, a ledger."""

    def __init__(self, name, conf="", never=None):
        self.dir = os.path.join(top, name)
        os.makedirs(self.dir + "/conf")
        with open(self.dir + "/conf/customers", "w") as f:
            f.write(CUSTOMERS)
        with open(self.dir + "/conf/mptools.conf", "w") as f:
            f.write(conf)
        if never:
            with open(self.dir + "/conf/never_block", "w") as f:
                f.write(never)
        self.log = Log()
        self.maps = self.dir + "/maps"
        self.ledger = self.dir + "/ledger.db"
        for who, net in (("bob", 1), ("eve", 2), ("ann", 3)):
            self.log.honest(net * 100, 3 * DAY, who + "@acme.example", "203.0.113.%d" % net,
                            who + "@acme.example")
        self.log.honest(700, 3 * DAY, "sue@globex.example", "203.0.113.17", "sue@globex.example")
        self.read = 0

    def run(self, *args, log=True, until=None, stdin=b""):
        if log:
            with open(self.dir + "/mail.log", "w") as f:
                f.write(self.log.text(end=until))
            args += ("--follow", self.dir + "/mail.log")
        return tool(["-q", "-C", self.dir + "/conf", "-d", self.maps, "--ledger", self.ledger]
                    + list(args), program=TOOL, stdin=stdin)

    def rows(self, sql):
        db = sqlite3.connect(self.ledger)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def states(self):
        return dict(self.rows("SELECT customer, state FROM incidents ORDER BY id"))

    def events(self):
        return [r[0] for r in self.rows("SELECT event FROM notices ORDER BY id")]

    def what(self):
        return [r[0] for r in self.rows("SELECT what FROM journal ORDER BY id")]

    def good(self, r, rc, what):
        return check.ok(r.rc == rc and not r.err, what, r)


def random_sender(i):
    rnd = random.Random(i)
    return "".join(rnd.choice(string.ascii_lowercase) for _ in range(9)) + "@promo.example"


def dump(path):
    db = sqlite3.connect(path)
    tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND"
                                       " name NOT LIKE 'sqlite_%' ORDER BY name")]
    return {t: db.execute("SELECT * FROM %s" % t).fetchall() for t in tables if t != "state"}


def maps_of(path):
    out = {}
    for name in sorted(os.listdir(path)):
        if name.startswith("mp_") and "." not in name and name != "mp_lock":
            with open(os.path.join(path, name)) as f:
                out[name] = [l for l in f if not l.startswith("#")]
    return out


# --- nothing, then one address ---
c = Case("address")
r = c.run(until=2 * DAY)
c.good(r, 0, "a quiet log: nothing to do, exit 0")
check.equal(c.states(), {}, "and no incident")
T = 3 * DAY + 60
c.log.spam(T, 60, "bob@acme.example", "45.10.10.1", "bob@acme.example")
r = c.run()
c.good(r, 1, "one address: exit 1")
check.equal(c.states(), {"acme": "address"}, "none -> address")
check.equal(c.events(), ["address"], "the partner is told once")
check.equal(c.rows("SELECT field, value FROM conditions"), [("sender", "bob@acme.example")],
            "the condition is the address")
maps = maps_of(c.maps)
check.equal([k for k, v in maps.items() if any("bob" in l for l in v)],
            ["mp_customer_sasl", "mp_slot01_sender", "mp_slot01_sender_regexp"],
            "it stands in the slot's maps, and the login leads there")
check.ok(any("acme\\.example" in l for l in maps["mp_customer_sasl_regexp"]) and
         any("203.0.113.0/28" in l for l in maps["mp_customer_net"]),
         "the customer's logins and nets lead to the slot", maps)
facts = json.loads(c.rows("SELECT facts FROM notices")[0][0])
check.ok(facts["customer"] == "acme" and facts["partner"] == "north" and
         facts["identity"] == "bob@acme.example" and facts["messages"] > 3 and
         facts["clients"][0][0] == "45.10.10.1", "the notice has the facts", facts)
evidence = c.rows("SELECT evidence FROM notices")[0][0].split("\n")
check.ok(evidence[0].split("\t")[:3] == ["time", "qid", "sender"] and len(evidence) > 4,
         "and the evidence", evidence[:3])
before = dump(c.ledger)
r = c.run()
check.ok(dump(c.ledger) == before and r.rc == 1, "read again with nothing new: nothing changes")

# --- a second address of the same customer ---
c.log.spam(3 * DAY + 4 * HOUR, 60, "eve@acme.example", "45.10.10.2", random_sender)
r = c.run()
c.good(r, 1, "a second address")
check.equal(c.states(), {"acme": "rule"}, "address -> rule when a second address spams")
check.equal(c.events(), ["address", "rule"], "the partner is told of the rule")
clock = c.rows("SELECT clock FROM incidents")[0][0]
check.ok(clock is not None, "the clock has started")
rule = c.rows("SELECT c.field, c.value, a.covered, a.spam, a.collateral FROM actions a JOIN "
              "conditions c ON c.action = a.id WHERE a.type = 'rule'")
check.ok(rule and rule[0][4] == 0 and rule[0][2] >= .99 * rule[0][3] > 0,
         "the rule covers the spam and nothing else", rule)

# --- 24 hours: still leaving ---
c.log.spam(4 * DAY + 3 * HOUR, 90, "eve@acme.example", "45.10.10.2", random_sender, every=120)
c.log.honest(3 * DAY, 5 * DAY, "ann@acme.example", "203.0.113.3", "ann@acme.example")
r = c.run(until=4 * DAY + 4 * HOUR)
check.equal(c.states(), {"acme": "rule"}, "an hour before the time is up: still rule")
r = c.run()
check.equal(c.states(), {"acme": "suspended"}, "rule -> suspended: spam still left after 24 h")
since, = c.rows("SELECT since FROM actions WHERE type = 'suspension'")[0]
check.ok(0 <= since - (clock + 24 * HOUR * 10**6) < 2 * HOUR * 10**6,
         "at the time, not before: %s s after" % ((since - clock) / 10**6 - DAY))
maps = maps_of(c.maps)
check.ok(any("acme-scan" in l for l in maps["mp_suspended_sasl"]) and
         any("203.0.113.0/28" in l for l in maps["mp_suspended_net"]) and
         any("acme" in l for l in maps["mp_suspended_sasl_regexp"]),
         "every login and net of the customer is refused", maps)
check.ok(not any(maps["mp_slot01_sender"]), "and its slot is free again")
r = c.run("--now", rfc3339(30 * DAY))
check.equal(c.states(), {"acme": "suspended"}, "only a ticket ends a suspension")

# --- reinstated by ticket ---
T = 6 * DAY
c.log.refusal(T, "45.10.10.2", random_sender(1), "v@target1.example", "1.3", "SASL login name")
r = c.run()
check.equal(c.rows("SELECT attempts FROM incidents"), [(1,)], "our own refusal is an attempt")
check.equal(c.rows("SELECT refused FROM actions WHERE rule = 3"), [(1,)], "of that action")
give = ("--reinstate", "acme", "--ticket", "T-17", "--statement", "new passwords")
r = c.run(*give, "--now", rfc3339(T + HOUR), log=False)
check.ok(r.rc == 1 and b"--force" in r.err and c.states() == {"acme": "suspended"},
         "refused while it still tries", r)
r = c.run(*give, "--now", rfc3339(T + 7 * HOUR), log=False)
check.ok(r.rc == 0 and not r.err, "reinstated after six quiet hours", r)
check.equal(c.states(), {"acme": "reinstated"}, "suspended -> reinstated")
check.ok(not any(any(v) for k, v in maps_of(c.maps).items()), "all maps are empty",
         maps_of(c.maps))
check.equal(c.rows("SELECT ticket, statement, forced FROM tickets"),
            [("T-17", "new passwords", 0)], "the ticket is kept")
r = c.run(*give, log=False)
check.ok(r.rc == 64 and b"already" in r.err, "not twice", r)

# --- quiet: closed ---
shutil.copy(c.ledger, c.ledger + ".copy")
r = c.run("--now", rfc3339(6 * DAY + 8 * HOUR), until=6 * DAY + 8 * HOUR)
check.equal(c.states(), {"acme": "reinstated"}, "watched for 24 hours")
r = c.run("--now", rfc3339(7 * DAY + 8 * HOUR), until=6 * DAY + 8 * HOUR)
check.equal(c.states(), {"acme": "closed"}, "reinstated -> closed after 24 quiet hours")
check.equal(c.events()[-1], "closed", "and the partner is told")
for end in ("-wal", "-shm"):
    if os.path.exists(c.ledger + end):
        os.unlink(c.ledger + end)
os.replace(c.ledger + ".copy", c.ledger)

# --- relapse goes back to where it was; half the threshold ---
T = 6 * DAY + 9 * HOUR
c.log.spam(T, 60, "eve@acme.example", "45.10.10.2", random_sender)
r = c.run()
check.equal(c.states(), {"acme": "suspended"}, "reinstated -> suspended on relapse")
check.equal(c.rows("SELECT relapses FROM incidents"), [(1,)], "a relapse is counted")
threshold = c.rows("SELECT threshold FROM suspects ORDER BY time")
check.ok(abs(threshold[-1][0] * 2 - threshold[0][0]) < .01, "it was judged at half the threshold",
         threshold)

# --- a rule that holds: no suspension ---
c = Case("holds")
c.log.spam(3 * DAY, 60, "eve@acme.example", "45.10.10.2", random_sender)
c.run()
check.equal(c.states(), {"acme": "rule"}, "none -> rule")
c = Case("holds2")
c.log.spam(3 * DAY, 14, "eve@acme.example", "45.10.10.2", random_sender)
for i in range(30):
    c.log.refusal(3 * DAY + HOUR + i * 600, "45.10.10.2", random_sender(i), "v@t.example", "1.1",
                  "Client host")
c.run()
check.equal(c.states(), {"acme": "rule"}, "what the rule refuses is no spam that leaves")
check.ok(c.rows("SELECT attempts FROM incidents")[0][0] == 30, "but it is counted")
r = c.run("--reinstate", "acme", "--ticket", "x", "--statement", "y", "--force", "--now",
          rfc3339(3 * DAY + 8 * HOUR), log=False)
check.ok(r.rc == 0 and c.states() == {"acme": "reinstated"}, "rule -> reinstated, by force", r)
check.ok("forced" in c.rows("SELECT reason FROM journal WHERE what = 'reinstated'")[0][0],
         "which is in the journal")
T = 3 * DAY + 12 * HOUR
c.log.spam(T, 60, "eve@acme.example", "45.10.10.2", random_sender)
c.run(until=T + HOUR)
check.equal(c.states(), {"acme": "rule"}, "reinstated -> rule on relapse")
since, clock = c.rows("SELECT reinstated, clock FROM incidents")[0]
check.ok(since is None and 7.5 * HOUR <= T - (clock / 10**6 - START) <= 8 * HOUR,
         "the clock goes on where it stood: %d s" % (T - (clock / 10**6 - START)))

# --- a rule that held for days: what comes then is a new outbreak, with a clock of its own ---
c = Case("anew")
c.log.spam(3 * DAY, 14, "eve@acme.example", "45.10.10.2", random_sender)
c.run()
first, = c.rows("SELECT clock FROM incidents")[0]
c.log.spam(20 * DAY, 20, "ann@acme.example", "45.10.10.5", random_sender)
c.run()
second, = c.rows("SELECT clock FROM incidents")[0]
check.ok(c.states() == {"acme": "rule"} and 17 * DAY - HOUR < (second - first) / 10**6 <
         17 * DAY + HOUR, "spam after weeks of quiet starts the clock anew", (first, second))
c.log.spam(21 * DAY, 40, "ann@acme.example", "45.10.10.5", random_sender, every=240)
c.run()
check.equal(c.states(), {"acme": "suspended"}, "and is suspended when that one has run out")

# --- forged tags ---
c = Case("forged")
c.log.spam(3 * DAY, 60, "bob@acme.example", "45.10.10.1", "bob@acme.example")
for text in ('554 5.7.1 <"rejected: [mp 1.1] x"@a.example>: Sender address rejected: Access denied',
             "554 5.7.1 <x@a.example>: Recipient address rejected: <[mp 1.1]@b.example>"):
    c.log.line(3 * DAY + HOUR, "postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[192.0.2.9]: %s;"
               " from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<[mp 1.1]>" % text)
c.run()
check.equal(c.rows("SELECT attempts FROM incidents"), [(0,)], "a tag in an address is no attempt")

# --- address: reinstated, and back on relapse ---
r = c.run("--reinstate", "acme", "--ticket", "A", "--statement", "b", "--now",
          rfc3339(3 * DAY + 10 * HOUR), log=False)
check.equal(c.states(), {"acme": "reinstated"}, "address -> reinstated")
c.log.spam(3 * DAY + 11 * HOUR, 60, "bob@acme.example", "45.10.10.1", "bob@acme.example")
c.run()
check.equal(c.states(), {"acme": "address"}, "reinstated -> address on relapse")
check.ok("relapse" in c.events(), "the partner is told of the relapse", c.events())

# --- undo ---
r = c.run("--undo", "1.2", "--now", rfc3339(4 * DAY), log=False)
check.ok(r.rc == 0 and c.states() == {"acme": "watch"}, "an action taken back", r)
r = c.run("--undo", "1.2", log=False)
check.ok(r.rc == 64, "not twice", r)

# --- watch: one kind of evidence alone ---
c = Case("watch", conf="[notify]\nwatch = yes\n")
for i in range(12):
    c.log.message(3 * DAY + i * 1800, "bob@acme.example", "203.0.113.1", "bob@acme.example",
                  ["friend%d@partner%d.example" % (i % 6, i % 6)], SPAM)
c.run()
check.equal(c.states(), {"acme": "watch"}, "none -> watch: one family alone never blocks")
check.ok(c.events() == ["watch"] and not c.rows("SELECT * FROM actions"), "told if asked for")
shutil.copy(c.ledger, c.ledger + ".copy")
c.run("--now", rfc3339(6 * DAY))
check.equal(c.states(), {"acme": "closed"}, "watch -> closed after 24 quiet hours")
os.replace(c.ledger + ".copy", c.ledger)
c.log.spam(3 * DAY + 8 * HOUR, 60, "bob@acme.example", "45.10.10.1", "bob@acme.example")
c.run()
check.equal(c.states(), {"acme": "address"}, "watch -> address")
c = Case("watch2")
for i in range(12):
    c.log.message(3 * DAY + i * 1800, "eve@acme.example", "203.0.113.2", "eve@acme.example",
                  ["friend%d@partner%d.example" % (i % 6, i % 6)], SPAM)
c.log.spam(3 * DAY + 8 * HOUR, 60, "eve@acme.example", "45.10.10.2", random_sender)
c.run()
check.ok(c.what()[0] == "watch" and c.states() == {"acme": "rule"}, "watch -> rule", c.what())

# --- never_block ---
c = Case("never", never="sasl:bob@acme.example\ncustomer:globex\n")
c.log.spam(3 * DAY, 60, "bob@acme.example", "45.10.10.1", "bob@acme.example")
c.run()
check.equal(c.states(), {"acme": "watch"}, "never_block: only watched")
check.ok(c.events() == ["watch"] and not c.rows("SELECT * FROM actions"), "and told")

# --- max_new_blocks ---
c = Case("many", conf="[block]\nmax_new_blocks = 1\n")
c.log.spam(3 * DAY, 60, "bob@acme.example", "45.10.10.1", "bob@acme.example")
c.log.spam(3 * DAY, 60, "sue@globex.example", "45.10.10.2", "sue@globex.example")
r = c.run()
check.ok(r.rc == 75 and b"--confirm" in r.err and c.rows("SELECT * FROM incidents") == [],
         "too many at once: nothing is changed", r)
r = c.run("-n")
check.ok(r.rc == 1 and b"globex" in r.out and c.rows("SELECT * FROM incidents") == [],
         "--dry-run shows them", r)
r = c.run("--confirm")
check.equal(c.states(), {"acme": "address", "globex": "address"}, "--confirm blocks them")

# --- a broken log ---
for shift in (HOUR, -HOUR):
    c = Case("shift%d" % shift)
    c.log.lines = [(at + shift if 30 * HOUR <= at < 40 * HOUR else at, n,
                    l if not 30 * HOUR <= at < 40 * HOUR else
                    mlog.stamp(at + shift) + l[len(mlog.stamp(0)):])
                   for at, n, l in c.log.lines]
    r = c.run()
    check.ok(r.rc == 0 and c.states() == {}, "hours that a clock got wrong by %d s block nobody" % shift,
             r)
c = Case("garbage")
noise = random.Random(11)
good = c.log.text()
with open(c.dir + "/mail.log", "wb") as f:
    for line in good.encode().splitlines(keepends=True):
        f.write(line)
        if noise.random() < .2:
            f.write(bytes(noise.randrange(256) for _ in range(noise.randrange(1, 200))) + b"\n")
        if noise.random() < .05:
            f.write(line[:noise.randrange(len(line))] + b"\n" + line)
r = c.run("--follow", c.dir + "/mail.log", log=False)
check.ok(r.rc == 0 and c.states() == {}, "garbage between the lines blocks nobody", r)
with open(c.dir + "/junk", "wb") as f:
    f.write(bytes(noise.randrange(256) for _ in range(200000)))
r = c.run(c.dir + "/junk", log=False)
check.ok(r.rc == 65 and c.states() == {}, "nothing but garbage is no log", r)
future = Case("future")
future.log.spam(3 * DAY, 20, "eve@acme.example", "45.10.10.2", random_sender)
future.log.message(4000 * DAY, "bob@acme.example", "203.0.113.1", "bob@acme.example",
                   ["a@partner1.example"])
future.run()
check.equal(future.states(), {"acme": "rule"}, "a line from a far future lets no deadline pass")

# --- the same log in one run or in many ---
one = Case("one")
for k, who in enumerate(("bob", "eve", "ann")):
    one.log.spam(3 * DAY + k * 5 * HOUR, 80, who + "@acme.example", "45.10.10.%d" % (k + 1),
                 random_sender if k else who + "@acme.example", every=60)
one.log.spam(4 * DAY + 2 * HOUR, 80, "eve@acme.example", "45.10.10.2", random_sender, every=240)
one.log.spam(3 * DAY, 80, "sue@globex.example", "45.10.10.7", random_sender)
one.log.honest(3 * DAY, 5 * DAY, "ann@acme.example", "203.0.113.3", "ann@acme.example")
pieces = Case("pieces")
pieces.log = one.log
one.run()
rnd = random.Random(5)
for at in sorted(rnd.uniform(0, 5 * DAY) for _ in range(40)):
    pieces.run(until=at)
pieces.run()
a, b = dump(one.ledger), dump(pieces.ledger)
for table in a:
    if table != "messages":
        check.ok(a[table] == b[table], "in 41 runs as in one: table %s" % table,
                 "%s\n%s" % (a[table], b[table]))
strip = [[r[1:] for r in x["messages"]] for x in (a, b)]
check.ok(sorted(strip[0]) == sorted(strip[1]), "in 41 runs as in one: the messages")
check.equal(maps_of(pieces.maps), maps_of(one.maps), "and the same maps")

# --- show ---
r = one.run("--show", log=False)
check.ok(r.rc == 0 and b"acme" in r.out and b"suspended" in r.out, "--show lists the incidents", r)
r = one.run("--show", "1", log=False)
check.ok(r.rc == 0 and all(w in r.out for w in (b"address", b"rule", b"suspended")),
         "--show 1 tells its story", r)
r = one.run("--show", "-o", "json", log=False)
try:
    shown = json.loads(r.out)
except ValueError as e:
    shown = str(e)
check.ok(isinstance(shown, list) and [x["customer"] for x in shown] == ["globex", "acme"], "--show as JSON",
         shown)

shutil.rmtree(top)
check.done()
