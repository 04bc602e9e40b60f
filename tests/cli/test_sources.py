# SPDX-License-Identifier: Apache-2.0
"""Live sources for a while into a run, telemetry_schema.yaml, hb normalize."""
import csv
import json
import os
import random
import signal
import subprocess
import time
import unittest

import jsonschema

from hbtest import HB, SOURCE, Case

SCHEMA = """version: "1.0"
field_mapping:
  latency: avg_latency_ms
  power: {canonical: power_w, unit: kW, factor: 1000, canonical_unit: W}
  temp_f: {canonical: oil_temp, unit: degF, factor: 0.5, offset: -16, canonical_unit: degC}
sources:
  mqtt:
    topic_map:
      "plant/{line}/temp": {name: "{line}_temp", unit: degC}
"""


def schema(name):
    with open(os.path.join(SOURCE, "schemas", name), encoding="utf-8") as f:
        return json.load(f)


def lines(events):
    return "".join(json.dumps(e) + "\n" for e in events)


class Ingest(Case):
    def capture(self, *args, **kw):
        d = self.hb_json("ingest", *args, **kw)
        jsonschema.validate(d, schema("ingest.schema.json"))
        return d

    def metrics(self, run_id):
        d = self.hb_json("runs", "show", run_id)
        return {m["name"]: m for m in d["metrics"]}

    def test_every_event_of_a_file_is_in_the_run_the_first_too(self):
        rng = random.Random(5)
        values = [rng.gauss(10, 1) for _ in range(2500)]
        self.write("e.jsonl", lines({"timestamp": 1764180000 + i, "metric": "a", "value": v, "unit": "ms"}
                                    for i, v in enumerate(values)))
        d = self.capture("--source", "file_replay", "e.jsonl", "--run-id", "r")
        self.assertEqual(d["capture"]["messages"], 2500)
        self.assertEqual(d["capture"]["values"], 2500)
        m = self.metrics("r")["a"]
        self.assertEqual(m["n"], 2500)
        self.assertAlmostEqual(m["mean"], sum(values) / 2500, places=9)
        self.assertEqual(m["min"], min(values))
        self.assertEqual(m["max"], max(values))

    def test_csv_as_the_original_wrote_it_and_with_a_header(self):
        self.write("a.csv", "rpm,20\nrpm,22,1/min\n2026-11-26T18:00:00Z,rpm,24,1/min\n")
        self.capture("--source", "file_replay", "a.csv", "--run-id", "a")
        self.assertEqual(self.metrics("a")["rpm"]["n"], 3)
        self.write("b.csv", "time,rpm [1/min],temp\n1764180000,20,3\n1764180001,,4\n")
        d = self.capture("--source", "file_replay", "b.csv", "--run-id", "b")
        self.assertEqual((d["capture"]["values"], d["capture"]["missing"]), (3, 1))
        self.assertEqual(self.metrics("b")["temp"]["mean"], 3.5)

    def test_what_cannot_be_used_is_counted_by_reason(self):
        self.write("e.jsonl", '{"metric":"a","value":1}\n{"metric":"a","value":"NaN"}\n{"metric":"a","value":"open"}\n'
                              '{"metric":"a","value":null}\n{"metric":"a"\n{"value":3}\n{"metric":"a","value":2,"ts":"x"}\n')
        d = self.capture("--source", "file_replay", "e.jsonl", "--run-id", "r")["capture"]
        self.assertEqual((d["values"], d["missing"], d["not_finite"], d["text"]), (1, 1, 1, 1))
        self.assertEqual(d["unreadable"], {"bad JSON": 1, "no name": 1, "bad time": 1})
        self.assertEqual(d["messages"], 7)

    def test_nothing_gives_no_run(self):
        self.write("e.jsonl", "")
        self.hb_error("ingest", "--source", "file_replay", "e.jsonl", code=2, has="gave no value (0 messages")
        self.assertFalse(os.path.exists(self.path("runs.db")))
        self.hb_error("ingest", "--source", "file_replay", "no.jsonl", code=2, has="cannot open")

    def test_a_named_journal_is_gone_on_with(self):
        self.write("e.jsonl", lines({"metric": "a", "value": i} for i in range(10)))
        args = ["--source", "file_replay", "e.jsonl", "--journal", "j"]
        d = self.capture(*args, "--run-id", "one", "--max-events", 4)
        self.assertEqual(d["capture"]["messages"], 4)
        d = self.capture(*args, "--run-id", "two")
        self.assertEqual(d["capture"]["messages"], 6)
        self.assertEqual(self.metrics("one")["a"]["max"], 3)
        self.assertEqual(self.metrics("two")["a"]["min"], 4)
        self.hb_error("ingest", *args, "--run-id", "three", code=2, has="gave no value (0 messages")

    def test_a_temporary_journal_leaves_nothing_behind(self):
        self.write("e.jsonl", lines({"metric": "a", "value": i} for i in range(10)))
        os.mkdir(self.path("tmp"))
        self.capture("--source", "file_replay", "e.jsonl", env={"TMPDIR": self.path("tmp")})
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_host_for_a_while_and_its_names_mapped(self):
        self.write("telemetry_schema.yaml", "field_mapping: {load_1min: load}\n")
        d = self.capture("--source", "host", "--set", "interval=50ms", "--duration", 0.3, "--run-id", "h")
        self.assertGreaterEqual(d["capture"]["messages"], 2)
        m = self.metrics("h")
        self.assertIn("load", m)
        self.assertNotIn("load_1min", m)

    def test_a_signal_ends_it_and_keeps_what_came(self):
        self.write("e.jsonl", lines({"metric": "a", "value": i} for i in range(10)))
        p = subprocess.Popen([HB, "ingest", "--source", "file_replay", "e.jsonl", "--set", "follow=true", "--run-id", "r",
                              "--journal", "j"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for _ in range(3000):
                if os.path.isdir(self.path("j")) and self.hb_text_of_journal().count(b'"value": 9'):
                    break
                time.sleep(0.01)
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=60)
        finally:
            p.kill()
        self.assertIn(b"10 values of 10 messages", out, err)
        self.assertEqual(self.metrics("r")["a"]["n"], 10)

    def hb_text_of_journal(self):
        text = b""
        for root, _, names in os.walk(self.path("j")):
            for name in names:
                with open(os.path.join(root, name), "rb") as f:
                    text += f.read(16 << 20)
        return text

    def test_killed_again_and_again_it_reads_every_line_once(self):
        """kill -9 at random moments while the file grows and is rotated, by renaming; then what the journal holds is counted."""
        rng = random.Random(7)
        n = 0
        taken = 0
        rotations = 0
        command = [HB, "ingest", "--source", "file_replay", "log.jsonl", "--set", "follow=true", "--journal", "j"]
        self.write("log.jsonl", "")
        for _ in range(12):
            p = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                for _ in range(rng.randrange(1, 8)):
                    with open(self.path("log.jsonl"), "ab") as f:
                        for _ in range(rng.randrange(1, 2000)):
                            f.write(b'{"metric": "a", "value": %d}\n' % n)
                            n += 1
                    time.sleep(rng.random() * 0.05)
                    if rng.random() < 0.3 and taken:  # what was rotated before it ever ran is not its own
                        rotations += 1
                        os.rename(self.path("log.jsonl"), self.path(f"log.jsonl.{1000 - rotations}"))
                        self.write("log.jsonl", "")
                for _ in range(3000):  # each of them takes something
                    if self.hb_text_of_journal().count(b'"value"') > taken:
                        break
                    time.sleep(0.01)
                else:
                    self.fail("nothing came into the journal")
            finally:
                p.kill()
                p.wait()
            taken = self.hb_text_of_journal().count(b'"value"')
        self.assertGreater(rotations, 4)
        self.run_hb("ingest", "--source", "file_replay", "log.jsonl", "--journal", "j", "--run-id", "last")
        got = [json.loads(line)["value"] for line in self.hb("journal", "cat", "--journal", "j").splitlines()]
        wrong = next((i for i, v in enumerate(got) if v != i), None)
        self.assertIsNone(wrong, f"line {wrong} is {got[wrong - 1:wrong + 3] if wrong else got[:3]} of {n}")
        self.assertEqual(len(got), n)

    def test_mistakes_are_told(self):
        self.write("e.jsonl", "{}")
        e = self.hb_error
        e("ingest", "--source", "host", "--set", "intervall=1", code=3, has=["unknown key 'intervall'", "did you mean 'interval'"])
        e("ingest", "--source", "host", "--set", "interval", code=2, has="--set wants KEY=VALUE")
        e("ingest", "--source", "host", "--set", "interval=9h", code=3, has="'interval' must be between")
        e("ingest", "--source", "file_replay", code=3, has="path")
        e("ingest", "--source", "file_replay", "e.jsonl", "--set", "speed=fast", code=3, has="'speed' must be max")
        e("ingest", "--source", "host", "--where", "a > 1", code=2, has="--where is for files")
        e("ingest", "--source", "file_replay", "a", "b", code=2, has="one path at most")
        e("ingest", "e.jsonl", "--duration", 3, code=2, has="are for live sources")
        e("ingest", code=2, has="a file is missing")
        e("ingest", "--source", "host", "--telemetry-schema", "no.yaml", code=2, has="no.yaml")
        self.assertIn("\nfile_replay\n", self.hb("help", "sources"))


class Normalize(Case):
    def setUp(self):
        super().setUp()
        self.write("telemetry_schema.yaml", SCHEMA)

    def rows(self, name):
        with open(self.path(name), encoding="utf-8", newline="") as f:
            return list(csv.reader(f))

    def test_one_row_for_each_event(self):
        self.write("e.jsonl", '{"metric":"latency","value":5,"ts":"2026-11-26T18:00:00.5Z","unit":"ms"}\n'
                              '{"metric":"power","value":5}\n{"metric":"power","value":5,"unit":"kW"}\n'
                              '{"metric":"Temp_F","value":212}\n{"metric":"x, \\"y\\"","value":"open"}\nbroken\n')
        r = self.run_hb("normalize", "--input", "e.jsonl", "--output", "o.csv")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(self.rows("o.csv"), [
            ["metric", "value", "unit", "timestamp"],
            ["avg_latency_ms", "5", "ms", "2026-11-26T18:00:00.500Z"],
            ["power_w", "5000", "W", ""],
            ["power_w", "5000", "W", ""],
            ["oil_temp", "90", "degC", ""],
            ['x, "y"', "", "", ""]])
        self.assertIn(b"6 events, 4 values, 1 text", r.stderr)
        self.assertIn(b"1 could not be read: bad JSON", r.stderr)

    def test_the_last_value_of_each_metric_in_a_folder(self):
        self.write("e.csv", "metric,value,unit,timestamp\nlatency,5,ms,\nlatency,6,ms,\npower,1,kW,\n")
        d = self.hb_json("normalize", "--input", "e.csv", "--output", "out")
        jsonschema.validate(d, schema("normalize.schema.json"))
        self.assertEqual((d["events"], d["values"]), (4, 3))
        self.assertEqual(self.rows("out/metrics_normalized.csv"),
                         [["metric", "value", "unit", "tags"], ["avg_latency_ms", "6", "ms", ""], ["power_w", "1000", "W", ""]])

    def test_the_result_reads_as_a_run(self):
        self.write("e.jsonl", lines({"metric": "power", "value": i, "ts": 1764180000 + i} for i in range(100)))
        self.hb("normalize", "--input", "e.jsonl", "--output", "o.jsonl")
        self.hb("normalize", "--input", "e.jsonl", "--output", "o.csv")
        for name in ("o.jsonl", "o.csv"):
            d = self.hb_json("ingest", name, "--run-id", name)
            self.assertEqual(d["metrics"], 1)
            m = self.hb_json("runs", "show", name)["metrics"][0]
            self.assertEqual((m["name"], m["unit"], m["n"], m["mean"]), ("power_w", "W", 100, 49500))

    def test_topics_are_mapped(self):
        self.write("sub.txt", 'plant/l1/temp 21.5\nplant/l2/temp {"value": 22}\nother/a {"x": 1, "y": 2}\n')
        self.assertEqual(self.hb("normalize", "--input", "sub.txt", "--format", "mqtt", "--output", "-").splitlines()[1:],
                         ["l1_temp,21.5,degC,", "l2_temp,22,degC,", "other_a_x,1,,", "other_a_y,2,,"])

    def test_log_messages_without_a_year(self):
        """Nothing in the file says when it came; a year is not made up."""
        self.write("old.log", "<13>Feb  3 01:22:00 rig app[7]: hello\n<13>2026-02-03T01:22:00Z rig app: hello\n")
        args = ("normalize", "--input", "old.log", "--format", "syslog", "--output", "-")
        times = [line.split(",")[3] for line in self.hb(*args).splitlines() if line.startswith("syslog_app,")]
        self.assertEqual(times, ["", "2026-02-03T01:22:00Z"])
        out = self.hb(*args, "--arrived", "2025-06-01T00:00:00Z")
        times = [line.split(",")[3] for line in out.splitlines() if line.startswith("syslog_app,")]
        self.assertEqual(times, ["2025-02-03T01:22:00Z", "2026-02-03T01:22:00Z"])
        self.hb_error(*args, "--arrived", "yesterday", code=2, has="no time")

    def test_units_without_a_factor(self):
        self.write("f.yaml", "field_mapping:\n  a: {canonical: b, unit: degF, canonical_unit: degC}\n")
        self.hb_error("config", "check", "f.yaml", code=3, has=["f.yaml:2:3", "how degF becomes degC"])
        self.write("f.yaml", "field_mapping:\n  a: {canonical: b, canonical_unit: degC}\n"
                   "  c: {unit: ms, canonical_unit: ms}\n")
        self.write("e.jsonl", '{"metric":"a","value":1}\n{"metric":"a","value":1,"unit":"K"}\n{"metric":"c","value":1}\n')
        self.assertEqual(self.hb("normalize", "--schema", "f.yaml", "--input", "e.jsonl", "--output", "-").splitlines()[1:],
                         ["b,1,degC,", "b,1,K,", "c,1,ms,"])

    def test_the_schema_is_checked(self):
        self.assertIn("ok (telemetry-schema)", self.hb("config", "check", "telemetry_schema.yaml"))
        self.write("bad.yaml", "field_mapping:\n  a: {canonical: b, factr: 2}\n")
        self.hb_error("config", "check", "bad.yaml", code=3, has=["bad.yaml:2:21", "factr", "did you mean 'factor'"])
        self.hb_error("normalize", "--schema", "bad.yaml", "--input", "x", "--output", "y", code=3, has="bad.yaml:2:21")
        with open(os.path.join(SOURCE, "config", "telemetry_schema.yaml"), encoding="utf-8") as f:
            self.write("sample.yaml", f.read())
        self.assertIn("ok (telemetry-schema)", self.hb("config", "check", "sample.yaml"))
        s = json.loads(self.hb("config", "schema", "telemetry-schema"))
        import yaml
        for name in ("telemetry_schema.yaml", "sample.yaml"):
            with open(self.path(name), encoding="utf-8") as f:
                jsonschema.validate(yaml.safe_load(f), s)
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate({"field_mapping": {"a": {"factr": 1}}}, s)
        self.assertIn("field_mapping", self.hb("config", "schema", "telemetry-schema", "--reference"))

    def test_nothing_readable_is_an_error(self):
        self.write("e.jsonl", "broken\n")
        self.hb_error("normalize", "--input", "e.jsonl", "--output", "o.csv", code=2, has=["no event", "bad JSON"])
        self.assertFalse(os.path.exists(self.path("o.csv")))


if __name__ == "__main__":
    unittest.main()
