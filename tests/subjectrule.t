#!/usr/bin/env python3
"""What header_checks log becomes of use: a botnet with a stolen login is refused by its HELO, for that
customer alone; what its subjects have in common is told in the journal and the notice, and never
refused, whatever they say."""
import json
import os
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, tool  # noqa: E402
from mlog import SPAM, Log  # noqa: E402

TOOL = os.path.abspath(os.path.join(os.environ.get("BIN", "bin"), "senderblock"))
DAY = 86400
check = Checks()
top = tempfile.mkdtemp(prefix="subjectrule.")
CUSTOMERS = """acme north domain:acme.example mail:it@acme.example
globex south domain:globex.example mail:it@globex.example
"""


class Headers(Log):
    """With cleanup's line about the subject, where there is one."""

    def __init__(self):
        super().__init__()
        self.header = None  # number -> subject, HELO

    def line(self, at, daemon, text):
        qid, _, rest = text.partition(": ")
        if self.header and rest.startswith("message-id="):
            super().line(at, daemon, "%s: warning: header Subject: %s from unknown[192.0.2.1]; from=<f@x> "
                         "to=<t@x> proto=ESMTP helo=<%s>" % ((qid,) + self.header(self.n)))
        super().line(at, daemon, text)


def case(name, subject, helo):
    """A relay after a day of a botnet; its ledger and the folder of its maps."""
    folder = os.path.join(top, name)
    os.makedirs(folder + "/conf")
    with open(folder + "/conf/customers", "w") as f:
        f.write(CUSTOMERS)
    log = Headers()
    for i, who in enumerate(("bob@acme.example", "eve@acme.example", "sue@globex.example")):
        log.header = lambda n, i=i: ("cheap pills? no: minutes %d" % n, "pc%d" % i)
        log.honest(i * 100, 3 * DAY, who, "203.0.113.%d" % (i * 16 + 1), who)
    log.header = lambda n: (subject % n, helo(n))
    for i in range(90):
        log.message(3 * DAY + i * 30, "eve@acme.example", "45.%d.10.%d" % (i, i),
                    '"%d!#"@d%d.example' % (i * 7919 % 1000, i), ["v%d@target%d.example" % (i, i % 40)],
                    SPAM if i % 3 else None)
    with open(folder + "/mail.log", "w") as f:
        f.write(log.text())
    r = tool(["-q", "-C", folder + "/conf", "-d", folder + "/maps", "--ledger", folder + "/ledger.db",
              "--follow", folder + "/mail.log"], program=TOOL)
    check.ok(r.rc == 1 and not r.err, name + ": spam is found", r)
    return sqlite3.connect(folder + "/ledger.db"), folder


def told(db, want, what):
    """In the journal and in what the notice knows."""
    text = " ".join(t for t, in db.execute("SELECT reason FROM journal ORDER BY id"))
    reason = " ".join(json.loads(f).get("reason", "") for f, in db.execute("SELECT facts FROM notices"))
    check.ok(want in text and want in reason, what, text + "\n" + reason)


def shown(db, subject, name):
    """In the evidence that the partner gets."""
    tsv = "".join(e for e, in db.execute("SELECT evidence FROM notices")).split("\n")
    column = tsv[0].split("\t").index("subject")
    rows = [line.split("\t")[column] for line in tsv[1:] if line]
    check.ok(rows and all(r.startswith(subject) for r in rows), name + ": each message's is in the evidence",
             rows)


def nothing_by_subject(folder, name):
    with open(folder + "/maps/mp_header_checks") as f:
        rows = [line for line in f if line[0] != "#" and line.strip()]
    check.equal(rows, [], name + ": nothing is refused by subject")


db, folder = case("helo", "Cheap pills %d", lambda n: "ylmf-pc")
check.equal(db.execute("SELECT field, value FROM conditions").fetchall(), [("helo", "ylmf-pc")],
            "helo: the rule is its HELO")
with open(folder + "/maps/mp_slot01_helo") as f:
    check.ok("ylmf-pc" in f.read().replace("\\", ""), "helo: in that customer's own map")
nothing_by_subject(folder, "helo")
told(db, 'most have the subject "Cheap pills ', "helo: the subject is told")
told(db, '" and the like (', "helo: and that they differ")
shown(db, "Cheap pills ", "helo")
check.equal(db.execute("SELECT count(*) FROM messages WHERE subject LIKE 'Cheap pills %'").fetchone(), (90,),
            "helo: the ledger has the subjects")

# The subject alone is common: it is one of another customer's, too, or would be tomorrow.
db, folder = case("alone", "cheap pills? no: minutes %d", lambda n: "h%d.example" % (n * 7919))
check.equal(db.execute("SELECT count(*) FROM conditions WHERE field = 'subject'").fetchone(), (0,),
            "alone: no rule by subject")
nothing_by_subject(folder, "alone")
told(db, 'most have the subject "cheap pills? no: minutes ', "alone: but it is told")

# Bytes that the log's reader, a terminal, JSON or the maps could obey.
hostile = 'x/ REJECT" <b>$1 \\n\\\\ ^.*$ =?utf-8?Q?=0A?= \x7f \u202e'
db, folder = case("hostile", hostile.replace("%", "%%") + "%d", lambda n: "ylmf-pc")
nothing_by_subject(folder, "hostile")
told(db, '"x/ REJECT" <b>$1 \\n\\\\ ^.*$ =?utf-8?Q?=0A?= ', "hostile: told as it is")
shown(db, hostile.replace("\\", "\\\\").replace("\x7f", "\\x7f"), "hostile")
check.ok("\x7f" not in "".join(t for t, in db.execute("SELECT reason FROM journal")),
         "hostile: without what a terminal obeys")
shutil.rmtree(top)
check.done()
