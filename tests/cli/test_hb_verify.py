# SPDX-License-Identifier: Apache-2.0
"""hb-verify as a program: what it needs, what it gives up, what it says. What it finds wrong with
packs: tests/e2e/test_pack_mutations.py."""
import os
import struct
import subprocess
import unittest

import hbtest
import packs

VERIFY = os.path.join(os.environ["HB_BUILD_DIR"], "hb-verify")
PT_INTERP, PT_DYNAMIC, DT_NEEDED, ELF64_HEAD = 3, 2, 1, 64


def elf(path):
    with open(path, "rb") as f:
        data = f.read()
    at, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    return data, [struct.unpack_from("<IIQQQQQQ", data, at + i * size) for i in range(count)]


class Verify(hbtest.Case):
    def run_verify(self, *args):
        return self.run_hb(*args, binary=VERIFY)

    def test_it_needs_no_shared_library(self):
        data, headers = elf(VERIFY)
        if any(h[0] == PT_INTERP for h in headers) and self.is_instrumented():
            self.skipTest("an instrumented build is not static")
        self.assertNotIn(PT_INTERP, [h[0] for h in headers])
        for h in headers:
            if h[0] == PT_DYNAMIC:
                tags = struct.iter_unpack("<QQ", data[h[2]:h[2] + h[5]])
                self.assertNotIn(DT_NEEDED, [t for t, _ in tags])

    def is_instrumented(self):
        with open(os.path.join(os.environ["HB_BUILD_DIR"], "CMakeCache.txt")) as f:
            text = f.read()
        return any(line.split("=", 1)[1].strip() not in ("", "OFF") for line in text.splitlines()
                   if line.startswith(("HB_SANITIZE:", "HB_COVERAGE:", "HB_FUZZ:")))

    def test_it_is_small_enough_to_carry(self):
        with open(os.path.join(os.environ["HB_BUILD_DIR"], "CMakeCache.txt")) as f:
            if "CMAKE_BUILD_TYPE:STRING=Release" not in f.read():
                self.skipTest("a debug build")
        if self.is_instrumented():
            self.skipTest("an instrumented build")
        self.assertLess(os.path.getsize(VERIFY), 8 << 20)

    def test_sandbox_refuses_what_it_should(self):
        r = self.run_verify("--check-sandbox")
        lines = r.stdout.decode().splitlines()
        self.assertEqual(r.returncode, 0, r)
        self.assertEqual(lines[0], "seccomp: in force")
        self.assertEqual(len(lines), 16)
        for line in lines[3:]:
            self.assertTrue(line.endswith(": refused"), line)

    def test_usage(self):
        for args, words in [([], "which pack?"), (["a", "b"], "one pack at a time"),
                            (["--trust"], "wants the file"), (["--nonsense", "x"], "no option"),
                            (["nowhere.zip"], "cannot open 'nowhere.zip'")]:
            r = self.run_verify(*args)
            self.assertEqual((r.returncode, r.stdout), (2, b""), args)
            self.assertIn(words, r.stderr.decode())
        r = self.run_verify("--trust", self.write("k.pub", "no key"), "x.zip")
        self.assertEqual(r.returncode, 2)
        self.assertIn("usage: hb-verify", self.run_verify("--help").stdout.decode())
        self.assertRegex(self.run_verify("--version").stdout.decode(), r"^hb-verify \d")

    def test_an_error_goes_into_a_file(self):
        for args, code in ((("none.zip",), 2), ((self.write("a.zip", "no zip"),), 12)):
            with open(self.path("errors"), "wb") as f:
                r = subprocess.run([VERIFY, *args], stdout=subprocess.PIPE, stderr=f, cwd=self.dir)
            self.assertEqual(r.returncode, code)
        os.mkfifo(self.path("pipe"))
        with open(self.path("errors"), "wb") as f:
            r = subprocess.run([VERIFY, "pipe"], stdout=subprocess.PIPE, stderr=f, cwd=self.dir)
        with open(self.path("errors")) as f:
            self.assertIn("neither a file nor a folder", f.read())
        self.assertEqual(r.returncode, 2)

    def test_what_is_no_pack_is_told_so(self):
        r = self.run_verify(self.write("x.zip", b"Time,Speed\n0,1\n" * 10))
        self.assertEqual(r.returncode, 12, r)
        self.assertIn("no zip", r.stdout.decode())
        os.mkfifo(self.path("pipe"))
        r = self.run_verify("pipe")
        self.assertEqual(r.returncode, 2, r)
        self.assertIn("neither a file nor a folder", r.stderr.decode())

    def test_zip_and_folder_are_read_in_the_sandbox(self):
        files = {"run.json": b"{}", packs.MANIFEST: packs.canonical({"case": "c"})}
        files = packs.with_manifest(files)
        self.write("p.zip", packs.write_zip(files))
        packs.write_folder(self.path("folder"), files)
        for pack in ("p.zip", "folder"):
            r = self.run_verify("--json", pack)
            self.assertEqual(r.returncode, 12, r)
            self.assertIn("2 files, no two ways", r.stdout.decode())
            self.assertIn("lists 1 file", r.stdout.decode())

    def test_nothing_is_opened_after_the_sandbox(self):
        """strace, where it may look: between the filter and the end no file is opened, nothing sent."""
        files = packs.with_manifest({"run.json": b"{}", packs.MANIFEST: b'{"case":"c"}'})
        self.write("p.zip", packs.write_zip(files))
        try:
            r = subprocess.run(["strace", "-f", "-o", self.path("calls"), VERIFY, self.path("p.zip")],
                               capture_output=True, timeout=60, check=False)
        except FileNotFoundError:
            self.skipTest("no strace")
        with open(self.path("calls")) as f:
            calls = f.read()
        if r.returncode != 12 or "seccomp(" not in calls:
            self.skipTest("strace may not look here")
        after = calls[calls.rindex("seccomp("):]
        for call in ("open", "socket", "exec", "clone", "connect", "unlink", "rename"):
            self.assertNotRegex(after, rf"\b{call}\w*\(")
        self.assertNotIn("socket(", calls)


if __name__ == "__main__":
    unittest.main()
