#!/usr/bin/env python3
"""later.py HOURS: a log from standard input with its times moved, `Nov 24 10:00:00` or RFC
3339, and other queue ids, so that it is other mail."""
import datetime
import re
import sys

more = datetime.timedelta(hours=float(sys.argv[1]))
year = datetime.datetime.now().year
for line in sys.stdin:
    line = re.sub(r"\b[0-9A-F]{9,12}\b", lambda m: m.group() + "F", line)
    m = re.match(r"(\w{3} [ \d]\d \d\d:\d\d:\d\d)(.*)", line, re.S)
    if m:
        at = datetime.datetime.strptime("%d %s" % (year, m.group(1)), "%Y %b %d %H:%M:%S") + more
        sys.stdout.write(at.strftime("%b %e %H:%M:%S") + m.group(2))
        continue
    stamp, rest = line.split(" ", 1)
    at = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")) + more
    sys.stdout.write(at.isoformat() + " " + rest)
