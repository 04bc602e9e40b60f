# SPDX-License-Identifier: Apache-2.0
"""Evidence packs of decisions: what is in them, when it cannot be, and deciding again from them."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import unittest
import zipfile

from hbtest import Case

REGISTRY = """version: '1'
metrics:
  temp: {unit: degC, drift_threshold: 1.0, invariant_max: 90}
  volt: {unit: V, drift_threshold: 0.5}
"""


def rows(temp, volt=3.3, n=120):
    return "time,temp [degC],volt [V]\n" + "".join(
        f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,{temp + i % 5 * 0.1:.1f},{volt + i % 3 * 0.01:.2f}\n" for i in range(n))


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Pack:
    """A pack read with zipfile and json alone."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.names = self.zip.namelist()

    def read(self, name):
        return self.zip.read(name)

    def json(self, name):
        return json.loads(self.read(name))


class Export(Case):
    def setUp(self):
        super().setUp()
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: golden, fallback: none}\n")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path("lab.pem")], check=True,
                       capture_output=True)
        os.chmod(self.path("lab.pem"), 0o600)
        self.public = subprocess.run(["openssl", "pkey", "-in", self.path("lab.pem"), "-pubout"], check=True,
                                     capture_output=True).stdout
        self.write("lab.pub", self.public)

    def judged(self, name, temp, **kw):
        self.write(f"{name}.csv", rows(temp, **kw))
        return self.hb_json("run", f"{name}.csv", "--run-id", name, "--program", "apollo", "--test-name", "warmup",
                            "--fail-on", "none")

    def baseline(self):
        self.judged("base", 20)
        self.hb("baseline", "set", "base", "--tag", "golden")

    def two_runs(self, temp):
        self.baseline()
        return self.judged("cur", temp)

    def export(self, run, *more, key=("--key", "lab.pem"), **kw):
        return self.hb_json("export", "evidence-pack", "--case", run, *key, *more, **kw)

    def check_pack(self, path):
        """Every file is in the manifest with its digests, the signature is over the manifest."""
        p = Pack(path)
        manifest = p.json("manifest.json")
        listed = {f["path"]: f for f in manifest["files"]}
        apart = {"manifest.json", "attestation.dsse.json"}
        self.assertEqual(set(p.names) - apart, set(listed))
        for name, f in listed.items():
            data = p.read(name)
            self.assertEqual((f["size"], f["sha256"], f["sha512"]),
                             (len(data), sha(data), hashlib.sha512(data).hexdigest()), name)
        return p

    def check_signature(self, p):
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
        envelope = p.json("attestation.dsse.json")
        payload = base64.b64decode(envelope["payload"])
        kind = envelope["payloadType"].encode()
        pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        load_pem_public_key(self.public).verify(base64.b64decode(envelope["signatures"][0]["sig"]), pae)
        statement = json.loads(payload)
        self.assertEqual(statement["subject"][0]["digest"]["sha256"], sha(p.read("manifest.json")))
        return statement


class WhatIsInIt(Export):
    def test_a_pack_holds_what_was_decided_from(self):
        self.two_runs(95)
        told = self.export("cur")
        self.assertEqual(told["verdict"], "FAIL")
        self.assertEqual(told["raw_missing"], "")
        self.assertEqual(told["pack"], "./evidence/evidence_cur.zip")
        p = self.check_pack(self.path(told["pack"]))
        with open(self.path("reports/cur/decision.json"), "rb") as f:
            self.assertEqual(p.read("decision.json"), f.read())
        self.assertEqual(sha(p.read("decision.json")), told["decision_sha256"])
        self.assertEqual(p.read("raw/0/cur.csv"), rows(95).encode())
        self.assertEqual(p.read("policy/metric_registry.yaml"), REGISTRY.encode())
        self.assertEqual(sha(p.read("manifest.json")), told["manifest_sha256"])
        for name in ("run.json", "baseline/run.json", "reference.json", "report/drift_report.html",
                     "report/drift_report.json", "raw/reading.json", "program.json", "VERIFY.md", "log/entry.json",
                     "log/inclusion.json", "log/checkpoint", "keys/log.pub"):
            self.assertIn(name, p.names)
        self.assertEqual(p.json("run.json")["run_id"] if "run_id" in p.json("run.json")
                         else p.json("run.json")["meta"]["run_id"], "cur")
        statement = self.check_signature(p)
        self.assertEqual(statement["predicate"]["result"], "FAILED")
        with open("/proc/self/exe", "rb"):
            from hbtest import HB
        with open(HB, "rb") as f:
            self.assertEqual(p.json("program.json")["executable_sha256"], sha(f.read()))
        self.assertTrue(any(n == "keys/" + told["signed_by"][0] + ".pub" for n in p.names))

    def test_every_verdict(self):
        self.baseline()
        results = {"base": ("NO_TEST", "WARNED")}
        for name, temp, verdict, result in (("same", 20, "PASS", "PASSED"), ("hot", 95, "FAIL", "FAILED")):
            self.assertEqual(self.judged(name, temp)["status"], verdict)
            results[name] = (verdict, result)
        for name, (verdict, result) in results.items():
            with self.subTest(name):
                told = self.export(name)
                self.assertEqual(told["verdict"], verdict)
                p = self.check_pack(self.path(told["pack"]))
                self.assertEqual(self.check_signature(p)["predicate"]["result"], result)
                self.assertEqual("baseline/run.json" in p.names, verdict != "NO_TEST")

    def test_a_folder_holds_the_same_files(self):
        self.two_runs(95)
        self.export("cur", "--out", "a.zip", key=("--unsigned",))
        self.export("cur", "--out", "b", "--form", "folder", key=("--unsigned",))
        p = self.check_pack(self.path("a.zip"))
        found = [os.path.relpath(os.path.join(d, f), self.path("b")) for d, _, fs in os.walk(self.path("b")) for f in fs]
        self.assertEqual(sorted(found), sorted(p.names))
        for name in found:
            if not name.startswith("log/") and name != "manifest.json":
                with open(self.path("b/" + name), "rb") as f:
                    self.assertEqual(f.read(), p.read(name), name)

    def test_twice_gives_the_same_bytes_but_for_the_log(self):
        self.two_runs(95)
        self.export("cur", "--out", "a.zip", key=("--unsigned",))
        self.export("cur", "--out", "b.zip", key=("--unsigned",))
        a, b = Pack(self.path("a.zip")), Pack(self.path("b.zip"))
        self.assertEqual(a.names, b.names)
        differ = {n for n in a.names if a.read(n) != b.read(n)}
        self.assertLessEqual(differ, {"log/checkpoint", "log/inclusion.json", "manifest.json"})
        shutil.rmtree(self.path("audit"))  # no log, nothing to differ

    def test_a_baseline_version_is_in_it(self):
        for i in range(4):
            self.judged(f"r{i}", 20 + i * 0.1)
        made = self.hb_json("baseline", "create", "--runs", "r0", "r1", "r2", "r3", "--name", "spring")
        self.hb("baseline", "promote", "--version", "spring", "--tag", "golden", "--override-quality", "a test", "--yes")
        self.assertEqual(self.judged("cur", 95)["baseline_reason"], "version")
        p = self.check_pack(self.path(self.export("cur")["pack"]))
        self.assertTrue(sha(p.read("baseline/version.json")).startswith(made["version"]))


class WhatCannotBeInIt(Export):
    def test_raw_files_that_changed_or_are_gone_are_told(self):
        self.two_runs(95)
        for what, change in (("has changed", lambda: self.write("cur.csv", rows(20))),
                             ("cannot open", lambda: os.unlink(self.path("cur.csv")))):
            with self.subTest(what):
                change()
                r = self.run_hb("export", "evidence-pack", "--case", "cur", "--unsigned", "--out", f"{what[:3]}.zip")
                self.assertEqual(r.returncode, 0, r.stderr)
                self.assertIn(what, r.stderr.decode())
                p = self.check_pack(self.path(f"{what[:3]}.zip"))
                reading = p.json("raw/reading.json")
                self.assertIn(what, reading["why"])
                self.assertEqual(reading["files"][0]["member"], "")
                self.assertEqual(reading["files"][0]["sha256"], sha(rows(95).encode()))
                self.assertNotIn("raw/0/cur.csv", p.names)

    def test_no_raw(self):
        self.two_runs(95)
        told = self.export("cur", "--no-raw")
        self.assertEqual((told["raw_files"], told["raw_missing"]), (0, "left out on request"))

    def test_names_that_fit_no_pack_are_replaced(self):
        self.judged("base", 20)
        self.write("run of monday #2.csv", rows(20))
        self.hb("run", "run of monday #2.csv", "--run-id", "odd", "--program", "apollo", "--test-name", "warmup")
        p = self.check_pack(self.path(self.export("odd")["pack"]))
        f = p.json("raw/reading.json")["files"][0]
        self.assertEqual((f["name"], f["member"]), ("run of monday #2.csv", "raw/0/run_of_monday__2.csv"))

    def test_files_of_one_folder_stay_beside_each_other(self):
        self.write("art/metrics.csv", rows(20))
        self.write("art/events.jsonl", '{"event": "start"}\n')
        self.write("b/more.csv", "time,amps [A]\n2026-01-05T10:00:00Z,1\n2026-01-05T10:00:01Z,2\n")
        self.hb("run", "art", "b/more.csv", "--run-id", "two", "--program", "p", "--test-name", "t")
        p = self.check_pack(self.path(self.export("two")["pack"]))
        self.assertEqual([n for n in p.names if n.startswith("raw/") and n[4].isdigit()],
                         ["raw/0/events.jsonl", "raw/0/metrics.csv", "raw/1/more.csv"])

    def test_what_is_refused(self):
        self.two_runs(95)
        self.hb_error("export", "evidence-pack", "--case", "nobody", "--unsigned", code=4, has="nobody")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--case-id", "../x", "--unsigned", code=2, has="a case is")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--raw-slice", "now", "--unsigned", code=2, has="FROM..TO")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--unsigned", "--raw-slice",
                      "2026-01-05T10:00:00Z..2026-01-05T10:01:00Z", code=2, has="was read from files")
        self.export("cur", "--out", "a.zip")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--out", "a.zip", "--unsigned", code=2, has="a.zip")
        self.assertEqual(sorted(os.listdir(self.path("evidence"))) if os.path.isdir(self.path("evidence")) else [], [])

    def test_an_export_is_in_the_log(self):
        self.two_runs(95)
        told = self.export("cur", "--case-id", "NCR-17", "--reason", "for the customer")
        self.assertEqual(told["pack"], "./evidence/evidence_NCR-17.zip")
        import contextlib
        import sqlite3
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            entry = json.loads(db.execute("SELECT entry FROM audit_queue WHERE type = 'export'").fetchone()[0])
        self.assertEqual(entry["subject"], "NCR-17")
        self.assertEqual(entry["by"], told["signed_by"][0])
        self.assertEqual(entry["data"]["manifest_sha256"], told["manifest_sha256"])
        self.assertEqual(entry["data"]["reason"], "for the customer")


class Replay(Export):
    def test_without_changes_the_same_decision_follows(self):
        self.two_runs(95)
        pack = self.export("cur")["pack"]
        os.mkdir(self.path("elsewhere"))
        told = json.loads(self.hb("-w", "elsewhere", "replay", pack, "--json"))
        self.assertTrue(told["same"])
        self.assertEqual((told["verdict_before"], told["verdict_after"], told["flips"]), ("FAIL", "FAIL", []))
        self.assertEqual(os.listdir(self.path("elsewhere")), [])

    def test_with_other_limits_findings_flip(self):
        self.two_runs(95)
        pack = self.export("cur")["pack"]
        self.write("wide.yaml", REGISTRY.replace("invariant_max: 90", "invariant_max: 190").replace("1.0", "100"))
        told = self.hb_json("replay", pack, "--metric-registry", "wide.yaml")
        self.assertTrue(told["same"])
        self.assertEqual(told["verdict_before"], "FAIL")
        self.assertNotEqual(told["verdict_after"], "FAIL")
        gone = {(f["metric"], f["rule"]) for f in told["flips"] if f["after"] is None}
        self.assertIn(("temp", "invariant_max"), gone)
        text = self.hb("replay", pack, "--metric-registry", "wide.yaml")
        self.assertIn("FAIL ->", text)

    def test_a_pack_that_was_touched_is_not_replayed(self):
        self.two_runs(95)
        self.export("cur", "--out", "b", "--form", "folder")
        with open(self.path("b/run.json"), "ab") as f:
            f.write(b" ")
        self.hb_error("replay", "b", code=12, has=["run.json", "hb verify"])


class Automatic(Export):
    def run_with(self, name, temp, when):
        self.write(f"{name}.csv", rows(temp))
        return self.hb_json("run", f"{name}.csv", "--run-id", name, "--program", "apollo", "--test-name", "warmup",
                            "--fail-on", "none", "--evidence-pack", when, "--key", "lab.pem")

    def test_on_fail_and_always(self):
        self.assertIsNone(self.run_with("base", 20, "on-fail")["evidence_pack"])
        self.assertIsNone(self.run_with("good", 20, "on-fail")["evidence_pack"])
        path = self.run_with("hot", 95, "on-fail")["evidence_pack"]
        self.check_signature(self.check_pack(self.path(path)))
        self.assertEqual(path, "./evidence/evidence_hot.zip")
        self.assertTrue(self.run_with("good2", 20, "always")["evidence_pack"])

    def test_a_pack_that_could_not_be_made_is_made_by_the_next_command(self):
        self.run_with("base", 20, "never")
        self.write("evidence", "in the way")
        self.write("hot.csv", rows(95))
        r = self.run_hb("run", "hot.csv", "--run-id", "hot", "--program", "apollo", "--test-name", "warmup",
                        "--evidence-pack", "on-fail", "--key", "lab.pem")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("FAIL", r.stdout.decode())
        self.assertIn("no evidence pack of run 'hot'", r.stderr.decode())
        os.unlink(self.path("evidence"))
        self.run_with("good", 20, "on-fail")
        self.check_pack(self.path("evidence/evidence_hot.zip"))

    def test_the_key_is_asked_for_before_anything_is_judged(self):
        self.write("a.csv", rows(20))
        self.hb_error("run", "a.csv", "--evidence-pack", "always", "--key", "none.pem", code=2, has="none.pem")
        self.assertFalse(os.path.exists(self.path("runs.db")))


if __name__ == "__main__":
    unittest.main()
