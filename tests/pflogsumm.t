#!/usr/bin/env python3
"""The records give the numbers of pflogsumm 1.1.5, and where they don't, pflogsumm is wrong.

A generated log of 100 MB is read by both. From the records alone, pflogsumm's own way of counting
is worked out (class Account), and every number and table it prints has to come out the same. The
true numbers are worked out beside it; each difference is a mistake of pflogsumm's with a cause that
is named and a size that is exact:

- A content filter's hop is a delivery to it, and the message that comes back a second reception.
  Recipients whom the filter took but the world refused stand among its recipients.
- It counts `client=` lines: also messages that header checks refused, that are on hold, or that
  were not yet in the queue when the log ended.
- It never forgets a queue id. When one is used again, the second message has no sender, the first
  one's size, and, if the first was deferred, no deferral.
- Out-of-office replies and the like: the null sender is counted as a sender named `from=<>`, and
  the domain that it comes from is the client's name, which for filtered mail is `localhost`.
- The year is always this one or the last, even where the log says it.

Usage: pflogsumm.t [--raw]. With --raw the records are made by the few lines of raw_records() below
instead of mplog-parse: this checks the test, and tells whose fault a difference is.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import PARSE, Checks, skip, text, unescape  # noqa: E402

PFLOGSUMM = "/usr/sbin/pflogsumm"
LOGGEN = os.environ.get("LOGGEN") or os.path.join(os.environ.get("B", "build"), "loggen")
SIZE = os.environ.get("PFLOGSUMM_SIZE", "100M")  # 3 s for pflogsumm
ENV = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C"}
ENV.update((k, v) for k, v in os.environ.items()
           if k in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "MPTOOLS_SHARE"))
COLUMNS = ("time kind daemon qid origin client_name client_ip sender rcpt size relay_ip "
           "relay_port status").split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def mplog_records(path, t):
    """The records of mplog-parse, as dicts, as they come."""
    with open(path + ".err", "wb") as err:
        p = subprocess.Popen([PARSE, "--columns", ",".join(COLUMNS), path], stdout=subprocess.PIPE,
                             stderr=err, env=ENV)
        names, ended, count = None, None, 0
        for line in p.stdout:
            line = line.rstrip(b"\n")
            fields = [unescape(f) if b"\\" in f else f for f in line.split(b"\t")]
            if names is None:
                names = [text(f) for f in fields[1:]]
                t.ok(fields[0] == b"#mplog" and names == COLUMNS, "mplog-parse: the header", line)
            elif fields[0].startswith(b"#end"):
                ended = int(line.split()[1])
            else:
                count += 1
                yield dict(zip(names, map(text, fields)))
    rc = p.wait()
    with open(path + ".err", "rb") as err:
        said = err.read()
    t.ok(rc == 0 and not said, "mplog-parse: exit 0, nothing on stderr", "%d %r" % (rc, said[:300]))
    t.equal(ended, count, "mplog-parse: #end has the number of records")


QUEUED = re.compile(r"^(\w+): (.*)$", re.S)
CLIENT = re.compile(r"client=(.*?)\[([^\]]*)\](?:,|$)")
ACTIVE = re.compile(r"from=<(.*)>, size=(\d+), nrcpt=\d+ \(queue active\)$")
DELIVERY = re.compile(r"to=<(.*?)>, (?:orig_to=<.*?>, )?relay=(.*?), .*?status=(\w+) \(")


def raw_records(path, t):
    """The same from the raw log, as simply as possible. Knows loggen's logs only."""
    came = {}  # queue id -> daemon, name, address
    with open(path) as f:
        for line in f:
            stamp, rest = line[:15], line[16:].rstrip("\n").split(" ", 1)[1]
            tag, _, body = rest.partition(": ")
            daemon = tag.split("[")[0].split("/")[-1]
            when = "2026-%02d-%02d" % (MONTHS.index(stamp[:3]) + 1, int(stamp[4:6]))
            r = dict.fromkeys(COLUMNS, "")
            r.update(time=when, daemon=daemon)
            m = QUEUED.match(body)
            if daemon in ("smtpd", "cleanup", "postscreen") and \
                    re.match(r"\w+: (milter-)?reject: ", body):
                yield dict(r, kind="reject", qid="" if body.startswith("NOQUEUE") else m[1])
            elif not m:
                continue
            elif daemon == "smtpd" and m[2].startswith("client="):
                came[m[1]] = ("smtpd",) + CLIENT.match(m[2]).groups()
            elif daemon == "pickup":
                came[m[1]] = ("pickup", "", "")
            elif daemon == "cleanup" and m[2].startswith("hold: "):
                yield dict(r, kind="hold", qid=m[1])
            elif daemon == "qmgr" and ACTIVE.match(m[2]) and m[1] not in came.get("active", ()):
                sender, size = ACTIVE.match(m[2]).groups()
                d, name, ip = came.pop(m[1], ("bounce", "", ""))
                came.setdefault("active", set()).add(m[1])
                yield dict(r, kind="accept", daemon=d, qid=m[1], client_name=name, client_ip=ip,
                           origin="?" if ip == "127.0.0.1" else "", size=size,
                           sender=sender or "<>")
            elif daemon == "qmgr" and m[2] == "removed":
                came["active"].discard(m[1])
                yield dict(r, kind="remove", qid=m[1])
            elif DELIVERY.match(m[2]):
                rcpt, relay, status = DELIVERY.match(m[2]).groups()
                ip, _, port = relay.partition("[")[2].partition("]:")
                yield dict(r, kind="deliver", qid=m[1], rcpt=rcpt, relay_ip=ip, relay_port=port,
                           status=status)


def lower_domain(address):
    at = address.find("@")
    return address if at < 0 else address[:at] + address[at:].lower()


def domain_of(address):
    m = re.match(r"[^@]+@(.+)$", address)
    return m[1] if m else None


def host_of(name, ip):
    """pflogsumm's gimme_domain()."""
    if name in ("", "unknown"):
        return ip
    return re.sub(r"^(.*)\.([^.]+)\.([^.]{3}|[^.]{2,3}\.[^.]{2})$",
                  lambda m: (m[2] + "." + m[3]).lower(), name)


class Account:
    """pflogsumm's numbers from the records (named as it names them), and the true ones."""

    def __init__(self):
        n = collections.Counter
        self.of, self.true, self.per_day = n(), n(), n()
        self.senders, self.sending, self.rcpts = n(), n(), n()
        self.sent_to, self.deferred_to = n(), n()
        self.true_senders, self.true_rcpts = set(), set()
        self.came, self.size, self.deferred = {}, {}, set()  # by queue id, for ever, as it does
        self.lives, self.true_deferred = n(), set()
        self.on_hold = set()
        self.no_size = 0

    def add(self, r):
        handler = getattr(self, r["kind"], None)
        if handler:
            handler(r)

    def accept(self, r):
        qid, again = r["qid"], r["origin"] not in ("", r["qid"])
        self.on_hold.discard(qid)
        if r["daemon"] in ("smtpd", "pickup"):
            self.of["received"] += 1
            self.of["again"] += again
            if r["daemon"] == "pickup":
                self.came[qid] = None
            else:
                self.came[qid] = "localhost" if again else host_of(r["client_name"], r["client_ip"])
            if not again:
                self.true["received"] += 1
                self.true_senders.add(lower_domain(r["sender"]))
        if qid in self.size:
            self.of["senders lost"] += r["daemon"] in ("smtpd", "pickup")
            return
        self.size[qid] = int(r["size"])
        if qid not in self.came:
            return
        host = self.came.pop(qid)
        sender = "from=<>" if r["sender"] == "<>" else lower_domain(r["sender"])
        domain = domain_of(sender) or host or sender
        self.senders[sender] += 1
        self.sending[domain] += 1
        self.of["bytes received"] += self.size[qid]

    def reject(self, r):
        self.of["rejected"] += 1
        if r["daemon"] == "cleanup":  # its client= line was counted
            self.of["received"] += 1
            self.of["header refused"] += 1
            self.came[r["qid"]] = "?"

    def hold(self, r):
        self.of["held"] += 1
        self.on_hold.add(r["qid"])

    def remove(self, r):
        self.lives[r["qid"]] += 1

    def deliver(self, r):
        qid, rcpt = r["qid"], lower_domain(r["rcpt"])
        hop = r["relay_ip"] == "127.0.0.1" and r["relay_port"] == "10024"
        domain = re.sub(r"^[^@]+@", "", rcpt)
        day = "%s %d" % (MONTHS[int(r["time"][5:7]) - 1], int(r["time"][8:10]))
        if r["status"] in ("sent", "deferred", "bounced"):  # not qmgr's expired
            self.per_day[day, r["status"]] += 1
        if r["status"] == "sent":
            self.of["delivered"] += 1
            self.of["hops"] += hop
            self.rcpts[rcpt] += 1
            self.sent_to[domain] += 1
            self.of["bytes delivered"] += self.size.get(qid, 0)
            if not hop:
                self.true_rcpts.add(rcpt)
        elif r["status"] == "deferred":
            self.of["deferrals"] += 1
            self.deferred_to[domain] += 1
            self.deferred.add(qid)
            self.true_deferred.add((qid, self.lives[qid]))
        elif r["status"] == "bounced":
            self.of["bounced"] += 1


def under_way(path):
    """Messages with a client= line that are neither in the queue, nor on hold, nor refused."""
    open_ids = set()
    with open(path) as f:
        for line in f:
            m = re.search(r"/(?:smtpd|pickup)\[\d+\]: (\w+): (?:client|uid)=", line)
            if m:
                open_ids.add(m[1])
            elif "(queue active)" in line:
                open_ids.discard(re.search(r": (\w+): ", line)[1])
            elif "/cleanup[" in line and re.search(r": \w+: (?:reject|hold): ", line):
                open_ids.discard(re.search(r": (\w+): ", line)[1])
    return len(open_ids)


def pflogsumm(path):
    r = subprocess.run([PFLOGSUMM, "--bounce-detail=0", "--deferral-detail=0", "--reject-detail=0",
                        "--smtp-detail=0", "--smtpd-warning-detail=0", "--no-no-msg-size", path],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV, timeout=600)
    return r.stdout.decode("utf-8", "surrogateescape")


def grand_totals(report):
    """{name: (number, unit)}; `deferrals` stands in brackets behind `deferred`."""
    got = {}
    part = report.split("Grand Totals", 1)[1].split("Per-", 1)[0]
    for number, unit, name in re.findall(r"(\d+)([km ]) +([a-z/][a-z/ ]*[a-z])", part):
        got[name] = (int(number), unit)
    return got


def table(report, title, row):
    """The groups of row's regular expression in the table of that title."""
    part = re.split(r"\n%s[^\n]*\n-+\n" % re.escape(title), report, 1)[1]
    found = []
    for line in part.split("\n"):
        m = re.match(row, line)
        if m:
            found.append(m.groups())
        elif found:
            break
    return found


def shown(value):
    """A whole number as pflogsumm rounds it."""
    if value > 536870912:
        return (value // 1048576, "m")
    return (value // 1024, "k") if value > 524288 else (value, " ")


def differences(got, want):
    return "\n".join("%s: pflogsumm %s, records %s" % (k, got.get(k), want.get(k))
                     for k in sorted(set(got) | set(want), key=str) if got.get(k) != want.get(k))


def check_totals(t, a, got, late):
    of = a.of
    received = of["received"] + len(a.on_hold) + late
    t.equal(got["received"], shown(received),
            "received: its %d are %d messages, %d that came back from the filter, %d refused by "
            "header checks, %d on hold, %d not yet in the queue at the end" %
            (received, a.true["received"], of["again"], of["header refused"], len(a.on_hold), late))
    t.equal(of["received"], a.true["received"] + of["again"] + of["header refused"],
            "received: these add up")
    t.equal(got["delivered"], shown(of["delivered"]),
            "delivered: its %d are %d deliveries and %d hops to the filter" %
            (of["delivered"], of["delivered"] - of["hops"], of["hops"]))
    t.equal(got["deferred"], shown(len(a.deferred)),
            "deferred messages: its %d are %d, less %d whose queue id had been deferred before" %
            (len(a.deferred), len(a.true_deferred), len(a.true_deferred) - len(a.deferred)))
    t.equal(got["deferrals"], shown(of["deferrals"]), "deferrals: %d" % of["deferrals"])
    for name in ("bounced", "rejected", "held", "bytes received", "bytes delivered"):
        t.equal(got[name], shown(of[name]), "%s: %d" % (name, of[name]))
    for name in ("forwarded", "discarded"):
        t.equal(got[name], (0, " "), "%s: none" % name)


def check_people(t, a, got):
    of, true = a.of, a.true_senders
    t.equal(got["senders"], shown(len(a.senders)),
            "senders: its %d are %d, less %d of %d messages whose queue id was used before" %
            (len(a.senders), len(true), len(true) - len(a.senders), of["senders lost"]))
    t.equal(got["sending hosts/domains"], shown(len(a.sending)),
            "sending hosts/domains: %d" % len(a.sending))
    t.equal(got["recipients"], shown(len(a.rcpts)),
            "recipients: its %d are %d, and %d that only the filter took" %
            (len(a.rcpts), len(a.true_rcpts), len(a.rcpts) - len(a.true_rcpts)))
    t.equal(got["recipient hosts/domains"], shown(len(a.sent_to)),
            "recipient hosts/domains: %d" % len(a.sent_to))


def check_tables(t, a, report):
    for title, mine in (("Senders by message count", a.senders),
                        ("Recipients by message count", a.rcpts)):
        got = {name: int(n) for n, name in table(report, title, r" +(\d+)   (\S.*)")}
        t.ok(got == mine, "%s: all %d lines" % (title, len(mine)), differences(got, mine))
    rows = table(report, "Host/Domain Summary: Messages Received", r" +(\d+) +\d+[km ]  (\S.*)")
    got = {name: int(n) for n, name in rows}
    t.ok(got == a.sending, "Messages Received by domain: all %d lines" % len(a.sending),
         differences(got, a.sending))
    rows = table(report, "Host/Domain Summary: Message Delivery",
                 r" +(\d+)  ? +\d+[km ] +(\d+) +[\d.]+ . +[\d.]+ .  (\S.*)")
    got = {name: (int(n), int(d)) for n, d, name in rows}
    mine = {d: (a.sent_to[d], a.deferred_to[d]) for d in set(a.sent_to) | set(a.deferred_to)}
    t.ok(got == mine, "Message Delivery by domain, sent and deferred: all %d lines" % len(mine),
         differences(got, mine))


def per_day(report):
    """{(day, status): number} and the years that pflogsumm names."""
    got, years = {}, set()
    for day, year, *numbers in table(
            report, "Per-Day Traffic Summary",
            r" +(\w{3} +\d+) (\d{4}) +(\d+) +(\d+) +(\d+) +(\d+) +\d+"):
        years.add(int(year))
        for status, number in zip(("sent", "deferred", "bounced"), numbers[1:]):
            if int(number):
                got[" ".join(day.split()), status] = int(number)
    return got, years


def generate(path, *args):
    with open(path, "wb") as f:
        subprocess.run([LOGGEN] + list(args), stdout=f, check=True)


def check_year(t, folder):
    """A log of last January, with the year in every line."""
    path, this = os.path.join(folder, "year.log"), time.gmtime().tm_year
    generate(path, "--size", "30M", "--rate", "20", "--start", "%d-01-10T00:00:00Z" % (this - 1),
             "--format", "rfc3339")
    _, years = per_day(pflogsumm(path))
    t.equal(years, {this}, "year: of a log of %d pflogsumm says %d" % (this - 1, this))
    if "--raw" not in sys.argv:
        mine = {int(r["time"][:4]) for r in mplog_records(path, t)}
        t.equal(mine, {this - 1}, "year: the records say %d" % (this - 1))


def main():
    records = raw_records if "--raw" in sys.argv else mplog_records
    if not os.access(PFLOGSUMM, os.X_OK):
        skip("no " + PFLOGSUMM)
    if not os.access(LOGGEN, os.X_OK):
        skip("no %s (make build/loggen)" % LOGGEN)
    t, account = Checks(), Account()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mail.log")
        # Few messages a day make it several days long; some queue ids are used again.
        generate(path, "--size", SIZE, "--seed", "3", "--rate", "60", "--reuse", "0.15",
                 "--scenario", "compromised", "--spam-messages", "600")
        for r in records(path, t):
            account.add(r)
        report = pflogsumm(path)
        got = grand_totals(report)
        check_totals(t, account, got, under_way(path))
        check_people(t, account, got)
        check_tables(t, account, report)
        days, _ = per_day(report)
        t.ok(days == dict(account.per_day), "per day: sent, deferred, bounced of %d days" %
             len({d for d, _ in account.per_day}), differences(days, account.per_day))
        t.ok(account.of["hops"] and account.of["senders lost"] and account.of["held"] and
             len(account.true_deferred) > len(account.deferred), "the log has what matters here")
        check_year(t, folder)
    t.done()


if __name__ == "__main__":
    main()
