# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry metrics over HTTP, encoded by Google's protobuf, into a daemon and into a run."""
import gzip
import json
import os
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from hbtest import HB, SOURCE
from livecase import LiveCase
from test_daemon_health import DEADLINE_S, free_port

try:
    sys.path.insert(0, os.path.join(SOURCE, "tests", "data", "otlp"))
    import make
    from google.protobuf import json_format
except ImportError:
    print("skipped: no python3-protobuf")
    sys.exit(77)

REGISTRY = """version: "1"
metrics:
  "oil.temp{rig=A,service.name=bench}": {unit: degC}
  "ops{service.name=bench}": {reduce: rate}
"""


def message(t, i):
    """One export of a counter, a gauge and a histogram, at t seconds."""
    at = {"time_unix_nano": int(t * 1e9)}
    return make.request(
        make.gauge("oil.temp", {"as_double": 40.0 + i, "attributes": make.attributes(rig="A"), **at}, unit="Cel"),
        make.gauge("ops", {"as_int": 1000 + 50 * i, **at}, kind="sum", aggregation_temporality=2, is_monotonic=True),
        make.gauge("step", {"count": 4, "sum": 10.0, "min": 1.0, "max": 5.0, **at}, kind="histogram", unit="ms",
                   aggregation_temporality=1),
        resource=make.attributes(service__name="bench", host__name="h"))


class Otlp(LiveCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def post(self, data, kind="application/x-protobuf", **head):
        """Sent until it is answered by one who runs."""
        q = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/metrics", data=data, method="POST",
                                   headers={"Content-Type": kind, **head})
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                with urllib.request.urlopen(q, timeout=DEADLINE_S) as r:
                    return r.status, r.headers["Content-Type"], r.read()
            except urllib.error.HTTPError as e:
                with e:
                    if e.code != 503:
                        return e.code, e.headers["Content-Type"], e.read()
            except OSError:
                pass
            if self.process.poll() is not None:
                return None  # it ended, perhaps with this message as its last
            if time.monotonic() > end:
                self.fail(f"no answer within {DEADLINE_S} s")
            time.sleep(0.02)

    def send(self, t, i, last=False):
        """In turn as OpenTelemetry's senders do it: gzip, plain, JSON."""
        m = message(t, i)
        if i % 3 == 0:
            answer = self.post(gzip.compress(m.SerializeToString()), **{"Content-Encoding": "gzip"})
        elif i % 3 == 1:
            answer = self.post(m.SerializeToString())
        else:
            answer = self.post(json_format.MessageToJson(m).encode(), "application/json")
            if last and answer is None:
                return
            self.assertEqual(answer, (200, "application/json", b"{}"))
            return
        self.assertEqual(answer, (200, "application/x-protobuf", b""))

    def test_into_a_run(self):
        self.write("metric_registry.yaml", REGISTRY)
        self.process = subprocess.Popen(
            [HB, "ingest", "--source", "http", "--set", f"listen=127.0.0.1:{self.port}", "--set", "format=otlp",
             "--max-events", "9", "--run-id", "r", "--json"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (self.process.kill(), self.process.wait()))
        for i in range(8):
            self.send(1767603600 + 10 * i, i)
        self.assertEqual(self.post(b"nothing of it")[0], 400)
        code, kind, body = self.post(b'{"resourceMetrics": 5}', "application/json")
        self.assertEqual((code, kind), (400, "application/json"))
        self.assertEqual(json.loads(body), {"code": 3, "message": "a JSON value of the wrong kind"})
        self.send(1767603600 + 80, 8, last=True)
        out, err = self.process.communicate(timeout=DEADLINE_S)
        self.assertEqual(self.process.returncode, 0, err)
        capture = json.loads(out)["capture"]
        self.assertEqual((capture["messages"], capture["values"], capture["unreadable"]), (9, 9 * 7, {}))
        metrics = {m["name"]: m for m in self.hb_json("runs", "show", "r")["metrics"]}
        self.assertEqual(set(metrics), {"oil.temp{rig=A,service.name=bench}", "ops{service.name=bench}"} | {
            f"step.{part}{{service.name=bench}}" for part in ("count", "sum", "mean", "min", "max")})
        temp, ops = metrics["oil.temp{rig=A,service.name=bench}"], metrics["ops{service.name=bench}"]
        self.assertEqual((temp["n"], temp["mean"], temp["unit"]), (9, 44.0, "degC"))
        self.assertEqual(ops["value"], 5.0, ops)
        mean = metrics["step.mean{service.name=bench}"]
        self.assertEqual((mean["mean"], mean["unit"]), (2.5, "ms"))

    def test_into_a_daemon_what_comes_twice_counts_once(self):
        health = free_port()
        self.workspace(lines=[], registry=REGISTRY, config=f"""name: rig
sources:
  - {{source: http, name: otel, listen: "127.0.0.1:{self.port}", format: otlp, resource: "service.name,host.name"}}
windows:
  - {{size: 1s}}
lateness: 250ms
idle_after: 1s
health: {{listen: "127.0.0.1:{health}"}}
program: p
test_name: t
""")
        self.process = self.start()
        t = time.time()
        for i in range(6):
            self.send(t + i / 1000, i)
        self.send(t, 0)  # the answer was lost, say
        self.assertEqual(self.post(b"nothing of it")[0], 400)
        end = time.monotonic() + DEADLINE_S
        while True:
            with urllib.request.urlopen(f"http://127.0.0.1:{health}/status", timeout=DEADLINE_S) as r:
                status = json.loads(r.read())
            counts = status["windows"]["counts"]
            taken = counts["samples"] + counts["late"]  # late: a machine with other things to do
            if taken + counts["duplicate"] >= 49 or time.monotonic() > end:
                break
            time.sleep(0.05)
        self.assertEqual((taken, counts["duplicate"], counts["bad_message"]), (42, 7, 0), counts)
        self.assertEqual(status["sources"][0]["records"], 7)
        self.assertEqual(status["sources"][0]["lost"], [{"reason": "undecodable", "n": 1}])
        self.stop(self.process)
        self.assertEqual(self.process.returncode, 0, self.log())


if __name__ == "__main__":
    unittest.main()
