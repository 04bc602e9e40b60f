# SPDX-License-Identifier: Apache-2.0
"""The reading child as a process, and its answer decoded (docs/formats/child_frames.md)."""
import struct
import subprocess

import numpy as np

from hbtest import HB, Case

STATUS = ("OK", "USAGE", "INPUT", "LIMIT", "CONFIG", "STORE", "DENIED", "EVIDENCE", "IO", "NOMEM", "BUG")

# What hb gives its child; the leak check of a sanitizer cannot run in the sandbox.
ENVIRONMENT = {"LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0"}


class Answer:
    """columns: name → list of cells (float, bool, str, None = missing); units, notes, rows, error."""

    def __init__(self, raw):
        self.columns, self.units, self.notes, self.rows, self.error, self.code = {}, {}, {}, 0, "", "OK"
        self.raw, self.at = raw, 0
        self.ended = False
        while self.at < len(raw):
            kind, size = self.take("<II")
            end = self.at + size
            getattr(self, ("", "start", "note", "labels", "block", "failure", "end")[kind])()
            assert self.at == end, (kind, self.at, end)

    def take(self, form):
        values = struct.unpack_from(form, self.raw, self.at)
        self.at += struct.calcsize(form)
        return values

    def text(self):
        n, = self.take("<I")
        self.at += n
        return self.raw[self.at - n:self.at].decode()

    def start(self):
        assert self.take("<I") == (1,)

    def note(self):
        what, value, _ = self.text(), self.text(), self.text()
        self.notes[what] = value

    def labels(self):
        _, n = self.take("<BI")
        self.order = []
        for _ in range(n):
            name, unit = self.text(), self.text()
            while name in self.columns:
                name += "'"
            self.order.append(name)
            self.columns[name], self.units[name] = [], unit

    def block(self):
        n, = self.take("<I")
        self.rows += n
        for name in self.order:
            encoding, = self.take("<B")
            if encoding == 3:
                cells = [self.text() for _ in range(n)]
            elif encoding == 2:
                cells = [v != 0 for v in self.take(f"<{n}B")]
            else:
                none = self.take(f"<{n}B") if encoding == 1 else (0,) * n
                cells = [None if no else v for no, v in zip(none, self.take(f"<{n}d"))]
            self.columns[name] += cells

    def failure(self):
        code, = self.take("<I")
        self.code, self.error = STATUS[code], self.text()

    def end(self):
        assert self.take("<Q") == (self.rows,)
        self.ended = True


class Containers(Case):
    def child(self, reader, name, variable="", **kw):
        with open(self.path(name), "rb") as f:
            r = subprocess.run([HB, "--read-child", reader, variable], stdin=f, capture_output=True, timeout=120,
                               check=False, env=ENVIRONMENT, **kw)
        return r

    def read(self, reader, name, variable=""):
        r = self.child(reader, name, variable)
        a = Answer(r.stdout)
        self.assertEqual((r.returncode, a.error), (0, ""), r.stderr.decode())
        self.assertTrue(a.ended)
        return a

    def refused(self, reader, name, code, has, variable=""):
        r = self.child(reader, name, variable)
        a = Answer(r.stdout)
        self.assertEqual((r.returncode, a.code), (0, code), a.error + r.stderr.decode())
        for words in [has] if isinstance(has, str) else has:
            self.assertIn(words, a.error)
        return a.error

    def same(self, cells, want):
        """Cell by cell, to the last bit."""
        got = np.array([np.nan if c is None else c for c in cells], dtype=float)
        np.testing.assert_array_equal(got, np.asarray(want, dtype=float).ravel())

    def same_table(self, answer, **want):
        self.assertEqual(list(answer.columns), list(want))
        for name, values in want.items():
            self.same(answer.columns[name], values)
