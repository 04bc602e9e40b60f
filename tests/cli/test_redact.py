# SPDX-License-Identifier: Apache-2.0
"""hb redact: what is left is the original's to the byte, what is gone keeps its digest, and what somebody with a key
could do beyond that is found by hb verify and hb-verify."""
import hashlib
import json
import os
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


class Redact(Case):
    def setUp(self):
        super().setUp()
        rows = "".join(f"{i},{20 + i % 5},{3 + i % 3}\n" for i in range(200))
        self.write("a.csv", "time,x,y\n" + rows)
        self.write("b.csv", "time,x,y\n" + rows.replace(",22,", ",29,"))
        self.hb("init", ".")
        self.hb("run", "a.csv", "--run-id", "a")
        self.hb("baseline", "set", "a")
        self.hb("run", "b.csv", "--run-id", "b", "--fail-on", "none")
        for name in "lab", "red":
            self.hb("keys", "generate", name, "--no-passphrase")
        self.hb("export", "evidence-pack", "--case", "b", "--key", "lab", "--out", "b.zip")

    def redact(self, *drop, out="r.zip", code=0, pack="b.zip"):
        args = [w for d in drop for w in ("--drop", d)]
        return self.hb("redact", pack, *args, "--out", out, "--reason", "for the supplier", "--key", "red", code=code)

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
        return d, [(a["answer"], a["text"]) for a in d["answers"] if a["question"] == "redaction"]

    def forged(self, change, name="f.zip"):
        """Signed by who redacted: all that he could do."""
        files = self.files("r.zip")
        change(files)
        with open(self.path("keys/red.pem"), "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        self.write(name, packs.write_zip(packs.signed_again(files, [key])))
        return self.answers(name, code=12)


class WhatIsLeft(Redact):
    def test_the_others_are_the_originals_and_the_missing_keep_their_digest(self):
        was = self.files("b.zip")
        self.redact("raw/0/b.csv")
        now = self.files("r.zip")
        new = {"redaction.json", "original/manifest.json", "original/attestation.dsse.json"}
        key = set(now) - set(was) - new
        self.assertEqual(len(key), 1)
        self.assertEqual(set(was) - set(now), {"raw/0/b.csv"})
        different = {n for n in set(was) & set(now) if was[n] != now[n]}
        self.assertEqual(different, {"manifest.json", "attestation.dsse.json", "raw/reading.json"})
        self.assertEqual(now["original/manifest.json"], was["manifest.json"])
        self.assertEqual(now["original/attestation.dsse.json"], was["attestation.dsse.json"])
        self.assertEqual(json.loads(now["redaction.json"]), {
            "dropped": ["raw/0/b.csv"], "format": "hb-redaction/1", "reason": "for the supplier",
            "original_manifest_sha256": hashlib.sha256(was["manifest.json"]).hexdigest()})
        kept = {f["path"]: f["sha256"] for f in json.loads(now["original/manifest.json"])["files"]}
        self.assertEqual(kept["raw/0/b.csv"], hashlib.sha256(was["raw/0/b.csv"]).hexdigest())
        self.assertNotIn(was["raw/0/b.csv"], b"".join(now.values()))

    def test_it_is_verified_and_decided_from_profiles(self):
        self.assertEqual(self.answers("b.zip")[0]["decided_from"], "raw")
        self.assertEqual(self.answers("b.zip")[1], [("not_in_pack", "nothing was taken out of it after it was made")])
        self.redact("raw")
        d, told = self.answers("r.zip")
        self.assertEqual((d["holds"], d["decided_from"], d["taken_out"]), (True, "profiles", 2))
        self.assertEqual([a for a, _ in told], ["holds", "holds"])
        self.assertIn("for the supplier", told[0][1])
        text = self.hb("verify", "r.zip", "--trust", "keys/lab.pub", "--trust", "keys/red.pub")
        self.assertIn("it follows from its profiles; redacted: 2 files were taken out", text.splitlines()[-1])

    def test_both_who_redacted_and_who_signed_must_be_known(self):
        self.redact("raw")
        _, told = self.answers("r.zip", trust=["red"], code=12)
        self.assertEqual(told[1][0], "not_checked")
        d, told = self.answers("r.zip", trust=["lab"], code=12)
        self.assertEqual(told[1][0], "holds")
        self.assertIn(("trust", "fails"), [(a["question"], a["answer"]) for a in d["answers"]])

    def test_a_stretch_of_time_can_be_taken_out(self):
        self.write("t.csv", "time,x\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{20 + i % 5}\n" for i in range(60)))
        self.hb("run", "t.csv", "--run-id", "t", "--fail-on", "none")
        self.hb("export", "evidence-pack", "--case", "t", "--key", "lab", "--out", "t.zip",
                "--raw-slice", "2026-01-05T10:00:10Z..2026-01-05T10:00:20Z")
        self.assertIn("raw/slice/0/t.csv", self.files("t.zip"))
        self.redact("raw/slice", pack="t.zip")
        cut = json.loads(self.files("r.zip")["raw/reading.json"])["slice"]["files"][0]
        self.assertEqual((cut["member"], cut["why"]), ("", "taken out by redaction"))
        d, _ = self.answers("r.zip")
        self.assertEqual((d["holds"], d["taken_out"]), (True, 1))

    def test_twice_gives_equal_bytes_and_a_folder_the_same_files(self):
        self.redact("raw")
        self.redact("raw/", out="again.zip")
        self.assertEqual(self.files("r.zip"), self.files("again.zip"))
        self.hb("redact", "b.zip", "--drop", "raw", "--out", "folder", "--form", "folder", "--reason", "for the supplier", "--key", "red")
        self.assertEqual(packs.read_folder(self.path("folder")), self.files("r.zip"))

    def test_it_is_in_the_log(self):
        d = self.hb_json("redact", "b.zip", "--drop", "raw", "--out", "r.zip", "--reason", "for the supplier", "--key", "red")
        e = self.hb_json("custody", "timeline", "--case", "b")["events"][0]
        self.assertEqual((e["event"], e["who"], e["signature"], e["reason"], e["manifest_sha256"]),
                         ("redacted", "red", "holds", "for the supplier", d["manifest_sha256"]))
        self.assertEqual(d["manifest_sha256"], hashlib.sha256(self.files("r.zip")["manifest.json"]).hexdigest())
        self.assertEqual(d["original_manifest_sha256"], hashlib.sha256(self.files("b.zip")["manifest.json"]).hexdigest())

    def test_without_a_registry_it_is_done_and_said(self):
        key, pack = self.path("keys/red.pem"), self.path("b.zip")
        os.mkdir(self.path("elsewhere"))
        r = self.run_hb("redact", pack, "--drop", "raw", "--out", "r.zip", "--reason", "r", "--key", key,
                        "--workspace", "elsewhere")
        self.assertEqual(r.returncode, 0, r)
        self.assertIn("in no log", r.stderr.decode())
        self.assertTrue(self.answers("r.zip")[0]["holds"])


class WhatIsRefused(Redact):
    def refused(self, *args, code, has):
        self.hb_error("redact", *args, "--reason", "r", "--key", "red", code=code, has=has)
        self.assertFalse(os.path.exists(self.path("r.zip")))

    def test_only_raw_files_can_be_taken_out(self):
        for path in "run.json", "raw/reading.json", "keys", "ra", "raw/0/c.csv", "", "/":
            self.refused("b.zip", "--drop", path, "--out", "r.zip", code=2, has="is no raw file")

    def test_a_pack_that_does_not_hold_is_not_redacted(self):
        files = self.files("b.zip")
        files["run.json"] = files["run.json"].replace(b"20", b"21", 1)
        self.write("bad.zip", packs.write_zip(files))
        self.refused("bad.zip", "--drop", "raw", "--out", "r.zip", code=12, has=["run.json", "does not hold"])

    def test_nor_one_that_nobody_signed(self):
        self.hb("export", "evidence-pack", "--case", "b", "--unsigned", "--out", "u.zip")
        self.refused("u.zip", "--drop", "raw", "--out", "r.zip", code=12, has="not signed")

    def test_nor_one_that_was_redacted(self):
        self.redact("raw/0", out="once.zip")
        self.refused("once.zip", "--drop", "raw", "--out", "r.zip", code=2, has="redacted already")

    def test_a_target_that_is_there_stays(self):
        self.hb_error("redact", "b.zip", "--drop", "raw", "--out", "b.zip", "--reason", "r", "--key", "red", code=2, has="b.zip")
        self.assertTrue(self.answers("b.zip")[0]["holds"])


class WhatIsFound(Redact):
    def setUp(self):
        super().setUp()
        self.redact("raw/0")

    def told(self, change, has):
        _, told = self.forged(change)
        self.assertIn("fails", [a for a, _ in told], told)
        self.assertIn(has, " ".join(t for _, t in told))

    def test_a_file_that_was_changed(self):
        self.told(lambda f: f.update({"policy/baseline_policy.yaml": f["policy/baseline_policy.yaml"] + b"\n"}),
                  "'policy/baseline_policy.yaml' is not the file of the original")

    def test_a_file_that_is_gone_unlisted(self):
        document = [n for n in self.files("r.zip") if n.startswith("raw/documents/")][0]
        self.told(lambda f: f.pop(document), f"'{document}' of the original is missing and not listed")

    def test_a_file_that_is_new(self):
        self.told(lambda f: f.update({"raw/9/x.csv": b"time,x\n0,1\n"}), "'raw/9/x.csv' is not of the original")

    def test_more_than_raw_files_listed(self):
        def change(f):
            r = json.loads(f["redaction.json"])
            r["dropped"] = ["log/checkpoint", *r["dropped"]]
            f["redaction.json"] = packs.canonical(r)
            del f["log/checkpoint"]
        self.told(change, "'log/checkpoint' cannot have been taken out")

    def test_another_original(self):
        def change(f):
            m = json.loads(f["original/manifest.json"])
            m["files"] = [x for x in m["files"] if not x["path"].startswith("raw/0")]
            f["original/manifest.json"] = packs.canonical(m)
        self.told(change, "is not the manifest that 'redaction.json' names")

        def both(f):
            change(f)
            r = json.loads(f["redaction.json"])
            r.update(dropped=[], original_manifest_sha256=hashlib.sha256(f["original/manifest.json"]).hexdigest())
            f["redaction.json"] = packs.canonical(r)
        self.told(both, "original")

    def test_an_original_signed_by_who_redacted_it_is_not_the_labs(self):
        def change(f):
            f["original/attestation.dsse.json"] = f["attestation.dsse.json"]
        self.told(change, "the original's attestation: it states manifest.json's SHA-256")

    def test_no_signature_of_the_original(self):
        self.told(lambda f: f.pop("original/attestation.dsse.json"), "original/attestation.dsse.json")

    def test_other_spellings_of_the_list(self):
        for change in (lambda r: r.update(more=1), lambda r: r.pop("reason"), lambda r: r.update(dropped="raw"),
                       lambda r: r.update(format="hb-redaction/2")):
            def edit(f, change=change):
                r = json.loads(f["redaction.json"])
                change(r)
                f["redaction.json"] = packs.canonical(r)
            self.told(edit, "redaction.json")


if __name__ == "__main__":
    unittest.main()
