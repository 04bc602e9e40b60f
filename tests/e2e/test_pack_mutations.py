# SPDX-License-Identifier: Apache-2.0
"""Somebody changes an evidence pack. Whatever is changed, hb verify and hb-verify refuse it (exit code 12) and name the cause: the question that is not
answered as it should be, and the file.

Seeded: change number i is made by rule i modulo their number with the random numbers of (SEED, i), so each can be made again: HB_MUTATION=i runs that
one alone, HB_MUTATIONS=n the first n. What an attacker has grows from rule to rule: a byte editor; a zip library; the format's description and a key of
his own; in the end the lab's own key and this source."""
import binascii
import datetime
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib

import packs
from hbtest import HB, Case

try:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError:
    print("skipped: no python3-cryptography")
    sys.exit(77)

BUILD = os.environ["HB_BUILD_DIR"]
VERIFY = os.path.join(BUILD, "hb-verify")
FORGE = os.path.join(BUILD, "tests", "e2e", "forge_pack")
SEED = 20261126
COUNT = int(os.environ.get("HB_MUTATIONS", "120"))
ONLY = os.environ.get("HB_MUTATION")
STRUCTURE = {"structure"}
WHOLE = {"files", "manifest", "structure"}
SIGNED = {"signature", "statement", "attestation"}


class Lab:
    """A workspace with five runs, a baseline, and packs of two runs; made once."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="hb-mutations-")
        self.hb("init", ".")
        self.hb("keys", "generate", "lab", "--no-passphrase")
        for day in range(7):
            self.make(day)
        for day in range(5):
            self.hb("ingest", f"r{day}.csv", "--run-meta", f"r{day}.json")
        self.hb("baseline", "set", "r3", "--tag", "golden")
        self.hb("run", "r5.csv", "--run-meta", "r5.json", "--fail-on", "none")
        self.hb("export", "evidence-pack", "--case", "r5", "--out", "first.zip")
        self.hb("baseline", "set", "r4", "--tag", "golden")
        self.hb("run", "r6.csv", "--run-meta", "r6.json", "--fail-on", "none")
        self.hb("export", "evidence-pack", "--case", "r6", "--out", "other.zip")
        self.hb("export", "evidence-pack", "--case", "r5", "--out", "pack.zip")
        self.trust = self.path("keys/lab.pub")
        with open(self.path("pack.zip"), "rb") as f:
            self.zip = f.read()
        self.files = packs.read_zip(self.zip)
        self.other = self.read("other.zip")
        self.first = self.read("first.zip")
        with open(self.path("keys/lab.pem"), "rb") as f:
            self.key = serialization.load_pem_private_key(f.read(), None)
        self.stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self.stranger_pem = self.path("stranger.pem")
        with open(os.open(self.stranger_pem, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(self.stranger.private_bytes(serialization.Encoding.PEM,
                                                serialization.PrivateFormat.PKCS8,
                                                serialization.NoEncryption()))

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return packs.read_zip(f.read())

    def hb(self, *args):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        r = subprocess.run([HB, *args], cwd=self.dir, capture_output=True, check=False,
                           env=dict(clean, NO_COLOR="1"), timeout=120)
        if r.returncode != 0:
            raise AssertionError(f"hb {args}: {r.returncode}\n{r.stdout.decode()}{r.stderr.decode()}")

    def make(self, day):
        r = random.Random(day)
        t0 = datetime.datetime(2026, 10, 1) + datetime.timedelta(days=day)
        temp = 20 + r.gauss(0, 0.1)
        with open(self.path(f"r{day}.csv"), "w", encoding="ascii") as f:
            f.write("time,temp (degC),volt (V)\n")
            for k in range(60):
                f.write(f"{(t0 + datetime.timedelta(seconds=k)).isoformat()}Z,{temp + r.gauss(0, 0.3):.2f},{3.3 + r.gauss(0, 0.01):.3f}\n")
        meta = {"run_id": f"r{day}", "program": "apollo", "subsystem": "cooling", "test_name": "warm", "operating_mode": "cruise",
                "timestamps": {"start_utc": t0.isoformat() + "Z"}}
        with open(self.path(f"r{day}.json"), "w", encoding="ascii") as f:
            json.dump(meta, f)

    def forge(self, files, key, with_run=()):
        """The files signed as the program would sign them."""
        folder, target = tempfile.mkdtemp(dir=self.dir), tempfile.mktemp(dir=self.dir)
        packs.write_folder(folder, {n: d for n, d in files.items() if n not in packs.SIGNATURES})
        if with_run:
            with open(os.path.join(folder, "wanted.json"), "w", encoding="ascii") as f:
                json.dump(list(with_run), f)
        r = subprocess.run([FORGE, folder, key, target] + (["run"] if with_run else []), capture_output=True, check=False)
        shutil.rmtree(folder)
        if r.returncode != 0:
            raise AssertionError(r.stderr.decode())
        with open(target, "rb") as f:
            data = f.read()
        os.unlink(target)
        return data


# --- a byte editor: (bytes, questions one of which must be answered badly, words that must be in an answer) ---

def flip(data, r, at=None):
    out = bytearray(data)
    out[r.randrange(len(data)) if at is None else at] ^= r.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
    return bytes(out)


def one_byte(lab, r):
    return flip(lab.zip, r), None, []


def one_byte_more(lab, r):
    at = r.randrange(len(lab.zip) + 1)
    return lab.zip[:at] + bytes([r.randrange(256)]) + lab.zip[at:], STRUCTURE, []


def one_byte_less(lab, r):
    at = r.randrange(len(lab.zip))
    return lab.zip[:at] + lab.zip[at + 1:], STRUCTURE, []


def truncated(lab, r):
    return lab.zip[:r.randrange(len(lab.zip))], STRUCTURE, []


def appended(lab, r):
    return lab.zip + bytes(r.randrange(256) for _ in range(r.randrange(1, 200))), STRUCTURE, ["behind its end"]


def prepended(lab, r):
    return bytes(r.randrange(256) for _ in range(r.randrange(1, 200))) + lab.zip, STRUCTURE, ["not where its end says"]


def listed(lab):
    return [n for n in lab.files if n != packs.MANIFEST and n not in packs.SIGNATURES]


def pick(lab, r):
    return r.choice(listed(lab))


def file_flipped_in_a_folder(lab, r):
    name = r.choice(list(lab.files))
    files = dict(lab.files, **{name: flip(lab.files[name], r)})
    if name in packs.SIGNATURES:
        return files, SIGNED, []
    return files, WHOLE, [name] if name != packs.MANIFEST else []


def file_longer_in_a_folder(lab, r):
    name = pick(lab, r)
    return dict(lab.files, **{name: lab.files[name] + b" "}), WHOLE, [name]


# --- a zip library ---

def with_member(lab, r, change):
    members = packs.members_of(lab.files)
    m = r.choice(members)
    change(m)
    return packs.write_members(members), m.name


def member_field(*changes):
    """One field of a member's headers, in both or in one of them, with another value."""
    def rule(lab, r):
        where, field, value, words = r.choice(changes)

        def change(m):
            for header in {"both": (m.local, m.central), "local": (m.local,), "central": (m.central,)}[where]:
                header[field] = value(header[field]) if callable(value) else value
        data, name = with_member(lab, r, change)
        return data, WHOLE if field == "crc" else STRUCTURE, [name if field != "name" else "", words]
    return rule


attributes = member_field(
    ("central", "external", 0o120777 << 16, "symbolic link"), ("central", "external", 0o040755 << 16, "folder"),
    ("central", "external", 0o060600 << 16, "device"), ("central", "external", 0o010600 << 16, "pipe"), ("central", "external", 0o104755 << 16, "attributes"))
flags = member_field(
    ("both", "flags", 1, "encrypted"), ("both", "flags", 8, "data descriptor"), ("both", "flags", 0x800, "flags"), ("local", "flags", 1, "encrypted"),
    ("both", "method", 93, "compression"), ("both", "method", 8, "deflated"), ("local", "method", 8, "deflated"))
fields = member_field(
    ("both", "time", 0x6000, "time"), ("both", "date", 0x5A00, "time"), ("local", "date", 0, "time"), ("both", "extra", b"\x55\x54\x05\0\x01\0\0\0\0", ""),
    ("local", "extra", b"\x01\0\0\0", ""), ("central", "comment", b"x", "comment"), ("both", "crc", lambda c: c ^ 1, ""), ("local", "crc", 0, "CRC-32"),
    ("central", "disk", 1, "another disk"), ("both", "stored", lambda n: n + 1, "another size"), ("central", "internal", 1, ""), ("both", "version", 45, ""))
names = member_field(
    ("local", "name", lambda n: b"x" * len(n), "another name"), ("both", "name", lambda n: b"../" + n, "leads to"), ("both", "name", lambda n: b"/" + n, "the root"),
    ("both", "name", lambda n: n.replace(b".", b"\\") + b"\\", "other characters"), ("both", "name", lambda n: n + b"\0.txt", "zero byte"),
    ("both", "name", lambda n: n + b"/", "folder"), ("both", "name", b"a\xcc\x88", "other characters"))


def reordered(lab, r):
    members = packs.members_of(lab.files)
    i, k = r.sample(range(len(members)), 2)
    members[i], members[k] = members[k], members[i]
    return packs.write_members(members), STRUCTURE, ["out of order"]


def name_twice(lab, r):
    members = packs.members_of(lab.files)
    i = r.randrange(len(members))
    members.insert(i + r.randrange(2), packs.Member(members[i].name, flip(members[i].data + b"x", r)))
    return packs.write_members(members), STRUCTURE, ["is there twice"]


def name_in_other_case(lab, r):
    files = dict(lab.files)
    name = pick(lab, r)
    files[name.upper() if name.upper() != name else name.lower()] = b"x"
    return packs.write_zip(files), STRUCTURE, ["letters' case"]


def deflated(lab, r):
    """As any zip program would write it: the same files, another container."""
    def change(m):
        c = zlib.compressobj(wbits=-15)
        small = c.compress(m.data) + c.flush()
        for header in (m.local, m.central):
            header.update(method=8, stored=len(small))
        m.data = small
    data, name = with_member(lab, r, change)
    return data, STRUCTURE, [name, "deflated"]


def bomb(lab, r):
    """A kilobyte that is a megabyte a thousand times over."""
    c = zlib.compressobj(9, wbits=-15)
    small = b"".join(c.compress(bytes(1 << 20)) for _ in range(r.randrange(4, 16))) + c.flush()
    m = packs.Member(pick(lab, r), b"")
    for header in (m.local, m.central):
        header.update(method=8, stored=len(small), size=0xFFFFFFFE, crc=binascii.crc32(b""))
    m.data = small
    members = [m if x.name == m.name else x for x in packs.members_of(lab.files)]
    return packs.write_members(members), STRUCTURE, [m.name]


def overlapping(lab, r):
    """Two names for the same bytes."""
    members = packs.members_of(lab.files)
    i = r.randrange(1, len(members))
    members[i].central["at"] = 0
    return packs.write_members(members), STRUCTURE, ["overlaps"]


def hidden(lab, r):
    """Between two files is one that the directory does not know: readers from the front see it."""
    hidden_file = packs.write_members([packs.Member("hidden", b"x" * r.randrange(1, 50))])
    members = packs.members_of(lab.files)
    r.choice(members).behind = hidden_file[:hidden_file.index(b"PK\1\2")]
    return packs.write_members(members), STRUCTURE, []


def something_between(lab, r):
    return packs.write_members(packs.members_of(lab.files), between=b"x" * r.randrange(1, 99)), STRUCTURE, ["end with", "something between"]


def with_comment(lab, r):
    return packs.write_members(packs.members_of(lab.files), comment=b"c" * r.randrange(1, 99)), STRUCTURE, ["comment"]


def wrong_end(lab, r):
    n = len(lab.files)
    end = r.choice(({"here": n - 1}, {"all": n + 1}, {"here": n - 1, "all": n - 1}, {"here": 30000, "all": 30000}, {"disk": 1}, {"size": 46},
                    {"at": 0xFFFFFFFF}, {"at": 1}, {"here": 0, "all": 0}))
    return packs.write_members(packs.members_of(lab.files), end=end), STRUCTURE, []


def two_packs(lab, r):
    return (lab.zip + packs.write_zip(lab.other)) if r.randrange(2) else (packs.write_zip(lab.other) + lab.zip), STRUCTURE, ["not where its end says"]


# --- the format's description, and a key of his own ---

def edited(lab, name, r):
    """A figure or a letter of a file's text is another."""
    data = bytearray(lab.files[name])
    places = [i for i, c in enumerate(data) if chr(c).isalnum()]
    at = r.choice(places)
    same = b"0123456789" if chr(data[at]).isdigit() else b"abcdefghij"
    data[at] = r.choice([c for c in same if c != data[at]])
    return bytes(data)


def some_change(lab, r):
    """Files that say something else than the lab's, and the file that changed."""
    files, kind = dict(lab.files), r.randrange(6)
    name = pick(lab, r)
    if kind == 0:
        del files[name]
    elif kind == 1:
        name = r.choice(("raw/0/more.csv", "note.txt", "keys/more.pub", "governance/operators.yaml"))
        files[name] = b"more"
    elif kind == 2:
        name = r.choice([n for n in listed(lab) if lab.other.get(n, lab.files[n]) != lab.files[n]])
        files[name] = lab.other[name]
    elif kind == 3:
        name = r.choice(("decision.json", "run.json", "baseline/run.json", "reference.json", "policy/baseline_policy.yaml"))
        files[name] = edited(lab, name, r)
    elif kind == 4:
        name = "raw/0/r5.csv"
        files[name] = edited(lab, name, r)
    else:
        files[name] = flip(files[name], r)
    return files, name


def digests_as_they_were(lab, r):
    files, name = some_change(lab, r)
    return packs.write_zip(files), WHOLE, [name]


def manifest_repaired(lab, r):
    files, _ = some_change(lab, r)
    return packs.write_zip(packs.with_manifest(files)), SIGNED, ["manifest"]


def manifest_respelled(lab, r):
    """The same content in another spelling, or with something more in it."""
    text = lab.files[packs.MANIFEST]
    m = json.loads(text)
    m["files"][r.randrange(len(m["files"]))]["note"] = "x"
    other = r.choice((text + b"\n", b" " + text, text.replace(b'"case":"r5"', b'"case":"r\\u0035"'), packs.canonical(m), text.replace(b",", b", ", 1),
                      text.replace(b'{"case"', b'{"case":"x","case"'), json.dumps(json.loads(text), indent=1).encode()))
    return packs.write_zip(dict(lab.files, **{packs.MANIFEST: other})), {"manifest"}, ["manifest.json"]


def statement_repaired(lab, r):
    """Everything fits but the signature, which is the old one."""
    files, _ = some_change(lab, r)
    signed = packs.signed_again(files, [lab.stranger])
    old, new = json.loads(lab.files[packs.ATTESTATION]), json.loads(signed[packs.ATTESTATION])
    new["signatures"] = old["signatures"]
    return packs.write_zip(dict(signed, **{packs.ATTESTATION: packs.canonical(new)})), {"signature"}, []


def signed_by_a_stranger(lab, r):
    files = some_change(lab, r)[0] if r.randrange(2) else dict(lab.files)
    public = lab.stranger.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for name in [n for n in files if n.startswith("keys/") and n != "keys/log.pub"]:
        if r.randrange(2):
            del files[name]
    files["keys/stranger.pub"] = public
    return packs.write_zip(packs.signed_again(files, [lab.stranger])), {"trust"}, []


def key_replaced(lab, r):
    """The stranger's key under the lab's name, and his signature."""
    files = dict(lab.files)
    name = r.choice([n for n in files if n.startswith("keys/") and n != "keys/log.pub"])
    files[name] = lab.stranger.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if r.randrange(2):
        return packs.write_zip(files), WHOLE, [name]
    return packs.write_zip(packs.signed_again(files, [lab.stranger])), {"trust"}, []


def not_signed(lab, r):
    files = dict(lab.files)
    if r.randrange(2):
        del files[packs.ATTESTATION]
        return packs.write_zip(files), {"attestation"}, ["not signed"]
    e = json.loads(files[packs.ATTESTATION])
    e["signatures"] = []
    return packs.write_zip(dict(files, **{packs.ATTESTATION: packs.canonical(e)})), SIGNED, []


def signature_of_another(lab, r):
    """The lab's signature over another of its packs."""
    return packs.write_zip(dict(lab.files, **{packs.ATTESTATION: r.choice((lab.other, lab.first))[packs.ATTESTATION]})), SIGNED, []


def envelope_changed(lab, r):
    e = json.loads(lab.files[packs.ATTESTATION])
    kind = r.randrange(6)
    if kind == 0:
        e["payloadType"] = "application/json"
    elif kind == 1:
        e["signatures"].append({"keyid": "00" * 32, "sig": e["signatures"][0]["sig"]})
    elif kind == 2:
        e["signatures"][0]["keyid"] = "11" * 32
    elif kind == 3:
        e["more"] = 1
    elif kind == 4:
        e["payload"] = e["payload"][:-4]
    else:
        return packs.write_zip(dict(lab.files, **{packs.ATTESTATION: json.dumps(e, indent=1).encode()})), {"attestation"}, []
    return packs.write_zip(dict(lab.files, **{packs.ATTESTATION: packs.canonical(e)})), SIGNED, []


def token_added(lab, r):
    """What is no time token, or the one of another signature, where nobody signed for a time."""
    junk = bytes(r.randrange(256) for _ in range(r.randrange(1, 300)))
    return packs.write_zip(dict(lab.files, **{packs.TOKEN: junk})), {"time"}, []


def older_checkpoint(lab, r):
    """The log as it was when the run was first exported: what came after would not show."""
    files = dict(lab.files)
    names = ["log/checkpoint"] if r.randrange(2) else ["log/checkpoint", "log/inclusion.json"]
    source = r.choice((lab.first, lab.other))
    for name in names:
        files[name] = source[name]
    if files["log/checkpoint"] == lab.files["log/checkpoint"]:
        files["log/checkpoint"] = lab.first["log/checkpoint"]
    if r.randrange(2):
        return packs.write_zip(files), WHOLE, ["log/checkpoint"]
    return packs.write_zip(packs.with_manifest(files)), SIGNED, []


# --- the lab's own key: everything is signed, and what was signed does not follow ---

def signed_by_the_lab(change, questions, words=()):
    def rule(lab, r):
        return lab.forge(change(lab, r), lab.path("keys/lab.pem")), questions, list(words)
    return rule


def replaced(name, source="other"):
    return lambda lab, r: dict(lab.files, **{name: getattr(lab, source)[name]})


def other_verdict(lab, r):
    text = lab.files["decision.json"].replace(b'"verdict":"PASS"', b'"verdict":"FAIL"')
    assert text != lab.files["decision.json"]
    return dict(lab.files, **{"decision.json": text})


def other_figure(name):
    def change(lab, r):
        data = bytearray(lab.files[name])
        start = data.index(b'"metrics"' if name != "decision.json" else b'"comparisons"')
        places = [i for i in range(start, len(data)) if chr(data[i]) in "123456789" and data[i - 1:i] == b"."]
        at = r.choice(places)
        data[at] = r.choice([c for c in b"123456789" if c != data[at]])
        return dict(lab.files, **{name: bytes(data)})
    return change


def other_policy(lab, r):
    return dict(lab.files, **{"policy/baseline_policy.yaml": lab.files["policy/baseline_policy.yaml"] + b"# eased\n"})


def checkpoint_alone(lab, r):
    return dict(lab.files, **{"log/checkpoint": lab.first["log/checkpoint"]})


def no_raw_file(lab, r):
    return {n: d for n, d in lab.files.items() if n != "raw/0/r5.csv"}


def raw_alone(lab, r):
    return dict(lab.files, **{"raw/0/r5.csv": edited(lab, "raw/0/r5.csv", r)})


def value_of_a_set(lab, r):
    """A figure of an earlier run, in the matrix the statistics read."""
    text = lab.files["reference.json"]
    arrays = [m.span(1) for m in re.finditer(rb'"values":\[([^]]*)\]', text)]
    short = [m.start(1) for a in arrays for m in re.compile(rb"\.([2-8])\d{0,4}(?=[,\]])").finditer(text, a[0], a[1] + 1)]
    at = r.choice(short)  # a digit of few, so that it stays the shortest form of a figure
    return dict(lab.files, **{"reference.json": text[:at] + bytes([text[at] + 1]) + text[at + 1:]})


def runs_of(lab):
    return [n for n in lab.files if n.startswith("baseline/runs/")]


def run_of_a_set_left_out(lab, r):
    left_out = r.choice(runs_of(lab))
    return {n: d for n, d in lab.files.items() if n != left_out}


def run_of_a_set_replaced(lab, r):
    one, other = r.sample(runs_of(lab), 2)
    return dict(lab.files, **{one: lab.files[other]})


def run_of_a_set_added(lab, r):
    runs = runs_of(lab)
    return dict(lab.files, **{f"baseline/runs/{len(runs) + r.randrange(1, 9)}.json": lab.files[r.choice(runs)]})


def run_of_a_set_changed(lab, r):
    return other_figure(r.choice(runs_of(lab)))(lab, r)


RULES = [
    one_byte, one_byte_more, one_byte_less, truncated, appended, prepended, file_flipped_in_a_folder, file_longer_in_a_folder,
    attributes, flags, fields, names, reordered, name_twice, name_in_other_case, deflated, bomb, overlapping, hidden, something_between, with_comment, wrong_end,
    two_packs, digests_as_they_were, manifest_repaired, manifest_respelled, statement_repaired, signed_by_a_stranger, key_replaced, not_signed, signature_of_another,
    envelope_changed, token_added, older_checkpoint,
    signed_by_the_lab(other_verdict, {"decision"}),
    signed_by_the_lab(replaced("decision.json"), {"decision"}),
    signed_by_the_lab(other_figure("decision.json"), {"decision", "program"}),
    signed_by_the_lab(other_figure("run.json"), {"inputs"}, ["run.json"]),
    signed_by_the_lab(replaced("run.json"), {"inputs", "decision"}),
    signed_by_the_lab(replaced("baseline/run.json"), {"inputs", "baseline"}),
    signed_by_the_lab(replaced("reference.json"), {"inputs", "baseline", "decision"}),
    signed_by_the_lab(other_policy, {"configuration"}, ["policy/baseline_policy.yaml"]),
    signed_by_the_lab(checkpoint_alone, {"log", "checkpoint"}),
    signed_by_the_lab(replaced("log/entry.json"), {"log"}),
    signed_by_the_lab(no_raw_file, {"raw"}, ["raw/0/r5.csv"]),
    signed_by_the_lab(raw_alone, {"raw"}, ["raw/0/r5.csv"]),
    signed_by_the_lab(value_of_a_set, {"reference"}, ["reference.json"]),
    signed_by_the_lab(run_of_a_set_left_out, {"reference"}, ["baseline/runs/", "was left out"]),
    signed_by_the_lab(run_of_a_set_replaced, {"reference"}, ["baseline/runs/", "in its place belongs"]),
    signed_by_the_lab(run_of_a_set_added, {"reference"}, ["is of no run that reference.json names"]),
    signed_by_the_lab(run_of_a_set_changed, {"reference"}, ["baseline/runs/"]),
]


class Mutations(Case):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.lab.dir)

    def ask(self, program, pack):
        args = [program] + (["verify"] if program == HB else []) + ["--json", f"--trust={self.lab.trust}", pack]
        if program != HB:
            args[-2:-1] = ["--trust", self.lab.trust]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        return subprocess.run(args, capture_output=True, check=False, timeout=120, cwd=self.dir, env=clean)

    def put(self, what):
        path = self.path("pack")
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)
        if isinstance(what, dict):
            packs.write_folder(path, what)
        else:
            self.write("pack", what)
        return path

    def refused(self, what, questions, words, label):
        path = self.put(what)
        for program in (HB, VERIFY):
            r = self.ask(program, path)
            said = f"{label}: {os.path.basename(program)}\n{r.stdout.decode()}{r.stderr.decode()}"
            self.assertEqual(r.returncode, 12, said)
            answer = json.loads(r.stdout)
            self.assertFalse(answer["holds"], said)
            bad = [a for a in answer["answers"] if a["answer"] == "fails"]
            self.assertTrue(bad, said)
            if questions:
                self.assertTrue(questions & {a["question"] for a in bad}, f"expected {questions}\n{said}")
            for word in words:
                self.assertTrue(any(word in a["text"] for a in bad), f"expected '{word}'\n{said}")

    def test_the_packs_hold_before_anything_is_changed(self):
        self.assertEqual(packs.write_zip(self.lab.files), self.lab.zip, "packs.py and hb write the same bytes")
        for what in (self.lab.zip, self.lab.files, packs.write_zip(self.lab.other), packs.write_zip(self.lab.first),
                     self.lab.forge(self.lab.files, self.lab.path("keys/lab.pem"))):
            path = self.put(what)
            for program in (HB, VERIFY):
                r = self.ask(program, path)
                self.assertEqual(r.returncode, 0, r.stdout.decode() + r.stderr.decode())
                self.assertTrue(json.loads(r.stdout)["holds"])

    def test_every_change_is_refused_and_named(self):
        count = 0
        for i in [int(ONLY)] if ONLY else range(COUNT):
            rule = RULES[i % len(RULES)]
            r = random.Random(SEED * 1000003 + i)
            what, questions, words = rule(self.lab, r)
            self.assertNotIn(what, (self.lab.zip, self.lab.files), f"change {i} changes nothing")
            self.refused(what, questions, words, f"change {i}, {getattr(rule, '__name__', rule)}")
            count += 1
        print(f"{count} changes by {len(RULES)} rules, all refused")

    def test_a_raw_sample_is_another_and_everything_is_repaired_and_signed(self):
        """The lab's own key and all of its tools: digests, the run's own digest, the decision made again and the Statement fit. The log's key he has not, so the
        log is left out. hb reads the raw file again and finds another run; hb-verify, which cannot read it, says that it decided from the profiles."""
        files = {n: d for n, d in self.lab.files.items() if not n.startswith("log/") and n != "keys/log.pub"}
        old = packs.entry("x", files["raw/0/r5.csv"])["sha256"]
        lines = files["raw/0/r5.csv"].split(b"\n")
        sample = lines[30].split(b",")
        sample[1] = b"%.2f" % (float(sample[1]) + 1)
        lines[30] = b",".join(sample)
        files["raw/0/r5.csv"] = b"\n".join(lines)
        new = packs.entry("x", files["raw/0/r5.csv"])["sha256"]
        files["raw/reading.json"] = files["raw/reading.json"].replace(old.encode(), new.encode())
        path = self.put(self.lab.forge(files, self.lab.path("keys/lab.pem"), with_run=[new]))
        r = self.ask(HB, path)
        self.assertEqual(r.returncode, 12, r.stdout.decode())
        answer = json.loads(r.stdout)
        bad = {a["question"] for a in answer["answers"] if a["answer"] == "fails"}
        self.assertTrue(bad & {"reading", "decision"}, r.stdout.decode())
        self.assertFalse(bad & {"structure", "manifest", "files", "signature", "trust", "statement", "inputs", "raw"}, r.stdout.decode())
        carried = json.loads(self.ask(VERIFY, path).stdout)
        self.assertEqual(carried["decided_from"], "profiles")
        self.assertIn("not_asked", [a["answer"] for a in carried["answers"] if a["question"] == "reading"])


if __name__ == "__main__":
    unittest.main()
