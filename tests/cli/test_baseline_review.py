# SPDX-License-Identifier: Apache-2.0
"""What somebody does with baselines who did not read the manual, and somebody who wants to break them."""
import datetime
import json
import random
import sqlite3
import unittest

from hbtest import Case

REGISTRY = "version: '1'\nmetrics:\n  temp: {unit: degC}\n"
POLICY = "baseline_policy:\n  strategy: golden\n  fallback: none\n"


class Review(Case):
    def setUp(self):
        super().setUp()
        self.hb("init", ".")
        self.write("metric_registry.yaml", REGISTRY)
        self.write("baseline_policy.yaml", POLICY)
        for day in range(6):
            self.ingest(day)

    def ingest(self, day, value=None, metric="temp (degC)", **meta):
        name = f"r{day}"
        r = random.Random(day)
        t0 = datetime.datetime(2026, 10, 1) + datetime.timedelta(days=day)
        value = 20 + r.gauss(0, 0.1) if value is None else value
        rows = "".join(f"{(t0 + datetime.timedelta(seconds=k)).isoformat()}Z,{value + r.gauss(0, 0.3):.2f}\n" for k in range(30))
        self.write(name + ".csv", f"time,{metric}\n" + rows)
        document = {"run_id": name, "program": "apollo", "subsystem": "cooling", "test_name": "warm", "operating_mode": "cruise",
                    "timestamps": {"start_utc": t0.isoformat() + "Z"}}
        document.update(meta)
        self.write(name + ".json", json.dumps(document))
        self.hb("ingest", name + ".csv", "--run-meta", name + ".json")

    def make(self, *runs, **options):
        args = [x for k, v in options.items() for x in ("--" + k, v)]
        return self.hb_json("baseline", "create", "--runs", *runs, *args)["version"]

    def changed(self, table, *statements):
        """What somebody does to the file, who takes the triggers off and puts them back."""
        with sqlite3.connect(self.path("runs.db")) as db:
            kept = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)).fetchall()
            for name, _ in kept:
                db.execute(f"DROP TRIGGER {name}")
            for s in statements:
                self.assertGreater(db.execute(s).rowcount, 0, s)
            for _, sql in kept:
                db.execute(sql)
        db.close()

    # --- an option that is empty or does not apply is no wish for everything ---

    def test_an_empty_list_of_runs_is_not_every_run(self):
        for empty in ("", ",", ",,"):
            self.hb_error("baseline", "create", "--runs", empty, code=2, has="--runs names no run")
        self.assertEqual(self.hb_json("baseline", "versions")["versions"], [])

    def test_an_empty_version_is_none(self):
        self.make("r0", "r1")  # a version without a name of its own
        self.hb_error("baseline", "promote", "--version", "", "--yes", code=4, has="has no baseline version ''")
        self.hb_error("baseline", "show", "", code=4, has="no baseline is tagged ''")
        self.hb_error("baseline", "retire", "", "--reason", "x", code=4, has="has no baseline version ''")

    def test_options_that_would_be_ignored_are_refused(self):
        for option in ("--program", "--subsystem", "--test-name"):
            self.hb_error("baseline", "create", "--runs", "r0", option, "zzz", code=2, has="--runs names the runs")
        self.hb_error("baseline", "create", "--window", "24", code=2, has="24h or 7d, got '24'")
        v = self.make("r0", "r1", name="first", note="one")
        r = self.run_hb("baseline", "create", "--runs", "r1,r0", "--name", "second", "--note", "two")
        self.assertEqual(r.returncode, 0)
        for words in (b"--name second is not kept: the version is there already, with the name first", b"--note is not kept"):
            self.assertIn(words, r.stderr)
        r = self.run_hb("baseline", "create", "--runs", "r1,r0", "--name", "first", "--note", "one")
        self.assertEqual(r.stderr, b"")
        shown = self.hb_json("baseline", "show", v)
        self.assertEqual((shown["name"], shown["note"]), ("first", "one"))
        self.hb_error("baseline", "retire", v, "--reason", "  ", code=2, has="retired for a reason")

    def test_a_test_that_is_named_is_looked_at(self):
        v = self.make("r0", "r1", "r2", "r3", "r4")
        for args in (("show", v), ("check", v), ("diff", v, v)):
            self.hb("baseline", *args, "--program", "apollo", "--test-name", "warm")
            self.hb_error("baseline", *args, "--program", "zzz", code=2, has=f"baseline version '{v}' belongs to program 'apollo'")
        r = self.run_hb("baseline", "versions", "--program", "zzz")
        self.assertIn(b"no baseline version is of this test", r.stderr)

    def test_a_retired_version_is_not_passed_off_as_another(self):
        v = self.make("r0", "r1", "r2", "r3", "r4", name="v")
        self.hb("baseline", "promote", "--version", "v", "--yes", "--override-quality", "a test")
        self.assertIn(f"5 baseline runs (baseline version {v})", self.hb("power", "--version", "v"))
        self.hb("baseline", "retire", "v", "--reason", "loose")
        self.hb_error("power", "--version", "v", code=4, has="was retired: loose")
        self.assertIn("no baseline: version_retired", self.hb("power"))
        r = self.run_hb("baseline", "check", "v", "--gate")
        self.assertEqual(r.returncode, 5)
        self.assertIn(b"is retired (loose) and can be promoted no more", r.stderr)

    # --- names ---

    def test_a_name_means_one_version(self):
        v = self.make("r0", "r1", name="autumn")
        self.hb_error("baseline", "create", "--runs", "r2,r3", "--name", "autumn", code=4, has=[f"name 'autumn' is that of baseline version '{v}'", "choose another"])
        for name in (v, v[:4], "cafe", "1234"):
            self.hb_error("baseline", "create", "--runs", "r2,r3", "--name", name, code=2, has="could be the beginning of a version's own name")
        for name in ("", "a b", "é", "a\x1b[31m", "<b>", "x" * 65):
            self.hb_error("baseline", "create", "--runs", "r2,r3", "--name", name, code=2, has="is not usable; expected 1 to 64 of A-Z a-z 0-9 . _ -")
        self.make("r2", "r3", name="abc")  # three characters are no beginning
        self.assertEqual([x["name"] for x in self.hb_json("baseline", "versions")["versions"]], ["abc", "autumn"])

    def test_beginnings_of_several_versions_are_refused(self):
        self.make("r0", "r1")
        self.changed("baseline_versions",  # as if the digests began alike
                     "INSERT INTO baseline_versions(version, digest, program, subsystem, test_name, n_runs, json, name, note, created_by, created_ns)"
                     " SELECT substr(version, 1, 8) || 'ffff', substr(version, 1, 8) || 'ffff' || substr(digest, 13), program, subsystem, test_name, n_runs, json,"
                     " '', '', '', 0 FROM baseline_versions")
        v = self.hb_json("baseline", "versions")["versions"][1]["version"]
        self.hb_error("baseline", "show", v[:8], code=4, has="means more than one baseline version")
        self.assertEqual(self.hb_json("baseline", "show", v)["version"], v)

    # --- foreign text ---

    def test_notes_cannot_steer_the_terminal(self):
        evil = "a\x1b[2J\x1b[31mred\r\nb\u202ec"
        v = self.make("r0", "r1", "r2", "r3", "r4", note=evil, by=evil)
        self.hb("baseline", "promote", "--version", v, "--yes", "--note", evil, "--by", evil, "--override-quality", evil)
        self.hb("baseline", "set", "r5", "--tag", "other", "--note", evil, "--by", evil)
        for args in (("show", v), ("list",), ("list", "--history"), ("versions",)):
            out = self.hb("baseline", *args)
            for c in "\x1b\r\u202e":
                self.assertNotIn(c, out, args)
        self.assertIn("note       a?[2J?[31mred??b?c\n", self.hb("baseline", "show", v))
        self.assertEqual(self.hb_json("baseline", "show", v)["note"], evil)
        self.hb("baseline", "retire", v, "--reason", evil)
        self.assertNotIn("\x1b", self.hb("baseline", "show", v))
        self.assertNotIn("\x1b", self.hb_error("baseline", "promote", "--version", v, code=4, has="is retired"))

    def test_text_fits_the_terminal(self):
        v = self.make("r0", "r1", "r2", "r3", "r4")
        for args in (("create", "--runs", "r0,r1,r2"), ("check", v), ("show", v), ("versions",)):
            for line in self.hb("baseline", *args).splitlines():
                self.assertLessEqual(len(line), 100 if args[0] == "versions" else 80, line)
                self.assertEqual(line, line.rstrip())

    # --- a registry that was edited ---

    def test_a_version_that_was_changed_is_not_believed(self):
        v = self.make("r0", "r1", "r2", "r3", "r4", name="v")
        other = self.make("r1", "r2", "r3", "r4", name="other")
        self.hb("baseline", "promote", "--version", "v", "--yes", "--override-quality", "a test")
        with open(self.path("runs.db"), "rb") as f:
            good = f.read()
        cases = (("baseline_versions", "UPDATE baseline_versions SET json = replace(json, 'cruise', 'idle') WHERE name = 'v'", "its content does not fit its digest"),
                 ("baseline_versions", "UPDATE baseline_versions SET test_name = 'cold' WHERE name = 'v'", "it states another test"),
                 ("baseline_version_runs", "UPDATE baseline_version_runs SET run = (SELECT id FROM runs WHERE run_id = 'r5') WHERE version ="
                  " (SELECT id FROM baseline_versions WHERE name = 'v') AND pos = 0", "its runs are not those it states"))
        for table, statement, words in cases:
            self.write("runs.db", good)
            self.changed(table, statement)
            has = [f"baseline version '{v}' was changed after it was made: {words}", "restore a backup"]
            for args in (("show", "golden"), ("check", "v"), ("diff", "v", other), ("promote", "--version", "v", "--yes", "--override-quality", "x")):
                self.hb_error("baseline", *args, code=4, has=has)
            self.hb_error("analyze", "r5" if table == "baseline_versions" else "r0", code=4, has=has)
        self.write("runs.db", good)
        self.changed("baseline_versions", cases[0][1])
        self.hb_error("baseline", "create", "--runs", "r0,r1,r2,r3,r4", code=4, has="its content does not fit its digest")

    # --- a command that was cut short ---

    def test_quality_that_was_not_told_is_told_the_next_time(self):
        v = self.make("r0", "r1", "r2")
        self.changed("baseline_quality", "DELETE FROM baseline_quality")  # killed between the two
        self.assertEqual(self.make("r0", "r1", "r2"), v)
        self.assertEqual([q["purpose"] for q in self.hb_json("baseline", "show", v)["quality"]], ["create"])
        self.make("r0", "r1", "r2")
        self.assertEqual(len(self.hb_json("baseline", "show", v)["quality"]), 1)

    def test_a_promotion_that_is_refused_leaves_no_override(self):
        v = self.make("r0", "r1", "r2")
        self.write("metric_registry.yaml", REGISTRY.replace("degC}", "degC, invariant_max: 1}"))
        self.hb("analyze", "r1", "--fail-on", "none")
        self.hb_error("baseline", "promote", "--version", v, "--yes", "--override-quality", "a pilot", code=5, has="verdict FAIL")
        self.assertEqual([q["purpose"] for q in self.hb_json("baseline", "show", v)["quality"]], ["create"])

    def test_looking_needs_no_right_to_write(self):
        v = self.make("r0", "r1", "r2")
        with open(self.path("runs.db"), "rb+") as f:  # as an older program left it: only who writes may bring it up
            f.seek(60)
            self.assertEqual(f.read(4), b"\0\0\0\4")
            f.seek(60)
            f.write(b"\0\0\0\1")
        for look in (("create", "--dry-run", "--runs", "r0,r1"), ("promote", "--version", v)):
            self.hb_error("baseline", *look, code=4, has="has schema 1, this hb reads 4")
        self.hb_error("feedback", "--list", code=4, has="has schema 1, this hb reads 4")

    # --- expressions ---

    def test_a_long_expression_is_named_as_what_it_is(self):
        many = " or ".join(f"run_id = 'x{i}'" for i in range(5000))
        self.hb_error("baseline", "create", "--from-query", many, code=2, has="more than 1000 parts")
        some = " or ".join(f"run_id = 'r{i % 3}'" for i in range(400))
        self.assertEqual(len(self.hb_json("baseline", "create", "--dry-run", "--from-query", some)["runs"]), 3)
        self.hb_error("baseline", "create", "--from-query", "run_id = 'it''s", code=2, has="a quote ' is opened and never closed")
        self.ingest(7, factors={"rig": "it's"})
        self.assertEqual([r["run_id"] for r in self.hb_json("baseline", "create", "--dry-run", "--from-query", "rig = 'it''s'")["runs"]], ["r7"])


if __name__ == "__main__":
    unittest.main()
