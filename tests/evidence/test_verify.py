# SPDX-License-Identifier: Apache-2.0
"""hb verify as an auditor has it: one file, one key, an empty folder, no workspace."""
import base64
import hashlib
import json
import os
import resource
import subprocess
import unittest

import hbtest
import jsonschema
import toolpacks


def no_files():
    """A file cannot get a single byte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


class Verify(toolpacks.Case):
    def verify(self, *args, code=0, **kw):
        return self.hb("verify", *args, code=code, **kw)

    def answers(self, *args, code):
        with open(os.path.join(hbtest.SOURCE, "schemas", "verify.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        found = self.hb_json("verify", *args, code=code)
        jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)
        return found

    def bad(self, found):
        return sorted({a["question"] for a in found["answers"] if a["answer"] in ("fails", "not_checked")})

    def test_a_pack_that_holds(self):
        for pack in ("pack.zip", "pack"):
            said = self.verify(self.packed(pack), "--trust", self.packed("lab.pub"), "--trust-log",
                               self.packed("log.pub"))
            self.assertRegex(said.splitlines()[-1], r"^'.*' holds: case 'case-1' has the verdict FAIL")
            self.assertNotIn("\033", said)
            self.assertNotIn("NOT", said)

    def test_the_answer_as_json(self):
        found = self.answers(self.packed("pack.zip"), "--trust", self.packed("lab.pub"), code=0)
        self.assertTrue(found["holds"])
        self.assertEqual(self.bad(found), [])
        found = self.answers(self.packed("pack.zip"), code=12)
        self.assertFalse(found["holds"])
        self.assertEqual(self.bad(found), ["trust"])
        self.assertEqual(found["verdict"], "FAIL")

    def test_only_the_last_line(self):
        said = self.verify(self.packed("pack.zip"), "--quiet", code=12)
        self.assertEqual(len(said.splitlines()), 1)
        self.assertIn("does NOT hold: 1 was not checked; do not rely on its verdict FAIL", said)

    def test_colour_only_when_asked(self):
        said = self.verify(self.packed("pack.zip"), "--color", "always", code=12)
        self.assertIn("\033[1;33mnot checked", said)

    def test_a_lie_that_the_lab_signed(self):
        found = self.answers(self.packed("lied.zip"), "--trust", self.packed("lab.pub"), code=12)
        self.assertIn("decision", self.bad(found))
        self.assertEqual(found["decided_from"], "")
        text = next(a["text"] for a in found["answers"] if a["question"] == "decision")
        self.assertIn("follows FAIL, and the pack says PASS", text)

    def test_every_member_changed_dropped_or_doubled(self):
        members = self.members()
        for name in sorted(members):
            flipped = {**members, name: members[name][:-1] + bytes([members[name][-1] ^ 1])}
            dropped = {k: v for k, v in members.items() if k != name}
            for changed in (flipped, dropped, {**members, name + ".more": b"x"}):
                with self.subTest(name):
                    self.verify(self.zipped(changed), "--trust", self.packed("lab.pub"), code=12)

    def test_keys_that_are_none(self):
        junk = self.write("junk.pub", "hello\n")
        self.hb_error("verify", self.packed("pack.zip"), "--trust", junk, code=2, has="junk.pub")
        self.hb_error("verify", self.packed("pack.zip"), "--trust-log", junk, code=2, has="name+hash+key")
        self.hb_error("verify", self.packed("pack.zip"), "--trust", self.path("none.pub"), code=2, has="none.pub")
        self.hb_error("verify", self.packed("pack.zip"), "--trust", self.packed("log.pub"), "--trust-log",
                      self.packed("log.pub"), code=2, has="a log signs unattended")

    def test_a_log_key_as_signed_notes_have_it(self):
        with open(self.packed("log.pub"), encoding="ascii") as f:
            der = base64.b64decode("".join(l for l in f.read().splitlines() if "-" not in l))
        key = b"\1" + der[-32:]
        name = "hb/0123456789abcdef"
        fingerprint = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        vkey = self.write("log.vkey", f"{name}+{fingerprint}+{base64.b64encode(key).decode()}\n")
        found = self.answers(self.packed("pack.zip"), "--trust", self.packed("lab.pub"), "--trust-log", vkey, code=0)
        text = next(a["text"] for a in found["answers"] if a["question"] == "checkpoint")
        self.assertIn("brought along", text)

    def test_no_such_pack(self):
        self.hb_error("verify", self.path("none.zip"), code=2, has="none.zip")

    def test_a_file_that_is_no_pack(self):
        found = self.answers(self.write("text.zip", "hello"), "--trust", self.packed("lab.pub"), code=12)
        self.assertEqual(found["answers"][0]["question"], "structure")
        self.assertEqual(found["answers"][0]["answer"], "fails")

    def test_nothing_is_written_and_no_workspace_needed(self):
        empty = self.path("empty")
        temporary = self.path("tmp")
        os.mkdir(temporary)
        os.mkdir(empty)
        os.chmod(empty, 0o555)
        self.addCleanup(os.chmod, empty, 0o755)
        env = {"LC_ALL": "C", "TMPDIR": temporary, "HOME": "/nonexistent", "HB_WORKSPACE": "/nonexistent"}
        r = subprocess.run([hbtest.HB, "verify", self.packed("pack.zip"), "--trust", self.packed("lab.pub")],
                           cwd=empty, env=env, capture_output=True, timeout=60, check=False, preexec_fn=no_files)
        self.assertEqual(r.returncode, 0, r.stdout.decode() + r.stderr.decode())
        self.assertEqual((os.listdir(empty), os.listdir(temporary)), ([], []))


if __name__ == "__main__":
    unittest.main()
