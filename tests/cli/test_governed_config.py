# SPDX-License-Identifier: Apache-2.0
"""Configuration that can change a verdict or remove something: refused unapproved at each use, and asked about again in a pack."""
import base64
import hashlib
import json
import os
import re
import signal
import unittest
import zipfile

from hbtest import SOURCE
from livecase import LiveCase, telemetry
from packs import read_zip, signed_again, write_zip
from test_governance import POLICY, QUALITY, Lab

with open(os.path.join(SOURCE, "src", "govern", "configuration.h"), encoding="utf-8") as header:
    KINDS = re.findall(r'^ +X\([A-Z]+, "([a-z-]+)"', header.read(), re.M)

HEAD = "config_approvals_required: 1\n"
DAEMON = """name: rig
source: file_replay
path: rig.jsonl
windows: [{size: 5m}]
lateness: 1s
alert_sinks: []
program: p
test_name: t
signing_key: keys/bob.pem
evidence_pack_always: true
"""


def digest(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


class Governed(Lab, LiveCase):
    def setUp(self):
        super().setUp()
        self.write("people.yaml", self.people(HEAD))

    def allow(self, *names, who="ada", asks="bob"):
        for name in names:
            self.hb("config", "request", name, "--reason", "x", *self.key(asks))
            self.hb("config", "approve", name, *self.key(who))

    def refused(self, kind, *args, **kw):
        r = self.run_hb(*args, **kw)
        self.assertEqual(r.returncode, 5, (args, r.stdout, r.stderr))
        err = r.stderr.decode()
        self.assertIn(f"this {kind} (SHA-256 ", err)
        self.assertIn("ada", err)  # who could

    def base(self):
        """Everything a judgement of a file needs, approved."""
        self.begin()
        self.allow("baseline_policy.yaml", "metric_registry.yaml")


class AtUse(Governed):
    """A method for each row of the table in src/govern/configuration.h."""

    def test_every_kind_is_tried(self):
        tried = {m[len("test_of_"):].replace("_", "-") for m in dir(self) if m.startswith("test_of_")}
        self.assertEqual(tried, set(KINDS))

    def test_a_document_of_every_kind_is_taken_by_request(self):
        self.begin()
        texts = {"metric-registry": "version: '1'\nmetrics: {temp: {unit: degC}}\n", "baseline-policy": POLICY % ("true", 1, ""),
                 "baseline-quality-policy": QUALITY, "equivalence-mapping": "version: '1'\nmappings: []\n", "daemon": DAEMON,
                 "telemetry-schema": "field_mapping: {a: b}\n", "profile": self.saved(), "retention": "retention: {keep_latest: 1}\n"}
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.write("any.yaml", texts[kind])
                self.assertIn(f": {kind} {digest(texts[kind])[:12]}", self.hb("config", "request", "any.yaml", "--reason", "x", *self.key("bob")))
                self.assertIn(f"approved {kind}", self.hb("config", "approve", "any.yaml", *self.key("ada")))

    def saved(self):
        self.write("p.csv", "time,temp\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{20 + i % 3}\n" for i in range(30)))
        self.hb("inspect", "p.csv", "--save-profile", "p.yaml")
        with open(self.path("p.yaml"), encoding="utf-8") as f:
            return f.read()

    def test_of_baseline_policy(self):
        self.begin()
        self.allow("metric_registry.yaml")
        for args in (("analyze", "r1"), ("run", "one.csv"), ("baseline", "set", "r0", *self.key("kim"))):
            self.refused("baseline-policy", *args)
        os.remove(self.path("baseline_policy.yaml"))  # the built-in one was approved by nobody
        self.refused("baseline-policy", "analyze", "r1")

    def test_of_metric_registry(self):
        self.begin()
        self.allow("baseline_policy.yaml")
        for args in (("analyze", "r1"), ("run", "one.csv"), ("ingest", "one.csv", "--run-id", "new"), ("baseline", "requests")):
            if args[0] == "baseline":
                self.hb(*args)  # decides nothing
            else:
                self.refused("metric-registry", *args)
        self.assertNotIn("new", self.hb("runs", "list"))

    def test_of_baseline_quality_policy(self):
        self.base()
        v = self.hb_json("baseline", "create", "--runs", "r0,r1,r2")["version"]
        self.approve(self.hb_json("baseline", "request", "--version", v, "--reason", "x", *self.key("bob"))["request"], "kim")
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        promote = ("baseline", "promote", "--version", v, "--yes", *self.key("kim"))
        self.refused("baseline-quality-policy", *promote)
        self.refused("baseline-quality-policy", *promote, "--baseline-quality-policy", "baseline_quality_policy.yaml")
        os.remove(self.path("baseline_quality_policy.yaml"))
        self.refused("baseline-quality-policy", *promote)
        self.write("baseline_quality_policy.yaml", "require_quality_gate: false\n")
        self.allow("baseline_quality_policy.yaml")
        self.hb(*promote)

    def test_of_equivalence_mapping(self):
        self.base()
        self.golden()
        self.write("equivalence_mapping.yaml", "version: '1'\nmappings: []\n")
        self.refused("equivalence-mapping", "analyze", "r1")
        self.refused("equivalence-mapping", "run", "one.csv", "--run-id", "r9")
        self.allow("equivalence_mapping.yaml")
        self.assertEqual(self.reason(), "tag")
        os.remove(self.path("equivalence_mapping.yaml"))  # to take the approved one away is a change too
        self.hb_error("analyze", "r1", code=5, has=["equivalence-mapping", "is approved, and there is none"])

    def test_of_profile(self):
        self.base()
        self.saved()
        self.refused("profile", "ingest", "p.csv", "--profile", "p.yaml", "--run-id", "new")
        self.refused("profile", "run", "p.csv", "--profile", "p.yaml", "--run-id", "new")
        self.assertNotIn("new", self.hb("runs", "list"))
        self.allow("p.yaml")
        self.hb("ingest", "p.csv", "--profile", "p.yaml", "--run-id", "new")
        with open(self.path("p.yaml"), "a", encoding="utf-8") as f:
            f.write("# more\n")
        self.refused("profile", "ingest", "p.csv", "--profile", "p.yaml", "--run-id", "newer")
        os.makedirs(self.path("profiles"), exist_ok=True)  # one that stands in for a built-in adapter
        os.replace(self.path("p.yaml"), self.path("profiles/cmapss_fd001.yaml"))
        self.refused("profile", "ingest", "p.csv", "--run-id", "newest")

    def test_of_retention(self):
        self.base()
        self.write("retention.yaml", "retention: {keep_latest: 0, max_age_days: 0}\n")
        self.golden()
        self.reason()
        self.hb("retention")  # shown is nothing removed
        apply = ("retention", "--apply", "--reason", "disk", *self.key("ada"))
        self.refused("retention", *apply)
        self.write("other.yaml", "retention: {keep_latest: 1, max_age_days: 0}\n")
        self.refused("retention", *apply, "--policy", "other.yaml")
        self.assertTrue(os.path.exists(self.path("reports/r1")))
        self.allow("retention.yaml")
        self.hb(*apply)

    def test_an_approval_is_taken_back(self):
        self.base()
        self.golden()
        self.assertEqual(self.reason(), "tag")
        self.hb_error("config", "reject", "people.yaml", "--reason", "x", *self.key("ada"), code=2, has="hb operators propose")
        self.hb("config", "reject", "metric_registry.yaml", "--reason", "too wide", *self.key("ada"))
        self.refused("metric-registry", "analyze", "r1")
        self.hb("config", "approve", "metric_registry.yaml", *self.key("ada"))  # one after it counts
        self.assertEqual(self.reason(), "tag")
        self.write("other.yaml", "retention: {keep_latest: 1}\n")
        self.hb_error("config", "reject", "other.yaml", "--reason", "x", *self.key("ada"), code=4, has="nothing to reject")

    def live(self):
        self.workspace(telemetry(3, faults=False), DAEMON)
        self.base()

    def test_of_daemon(self):
        self.live()
        self.refused("daemon", "daemon", "--once")
        self.allow("daemon.yaml")
        self.once()
        self.write("daemon.yaml", DAEMON.replace("5m", "10m"))
        self.refused("daemon", "daemon", "--once")
        self.refused("daemon", "daemon", "--once", "--config", "daemon.yaml")

    def test_of_telemetry_schema(self):
        self.live()
        self.allow("daemon.yaml")
        self.write("telemetry_schema.yaml", "field_mapping: {temp: hot}\n")
        self.refused("telemetry-schema", "daemon", "--once")
        self.refused("telemetry-schema", "ingest", "--source", "file_replay", "rig.jsonl", "--run-id", "new")
        self.allow("telemetry_schema.yaml")
        self.once()
        os.remove(self.path("telemetry_schema.yaml"))
        self.hb_error("ingest", "--source", "file_replay", "rig.jsonl", code=5, has=["telemetry-schema", "and there is none"])
        r = self.run_hb("daemon", "--once")
        self.assertEqual(r.returncode, 5, r.stderr)

    def test_a_running_daemon_takes_over_no_text_that_is_not_approved(self):
        self.live()
        text = DAEMON.replace("source: file_replay\npath: rig.jsonl\n", "sources: [{source: file_replay, path: rig.jsonl, follow: true}]\n") + "log: {level: info}\n"
        self.write("daemon.yaml", text)
        self.allow("daemon.yaml")
        p = self.start()
        self.wait_for(lambda: "ready" in self.log() or "started" in self.log() or p.poll() is not None)
        self.write("daemon.yaml", text.replace("level: info", "level: error"))
        p.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "not_reloaded" in self.log() or "this daemon" in self.log())
        self.assertIn("this daemon (SHA-256 ", self.log())
        self.stop(p)


class InThePack(Governed):
    def pack(self):
        self.saved_profile()
        self.base()
        self.allow("p.yaml")
        self.golden()
        self.hb("run", "p.csv", "--profile", "p.yaml", "--run-id", "new", "--program", "apollo", "--subsystem", "cooling", "--test-name",
                "warm", "--fail-on", "none")
        return self.hb_json("export", "evidence-pack", "--case", "new", *self.key("bob"))["pack"]

    def saved_profile(self):
        self.write("p.csv", "time,temp\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{20 + i % 3}\n" for i in range(30)))
        self.hb("inspect", "p.csv", "--save-profile", "p.yaml")

    def answers(self, pack, code, question="governed"):
        told = json.loads(self.hb("verify", pack, "--trust", "keys/bob.pub", "--json", code=code))
        return [(a["answer"], a["text"]) for a in told["answers"] if a["question"] == question]

    def signer(self):
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        with open(self.path("keys/bob.pem"), "rb") as f:
            return load_pem_private_key(f.read(), None)

    @staticmethod
    def about(envelope):
        s = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
        return s["predicateType"].split("/")[-2], s["subject"][0]["name"], s["subject"][0]["digest"]["sha256"]

    def test_each_text_is_told_with_who_approved_it(self):
        pack = self.pack()
        with open(self.path("p.yaml"), "rb") as f:
            profile = digest(f.read())
        told = self.answers(pack, 0)
        self.assertEqual({a for a, _ in told}, {"holds"})
        for kind in ("metric-registry", "baseline-policy", f"profile {profile[:12]}"):
            self.assertTrue([t for _, t in told if t.startswith(kind) and t.endswith("is approved by ada")], (kind, told))

    def test_a_pack_without_the_approval_does_not_hold_although_signed_again(self):
        pack = self.pack()
        with open(self.path(pack), "rb") as f:
            files = read_zip(f.read())
        for kind in ("metric-registry", "baseline-policy", "profile"):
            with self.subTest(kind=kind):
                left = {n: d for n, d in files.items()
                        if not (n.startswith("governance/statements/") and self.about(d)[:2] == ("approval", kind))}
                self.assertLess(len(left), len(files))
                self.write("bad.zip", write_zip(signed_again(left, [self.signer()])))
                told = [t for a, t in self.answers("bad.zip", 12) if a == "fails"]
                self.assertEqual(len(told), 1, told)
                self.assertIn(f"this {kind} (SHA-256 ", told[0])
                self.assertIn("waits for: ada", told[0])

    def test_without_the_log_it_is_not_known_whose_keys_counted(self):
        pack = self.pack()
        with open(self.path(pack), "rb") as f:
            files = read_zip(f.read())
        left = {n: d for n, d in files.items() if not n.startswith("log/")}
        self.write("bad.zip", write_zip(signed_again(left, [self.signer()])))
        self.assertEqual(self.answers("bad.zip", 12)[0][0], "not_checked")

    def test_where_the_operators_ask_for_nothing_that_is_told(self):
        self.write("people.yaml", self.people())
        self.begin()
        self.golden()
        self.reason()
        pack = self.hb_json("export", "evidence-pack", "--case", "r1", *self.key("bob"))["pack"]
        self.assertEqual(self.answers(pack, 0), [("not_in_pack", "the operators require no approval of configuration")])

    def test_of_a_window_daemon_yaml_and_schema_are_asked_about(self):
        lines = telemetry(4, faults=False)
        at = next(i for i, line in enumerate(lines) if i > len(lines) // 3 and '"press"' in line)
        lines[at] = re.sub('"value": [^,]*', '"value": 500.0', lines[at])  # beyond its limit
        self.workspace(lines, DAEMON)
        self.write("telemetry_schema.yaml", "field_mapping: {tmp: temp}\n")
        self.policy("false")
        self.base()
        self.allow("daemon.yaml", "telemetry_schema.yaml")
        self.once()
        packs = [os.path.join("evidence", p) for p in os.listdir(self.path("evidence")) if p.endswith(".zip")]
        self.assertTrue(packs)
        told = dict((t.split(" ")[0], a) for a, t in self.answers(packs[0], 0))
        self.assertEqual(told, {k: "holds" for k in ("metric-registry", "baseline-policy", "daemon", "telemetry-schema")})
        with zipfile.ZipFile(self.path(packs[0])) as z:
            how = json.loads(z.read("raw/reading.json"))["journal"]["how"]
        self.assertEqual(how["daemon_sha256"], digest(DAEMON))


class Tag(Governed):
    """Approvals are of a tag: one that is easier to get is no stand-in for the policy's."""

    def rebuilt(self, files):
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        with open(self.path("keys/bob.pem"), "rb") as f:
            key = load_pem_private_key(f.read(), None)

        def change(statement, now):
            own = statement["predicate"]["harmonyBridge"]
            own["decisionSha256"] = digest(now["decision.json"])
            for d in statement["predicate"]["configuration"]:
                if d["name"] in now:
                    d["digest"]["sha256"] = digest(now[d["name"]])
        return write_zip(signed_again(files, [key], change))

    def test_a_pack_that_chose_by_another_tag_does_not_hold(self):
        self.write("people.yaml", self.people())
        self.begin()
        self.golden()
        self.hb("baseline", "request", "r2", "--tag", "silver", "--reason", "x", *self.key("bob"))
        q = [r for r in self.hb_json("baseline", "requests")["requests"] if r["tag"] == "silver"][0]["request"]
        self.approve(q, "kim")
        self.hb("baseline", "set", "r2", "--tag", "silver", *self.key("kim"))
        golden = self.path("baseline_policy.yaml")
        with open(golden, encoding="utf-8") as f:
            text = f.read()
        self.write("silver.yaml", text.replace("strategy: golden", "strategy: tag\n  tag: silver"))
        self.hb("analyze", "r1", "--baseline-policy", "silver.yaml", "--fail-on", "none")
        pack = self.hb_json("export", "evidence-pack", "--case", "r1", *self.key("bob"))["pack"]
        said = lambda p, code: [(a["answer"], a["text"]) for a in json.loads(
            self.hb("verify", p, "--trust", "keys/bob.pub", "--json", code=code))["answers"] if a["question"] == "approvals"]
        self.assertEqual(said(pack, 0)[0][0], "holds")
        with open(self.path(pack), "rb") as f:
            files = read_zip(f.read())
        # The approved policy is put back in; everything that names it is repaired, and signed by the trusted key.
        before, after = digest(files["policy/baseline_policy.yaml"]), digest(text)
        files["policy/baseline_policy.yaml"] = text.encode()
        for name in ("decision.json", "reference.json"):
            files[name] = files[name].replace(before.encode(), after.encode()).replace(b"silver.yaml", b"baseline_policy.yaml")
        self.write("bad.zip", self.rebuilt(files))
        (answer, words), = said("bad.zip", 12)
        self.assertEqual(answer, "fails")
        self.assertIn("chosen by the tag 'silver'; the policy chooses by 'golden'", words)

    def test_a_named_tag_counts_whatever_the_strategy_says(self):
        self.write("people.yaml", self.people())
        self.begin()
        self.golden()
        text = (POLICY % ("true", 1, "")).replace("strategy: golden", "strategy: last_pass\n  tag: golden")
        self.write("baseline_policy.yaml", text)
        self.assertEqual(self.reason(), "tag")
        self.hb("analyze", "r1", "--baseline", "r3", "--fail-on", "none")
        pack = self.hb_json("export", "evidence-pack", "--case", "r1", *self.key("bob"))["pack"]
        told = json.loads(self.hb("verify", pack, "--trust", "keys/bob.pub", "--json", code=12))["answers"]
        self.assertIn(("approvals", "fails"), [(a["question"], a["answer"]) for a in told])


if __name__ == "__main__":
    unittest.main()
