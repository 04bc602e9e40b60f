# SPDX-License-Identifier: Apache-2.0
"""A workspace with everything in it, backed up, restored and worked on: what of it is in a backup, what is not is named in
docs/backup.md, and a file that is neither fails here."""
import contextlib
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
import zipfile

try:
    import jsonschema  # noqa: F401  (test_governance has no use for a machine without it)
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)

import test_governance as governance
from hbtest import SOURCE
from livecase import REGISTRY, LiveCase, telemetry

# what a workspace holds and a backup does not: pattern, and the words of docs/backup.md about it
NOT_IN_IT = (
    (r".*\.pem", "private keys"),
    (r"word", "passphrases"),
    (r"audit/lock|.*\.lock|runs\.db-(wal|shm)", "locks"),
    (r"reports/.*", "reports"),
    (r"evidence/.*|.*\.zip", "evidence packs"),
    (r"live/journal/.*", "the live journal"),
    (r"live/sources/.*|live/late\.jsonl", "what else the daemon writes below `output_dir`"),
    (r"alerts\.jsonl", "files that sinks write"),
    (r"rig\.jsonl|one\.(csv|json)|in/.*|golden\.(csv|json)", "raw files"),
    (r"log", "files that commands were told to write"),
    (r"(.*/)?\.[^/]*", "begin with a dot"),
)

DAEMON = """name: rig
source: file_replay
path: rig.jsonl
windows:
  - {size: 5m}
lateness: 1s
late_event_policy: side_output
alert_sinks:
  - {sink: file, path: alerts.jsonl}
evidence_pack_on_fail: true
signing_key: keys/sealer.pem
telemetry_schema: telemetry_schema.yaml
program: p
test_name: t
"""


class Whole(governance.Lab, LiveCase):
    def full(self):
        """Every feature that leaves something in the workspace."""
        self.begin()
        self.golden()
        lines = telemetry(140)
        late = lines[:4]
        self.rest = telemetry(150)[140 * 240:]
        self.workspace(lines + late, DAEMON, REGISTRY)
        self.write("golden.csv", "time,temp,volt,flow,press\n" + "".join(
            f"2026-01-05T08:{i // 60:02d}:{i % 60:02d}Z,{20 + (i % 5 - 2) / 4},3.3,5,101\n" for i in range(300)))
        self.write("golden.json", json.dumps({"run_id": "g", "program": "p", "test_name": "t"}))
        self.hb("ingest", "golden.csv", "--run-meta", "golden.json")
        self.approve(self.ask("g"), "kim")
        self.hb("baseline", "set", "g", *self.key("kim"))
        self.write("word", "not to be kept")
        os.chmod(self.path("word"), 0o600)
        self.hb("keys", "generate", "sealer", "--no-passphrase")
        self.hb("keys", "generate", "other", "--passphrase-file", "word")
        self.hb("keys", "generate", "older", "--no-passphrase")
        self.hb("keys", "rotate", "older", "--no-passphrase")
        self.write("telemetry_schema.yaml", 'version: "1"\n')
        self.write("equivalence_mapping.yaml", 'version: "1"\nmappings: []\n')
        self.write("retention.yaml", "retention: {keep_latest: 100}\n")
        self.write("config/site.yaml", "a: b\n")
        self.hb("daemon", "--once")
        self.hb("inspect", "one.csv", "--save-profile", "profiles/rig.yaml")
        self.write("in/a.csv", "time,temp\n" + "".join(f"2026-01-06T10:00:{i:02d}Z,{20 + i % 3}\n" for i in range(30)))
        self.hb("watch", "in", "--once", "--settle", "0.1")
        self.token = self.hb_json("token", "create", "grafana", "--role", "viewer", "--expires", "30d", *self.key("ada"))["secret"]
        self.hb("token", "create", "gone", "--role", "viewer", "--expires", "30d", *self.key("ada"))
        self.hb("token", "revoke", "gone", *self.key("ada"))
        self.hb("analyze", "r1")
        self.hb("export", "evidence-pack", "--case", "r1", "--out", "r1.zip", "--key", "keys/bob.pem")
        self.hb("custody", "add", "--case", "r1", "--event", "hold", "--reason", "complaint", *self.key("bob"))
        self.hb("config", "request", "baseline_policy.yaml", "--reason", "as agreed", *self.key("bob"))
        self.hb("audit", "checkpoint", "--out", "log")
        self.hb("support", "bundle", "help.zip")

    def files(self, at="."):
        got = {}
        for root, _, names in os.walk(self.path(at)):
            for n in names:
                p = os.path.join(root, n)
                got[os.path.relpath(p, self.path(at))] = p
        return got

    @staticmethod
    def named(path):
        return [words for pattern, words in NOT_IN_IT if re.fullmatch(pattern, path)]

    def backup(self):
        self.away = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.away, ignore_errors=True)
        target = os.path.join(self.away, "b.zip")
        self.hb("backup", target)
        with zipfile.ZipFile(target) as z:
            return target, set(z.namelist())

    def test_everything_is_in_it_or_named(self):
        self.full()
        before = self.files()
        _, inside = self.backup()
        for path in sorted(before):
            with self.subTest(path=path):
                self.assertEqual(path in inside, not self.named(path),
                                 "in the backup or named in NOT_IN_IT and docs/backup.md, one of the two")
        self.assertEqual(inside - set(before), {"manifest.json", "backup.json"})
        with open(os.path.join(SOURCE, "docs", "backup.md"), encoding="utf-8") as f:
            text = f.read()
        for pattern, words in NOT_IN_IT:
            self.assertIn(words, text)
            self.assertTrue([p for p in before if re.fullmatch(pattern, p)] or "dot" in words, f"nothing is {pattern} any more")

    def restore(self):
        target, _ = self.backup()
        again = os.path.join(self.away, "again")
        self.hb("restore", target, again)
        kept = self.dir + ".before"
        os.rename(self.dir, kept)
        self.addCleanup(shutil.rmtree, kept, ignore_errors=True)
        os.rename(again, self.dir)
        for path in ("audit/key.pem", *(f"keys/{n}" for n in os.listdir(os.path.join(kept, "keys")) if n.endswith(".pem"))):
            shutil.copy2(os.path.join(kept, path), self.path(path))
        shutil.copy(os.path.join(kept, "rig.jsonl"), self.path("rig.jsonl"))
        shutil.copy(os.path.join(kept, "one.csv"), self.path("one.csv"))
        return kept

    def ask_health(self, port, token):
        q = urllib.request.Request(f"http://127.0.0.1:{port}/live", headers={"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urllib.request.urlopen(q, timeout=10) as r:
                return r.status
        except urllib.error.HTTPError as e:
            return e.code
        except OSError:
            return 0

    def test_what_is_restored_works(self):
        self.full()
        show = (("runs", "list"), ("baseline", "list"), ("live", "list", "--json"), ("alert", "list"), ("token", "list"),
                ("operators", "check"), ("operators", "list"), ("baseline", "approvals"), ("custody", "timeline", "--case", "r1"),
                ("keys", "list"), ("retention",))
        before = [self.hb(*a) for a in show]
        kept = self.restore()
        for args, text in zip(show, before):
            self.assertEqual(self.hb(*args), text, args)
        for path in ("tokens.json", "runs.db"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(path)).st_mode), 0o600)
        self.hb("audit", "verify")
        self.assertEqual(self.reason("r3"), "tag")  # the approvals hold
        shutil.copytree(os.path.join(kept, "in"), self.path("in"))
        self.assertNotIn("a.csv", self.hb("watch", "in", "--once", "--settle", "0.1"), "judged already")
        self.hb("export", "evidence-pack", "--case", "r1", "--out", "r1.zip", "--key", "keys/bob.pem")
        self.hb("verify", "r1.zip", "--trust", "keys/bob.pub")
        self.hb_error("custody", "add", "--case", "r1", "--event", "hold", "--reason", "x", *self.key("bob"), code=2, has="on hold")

        windows = self.query("SELECT count(*) FROM live_windows")[0][0]
        end = self.query("SELECT decided FROM live_checkpoints")[0][0]
        judged = self.query("SELECT id, digest FROM live_windows")
        with open(self.path("rig.jsonl"), "a", encoding="utf-8") as f:
            f.writelines(self.rest)
        r = self.run_hb("daemon", "--once")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(b"journal_begun", r.stderr)
        self.assertGreater(self.query("SELECT count(*) FROM live_windows")[0][0], windows)
        self.assertEqual([w for w in judged if w not in self.query("SELECT id, digest FROM live_windows")], [])
        self.assertEqual(self.hb_json("journal", "list")["segments"][0]["from"], end, "positions are never used twice")
        shutil.rmtree(self.path("live/journal"))
        r = self.run_hb("daemon", "--once")
        self.assertEqual(r.returncode, 12, r.stderr)
        self.assertIn(b"it is another journal, or part of it is gone", r.stderr)

        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.write("daemon.yaml", DAEMON.replace("name: rig", "name: rig2") + f'health: {{listen: "127.0.0.1:{port}", tokens: true}}\n')
        p = self.start()
        self.wait_for(lambda: self.ask_health(port, self.token) == 200)
        self.assertEqual(self.ask_health(port, None), 401)
        self.assertEqual(self.ask_health(port, "hbt_" + "0" * 64), 401)
        self.stop(p)

    def test_windows_that_were_open_go_on(self):
        self.hb("operators", "init", "people.yaml", *self.key("ada"))
        lines = telemetry(20, faults=False)
        config = ("name: rig\nsources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\nwindows:\n  - {size: 5m}\nlateness: 1s\n"
                  "alert_sinks: []\nprogram: p\ntest_name: t\n")
        self.workspace(lines[:10 * 240 + 120], config, REGISTRY)
        p = self.start()
        self.wait_for(lambda: os.path.exists(self.path("runs.db")) and self.count() >= 10)
        self.stop(p)
        self.restore()
        self.write("rig.jsonl", "".join(lines[10 * 240 + 120:]))
        p = self.start()
        self.wait_for(lambda: self.count() >= 19)
        self.stop(p)
        self.assertEqual({n for n, in self.query("SELECT samples FROM live_windows")}, {240}, "also of the one that was open")

    def count(self):
        with contextlib.suppress(sqlite3.OperationalError):
            return self.query("SELECT count(*) FROM live_windows")[0][0]
        return 0

    def test_tokens_that_are_none_are_not_restored(self):
        self.hb("operators", "init", "people.yaml", *self.key("ada"))
        path = self.write("tokens.json", '{"format": "hb-tokens/1", "tokens": [{"name": "x"}]}')
        os.chmod(path, 0o600)
        self.hb_error("backup", os.path.join(tempfile.mkdtemp(dir=self.dir), "b.zip"), code=2, has="tokens.json")


if __name__ == "__main__":
    unittest.main()
