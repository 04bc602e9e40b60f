# SPDX-License-Identifier: Apache-2.0
"""hb support bundle: says what it holds, and holds nothing else; planted secrets are looked for."""
import hashlib
import json
import os
import socket
import unittest
import zipfile

from hbtest import Case

SECRETS = ["71723.25", "71723", "planted_metric", "planted_raw_name", "planted-run", "planted-program", "planted-tag", "plantedkey",
           "planted word", "planted_limit_metric", "91919", "planted-daemon", "planted-person", "PRIVATE KEY"]


class Support(Case):
    def make(self):
        self.hb("init", "planted-daemon")
        lab = self.path("planted-daemon")
        rows = "".join(f"2026-01-05T10:00:{i:02d}Z,{71723.25 + i % 2}\n" for i in range(60))
        self.write("a.csv", "time,planted_metric\n" + rows)
        self.write("run_meta.json", json.dumps({"program": "planted-program", "operator": "planted-person"}))
        self.hb("-w", lab, "ingest", "a.csv", "--run-id", "planted-run", "--program", "planted-program")
        self.hb("-w", lab, "baseline", "set", "planted-run", "--tag", "planted-tag")
        self.hb("-w", lab, "analyze", "planted-run")
        self.write("word", "planted word")
        os.chmod(self.path("word"), 0o600)
        self.hb("-w", lab, "keys", "generate", "plantedkey", "--passphrase-file", "word")
        self.write("planted-daemon/metric_registry.yaml", "metrics:\n  planted_limit_metric: {unit: V, invariant_max: 91919}\n")
        self.write("planted-daemon/equivalence_mapping.yaml", "planted_raw_name: [\n")
        return lab

    def bundle(self, lab, *args):
        told = self.hb("-w", lab, "support", "bundle", "s.zip", *args)
        with zipfile.ZipFile(self.path("s.zip")) as z:
            files = {n: z.read(n) for n in z.namelist()}
        os.unlink(self.path("s.zip"))
        return told, files

    def test_no_secret_no_name_no_value(self):
        lab = self.make()
        told, files = self.bundle(lab)
        secrets = SECRETS + [socket.gethostname(), self.dir]
        with open(os.path.join(lab, "keys/plantedkey.pem"), encoding="utf-8") as f:
            secrets += f.read().splitlines()[1:-1]
        for name, content in files.items():
            for s in secrets:
                self.assertNotIn(s.encode(), content, name)
        self.assertEqual(sorted(files), ["CONTENTS.txt", "config.json", "keys.json", "log.json", "manifest.json", "program.json", "registry.json"])
        for name in files:  # each is told of, here and in the bundle
            if name not in ("CONTENTS.txt", "manifest.json"):
                self.assertIn(name, told)
                self.assertIn(name, files["CONTENTS.txt"].decode())

    def test_what_it_is_good_for(self):
        lab = self.make()
        _, files = self.bundle(lab)
        d = {n: json.loads(b) for n, b in files.items() if n.endswith(".json")}
        self.assertEqual(d["registry.json"]["rows"]["runs"], 1)
        self.assertEqual(sum(d["registry.json"]["decisions"].values()), 1)
        self.assertGreaterEqual(d["log.json"]["size"], 2)
        self.assertTrue(d["log.json"]["holds"])
        self.assertEqual([(k["algorithm"], k["state"]) for k in d["keys.json"]["keys"]], [("ed25519", "active")])
        config = d["config.json"]
        self.assertTrue(config["metric_registry.yaml"]["valid"])
        self.assertEqual((config["equivalence_mapping.yaml"]["failed"], config["equivalence_mapping.yaml"]["line"] > 0), ("E_CONFIG", True))
        with open(os.path.join(lab, "metric_registry.yaml"), "rb") as f:
            self.assertEqual(config["metric_registry.yaml"]["sha256"], hashlib.sha256(f.read()).hexdigest())

    def test_names_when_asked_and_still_no_value(self):
        lab = self.make()
        told, files = self.bundle(lab, "--names")
        names = json.loads(files["names.json"])
        self.assertEqual((names["runs"], names["metrics"], names["tags"], names["programs"]),
                         (["planted-run"], ["planted_metric"], ["planted-tag"], ["planted-program"]))
        self.assertEqual(json.loads(files["keys.json"])["keys"][0]["name"], "plantedkey")
        self.assertIn("names.json", told)
        for name, content in files.items():
            for s in ("71723", "91919", "planted word", "planted_limit_metric", "PRIVATE KEY"):
                self.assertNotIn(s.encode(), content, name)

    def test_of_a_workspace_that_is_broken(self):
        lab = self.make()
        with open(os.path.join(lab, "runs.db"), "r+b") as f:
            f.write(b"not a database at all, planted_metric")
        with open(os.path.join(lab, "audit/checkpoint"), "ab") as f:
            f.write(b"x")
        self.write("planted-daemon/keys/bad.pub", "x")
        _, files = self.bundle(lab)
        self.assertEqual(json.loads(files["registry.json"]), {"failed": "E_STORE"})
        self.assertIn("failed", json.loads(files["log.json"]))
        self.assertEqual(json.loads(files["keys.json"]), {"failed": "E_INPUT"})
        os.mkdir(self.path("empty"))
        _, files = self.bundle(self.path("empty"))
        self.assertEqual(json.loads(files["registry.json"]), {"there": False})
        self.assertEqual(json.loads(files["config.json"]), {})

    def test_is_not_written_over_something(self):
        self.write("s.zip", "mine")
        self.hb_error("support", "bundle", "s.zip", code=2, has="exists")


if __name__ == "__main__":
    unittest.main()
