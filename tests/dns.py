"""DNS for tests, on 127.0.0.1 only: rbldnsd with zones of the test's own, and a small responder that
answers whatever a list or a resolver may answer when it is out of order, and counts questions."""
import os
import random
import socket
import socketserver
import struct
import subprocess
import threading
import time

RBLDNSD = "/usr/sbin/rbldnsd"
A, TXT = 1, 16


class Rbldnsd:
    """zones: {"ZONE:TYPE:FILE": text}."""

    def __init__(self, folder, zones):
        os.chmod(folder, 0o755)  # as root it becomes somebody else
        self.folder, self.zones = folder, zones
        for zone, text in zones.items():
            name = os.path.join(folder, zone.split(":")[2])
            with open(name, "w") as f:
                f.write(text)
            os.chmod(name, 0o644)
        self.port = free_port()
        self.log = os.path.join(folder, "rbldnsd.out")
        with open(self.log, "w") as out:
            self.process = subprocess.Popen(
                [RBLDNSD, "-n", "-b", "127.0.0.1/%d" % self.port, "-w", folder] + list(zones),
                stdout=out, stderr=out)

    def ready(self):
        """Answers a question within ten seconds."""
        name = "2.0.0.127." + list(self.zones)[0].split(":")[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.1)
            for _ in range(100):
                try:
                    s.sendto(question(name, A), ("127.0.0.1", self.port))
                    s.recv(512)
                    return True
                except OSError:
                    time.sleep(0.1)
        return False

    def stop(self):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- the responder ---

def wire(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def question(name, qtype, ident=None):
    ident = random.randrange(65536) if ident is None else ident
    return struct.pack("!6H", ident, 0x100, 1, 0, 0, 0) + wire(name) + struct.pack("!2H", qtype, 1)


def record(rtype, data):
    return b"\xc0\x0c" + struct.pack("!2HIH", rtype, 1, 60, len(data)) + data


def a(*addresses):
    return [record(A, socket.inet_aton(x)) for x in addresses]


def txt(*strings):
    """One record of several strings."""
    data = b"".join(bytes([len(s)]) + s for s in strings)
    return [record(TXT, data)]


class Responder:
    """answers: by zone, the last two labels; each answer(name, qtype, tcp) gives (rcode, records), bytes to send as they are, or None for
    silence; `TC` as rcode is a truncated answer."""

    def __init__(self, answers, family=socket.AF_INET, host="127.0.0.1", hangs_up=False):
        responder = self
        self.answers = answers
        self.asked = []  # (name, type)
        self.open = {}   # zone: questions without an answer now, and the most there ever were
        self.lock = threading.Lock()
        self.tcp_answers = 0

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                data, sock = self.request
                reply = responder.reply(data, False)
                if reply:
                    sock.sendto(reply, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                if hangs_up:  # FIN and RST at once: who writes now gets SIGPIPE
                    self.request.shutdown(socket.SHUT_WR)
                    self.reset()
                    return
                head = self.rfile.read(2)
                while len(head) == 2:
                    reply = responder.reply(self.rfile.read(struct.unpack("!H", head)[0]), True)
                    if reply is None:
                        self.reset()
                        return
                    responder.tcp_answers += 1
                    self.wfile.write(struct.pack("!H", len(reply)) + reply)
                    head = self.rfile.read(2)

            def reset(self):
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0))
                self.request.close()

        class UdpServer(socketserver.ThreadingUDPServer):
            address_family, daemon_threads, block_on_close = family, True, False

        class TcpServer(socketserver.ThreadingTCPServer):
            address_family, daemon_threads, block_on_close = family, True, False

            def handle_error(self, request, client_address):
                pass  # the other side has gone

        while True:
            udp = UdpServer((host, 0), Udp)
            try:
                tcp = TcpServer((host, udp.server_address[1]), Tcp)
                break
            except OSError:
                udp.server_close()
        self.port = udp.server_address[1]
        for server in (udp, tcp):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def reply(self, data, tcp):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        qtype = struct.unpack("!H", data[at + 1:at + 3])[0]
        name, zone = ".".join(labels), ".".join(labels[-2:]).lower()
        with self.lock:
            self.asked.append((name, qtype))
            now, most = self.open.get(zone, (0, 0))
            self.open[zone] = (now + 1, max(most, now + 1))
        answer = self.answers[zone](name, qtype, tcp)
        with self.lock:
            now, most = self.open[zone]
            self.open[zone] = (now - 1, most)
        if answer is None or isinstance(answer, bytes):
            return data[:2] + answer if answer else None
        rcode, records = answer
        flags = 0x8380 if rcode == "TC" else 0x8180 | rcode
        head = data[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0)
        return head + data[12:at + 5] + b"".join(records)

    def names(self, zone, qtype=None):
        return [n for n, t in self.asked if n.endswith("." + zone) and qtype in (None, t)]


def entry(name):
    """The address asked about: 2.0.0.127.x.example -> 127.0.0.2"""
    return ".".join(reversed(name.split(".")[:4]))
