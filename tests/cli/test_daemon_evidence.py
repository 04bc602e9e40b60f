# SPDX-License-Identifier: Apache-2.0
"""Evidence packs that the daemon makes: of which windows, what is in them, what a kill and a cap leave."""
import contextlib
import glob
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest
import zipfile

from livecase import CONFIG, SPIKED, T0, WINDOW, LiveCase, telemetry

EVIDENCE = CONFIG + "signing_key: daemon.pem\nevidence_pack_on_fail: true\n"


class Evidence(LiveCase):
    def prepare(self, config=EVIDENCE, at=".", lines=None):
        self.workspace(lines, config, at=at)
        key = self.path(os.path.join(at, "daemon.pem"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        os.chmod(key, 0o600)
        pub = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True).stdout
        self.write(os.path.join(at, "daemon.pub"), pub)

    def packs(self, at="."):
        return sorted(glob.glob(self.path(os.path.join(at, "evidence", "*.zip"))))

    def digest(self):
        with open(self.packs()[0], "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def rows(self, at="."):
        return self.query("SELECT r.run_id, p.state, p.path, p.error FROM evidence_packs p JOIN runs r ON r.id = p.run "
                          "ORDER BY p.id", at)


class OnFail(Evidence):
    def test_a_window_that_fails_has_a_signed_pack_with_its_records(self):
        self.prepare()
        self.once("-c", "daemon.yaml")
        (run, state, path, error), = self.rows()
        self.assertEqual((state, error), ("made", ""))
        start, = self.query(f"SELECT start_ns FROM live_windows WHERE run_id = '{run}'")[0]
        self.assertEqual((start // 10**9 - T0) // WINDOW, SPIKED)
        self.assertEqual([os.path.abspath(self.path(path))], [os.path.abspath(p) for p in self.packs()])
        with zipfile.ZipFile(self.packs()[0]) as z:
            self.assertIn("attestation.dsse.json", z.namelist())
            reading = json.loads(z.read("raw/reading.json"))
            z.extractall(self.path("out"))
        journal = reading["journal"]
        self.assertEqual([f["why"] for f in reading["files"]], ["a live source, no file: what it sent is below raw/journal"])
        self.assertEqual(reading["why"], "")
        self.assertEqual((journal["how"]["begin"], journal["how"]["why"]), (journal["from"], ""))
        self.assertEqual({s["name"]: s["payload"] for s in journal["how"]["sources"]}, {"file_replay": "json"})
        self.assertEqual(journal["members"], [n for n in map(lambda p: os.path.relpath(p, self.path("out")), sorted(
            glob.glob(self.path("out/raw/journal/*"))))])
        records = self.hb("journal", "cat", "--journal", "out/raw/journal", "--json").splitlines()
        self.assertEqual(len(records), journal["records"])
        self.assertTrue(any('500.0' in r for r in records), "the sample that is over the limit")
        self.hb("journal", "verify", "--journal", "out/raw/journal")

    def test_the_decision_follows_from_the_pack_alone(self):
        self.prepare()
        self.once()
        told = self.hb_json("replay", self.packs()[0])
        self.assertEqual((told["same"], told["decided_from"]), (True, "raw"))
        self.assertEqual(told["verdict_before"], "FAIL")
        verified = self.hb_json("verify", self.packs()[0], "--trust", "daemon.pub")
        self.assertEqual((verified["verdict"], verified["decided_from"]), ("FAIL", "raw"))

    def test_the_runs_of_the_baseline_are_in_it_unless_they_are_too_much(self):
        for more, state, names in (("", "holds", True), ("evidence_pack_baseline_runs: false\n", "not_in_pack", False)):
            shutil.rmtree(self.dir)
            os.mkdir(self.dir)
            self.prepare(EVIDENCE + more)
            self.once()
            verified = self.hb_json("verify", self.packs()[0], "--trust", "daemon.pub")
            self.assertEqual([a["answer"] for a in verified["answers"] if a["question"] == "reference"][0], state)
            with zipfile.ZipFile(self.packs()[0]) as z:
                self.assertEqual(any(n.startswith("baseline/runs/") for n in z.namelist()), names)

    def test_nothing_is_made_where_nothing_is_asked_for(self):
        self.prepare(CONFIG)
        self.once()
        self.assertEqual((self.packs(), self.rows()), ([], []))

    def test_always_is_of_every_window_that_becomes_a_run(self):
        self.prepare(EVIDENCE.replace("evidence_pack_on_fail", "evidence_pack_always"))
        self.once()
        runs = {r for r, in self.query("SELECT r.run_id FROM runs r JOIN decisions d ON d.run = r.id")}
        self.assertEqual({r for r, *_ in self.rows()}, runs)
        self.assertGreater(len(runs), 5)
        self.assertEqual(len(self.packs()), len(runs))

    def test_without_a_key_it_does_not_start(self):
        self.prepare(CONFIG + "evidence_pack_on_fail: true\n")
        self.hb_error("daemon", "--once", code=3, has=["signing_key", "hb keys generate"])
        self.prepare(CONFIG + "evidence_pack_on_fail: true\nsigning_key: nowhere.pem\n")
        r = self.run_hb("daemon", "--once")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("nowhere.pem", r.stderr.decode())


CERT = """
[req]
distinguished_name=dn
[dn]
[sign]
keyUsage=critical,digitalSignature
[open]
keyUsage=critical,keyAgreement
"""


class Sealed(Evidence):
    def certificate(self, name, key, extensions):
        self.write("openssl.cnf", CERT)
        subprocess.run(["openssl", "req", "-x509", "-new", "-config", "openssl.cnf", "-key", key, "-subj", f"/O=Lab/CN={name}", "-days", "3",
                        "-extensions", extensions, "-out", f"{name}.pem"], cwd=self.dir, check=True, capture_output=True)

    def everybody(self, config):
        self.prepare(config)
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", "auditor.key"], cwd=self.dir,
                       check=True, capture_output=True)
        self.certificate("daemon-chain", "daemon.pem", "sign")
        self.certificate("auditor", "auditor.key", "open")

    def test_packs_carry_the_chain_and_are_encrypted(self):
        self.everybody(EVIDENCE + "signing_cert: daemon-chain.pem\nencrypt_to: [auditor.pem]\n")
        self.once()
        (run, state, path, error), = self.rows()
        self.assertEqual((state, error), ("made", ""))
        self.assertRegex(os.path.basename(path), rf"^evidence_{run}-[0-9a-f]{{12}}\.zip\.p7m$")
        self.assertEqual(os.listdir(self.path("evidence")), [os.path.basename(path)])
        self.hb("decrypt", path, "--key", "auditor.key", "--out", "opened.zip")
        with zipfile.ZipFile(self.path("opened.zip")) as z, open(self.path("daemon-chain.pem"), "rb") as f:
            self.assertEqual(z.read("keys/chain.pem"), f.read())
        verified = self.hb_json("verify", "opened.zip", "--trust", "daemon.pub")
        self.assertTrue(verified["holds"])
        # A crash between the file and the note of it: made anew, one file.
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            db.execute("UPDATE evidence_packs SET state = 'wanted', path = '', bytes = 0")
        self.once()
        self.assertEqual([(s, p) for _, s, p, _ in self.rows()], [("made", path)])
        self.assertEqual(os.listdir(self.path("evidence")), [os.path.basename(path)])

    def test_what_does_not_fit_is_told_at_the_start(self):
        for words, code, config in (
                ("begins with the certificate of key", 2, EVIDENCE + "signing_cert: auditor.pem\n"),
                ("a key that CMS does not encrypt to", 2, EVIDENCE + "encrypt_to: daemon-chain.pem\n"),
                ("nobody.pem", 2, EVIDENCE + "encrypt_to: [nobody.pem]\n"),
                ("'encrypt_to' is about evidence packs", 3, CONFIG + "encrypt_to: [auditor.pem]\n"),
                ("'signing_cert' is about evidence packs", 3, CONFIG + "signing_cert: daemon-chain.pem\n"),
                ("tsa", 3, EVIDENCE + "tsa: http://tsa.example\n"),
                ("signing_certs", 3, EVIDENCE + "signing_certs: daemon-chain.pem\n")):
            with self.subTest(words):
                self.everybody(config)
                r = self.run_hb("daemon", "--once")
                self.assertEqual(r.returncode, code, r.stderr)
                self.assertIn(words, r.stderr.decode())


class Kill(Evidence):
    def test_a_pack_that_was_wanted_is_made_after_a_kill(self):
        self.prepare()
        self.write("evidence", "in the way")
        p = self.start("--once")
        self.wait_for(lambda: os.path.exists(self.path("runs.db")) and self.wanted())
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.assertEqual([s for _, s, *_ in self.rows()], ["wanted"])
        os.unlink(self.path("evidence"))
        self.once()
        self.assertEqual([s for _, s, *_ in self.rows()], ["made"])
        self.assertEqual(len(self.packs()), 1)

    def wanted(self):
        try:
            return len(self.rows()) == 1
        except sqlite3.OperationalError:
            return False

    def test_a_pack_that_is_there_and_not_noted_is_taken(self):
        self.prepare()
        self.once()
        before = self.digest()
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            db.execute("UPDATE evidence_packs SET state = 'wanted', path = '', bytes = 0")
        self.once()
        self.assertEqual([s for _, s, *_ in self.rows()], ["made"])
        self.assertEqual(self.digest(), before)
        self.assertEqual(len(self.packs()), 1)


class Redacted(Evidence):
    def test_the_records_of_a_window_can_be_taken_out_and_the_rest_holds(self):
        self.prepare()
        self.once("-c", "daemon.yaml")
        pack = self.packs()[0]
        self.hb("keys", "generate", "red", "--no-passphrase")
        self.hb_error("redact", pack, "--drop", "raw", "--out", ".", "--reason", "r", "--key", "red", code=2, has="exists")
        self.hb("redact", pack, "--drop", "raw/journal", "--out", "r.zip", "--reason", "r", "--key", "red")
        with zipfile.ZipFile(self.path("r.zip")) as z:
            self.assertEqual([n for n in z.namelist() if n.startswith("raw/journal")], [])
            journal = json.loads(z.read("raw/reading.json"))["journal"]
        self.assertEqual((journal["members"], journal["why"]), ([], "taken out by redaction"))
        d = self.hb_json("verify", "r.zip", "--trust", "daemon.pub", "--trust", "keys/red.pub")
        self.assertEqual((d["holds"], d["taken_out"], d["decided_from"]), (True, 2, "profiles"))


class Cap(Evidence):
    def test_the_oldest_go_and_the_newest_stays(self):
        self.prepare(EVIDENCE.replace("evidence_pack_on_fail", "evidence_pack_always") + "max_evidence_mb: 1\n")
        self.once()
        rows = self.rows()
        states = [s for _, s, *_ in rows]
        self.assertEqual(set(states), {"gone", "made"})
        self.assertEqual(states, sorted(states), "the oldest first")
        there = {os.path.abspath(p) for p in self.packs()}
        self.assertEqual(there, {os.path.abspath(self.path(p)) for _, s, p, _ in rows if s == "made"})
        self.assertTrue(sum(map(os.path.getsize, there)) <= 1 << 20 or len(there) == 1)
        told = self.query("SELECT count(*) FROM audit_queue WHERE type = 'retention'")
        self.assertEqual(told, [(states.count("gone"),)])


if __name__ == "__main__":
    unittest.main()
