# SPDX-License-Identifier: Apache-2.0
"""A second implementation of docs/formats/journal.md: writes and reads segments without hb."""
import os
import struct

HEAD = 4096
NONE = -(1 << 63)


def _table():
    rows = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        rows.append(i)
    return rows


TABLE = _table()


def crc32c(data):
    c = 0xFFFFFFFF
    for b in data:
        c = TABLE[(c ^ b) & 255] ^ (c >> 8)
    return c ^ 0xFFFFFFFF


def record(position, source, topic, payload, event=NONE, arrival=0, kind=1):
    body = struct.pack("<QqqBBHI", position, event, arrival, kind, len(source), len(topic), len(payload))
    body += source + topic + payload
    n = 8 + len(body)
    body += bytes(-n % 8)
    return struct.pack("<II", n, crc32c(body)) + body


class Writer:
    """segment(bytes): begins the next one, sealing the last."""

    def __init__(self, folder):
        self.folder = folder
        self.position = 0
        self.segment_bytes = 1 << 20
        self.parts = None
        self.places = []
        os.makedirs(folder, exist_ok=True)

    def segment(self, segment_bytes=1 << 20):
        if self.parts is not None:
            self._put(True)
        self.start, self.parts, self.arrivals = self.position, [], []
        self.segment_bytes = segment_bytes

    def add(self, source, topic, payload, **more):
        r = record(self.position, source.encode(), topic.encode(), payload, **more)
        self.parts.append(r)
        self.arrivals.append(more.get("arrival", 0))
        self.places.append(self.position)
        self.position += len(r)
        return self.places[-1]

    def path(self, start=None):
        return os.path.join(self.folder, f"{self.start if start is None else start:020d}.hbj")

    def _put(self, sealed):
        head = struct.pack("<8sIIQQq", b"HBJOURNL", 1, HEAD, self.start, self.segment_bytes, 1767600000 * 10**9)
        head += bytes(60 - len(head))
        head += struct.pack("<I", crc32c(head))
        seal = bytes(64)
        if sealed:
            seal = struct.pack("<QQqq", self.position, len(self.parts), self.arrivals[0], max(self.arrivals)) + bytes(28)
            seal += struct.pack("<I", crc32c(seal))
        data = head + seal
        data += bytes(HEAD - len(data)) + b"".join(self.parts)
        with open(self.path(), "wb") as f:
            f.write(data + bytes(self.segment_bytes - len(data)))

    def close(self):
        self._put(False)


def records(folder):
    """position, kind, source, topic, payload, event, arrival: every checksum looked at."""
    expected = None
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".hbj")):
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        assert data[:8] == b"HBJOURNL" and struct.unpack_from("<II", data, 8) == (1, HEAD)
        assert struct.unpack_from("<I", data, 60)[0] == crc32c(data[:60])
        start, at = int(name[:20]), HEAD
        assert expected in (None, start), "segments do not join"
        while at + 40 <= len(data):
            n, crc, position, event, arrival, kind, s, t, p = struct.unpack_from("<IIQqqBBHI", data, at)
            if n == 0:
                break
            end = at + (n + 7) // 8 * 8
            assert position == start + at - HEAD and n == 40 + s + t + p and crc == crc32c(data[at + 8:end])
            body = data[at + 40:at + n]
            yield position, kind, body[:s], body[s:s + t], body[s + t:], event, arrival
            at = end
        expected = start + at - HEAD
