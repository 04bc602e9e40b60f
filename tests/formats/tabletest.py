# SPDX-License-Identifier: Apache-2.0
"""What the readers' tests share: the cells of a file as print_table shows them."""
import hashlib
import json
import os
import resource
import subprocess

from hbtest import HB, Case

PRINT_TABLE = os.environ["HB_PRINT_TABLE"]

with open(HB, "rb") as program:
    image = program.read()
SANITIZED = b"__asan_init" in image or b"__tsan_init" in image  # their own memory is not the program's


class Table:
    def __init__(self, lines):
        lines = [json.loads(line) for line in lines]
        self.head, self.end = lines[0], lines[-1]
        self.rows = [x for x in lines[1:-1] if isinstance(x, list)]
        self.rejects = [x for x in lines[1:-1] if isinstance(x, dict)]
        self.names = [c[0] for c in self.head["columns"]]
        self.units = [c[1] for c in self.head["columns"]]
        self.notes = self.head["notes"]

    def column(self, i):
        i = self.names.index(i) if isinstance(i, str) else i
        return [r[i] if i < len(r) else None for r in self.rows]


class Tables(Case):
    def run_print(self, name, *args, stdin=b"", memory_mib=None):
        def limit():
            if memory_mib and not SANITIZED:
                resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
        return subprocess.run([PRINT_TABLE, name, *args], cwd=self.dir, input=stdin, capture_output=True, timeout=300,
                              check=False, preexec_fn=limit)

    def table(self, name, *args, **kw):
        r = self.run_print(name, *args, **kw)
        self.assertEqual(r.returncode, 0, f"{name} {args}: {r.stderr.decode()}")
        t = Table(r.stdout.decode().splitlines())
        if name != "-":
            with open(self.path(name), "rb") as f:
                stored = f.read()
            self.assertEqual((t.end["bytes"], t.end["sha256"]), (len(stored), hashlib.sha256(stored).hexdigest()))
        return t

    def refused(self, name, *args, has, **kw):
        """Refused with an exit status of ours, the file's name and the words."""
        r = self.run_print(name, *args, **kw)
        err = r.stderr.decode()
        self.assertEqual(r.returncode, 2, f"{name} {args}: {err}")
        for words in [has] if isinstance(has, str) else has:
            self.assertIn(words, err)
        return err
