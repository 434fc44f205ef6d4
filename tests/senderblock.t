#!/usr/bin/env python3
"""senderblock without Postfix, given suspects: what it decides, the map files it writes, and how it
fails. escalate.t has logs, postfix.t a real Postfix."""
import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, tool  # noqa: E402

SENDERBLOCK = os.path.abspath(os.environ.get("BIN", "bin") + "/senderblock")
COLUMNS = ("time state kind identity customer partner score threshold since messages recipients "
           "refused unknown senders sender_list clients countries families samples").split()
CUSTOMERS = """\
acme    north-it  domain:acme.example net:203.0.113.0/28 sasl:acme1 sasl:acme2 sasl:acme-* mail:it@acme.example
globex  south-it  domain:globex.example net:198.51.100.0/24 net:203.0.113.8 sasl:globex1 sasl:acme-globex
initech south-it  sasl:initech1 sasl:initech2
"""
t = Checks()
top = tempfile.mkdtemp(prefix="senderblock.")
conf = top + "/conf"
os.mkdir(conf)


def customers(text):
    with open(conf + "/customers", "w") as f:
        f.write(text)


def suspect(identity="acme1", senders="bob@acme.example=60", **more):
    row = dict(time="2026-11-24T10:27:50.25Z", state="compromised", kind="login", customer="x",
               score="21.5", threshold="13.8", since="2026-11-24T09:00:00Z", messages="60",
               recipients="60", refused="55", unknown="12", senders="1", identity=identity,
               sender_list=senders, families="replies=8.3: 43 refused; verdict=8.3: 60 said spam",
               samples="4F5C64474F 4AA091855D")
    row.update(more)
    return "\t".join(row.get(c, "") for c in COLUMNS) + "\n"


def stream(*rows):
    return ("#suspects\t" + "\t".join(COLUMNS) + "\n" + "".join(rows) + "#end %d\n" % len(rows)).encode()


def run(maps, rows, *args, stdin=None):
    return tool(["-C", conf, "-d", maps] + list(args), program=SENDERBLOCK,
                stdin=stream(*rows) if stdin is None else stdin)


def fresh():
    return tempfile.mkdtemp(dir=top) + "/maps"


def read(maps, name):
    with open(maps + "/" + name, encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def rows_of(maps, name):
    return [line for line in read(maps, name).splitlines() if not line.startswith("#")]


def shot(maps):
    """Every map with its inode, time and bytes."""
    out = {}
    for name in sorted(os.listdir(maps)) if os.path.isdir(maps) else []:
        if name.startswith("mp_") and not name.startswith(("mp_ledger", "mp_lock")):
            st = os.stat(maps + "/" + name)
            with open(maps + "/" + name, "rb") as f:
                out[name] = (st.st_ino, st.st_mtime_ns, f.read())
    return out


def all_rows(maps):
    return {n: rows_of(maps, n) for n in shot(maps) if rows_of(maps, n)}


def refusal(incident, rule=1):
    return ("554 5.7.1 [mp %d.%d] mail from this address is stopped because it sends spam; contact "
            "your mail provider about incident %d" % (incident, rule, incident))


def fails(what, result, status, *words, maps=None):
    """Exit status, nothing on stdout, a message with those words, and no map was made."""
    err = result.err.decode()
    good = (result.rc == status and not result.out and err.startswith("senderblock: ") and
            all(w in err for w in words) and (maps is None or not shot(maps)))
    t.ok(good, what, result)


def test_maps():
    maps = fresh()
    r = run(maps, [suspect(), suspect("globex1", "carol@acme.example=60")])
    t.ok(r.rc == 1 and not r.out, "blocks exit 1, a pipe gets nothing", r)
    err = r.err.decode().splitlines()
    t.ok(len(err) == 3 and
         "acme (north-it), incident 1, address: login acme1, 60 messages" in err[0] and
         "refused is bob@acme.example, when this customer uses it [mp 1.1]" in err[0] and
         "globex (south-it), incident 2" in err[1] and
         err[2] == "senderblock: next: postmap lmdb:%s/mp_customer_sasl" % maps +
         "".join(" lmdb:%s/mp_slot%02d_sender" % (maps, n) for n in ()) or "postmap" in err[2],
         "what is new is told on stderr", err)
    t.equal(all_rows(maps), {
        "mp_customer_sasl": ["acme-globex\tmp_slot02", "acme1\tmp_slot01", "acme2\tmp_slot01",
                             "globex1\tmp_slot02"],
        "mp_customer_sasl_regexp": ["if /^acme-/", "/^acme-globex$/\tDUNNO", "/^acme-/\tmp_slot01",
                                    "endif", r"/@([^@]+\.)?globex\.example$/" "\tmp_slot02",
                                    r"/@([^@]+\.)?acme\.example$/" "\tmp_slot01"],
        "mp_customer_net": ["203.0.113.8/32\tmp_slot02", "203.0.113.0/28\tmp_slot01",
                            "198.51.100.0/24\tmp_slot02"],
        "mp_slot01_sender": ["bob@acme.example\t" + refusal(1)],
        "mp_slot01_sender_regexp": [r"/^bob(\+[^@]*)?@acme\.example$/" "\t" + refusal(1)],
        "mp_slot02_sender": ["carol@acme.example\t" + refusal(2)],
        "mp_slot02_sender_regexp": [r"/^carol(\+[^@]*)?@acme\.example$/" "\t" + refusal(2)],
    }, "the maps")
    names = [n for n in os.listdir(maps) if n.startswith("mp_slot")]
    t.equal(len(names), 32 * 8, "all slots' maps are there, so that main.cf can name them")
    before = shot(maps)
    r = run(maps, [suspect(), suspect("globex1", "carol@acme.example=60")])
    t.ok(r.rc == 1 and not r.err and shot(maps) == before, "the same again touches no file", r)
    r = run(maps, [])
    t.ok(r.rc == 1 and not r.err and shot(maps) == before, "blocks stand without suspects (exit 1)",
         r)
    r = run(maps, [suspect(senders="bob@acme.example=50 eve@acme.example=10", messages="60")])
    t.ok(r.rc == 1 and b"incident 1, rule: " in r.err and b"the messages" in r.err,
         "known, but another address by now: rule, without messages to find one in", r)
    os.unlink(maps + "/mp_slot02_sender")
    run(maps, [])
    t.equal(rows_of(maps, "mp_slot02_sender"), ["carol@acme.example\t" + refusal(2)],
            "a map that a killed run did not write is written by the next")
    r = run(maps, [], "--undo", "2.1", stdin=b"")
    t.ok(r.rc == 0 and b"2.1 was taken back" in r.out and not rows_of(maps, "mp_slot02_sender"),
         "--undo lifts a block", r)


def test_nobody():
    maps = fresh()
    r = run(maps, [])
    t.ok(r.rc == 0 and not r.out and shot(maps) and not all_rows(maps),
         "no suspects: empty maps, exit 0", r)
    r = run(maps, [suspect(state="suspect"), suspect(state="clear"), suspect(state="odd")])
    t.ok(r.rc == 0 and not all_rows(maps), "one kind of evidence blocks nobody", r)
    maps = fresh()
    r = run(maps, [suspect(senders="a@x.example=56 b@x.example=4")])
    t.ok(r.rc == 1 and not all_rows(maps) and b"rule: " in r.err,
         "less than 95 % from one address: the clock starts, exit 1", r)
    maps = fresh()
    r = run(maps, [suspect(senders="")])
    t.ok(r.rc == 1 and not all_rows(maps), "no sender known: no address is blocked", r)


def test_owner():
    maps = fresh()
    run(maps, [suspect("joe@other.example", customer="acme"),
               suspect("192.0.2.7", kind="client", customer="acme"),
               suspect("2001:db8:1:2::/64", kind="client")])
    t.equal([all_rows(maps)[n] for n in ("mp_customer_sasl", "mp_customer_net")],
            [["joe@other.example\tmp_slot01"],
             ["192.0.2.7/32\tmp_slot02", "2001:db8:1:2::/64\tmp_slot03"]],
            "who isn't in the customers file is blocked alone, whatever label it has")
    t.ok("mp_customer_sasl_regexp" not in all_rows(maps), "and gets no wildcard")
    maps = fresh()
    run(maps, [suspect("203.0.113.9", kind="client"), suspect("203.0.113.8", kind="client")])
    t.ok("203.0.113.0/28\tmp_slot01" in rows_of(maps, "mp_customer_net") and
         "203.0.113.8/32\tmp_slot02" in rows_of(maps, "mp_customer_net"),
         "a client address is its owner's by the longest prefix", all_rows(maps))
    customers(CUSTOMERS.replace("203.0.113.0/28", "192.0.2.0/24"))
    run(maps, [])
    t.ok("192.0.2.0/24\tmp_slot01" in rows_of(maps, "mp_customer_net"),
         "a changed customers file changes the maps")
    customers("globex p sasl:x\n")
    r = run(maps, [])
    t.ok(b"acme" in r.err and b"customers" in r.err and
         "203.0.113.9/32\tmp_slot01" in rows_of(maps, "mp_customer_net"),
         "a customer that is gone from the file: told, the flagged identity stays blocked", r)
    customers(CUSTOMERS)


HOSTILE = [  # as in the suspect stream, what the message says
    ("com%20b@x.example", "bare space"),
    ("%20v@x.example", "bare space"),
    ("a%0Av@x.example%20OK%0Ab@x.example", "control"),
    ("%22a%0Ab%22@x.example", "control"),
    ("%22a%09b%22@x.example", "control"),
    ("a%0D@x.example", "control"),
    ("a%0B@x.example", "control"),
    ("a%00@x.example", "control"),
    ("a%1B[2J@x.example", "control"),
    ("%22a@x.example", "unbalanced quotes"),
    ("%FF@x.example", "not UTF-8"),
    ("com", "no domain"),
    ("bob@", "no domain"),
    ("@x.example", "no local part"),
    ("%22%22@x.example", "no local part"),
    ("%3C%3E", "null sender"),
    ("bob@x.example:", "no host name"),
    ("bob@x/y", "no host name"),
    ("a" * 300 + "@x.example", "255 bytes"),
]
CARRIED = [  # and the map that has it, with its key
    ("%22a%20b%22@x.example", "mp_slot02_sender", '"a b"@x.example'),
    ("%22v@x.example%20OK%22@y.example", "mp_slot02_sender", '"v@x.example ok"@y.example'),
    ("%22q%5C%22q%22@x.example", "mp_slot02_sender", '"q\\"q"@x.example'),
    ("%22b%5C%5Cs%22@x.example", "mp_slot02_sender", '"b\\\\s"@x.example'),
    ("$a%25d=1@x.example", "mp_slot02_sender", "$a%d=1@x.example"),
    ("#a@x.example", "mp_slot02_sender_regexp", r"/^#a(\+[^@]*)?@x\.example$/"),
    ("%C3%A9@x.example", "mp_slot02_sender_regexp", "/^\u00e9(\\+[^@]*)?@x\\.example$/"),
    ("a.*|^(b)@x.example", "mp_slot02_sender", '"a.*|^(b)"@x.example'),
]


def test_hostile():
    maps = fresh()
    run(maps, [suspect()])
    before = all_rows(maps)
    for n, (address, words) in enumerate(HOSTILE):
        other = fresh()
        run(other, [suspect()])
        r = run(other, [suspect("initech1", address + "=60")])
        t.ok(r.rc == 1 and b"incident 2, rule: " in r.err and all_rows(other) == before and
             b"\x1b" not in r.err, "no map carries it (%s): %s" % (words, address[:40]), r)
    for address, name, key in CARRIED:
        other = fresh()
        run(other, [suspect()])
        r = run(other, [suspect("initech1", address + "=60")])
        now = all_rows(other)
        t.ok(r.rc == 1 and [row.split("\t")[0] for row in now.get(name, [])] == [key] and
             all(set(before[n]) <= set(now[n]) for n in before), "carried: " + address, (r, now))
    for kind, identity in (("login", "a\\nb"), ("login", "\\xff"), ("login", "x" * 256),
                           ("client", "web1")):
        maps = fresh()
        r = run(maps, [suspect(identity, kind=kind)])
        t.ok(r.rc == 1 and not all_rows(maps), "an identity that can't be carried: " + identity[:9],
             r)
    maps = fresh()
    run(maps, [suspect("#we ird\"o")])
    t.equal(rows_of(maps, "mp_customer_sasl_regexp"), ["/^#we ird\"o$/\tmp_slot01"],
            "a login that an indexed map can't carry is an expression")
    r = run(fresh(), [suspect("initech1", "a?b@x.example=60")])
    t.ok(b"control character" in r.err, "a `?` may stand for something else: told", r)


def test_input():
    for what, data, status, words in (
            ("no #end", stream(suspect())[:-7], 75, ("#end", "nothing was changed")),
            ("a wrong #end", stream(suspect()).replace(b"#end 1", b"#end 2"), 65, ("missing",)),
            ("nothing at all", b"", 65, ("empty",)),
            ("binary", bytes(range(256)) * 100, 65, ("no line of a mail server",)),
            ("a damaged column", stream(suspect(messages="many")), 65, ("damaged",))):
        maps = fresh()
        fails(what, run(maps, [], stdin=data), status, *words, maps=maps)
    maps = fresh()
    fails("no such file", run(maps, [], top + "/nothing"), 66, "nothing", maps=maps)
    fails("a folder", run(maps, [], top), 66, maps=maps)
    for n in ("1", "2"):
        with open(top + "/s" + n, "wb") as f:
            f.write(stream(suspect("acme1" if n == "1" else "globex1")))
    r = run(maps, [], top + "/s1", top + "/s2", stdin=b"")
    t.ok(r.rc == 1 and len(rows_of(maps, "mp_customer_sasl")) == 4, "several files", r)
    for args in (["--slots", "0"], ["--slots", "100"], ["--reload"], ["-n", "--postmap"], ["-x"],
                 ["--max-new-blocks", "-1"], ["--reinstate", "acme"], ["--undo", "1.1", "--show"],
                 ["--undo", "x"], ["--now", "soon"], ["--show", "x"], ["-o", "xml", "--show"],
                 ["--reinstate", "acme", "--ticket", "1"], ["--force"], ["--follow", "a", "b"]):
        r = run(fresh(), [], *args)
        t.ok(r.rc == (66 if args == ["--show", "x"] else 64) and r.err and not r.out,
             "usage: " + " ".join(args), r)
    for args in (["-h"], ["--version"]):
        r = run(fresh(), [], *args)
        t.ok(r.rc == 0 and r.out and not r.err, " ".join(args), r)


def test_config():
    maps = fresh()
    customers("acme north net:192.0.2.0/24\nglobex south net:192.0.2.0/24\n")
    fails("an overlap in customers", run(maps, [suspect()]), 78, "customers:", maps=maps)
    fails("--check-config, too", run(maps, [], "--check-config"), 78, "customers:", maps=maps)
    customers(CUSTOMERS)
    for name, text in (("never_block", "sasl:*\n"), ("mptools.conf", "[block]\ncontact = a b\n")):
        with open(conf + "/" + name, "w") as f:
            f.write(text)
        fails("a mistake in " + name, run(maps, [suspect()]), 78, name, maps=maps)
        os.unlink(conf + "/" + name)
    r = run(maps, [], "--check-config", stdin=b"")
    t.ok(r.rc == 0 and not r.err and not os.path.exists(maps), "--check-config only checks", r)
    with open(conf + "/mptools.conf", "w") as f:
        f.write("[block]\ncontact = https://relay.example/ticket\n")
    run(maps, [suspect()])
    t.ok("https://relay.example/ticket" in rows_of(maps, "mp_slot01_sender")[0],
         "the refusal names the contact", rows_of(maps, "mp_slot01_sender"))
    os.unlink(conf + "/mptools.conf")


def test_limits():
    many = [suspect("login%d" % i) for i in range(11)]
    maps = fresh()
    fails("eleven at once", run(maps, many), 75, "11 customers", "--confirm", maps=maps)
    r = run(maps, many, "--max-new-blocks", "11")
    t.ok(r.rc == 1 and len(rows_of(maps, "mp_customer_sasl")) == 11, "--max-new-blocks", r)
    r = run(fresh(), many, "--confirm")
    t.equal(r.rc, 1, "--confirm")
    maps = fresh()
    r = run(maps, [suspect(), suspect("globex1")], "--slots", "1")
    t.ok(r.rc == 1 and b"incident 2, rule: " in r.err and b"--slots" in r.err and
         rows_of(maps, "mp_slot01_sender") and not os.path.exists(maps + "/mp_slot02_sender"),
         "more customers than slots: told, and the clock runs", r)


def test_folder():
    maps = fresh()
    os.mkdir(maps)
    with open(maps + "/mp_slot03_sender", "w") as f:
        f.write("somebody@x.example REJECT\n")
    r = run(maps, [suspect()])
    t.ok(r.rc == 73 and b"mp_slot03_sender" in r.err and
         read(maps, "mp_slot03_sender") == "somebody@x.example REJECT\n",
         "somebody else's file is not replaced", r)
    fails("no such parent", run(top + "/no/such/maps", [suspect()]), 73, "make it")
    maps = fresh()
    run(maps, [suspect()])
    before = shot(maps)
    for lock in ("mp_lock", "mp_ledger.db.lock"):
        with open(maps + "/" + lock, "r+") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            r = run(maps, [])
        t.ok(r.rc == 75 and shot(maps) == before, "another run holds %s: exit 75" % lock, r)

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
    p = subprocess.run([SENDERBLOCK, "-C", conf, "-d", maps], input=stream(suspect("globex1")),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=small)
    t.ok(p.returncode == 74 and shot(maps) == before, "a full disk: exit 74, the old maps stay", p)


def test_report():
    maps = fresh()
    r = run(maps, [suspect(), suspect("globex1", state="suspect")], "-n")
    out = r.out.decode()
    t.ok(r.rc == 1 and not r.err and not os.path.exists(maps), "a dry run makes nothing", r)
    for words in ("acme (north-it), incident 1, address: login acme1",
                  "Nothing is changed (--dry-run)", maps + "/mp_slot01_sender:\n# Written by",
                  "\nbob@acme.example\t554 5.7.1 [mp 1.1] "):
        t.ok(words in out, "it says: " + words[:50].strip(), out)
    evil = suspect(families="x=1: \\x1b[2J", identity="a\\x1b[2J", samples="\\x1b[0m")
    r = run(maps, [suspect(families="x=1: \\x1b[2J")], "-v")
    t.ok(b"\x1b" not in r.out + r.err, "nothing that a terminal obeys", r)
    r = run(maps, [evil], "-v")
    t.ok(b"\x1b" not in r.out + r.err, "nor from an identity", r)
    r = run(maps, [], "--show", stdin=b"")
    t.ok(r.rc == 0 and b"acme" in r.out and b"\x1b" not in r.out, "--show", r)
    r = run(maps, [], "--show", "1", "-o", "json", stdin=b"")
    t.ok(r.rc == 0 and json.loads(r.out)[0]["state"] == "address", "--show 1 -o json", r)
    with open("/dev/full", "wb") as full:
        p = subprocess.run([SENDERBLOCK, "-C", conf, "-d", fresh(), "-v"], input=stream(suspect()),
                           stdout=full, stderr=subprocess.PIPE)
    t.ok(p.returncode == 74 and p.stderr, "stdout on a full disk: exit 74", p)
    r = tool(["--print-postfix", "--map-type", "lmdb", "-d", maps, "--slots", "2"],
             program=SENDERBLOCK)
    t.ok(r.rc == 0 and b"smtpd_restriction_classes" in r.out and b"mp_slot02" in r.out and
         b"mp_slot03" not in r.out, "--print-postfix", r)


def test_metrics():
    maps = fresh()
    r = run(maps, [suspect()], "--metrics", top + "/s.prom")
    with open(top + "/s.prom") as f:
        text = f.read()
    t.ok(r.rc == 1 and "mptools_senderblock_last_run_timestamp_seconds" in text and
         any("address" in l and l.endswith(" 1") for l in text.splitlines()
             if not l.startswith("#")), "--metrics", text)
    r = run(maps, [], "--metrics", top + "/no/s.prom")
    t.ok(r.rc == 73 and b"no/s.prom" in r.err, "metrics that can't be written are told", r)


def quiet_check():
    r = run(fresh(), [suspect()], "-q")
    t.ok(r.rc == 1 and not r.err and not r.out, "-q", r)


if not os.access(SENDERBLOCK, os.X_OK):
    print("not ok - %s is built" % SENDERBLOCK)
    sys.exit(1)
try:
    customers(CUSTOMERS)
    for test in (test_maps, test_nobody, test_owner, test_hostile, test_input, test_config,
                 test_limits, test_folder, test_report, test_metrics,
                 quiet_check):
        test()
finally:
    shutil.rmtree(top)
t.done()
