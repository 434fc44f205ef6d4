#!/usr/bin/env python3
"""routegen against what can go wrong: strangers' domains and their number, mail that the hop carried
before its port changed, a smtpd_proxy_filter, addresses of both families, customers that stay where
they are, a main.cf that is nearly right, faults of disks and ledgers, a hundred thousand customers.

What Postfix's settings are is asked of postconf, of a folder that no Postfix runs in; what they do was
seen with a running one in routegen.t, and, as root, is here, too."""
import os
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "postfix")]
from lib import Checks, log_of, skip, tool  # noqa: E402
import outbound  # noqa: E402
import world  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
TOOL = os.path.join(BIN, "routegen")
TIME = 1795516070000000  # 2026-11-24T10:27:50Z
BARE = ("smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n  -o syslog_name=postfix/submission\n"
        "pickup unix n - y 60 1 pickup\nsmtp unix - - y - - smtp\n")
MASTER = BARE + "".join("out%d unix - - y - - smtp\n" % i for i in (1, 2, 3))
check = Checks()
if shutil.which("postconf") is None:
    skip("Postfix is not installed")


class Case:
    """A folder with the operator's files, a main.cf, maps and a ledger of its own."""

    def __init__(self, top, **files):
        self.top = tempfile.mkdtemp(dir=top)
        for name in "conf", "etc":
            os.mkdir("%s/%s" % (self.top, name))
        self.maps, self.ledger = self.top + "/maps", self.top + "/ledger.db"
        self.put("conf/outbound", files.get("outbound", "out1 192.0.2.1\nout2 192.0.2.2 weight:0\n"
                                                        "out3 192.0.2.3 weight:0\n"))
        self.put("conf/customers", files.get("customers", "acme north sasl:acme1\nglobex south sasl:globex1\n"))
        self.put("conf/routes", files.get("routes", ""))
        self.put("etc/main.cf", "compatibility_level = 3.6\n" + files.get("main", ""))
        self.put("etc/master.cf", files.get("master", MASTER))

    def put(self, name, text, mode="w"):
        with open(self.top + "/" + name, mode) as f:
            f.write(text)

    def argv(self, *args):
        return ["-C", self.top + "/conf", "-d", self.maps, "--ledger", self.ledger, "--slots", "2"] + list(args)

    def env(self, **more):
        return dict({"MAIL_CONFIG": self.top + "/etc", "PATH": os.environ["PATH"]}, **more)

    def run(self, *args, stdin=b"", want=0, env=None):
        r = tool(self.argv(*args), program=TOOL, stdin=stdin, env=env or self.env())
        if want is not None and r.rc != want:
            check.ok(False, "routegen %s: exit %s" % (" ".join(args), want), r)
        return r

    def events(self, *args, **more):
        out = self.run(*args, **more).out.decode()
        return [line.split("\t")[1:5] for line in out.split("\n") if line and line[0] != "#"]

    def set_up(self):
        """As routegen(8) says."""
        self.run("--postmap", want=None)
        self.put("etc/main.cf", self.run("--print-postfix").out.decode() + "smtpd_helo_required = yes\n", "a")
        self.put("etc/master.cf", self.run("--print-master").out.decode(), "a")

    def sql(self, statement, *values):
        with sqlite3.connect(self.ledger, timeout=30) as db:
            return db.execute(statement, values).fetchall()

    def list_at(self, ip, provider, state="listed"):
        self.sql("INSERT INTO listings (ip, provider, source, state, first, since, last)"
                 " VALUES (?, ?, 'log', ?, ?, ?, ?)", ip, provider, state, TIME, TIME, TIME)

    def rows(self, name):
        with open(self.maps + "/" + name) as f:
            return dict(line.rstrip("\n").split("\t") for line in f if line[0] != "#")

    def shot(self):
        return {n: open(self.maps + "/" + n, "rb").read() for n in sorted(os.listdir(self.maps))
                if not n.endswith(("lmdb", "_lock"))}

    def findings(self):
        return self.run("--check-postfix", want=None).err.decode()


def sent(rcpt, relay="hotmail-com.olc.protection.outlook.com[198.51.100.1]:25", qid="AAA111", by="postfix/smtp"):
    return (by, "%s: to=<%s>, relay=%s, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
            % (qid, rcpt, relay))


# ---- what a stranger may choose ----

def strangers(top):
    c = Case(top, routes="filter none\nroute acme microsoft\n")
    names = ["UPPER.example", "trail.example.", "*.star.example", ".dot.example", "[192.0.2.9]", "a..b.example",
             "192.0.2.7", "x" * 300 + ".example", "tab\tx.example", "b\xfccher.example", "xn--bcher-kva.example",
             "#hash.example", "-dash.example", "quote\".example", "a b.example", "com", "under_score.example"]
    log = log_of(*[sent("joe@" + n) for n in names],
                 sent("joe@false.example", "mx.protection.outlook.com.evil.example[198.51.100.9]:25"),
                 sent("joe@false2.example", "xolc.protection.outlook.com[198.51.100.9]:25"))
    c.run("-", stdin=log)
    check.equal(sorted(r[0] for r in c.sql("SELECT domain FROM domains")),
                ["under_score.example", "upper.example", "xn--bcher-kva.example"],
                "strange recipient domains are not learned, nor those of a false relay")
    c.list_at("192.0.2.1", "microsoft-consumer")
    c.run("--postmap", want=None)
    keys = set(c.rows("mp_route01_rcpt"))
    check.ok("upper.example" in keys and "hotmail.com" in keys, "a domain that was learned is routed", keys)
    before = c.shot()
    c.run("-", "--postmap", stdin=log, want=None)
    check.equal(c.shot(), before, "the same log again changes no byte")
    check.equal(c.sql("SELECT max(messages) FROM domains"), [(1,)], "nor a count")
    moved = log_of(sent("x@upper.example", "mx.corp.example[198.51.100.9]:25"),
                   sent("x@hotmail.com", "mx.corp.example[198.51.100.9]:25"), hour=11)
    c.run("-", "--postmap", stdin=moved, want=None)
    keys = set(c.rows("mp_route01_rcpt"))
    check.ok("upper.example" not in keys and "hotmail.com" not in keys, "what has moved isn't", keys)


def flood(top):
    """Names below one domain, all with a provider's server."""
    c = Case(top, routes="filter none\n")
    c.run()
    with sqlite3.connect(c.ledger) as db:
        db.executemany("INSERT INTO domains VALUES (?, 'google', ?, ?, 1)",
                       (("r%d.evil.example" % i, TIME, TIME) for i in range(210000)))
        db.execute("INSERT INTO domains VALUES ('zz.example', 'google', ?, ?, 7)", (TIME - 1, TIME - 1))
    db.close()
    c.run("-", stdin=log_of(sent("joe@hotmail.com")))
    check.equal(c.sql("SELECT count(*) FROM domains"), [(200000,)], "no more than 200000 domains are kept")
    check.equal(c.sql("SELECT messages FROM domains WHERE domain = 'zz.example'"), [(7,)], "those with the most mail")


# ---- FILTER where it can't be, and what is no filter ----

def filters(top):
    hop = log_of(("postfix/smtpd", "AAA111: client=pc[192.0.2.77], sasl_method=PLAIN, sasl_username=acme1"),
                 ("postfix/mp_hop/smtpd", "BBB111: client=localhost[127.0.0.1], orig_queue_id=AAA111, orig_client=pc[192.0.2.77]"),
                 ("postfix/mp_hop/smtp", "AAA111: to=<joe@hotmail.com>, relay=127.0.0.1[127.0.0.1]:10031, delay=1, "
                  "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as BBB111)"),
                 sent("joe@hotmail.com", qid="BBB111"))
    c = Case(top, routes="hop 127.0.0.1:10051\nroute acme microsoft-consumer out2\n",
             master=MASTER + "mp_hop unix - - y - - smtp\n"
             "127.0.0.1:10051 inet n - y - - smtpd\n127.0.0.1:10052 inet n - y - - smtpd\n")
    check.equal(c.events("-", stdin=hop), [["begins", "acme", "microsoft-consumer", "out2"]],
                "mail that the hop carried by its old port is no content filter's")
    c = Case(top, main="smtpd_proxy_filter = 127.0.0.1:10024\n", routes="route acme microsoft-consumer out2\n")
    r = c.run(want=1)
    check.ok(b"smtpd_proxy_filter" in r.err and b"trouble" in r.out, "no FILTER behind a smtpd_proxy_filter: said", r)
    check.equal(c.rows("mp_route_sasl"), {}, "and nobody is routed")
    c = Case(top, routes="route acme microsoft-consumer out2\n", master=MASTER.replace(
        "/submission\n", "/submission -o smtpd_proxy_filter=127.0.0.1:10024\n"))
    check.equal([e[0] for e in c.events()], ["begins"], "where one service has none, there are routes")
    check.ok("submission/inet has a smtpd_proxy_filter" in c.findings(), "--check-postfix names the other", c.findings())


# ---- addresses of both families ----

def families(top):
    c = Case(top, outbound="out1 192.0.2.1 syslog:pf1\nout1 2001:db8::1\nout2 192.0.2.2 weight:0\n"
                           "out6 2001:db8::6\nout3 2001:db8::3 weight:0\nout3 192.0.2.3 syslog:pf3 weight:0\n",
             routes="filter none\nroute acme google\n", master=BARE)
    text = c.run("--print-master").out.decode()
    master = {s.split(" ")[0]: s for s in ("\n" + text.replace("\n  ", " ")).split("\n")}
    for name, options in (("out1", "smtp_bind_address=192.0.2.1 -o smtp_bind_address6=2001:db8::1"),
                          ("out2", "smtp_bind_address=192.0.2.2 -o inet_protocols=ipv4"),
                          ("out6", "smtp_bind_address6=2001:db8::6 -o smtp_address_preference=ipv6")):
        check.ok(master[name].endswith(options), "--print-master: " + name, text)
    check.ok("syslog_name=pf1 " in master["out1"] and "syslog_name=pf3 " in master["out3"], "one syslog name for both", text)
    c.set_up()
    check.equal(c.findings(), "", "--check-postfix finds nothing")
    shutil.copy(c.top + "/etc/master.cf", c.top + "/master")
    c.put("etc/master.cf", text.replace("  -o inet_protocols=ipv4\n", "").replace("address6=2001:db8::3", "address6="))
    check.ok("out2 has no IPv6 address in the file outbound" in c.findings() and
             "out3 leaves by any address of it, not by 2001:db8::3" in c.findings(), "and else what is wrong", c.findings())
    shutil.copy(c.top + "/master", c.top + "/etc/master.cf")
    c.list_at("2001:db8::1", "google")
    check.equal(c.events("--postmap"), [["begins", "acme", "google", "out2"]],
                "its IPv6 address is listed: not by that server, nor by one with IPv6 alone")
    c.list_at("192.0.2.2", "google")
    check.equal(c.events("--postmap"), [["changes", "acme", "google", "out3"]], "then by the next one")
    c.put("conf/routes", "filter none\nroute acme google\nroute globex google out6\n")
    c.list_at("2001:0db8:0:0::3", "google")
    r = c.run("--postmap", want=1)
    check.ok(b"acme to google: no server is left" in r.err and b"2001:db8::1" in r.out, "both families of all: none is left", r)
    check.ok("out6:" not in c.rows("mp_pool").values(), "the pool has no server with IPv6 alone")
    check.equal(c.sql("SELECT via FROM routes WHERE customer = 'globex' AND until IS NULL"), [("out6",)],
                "but who names it gets it")
    c.put("conf/outbound", "out1 192.0.2.1\nout1 192.0.2.9\n")
    r = c.run("--check-config", want=78)
    check.ok(b"one IPv4 and one IPv6 address" in r.err, "two of one family are a mistake", r)


# ---- who stays ----

def never(top):
    c = Case(top, outbound="out1 192.0.2.1\nout2 192.0.2.2\n",
             routes="filter none\nroute * *\nnever acme microsoft\n")
    c.run()
    c.list_at("192.0.2.1", "microsoft-consumer")
    c.list_at("192.0.2.1", "google")
    check.equal(c.events(), [["begins", "*", "google", "out2"], ["begins", "*", "microsoft-consumer", "out2"],
                             ["begins", "acme", "microsoft-consumer", "out1"]],
                "never: everybody's mail is routed, that customer's stays")
    check.equal((c.rows("mp_route01_rcpt")["hotmail.com"], c.rows("mp_route_sasl")),
                ("FILTER out1:", {"acme1": "mp_route01"}), "by a route of its own")
    check.equal(c.events(), [], "and again nothing changes")
    c.sql("UPDATE listings SET state = 'clear', until = ?", TIME)
    check.equal(sorted(e[:2] for e in c.events()), [["ends", "*"], ["ends", "*"], ["ends", "acme"]], "until the listing ends")
    c.put("conf/routes", "filter none\nroute acme *\nroute globex *\nnever acme google\nleave microsoft\n")
    c.list_at("192.0.2.1", "google")
    check.equal(c.events(), [["begins", "globex", "google", "out2"]], "never: not by `route acme *'")
    c.put("conf/routes", "filter none\nroute acme google\nnever acme\n")
    check.ok(["begins", "acme", "google", "out2"] in c.events(), "a route by name goes before that")
    for line, what in (("never *", "leave PROVIDER"), ("never nobody", "no customer"), ("never acme nowhere", "no provider"),
                       ("never", "expected never")):
        c.put("conf/routes", line + "\n")
        check.ok(what in c.run("--check-config", want=78).err.decode(), "a mistake: " + line)


# ---- a main.cf that is nearly right ----

def nearly(top):
    c = Case(top, routes="hop 127.0.0.1:10031\n", master=BARE)
    c.set_up()
    check.equal(c.findings(), "", "set up as routegen(8) says: --check-postfix finds nothing")
    good = {name: open("%s/etc/%s.cf" % (c.top, name)).read() for name in ("main", "master")}

    def say(what, want, **change):
        for name, text in good.items():
            for old, new in change.get(name, ()):
                if old not in text:
                    check.ok(False, "%s.cf has %s" % (name, old.strip()))
                text = text.replace(old, new)
            c.put("etc/%s.cf" % name, text)
        found = c.findings()
        check.ok(want in found, "--check-postfix: " + what, found)

    helo = "smtpd_helo_restrictions = $mp_routes\n"
    say("what permits before ours", "permit_mynetworks stands before $mp_routes", main=[
        (helo, "smtpd_helo_restrictions = permit_mynetworks, $mp_routes\n")])
    say("ours where they let pass what senderblock refuses", "smtpd_sender_restrictions has $mp_routes", main=[
        (helo, helo + "smtpd_sender_restrictions = $mp_routes, reject\n")])
    say("the same in master.cf", "smtpd_recipient_restrictions of master.cf, submission/inet has $mp_routes", master=[
        ("/submission\n", "/submission -o smtpd_recipient_restrictions=$mp_routes\n")])
    say("checks in another order", "$mp_routes isn't whole", main=[
        (helo, "smtpd_helo_restrictions = check_client_access $mp_route_cidr/mp_route_net, check_sasl_access "
               "$mp_route_index/mp_route_sasl, permit_sasl_authenticated\n")])
    say("maps of another folder", "names other maps than those in", main=[("mp_route_index = lmdb:", "mp_route_index = lmdb:/x")])
    say("and their classes", "2 of our 2 classes", main=[("mp_route_index = lmdb:", "mp_route_index = lmdb:/x")])
    say("and pools", "sender_dependent_default_transport_maps lacks", main=[("mp_route_index = lmdb:", "mp_route_index = lmdb:/x")])
    say("a randmap: of one's own before the pool", "a randmap: stands before", main=[
        ("_maps = $mp_route_pool", "_maps = randmap:{smtp:,relay:}, $mp_route_pool")])
    say("classes that a service sets", "submission/inet sets smtpd_restriction_classes itself", master=[
        ("/submission\n", "/submission -o smtpd_restriction_classes=own\n")])
    say("a service with restrictions of its own", "smtpd_helo_restrictions of submission/inet doesn't have", master=[
        ("/submission\n", "/submission -o smtpd_helo_restrictions=permit\n")])
    say("smtpd_proxy_filter", "smtp/inet has a smtpd_proxy_filter", main=[(helo, helo + "smtpd_proxy_filter = 127.0.0.1:9\n")])
    say("a listener of the hop that is gone", "master.cf lacks 1 of what the hop needs", master=[
        ("127.0.0.1:10032 inet", "127.0.0.1:10033 inet")])


def domains(top):
    c = Case(top, routes="filter none\nroute acme microsoft-consumer out2\n",
             main="relay_domains = inline:{contoso.example=x}\n")
    c.run("-", stdin=log_of(sent("joe@mail.contoso.example"), sent("joe@other.example")))
    keys = set(c.rows("mp_route01_rcpt"))
    check.ok("other.example" in keys and not any("contoso" in k for k in keys),
             "a relay domain in a table, and what is below it, are never routed", keys)
    c.put("etc/file", "# ours\nother.example !not.example\n inline:{contoso.example=x}\n")
    c.put("etc/main.cf", "mydestination = inline:{a.example=x, mail.contoso.example=y} %s/etc/file\n" % c.top)
    c.run("-", stdin=log_of(sent("joe@third.example"), hour=11))
    keys = set(c.rows("mp_route01_rcpt"))
    check.ok("third.example" in keys and "other.example" not in keys and not any("contoso" in k for k in keys),
             "nor one in a file, or in a table between braces", keys)
    os.unlink(c.top + "/etc/file")
    before = c.shot()
    r = c.run(want=69)
    check.ok(b"mydestination: " in r.err and b"/etc/file: can't be read" in r.err and c.shot() == before,
             "a file of ours that can't be read: nothing changes", r)


# ---- orders ----

def orders(top):
    c = Case(top, routes="filter none\nroute * *\n", outbound="out1 192.0.2.1\nout2 192.0.2.2\n")
    c.run()
    c.list_at("192.0.2.1", "spamhaus")
    check.equal([e for e in c.events() if "spamhaus" in e[2]], [["begins", "*", "spamhaus", "out2"]],
                "a list and its keyed zone are one: the pool changes once")
    c.maps = "maps"
    r = c.run("--print-postfix", want=64)
    check.ok(b"whole path" in r.err and not r.out, "--print-postfix wants the whole path of the maps", r)
    c = Case(top, customers="acme n sasl:a\nbacme n sasl:b\n", routes="filter none\n")
    c.run()
    c.list_at("192.0.2.1", "microsoft-consumer")
    c.run("--route", "bacme:microsoft")
    r = c.run("--route", "acme:google", want=64)
    check.ok(b"nothing to route" in r.err, "--route without a listing: an error", r)
    c.run("--route", "bacme:google:out2")
    r = c.run("--route", "acme:google", want=64)
    check.ok(b"nothing to route" in r.err, "also when another customer's order has these words in it", r)
    c.list_at("192.0.2.1", "microsoft-365")
    c.sql("UPDATE listings SET state = 'clear', until = ?", TIME)
    c.list_at("192.0.2.1", "microsoft-consumer", "clearing")
    c.run()
    check.equal(c.sql("SELECT r.listing, l.state FROM routes r JOIN listings l ON l.id = r.listing WHERE r.until IS NULL"),
                [(3, "clearing")], "a route that another listing keeps says which one")


# ---- faults ----

def faults(top):
    c = Case(top, routes="filter none\nroute * *\n", outbound="out1 192.0.2.1\nout2 192.0.2.2\n")
    c.run("--postmap")
    c.list_at("192.0.2.1", "microsoft-consumer")
    before = c.shot()

    def small():  # a full disk, as far as write(2) tells
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
    os.environ.update(c.env())
    p = subprocess.run([TOOL] + c.argv("--postmap"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=small)
    check.ok(p.returncode in (73, 74, 75) and p.stderr.startswith(b"routegen: error: "), "no room: an error that says where", p)
    check.equal(c.shot(), before, "and all maps as they were")
    p = subprocess.Popen([TOOL] + c.argv("--postmap"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    q = subprocess.Popen([TOOL] + c.argv("--postmap"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ends = sorted(x.wait() for x in (p, q) if x.communicate() is not None)
    check.ok(ends in ([0, 0], [0, 75]), "two at once: one waits, or says that it can't", ends)
    check.equal(c.sql("SELECT count(*) FROM routes"), [(1,)], "and one route")
    check.equal(c.rows("mp_transport").get("hotmail.com"), "mp_pool01", "which is in the maps")
    with open(c.ledger, "wb") as f:
        f.write(b"no ledger" * 1000)
    before = c.shot()
    r = c.run("--postmap", want=None)
    check.ok(r.rc not in (0, 1) and c.ledger.encode() in r.err and c.shot() == before, "no ledger: an error, no map changes", r)
    os.unlink(c.ledger)
    r = c.run("--show", want=66)
    check.ok(c.ledger.encode() in r.err, "--show without a ledger", r)
    os.unlink(c.maps + "/mp_pool")
    os.mkdir(c.maps + "/mp_pool")
    r = c.run("--postmap", want=73)
    check.ok(b"/maps/mp_pool: " in r.err, "a map that can't be written: which", r)
    r = c.run("--postmap", "--follow", c.top + "/nowhere/mail.log", want=None)
    check.ok(r.rc not in (0, 1) and b"nowhere/mail.log" in r.err, "a log that isn't there: which", r)


def many(top):
    n = 10000
    c = Case(top, customers="".join("c%05d p%d sasl:c%05d net:10.0.%d.%d/32\n" % (i, i % 9, i, i >> 8, i & 255)
                                    for i in range(n)),
             routes="filter none\n" + "".join("route c%05d microsoft\n" % i for i in range(n)))
    c.run()
    c.list_at("192.0.2.1", "microsoft-consumer")
    start = time.monotonic()
    c.run()
    spent = time.monotonic() - start
    check.equal(c.sql("SELECT count(*) FROM routes WHERE until IS NULL"), [(n,)], "%d customers are routed" % n)
    check.ok(spent < 15, "in a few seconds", spent)
    rows = c.rows("mp_route_sasl")
    check.equal((len(rows), set(rows.values())), (n, {"mp_route01", "mp_route02"}), "all of them in the two classes of two ways")


# ---- with a running Postfix ----

class Resolver(outbound.Resolver):
    """Microsoft's server has an IPv6 address, too."""

    def handle(self):
        packet, sock = self.request
        name = b"\x0bhotmail-com\x03olc\x0aprotection\x07outlook\x03com\x00\x00\x1c"
        if packet[12:12 + len(name)].lower() != name:
            super().handle()
            return
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 28, 1, 60, 16) + socket.inet_pton(socket.AF_INET6, "::1")
        sock.sendto(packet[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + packet[12:16 + len(name) - 2] + answer,
                    self.client_address)


class Server6(world.Server):
    address_family = socket.AF_INET6


def running(top):
    relay = outbound.Relay(tempfile.mkdtemp(dir=top))
    os.chmod(relay.top, 0o755)
    c = Case(top, outbound="out1 127.0.0.81\nout2 127.0.0.82\n",
             customers="acme n sasl:acme1\nglobex s sasl:globex1\n",
             routes="route * *\nnever acme\nhop 127.0.0.1:%d\n" % relay.ports["HOP"])
    c.env = lambda **more: dict({"MAIL_CONFIG": relay.top + "/etc", "PATH": os.environ["PATH"]}, **more)
    try:
        outbound.Resolver = Resolver
        relay.make("inet_protocols = all", "smtp_address_preference = ipv6", "smtpd_tls_security_level = encrypt", "smtpd_client_event_limit_exceptions =",
                   "smtpd_client_message_rate_limit = 2")
        c.run("--postmap", want=None)
        relay.shell("postconf -# smtpd_restriction_classes smtpd_helo_restrictions transport_maps "
                    "sender_dependent_default_transport_maps")
        relay.append("main.cf", c.run("--print-postfix").out.decode() + "smtpd_helo_required = yes\n")
        relay.append("master.cf", c.run("--print-master").out.decode())
        for port in "SMTP", "SUBMISSION", "REINJECT":
            for setting in "smtpd_tls_security_level=none", "smtpd_client_message_rate_limit=0":
                relay.shell("postconf -P 127.0.0.1:%d/inet/%s" % (relay.ports[port], setting))
        check.equal(c.findings(), "", "set up: --check-postfix finds nothing")
        relay.start_world()
        try:
            server = outbound.serve(Server6(("::1", relay.ports["REMOTE"]), outbound.Mailbox))
            server.name, server.provider = "hotmail-com.olc.protection.outlook.com", None
        except OSError:
            pass  # no IPv6 here: Postfix knows that, too
        wrong = relay.start()
        if not check.ok(wrong is None, "a private Postfix starts", wrong):
            return
        c.list_at("127.0.0.81", "microsoft-consumer")
        c.run("--postmap", "--reload")
        time.sleep(0.5)
        many = {"a@hotmail.com": "out1", "b@outlook.com": "out1", "root@relay.example.net": None}
        for i in range(3):
            check.equal(relay.mail("acme1", list(many)), many, "never: acme's mail to Microsoft stays")
        check.equal(relay.mail("globex1", ["a@hotmail.com"]), {"a@hotmail.com": "out2"}, "everybody else's is routed, by the IPv4 address that the server has")
        check.equal(relay.mail("acme1", ["a@hotmail.com"], sender=""), {"a@hotmail.com": "out1"}, "the null sender's, too")
    finally:
        relay.instance("instance_stop")


top = tempfile.mkdtemp(prefix="mptools-routes.", dir="/tmp")
os.chmod(top, 0o755)
try:
    for case in [globals()[n] for n in sys.argv[1:]] or (strangers, flood, filters, families, never, nearly, domains, orders, faults, many):
        case(top)
    if os.getuid() == 0 and shutil.which("postfix"):
        running(top)
finally:
    if not os.environ.get("KEEP"):
        shutil.rmtree(top, ignore_errors=True)
check.done()
