#!/usr/bin/env python3
"""delistreq: when a request is allowed, what it says, and what becomes of it."""
import email
import email.policy
import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import Checks, environment, text, tool, unescape  # noqa: E402

DELISTREQ = os.path.abspath(os.environ.get("BIN", "bin") + "/delistreq")
SHARE = os.path.abspath("share/mptools")
NOON = 1795521600  # 2026-11-24T12:00:00Z
MINUTE, HOUR, DAY = 60, 3600, 86400
IP = "203.0.113.10"
ASKS = ["--from", "postmaster@relay.example", "--organisation", "Relay Example GmbH",
        "--name", "Jane Doe", "--phone", "+49 30 1234567", "--website", "https://relay.example/"]
SECRETS = ["acme", "bob@", "198.51.100.7", "globex", "ticket-88"]
t = Checks()
top = tempfile.mkdtemp(prefix="delistreq.")
conf = top + "/conf"
ledger, number = None, 0


def write(path, content, mode="w"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, **({} if "b" in mode else {"encoding": "utf-8"})) as f:
        f.write(content)


def run(*args, now=NOON, asks=ASKS):
    return tool(["-C", conf, "--ledger", ledger, "--now", stamp(now)] + asks + list(args),
                program=DELISTREQ, env={"MPTOOLS_SHARE": os.environ.get("MPTOOLS_SHARE", SHARE)})


def fresh():
    """An empty ledger."""
    global ledger, number
    number += 1
    ledger = "%s/ledger%d.db" % (top, number)
    open(ledger, "w").close()
    r = run("--all")
    if r.rc or r.err or r.out:
        t.ok(False, "an empty ledger has nothing to ask for", repr(r))


def sql(statement, *values):
    db = sqlite3.connect(ledger)
    with db:
        rows = db.execute(statement, values).fetchall()
    db.close()
    return rows


def insert(table, rows=None, **row):
    """A row, or rows that are alike but for their times."""
    db = sqlite3.connect(ledger)
    with db:
        statement = "INSERT INTO %s (%s) VALUES (%s)" % (
            table, ", ".join(row), ", ".join("?" * len(row)))
        if rows:
            db.executemany(statement, [list(dict(row, time=us(when)).values()) for when in rows])
            i = None
        else:
            i = db.execute(statement, list(row.values())).lastrowid
    db.close()
    return i


def us(seconds):
    return int(seconds * 1000000)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def human(seconds, german=False):
    form = "%d.%m.%Y um %H:%M UTC" if german else "%Y-%m-%d at %H:%M UTC"
    return time.strftime(form, time.gmtime(seconds))


def plain(seconds):
    return human(seconds).replace(" at ", " ")


def listing(provider="barracuda", first=NOON - 20 * HOUR, state="listed", last=NOON - HOUR, ip=IP,
            source="dns", **more):
    return insert("listings", ip=ip, provider=provider, source=source, state=state,
                  first=us(first), since=None if state == "seen" else us(first + 600),
                  last=us(last), looks=0, **more)


def incident(state="suspended", customer="acme", scope="customer", identity="bob@acme.example",
             kind="login", flagged=NOON - 22 * HOUR, act="suspension", attempts=0,
             last_attempt=None, condition=None, ticket=True, **more):
    """Somebody who was flagged: spam for an hour, then whatever was done about it."""
    row = dict(customer=customer, scope=scope, identity="" if scope == "customer" else identity,
               state=state, opened=us(flagged), since=us(flagged - HOUR), last_spam=us(flagged),
               attempts=attempts, last_attempt=last_attempt and us(last_attempt))
    row.update(more)
    i = insert("incidents", **row)
    insert("suspects", incident=i, kind=kind, identity=identity, state="compromised",
           time=us(flagged), since=us(flagged - HOUR), score=20.0, threshold=13.8, messages=400,
           recipients=900)
    if state in ("reinstated", "closed") and ticket:
        insert("tickets", incident=i, ticket="TICKET-88", statement="bob@acme.example is clean",
               time=us(NOON - 15 * HOUR), by="jane")
    if act:
        a = insert("actions", incident=i, rule=1, type=act, since=us(flagged), by="senderblock",
                   until=None if state not in ("reinstated", "closed") else us(flagged + 2 * HOUR))
        if act != "suspension":
            condition = condition or ("sender", "nobody@acme.example")
            insert("conditions", action=a, number=1, field=condition[0], value=condition[1])
    return i


def message(when, identity="bob@acme.example", customer="acme", outbound=IP, kind="login",
            sender="bob@acme.example", sent=1, refused=0, spam=0, recipients=1, rows=None):
    return insert("messages", rows, time=us(when), host="mx1", qid="4F5C64474F", kind=kind,
                  identity=identity, customer=customer, client="198.51.100.7", helo="pc.acme.example",
                  sender=sender, recipients=recipients, sent=sent, refused=refused, spam=spam,
                  outbound=outbound)


def rows(r):
    """The TSV as dicts; None when it isn't one."""
    lines = r.out.split(b"\n")
    if not lines[0].startswith(b"#delist\t") or lines[-1] != b"":
        return None
    names = lines[0].decode().split("\t")[1:]
    return [dict(zip(names, [text(unescape(f)) for f in line.split(b"\t")])) for line in lines[1:-1]]


def table(now=NOON, status=None, what=None):
    r = run(now=now)
    got = rows(r)
    if got is None or r.err or (status is not None and r.rc != status):
        t.ok(False, what or "a clean list", repr(r))
    return got or []


def verdict(want, cause, what, now=NOON, status=None, i=0):
    got = table(now, status)
    row = got[i] if i < len(got) else dict.fromkeys(("reason", "next", "at"), "")
    t.ok((row.get("request"), row.get("cause")) == (want, cause), what, row)
    return row


def refuses(what, listing_id, *words, now=NOON):
    r = run(str(listing_id), now=now)
    err = r.err.decode()
    t.ok(r.rc == 1 and not r.out and all(w in err for w in words) and
         not sql("SELECT * FROM requests"), what, repr(r))


def fields(out):
    """The form's fields by label."""
    got, label = {}, None
    for line in text(out).split("\n"):
        if line.startswith("== "):
            label = line[3:]
            got[label] = ""
        elif label is not None:
            got[label] += line + "\n"
    return {k: v.strip() for k, v in got.items()}


def innocent(what, out, given=""):
    low = text(out).replace(given, "").lower() if given else text(out).lower()
    named = [s for s in SECRETS if s in low]
    t.ok(not named, what + ": names no customer, login or client", named)
    t.ok("{{" not in low and not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text(out)),
         what + ": no tag and no control byte is left", out[:500])


# ---- the gate ------------------------------------------------------------------------------------

def test_culprits():
    fresh()
    n = listing()
    verdict("not allowed", "unknown", "nobody was found: not allowed", status=1)
    refuses("and it says what to look at", n, "nobody was found", "spamscore", "--cause")
    i = incident(state="watch", act=None)
    verdict("not allowed", "unfixed", "who is only watched isn't stopped", status=1)
    refuses("it names the incident", n, "only watched", "incident %d" % i, "acme")
    sql("UPDATE incidents SET state = 'rule'")
    verdict("not allowed", "unfixed", "in state rule, but its block was taken back", status=1)
    refuses("so it says", n, "taken back")
    a = insert("actions", incident=i, rule=1, type="rule", since=us(NOON - 22 * HOUR),
               by="senderblock")
    insert("conditions", action=a, number=1, field="sender", value="nobody@acme.example")
    row = verdict("allowed", "gone", "blocked and quiet for long: allowed", status=0)
    t.ok("quiet since" in row["reason"] and row["next"] == "delistreq %d" % n, "with its reason", row)
    m = message(NOON - 2 * HOUR, spam=1)
    row = verdict("not allowed", "unfixed", "it still sends: not allowed", status=1)
    refuses("with the time of the mail", n, "still sends", plain(NOON - 2 * HOUR))
    sql("UPDATE messages SET spam = 0 WHERE id = ?", m)
    verdict("allowed", "gone", "its other mail is no spam", status=0)
    sql("UPDATE messages SET spam = 1, time = ? WHERE id = ?", us(NOON - 7 * HOUR), m)
    verdict("allowed", "gone", "mail past the block, but quiet since: allowed", status=0)
    sql("DELETE FROM messages")
    sql("UPDATE incidents SET attempts = 9, last_attempt = ?", us(NOON - HOUR))
    row = verdict("not allowed", "recent", "attempts within six hours: wait", status=1)
    t.equal(row["at"], stamp(NOON + 5 * HOUR), "until six hours after the last one")
    verdict("allowed", "gone", "then it is allowed", now=NOON + 5 * HOUR + 1, status=0)


def test_quiet():
    fresh()
    listing("yahoo", first=NOON - 30 * HOUR)
    incident(flagged=NOON - 31 * HOUR)
    row = verdict("not allowed", "recent", "a provider's longer quiet time", status=1)
    t.equal(row["at"], stamp(NOON + 17 * HOUR), "48 hours for Yahoo")
    write(conf + "/mptools.conf", "[block]\nquiet = 3d\n")
    row = verdict("not allowed", "recent", "[block] quiet where it is longer", status=1)
    t.equal(row["at"], stamp(NOON + 41 * HOUR), "three days")
    os.remove(conf + "/mptools.conf")
    fresh()
    listing(first=NOON - 2 * HOUR)
    incident(flagged=NOON - 3 * HOUR)
    verdict("not allowed", "recent", "six hours by default", status=1)
    verdict("allowed", "gone", "over", now=NOON + 3 * HOUR, status=0)


def test_blocks():
    fresh()
    listing()
    incident(state="suspended")
    m = message(NOON - HOUR, sender="eve@acme.example", identity="eve@acme.example")
    verdict("not allowed", "unfixed", "a suspended customer's other login sends", status=1)
    sql("UPDATE messages SET customer = 'other' WHERE id = ?", m)
    verdict("allowed", "gone", "another customer's doesn't count", status=0)
    fresh()
    listing()
    incident(state="address", act="address", condition=("sender", "spam@acme.example"))
    message(NOON - 2 * HOUR, sender="bob@acme.example")
    verdict("allowed", "gone", "an address is blocked, the login's other mail goes on", status=0)
    message(NOON - HOUR, sender="spam@acme.example")
    verdict("not allowed", "unfixed", "mail with the blocked address left: the maps aren't there",
            status=1)
    fresh()
    listing()
    incident(state="reinstated", reinstated=us(NOON - 10 * HOUR), before="rule", act="rule")
    message(NOON - HOUR)
    verdict("allowed", "gone", "reinstated and quiet", status=0)
    for i in range(4):
        message(NOON - HOUR + i, refused=1, sent=0)
    verdict("not allowed", "unfixed", "reinstated, and its mail is refused again", status=1)
    fresh()
    listing()
    incident(state="closed", act=None, closed=us(NOON - HOUR))
    verdict("not allowed", "unknown", "closed without anything done: no cause", status=1)
    fresh()
    listing()
    incident(state="suspended", scope="client", identity="198.51.100.7", customer="198.51.100.7",
             kind="client")
    verdict("allowed", "gone", "an identity alone", status=0)
    message(NOON - HOUR, customer="", kind="client", identity="198.51.100.7")
    verdict("not allowed", "unfixed", "which still sends", status=1)


def test_address():
    fresh()
    listing()
    incident(state="watch", act=None)
    message(NOON - 22 * HOUR - 60, outbound="203.0.113.11", spam=1)
    verdict("not allowed", "unknown", "spam by another address alone isn't this one's", status=1)
    m = message(NOON - 22 * HOUR - 50, outbound="", spam=1)
    verdict("not allowed", "unfixed", "but where the address isn't known, it may be", status=1)
    sql("UPDATE messages SET outbound = ? WHERE id = ?", IP, m)
    verdict("not allowed", "unfixed", "and where it is this one, it is", status=1)
    fresh()
    listing(ip="2001:db8::a", provider="spamhaus-css")
    incident(state="watch", act=None)
    message(NOON - 22 * HOUR - 60, outbound="2001:db8::a", spam=1)
    verdict("not allowed", "unfixed", "version 6", status=1)
    fresh()
    listing()
    incident(flagged=NOON - 80 * HOUR)
    verdict("not allowed", "unknown", "what was four days before isn't its cause", status=1)
    t.equal(rows(run("--window", "80h"))[0]["request"], "allowed", "--window looks further back")


def test_unflagged():
    fresh()
    n = listing()
    for i in range(40):
        message(NOON - 21 * HOUR + i, identity="web@globex.example", customer="globex",
                refused=1 if i < 10 else 0, sent=0 if i < 10 else 1)
    refuses("one whom nobody flagged, but whom others refused", n, "web@globex.example", "globex",
            "not flagged", "10 of its 40", "spamscore")
    r = run("--cause", "A form on a web site was misused.", "--measure", "It was switched off.",
            "--fixed", stamp(NOON - 8 * HOUR), str(n))
    t.ok(r.rc == 0 and not r.err, "the operator says what the cause was", repr(r))
    verdict("allowed", "gone", "his word goes before a guess", status=0)
    r = run(str(n))
    t.ok("A form on a web site was misused." in text(r.out) and "It was switched off." in text(r.out),
         "and stands in the request", repr(r))
    innocent("the request", r.out)
    t.equal([w for (w,) in sql("SELECT what FROM journal WHERE listing = ? ORDER BY id", n)],
            ["cause", "measure", "fixed", "prepared"], "the journal has it")
    incident(state="watch", act=None, customer="initech", identity="x@initech.example")
    verdict("not allowed", "unfixed", "but not before evidence", status=1)
    fresh()
    n = listing()
    for bad in ("bob@acme.example did it", "Acme's login"):
        incident(state="suspended") if bad.startswith("bob") else None
        r = run("--cause", bad, "--measure", "stopped", str(n))
        t.ok(r.rc == 64 and b"never names" in r.err, "a stated cause may not name anybody: " + bad,
             repr(r))
    fresh()
    n = listing()
    run("--cause", "An open proxy.", "--measure", "It was closed.", str(n))
    row = verdict("not allowed", "recent", "fixed just now: not quiet yet", status=1)
    t.equal(row["at"], stamp(NOON + 6 * HOUR), "for six hours")
    incident()
    row = verdict("not allowed", "recent", "also when a culprit has been quiet for long", status=1)
    t.ok("quiet since" in row["reason"] and "as it was stated, was removed at " + plain(NOON) in
         row["reason"], "both are told", row)
    r = run("--cause", "x", "--measure", "y", "--fixed", stamp(NOON + HOUR), str(n))
    t.ok(r.rc == 64 and b"lies ahead" in r.err, "nothing is fixed tomorrow", repr(r))
    r = run("--cause", "An \x1b[31mopen\u202e\nBcc: x proxy.", "--measure", "y\r\n\r\n.\r\nz", "--fixed",
            stamp(NOON - 8 * HOUR), str(n))
    said = fields(run(str(n)).out)["Reason for removal"]
    t.ok(r.rc == 0 and "\x1b" not in said and "\nBcc" not in said and "\u202e" not in said and
         "y . z" in said, "what is stated stays on its line, without controls", said)


def test_states():
    fresh()
    listing(state="seen")
    listing("spamcop", state="clearing")
    listing("nosuchlist")
    listing("google", source="log")
    listing("spamcop", ip="203.0.113.11", first=NOON - 10 * HOUR)
    incident(flagged=NOON - 11 * HOUR)
    got = [r["request"] for r in table(status=0)]
    t.equal(got, ["one look", "going", "unknown", "nobody to ask", "by itself"],
            "not confirmed, going, unknown, nobody, by itself")
    row = table()[4]
    t.equal(row["at"], stamp(NOON + 18 * HOUR), "SpamCop: 28 hours after the last sign")
    r = run("5")
    t.ok(r.rc == 1 and not r.out and b"requests are useless" in r.err, "no request for it", repr(r))
    fresh()
    listing("uceprotect", first=NOON - 10 * HOUR)
    row = verdict("by itself", "unknown", "UCEPROTECT, and no cause was found", status=1)
    t.equal(row["at"], stamp(NOON + 158 * HOUR), "seven days")
    fresh()
    listing("spamhaus-pbl", code="127.0.0.11")
    verdict("allowed", "none", "a policy list needs no culprit", status=0)
    listing("spamhaus-sbl", code="127.0.0.2")
    incident()
    verdict("later", "gone", "but an open SBL goes first", status=0)
    row = verdict("allowed", "gone", "SBL itself", i=1)
    t.ok("owner of the network" in row["next"], "only its network's owner may ask", row)
    fresh()
    listing("spamhaus", code="127.0.0.3")
    incident()
    t.equal(table()[0]["provider"], "spamhaus-css", "a part by its code")


def test_follow_up():
    fresh()
    n = listing(last=NOON - HOUR)
    incident()
    r = run("-n", str(n))
    t.ok(r.rc == 0 and not r.err and not sql("SELECT * FROM requests"), "--dry-run keeps nothing",
         repr(r))
    r = run(str(n))
    t.ok(r.rc == 0 and b"delistreq --sent 1\n" in r.out, "a request has its number", repr(r))
    run(str(n), now=NOON + MINUTE)
    got = sql("SELECT listing, way, address, sent, text FROM requests")
    t.ok(len(got) == 1 and got[0][:4] == (n, "form",
         "https://www.barracudacentral.org/rbl/removal-request", None) and "Reason" in got[0][4],
         "one draft a listing", got)
    t.ok("--sent 1" in table()[0]["next"], "the list says that it waits", table())
    r = run("--sent", "1", "--by", "jane")
    t.ok(r.rc == 0 and not r.err and sql("SELECT sent, by FROM requests") == [(us(NOON), "jane")],
         "--sent", repr(r))
    r = run("--sent", "1")
    t.ok(r.rc == 64 and b"already" in r.err, "once", repr(r))
    r = run("--sent", "7")
    t.ok(r.rc == 64 and b"no such request" in r.err, "of a request that is there", repr(r))
    row = verdict("asked", "gone", "then it waits", now=NOON + 10 * HOUR, status=0)
    t.ok("asked 10 hours ago" in row["next"] or "asked 600 minutes ago" in row["next"],
         "as long as usual", row)
    r = run(str(n), now=NOON + 10 * HOUR)
    t.ok(r.rc == 1 and not r.out and b"wait" in r.err, "no second request meanwhile", repr(r))
    sql("UPDATE requests SET answer = 'which machine?'")
    t.ok("reply to their answer" in table(NOON + 10 * HOUR)[0]["next"], "they asked back", table())
    sql("UPDATE requests SET answer = ''")
    row = verdict("follow up", "gone", "then it is to be looked at", now=NOON + 26 * HOUR, status=0)
    t.ok("asked 26 hours ago, usual time 24 hours: look again with blwatch" in row["next"],
         "first with blwatch", row)
    sql("UPDATE listings SET last = ?", us(NOON + 25 * HOUR))
    row = table(NOON + 26 * HOUR)[0]
    t.ok("reply to the ticket" in row["next"] and "ask again: delistreq 1" in row["next"],
         "then by answering, or again", row)
    r = run("--answer", "1", "Not now.\nSee 5.7.1")
    t.ok(r.rc == 0 and sql("SELECT answer FROM requests") == [("Not now.\nSee 5.7.1",)],
         "--answer keeps it", repr(r))
    t.ok("reply to their answer" in table(NOON + 26 * HOUR)[0]["next"], "and the list knows",
         table(NOON + 26 * HOUR))
    r = run(str(n), now=NOON + 26 * HOUR)
    t.ok(r.rc == 0 and b"--sent 2" in r.out, "a second request", repr(r))
    run("--sent", "2", now=NOON + 26 * HOUR)
    row = table(NOON + 51 * HOUR)[0]
    t.equal(row["at"], stamp(NOON + 74 * HOUR), "repeats lock out there: the gap doubles")
    r = run(str(n), now=NOON + 51 * HOUR)
    t.ok(r.rc == 1 and not r.out and b"not before" in r.err, "so no third one", repr(r))


def test_relisted():
    fresh()
    old = listing(first=NOON - 9 * DAY, state="clear", until=us(NOON - 5 * DAY))
    insert("requests", listing=old, time=us(NOON - 8 * DAY), way="form", address="", text="",
           sent=us(NOON - 8 * DAY))
    n = listing()
    incident()
    row = verdict("allowed", "gone", "relisted: a new cause, long after", status=0)
    t.ok("relisted: it was off this list from " + plain(NOON - 5 * DAY) in row["reason"],
         "and it says so", row)
    insert("requests", listing=old, time=us(NOON - HOUR), way="form", address="", text="",
           sent=us(NOON - 2 * HOUR))
    row = verdict("too early", "gone", "a recent request for the same address counts", status=0)
    t.ok("2 requests for this address in 30 days" in row["next"] and
         row["at"] == stamp(NOON + 46 * HOUR), "doubled", row)
    r = run(str(n))
    t.ok(r.rc == 1 and not r.out, "no request", repr(r))
    r = run("-o", "json")
    t.ok(r.rc == 0 and json.loads(r.out)["relisted_after"] == stamp(NOON - 5 * DAY), "JSON", repr(r))


# ---- the requests --------------------------------------------------------------------------------

def one(provider, what, now=NOON, given="", **more):
    """A ledger with one listing and one culprit that is gone; the request for it."""
    fresh()
    n = listing(provider, **more)
    incident(attempts=37, last_attempt=NOON - 9 * HOUR)
    message(0, spam=1, rows=range(NOON - 22 * HOUR - 3000, NOON - 22 * HOUR - 2750))
    message(0, identity="info@globex.example", customer="globex",
            rows=range(NOON - 30 * HOUR, NOON - 30 * HOUR + 1234))
    r = run(str(n), now=now)
    t.ok(r.rc == 0 and not r.err, what, repr(r))
    innocent(what, r.out, given)
    return n, r


def has_story(what, said, german=False):
    last = human(NOON - 9 * HOUR, german)
    words = [human(NOON - 23 * HOUR, german), human(NOON - 22 * HOUR, german), "250", "37"]
    words += ["Postfach eines unserer Kunden", "den letzten am " + last, "Seit dem " + last] \
        if german else ["mailbox account of one of our customers", "the last one on " + last,
                        "no sign of it since " + last]
    missing = [w for w in words if w not in re.sub(r"\s+", " ", said)]
    t.ok(not missing, what + ": cause, measure and times", "missing: %s\n%s" % (missing, said))


def test_microsoft_consumer():
    reply = ("550 5.7.1 Unfortunately, messages from [203.0.113.10] weren't sent. Please contact "
             "your Internet service provider since part of their network is on our block list "
             "(S3150). [bob@acme.example] for \"it x\"@globex.example")
    n, r = one("microsoft-consumer", "Microsoft consumer", source="log", code="550 5.7.1",
               sample=reply, reason=reply)
    f = fields(r.out)
    t.ok(b"# Open: https://go.microsoft.com/fwlink/?LinkID=614866\n" in r.out, "the form", r.out)
    t.equal([f.get(k) for k in ("Contact name", "Contact e-mail address", "Time zone",
                                "IP addresses", "Domains that you can't send to")],
            ["Jane Doe", "postmaster@relay.example", "UTC", IP,
             "outlook.com, hotmail.com, live.com, msn.com"], "its fields")
    t.ok("(S3150)" in f["Error message (NDR)"] and "[removed]" in f["Error message (NDR)"],
         "the reply without the customer's address", f)
    has_story("Microsoft consumer", f["Further information"])
    listing("spamhaus-xbl")
    verdict("later", "gone", "a Spamhaus listing goes first")


def test_microsoft_365():
    n, r = one("microsoft-365", "Microsoft 365")
    t.ok(b"# Open: https://sender.office.com/\n" in r.out and
         fields(r.out) == {"E-mail address": "postmaster@relay.example", "IP address": IP},
         "the portal and its fields", r.out)


def test_spamhaus():
    for which in ("css", "xbl"):
        n, r = one("spamhaus-" + which, "Spamhaus " + which, code="127.0.0.3")
        f = fields(r.out)
        t.ok(b"# Open: https://check.spamhaus.org/\n" in r.out and f["IP address"] == IP,
             "the portal", r.out)
        has_story("Spamhaus " + which, f["What has been done to fix the problem"])


def test_barracuda():
    n, r = one("barracuda", "Barracuda")
    f = fields(r.out)
    t.equal([f.get(k) for k in ("E-mail server IP address", "E-mail address", "Phone number")],
            [IP, "postmaster@relay.example", "+49 30 1234567"], "its fields")
    has_story("Barracuda", f["Reason for removal"])
    r = run("-n", str(n), asks=ASKS[:4])
    t.ok(r.rc == 0 and b"# Note: Phone number: not known: fill it in" in r.out,
         "a field that isn't known is told", repr(r))
    r = run("-o", "json", str(n))
    j = json.loads(r.out)
    t.ok(j["way"] == "form" and [x["key"] for x in j["fields"]] == ["ip", "email", "phone", "reason"]
         and "\n" in j["fields"][3]["text"], "JSON", j)
    r = run("--mail", str(n))
    t.ok(r.rc == 64 and not r.out and b"not by mail" in r.err, "it isn't a mail", repr(r))


def test_late_block():
    """Spam that left after the block: the request doesn't say that it was refused by then."""
    fresh()
    n = listing("spamhaus-css")
    incident(state="address", act="address")
    message(NOON - 21 * HOUR, spam=1)
    said = re.sub(r"\s+", " ", text(run(str(n)).out))
    t.ok("Since %s our servers have refused" % human(NOON - 21 * HOUR) in said and
         "left our servers on %s" % human(NOON - 21 * HOUR) in said and
         human(NOON - 22 * HOUR) not in said, "a block that took effect later", said)


def test_united_internet():
    reply = ("554-gmx.net (mxgmx104) Nemesis ESMTP Service not available 554-No SMTP service "
             "554-IP address is block listed. 554 For explanation visit https://postmaster.gmx.net/"
             "en/case?c=r0201&i=ip&v=203.0.113.10&r=1MNcgj-1ue23t3pyV-00S2YR")
    n, r = one("united-internet", "United Internet", source="log", sample=reply)
    f = fields(r.out)
    t.ok(b"# Open: https://postmaster.gmx.net/en/case?c=r0201&i=ip&v=203.0.113.10&r=1MNcgj-1ue23t3"
         b"pyV-00S2YR\n" in r.out and f["Fehlermeldung"] == reply, "the case's own link", r.out)
    has_story("United Internet", f["Beschreibung"], german=True)
    for bad in ("https://postmaster.gmx.net.evil.example/x", "https://evil.example/postmaster.gmx.net",
                "https://gmx.net@evil.example/", "javascript:alert(1)"):
        n, r = one("united-internet", "a foreign link", source="log",
                   sample=reply.split("https")[0] + bad)
        t.ok(b"# Open: https://postmaster.gmx.net/en/contact\n" in r.out, "isn't followed: " + bad,
             r.out)


def mail_of(r):
    return email.message_from_bytes(r.out, policy=email.policy.default)


def test_t_online():
    reply = ("554 IP=203.0.113.10 - A problem occurred. Ask your postmaster for help or to contact "
             "tosa@rx.t-online.de to clarify. (BL)")
    write(conf + "/outbound", "out1 203.0.113.10 syslog:postfix-out1 hostname:out1.relay.example\n")
    n, r = one("t-online", "T-Online", source="log", sample=reply)
    t.ok(b"\nTo: tosa@rx.t-online.de\n" in r.out, "the address that the reply names", r.out)
    r = run("--mail", str(n))
    m = mail_of(r)
    body = m.get_content()
    t.ok(r.rc == 0 and m["To"] == "tosa@rx.t-online.de" and m["Subject"] ==
         "Bitte um Freischaltung der IP-Adresse 203.0.113.10 (out1.relay.example)" and
         str(m["From"]) == "Relay Example GmbH <postmaster@relay.example>", "a mail", repr(r))
    t.ok(m["Date"] == "Tue, 24 Nov 2026 12:00:00 +0000" and
         re.fullmatch(r"<delist\.[0-9.]+@relay\.example>", m["Message-ID"]) and
         m["MIME-Version"] == "1.0" and m.get_content_charset() == "utf-8", "its headers", m.items())
    t.ok(not m.defects and all(len(line) <= 78 for line in r.out.split(b"\n")), "sound", m.defects)
    has_story("T-Online", body, german=True)
    t.ok("Sehr geehrte Damen und Herren," in body and "Maßnahme:" in body and
         "etwa 1200 am Tag" in body and re.sub(r"\s+", " ", reply) in re.sub(r"\s+", " ", body) and
         "Mit freundlichen Grüßen\nJane Doe\nRelay Example GmbH\n" in body, "in German", body)
    innocent("T-Online's mail", body.encode("utf-8", "surrogateescape"))
    t.ok(all(len(line) <= 72 for line in body.split("\n")), "lines of 72", body)
    unknown = ("554 IP=203.0.113.10 - None/bad reputation. Ask your postmaster for help or to "
               "contact postmaster@rx.t-online.de for reset. (NOWL)")
    fresh()
    n = listing("t-online", source="log", sample=unknown)
    verdict("allowed", "none", "(NOWL): an unknown address needs no culprit", status=0)
    r = run("--mail", str(n))
    t.ok("Ursache" not in mail_of(r).get_content(), "and none is told of", repr(r))
    for bad in ("evil@example.org", "x@rx.t-online.de.evil.example", "a@evil.example,b@rx.t-online.de",
                "-oQ/tmp@rx.t-online.de"):
        sql("UPDATE listings SET sample = ?", "554 contact " + bad + " (NOWL)")
        r = run("-n", "--mail", str(n))
        t.ok(mail_of(r)["To"] in ("postmaster@rx.t-online.de", "b@rx.t-online.de"),
             "no stranger's address: " + bad, repr(r))
    os.remove(conf + "/outbound")


def test_other_mails():
    n, r = one("microsoft-365-511", "Microsoft 5.7.511", source="log",
               sample="550 5.7.511 Access denied, banned sender[203.0.113.10]. To request removal "
               "from this list please forward this message to delist@messaging.microsoft.com.")
    r = run("--mail", str(n))
    t.ok(r.rc == 0 and mail_of(r)["To"] == "delist@messaging.microsoft.com", "its address", repr(r))
    n, r = one("spamhaus-sbl", "Spamhaus SBL", code="127.0.0.2")
    r = run("--mail", str(n))
    t.ok(r.rc == 64 and not r.out and b"check.spamhaus.org" in r.err and b"--to" in r.err,
         "a page has the address", repr(r))
    r = run("--mail", "--to", "sbl-removals@spamhaus.example", str(n))
    t.ok(r.rc == 0 and mail_of(r)["To"] == "sbl-removals@spamhaus.example", "--to", repr(r))
    r = run("--mail", "--to", "a@b.example\nBcc: c@d.example", str(n))
    t.ok(r.rc == 64 and not r.out, "--to is one address", repr(r))
    for generic in ("proofpoint", "invaluement", "apple", "comcast", "abusix"):
        n, r = one(generic, generic)
        t.ok(b"{ip}" not in r.out, generic + ": no placeholder is left", r.out)


def test_several():
    fresh()
    n = listing()
    for i in range(12):
        incident(customer="acme%02d" % i, identity="bob%02d@acme.example" % i,
                 kind="client" if i == 3 else "login")
    r = run(str(n))
    said = fields(r.out)["Reason for removal"]
    t.ok("12 separate sources were found:" in said and "(10) " in said and "(11) " not in said and
         "The others were stopped" in said and "A machine of one" in said,
         "twelve culprits: ten are told one by one", said)
    innocent("twelve culprits", r.out)


def test_all():
    fresh()
    listing("barracuda")
    listing("spamhaus-css")
    listing("google", source="log")
    incident()
    r = run("--all")
    t.ok(r.rc == 0 and r.out.count(b"# Listing ") == 2 and r.err.count(b"\n") == 1 and
         b"listing 3" in r.err and b"error" not in r.err, "--all: those that are allowed, and why not the others", repr(r))
    t.equal(sql("SELECT count(*) FROM requests"), [(2,)], "all are kept")
    t.equal(r.out.count(b"--sent 1\n") + r.out.count(b"--sent 2\n"), 2, "with their numbers")


# ---- evidence, further -----------------------------------------------------------------------------

def test_undone():
    """A block that was taken back was a mistake, or stopped nobody: neither is told as a measure."""
    fresh()
    listing()
    incident(state="closed", closed=us(NOON - HOUR), ticket=False)
    verdict("not allowed", "unknown", "taken back, then closed: no cause, and nobody was stopped",
            status=1)
    fresh()
    n = listing()
    i = incident(state="reinstated", reinstated=us(NOON - 15 * HOUR), ticket=False)
    verdict("not allowed", "unfixed", "reinstated, but no ticket says how", status=1)
    refuses("so it says", n, "without a ticket", "senderblock --show %d" % i)
    insert("tickets", incident=i, ticket="T-1", statement="a new password", by="jane",
           time=us(NOON - 15 * HOUR))
    verdict("allowed", "gone", "with a ticket: allowed", status=0)
    fresh()
    n = listing()
    i = incident(state="rule", act="rule")
    insert("actions", incident=i, rule=2, type="suspension", since=us(NOON - 21 * HOUR),
           until=us(NOON - 20 * HOUR), by="senderblock")
    said = text(run(str(n)).out)
    t.ok("suspended" not in said and "characteristics of this spam" in said,
         "a suspension that was taken back isn't told of", said)


def test_other_address():
    """What counts is the address by which the spam left."""
    fresh()
    listing()
    incident(state="rule", act="rule")
    message(NOON - 22 * HOUR - 60, outbound="203.0.113.11")
    verdict("not allowed", "unknown", "its spam left by another address", status=1)
    m = message(NOON - HOUR, spam=1)
    verdict("not allowed", "unfixed", "but spam has left by this one since, past the block", status=1)
    sql("UPDATE messages SET outbound = '203.0.113.11' WHERE id = ?", m)
    verdict("not allowed", "unknown", "by the other one again", status=1)
    fresh()
    n = listing()
    for i in range(40):
        message(NOON - 21 * HOUR + i, identity="web@globex.example", customer="globex",
                spam=int(i < 9), refused=int(5 < i < 10))
    refuses("refused and spam are counted together, each message once", n, "10 of its 40")


def test_by_itself():
    fresh()
    listing("uceprotect")
    incident(state="watch", act=None)
    row = verdict("by itself", "unfixed", "it expires, but not while it goes on", status=1)
    t.ok("senderblock --show 1" in row["next"] and "then it goes by itself, 7 days after the last "
         "sign" in row["next"], "what is next, and the time", row)
    fresh()
    listing("godaddy", source="log", sample="554 IB103 blocked")
    incident()
    t.ok("without a request it goes by itself, 24 hours after the last sign" in table()[0]["next"],
         "one that takes requests and expires", table())


# ---- the wording -----------------------------------------------------------------------------------

def golden(name, out):
    """The whole request, as tests/requests/NAME.txt has it; GOLDEN=write makes it anew."""
    path = "tests/requests/%s.txt" % name
    if os.environ.get("GOLDEN") == "write":
        write(path, out, "wb")
    with open(path, "rb") as f:
        want = f.read()
    t.ok(out == want, "word for word: " + name, "want:\n%s\ngot:\n%s" % (text(want), text(out)))
    innocent(name, out)


def test_wording():
    write(conf + "/outbound", "out1 203.0.113.10 hostname:out1.relay.example\n"
          "out2 2001:db8::a hostname:out2.relay.example\n")
    fresh()
    n = listing()
    incident(state="rule", act="rule", attempts=1, last_attempt=NOON - 9 * HOUR)
    golden("barracuda-rule", run(str(n)).out)
    fresh()
    n = listing("spamhaus-css", ip="2001:db8::a", code="127.0.0.3")
    incident(state="reinstated", act="rule", attempts=5, last_attempt=NOON - 16 * HOUR,
             reinstated=us(NOON - 15 * HOUR))
    golden("spamhaus-css-reinstated", run(str(n)).out)
    fresh()
    listing("microsoft-consumer", first=NOON - 9 * DAY, state="clear", until=us(NOON - 5 * DAY))
    n = listing("microsoft-consumer", source="log", sample="550 5.7.1 Unfortunately, messages from "
                "[203.0.113.10] weren't sent. Please contact your Internet service provider since "
                "part of their network is on our block list (S3150).")
    incident(attempts=3, last_attempt=NOON - 8 * HOUR)
    golden("microsoft-consumer-relisted", run(str(n)).out)
    fresh()
    n = listing("apple", source="log", sample="550 5.7.1 Your email was rejected [HM08]")
    incident()
    incident(customer="globex", identity="198.51.100.7", kind="client", state="rule", act="rule",
             flagged=NOON - 25 * HOUR, attempts=4, last_attempt=NOON - 10 * HOUR)
    run("--cause", "A proxy on a machine\n of  our own was open.", "--measure", "It was closed.",
        "--fixed", stamp(NOON - 9 * HOUR), str(n))
    golden("apple-three", run("--mail", "--to", "postmaster@apple.example", str(n)).out)
    fresh()
    n = listing("spamhaus-sbl", code="127.0.0.2",
                reason="https://www.spamhaus.org/sbl/query/SBL654321")
    incident()
    golden("spamhaus-sbl", run(str(n)).out)
    fresh()
    n = listing("united-internet", source="log", sample="554-gmx.net (mxgmx104) Nemesis ESMTP "
                "Service not available 554-No SMTP service 554 IP address is block listed.")
    incident(state="address", act="address", attempts=37, last_attempt=NOON - 9 * HOUR)
    golden("united-internet-address", run(str(n)).out)
    fresh()
    reply = ("554 IP=203.0.113.10 - None/bad reputation. Ask your postmaster for help or to contact "
             "postmaster@rx.t-online.de for reset. ")
    n = listing("t-online", source="log", sample=reply + "(NOWL)")
    golden("t-online-unknown", run("--mail", str(n)).out)
    sql("UPDATE listings SET sample = ?", reply + "(BL)")
    run("--cause", "Ein Formular auf einer Website wurde missbraucht.", "--measure",
        "Es wurde abgeschaltet.", "--fixed", stamp(NOON - 9 * HOUR), str(n))
    r = run("--mail", str(n))
    golden("t-online-stated", r.out)
    t.ok(b"`de'" in r.err and r.err.count(b"delistreq: ") == r.err.count(b"\n"),
         "the language is told; each note is a line", r.err)
    fresh()
    n = listing("microsoft-365-511", source="log", sample="550 5.7.511 Access denied, banned sender"
                "[203.0.113.10]. To request removal from this list please forward this message to "
                "delist@messaging.microsoft.com.")
    incident(kind="client", identity="198.51.100.7")
    golden("microsoft-365-511-client", run("--mail", str(n)).out)
    fresh()
    n = listing("spamhaus-pbl", code="127.0.0.11")
    golden("spamhaus-pbl", run(str(n)).out)
    fresh()
    n = listing("proofpoint", source="log", sample="554 Blocked - see https://ipcheck.proofpoint.com/")
    incident(act="suspension", attempts=2, last_attempt=NOON - 9 * HOUR)
    golden("proofpoint-suspension", run(str(n)).out)
    os.remove(conf + "/outbound")


def test_notes():
    fresh()
    n = listing("seznam", source="log", sample="554 no")
    incident()
    r = run(str(n))
    t.equal(list(fields(r.out)), ["IP address", "E-mail address", "Reason for the request"],
            "a form whose fields aren't known")
    t.ok(b"# Note: the host name of the address isn't known" in r.out, "a host name is missed", r.out)
    fresh()
    n = listing("yahoo", source="log", sample="553 5.7.1 [BL21] no", first=NOON - 60 * HOUR)
    incident(flagged=NOON - 61 * HOUR)
    message(0, rows=range(NOON - 61 * HOUR - 3000, NOON - 61 * HOUR - 2900))
    r = run(str(n))
    f = fields(r.out)
    t.ok(f["How recipients have agreed"] == "" and b"have agreed: not known: fill it in\n" in r.out,
         "what only a person knows is left empty, and told", r.out)
    t.equal(f["Messages a day"], "", "the spam is no volume")
    fresh()
    n = listing("spamhaus-sbl", code="127.0.0.2")
    incident()
    out = run(str(n)).out
    t.ok(b"\nTo: \n" in out and b"stands on https://check.spamhaus.org/\n" in out,
         "a page is no mail address", out)
    t.ok(all(len(line) <= 78 for line in text(out).split("\n")), "no line over 78 columns", out)
    fresh()
    n = listing("hostkarma")
    incident()
    t.ok(b"# Open:" not in run(str(n)).out, "no page is known: none is named")


def test_own_mail():
    """The operator's own template: a subject in another script, very long names."""
    write(conf + "/requests/apple.txt", "Language: de\nSubject: Bitte um Löschung von {{ip}}\n\n"
          "Größe: {{list}}\n")
    fresh()
    n = listing("apple", source="log", sample="550 no")
    incident()
    r = run("--mail", "--to", "a@apple.example", "--organisation", "Müller & Söhne " * 20, str(n))
    m = mail_of(r)
    t.ok(m["Subject"] == "Bitte um Löschung von 203.0.113.10" and b"=?UTF-8?" in r.out.upper() and
         not m.defects and r.out.split(b"\n\n")[0].isascii() and
         "Größe" in m.get_content(), "RFC 2047", repr(r))
    t.ok(str(m["From"].addresses[0]) and m["From"].addresses[0].addr_spec ==
         "postmaster@relay.example", "From", m["From"])
    t.ok(all(len(line) <= 78 for line in r.out.split(b"\n")), "no long lines", r.out)
    os.remove(conf + "/requests/apple.txt")


# ---- strangers' bytes ----------------------------------------------------------------------------

def test_hostile():
    nasty = "554 \x1b[31mno\r\nBcc: x@evil.example\x00 {{name}} \u202e\u2028 \\ == reason: y \xff"
    write(conf + "/outbound", "out1 203.0.113.10 hostname:out1.relay.example\n")
    n, r = one("t-online", "a nasty reply", given="{{name}}", source="log", sample=nasty + " (BL)" + "A" * 3000,
               code="\x1b]0;x\x07", reason=nasty, url="\x1b[2J")
    r = run("--mail", str(n))
    m = mail_of(r)
    t.ok(m["Bcc"] is None and sorted(m.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
         "Content-Transfer-Encoding"]), "adds no header", m.items())
    t.ok("\u202e" not in m.get_content() and "\x1b" not in m.get_content(), "and turns nothing around",
         m.get_content())
    for args in ([], ["-o", "json"], ["-o", "table"]):
        r = run(*args)
        t.ok(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", r.out), "the list has no control byte",
             repr(r))
    t.ok(json.loads(run("-o", "json").out)["code"] == "\x1b]0;x\x07", "JSON keeps the bytes")
    db = sqlite3.connect(ledger)
    with db:
        db.execute("UPDATE listings SET sample = CAST(x'35353420ff80fe' AS TEXT)")
        db.execute("UPDATE suspects SET identity = CAST(x'621bff' AS TEXT)")
        db.execute("UPDATE incidents SET customer = CAST(x'1b5b4aff' AS TEXT), state = 'watch'")
    db.close()
    for args in ([], ["-o", "table"], ["1"]):
        r = run(*args)
        t.ok(r.rc == 1 and not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", r.out + r.err) and
             (r.out + r.err).decode("utf-8"), "bytes that are no text", repr(r))
    os.remove(conf + "/outbound")
    for field in ("--organisation", "--name", "--phone", "--website"):
        fresh()
        n = listing("t-online")
        incident()
        r = run("--mail", str(n), field, "A\nBcc: x@evil.example \u00dc")
        m = mail_of(r)
        t.ok(m["Bcc"] is None and m["To"] == "postmaster@rx.t-online.de", field + " adds no header",
             repr(r))


# ---- the command line, files ---------------------------------------------------------------------

def fails(what, r, status, *words):
    err = r.err.decode("utf-8", "replace")
    t.ok(r.rc == status and not r.out and all(w in err for w in words), what, repr(r))


def test_usage():
    fresh()
    n = listing()
    incident()
    fails("no address to answer to", run(str(n), asks=[]), 78, "--from")
    fails("one that isn't any", run(str(n), asks=["--from", "a b", "--organisation", "x"]), 78,
          "plain mail address")
    fails("nobody who asks", run(str(n), asks=["--from", "a@b.example"]), 78, "--organisation")
    t.equal(run(asks=[]).rc, 0, "the list needs neither")
    fails("no such listing", run("99"), 64, "99")
    fails("no number", run("acme"), 64, "acme")
    fails("0", run("0"), 64)
    fails("two", run("1", "2"), 64, "one listing")
    fails("--all and one", run("--all", "1"), 64)
    fails("--mail alone", run("--mail"), 64)
    fails("--cause alone", run("--cause", "x", "1"), 64, "--measure")
    fails("--answer alone", run("--answer", "1"), 64)
    fails("a bad time", run("--fixed", "yesterday"), 64, "yesterday")
    fails("a bad span", run("--window", "x"), 64, "--window")
    fails("a bad format", run("-o", "xml"), 64, "xml")
    fails("an unknown option", run("--force"), 64)
    r = tool(["-C", conf, "--ledger", top + "/none.db"], program=DELISTREQ,
             env={"MPTOOLS_SHARE": SHARE})
    t.ok(r.rc == 66 and not os.path.exists(top + "/none.db"), "no ledger is made", repr(r))
    lock = open(ledger + ".delistreq.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    fails("two at once", run("--all"), 75)
    t.equal(run().rc, 0, "the list doesn't wait")
    lock.close()
    p = subprocess.run([DELISTREQ, "-C", conf, "--ledger", ledger], stdout=open("/dev/full", "w"),
                       stderr=subprocess.PIPE, env=environment(MPTOOLS_SHARE=SHARE))
    t.ok(p.returncode == 74 and p.stderr, "a full disk", p)


def test_table():
    fresh()
    r = run("-o", "table")
    t.ok(r.rc == 0 and b"no address of ours is listed" in r.out, "nothing is listed", repr(r))
    listing(code="127.0.0.2")
    incident(state="watch", act=None)
    r = run("-o", "table")
    out = text(r.out)
    t.ok(r.rc == 1 and "not allowed" in out and IP in out and "Barracuda" in out and "->" in out and
         all(len(line) <= 80 for line in out.split("\n")), "the table, 80 columns", repr(r))


def test_templates():
    fresh()
    n = listing()
    incident()
    own = conf + "/requests/barracuda.txt"
    write(own, "Language: en\n\nOur own.\n== ip: The address\n{{ip}}\n")
    r = run("-n", str(n))
    t.ok(b"Our own." in r.out and fields(r.out)["The address"] == IP and
         "Reason for the request" in fields(r.out), "the operator's own, what it lacks is added",
         repr(r))
    for bad, words in (("Subjekt: x\n\nx\n", "barracuda.txt:1"),
                       ("Language: en\n\n{{nosuch}}\n", "barracuda.txt:3"),
                       ("Language: en\n\n{{#if ip}}\n", "doesn't end"),
                       ("Language: en\n\n{{/if}}\n", "doesn't fit"),
                       ("Language: en\n\n{{ip\n", "no fact"),
                       ("Language: en\n\nx\n== a\n1\n== a\n2\n", "barracuda.txt:6")):
        write(own, bad)
        fails("a mistake in a template: " + words, run("--check-config"), 78, words)
    write(own, b"Language: en\n\n\xff\x1b\n", "wb")
    fails("no text", run("--check-config"), 78, "barracuda.txt:3")
    os.remove(own)
    t.equal(run("--check-config").rc, 0, "what ships is sound")
    # every provider that takes requests gets one, with a text for each field that it asks for
    ways = re.findall(r"^\[([a-z0-9-]+)\]$|^delist *= *(\w+)|^fields *= *(.*)$",
                      open(SHARE + "/providers.conf", encoding="utf-8").read(), re.M)
    asks, at = {}, None
    for section, way, wanted in ways:
        at = section or at
        asks.setdefault(at, {"way": "none", "fields": ""})
        if way:
            asks[at]["way"] = way
        if wanted:
            asks[at]["fields"] = wanted
    asks = {k: v for k, v in asks.items() if v["way"] in ("form", "portal", "mail")}
    fresh()
    for provider in asks:
        listing(provider, ip="192.0.2.%d" % (len(sql("SELECT 1 FROM listings")) + 1), source="log",
                sample="550 5.7.1 refused", first=NOON - 60 * HOUR)
    incident(flagged=NOON - 61 * HOUR)
    r = run("--all", "-o", "json")
    got = {j["provider"]: j for j in map(json.loads, r.out.decode().splitlines())}
    t.equal((r.rc, sorted(got)), (0, sorted(asks)), "each provider that takes requests gets one")
    for provider, j in sorted(got.items()):
        keys = {f["key"] for f in j.get("fields", [])}
        lacks = [] if j["way"] == "mail" else [
            f for f in asks[provider]["fields"].split() if f not in keys | {"account", "captcha"}]
        empty = [f["key"] for f in j.get("fields", []) if not f["text"]]
        told = [f["label"] + ": not known: fill it in" in j["notes"] for f in j.get("fields", [])
                if not f["text"]]
        t.ok(not lacks and set(empty) <= {"host", "helo", "optin", "sample", "reference", "volume"}
             and all(told) and (j["to"] or
             "no address is known" in j["notes"]), provider + ": all that it asks for", j)
    t.ok(len({j["provider"] for j in got.values()}) > 30, "more than thirty of them", len(got))


os.mkdir(conf)
try:
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
finally:
    shutil.rmtree(top, ignore_errors=True)
t.done()
