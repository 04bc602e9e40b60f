# SPDX-License-Identifier: Apache-2.0
"""Packs of labs with approvals: who approved travels with the pack and is checked without the lab."""
import base64
import json
import os
import unittest
import zipfile

from test_governance import Lab


class Governed(Lab):
    def pack(self, run="r1"):
        self.begin()
        self.golden()
        self.assertEqual(self.reason(run), "tag")
        return self.hb_json("export", "evidence-pack", "--case", run, *self.key("bob"))["pack"]

    def answers(self, pack, code):
        os.makedirs(self.path("elsewhere"), exist_ok=True)
        told = json.loads(self.hb("verify", pack, "--trust", "keys/bob.pub", "--json", code=code, env={"HB_WORKSPACE": "elsewhere"}))
        return {a["question"]: (a["answer"], a["text"]) for a in told["answers"]}

    def test_the_approvals_of_the_baseline_are_in_the_pack_and_hold(self):
        pack = self.pack()
        with zipfile.ZipFile(self.path(pack)) as z:
            self.assertIn("governance/operators.yaml", z.namelist())
            signed = [json.loads(z.read(n)) for n in z.namelist() if n.startswith("governance/statements/")]
        kinds = sorted(json.loads(base64.b64decode(e["payload"]))["predicateType"].split("/")[-2] for e in signed)
        self.assertLessEqual({"approval", "request"}, set(kinds))
        answers = self.answers(pack, 0)
        self.assertEqual(answers["operators"][0], "holds", answers["operators"])
        self.assertEqual(answers["approvals"][0], "holds", answers["approvals"])
        self.assertIn("kim", answers["approvals"][1])

    def test_a_baseline_named_on_the_command_line_is_not_the_approved_one(self):
        self.begin()
        self.golden()
        self.hb("analyze", "r1", "--baseline", "r3")
        pack = self.hb_json("export", "evidence-pack", "--case", "r1", *self.key("bob"))["pack"]
        answer, text = self.answers(pack, 12)["approvals"]
        self.assertEqual(answer, "fails")
        self.assertIn("requires an approved tag", text)

    def test_with_hidden_fields_the_approvals_still_hold(self):
        pack = self.pack()
        self.write("hide.yaml", "redact: {operating_mode: hash, inputs.name: redact, inputs.path: redact}\n")
        self.hb("redact", pack, "--policy", "hide.yaml", "--out", "hidden.zip", "--reason", "audit", *self.key("kim"))
        told = json.loads(self.hb("verify", "hidden.zip", "--trust", "keys/bob.pub", "--trust", "keys/kim.pub", "--json"))
        answers = {a["question"]: (a["answer"], a["text"]) for a in told["answers"]}
        self.assertEqual(answers["approvals"][0], "holds", answers["approvals"])
        self.assertEqual(answers["log"][0], "not_in_pack")
        self.assertEqual(answers["approvals"], self.answers(pack, 0)["approvals"])

    def test_operators_that_changed_since_do_not_matter(self):
        self.begin()
        self.golden()
        self.assertEqual(self.reason(), "tag")
        first = self.hb_json("export", "evidence-pack", "--case", "r1", "--out", "a.zip", *self.key("bob"))
        self.write("people.yaml", self.people(eve=('"*": viewer', "")))
        self.hb("operators", "propose", "people.yaml", "--reason", "eve reads", *self.key("bob"))
        request = self.hb_json("operators", "list")["requests"][0]["request"]
        self.hb("operators", "approve", request, "--yes", *self.key("ada"))
        self.hb("operators", "apply", request)
        second = self.hb_json("export", "evidence-pack", "--case", "r1", "--out", "b.zip", *self.key("bob"))
        with zipfile.ZipFile(self.path("a.zip")) as a, zipfile.ZipFile(self.path("b.zip")) as b:
            self.assertEqual(a.read("governance/operators.yaml"), b.read("governance/operators.yaml"))
        self.assertEqual(first["decision_sha256"], second["decision_sha256"])
        self.assertEqual(self.answers("b.zip", 0)["approvals"][0], "holds")

    def test_of_break_glass_the_last_line_says_so(self):
        self.begin()
        self.hb("baseline", "set", "r0", "--tag", "golden", "--break-glass", "--reason", "rig down", "--expires", "4h", *self.key("bob"))
        self.hb("analyze", "r1", "--fail-on", "none")
        pack = self.hb_json("export", "evidence-pack", "--case", "r1", *self.key("bob"))["pack"]
        told = self.hb("verify", pack, "--trust", "keys/bob.pub", "--quiet", env={"HB_WORKSPACE": "elsewhere"})
        self.assertIn("break-glass, without approval", told)
        self.assertTrue(json.loads(self.hb("verify", pack, "--trust", "keys/bob.pub", "--json"))["break_glass"])
        self.assertIn("break-glass of 'bob'", self.answers(pack, 0)["approvals"][1])


if __name__ == "__main__":
    unittest.main()
