#!/usr/bin/env python3
"""Routes with a real Postfix: three outbound addresses on loopback, and mail servers of providers
that refuse one of them in the provider's own words. Whose mail leaves by which address is what these
servers saw. With and without the hop, behind a content filter, for one customer and for everybody,
around a provider and around a list; and what is refused, kept, ended and learned.

Needs root (a Postfix master does). DNS is answered here, on loopback."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "postfix")]
from lib import Checks, tool  # noqa: E402
from outbound import MICROSOFT, OUT, Mailbox, Relay, needs  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
TOOL = os.path.join(BIN, "routegen")
TIME = 1795516070000000  # 2026-11-24T10:27:50Z
check = Checks()
needs()
if not check.ok(os.access(TOOL, os.X_OK), "routegen is built"):
    check.done()
top = tempfile.mkdtemp(prefix="mptools-routegen.", dir="/tmp")
maps = top + "/maps"
relay = Relay(top)
conf, ledger, put, sql = relay.conf, relay.ledger, relay.put, relay.sql
ports, shell, postconf, mail = relay.ports, relay.shell, relay.postconf, relay.mail


def route(*args, want=0, err=None):
    """Runs routegen; what it said is the result's. Messages only where they are asked for."""
    r = tool(["-C", conf, "-d", maps, "--ledger", ledger, "--slots", "2"] + list(args), program=TOOL,
             env={"MAIL_CONFIG": top + "/etc", "PATH": os.environ["PATH"]})
    if r.rc != want or (err is None and r.err) or (err and err not in r.err.decode()):
        check.ok(False, "routegen %s: exit %s" % (" ".join(args), want), r)
    return r


def install(want=0, err=None, *args):
    r = route("--follow", top + "/mail.log", "--postmap", "--reload", *args, want=want, err=err)
    time.sleep(0.3)
    return [line.split("\t")[1:] for line in r.out.decode().split("\n") if line and line[0] != "#"]


def list_at(out, provider, state="listed", source="log"):
    sql("INSERT INTO listings (ip, provider, source, state, first, since, last) VALUES (?, ?, ?, ?, ?, ?, ?)",
        OUT[out], provider, source, state, TIME, TIME, TIME)


def unlist(out, provider):
    sql("UPDATE listings SET state = 'clear', until = ? WHERE ip = ? AND provider = ?", TIME + 1, OUT[out],
        provider)


def shot():
    return {n: open(maps + "/" + n, "rb").read() for n in sorted(os.listdir(maps))
            if not n.endswith(("lmdb", "_lock"))}


def main():
    put("outbound", "out1 %s syslog:postfix-out1\nout2 %s syslog:postfix-out2 weight:0 hostname:out2.example\n"
                    "out3 %s weight:0\n" % tuple(OUT.values()))
    put("customers", "acme north domain:acme.example net:127.0.1.0/24 sasl:acme1 sasl:acme-*\n"
                     "globex south domain:globex.example net:127.0.2.0/24 sasl:globex1 sasl:acme-globex\n")
    put("routes", "hop 127.0.0.1:%d\n" % ports["HOP"])

    # ---- set up as --print-postfix and --print-master say ----
    r = route("--check-postfix", want=1, err="maps are missing")
    for what in ("has no transport out1", "the first is mp_hop",
                 "classes are not in", "doesn't have $mp_routes", "transport_maps lacks",
                 "smtpd_helo_required"):
        check.ok(what in r.err.decode(), "before: --check-postfix says: " + what, r)
    r = route("--postmap", err="has no transport out1")
    check.ok("main.cf doesn't use these maps" in r.err.decode(), "it says that main.cf doesn't use the maps yet", r)
    shell("postconf -# smtpd_restriction_classes smtpd_helo_restrictions transport_maps "
          "sender_dependent_default_transport_maps")
    relay.append("main.cf", route("--print-postfix").out.decode() + "smtpd_helo_required = yes\n")
    relay.append("master.cf", route("--print-master").out.decode())
    r = route("--check-postfix")
    check.equal((r.rc, r.err), (0, b""), "then --check-postfix finds nothing")
    check.equal(shell("postconf -n 2>&1 >/dev/null")[1], "", "postconf has nothing to say")
    route("--postmap")
    relay.start_world()
    wrong = relay.start()
    if not check.ok(wrong is None, "a private Postfix starts", wrong):
        return
    Mailbox.blocked = {MICROSOFT: {OUT["out1"]}}
    check.equal(mail("acme1", ["joe@gmail.com", "jim@contoso.example"]),
                {"joe@gmail.com": "out1", "jim@contoso.example": "out1"}, "nothing is routed: the pool is out1")
    check.equal(mail("acme1", ["joe@hotmail.com"]), {"joe@hotmail.com": None}, "Microsoft refuses out1")
    with open(top + "/mail.log") as f:
        check.ok("part of their network is on our block list (S3150)" in f.read(), "in its own words")

    # ---- one customer's mail for one provider ----
    put("routes", "hop 127.0.0.1:%d\nroute acme microsoft\n" % ports["HOP"])
    check.equal(install(), [], "no listing, no route")
    check.equal(sql("SELECT domain, provider FROM domains WHERE domain LIKE 'contoso%'"),
                [("contoso.example", "microsoft-365")], "a tenant's domain was learned from the log")
    list_at("out1", "microsoft-consumer")
    events = install()
    check.equal([e[:4] for e in events], [["begins", "acme", "microsoft-consumer", "out2"]], "out1 is listed: a route")
    check.ok("out1 (127.0.0.81) is listed at Microsoft consumer" in events[0][4], "that says why", events)
    check.equal(mail("acme1", ["joe@hotmail.com"]), {"joe@hotmail.com": "out2"}, "acme's mail to Hotmail leaves by out2")
    check.equal(mail("acme1", ["joe@gmail.com"]), {"joe@gmail.com": "out1"}, "acme's other mail doesn't")
    check.equal(mail("acme-web", ["joe@HOTMAIL.com"]), {"joe@HOTMAIL.com": "out2"}, "a login of a wildcard does")
    check.equal(mail(None, ["joe@hotmail.com"], source="127.0.1.10"), {"joe@hotmail.com": "out2"}, "so do acme's machines")
    check.equal(mail("globex1", ["joe@hotmail.com"]), {"joe@hotmail.com": None}, "globex's mail doesn't")
    check.equal(mail("globex1", ["joe@hotmail.com"], source="127.0.1.10"), {"joe@hotmail.com": None}, "nor from acme's net")
    check.equal(mail("acme-globex", ["joe@hotmail.com"]), {"joe@hotmail.com": None}, "nor its login within acme's wildcard")
    check.equal(mail(None, ["joe@hotmail.com"], source="127.0.2.10"), {"joe@hotmail.com": None}, "nor its machines")
    many = ["a@hotmail.com", "b@gmail.com", "c@hotmail.com", "d@corp.example"]
    check.equal(mail("acme1", many + ["root@relay.example.net", "info@ours.example"]),
                {"a@hotmail.com": "out2", "b@gmail.com": "out1", "c@hotmail.com": "out2", "d@corp.example": "out1",
                 "root@relay.example.net": None, "info@ours.example": None},
                "one message to many: each by its own way (hop)")
    with open(top + "/mail.log") as f:
        log = f.read()
    local = [l for l in log.split("\n") if "to=<root@" in l and "/mp_hop/" not in l]
    check.ok(len(local) == 2 and all("postfix/discard" in l and "status=sent" in l for l in local),
             "what is local stays here", "\n".join(local))
    check.ok(b"\noutlook.com\t" not in shot()["mp_route01_rcpt"], "a domain in a table of relay_domains is never routed")
    before = shot()
    check.equal(install(), [], "a second run changes nothing")
    check.equal(shot(), before, "and no byte of a map")
    shell("printf 'mallory@acme.example REJECT blocked\\n' >%s/etc/block; postmap lmdb:%s/etc/block" % (top, top))
    postconf("smtpd_sender_restrictions = check_sender_access lmdb:%s/etc/block" % top)
    relay.reload()
    check.ok("blocked" in str(mail("acme1", ["joe@hotmail.com"], "mallory@acme.example")), "what is blocked stays blocked")
    r = route("--show", "-o", "table")
    for what in (b"acme's mail to Microsoft consumer", b"leaves by out2", b"127.0.0.81 is listed at"):
        check.ok(what in r.out, "--show: " + what.decode(), r)
    check.equal([(x["customer"], x["via"], x["listing"]) for x in json.loads(route("--show", "-o", "json").out)],
                [("acme", "out2", 1)], "--show as JSON")

    # ---- never to a listed one ----
    list_at("out2", "microsoft-consumer", "clearing")
    check.equal([e[:4] for e in install()], [["changes", "acme", "microsoft-consumer", "out3"]], "out2 is listed, too: out3")
    check.equal(mail("acme1", ["joe@hotmail.com"]), {"joe@hotmail.com": "out3"}, "the mail leaves by out3")
    list_at("out3", "microsoft-consumer")
    before = shot()
    events = install(1, "no server is left")
    check.equal([e[:3] for e in events], [["trouble", "acme", "microsoft-consumer"]], "all are listed: it says so")
    check.equal(shot(), before, "and keeps what is there")
    unlist("out3", "microsoft-consumer")
    unlist("out2", "microsoft-consumer")
    install()

    # ---- without the hop: for the whole message ----
    put("routes", "route acme microsoft out2\n")
    install()
    check.equal(mail("acme1", ["a@gmail.com", "b@hotmail.com"]), {"a@gmail.com": "out2", "b@hotmail.com": "out2"},
                "without the hop the whole message goes that way")
    check.equal(mail("acme1", ["a@gmail.com"]), {"a@gmail.com": "out1"}, "and no other message")

    # ---- a content filter ----
    postconf("content_filter = scan:[127.0.0.1]:%d" % ports["FILTER"])
    relay.reload()
    events = install(1, "mail passes a content filter")
    check.ok([e[:2] for e in events if e[0] == "ends"] and any(e[0] == "trouble" for e in events),
             "a content filter: the route ends, and it says why", events)
    check.equal(mail("acme1", ["a@hotmail.com"]), {"a@hotmail.com": None}, "the mail isn't routed")
    check.equal(relay.scanned(), {"a@hotmail.com"}, "and scanned")
    put("routes", "route acme microsoft out2\nscan out2 scan:[127.0.0.1]:%d\n" % ports["SCAN"])
    install()
    check.equal(mail("acme1", ["a@hotmail.com"]), {"a@hotmail.com": "out2"}, "by the scanner's own listener it is routed")
    check.equal(relay.scanned(), {"a@hotmail.com"}, "and scanned")
    put("routes", "route acme microsoft-consumer out2\nroute acme microsoft-365 out3\n"
                  "hop 127.0.0.1:%d\nscan * 127.0.0.1:%d\n" % (ports["HOP"], ports["SCANHOP"]))
    install()
    many = {"a@hotmail.com": "out2", "b@contoso.example": "out3", "c@gmail.com": "out1"}
    check.equal(mail("acme1", list(many)), many, "hop and scanner: two ways in one message, each recipient its own")
    check.equal(relay.scanned(), set(many), "all of them scanned")
    check.equal(mail("globex1", ["c@gmail.com"]), {"c@gmail.com": "out1"}, "other mail goes as ever")
    check.equal(relay.scanned(), {"c@gmail.com"}, "scanned, too")
    postconf("content_filter =")
    relay.reload()
    put("routes", "route acme microsoft\n")
    events = install(1, "content filter")
    check.ok(any(e[0] == "trouble" for e in events), "the log has shown a content filter: not routed around it", events)
    put("routes", "filter none\nroute acme microsoft\n")
    install()
    check.equal(mail("acme1", ["a@hotmail.com"]), {"a@hotmail.com": "out2"}, "`filter none` is believed")

    # ---- the listing ends, the route ends ----
    unlist("out1", "microsoft-consumer")
    Mailbox.blocked = {}
    events = install()
    check.equal([e[:4] + e[4:5] for e in events],
                [["ends", "acme", "microsoft-consumer", "out2", "the listing is over"]], "the listing ends, the route ends")
    check.equal(mail("acme1", ["a@hotmail.com"]), {"a@hotmail.com": "out1"}, "by out1 again")
    check.equal(sql("SELECT count(*) FROM routes WHERE until IS NULL"), [(0,)], "the ledger says so")
    check.ok(sql("SELECT count(*) FROM journal WHERE tool = 'routegen' AND what = 'ends'")[0][0] >= 2,
             "and the journal why")

    # ---- --route, for a while ----
    route("--route", "acme:microsoft", want=64, err="nothing to route around")
    route("--route", "nobody:microsoft", want=64, err="no customer")
    route("--route", "acme:microsoft:out9", want=64, err="no server of the file outbound")
    route("--route", "acme:nowhere", want=64, err="no provider")
    list_at("out1", "microsoft-consumer")
    put("routes", "filter none\n")
    check.equal([e[:4] for e in install(0, None, "--route", "acme:microsoft")],
                [["begins", "acme", "microsoft-consumer", "out2"]], "--route")
    check.equal(install(), [], "stands in the next run")
    check.equal([e[0] for e in install(0, None, "--end", "acme:microsoft")], ["ends"], "--end")
    route("--end", "acme:microsoft", want=64, err="was not asked for")

    # ---- everybody: around a provider, by weight ----
    put("outbound", "out1 %s weight:1\nout2 %s weight:1\nout3 %s weight:2\n" % tuple(OUT.values()))
    events = install(0, None, "--auto")
    check.equal([e[:4] for e in events], [["begins", "*", "microsoft-consumer", "out2,out3"]], "--auto: everybody's mail")
    Mailbox.blocked = {MICROSOFT: {OUT["out1"]}}
    ways = [mail("globex1", ["r%d@hotmail.com" % i]) for i in range(8)]
    ways = [list(w.values())[0] for w in ways]
    check.ok(set(ways) <= {"out2", "out3"}, "everybody's mail to Microsoft leaves by the others", ways)
    rows = shot()["mp_transport_pools"].decode().split("\n")
    check.equal([sum(r.endswith("\t%s:" % o) for r in rows) for o in OUT], [0, 20, 40], "with their weights kept")
    rows = shot()["mp_pool"].decode().split("\n")
    check.equal([sum(r.endswith("\t%s:" % o) for r in rows) for o in OUT], [15, 15, 30], "other mail by all")

    # ---- around a list: out of the pool ----
    list_at("out1", "spamhaus", source="dns")
    events = install(0, None, "--auto")
    check.ok(["begins", "*", "spamhaus", "out2,out3"] in [e[:4] for e in events], "a DNS list: out of the pool", events)
    rows = shot()["mp_pool"].decode().split("\n")
    check.equal([sum(r.endswith("\t%s:" % o) for r in rows) for o in OUT], [0, 20, 40], "weights kept")
    ways = {list(mail("globex1", ["s%d@corp.example" % i]).values())[0] for i in range(6)}
    check.ok(ways <= {"out2", "out3"}, "no mail leaves by it", ways)
    list_at("out2", "spamhaus", source="dns")
    list_at("out3", "spamhaus", source="dns")
    events = install(1, "every server is on a list", "--auto")
    check.ok(any(e[0] == "trouble" for e in events), "all are on the list: it says so", events)
    check.ok(list(mail("globex1", ["t@corp.example"]).values())[0] in OUT, "and mail flows")
    for out in OUT:
        unlist(out, "spamhaus")
    unlist("out1", "microsoft-consumer")
    install(0, None, "--auto")
    rows = shot()["mp_pool"].decode().split("\n")
    check.equal([sum(r.endswith("\t%s:" % o) for r in rows) for o in OUT], [15, 15, 30], "all over: all are back")
    check.equal(sum(1 for r in shot()["mp_transport"].decode().split("\n") if r and r[0] != "#"), 0, "and nothing is routed")

    # ---- a transport that master.cf lacks; a run that is killed; --dry-run ----
    put("outbound", "out1 %s\nout9 127.0.0.89 weight:0\n" % OUT["out1"])
    list_at("out1", "microsoft-consumer")
    events = install(1, "master.cf has no transport out9", "--auto")
    check.ok(all(e[0] == "trouble" for e in events), "never to a transport that isn't there", events)
    put("outbound", "out1 %s\nout2 %s\n" % (OUT["out1"], OUT["out2"]))
    before = shot()
    r = route("-n", "--auto")
    check.ok(b"begins" in r.out and shot() == before, "--dry-run shows and changes nothing", r)
    for pause in (0, 0.01, 0.02, 0.05, 0.1, 0.2):
        p = subprocess.Popen([TOOL, "-C", conf, "-d", maps, "--ledger", ledger, "--slots", "2", "--postmap", "--auto"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env=dict(os.environ, MAIL_CONFIG=top + "/etc"))
        time.sleep(pause)
        p.send_signal(signal.SIGKILL)
        p.wait()
    install(0, None, "--auto")
    check.equal(sql("SELECT customer, provider, via FROM routes WHERE until IS NULL"),
                [("*", "microsoft-consumer", "out2")], "killed again and again: one route")
    check.equal(mail("globex1", ["z@hotmail.com"]), {"z@hotmail.com": "out2"}, "that works")
    for line, what in (("route acme", "expected route"), ("hop nowhere", "is not ADDRESS:PORT"),
                       ("route acme spamhaus", "is a list"), ("scan out2 scan:", "is not TRANSPORT"),
                       ("bogus x", "is none of route"), ("route nobody microsoft", "no customer")):
        put("routes", line + "\n")
        r = route("--check-config", want=78, err=what)
        check.ok("/routes:1: " in r.err.decode(), "a mistake in the file routes: " + line, r)


try:
    relay.make("virtual_alias_domains = ours.example", "virtual_alias_maps = inline:{info@ours.example=root}",
               "relay_domains = inline:{outlook.com=x}")
    relay.append("master.cf",
                 "127.0.0.1:%d inet n - y - - smtpd\n  -o syslog_name=postfix/back -o content_filter=out2:\n"
                 "  -o smtpd_sasl_auth_enable=no -o smtpd_helo_restrictions= -o mynetworks=127.0.0.0/8\n"
                 % ports["BACK"])
    main()
finally:
    relay.instance("instance_stop")
    if not os.environ.get("KEEP"):
        shutil.rmtree(top, ignore_errors=True)
check.done()
