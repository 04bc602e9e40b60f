# SPDX-License-Identifier: Apache-2.0
"""hb retention: what goes by age and number, what never goes, what is written of it, and by whom it may be done."""
import json
import os
import sys
import unittest

import tlog
from hbtest import SOURCE, Case

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)

RUNS = "abcdef"


class Retention(Case):
    def setUp(self):
        super().setUp()
        self.hb("init", ".")
        for k, run in enumerate(RUNS):
            rows = "".join(f"{i},{20 + i % 5}.{k},{3 + i % 3}\n" for i in range(60))
            self.write("x.csv", "time,x,y\n" + rows)
            self.hb("run", "x.csv", "--run-id", run)
        self.policy("keep_latest: 1", "max_age_days: 0")

    def policy(self, *lines, name="retention.yaml"):
        self.write(name, "retention: {" + ", ".join(lines) + "}\n")

    def document(self, *args, code=0):
        d = self.hb_json("retention", *args, code=code)
        with open(os.path.join(SOURCE, "schemas", "retention.schema.json"), encoding="utf-8") as f:
            schema = jsonschema.Draft202012Validator(json.load(f))
        self.assertEqual([f"{e.json_path}: {e.message}" for e in schema.iter_errors(d)], [])
        return d

    def due(self, *args):
        return [i["run_id"] for i in self.document(*args)["items"]]

    def there(self):
        return sorted(os.listdir(self.path("reports")))

    def apply(self, *args, **kw):
        return self.hb("retention", "--apply", "--reason", "disk is full", *args, **kw)

    def entries(self, kind="retention"):
        return [e for e in map(json.loads, tlog.Log(self.path("audit")).check()) if e["type"] == kind]


class WhatGoes(Retention):
    def test_the_oldest_beyond_number_and_age_are_listed_and_nothing_is_changed(self):
        self.assertEqual(self.due(), list("abcde"))
        self.assertEqual(self.there(), list(RUNS))
        self.assertEqual(self.entries(), [])
        self.policy("keep_latest: 4", "max_age_days: 0")
        self.assertEqual(self.due(), list("ab"))
        self.policy("keep_latest: 4", "max_age_days: 1")
        self.assertEqual(self.due(), [])
        self.policy("max_age_days: 0")  # 200 are kept
        self.assertEqual(self.due(), [])
        text = self.hb("retention")
        self.assertIn("0 would go, 0 bytes; kept: 0 on hold, 0 of a golden", text)

    def test_without_a_policy_everything_stays(self):
        os.remove(self.path("retention.yaml"))
        self.assertEqual(self.hb("retention"), "there is no retention.yaml: everything stays\n")
        self.assertFalse(self.document()["policy"])
        self.assertEqual(self.there(), list(RUNS))
        self.hb_error("retention", "--policy", "none.yaml", code=2, has="none.yaml")

    def test_what_is_applied_is_gone_logged_and_still_in_the_registry(self):
        size = sum(os.path.getsize(self.path(f"reports/a/{n}")) for n in os.listdir(self.path("reports/a")))
        text = self.apply()
        self.assertIn("removed 5 of 5", text)
        self.assertEqual(self.there(), ["f"])
        entries = self.entries()
        self.assertEqual([e["subject"] for e in entries], list("abcde"))
        d = entries[0]["data"]
        self.assertEqual((d["what"], d["rule"], d["reason"], d["bytes"], os.path.basename(d["path"]), entries[0]["by"]),
                         ("reports", "max_age_days", "disk is full", size, "a", ""))
        self.assertEqual(len(self.hb_json("runs", "list")["runs"]), 6)
        self.assertEqual(self.due(), [])
        self.assertIn("removed 0 of 0", self.apply())
        self.assertEqual(len(self.entries()), 5)
        e = self.hb_json("custody", "timeline", "--case", "a")["events"][0]
        self.assertEqual((e["event"], e["reason"]), ("removed", "disk is full"))
        self.hb("audit", "verify")

    def test_it_is_signed_where_there_is_a_key(self):
        self.hb("keys", "generate", "ada", "--no-passphrase")
        self.apply()
        by = {e["by"] for e in self.entries()}
        self.assertEqual(len(by), 1)
        self.assertRegex(by.pop(), "^[0-9a-f]{64}$")
        statement, = {e["data"]["statement_sha256"] for e in self.entries()}
        with open(self.path(f"governance/{statement}.dsse.json"), encoding="utf-8") as f:
            self.assertIn("payload", json.load(f))
        self.assertEqual(len(self.entries("removal")), 1)
        self.assertEqual(self.hb_json("custody", "timeline", "--case", "a")["events"][0]["signature"], "holds")

    def test_another_folder_and_a_link_in_it(self):
        os.rename(self.path("reports"), self.path("elsewhere"))
        os.rename(self.path("elsewhere/b"), self.path("kept"))
        os.symlink(self.path("kept"), self.path("elsewhere/b"))
        self.policy("keep_latest: 1", "max_age_days: 0", "reports_dir: elsewhere", name="p.yaml")
        self.assertEqual(self.due("--policy", "p.yaml"), list("acde"))
        self.apply("--policy", "p.yaml")
        self.assertEqual(sorted(os.listdir(self.path("elsewhere"))), ["b", "f"])
        self.assertTrue(os.listdir(self.path("kept")))

    def test_packs_made_by_themselves_go_by_their_own_age(self):
        self.hb("keys", "generate", "ada", "--no-passphrase")
        for run in "gh":
            self.hb("run", "x.csv", "--run-id", run, "--evidence-pack", "always")
        packs = [self.path(f"evidence/evidence_{r}.zip") for r in "gh"]
        self.assertTrue(all(map(os.path.exists, packs)))
        self.policy("keep_latest: 100")
        self.assertEqual(self.due(), [])
        self.policy("keep_latest: 100", "evidence_max_age_days: 1")
        self.assertEqual(self.due(), [])
        self.policy("keep_latest: 100", "evidence_max_age_days: 0")
        self.hb("custody", "add", "--case", "g", "--event", "hold", "--reason", "r")
        d = self.document()
        self.assertEqual([(i["what"], i["run_id"]) for i in d["items"]], [("evidence pack", "h")])
        self.assertEqual(d["kept_on_hold"], 1)
        self.apply()
        self.assertEqual(list(map(os.path.exists, packs)), [True, False])
        self.assertEqual(self.entries()[0]["data"]["rule"], "evidence_max_age_days")
        self.assertEqual(self.due(), [])


class WhatStays(Retention):
    def test_runs_of_a_golden(self):
        self.hb("baseline", "set", "a")
        self.hb("baseline", "create", "--runs", "b", "c", "--name", "spring")
        d = self.document()
        self.assertEqual([i["run_id"] for i in d["items"]], list("de"))
        self.assertEqual(d["kept_golden"], 3)
        self.apply()
        self.assertEqual(self.there(), list("abcf"))
        self.hb("baseline", "retire", "spring", "--reason", "old")
        self.assertEqual(self.due(), list("bc"))

    def test_what_is_on_hold_by_its_run_or_a_case_of_it(self):
        for args in (("--case", "a"), ("--case", "c-7", "--run", "b")):
            self.hb("custody", "add", *args, "--event", "hold", "--reason", "complaint")
        self.hb("export", "evidence-pack", "--case", "c", "--case-id", "c-8", "--unsigned")
        self.hb("custody", "add", "--case", "c-8", "--event", "hold", "--reason", "complaint")
        d = self.document()
        self.assertEqual([i["run_id"] for i in d["items"]], list("de"))
        self.assertEqual(d["kept_on_hold"], 3)
        self.assertIn("kept: 3 on hold", self.apply())
        self.assertEqual(self.there(), list("abcf"))
        self.hb("custody", "add", "--case", "c-7", "--event", "release", "--reason", "settled")
        self.assertEqual(self.due(), ["b"])


class WhoAndHow(Retention):
    def test_a_reason_is_needed_to_remove_and_only_then(self):
        self.hb_error("retention", "--apply", code=2, has="--reason")
        self.hb_error("retention", "--reason", "r", code=2, has="--apply")
        self.assertEqual(self.there(), list(RUNS))

    def test_with_operators_it_takes_an_admin(self):
        text = "operators:\n"
        for name, role in ("ada", "admin"), ("kim", "approver"):
            self.hb("keys", "generate", name, "--no-passphrase")
            text += f"  {name}:\n    keys: [{{file: keys/{name}.pub}}]\n    roles: {{\"*\": {role}}}\n"
        self.write("people.yaml", text)
        self.hb("operators", "init", "people.yaml", "--key", "ada")
        self.hb_error("retention", "--apply", "--reason", "r", "--key", "kim", code=5, has=["admin", "ada"])
        self.assertEqual(self.there(), list(RUNS))
        self.apply("--key", "ada")
        self.assertEqual({e["data"]["by_name"] for e in self.entries()}, {"ada"})

    def test_policies_of_the_original(self):
        self.write("old.yaml", "retention:\n  keep_latest: 2\n  max_age_days: 0\n  reports_dir: reports\n")
        self.assertEqual(self.due("--policy", "old.yaml"), list("abcd"))
        self.assertIn("old.yaml: ok (retention)", self.hb("config", "check", "old.yaml"))
        self.write("new.yaml", "hot_days: 7\nwarm_days: 30\narchive_days: 365\n")
        self.hb_error("config", "check", "new.yaml", code=3, has=["hot_days", "retention.max_age_days"])
        self.hb_error("retention", "--policy", "new.yaml", code=3, has="new.yaml:1")
        self.policy("keep_latest: -1")
        self.hb_error("retention", code=3, has="keep_latest")
        self.policy("keep: 1")
        self.hb_error("retention", code=3, has="unknown key")


if __name__ == "__main__":
    unittest.main()
