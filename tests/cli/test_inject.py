# SPDX-License-Identifier: Apache-2.0
"""hb inject: every fault against an independent reading of what it should have done."""
import csv
import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import time
import unittest

from hbtest import Case, HB

T0 = 1764151200  # 2025-11-26T10:00:00Z


def stamp(s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(T0 + s))


ROWS = [(stamp(i), m, v) for i in range(200)
        for m, v in (("temp", 20 + 0.25 * i), ("rpm", 1000.0 + i))]
CSV = "timestamp,metric,value,unit\n" + "".join(
    f"{t},{m},{v!r},{'K' if m == 'temp' else 'rpm'}\n" for t, m, v in ROWS)
JSONL = "".join(json.dumps({"timestamp": t, "metric": m, "value": v}) + "\n" for t, m, v in ROWS)


def table(text):
    return [(r["timestamp"], r["metric"], float(r["value"])) for r in csv.DictReader(io.StringIO(text))]


def objects(text):
    return [(o["timestamp"], o["metric"], o["value"]) for o in map(json.loads, text.splitlines())]


class Inject(Case):
    def inject(self, fault, *options, text=CSV, exit=0):
        self.write("in.txt", text)
        for name in ("out.txt", "record.json"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        out = self.run_hb("inject", "--fault", fault, "--input", "in.txt", "--output", "out.txt",
                          "--record", "record.json", *options)
        self.assertEqual(out.returncode, exit, out.stderr)
        if exit:
            self.assertFalse(os.path.exists(self.path("out.txt")), "nothing is written")
            return out.stderr.decode()
        with open(self.path("record.json")) as f:
            self.record = json.load(f)
        with open(self.path("out.txt"), newline="") as f:
            return f.read()

    def both(self, fault, *options):
        """The fault on the CSV and on the JSON lines: the same rows."""
        rows = table(self.inject(fault, *options))
        self.assertEqual(rows, objects(self.inject(fault, *options, text=JSONL)))
        return rows

    def test_stuck_at_in_a_stretch(self):
        rows = self.both("stuck_at", "--metric", "temp", "--value", "7.5", "--from", "+50", "--to",
                         stamp(60))
        for before, after in zip(ROWS, rows):
            inside = before[1] == "temp" and stamp(50) <= before[0] < stamp(60)
            self.assertEqual(after, (before[0], "temp", 7.5) if inside else before)
        self.assertEqual(self.record["changed"], 10)
        self.assertEqual(self.record["first_time"], stamp(50))
        self.assertEqual(self.record["last_time"], stamp(59))

    def test_spike_once_and_always(self):
        rows = self.both("spike", "--metric", "temp", "--scale", "10")
        self.assertEqual(rows[0][2], 200)
        self.assertEqual(rows[1:], ROWS[1:])
        rows = self.both("spike", "--metric", "temp", "--scale", "10", "--repeat-spike")
        self.assertEqual([r[2] for r in rows if r[1] == "temp"],
                         [10 * r[2] for r in ROWS if r[1] == "temp"])

    def test_sensor_drift_grows(self):
        rows = self.both("sensor_drift", "--metric", "rpm", "--drift-per-row=-0.5")
        self.assertEqual([r[2] for r in rows if r[1] == "rpm"],
                         [1000.0 + i - 0.5 * i for i in range(200)])

    def test_time_skew(self):
        rows = self.both("time_skew", "--skew-seconds=-3600")
        self.assertEqual([r[0] for r in rows], [stamp(i - 3600) for i in range(200) for _ in "ab"])

    def test_numeric_times_keep_their_kind(self):
        text = "".join(json.dumps({"ts": (T0 + i) * 1000, "metric": "a", "value": i}) + "\n"
                       for i in range(5))
        out = self.inject("time_skew", "--skew-seconds", "1", text=text)
        self.assertEqual([json.loads(l)["ts"] for l in out.splitlines()],
                         [(T0 + i + 1) * 1000 for i in range(5)])

    def test_packet_loss_is_seeded(self):
        a = self.inject("packet_loss", "--probability", "0.3", "--seed", "5")
        b = self.inject("packet_loss", "--probability", "0.3", "--seed", "5")
        c = self.inject("packet_loss", "--probability", "0.3", "--seed", "6")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)
        kept = table(a)
        self.assertTrue(0.6 < len(kept) / len(ROWS) < 0.8, len(kept))
        self.assertEqual(self.record["changed"], len(ROWS) - len(table(c)))
        # What is left is as it was, byte for byte.
        self.assertTrue(set(a.splitlines()) <= set(CSV.splitlines()))

    def test_corruption_has_the_size_it_says(self):
        rows = self.both("value_corruption", "--metric", "rpm", "--noise-scale", "0.05", "--offset", "3")
        parts = [(r[2] - 3 - b[2]) / b[2] for r, b in zip(rows, ROWS) if b[1] == "rpm"]
        self.assertAlmostEqual(statistics.mean(parts), 0, delta=0.015)
        self.assertAlmostEqual(statistics.pstdev(parts), 0.05, delta=0.01)

    def test_schema_change(self):
        rows = self.both("schema_change", "--metric", "temp", "--rename", "temperature")
        self.assertEqual({r[1] for r in rows}, {"temperature", "rpm"})
        rows = self.both("schema_change", "--metric", "temp", "--drop")
        self.assertEqual(rows, [r for r in ROWS if r[1] == "rpm"])

    def test_duplication(self):
        rows = self.both("duplication", "--metric", "temp", "--count", "3")
        self.assertEqual(rows, [r for b in ROWS for r in [b] * (3 if b[1] == "temp" else 1)])

    def test_latency_moves_arrival_not_time(self):
        rows = self.both("latency_spike", "--metric", "temp", "--delay", "4.5")
        self.assertEqual(sorted(rows), sorted(ROWS))
        place = {r: i for i, r in enumerate(rows)}
        for t, m, v in ROWS[:300]:
            if m == "temp":
                i = int((v - 20) / 0.25)
                self.assertGreater(place[(t, m, v)], place[(stamp(i + 4), "rpm", 1004.0 + i)])
                self.assertLess(place[(t, m, v)], place[(stamp(i + 6), "rpm", 1006.0 + i)])

    def test_lines_without_the_fault_are_copied(self):
        text = CSV.replace(",K\n", ", K \n").replace(",rpm\n", ',"rpm"\r\n')
        out = self.inject("stuck_at", "--metric", "temp", "--value", "1", text=text)
        for before, after in zip(text.splitlines(), out.splitlines()):
            if ",rpm," in before:
                self.assertEqual(before.rstrip("\r"), after)

    def test_objects_of_values_and_arrays(self):
        text = '{"ts": 1764151200, "a": 1, "b": 2}\n[{"metric": "a", "value": 3}, {"metric": "b", "value": 4}]\n'
        out = self.inject("schema_change", "--metric", "a", "--drop", text=text).splitlines()
        self.assertEqual(json.loads(out[0]), {"ts": 1764151200, "b": 2})
        self.assertEqual(json.loads(out[1]), [{"metric": "b", "value": 4}])

    def test_what_changes_nothing_is_an_error(self):
        cases = [
            (("stuck_at", "--metric", "tmep", "--value", "1"), "temp, rpm"),
            (("time_skew", "--skew-seconds", "0"), "must not be 0"),
            (("schema_change", "--metric", "temp"), "--rename"),
            (("spike", "--scale", "1"), "must not be 1"),
            (("spike", "--scale", "x"), "expected a number"),
            (("spike", "--from", "+9999"), "stretch"),
            (("spike", "--from", "later"), "+SECONDS"),
            (("packet_loss", "--probability", "2"), "at most 1"),
        ]
        for options, words in cases:
            out = self.inject(*options, exit=2)
            self.assertIn(words, out, options)
        out = self.inject("stuck_at", "--metric", "temp", "--value", "7",
                          text="metric,value\ntemp,7\ntemp,7\n", exit=2)
        self.assertIn("was changed", out)
        out = self.inject("spike", text="time,temp,rpm\n1,2,3\n", exit=2)
        self.assertIn("metric and value", out)
        out = self.inject("spike", text='{"metric": "a", "value": 1}\n{"metric": \n', exit=2)
        self.assertIn("in.txt:2", out)

    def test_live_stream(self):
        if not shutil.which("mosquitto", path="/usr/sbin:/usr/bin"):
            self.skipTest("mosquitto is not installed")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.write("m.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", self.path("m.conf")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(broker.wait)
        self.addCleanup(broker.terminate)
        import paho.mqtt.client as mqtt
        got = []
        client = mqtt.Client()
        client.on_message = lambda c, u, m: got.append((m.topic, m.payload.decode()))
        for _ in range(100):
            try:
                client.connect("127.0.0.1", port)
                break
            except OSError:
                time.sleep(0.1)
        client.subscribe("faulty/#", 1)
        client.loop_start()
        self.addCleanup(client.loop_stop)
        process = subprocess.Popen(
            [HB, "inject", "--fault", "stuck_at", "--metric", "temp", "--value",
             "9", "--broker", f"tcp://127.0.0.1:{port}", "--topic", "#", "--republish", "faulty/",
             "--duration", "8", "--json"], stdout=subprocess.PIPE, text=True)
        # It is listening when a probe comes back.
        deadline = time.time() + 30
        while not got and time.time() < deadline:
            client.publish("probe", "hello", 1)
            time.sleep(0.2)
        for i in range(20):
            client.publish("rig/temp", str(i), 1)
            client.publish("rig/all", json.dumps({"temp": i, "rpm": i}), 1)
        out = json.loads(process.communicate(timeout=60)[0])
        self.assertEqual(process.returncode, 0)
        plain = [p for t, p in got if t == "faulty/rig/temp"]
        self.assertEqual(plain, ["9"] * 20)
        both = [json.loads(p) for t, p in got if t == "faulty/rig/all"]
        self.assertEqual(both, [{"temp": 9, "rpm": i} for i in range(20)])
        self.assertIn(("faulty/probe", "hello"), got)
        self.assertFalse([t for t, _ in got if t.startswith("faulty/faulty")])
        # 20 values of each topic, less the one plain 9 and the one {"temp": 9} that were so already.
        self.assertEqual(out["changed"], 38)


if __name__ == "__main__":
    unittest.main()
