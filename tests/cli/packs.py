# SPDX-License-Identifier: Apache-2.0
"""Evidence packs for tests, written from docs/formats/evidence_pack.md and APPNOTE.TXT 6.3.10: read,
changed, and put together again as whoever wants to deceive would do it."""
import base64
import binascii
import hashlib
import io
import json
import os
import struct
import zipfile

MANIFEST = "manifest.json"
ATTESTATION = "attestation.dsse.json"
TOKEN = "attestation.tsr"
SIGNATURES = (ATTESTATION, TOKEN)


def canonical(value):
    """RFC 8785 for what stands in manifests and statements: no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def order(name):
    return (name in SIGNATURES, name.encode())


def read_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        return {name: z.read(name) for name in z.namelist()}


def read_folder(folder):
    files = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as f:
                files[os.path.relpath(path, folder)] = f.read()
    return files


def write_folder(folder, files):
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)


class Member:
    """One file of a zip; every field of its two headers can be another than it should be."""

    def __init__(self, name, data, **other):
        self.name, self.data = name, data
        self.local = {"version": 10, "flags": 0, "method": 0, "time": 0, "date": 0x21,
                      "crc": binascii.crc32(data), "stored": len(data), "size": len(data),
                      "name": name.encode("utf-8", "surrogateescape"), "extra": b""}
        self.central = dict(self.local, made_by=0x300 | 10, comment=b"", disk=0, internal=0,
                            external=0o100644 << 16, at=None)
        self.behind = b""
        for key, value in other.items():
            for header in (self.local, self.central):
                if key in header:
                    header[key] = value
            if key == "behind":
                self.behind = value


def write_members(members, comment=b"", before=b"", between=b"", after=b"", end=None):
    out, directory = bytearray(before), bytearray()
    for m in members:
        at, h = len(out), m.local
        out += struct.pack("<IHHHHHIIIHH", 0x04034B50, h["version"], h["flags"], h["method"],
                           h["time"], h["date"], h["crc"], h["stored"], h["size"],
                           len(h["name"]), len(h["extra"])) + h["name"] + h["extra"] + m.data
        out += m.behind
        c = m.central
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, c["made_by"], c["version"],
                                 c["flags"], c["method"], c["time"], c["date"], c["crc"],
                                 c["stored"], c["size"], len(c["name"]), len(c["extra"]),
                                 len(c["comment"]), c["disk"], c["internal"], c["external"],
                                 at if c["at"] is None else c["at"])
        directory += c["name"] + c["extra"] + c["comment"]
    out += between
    fields = {"disk": 0, "disk_of_directory": 0, "here": len(members), "all": len(members),
              "size": len(directory), "at": len(out)}
    fields.update(end or {})
    out += directory
    out += struct.pack("<IHHHHIIH", 0x06054B50, *fields.values(), len(comment)) + comment
    return bytes(out) + after


def members_of(files):
    return [Member(name, files[name]) for name in sorted(files, key=order)]


def write_zip(files):
    return write_members(members_of(files))


def entry(name, data):
    return {"path": name, "sha256": hashlib.sha256(data).hexdigest(),
            "sha512": hashlib.sha512(data).hexdigest(), "size": len(data)}


def with_manifest(files):
    """The same files with a manifest that fits them; the attestation is left as it is."""
    case = json.loads(files[MANIFEST])["case"]
    listed = [entry(name, files[name]) for name in sorted(files, key=order)
              if name != MANIFEST and name not in SIGNATURES]
    text = canonical({"case": case, "files": listed, "format": "hb-evidence-pack/1"})
    return dict(files, **{MANIFEST: text})


def statement_of(files):
    return json.loads(base64.b64decode(json.loads(files[ATTESTATION])["payload"]))


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def envelope(statement, keys):
    """Signed by Ed25519 keys of the cryptography package."""
    from cryptography.hazmat.primitives import serialization
    kind, payload = "application/vnd.in-toto+json", canonical(statement)
    signatures = []
    for key in keys:
        spki = key.public_key().public_bytes(serialization.Encoding.DER,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)
        signatures.append({"keyid": hashlib.sha256(spki).hexdigest(),
                           "sig": base64.b64encode(key.sign(pae(kind, payload))).decode()})
    return canonical({"payload": base64.b64encode(payload).decode(), "payloadType": kind,
                      "signatures": signatures})


def signed_again(files, keys, change=None):
    """A manifest that fits and a statement about it, signed: all that somebody with a key can do
    without deciding again. `change` may alter the statement."""
    files = with_manifest(files)
    statement = statement_of(files)
    digests = {"sha256": hashlib.sha256(files[MANIFEST]).hexdigest(),
               "sha512": hashlib.sha512(files[MANIFEST]).hexdigest()}
    for subject in statement["subject"]:
        subject["digest"] = {k: digests[k] for k in subject["digest"]}
    if change:
        change(statement, files)
    return dict(files, **{ATTESTATION: envelope(statement, keys)})
