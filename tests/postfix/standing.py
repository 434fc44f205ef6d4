#!/usr/bin/env python3
"""Makes what stands in a ledger: standing.py LEDGER <lines

For tests of the maps alone: incidents and actions as senderblock would have written them. A line is
tab separated: INCIDENT SLOT SCOPE NAME TYPE [FIELD=VALUE]…; SCOPE is customer, login or client, NAME
the customer or the identity, TYPE address, rule or suspension; `\\xHH` in a value is a byte. Whatever
stood before is gone; rules are numbered in their order.
"""
import re
import sqlite3
import sys

TIME = 1795516070000000


def main():
    db = sqlite3.connect(sys.argv[1])
    db.execute("PRAGMA foreign_keys = ON")
    for table in "conditions", "actions", "incidents":
        db.execute("DELETE FROM " + table)
    for line in sys.stdin:
        incident, slot, scope, name, kind, *conditions = line.rstrip("\n").split("\t")
        whole = scope == "customer"
        row = db.execute("SELECT max(rule) FROM actions WHERE incident = ?", (incident,)).fetchone()
        db.execute("INSERT INTO incidents (id, customer, scope, identity, state, opened) "
                   "VALUES (?, ?, ?, ?, 'rule', ?) ON CONFLICT (id) DO NOTHING",
                   (incident, name, scope, "" if whole else name, TIME))
        db.execute("UPDATE incidents SET slot = ?, state = 'rule' WHERE id = ?", (slot, incident))
        action = db.execute("INSERT INTO actions (incident, rule, type, since, by) "
                            "VALUES (?, ?, ?, ?, 'test')",
                            (incident, (row[0] or 0) + 1, kind, TIME)).lastrowid
        for number, condition in enumerate(conditions, 1):
            field, value = condition.split("=", 1)
            value = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m.group(1), 16)), value)
            db.execute("INSERT INTO conditions VALUES (?, ?, ?, ?)", (action, number, field, value))
    db.commit()


if __name__ == "__main__":
    main()
