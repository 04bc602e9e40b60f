# SPDX-License-Identifier: Apache-2.0
"""A second reader of the log's files: C2SP tlog-tiles, RFC 6962 and signed notes, written from the specifications; the
signature is checked by openssl's implementation through python's cryptography."""
import base64
import hashlib
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def root(hashes):
    """MTH of RFC 6962, 2.1, as it stands there."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + root(hashes[:k]) + root(hashes[k:])).digest()


def tile_name(level, n, width):
    digits = f"{n % 1000:03}"
    n //= 1000
    while n:
        digits = f"x{n % 1000:03}/{digits}"
        n //= 1000
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < 256 else "")


def open_note(text, name, key):
    """The signed text; raises when no signature of this name and key holds."""
    body, signatures = text.rsplit(b"\n\n", 1)
    body += b"\n"
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    want = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    good = 0
    for line in signatures.splitlines():
        dash, who, blob = line.decode().split(" ")
        assert dash == "\u2014", line
        blob = base64.b64decode(blob, validate=True)
        if who == name and blob[:4] == want:
            key.verify(blob[4:], body)
            good += 1
    assert good, "no signature of " + name
    return body


def pub(path):
    with open(path, "rb") as f:
        key = load_pem_public_key(f.read())
    assert isinstance(key, Ed25519PublicKey)
    return key


def checkpoint(text, key):
    """(origin, size, root)"""
    origin = text.split(b"\n", 1)[0].decode()
    lines = open_note(text, origin, key).decode().split("\n")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


class Log:
    def __init__(self, folder):
        self.folder = folder
        self.key = pub(os.path.join(folder, "key.pub"))
        self.origin, self.size, self.root = checkpoint(self.read("checkpoint"), self.key)

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    def level(self, level):
        """All hashes of a level."""
        total, out = self.size >> (8 * level), []
        for n in range((total + 255) // 256):
            width = min(256, total - n * 256)
            data = self.read(tile_name(level, n, width))
            assert len(data) == 32 * width
            out += [data[i:i + 32] for i in range(0, len(data), 32)]
        return out

    def entries(self):
        out = []
        for n in range((self.size + 255) // 256):
            width = min(256, self.size - n * 256)
            data = self.read(tile_name("entries", n, width))
            for _ in range(width):
                size = int.from_bytes(data[:2], "big")
                assert len(data) >= 2 + size
                out.append(data[2:2 + size])
                data = data[2 + size:]
            assert not data
        return out

    def check(self):
        """Everything; returns the entries."""
        entries = self.entries()
        hashes = [leaf(e) for e in entries]
        assert root(hashes) == self.root
        level = 0
        while hashes:
            assert self.level(level) == hashes, level
            hashes = [root(hashes[i:i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
            level += 1
        return entries


def check_inclusion(hash_, index, size, path, want):
    """RFC 9162, 2.1.3.2."""
    assert index < size
    fn, sn, r = index, size - 1, hash_
    for p in path:
        assert sn
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and r == want
