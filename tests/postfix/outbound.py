"""A relay with three outbound addresses on loopback, for the tests of listings and routes: a private
Postfix (instance.sh), the mail servers of providers that refuse addresses in a provider's own words,
content filters, and a DNS server that knows these providers' domains. By which address mail left is
what the servers saw.

Needs root, as a Postfix master does."""
import os
import shutil
import smtplib
import socket
import socketserver
import sqlite3
import struct
import subprocess
import threading
import time

import world
from lib import skip

OUT = {"out1": "127.0.0.81", "out2": "127.0.0.82", "out3": "127.0.0.83"}
NAME = {address: name for name, address in OUT.items()}
# domain: name and address of its mail server
MX = {"hotmail.com": ("hotmail-com.olc.protection.outlook.com", "127.0.0.50"),
      "outlook.com": ("outlook-com.olc.protection.outlook.com", "127.0.0.50"),
      "gmail.com": ("gmail-smtp-in.l.google.com", "127.0.0.51"),
      "contoso.example": ("contoso-example.mail.protection.outlook.com", "127.0.0.52"),
      "corp.example": ("mx1.corp.example", "127.0.0.53"),
      "acme.example": ("mx.acme.example", "127.0.0.61"),
      "globex.example": ("mx.globex.example", "127.0.0.62")}
MICROSOFT = "127.0.0.50"
S3150 = ("550 5.7.1 Unfortunately, messages from [%s] weren't sent. Please contact your Internet service "
         "provider since part of their network is on our block list (S3150). You can also refer your "
         "provider to http://mail.live.com/mail/troubleshooting.aspx#errors.")
SPAM = "550 5.7.1 Message rejected as spam by Content Filtering."
HERE = os.path.dirname(os.path.abspath(__file__))
# of every program that a test starts
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ.setdefault("MPTOOLS_SHARE", os.path.abspath(os.path.join(HERE, "../../share/mptools")))


def needs():
    if os.getuid() != 0:
        skip("a Postfix instance needs root")
    if shutil.which("postfix") is None:
        skip("Postfix is not installed")


def read_data(session):
    """The message as it came, and its subject."""
    lines = []
    for line in iter(lambda: session.rfile.readline(65536), b""):
        if line == b".\r\n":
            break
        lines.append(line)
    return b"".join(lines), next((l.split(b":", 1)[1].strip().decode() for l in lines
                                  if l.lower().startswith(b"subject:")), "")


class Mailbox(world.Session):
    """A provider's server: notes who came, refuses the addresses that it lists, and spam where it
    looks at that."""
    blocked = {}         # server's address -> our addresses
    picky = set()        # servers that refuse spam
    seen = []            # (subject, recipient, our address)

    def command(self, verb, line):
        peer = self.client_address[0]
        if verb == "MAIL" and peer in self.blocked.get(self.server.server_address[0], ()):
            Mailbox.seen.append(("refused", self.server.server_address[0], peer))
            self.say(S3150 % peer)
            return
        super().command(verb, line)

    def finish_data(self):
        data, subject = read_data(self)
        if b"cheap pills" in data and self.server.server_address[0] in self.picky:
            self.say(SPAM)
            return
        Mailbox.seen += [(subject, rcpt, self.client_address[0]) for rcpt in self.rcpts]
        self.say("250 2.0.0 Ok: queued as %012X" % (time.time_ns() & 0xFFFFFFFFFFFF))


class Scanner(world.Session):
    """Passes on to the port that belongs to its own, and notes what it scanned."""
    scanned = []         # (subject, recipient)

    def finish_data(self):
        data, subject = read_data(self)
        Scanner.scanned += [(subject, rcpt) for rcpt in self.rcpts]
        self.say(self.server.filter.pass_on(self, data))


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


def free_run(count, taken):
    """The first of so many free ports in a row, none of those that are taken already."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as s:
            first = s.getsockname()[1]
        if taken.intersection(range(first, first + count)):
            continue
        try:
            for s in [socket.create_server(("127.0.0.1", first + i)) for i in range(count)]:
                s.close()
            taken.update(range(first, first + count))
            return first
        except (OSError, OverflowError):
            pass


class Relay:
    """The instance below the folder top; the operator's files are in conf, the tools' memory is
    ledger. Ports: SMTP and SUBMISSION; FILTER, a content filter that
    returns to REINJECT; SCAN, one that returns to BACK; HOP and the next port, for routegen's hop;
    SCANHOP and the next, filters that return to HOP and the next."""

    def __init__(self, top):
        self.top, self.count = top, 0
        self.conf, self.ledger = top + "/conf", top + "/ledger.db"
        os.mkdir(self.conf)
        world.write_ports(top)
        with open(top + "/ports") as f:
            self.ports = {k: int(v) for k, v in (line.strip().split("=") for line in f)}
        taken = set(self.ports.values())
        for name in "HOP", "SCANHOP", "SCAN", "BACK":
            self.ports[name] = free_run(2, taken)

    def put(self, name, text):
        """A file of the operator's."""
        with open(self.conf + "/" + name, "w") as f:
            f.write(text)

    def sql(self, statement, *values):
        with sqlite3.connect(self.ledger, timeout=30) as db:
            return db.execute(statement, values).fetchall()

    def shell(self, command):
        p = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=dict(os.environ, MAIL_CONFIG=self.top + "/etc"))
        return p.returncode, p.stdout.decode("utf-8", "replace")

    def instance(self, what):
        return self.shell(". %s/instance.sh; INSTANCE=%s; %s" % (HERE, self.top, what))

    def start(self):
        """None, or what went wrong."""
        rc, out = self.instance("instance_start")
        return out + self.shell("tail -n 20 %s/mail.log" % self.top)[1] if rc else None

    def postconf(self, *settings):
        for s in settings:
            rc, out = self.shell("postconf -e '%s'" % s)
            if rc:
                raise RuntimeError(out)

    def reload(self):
        self.instance("instance_reload")
        time.sleep(0.5)

    def make(self, *settings):
        """The instance, not started yet: mail goes by DNS."""
        rc, out = self.instance("instance_make %s" % self.top)
        if rc:
            raise RuntimeError(out)
        with open(self.top + "/queue/etc/resolv.conf", "w") as f:
            f.write("nameserver %s\n" % start_resolver())
        with open(self.top + "/queue/etc/nsswitch.conf", "w") as f:
            f.write("hosts: files dns\n")
        self.postconf("content_filter =", "transport_maps =", "smtp_dns_support_level = enabled",
                      "smtp_host_lookup = dns, native", "smtp_tcp_port = %d" % self.ports["REMOTE"], *settings)
        with open(self.top + "/etc/master.cf") as f:
            text = f.read().replace("-o smtpd_sender_restrictions= ",
                                    "-o smtpd_sender_restrictions= -o smtpd_helo_restrictions= ")
        with open(self.top + "/etc/master.cf", "w") as f:
            f.write(text)

    def append(self, name, text):
        with open(self.top + "/etc/" + name, "a") as f:
            f.write(text)

    def start_world(self):
        ports = self.ports
        for address in sorted({a for _, a in MX.values()}):
            server = serve(world.Server((address, ports["REMOTE"]), Mailbox))
            server.name, server.provider = [h for h, a in MX.values() if a == address][0], None
        for port, back in [(ports["FILTER"], ports["REINJECT"]), (ports["SCAN"], ports["BACK"])] + [
                (ports["SCANHOP"] + i, ports["HOP"] + i) for i in range(2)]:
            server = serve(world.Server(("127.0.0.1", port), Scanner))
            server.name, server.provider = "filter.example", None
            server.filter = world.Filter(self.top + "/mail.log", back)
        os.makedirs(self.top + "/queue/sasl")
        serve(world.AuthServer(self.top + "/queue/sasl/auth", world.Auth))
        os.chmod(self.top + "/queue/sasl/auth", 0o666)

    def hand_in(self, login, rcpts, sender="bob@acme.example", source="127.0.0.9", words=""):
        """One message, with a subject of its own; None, or why it was refused."""
        self.count += 1
        self.subject = "m%d%s" % (self.count, words and " " + words)
        port = self.ports["SUBMISSION"] if login else self.ports["SMTP"]
        with smtplib.SMTP("127.0.0.1", port, local_hostname="pc.client.example", source_address=(source, 0),
                          timeout=15) as s:
            if login:
                s.login(login, login, initial_response_ok=True)
            else:
                s.ehlo()
            code, text = s.mail(sender)
            if code != 250:
                return text.decode()
            for r in rcpts:
                code, text = s.rcpt(r)
                if code != 250:
                    return text.decode()
            s.data("Subject: %s\r\nFrom: <x@acme.example>\r\nMessage-ID: <m%d@pc>\r\n\r\nHello.\r\n" %
                   (self.subject, self.count))
        return None

    def drain(self):
        for _ in range(2):
            self.instance("instance_drain 20")
            time.sleep(0.2)

    def mail(self, login, rcpts, *more, **named):
        """One message; {recipient: the server it left by}, None for what was refused there."""
        refusal = self.hand_in(login, rcpts, *more, **named)
        if refusal:
            return refusal
        self.drain()
        found = {r: NAME.get(a, a) for s, r, a in Mailbox.seen if s == self.subject}
        return {r: found.get(r) for r in rcpts}

    def scanned(self):
        """The latest message's recipients, as far as it was scanned."""
        return {r for s, r in Scanner.scanned if s == self.subject}
