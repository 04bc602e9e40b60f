# SPDX-License-Identifier: Apache-2.0
"""hb custody: the timeline is the lab's log, read here by a second implementation; signatures checked by openssl;
who may with operators and without; what a changed registry does to it; a hold keeps packs from the daemon's cap."""
import base64
import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import unittest

import tlog
from hbtest import SOURCE, Case

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)


class Custody(Case):
    def setUp(self):
        super().setUp()
        rows = "".join(f"{i},{20 + i % 5},{3 + i % 3}\n" for i in range(200))
        self.write("a.csv", "time,x,y\n" + rows)
        self.hb("init", ".")
        self.hb("run", "a.csv", "--run-id", "a")

    def document(self, *args, code=0):
        d = self.hb_json(*args, code=code)
        with open(os.path.join(SOURCE, "schemas", "custody.schema.json"), encoding="utf-8") as f:
            schema = jsonschema.Draft202012Validator(json.load(f))
        self.assertEqual([f"{e.json_path}: {e.message}" for e in schema.iter_errors(d)], [])
        return d

    def add(self, event, *args, case="a", **kw):
        return self.hb("custody", "add", "--case", case, "--event", event, "--reason", f"why {event}", *args, **kw)

    def refused(self, event, *args, case="a", code, has):
        return self.hb_error("custody", "add", "--case", case, "--event", event, "--reason", "r", *args, code=code, has=has)

    def timeline(self, case="a", *args, code=0):
        return self.document("custody", "timeline", "--case", case, *args, code=code)

    def logged(self):
        return [json.loads(e) for e in tlog.Log(self.path("audit")).check()]

    def key(self, name):
        self.hb("keys", "generate", name, "--no-passphrase")
        return self.path(f"keys/{name}.pem")

    def change(self, *statements):
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            db.execute("DROP TRIGGER audit_queue_stays")
            for s in statements:
                self.assertEqual(db.execute(s).rowcount, 1)
            db.commit()


class WithoutOperators(Custody):
    def test_the_timeline_is_what_stands_in_the_log(self):
        self.add("created", "--by", "kim")
        self.hb("export", "evidence-pack", "--case", "a", "--unsigned", "--reason", "for the customer")
        self.add("transmitted", "--by", "kim")
        t = self.timeline()
        self.assertEqual([e["event"] for e in t["events"]], ["transmitted", "exported", "created"])
        self.assertEqual([e["reason"] for e in t["events"]], ["why transmitted", "for the customer", "why created"])
        self.assertEqual([e["signature"] for e in t["events"]], ["none"] * 3)
        entries = self.logged()
        for e in t["events"]:
            told = entries[e["index"]]
            self.assertEqual((told["seq"], told["at"], told["subject"], told["by"]), (e["seq"], e["at"], "a", ""))
        self.assertEqual(entries[t["events"][0]["index"]]["data"],
                         {"by_name": "kim", "event": "transmitted", "manifest_sha256": "", "reason": "why transmitted", "run_id": "",
                          "statement_sha256": ""})
        self.assertEqual([e["event"] for e in self.timeline("a", "--limit", "1")["events"]], ["transmitted"])
        self.hb("audit", "verify")

    def test_text_says_who_proved_nothing(self):
        self.add("accessed", "--by", "kim")
        text = self.hb("custody", "timeline", "--case", "a")
        self.assertIn("case a\n", text)
        self.assertRegex(text, r"accessed +kim +not signed +why accessed")

    def test_cases_are_listed_with_the_last_touched_first(self):
        self.add("accessed", "--by", "kim")
        self.add("created", "--by", "kim", case="c-7")
        self.add("hold", "--by", "kim")
        cases = self.document("custody", "list")["cases"]
        self.assertEqual([(c["case"], c["held"], c["events"], c["last"]) for c in cases],
                         [("a", True, 2, "hold"), ("c-7", False, 1, "created")])
        self.assertEqual(len(self.document("custody", "list", "--limit", "1")["cases"]), 1)
        self.assertEqual([c["case"] for c in self.document("custody", "list", "--held")["cases"]], [c["case"] for c in cases if c["held"]])
        self.assertRegex(self.hb("custody", "list"), r"a +hold +2 +hold")

    def test_a_case_without_entries_is_empty_and_no_error(self):
        self.assertEqual(self.timeline("other"), {"format": "hb-custody-timeline/1", "case": "other", "held": False, "events": []})

    def test_a_hold_ends_with_its_release(self):
        self.refused("release", code=2, has="case 'a' is not on hold")
        self.add("hold")
        self.assertTrue(self.timeline()["held"])
        self.refused("hold", code=2, has="case 'a' is on hold already")
        self.add("accessed")
        self.assertTrue(self.timeline()["held"])
        self.add("release")
        self.assertFalse(self.timeline()["held"])
        self.add("hold")
        self.assertTrue(self.timeline()["held"])

    def test_slips_are_said(self):
        self.refused("accessed", case="../a", code=2, has="case")
        self.hb_error("custody", "add", "--case", "a", "--event", "accessed", "--reason", " ", code=2, has="--reason")
        self.hb_error("custody", "add", "--case", "a", "--event", "seen", "--reason", "r", code=2, has="transmitted")
        self.refused("hold", "--run", "none", case="c", code=4, has="no run 'none'")
        r = self.run_hb("custody", "add", "--case", "b", "--event", "hold", "--reason", "r")
        self.assertIn("there is no run 'b'", r.stderr.decode())


class Signed(Custody):
    def test_a_signature_holds_for_openssl_too(self):
        self.key("ada")
        self.add("accessed")
        e = self.timeline()["events"][0]
        self.assertEqual((e["who"], e["signature"]), ("ada", "holds"))
        with open(self.path(f"governance/{e['statement_sha256']}.dsse.json"), encoding="utf-8") as f:
            envelope = json.load(f)
        payload = base64.b64decode(envelope["payload"])
        self.assertEqual(hashlib.sha256(payload).hexdigest(), e["statement_sha256"])
        said = json.loads(payload)
        self.assertEqual(said["subject"], [{"name": "case a", "digest": {"sha256": hashlib.sha256(b"a").hexdigest()}}])
        self.assertEqual((said["predicate"]["purpose"], said["predicate"]["reason"], said["predicate"]["at"]),
                         ("accessed", "why accessed", e["at"]))
        kind = envelope["payloadType"].encode()
        self.write("pae", b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
        self.write("sig", base64.b64decode(envelope["signatures"][0]["sig"]))
        r = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.path("keys/ada.pub"), "-rawin",
                            "-in", self.path("pae"), "-sigfile", self.path("sig")], capture_output=True, check=False)
        self.assertEqual(r.returncode, 0, r.stderr)

    def test_a_reason_that_was_changed_fails(self):
        self.key("ada")
        self.add("accessed")
        self.change("UPDATE audit_queue SET entry = replace(entry, 'why accessed', 'why not') WHERE type = 'custody'")
        e = self.timeline(code=12)["events"][0]
        self.assertEqual((e["reason"], e["signature"]), ("why not", "fails"))
        self.assertIn("SIGNATURE FAILS", self.hb("custody", "timeline", "--case", "a", code=12))
        self.hb("audit", "verify", code=12)

    def test_a_statement_that_is_gone_or_of_another_case_fails(self):
        self.key("ada")
        self.add("accessed")
        self.change("UPDATE audit_queue SET subject = 'z', entry = replace(entry, '\"subject\":\"a\"', '\"subject\":\"z\"')"
                    " WHERE type = 'custody'")
        self.assertEqual(self.timeline("z", code=12)["events"][0]["signature"], "fails")

    def test_a_key_that_is_not_here_is_told(self):
        self.key("ada")
        self.add("accessed")
        for end in "pem", "pub":
            os.remove(self.path(f"keys/ada.{end}"))
        os.remove(self.path("keys/default"))
        self.assertEqual(self.timeline()["events"][0]["signature"], "unknown_key")

    def test_a_name_beside_a_key_is_refused(self):
        self.key("ada")
        self.refused("accessed", "--by", "kim", "--key", "ada", code=2, has="--by")
        self.add("accessed", "--by", "kim")
        self.assertEqual(self.timeline()["events"][0]["signature"], "none")


class WithOperators(Custody):
    def setUp(self):
        super().setUp()
        people = [("ada", "admin"), ("kim", "approver"), ("bob", "operator"), ("vic", "viewer")]
        text = "operators:\n"
        for name, role in people:
            self.key(name)
            text += f"  {name}:\n    keys: [{{file: keys/{name}.pub}}]\n    roles: {{\"*\": {role}}}\n"
        self.write("people.yaml", text)
        self.hb("operators", "init", "people.yaml", "--key", "ada")

    def test_each_event_takes_its_role(self):
        self.refused("accessed", "--by", "bob", code=5, has="operator")
        self.refused("accessed", "--key", "vic", code=5, has="bob")
        self.add("hold", "--key", "bob")
        self.refused("release", "--key", "bob", code=5, has=["approver", "kim"])
        self.assertTrue(self.timeline()["held"])
        self.add("release", "--key", "kim")
        t = self.timeline()
        self.assertEqual([(e["who"], e["signature"]) for e in t["events"]], [("kim", "holds"), ("bob", "holds")])
        self.assertFalse(t["held"])

    def test_a_key_of_nobody_is_refused(self):
        self.key("eve")
        self.refused("accessed", "--key", "eve", code=5, has="operator")


if __name__ == "__main__":
    unittest.main()
