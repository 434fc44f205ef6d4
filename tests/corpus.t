#!/usr/bin/env python3
"""Real logs: the records' numbers agree with those counted on the raw lines (tests/expect)."""
import collections
import glob
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import CORPUS, Checks, Stream, by_message, facts, parse, pick, skip, tool  # noqa: E402

EXPECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expect")
COUNTED = ("accept deliver reject auth-fail login verdict ndr hold remove").split()
IF_LISTED = ("deliver-with-origin", "deliver-of")  # compared where the expectation has them
# Programs beside Postfix whose lines may begin with, or name, a queue id of Postfix.
COMPANIONS = {"amavis", "opendkim", "opendmarc", "dovecot", "spamd", "rspamd", "policyd"}


def expectation(name):
    want, origins = collections.Counter(), {}
    with open(os.path.join(EXPECT, name + ".tsv")) as f:
        for line in f:
            if line.startswith("#") or not line.strip():
                continue
            what, which, number = line.rstrip("\n").split("\t")
            if what == "origin":
                origins[which] = number
            else:
                want[what, which] += int(number)
    return want, origins


def counted(records, found):
    """The same numbers, from the records (ids from the facts)."""
    got = collections.Counter()
    for r in records:
        kind, which = r["kind"], "-"
        if kind == "deliver":
            which = r["status"]
            got["deliver-with-login", "-"] += r["sasl_user"] != ""
            got["deliver-with-origin", "-"] += r["origin"] not in ("", r["qid"])
            got["deliver-of", r["sasl_user"]] += 1
        elif kind == "login":
            which = "dovecot" if r["instance"] == "dovecot" or "login" in r["daemon"] or \
                r["daemon"] == "dovecot" else "postfix"
        elif kind == "verdict":
            which = r["verdict"]
        elif kind == "accept":
            got["size", "-"] += int(r["size"])
        got[kind, which] += 1
    ids = {v for daemon, _, pairs in found for n, v in pairs
           if n == "qid" and daemon.split("/")[-1] not in COMPANIONS}
    got["ids", "-"] = len(ids - {"NOQUEUE"})
    return got


def compare(t, name, log, *args):
    want, origins = expectation(name)
    records = parse(t, log, *args, what=name)
    found = facts(t, log, *args)
    got = counted(records, found)
    for key in sorted(set(want) | set(got)):
        if key in want or got[key] and key[0] not in IF_LISTED:
            t.equal(got[key], want[key], "%s: %s %s" % (name, key[0], key[1]))
    for leg, first in sorted(origins.items()):
        later = [r["origin"] for r in pick(records, "deliver", qid=leg)]
        t.ok(later and set(later) == {first}, "%s: %s comes from %s" % (name, leg, first), later)
    unknown = [f for f in found if f[0].split("/")[0].startswith("postfix") and not f[1]]
    t.equal(unknown, [], "%s: every Postfix line is understood" % name)
    t.ok(not [r for r in records if r["kind"] not in COUNTED], "%s: no other kind" % name)
    return records


def fail2ban(path):
    """[(wanted, month-day and time, address, line)] of the lines that have an expectation."""
    match = host = None
    aggressive = False
    for line in open(path, encoding="utf-8"):
        if line.startswith("# filterOptions"):
            aggressive = '"aggressive"' in line and "{}" not in line and "auth" not in line \
                and "ddos" not in line
        m = re.match(r"# ?failJSON: (.*)", line)
        if m:
            match = re.search(r'"match": *true', m.group(1)) is not None
            host = re.search(r'"host": *"([^"]*)"', m.group(1))
        elif line.strip() and not line.startswith("#"):
            stamp = re.match(r"([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) ", line)
            when = None
            if stamp:
                month = "JanFebMarAprMayJunJulAugSepOctNovDec".index(stamp.group(1)) // 3 + 1
                when = "%02d-%02dT%s" % (month, int(stamp.group(2)), stamp.group(3))
            yield match and not aggressive, when, host.group(1) if host else "", line


def stamps(records, kind):
    return collections.Counter((r["time"][5:19], r["client_ip"]) for r in pick(records, kind))


def check_postfix(t):
    path = os.path.join(CORPUS, "fail2ban", "postfix")
    log = open(path, "rb").read()
    records = compare(t, "fail2ban-postfix", log, "--year", "2005", "--tz", "UTC")
    rejects, failures = collections.Counter(), collections.Counter()
    for wanted, when, host, line in fail2ban(path):
        if wanted and "reject: " in line:
            rejects[when, host] += 1
        elif re.search(r"SASL \S+ authentication failed:(?! Connection lost)", line) or \
                " auth=0/" in line:
            failures[when, host or re.search(r"\[([0-9.]+)\]: SASL", line).group(1)] += 1
    t.equal(stamps(records, "reject"), rejects, "fail2ban-postfix: each refusal, by its client")
    t.equal(stamps(records, "auth-fail"), failures, "fail2ban-postfix: each failure, by its client")


def check_dovecot(t):
    path = os.path.join(CORPUS, "fail2ban", "dovecot")
    log = open(path, "rb").read()
    want, _ = expectation("fail2ban-dovecot")
    records = parse(t, log, "--year", "2005", "--tz", "UTC", what="fail2ban-dovecot")
    needed, welcome = collections.Counter(), set()
    for wanted, when, host, line in fail2ban(path):
        if wanted and re.match(r"[A-Z][a-z]{2} +\d+ [\d:]{8} \S*[^\s:] (dovecot|auth)\b", line):
            needed[when, host] += 1
        elif wanted:
            welcome.add(host)
    got = stamps(records, "auth-fail")
    t.equal(sum(needed.values()), want["auth-fail", "-"], "fail2ban-dovecot: failures expected")
    t.equal(needed - got, collections.Counter(), "fail2ban-dovecot: each failure, by its client")
    strange = [k for k in got - needed if k[1] not in welcome]
    t.equal(strange, [], "fail2ban-dovecot: nothing else is a failure")
    t.equal([r for r in records if r["kind"] != "auth-fail"], [], "fail2ban-dovecot: no other kind")


def main():
    if not os.path.isdir(CORPUS):
        skip("no corpus beside the project (%s)" % CORPUS)
    t = Checks()
    logs = sorted(glob.glob(os.path.join(CORPUS, "lightmeter", "individual_files", "*.log")))
    t.equal(len(logs), 18, "lightmeter's logs are there")
    for path in logs:
        name = os.path.basename(path)[:-4]
        compare(t, name, open(path, "rb").read(), "--year", "2020", "--tz", "UTC")
    check_postfix(t)
    check_dovecot(t)
    log = open(os.path.join(CORPUS, "postfix-3.7", "real.log"), "rb").read()
    compare(t, "real", log, "--tz", "UTC", "--year", "2026")
    t.equal(len(facts(t, log)), 9767, "real: a line of facts for every line")
    records = tool(["--year", "2026"], stdin=log)
    again = tool(["-"], stdin=records.out)
    t.ok(records.out == again.out and again.rc == 0, "real: reads back the same, byte for byte",
         again.err)
    r = tool(["-v", "--year", "2026"], stdin=log)
    t.ok(r.rc == 0 and r.out == records.out and not re.search(rb"not understood: [1-9]", r.err),
         "real: -v reports no unknown shape", r.err)
    pieces(t, log, Stream(records.out).rows)
    t.done()


def pieces(t, log, want):
    """The log grows by pieces that end anywhere; a run of --follow after each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mail.log")
        step = len(log) // 23 + 1
        for at in range(0, len(log), step):
            with open(path, "ab") as f:
                f.write(log[at:at + step])
            r = tool(["--year", "2026", "--follow", path, "--state", path + ".state"])
            rows += Stream(r.out).rows
    t.ok(by_message(rows) == by_message(want) and len(rows) == len(want),
         "real: 23 runs of --follow give what one run over the whole gives",
         "%d rows, want %d; only got %s; only wanted %s" % (
             len(rows), len(want), sorted(set(rows) - set(want))[:3],
             sorted(set(want) - set(rows))[:3]))


main()
