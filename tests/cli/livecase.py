# SPDX-License-Identifier: Apache-2.0
"""A rig whose telemetry is known to the sample, and the tables a daemon leaves behind."""
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

from hbtest import HB, Case

T0 = 1767603600  # 2026-01-05T09:00:00Z, a border of 5 minutes
STEP = 5         # seconds between samples
WINDOW = 300
PER_WINDOW = WINDOW // STEP

REGISTRY = """version: "1"
metrics:
  temp: {unit: degC}
  volt: {unit: V}
  flow: {unit: l/min}
  press: {unit: kPa, invariant_max: 200, fail_threshold: 200, critical: true}
"""

CONFIG = """name: rig
source: file_replay
path: rig.jsonl
windows:
  - {size: 5m}
lateness: 1s
stale_after: 2m
train: {windows: 40}
alert_sinks:
  - {sink: file, path: alerts.jsonl}
program: p
test_name: t
"""

# which windows have what
STEPPED = range(80, 90)
RAMPED = range(95, 125)
SPIKED = 130
SILENT = range(136, 140)
ODD_UNIT = 146
NAN = 150
WINDOWS = 156

CHANNELS = {"temp": (20.0, 0.5, "degC"), "volt": (3.3, 0.01, "V"), "flow": (5.0, 0.1, "l/min"),
            "press": (101.0, 0.5, "kPa")}


def telemetry(windows=WINDOWS, faults=True, seed=1):
    """Lines of JSON, one a sample, in the order of time."""
    rng = random.Random(seed)
    lines = []
    for i in range(windows * PER_WINDOW):
        w, t = i // PER_WINDOW, T0 + i * STEP
        for name, (mean, sd, unit) in CHANNELS.items():
            value = mean + rng.gauss(0, sd)
            if faults and name == "volt" and w in STEPPED:
                value += 0.05
            if faults and name == "temp" and w in RAMPED:
                value += 0.15 * (w - RAMPED.start + 1)
            if faults and name == "press" and w == SPIKED and i % PER_WINDOW == 30:
                value = 500.0
            if faults and name == "flow" and w in SILENT:
                continue
            if faults and name == "volt" and w == ODD_UNIT:
                unit = "furlong"
            text = "NaN" if faults and name == "temp" and w == NAN and i % 2 else repr(round(value, 6))
            lines.append(f'{{"timestamp": {t}, "metric": "{name}", "value": {text}, "unit": "{unit}"}}\n')
    return lines


class LiveCase(Case):
    def workspace(self, lines=None, config=CONFIG, registry=REGISTRY, at="."):
        lines = telemetry() if lines is None else lines
        self.write(os.path.join(at, "rig.jsonl"), "".join(lines))
        self.write(os.path.join(at, "daemon.yaml"), config)
        self.write(os.path.join(at, "metric_registry.yaml"), registry)
        return len(lines)

    def once(self, *args, at=".", code=0):
        return self.hb("-w", at, "daemon", "--once", *args, code=code)

    def start(self, *args, at="."):
        """The daemon as a process of its own; ended by the test's end at the latest."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        clean.update({"LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
        log = open(self.path(os.path.join(at, "log")), "ab")
        p = subprocess.Popen([HB, "-w", at, "daemon", *args], cwd=self.dir, env=clean,
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

        def end():
            if p.poll() is None:
                p.kill()
            p.wait()
        self.addCleanup(end)
        return p

    def log(self, at="."):
        with open(self.path(os.path.join(at, "log")), encoding="utf-8") as f:
            return f.read()

    def query(self, sql, at="."):
        with contextlib.closing(sqlite3.connect(self.path(os.path.join(at, "runs.db")))) as db:
            return db.execute(sql).fetchall()

    def outcome(self, at="."):
        """Everything that was decided, without what a clock wrote."""
        return {
            "windows": self.query("SELECT stream, id, revision, name, start_ns, end_ns, verdict, run_id, digest, "
                                  "from_position, to_position, samples, n_findings, report FROM live_windows "
                                  "ORDER BY end_ns, name, revision", at),
            "decisions": self.query("SELECT r.run_id, d.status, d.digest, d.json FROM decisions d JOIN runs r "
                                    "ON r.id = d.run ORDER BY r.run_id, d.digest", at),
            "runs": self.query("SELECT run_id, digest, n_metrics FROM runs ORDER BY run_id", at),
            "readings": self.query("SELECT r.run_id, g.body FROM readings g JOIN runs r ON r.id = g.run "
                                   "ORDER BY r.run_id", at),
            "versions": self.query("SELECT digest, n_runs, json FROM baseline_versions ORDER BY digest", at),
            "tags": self.query("SELECT tag, v.program, v.test_name, v.digest FROM tags JOIN baseline_versions v "
                               "ON v.id = tags.version", at),
            "alerts": self.query("SELECT event_id, type, severity, subject FROM alert_log ORDER BY event_id", at),
        }

    def same_outcome(self, a, b):
        for table, rows in a.items():
            self.assertEqual(rows, b[table], f"table {table}")

    def sent(self, at="."):
        """Events the file sink got, as (id, type)."""
        path = self.path(os.path.join(at, "alerts.jsonl"))
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [(e["id"], e["type"]) for e in map(json.loads, f)]

    def verdicts(self, at="."):
        """Verdicts by the number of the window."""
        return {(start // 10**9 - T0) // WINDOW: verdict
                for start, verdict in self.query("SELECT start_ns, verdict FROM live_windows WHERE revision = 0", at)}

    def findings(self, window, at="."):
        """(metric, rule) of weight in a window."""
        run_id, = self.query(f"SELECT run_id FROM live_windows WHERE start_ns = {(T0 + window * WINDOW) * 10**9}", at)[0]
        shown = json.loads(self.hb("-w", at, "live", "show", run_id, "--json"))
        return {(f.get("metric", ""), f["rule"]) for f in shown["decision"]["findings"]
                if f["severity"] in ("drift", "fail")}

    def wait_for(self, what, seconds=60):
        """Asks again and again; the deadline is generous and fails loudly."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if what():
                return
            time.sleep(0.02)
        self.fail(f"did not come about in {seconds} s")

    def stop(self, p, sig=signal.SIGTERM):
        p.send_signal(sig)
        p.wait(timeout=30)
