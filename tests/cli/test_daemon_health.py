# SPDX-License-Identifier: Apache-2.0
"""A running daemon that listens: syslog by logger, samples by HTTP, and what it says of itself to hb health, curl's
place (urllib), promtool, the OpenMetrics parser and a service manager."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from hbtest import HB, SOURCE
from livecase import LiveCase

DEADLINE_S = 60

REGISTRY = """version: "1"
metrics:
  psu_volts: {unit: V}
"""

SCHEMA = """version: "1"
sources:
  syslog:
    patterns:
      - {pattern: 'took (?<value>[0-9.]+) ms', metric: step_time, unit: ms, program: rigprog}
"""


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Health(LiveCase):
    def setUp(self):
        super().setUp()
        self.udp, self.tcp = free_port(socket.SOCK_DGRAM), free_port()
        self.web, self.health = free_port(), free_port()
        self.workspace(lines=[], registry=REGISTRY, config=f"""name: rig
sources:
  - {{source: syslog, name: log, listen: ["udp:127.0.0.1:{self.udp}", "tcp:127.0.0.1:{self.tcp}"]}}
  - {{source: http, name: web, listen: "127.0.0.1:{self.web}", format: line_protocol}}
telemetry_schema: telemetry_schema.yaml
windows:
  - {{size: 1s}}
lateness: 250ms
health: {{listen: "127.0.0.1:{self.health}"}}
log: {{format: json}}
program: p
test_name: t
""")
        self.write("telemetry_schema.yaml", SCHEMA)

    def get(self, path, accept="*/*"):
        q = urllib.request.Request(f"http://127.0.0.1:{self.health}{path}", headers={"Accept": accept})
        try:
            with urllib.request.urlopen(q, timeout=DEADLINE_S) as r:
                return r.status, r.headers, r.read().decode()
        except urllib.error.HTTPError as e:
            with e:
                return e.code, e.headers, e.read().decode()

    def wait(self, what, until):
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                got = until()
            except OSError:
                got = None
            if got:
                return got
            if self.daemon.poll() is not None or time.monotonic() > end:
                self.fail(f"{what}: not within {DEADLINE_S} s\n{self.log()}")
            time.sleep(0.05)

    def source(self, name):
        found = [s for s in json.loads(self.get("/status")[2])["sources"] if s["name"] == name]
        return found[0] if found else {"state": "unknown"}

    def send(self):
        for i in range(20):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(f"<14>1 - rig1 rigprog {i} - - step took {i + 0.5} ms".encode(), ("127.0.0.1", self.udp))
        with socket.create_connection(("127.0.0.1", self.tcp)) as s:
            s.sendall(b"<11>rigprog[7]: no time at all\n" + b"x" * 100000 + b"\n")
        q = urllib.request.Request(f"http://127.0.0.1:{self.web}/api/v2/write?precision=s",
                                   data=f"psu volts=12.5 {int(time.time())}\nbad\n".encode(), method="POST")
        with urllib.request.urlopen(q, timeout=DEADLINE_S) as r:
            self.assertEqual(r.status, 204)

    def test_a_daemon_with_network_sources_tells_all_of_it(self):
        self.daemon = self.start()
        self.wait("listening", lambda: self.get("/live")[0] == 200)
        self.wait("sources", lambda: self.source("web")["state"] == self.source("log")["state"] == "running")
        self.send()
        self.wait("records", lambda: self.source("log")["records"] == 21 and self.source("web")["records"] == 1)
        self.wait("losses", lambda: self.source("log")["lost"] == [{"reason": "too_large", "n": 1}])
        # 20 messages over udp give 3 samples each, the one over tcp 2, the post 1; one line of it is bad
        self.wait("samples", lambda: json.loads(self.get("/status")[2])["windows"]["counts"]["samples"] == 63)
        counts = json.loads(self.get("/status")[2])["windows"]["counts"]
        self.assertEqual(counts["bad_message"], 1)
        windows = json.loads(self.get("/status")[2])["windows"]
        self.assertGreaterEqual(windows["metrics"], 3)
        self.assertGreaterEqual(windows["open"], 1)

        code, head, text = self.get("/metrics")
        self.assertEqual((code, head["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIsNone(head["Server"])
        self.assertIn('hb_source_records_total{source="log"} 21\n', text)
        self.assertIn('hb_source_lost_total{source="log",reason="too_large"} 1\n', text)
        if shutil.which("promtool"):
            r = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        try:
            from prometheus_client.openmetrics.parser import text_string_to_metric_families
        except ImportError:
            print("skipped: no python3-prometheus-client")
        else:
            _, head, text = self.get("/metrics", "application/openmetrics-text; version=1.0.0")
            self.assertTrue(head["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"))
            names = {m.name for m in text_string_to_metric_families(text)}
            self.assertIn("hb_decision_latency_seconds", names)

        r = self.run_hb("health", f"127.0.0.1:{self.health}")
        self.assertIn(b"log     syslog  running", r.stdout)
        h = json.loads(self.run_hb("health", f"127.0.0.1:{self.health}", "--json").stdout)
        self.assertEqual(r.returncode, 0 if h["ready"] else 1)
        self.assertEqual(self.get("/ready")[0], 200 if h["ready"] else 503, h["checks"])
        try:
            import jsonschema
        except ImportError:
            print("skipped: no jsonschema")
        else:
            for name, path in (("ready", "/ready"), ("health", "/status")):
                with open(os.path.join(SOURCE, "schemas", f"{name}.schema.json"), encoding="utf-8") as f:
                    jsonschema.validate(json.loads(self.get(path)[2]), json.load(f))

        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(timeout=DEADLINE_S), 0, self.log())
        events = [line for line in self.log().splitlines() if line.startswith("{")]
        self.assertGreater(len(events), 0)
        for line in events:
            event = json.loads(line)
            self.assertTrue({"time", "level", "event", "message", "id", "fields"} <= set(event), line)

    def test_the_service_manager_hears_of_it(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(self.path("notify"))
        manager.settimeout(DEADLINE_S)
        env = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        env.update({"NOTIFY_SOCKET": self.path("notify"), "WATCHDOG_USEC": "400000"})
        with open(self.path("log"), "wb") as log:
            self.daemon = subprocess.Popen([HB, "-w", ".", "daemon"], cwd=self.dir, env=env, stdout=log, stderr=log)
        self.addCleanup(lambda: (self.daemon.kill(), self.daemon.wait()))
        heard = ""
        while heard.count("WATCHDOG=1") < 3 or "READY=1" not in heard:
            heard += manager.recv(4096).decode()
        self.daemon.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard += manager.recv(4096).decode()
        self.assertEqual(self.daemon.wait(timeout=DEADLINE_S), 0, self.log())


class Capture(LiveCase):
    def test_syslog_into_a_run(self):
        port = free_port()
        self.write("metric_registry.yaml", "version: \"1\"\nmetrics:\n  syslog_a: {reduce: count}\n"
                   "  syslog_a_error: {reduce: mean}\n")
        p = subprocess.Popen([HB, "ingest", "--source", "syslog", "--set", f"listen=tcp:127.0.0.1:{port}",
                              "--max-events", "3", "--run-id", "r"], cwd=self.dir, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        self.addCleanup(lambda: (p.kill(), p.wait(), p.stdout.close()))
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port)) as s:
                    s.sendall(b"<14>a: 1\n<11>a: 2\n<14>a: 3\n")
                break
            except OSError:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
        self.assertEqual(p.wait(timeout=DEADLINE_S), 0, p.stdout.read())
        run = self.hb_json("runs", "show", "r")
        values = {m["name"]: (m["value"], m["n"]) for m in run["metrics"]}
        self.assertEqual(values["syslog_a"], (3, 3))
        self.assertAlmostEqual(values["syslog_a_error"][0], 1 / 3)


if __name__ == "__main__":
    unittest.main()
