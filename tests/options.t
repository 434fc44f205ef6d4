#!/usr/bin/env python3
"""Command lines: every tool takes what its man page and its usage say, and tells mistakes alike; what
mptools.conf sets instead of routegen's options."""
import os
import re
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, tool  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
os.environ.setdefault("MPTOOLS_SHARE", os.path.abspath("share/mptools"))
TOOLS = {"mplog-parse": 1, "spamscore": 1, "senderblock": 8, "mpnotify": 8, "blwatch": 8, "routegen": 8,
         "delistreq": 8}
t = Checks()
top = tempfile.mkdtemp(prefix="mptools-options.")


def run(name, *args):
    return tool(args, program=BIN + "/" + name)


def known(name, option):
    """Behind it stands one that isn't: the one that is told last, whether it was a value or not."""
    r = run(name, option, "--nonsense", "--nonsense")
    first = r.err.decode().split("\n")[0]
    return r.rc == 64 and re.match(r"%s: error: (--nonsense: no such option|%s: --nonsense is )" %
                                   (name, re.escape(option)), first)


def test_tools():
    for name, section in TOOLS.items():
        usage = run(name, "-h")
        with open("man/%s.%d" % (name, section), encoding="utf-8") as f:
            man = f.read()
        in_usage = set(re.findall(r"(?<=[\s\[])--[a-z-]+", usage.out.decode()))
        in_man = {"--" + o for line in re.findall(r"^\.(?:It|Op) Fl .*", man, re.M)
                  for o in re.findall(r" -([a-z][a-z-]+)", line)}
        t.ok(usage.rc == 0 and not usage.err and usage.out.startswith(b"usage: " + name.encode()),
             name + " -h", usage)
        t.ok(len(in_usage) > 4, name + ": the usage has options", in_usage)
        options = (in_usage | in_man | {"--quiet", "--config", "--check-config"}) - {"--help", "--version"}
        t.equal([o for o in sorted(options) if not known(name, o)], [],
                name + ": every option of its usage and man page is one")
        t.equal(sorted(in_usage - in_man), [], name + ": the man page has all of the usage")
        r = run(name, "-V")
        t.ok(r.rc == 0 and re.fullmatch(name + r" [0-9.]+\n", r.out.decode()), name + " -V", r)
        r = run(name, "--nonsense")
        t.equal((r.rc, r.out, r.err.decode()),
                (64, b"", name + ": error: --nonsense: no such option, or not in that form\n" +
                 usage.out.decode()), name + ": an option that there isn't")


def test_values():
    for name, option, value, what in (
            ("blwatch", "--window", "3d", "no span from 1m to 1d"),
            ("blwatch", "--recipients", "201", "no number from 1 to 200"),
            ("routegen", "--slots", "100", "no number from 1 to 99"),
            ("routegen", "--hop", "192.0.2.1:25", "no ADDRESS:PORT on this machine, as 127.0.0.1:10031"),
            ("senderblock", "--slots", "0", "no number from 1 to 99"),
            ("senderblock", "--output", "tsv", "none of table, json"),
            ("delistreq", "--sent", "-1", "no number, 1 or more"),
            ("delistreq", "--window", "0s", "no span from 1s to 999d"),
            ("mplog-parse", "--year", "26", "no year, as 2026")) + tuple(
            (name, "--now", "foo", "no time, as 2026-11-24T10:00:00Z or 2h")
            for name in ("blwatch", "routegen", "senderblock", "delistreq")):
        r = run(name, option, value)
        t.equal((r.rc, r.out, r.err.decode()),
                (64, b"", "%s: error: %s: %s is %s\n" % (name, option, value, what)), "%s %s %s" % (name, option, value))


def test_routegen_settings():
    conf, ledger, etc = top + "/conf", top + "/ledger.db", top + "/etc"
    os.mkdir(conf)
    os.mkdir(etc)

    def put(name, text):
        with open(name, "w") as f:
            f.write(text)

    def route(*args):
        return tool(["-C", conf, "-d", top + "/maps", "--ledger", ledger, "--map-type", "hash"] + list(args),
                    program=BIN + "/routegen", env={"MAIL_CONFIG": etc})

    put(etc + "/main.cf", "")
    put(etc + "/master.cf", "out1 unix - - y - - smtp\nout2 unix - - y - - smtp\n")
    put(conf + "/outbound", "out1 127.0.0.81 syslog:postfix-out1\nout2 127.0.0.82 weight:0\n")
    put(conf + "/routes", "filter none\n")
    tool(["-C", conf, "--ledger", ledger, "--no-dns", "/dev/null"], program=BIN + "/blwatch")
    with sqlite3.connect(ledger) as db:
        db.execute("INSERT INTO listings (ip, provider, source, state, first, since, last)"
                   " VALUES ('127.0.0.81', 'microsoft-consumer', 'log', 'listed', 1, 1, 1)")
    begins = b"begins\t*\tmicrosoft-consumer\tout2\t"
    for text, want in (("", False), ("[route]\nauto = yes\n", True), ("[route]\nauto = no\n", False)):
        put(conf + "/mptools.conf", text)
        r = route("-n", "-o", "tsv")
        t.ok(r.rc == 0 and (begins in r.out) == want, "routed: %r" % text, r)
    put(conf + "/routes", "filter none\nleave microsoft\n")
    put(conf + "/mptools.conf", "[route]\nauto = yes\nslots = 3\n")
    r = route("-n", "-o", "tsv")
    t.ok(r.rc == 0 and begins not in r.out, "`leave' goes before auto", r)
    put(conf + "/routes", "filter none\nleave microsoft\nroute * microsoft-consumer\n")
    r = route("-n", "-o", "tsv")
    t.ok(r.rc == 0 and begins in r.out, "and `route' that names the provider before `leave'", r)
    for args, want in (((), 3), (("--slots", "2"), 2)):
        r = route("--print-postfix", *args)
        slots = set(re.findall(rb"mp_route(\d\d)\b", r.out))
        t.ok(r.rc == 0 and len(slots) == want, "slots = 3, %s: %d classes" % (" ".join(args), want), r)
    put(conf + "/mptools.conf", "[route]\nslots = 100\n")
    r = route("--check-config")
    t.ok(r.rc == 78 and b"a whole number from 1 to 99" in r.err, "slots = 100", r)


try:
    test_tools()
    test_values()
    if any(os.access(d + "/postconf", os.X_OK) for d in ("/usr/sbin", "/usr/bin", "/usr/local/sbin")):
        os.environ["PATH"] += ":/usr/sbin:/usr/local/sbin"
        test_routegen_settings()
finally:
    shutil.rmtree(top, ignore_errors=True)
t.done()
