"""What spamscore is measured against, see detect.py: rates, unknown users, SPOT; on mplog-parse's
records, read once, with the identities of identity.h."""
import bisect
import collections
import math
import subprocess

from detect_truth import DAY, client_name, environment, is_private, seconds

HOUR = 3600.0
COLUMNS = ("time kind qid origin daemon client_ip sasl_user sender relay_ip status class nrcpt "
           "verdict customer").split()
RATES = (5, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 400, 500, 700, 1000, 1500, 2000, 3000,
         5000, 10000, 20000)
RATIOS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LEASTS = (5, 10, 20, 50, 90)
WINDOW = 100
UNITS = ("recipient", "message, half of it", "message, any of it")
EVIDENCE = ("any refusal", "its own refusals", "its own refusals, our filter")
PAPER = (0.2, 0.9, 0.01)
THETAS = ((0.02, 0.2), (0.02, 0.3), (0.02, 0.5), (0.05, 0.3), (0.05, 0.5), (0.1, 0.3), (0.1, 0.5),
          (0.1, 0.7), (0.2, 0.5), (0.2, 0.7), (0.2, 0.9), (0.3, 0.7), (0.3, 0.9))
ALPHAS = (0.01, 1e-4, 1e-6)


class Highs:
    """When a quantity first passed each level, by phase: its records, rising."""

    def __init__(self):
        self.phases = {}

    def see(self, phase, value, when):
        values, times = self.phases.setdefault(phase, ([], []))
        if not values or value > values[-1]:
            values.append(value)
            times.append(when)

    def over(self, level):
        first = {}
        for phase, (values, times) in self.phases.items():
            i = bisect.bisect_right(values, level)
            if i < len(values):
                first[phase] = times[i]
        return first


class Series:
    """Good and bad observations in their order: the times of the bad ones, and how many good ones
    there were since the one before."""
    __slots__ = ("times", "gaps", "gap")

    def __init__(self):
        self.times, self.gaps, self.gap = [], [], 0

    def see(self, bad, when):
        if bad:
            self.times.append(when)
            self.gaps.append(self.gap)
            self.gap = 0
        else:
            self.gap += 1


class Person:
    def __init__(self):
        self.hour, self.sent = collections.deque(), 0
        self.messages, self.recipients = Highs(), Highs()
        self.answers, self.unknown = collections.deque(), 0
        self.ratio = {k: Highs() for k in LEASTS}
        self.series = [[Series() for _ in EVIDENCE] for _ in UNITS]

    def accepted(self, phase, when, recipients):
        hour = self.hour
        hour.append((when, recipients))
        self.sent += recipients
        while hour[0][0] <= when - HOUR:
            self.sent -= hour.popleft()[1]
        self.messages.see(phase, len(hour), when)
        self.recipients.see(phase, self.sent, when)

    def answered(self, phase, when, unknown):
        answers = self.answers
        answers.append((when, unknown))
        self.unknown += unknown
        while len(answers) > WINDOW or answers[0][0] <= when - DAY:
            self.unknown -= answers.popleft()[1]
        if self.unknown:
            n = len(answers)
            for k in LEASTS:
                if n >= k:
                    self.ratio[k].see(phase, self.unknown / n, when)


# What a site's answer is: to SPOT on any refusal, and on refusals of the message itself. None: no
# answer.
OWN = {"spam-content", "virus", "domain-blocklisted"}
ABOUT_US = {"ip-blocklisted", "rate-limited"}


def answer(status, meaning):
    if status == "sent":
        return False, False
    if meaning in OWN or (meaning == "user-unknown" and status == "bounced"):
        return True, True
    if status == "bounced" or meaning in ABOUT_US:
        return True, None
    return None, None


class Reader:
    """Takes mplog-parse's records, one time through, and keeps what the baselines look at."""

    def __init__(self, truth, customers):
        self.truth, self.customers = truth, customers
        self.people, self.messages = {}, 0
        self.spam = set()    # messages that our filter took for spam
        self.groups = {}     # queue id -> [person, since, missing, answers…] of several recipients
        self.outsiders = set()

    def who(self, r, known):
        """The record's identity, as identity.h has it; None for nobody."""
        if r["sender"] == "<>" or r["daemon"] == "bounce":
            return None
        if r["sasl_user"]:
            return r["sasl_user"].lower()
        ip = r["client_ip"]
        if not ip or (is_private(ip) and r["origin"]):
            return None
        name = client_name(ip)
        if self.customers:
            return name if r["customer"] else None
        if is_private(ip):
            return None if ip.startswith("127.") or ip == "::1" else name
        if known:
            self.outsiders.add(name)
        return name if name in self.outsiders else None

    def person(self, who):
        p = self.people.get(who)
        if p is None:
            p = self.people[who] = Person()
        return p

    def record(self, r):
        kind = r["kind"]
        if kind == "accept":
            if r["origin"] in ("", r["qid"]):
                self.accept(r)
        elif kind == "deliver":
            # Our filter's hop, our own mailboxes and silence are no answers.
            if r["relay_ip"] and not is_private(r["relay_ip"]):
                self.deliver(r)
        elif r["verdict"] in ("spam", "spammy", "virus"):
            self.verdict(r)

    def accept(self, r):
        who = self.who(r, False)
        if who is None:
            return
        when = seconds(r["time"])
        phase = self.truth.phase(who, when)
        self.messages += 1
        if phase is not None:
            self.person(who).accepted(phase, when, int(r["nrcpt"] or 1))

    def verdict(self, r):
        who = self.who(r, False)
        message = r["origin"] or r["qid"]
        if who is None or message in self.spam:
            return
        self.spam.add(message)
        when = seconds(r["time"])
        for unit in self.person(who).series:
            unit[2].see(True, when)

    def deliver(self, r):
        bad, own = answer(r["status"], r["class"])
        who = self.who(r, True)
        if who is None:
            return
        when = seconds(r["time"])
        p, phase = self.person(who), self.truth.phase(who, when)
        if r["status"] in ("sent", "bounced") and phase is not None:
            p.answered(phase, when, int(r["class"] == "user-unknown" and r["status"] == "bounced"))
        known = (r["origin"] or r["qid"]) in self.spam
        one = p.series[0]
        if bad is not None:
            one[0].see(bad, when)
        if own is not None:
            one[1].see(own, when)
            if not known:
                one[2].see(own, when)
        self.group(r, p, when, bad, own, known)

    def group(self, r, p, when, bad, own, known):
        """A message's answers together: when all are in, or after a minute."""
        for qid, g in list(self.groups.items()):
            if g[1] > when - 60:
                break
            self.over(qid, when)
        g = self.groups.get(r["qid"])
        if g is None:
            g = self.groups[r["qid"]] = [p, when, int(r["nrcpt"] or 1), 0, 0, 0, known]
        g[2] -= 1
        if bad is not None:
            g[3] += not bad
            g[4] += bad
            g[5] += own or 0
        if g[2] <= 0:
            self.over(r["qid"], when)

    def over(self, qid, when):
        p, _, _, good, bad, own, known = self.groups.pop(qid)
        for i, n in ((0, bad), (1, own), (2, own)):
            if good + n and not (i == 2 and known):
                p.series[1][i].see(2 * n >= good + n, when)
                p.series[2][i].see(n > 0, when)

    def read(self, o, folder):
        args = [o.bin + "/mplog-parse", "-q", "-C", folder + "/conf", "-s",
                "kind=accept,deliver,verdict", "-c", ",".join(COLUMNS), folder + "/records"]
        p = subprocess.Popen(args, stdout=subprocess.PIPE, env=environment(), encoding="latin-1")
        end = None
        next(p.stdout)
        for line in p.stdout:
            if line.startswith("#end "):
                end = line
            else:
                self.record(dict(zip(COLUMNS, line[:-1].split("\t"))))
        if p.wait() or end is None:
            raise RuntimeError("mplog-parse: exit %d" % p.returncode)
        for qid, g in list(self.groups.items()):
            self.over(qid, g[1])


def walk(series, who, theta0, theta1, alpha, truth):
    """The first alarms of SPOT by phase. Good observations between two bad ones are taken in one
    step: the sum falls to `low`, begins anew at zero, and so on."""
    up, down = math.log(theta1 / theta0), math.log((1 - theta0) / (1 - theta1))
    high = math.log((1 - alpha) / alpha)
    if len(series.times) * up < high:
        return {}
    cycle, total, first = math.ceil(high / down), 0.0, {}
    last = len(truth.by_identity.get(who, ()))
    for when, gap in zip(series.times, series.gaps):
        if gap:
            left = gap - math.ceil((total + high) / down)
            total = total - gap * down if left < 0 else -(left % cycle) * down
        total += up
        if total >= high:
            total = 0.0
            phase = truth.phase(who, when)
            if phase is not None:
                first.setdefault(phase, when)
                if phase == last:
                    break
    return first


def baselines(reader, truth):
    """{method: outcome}; a method is its family and its parameters."""
    out = {}

    def put(method, alarms_of):
        alarms = {}
        for who, p in reader.people.items():
            first = alarms_of(who, p)
            if first:
                alarms[who] = first
        out[method] = truth.outcome(alarms)

    for n in RATES:
        put(("messages", n), lambda who, p: p.messages.over(n))
        put(("recipients", n), lambda who, p: p.recipients.over(n))
    for k in LEASTS:
        for ratio in RATIOS:
            put(("unknown", k, ratio), lambda who, p: p.ratio[k].over(ratio))
    for u in range(len(UNITS)):
        for e in range(len(EVIDENCE)):
            for theta0, theta1 in THETAS:
                for alpha in ALPHAS:
                    put(("spot", u, e, theta0, theta1, alpha),
                        lambda who, p: walk(p.series[u][e], who, theta0, theta1, alpha, truth))
    return out
