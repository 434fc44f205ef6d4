"""A generated log and the truth about it, for detect.py and detect.t: who was compromised when."""
import bisect
import collections
import functools
import ipaddress
import os
import subprocess
import sys
from datetime import datetime, timezone

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DAY = 86400.0


def environment():
    e = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C",
         "MPTOOLS_SHARE": os.path.join(ROOT, "share", "mptools")}
    e.update({k: v for k, v in os.environ.items()
              if k == "MPTOOLS_SHARE" or k.endswith("SAN_OPTIONS")})
    return e


def run(args, good=(0,), **more):
    """Runs a program to its end; its stdout as bytes. RuntimeError when it failed."""
    p = subprocess.run(args, stderr=subprocess.PIPE, env=environment(),
                       **dict({"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL}, **more))
    if p.returncode not in good:
        raise RuntimeError("%s: exit %d: %s" % (" ".join(args), p.returncode,
                                                p.stderr.decode("latin-1").strip()[:500]))
    return p.stdout


def generate(o, seed, folder):
    """Writes FOLDER/log, labels, spam and the operator's folder FOLDER/conf."""
    conf, geo = folder + "/conf", folder + "/geo"
    os.makedirs(conf, exist_ok=True)
    args = [o.loggen, "--seed", str(seed), "--days", str(o.days), "--size", "1000G",
            "--customers", str(o.customers), "--scenario", o.scenario, "--format", "rfc3339",
            "--labels", folder + "/labels", "--spam", folder + "/spam",
            "--customers-file", "/dev/null" if o.no_customers else conf + "/customers"]
    if o.attacks:
        args += ["--attacks", str(o.attacks)]
    if o.geo:
        args += ["--geo", geo]
    with open(folder + "/log", "wb") as log:
        run(args, stdout=log)
    if o.geo:
        with open(conf + "/mptools.conf", "w") as f:
            f.write("[geoip]\n")
            for kind in ("country", "asn"):
                path = "%s/%s.mmdb" % (folder, kind)
                with open(geo, "rb") as table:
                    run([sys.executable, ROOT + "/tests/mmdb.py", path, kind], stdin=table)
                f.write("%s = %s\n" % (kind, path))


@functools.lru_cache(maxsize=4096)
def minute(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=timezone.utc).timestamp()


def seconds(text):
    """YYYY-MM-DDTHH:MM:SS[.S…]Z since 1970."""
    return minute(text[:16]) + float(text[17:].rstrip("Z"))


@functools.lru_cache(maxsize=65536)
def client_name(text):
    """As spamscore names it: an IPv6 client by its /64. NAME[IP] is that IP."""
    ip = ipaddress.ip_address(text[text.rfind("[") + 1:].rstrip("]").split("/")[0])
    return str(ip) if ip.version == 4 else str(ipaddress.IPv6Network((ip, 64), strict=False))


PRIVATE = [ipaddress.ip_network(n) for n in (
    "0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "::/127", "fe80::/10", "fc00::/7")]


@functools.lru_cache(maxsize=65536)
def is_private(text):
    ip = ipaddress.ip_address(text)
    return any(ip in n for n in PRIVATE if n.version == ip.version)


def identity_key(text, kind=""):
    """An identity of the truth's files."""
    if kind == "client" or "[" in text or (":" in text and "@" not in text):
        return client_name(text)
    return text.lower()


class Attack:
    def __init__(self, kind, identity, begin, end):
        self.kind, self.identity, self.begin, self.end = kind, identity, begin, end
        self.spam = []  # times of its messages, sorted

    def let_through(self, flag):
        """How many of its messages came in before the flag; all for None."""
        return len(self.spam) if flag is None else bisect.bisect_left(self.spam, flag)


class Truth:
    """attacks: in the file's order. honest: identity -> name of its hard case. cases: how many
    labels of each kind there are; some are nobody's (`*`)."""

    def __init__(self, folder):
        self.attacks, self.honest, self.by_identity = [], {}, {}
        self.cases = collections.Counter()
        for row in self.rows(folder + "/labels"):
            self.cases[row["kind"]] += 1
            if row["identity"] == "*":
                continue
            who = identity_key(row["identity"], row.get("identity_kind", ""))
            if row["kind"].startswith("honest:"):
                self.honest[who] = row["kind"].split(":", 1)[1]
                continue
            a = Attack(row["kind"], who, seconds(row["begin"]), seconds(row["end"]))
            self.attacks.append(a)
            self.by_identity.setdefault(who, []).append(a)
        for attacks in self.by_identity.values():
            attacks.sort(key=lambda a: a.begin)
        with open(folder + "/spam", encoding="latin-1") as f:
            for line in f:
                if not line.startswith("#"):
                    when, _, who = line.rstrip("\n").split("\t")[:3]
                    self.add_spam(seconds(when), identity_key(who))
        for a in self.attacks:
            a.spam.sort()

    @staticmethod
    def rows(path):
        with open(path, encoding="latin-1") as f:
            lines = f.read().splitlines()
        names = lines[0].split("\t")
        if names[0] != "#labels":
            raise RuntimeError(path + ": no #labels in its first line")
        for line in lines[1:]:
            fields = line.split("\t")
            if not line.startswith("#"):
                yield dict(zip(names[1:], fields[1:] if fields[0] == "" else fields))

    def add_spam(self, when, who):
        attacks = self.by_identity.get(who)
        if attacks is None:
            raise RuntimeError("spam of %s, who is in no label" % who)
        begun = [a for a in attacks if a.begin <= when + 1]
        (begun[-1] if begun else attacks[0]).spam.append(when)

    def phase(self, who, when):
        """0: before any attack on it, or an honest one; i: in its i-th attack; None: after one."""
        attacks = self.by_identity.get(who)
        if attacks is None:
            return 0
        i = 0
        while i < len(attacks) and attacks[i].begin <= when:
            i += 1
        return None if i and when > attacks[i - 1].end + DAY else i

    def outcome(self, alarms):
        """alarms: identity -> {phase: first alarm}. What a method gets for them."""
        let, wrong = [], collections.Counter()
        for a in self.attacks:
            nth = self.by_identity[a.identity].index(a) + 1
            flag = alarms.get(a.identity, {}).get(nth)
            let.append(None if flag is None else a.let_through(flag))
        for who, first in alarms.items():
            if 0 in first:
                early = "early" if who in self.by_identity else "other"
                wrong[self.honest.get(who, early)] += 1
        return let, dict(wrong)
