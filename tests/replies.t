#!/usr/bin/env python3
"""Real replies of many servers: at least 95 of 100 get the right class, and the right list.

The labels are people's, see the corpus's README: protocol, config and policy are one group there.
A list is compared without case, and with everything but letters, digits and dots taken out
("AT&T" and "at&t", "T-Online" and "t-online"); it is empty where the reply names none.
REPLIES names another file of the same columns. The wrong ones are printed, worst pairs first.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import CORPUS, Checks, skip, tool  # noqa: E402

WANTED = 95.0  # percent
GROUP = {"protocol": "protocol/config/policy", "config": "protocol/config/policy",
         "policy": "protocol/config/policy"}
SHARE = os.path.abspath("share/mptools")
JUDGE = "reply reply_code reply_ip reply_rules reply_text".split()
BASE = "arena conffolder map msg share slice text words".split()
SOURCES = (["src/common/judge/%s.c" % n for n in JUDGE] +
           ["src/common/base/%s.c" % n for n in BASE])


def build(folder):
    """tests/replies_check.c; the Makefile's, if it has made one."""
    made = os.path.join(os.environ.get("B", "build"), "replies_check")
    if os.access(made, os.X_OK):
        return os.path.abspath(made)
    program = os.path.join(folder, "replies_check")
    subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-O1", "-Isrc/common",
                    "-o", program, "tests/replies_check.c"] + SOURCES + ["-lpcre2-8", "-lxxhash"],
                   check=True)
    return program


def plain(name):
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def read(name):
    with open(name, encoding="utf-8") as f:
        lines = f.read().split("\n")
    rows = [line.split("\t") for line in lines[1:] if line]
    return [(r[0], r[1], r[2]) for r in rows]


def print_wrong(wrong):
    pairs = collections.Counter((want, got) for want, got, _, _ in wrong)
    for (want, got), n in pairs.most_common():
        print("#   %d x %s taken for %s" % (n, want, got))
        for w, g, rule, reply in wrong:
            if (w, g) == (want, got):
                print("#       %s: %s" % (os.path.basename(rule), ascii(reply)[1:160]))


def score(checks, program, name):
    rows = read(name)
    result = tool([], "".join(r[2] + "\n" for r in rows).encode(), program=program,
                  env={"MPTOOLS_SHARE": SHARE})
    answers = [line.split("\t") for line in result.out.decode().split("\n") if line]
    if not checks.ok(result.rc == 0 and result.err == b"" and len(answers) == len(rows),
                     "every reply gets an answer", result):
        return
    wrong_class, wrong_list = [], []
    for (klass, listed, reply), (got, got_list, rule, _) in zip(rows, answers):
        if GROUP.get(klass, klass) != GROUP.get(got, got):
            wrong_class.append((klass, got, rule, reply))
        if plain(listed) != plain(got_list):
            wrong_list.append((listed or "-", got_list or "-", rule, reply))
    for what, wrong in (("class", wrong_class), ("list", wrong_list)):
        right = 100.0 * (len(rows) - len(wrong)) / len(rows)
        print_wrong(wrong)
        checks.ok(right >= WANTED, "the right %s for %.1f %% of %d replies (at least %.0f)"
                  % (what, right, len(rows), WANTED))


def main():
    name = os.environ.get("REPLIES", os.path.join(CORPUS, "replies.tsv"))
    if not os.path.exists(name):
        skip("no labelled replies at " + name)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        score(checks, build(folder), name)
    checks.done()


main()
