# SPDX-License-Identifier: Apache-2.0
"""hb alert, and the documents: events of every type and results by their schemas."""
import json
import os
import re
import subprocess
import unittest

import jsonschema
from hbtest import SOURCE
from receivers import AlertCase, until

TYPES = os.environ["HB_ALERT_TYPES"]


def validator(name):
    with open(os.path.join(SOURCE, "schemas", name), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


EVENT = validator("alert_event.schema.json")
RESULT = validator("alerts.schema.json")


class Events(AlertCase):
    def test_events_of_every_type_are_valid_and_canonical(self):
        r = subprocess.run([TYPES, self.db], check=True, capture_output=True)
        with open(os.path.join(SOURCE, "src", "alert", "event.h"), encoding="utf-8") as f:
            known = set(re.findall(r'X\([A-Z]+, "(\w+)"', f.read()))
        self.assertEqual(len(known), 9)
        self.assertEqual(set(r.stdout.decode().split()), known - {"heartbeat"})
        grouped = 0
        for event_id, subject, text in self.log():
            e = json.loads(text)
            EVENT.validate(e)
            self.assertEqual(text, json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
            self.assertEqual((e["id"], e["subject"]), (event_id, subject))
            if e["data"]["status"] == "FAIL":
                self.assertEqual(e["data"]["primary_issue"], "fail")
            grouped += "alerts" in e["data"]
        self.assertEqual(grouped, 1)

    def test_heartbeat_is_valid(self):
        s = self.sender([{"sink": "file", "path": "out.jsonl"}], 0, heartbeat_s=1)
        until(lambda: os.path.exists(self.path("out.jsonl")) and os.path.getsize(self.path("out.jsonl")), "a heartbeat")
        s.end()
        with open(self.path("out.jsonl"), encoding="utf-8") as f:
            e = json.loads(f.readline())
        EVENT.validate(e)
        self.assertEqual(e["type"], "harmony-bridge.alert.heartbeat")

    def test_the_schema_refuses_a_fail_called_drift(self):
        subprocess.run([TYPES, self.db], check=True, capture_output=True)
        e = next(json.loads(t) for _, _, t in self.log() if '"status":"FAIL"' in t)
        e["data"]["primary_issue"] = "drift"
        self.assertFalse(EVENT.is_valid(e))


class Document(AlertCase):
    def test_every_key_of_every_sink_is_in_the_document(self):
        with open(os.path.join(SOURCE, "docs", "alerts.md"), encoding="utf-8") as f:
            rows = {m[1]: m[0] for m in re.finditer(r"(?m)^\| `(\w+)` \|.*$", f.read())}
        folder = os.path.join(SOURCE, "src", "alert", "sinks")
        kinds = sorted(n for n in os.listdir(folder) if os.path.isdir(os.path.join(folder, n)))
        self.assertEqual(len(kinds), 7)
        for kind in kinds:
            with open(os.path.join(folder, kind, kind + ".c"), encoding="utf-8") as f:
                source = f.read()
            keys = re.findall(r'\.key = "(\w+)"', source)
            for secret in re.findall(r'HB_SECRET_FIELDS\("(\w+)"', source):
                keys += [secret + "_file", secret + "_env"]
            for key in keys:
                self.assertIn(f"`{key}`", rows[kind], f"{kind}: {key}")


class Command(AlertCase):
    def setUp(self):
        super().setUp()
        subprocess.run([TYPES, self.db], check=True, capture_output=True)

    def alert(self, *args, **kw):
        result = self.hb_json("alert", *args, **kw)
        RESULT.validate(result)
        return result

    def test_list_and_its_filters(self):
        every = self.alert("list")["alerts"]
        by_subject = {a["subject"]: a for a in every}
        self.assertEqual(by_subject["metric:temp/invariant_max@10s"]["inhibited_by"], "source:mqtt")
        self.assertEqual(by_subject["source:mqtt"]["state"], "acknowledged")
        self.assertIn("shelved", by_subject["metric:crit/invariant_max@10s"])
        self.assertEqual(self.alert("list", "--stream", "other")["alerts"], [])
        self.assertEqual(len(self.alert("list", "--stream", "rig")["alerts"]), len(every))
        critical = self.alert("list", "--severity", "CRITICAL")["alerts"]
        self.assertEqual([a["subject"] for a in critical], ["metric:crit/invariant_max@10s"])
        self.assertEqual(self.alert("list", "--shelved")["alerts"], critical)
        self.assertEqual([a["subject"] for a in self.alert("list", "--subject", "source:*")["alerts"]], ["source:mqtt"])
        states = {a["state"] for a in self.alert("list", "--state", "returned")["alerts"]}
        self.assertEqual(states, {"returned"})
        text = self.hb("alert", "list")
        self.assertEqual(len(text.splitlines()), len(every) + 1)
        self.assertIn("unacknowledged, inhibited", text)
        self.hb_error("alert", "list", "--state", "open", code=2, has="unacknowledged, acknowledged or returned")
        self.assertIn("hb alert list without options", self.run_hb("alert", "list", "--subject", "nothing").stderr.decode())

    def test_show(self):
        one = self.alert("show", "metric:crit/invariant_max@10s")
        for e in one["events"]:
            EVENT.validate(e)
        self.assertEqual([e["type"].split(".")[-1] for e in one["events"]], ["raised", "escalated", "shelved"])
        short = one["alert"]["alert_id"][:8]
        self.assertEqual(self.alert("show", short), one)
        text = self.hb("alert", "show", short)
        self.assertIn("shelved      until ", text)
        self.assertIn("Ada \"L\" <a>: line one?line two", text)
        self.hb_error("alert", "show", "feed5eed", code=2, has="hb alert list shows ids")

    def test_acknowledging(self):
        self.hb_error("alert", "ack", "metric:temp/*", code=2, has="--by")
        self.hb_error("alert", "ack", "source:mqtt", "--by", "bob", code=2, has="acknowledged by Ada")
        self.hb_error("alert", "ack", "source:mqtt", "--by", "", code=2, has="--by is empty")
        done = self.alert("ack", "metric:temp/*", "--by", "bob", "--note", "seen")["alerts"]
        self.assertTrue(done)
        for a in done:
            self.assertEqual(a["acknowledged"]["by"], "bob")
            self.assertEqual(a["acknowledged"]["note"], "seen")
        self.hb_error("alert", "ack", "metric:temp/*", "--by", "bob", code=2, has="to be acknowledged")
        e = json.loads(self.log()[-1][2])
        EVENT.validate(e)
        self.assertEqual((e["data"]["by"], e["data"]["note"]), ("bob", "seen"))

    def test_shelving(self):
        self.hb_error("alert", "shelve", "source:mqtt", "--for", "8h", code=2, has="--reason")
        self.hb_error("alert", "shelve", "source:mqtt", "--reason", "x", code=2, has="--for")
        self.hb_error("alert", "shelve", "source:mqtt", "--reason", "x", "--for", "soon", code=2, has="30min, 8h or 7d")
        self.hb_error("alert", "unshelve", "source:mqtt", code=2, has="not on the shelf")
        (a,) = self.alert("shelve", "source:mqtt", "--reason", "moved", "--for", "8h", "--by", "bob")["alerts"]
        self.assertEqual((a["shelved"]["by"], a["shelved"]["reason"]), ("bob", "moved"))
        (a,) = self.alert("unshelve", "source:mqtt")["alerts"]
        self.assertNotIn("shelved", a)

    def test_while_the_daemon_runs_the_sinks_are_told(self):
        r = self.receiver()
        self.db = self.path("live.db")
        s = self.sender([{"sink": "webhook", "url": f"http://127.0.0.1:{r.port}/"}], 2, 2)
        s.wait_line("empty")
        self.hb("alert", "ack", "source:s0", "--by", "bob", "--db", self.db)
        self.hb("alert", "shelve", "source:s1", "--reason", "x", "--for", "1h", "--db", self.db)
        until(lambda: len(r.events()) == 4, "the acts at the receiver")
        s.end()
        self.check_delivered(r.events())
        self.assertEqual([e["type"].split(".")[-1] for e in r.events()], ["raised", "raised", "acknowledged", "shelved"])


if __name__ == "__main__":
    unittest.main()
