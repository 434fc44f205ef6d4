#!/usr/bin/env python3
"""mmdb.py: writes a MaxMind DB, for tests of what reads them.

    mmdb.py OUT.mmdb country|asn [--bits 24|28|32] [--ip 4|6] [--layout L] <TABLE

A line of TABLE is NET, COUNTRY, ASN and AS-NAME between tabs; what is empty is left out of the
record, `#` starts a comment. The longest net wins, in whatever order they come. Layouts:
    maxmind     country.iso_code; autonomous_system_number, autonomous_system_organization
    registered  registered_country.iso_code; as above
    flat        country_code; as above (ip-location-db)
    text        country; asn as `AS64496`, as_name (IPinfo)

MaxMind DB File Format Specification, version 2.0. The same table gives the same bytes.
"""
import argparse
import ipaddress
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"
UTF8, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


class U16(int):
    kind, most = UINT16, 2


class U32(int):
    kind, most = UINT32, 4


class U64(int):
    kind, most = UINT64, 8


def control(kind, size):
    """The control byte, the extended type and the size of a field."""
    if size < 29:
        low, more = size, b""
    elif size < 285:
        low, more = 29, bytes([size - 29])
    elif size < 65821:
        low, more = 30, (size - 285).to_bytes(2, "big")
    else:
        low, more = 31, (size - 65821).to_bytes(3, "big")
    if kind > 7:
        return bytes([low, kind - 7]) + more
    return bytes([kind << 5 | low]) + more


def pointer(at):
    if at < 2048:
        return bytes([1 << 5 | at >> 8, at & 255])
    if at < 526336:
        at -= 2048
        return bytes([1 << 5 | 1 << 3 | at >> 16]) + (at & 0xFFFF).to_bytes(2, "big")
    at -= 526336
    return bytes([1 << 5 | 2 << 3 | at >> 24]) + (at & 0xFFFFFF).to_bytes(3, "big")


class Data:
    """The data section. Records and strings that were written before are pointed at."""

    def __init__(self):
        self.out = bytearray()
        self.strings = {}
        self.records = {}

    def put(self, v):
        if isinstance(v, str):
            b = v.encode(errors="surrogateescape")
            if b in self.strings and len(b) > 3:
                self.out += pointer(self.strings[b])
            else:
                self.strings[b] = len(self.out)
                self.out += control(UTF8, len(b)) + b
        elif isinstance(v, int):
            b = v.to_bytes(v.most, "big").lstrip(b"\0")
            self.out += control(v.kind, len(b)) + b
        elif isinstance(v, list):
            self.out += control(ARRAY, len(v))
            for one in v:
                self.put(one)
        else:
            self.out += control(MAP, len(v))
            for key, one in v.items():
                self.put(key)
                self.put(one)

    def record(self, v):
        """Where the record is, in bytes from the section's start."""
        key = repr(v)
        if key not in self.records:
            self.records[key] = len(self.out)
            self.put(v)
        return self.records[key]


class Tree:
    """The search tree. A place in a node is None, ("node", number) or ("data", offset)."""

    def __init__(self):
        self.nodes = [[None, None]]

    def node_at(self, bits, length):
        """The node that the first `length` bits lead to; made at need, and what was above it is
        handed down."""
        at = 0
        for i in range(length):
            side = bits >> (127 - i) & 1
            place = self.nodes[at][side]
            if place is None or place[0] == "data":
                self.nodes.append([place, place])
                place = self.nodes[at][side] = ("node", len(self.nodes) - 1)
            at = place[1]
        return at

    def put(self, bits, length, place):
        """Shorter nets first: a longer one then splits what is above it."""
        if length == 0:
            self.nodes[0] = [place, place]
        else:
            node = self.node_at(bits, length - 1)
            self.nodes[node][bits >> (128 - length) & 1] = place

    def bytes(self, record_bits):
        count = len(self.nodes)
        out = bytearray()
        for node in self.nodes:
            left, right = (
                count if p is None else p[1] if p[0] == "node" else count + 16 + p[1] for p in node
            )
            if max(left, right) >> record_bits:
                sys.exit(f"mmdb.py: too much for records of {record_bits} bits")
            if record_bits == 28:
                out += (left & 0xFFFFFF).to_bytes(3, "big")
                out.append(left >> 24 << 4 | right >> 24)
                out += (right & 0xFFFFFF).to_bytes(3, "big")
            else:
                out += left.to_bytes(record_bits // 8, "big")
                out += right.to_bytes(record_bits // 8, "big")
        return out


def record_of(kind, layout, country, asn, name):
    if kind == "country":
        if not country:
            return {}
        return {
            "maxmind": {"country": {"iso_code": country}},
            "registered": {"registered_country": {"iso_code": country}},
            "flat": {"country_code": country},
            "text": {"country": country},
        }[layout]
    text = layout == "text"
    record = {}
    if asn:
        key = "asn" if text else "autonomous_system_number"
        record[key] = "AS" + asn if text else U32(asn)
    if name:
        record["as_name" if text else "autonomous_system_organization"] = name
    return record


def read_table(lines, ip):
    rows, seen = [], set()
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        columns = (line.split("\t") + ["", "", ""])[:4]
        try:
            net = ipaddress.ip_network(columns[0])
            if columns[2]:
                U32(columns[2]).to_bytes(4, "big")
        except (ValueError, OverflowError) as e:
            sys.exit(f"mmdb.py: line {number}: {e}")
        bits, length = int(net.network_address), net.prefixlen
        if net.version == 6 and ip == 4:
            sys.exit(f"mmdb.py: line {number}: an IPv6 net, and the database is for IPv4")
        if ip == 4:
            bits <<= 96
        elif net.version == 4:
            length += 96  # IPv4 lives in ::/96
        if (length, bits) in seen:
            sys.exit(f"mmdb.py: line {number}: {net} is there already")
        seen.add((length, bits))
        rows.append((length, bits, columns[1:]))
    return sorted(rows)


def main():
    p = argparse.ArgumentParser(description="writes a MaxMind DB of a table on standard input")
    p.add_argument("out")
    p.add_argument("kind", choices=["country", "asn"])
    p.add_argument("--bits", type=int, choices=[24, 28, 32], default=28)
    p.add_argument("--ip", type=int, choices=[4, 6], default=6)
    p.add_argument("--layout", choices=["maxmind", "registered", "flat", "text"], default="maxmind")
    a = p.parse_args()
    # bytes that are not UTF-8 go into the database as they are
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")

    tree, data = Tree(), Data()
    for length, bits, columns in read_table(sys.stdin, a.ip):
        tree.put(bits, length, ("data", data.record(record_of(a.kind, a.layout, *columns))))
    if a.ip == 6:
        # ::ffff:0:0/96 is ::/96, as MaxMind's own databases have it
        tree.put(0xFFFF << 32, 96, ("node", tree.node_at(0, 96)))
    meta = Data()
    meta.put(
        {
            "binary_format_major_version": U16(2),
            "binary_format_minor_version": U16(0),
            "build_epoch": U64(1767225600),
            "database_type": "mptools-test-" + a.kind,
            "description": {"en": "made by tests/mmdb.py"},
            "ip_version": U16(a.ip),
            "languages": ["en"],
            "node_count": U32(len(tree.nodes)),
            "record_size": U16(a.bits),
        }
    )
    with open(a.out, "wb") as f:
        f.write(tree.bytes(a.bits) + bytes(16) + data.out + MARKER + meta.out)


if __name__ == "__main__":
    main()
