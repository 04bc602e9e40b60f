# SPDX-License-Identifier: Apache-2.0
"""The broker restarts, stays away, forgets the session; the sender's clock steps; more comes than can be kept.
Each against the ledger of what the broker acknowledged, and against the same journal read without trouble."""
import json
import os
import signal
import sqlite3
import sys
import time
import unittest

import lab
import livetest

sys.exit(print("skipped: mosquitto is not installed") or 77) if not livetest.MOSQUITTO else None

HOUR_NS = 3600 * 10**9
ROUNDS = int(os.environ.get("HB_BROKER_ROUNDS", "3"))
OVERLOAD = int(os.environ.get("HB_OVERLOAD_WINDOWS", "1200"))


class Broker(lab.Case):
    def test_restarts_again_and_again(self):
        broker = self.broker()
        d = self.lab(broker)
        d.start()
        d.until_running()
        acknowledged = set()
        for n in range(ROUNDS):
            acknowledged = self.rig(broker, "--first", n * 20, "--windows", n * 20 + 20)
            broker.stop(signal.SIGTERM)
            d.until("the broker is missed", lambda h: h["sources"][0]["state"] == "retrying")
            code, ready = d.get("/ready")
            self.assertEqual(code, 503)
            self.assertFalse(d.check(ready, "source:rig")["ok"])
            broker.start()
            d.until_running()
        d.until_judged(len(acknowledged))
        h = d.until("ready", lambda h: h["ready"])
        self.assertEqual(h["sources"][0]["lost"], [])
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_killed_while_the_daemon_is_behind(self):
        """kill -9 of the broker with a queue for us on its disk."""
        broker = self.broker()
        d = self.lab(broker)
        d.start()
        d.until_running()
        first = self.rig(broker, "--windows", 15)
        d.until_judged(len(first))
        d.stop(signal.SIGKILL)
        acknowledged = self.rig(broker, "--first", 15, "--windows", 40)
        broker.stop(signal.SIGTERM)
        broker.start()
        d.start()
        d.until("all of it", lambda h: h["sources"] and h["sources"][0]["records"] >= len(acknowledged - first)
                and h["engine"]["lag_bytes"] == 0)
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_away_for_many_windows(self):
        """Telemetry of this moment in windows of a second; nothing for many of them: silence is found, and when
        the broker is back with what was sent meanwhile, metrics return and no window is judged twice."""
        broker = self.broker()
        d = self.lab(broker, window_s=1, lateness_s=1, train=10,
                     settings="idle_after: 1s\ndeaf_after: 2s\nstale_after: 2s\n"
                              "alert_sinks:\n  - {sink: file, path: alerts.jsonl}\n"
                              "alerts: {raise_after: 1, clear_after: 1}\n")
        d.start()
        d.until_running()
        second = 10**9
        start = time.time_ns() // second * second - 30 * second
        args = ("--window", 1, "--start-ns", start)
        first = self.rig(broker, *args, "--windows", 20)
        d.until_judged(len(first))
        silent = ("SELECT count(*) FROM alert_log WHERE type LIKE '%raised' AND subject LIKE '%/silent@%'")
        broker.stop()
        d.until("silence", lambda h: d.query(silent)[0][0] >= lab.SUBSYSTEMS * lab.METRICS)
        before = d.query("SELECT id, digest FROM live_windows")
        code, _ = d.get("/ready")
        self.assertEqual(code, 503)
        broker.start()
        d.until_running()
        # the rig's time after the silence
        end = max(r[0] for r in d.query("SELECT max(end_ns) FROM live_windows"))
        skip = (end - start) // second + 3
        acknowledged = self.rig(broker, *args, "--first", skip, "--windows", skip + 12)
        d.until_judged(len(acknowledged))
        back = "SELECT count(DISTINCT subject) FROM alert_log WHERE type LIKE '%returned' AND subject LIKE '%/silent@%'"
        d.until("the metrics are back", lambda h: d.query(back)[0][0] >= lab.SUBSYSTEMS * lab.METRICS)
        after = dict(d.query("SELECT id, digest FROM live_windows"))
        self.assertTrue(all(after[i] == digest for i, digest in before), "judged once and left alone")
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_away_for_a_while_is_no_silence(self):
        """Without a connection time stands still (deaf_after): what comes afterwards is judged as if it had come at once."""
        broker = self.broker()
        d = self.lab(broker, window_s=1, lateness_s=1, train=10, settings="idle_after: 1s\nstale_after: 2s\n")
        d.start()
        d.until_running()
        second = 10**9
        start = time.time_ns() // second * second - 30 * second
        args = ("--window", 1, "--start-ns", start)
        first = self.rig(broker, *args, "--windows", 20)
        d.until_judged(len(first))
        broker.stop(signal.SIGTERM)
        d.until("the broker is missed", lambda h: h["sources"][0]["state"] == "retrying")
        before = d.query("SELECT max(end_ns) FROM live_windows")
        time.sleep(6)  # three times stale_after
        self.assertEqual(d.query("SELECT max(end_ns) FROM live_windows"), before, "time stands still")
        broker.start()
        d.until_running()
        # what the rig did meanwhile; a second or two had passed in silence before the broker went
        skip = (before[0][0] - start) // second + 2
        acknowledged = self.rig(broker, *args, "--first", skip, "--windows", skip + 20)
        d.until_judged(len(acknowledged))
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_a_session_the_broker_forgot_is_told_as_a_loss(self):
        broker = self.broker()
        d = self.lab(broker)
        d.start()
        d.until_running()
        first = self.rig(broker, "--windows", 15)
        d.until_judged(len(first))
        broker.stop(signal.SIGKILL)
        d.until("the broker is missed", lambda h: h["sources"][0]["state"] == "retrying")
        db = f"{broker.folder}/mosquitto.db"
        if os.path.exists(db):
            os.remove(db)
        broker.start()
        h = d.until("the loss", lambda h: h["sources"][0]["lost"])
        self.assertEqual([x["reason"] for x in h["sources"][0]["lost"]], ["session_lost"])
        acknowledged = self.rig(broker, "--first", 15, "--windows", 30)
        d.until_judged(len(acknowledged))
        h = d.until("it goes on", lambda h: h["ready"])
        self.assertEqual(d.stop(), 0, d.log())
        self.assertEqual(len(d.payloads("loss")), 1)
        self.assertEqual(h["windows"]["counts"]["bad_message"], 1, "the loss is counted")
        self.reconcile(d, acknowledged)
        self.same_again(d)


class Clock(lab.Case):
    def step(self, by_ns, name):
        broker = self.broker(name + "-broker")
        d = self.lab(broker, name=name, settings="late_event_policy: drop\n")
        d.start()
        d.until_running()
        self.rig(broker, "--windows", 20)
        self.rig(broker, "--first", 20, "--windows", 40, "--start-ns", lab.START_NS + by_ns)
        acknowledged = self.rig(broker, "--first", 40, "--windows", 60)
        d.until_judged(len(acknowledged))
        h = d.until("judged", lambda h: h["engine"]["lag_bytes"] == 0)
        self.assertEqual(d.stop(), 0, d.log())
        self.same_again(d)
        return d, h["windows"]["counts"], acknowledged

    def test_an_hour_back_and_right_again(self):
        d, counts, acknowledged = self.step(-HOUR_NS, "back")
        per_window = lab.SUBSYSTEMS * lab.METRICS * lab.SAMPLES
        self.assertEqual(counts["late"], 20 * per_window, "told, each sample of them")
        self.reconcile(d, acknowledged, counted=counts["late"])

    def test_an_hour_forward_and_right_again(self):
        """Believed, since all metrics agree on it; what comes with the right time afterwards is late."""
        d, counts, acknowledged = self.step(HOUR_NS, "forward")
        messages = d.messages()
        self.assertEqual({m["seq"] for m in messages}, acknowledged)
        judged = d.query("SELECT sum(samples) FROM live_windows")[0][0]
        self.assertEqual(counts["samples"] + counts["late"], sum(len(m) - 2 for m in messages))
        self.assertLessEqual(judged, counts["samples"])
        self.assertGreater(counts["late"], 0)


class Overload(lab.Case):
    def test_more_than_the_journal_holds(self):
        """The registry is locked, so nothing in the journal may be dropped, and a rig sends all it can: the
        journal is full, the broker keeps the rest, memory stays."""
        broker = self.broker()
        limit = 96
        d = self.lab(broker, settings=f"journal: {{segment_mb: 1, max_mb: 2}}\nlimits: {{max_rss_mb: {limit}}}\n"
                                      "circuit_breaker: {open_sec: 1}\n")
        d.start()
        d.until_running()
        first = self.rig(broker, "--windows", 15)
        d.until_judged(len(first))
        other = sqlite3.connect(d.path("runs.db"), isolation_level=None, timeout=30)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        acknowledged = self.rig(broker, "--first", 15, "--windows", OVERLOAD)
        h = d.until("a full journal", lambda h: h["degraded"] and h["journal"]["refused"] > 0)
        self.assertLessEqual(h["journal"]["bytes"], 2 << 20)
        self.assertLess(d.memory(), limit << 20)
        other.execute("ROLLBACK")
        highest = 0

        def done(h):
            nonlocal highest
            highest = max(highest, d.memory())
            self.assertLessEqual(h["journal"]["bytes"], 2 << 20)
            return h["sources"][0]["records"] >= len(acknowledged) and h["engine"]["lag_bytes"] == 0
        d.until("all of it", done, livetest.PATIENCE_S * 4)
        self.assertLess(highest, limit << 20)
        d.until("ready again", lambda h: h["ready"] and not h["degraded"])
        self.assertEqual(d.stop(), 0, d.log())
        # the journal has dropped what was judged, so the ledger is compared with the windows
        end = d.query("SELECT max(end_ns) FROM live_windows")[0][0]
        with open(self.path("rig.jsonl"), encoding="utf-8") as f:
            due = sum({e["seq"]: e["n"] for e in map(json.loads, f) if e["t"] < end}.values())
        self.assertEqual(d.query("SELECT sum(samples) FROM live_windows"), [(due,)])
        print(f"{len(acknowledged)} messages through a journal of 2 MiB, {highest >> 20} MiB of memory at most")

    def test_memory_over_its_limit_lets_sources_wait_and_go_on(self):
        """A limit below what the program needs at all: sources wait, and it is said."""
        broker = self.broker()
        d = self.lab(broker, settings="limits: {max_rss_mb: 1}\n")
        d.start()
        h = d.until("over the limit", lambda h: h["degraded"] and "memory" in h["degraded_why"])
        self.assertGreater(h["process"]["rss_bytes"], 1 << 20)
        self.assertEqual(d.stop(), 0, d.log())


if __name__ == "__main__":
    unittest.main()
