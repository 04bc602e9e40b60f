# SPDX-License-Identifier: Apache-2.0
"""Hiding fields: the rest is shown to be what was signed, by our programs and by a second reading of
docs/formats alone; and what somebody could try against it."""
import base64
import hashlib
import hmac
import json
import os
import random
import sys
import unittest

import packs
from hbtest import SOURCE, Case

try:
    import jsonschema
    from cryptography.hazmat.primitives import serialization
except ImportError:
    print("skipped: no jsonschema or no cryptography")
    sys.exit(77)

VERIFY = os.path.join(os.environ["HB_BUILD_DIR"], "hb-verify")
DOCUMENTS = "baseline/run.json", "decision.json", "reference.json", "run.json"
POLICY = """profiles:
  supplier:
    redact:
      build.build_id: hash
      git_sha: redact
      context.environment: truncate
      factors.operator: redact
      factors.rig: hash
      correlation_id: redact
"""


# --- docs/formats/commitments.md, read once more ---

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def split(n):
    return 1 << (n - 1).bit_length() - 1


def salts(seed, n):
    if n <= 1:
        return [seed] * n
    k = split(n)
    return salts(sha(b"\2", seed), k) + salts(sha(b"\3", seed), n - k)


def root(leaves):
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha()
    k = split(len(leaves))
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))


def opened(n, hidden, seeds):
    """Salts by place, of all but the hidden ones."""
    seeds = list(seeds)

    def part(start, n):
        if not any(start <= h < start + n for h in hidden):
            return salts(seeds.pop(0), n)
        if n == 1:
            return [None]
        k = split(n)
        return part(start, k) + part(start + k, n - k)

    out = part(0, n) if n else []
    assert not seeds
    return out


def texts(value, out=None):
    """Values that are strings, in the order of the document."""
    out = [] if out is None else out
    for v in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        if isinstance(v, str):
            out.append(v)
        else:
            texts(v, out)
    return out


def emptied(data):
    """The document's bytes with every string value emptied."""
    out, i = bytearray(), 0
    while i < len(data):
        if data[i:i + 1] != b'"':
            out += data[i:i + 1]
            i += 1
            continue
        end = i + 1
        while data[end:end + 1] != b'"':
            end += 2 if data[end:end + 1] == b"\\" else 1
        out += data[i:end + 1] if data[end + 1:end + 2] == b":" else b'""'
        i = end + 1
    return bytes(out)


def commitment(data, path, secret):
    leaves = texts(json.loads(data))
    seed = hmac.new(secret, path.encode(), hashlib.sha256).digest()
    made = [sha(b"\0", s, t.encode()) for s, t in zip(salts(seed, len(leaves)), leaves)]
    return {"leaves": len(leaves), "path": path, "root": root(made).hex(),
            "skeleton_sha256": hashlib.sha256(emptied(data)).hexdigest()}


def list_of_files(files):
    out = []
    for name in sorted(files, key=str.encode):
        if name in DOCUMENTS or name.startswith(("commitments.", "attestation.")) or name == "manifest.json":
            continue
        top, _, rest = name.rpartition("/")[0:0] + (name[:name.find("/") + 1], "", name[name.find("/") + 1:])
        out += [top, rest, hashlib.sha256(files[name]).hexdigest()]
    return packs.canonical(out)


def committed(files):
    return json.loads(base64.b64decode(json.loads(files["commitments.dsse.json"])["payload"]))


class Fields(Case):
    def setUp(self):
        super().setUp()
        rows = "".join(f"{i},{20 + i % 5},{3 + i % 3}\n" for i in range(200))
        self.write("a.csv", "time,x,y\n" + rows)
        self.write("b.csv", "time,x,y\n" + rows.replace(",22,", ",29,"))
        for name, build in ("a", "build-alpha-41"), ("b", "build-beta-42"):
            self.write(f"{name}.json", json.dumps({
                "program": "apollo", "subsystem": "pump", "test_name": "warmup", "environment": "hall-seven",
                "operating_mode": "nominal", "build": {"build_id": build, "git_sha": "cafe" + 8 * name},
                "correlation_id": "corr-" + 6 * name, "factors": {"rig": "rig-north-1", "operator": f"kim-{name}<ü>"}}))
        self.hb("init", ".")
        self.hb("run", "a.csv", "--run-id", "a", "--run-meta", "a.json")
        self.hb("baseline", "set", "a")
        self.hb("run", "b.csv", "--run-id", "b", "--run-meta", "b.json", "--fail-on", "none")
        for name in "lab", "red":
            self.hb("keys", "generate", name, "--no-passphrase")
        self.hb("export", "evidence-pack", "--case", "b", "--key", "lab", "--out", "b.zip")
        self.write("redaction_policy.yaml", POLICY)

    def hide(self, out="r.zip", *more):
        return self.hb("redact", "b.zip", "--profile", "supplier", "--out", out, "--reason", "for the supplier",
                       "--key", "red", *more)

    def files(self, name):
        with open(self.path(name), "rb") as f:
            return packs.read_zip(f.read())

    def answers(self, name, trust=("lab", "red"), code=0):
        args = [w for t in trust for w in ("--trust", f"keys/{t}.pub")]
        d = self.hb_json("verify", name, *args, code=code)
        with open(os.path.join(SOURCE, "schemas", "verify.schema.json"), encoding="utf-8") as f:
            self.assertEqual([e.message for e in jsonschema.Draft202012Validator(json.load(f)).iter_errors(d)], [])
        small = self.run_hb(name, *args, "--json", binary=VERIFY)
        self.assertEqual(small.returncode, code, small)
        return d

    def told(self, d, *questions):
        return [(a["answer"], a["text"]) for a in d["answers"] if a["question"] in questions]

    def forged(self, change, has, questions=("redaction",), key="red"):
        """Signed by who redacted: all that he could do."""
        files = self.files("r.zip")
        change(files)
        with open(self.path(f"keys/{key}.pem"), "rb") as f:
            k = serialization.load_pem_private_key(f.read(), None)
        self.write("f.zip", packs.write_zip(packs.signed_again(files, [k])))
        told = self.told(self.answers("f.zip", code=12), *questions)
        self.assertTrue([a for a, _ in told if a in ("fails", "not_checked")], told)
        self.assertIn(has, " ".join(t for _, t in told))

    def edit(self, files, name, change):
        d = json.loads(files[name])
        change(d)
        files[name] = packs.canonical(d)


class WhatIsCommittedTo(Fields):
    def test_a_second_reading_of_the_format_gives_the_same_roots(self):
        files = self.files("b.zip")
        secret = bytes.fromhex(files["commitments.secret"].decode())
        due = [commitment(files[p], p, secret) for p in DOCUMENTS]
        due.append(commitment(list_of_files(files), "files", secret))
        c = committed(files)
        self.assertEqual(c["documents"], sorted(due, key=lambda d: d["path"]))
        self.assertEqual((c["case"], c["format"]), ("b", "hb-commitments/1"))
        self.assertEqual(c["logged_at"], json.loads(files["log/entry.json"])["at"])

    def test_and_of_what_is_left(self):
        self.hide()
        was, now = self.files("b.zip"), self.files("r.zip")
        self.assertEqual(now["commitments.dsse.json"], was["commitments.dsse.json"])
        r = json.loads(now["redaction.json"])
        for c, o in zip(committed(now)["documents"], r["documents"]):
            self.assertEqual(c["path"], o["path"])
            data = packs.canonical(r["files"]) if c["path"] == "files" else now[c["path"]]
            shown = texts(json.loads(data))
            hidden = {h["index"]: bytes.fromhex(h["leaf"]) for h in o["hidden"]}
            by = opened(len(shown), hidden, map(bytes.fromhex, o["seeds"]))
            made = [hidden.get(i) or sha(b"\0", by[i], t.encode()) for i, t in enumerate(shown)]
            self.assertEqual(root(made).hex(), c["root"])
            self.assertEqual(hashlib.sha256(emptied(data)).hexdigest(), c["skeleton_sha256"])

    def test_the_same_export_commits_to_the_same_and_another_case_to_something_else(self):
        self.hb("export", "evidence-pack", "--case", "b", "--key", "lab", "--out", "again.zip")
        self.hb("export", "evidence-pack", "--case", "b", "--case-id", "c7", "--key", "lab", "--out", "c.zip")
        one, two, other = (self.files(n)["commitments.secret"] for n in ("b.zip", "again.zip", "c.zip"))
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)

    def test_an_original_that_commits_to_something_else_does_not_hold(self):
        files = self.files("b.zip")
        with open(self.path("keys/lab.pem"), "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        for change, has in ((lambda f: f.update({"commitments.secret": b"0" * 64}), "is not what is here"),
                            (lambda f: f.update({"commitments.secret": b"0" * 63}), "is not 64 hex digits"),
                            (lambda f: f.pop("commitments.secret"), "'commitments.secret' is missing"),
                            (lambda f: f.pop("commitments.dsse.json"), "'commitments.dsse.json' is missing")):
            f = dict(files)
            change(f)
            self.write("f.zip", packs.write_zip(packs.signed_again(f, [key])))
            told = self.told(self.answers("f.zip", code=12), "commitments")
            self.assertEqual(told[0][0], "fails")
            self.assertIn(has, told[0][1])


class WhatIsLeft(Fields):
    def test_it_holds_and_says_what_is_hidden(self):
        d = self.hb_json("redact", "b.zip", "--profile", "supplier", "--out", "r.zip", "--reason", "for the supplier",
                         "--key", "red")
        v = self.answers("r.zip")
        self.assertEqual((v["holds"], v["decided_from"], v["verdict"]), (True, "profiles", self.answers("b.zip")["verdict"]))
        self.assertEqual(v["hidden"], d["fields"] + d["texts_that_follow"])
        text = self.told(v, "redaction")[0][1]
        for name in ("build_id (hash)", "git_sha (redact)", "context/environment (truncate)", "factors/0/value (redact)",
                     "factors/1/value (hash)", "correlation_id (redact)", "for the supplier"):
            self.assertIn(name, text)
        self.assertIn("not_in_pack", [a for a, _ in self.told(v, "log")])
        last = self.hb("verify", "r.zip", "--trust", "keys/lab.pub", "--trust", "keys/red.pub").splitlines()[-1]
        self.assertIn(f"{v['hidden']} texts are hidden", last)

    def test_no_file_has_a_hidden_value_and_no_digest_was_made_of_one(self):
        self.hide()
        was, now = self.files("b.zip"), self.files("r.zip")
        everything = b"\n".join(now.values())
        for value in ("build-alpha-41", "build-beta-42", "cafeaaaa", "hall-seven", "kim-a<ü>", "kim-b<ü>", "rig-north", "corr-bbb"):
            self.assertFalse(value.encode() in everything, value)
            for shift in range(3):
                inner = base64.b64encode(b"\0" * shift + value.encode())[4:-4]
                self.assertFalse(inner in everything, value)
        for name in ("decision.json", "run.json", "baseline/run.json", "reference.json"):
            digest = hashlib.sha256(was[name]).hexdigest().encode()
            self.assertFalse(digest in everything, name)
            self.assertNotEqual(was[name], now[name])
        for f in json.loads(was["run.json"])["inputs"] + json.loads(was["baseline/run.json"])["inputs"]:
            self.assertFalse(f["sha256"].encode() in everything)
        self.assertNotIn("commitments.secret", now)
        self.assertFalse([n for n in now if n.startswith(("original/", "log/")) or
                          (n.startswith("raw/") and n != "raw/reading.json")])

    def test_a_short_value_cannot_be_guessed_from_what_is_there(self):
        """Each guess is put in and hashed in every way a digest of the pack was made, but for the salt."""
        self.hide()
        now = self.files("r.zip")
        r = json.loads(now["redaction.json"])
        everything = b"\n".join(now.values())
        known = {s for o in r["documents"] for s in o["seeds"]}
        for o in r["documents"]:
            for h in o["hidden"]:
                for value in ("build-beta-42", "hall-seven", "kim-b<ü>", "cafebbbbbbbb"):
                    tries = [hashlib.sha256(value.encode()), hashlib.sha256(b"\0" + value.encode())]
                    tries += [hashlib.sha256(b"\0" + bytes.fromhex(s) + value.encode()) for s in known]
                    self.assertNotIn(h["leaf"], [t.hexdigest() for t in tries])
        guess = now["decision.json"].replace(b"[HASH ", b"").replace(json.loads(now["decision.json"])["run"]["build_id"][6:].encode(),
                                                                    b"build-beta-42")
        self.assertFalse(hashlib.sha256(guess).hexdigest().encode() in everything)
        was = self.files("b.zip")["decision.json"]
        self.assertFalse(hashlib.sha256(was).hexdigest().encode() in everything)

    def test_equal_stays_equal_and_different_different(self):
        self.hide()
        now = self.files("r.zip")
        run, base = json.loads(now["run.json"])["meta"], json.loads(now["baseline/run.json"])["meta"]
        ref = json.loads(now["reference.json"])["set"]["runs"][0]["meta"]
        self.assertEqual(base, ref)
        self.assertNotEqual(run["build_id"], base["build_id"])
        self.assertRegex(run["build_id"], r"^\[HASH [0-9a-f]{16}\]$")
        self.assertEqual({run["git_sha"], base["git_sha"]}, {"[REDACTED 1]", "[REDACTED 2]"})
        self.assertEqual(run["context"]["environment"], "hall...")
        rig = {f["name"]: f["value"] for f in run["factors"]}["rig"]
        self.assertEqual(rig, {f["name"]: f["value"] for f in base["factors"]}["rig"])
        self.assertEqual((run["program"], run["run_id"], run["test_name"]), ("apollo", "b", "warmup"))

    def test_twice_gives_equal_bytes_and_a_folder_the_same_files(self):
        self.hide()
        self.hide("again.zip")
        self.assertEqual(self.files("r.zip"), self.files("again.zip"))
        self.hide("folder", "--form", "folder")
        self.assertEqual(packs.read_folder(self.path("folder")), self.files("r.zip"))

    def test_both_who_redacted_and_who_signed_must_be_known(self):
        self.hide()
        told = self.told(self.answers("r.zip", trust=["red"], code=12), "commitments")
        self.assertEqual(told[0][0], "not_checked")
        self.assertEqual(self.told(self.answers("r.zip", trust=["lab"], code=12), "trust")[0][0], "fails")

    def test_names_of_files(self):
        self.write("redaction_policy.yaml", "redact: {inputs.name: redact, inputs.path: hash}\n")
        self.hb("redact", "b.zip", "--policy", "redaction_policy.yaml", "--out", "r.zip", "--reason", "r", "--key", "red")
        self.assertTrue(self.answers("r.zip")["holds"])
        self.assertFalse(b"b.csv" in b"".join(self.files("r.zip").values()))

    def test_a_set_of_runs_that_differ_in_a_factor(self):
        for k in range(7):
            rows = "".join(f"{i},{20 + (i * 7 + k * 3) % 11 / 10 + k % 3},{3 + (i + k) % 5 / 10}\n" for i in range(60))
            self.write("r.csv", "time,x,y\n" + rows)
            self.write("r.json", json.dumps({"program": "zeus", "test_name": "hot", "environment": "bay-twelve" if k < 6 else "bay-thirteen",
                                             "build": {"build_id": f"rev-{k // 3}-x"}, "factors": {"rig": f"stand-{k % 3}-a"}}))
            self.hb("run", "r.csv", "--run-id", f"z{k}", "--run-meta", "r.json", "--fail-on", "none")
            if k == 5:
                self.hb("baseline", "create", "--runs", "z0,z1,z2,z3,z4,z5", "--name", "six")
                self.hb("baseline", "promote", "--version", "six", "--yes", "--override-quality", "made at once")
        self.hb("analyze", "z6", "--fail-on", "none")
        self.hb("export", "evidence-pack", "--case", "z6", "--key", "lab", "--out", "z.zip")
        self.write("redaction_policy.yaml",
                   "redact: {build_id: truncate, factors.rig: redact, environment: hash}\n")
        self.hb("redact", "z.zip", "--policy", "redaction_policy.yaml", "--out", "r.zip", "--reason", "r", "--key", "red")
        self.assertTrue(self.answers("r.zip")["holds"])
        for value in b"stand-", b"bay-t", b"rev-0-x":
            self.assertEqual([n for n, data in self.files("r.zip").items() if value in data], [], value)


class WhatIsRefused(Fields):
    def refused(self, policy, has, code, *args, pack="b.zip"):
        self.write("p.yaml", policy)
        self.hb_error("redact", pack, "--policy", "p.yaml", "--out", "r.zip", "--reason", "r", "--key", "red", *args, code=code, has=has)
        self.assertFalse(os.path.exists(self.path("r.zip")))

    def test_fields_that_are_none_or_cannot_be_hidden(self):
        self.refused("redact:\n  build_di: hash\n", ["p.yaml:2:3", "no field 'build_di'", "factors.NAME"], 3)
        self.refused("redact:\n  run_id: hash\n", ["p.yaml:2:3", "'run_id' cannot be hidden"], 3)
        self.refused("redact: {program: redact}\n", "cannot be hidden", 3)
        self.refused("redact: {timestamps.start_utc: redact}\n", "cannot be hidden", 3)
        self.refused("redact: {metrics.x: redact}\n", "cannot be hidden", 3)
        self.refused("redact: {build_id: remove}\n", ["must be hash, redact or truncate"], 3)
        self.refused("redact: {build_id: hash, build.build_id: redact}\n", "are the same field", 3)
        self.refused("redacted: {build_id: hash}\n", "unknown key 'redacted'", 3)
        self.refused("profiles: {a: {redact: {git_sha: hash}}}\n", "without --profile", 2)
        self.refused("profiles: {a: {redact: {git_sha: hash}}}\n", ["no profile 'b'", "it has: a"], 2, "--profile", "b")
        self.refused("redact: {scenario_id: hash}\n", "none of the fields", 2)

    def test_nothing_to_do(self):
        self.hb_error("redact", "b.zip", "--out", "r.zip", "--reason", "r", "--key", "red", code=2, has="nothing is to be taken out")

    def test_a_value_that_stands_elsewhere_names_the_place(self):
        self.write("c.json", json.dumps({"program": "apollo", "subsystem": "hall-seven", "test_name": "warmup",
                                         "environment": "hall-seven", "operating_mode": "nominal"}))
        self.write("c.csv", "time,x\n0,1\n1,2\n2,1\n")
        self.hb("run", "c.csv", "--run-id", "c", "--run-meta", "c.json", "--fail-on", "none")
        self.hb("export", "evidence-pack", "--case", "c", "--key", "lab", "--out", "c.zip")
        self.refused("redact: {environment: hash}\n", ["'run.json' still has a value of 'environment'", "/meta/subsystem"], 2,
                     pack="c.zip")

    def test_nor_in_the_reason(self):
        self.write("p.yaml", "redact: {environment: hash}\n")
        self.hb_error("redact", "b.zip", "--policy", "p.yaml", "--out", "r.zip", "--reason", "all of hall-seven", "--key", "red",
                      code=2, has="redaction.json")

    def test_a_policy_file_that_says_it(self):
        self.write("metric_registry.yaml", "metrics:\n  x: {unit: V, description: measured in hall-seven}\n")
        self.hb("run", "b.csv", "--run-id", "d", "--run-meta", "b.json", "--fail-on", "none")
        self.hb("export", "evidence-pack", "--case", "d", "--key", "lab", "--out", "d.zip")
        self.refused("redact: {environment: hash}\n", "policy/metric_registry.yaml", 2, pack="d.zip")

    def test_a_pack_that_was_redacted_or_commits_to_nothing(self):
        self.hide("once.zip")
        self.refused("redact: {source_system: hash}\n", "redacted already", 2, pack="once.zip")
        files = self.files("b.zip")
        del files["commitments.secret"], files["commitments.dsse.json"]
        with open(self.path("keys/lab.pem"), "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        self.write("old.zip", packs.write_zip(packs.signed_again(files, [key])))
        self.refused("redact: {build_id: hash}\n", "commits to nothing", 2, pack="old.zip")


class WhatIsFound(Fields):
    def setUp(self):
        super().setUp()
        self.hide()

    def test_a_shown_value_that_was_changed(self):
        for name, old, new in (("run.json", b'"operating_mode":"nominal"', b'"operating_mode":"reduced"'),
                               ("decision.json", b'"operating_mode":"nominal"', b'"operating_mode":"reduced"'),
                               ("reference.json", b'"subsystem":"pump"', b'"subsystem":"valve"')):
            self.assertIn(old, self.files("r.zip")[name])
            self.forged(lambda f, n=name, o=old, w=new: f.update({n: f[n].replace(o, w)}), "is not what was committed to")

    def test_figures_and_keys_that_were_changed(self):
        for name, old, new in (("run.json", b'"rows":200', b'"rows":201'), ("run.json", b'"raw_unit"', b'"raw_unix"'),
                               ("decision.json", b'"current":', b'"current":1')):
            self.assertIn(old, self.files("r.zip")[name])
            self.forged(lambda f, n=name, o=old, w=new: f.update({n: f[n].replace(o, w, 1)}), "has other keys, figures")

    def test_two_texts_that_were_swapped(self):
        def swap(f):
            f["run.json"] = f["run.json"].replace(b'"subsystem":"pump","test_name":"warmup"', b'"subsystem":"warmup","test_name":"pump"')
        self.forged(swap, "is not what was committed to")

    def test_a_hidden_text_that_is_left_off_the_list(self):
        def drop(f):
            self.edit(f, "redaction.json", lambda r: r["documents"][-1]["hidden"].pop(3))
        self.forged(drop, "seeds")

    def test_a_hidden_text_with_another_commitment(self):
        def change(f):
            self.edit(f, "redaction.json", lambda r: r["documents"][-1]["hidden"][3].update(leaf="0" * 64))
        self.forged(change, "is not what was committed to")

    def test_a_hidden_text_that_does_not_say_so(self):
        def change(f):
            token = json.loads(f["run.json"])["meta"]["build_id"]
            f["run.json"] = f["run.json"].replace(token.encode(), b"build-gamma-77")
        self.forged(change, "something stands there that does not say so")

    def hide_more(self, files, name, pointer, token, action):
        """As somebody with the original could, and hb redact would not: its secret makes the list."""
        was = self.files("b.zip")
        secret = bytes.fromhex(was["commitments.secret"].decode())
        r = json.loads(files["redaction.json"])
        o = [d for d in r["documents"] if d["path"] == name][0]
        leaves = texts(json.loads(was[name]))
        seed = hmac.new(secret, name.encode(), hashlib.sha256).digest()
        by = salts(seed, len(leaves))
        document = json.loads(files[name])
        at, keys = document, pointer[1:].split("/")
        for k in keys[:-1]:
            at = at[int(k)] if isinstance(at, list) else at[k]
        last = int(keys[-1]) if isinstance(at, list) else keys[-1]
        at[last] = "\x00mark"
        index = texts(document).index("\x00mark")
        at[last] = token
        o["hidden"].append({"action": action, "index": index, "pointer": pointer,
                            "leaf": sha(b"\0", by[index], leaves[index].encode()).hex()})
        o["hidden"].sort(key=lambda h: h["index"])
        hidden, seeds = {h["index"] for h in o["hidden"]}, []

        def cover(seed, start, n):
            if not any(start <= h < start + n for h in hidden):
                seeds.append(seed.hex())
            elif n > 1:
                k = split(n)
                cover(sha(b"\2", seed), start, k)
                cover(sha(b"\3", seed), start + k, n - k)
        cover(seed, 0, len(leaves))
        o["seeds"] = seeds
        files["redaction.json"] = packs.canonical(r)
        old = texts(json.loads(files[name]))[index]
        raw = json.dumps(old, ensure_ascii=False).encode()
        # by hand, since figures must stay as they are written
        places = [i for i in range(len(files[name])) if files[name].startswith(raw, i)]
        for p in places:
            changed = files[name][:p] + json.dumps(token, ensure_ascii=False).encode() + files[name][p + len(raw):]
            try:
                if texts(json.loads(changed))[index] == token and len(texts(json.loads(changed))) == len(leaves):
                    files[name] = changed
                    return
            except ValueError:
                pass
        self.fail("not found")

    def test_what_the_verdict_is_cannot_be_hidden(self):
        for pointer, token in (("/verdict", "FAIL"), ("/run/run_id", "[REDACTED]"), ("/comparisons/0/metric", "[REDACTED]"),
                               ("/comparisons/0/severity", "info"), ("/config/policy_sha256", "0" * 64)):
            for action in "redact", "follows":
                self.forged(lambda f, p=pointer, t=token, a=action: self.hide_more(f, "decision.json", p, t, a),
                            f"'{pointer}' cannot be hidden")

    def test_nor_what_it_is_decided_from(self):
        for name, pointer in (("run.json", "/metrics/0/name"), ("run.json", "/metrics/0/profile/sketch"), ("run.json", "/digest"),
                              ("run.json", "/meta/program"), ("reference.json", "/set/runs/0/digest"),
                              ("reference.json", "/facts/reason")):
            self.forged(lambda f, n=name, p=pointer: self.hide_more(f, n, p, "[REDACTED]", "redact"), f"'{pointer}' cannot be hidden")

    def test_a_field_hidden_by_hand_is_told(self):
        def change(f):
            self.hide_more(f, "run.json", "/meta/subsystem", "[REDACTED]", "redact")
        self.forged(change, "states", questions=("inputs",), key="red")

    def test_files(self):
        self.forged(lambda f: f.update({"policy/baseline_policy.yaml": f["policy/baseline_policy.yaml"] + b"\n"}),
                    "'policy/baseline_policy.yaml' is not the file of the original")
        self.forged(lambda f: f.pop("policy/metric_registry.yaml"), "'policy/metric_registry.yaml' of the original is missing")
        self.forged(lambda f: f.update({"governance/operators.yaml": b"operators: []\n"}), "'governance/operators.yaml' is not of the original")
        self.forged(lambda f: f.update({"raw/0/b.csv": b"time,x\n0,1\n"}), "'raw/0/b.csv' is not of the original")
        self.forged(lambda f: f.update({"commitments.secret": self.files("b.zip")["commitments.secret"]}), "commitments",
                    questions=("redaction", "commitments"))

    def test_a_file_taken_out_that_must_stay(self):
        def change(f):
            was = self.files("b.zip")
            secret = bytes.fromhex(was["commitments.secret"].decode())
            r = json.loads(f["redaction.json"])
            o = [d for d in r["documents"] if d["path"] == "files"][0]
            index = r["files"].index("metric_registry.yaml") + 1
            all_of = json.loads(list_of_files(was))
            by = salts(hmac.new(secret, b"files", hashlib.sha256).digest(), len(all_of))
            o["hidden"].append({"action": "follows", "index": index, "pointer": f"/{index}",
                                "leaf": sha(b"\0", by[index], all_of[index].encode()).hex()})
            o["hidden"].sort(key=lambda h: h["index"])
            hidden = {h["index"] for h in o["hidden"]}
            seeds = []

            def cover(seed, start, n):
                if not any(start <= h < start + n for h in hidden):
                    seeds.append(seed.hex())
                elif n > 1:
                    k = split(n)
                    cover(sha(b"\2", seed), start, k)
                    cover(sha(b"\3", seed), start + k, n - k)
            cover(hmac.new(secret, b"files", hashlib.sha256).digest(), 0, len(all_of))
            o["seeds"] = seeds
            r["files"][index] = ""
            f["redaction.json"] = packs.canonical(r)
            del f["policy/metric_registry.yaml"]
        self.forged(change, "'policy/metric_registry.yaml' cannot have been taken out")

    def test_another_list_of_commitments(self):
        def by_redactor(f):
            with open(self.path("keys/red.pem"), "rb") as file:
                key = serialization.load_pem_private_key(file.read(), None)
            e = json.loads(f["commitments.dsse.json"])
            payload = base64.b64decode(e["payload"])
            kind = e["payloadType"].encode()
            e["signatures"] = [{"keyid": json.loads(f["attestation.dsse.json"])["signatures"][0]["keyid"],
                                "sig": base64.b64encode(key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))).decode()}]
            f["commitments.dsse.json"] = packs.canonical(e)
        files = self.files("r.zip")
        by_redactor(files)
        with open(self.path("keys/red.pem"), "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
        self.write("f.zip", packs.write_zip(packs.signed_again(files, [key])))
        told = self.told(self.answers("f.zip", trust=["lab"], code=12), "commitments")
        self.assertEqual(told[0][0], "not_checked")
        self.forged(lambda f: self.edit(f, "commitments.dsse.json", lambda e: e.update(payloadType="application/x")), "payload of type",
                    questions=("commitments",))
        self.forged(lambda f: f.pop("commitments.dsse.json"), "cannot be held against")

    def test_other_spellings_of_the_list(self):
        for change in (lambda r: r.update(more=1), lambda r: r.pop("files"), lambda r: r.pop("documents"), lambda r: r.update(documents=[]),
                       lambda r: r["documents"].pop(), lambda r: r["documents"].reverse(), lambda r: r["files"].append("x"),
                       lambda r: r["documents"][0]["seeds"].append("0" * 64), lambda r: r["documents"][0]["seeds"].pop(),
                       lambda r: r["documents"][0]["hidden"].reverse(), lambda r: r["documents"][0]["hidden"][0].update(index=1 << 40),
                       lambda r: r["documents"][0]["hidden"][0].update(action="drop"), lambda r: r["documents"][0]["hidden"][0].update(pointer="/x"),
                       lambda r: r.update(dropped=["raw/0/b.csv"])):
            self.forged(lambda f, c=change: self.edit(f, "redaction.json", c), "", questions=("redaction",))


class WhatIsDisclosed(Fields):
    def setUp(self):
        super().setUp()
        self.hide()

    def reveal(self, *what, out="d.json"):
        return self.hb_json("reveal", "b.zip", *what, "--out", out, "--reason", "complaint 7", "--key", "red")

    def check(self, name="d.json", code=0, pack="r.zip"):
        d = self.hb_json("verify", pack, "--trust", "keys/lab.pub", "--trust", "keys/red.pub", "--reveal", name, code=code)
        return self.told(d, "redaction")

    def test_a_hidden_text_is_shown_to_be_the_one(self):
        d = self.reveal("run.json:/meta/build_id", "reference.json:/set/runs/0/meta/factors/0/value")
        with open(os.path.join(SOURCE, "schemas", "disclosure.schema.json"), encoding="utf-8") as f:
            self.assertEqual([e.message for e in jsonschema.Draft202012Validator(json.load(f)).iter_errors(d)], [])
        with open(self.path("d.json"), "rb") as f:
            self.assertEqual(json.loads(f.read()), d)
        self.assertEqual(os.stat(self.path("d.json")).st_mode & 0o777, 0o600)
        told = " ".join(t for a, t in self.check() if a == "holds")
        self.assertIn("'run.json' at '/meta/build_id' was 'build-beta-42'", told)
        self.assertIn("was 'kim-a<ü>'", told)
        e = self.hb_json("custody", "timeline", "--case", "b")["events"][0]
        self.assertEqual((e["event"], e["who"], e["reason"]), ("transmitted", "red", "complaint 7"))

    def test_another_text_than_the_hidden_one(self):
        d = self.reveal("run.json:/meta/build_id")
        for change, has in ((lambda t: t.update(text="build-beta-43"), "was not 'build-beta-43'"),
                            (lambda t: t.update(salt="0" * 64), "was not 'build-beta-42'"),
                            (lambda t: t.update(pointer="/meta/git_sha"), "nothing hidden at '/meta/git_sha'"),
                            (lambda t: t.update(document="baseline/run.json"), "was not 'build-beta-42'"),
                            (lambda t: t.update(document="decision.json"), "nothing hidden"),
                            (lambda t: t.update(index=3), "nothing hidden"), (lambda t: t.update(more=1), "not known")):
            changed = json.loads(json.dumps(d))
            change(changed["texts"][0])
            self.write("f.json", json.dumps(changed))
            told = [t for a, t in self.check("f.json", 12) if a == "fails"]
            self.assertIn(has, " ".join(told))
        self.write("f.json", json.dumps({**d, "case": "c"}))
        self.assertIn("is of case 'c'", " ".join(t for _, t in self.check("f.json", 12)))

    def test_what_is_shown_cannot_be_disclosed(self):
        self.reveal("run.json:/meta/test_name")
        self.assertIn("nothing hidden", " ".join(t for _, t in self.check(code=12)))
        self.assertIn("nothing is hidden", self.check(code=12, pack="b.zip")[0][1])

    def test_what_is_no_text(self):
        for what, has in (("run.json:/meta/none", "no text at"), ("run.json:/metrics/0/value", "no text at"), ("manifest.json:/case", "DOCUMENT:POINTER"),
                          ("run.json", "DOCUMENT:POINTER")):
            self.hb_error("reveal", "b.zip", what, "--out", "d.json", "--reason", "r", "--key", "red", code=2, has=has)
        self.hb_error("reveal", "r.zip", "run.json:/meta/build_id", "--out", "d.json", "--reason", "r", "--key", "red", code=2,
                      has="take the original")
        self.assertFalse(os.path.exists(self.path("d.json")))

    def test_what_was_not_written_is_in_no_log(self):
        self.reveal("run.json:/meta/build_id")
        before = self.hb_json("custody", "timeline", "--case", "b")["events"]
        self.hb_error("reveal", "b.zip", "run.json:/meta/test_name", "--out", "d.json", "--reason", "r", "--key", "red", code=2, has="exists")
        self.assertEqual(self.hb_json("custody", "timeline", "--case", "b")["events"], before)


class Mutations(Fields):
    """By who redacted, with his key: any byte of what is shown or says what is hidden."""

    def places(self, files, name):
        """Where a byte counts: not in what stands for something hidden, which is his word."""
        hidden = {d["path"]: {h["index"] for h in d["hidden"]} for d in json.loads(files["redaction.json"])["documents"]}
        data, out, i, leaf = files[name], [], 0, 0
        while i < len(data):
            end = i + 1
            if data[i:end] == b'"':
                while data[end:end + 1] != b'"':
                    end += 2 if data[end:end + 1] == b"\\" else 1
                end += 1
                is_leaf = data[end:end + 1] != b":"
                if not (is_leaf and leaf in hidden.get(name, ())):
                    out += range(i, end)
                leaf += is_leaf
            else:
                out.append(i)
            i = end
        return out

    def test_of_every_document(self):
        self.hide()
        was = self.files("r.zip")
        rng = random.Random(20261127)
        with open(self.path("keys/red.pem"), "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        for name, times in (("run.json", 40), ("baseline/run.json", 30), ("reference.json", 40), ("decision.json", 40),
                            ("redaction.json", 40), ("commitments.dsse.json", 30)):
            places = self.places(was, name) if name in DOCUMENTS else range(len(was[name]))
            for _ in range(times):
                at = rng.choice(places)
                data = bytearray(was[name])
                data[at] ^= 1 << rng.randrange(7)
                if name == "redaction.json" and (b"original_manifest_sha256" in was[name][at - 100:at + 100] or
                                                 b'"reason"' in was[name][at - 40:at + 40]):
                    continue  # his word too
                self.write("f.zip", packs.write_zip(packs.signed_again({**was, name: bytes(data)}, [key])))
                r = self.run_hb("f.zip", "--trust", "keys/lab.pub", "--trust", "keys/red.pub", binary=VERIFY)
                self.assertEqual(r.returncode, 12, (name, at, bytes(data[at - 20:at + 20])))


if __name__ == "__main__":
    unittest.main()
