# SPDX-License-Identifier: Apache-2.0
"""Evidence packs of decisions: what is in them, when it cannot be, and deciding again from them."""
import base64
import contextlib
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import unittest
import zipfile

import jsonschema

from hbtest import HB, SOURCE, Case

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

    def fits(self, document, name):
        with open(os.path.join(SOURCE, "schemas", name + ".schema.json"), encoding="utf-8") as f:
            jsonschema.validate(document, json.load(f))
        return document

    def export(self, run, *more, key=("--key", "lab.pem"), **kw):
        return self.fits(self.hb_json("export", "evidence-pack", "--case", run, *key, *more, **kw), "export")

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
        statement = self.check_signature(p)
        self.assertEqual(statement["predicate"]["result"], "FAILED")
        with open(HB, "rb") as f:
            self.assertEqual(p.json("program.json")["executable_sha256"], sha(f.read()))
        self.assertEqual(p.json("program.json")["sbom_sha256"], sha(self.hb("sbom").encode()))
        self.assertTrue(any(n == "keys/" + told["signed_by"][0] + ".pub" for n in p.names))

    def test_packs_are_for_their_owner_alone(self):
        """Raw data may come from a folder that is closed to others; no umask opens them here."""
        self.two_runs(95)
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.hb("export", "evidence-pack", "--case", "cur", "--unsigned", "--out", "p.zip")
        self.hb("export", "evidence-pack", "--case", "cur", "--unsigned", "--form", "folder", "--out", "folder")
        self.hb("support", "bundle", "s.zip")
        for name in ("p.zip", "s.zip"):
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o7777, 0o600)
        self.assertEqual(os.stat(self.path("folder")).st_mode & 0o7777, 0o700)
        for folder, _, files in os.walk(self.path("folder")):
            self.assertEqual(os.stat(folder).st_mode & 0o022, 0)
            for name in files:
                self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o7777, 0o600)

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
        self.export("cur", "--out", "a.zip")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--out", "a.zip", "--unsigned", code=2, has="a.zip")
        self.assertEqual(sorted(os.listdir(self.path("evidence"))) if os.path.isdir(self.path("evidence")) else [], [])

    def test_a_stretch_of_time_of_text_files(self):
        self.judged("base", 20)
        text = "# bench 7\n" + rows(95)
        self.write("cut.csv", text)
        self.hb("run", "cut.csv", "--run-id", "cut", "--program", "apollo", "--test-name", "warmup", "--fail-on", "none")
        told = self.export("cut", "--raw-slice", "2026-01-05T10:00:10Z..2026-01-05T10:00:20Z")
        self.assertEqual(told["raw_missing"], "only a stretch of time was asked for")
        p = self.check_pack(self.path(told["pack"]))
        lines = text.splitlines(keepends=True)
        self.assertEqual(p.read("raw/slice/0/cut.csv").decode(), "".join(lines[:2] + lines[12:22]))
        reading = p.json("raw/reading.json")
        self.assertEqual(reading["slice"], {"files": [{"member": "raw/slice/0/cut.csv", "rows": 10, "why": ""}],
                                            "from": "2026-01-05T10:00:10Z", "to": "2026-01-05T10:00:20Z"})
        self.assertNotIn("raw/0/cut.csv", p.names)
        verified = self.hb_json("verify", told["pack"], "--trust", "lab.pub")
        self.assertEqual(verified["decided_from"], "profiles")

    def test_a_stretch_of_time_of_other_files_is_told(self):
        self.write("a.csv.gz", gzip.compress(rows(20).encode()))
        self.write("none.csv", "metric,value\ntemp,20\n")
        for run, f, why in (("gz", "a.csv.gz", "it is compressed"), ("none", "none.csv", "time")):
            self.hb("run", f, "--run-id", run, "--program", "p", "--test-name", "t", "--fail-on", "none")
            told = self.export(run, "--raw-slice", "2026-01-05T10:00:10Z..2026-01-05T10:00:20Z")
            cut, = Pack(self.path(told["pack"])).json("raw/reading.json")["slice"]["files"]
            self.assertEqual(cut["member"], "")
            self.assertIn(why, cut["why"])

    def test_a_decision_that_nothing_was_kept_with_is_refused(self):
        """As registries of schema 3 have them."""
        self.two_runs(95)
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            db.execute("DROP TRIGGER decision_basis_is_kept")
            db.execute("DELETE FROM decision_basis")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--unsigned", code=12, has="hb analyze")
        self.assertFalse(os.path.exists(self.path("evidence/evidence_cur.zip")))
        self.hb("analyze", "cur", "--fail-on", "none")
        self.export("cur")

    def test_a_run_that_was_changed_in_the_registry_gives_no_pack(self):
        self.two_runs(95)
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            db.execute("UPDATE run_metrics SET value = value + 1 WHERE name = 'temp'")
        r = self.run_hb("export", "evidence-pack", "--case", "cur", "--unsigned")
        self.assertEqual(r.returncode, 12, r.stderr)
        self.assertFalse(os.path.exists(self.path("evidence/evidence_cur.zip")))

    def test_figures_changed_before_the_decision_give_no_pack(self):
        self.two_runs(95)
        for changed in ("base", "cur"):
            shutil.copy(self.path("runs.db"), self.path("good.db"))
            with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
                rows = db.execute("UPDATE run_metrics SET mean = mean + 1 WHERE run = (SELECT id FROM runs WHERE run_id = ?)", (changed,))
                self.assertGreater(rows.rowcount, 0)
            self.hb("analyze", "cur", "--fail-on", "none")
            r = self.run_hb("export", "evidence-pack", "--case", "cur", "--unsigned")
            self.assertEqual(r.returncode, 12, r.stderr)
            self.assertIn(b"are not those it was registered with", r.stderr)
            shutil.copy(self.path("good.db"), self.path("runs.db"))

    def test_an_export_is_in_the_log(self):
        self.two_runs(95)
        told = self.export("cur", "--case-id", "NCR-17", "--reason", "for the customer")
        self.assertEqual(told["pack"], "./evidence/evidence_NCR-17.zip")
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            entry = json.loads(db.execute("SELECT entry FROM audit_queue WHERE type = 'export'").fetchone()[0])
        self.assertEqual(entry["subject"], "NCR-17")
        self.assertEqual(entry["by"], told["signed_by"][0])
        self.assertEqual(entry["data"]["manifest_sha256"], told["manifest_sha256"])
        self.assertEqual(entry["data"]["reason"], "for the customer")


class FromRaw(Export):
    """What a run was read from is read again to the same run, whatever format and options it was."""

    def verified(self, run):
        told = self.export(run)
        self.assertEqual(told["raw_missing"], "", run)
        lines = {}
        for line in self.hb_json("verify", told["pack"], "--trust", "lab.pub")["answers"]:
            lines.setdefault(line["question"], []).append(line)
        self.assertEqual([line["answer"] for line in lines["reading"]], ["holds"], lines["reading"])
        self.assertIn("raw files", lines["decision"][0]["text"])

    def read(self, run, *args):
        self.hb("run", *args, "--run-id", run, "--program", "p", "--test-name", "t", "--fail-on", "none")
        self.verified(run)

    def test_options(self):
        self.write("a.csv", rows(20))
        for i, options in enumerate((("--columns", "temp"), ("--where", "volt > 3.305"),
                                     ("--time-range", "2026-01-05T10:00:10Z..2026-01-05T10:01:00Z"),
                                     ("--resample", "5s:max"), ("--factor", "rig=A,operator=kim"), ("--source", "csv"),
                                     ("--threads", "2"))):
            with self.subTest(options):
                self.read(f"o{i}", "a.csv", *options)

    def test_dates_that_read_both_ways(self):
        self.write("d.csv", "date,clock,temp\n" + "".join(f"05/04/2024,10:00:{i:02d},{i}\n" for i in range(30)))
        self.read("d", "d.csv", "--day-first")
        self.read("m", "d.csv", "--month-first")

    def test_an_artifact_folder_with_identity_and_events(self):
        self.write("metric_registry.yaml", REGISTRY + "  trips: {events: {type: trip}}\n")
        self.write("art/metrics.csv", rows(20))
        self.write("art/events.jsonl", '{"type": "trip"}\n{"type": "start"}\n')
        self.write("art/run_meta.json", json.dumps({
            "run_id": "art", "program": "apollo", "subsystem": "s", "test_name": "warmup", "scenario_id": "s1",
            "build": {"git_sha": "abc"}, "timestamps": {"start_utc": "2026-01-05T10:00:00Z"}, "factors": {"rig": "A"}}))
        self.hb("run", "art", "--fail-on", "none")
        self.verified("art")

    def test_several_files_and_patterns(self):
        self.write("many/1.csv", rows(20))
        self.write("many/2.csv", "time,amps [A]\n2026-01-05T10:00:00Z,1\n2026-01-05T10:00:01Z,2\n")
        self.write("other/1.csv", "time,ohm [Ohm]\n2026-01-05T10:00:00Z,1\n2026-01-05T10:00:01Z,2\n")
        self.read("many", "many/*.csv", "other/1.csv")

    def test_a_profile_and_its_run(self):
        self.write("p.csv", rows(20))
        self.hb("inspect", "p.csv", "--save-profile", "mine.yaml")
        self.read("p", "p.csv", "--profile", "mine.yaml")
        os.makedirs(self.path("profiles"))
        shutil.copy(self.path("mine.yaml"), self.path("profiles/bench7.yaml"))
        self.read("q", "p.csv", "--source", "bench7")

    def test_formats(self):
        import h5py
        import numpy
        import openpyxl
        import scipy.io
        self.write("a.csv.gz", gzip.compress(rows(20).encode()))
        with zipfile.ZipFile(self.path("a.zip"), "w") as z:
            z.writestr("in/a.csv", rows(20))
            z.writestr("in/b.csv", rows(21))
        book = openpyxl.Workbook()
        for line in rows(20).splitlines():
            book.active.append([float(c) if i and c[0].isdigit() else c for i, c in enumerate(line.split(","))])
        book.save(self.path("a.xlsx"))
        db = sqlite3.connect(self.path("a.db"))
        db.execute("CREATE TABLE t(time TEXT, temp REAL)")
        db.executemany("INSERT INTO t VALUES (?,?)", [(f"2026-01-05T10:00:{i:02d}Z", 20 + i) for i in range(50)])
        db.commit()
        db.close()
        self.write("a.jsonl", "".join(json.dumps({"time": f"2026-01-05T10:00:{i:02d}Z", "temp": 20 + i}) + "\n"
                                      for i in range(50)))
        numpy.savez(self.path("a.npz"), temp=numpy.arange(50.0), volt=numpy.arange(50.0))
        scipy.io.savemat(self.path("a.mat"), {"time": numpy.arange(50.0)[:, None], "temp": numpy.arange(50.0)[:, None]})
        with h5py.File(self.path("a.h5"), "w") as f:
            f["temp"] = numpy.arange(50.0)
            f["volt"] = numpy.arange(50.0)
        for run, args in {"gz": ["a.csv.gz"], "zip": ["a.zip", "--member", "in/a.csv"], "xlsx": ["a.xlsx"],
                          "db": ["a.db", "--table", "t"], "sql": ["a.db", "--query", "SELECT time, temp FROM t WHERE temp > 30"],
                          "jsonl": ["a.jsonl"], "npz": ["a.npz"], "mat": ["a.mat"], "h5": ["a.h5"]}.items():
            with self.subTest(run):
                self.read(run, *args)

    def test_the_originals_cases(self):
        cases = os.path.join(SOURCE, "samples", "cases")
        for f in ("metric_registry.yaml", "baseline_policy.yaml", "run_meta.json"):
            shutil.copy(os.path.join(cases, f), self.dir)
        for name in sorted(os.listdir(cases)):
            folder = os.path.join(cases, name)
            if not os.path.exists(os.path.join(folder, "current.csv")):
                continue
            with self.subTest(name):
                for run in ("baseline", "current"):
                    self.hb("run", os.path.join(folder, run + ".csv"), "--run-id", f"{name}-{run}", "--source",
                            "pba_excel", "--run-meta", "run_meta.json", "--fail-on", "none")
                self.verified(f"{name}-current")

    def test_a_metric_registry_that_changed_between_reading_and_judging(self):
        self.two_runs(95)
        self.write("metric_registry.yaml", REGISTRY.replace("invariant_max: 90", "invariant_max: 190"))
        self.hb("analyze", "cur", "--fail-on", "none")
        self.verified("cur")

    def test_a_raw_file_that_was_changed_is_named(self):
        self.two_runs(95)
        self.export("cur", "--out", "b", "--form", "folder")
        self.write("b/raw/0/cur.csv", rows(95).replace("95.0", "95.1", 1))
        r = self.run_hb("verify", "b", "--trust", "lab.pub")
        self.assertEqual(r.returncode, 12)
        self.assertIn("raw/0/cur.csv", r.stdout.decode())


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
        told = self.fits(self.hb_json("replay", pack, "--metric-registry", "wide.yaml"), "replay")
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

    def test_asked_for_again_it_is_the_pack_that_is_there_or_a_new_one(self):
        self.run_with("base", 20, "never")
        path = self.run_with("good", 20, "always")["evidence_pack"]
        with open(self.path(path), "rb") as f:
            first = f.read()
        for gone in (False, True):
            if gone:
                os.unlink(self.path(path))
            again = self.hb_json("analyze", "good", "--fail-on", "none", "--evidence-pack", "always", "--key", "lab.pem")
            self.assertEqual(again["evidence_pack"], path)
            with open(self.path(path), "rb") as f:
                self.assertEqual(f.read() == first, not gone)
        self.check_pack(self.path(path))

    def test_the_key_is_asked_for_before_anything_is_judged(self):
        self.write("a.csv", rows(20))
        self.hb_error("run", "a.csv", "--evidence-pack", "always", "--key", "none.pem", code=2, has="none.pem")
        self.assertFalse(os.path.exists(self.path("runs.db")))


if __name__ == "__main__":
    unittest.main()
