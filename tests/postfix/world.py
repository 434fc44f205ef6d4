#!/usr/bin/env python3
"""The world around the private Postfix of the tests, all of it on loopback.

  world.py ports DIR     chooses free ports, writes DIR/ports, DIR/hosts and DIR/domains
  world.py run DIR       serves until killed; DIR/world.ready appears when all sockets listen

It is three things: Dovecot's authentication protocol for smtpd (any login whose password is its own
name), an amavis-like content filter behind the queue that logs its verdict to the same mail log, and
the mail servers of several mailbox providers, each with its own name, address and way of refusing.
Messages whose Subject says 'cheap pills' are spam to filter and providers; a recipient whose local
part starts with 'nobody' is unknown everywhere.
"""
import base64
import os
import smtplib
import socket
import socketserver
import sys
import threading
import time

# domain, name and address of its mail server, what it answers to spam, what to an unknown mailbox
PROVIDERS = [
    ("bigmail.example", "mx1.bigmail.example", "127.0.0.51",
     "550-5.7.1 Our system has detected that this message is likely unsolicited mail. To reduce\r\n"
     "550-5.7.1 the amount of spam sent to our users, this message has been blocked. Please visit\r\n"
     "550 5.7.1 https://support.bigmail.example/mail/?p=UnsolicitedMessageError - gsmtp",
     "550 5.1.1 The email account that you tried to reach does not exist."),
    ("postbox.example", "mx.postbox.example", "127.0.0.52",
     "554 5.7.1 Message rejected as spam by Content Filtering.",
     "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table"),
    ("corp.example", "mx1.corp.example", "127.0.0.53",
     "554 5.7.1 The message from (<%s>) was rejected because it is classified as spam",
     "550 5.1.1 <%s>: Recipient address rejected: User unknown in local recipient table"),
    ("freemail.example", "mta5.freemail.example", "127.0.0.54",
     "554 Message not accepted: it looks like spam (PH01)",
     "554 delivery error: dd This user doesn't have a freemail.example account"),
    ("office.example", "office-example.mail.example", "127.0.0.55",
     "550 5.7.1 This message was identified as spam and rejected by the recipient's policy",
     "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
]
# the customers' own mail servers, where their bounces go
for _number, _customer in enumerate(("acme", "globex", "initech")):
    PROVIDERS.append((_customer + ".example", "mx." + _customer + ".example", "127.0.0.%d" % (61 + _number),
                      "550 5.7.1 Message rejected as spam", "550 5.1.1 User unknown"))
CLIENTS = [("web1.acme.example", "127.0.1.10"), ("app.globex.example", "127.0.2.10")]


class Session(socketserver.StreamRequestHandler):
    """One SMTP session; what to answer is in self.server.provider, or it is the content filter."""
    timeout = 60

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.sender, self.rcpts, self.forward = "", [], {}
        self.say("220 %s ESMTP" % self.server.name)
        while True:
            line = self.rfile.readline(4096)
            if not line:
                return
            line = line.decode("latin-1").rstrip("\r\n")
            verb = line.split(" ", 1)[0].upper()
            if verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            self.command(verb, line)

    def command(self, verb, line):
        if verb in ("EHLO", "HELO"):
            self.say("250-%s\r\n250-8BITMIME\r\n250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"
                     % self.server.name)
        elif verb == "XFORWARD":
            self.forward.update(p.split("=", 1) for p in line.split(" ")[1:] if "=" in p)
            self.say("250 2.0.0 Ok")
        elif verb == "MAIL":
            self.sender, self.rcpts = path(line), []
            self.say("250 2.1.0 Ok")
        elif verb == "RCPT":
            self.rcpt(path(line))
        elif verb == "DATA":
            self.say("354 End data with <CR><LF>.<CR><LF>")
            self.finish_data()
        elif verb == "RSET":
            self.say("250 2.0.0 Ok")
        else:
            self.say("502 5.5.2 Error: command not recognized")

    def rcpt(self, address):
        provider = self.server.provider
        if provider and address.startswith("nobody"):
            self.say(filled(provider[4], address))
        else:
            self.rcpts.append(address)
            self.say("250 2.1.5 Ok")

    def finish_data(self):
        lines = []
        while True:
            line = self.rfile.readline(65536)
            if not line or line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        data = b"".join(lines)
        if self.server.provider:
            if b"cheap pills" in data:
                self.say(filled(self.server.provider[3], self.sender))
            else:
                self.say("250 2.0.0 Ok: queued as %012X" % (time.time_ns() & 0xFFFFFFFFFFFF))
        else:
            self.say(self.server.filter.pass_on(self, data))


def filled(text, address):
    return text % address if "%s" in text else text


def path(line):
    """What is between < and the > that ends the path, quotes honoured."""
    start = line.index("<") + 1
    quoted, at = False, start
    while line[at] != ">" or quoted:
        if line[at] == "\\":
            at += 1
        elif line[at] == '"':
            quoted = not quoted
        at += 1
    return line[start:at]


class Filter:
    """Passes every message on to Postfix and logs a verdict as amavis does."""

    def __init__(self, log, port):
        self.log, self.port, self.lock, self.count = log, port, threading.Lock(), 0

    def pass_on(self, session, data):
        spam = b"cheap pills" in data
        reply = self.reinject(session, data)
        with self.lock:
            self.count += 1
            count = self.count
        msgid = next((l.split(b":", 1)[1].strip().decode("latin-1") for l in data.split(b"\r\n")
                      if l.lower().startswith(b"message-id:")), "")
        queued = reply.rsplit(" ", 1)[-1]
        self.write("(%05d-%02d) Passed %s {%s}, ORIGINATING LOCAL [127.0.0.1]:%d [%s] <%s> -> %s, "
                   "Queue-ID: %s, Message-ID: %s, mail_id: m%011d, Hits: %s, size: %d, "
                   "queued_as: %s, %d ms" %
                   (os.getpid(), count, "SPAM" if spam else "CLEAN",
                    "RelayedTaggedOutbound" if spam else "RelayedOutbound",
                    session.client_address[1], session.forward.get("ADDR", "127.0.0.1"),
                    session.sender, ",".join("<%s>" % r for r in session.rcpts),
                    session.forward.get("IDENT", ""), msgid, count, "14.2" if spam else "-1.9",
                    len(data), queued, 20))
        return "250 2.0.0 from MTA(smtp:[127.0.0.1]:%d): %s" % (self.port, reply)

    def reinject(self, session, data):
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost", timeout=30) as next_hop:
            next_hop.ehlo()
            words = " ".join("%s=%s" % (k, v) for k, v in session.forward.items())
            if words:
                next_hop.docmd("XFORWARD", words)
            next_hop.docmd("MAIL FROM:<%s>" % session.sender)
            for rcpt in session.rcpts:
                next_hop.docmd("RCPT TO:<%s>" % rcpt)
            code, text = next_hop.data(data)
            return "%d %s" % (code, text.decode("latin-1"))

    def write(self, text):
        line = "%s relay amavis[%d]: %s\n" % (time.strftime("%b %e %H:%M:%S"), os.getpid(), text)
        with open(self.log, "ab", buffering=0) as f:
            f.write(line.encode("latin-1"))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Auth(socketserver.StreamRequestHandler):
    """Dovecot's authentication client protocol, version 1.1: SASL PLAIN only."""

    def handle(self):
        pid = os.getpid()
        self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t%d\nCUID\t%d\nCOOKIE\t%s\nDONE\n"
                         % (pid, id(self) & 0xFFFF, os.urandom(16).hex().encode()))
        for line in self.rfile:
            words = line.rstrip(b"\n").split(b"\t")
            if words[0] != b"AUTH":
                continue
            response = next((w[5:] for w in words if w.startswith(b"resp=")), b"")
            parts = base64.b64decode(response).split(b"\0")
            if len(parts) == 3 and parts[1] and parts[1] == parts[2]:
                self.wfile.write(b"OK\t%s\tuser=%s\n" % (words[1], parts[1]))
            else:
                self.wfile.write(b"FAIL\t%s\tuser=?\n" % words[1])


class AuthServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def free_ports(count):
    sockets = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def write_ports(folder):
    names = ("SMTP", "SUBMISSION", "FILTER", "REINJECT", "REMOTE")
    with open(folder + "/ports", "w") as f:
        f.writelines("%s=%d\n" % pair for pair in zip(names, free_ports(len(names))))
    with open(folder + "/hosts", "w") as f:
        f.write("127.0.0.1 localhost\n")
        f.writelines("%s %s\n" % (p[2], p[1]) for p in PROVIDERS)
        f.writelines("%s %s\n" % (address, name) for name, address in CLIENTS)
    with open(folder + "/domains", "w") as f:
        f.writelines("%s %s\n" % (p[0], p[1]) for p in PROVIDERS)


def run(folder):
    with open(folder + "/ports") as f:
        ports = {k: int(v) for k, v in (line.strip().split("=") for line in f)}
    servers = []
    for provider in PROVIDERS:
        server = Server((provider[2], ports["REMOTE"]), Session)
        server.name, server.provider = provider[1], provider
        servers.append(server)
    scan = Server(("127.0.0.1", ports["FILTER"]), Session)
    scan.name, scan.provider = "filter.relay.example.net", None
    scan.filter = Filter(folder + "/mail.log", ports["REINJECT"])
    servers.append(scan)
    socket_path = folder + "/queue/sasl/auth"
    os.makedirs(os.path.dirname(socket_path), exist_ok=True)
    if os.path.exists(socket_path):
        os.unlink(socket_path)
    servers.append(AuthServer(socket_path, Auth))
    os.chmod(socket_path, 0o666)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    open(folder + "/world.ready", "w").close()
    threading.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("ports", "run"):
        sys.exit(__doc__)
    {"ports": write_ports, "run": run}[sys.argv[1]](sys.argv[2])
