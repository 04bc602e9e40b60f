# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of permissions (src/govern/permission.h) tried by every kind of person; every rule about approvals tried
to be broken, for baselines, operators and configuration alike. A row without an attempt here fails."""
import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from hbtest import SOURCE
from livecase import LiveCase, telemetry
from test_governance import Lab, canonical, keys

with open(os.path.join(SOURCE, "src", "govern", "permission.h"), encoding="utf-8") as header:
    ROWS = {name: (code, role.lower()) for code, name, role in re.findall(r'^ +X\(([A-Z_]+), "([a-z._]+)", ([A-Z]+)', header.read(), re.M)}

RANK = {"viewer": 1, "operator": 2, "approver": 3, "admin": 4}
# name: grants by program, further lines of the key, whether the key counts. None = not in operators.yaml.
PEOPLE = {
    "ada": ({"*": "admin"}, "", True),
    "kim": ({"*": "approver"}, "", True),
    "lee": ({"apollo": "approver"}, "", True),
    "bob": ({"*": "operator"}, "", True),
    "vic": ({"*": "viewer"}, "", True),
    "gus": ({"gemini": "admin", "*": "viewer"}, "", True),
    "old": ({"*": "admin"}, ", expires: 2026-01-01", False),
    "rob": ({"*": "admin"}, ", revoked: {at: 2026-01-01, reason: lost}", False),
    "eve": None,
}
EVERYBODY = (None, *PEOPLE)


def may(who, role, program):
    """By the table of people, not by the program under test."""
    if who is None or PEOPLE[who] is None or not PEOPLE[who][2]:
        return False
    grants = PEOPLE[who][0]
    return max(RANK.get(grants.get(program), 0), RANK.get(grants.get("*"), 0)) >= RANK[role]


class Governed(Lab, LiveCase):
    config_needed = 0

    def setUp(self):
        super().setUp()
        self.write("people.yaml", self.people_text())
        self.begin()

    @classmethod
    def people_text(cls, **more):
        lines = [f"config_approvals_required: {cls.config_needed}\noperators:\n"]
        for name, row in {**PEOPLE, **more}.items():
            if row:
                grants = ", ".join(f'"{p}": {r}' for p, r in row[0].items())
                lines.append(f"  {name}: {{roles: {{{grants}}}, keys: [{{file: keys/{name}.pub{row[1]}}}]}}\n")
        return "".join(lines)

    def state(self):
        """What a refusal must leave as it was."""
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            tables = [t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            rows = {t: db.execute(f'SELECT * FROM "{t}"').fetchall() for t in tables if t != "sqlite_sequence"}
        files = {}
        for folder, _, names in os.walk(self.dir):
            for name in names:
                path = os.path.join(folder, name)
                if not name.startswith("runs.db") and not path.startswith(self.path("audit")):
                    with open(path, "rb") as f:
                        files[os.path.relpath(path, self.dir)] = hashlib.sha256(f.read()).hexdigest()
        return rows, files


class ByCommand(Governed):
    """attempt_ROW prepares the workspace and returns (command, program it is about). What is asked over HTTP alone says so."""

    ONLY_HTTP = {"read", "run"}  # here the files' permissions decide: who can read the workspace reads it

    def attempt_alert_ack(self):
        lines = telemetry(4, faults=False)
        at = next(i for i, line in enumerate(lines) if i > len(lines) // 3 and '"press"' in line)
        lines[at] = re.sub('"value": [^,]*', '"value": 500.0', lines[at])
        self.policy("false")
        self.workspace(lines, "name: rig\nsource: file_replay\npath: rig.jsonl\nwindows: [{size: 5m}]\nlateness: 1s\nalert_sinks: []\n"
                              "program: apollo\ntest_name: t\n")
        self.once()
        return [("alert", "ack", "metric:press/*", "--by", "x"), ("alert", "shelve", "metric:press/*", "--reason", "x", "--for", "1h")], "apollo"

    def attempt_feedback(self):
        self.policy("false")
        self.hb("baseline", "set", "r0")
        self.judge()
        return [("feedback", "r1", "--metric", "temp", "--mark", "missed", "--by", "ada")], "apollo"

    def attempt_export(self):
        self.policy("false")
        self.hb("baseline", "set", "r0")
        self.judge()
        return [("export", "evidence-pack", "--case", "r1", "--out", "p.zip")], "apollo"

    def attempt_baseline_request(self):
        return [("baseline", "request", "r0", "--reason", "x")], "apollo"

    def attempt_baseline_review(self):
        return [("baseline", "review", self.ask(), "--note", "x")], "apollo"

    def attempt_baseline_approve(self):
        q = self.ask()
        return [("baseline", "approve", q, "--yes"), ("baseline", "reject", q, "--reason", "x")], "apollo"

    def attempt_baseline_set(self):
        self.approve(self.ask(), "kim")
        return [("baseline", "set", "r0")], "apollo"

    def attempt_override(self):
        v = self.hb_json("baseline", "create", "--runs", "r0,r1,r2")["version"]
        q = self.hb_json("baseline", "request", "--version", v, "--reason", "x", "--override-quality", "pilot", *self.key("bob"))["request"]
        self.approve(q, "kim")
        return [("baseline", "promote", "--version", v, "--yes", "--override-quality", "pilot")], "apollo"

    def attempt_break_glass(self):
        return [("baseline", "set", "r0", "--break-glass", "--reason", "night", "--expires", "1h")], "apollo"

    def attempt_custody(self):
        return [("custody", "add", "--case", "r1", "--event", "hold", "--reason", "x")], "apollo"

    def attempt_custody_release(self):
        self.hb("custody", "add", "--case", "r1", "--event", "hold", "--reason", "x", *self.key("bob"))
        return [("custody", "add", "--case", "r1", "--event", "release", "--reason", "x")], "apollo"

    def attempt_redact(self):
        self.attempt_export()
        self.hb("export", "evidence-pack", "--case", "r1", "--out", "whole.zip", *self.key("bob"))
        return [("redact", "whole.zip", "--drop", "raw", "--reason", "x", "--out", "less.zip")], "apollo"

    def attempt_retention(self):
        self.attempt_export()
        self.judge("r2")
        self.write("retention.yaml", "retention: {keep_latest: 0, max_age_days: 0}\n")
        return [("retention", "--apply", "--reason", "disk")], ""

    def attempt_operators(self):
        self.write("more.yaml", self.people_text(eve=({"*": "viewer"}, "", True)))
        self.hb("operators", "propose", "more.yaml", "--reason", "x", *self.key("bob"))
        q = self.hb_json("operators", "list")["requests"][0]["request"]
        return [("operators", "approve", q, "--yes"), ("token", "create", "t", "--role", "viewer", "--expires", "1d")], "*"

    def attempt_keys(self):
        self.hb("keys", "generate", "spare", "--no-passphrase")
        os.remove(self.path("keys/spare.pem"))  # with its private half anybody may say of his own that it is lost
        return [("keys", "revoke", "spare", "--reason", "lost")], "*"

    def attempt_config(self):
        self.hb("config", "request", "baseline_policy.yaml", "--reason", "x", *self.key("bob"))
        return [("config", "approve", "baseline_policy.yaml"), ("config", "reject", "baseline_policy.yaml", "--reason", "x")], "*"

    def test_every_row_is_tried(self):
        tried = {m[len("attempt_"):] for m in dir(self) if m.startswith("attempt_")}
        self.assertEqual(tried | self.ONLY_HTTP, {name.replace(".", "_") for name in ROWS})

    def test_the_manual_has_every_row(self):
        with open(os.path.join(SOURCE, "docs", "governance.md"), encoding="utf-8") as f:
            text = f.read()
        listed = dict(re.findall(r"^\| `([a-z._]+)` \| (viewer|operator|approver|admin) \|", text, re.M))
        self.assertEqual(listed, {name: role for name, (_, role) in ROWS.items()})

    def one(self, row, who, command, program, role, before):
        r = self.run_hb(*command, *self.key(who))
        err = r.stderr.decode()
        if may(who, role, program):
            self.assertEqual(r.returncode, 0, err)
            self.assertNotEqual(self.state(), before)
            return
        self.assertIn(r.returncode, (5,) if who else (2, 3, 5), err)
        now = self.state()
        self.assertEqual(now[0], before[0])
        self.assertEqual(now[1], before[1])
        if who:
            self.assertRegex(err, f"needs the role {role}\\b|has (approved|asked)", row)
            could = [p for p in PEOPLE if may(p, role, program)]
            for name in could:
                self.assertIn(name, err.split(":", 2)[-1])
            for name in ("rob", "old"):  # who has the role and no key that counts could not
                self.assertNotRegex(err.split("program", 1)[-1], f"[:,] {name}\\b")

    def try_row(self, row):
        role = ROWS[row][1]
        commands, program = getattr(self, "attempt_" + row.replace(".", "_"))()
        kept = self.dir + ".kept"
        shutil.copytree(self.dir, kept)
        self.addCleanup(shutil.rmtree, kept, ignore_errors=True)
        for command in commands:
            for who in EVERYBODY:
                with self.subTest(row=row, who=who, command=command[:2]):
                    shutil.rmtree(self.dir)
                    shutil.copytree(kept, self.dir)
                    self.one(row, who, command, program, role, self.state())


def add_rows():
    for row in ROWS:
        if row not in ByCommand.ONLY_HTTP:
            setattr(ByCommand, "test_" + row.replace(".", "_"), lambda self, row=row: self.try_row(row))


add_rows()


ROUTES = []
for source in ("src/source/http/receive.c", "src/daemon/health_routes.c"):
    with open(os.path.join(SOURCE, source), encoding="utf-8") as code:
        ROUTES += [(os.path.basename(source), *found) for found in re.findall(
            r'\.method = "([A-Z]+)",\s+\.path = "([^"]+)",.*?\.action = HB_ACTION_([A-Z_]+)', code.read(), re.S)]
OF_CODE = {code: (name, role) for name, (code, role) in ROWS.items()}


class ByHttp(LiveCase):
    """Every route asked by every kind of token; the daemon is of program p."""
    BODIES = {"/samples": lambda: json.dumps({"metric": "psu", "value": 12.5, "timestamp": int(time.time())}).encode(),
              "/write": lambda: f"psu volts=12.5 {int(time.time())}\n".encode(),
              "/api/v2/write": lambda: f"psu volts=12.5 {int(time.time())}\n".encode(), "/v1/metrics": lambda: b"{}"}

    def setUp(self):
        super().setUp()
        self.ports = {name: self.free_port() for name in ("json", "line_protocol", "otlp", "health")}
        sources = "".join(f'  - {{source: http, name: {f.replace("_", "-")}, listen: "127.0.0.1:{self.ports[f]}", format: {f}, tokens: true}}\n'
                          for f in ("json", "line_protocol", "otlp"))
        self.workspace(lines=[], config=f"""name: rig
sources:
{sources}windows: [{{size: 1s}}]
health: {{listen: "127.0.0.1:{self.ports['health']}", tokens: true}}
program: p
test_name: t
""")

    @staticmethod
    def free_port():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def port_of(self, source, path):
        if source == "health_routes.c":
            return self.ports["health"]
        return self.ports["json" if path == "/samples" else "otlp" if path == "/v1/metrics" else "line_protocol"]

    def ask(self, source, method, path, token):
        q = urllib.request.Request(f"http://127.0.0.1:{self.port_of(source, path)}{path}", method=method,
                                   data=self.BODIES[path]() if method == "POST" else None)
        if path == "/v1/metrics":
            q.add_header("Content-Type", "application/json")
        if token is not None:
            q.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(q, timeout=60) as r:
                return r.status
        except urllib.error.HTTPError as e:
            with e:
                return e.code

    def token(self, name, role, program=None, expires="30d"):
        return self.hb("token", "create", name, "--role", role, "--expires", expires, *(("--program", program) if program else ())).strip()

    def test_each_route_by_each_token(self):
        self.assertGreaterEqual(len(ROUTES), 9)
        good = {(role, program): self.token(f"{role}-{program}", role, program) for role in RANK for program in ("p", "q", None)}
        revoked, brief = self.token("gone", "admin"), self.token("brief", "admin", expires="1s")
        self.hb("token", "revoke", "gone")
        daemon = self.start()

        def up():
            self.assertIsNone(daemon.poll(), self.log())
            try:
                return all(self.ask(*r[:3], None) == 401 for r in ROUTES)
            except OSError:
                return False
        self.wait_for(up)
        for source, method, path, code in ROUTES:
            name, role = OF_CODE[code]
            for (has, program), token in good.items():
                with self.subTest(path=path, action=name, role=has, program=program):
                    got = self.ask(source, method, path, token)
                    if RANK[has] >= RANK[role] and program in ("p", None):
                        self.assertIn(got, (200, 202, 204) if path != "/ready" else (200, 503))
                    else:
                        self.assertEqual(got, 403)
            with self.subTest(path=path, token=None):
                self.assertEqual(self.ask(source, method, path, None), 401)
        time.sleep(1.1)  # brief is over
        for source, method, path in (("receive.c", "POST", "/samples"), ("receive.c", "POST", "/v1/metrics"), ("receive.c", "GET", "/ping"),
                                     ("health_routes.c", "GET", "/status")):  # one a server: five wrong ones shut it
            for what, token in (("revoked", revoked), ("expired", brief), ("unknown", "hbt_" + "0" * 64), ("no token", "admin")):
                with self.subTest(path=path, token=what):
                    self.assertEqual(self.ask(source, method, path, token), 401)
        self.stop(daemon)


class Matter:
    """What may be approved, as somebody who can write the registry's file would forge it."""

    def __init__(self, case, subject, purpose, use, **fields):
        self.case, self.subject, self.purpose, self.use = case, subject, purpose, use
        self.fields = {"program": "*", "subsystem": "", "test_name": "", "tag": "", "previous_sha256": "", **fields}

    def statement(self, kind, request, **changes):
        subject = {"digest": {"sha256": changes.pop("digest", self.subject[1])}, "name": changes.pop("name", self.subject[0])}
        predicate = {"at": "2026-11-01T20:00:00Z", "expires": None, "impact_sha256": "", "overrides": "", "purpose": self.purpose,
                     "reason": "x", "request_sha256": request, **self.fields, **changes}
        return {"_type": "https://in-toto.io/Statement/v1", "predicate": predicate,
                "predicateType": f"https://harmony-bridge.dev/attestation/{kind}/v1", "subject": [subject]}


class Forged(Governed):
    """The same attacks on each thing that is approved."""
    config_needed = 1

    def envelope(self, statement, who, edit=None):
        payload = canonical(statement)
        self.write("pae", b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload))
        sig = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.path(f"keys/{who}.pem"), "-in", self.path("pae")],
                             capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-in", self.path(f"keys/{who}.pem"), "-pubout", "-outform", "DER"],
                             capture_output=True, check=True).stdout
        payload = edit(payload) if edit else payload
        b64 = lambda b: base64.b64encode(b).decode()
        return canonical({"payload": b64(payload), "payloadType": "application/vnd.in-toto+json",
                          "signatures": [{"keyid": hashlib.sha256(der).hexdigest(), "sig": b64(sig)}]}), payload

    def plant(self, statement, who, edit=None):
        text, payload = self.envelope(statement, who, edit)
        p = statement["predicate"]
        digest = hashlib.sha256(payload).hexdigest()
        self.db(("INSERT INTO statements(sha256, kind, subject_name, subject_sha256, purpose, program, subsystem, test_name, tag, request,"
                 " keyid, at_ns, envelope) VALUES (?,?,?,?,?,?,?,?,?,?,'',0,?)", digest, statement["predicateType"].split("/")[-2],
                 statement["subject"][0]["name"], statement["subject"][0]["digest"]["sha256"], p["purpose"], p["program"],
                 p["subsystem"], p["test_name"], p["tag"], p["request_sha256"], text))
        return digest

    def digest_of(self, name):
        with open(self.path(name), "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def matters(self):
        """(name, matter, who asks, who may approve, who may not for want of the role)."""
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            run, = db.execute("SELECT digest FROM runs WHERE run_id = 'r0'").fetchone()
        text = self.people_text(eve=({"*": "viewer"}, "", True))
        for name in PEOPLE:
            text = text.replace(f"file: keys/{name}.pub", f"pem: {json.dumps(keys()[name][1].decode())}")
        self.write("more.yaml", text)
        yield ("baseline", Matter(self, ("run", run), "set", lambda q: ("baseline", "set", "r0", *self.key("lee")), program="apollo",
                                  subsystem="cooling", test_name="warm", tag="golden"),
               lambda: self.ask("r0", "bob"), "kim", ("bob", "vic", "gus", "old", "rob", "eve"))
        yield ("operators", Matter(self, ("operators", self.digest_of("more.yaml")), "apply", lambda q: ("operators", "apply", q),
                                   previous_sha256=self.digest_of("operators.yaml")),
               self.propose, "ada", ("bob", "kim", "lee", "vic", "gus", "old", "rob", "eve"))
        yield ("config", Matter(self, ("metric-registry", self.digest_of("metric_registry.yaml")), "config", lambda q: ("analyze", "r1")),
               self.ask_config, "ada", ("bob", "kim", "lee", "vic", "gus", "old", "rob", "eve"))

    def propose(self):
        self.hb("operators", "propose", "more.yaml", "--reason", "x", *self.key("bob"))
        return self.hb_json("operators", "list")["requests"][0]["request"]

    def ask_config(self):
        self.hb("config", "request", "metric_registry.yaml", "--reason", "x", *self.key("bob"))
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            digest, = db.execute("SELECT sha256 FROM statements WHERE subject_name = 'metric-registry' AND kind = 'request'").fetchone()
        return digest

    def each(self):
        self.hb("config", "request", "baseline_policy.yaml", "--reason", "x", *self.key("bob"))
        self.hb("config", "approve", "baseline_policy.yaml", *self.key("ada"))
        for name, matter, ask, who, no in self.matters():
            q = ask()
            kept = self.dir + "." + name
            shutil.copytree(self.dir, kept)
            self.addCleanup(shutil.rmtree, kept, ignore_errors=True)

            def fresh(kept=kept):
                shutil.rmtree(self.dir)
                shutil.copytree(kept, self.dir)
            yield name, matter, q, who, no, fresh

    def refused(self, matter, q, *has):
        r = self.run_hb(*matter.use(q))
        err = r.stderr.decode()
        self.assertEqual(r.returncode, 5, (matter.use(q), err))
        self.assertIn("0 of 1 approvals", err)
        for words in has:
            self.assertIn(words, err)

    def test_one_that_is_honest_counts_wherever_it_was_made(self):
        for name, matter, q, who, _, _ in self.each():
            with self.subTest(name=name):
                self.plant(matter.statement("approval", q), who)
                self.hb(*matter.use(q))

    def test_forged_ones_count_for_nothing(self):
        other = "a" * 64
        changes = ({"at": "2199-01-01T00:00:00Z"}, {"expires": "2026-11-02T00:00:00Z"}, {"purpose": "retire"}, {"tag": "silver"},
                   {"program": "gemini"}, {"request_sha256": other}, {"digest": other}, {"name": "baseline-version"},
                   {"previous_sha256": other}, {"test_name": "cold"})
        for name, matter, q, who, no, fresh in self.each():
            for by in no:
                with self.subTest(name=name, by=by):
                    fresh()
                    self.plant(matter.statement("approval", q), by)
                    self.refused(matter, q, who)
            for by, at in (("old", "2025-06-01T00:00:00Z"), ("rob", "2025-06-01T00:00:00Z")):  # dated back to when the key counted
                with self.subTest(name=name, by=by, at=at):
                    fresh()
                    self.plant(matter.statement("approval", q, at=at), by)
                    self.refused(matter, q)
            for change in changes:
                with self.subTest(name=name, change=change):
                    fresh()
                    self.plant(matter.statement("approval", q, **change), who)
                    self.refused(matter, q)
            with self.subTest(name=name, change="edited"):
                fresh()
                s = matter.statement("approval", other)
                self.plant(s, who, edit=lambda p: p.replace(other.encode(), q.encode()))
                self.refused(matter, q)
            with self.subTest(name=name, change="his own request"):
                fresh()
                self.plant(matter.statement("approval", q), "bob")
                self.refused(matter, q)
            for kind in ("review", "rejection", "override", "setting", "request"):
                with self.subTest(name=name, kind=kind):
                    fresh()
                    self.plant(matter.statement(kind, q), who)
                    self.refused(matter, q)

    def test_a_rejection_after_it_takes_it_back_and_its_removal_is_told(self):
        for name, matter, q, who, no, fresh in self.each():
            with self.subTest(name=name):
                self.plant(matter.statement("approval", q), who)
                self.plant(matter.statement("rejection", q, at="2026-11-02T20:00:00Z"), who)
                self.refused(matter, q)
                fresh()
                self.plant(matter.statement("approval", q), who)  # a rejection of somebody who may not approve changes nothing
                self.plant(matter.statement("rejection", q, at="2026-11-02T20:00:00Z"), "bob")
                self.hb(*matter.use(q))

    def test_who_asked_does_not_approve_although_he_could(self):
        self.hb("config", "request", "baseline_policy.yaml", "--reason", "x", *self.key("bob"))
        self.hb("config", "approve", "baseline_policy.yaml", *self.key("ada"))
        self.hb("config", "request", "metric_registry.yaml", "--reason", "x", *self.key("bob"))
        self.hb("config", "approve", "metric_registry.yaml", *self.key("ada"))
        for who in ("kim", "lee", "ada"):
            q = self.ask("r0", who)
            self.hb_error("baseline", "approve", q, "--yes", *self.key(who), code=5, has="who asks does not approve")
            with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
                run, = db.execute("SELECT digest FROM runs WHERE run_id = 'r0'").fetchone()
            matter = Matter(self, ("run", run), "set", None, program="apollo", subsystem="cooling", test_name="warm", tag="golden")
            self.plant(matter.statement("approval", q), who)
        self.hb_error("baseline", "set", "r0", *self.key("kim"), code=5, has="0 of 1 approvals")


class TwoKeys(Governed):
    """One person with two keys is one person, for baselines and for configuration."""

    @classmethod
    def people_text(cls, **more):
        both = "keys: [{file: keys/kim.pub}, {file: keys/lee.pub}]"
        two = "keys: [{file: keys/ada.pub}, {file: keys/bob.pub}]"
        return ("approvals_required: 2\nconfig_approvals_required: 2\noperators:\n"
                f'  kim: {{roles: {{"*": approver}}, {both}}}\n  ada: {{roles: {{"*": admin}}, {two}}}\n'
                '  sam: {roles: {"*": admin}, keys: [{file: keys/rob.pub}]}\n  joe: {roles: {"*": operator}, keys: [{file: keys/gus.pub}]}\n')

    def test_of_a_baseline(self):
        for name in ("baseline_policy.yaml", "metric_registry.yaml"):
            self.hb("config", "request", name, "--reason", "x", *self.key("gus"))
            for who in ("ada", "rob"):
                self.hb("config", "approve", name, *self.key(who))
        self.policy(needed=2)
        self.hb("config", "request", "baseline_policy.yaml", "--reason", "x", *self.key("gus"))
        for who in ("ada", "rob"):
            self.hb("config", "approve", "baseline_policy.yaml", *self.key(who))
        q = self.ask("r0", "gus")
        self.approve(q, "kim")
        self.hb_error("baseline", "approve", q, "--yes", *self.key("lee"), code=5, has="'kim' has approved it already, and counts once")
        self.hb_error("baseline", "set", "r0", *self.key("kim"), code=5, has="1 of 2 approvals")
        self.approve(q, "ada")
        self.hb("baseline", "set", "r0", *self.key("lee"))

    def test_of_configuration_and_operators(self):
        self.hb("config", "request", "metric_registry.yaml", "--reason", "x", *self.key("gus"))
        self.hb("config", "approve", "metric_registry.yaml", *self.key("ada"))
        self.hb_error("config", "approve", "metric_registry.yaml", *self.key("bob"), code=5, has="'ada' has approved it already")
        self.write("more.yaml", self.people_text() + "  new: {roles: {\"*\": viewer}, keys: [{file: keys/vic.pub}]}\n")
        self.hb("operators", "propose", "more.yaml", "--reason", "x", *self.key("gus"))
        q = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb("operators", "approve", q, "--yes", *self.key("bob"))
        self.hb_error("operators", "approve", q, "--yes", *self.key("ada"), code=5, has="'ada' has approved it already")
        self.hb_error("operators", "apply", q, code=5, has=["1 of 2 approvals", "sam"])


if __name__ == "__main__":
    unittest.main()
