# SPDX-License-Identifier: Apache-2.0
"""Every command shown in the README, in docs/ and in help and manual pages is run as it stands."""
import contextlib
import glob
import json
import os
import re
import shlex
import sqlite3
import subprocess
import unittest

import journals
from hbtest import SOURCE, Case


class Docs(Case):
    def prepare(self):
        rows = "".join(f"2026-01-05T10:00:{i % 60:02d}Z,{20 + i % 5},{3.3 + (i % 3) * 0.01}\n" for i in range(120))
        self.write("monday.csv", "time,temp,volt\n" + rows)
        self.write("tuesday.csv", "time,temp,volt\n" + rows.replace(",22,", ",22.5,"))
        self.write("wednesday.csv", "time,temp,volt\n" + rows.replace(",23,", ",23.5,"))

    def prepare_workspace(self):
        self.prepare()
        self.hb("init", ".")
        for run, f in (("monday-1", "monday.csv"), ("monday-2", "tuesday.csv")):
            self.hb("ingest", f, "--run-id", run)
        with open(self.path("monday.csv"), encoding="utf-8") as f:
            rows = f.read()
        for k in range(3, 6):  # enough to hold one back
            self.write("later.csv", rows.replace(",23,", f",23.{k},"))
            self.hb("ingest", "later.csv", "--run-id", f"monday-{k}")
        self.hb("baseline", "set", "monday-1", "--tag", "golden")
        self.hb("baseline", "create", "--runs", "monday-1", "--name", "spring")
        self.hb("baseline", "create", "--runs", "monday-1", "monday-2", "--name", "summer")
        self.hb("analyze", "monday-2")
        self.hb("keys", "generate", "kim", "--no-passphrase")
        self.hb("backup", "friday.zip")
        journal = journals.Writer(self.path("live/journal"))
        journal.segment()
        journal.add("rig", "rig/temp", b"21.5", arrival=1767607200 * 10**9)
        journal.close()
        self.write("incoming/today.csv", rows)
        self.write("live.csv", "timestamp,metric,value\n2026-01-05T10:00:00Z,temp,20\n"
                   "2026-01-05T10:00:01Z,temp,21\n")
        self.write("rig.csv", "timestamp,metric,value,unit\n" + "".join(
            f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,temp,100,degC\n2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,volt,9,V\n"
            for i in range(60)))
        self.write("live_registry.yaml", "metrics:\n  temp: {unit: degC, invariant_max: 50}\n  volt: {unit: V, invariant_max: 5}\n")
        self.write("daemon.yaml", "sources:\n  - {source: file_replay, name: rig, path: rig.csv}\nwindows:\n  - {size: 10s}\n"
                   "metric_registry: live_registry.yaml\nalert_sinks: []\n")
        with contextlib.closing(sqlite3.connect(self.path("original.db"))) as db:
            db.executescript("CREATE TABLE runs(run_id, status, created_at);"
                             "CREATE TABLE metrics(run_id, metric, value);"
                             "INSERT INTO runs VALUES('r1', 'PASS', '2025-01-01T00:00:00Z');"
                             "INSERT INTO metrics VALUES('r1', 'temp', 20.5);")

        self.add_dead_letter()

    def add_dead_letter(self):
        """An event that was given up."""
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            db.execute("INSERT INTO alert_sinks VALUES('rig', 'web')")
            db.execute("INSERT INTO alert_log VALUES(1, ?, 'rig', 'source:x', ?, 'raised', 'FAIL', 0, '{}')", ("c" * 64, "d" * 64))
            db.execute("INSERT INTO dead_letters VALUES(1, 1, 'rig', 'web', 3, 'no answer', 0)")

    REQUEST = "9f86d081884c"  # what a request is called in examples

    def prepare_governance(self, name):
        """Three people with keys; what the command is about has been asked for."""
        for who in ("ada", "kim", "lee"):
            pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True).stdout
            os.chmod(self.write(f"keys/{who}.pem", pem), 0o600)
            self.write(f"keys/{who}.pub", subprocess.run(["openssl", "pkey", "-pubout"], input=pem, capture_output=True, check=True).stdout)
        person = "  %s: {roles: {'*': %s}, keys: [{file: keys/%s.pub}]}\n"
        people = "operators:\n" + "".join(person % (n, r, n) for n, r in (("ada", "admin"), ("kim", "approver"), ("lee", "operator")))
        self.write("people.yaml", people)
        self.write("more.yaml", people.replace("approver", "operator"))
        if name == "operators init":
            return
        self.hb("operators", "init", "people.yaml", "--key", "keys/ada.pem")
        if name in ("config approve", "config reject"):
            self.hb("config", "request", "baseline_policy.yaml", "--reason", "x", "--key", "keys/lee.pem")
        if name in ("operators approve", "operators apply"):
            self.hb("operators", "propose", "more.yaml", "--reason", "x", "--key", "keys/lee.pem")
            self.request = self.hb_json("operators", "list")["requests"][0]["request"]
            if name == "operators apply":
                self.hb("operators", "approve", self.request, "--yes", "--key", "keys/ada.pem")
        elif name != "operators propose":
            self.request = self.hb_json("baseline", "request", "monday-2", "--reason", "x", "--key", "keys/lee.pem")["request"]

    def answer_time_query(self):
        """r.tsr, as a time authority answers hb timestamp query; openssl is the authority."""
        self.write("tsa.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[x]\nextendedKeyUsage=critical,timeStamping\n[tsa]\ndefault_tsa=t\n[t]\n"
                   "serial=serial\nsigner_digest=sha384\ndefault_policy=1.3.6.1.4.1.55555.1\ndigests=sha256\ness_cert_id_alg=sha256\n")
        self.hb("timestamp", "query", "evidence/evidence_monday-2.zip", "--out", "q.tsq")
        for line in ("req -x509 -new -config tsa.cnf -extensions x -newkey rsa:2048 -nodes -keyout tsa.key -subj /CN=TSA -days 3 -out tsa.pem",
                     "ts -reply -config tsa.cnf -queryfile q.tsq -signer tsa.pem -inkey tsa.key -out r.tsr"):
            subprocess.run(["openssl", *line.split()], cwd=self.dir, check=True, capture_output=True)

    def run_line(self, line):
        words = [self.request if w == self.REQUEST else w for w in shlex.split(line)]
        self.assertEqual(words[0], "hb", line)
        out = self.hb(*words[1:])
        self.assertTrue(out or words[1] == "record", line)

    def test_examples_of_the_command_table(self):
        for c in json.loads(self.hb("--dump-cli"))["commands"]:
            with self.subTest(c["name"]):
                self.setUp()
                self.prepare_workspace()
                if c["name"].split()[0] in ("journal", "alert", "live"):  # they look at what a daemon left behind
                    self.hb("daemon", "--once")
                    self.hb("alert", "shelve", "metric:volt/*", "--reason", "as in the manual", "--for", "1h")
                if c["group"] == "Governance":
                    self.prepare_governance(c["name"])
                if c["name"] == "token revoke":
                    self.hb("token", "create", "grafana", "--role", "viewer", "--expires", "30d")
                if c["name"] in ("verify", "timestamp query", "timestamp attach"):
                    self.hb("keys", "generate", "lab", "--no-passphrase")
                    self.hb("export", "evidence-pack", "--case", "monday-2", "--key", "lab")
                if c["name"] == "timestamp attach":
                    self.answer_time_query()
                if c["name"] == "replay":
                    self.hb("export", "evidence-pack", "--case", "monday-2", "--unsigned")
                if c["name"] in ("redact", "reveal"):
                    self.hb("export", "evidence-pack", "--case", "monday-2", "--out", "evidence_monday-2.zip")
                if c["name"] in ("encrypt", "decrypt"):
                    self.write("pass.txt", "correct horse battery\n")
                    os.chmod(self.path("pass.txt"), 0o600)
                    self.hb("encrypt", "tuesday.csv", "--passphrase-file", "pass.txt", "--out", "tuesday.csv.hbs")
                self.run_line(c["example"])

    def test_examples_in_manual_pages_are_the_same(self):
        for c in json.loads(self.hb("--dump-cli"))["commands"]:
            page = self.hb("--dump-man", "hb-" + c["name"].replace(" ", "-"))
            self.assertIn(c["example"], page.replace("\\-", "-").replace("\\e", "\\"))
        overview = self.hb("--dump-man", "hb").replace("\\-", "-")
        lines = re.findall(r"(?m)^\$ (hb .*)$", overview)
        self.assertTrue(lines)
        self.prepare()
        for line in lines:
            self.run_line(line)

    def test_commands_in_the_documents(self):
        files = [os.path.join(SOURCE, "README.md")] + glob.glob(os.path.join(SOURCE, "docs", "**", "*.md"), recursive=True)
        found = 0
        for path in sorted(files):
            with open(path, encoding="utf-8") as f:
                lines = re.findall(r"(?m)^\s*\$ (hb .*)$", f.read())
            if not lines:
                continue
            with self.subTest(os.path.relpath(path, SOURCE)):
                self.setUp()
                self.prepare()
                for line in lines:
                    self.run_line(line)
                    found += 1
        self.assertGreaterEqual(found, 5)

    def test_links_between_documents_lead_somewhere(self):
        for path in [os.path.join(SOURCE, "README.md")] + glob.glob(os.path.join(SOURCE, "docs", "**", "*.md"), recursive=True):
            with open(path, encoding="utf-8") as f:
                for target in re.findall(r"\]\(([^)#:]+)\)", f.read()):
                    full = os.path.join(os.path.dirname(path), target)
                    self.assertTrue(os.path.exists(full), f"{os.path.relpath(path, SOURCE)} links to {target}")


if __name__ == "__main__":
    unittest.main()
