# SPDX-License-Identifier: Apache-2.0
"""hb audit: what commands leave in the log, read by a second implementation; what a changed, cut or exchanged log or
registry does; proofs, checkpoints, paper and witnesses."""
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest

import tlog
from hbtest import HB, SOURCE, Case

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)


class Audit(Case):
    def setUp(self):
        super().setUp()
        rows = "".join(f"{i},{20 + i % 5},{3 + i % 3}\n" for i in range(200))
        self.write("a.csv", "time,x,y\n" + rows)
        self.write("b.csv", "time,x,y\n" + rows.replace(",22,", ",29,"))
        self.hb("init", ".")
        self.hb("run", "a.csv", "--run-id", "a")
        self.hb("baseline", "set", "a", "--note", "the \"first\"\tone")
        self.hb("run", "b.csv", "--run-id", "b")

    def log(self):
        return tlog.Log(self.path("audit"))

    def entries(self):
        return [json.loads(e) for e in self.log().check()]

    def document(self, *args):
        d = self.hb_json(*args)
        with open(os.path.join(SOURCE, "schemas", "audit.schema.json"), encoding="utf-8") as f:
            schema = jsonschema.Draft202012Validator(json.load(f))
        self.assertEqual([f"{e.json_path}: {e.message}" for e in schema.iter_errors(d)], [])
        return d

    def db(self):
        return contextlib.closing(sqlite3.connect(self.path("runs.db")))


class WhatIsLogged(Audit):
    def test_decisions_tags_and_configuration_are_in_the_log_as_the_registry_has_them(self):
        entries = self.entries()
        self.assertEqual([e["type"] for e in entries], ["config", "config", "decision", "tag", "decision"])
        self.assertEqual([e["seq"] for e in entries], [1, 2, 3, 4, 5])
        self.assertEqual({e["format"] for e in entries}, {"hb-log-entry/1"})
        self.assertEqual(len({e["registry"] for e in entries}), 1)
        with self.db() as db:
            rows = db.execute("SELECT r.run_id, d.digest, d.status, d.registry_digest, d.policy_digest, r.digest"
                              " FROM decisions d JOIN runs r ON r.id = d.run ORDER BY d.id").fetchall()
        for e, row in zip([entries[2], entries[4]], rows):
            d = e["data"]
            self.assertEqual((d["run_id"], e["subject"], d["verdict"], d["registry_sha256"], d["policy_sha256"],
                              d["run_sha256"]), row)
        self.assertEqual({e["subject"] for e in entries[:2]}, {rows[0][3], rows[0][4]})
        self.assertEqual(entries[3]["subject"], "golden")
        self.assertEqual(entries[3]["data"]["note"], "the \"first\"\tone")
        for raw in self.log().entries():  # canonical
            self.assertEqual(raw.decode(), json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False))

    def test_hashes_of_entries_cannot_be_tried_out(self):
        """Who knows all of a decision but a hidden field must not find it by the hash of its entry."""
        blinds = [e["data"]["blind"] for e in self.entries() if e["type"] == "decision"]
        self.assertEqual((len(set(blinds)), {len(b) for b in blinds}), (2, {64}))

    def test_what_is_decided_again_is_logged_when_it_becomes_the_latest(self):
        before = len(self.entries())
        self.hb("analyze", "b")
        self.assertEqual(len(self.entries()), before)
        self.hb("run", "a.csv", "--run-id", "c")
        self.hb("analyze", "b")
        first = self.entries()[-1]["subject"]
        self.hb("baseline", "set", "c")
        self.hb("analyze", "b")
        self.hb("baseline", "set", "a")
        self.hb("analyze", "b")
        last = self.entries()[-1]
        self.assertEqual((last["type"], last["subject"], last["data"]["again"]), ("decision", first, True))

    def test_versions_their_end_and_overrides(self):
        self.hb("baseline", "create", "--runs", "a", "b", "--name", "spring", "--note", "n")
        version = [e for e in self.entries() if e["type"] == "version"]
        self.assertEqual([(e["data"]["name"], e["data"]["n_runs"], e["data"]["note"]) for e in version], [("spring", 2, "n")])
        self.hb("baseline", "retire", "spring", "--reason", "loose sensor")
        retired = self.entries()[-1]
        self.assertEqual((retired["type"], retired["subject"], retired["data"]["reason"]),
                         ("retire", version[0]["subject"], "loose sensor"))

    def test_list_and_show_say_the_same_as_the_log(self):
        listed = self.document("audit", "list")["entries"]
        self.assertEqual([e["entry"] for e in listed][::-1], self.entries())
        self.assertEqual([e["index"] for e in listed], [4, 3, 2, 1, 0])
        self.assertEqual([e["type"] for e in self.document("audit", "list", "--type", "tag")["entries"]], ["tag"])
        self.assertEqual(self.document("audit", "list", "--waiting")["entries"], [])
        self.assertEqual(self.document("audit", "show", "3"), self.entries()[3])
        self.assertIn("golden", self.hb("audit", "show", "3"))
        self.hb_error("audit", "show", "5", code=2, has="no entry 5")
        self.hb_error("audit", "show", "x", code=2, has="whole number")

    def test_a_log_that_cannot_be_written_holds_up_no_command(self):
        os.rename(self.path("audit"), self.path("away"))
        self.write("audit", "in the way")
        r = self.run_hb("run", "a.csv", "--run-id", "c")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(b"not in the log yet, 1 entry waits", r.stderr)
        self.assertEqual(len(self.document("audit", "list", "--waiting")["entries"]), 1)
        os.unlink(self.path("audit"))
        os.rename(self.path("away"), self.path("audit"))
        self.hb("run", "a.csv", "--run-id", "d")
        self.assertEqual([e["data"]["run_id"] for e in self.entries()[-2:]], ["c", "d"])
        self.assertEqual(self.document("audit", "list", "--waiting")["entries"], [])

    def test_two_registries_share_a_log_and_two_programs_write_at_once(self):
        programs = [subprocess.Popen([HB, "--db", f"other{i % 2}.db", "run", "a.csv", "--run-id", f"r{i}"], cwd=self.dir,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for i in range(8)]
        for p in programs:
            p.communicate(timeout=120)
            self.assertEqual(p.returncode, 0)
        for i in range(2):
            self.hb("--db", f"other{i}.db", "ingest", "a.csv", "--run-id", "last")
        entries = self.entries()
        runs = [e["data"]["run_id"] for e in entries if e["type"] == "decision"]
        self.assertEqual(sorted(runs), sorted(["a", "b"] + [f"r{i}" for i in range(8)]))
        self.assertEqual(len({e["registry"] for e in entries}), 3)
        for i in ("runs.db", "other0.db", "other1.db"):
            self.hb("--db", i, "audit", "verify")

    def test_an_entry_that_was_logged_and_not_marked_is_recognised(self):
        with self.db() as db, db:  # as after a crash between the two
            db.execute("DROP TRIGGER audit_queue_stays")
            db.execute("UPDATE audit_queue SET leaf = NULL WHERE leaf >= 3")
        v = self.document("audit", "verify")
        self.assertEqual((v["entries"], v["registry"]["entries"], v["registry"]["unmarked"]), (5, 3, 2))
        self.hb("run", "a.csv", "--run-id", "c")
        self.assertEqual([e["seq"] for e in self.entries()], [1, 2, 3, 4, 5, 6])
        self.assertEqual(self.document("audit", "verify")["registry"], {"entries": 6, "unmarked": 0, "waiting": 0, "windows": 0})


class Daemon(Audit):
    def test_windows_and_what_people_did_to_alerts(self):
        """Windows with findings are entries of their own, the others one for all; each can be proved."""
        self.write("rig.csv", "timestamp,metric,value,unit\n" + "".join(
            f"2026-01-05T10:00:{i:02d}Z,temp,{100 if 20 <= i < 30 else 20},degC\n" for i in range(60)))
        self.write("live_registry.yaml", "metrics:\n  temp: {unit: degC, invariant_max: 50}\n")
        self.write("daemon.yaml", "sources:\n  - {source: file_replay, name: rig, path: rig.csv}\nwindows:\n  - {size: 10s}\n"
                   "metric_registry: live_registry.yaml\nalert_sinks: []\n")
        self.hb("daemon", "--once")
        entries = self.entries()[5:]
        with self.db() as db:
            rows = db.execute("SELECT digest, verdict, run_id, id FROM live_windows ORDER BY key").fetchall()
        findings = [r for r in rows if r[1] not in ("PASS", "NO_TEST")]
        quiet = [bytes.fromhex(r[0]) for r in rows if r[1] in ("PASS", "NO_TEST")]
        self.assertEqual((len(findings), len(quiet)), (1, 5))
        alone = [e for e in entries if e["type"] == "decision"]
        self.assertEqual([(e["subject"], e["data"]["verdict"], e["data"]["run_id"], e["data"]["window"]) for e in alone], findings)
        batches = [e for e in entries if e["type"] == "windows"]
        self.assertEqual(sum(e["data"]["count"] for e in batches), 5)
        at = 0
        for b in batches:
            n = b["data"]["count"]
            self.assertEqual(tlog.root([tlog.leaf(d) for d in quiet[at:at + n]]).hex(), b["subject"])
            at += n
        self.hb("alert", "shelve", "metric:temp/*", "--reason", "as known", "--for", "1h")
        shelved = self.entries()[-1]
        self.assertEqual((shelved["type"], shelved["data"]["note"]), ("alert_shelve", "as known"))
        self.assertTrue(shelved["data"]["until"])
        v = self.document("audit", "verify")
        self.assertEqual((v["registry"]["windows"], v["registry"]["waiting"]), (5, 0))


class Verify(Audit):
    def test_what_holds(self):
        v = self.document("audit", "verify")
        log = self.log()
        self.assertEqual((v["origin"], v["entries"], v["root"]), (log.origin, 5, log.root.hex()))
        self.assertIn("5 entries", self.hb("audit", "verify"))
        self.assertIsNone(self.document("audit", "verify", "--log", "audit")["registry"])
        self.hb("audit", "verify", "--trust-log", "audit/key.pub")
        self.hb("keys", "generate", "w", "--no-passphrase")
        self.hb_error("audit", "verify", "--trust-log", "keys/w.pub", code=12, has="none of those given with --trust-log")

    def refused(self, words, *args):
        self.hb_error("audit", "verify", *args, code=12, has=words)

    def test_any_changed_file_is_named(self):
        for name in ("tile/0/000.p/5", "tile/entries/000.p/5", "checkpoint"):
            path = self.path("audit/" + name)
            with open(path, "rb") as f:
                good = f.read()
            with open(path, "wb") as f:
                f.write(good[:40] + bytes([good[40] ^ 1]) + good[41:])
            self.refused("does not verify")
            r = self.run_hb("run", "a.csv", "--run-id", "c-" + os.path.dirname(name).replace("/", "-"))  # and nothing is written on
            self.assertEqual(r.returncode, 0)
            self.assertIn(b"does not verify", r.stderr)
            with open(path, "wb") as f:
                f.write(good)
        self.document("audit", "verify")

    def test_an_older_log_in_its_place(self):
        shutil.copytree(self.path("audit"), self.path("old"))
        self.hb("run", "a.csv", "--run-id", "c")
        self.hb("audit", "checkpoint", "--out", "kept")
        shutil.rmtree(self.path("audit"))
        os.rename(self.path("old"), self.path("audit"))
        self.refused("the log was cut")
        self.document("audit", "verify", "--log", "audit")  # in itself it holds
        self.refused("the log was cut", "--log", "audit", "--since", "kept")
        self.hb_error("audit", "check-checkpoint", "kept", code=12, has="the log was cut")
        r = self.run_hb("run", "a.csv", "--run-id", "d")
        self.assertIn(b"the log was cut or replaced", r.stderr)

    def test_a_log_that_was_begun_anew(self):
        self.hb("audit", "checkpoint", "--out", "kept")
        shutil.rmtree(self.path("audit"))
        r = self.run_hb("run", "a.csv", "--run-id", "c")
        self.assertIn(b"the log was cut or replaced", r.stderr)
        self.hb("--db", "other.db", "run", "a.csv", "--run-id", "c")
        self.hb("--db", "other.db", "run", "b.csv", "--run-id", "d")
        self.hb("--db", "other.db", "baseline", "set", "c")
        self.refused("is not the one registry")
        self.refused("is a checkpoint of the log", "--log", "audit", "--since", "kept")

    def test_a_registry_that_lost_or_changed_rows(self):
        shutil.copy(self.path("runs.db"), self.path("old.db"))
        self.hb("run", "a.csv", "--run-id", "c")
        shutil.copy(self.path("runs.db"), self.path("new.db"))
        os.rename(self.path("old.db"), self.path("runs.db"))
        self.refused("which does not have it")
        os.rename(self.path("new.db"), self.path("runs.db"))
        with self.db() as db, db:
            db.execute("DROP TRIGGER audit_queue_stays")
            db.execute("UPDATE audit_queue SET entry = replace(entry, 'PASS', 'FAIL') WHERE type = 'decision'")
        self.refused("is not the one registry")

    def test_a_row_that_an_entry_tells_of(self):
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        version = self.hb_json("baseline", "create", "--runs", "a,b")["version"]
        self.hb("baseline", "retire", version, "--reason", "old")
        self.document("audit", "verify")
        shutil.copy(self.path("runs.db"), self.path("good.db"))
        for sql, has in (("DELETE FROM decisions WHERE id = 1", "does not have the decision"),
                         ("UPDATE decisions SET json = json || ' ' WHERE id = 1", "the decision that its entry"),
                         ("UPDATE baseline_versions SET json = json || ' '", "the baseline version that its entry"),
                         ("DELETE FROM baseline_retirements", "does not have the retirement")):
            with self.subTest(sql), self.db() as db, db:
                for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    db.execute(f"DROP TRIGGER {name}")
                self.assertGreater(db.execute(sql).rowcount, 0)
            self.refused(has)
            shutil.copy(self.path("good.db"), self.path("runs.db"))

    def test_queue_rows_are_kept(self):
        with self.db() as db:
            for sql in ("DELETE FROM audit_queue", "UPDATE audit_queue SET entry = 'x'", "UPDATE audit_queue SET leaf = NULL"):
                with self.assertRaises(sqlite3.IntegrityError):
                    db.execute(sql)


class Proofs(Audit):
    def check_proof(self, p):
        text = p["checkpoint"].encode()
        origin, size, root = tlog.checkpoint(text, tlog.pub(self.path("audit/key.pub")))
        i = p["inclusion"]
        self.assertEqual(i["size"], size)
        self.assertEqual(i["leaf"], tlog.leaf(p["entry"].encode()).hex())
        tlog.check_inclusion(bytes.fromhex(i["leaf"]), i["index"], size, [bytes.fromhex(h) for h in i["path"]], root)
        return json.loads(p["entry"])

    def test_of_a_decision_and_of_any_entry(self):
        e = self.check_proof(self.document("audit", "prove", "--decision", "b"))
        self.assertEqual((e["type"], e["data"]["run_id"]), ("decision", "b"))
        for i in range(5):
            self.assertEqual(self.check_proof(self.document("audit", "prove", "--index", i)), self.entries()[i])
        self.hb("audit", "prove", "--decision", "a", "--out", "proof")
        self.assertEqual(sorted(os.listdir(self.path("proof"))), ["checkpoint", "entry.json", "inclusion.json"])
        self.hb_error("audit", "prove", "--index", "5", code=2, has="no entry 5")
        self.hb_error("audit", "prove", code=2, has="--decision RUN or --index N")
        self.hb_error("audit", "prove", "--decision", "zz", code=4, has="no decision")

    def test_checkpoint_for_others_and_for_paper(self):
        c = self.document("audit", "checkpoint")
        log = self.log()
        self.assertEqual(c["checkpoint"].encode(), log.read("checkpoint"))
        signed = c["checkpoint"].split("\n\n")[0] + "\n"
        bits = int.from_bytes(hashlib.sha256(signed.encode()).digest(), "big") >> 156
        code = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits >> (95 - 5 * i) & 31] for i in range(20))
        self.assertEqual(c["code"].replace("-", ""), code)
        paper = self.hb("audit", "checkpoint", "--paper")
        self.assertIn(c["code"], paper)
        self.hb("audit", "checkpoint", "--out", "kept")
        self.hb("run", "a.csv", "--run-id", "c")
        self.assertEqual(self.document("audit", "check-checkpoint", "kept")["size"], 5)
        self.assertEqual(self.document("audit", "check-checkpoint", "--size", "5", "--code", c["code"].lower())["entries"], 6)
        self.assertEqual(self.document("audit", "verify", "--since", "kept")["since"], 5)
        self.hb_error("audit", "check-checkpoint", "--size", "4", "--code", c["code"], code=12, has="the log was changed")
        self.hb_error("audit", "check-checkpoint", "--size", "7", "--code", c["code"], code=12, has="the log was cut")
        self.hb_error("audit", "check-checkpoint", "--size", "5", "--code", "ABC", code=2, has="4 groups")
        self.hb_error("audit", "check-checkpoint", code=2, has="or --size and --code")

    def test_a_witness_signs_what_continues(self):
        self.hb("keys", "generate", "w", "--no-passphrase")
        cosign = ("audit", "cosign", "kept", "--key", "w", "--name", "witness.example/2")
        self.hb("audit", "checkpoint", "--out", "kept")
        self.hb(*cosign, "--trust-log", "audit/key.pub", "--out", "one")
        with open(self.path("one"), "rb") as f:
            text = f.read()
        tlog.checkpoint(text, tlog.pub(self.path("audit/key.pub")))
        tlog.open_note(text, "witness.example/2", tlog.pub(self.path("keys/w.pub")))
        self.hb("run", "a.csv", "--run-id", "c")
        self.hb("audit", "checkpoint", "--out", "kept")
        self.hb(*cosign, "--trust-log", "audit/key.pub", "--seen", "one", "--out", "two")
        self.hb("audit", "check-checkpoint", "two")
        self.hb_error("audit", "cosign", "one", "--key", "w", "--name", "x", "--seen", "two", code=12, has="the checkpoint to be signed only")
        self.hb_error(*cosign, "--trust-log", "keys/w.pub", code=12, has="no signature")
        self.hb_error("audit", "cosign", "kept", "--key", "w", "--name", "two words", code=2, has="no blanks")
        self.write("junk", "junk\n")
        self.hb_error("audit", "cosign", "junk", "--key", "w", "--name", "x", code=2, has="'junk' is no signed note")

    def test_without_a_log(self):
        os.makedirs(self.path("empty"))
        for command in (("verify",), ("checkpoint",), ("prove", "--index", "0"), ("show", "0"), ("check-checkpoint", "audit/checkpoint")):
            self.hb_error("-w", "empty", "audit", *command, code=2, has="no log in")
        self.assertEqual(os.listdir(self.path("empty")), [])


if __name__ == "__main__":
    unittest.main()
