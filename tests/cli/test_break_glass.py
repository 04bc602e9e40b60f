# SPDX-License-Identifier: Apache-2.0
"""Break-glass: ends when it says, wherever it is used, and is told wherever a decision under it is shown."""
import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from hbtest import SOURCE
from livecase import LiveCase, telemetry
from packs import read_zip, signed_again, write_zip
from test_governance import Lab, canonical

try:
    import jsonschema
except ImportError:
    jsonschema = None

WORDS = "break-glass of 'bob', without approval, until 20"


class Glass(Lab, LiveCase):
    def break_glass(self, run="r0", who="bob", expires="2h"):
        self.hb("baseline", "set", run, "--break-glass", "--reason", "night shift", "--expires", expires, *self.key(who))

    def pack(self, run="r1"):
        return self.hb_json("export", "evidence-pack", "--case", run, *self.key("bob"))["pack"]

    def answer(self, pack, code):
        told = json.loads(self.hb("verify", pack, "--trust", "keys/bob.pub", "--json", code=code))
        return next((a["answer"], a["text"]) for a in told["answers"] if a["question"] == "approvals")

    def read(self, pack):
        with open(self.path(pack), "rb") as f:
            return read_zip(f.read())

    def signed(self, files):
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        with open(self.path("keys/bob.pem"), "rb") as f:
            key = load_pem_private_key(f.read(), None)
        self.write("bad.zip", write_zip(signed_again(files, [key])))
        return "bad.zip"


class Shown(Glass):
    def test_wherever_a_decision_is_shown(self):
        self.begin()
        self.break_glass()
        printed = " ".join(self.hb("analyze", "r1").split())
        self.assertIn(WORDS, printed)
        for name in ("drift_report.html", "drift_report.json", "decision.json"):
            with open(self.path(f"reports/r1/{name}"), encoding="utf-8") as f:
                self.assertIn("break-glass of", f.read(), name)
        text = " ".join(self.hb("runs", "show", "r1").split())
        self.assertIn(WORDS, text)
        self.assertIn("night shift", text)
        judged = self.hb_json("runs", "show", "r1")["judged"]
        self.assertIn(WORDS, judged["baseline_warning"])
        with open(self.path("baseline_policy.yaml"), "rb") as f:
            self.assertEqual(judged["policy_sha256"], hashlib.sha256(f.read()).hexdigest())
        self.assertEqual((judged["verdict"], judged["baseline_run_id"], judged["baseline_reason"]), ("PASS", "r0", "tag"))
        self.assertNotIn("judged", self.hb_json("runs", "show", "r2"))
        pack = self.pack()
        self.assertIn(b"break-glass of", self.read(pack)["reference.json"])
        self.assertIn("break-glass of 'bob'", self.answer(pack, 0)[1])
        self.assertIn('"break_glass"', json.dumps(self.hb_json("audit", "list")))

    def test_a_promotion_too(self):
        self.begin()
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        v = self.hb_json("baseline", "create", "--runs", "r0,r1,r2")["version"]
        self.hb("baseline", "promote", "--version", v, "--yes", "--break-glass", "--reason", "x", "--expires", "1h", *self.key("bob"))
        self.assertIn(WORDS, self.judge("r3")["baseline_warning"])

    def live(self, expires):
        lines = telemetry(8, faults=False)
        at = next(i for i, line in enumerate(lines) if i > len(lines) // 2 and '"press"' in line)
        lines[at] = re.sub('"value": [^,]*', '"value": 500.0', lines[at])
        self.workspace(lines, "name: rig\nsource: file_replay\npath: rig.jsonl\nwindows: [{size: 5m}]\nlateness: 1s\n"
                              "alert_sinks: [{sink: file, path: alerts.jsonl}]\nprogram: p\ntest_name: t\n")
        self.write("golden.csv", "time,temp,volt,flow,press\n" + "".join(
            f"2026-01-05T08:{i // 60:02d}:{i % 60:02d}Z,{20 + (i % 5 - 2) / 4},3.3,5,101\n" for i in range(300)))
        self.write("golden.json", json.dumps({"run_id": "g", "program": "p", "test_name": "t"}))
        self.hb("ingest", "golden.csv", "--run-meta", "golden.json")
        self.begin()
        self.break_glass("g", expires=expires)

    def test_in_alerts(self):
        self.live("2h")
        self.once()
        with open(self.path("alerts.jsonl"), encoding="utf-8") as f:
            events = [json.loads(line) for line in f]
        told = [e["data"] for e in events if e["data"].get("metric") == "press" and e["type"].endswith(".raised")]
        self.assertTrue(told)
        for data in told:
            self.assertIn(WORDS, data["baseline_warning"])
        if jsonschema:
            with open(os.path.join(SOURCE, "schemas", "alert_event.schema.json"), encoding="utf-8") as f:
                check = jsonschema.Draft202012Validator(json.load(f))
            for e in events:
                check.validate(e)

    def test_over_http_it_ends_while_the_daemon_runs(self):
        self.live("6s")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.write("daemon.yaml", f"name: rig\nsources: [{{source: file_replay, path: rig.jsonl, follow: true}}]\nwindows: [{{size: 5m}}]\n"
                                  f"lateness: 1s\nalert_sinks: []\nprogram: p\ntest_name: t\nhealth: {{listen: '127.0.0.1:{port}'}}\n")
        p = self.start()

        def why():
            self.assertIsNone(p.poll(), self.log())
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=30) as r:
                    return r.read().decode()
            except (OSError, urllib.error.HTTPError):
                return ""
        self.wait_for(lambda: "break-glass" in why() or "break_glass_over" in why())
        self.assertIsNone(p.poll())
        self.stop(p)


class Ended(Glass):
    def test_a_decision_within_stays_good_and_none_is_made_after(self):
        self.begin()
        self.break_glass(expires="4s")
        end = time.monotonic() + 5
        self.assertEqual(self.judge()["status"], "PASS")
        pack = self.pack()
        time.sleep(max(0, end - time.monotonic()))
        answer, text = self.answer(pack, 0)  # as of when it was decided, not of now
        self.assertEqual(answer, "holds")
        self.assertIn("break-glass of 'bob'", text)
        d = self.judge("r2")
        self.assertEqual((d["status"], d["baseline_reason"]), ("NO_TEST", "break_glass_over"))
        for words in ("the break-glass of 'bob' ended 20", "nobody asked for it", "ada, kim, lee"):
            self.assertIn(words, d["baseline_warning"])
        self.hb_error("baseline", "set", "r1", "--break-glass", "--reason", "x", "--expires", "1h", *self.key("bob"), code=5,
                      has=["'bob' broke the glass for this tag before", "ada, kim, lee"])

    def test_a_pack_cannot_claim_one_that_was_over_or_somebody_elses(self):
        self.begin()
        self.break_glass()
        self.judge()
        files = self.read(self.pack())
        name = next(n for n, d in files.items() if n.startswith("governance/statements/") and self.kind(d) == "break-glass")
        statement = json.loads(base64.b64decode(json.loads(files[name])["payload"]))
        rest = {n: d for n, d in files.items() if n != name}
        answer, text = self.answer(self.signed(rest), 12)
        self.assertEqual(answer, "fails")
        self.assertIn("nobody asked for it", text)
        past = {"at": "2026-01-05T10:00:00Z", "expires": "2026-01-05T12:00:00Z"}
        for who, change, words in (("bob", past, "ended 2026-01-05T12:00:00Z"), ("vic", {}, ""), ("eve", {}, ""), ("old", {}, ""), ("rob", {}, ""),
                                   ("bob", {"reason": " "}, ""), ("bob", {"expires": None}, ""), ("bob", {"tag": "silver"}, ""),
                                   ("bob", {"expires": "2036-01-01T00:00:00Z"}, "")):
            with self.subTest(who=who, change=change):
                s = json.loads(json.dumps(statement))
                s["predicate"].update(change)
                answer, text = self.answer(self.signed({**rest, name: self.envelope(s, who)}), 12)
                self.assertEqual(answer, "fails")
                self.assertIn(words, text)

    @staticmethod
    def kind(envelope):
        return json.loads(base64.b64decode(json.loads(envelope)["payload"]))["predicateType"].split("/")[-2]

    def envelope(self, statement, who):
        payload = canonical(statement)
        self.write("pae", b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload))
        pem = self.path(f"keys/{who}.pem")
        sig = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", self.path("pae")], capture_output=True,
                             check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
        b64 = lambda b: base64.b64encode(b).decode()
        return canonical({"payload": b64(payload), "payloadType": "application/vnd.in-toto+json",
                          "signatures": [{"keyid": hashlib.sha256(der).hexdigest(), "sig": b64(sig)}]})


if __name__ == "__main__":
    unittest.main()
