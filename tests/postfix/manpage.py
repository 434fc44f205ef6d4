#!/usr/bin/env python3
"""The commands of a manual page: manpage.py PAGE SECTION

Prints the lines of the section's literal blocks that begin with a `# ` prompt, without it, as they
stand in the page.
"""
import re
import sys


def plain(line):
    """The few roff escapes that the pages use in literal blocks."""
    line = line.replace(r"\&", "").replace(r"\-", "-").replace(r"\(dq", '"').replace(r"\(aq", "'")
    return re.sub(r"\\e|\\\\", lambda _: "\\", line)


def main():
    page, section = sys.argv[1:]
    inside = literal = False
    found = 0
    with open(page, encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if line.startswith(".Sh "):
                inside = line[4:] == section
            elif line.startswith(".Bd -literal"):
                literal = True
            elif line == ".Ed":
                literal = False
            elif inside and literal and line.startswith("# "):
                print(plain(line[2:]))
                found += 1
    sys.exit(0 if found else "%s: no commands in %s" % (page, section))


if __name__ == "__main__":
    main()
