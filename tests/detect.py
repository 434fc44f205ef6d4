#!/usr/bin/env python3
"""How well spamscore finds compromised senders, beside what others use, on generated logs.

`make bench-detect` runs this; detect.t uses its functions. A seed's log comes from loggen with the
truth beside it: who was compromised when (--labels), and every spam message (--spam). spamscore
reads the log; the baselines read mplog-parse's records of it, and see the same identities:

  messages, recipients  more than N messages (recipients) within an hour
  unknown users         more than a share R unknown among the last 100 answers of a day, with at
                        least K answers
  SPOT                  Wald's sequential test whether a share theta1 or theta0 of the messages is
                        spam, with error rates alpha = beta, begun anew whenever it decides 'normal'
                        (Duan et al., Detecting Spam Zombies by Monitoring Outgoing Messages, IEEE
                        TDSC 9 (2), 2012, which has 0.2, 0.9, 0.01); spam is what a remote refuses

Every parameter is swept on the same logs that it is then measured on: a baseline gets the best that
could be chosen in hindsight. Best is most found, less false flags: a false flag is as bad as an
attack that is missed.

What counts: an attack is found if its identity is flagged (compromised or infected) between its
begin and a day after its end. What it sent before that moment was let through; of a missed attack
all was. A false flag is an honest identity that is ever flagged, or an attacked one before its
attack; it counts once. spamscore prints an identity's last and worst flag only, so it is asked
again with the log cut off at the midnights between, and the earliest time counts.
"""
import argparse
import collections
import functools
import json
import math
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from detect_baselines import PAPER, Reader, baselines  # noqa: E402
from detect_truth import DAY, Truth, environment, generate, run, seconds  # noqa: E402

APART = "verified"  # its list has no unknown users and few complain: told apart from the rest


# ---- spamscore ----

def date(when):
    return time.strftime("%Y-%m-%d", time.gmtime(when)).encode()


def cuts(path, truth):
    """[(offset, records before)] of the midnights from the first attack to the last, in records."""
    found, at, rows = [], 0, -1
    if not truth.attacks:
        return found
    day = date(min(a.begin for a in truth.attacks) - DAY)
    last = date(max(a.end for a in truth.attacks) + DAY)
    with open(path, "rb") as f:
        for row in f:
            if row[:10] > day:
                day = row[:10]
                if day > last:
                    break
                found.append((at, rows))
            at += len(row)
            rows += 1
    return found


def suspects(out):
    """The rows of a suspect stream; RuntimeError unless it is whole."""
    lines = out.decode("latin-1").split("\n")
    names = lines[0].split("\t")
    if names[0] != "#suspects" or lines[-2:] != ["#end %d" % (len(lines) - 3), ""]:
        raise RuntimeError("spamscore: not a whole suspect stream: %r" % lines[:1])
    return [dict(zip(names[1:], line.split("\t"))) for line in lines[1:-2]]


def flags(o, folder, truth):
    """What spamscore says: {identity: {phase: first alarm}}, of flags and of suspects as well."""
    command = [o.bin + "/spamscore", "-q", "-o", "tsv", "-C", folder + "/conf"]
    flagged, suspected = {}, {}

    def take(out):
        for row in suspects(out):
            if row["state"] not in ("compromised", "infected", "suspect") or not row["time"]:
                continue
            who, when = row["identity"].lower(), seconds(row["time"])
            phase = truth.phase(who, when)
            kinds = (suspected,) if row["state"] == "suspect" else (flagged, suspected)
            for alarms in kinds if phase is not None else ():
                first = alarms.setdefault(who, {})
                first[phase] = min(when, first.get(phase, when))

    for offset, records in cuts(folder + "/records", truth):
        head = subprocess.Popen(["sh", "-c", 'head -c "$1" "$2" && echo "#end $3 $3"', "sh",
                                 str(offset), folder + "/records", str(records)],
                                stdout=subprocess.PIPE, env=environment())
        take(run(command, good=(0, 1), stdin=head.stdout))
        head.stdout.close()
        head.wait()
    take(run(command + [folder + "/log"], good=(0, 1)))
    return flagged, suspected


# ---- one seed ----

def examine(o, seed, everything=True):
    """Everything about one seed, as plain values: its truth and the outcome of each method. It
    works in a folder of its own below o.top."""
    began = time.monotonic()
    folder = "%s/%s-%d" % (o.keep or o.top, o.scenario, seed)
    try:
        os.makedirs(folder, exist_ok=True)
        generate(o, seed, folder)
        truth = Truth(folder)
        if everything or truth.attacks:
            run([o.bin + "/mplog-parse", "-q", "-C", folder + "/conf", "-w", folder + "/records",
                 folder + "/log"])
        flagged, suspected = flags(o, folder, truth)
        reader = Reader(truth, not o.no_customers)
        methods = {}
        if everything:
            reader.read(o, folder)
            methods = baselines(reader, truth)
        methods[("spamscore",)] = truth.outcome(flagged)
        methods[("suspects",)] = truth.outcome(suspected)
        return {"seed": seed, "messages": reader.messages, "identities": len(reader.people),
                "attacks": [(a.kind, len(a.spam), a.identity) for a in truth.attacks],
                "cases": dict(truth.cases), "honest": dict(truth.honest), "flagged": flagged,
                "suspected": suspected, "methods": methods, "seconds": time.monotonic() - began}
    finally:
        if not o.keep:
            shutil.rmtree(folder, ignore_errors=True)


# ---- all seeds together ----

def share(a, b):
    return a / b if b else 0.0


def quantile(values, q):
    """The smallest value that at least a share q of them don't pass."""
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)] if values else None


def summary(seeds, method):
    """A method over all seeds."""
    kinds, wrong = {}, collections.Counter()
    for s in seeds:
        let, false = s["methods"][method]
        wrong.update(false)
        for (kind, total, _), n in zip(s["attacks"], let):
            kinds.setdefault(kind, []).append((n is not None, total if n is None else n, total))
    rest = [x for kind, rows in kinds.items() if kind != APART for x in rows]
    every = rest + kinds.get(APART, [])
    million = sum(s["messages"] for s in seeds) / 1e6
    out = {"method": method, "recall": share(sum(x[0] for x in every), len(every)),
           "let": spread(rest), "false": share(sum(wrong.values()), million),
           "false_flags": sum(wrong.values()), "cases": dict(wrong), "forged": wrong["forged"],
           "kinds": {k: dict(spread(v), recall=share(sum(x[0] for x in v), len(v)), attacks=len(v))
                     for k, v in kinds.items()}}
    out["merit"] = sum(x[0] for x in every) - out["false_flags"]
    return out


def spread(rows):
    let = [x[1] for x in rows]
    return {"median": quantile(let, 0.5), "p90": quantile(let, 0.9),
            "share": share(sum(let), sum(x[2] for x in rows))}


FAMILIES = (("messages", "messages an hour"), ("recipients", "recipients an hour"),
            ("unknown", "unknown users"), ("spot", "SPOT, tuned"))


def name(method):
    family, p = method[0], method[1:]
    if family in ("messages", "recipients"):
        return "%s an hour > %d" % (family, p[0])
    if family == "unknown":
        return "unknown users > %.0f %% of %d" % (100 * p[1], p[0])
    if family == "spot":
        return "SPOT %s %g/%g %g" % ("abc"[p[0]] + "123"[p[1]], p[2], p[3], p[4])
    return {"spamscore": "spamscore", "suspects": "  suspects counted, too"}[family]


def best_of(results, family):
    own = [r for m, r in results.items() if m[0] == family]
    return max(own, key=lambda r: (r["merit"], -(r["let"]["share"])))


def front(results, family, most=6):
    """A short ROC: the methods of the family that none beats in both recall and false flags."""
    points, best = [], -1.0
    for r in sorted((r for m, r in results.items() if m[0] == family),
                    key=lambda r: (r["false"], -r["recall"])):
        if r["recall"] > best:
            best = r["recall"]
            points.append(r)
    step = (len(points) - 1) / (most - 1)
    return points if len(points) <= most else [points[round(i * step)] for i in range(most)]


def verdict(results):
    """Does ours let through at most half of what others do, in the median and in all, at no more
    false flags? best: the baseline with the most merit, which takes the false flags that pay for
    it; least: the one that lets least through of those with no more false flags than ours."""
    ours = results[("spamscore",)]
    if not ours["kinds"]:
        return None  # nobody was attacked
    others = [r for m, r in results.items() if m[0] not in ("spamscore", "suspects")]
    best = max(others, key=lambda r: (r["merit"], -r["let"]["share"]))
    quiet = [r for r in others if r["false"] <= ours["false"]]
    least = min(quiet, key=lambda r: r["let"]["share"]) if quiet else None

    def half(r):
        return all(ours["let"][q] <= r["let"][q] / 2 for q in ("median", "share"))
    return {"best": best, "half_of_best": ours["false"] <= best["false"] and half(best),
            "least": least, "half_of_least": None if least is None else half(least)}


def shown(results):
    paper = [results[("spot", 1, e) + PAPER] for e in (0, 1)]
    rows = [results[("spamscore",)], results[("suspects",)]]
    return rows + [best_of(results, f) for f, _ in FAMILIES[:3]] + paper + [
        best_of(results, "spot")]


def short(method):
    if method[0] == "spot":
        paper = method[1] == 1 and method[3:] == PAPER
        return "SPOT b%d" % (method[2] + 1) if paper else "SPOT *"
    return {"spamscore": "ours", "recipients": "rcpts"}.get(method[0], method[0])


def row_of(title, values, widths, indent=30):
    return ("%-*s" % (indent, title))[:indent] + "".join(
        ("%*s" % (w, "-" if c is None else c)) for c, w in zip(values, widths))


def percent(x):
    return "%.1f" % (100 * x)


def table_all(rows):
    widths = (7, 9, 7, 7, 10, 7, 10, 9)
    print("%30s%7s%23s%17s%10s%9s" % ("", "found", "spam let through", "verified", "false",
                                      "forging"))
    print(row_of("", ("%", "median", "p90", "% all", "median", "p90", "/million", "victims"),
                 widths))
    for r in rows:
        apart = r["kinds"].get(APART, {})
        print(row_of(name(r["method"]),
                     (percent(r["recall"]), r["let"]["median"], r["let"]["p90"],
                      percent(r["let"]["share"]), apart.get("median"), apart.get("p90"),
                      "%.2f" % r["false"], r["forged"]), widths))


def table_turned(rows, title, names, first, cell):
    """Methods side by side; first: what stands before them; cell: of a result and a name."""
    widths = (8,) + (9,) * len(rows)
    print("\n" + row_of(title, [first[0]] + [short(r["method"]) for r in rows], widths, 19))
    for n in names:
        print(row_of("  " + n, [first[1].get(n)] + [cell(r, n) for r in rows], widths, 19))


def spam_of(attacks):
    """The median number of an attack's messages, by kind."""
    kinds = {}
    for kind, n, _ in attacks:
        kinds.setdefault(kind, []).append(n)
    return {k: quantile(v, 0.5) for k, v in kinds.items()}


def report_verdict(results):
    v = verdict(results)
    if v is None:
        return
    least = "the least of those with no more false flags than ours"
    print()
    for what, r in (("ours", results[("spamscore",)]), ("the best baseline", v["best"]),
                    (least, v["least"])):
        if r:
            print("%s (%s):\n  median %s, %s %% of all let through, %.2f false flags a million" % (
                what, name(r["method"]).strip(), r["let"]["median"], percent(r["let"]["share"]),
                r["false"]))
    word = {True: "yes", False: "NO", None: "there is none"}
    print("Ours lets through at most half, with no more false flags:\n"
          "  of the best baseline's: %s\n  of the least: %s" % (
              word[v["half_of_best"]], word[v["half_of_least"]]))


def report(o, seeds, results):
    rows = shown(results)
    honest = collections.Counter(case for s in seeds for case in s["honest"].values())
    attacks = [a for s in seeds for a in s["attacks"]]
    print("%d logs of %g days, %d customers, scenario %s%s: %s messages of %s identities;" % (
        len(seeds), o.days, o.customers, o.scenario,
        " without a customers file" if o.no_customers else "",
        "{:,}".format(sum(s["messages"] for s in seeds)),
        "{:,}".format(sum(s["identities"] for s in seeds))))
    print("%d identities attacked, with %s spam messages. Baselines: the best of what was swept: "
          "most\nfound less false flags. SPOT theta0/theta1 alpha (the first two are the paper's); "
          "refused: a of\nrecipients, b half a message, c any of it; 1 for any reason, 2 for the "
          "message itself, 3 or our\nfilter says spam. SPOT * is the best of them.\n" % (
              len(attacks), "{:,}".format(sum(a[1] for a in attacks))))
    table_all(rows)
    of = {k: v["attacks"] for k, v in rows[0]["kinds"].items()}
    table_turned(rows, "found, %", sorted(of), ("attacks", of),
                 lambda r, k: "%.0f" % (100 * r["kinds"][k]["recall"]))
    table_turned(rows, "median let through", sorted(of), ("spam", spam_of(attacks)),
                 lambda r, k: r["kinds"][k]["median"])
    table_turned(rows, "falsely flagged", sorted(honest) + ["early", "other"], ("of", honest),
                 lambda r, case: r["cases"].get(case, 0))
    print("\n" + row_of("a short ROC", ("found %", "median", "% all", "/million"), (9, 9, 9, 10)))
    for family, _ in FAMILIES:
        for r in front(results, family):
            print(row_of(name(r["method"]), (percent(r["recall"]), r["let"]["median"],
                                             percent(r["let"]["share"]), "%.2f" % r["false"]),
                         (9, 9, 9, 10)))
    report_verdict(results)


# ---- the command line ----

def seed_list(text):
    seeds = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def options(args=None):
    p = argparse.ArgumentParser(prog="detect.py", description=__doc__.split("\n")[0])
    p.add_argument("--seeds", type=seed_list, default="1-20", metavar="1-20")
    p.add_argument("--days", type=float, default=14)
    p.add_argument("--customers", type=int, default=60)
    p.add_argument("--scenario", default="mixed")
    p.add_argument("--attacks", type=int, default=0, help="as loggen has it")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--bin", default=os.environ.get("BIN", "bin"))
    p.add_argument("--loggen", default=os.environ.get("B", "build") + "/loggen")
    p.add_argument("--no-customers", action="store_true", help="spamscore has no customers file")
    p.add_argument("--geo", action="store_true", help="with a GeoIP database")
    p.add_argument("--keep", metavar="DIR", help="keep logs and truth there")
    p.add_argument("-o", dest="format", choices=("text", "json"), default="text")
    o = p.parse_args(args)
    for attr in ("bin", "loggen", "keep"):
        if getattr(o, attr):
            setattr(o, attr, os.path.abspath(getattr(o, attr)))
    return o


def all_seeds(o):
    with tempfile.TemporaryDirectory(prefix="detect.") as o.top, \
            multiprocessing.Pool(o.jobs, maxtasksperchild=1) as pool:
        for s in pool.imap_unordered(functools.partial(examine, o), o.seeds):
            if sys.stderr.isatty():
                print("seed %s: %.0f s" % (s["seed"], s["seconds"]), file=sys.stderr)
            yield s


def main():
    o = options()
    try:
        seeds = sorted(all_seeds(o), key=lambda s: s["seed"])
    except (RuntimeError, OSError) as e:
        sys.exit("detect.py: %s" % e)
    results = {m: summary(seeds, m) for m in seeds[0]["methods"]}
    if o.format == "json":
        print(json.dumps({"seeds": [s["seed"] for s in seeds], "days": o.days,
                          "messages": sum(s["messages"] for s in seeds),
                          "methods": shown(results),
                          "roc": {f: front(results, f) for f, _ in FAMILIES},
                          "verdict": verdict(results)}))
    else:
        report(o, seeds, results)


if __name__ == "__main__":
    main()
