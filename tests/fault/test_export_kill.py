# SPDX-License-Identifier: Apache-2.0
"""kill -9 of an export at its 1st, 2nd, … call of each kind that makes, names or removes files: no zip but a whole one, nothing
hidden beside it; of a folder at most one hidden part, which the next export takes away."""
import os
import shutil
import subprocess
import unittest

from hbtest import HB, Case

CALLS = ("openat", "mkdir", "fsync", "linkat", "rename", "unlink", "rmdir")
MANY = {"openat": 7, "fsync": 3}  # every so manieth: SQLite and the log have many, which have tests of their own
ROWS = "time,temp\n" + "".join(f"{i},{20 + i % 3}\n" for i in range(200))


def can_trace():
    if not shutil.which("strace"):
        return False
    r = subprocess.run(["strace", "-e", "inject=fsync:signal=SIGKILL:when=1", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return r.returncode == 0


@unittest.skipUnless(can_trace(), "strace is not installed, or may not trace here")
class Kill(Case):
    def setUp(self):
        super().setUp()
        self.hb("init")
        self.hb("keys", "generate", "lab", "--no-passphrase")
        self.write("a.csv", ROWS)
        self.hb("run", "a.csv", "--run-id", "a", "--program", "p", "--test-name", "t", "--fail-on", "none")
        os.mkdir(self.path("out"))

    def export(self, form, *strace):
        words = ["export", "evidence-pack", "--case", "a", "--form", form, "--out", "out/p"]
        return self.run_hb(*strace[1:], HB, *words, binary=strace[0]) if strace else self.run_hb(*words)

    def hidden(self):
        return [n for n in os.listdir(self.path("out")) if n.startswith(".")]

    def check_pack(self):
        self.hb("verify", "--trust", "keys/lab.pub", "out/p")

    def remove(self):
        path = self.path("out/p")
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def killed_at(self, call, n, form):
        """False = there was no such call any more."""
        r = self.export(form, "strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}")
        if r.returncode == 0:
            self.check_pack()
            self.remove()
            return False
        self.assertIn(r.returncode, (-9, 137), r.stderr.decode())
        if os.path.exists(self.path("out/p")):
            self.check_pack()
            self.remove()
        left = self.hidden()
        if form == "zip":
            self.assertEqual(left, [], f"{call} {n}")
        else:
            self.assertLessEqual(len(left), 1, f"{call} {n}")
            self.assertTrue(all(name.endswith(".hb-part") for name in left))
        return True

    def loop(self, form):
        kills = parts = 0
        for call in CALLS:
            n = 1
            while self.killed_at(call, n, form):
                kills += 1
                parts += len(self.hidden())
                n += MANY.get(call, 1)
                r = self.export(form)
                self.assertEqual(r.returncode, 0, r.stderr.decode())
                self.assertEqual(self.hidden(), [])
                self.check_pack()
                self.remove()
        self.assertGreater(kills, len(CALLS))
        print(f"{form}: {kills} kills, {parts} parts taken away")
        return parts

    def test_a_zip_leaves_nothing(self):
        self.loop("zip")

    def test_a_folder_leaves_a_part_that_goes(self):
        self.assertGreater(self.loop("folder"), 0)

    def test_a_part_of_one_who_lives_stays(self):
        """A folder that is being made is locked by its process; one that nobody holds goes."""
        os.makedirs(self.path("out/.p.0123456789ab.hb-part/raw"))
        os.makedirs(self.path("out/.p.ba9876543210.hb-part"))
        holder = subprocess.Popen(["flock", self.path("out/.p.ba9876543210.hb-part"), "sh", "-c", "echo held; exec cat"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), b"held\n")
        r = self.export("zip")
        self.assertEqual(r.returncode, 0, r.stderr.decode())
        self.assertEqual(self.hidden(), [".p.ba9876543210.hb-part"])
        holder.communicate(timeout=60)
        self.remove()
        self.assertEqual(self.export("zip").returncode, 0)
        self.assertEqual(self.hidden(), [])


if __name__ == "__main__":
    unittest.main()
