#!/usr/bin/env python3
"""Blocklists asked over DNS: what each kind of answer and of silence is taken for.

Honest lists are served by rbldnsd, everything else by a small responder of this file, which keeps
count of what it was asked. All of it listens on 127.0.0.1 only.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dns import (A, RBLDNSD, TXT, Rbldnsd, Responder, a, entry, free_port, record, txt,  # noqa: E402
                 wire)
from lib import Checks, skip, tool  # noqa: E402

SOURCES = ["src/common/act/%s.c" % n for n in "dnsbl dnsbl_answer dnsbl_name".split()] + [
    "src/common/base/%s.c" % n for n in "arena failure ipnet msg slice text".split()]
CODES = "127.0.0.2-127.0.0.4=spam,127.0.0.10=!a note,127.0.0.11=dial-up"
SECRET = "k3ySecretOfOurs"


def build(folder):
    """tests/dnsbl_check.c with sanitizers; the Makefile's, if it has made one."""
    made = os.path.join(os.environ.get("B", "build"), "dnsbl_check")
    if os.access(made, os.X_OK):
        return os.path.abspath(made)
    program = os.path.join(folder, "dnsbl_check")
    subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-O1", "-g",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Isrc/common",
                    "-o", program, "tests/dnsbl_check.c"] + SOURCES + ["-lcares"], check=True)
    return program


# --- rbldnsd ---

ZONES = {
    "v4.example:ip4set:v4": """
:127.0.0.2:listed $ see http://v4.example/
127.0.0.2
192.0.2.10
192.0.2.11 :127.0.0.4:
192.0.2.12 :127.0.0.10:a note
192.0.2.13 :127.0.0.99:who knows
192.0.2.14 :127.255.255.254:public resolver
192.0.2.15 :198.51.100.7:parked
192.0.2.16 :127.0.0.11:dial-up line
""",
    "v6.example:ip6trie:v6": """
:127.0.0.2:listed $
::ffff:7f00:2
2001:db8::/64
""",
    "tset.example:ip6tset:tset": """
:127.0.0.3:in the set
2001:db8:0:1
""",
    "both.example:ip4set:both4": ":127.0.0.3:by v4\n127.0.0.2\n192.0.2.10\n",
    "both.example:ip6trie:both6": ":127.0.0.4:by v6\n::ffff:7f00:2\n2001:db8::1\n",
    "all.example:ip4trie:all4": ":127.0.0.2:everything\n0/0\n",
    "all.example:ip6trie:all6": ":127.0.0.2:everything\n::/0\n",
    "notest.example:ip4set:notest": ":127.0.0.2:listed\n192.0.2.10\n",
    "cutoff.example:ip4trie:cutoff": ":127.255.255.254:go away\n0/0\n",
    "parked.example:ip4trie:parked": ":203.0.113.80:buy this domain\n0/0\n",
}


def honest(listed, text=None, rest=None):
    """A list that passes its test. listed: {address: codes}; rest answers other addresses."""
    def answer(name, qtype, tcp):
        address = entry(name)
        if address == "127.0.0.2":
            return 0, a("127.0.0.2")
        if address == "127.0.0.1":
            return 3, []
        if address not in listed:
            return rest(name, qtype, tcp) if rest else (3, [])
        if qtype == TXT:
            return text(name, tcp) if text else (0, [])
        return 0, a(*listed[address])
    return answer


def sleepy(name, qtype, tcp):
    time.sleep(0.05)
    return (0, a("127.0.0.2")) if entry(name) == "127.0.0.2" else (3, [])


def truncated(name, qtype, tcp):
    """Listed with ten codes, only over TCP."""
    return (0, a(*["127.0.0.%d" % n for n in range(11, 1, -1)])) if tcp else ("TC", [])


TEN = {"192.0.2.10": ["127.0.0.2"]}
HOSTILE = b"\x1b]0;owned\x07\xff\x00\n\ttail"
HALF = honest(TEN)
CNAME = 5


def alias(qtype):
    """Another name, and what that has."""
    what = a("127.0.0.4") if qtype == A else txt(b"by another name")
    return [record(CNAME, wire("x.other.example"))] + [
        wire("x.other.example") + r[2:] for r in what]


ANSWERS = {
    "servfail.example": lambda *q: (2, []),
    "refused.example": lambda *q: (5, []),
    "notimp.example": lambda *q: (4, []),
    "formerr.example": lambda *q: (1, []),
    "notauth.example": lambda *q: (9, a("127.0.0.2")),
    "empty.example": lambda *q: (0, []),
    "silent.example": lambda *q: None,
    "rewrite.example": lambda *q: (0, a("203.0.113.1")),
    "nxdomain.example": lambda *q: (3, []),
    "garbage.example": lambda *q: (0, [b"\xff" * 11]),
    "cut.example": lambda *q: (0, [record(A, b"\x7f\0\0\2")[:-1]]),
    "three.example": lambda *q: (0, [record(A, b"\x7f\0\0")]),
    "foreign.example": lambda *q: struct.pack("!5H", 0x8180, 1, 1, 0, 0) + wire("x.example")
                       + struct.pack("!2H", A, 1) + a("127.0.0.2")[0],
    "short.example": lambda *q: b"\x81",
    "dies.example": honest(TEN, rest=lambda *q: None),
    "breaks.example": honest(TEN, rest=lambda *q: (2, [])),
    "nodata.example": honest(TEN, rest=lambda *q: (0, [])),
    # Its entry of version 6 is missing.
    "half.example": lambda name, qtype, tcp:
        HALF(name, qtype, tcp) if name.count(".") == 5 else (3, []),
    "alias.example": honest(TEN, rest=lambda name, qtype, tcp: (0, alias(qtype))),
    "aliasonly.example": honest(TEN, rest=lambda name, qtype, tcp: (0, alias(qtype)[:1])),
    "owner.example": honest(TEN, rest=lambda name, qtype, tcp: (0, alias(qtype)[1:])),
    "several.example": honest({
        "192.0.2.10": ["127.0.0.99", "127.0.0.11", "127.0.0.4", "127.0.0.4"],
        "192.0.2.11": ["127.0.0.2", "127.255.255.255"],
        "192.0.2.12": ["127.0.0.10", "127.0.0.99"],
        "192.0.2.13": ["127.0.0.10", "127.0.0.11"],
        "192.0.2.14": ["127.0.0.2", "192.0.2.1"],
    }),
    "many.example": honest(TEN, rest=lambda name, qtype, tcp:
                           (0, a(*["127.0.0.2"] * 100)) if tcp else ("TC", [])),
    "tcp.example": honest({}, rest=truncated),
    "reset.example": honest({}, rest=lambda name, qtype, tcp: None if tcp else ("TC", [])),
    "notxt.example": honest(TEN, text=lambda name, tcp: (3, [])),
    "txtfail.example": honest(TEN, text=lambda name, tcp: (2, [])),
    "txtsilent.example": honest({"192.0.2.%d" % i: ["127.0.0.2"] for i in range(100)},
                                text=lambda name, tcp: None),
    "txtjunk.example": honest(TEN, text=lambda name, tcp: (0, [record(TXT, b"\xc8abc")])),
    "txthostile.example": honest(TEN, text=lambda name, tcp: (0, txt(HOSTILE))),
    "txtlong.example": honest(TEN, text=lambda name, tcp:
                              (0, txt(*[b"x" * 250] * 20)) if tcp else ("TC", [])),
    "txttwo.example": honest(TEN, text=lambda name, tcp:
                             (0, txt(b"first ", b"half") + txt(b"second"))),
    "keyed.example": honest(TEN, text=lambda name, tcp: (0, txt(
        b"asked " + name.upper().encode(), b" " + SECRET[:5].encode(), SECRET[5:].encode()))),
    "keylong.example": honest(TEN, text=lambda name, tcp:
                              (0, txt(b"x" * 250, b"x" * 250, b"x" * 250, b"x" * 250,
                                      b"x" * 15 + SECRET.encode())) if tcp else ("TC", [])),
    "slow.example": sleepy,
    "other.example": sleepy,
}


# --- the checks ---

class Asker:
    def __init__(self, checks, program):
        self.checks, self.program = checks, program

    def run(self, server, lists, addresses, options=""):
        """{(zone, address): (verdict, reason, codes, meaning, text)}, and the # lines."""
        resolver = server if isinstance(server, str) else "127.0.0.1:%d" % server.port
        args = [resolver + options] + lists + ["--"] + addresses
        r = tool(args, program=self.program, env={"LOCALDOMAIN": "search.invalid",
                                                  "RES_OPTIONS": "ndots:40"})
        if r.rc != 0 or r.err:
            self.checks.ok(False, "a clean run for " + " ".join(lists)[:100], r)
        if SECRET.lower().encode() in (r.out + r.err).lower():
            self.checks.ok(False, "no key in the output", r)
        lines = [x.split("\t") for x in r.out.decode("utf-8", "replace").split("\n") if x]
        return ({(x[0], x[1]): tuple(x[2:]) for x in lines if x[0][0] != "#"},
                [tuple(x) for x in lines if x[0][0] == "#"])


def a_list(zone, flags="4lu", key=""):
    return "|".join((zone, flags, CODES, key))


def test_rbldnsd(ask, server):
    eq = ask.checks.equal
    got, notes = ask.run(server, [a_list("v4.example")], ["192.0.2.%d" % n for n in range(9, 17)])
    unknown = {
        "9": ("not-listed", "fine", "", "", ""),
        "10": ("listed", "fine", "127.0.0.2", "spam", "listed 192.0.2.10 see http://v4.example/"),
        "11": ("listed", "fine", "127.0.0.4", "spam", ""),
        "12": ("not-listed", "fine", "127.0.0.10", "", ""),
        "13": ("cannot-tell", "unknown-code", "127.0.0.99", "", ""),
        "14": ("cannot-tell", "error-code", "127.255.255.254", "", ""),
        "15": ("cannot-tell", "outside", "198.51.100.7", "", ""),
        "16": ("listed", "fine", "127.0.0.11", "dial-up", "dial-up line"),
    }
    for n, want in unknown.items():
        eq(got[("v4.example", "192.0.2." + n)], want, "192.0.2.%s: %s, %s" % (n, want[0], want[1]))
    eq([n for n in notes if n[0] == "#test"], [], "a good list passes its test")

    six = ["2001:db8::1", "2001:db8:0:1::9", "2001:db8:0:2::1", "192.0.2.10"]
    got, notes = ask.run(server, [a_list("v6.example", "6lu"), a_list("tset.example", "6u"),
                                  a_list("both.example", "46lu")], six)
    verdicts = {z: [got[(z + ".example", x)][0] for x in six]
                for z in "v6 tset both".split()}
    eq(verdicts["v6"], ["listed", "not-listed", "not-listed", "not-asked"], "IPv6 by ip6trie")
    eq(verdicts["tset"], ["not-listed", "listed", "not-listed", "not-asked"],
       "IPv6 by ip6tset, without a test entry that it doesn't have")
    eq(verdicts["both"], ["listed", "not-listed", "not-listed", "listed"],
       "a list of both families")
    eq([got[("both.example", x)][4] for x in (six[0], six[3])], ["by v6", "by v4"],
       "each family's own text")


def test_failing(ask, server):
    eq = ask.checks.equal
    lists = {"all": "wildcard", "notest": "no-test-entry", "cutoff": "error-code",
             "parked": "outside"}
    got, notes = ask.run(server, [a_list(z + ".example") for z in lists],
                         ["192.0.2.10", "192.0.2.9"])
    for z, why in lists.items():
        eq([got[(z + ".example", x)] for x in ("192.0.2.10", "192.0.2.9")],
           [("cannot-tell", why, "", "", "")] * 2, "%s.example: %s" % (z, why))
    eq(sorted(n for n in notes if n[0] == "#test"),
       sorted(("#test", z + ".example", "4", why) for z, why in lists.items()),
       "and said of the list")
    eq(notes[-1][0].split(" timed")[0], "#asked 8 answered 8", "only their tests are asked")
    got, _ = ask.run(server, [a_list("all.example", "46lu")], ["2001:db8::1", "192.0.2.1"])
    eq({v[:2] for v in got.values()}, {("cannot-tell", "wildcard")}, "a wildcard of both families")
    got, _ = ask.run(server, [a_list("notest.example", "4u")], ["192.0.2.10", "192.0.2.9"])
    eq([v[0] for v in got.values()], ["listed", "not-listed"],
       "a list without 127.0.0.2 that is known to lack it is believed")
    _, notes = ask.run(server, [a_list("all.example", "46lu"), a_list("both.example", "46lu")], [])
    eq(notes[:-1], [("#test", "all.example", f, "wildcard") for f in "46"],
       "without addresses the lists are tested")


def test_broken(ask, server):
    """Lists and resolvers out of order: nothing of them is an answer."""
    eq = ask.checks.equal
    lists = {"servfail": "servfail", "refused": "refused", "notimp": "refused",
             "formerr": "bad-answer", "notauth": "bad-answer", "empty": "bad-answer",
             "silent": "time-out", "rewrite": "outside", "nxdomain": "no-test-entry",
             "garbage": "bad-answer", "cut": "bad-answer", "three": "bad-answer",
             "foreign": "time-out", "short": "time-out"}
    got, _ = ask.run(server, [a_list(z + ".example") for z in lists], ["192.0.2.10"],
                     ",timeout=200,tries=2")
    for z, why in lists.items():
        eq(got[(z + ".example", "192.0.2.10")], ("cannot-tell", why, "", "", ""),
           "%s: %s" % (z, why))
        eq({entry(n) for n in server.names(z + ".example")}, {"127.0.0.1", "127.0.0.2"},
           z + ": only the test is asked")
    without = ["servfail", "refused", "empty", "rewrite", "notauth", "garbage"]
    got, _ = ask.run(server, [a_list(z + ".example", "4") for z in without], ["192.0.2.10"])
    for z in without:
        eq(got[(z + ".example", "192.0.2.10")][:2], ("cannot-tell", lists[z]),
           "%s for an address, without a test: %s" % (z, lists[z]))
    got, _ = ask.run(server, [a_list(z + ".example") for z in ("breaks", "nodata")],
                     ["192.0.2.10", "192.0.2.9"])
    eq([v[:2] for v in got.values()],
       [("listed", "fine"), ("cannot-tell", "servfail"), ("listed", "fine"),
        ("cannot-tell", "bad-answer")], "an address without an answer doesn't spoil the others")
    got, notes = ask.run(server, [a_list("half.example", "46lu")],
                         ["192.0.2.10", "192.0.2.9", "2001:db8::1"])
    eq([v[:2] for v in got.values()],
       [("listed", "fine"), ("not-listed", "fine"), ("cannot-tell", "no-test-entry")],
       "each family has a test of its own")
    eq(notes[:-1], [("#test", "half.example", "6", "no-test-entry")],
       "and only the one that failed it is refused")


def test_several(ask, server):
    eq = ask.checks.equal
    got, _ = ask.run(server, [a_list("several.example")], ["192.0.2.%d" % n for n in range(10, 15)])
    wanted = [("listed", "fine", "127.0.0.4,127.0.0.11,127.0.0.99", "spam", ""),
              ("cannot-tell", "error-code", "127.0.0.2,127.255.255.255", "", ""),
              ("cannot-tell", "unknown-code", "127.0.0.10,127.0.0.99", "", ""),
              ("listed", "fine", "127.0.0.10,127.0.0.11", "dial-up", ""),
              ("cannot-tell", "outside", "127.0.0.2,192.0.2.1", "", "")]
    for value, want in zip(got.values(), wanted):
        eq(value, want, "several addresses: %s of %s" % (want[0], want[2]))
    eq({entry(n) for n in server.names("several.example", TXT)}, {"192.0.2.10", "192.0.2.13"},
       "texts are asked for listings only")
    zones = "alias aliasonly owner".split()
    got, _ = ask.run(server, [a_list(z + ".example") for z in zones], ["192.0.2.9"])
    eq([got[(z + ".example", "192.0.2.9")] for z in zones],
       [("listed", "fine", "127.0.0.4", "spam", "by another name")] +
       [("cannot-tell", "bad-answer", "", "", "")] * 2,
       "another name's address counts if the list leads there, and then only")
    got, _ = ask.run(server, [a_list("tcp.example"), a_list("many.example")], ["192.0.2.1"])
    eq(got[("tcp.example", "192.0.2.1")][:3],
       ("listed", "fine", ",".join("127.0.0.%d" % n for n in range(2, 12))),
       "an answer too long for UDP comes by TCP")
    ask.checks.ok(server.tcp_answers > 0, "by TCP indeed")
    eq(got[("many.example", "192.0.2.1")][:2], ("cannot-tell", "bad-answer"),
       "a hundred addresses are no answer")
    got, _ = ask.run(server, [a_list("reset.example")], ["192.0.2.%d" % n for n in range(100)],
                     ",timeout=300,tries=2")
    eq({v[0] for v in got.values()}, {"cannot-tell"}, "a resolver that resets TCP ends nothing")
    got, _ = ask.run(Responder(ANSWERS, hangs_up=True), [a_list("reset.example")],
                     ["198.51.%d.%d" % (n >> 8, n & 255) for n in range(400)],
                     ",timeout=300,tries=2")
    eq({v[0] for v in got.values()}, {"cannot-tell"}, "nor does one that hangs up")


def test_texts(ask, server):
    eq = ask.checks.equal
    zones = "notxt txtfail txtjunk txthostile txtlong txttwo".split()
    got, _ = ask.run(server, [a_list(z + ".example") for z in zones], ["192.0.2.10"],
                     ",timeout=300,tries=2")
    texts = {z: got[(z + ".example", "192.0.2.10")] for z in zones}
    eq({v[:4] for v in texts.values()}, {("listed", "fine", "127.0.0.2", "spam")},
       "no text and bad texts: still a listing")
    eq([texts[z][4] for z in "notxt txtfail txtjunk".split()], ["", "", ""], "without a text")
    eq(texts["txthostile"][4], "\\x1b]0;owned\\x07\\xff\\x00\\n\\ttail",
       "a text's bytes come as they are")
    eq(texts["txtlong"][4], "x" * 1024, "a text is cut after 1,024 bytes")
    eq(texts["txttwo"][4], "first half | second", "several strings and several records")
    hundred = ["192.0.2.%d" % n for n in range(100)]
    got, _ = ask.run(server, [a_list("txtsilent.example")], hundred,
                     ",timeout=50,tries=2,per_list=4")
    eq({v[0] for v in got.values()}, {"listed"}, "texts that time out: still listings")
    asked = {entry(n) for n in server.names("txtsilent.example", TXT)}
    ask.checks.ok(8 <= len(asked) <= 16, "and after eight of them no more are asked",
                  len(asked))


def test_keys(ask, server):
    eq = ask.checks.equal
    lists = [a_list("KEY.keyed.example", "4luk", SECRET),
             a_list("KEY.keylong.example", "4luk", SECRET)]
    got, _ = ask.run(server, lists, ["192.0.2.10", "192.0.2.9"])
    eq(got[("keyed.example", "192.0.2.10")],
       ("listed", "fine", "127.0.0.2", "spam", "asked 10.2.0.192.KEY.KEYED.EXAMPLE KEY"),
       "a text that repeats the key, in parts and in capitals")
    eq(got[("keyed.example", "192.0.2.9")][0], "not-listed", "a keyed list says no, too")
    eq(got[("keylong.example", "192.0.2.10")][4], "x" * 1015 + "KEY", "a key where the text is cut")
    ask.checks.ok("10.2.0.192.%s.keyed.example" % SECRET in server.names("keyed.example", A),
                  "the key is in the question")
    before = len(server.asked)
    got, _ = ask.run(server, [a_list("KEY.keyed.example", "46luk")], ["192.0.2.10", "2001:db8::1"])
    eq({v[:2] for v in got.values()}, {("cannot-tell", "no-key")}, "without a key: no-key")
    eq(len(server.asked), before, "and nothing is asked")
    for bad in (SECRET + " x", SECRET + ".x", SECRET * 5):
        r = tool(["127.0.0.1:%d" % server.port, a_list("KEY.keyed.example", "4luk", bad), "--",
                  "192.0.2.1"], program=ask.program)
        ask.checks.ok(r.rc == 78 and r.out == b"" and b"KEY.keyed.example" in r.err
                      and SECRET.encode() not in r.err, "a bad key is a mistake, not shown", r)


def test_dead(ask, server):
    """No resolver, or one that says nothing: an end in bounded time, and nothing clean."""
    eq = ask.checks.equal
    lists = [a_list("l%d.example" % n) for n in range(40)]
    addresses = ["192.0.2.%d" % n for n in range(50)]
    got, notes = ask.run("127.0.0.1:%d" % free_port(), lists, addresses)
    # A question whose ICMP error another one took waits for its time-out.
    eq({v[:2] for v in got.values()} - {("cannot-tell", "time-out")},
       {("cannot-tell", "unreachable")}, "a closed port")
    eq(notes[-1][0].split(" timed")[0], "#asked 80 answered 0", "only tests are asked of it")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        where = "127.0.0.1:%d" % mute.getsockname()[1]
        got, notes = ask.run(where, lists, addresses, ",timeout=100,tries=2")
        eq({v[:2] for v in got.values()}, {("cannot-tell", "time-out")}, "a mute resolver")
        eq(notes[-1][0], "#asked 80 answered 0 timed out 160", "each test twice, then nothing")
        start = time.monotonic()
        got, _ = ask.run(where, lists, addresses, ",timeout=60000,limit=300")
        eq({v[:2] for v in got.values()}, {("cannot-tell", "no-time")}, "the limit for all")
        ask.checks.ok(time.monotonic() - start < 30, "is kept")
    got, notes = ask.run(server, [a_list("dies.example"), a_list("several.example")],
                         ["192.0.2.10"] + ["198.51.100.%d" % n for n in range(200)],
                         ",timeout=50,tries=2,per_list=4")
    dies = [v[:2] for (z, _), v in got.items() if z == "dies.example"]
    eq(dies, [("listed", "fine")] + [("cannot-tell", "time-out")] * 200,
       "a list that falls silent after its test")
    asked = {entry(n) for n in server.names("dies.example")}
    ask.checks.ok(len(asked) <= 20, "is left alone after eight time-outs", len(asked))
    eq({v[0] for (z, _), v in got.items() if z == "several.example"}, {"listed", "not-listed"},
       "while the others go on")


def test_numbers(ask, server):
    eq = ask.checks.equal
    addresses = ["192.0.2.%d" % n for n in range(1, 60)]
    lists = [a_list("slow.example"), a_list("other.example")]
    got, notes = ask.run(server, lists, addresses, ",in_flight=7,per_list=5,timeout=5000")
    eq([v[0] for v in got.values()], ["not-listed"] * 118, "a slow list's answers")
    eq(notes[-1][0], "#asked 122 answered 122 timed out 0", "each asked once")
    most = [server.open[z][1] for z in ("slow.example", "other.example")]
    ask.checks.ok(2 < max(most) <= 5, "at most five at once to a list", most)
    got, _ = ask.run(server, [a_list("slow.example")], addresses[:20], ",in_flight=1,timeout=5000")
    eq({v[0] for v in got.values()}, {"not-listed"}, "one at a time")
    got, notes = ask.run(server, [a_list("several.example")],
                         ["198.18.%d.%d" % (n >> 8, n & 255) for n in range(3000)])
    eq(len(got), 3000, "three thousand addresses")
    eq({v[0] for v in got.values()}, {"not-listed"}, "with an answer each")
    outside = [n for n, _ in server.asked if not n.lower().endswith(".example")]
    eq(outside, [], "no name is ever tried in a search domain")


def test_ipv6_resolver(ask):
    try:
        server = Responder(ANSWERS, socket.AF_INET6, "::1")
    except OSError:
        print("# no IPv6 here")
        return
    got, _ = ask.run("[::1]:%d" % server.port, [a_list("several.example")], ["192.0.2.10"])
    ask.checks.equal(got[("several.example", "192.0.2.10")][0], "listed",
                     "a resolver at [::1]:port")


def main():
    if not os.access(RBLDNSD, os.X_OK):
        skip("no " + RBLDNSD)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as zones:
        ask = Asker(checks, build(folder))
        rbldnsd = Rbldnsd(zones, ZONES)
        try:
            if checks.ok(rbldnsd.ready(), "rbldnsd answers", open(rbldnsd.log).read()):
                test_rbldnsd(ask, rbldnsd)
                test_failing(ask, rbldnsd)
        finally:
            rbldnsd.stop()
        server = Responder(ANSWERS)
        for test in (test_broken, test_several, test_texts, test_keys, test_dead, test_numbers):
            test(ask, server)
        test_ipv6_resolver(ask)
    checks.done()


main()
