"""Helpers of the whole-tool tests: run a tool, read its record stream, print the checks.

A test is a program: it makes a Checks, calls its methods, and ends with done(). Nothing is hidden
here: a message on stderr that the caller did not ask for fails the check that ran the tool.
"""
import json
import os
import re
import subprocess
import sys

COLUMNS = ("time kind host instance daemon qid origin client_name client_ip sasl_user helo sender "
           "rcpt orig_rcpt msgid size nrcpt relay_name relay_ip relay_port delay dsn status reply "
           "class listed_by outbound_ip verdict customer partner subject").split()
PARSE = os.path.abspath(os.path.join(os.environ.get("BIN", "bin"), "mplog-parse"))
CORPUS = os.path.abspath("../shared/corpus")
LIMIT = 60  # seconds after which a tool is taken to hang


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


class Checks:
    """Counts and prints the checks of one test."""

    def __init__(self):
        self.failed = self.passed = 0
        if not os.access(PARSE, os.X_OK):
            print("not ok - there is a %s: run make" % PARSE)
            sys.exit(1)

    def ok(self, good, what, detail=None):
        if good:
            self.passed += 1
            print("ok - " + what)
        else:
            self.failed += 1
            print("not ok - " + what)
            if detail is not None:
                for line in str(detail).split("\n")[:40]:
                    print("#   " + line[:2000])
        return bool(good)

    def equal(self, got, want, what):
        return self.ok(got == want, what, "got:  %r\nwant: %r" % (got, want))

    def done(self):
        print("# %d passed, %d failed" % (self.passed, self.failed))
        sys.exit(1 if self.failed or not self.passed else 0)


class Result:
    def __init__(self, rc, out, err):
        self.rc, self.out, self.err = rc, out, err

    def __repr__(self):
        return "exit %s\nstderr: %s\nstdout: %s" % (
            self.rc, self.err.decode("utf-8", "backslashreplace")[:1500],
            self.out.decode("utf-8", "backslashreplace")[:1500])


def environment(**more):
    """What a tool gets to see: UTC, the C locale, nothing of the caller's but what a test needs."""
    e = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C"}
    for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "MPTOOLS_SHARE"):
        if name in os.environ:
            e[name] = os.environ[name]
    e.update(more)
    return e


def tool(args, stdin=b"", program=None, env=None, cwd=None):
    """Run a tool and return a Result."""
    p = subprocess.run([program or PARSE] + list(args), input=stdin, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=environment(**(env or {})), cwd=cwd,
                       timeout=LIMIT)
    return Result(p.returncode, p.stdout, p.stderr)


def unescape(field):
    """The bytes that a TSV field stands for; ValueError when an escape is not one of mplog(5)."""
    def one(m):
        s = m.group(1)
        if s[:1] == b"x":
            return bytes([int(s[1:], 16)])
        return {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"}[s]
    if re.sub(rb"\\(t|n|r|\\|x[0-9a-fA-F]{2})", b"", field).find(b"\\") >= 0:
        raise ValueError("bad escape in %r" % field)
    return re.sub(rb"\\(t|n|r|\\|x[0-9a-fA-F]{2})", one, field)


def text(raw):
    """Bytes as str, the bytes that are not UTF-8 kept as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


class Stream:
    """A parsed TSV record stream: columns, records (dicts of str), the two numbers of #end."""

    def __init__(self, out):
        self.columns, self.records, self.end = None, [], None
        self.rows = []  # the record lines as they came
        self.faults = []
        lines = out.split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        else:
            self.faults.append("no newline at the end")
        for i, line in enumerate(lines):
            if i == 0:
                fields = line.split(b"\t")
                if fields[0] != b"#mplog":
                    self.faults.append("no header: %r" % line[:80])
                self.columns = [f.decode() for f in fields[1:]]
            elif re.fullmatch(rb"#end (\d+) (\d+)", line):
                if i != len(lines) - 1:
                    self.faults.append("line %d: an early #end: %r" % (i + 1, line[:80]))
                self.end = tuple(map(int, line.split(b" ")[1:]))
            else:
                self.record(i + 1, line)
        if self.end is None:
            self.faults.append("no #end")
        elif self.end[0] != len(self.records):
            self.faults.append("#end says %d records, there are %d"
                               % (self.end[0], len(self.records)))

    def record(self, number, line):
        fields = line.split(b"\t")
        self.rows.append(line)
        if self.columns is None or len(fields) != len(self.columns):
            self.faults.append("line %d has %d fields: %r" % (number, len(fields), line[:200]))
            return
        if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line):
            self.faults.append("line %d has a control byte: %r" % (number, line[:200]))
        try:
            self.records.append({c: text(unescape(f)) for c, f in zip(self.columns, fields)})
        except ValueError as e:
            self.faults.append("line %d: %s" % (number, e))
            self.records.append(dict.fromkeys(self.columns, ""))


def parse(checks, log, *args, what=None, env=None):
    """Run mplog-parse over log (bytes); a fault of the run or of the stream fails a check.

    Returns the list of records. A good run prints nothing on stderr and exits 0.
    """
    r = tool(list(args), stdin=log, env=env)
    s = Stream(r.out)
    if r.rc != 0 or r.err or s.faults:
        checks.ok(False, "a clean run" + (" for " + what if what else ""),
                  "%r\nfaults: %s" % (r, s.faults))
    return s.records


def facts(checks, log, *args):
    """[(daemon, shape, [(name, value)…])] of --facts, one for every log line."""
    r = tool(["--facts"] + list(args), stdin=log)
    if r.rc != 0 or r.err:
        checks.ok(False, "a clean run of --facts", repr(r))
    found = []
    for line in r.out.split(b"\n"):
        if not line or line.startswith(b"#"):
            continue
        fields = line.split(b"\t")
        pairs = [tuple(f.split(b"=", 1)) for f in fields[2:] if b"=" in f]
        found.append((text(fields[0]), text(fields[1]) if len(fields) > 1 else "",
                      [(text(n), text(unescape(v))) for n, v in pairs]))
    return found


def pick(records, kind=None, **columns):
    """The records of that kind whose columns have those values."""
    return [r for r in records if (kind is None or r["kind"] == kind)
            and all(r.get(c) == v for c, v in columns.items())]


def by_message(rows):
    """The record lines grouped by queue id, in their order: what may not differ between two ways
    of reading. (A record that waits for its link is written later than its neighbours.)"""
    groups = {}
    for row in rows:
        groups.setdefault(row.split(b"\t")[COLUMNS.index("qid")], []).append(row)
    return groups


class Clock:
    """Makes log lines of 2026-11-24, each a second after the last, in RFC 3164."""

    def __init__(self, hour=10, host="mx1"):
        self.seconds, self.host = hour * 3600, host

    def stamp(self):
        self.seconds += 1
        return "Nov 24 %02d:%02d:%02d" % (self.seconds // 3600, self.seconds // 60 % 60,
                                          self.seconds % 60)

    def line(self, program, body, pid=4321, host=None):
        tag = program if program.endswith(":") or pid is None else "%s[%d]:" % (program, pid)
        if not tag.endswith(":"):
            tag += ":"
        return "%s %s %s %s\n" % (self.stamp(), host or self.host, tag, body)


def log_of(*lines, host="mx1", hour=10):
    """A log of (program, body) pairs, "program: body" strings or ready lines, as bytes."""
    clock, out = Clock(hour, host), []
    for one in lines:
        if isinstance(one, bytes):
            out.append(one)
            continue
        if isinstance(one, str):
            program, body = one.split(": ", 1)
        else:
            program, body = one[0], one[1]
        pid = one[2] if isinstance(one, tuple) and len(one) > 2 else 4321
        if isinstance(body, bytes):
            out.append(clock.line(program, "", pid).encode()[:-1] + body + b"\n")
        else:
            out.append(clock.line(program, body, pid).encode("utf-8", "surrogateescape"))
    return b"".join(out)


def json_lines(out):
    return [json.loads(line) for line in out.decode("utf-8").split("\n") if line]
