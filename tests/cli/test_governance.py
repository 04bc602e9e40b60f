# SPDX-License-Identifier: Apache-2.0
"""Who may do what with baselines and operators: each rule tried by each role, and by somebody who edits the files."""
import base64
import contextlib
import glob
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
import unittest

from hbtest import SOURCE, Case
from livecase import LiveCase, telemetry

try:
    import jsonschema
except ImportError:
    jsonschema = None

POLICY = "baseline_policy:\n  strategy: golden\n  fallback: latest\n  governance: {require_approval: %s, approvals_required: %d, approvers: [%s]}\n"
QUALITY = "require_quality_gate: true\nacceptance_criteria: {min_sample_size: 5}\n"

# name: roles, further lines of the key. None = not in operators.yaml.
PEOPLE = {
    "ada": ('"*": admin', ""),
    "kim": ('"*": approver', ""),
    "lee": ("apollo: approver", ""),
    "gus": ("gemini: approver", ""),
    "bob": ('"*": operator', ""),
    "vic": ('"*": viewer', ""),
    "old": ('"*": approver', ", expires: 2026-01-01"),
    "rob": ('"*": approver', ", revoked: {at: 2026-01-01, reason: lost}"),
    "eve": None,
}
_keys = {}


def keys():
    """Made once, by openssl: PKCS#8 and SubjectPublicKeyInfo."""
    for name in PEOPLE:
        if name not in _keys:
            pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True).stdout
            pub = subprocess.run(["openssl", "pkey", "-pubout"], input=pem, capture_output=True, check=True).stdout
            _keys[name] = pem, pub
    return _keys


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Lab(Case):
    needed = 1
    approvers = ""

    def setUp(self):
        super().setUp()
        self.hb("init", ".")
        for name, (pem, pub) in keys().items():
            path = self.write(f"keys/{name}.pem", pem)
            os.chmod(path, 0o600)
            self.write(f"keys/{name}.pub", pub)
        self.write("people.yaml", self.people())
        self.policy()
        self.write("baseline_quality_policy.yaml", QUALITY)
        for day in range(4):
            self.ingest(f"r{day}", 20 + day / 100)

    @staticmethod
    def people(head="", **changes):
        rows = {**PEOPLE, **changes}
        lines = [f"  {n}: {{roles: {{{r[0]}}}, keys: [{{file: keys/{n}.pub{r[1]}}}]}}\n" for n, r in rows.items() if r]
        return head + "operators:\n" + "".join(lines)

    def policy(self, required="true", needed=None, approvers=None):
        self.write("baseline_policy.yaml", POLICY % (required, needed or self.needed, self.approvers if approvers is None else approvers))

    def ingest(self, run, value, program="apollo"):
        self.write("one.csv", "time,temp\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{value + i % 3}\n" for i in range(30)))
        self.write("one.json", json.dumps({"run_id": run, "program": program, "subsystem": "cooling", "test_name": "warm",
                                           "operating_mode": "cruise"}))
        self.hb("ingest", "one.csv", "--run-meta", "one.json")

    def key(self, who):
        return ("--key", f"keys/{who}.pem") if who else ()

    def begin(self):
        self.hb("operators", "init", "people.yaml", *self.key("ada"))

    def ask(self, run="r0", who="bob", *more):
        return self.hb_json("baseline", "request", run, "--reason", "because", *more, *self.key(who))["request"]

    def approve(self, request, *names, code=0):
        for who in names:
            self.hb("baseline", "approve", request, "--yes", *self.key(who), code=code)

    def golden(self, run="r0"):
        self.approve(self.ask(run), "kim")
        self.hb("baseline", "set", run, *self.key("lee"))

    def judge(self, run="r1"):
        self.hb("analyze", run)
        with open(self.path(f"reports/{run}/drift_report.json"), encoding="utf-8") as f:
            return json.load(f)

    def reason(self, run="r1"):
        return self.judge(run)["baseline_reason"]

    def db(self, *statements):
        """Somebody who takes the triggers off."""
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db, db:
            for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            for sql, *args in statements:
                self.assertGreater(db.execute(sql, args).rowcount, 0, sql)


class Roles(Lab):
    """A table: what is tried, and who gets through. Everybody else is refused, and nothing changes."""

    EVERYBODY = (None, "eve", "vic", "bob", "kim", "lee", "gus", "old", "rob", "ada")
    MAY_ASK = {"bob", "kim", "lee", "ada"}
    MAY_APPROVE = {"kim", "lee", "ada"}

    def tables(self):
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            return [db.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("statements", "operators", "tag_log", "baseline_retirements")]

    def try_all(self, may, *args, prepare=None, has=None):
        shutil.copytree(self.dir, self.dir + ".kept")
        self.addCleanup(shutil.rmtree, self.dir + ".kept", ignore_errors=True)
        for who in self.EVERYBODY:
            with self.subTest(who=who, what=args[:2]):
                shutil.rmtree(self.dir)
                shutil.copytree(self.dir + ".kept", self.dir)
                if prepare:
                    prepare()
                before = self.tables()
                r = self.run_hb(*args, *self.key(who))
                err = r.stderr.decode()
                if who in may:
                    self.assertEqual(r.returncode, 0, err)
                    self.assertNotEqual(self.tables(), before)
                else:
                    self.assertIn(r.returncode, (5,) if who else (2, 3, 5), err)
                    self.assertEqual(self.tables(), before)
                    if who:
                        for words in has or ("needs the role",):
                            self.assertIn(words, err)

    def test_who_asks(self):
        self.begin()
        self.try_all(self.MAY_ASK, "baseline", "request", "r0", "--reason", "x", has=("role operator", "ada, kim, lee, bob"))

    def test_who_reviews(self):
        self.begin()
        q = self.ask()
        self.try_all(self.MAY_ASK, "baseline", "review", q, "--note", "x", has=("role operator",))

    def test_who_approves(self):
        self.begin()
        q = self.ask()
        self.try_all(self.MAY_APPROVE, "baseline", "approve", q, "--yes", has=("role approver", "ada, kim, lee"))

    def test_who_approves_what_he_asked_for_himself(self):
        self.begin()
        for who in ("kim", "ada"):
            q = self.ask("r0", who)
            self.hb_error("baseline", "approve", q, "--yes", *self.key(who), code=5, has=["who asks does not approve", "it waits for"])

    def test_who_rejects(self):
        self.begin()
        q = self.ask()
        self.try_all(self.MAY_APPROVE, "baseline", "reject", q, "--reason", "x", has=("role approver",))

    def test_who_sets_what_is_approved(self):
        self.begin()
        self.approve(self.ask(), "kim")
        self.try_all(self.MAY_APPROVE, "baseline", "set", "r0", has=("role approver",))

    def test_nobody_sets_what_is_not_approved(self):
        self.begin()
        self.ask()
        self.try_all(set(), "baseline", "set", "r0", "--force", has=("0 of 1 approvals", "waits for: ada, kim, lee"))

    def test_nobody_promotes_what_is_not_approved(self):
        self.begin()
        v = self.hb_json("baseline", "create", "--runs", "r0,r1,r2")["version"]
        self.try_all(set(), "baseline", "promote", "--version", v, "--yes", "--force", "--override-quality", "x", has=("nobody asked for it",))

    def test_who_retires(self):
        v = self.hb_json("baseline", "create", "--runs", "r0,r1,r2")["version"]
        self.begin()
        self.hb_error("baseline", "retire", v, "--reason", "x", *self.key("ada"), code=5, has="nobody asked for it")
        q = self.hb_json("baseline", "request", "--version", v, "--retire", "--reason", "x", *self.key("bob"))["request"]
        self.approve(q, "kim")
        self.hb_error("baseline", "promote", "--version", v, "--yes", *self.key("kim"), code=5, has="nobody asked for it")
        self.try_all(self.MAY_APPROVE, "baseline", "retire", v, "--reason", "x", has=("role approver",))

    def test_who_breaks_the_glass(self):
        self.begin()
        self.try_all(self.MAY_ASK, "baseline", "set", "r0", "--break-glass", "--reason", "night", "--expires", "2h", has=("role operator",))

    def test_who_proposes_other_operators(self):
        self.begin()
        self.write("more.yaml", self.people(eve=('"*": viewer', "")))
        self.try_all(self.MAY_ASK - {"lee"}, "operators", "propose", "more.yaml", "--reason", "x", has=("role operator",))

    def test_who_approves_other_operators(self):
        self.begin()
        self.write("more.yaml", self.people(eve=('"*": viewer', "")))
        self.hb("operators", "propose", "more.yaml", "--reason", "x", *self.key("bob"))
        q = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb_error("operators", "apply", q, code=5, has=["0 of 1 approvals", "ada"])
        self.try_all({"ada"}, "operators", "approve", q, "--yes", has=("role admin", "ada"))

    def test_who_begins(self):
        self.try_all({"ada"}, "operators", "init", "people.yaml", has=("role admin",))


class Rules(Lab):
    def test_nothing_goes_before_operators_are_in_force(self):
        self.hb_error("baseline", "set", "r0", "--force", *self.key("ada"), code=5, has=["hb operators init", "require_approval: false"])
        self.hb_error("baseline", "request", "r0", "--reason", "x", *self.key("ada"), code=5, has="hb operators init")
        self.assertEqual(self.reason(), "tag_not_found")
        self.policy("false")
        self.hb("baseline", "set", "r0")
        self.policy()
        self.assertEqual(self.reason(), "tag_not_approved")

    def test_from_request_to_baseline(self):
        self.policy(needed=2)
        self.begin()
        q = self.ask()
        shown = self.hb("baseline", "approve", q, code=5)  # nothing is signed without --yes
        self.assertIn("r1   not judged  NO_TEST  PASS     FLIPS", shown)
        self.assertEqual(self.hb_json("baseline", "requests")["requests"][0]["approvals"], 0)
        self.approve(q[:8], "kim")
        self.hb_error("baseline", "approve", q, "--yes", *self.key("kim"), code=5, has="has approved it already, and counts once")
        self.hb_error("baseline", "set", "r0", *self.key("kim"), code=5, has=["1 of 2 approvals", "ada, lee"])
        self.approve(q, "lee")
        r = self.hb_json("baseline", "requests")["requests"][0]
        self.assertEqual((r["state"], r["approved_by"], r["requested_by"]), ("approved", "kim, lee", "bob"))
        self.hb_error("baseline", "set", "r1", *self.key("kim"), code=5, has="nobody asked for it")
        self.hb_error("baseline", "set", "r0", "--tag", "silver", *self.key("kim"), code=5, has="nobody asked for it")
        self.hb("baseline", "set", "r0", "--by", "somebody", *self.key("kim"))
        self.assertEqual(self.hb_json("baseline", "list")["tags"][0]["set_by"], "kim")
        self.assertEqual(self.reason(), "tag")

    def test_approvals_are_of_one_program(self):
        self.begin()
        self.ingest("g0", 20, "gemini")
        q = self.ask("g0")
        self.hb_error("baseline", "approve", q, "--yes", *self.key("lee"), code=5, has="program 'gemini': ada, kim, gus")
        self.approve(q, "gus")
        self.hb("baseline", "set", "g0", *self.key("gus"))
        self.hb_error("baseline", "set", "r0", *self.key("gus"), code=5, has="nobody asked for it")

    def test_the_policys_list_of_approvers(self):
        self.policy(approvers="lee, ada")
        self.begin()
        q = self.ask()
        self.hb_error("baseline", "approve", q, "--yes", *self.key("kim"), code=5, has=["not among the policy's approvers", "ada, lee"])
        self.approve(q, "lee")
        self.hb("baseline", "set", "r0", *self.key("kim"))
        self.policy(approvers="ada, kim")  # the list is asked each time
        self.assertEqual(self.reason(), "tag_not_approved")

    def test_more_approvals_asked_for_later_count_at_once(self):
        self.begin()
        self.golden()
        self.assertEqual(self.reason(), "tag")
        self.policy(needed=2)
        d = self.judge()
        self.assertEqual((d["status"], d["baseline_reason"]), ("NO_TEST", "tag_not_approved"))
        self.assertIn("1 of 2 approvals", d["baseline_warning"])

    def test_a_rejection_takes_the_baseline_away(self):
        self.begin()
        self.golden()
        q = self.hb_json("baseline", "requests")["requests"][0]["request"]
        self.hb("baseline", "reject", q, "--reason", "a loose cable", *self.key("ada"))
        self.assertEqual(self.reason(), "tag_not_approved")  # and the fallback "latest" is not taken
        self.assertEqual(self.hb_json("baseline", "requests")["requests"][0]["rejected_by"], "ada")
        self.approve(q, "kim")
        self.assertEqual(self.reason(), "tag")

    def test_without_a_baseline_the_next_step_is_to_ask_for_one(self):
        self.assertIn("hb baseline request r1 --tag golden --reason TEXT", self.judge()["what_to_do_next"])

    def test_a_version_and_its_quality(self):
        self.begin()
        v = self.hb_json("baseline", "create", "--runs", "r0,r1,r2")["version"]
        q = self.hb_json("baseline", "request", "--version", v, "--reason", "x", *self.key("bob"))["request"]
        told = self.hb("baseline", "approve", q, "--yes", *self.key("kim"))
        self.assertIn("next: mend the quality, which refuses it", told)
        promote = ("baseline", "promote", "--version", v, "--yes", *self.key("kim"))
        self.hb_error_shown(*promote, has="quality of this baseline does not allow")
        self.hb_error_shown(*promote, "--override-quality", "a pilot", has="with the quality overridden")
        q = self.hb_json("baseline", "request", "--version", v, "--reason", "x", "--override-quality", "a pilot", *self.key("bob"))["request"]
        self.assertIn("asks to override the quality: a pilot", self.hb("baseline", "approve", q, code=5))
        told = self.hb("baseline", "approve", q, "--yes", *self.key("lee"))
        self.assertIn(f"next, by an approver: hb baseline promote --version {v[:12]}", told)
        self.assertIn("--tag golden --yes --override-quality REASON --key KEY", told)
        self.hb(*promote, "--override-quality", "a pilot")
        self.assertEqual(self.reason("r3"), "version")

    def hb_error_shown(self, *args, has):
        r = self.run_hb(*args)
        self.assertEqual(r.returncode, 5, r.stderr)
        self.assertIn(has, r.stderr.decode())

    def test_a_baseline_named_on_the_command_line_is_told(self):
        self.begin()
        shown = " ".join(self.hb("analyze", "r1", "--baseline", "r0").split())
        self.assertIn("whether it is approved, as the policy requires of tags, was not asked", shown)


@unittest.skipUnless(jsonschema, "no jsonschema")
class Printed(Lab):
    def test_json_satisfies_its_schema(self):
        with open(os.path.join(SOURCE, "schemas", "governance.schema.json"), encoding="utf-8") as f:
            document = json.load(f)
        jsonschema.Draft202012Validator.check_schema(document)
        check = jsonschema.Draft202012Validator(document).validate
        for args in (("baseline", "requests"), ("baseline", "approvals"), ("operators", "list")):
            check(self.hb_json(*args))
        self.begin()
        check(self.hb_json("baseline", "request", "r0", "--reason", "x", *self.key("bob")))
        q = self.ask()
        check(self.hb_json("baseline", "approve", q, code=5))
        check(self.hb_json("baseline", "approve", q, "--yes", *self.key("kim")))
        self.hb("baseline", "reject", q, "--reason", "x", *self.key("lee"))
        self.write("more.yaml", self.people(eve=('"*": viewer', ", expires: 2030-01-01")))
        self.hb("operators", "propose", "more.yaml", "--reason", "x", *self.key("bob"))
        for args in (("baseline", "requests"), ("baseline", "approvals"), ("operators", "list")):
            shown = self.hb_json(*args)
            self.assertTrue(shown)
            check(shown)


class Glass(Lab):
    def break_glass(self, run, who, expires="2h", **kw):
        return self.hb("baseline", "set", run, "--break-glass", "--reason", "night shift", "--expires", expires, *self.key(who), **kw)

    def test_it_is_told_in_every_decision_and_ends(self):
        self.begin()
        self.break_glass("r0", "bob", "3s")
        d = self.judge()
        self.assertEqual(d["status"], "PASS")
        words = "tag 'golden' was set by break-glass of 'bob', without approval, until 20"
        self.assertIn(words, d["baseline_warning"])
        self.assertIn("night shift", d["baseline_warning"])
        for name in ("drift_report.html", "drift_report.json", "decision.json"):
            with open(self.path(f"reports/r1/{name}"), encoding="utf-8") as f:
                self.assertIn("break-glass of", f.read())
        deadline = time.monotonic() + 60
        while self.reason() == "tag" and time.monotonic() < deadline:
            time.sleep(0.2)
        d = self.judge()
        self.assertEqual((d["status"], d["baseline_reason"]), ("NO_TEST", "break_glass_over"))

    def test_nobody_does_it_twice_without_an_approval(self):
        self.begin()
        self.break_glass("r0", "bob")
        self.hb_error("baseline", "set", "r1", "--break-glass", "--reason", "x", "--expires", "1h", *self.key("bob"), code=5,
                      has=["'bob' broke the glass for this tag before", "ada, kim, lee"])
        self.break_glass("r1", "kim")
        self.golden("r2")
        self.break_glass("r0", "bob")

    def test_it_needs_a_reason_an_end_and_a_policy_that_asks_for_approval(self):
        self.begin()
        glass = ("baseline", "set", "r0", "--break-glass", *self.key("bob"))
        self.hb_error(*glass, "--expires", "1h", code=2, has="--reason")
        self.hb_error(*glass, "--reason", " ", "--expires", "1h", code=2, has="--reason is empty")
        for bad in ("8d", "4", "0h", "never", ""):
            self.hb_error(*glass, "--reason", "x", "--expires", bad, code=2, has="at most 7d")
        self.hb_error(*glass, "--reason", "x", code=2, has="--expires")
        self.hb_error("baseline", "set", "r0", "--reason", "x", code=2, has="go with --break-glass")
        self.policy("false")
        self.hb_error(*glass, "--reason", "x", "--expires", "1h", code=2, has="no glass to break")


class Operators(Lab):
    def test_a_file_that_was_changed_is_refused_everywhere(self):
        self.begin()
        self.golden()
        self.hb_error("operators", "init", "people.yaml", *self.key("ada"), code=5, has="in force already")
        self.write("operators.yaml", self.people(eve=('"*": admin', "")).replace("file:", "file:"))
        for args in (("analyze", "r1"), ("run", "one.csv"), ("baseline", "set", "r0", *self.key("kim")), ("baseline", "requests"),
                     ("baseline", "request", "r0", "--reason", "x", *self.key("bob")), ("operators", "list"), ("operators", "check")):
            r = self.run_hb(*args)
            self.assertEqual(r.returncode, 5, args)
            self.assertIn(b"is not the one in force", r.stderr)
        self.hb("operators", "check", "--restore")
        self.assertEqual(self.reason(), "tag")

    def test_a_change_needs_the_admins_before_it(self):
        self.write("people.yaml", self.people(kim=('"*": admin', "")))
        self.begin()
        self.golden()
        self.write("more.yaml", self.people("# with gus\n", kim=('"*": admin', ""), gus=('"*": approver', ""), lee=None))
        self.assertIn("is sound", self.hb("operators", "check", "more.yaml"))
        said = self.hb("operators", "propose", "more.yaml", "--reason", "gus comes", *self.key("ada"))
        for line in ("- lee", "- gus: approver of gemini", "+ gus: approver of *"):
            self.assertIn(line + "\n", said)
        q = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb_error("operators", "approve", q, "--yes", *self.key("ada"), code=5, has=["who asks does not approve", "kim"])
        self.hb("operators", "approve", q, code=5)
        self.hb("operators", "approve", q, "--yes", *self.key("kim"))
        self.hb("operators", "apply", q)
        self.assertNotIn("lee", [o["name"] for o in self.hb_json("operators", "list")["operators"]])
        self.assertIn("approved by kim", self.hb("operators", "check"))
        self.assertEqual(self.reason(), "tag")  # kim's approval of the baseline still counts
        self.hb_error("operators", "apply", q, code=5, has="propose it anew")

    def test_who_is_revoked_takes_his_approvals_along(self):
        self.begin()
        self.golden()
        self.write("more.yaml", self.people(kim=('"*": approver', ", revoked: {at: 2026-06-01, reason: left}")))
        self.hb("operators", "propose", "more.yaml", "--reason", "kim left", *self.key("bob"))
        q = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb("operators", "approve", q, "--yes", *self.key("ada"))
        self.hb("operators", "apply", q)
        self.assertEqual(self.reason(), "tag_not_approved")

    def test_a_proposed_text_that_was_changed_is_not_applied(self):
        self.begin()
        self.write("more.yaml", self.people(eve=('"*": viewer', "")))
        self.hb("operators", "propose", "more.yaml", "--reason", "x", *self.key("bob"))
        q = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb("operators", "approve", q, "--yes", *self.key("ada"))
        path = glob.glob(self.path("governance/operators-*.yaml"))[0]
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.write(os.path.relpath(path, self.dir), text.replace("viewer", "admin "))
        self.hb_error("operators", "apply", q, code=12, has="is not the text that was proposed")


class Configuration(Lab):
    def approve_file(self, name, who="ada", asks="bob"):
        self.hb("config", "request", name, "--reason", "x", *self.key(asks))
        self.hb("config", "approve", name, *self.key(who))

    def test_what_is_not_approved_decides_nothing(self):
        self.write("people.yaml", self.people("config_approvals_required: 1\n"))
        self.begin()
        for args in (("analyze", "r1"), ("run", "one.csv"), ("baseline", "set", "r0"), ("baseline", "requests"),
                     ("analyze", "r1", "--baseline-policy", "config/none.yaml")):
            self.write("config/none.yaml", POLICY % ("false", 1, ""))
            r = self.run_hb(*args)
            self.assertEqual(r.returncode, 5, (args, r.stderr))
            self.assertRegex(r.stderr, b"this (baseline-policy|metric-registry)")
        self.hb_error("config", "approve", "baseline_policy.yaml", *self.key("ada"), code=4, has="nobody asked for this baseline-policy")
        self.hb_error("config", "request", "baseline_policy.yaml", "--reason", "x", *self.key("vic"), code=5, has="role operator")
        self.hb("config", "request", "baseline_policy.yaml", "--reason", "x", *self.key("bob"))
        for who in ("bob", "kim", "lee", "vic", "old", "rob", "eve"):
            self.hb_error("config", "approve", "baseline_policy.yaml", *self.key(who), code=5, has=["role admin", "ada"])
        self.hb("config", "approve", "baseline_policy.yaml", *self.key("ada"))
        self.hb_error("analyze", "r1", code=5, has=["this metric-registry", "nobody asked for it"])
        self.approve_file("metric_registry.yaml")
        self.golden()
        self.assertEqual(self.reason(), "tag")
        with open(self.path("metric_registry.yaml"), "a", encoding="utf-8") as f:
            f.write("# one byte more\n")
        self.hb_error("analyze", "r1", code=5, has="this metric-registry")
        r = self.run_hb("baseline", "set", "r1", "--baseline-policy", "config/none.yaml")
        self.assertEqual(r.returncode, 5)
        self.assertEqual(len(self.hb_json("baseline", "list")["tags"]), 1)

    def test_files_of_other_kinds_are_refused(self):
        self.begin()
        self.hb_error("config", "request", "people.yaml", "--reason", "x", *self.key("bob"), code=2, has="hb operators propose FILE")


class Daemon(Lab, LiveCase):
    """The daemon asks as the commands do, and goes on without a baseline."""
    CONFIG = ("name: %s\nsource: file_replay\npath: rig.jsonl\nwindows:\n  - {size: 5m}\nlateness: 1s\nalert_sinks: []\nprogram: p\n"
              "test_name: t\noutput_dir: %s\n")

    def windows(self, name):
        """Verdict, reason and warning of what one pass over the file decides."""
        self.write("daemon.yaml", self.CONFIG % (name, name))
        self.once()
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            ids = [i for i, in db.execute("SELECT run_id FROM live_windows WHERE stream = ? AND verdict <> 'FAIL'", (name,))]
        self.assertTrue(ids)
        decisions = [self.hb_json("live", "show", i)["decision"] for i in ids]
        return {(d["verdict"], d["reference"]["reason"], d["reference"]["warning"]) for d in decisions}

    def test_a_tag_is_asked_about(self):
        lines = telemetry(8, faults=False)
        self.workspace(lines)
        self.policy("false")
        self.write("golden.csv", "time,temp,volt,flow,press\n" + "".join(
            f"2026-01-05T08:{i // 60:02d}:{i % 60:02d}Z,{20 + (i % 5 - 2) / 4},3.3,5,101\n" for i in range(300)))
        self.write("golden.json", json.dumps({"run_id": "g", "program": "p", "test_name": "t"}))
        self.hb("ingest", "golden.csv", "--run-meta", "golden.json")
        self.hb("baseline", "set", "g")
        self.assertEqual({r for _, r, _ in self.windows("one")}, {"tag"})
        self.policy()
        self.assertEqual({(v, r) for v, r, _ in self.windows("two")}, {("NO_TEST", "tag_not_approved")})
        self.begin()
        self.hb("baseline", "set", "g", "--break-glass", "--reason", "night", "--expires", "2h", *self.key("bob"))
        for _, reason, warning in self.windows("three"):
            self.assertEqual(reason, "tag")
            self.assertIn("break-glass of 'bob'", warning)
        self.approve(self.ask("g"), "kim")
        self.hb("baseline", "set", "g", *self.key("kim"))
        self.assertEqual({(r, w) for _, r, w in self.windows("four")}, {("tag", "")})
        self.write("operators.yaml", self.people())
        r = self.run_hb("daemon", "--once")
        self.assertEqual(r.returncode, 5)
        self.assertIn(b"is not the one in force", r.stderr)


class Forged(Lab):
    """What somebody with a key of his own, or with the registry's file, tries."""

    def envelope(self, statement, who):
        """DSSE by hand: PAE, Ed25519 by openssl."""
        payload = canonical(statement)
        pae = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
        self.write("pae", pae)
        sig = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.path(f"keys/{who}.pem"), "-in", self.path("pae")],
                             capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=keys()[who][1], capture_output=True, check=True).stdout
        b64 = lambda b: base64.b64encode(b).decode()
        return canonical({"payload": b64(payload), "payloadType": "application/vnd.in-toto+json",
                          "signatures": [{"keyid": hashlib.sha256(der).hexdigest(), "sig": b64(sig)}]}), payload

    def statement(self, kind, request, **changes):
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            digest, = db.execute("SELECT digest FROM runs WHERE run_id = 'r0'").fetchone()
        predicate = {"at": "2026-11-26T20:00:00Z", "expires": None, "impact_sha256": "", "overrides": "", "previous_sha256": "",
                     "program": "apollo", "purpose": "set", "reason": "x", "request_sha256": request, "subsystem": "cooling",
                     "tag": "golden", "test_name": "warm"}
        predicate.update(changes)
        return {"_type": "https://in-toto.io/Statement/v1", "predicate": predicate,
                "predicateType": f"https://harmony-bridge.dev/attestation/{kind}/v1",
                "subject": [{"digest": {"sha256": digest}, "name": "run"}]}

    def plant(self, statement, who, keyid=None):
        text, payload = self.envelope(statement, who)
        if keyid:  # a name that is not the signature's
            document = json.loads(text)
            document["signatures"][0]["keyid"] = keyid
            text = canonical(document)
        p = statement["predicate"]
        self.db(("INSERT INTO statements(sha256, kind, subject_name, subject_sha256, purpose, program, subsystem, test_name, tag, request,"
                 " keyid, at_ns, envelope) VALUES (?,?,'run',?,?,?,?,?,?,?,'',0,?)", hashlib.sha256(payload).hexdigest(),
                 statement["predicateType"].split("/")[-2], statement["subject"][0]["digest"]["sha256"], p["purpose"], p["program"],
                 p["subsystem"], p["test_name"], p["tag"], p["request_sha256"], text))
        return hashlib.sha256(payload).hexdigest()

    def key_id(self, who):
        return next(k["key"] for o in self.hb_json("operators", "list")["operators"] if o["name"] == who for k in o["keys"])

    def test_an_honest_approval_made_elsewhere_counts(self):
        self.begin()
        q = self.ask()
        self.plant(self.statement("approval", q), "kim")
        self.hb("baseline", "set", "r0", *self.key("lee"))

    def test_forged_approvals_count_for_nothing(self):
        self.begin()
        q = self.ask()
        for n, (who, keyid, changes) in enumerate((
                ("eve", None, {}), ("bob", None, {}), ("vic", None, {}), ("gus", None, {}), ("rob", None, {}), ("old", None, {}),
                ("eve", self.key_id("kim"), {}),  # says it is kim's
                ("old", None, {"at": "2025-06-01T00:00:00Z"}),  # dated back
                ("kim", None, {"at": "2199-01-01T00:00:00Z"}),  # dated ahead
                ("kim", None, {"expires": "2026-01-02T00:00:00Z"}),
                ("kim", None, {"tag": "silver"}), ("kim", None, {"program": "gemini"}), ("kim", None, {"purpose": "retire"}),
                ("kim", None, {"request_sha256": "0" * 64}))):
            with self.subTest(who=who, changes=changes):
                s = self.statement("approval", q, **{"reason": f"x{n}", **changes})
                self.plant(s, who, keyid)
                r = self.run_hb("baseline", "set", "r0", *self.key("lee"))
                self.assertEqual(r.returncode, 5, r.stderr)
                self.assertIn(b"0 of 1 approvals", r.stderr)

    def test_a_request_signed_by_nobody_is_none(self):
        self.begin()
        q = self.plant(self.statement("request", ""), "eve")
        self.assertEqual(self.hb_json("baseline", "requests")["requests"][0]["state"], "not valid")
        self.hb_error_out(5, "of nobody who may ask", "baseline", "approve", q, "--yes", *self.key("kim"))

    def hb_error_out(self, code, has, *args):
        r = self.run_hb(*args)
        self.assertEqual(r.returncode, code, r.stderr)
        self.assertIn(has, r.stderr.decode())

    def test_a_tag_moved_in_the_registrys_file_is_no_baseline(self):
        self.begin()
        self.golden()
        self.assertEqual(self.reason("r3"), "tag")
        self.db(("UPDATE tags SET run = (SELECT id FROM runs WHERE run_id = 'r2')",))
        self.assertEqual(self.reason("r3"), "tag_not_approved")

    def test_figures_changed_in_the_registrys_file_are_compared_with_by_nobody(self):
        self.begin()
        self.golden()
        self.db(("UPDATE run_metrics SET value = 25.0, mean = 25.0 WHERE run = (SELECT id FROM runs WHERE run_id = 'r0')",))
        self.hb_error("analyze", "r3", code=12, has="are not those it was registered with")

    def test_rows_taken_out_of_the_registrys_file_are_told(self):
        self.begin()
        request = self.ask()
        self.approve(request, "kim")
        self.hb("baseline", "reject", request, "--reason", "no", *self.key("ada"))
        self.write("more.yaml", self.people(eve=('"*": viewer', "")))
        change = self.hb("operators", "propose", "more.yaml", "--reason", "new", *self.key("ada"))
        self.hb("operators", "approve", change.split(":")[0].split()[-1], "--yes", *self.key("ada"))
        self.hb("operators", "apply", change.split(":")[0].split()[-1])
        self.hb("audit", "verify")
        shutil.copy(self.path("runs.db"), self.path("good.db"))
        for sql, has in (("DELETE FROM statements WHERE kind = 'rejection'", "does not have the signed statement"),
                         ("UPDATE statements SET envelope = x'00' WHERE kind = 'rejection'", "was changed"),
                         ("DELETE FROM operators WHERE id = 2", "does not have the text of operators")):
            self.db((sql,))
            self.hb_error("audit", "verify", code=12, has=has)
            shutil.copy(self.path("good.db"), self.path("runs.db"))

    def test_operators_put_into_the_registrys_file_are_told(self):
        self.begin()
        text = self.people(eve=('"*": admin', ""))
        for name in PEOPLE:
            pem = json.dumps(keys()[name][1].decode())
            text = text.replace(f"file: keys/{name}.pub", f"pem: {pem}")
        self.db(("INSERT INTO operators(sha256, text, statement, applied_ns) VALUES (?, ?, ?, 1)",
                 hashlib.sha256(text.encode()).hexdigest(), text.encode(), "0" * 64))
        self.write("operators.yaml", text)
        self.hb_error_out(12, "and the newest its log tells of are", "operators", "check")
        self.db(("UPDATE operators SET text = ? WHERE id = 1", text.encode().replace(b"viewer", b"admin")),
                ("DELETE FROM operators WHERE id = 2",))
        os.remove(self.path("operators.yaml"))
        self.hb_error_out(12, "not those that were applied", "analyze", "r1")

    def test_operators_of_before_are_not_taken_back(self):
        self.begin()
        self.golden()
        self.write("more.yaml", self.people("# without gus\n", gus=None))
        self.hb("operators", "propose", "more.yaml", "--reason", "gus left", *self.key("bob"))
        request = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb("operators", "approve", request, "--yes", *self.key("ada"))
        self.hb("operators", "apply", request)
        self.assertEqual(self.reason(), "tag")
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            (old,), (new,) = db.execute("SELECT sha256 FROM operators ORDER BY id").fetchall()
        for name in ("runs.db", "operators.yaml"):
            shutil.copy(self.path(name), self.path("good." + name))
        for how, left in (("INSERT INTO operators SELECT 3, sha256, text, statement, applied_ns FROM operators WHERE id = 1", old),
                          ("UPDATE operators SET (sha256, text, statement) = (SELECT sha256, text, statement FROM operators WHERE id = 1)"
                           " WHERE id = 2", old),
                          ("DELETE FROM operators WHERE id = 2", old),
                          ("DELETE FROM operators", "none")):
            with self.subTest(how=how):
                self.db((how,))
                os.remove(self.path("operators.yaml"))
                has = [f"the newest operators in it are {left[:12]}, and the newest its log tells of are {new[:12]}"]
                self.hb_error("operators", "check", code=12, has=has)
                self.hb_error("operators", "check", "--restore", code=12, has=has)
                self.hb_error("operators", "list", code=12, has=has)
                self.hb_error("operators", "init", "people.yaml", *self.key("ada"), code=12, has=has)
                self.hb_error("analyze", "r1", code=12, has=has)
                self.hb_error("baseline", "set", "r0", *self.key("kim"), code=12, has=has)
                self.assertFalse(os.path.exists(self.path("operators.yaml")))
                for name in ("runs.db", "operators.yaml"):
                    shutil.copy(self.path("good." + name), self.path(name))
        self.hb("operators", "check")
        self.assertEqual(self.reason(), "tag")

    def test_operators_that_nobody_logged_are_none(self):
        text = self.people()
        for name in PEOPLE:
            text = text.replace(f"file: keys/{name}.pub", f"pem: {json.dumps(keys()[name][1].decode())}")
        self.db(("INSERT INTO operators(sha256, text, statement, applied_ns) VALUES (?, ?, ?, 1)",
                 hashlib.sha256(text.encode()).hexdigest(), text.encode(), "0" * 64))
        self.hb_error("operators", "check", code=12, has="its log never told of any")

    def test_a_bare_variable_is_nobody(self):
        self.begin()
        self.approve(self.ask(), "kim")
        r = self.run_hb("baseline", "set", "r0", "--by", "kim", env={"HB_ROLE": "admin", "HB_RBAC": "1", "HB_OPERATOR_ID": "kim", "USER": "kim"})
        self.assertEqual(r.returncode, 5, r.stderr)

    def test_what_is_signed_is_checked_by_openssl(self):
        self.begin()
        q = self.ask()
        self.approve(q, "kim")
        seen = {}
        for path in glob.glob(self.path("governance/*.dsse.json")):
            with open(path, encoding="utf-8") as f:
                e = json.load(f)
            payload = base64.b64decode(e["payload"], validate=True)
            self.assertEqual(os.path.basename(path), hashlib.sha256(payload).hexdigest() + ".dsse.json")
            document = json.loads(payload)
            self.assertEqual(canonical(document), payload)
            kind = document["predicateType"].split("/")[-2]
            who = {"operators": "ada", "request": "bob", "approval": "kim"}[kind]
            self.write("pae", b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload))
            self.write("sig", base64.b64decode(e["signatures"][0]["sig"]))
            subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", self.path(f"keys/{who}.pub"), "-in", self.path("pae"),
                            "-sigfile", self.path("sig")], check=True, capture_output=True)
            seen[kind] = document
        self.assertEqual(seen["approval"]["predicate"]["request_sha256"], q)
        self.assertEqual(seen["approval"]["subject"], seen["request"]["subject"])
        impact = seen["approval"]["predicate"]["impact_sha256"]
        with open(self.path(f"governance/{impact}.impact.json"), "rb") as f:
            text = f.read()
        self.assertEqual(hashlib.sha256(text).hexdigest(), impact)
        self.assertEqual(json.loads(text)["request_sha256"], q)


if __name__ == "__main__":
    unittest.main()
