# SPDX-License-Identifier: Apache-2.0
"""VERIFY.md of a pack, followed to the letter: its shell blocks, with openssl, jq, sha256sum and unzip alone."""
import base64
import hashlib
import json
import os
import random
import re
import subprocess
import unittest

import toolpacks


def blocks(text):
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Instructions(toolpacks.Case):
    def check(self, pack, *keys, text=None):
        """Runs the blocks as the page says; returns (exit code, what was said)."""
        text = text or self.members()["VERIFY.md"].decode()
        script = self.write("check.sh", "".join(blocks(text)))
        env = {"PATH": os.environ["PATH"], "TMPDIR": self.dir}
        r = subprocess.run(["sh", "-eu", script, pack, *keys], cwd=self.dir, env=env, capture_output=True,
                           timeout=60, check=False)
        return r.returncode, r.stdout.decode() + r.stderr.decode()

    def holds(self, *args, **kw):
        code, said = self.check(*args, **kw)
        self.assertEqual((code, said.splitlines()[-1:]), (0, ["all of it holds"]), said)
        return said

    def refused(self, *args, has=""):
        code, said = self.check(*args)
        self.assertNotEqual(code, 0, said)
        self.assertNotIn("all of it holds", said)
        self.assertIn(has, said)

    def test_the_command_on_the_page_makes_the_script(self):
        text = self.members()["VERIFY.md"].decode()
        sed = re.search(r"\| (sed -n '.*?') > check\.sh", text).group(1)
        r = subprocess.run(["sh", "-c", f"unzip -p '{self.packed('pack.zip')}' VERIFY.md | {sed}"],
                           capture_output=True, check=True, timeout=60)
        self.assertEqual(r.stdout.decode(), "".join(blocks(text)))

    def test_a_pack_that_holds(self):
        said = self.holds(self.packed("pack.zip"), self.packed("lab.pub"), self.packed("log.pub"))
        self.assertIn("verdict FAIL", said)
        self.assertIn("entry 1 of 3", said)
        self.assertIn("checkpoint: signed by", said)
        self.holds(self.packed("pack.zip"), self.packed("lab.pub"))
        self.assertEqual([n for n in os.listdir(self.dir) if n != "check.sh"], [])

    def test_the_second_signature(self):
        self.holds(self.packed("pack.zip"), self.packed("other.pub"))

    def test_keys_of_others(self):
        self.refused(self.packed("pack.zip"), self.packed("stranger.pub"))
        self.refused(self.packed("pack.zip"), self.packed("log.pub"))
        self.refused(self.packed("pack.zip"), self.packed("lab.pub"), self.packed("stranger.pub"),
                     has="signed by none of these keys")

    def test_every_file_that_is_changed(self):
        members = self.members()
        for name in sorted(members):
            changed = dict(members)
            changed[name] = changed[name][:-1] + bytes([changed[name][-1] ^ 1])
            with self.subTest(name):
                self.refused(self.zipped(changed), self.packed("lab.pub"))

    def test_files_more_or_less(self):
        members = self.members()
        self.refused(self.zipped({**members, "raw/more.csv": b"x"}), self.packed("lab.pub"), has="raw/more.csv")
        del members["run.json"]
        self.refused(self.zipped(members), self.packed("lab.pub"), has="run.json")

    def test_a_file_changed_and_the_manifest_repaired(self):
        members = self.members()
        members["decision.json"] = members["decision.json"].replace(b'"verdict":"FAIL"', b'"verdict":"PASS"')
        manifest = json.loads(members["manifest.json"])
        for f in manifest["files"]:
            content = members[f["path"]]
            f.update(size=len(content), sha256=hashlib.sha256(content).hexdigest(),
                     sha512=hashlib.sha512(content).hexdigest())
        members["manifest.json"] = json.dumps(manifest, separators=(",", ":"), sort_keys=True).encode()
        self.refused(self.zipped(members), self.packed("lab.pub"), has="is not")

    def test_what_these_steps_cannot_see_is_said(self):
        """A lie that the lab signed passes all but the log here; hb verify decides again and refuses it."""
        self.assertIn("That the verdict follows from the data", self.members()["VERIFY.md"].decode())
        self.hb("verify", self.packed("lied.zip"), "--trust", self.packed("lab.pub"), code=12)


class Fold(toolpacks.Case):
    """Step 5 alone, for trees of other sizes, against a tree by hand after RFC 6962, section 2.1."""

    @staticmethod
    def tree(leaves):
        if len(leaves) == 1:
            return leaves[0], lambda i: []
        k = 1
        while k * 2 < len(leaves):
            k *= 2
        left, left_path = Fold.tree(leaves[:k])
        right, right_path = Fold.tree(leaves[k:])
        root = hashlib.sha256(b"\1" + left + right).digest()
        return root, lambda i: left_path(i) + [right] if i < k else right_path(i - k) + [left]

    def step(self, decision, entry, inclusion, root, size):
        text = blocks(self.members()["VERIFY.md"].decode())
        step = next(b for b in text if "fold()" in b)
        is_ = next(l for b in text for l in b.splitlines() if l.startswith("is()"))
        self.write("log/entry.json", json.dumps(entry))
        self.write("log/inclusion.json", json.dumps(inclusion))
        self.write("log/checkpoint", f"hb/0\n{size}\n{base64.b64encode(root).decode()}\n\nx\n")
        script = self.write("step.sh", f"DECISION={decision}\n{is_}\n{step}")
        r = subprocess.run(["sh", "-eu", script], cwd=self.dir, capture_output=True, timeout=60, check=False)
        return r.returncode, r.stdout.decode() + r.stderr.decode()

    def leaf(self, entry):
        return hashlib.sha256(b"\0" + json.dumps(entry).encode()).digest()

    def test_trees_of_all_shapes(self):
        rng = random.Random(6962)
        decision = "ab" * 32
        entry = {"type": "decision", "subject": decision, "at": "2026-01-02T03:04:05Z"}
        for size in (1, 2, 3, 5, 8, 11):
            for index in sorted({0, size - 1, rng.randrange(size)}):
                leaves = [hashlib.sha256(b"\0%d" % i).digest() for i in range(size)]
                leaves[index] = self.leaf(entry)
                root, path = self.tree(leaves)
                inclusion = {"index": index, "size": size, "path": [h.hex() for h in path(index)]}
                code, said = self.step(decision, entry, inclusion, root, size)
                self.assertEqual(code, 0, (size, index, said))
                wrongs = [{"index": index + size}, {"path": inclusion["path"] + ["00" * 32]}]
                for wrong in wrongs if index == size - 1 else []:
                    code, said = self.step(decision, entry, {**inclusion, **wrong}, root, size)
                    self.assertNotEqual(code, 0, (size, index, wrong, said))
        code, said = self.step(decision, entry, inclusion, root, size + 1)
        self.assertIn("is not", said, "the size is the checkpoint's")

    def test_a_batch_of_windows(self):
        decisions = [hashlib.sha256(b"%d" % i).digest() for i in range(5)]
        batch, batch_path = self.tree([hashlib.sha256(b"\0" + d).digest() for d in decisions])
        entry = {"type": "windows", "subject": batch.hex(), "at": "2026-01-02T03:04:05Z"}
        root, path = self.tree([b"\7" * 32, self.leaf(entry)])
        inclusion = {"index": 1, "size": 2, "path": [h.hex() for h in path(1)],
                     "batch": {"index": 3, "size": 5, "path": [h.hex() for h in batch_path(3)]}}
        code, said = self.step(decisions[3].hex(), entry, inclusion, root, 2)
        self.assertEqual(code, 0, said)
        code, said = self.step(decisions[2].hex(), entry, inclusion, root, 2)
        self.assertNotEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
