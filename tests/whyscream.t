#!/usr/bin/env python3
"""Every field that whyscream/postfix-grok-patterns expects of its lines is among --facts' values.

Names differ between the two, so values are compared; where one side has a composition and the
other its parts, the rules below say how the one is made of the other. A value that repeats the
sort of the line (`lost connection`, `PASS OLD`, `warning`) may stand in the shape's name.
"""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import CORPUS, Checks, facts, skip  # noqa: E402

# case -> why it is not asked for
LEFT_OUT = {}

# Fragments are put into a whole line of their kind.
DELIVERY = ("7EE668039: to=<user@example.com>, relay=%s, delay=3.6, delays=%s,%s dsn=2.1.5, "
            "status=sent (250 2.0.0 Ok)")
FRAGMENTS = {
    "RELAY": ("lmtp", lambda d: DELIVERY % (d, "0.1/0.2/0.3/3", "")),
    "DELAYS": ("smtp", lambda d: DELIVERY % ("mx.example[192.0.2.9]:25", d, "")),
    "TLS_FEATURES": ("smtp", lambda d: DELIVERY % ("mx.example[192.0.2.9]:25", "1/2/3/4",
                                                    " tls=" + d + ",")),
    "COMMAND_COUNTER_DATA": ("smtpd", lambda d: "disconnect from mx.example[192.0.2.9] " + d),
}
PROGRAMS = {"SCRIPT": "postfix-script", "TRIVIAL_REWRITE": "trivial-rewrite"}


def line_of(pattern, data):
    """The log line for one case. A newline ended a syslog line, so only the first line is seen."""
    kind = re.search(r"POSTFIX_(\w+)", pattern).group(1)
    data = data.split("\n")[0]
    if kind in FRAGMENTS:
        program, wrap = FRAGMENTS[kind]
        return program, "postfix/%s[77]: %s" % (program, wrap(data))
    program = PROGRAMS.get(kind, kind.lower())
    return program, "postfix/%s[77]: %s" % (program, data)


# What the one side has in parts is a part of this fact on the other: the pattern around the value.
PART_OF = {
    "postfix_bounce_recipient": ("notice", "%s .*"),
    "postfix_bounce_reason": ("notice", "[a-z]+ %s"),
    "postfix_milter_result": ("action", "milter-%s"),
    "postfix_proxy_result": ("action", "proxy-%s"),
    "postfix_delay_before_qmgr": ("delays", "%s/.*"),
    "postfix_delay_in_qmgr": ("delays", "[^/]*/%s/.*"),
    "postfix_delay_conn_setup": ("delays", "[^/]*/[^/]*/%s/.*"),
    "postfix_delay_transmission": ("delays", ".*/%s"),
}


class Facts:
    def __init__(self, shape, pairs):
        self.shape = re.sub(r"[^a-z0-9]+", " ", shape.lower())
        self.pairs = pairs
        self.values = [v.strip() for _, v in pairs]

    def has(self, want):
        want = str(want).strip()
        if want == "":
            return True  # an empty value is not printed
        if {want, want.strip("<>"), "<" + want + ">"} & set(self.values):
            return True
        try:
            return any(float(want) == float(v) for v in self.values if re.fullmatch(r"-?[\d.]+", v))
        except ValueError:
            return False

    def named(self, *names):
        return [v for n, v in self.pairs if n in names]

    def inside(self, want, *names):
        return any(str(want) in v for v in self.named(*names))

    def in_shape(self, want):
        return re.sub(r"[^a-z0-9]+", " ", str(want).lower()).strip() in self.shape


def host_ip(value, f):
    """NAME[IP], NAME[IP]:PORT, NAME[path]: each part is a value of its own."""
    m = re.fullmatch(r"([^\[\]]*)\[([^\[\]]*)\](?::(\d+))?", value)
    return m is not None and all(f.has(part) for part in m.groups() if part)


def key_values(data, f):
    """`from=<a> to=<b> proto=ESMTP helo=<c>` and `to=<a>, relay=b[c]:25, delay=1, …`."""
    items = re.findall(r"([a-z_]+)=(<[^>]*>|[^, ]*)(?:,? |,?$)", data)
    missing = []
    for name, value in items:
        if name in ("relay", "client") and "[" in value:
            good = host_ip(value, f)
        elif name == "relay" and value == "none":
            good = f.has(value) or not f.named("relay_name", "relay_ip")
        elif name == "delays":
            good = f.has(value) or all(f.has(part) for part in value.split("/"))
        else:
            good = f.has(value.strip("<>"))
        if not good:
            missing.append("%s=%s" % (name, value))
    return items and missing == []


def message(value, f):
    """Text with fields in it: `header X: y from NAME[IP]`, `host NAME[IP] said: R (in …)`."""
    if f.has(value):
        return True
    m = re.fullmatch(r"(?:header|body) (.*) from (\S+)", value)
    if m:
        where = m.group(2) == "local" or host_ip(m.group(2), f)
        header = m.group(1)
        name, _, rest = header.partition(": ")
        return where and (f.has(header) or f.has("header " + header) or
                          (f.has(name) and f.has(rest)))
    m = re.fullmatch(r"([A-Z-]+) from (\S+\]): (.*)", value)
    if m:
        return f.has(m.group(1)) and host_ip(m.group(2), f) and f.has(m.group(3))
    m = re.fullmatch(r"host (\S+\]) said: (.*) \(in reply to (.*) command\)", value)
    if m:
        return host_ip(m.group(1), f) and f.has(m.group(2)) and stage(m.group(3), f)
    m = re.fullmatch(r"host (\S+\]) refused to talk to me: (.*)", value)
    if m:
        return host_ip(m.group(1), f) and f.has(m.group(2))
    m = re.fullmatch(r"SASL (\S+) authentication failed: (.*)", value)
    if m:
        return f.has(m.group(1)) and f.has(m.group(2))
    return False


def stage(value, f):
    return f.has(value) or f.has(value + " command")


def command(name, value, data, f):
    """One counter of a disconnect line: `rcpt=0/1` is 0 accepted of 1."""
    verb = name.replace("postfix_cmd_", "").replace("_accepted", "")
    verb = "commands" if verb == "count" else verb
    if f.has(data):
        return True
    accepted = name.endswith("_accepted")
    for v in f.named(verb, "cmd_" + verb):
        part = v.split("/")
        if str(value) == (part[0] if accepted else part[-1]):
            return True
    return False


def found(name, value, data, f):
    if name == "postfix_keyvalue_data":
        return key_values(value, f)
    if value == "NOQUEUE":
        return f.named("qid") in ([], [""])  # there is no queue id
    if name.startswith("postfix_cmd_"):  # by name: a 1 is in every line
        return command(name, value, data, f)
    if f.has(value):
        return True
    if name in PART_OF:
        fact, pattern = PART_OF[name]
        return any(re.fullmatch(pattern % re.escape(str(value)), v) for v in f.named(fact))
    if name == "postfix_command_counter_data":
        counters = [c.split("=") for c in value.split(" ")]
        return f.has(value) or all(n in f.named(verb, "cmd_" + verb) for verb, n in counters)
    if name.startswith("postfix_status_"):
        return f.inside(value, "reply")
    if name == "postfix_smtp_stage":
        return stage(value, f)
    if name.startswith(("postfix_tls_", "postfix_requiretls")) and f.inside(value, "tls"):
        return True
    if name in ("postfix_smtp_response", "postfix_error_response", "postfix_milter_message",
                "postfix_message", "postfix_proxy_message") and message(value, f):
        return True
    if name == "postfix_proxy_status_code" or name == "postfix_proxy_status_code_enhanced":
        return f.inside(value, "reply")
    if name == "postfix_prepend_trigger":
        return f.inside(value, "header", "text")
    return f.in_shape(value)


def main():
    try:
        import yaml
    except ImportError:
        skip("no python3-yaml")
    paths = sorted(glob.glob(os.path.join(CORPUS, "whyscream", "*.yaml")))
    if not paths:
        skip("no corpus beside the project (%s)" % CORPUS)
    t = Checks()
    cases, log = [], []
    for path in paths:
        name = os.path.basename(path)[:-5]
        with open(path, encoding="utf-8") as f:
            case = yaml.safe_load(f)
        if name in LEFT_OUT:
            print("# left out: %s: %s" % (name, LEFT_OUT[name]))
            continue
        program, line = line_of(case["pattern"], case["data"])
        cases.append((name, case, program))
        log.append("Nov 24 10:00:00 mx1 %s\n" % line)
    got = facts(t, "".join(log).encode("utf-8"))
    if not t.equal(len(got), len(cases), "a line of facts for every case"):
        t.done()
    for (name, case, program), (daemon, shape, pairs) in zip(cases, got):
        f = Facts(shape, pairs)
        missing = ["%s=%r" % (k, v) for k, v in case["results"].items()
                   if not found(k, v, case["data"], f)]
        if not shape:
            missing.insert(0, "not understood")
        if daemon.split("/")[-1] != program:
            missing.insert(0, "daemon %s is not %s" % (daemon, program))
        t.ok(not missing, name, "missing: %s\nline: %s\nfacts: %s %s"
             % (missing, case["data"], shape, pairs))
    t.done()


main()
