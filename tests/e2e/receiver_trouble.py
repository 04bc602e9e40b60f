# SPDX-License-Identifier: Apache-2.0
"""The receiver of alerts is down, or hangs: judging goes on, what is to be sent waits in the registry, and when
the receiver is back every event arrives, those of one alert in their order."""
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import unittest

import lab
import livetest

sys.exit(print("skipped: mosquitto is not installed") or 77) if not livetest.MOSQUITTO else None

WINDOWS = int(os.environ.get("HB_RECEIVER_WINDOWS", "120"))


class Receiver:
    """An HTTP receiver on a port of its own that can be down; remembers the events in the order they came."""

    def __init__(self):
        self.port = livetest.free_port()
        self.got = []
        self.server = None

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Alerts(lab.Case):
    def begin(self, port, more=""):
        broker = self.broker()
        d = self.lab(broker, settings="alerts: {raise_after: 1, clear_after: 1, flap_max: 1000}\n"
                                      "alert_sinks:\n  - {sink: file, path: alerts.jsonl}\n"
                                      f"  - {{sink: webhook, name: board, url: \"http://127.0.0.1:{port}/\", "
                                      f"timeout_ms: 1000}}\n{more}")
        d.start()
        d.until_running()
        return broker, d

    def faults(self):
        """Steps of short duration, one metric after the other: raised and returned, again and again."""
        args = []
        for i, start in enumerate(range(20, WINDOWS - 4, 4)):
            metric = f"s0{i % lab.SUBSYSTEMS}.m0{i // lab.SUBSYSTEMS % lab.METRICS}"
            args += ["--fault", f"spike:{metric}:{start}:{start + 1}:60"]
        return args

    def sink(self, h):
        return [s for s in h["sinks"] if s["name"] == "board"][0]

    def registry(self, d):
        """Limits a spike breaks, so that what is raised does not depend on what was learned."""
        subprocess.run([sys.executable, os.path.join(lab.SOURCE, "tools/live/rig.py"), "--registry",
                        d.path("metric_registry.yaml"), "--subsystems", str(lab.SUBSYSTEMS), "--metrics",
                        str(lab.METRICS)], check=True)

    def test_down_all_the_time_then_up(self):
        receiver = Receiver()
        self.addCleanup(receiver.stop)
        broker, d = self.begin(receiver.port)
        d.stop()
        self.registry(d)
        d.start()
        d.until_running()
        acknowledged = self.rig(broker, "--windows", WINDOWS, *self.faults())
        d.until_judged(len(acknowledged))
        h = d.until("an open breaker", lambda h: self.sink(h)["circuit_open"])
        self.assertFalse(h["ready"])
        self.assertTrue(d.check(h, "outbox:board")["why"])
        written = d.query("SELECT count(*) FROM alert_log")[0][0]
        self.assertGreater(written, 20)
        h = d.until("all of them wait", lambda h: self.sink(h)["waiting"] >= written)
        self.assertEqual(self.sink(h)["waiting"], written, "one row an event")
        self.assertEqual(d.check(h, "outbox:file"), {"name": "outbox:file", "ok": True, "why": ""})
        # a restart in the middle changes nothing
        d.stop(9)
        d.start()
        receiver.start()
        d.until("all delivered", lambda h: h["sinks"] and all(s["waiting"] == 0 for s in h["sinks"])
                and len({e["id"] for e in receiver.got}) >= written, livetest.PATIENCE_S * 3)
        d.until("ready again", lambda h: h["ready"])
        self.assertEqual(d.stop(), 0, d.log())
        log = d.query("SELECT event_id, subject FROM alert_log ORDER BY id")
        self.assertEqual({e["id"] for e in receiver.got}, {i for i, _ in log}, "every event, and nothing else")
        first = {}
        for n, e in enumerate(receiver.got):
            first.setdefault(e["id"], n)
        place = {}
        for event, subject in log:
            self.assertGreater(first[event], place.get(subject, -1), f"order of {subject}")
            place[subject] = first[event]
        self.assertEqual(d.query("SELECT count(*) FROM outbox")[0][0], 0)
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_a_sink_that_never_comes_back_does_not_stop_judging(self):
        """Nobody accepts: connections hang until they time out."""
        hung = socket.socket()
        self.addCleanup(hung.close)
        hung.bind(("127.0.0.1", 0))
        hung.listen(1)
        broker, d = self.begin(hung.getsockname()[1])
        d.stop()
        self.registry(d)
        d.start()
        d.until_running()
        first = self.rig(broker, "--windows", WINDOWS // 2, *self.faults())
        d.until_judged(len(first))
        before = d.memory()
        acknowledged = self.rig(broker, "--first", WINDOWS // 2, "--windows", WINDOWS, *self.faults())
        d.until_judged(len(acknowledged))
        self.assertLess(d.memory(), before + (32 << 20))
        h = d.until("told", lambda h: self.sink(h)["failed"] > 0)
        self.assertEqual(self.sink(h)["sent"], 0)
        self.assertTrue(self.sink(h)["last_error"])
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)


if __name__ == "__main__":
    unittest.main()
