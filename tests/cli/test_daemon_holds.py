# SPDX-License-Identifier: Apache-2.0
"""What a running daemon keeps of a case on hold, whoever put it on hold and when: journal, reports, decisions. What goes
is in the lab's log once, also when the daemon is killed in between."""
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import unittest
import urllib.request

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)

import tlog
from hbtest import SOURCE
from livecase import CONFIG, T0, WINDOW, LiveCase, telemetry

ROUNDS = int(os.environ.get("HB_KILL_ROUNDS", "10"))
SEED = int(os.environ.get("HB_KILL_SEED", "1"))
MIB = 1 << 20

FOLLOW = """name: rig
sources:
  - {{source: file_replay, path: rig.jsonl, follow: true}}
windows:
  - {{size: 5m}}
lateness: 1s
alert_sinks: []
checkpoint_interval: 200ms
journal: {{max_mb: {max_mb}, segment_mb: 1, max_age: {max_age}}}
program: p
test_name: t
health: {{listen: "127.0.0.1:{port}"}}
"""


class Holds(LiveCase):
    def setUp(self):
        super().setUp()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]

    def follow(self, max_mb=4, max_age="0"):
        self.hb("init", ".")
        self.workspace(lines=[], config=FOLLOW.format(max_mb=max_mb, max_age=max_age, port=self.port))
        # blanks make a window 140 KiB of journal: seven of them fill a segment
        self.lines = [x.rstrip()[:-1] + " " * 450 + "}\n" for x in telemetry(200, faults=False)]
        self.given = 0

    def give(self, windows):
        n = windows * 240
        with open(self.path("rig.jsonl"), "a", encoding="utf-8") as f:
            f.writelines(self.lines[self.given:self.given + n])
        self.given += n

    def judged(self):
        try:
            return self.query("SELECT count(*) FROM live_windows")[0][0]
        except sqlite3.OperationalError:  # not there yet
            return 0

    def judge(self, windows):
        """So many more, all but the one that is open."""
        self.give(windows)
        self.wait_for(lambda: self.judged() >= self.given // 240 - 1)

    def window(self, n):
        return self.query(f"SELECT run_id, from_position, to_position FROM live_windows WHERE start_ns = {(T0 + n * WINDOW) * 10**9}")[0]

    def hold(self, run, event="hold"):
        self.hb("custody", "add", "--case", run, "--event", event, "--reason", "complaint 7")

    def segments(self):
        """from: to, of those that are there."""
        return {s["from"]: s["to"] for s in self.hb_json("journal", "list")["segments"]}

    def told(self):
        """Entries of the log about removals, as (subject, data)."""
        self.hb("audit", "verify")
        with open(os.devnull, "w", encoding="utf-8"):
            entries = [json.loads(e) for e in tlog.Log(self.path("audit")).check()]
        return [(e["subject"], e["data"]) for e in entries if e["type"] == "retention"]

    def kept(self, start, end):
        return any(a <= start and end <= b for a, b in self.segments().items()) or all(
            any(a <= p < b for a, b in self.segments().items()) for p in range(start, end, 4096))

    def status(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=10) as r:
            return json.load(r)


class Journal(Holds):
    def test_a_hold_set_and_released_while_it_runs(self):
        self.follow()
        p = self.start()
        self.judge(10)
        run, start, end = self.window(1)
        self.hold(run)
        self.judge(60)
        self.assertTrue(self.kept(start, end))
        self.assertLessEqual(len(self.segments()), 4, "what is on hold counts for the cap")
        _, a, b = self.window(14)
        self.assertFalse(self.kept(a, b), "others go")
        self.assertGreaterEqual(len(self.hb("journal", "cat", "--from", str(start), "--to", str(end)).splitlines()), 240, "and is read")
        self.hold(run, "release")
        self.judge(30)
        self.assertFalse(self.kept(start, end))
        self.stop(p)
        self.assertEqual(p.returncode, 0, self.log())
        self.hb("journal", "verify")
        there, told = self.segments(), self.told()
        gone = {d["from"]: d["to"] for _, d in told}
        self.assertEqual(len(gone), len(told), "each once")
        self.assertFalse(set(gone) & set(there))
        at = 0
        for a, b in sorted({**gone, **there}.items()):  # everything that ever was is there or told of
            self.assertEqual(a, at)
            at = b
        subject, data = told[0]
        self.assertEqual((subject, data["what"], data["rule"]), (f"rig@{data['from']}", "journal segment", "journal.max_mb"))
        self.assertGreater(data["records"], 0)

    def test_holds_that_fill_the_cap(self):
        self.follow(max_mb=2)
        p = self.start()
        self.judge(7)
        runs = [self.window(n)[0] for n in (0, 5)]
        for run in runs:
            self.hold(run)
        self.give(20)
        self.wait_for(lambda: "on hold" in self.status()["process"]["degraded_why"] if "degraded_why" in self.status()["process"]
                      else "on hold" in json.dumps(self.status()))
        s = self.status()
        self.assertEqual((s["journal"]["held_segments"], s["journal"]["held_bytes"]), (1, MIB))
        self.assertLessEqual(s["journal"]["bytes"], 2 * MIB)
        self.assertLess(self.judged(), 26, "sources wait")
        text = json.dumps(s)
        self.assertIn("1 segments (1048576 bytes) are on hold", text)
        self.assertIsNone(p.poll())
        self.assertEqual(self.told(), [])
        for run in runs:
            self.hold(run, "release")
        self.wait_for(lambda: self.judged() >= 26)
        samples, = self.query("SELECT sum(samples) FROM live_windows")[0]
        self.assertEqual(samples, self.judged() * 240, "nothing is lost meanwhile")
        self.wait_for(lambda: self.status()["journal"]["held_segments"] == 0)
        self.stop(p)

    def test_age(self):
        self.follow(max_mb=100, max_age="1s")
        p = self.start()
        self.judge(20)
        self.stop(p)
        run, start, end = self.window(1)
        _, a, b = self.window(10)
        self.hold(run)
        p = self.start()
        self.judge(10)
        self.wait_for(lambda: not self.kept(a, b))
        self.assertTrue(self.kept(start, end))
        self.wait_for(lambda: self.status()["journal"]["held_segments"] > 0)
        self.hold(run, "release")
        self.wait_for(lambda: not self.kept(start, end))
        self.stop(p)
        self.assertEqual({d["rule"] for _, d in self.told()}, {"journal.max_age"})

    def test_a_registry_that_cannot_be_asked_drops_nothing(self):
        self.follow(max_mb=2)
        p = self.start()
        self.judge(7)
        before = self.segments()
        db = sqlite3.connect(self.path("runs.db"), isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.give(20)
        self.wait_for(lambda: self.status()["journal"]["refused"] > 0)
        self.assertEqual(set(before) - set(self.segments()), set())
        db.execute("ROLLBACK")
        db.close()
        self.wait_for(lambda: self.judged() >= 26)
        self.stop(p)

    def test_kill_9_leaves_each_removal_told_once(self):
        self.follow(max_mb=3)
        p = self.start()
        self.judge(10)
        self.stop(p)
        run, start, end = self.window(1)
        self.hold(run)
        rng = random.Random(SEED)
        for _ in range(ROUNDS):
            p = self.start()
            self.give(6)
            try:
                p.wait(timeout=0.05 + rng.random())
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
            p.wait()
            self.assertEqual(p.returncode, -9, self.log())
        p = self.start()
        self.judge(6)
        self.stop(p)
        self.hb("journal", "verify")
        there, told = self.segments(), self.told()
        gone = {d["from"]: d["to"] for _, d in told}
        self.assertTrue(gone)
        self.assertEqual(len(gone), len(told), "each once")
        self.assertFalse(set(gone) & set(there), "what is told of is gone")
        at = 0
        for a, b in sorted({**gone, **there}.items()):
            self.assertEqual(a, at)
            at = b
        self.assertTrue(self.kept(start, end))


class Reports(Holds):
    def runs(self):
        return sorted(os.listdir(self.path("reports")))

    def begin(self):
        self.hb("init", ".")
        self.workspace()
        self.once()
        self.before = self.runs()
        self.oldest = self.query("SELECT run_id FROM live_windows WHERE verdict IN ('FAIL', 'PASS_WITH_DRIFT') ORDER BY end_ns LIMIT 1")[0][0]

    def test_the_cap_spares_what_is_on_hold(self):
        self.begin()
        self.hold(self.oldest)
        self.write("daemon.yaml", CONFIG + "max_report_dir_mb: 1\n")
        self.once()
        after = self.runs()
        self.assertIn(self.oldest, after)
        size = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(self.path("reports")) for f in fs)
        self.assertLessEqual(size, MIB)
        told = self.told()
        self.assertEqual(sorted(s for s, _ in told), sorted(set(self.before) - set(after)))
        self.assertEqual({d["rule"] for _, d in told}, {"max_report_dir_mb"})
        event = self.hb_json("custody", "timeline", "--case", told[0][0])["events"][0]
        self.assertEqual(event["event"], "removed")

    def test_more_on_hold_than_the_cap_is_told(self):
        self.begin()
        for run in self.before:
            self.hold(run)
        self.write("daemon.yaml", CONFIG.replace("source: file_replay\npath: rig.jsonl\n", "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n") +
                   f"max_report_dir_mb: 1\nhealth: {{listen: \"127.0.0.1:{self.port}\"}}\n")
        p = self.start()
        self.wait_for(lambda: "reports" in (self.try_status() or {}) and self.status()["reports"]["held"] > 0)
        s = self.status()
        self.assertGreater(s["reports"]["held_bytes"], 0)
        self.assertIn("are on hold: max_report_dir_mb is not kept", json.dumps(s))
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as r:
            self.assertIn(f"hb_reports_held {s['reports']['held']}\n", r.read().decode())
        self.stop(p)
        self.assertEqual(self.runs(), self.before)

    def try_status(self):
        try:
            return self.status()
        except OSError:
            return None

    def test_what_a_crash_left_is_finished(self):
        self.begin()
        a, b, c = self.before[:3]
        for run in (a, b, c):
            os.rename(self.path(f"reports/{run}"), self.path(f"reports/.gone-{run}"))
        self.hold(b)
        path = self.path(f"reports/{c}")
        self.hb("init", "other")
        self.once()
        self.assertEqual(self.runs(), sorted(set(self.before) - {a, c}), "one on hold is back")
        self.assertEqual([s for s, _ in self.told()], sorted((a, c)))
        shutil.copytree(self.path(f"reports/{b}"), self.path(f"reports/.gone-{a}"))
        self.once()
        self.assertEqual(self.runs(), sorted(set(self.before) - {a, c}))
        self.assertEqual(len(self.told()), 2, f"told of already: {path}")


class Decisions(Holds):
    def test_decisions_of_windows_beyond_their_time(self):
        self.hb("init", ".")
        self.workspace()
        self.once()
        run = self.query("SELECT run_id FROM live_windows WHERE verdict = 'PASS' ORDER BY end_ns DESC LIMIT 40")[-1][0]
        members = {r for r, in self.query("SELECT run_id FROM runs WHERE id IN (SELECT run FROM baseline_version_runs)")}
        self.assertTrue(members)
        self.hold(run)
        self.write("daemon.yaml", CONFIG + "decisions: {keep_pass: 30m}\n")
        self.once()
        rows = self.query("SELECT run_id, verdict, json IS NULL, end_ns FROM live_windows")
        newest = max(r[3] for r in rows)
        gone = {r for r, _, null, _ in rows if null}
        self.assertTrue(gone)
        self.assertNotIn(run, gone)
        self.assertFalse(gone & members)
        self.assertEqual({v for r, v, null, _ in rows if null} - {"PASS", "NO_TEST"}, set())
        stay = {r for r, v, null, end in rows if not null and v in ("PASS", "NO_TEST") and end < newest - 3600 * 10**9}
        self.assertEqual(stay - members, {run})
        told = self.told()
        self.assertEqual([s for s, _ in told], ["rig"])
        self.assertEqual((told[0][1]["count"], told[0][1]["rule"], told[0][1]["what"]), (len(gone), "decisions.keep_pass", "window decisions"))
        self.hb("audit", "verify")
        self.hold(run, "release")
        self.once()
        self.assertEqual(self.query(f"SELECT json IS NULL FROM live_windows WHERE run_id = '{run}'"), [(1,)])
        self.assertIn("taken away", self.hb("live", "show", run))

    def test_by_the_policy_of_retention(self):
        self.hb("init", ".")
        self.workspace()
        self.once()
        self.hb("keys", "generate", "ada", "--no-passphrase")
        rows = self.query("SELECT run_id, verdict, json IS NULL FROM live_windows")
        members = {r for r, in self.query("SELECT run_id FROM runs WHERE id IN (SELECT run FROM baseline_version_runs)")}
        held = [r for r, v, _ in rows if v == "PASS_WITH_DRIFT"][1:2] + [r for r, v, _ in rows if v == "PASS" and r not in members][:1]
        tagged = [r for r, v, _ in rows if v == "PASS_WITH_DRIFT"][0]
        for run in held:
            self.hold(run)
        self.hb("baseline", "set", tagged, "--tag", "odd")
        stay = members | set(held) | {tagged}
        self.write("retention.yaml", "retention: {windows_max_age_days: 36500}\n")
        self.assertEqual(self.hb_json("retention")["items"], [])
        self.write("retention.yaml", "retention: {windows_max_age_days: 0}\n")
        d = self.hb_json("retention")
        item, = d["items"]
        with open(os.path.join(SOURCE, "schemas", "retention.schema.json"), encoding="utf-8") as f:
            jsonschema.validate(d, json.load(f))
        self.assertEqual((item["what"], item["stream"], item["count"], item["run_id"], item["path"]),
                         ("window decisions", "rig", len(rows) - len(stay), "", ""))
        self.assertEqual((d["kept_on_hold"], d["kept_golden"]), (2, len(stay) - 2))
        self.assertIn(f"{item['count']} of rig", self.hb("retention"))
        self.assertEqual(self.query("SELECT count(*) FROM live_windows WHERE json IS NULL"), [(0,)])
        self.assertEqual(self.hb_json("retention", "--apply", "--reason", "disk")["removed"], 1)
        self.assertEqual({r for r, in self.query("SELECT run_id FROM live_windows WHERE json IS NOT NULL")}, stay)
        (subject, data), = self.told()
        self.assertEqual((subject, data["count"], data["bytes"], data["reason"], data["rule"]),
                         ("rig", item["count"], item["bytes"], "disk", "windows_max_age_days"))
        self.assertRegex(data["statement_sha256"], "^[0-9a-f]{64}$")
        self.assertEqual(self.hb_json("retention")["items"], [])
        failed = [r for r, v, _ in rows if v == "FAIL" and r not in stay][0]
        self.assertIn("FAIL", self.hb("live", "show", failed))
        self.hb("--json", "report", failed)  # it became a run: its decision is with the run
        self.once()  # and the daemon goes on


if __name__ == "__main__":
    unittest.main()
