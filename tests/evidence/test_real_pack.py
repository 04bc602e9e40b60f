# SPDX-License-Identifier: Apache-2.0
"""Packs that hb export writes of decided runs: they hold, VERIFY.md says so too, and what the lab itself changes
afterwards and signs again does not."""
import hashlib
import json
import os
import re
import subprocess
import unittest

import hbtest
import packs

try:
    from cryptography.hazmat.primitives import serialization
except ImportError as missing:
    print(f"skipped: {missing}; install python3-cryptography")
    raise SystemExit(77) from None

REGISTRY = """version: '1'
metrics:
  temp: {unit: degC, drift_threshold: 1.0, invariant_max: 90}
  volt: {unit: V, drift_threshold: 0.5}
"""


def rows(temp):
    return "time,temp [degC],volt [V]\n" + "".join(
        f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,{temp + i % 5 * 0.1:.1f},{3.3 + i % 3 * 0.01:.2f}\n"
        for i in range(120))


def sha(data):
    return hashlib.sha256(data).hexdigest()


class RealPack(hbtest.Case):
    def setUp(self):
        super().setUp()
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: golden, fallback: none}\n")
        self.hb("keys", "generate", "lab", "--no-passphrase")
        self.judged("base", 20)
        self.hb("baseline", "set", "base", "--tag", "golden")
        self.judged("cur", 25)
        self.hb("export", "evidence-pack", "--case", "cur", "--out", "cur.zip")
        with open(self.path("cur.zip"), "rb") as f:
            self.files = packs.read_zip(f.read())
        with open(self.path("keys/lab.pem"), "rb") as f:
            self.lab = serialization.load_pem_private_key(f.read(), None)

    def judged(self, name, temp):
        self.write(f"{name}.csv", rows(temp))
        self.hb("run", f"{name}.csv", "--run-id", name, "--program", "apollo", "--test-name", "warmup", "--fail-on",
                "none")

    def verify(self, pack="cur.zip", code=0):
        found = self.hb_json("verify", pack, "--trust", "keys/lab.pub", "--trust-log", "audit/key.pub", code=code)
        bad = {a["question"]: a["text"] for a in found["answers"] if a["answer"] in ("fails", "not_checked")}
        return found, bad

    def signed_by_the_lab(self, files):
        """Manifest, Statement and every digest in it repaired."""
        def repair(statement, of):
            p = statement["predicate"]
            for part in p["configuration"]:
                if "digest" in part:
                    part["digest"]["sha256"] = sha(of[part["name"]])
            p["harmonyBridge"]["decisionSha256"] = sha(of["decision.json"])
        self.write("again.zip", packs.write_zip(packs.signed_again(files, [self.lab], repair)))
        return self.verify("again.zip", code=12)[1]

    def test_it_holds_and_is_decided_from_the_raw_files(self):
        found, bad = self.verify()
        self.assertEqual((found["decided_from"], found["verdict"], bad), ("raw", "PASS_WITH_DRIFT", {}))
        self.write("whole.zip", packs.write_zip(packs.signed_again(self.files, [self.lab])))
        self.assertEqual(self.verify("whole.zip")[1], {}, "the tools of this test make no difference by themselves")

    def test_its_instructions_hold(self):
        blocks = re.findall(r"^```sh\n(.*?)^```$", self.files["VERIFY.md"].decode(), re.MULTILINE | re.DOTALL)
        script = self.write("check.sh", "".join(blocks))
        for keys in (["keys/lab.pub"], ["keys/lab.pub", "audit/key.pub"]):
            r = subprocess.run(["sh", "-eu", script, "cur.zip", *keys], cwd=self.dir, capture_output=True, timeout=60,
                               check=False)
            self.assertEqual(r.returncode, 0, r.stdout.decode() + r.stderr.decode())
            self.assertTrue(r.stdout.decode().endswith("all of it holds\n"))
        self.write("flipped.zip", packs.write_zip({**self.files, "run.json": self.files["run.json"] + b" "}))
        r = subprocess.run(["sh", "-eu", script, "flipped.zip", "keys/lab.pub"], cwd=self.dir, capture_output=True,
                           timeout=60, check=False)
        self.assertNotEqual(r.returncode, 0)

    def changed(self, name, *edits):
        text = self.files[name]
        for old, new in edits:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        return self.signed_by_the_lab({**self.files, name: text})

    def test_a_pack_with_all_it_takes_cannot_say_that_it_cannot_be_read_again(self):
        text, end = self.files["raw/reading.json"], b'"why":""}'
        self.assertTrue(text.endswith(end))
        bad = self.signed_by_the_lab({**self.files, "raw/reading.json": text[:-len(end)] + b'"why":"lost"}'})
        self.assertIn("all that it takes is here", bad["raw"])

    def test_how_it_was_read_is_about_this_run_and_these_files(self):
        for edit in ((b'"run_id":"cur"', b'"run_id":"other"'), (b'"source":"csv"}', b'"source":"json"}')):
            self.assertIn("about another run", self.changed("raw/reading.json", edit)["raw"])

    def test_the_limits_of_another_program_or_mode(self):
        for edit in ((b'"program":"apollo"', b'"program":"gemini"'), (b'"mode":""', b'"mode":"bench"')):
            self.assertIn("due are those for", self.changed("reference.json", edit)["inputs"])

    def test_a_raw_sample_flipped_and_everything_repaired(self):
        raw = next(n for n in self.files if n.endswith(".csv"))
        was, now = self.files[raw], self.files[raw].replace(b",25.0,", b",26.0,", 1)
        self.assertNotEqual(was, now)
        files = {**self.files, raw: now}
        self.assertIn("raw", self.signed_by_the_lab(files))
        for name in ("raw/reading.json", "run.json"):
            files[name] = files[name].replace(sha(was).encode(), sha(now).encode())
        bad = self.signed_by_the_lab(files)
        self.assertIn("inputs", bad)
        self.assertIn("run.json", bad["inputs"])

    def test_a_verdict_and_everything_repaired(self):
        files = dict(self.files)
        old = sha(files["decision.json"])
        files["decision.json"] = files["decision.json"].replace(b'"verdict":"PASS_WITH_DRIFT"', b'"verdict":"PASS"')
        report = files["report/drift_report.json"].replace(old.encode(), sha(files["decision.json"]).encode())
        files["report/drift_report.json"] = report.replace(b'"PASS_WITH_DRIFT"', b'"PASS"')
        files["log/entry.json"] = files["log/entry.json"].replace(old.encode(), sha(files["decision.json"]).encode())
        bad = self.signed_by_the_lab(files)
        self.assertIn("follows PASS_WITH_DRIFT, and the pack says PASS", bad["decision"])
        self.assertIn("log", bad)

    def test_the_decision_of_another_run(self):
        self.judged("other", 20)
        self.hb("export", "evidence-pack", "--case", "other", "--out", "other.zip")
        with open(self.path("other.zip"), "rb") as f:
            other = packs.read_zip(f.read())
        files = {**self.files, **{n: other[n] for n in other if n.startswith(("decision", "report/", "log/"))}}
        self.assertIn("decision", self.signed_by_the_lab(files))

    def test_another_log_entry_and_an_older_checkpoint(self):
        self.judged("other", 20)
        self.hb("export", "evidence-pack", "--case", "other", "--out", "other.zip")
        with open(self.path("other.zip"), "rb") as f:
            other = packs.read_zip(f.read())
        self.assertIn("log", self.signed_by_the_lab({**self.files, "log/entry.json": other["log/entry.json"]}))
        self.assertIn("log", self.signed_by_the_lab({**self.files, "log/checkpoint": other["log/checkpoint"]}))

    def test_nothing_stays_of_the_reading(self):
        temporary = self.path("tmp")
        os.mkdir(temporary)
        before = sorted(os.listdir(self.dir))
        self.hb("verify", "cur.zip", "--trust", "keys/lab.pub", env={"TMPDIR": temporary})
        self.assertEqual((os.listdir(temporary), sorted(os.listdir(self.dir))), ([], before))

    def test_vector_code_makes_no_difference(self):
        found = self.hb_json("verify", "cur.zip", "--trust", "keys/lab.pub", env={"HB_CPU": "portable"})
        self.assertEqual(found["decided_from"], "raw")

    def test_other_builds_decide_the_same_bytes(self):
        """hb of another compiler or with sanitizers reads and decides again: the same to the byte."""
        others = [os.path.join(hbtest.SOURCE, "build", p, "hb") for p in ("release", "release-clang", "asan", "dev")]
        age = os.path.getmtime(os.path.join(hbtest.SOURCE, "src", "decide", "decide.c"))
        others = [hb for hb in others if os.path.exists(hb) and os.path.getmtime(hb) > age and hb != hbtest.HB]
        if not others:
            self.skipTest("no other build of the present sources")
        for hb in others:
            with self.subTest(hb):
                found = self.hb_json("verify", "cur.zip", "--trust", "keys/lab.pub", binary=hb)
                self.assertEqual(found["decided_from"], "raw")

    def test_the_number_of_threads_makes_no_difference(self):
        """Several blocks of a table, read by one thread and by three."""
        text = "time,temp [degC]\n" + "".join(f"{i * 0.01:.2f},{20 + i * 7919 % 1000 / 500:.3f}\n" for i in range(90000))
        self.write("long.csv", text)
        decisions = []
        for n in ("1", "3"):
            self.hb("run", "long.csv", "--run-id", "long", "--program", "apollo", "--test-name", "warmup", "--fail-on",
                    "none", "--threads", n, "--db", f"db{n}.db")
            self.hb("export", "evidence-pack", "--case", "long", "--out", f"long{n}.zip", "--db", f"db{n}.db")
            with open(self.path(f"long{n}.zip"), "rb") as f:
                files = packs.read_zip(f.read())
            decisions.append((files["decision.json"], files["run.json"]))
        self.assertEqual(decisions[0], decisions[1])


if __name__ == "__main__":
    unittest.main()
