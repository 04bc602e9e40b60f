# SPDX-License-Identifier: Apache-2.0
"""What the command-line tests share: the program as a process in a scratch folder."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["HB_SOURCE_DIR"]
HB = os.environ["HB_BINARY"]
REBUILD_ALL = os.path.join(os.environ.get("HB_BUILD_DIR", ""), "tests", "cli", "rebuild_all")
DATA = os.environ.get("HB_DATA", os.path.join(SOURCE, "..", "shared", "data"))


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="hb-cli-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def tearDown(self):
        """With HB_REBUILD every decision that any test leaves behind is made again."""
        if os.environ.get("HB_REBUILD"):
            for folder, _, names in os.walk(self.dir):
                for name in names:
                    path = os.path.join(folder, name)
                    with open(path, "rb") as f:
                        registry = name == "runs.db" and f.read(16) == b"SQLite format 3\0"
                    if registry:
                        self.rebuild(path)

    def rebuild(self, db="runs.db", tool=REBUILD_ALL):
        """Makes every decision of the registry again, from what was kept with it and through a pack; how many."""
        with tempfile.TemporaryDirectory() as folder:
            r = subprocess.run([tool, self.path(db), folder], capture_output=True, check=False, timeout=600)
            self.assertEqual(r.returncode, 0, r.stderr.decode()[:4000])
            return json.loads(r.stdout)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run_hb(self, *args, env=None, stdin=b"", binary=HB, timeout=120):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        clean.update({"LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
        clean.update(env or {})
        return subprocess.run([binary, *map(str, args)], cwd=self.dir, env=clean, input=stdin,
                              capture_output=True, timeout=timeout, check=False)

    def hb(self, *args, code=0, **kw):
        """Runs and expects the exit code; returns standard output as text."""
        r = self.run_hb(*args, **kw)
        self.assertEqual(r.returncode, code, f"hb {' '.join(map(str, args))}\n{r.stdout.decode()}{r.stderr.decode()}")
        return r.stdout.decode()

    def hb_json(self, *args, code=0, **kw):
        return json.loads(self.hb(*args, "--json", code=code, **kw))

    def hb_error(self, *args, code, has, **kw):
        """Expects a failure: exit code, the words on standard error, nothing on standard output."""
        r = self.run_hb(*args, **kw)
        err = r.stderr.decode()
        self.assertEqual(r.returncode, code, f"hb {' '.join(map(str, args))}\n{r.stdout.decode()}{err}")
        for words in [has] if isinstance(has, str) else has:
            self.assertIn(words, err)
        self.assertEqual(r.stdout, b"")
        return err
