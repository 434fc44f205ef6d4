#!/usr/bin/env python3
"""Every compromise that the generator knows is found, nobody honest is flagged however odd, and
whose address is forged isn't even suspected: each alone, and all at once. How soon, on more and
larger logs: make bench-detect."""
import multiprocessing
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import detect  # noqa: E402
from lib import Checks  # noqa: E402

KINDS = "blast slow verified snowshoe phish nat home virus webform".split()
ODD = "newsletter invoices scanner crm traveller moved forwarder bounces listed first forged".split()
ONE = ["--days", "8", "--customers", "20"]
ALL = ["--days", "10", "--customers", "24"]
MISSED = 0.06  # in `mixed`, where some accounts send very little; make bench-detect says how many
CASES = [("mixed", 1, ALL), ("mixed", 2, ALL + ["--geo"])] + [(n, 1, ONE) for n in KINDS + ODD]

if "asan" in os.environ.get("BIN", ""):
    CASES = CASES[:1]  # the sanitizers take several times as long; the rest is the same code


def faults(s, scenario):
    """What is wrong with how spamscore judged a log, a line each."""
    let, _ = s["methods"][("spamscore",)]
    labels = KINDS + ["honest:" + n for n in ODD]
    want = labels if scenario == "mixed" else [x for x in labels if x.split(":")[-1] == scenario]
    for kind in want:
        if kind not in s["cases"]:
            yield "the log has no " + kind
    missed = ["missed: %s, %s, %d messages" % (kind, who, spam)
              for (kind, spam, who), n in zip(s["attacks"], let) if n is None]
    if scenario != "mixed" or len(missed) > MISSED * len(s["attacks"]):
        yield from missed
    for alarms, word in ((s["flagged"], "flagged"), (s["suspected"], "suspected")):
        for who in alarms:
            case = s["honest"].get(who)
            if 0 in alarms[who] and (word == "flagged" or case == "forged"):
                yield "%s: %s, %s" % (word, who, case or "honest then")


def check(case):
    """(what, faults)"""
    scenario, seed, how = case
    what = "%s, seed %d%s: " % (scenario, seed, " with GeoIP" * ("--geo" in how))
    args = ["--scenario", scenario, "--seeds", str(seed)] + how
    try:
        o = detect.options(args)
        o.top = top
        s = detect.examine(o, seed, everything=False)
    except (RuntimeError, OSError) as e:
        return what + "the tools run", [str(e)]
    n = len(s["attacks"])
    few = "but 6 % of the" if scenario == "mixed" else "the"
    what += "all %s compromised (%d) are found, " % (few, n) if n else ""
    return what + "nobody honest is flagged", list(faults(s, scenario))


t = Checks()
with tempfile.TemporaryDirectory(prefix="detect.") as top, multiprocessing.Pool(2) as pool:
    for name, wrong in pool.imap(check, CASES):
        t.ok(not wrong, name, "\n".join(wrong))
t.done()
