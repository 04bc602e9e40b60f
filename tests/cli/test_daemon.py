# SPDX-License-Identifier: Apache-2.0
"""The daemon end to end with file_replay: what it decides, what it counts, what a restart changes (nothing)."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import tempfile
import unittest

import jsonschema

from hbtest import SOURCE
from livecase import (CHANNELS, NAN, ODD_UNIT, PER_WINDOW, RAMPED, SILENT, SPIKED, STEPPED, T0, WINDOW, WINDOWS, CONFIG,
                      LiveCase, telemetry)


class Verdicts(LiveCase):
    """One run over all faults; each test looks at one of them."""

    shared = None

    @classmethod
    def tearDownClass(cls):
        if cls.shared:
            shutil.rmtree(cls.shared[0], ignore_errors=True)
            cls.shared = None

    def setUp(self):
        if not Verdicts.shared:
            self.dir = tempfile.mkdtemp(prefix="hb-cli-")
            Verdicts.shared = (self.dir, telemetry(), None)
            self.workspace(Verdicts.shared[1])
            Verdicts.shared = (*Verdicts.shared[:2], json.loads(self.once("--json")))
        self.dir, self.lines, self.summary = Verdicts.shared

    def test_faults_are_found_where_they_are_and_nowhere_else(self):
        v = self.verdicts()
        self.assertEqual(sorted(v), list(range(WINDOWS)))
        # while it trained there was nothing to compare with, and that is no PASS (D1)
        self.assertEqual({v[w] for w in range(40)}, {"NO_TEST"})
        clean = [w for w in range(40, WINDOWS) if w not in STEPPED and w not in RAMPED and w != SPIKED
                 and w not in SILENT and w not in (ODD_UNIT, NAN)]
        flagged = [w for w in clean if v[w] != "PASS" and w < STEPPED.start]
        self.assertEqual(flagged, [], "clean windows before the first fault")
        # a step that stays: from its second window on at the latest
        for w in STEPPED[1:]:
            self.assertEqual(v[w], "PASS_WITH_DRIFT", f"step, window {w}")
            self.assertIn("volt", {m for m, _ in self.findings(w)})
        # a ramp of 0.3 sd a window is found before it has gone 10 windows
        self.assertIn("PASS_WITH_DRIFT", [v[w] for w in RAMPED[:10]])
        self.assertIn("temp", {m for m, _ in self.findings(RAMPED[-1])})
        # one sample of 60 is over its limit: never averaged away (D22)
        self.assertEqual(v[SPIKED], "FAIL")
        self.assertIn(("press", "sample_limit"), self.findings(SPIKED))
        # silence is a verdict
        self.assertIn(("flow", "silent"), self.findings(SILENT[1]))
        # a unit that cannot be converted is not taken for volts
        self.assertIn(("volt", "silent"), self.findings(ODD_UNIT))

    def test_every_sample_is_accounted_for(self):
        c = self.summary["counts"]
        nan = sum('"value": NaN' in line for line in self.lines)
        odd = sum("furlong" in line for line in self.lines)
        self.assertGreater(nan, 0)
        self.assertEqual((c["not_usable"], c["unit"]), (nan, odd))
        self.assertEqual(c["samples"] + c["not_usable"] + c["unit"], len(self.lines))
        self.assertEqual(self.query("SELECT sum(samples) FROM live_windows"), [(c["samples"],)])
        self.assertEqual((c["late"], c["duplicate"], c["no_room"], c["bad_message"]), (0, 0, 0, 0))
        # the first line is a sample like every other (D18, D19), and none was invented (D23)
        first = self.query("SELECT min(from_position), sum(samples) FROM live_windows WHERE start_ns = "
                           "(SELECT min(start_ns) FROM live_windows)")
        self.assertEqual(first, [(0, PER_WINDOW * len(CHANNELS))])

    def test_windows_of_weight_are_runs_with_reports(self):
        rows = self.query("SELECT run_id, verdict, report FROM live_windows")
        runs = {r for r, in self.query("SELECT run_id FROM runs")}
        for run_id, verdict, report in rows:
            if verdict in ("PASS_WITH_DRIFT", "FAIL"):
                self.assertIn(run_id, runs)
                with open(self.path(report), encoding="utf-8") as f:
                    self.assertIn(run_id, f.read())
            else:
                self.assertEqual(report, "")
        spiked, = [r for r, v, _ in rows if v == "FAIL"]
        self.assertIn("FAIL", self.hb("runs", "list", "--status", "FAIL"))
        self.assertIn(spiked, self.hb("report", spiked))

    def test_alerts_are_of_changes_and_not_of_cycles(self):
        events = self.query("SELECT type, subject, severity FROM alert_log ORDER BY id")
        raised = [s for t, s, _ in events if t.endswith("raised")]
        self.assertTrue(any(s.startswith("metric:press/") for s in raised), raised)
        # a fault over ten windows is raised once for a rule, not ten times (D27)
        self.assertLess(len(raised), 40)
        self.assertEqual({sev for t, s, sev in events if t.endswith("raised") and s.startswith("metric:press/sample")},
                         {"CRITICAL"})
        # every event of the log was sent, with its id
        self.assertEqual({i for i, _ in self.sent()}, {i for i, in self.query("SELECT event_id FROM alert_log")})

    def test_live_list_and_show(self):
        text = self.hb("live", "list", "--verdict", "FAIL")
        self.assertIn("press", text)
        rows = self.hb_json("live", "list", "--limit", "1000")["windows"]
        self.assertEqual(len(rows), WINDOWS)
        with open(os.path.join(SOURCE, "schemas", "live_window.schema.json"), encoding="utf-8") as f:
            check = jsonschema.Draft202012Validator(json.load(f)).validate
        for row in rows:
            check(row)
        fail = [r for r in rows if r["verdict"] == "FAIL"]
        check(self.hb_json("live", "show", fail[0]["run_id"]))
        self.assertEqual([r["flagged"] for r in fail], [["press"]])
        shown = self.hb("live", "show", fail[0]["run_id"])
        self.assertIn("sample_limit", shown)
        self.assertEqual(self.hb_json("live", "show", fail[0]["id"])["decision"]["verdict"], "FAIL")
        self.hb_error("live", "show", "nothing", code=4, has="no judged window 'nothing'")
        self.hb_error("live", "list", "--verdict", "GOOD", code=2, has="--verdict must be")

    def test_a_second_start_finds_nothing_to_do(self):
        before = self.outcome()
        again = json.loads(self.once("--json"))
        self.same_outcome(before, self.outcome())
        self.assertEqual(again["evidence"], "")


class Restart(LiveCase):
    def test_ended_in_the_middle_and_started_again_decides_the_same(self):
        # A tick while a loaded machine is still judging would be one record more in the last window's stretch.
        patient = CONFIG + "idle_after: 1h\n"
        self.workspace(config=patient, at="whole")
        self.workspace(config=patient, at="parts")
        self.once(at="whole")
        # the file grows while nobody reads it, as it does on a machine that is restarted
        lines = telemetry()
        for part in (len(lines) // 5, len(lines) // 2, len(lines)):
            self.write("parts/rig.jsonl", "".join(lines[:part]))
            p = self.start(at="parts")
            last = json.loads(lines[part - 1].replace("NaN", "0"))["timestamp"]
            done = f"SELECT count(*) FROM live_windows WHERE end_ns <= {(last - 1) * 10**9}"
            due = int(last - 1 - 1767603600) // 300
            self.wait_for(lambda d=done, n=due: os.path.exists(self.path("parts/runs.db")) and self.tables("parts")
                          and self.query(d, "parts")[0][0] >= n)
            self.stop(p)
            self.assertEqual(p.returncode, 0, self.log("parts"))
        self.once(at="parts")
        whole, parts = self.outcome("whole"), self.outcome("parts")
        for o in (whole, parts):  # where a report lies is the workspace's name
            o["windows"] = [r[:-1] for r in o["windows"]]
            o.pop("alerts")
        self.same_outcome(whole, parts)
        self.assertNotIn("decided_otherwise", self.log("parts"))

    def test_what_could_not_be_read_is_told(self):
        self.workspace(lines=["not a message\n"] * 7)
        p = self.run_hb("daemon", "--once")
        self.assertEqual(p.returncode, 2, p.stderr)
        self.assertIn("none of 7 messages could be read", p.stderr.decode())
        self.write("rig.jsonl", "not a message\n" * 7 + "".join(telemetry(windows=2, faults=False)))
        self.assertIn("left out: 7 messages", self.hb("daemon", "--once"))

    def test_once_needs_sources_that_end(self):
        for source in ("{source: file_replay, path: rig.jsonl, follow: true}", "{source: host}"):
            self.workspace(lines=[], config=f"name: x\nsources: [{source}]\nwindows: [{{size: 10s}}]\n")
            self.hb_error("daemon", "--once", code=2, has=["has no end", "hb ingest"])
            self.hb("daemon", "--once", "--check")

    def test_a_file_that_grew_after_its_end_was_judged(self):
        """--once marks an end in the journal; what comes later is judged on, live and in a replay."""
        half, windows = 30, 60
        lines = telemetry(windows=windows, faults=False)
        config = CONFIG.replace("train: {windows: 40}\n", "")
        self.workspace(lines=lines[:len(lines) * half // windows], config=config)
        self.once()
        self.write("rig.jsonl", "".join(lines))
        self.once()
        judged = "SELECT count(*), sum(samples) FROM live_windows WHERE stream = '{}'"
        self.assertEqual(self.query(judged.format("rig"))[0], (windows, len(lines)))
        self.write("daemon.yaml", config.replace("name: rig", "name: again"))
        self.hb("daemon", "--replay")
        self.assertEqual(self.query(judged.format("again"))[0], (windows, len(lines)))

    def tables(self, at):
        return self.query("SELECT count(*) FROM sqlite_schema WHERE name = 'live_windows'", at)[0][0]

    def test_another_configuration_is_told_and_judged_windows_stay(self):
        lines = telemetry(60, faults=False)
        self.workspace(lines[:len(lines) // 2])
        p = self.start()
        self.wait_for(lambda: os.path.exists(self.path("runs.db")) and self.tables(".") and
                      len(self.query("SELECT id FROM live_windows")) >= 29)
        self.stop(p)
        before = self.query("SELECT id, digest FROM live_windows ORDER BY id")
        self.write("rig.jsonl", "".join(lines))
        self.write("metric_registry.yaml", "version: \"2\"\nmetrics:\n  temp: {unit: degC, drift_threshold: 5}\n")
        p = self.run_hb("daemon", "--once")
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertIn(b"configuration_changed", p.stderr)
        after = dict(self.query("SELECT id, digest FROM live_windows"))
        self.assertEqual(len(after), 60)
        self.assertTrue(all(after[i] == d for i, d in before))
        # the window that was open was filled again: no sample is missing in it
        self.assertEqual(self.query("SELECT DISTINCT samples FROM live_windows"), [(PER_WINDOW * len(CHANNELS),)])

    def test_a_journal_that_lost_what_was_judged_is_refused(self):
        self.workspace(telemetry(10, faults=False))
        self.once()
        os.rename(self.path("live/journal"), self.path("live/elsewhere"))
        p = self.run_hb("daemon", "--once")
        self.assertEqual(p.returncode, 12)
        self.assertIn(b"the journal ends at 0", p.stderr)

    def test_a_registry_that_says_otherwise_is_evidence(self):
        self.workspace(telemetry(10, faults=False), CONFIG + "checkpoint_interval: 1d\n")
        p = self.start()
        self.wait_for(lambda: os.path.exists(self.path("runs.db")) and self.tables(".") and
                      len(self.query("SELECT id FROM live_windows")) >= 9)
        p.kill()
        p.wait()
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            db.execute("DROP TRIGGER live_windows_stay")
            db.execute("UPDATE live_windows SET digest = ?", ("0" * 64,))
            db.commit()
        p = self.run_hb("daemon", "--once")
        self.assertEqual(p.returncode, 12, p.stderr)
        self.assertIn(b"decided otherwise before", p.stderr)


class Trouble(LiveCase):
    def test_a_registry_that_is_locked_delays_decisions_and_changes_none(self):
        lines = telemetry(20, faults=False)
        config = CONFIG + "idle_after: 1h\n"  # ticks are records too, and positions are compared
        self.workspace(lines, config, at="ws")
        self.once(at="ws")
        expected = self.outcome("ws")
        os.rename(self.path("ws"), self.path("whole"))
        self.workspace(lines, config.replace("source: file_replay\npath: rig.jsonl\n",
                       "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n"), at="ws")
        os.unlink(self.path("ws/rig.jsonl"))
        p = self.start(at="ws")
        self.wait_for(lambda: os.path.exists(self.path("ws/log")) and " started:" in self.log("ws"))
        with contextlib.closing(sqlite3.connect(self.path("ws/runs.db"), isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            self.write("ws/rig.jsonl", "".join(lines))
            self.wait_for(lambda: "registry_failed" in self.log("ws"))
            db.execute("ROLLBACK")
        self.wait_for(lambda: self.query("SELECT count(*) FROM live_windows", "ws")[0][0] >= 19)
        self.stop(p)
        self.assertEqual(p.returncode, 0, self.log("ws"))
        self.workspace(lines, config, at="ws")
        self.once(at="ws")
        self.same_outcome(expected, self.outcome("ws"))

    def test_memory_over_its_limit_makes_sources_wait(self):
        self.workspace(telemetry(10, faults=False), CONFIG.replace("source: file_replay\npath: rig.jsonl\n",
                       "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n") +
                       "limits: {max_rss_mb: 1}\n")
        p = self.start()
        self.wait_for(lambda: "memory_over_limit" in self.log())
        self.stop(p)  # sources that wait are ended all the same
        self.assertEqual(p.returncode, 0, self.log())


class Ended(LiveCase):
    def test_says_what_was_not_delivered_and_why_nothing_was_compared(self):
        self.workspace(telemetry(), CONFIG.replace("{sink: file, path: alerts.jsonl}", "{sink: exec, command: [/bin/false]}"))
        out = self.hb("daemon", "--once")
        self.assertRegex(out, r"not delivered yet: [1-9][0-9]* alert events")
        self.assertNotIn("no baseline", out)
        self.workspace(telemetry(10, faults=False), "\n".join(
            line for line in CONFIG.splitlines() if not line.startswith("train")), at="none")
        out = self.hb("-w", "none", "daemon", "--once")
        self.assertIn("no baseline: window 5m, tag golden", out)


class Capped(LiveCase):
    def test_a_registry_over_its_limit_loses_decisions_that_can_be_made_again(self):
        follow = CONFIG.replace("source: file_replay\npath: rig.jsonl\n",
                                "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n")
        self.workspace(telemetry(), follow)
        kept = "SELECT verdict, count(*), count(json) FROM live_windows GROUP BY verdict"
        p = self.start()
        self.wait_for(lambda: " started:" in self.log())
        self.wait_for(lambda: sum(n for _, n, _ in self.query(kept)) >= WINDOWS - 2)
        self.stop(p)
        before = {v: (n, j) for v, n, j in self.query(kept)}
        self.assertEqual({n - j for n, j in before.values()}, {0})
        address = "unix:" + self.path("http.sock")
        self.write("daemon.yaml", follow + "limits: {max_registry_mb: 1}\n" + f'health: {{listen: "{address}"}}\n')
        p = self.start()
        self.wait_for(lambda: self.query("SELECT count(json) FROM live_windows WHERE verdict = 'PASS'") == [(0,)])
        self.wait_for(lambda: "max_registry_mb is 1" in self.run_hb("health", address, "--json").stdout.decode())
        h = json.loads(self.run_hb("health", address, "--json").stdout.decode())
        self.assertTrue(h["degraded"])
        self.assertGreater(h["process"]["registry_bytes"], h["process"]["registry_max_bytes"])
        self.stop(p)
        after = {v: (n, j) for v, n, j in self.query(kept)}
        for verdict, (n, j) in before.items():
            # NO_TEST are those the baseline was made of: they stay
            self.assertEqual(after[verdict], (n, 0 if verdict == "PASS" else j), verdict)
        self.assertIn("limits.max_registry_mb", self.hb("audit", "list", "--json"))


class Checked(LiveCase):
    def test_files_of_the_original_are_checked_together(self):
        """Its daemon.yaml has the keys of every source; what nothing here reads is told, file by file."""
        os.makedirs(self.path("config"))
        self.write("config/daemon.yaml", "source: file_replay\npath: rig.jsonl\nbroker: tcp://127.0.0.1:1883\ntopic: lab/#\n"
                   "interval_sec: 300\nwindow_sec: 300\nalert_sinks: [stdout]\nwebhook_url: ''\n")
        out = self.hb("config", "check")
        self.assertIn("config/daemon.yaml: ok (daemon), not read with source file_replay: broker, topic", out)
        self.assertIn("not read  broker, topic", self.hb("daemon", "--check"))
        self.write("config/runtime.yaml", "source: file_replay\nwindow_size_sec: 10\n")
        self.write("config/actions_policy.yaml", "version: 1\nrules: []\n")
        self.write("config/daemon.yaml", "source: mqtt\nbroker: tcp://127.0.0.1:1883\ntopic: lab/#\n"
                   "window_sec: 300\nevidence_pack_on_fail: true\n")
        self.hb_error("config", "check", code=3, has=[
            "config/daemon.yaml:5:1: 'evidence_pack_on_fail' needs 'signing_key'",
            "config/runtime.yaml:2:1: 'window_size_sec' belongs to runtime.yaml",
            "config/actions_policy.yaml:2:1: 'rules' belongs to actions_policy.yaml"])


class Running(LiveCase):
    def test_sigterm_ends_in_order_and_sighup_reloads(self):
        self.workspace(telemetry(10, faults=False), CONFIG.replace("source: file_replay\npath: rig.jsonl\n",
                       "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n"))
        p = self.start()
        self.wait_for(lambda: " started:" in self.log())
        self.write("daemon.yaml", CONFIG.replace("5m", "10m").replace("source: file_replay\npath: rig.jsonl\n",
                   "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n"))
        p.send_signal(signal.SIGHUP)
        self.wait_for(lambda: " reloaded:" in self.log())
        self.assertRegex(self.log(), r"restart_needed: .*keys=\"?windows")
        self.write("daemon.yaml", "nonsense: 1\n")
        p.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "not_reloaded" in self.log())
        self.assertIn("unknown key 'nonsense'", self.log())
        self.stop(p)
        self.assertEqual(p.returncode, 0)
        self.assertIn(" ended:", self.log())

    def test_a_second_daemon_is_told_which_process_has_the_stream(self):
        """The first thing it learns, not that a port is taken."""
        self.workspace(telemetry(10, faults=False), CONFIG.replace("source: file_replay\npath: rig.jsonl\n",
                       "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n") +
                       "health: {listen: \"unix:http.sock\"}\n".replace("http.sock", self.path("http.sock")))
        p = self.start()
        self.wait_for(lambda: " started:" in self.log())
        self.hb_error("daemon", code=1, has=f"is judged by process {p.pid} already")
        self.stop(p)
        self.assertEqual(p.returncode, 0, self.log())

    def test_messages_that_move_no_time_are_silence(self):
        """A sender whose clock was set back, and one that cannot be read: windows close all the same, at the
        pace of the clock."""
        lines = telemetry(1, faults=False)
        self.workspace(lines, CONFIG.replace("source: file_replay\npath: rig.jsonl\n",
                       "sources:\n  - {source: file_replay, path: rig.jsonl, follow: true}\n")
                       .replace("{size: 5m}", "{size: 1s}").replace("2m", "2s") + "idle_after: 500ms\n")
        p = self.start()
        self.wait_for(lambda: " started:" in self.log())
        silent = "SELECT count(*) FROM live_windows WHERE samples = 0 AND start_ns >= %d" % ((T0 + WINDOW) * 10**9)

        def goes_on():
            with open(self.path("rig.jsonl"), "a", encoding="utf-8") as f:
                f.write('{"timestamp": 1000, "metric": "temp", "value": 20}\nnot readable\n')
            return self.query(silent)[0][0] >= 3
        self.wait_for(goes_on)
        self.stop(p)
        self.assertEqual(p.returncode, 0, self.log())

    def test_late_samples_go_where_the_policy_says(self):
        lines = telemetry(6, faults=False)
        late = lines[3 * PER_WINDOW * len(CHANNELS)]
        held_back = [line for line in lines if line != late] + [late]
        for policy, counts in (("drop", (1, 0)), ("side_output", (1, 0)), ("reopen", (0, 1))):
            with self.subTest(policy):
                self.workspace(held_back, CONFIG + f"late_event_policy: {policy}\nkeep_closed: 1h\n", at=policy)
                c = json.loads(self.once("--json", at=policy))["counts"]
                self.assertEqual((c["late"], c["reopened"]), counts)
                revisions = self.query("SELECT count(*) FROM live_windows WHERE revision = 1", policy)[0][0]
                self.assertEqual(revisions, counts[1])
        with open(self.path("side_output/live/late.jsonl"), encoding="utf-8") as f:
            rows = [json.loads(line) for line in f]
        self.assertEqual([(r["metric"], r["value"]) for r in rows],
                         [(json.loads(late)["metric"], json.loads(late)["value"])])

    def test_windows_slide_over_all_they_hold(self):
        # the original's sliding window held one slide only (D25)
        self.workspace(telemetry(6, faults=False), CONFIG.replace("{size: 5m}", "{size: 5m, slide: 1m}"))
        self.once()
        full = self.query("SELECT DISTINCT samples FROM live_windows WHERE start_ns >= 1767603600000000000 "
                          "AND end_ns <= 1767605400000000000")
        self.assertEqual(full, [(PER_WINDOW * len(CHANNELS),)])

    def test_reports_stay_under_their_cap(self):
        self.workspace(config=CONFIG + "max_report_dir_mb: 1\n")
        self.once()
        size = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(self.path("reports")) for f in fs)
        self.assertLessEqual(size, 1 << 20)
        self.assertGreater(size, 0)
        kept = set(os.listdir(self.path("reports")))
        weighty = [r for r, in self.query("SELECT run_id FROM live_windows WHERE verdict IN ('FAIL', 'PASS_WITH_DRIFT')"
                                          " ORDER BY end_ns")]
        self.assertEqual(kept, set(weighty[-len(kept):]), "the oldest go first")
        # the decision itself is kept (D28)
        self.assertIn(weighty[0], self.hb("live", "show", weighty[0]))
        self.hb_error("report", weighty[0], code=4, has="hb live show")

    def test_a_fault_that_stays_does_not_fill_the_registry(self):
        self.workspace(config=CONFIG + "decisions: {runs_per_hour: 2}\n")
        self.once()
        runs = self.query("SELECT w.end_ns / 3600000000000, count(*) FROM live_windows w JOIN runs r "
                          "ON r.run_id = w.run_id WHERE w.verdict <> 'NO_TEST' GROUP BY 1")
        self.assertLessEqual(max(n for _, n in runs), 2)
        self.assertEqual(self.query("SELECT count(*) FROM live_windows WHERE json IS NULL"), [(0,)])

    def test_without_baseline_and_training_nothing_passes(self):
        self.workspace(telemetry(5, faults=False), CONFIG.replace("train: {windows: 40}\n", ""))
        self.once()
        self.assertEqual(set(self.verdicts().values()), {"NO_TEST"})
        run_id, = self.query("SELECT run_id FROM live_windows LIMIT 1")[0]
        self.assertIn("hb baseline set", json.dumps(self.hb_json("live", "show", run_id)["decision"]))

    def test_a_training_of_poor_quality_is_not_promoted(self):
        self.workspace(telemetry(12, faults=False), CONFIG.replace("windows: 40", "windows: 5"))
        p = self.run_hb("daemon", "--once")
        self.assertEqual(p.returncode, 0)
        self.assertIn(b"hb baseline promote --version", p.stderr)
        self.assertEqual(set(self.verdicts().values()), {"NO_TEST"})
        self.assertEqual(self.query("SELECT count(*) FROM tags"), [(0,)])

    def test_check_says_what_would_run(self):
        self.workspace()
        text = self.hb("daemon", "--check")
        self.assertIn("trained first", text)
        self.assertFalse(os.path.exists(self.path("runs.db")))
        doc = self.hb_json("daemon", "--check")
        self.assertEqual(doc["windows"][0]["name"], "5m")

    def test_a_missing_file_is_an_error_and_not_silence(self):
        self.workspace()
        os.unlink(self.path("rig.jsonl"))
        p = self.run_hb("daemon", "--once")
        self.assertNotEqual(p.returncode, 0)
        self.assertIn(b"rig.jsonl", p.stderr)


if __name__ == "__main__":
    unittest.main()
