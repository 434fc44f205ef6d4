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
import smtplib
import socket
import socketserver
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "postfix")]
import world  # noqa: E402
from lib import Checks, skip, tool  # noqa: E402

BIN = os.path.abspath(os.environ.get("BIN", "bin"))
TOOL = os.path.join(BIN, "routegen")
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ.setdefault("MPTOOLS_SHARE", os.path.join(os.path.dirname(HERE), "share/mptools"))
TIME = 1795516070000000  # 2026-11-24T10:27:50Z
OUT = {"out1": "127.0.0.81", "out2": "127.0.0.82", "out3": "127.0.0.83"}
# domain: name and address of its mail server
MX = {"hotmail.com": ("hotmail-com.olc.protection.outlook.com", "127.0.0.50"),
      "outlook.com": ("outlook-com.olc.protection.outlook.com", "127.0.0.50"),
      "gmail.com": ("gmail-smtp-in.l.google.com", "127.0.0.51"),
      "contoso.example": ("contoso-example.mail.protection.outlook.com", "127.0.0.52"),
      "corp.example": ("mx1.corp.example", "127.0.0.53"),
      "acme.example": ("mx.acme.example", "127.0.0.61"),
      "globex.example": ("mx.globex.example", "127.0.0.62")}
S3150 = ("550 5.7.1 Unfortunately, messages from [%s] weren't sent. Please contact your Internet service "
         "provider since part of their network is on our block list (S3150). You can also refer your "
         "provider to http://mail.live.com/mail/troubleshooting.aspx#errors.")
MICROSOFT = "127.0.0.50"

check = Checks()
if os.getuid() != 0:
    skip("a Postfix instance needs root")
if shutil.which("postfix") is None:
    skip("Postfix is not installed")
if not check.ok(os.access(TOOL, os.X_OK), "routegen is built"):
    check.done()
top = tempfile.mkdtemp(prefix="mptools-routegen.", dir="/tmp")
conf, maps, ledger = top + "/conf", top + "/maps", top + "/ledger.db"
os.mkdir(conf)


# ---- the world ----
class Mailbox(world.Session):
    """A provider's server: notes who came, refuses addresses that it lists."""
    blocked = {}  # server's address -> our addresses
    seen = []     # (subject, recipient, our address)

    def command(self, verb, line):
        peer = self.client_address[0]
        if verb == "MAIL" and peer in self.blocked.get(self.server.server_address[0], ()):
            Mailbox.seen.append(("refused", self.server.server_address[0], peer))
            self.say(S3150 % peer)
            return
        super().command(verb, line)

    def finish_data(self):
        lines = []
        while True:
            line = self.rfile.readline(65536)
            if not line or line == b".\r\n":
                break
            lines.append(line)
        subject = next((l.split(b":", 1)[1].strip().decode() for l in lines
                        if l.lower().startswith(b"subject:")), "")
        Mailbox.seen += [(subject, rcpt, self.client_address[0]) for rcpt in self.rcpts]
        self.say("250 2.0.0 Ok: queued as %012X" % (time.time_ns() & 0xFFFFFFFFFFFF))


class Scanner(world.Session):
    """Passes on to the port that belongs to its own; notes what it scanned."""
    scanned = []

    def finish_data(self):
        lines = []
        while True:
            line = self.rfile.readline(65536)
            if not line or line == b".\r\n":
                break
            lines.append(line)
        data = b"".join(lines)
        subject = next((l.split(b":", 1)[1].strip().decode() for l in lines
                        if l.lower().startswith(b"subject:")), "")
        Scanner.scanned += [(subject, rcpt) for rcpt in self.rcpts]
        self.say("250 2.0.0 from MTA(smtp:[127.0.0.1]:%d): %s" %
                 (self.server.back, world.Filter.reinject(self.server, self, data)))


class Resolver(socketserver.BaseRequestHandler):
    """MX and A of the domains above; everything else doesn't exist."""

    def handle(self):
        packet, sock = self.request
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
            at += 1 + packet[at]
        kind = struct.unpack(">H", packet[at + 1:at + 3])[0]
        name, answer = ".".join(labels), b""
        hosts = dict(MX.values())
        if kind == 15 and name in MX:
            host = b"".join(bytes([len(x)]) + x.encode() for x in MX[name][0].split(".")) + b"\0"
            answer = b"\xc0\x0c" + struct.pack(">HHIHH", 15, 1, 60, len(host) + 2, 10) + host
        elif kind == 1 and name in hosts:
            answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(hosts[name])
        known = name in MX or name in hosts
        sock.sendto(packet[:2] + struct.pack(">HHHHH", 0x8580 | (0 if known else 3), 1, bool(answer), 0, 0)
                    + packet[12:at + 5] + answer, self.client_address)


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def start_resolver():
    """Its address: port 53 of a loopback address that nobody has."""
    for last in range(2, 250):
        address = "127.0.%d.%d" % (os.getpid() % 200 + 20, last)
        try:
            serve(socketserver.ThreadingUDPServer((address, 53), Resolver))
            return address
        except OSError as e:
            error = e
    skip("no DNS port on loopback: %s" % error)


def start_world():
    for address in sorted({a for _, a in MX.values()}):
        server = serve(world.Server((address, ports["REMOTE"]), Mailbox))
        server.name, server.provider = [h for h, a in MX.values() if a == address][0], None
    for port, back in [(ports["FILTER"], ports["REINJECT"]), (ports["SCAN"], ports["BACK"])] + [
            (ports["SCANHOP"] + i, ports["HOP"] + i) for i in range(2)]:
        server = serve(world.Server(("127.0.0.1", port), Scanner))
        server.name, server.provider, server.port, server.back = "filter.example", None, back, back
    os.makedirs(top + "/queue/sasl")
    serve(world.AuthServer(top + "/queue/sasl/auth", world.Auth))
    os.chmod(top + "/queue/sasl/auth", 0o666)


# ---- the instance ----
def shell(command, **more):
    p = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       env=dict(os.environ, MAIL_CONFIG=top + "/etc"), cwd=os.path.dirname(HERE), **more)
    return p.returncode, p.stdout.decode("utf-8", "replace")


def instance(what):
    return shell('. tests/postfix/instance.sh; INSTANCE=%s; %s' % (top, what))


def postconf(*settings):
    for s in settings:
        rc, out = shell("postconf -e '%s'" % s)
        if rc:
            raise RuntimeError(out)


def reload():
    instance("instance_reload")
    time.sleep(0.5)


world.write_ports(top)
with open(top + "/ports") as f:
    ports = {k: int(v) for k, v in (line.strip().split("=") for line in f)}


def free_run(count):
    """The first of so many free ports in a row."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as s:
            first = s.getsockname()[1]
        try:
            for s in [socket.create_server(("127.0.0.1", first + i)) for i in range(count)]:
                s.close()
            return first
        except (OSError, OverflowError):
            pass


for name in "HOP", "SCANHOP", "SCAN", "BACK":
    ports[name] = free_run(2)


def make_instance():
    rc, out = instance("instance_make %s" % top)
    if rc:
        raise RuntimeError(out)
    with open(top + "/queue/etc/resolv.conf", "w") as f:
        f.write("nameserver %s\n" % start_resolver())
    with open(top + "/queue/etc/nsswitch.conf", "w") as f:
        f.write("hosts: files dns\n")
    postconf("content_filter =", "transport_maps =", "smtp_dns_support_level = enabled",
             "smtp_host_lookup = dns, native", "smtp_tcp_port = %d" % ports["REMOTE"],
             "virtual_alias_domains = ours.example", "virtual_alias_maps = inline:{info@ours.example=root}",
             "relay_domains = inline:{outlook.com=x}")
    with open(top + "/etc/master.cf", "a") as f:
        f.write("127.0.0.1:%d inet n - y - - smtpd\n  -o syslog_name=postfix/back -o content_filter=out2:\n"
                "  -o smtpd_sasl_auth_enable=no -o smtpd_helo_restrictions= -o mynetworks=127.0.0.0/8\n"
                % ports["BACK"])
    with open(top + "/etc/master.cf") as f:
        text = f.read().replace("-o smtpd_sender_restrictions= ",
                                "-o smtpd_sender_restrictions= -o smtpd_helo_restrictions= ")
    with open(top + "/etc/master.cf", "w") as f:
        f.write(text)


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


def put(name, text):
    with open(conf + "/" + name, "w") as f:
        f.write(text)


def sql(statement, *values):
    with sqlite3.connect(ledger, timeout=30) as db:
        return db.execute(statement, values).fetchall()


def list_at(out, provider, state="listed", source="log"):
    sql("INSERT INTO listings (ip, provider, source, state, first, since, last) VALUES (?, ?, ?, ?, ?, ?, ?)",
        OUT[out], provider, source, state, TIME, TIME, TIME)


def unlist(out, provider):
    sql("UPDATE listings SET state = 'clear', until = ? WHERE ip = ? AND provider = ?", TIME + 1, OUT[out],
        provider)


count = 0


def mail(login, rcpts, sender=None, source="127.0.0.9"):
    """One message; {recipient: the server it left by}, what was refused is None."""
    global count
    count += 1
    subject = "m%d" % count
    port = ports["SUBMISSION"] if login else ports["SMTP"]
    with smtplib.SMTP("127.0.0.1", port, local_hostname="pc.client.example", source_address=(source, 0),
                      timeout=15) as s:
        if login:
            s.login(login, login, initial_response_ok=True)
        else:
            s.ehlo()
        s.mail(sender or "bob@acme.example")
        for r in rcpts:
            code, text = s.rcpt(r)
            if code != 250:
                return text.decode()
        s.data("Subject: %s\r\nFrom: <x@acme.example>\r\nMessage-ID: <%s@pc>\r\n\r\nHello.\r\n" % (subject, subject))
    instance("instance_drain 20")
    time.sleep(0.2)
    instance("instance_drain 20")
    by = {v: k for k, v in OUT.items()}
    found = {r: by.get(a, a) for s, r, a in Mailbox.seen if s == subject}
    return {r: found.get(r) for r in rcpts}


def scanned():
    return {r for s, r in Scanner.scanned if s == "m%d" % count}


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
    with open(top + "/etc/main.cf", "a") as f:
        f.write(route("--print-postfix").out.decode())
        f.write("smtpd_helo_required = yes\n")
    with open(top + "/etc/master.cf", "a") as f:
        f.write(route("--print-master").out.decode())
    r = route("--check-postfix")
    check.equal((r.rc, r.err), (0, b""), "then --check-postfix finds nothing")
    check.equal(shell("postconf -n 2>&1 >/dev/null")[1], "", "postconf has nothing to say")
    route("--postmap")
    start_world()
    rc, out = instance("instance_start")
    if not check.ok(rc == 0, "a private Postfix starts", out):
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
    reload()
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
    reload()
    events = install(1, "mail passes a content filter")
    check.ok([e[:2] for e in events if e[0] == "ends"] and any(e[0] == "trouble" for e in events),
             "a content filter: the route ends, and it says why", events)
    check.equal(mail("acme1", ["a@hotmail.com"]), {"a@hotmail.com": None}, "the mail isn't routed")
    check.equal(scanned(), {"a@hotmail.com"}, "and scanned")
    put("routes", "route acme microsoft out2\nscan out2 scan:[127.0.0.1]:%d\n" % ports["SCAN"])
    install()
    check.equal(mail("acme1", ["a@hotmail.com"]), {"a@hotmail.com": "out2"}, "by the scanner's own listener it is routed")
    check.equal(scanned(), {"a@hotmail.com"}, "and scanned")
    put("routes", "route acme microsoft-consumer out2\nroute acme microsoft-365 out3\n"
                  "hop 127.0.0.1:%d\nscan * 127.0.0.1:%d\n" % (ports["HOP"], ports["SCANHOP"]))
    install()
    many = {"a@hotmail.com": "out2", "b@contoso.example": "out3", "c@gmail.com": "out1"}
    check.equal(mail("acme1", list(many)), many, "hop and scanner: two ways in one message, each recipient its own")
    check.equal(scanned(), set(many), "all of them scanned")
    check.equal(mail("globex1", ["c@gmail.com"]), {"c@gmail.com": "out1"}, "other mail goes as ever")
    check.equal(scanned(), {"c@gmail.com"}, "scanned, too")
    postconf("content_filter =")
    reload()
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
    make_instance()
    main()
finally:
    instance("instance_stop")
    if not os.environ.get("KEEP"):
        shutil.rmtree(top, ignore_errors=True)
check.done()
