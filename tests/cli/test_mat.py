# SPDX-License-Identifier: Apache-2.0
"""MATLAB files as scipy writes them (version 5) and as MATLAB lays out 7.3, held against numpy cell by cell."""
import gzip
import io
import os
import struct
import sys
import unittest
import zlib

try:
    import h5py
    import numpy as np
    import scipy.io
    import scipy.sparse
    from containers import ENVIRONMENT, Answer, Containers
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

from hbtest import DATA

BATTERY = os.path.join(DATA, "formats", "B0049.mat")


class Mat5(Containers):
    def setUp(self):
        super().setUp()
        self.rng = np.random.default_rng(7)

    def save(self, name="a.mat", compress=False, **variables):
        scipy.io.savemat(self.path(name), variables, do_compression=compress, oned_as="column")

    def both(self, variables, check, variable=""):
        for compress in (False, True):
            with self.subTest(compress=compress):
                self.save(compress=compress, **variables)
                check(self.read("mat5", "a.mat", variable))

    def test_vectors_are_columns(self):
        n = 10000  # more than one block
        v = {"t": np.arange(n) / 7, "row": self.rng.normal(size=(1, n)), "x32": self.rng.normal(size=n).astype("f4"),
             "flag": self.rng.integers(0, 2, n).astype(bool), "gaps": np.where(np.arange(n) % 3, 1.5, np.nan)}
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"):
            info = np.iinfo(kind)
            most = min(info.max, 2**53)
            v[kind] = self.rng.integers(max(info.min, -2**53), most, n, endpoint=True, dtype=kind)
        self.both({**v, "fs": 48000.0, "who": "me"}, lambda a: (
            self.same_table(a, **{k: x for k, x in v.items()}),
            self.assertIs(type(a.columns["flag"][0]), bool),
            self.assertEqual(a.notes, {"variable": ".", "not read": "fs (1), who (1)"})))

    def test_a_matrix_gives_a_column_each(self):
        m = self.rng.normal(size=(5000, 3))
        self.both({"accel": m}, lambda a: self.same_table(
            a, **{f"accel {i + 1}": m[:, i] for i in range(3)}))

    def test_a_matrix_beside_vectors_is_turned_when_it_must(self):
        n = 4500
        t, m, other = np.arange(n) / 10, self.rng.normal(size=(2, n)), self.rng.normal(size=(n, 2))
        self.both({"t": t, "m": m, "o": other}, lambda a: (self.same_table(a, **{
            "t": t, "m 1": m[0], "m 2": m[1], "o 1": other[:, 0], "o 2": other[:, 1]}),
            self.assertEqual(a.notes["turned"], "m")))

    def test_a_flat_matrix_of_too_many_columns_is_turned(self):
        m = self.rng.normal(size=(2, 30000))
        self.both({"m": m}, lambda a: self.same_table(a, **{"m 1": m[0], "m 2": m[1]}))

    def test_big_integers_keep_their_digits(self):
        i = np.array([1, 2**53 + 1, -2**63, 2**63 - 1], dtype="i8")
        u = np.array([0, 2**53 + 1, 2**64 - 1, 5], dtype="u8")
        self.both({"i": i, "u": u}, lambda a: self.assertEqual(a.columns, {
            "i": [str(x) for x in i], "u": [str(x) for x in u]}))

    def test_texts(self):
        cells = np.array(["on", "off", "", "größer", "日本"], dtype=object)
        chars = np.array(["ab", "c", "def", "g", "h"])
        self.both({"s": cells, "c": chars, "v": np.arange(5.)}, lambda a: (
            self.assertEqual(a.columns["s"], list(cells)), self.assertEqual(a.columns["c"], list(chars)),
            self.same(a.columns["v"], np.arange(5))))

    def test_structs_and_struct_arrays(self):
        list_ = np.zeros((4,), dtype=[("gain", object), ("name", object), ("data", object)])
        for i in range(4):
            list_[i] = (i / 2, f"n{i}", {"v": np.arange(10. + i), "w": np.arange(10. + i) ** 2})
        v = {"run": {"t": np.arange(6.), "x": np.arange(6.) * 3, "meta": {"lab": "A"}, "k": 4.0}, "list": list_}
        for compress in (False, True):
            self.save(compress=compress, **v)
            self.same_table(self.read("mat5", "a.mat", "run"), t=np.arange(6), x=np.arange(6) * 3)
            self.same_table(self.read("mat5", "a.mat", "run.x"), x=np.arange(6) * 3)
            self.same_table(self.read("mat5", "a.mat", "list(3).data"), v=np.arange(12), w=np.arange(12) ** 2)
            self.same_table(self.read("mat5", "a.mat", "run.x,run.t"), x=np.arange(6) * 3, t=np.arange(6))
            a = self.read("mat5", "a.mat", "list")
            self.assertEqual(a.columns, {"gain": [0, .5, 1, 1.5], "name": ["n0", "n1", "n2", "n3"]})
            self.refused("mat5", "a.mat", "USAGE", ["choose one by --variable", "run (6 rows)",
                                                    "list(1).data … list(4).data (4 of them, up to 13 rows)"])

    def test_one_row_where_there_is_nothing_longer(self):
        self.save(latency_ms=3.5, resets=0, who="x")
        a = self.read("mat5", "a.mat")
        self.assertEqual(a.columns, {"latency_ms": [3.5], "resets": [0], "who": ["x"]})

    def test_choice(self):
        self.save(a=np.arange(5.), b=np.arange(5.) * 2, c=np.arange(9.))
        self.refused("mat5", "a.mat", "USAGE", ["2 tables", ". (5 rows)", "c (9 rows)"])
        self.same_table(self.read("mat5", "a.mat", "."), a=np.arange(5), b=np.arange(5) * 2)
        self.same_table(self.read("mat5", "a.mat", "b, a"), b=np.arange(5) * 2, a=np.arange(5))
        self.same_table(self.read("mat5", "a.mat", "c"), c=np.arange(9))
        self.refused("mat5", "a.mat", "USAGE", "'c' has 9", "a,c")
        self.refused("mat5", "a.mat", "USAGE", ["no variable 'nope'", "c (9 rows)"], "nope")

    def test_many_choices_are_cut(self):
        self.save(**{f"s{i:03}": {"x": np.arange(2. + i)} for i in range(60)})
        error = self.refused("mat5", "a.mat", "USAGE", ["60 tables", "s000", "more"])
        self.assertLess(len(error), 500)

    def test_what_makes_no_table(self):
        self.save(sparse=scipy.sparse.csc_matrix(np.eye(4)), z=np.ones(4) * 1j, empty=np.zeros((0, 3)),
                  cube=np.zeros((2, 3, 4)), cells=np.array([np.arange(3), "x"], dtype=object))
        self.refused("mat5", "a.mat", "INPUT", ["sparse is a sparse matrix", "z is complex", "empty is empty",
                                                "cube is of more than two dimensions"])
        self.refused("mat5", "a.mat", "INPUT", "a cell array", "cells")
        self.refused("mat5", "a.mat", "INPUT", ["complex", "magnitude"], "z")

    def test_a_cube_with_one_thin_side_is_a_matrix(self):
        m = self.rng.normal(size=(4, 1, 3))
        self.both({"m": m}, lambda a: self.same_table(a, **{f"m {i + 1}": m[:, 0, i] for i in range(3)}))

    def test_big_endian(self):
        """scipy writes the machine's order; here the header and every number are turned by hand."""
        def element(kind, body):
            body += b"\0" * (-len(body) % 8)
            return struct.pack(">II", kind, len(body)) + body

        def array(name, values):
            inner = element(6, struct.pack(">II", 6, 0)) + element(5, struct.pack(">ii", len(values), 1))
            inner += struct.pack(">II", 1, len(name)) + name.ljust(8, b"\0")
            return element(14, inner + element(9, struct.pack(f">{len(values)}d", *values)))
        header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\1\0MI"
        self.write("a.mat", header + array(b"x", [1.5, -2.25, 1e300]) + array(b"y", [1, 2, 3]))
        self.same_table(self.read("mat5", "a.mat"), x=[1.5, -2.25, 1e300], y=[1, 2, 3])

    def test_battery(self):
        if not os.path.exists(BATTERY):
            self.skipTest(f"no {BATTERY}")
        os.symlink(BATTERY, self.path("b.mat"))
        cycles = scipy.io.loadmat(BATTERY, squeeze_me=True, struct_as_record=False)["B0049"].cycle
        for i in (0, 2, 40, len(cycles) - 2):
            data = cycles[i].data
            want = {f: getattr(data, f) for f in data._fieldnames if np.size(getattr(data, f)) > 1
                    and not np.iscomplexobj(getattr(data, f))}
            if want:
                self.same_table(self.read("mat5", "b.mat", f"B0049.cycle({i + 1}).data"), **want)
        a = self.read("mat5", "b.mat", "B0049.cycle")
        self.assertEqual(a.columns, {"type": [c.type for c in cycles],
                                     "ambient_temperature": [c.ambient_temperature for c in cycles]})
        self.hb_error("inspect", "b.mat", code=2, has=["--variable", "B0049.cycle (62 rows)"])
        shown = self.hb("inspect", "b.mat", "--variable", "B0049.cycle(3).data")
        self.assertIn("3785", shown)


class Mat73(Containers):
    """The layout of MATLAB's own files, written by h5py: dimensions in reverse, classes as attributes."""

    def setUp(self):
        super().setUp()
        self.rng = np.random.default_rng(7)

    def open(self, name="a.mat"):
        return h5py.File(self.path(name), "w", userblock_size=512)

    def head(self, name="a.mat"):
        with open(self.path(name), "r+b") as f:
            f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")

    def put(self, f, name, value, kind=None, **more):
        value = np.atleast_2d(value)
        d = f.create_dataset(name, data=value.T, **more)
        d.attrs["MATLAB_class"] = np.bytes_(kind or {"f8": "double", "f4": "single"}.get(
            value.dtype.str[1:], value.dtype.name))
        return d

    def chars(self, f, name, text):
        rows = [text] if isinstance(text, str) else text
        data = np.array([[ord(c) for c in row] for row in rows], dtype="u2")
        d = self.put(f, name, data, "char")
        d.attrs["MATLAB_int_decode"] = np.int32(2)
        return d

    def test_vectors_and_matrices(self):
        n = 9000
        t, m, flag = np.arange(n) / 3, self.rng.normal(size=(n, 3)), self.rng.integers(0, 2, n)
        i8 = np.arange(n) - 5
        with self.open() as f:
            self.put(f, "t", t[:, None], chunks=(1, 500), compression="gzip", shuffle=True)
            self.put(f, "m", m)
            self.put(f, "flag", flag[None, :].astype("u1"), "logical")
            self.put(f, "i", i8[None, :])
            self.chars(f, "who", "me")
            f.create_group("#refs#")["x"] = np.arange(4.)
        self.head()
        a = self.read("mat73", "a.mat")
        self.assertEqual(a.notes, {"variable": ".", "not read": "who (1)"})
        self.assertIs(type(a.columns["flag"][0]), bool)
        self.same_table(a, flag=flag, i=i8, **{f"m {k + 1}": m[:, k] for k in range(3)}, t=t)
        shown = self.hb("inspect", "a.mat")
        self.assertIn("9000 rows", shown)

    def test_structs_cells_and_texts(self):
        with self.open() as f:
            s = f.create_group("run")
            s.attrs["MATLAB_class"] = np.bytes_("struct")
            self.put(s, "t", np.arange(5.))
            refs = f.create_group("#refs#")
            texts = ["on", "", "größer", "日本", "😀"]
            for i, text in enumerate(texts):
                if text:
                    data = np.frombuffer(text.encode("utf-16le"), dtype="<u2")
                    d = refs.create_dataset(f"c{i}", data=data[:, None])
                    d.attrs["MATLAB_class"] = np.bytes_("char")
                else:
                    d = refs.create_dataset(f"c{i}", data=np.zeros(2, dtype="u8"))
                    d.attrs["MATLAB_class"] = np.bytes_("char")
                    d.attrs["MATLAB_empty"] = np.uint8(1)
            cell = s.create_dataset("state", data=np.array([[refs[f"c{i}"].ref for i in range(5)]], dtype=h5py.ref_dtype))
            cell.attrs["MATLAB_class"] = np.bytes_("cell")
            self.chars(s, "code", ["ab", "c ", "de", "fg", "hi"])
            other = f.create_group("list")
            other.attrs["MATLAB_class"] = np.bytes_("struct")
            for i in range(3):
                self.put(refs, f"g{i}", [[i / 2]])
                self.put(refs, f"d{i}", np.arange(4. + i))
            for field, letter in (("gain", "g"), ("data", "d")):
                other.create_dataset(field, data=np.array([[refs[f"{letter}{i}"].ref] for i in range(3)], dtype=h5py.ref_dtype))
        self.head()
        a = self.read("mat73", "a.mat", "run")
        self.assertEqual(a.columns, {"code": ["ab", "c", "de", "fg", "hi"], "state": texts, "t": [0, 1, 2, 3, 4]})
        self.assertEqual(self.read("mat73", "a.mat", "list").columns, {"gain": [0, .5, 1]})
        self.same_table(self.read("mat73", "a.mat", "list(3).data"), data=np.arange(6))
        self.refused("mat73", "a.mat", "USAGE", ["list(1).data … list(3).data (3 of them, up to 6 rows)", "run (5 rows)"])

    def test_what_makes_no_table(self):
        with self.open() as f:
            self.put(f, "z", np.zeros(3, dtype=[("real", "f8"), ("imag", "f8")]), "double")
            s = f.create_group("s")
            s.attrs["MATLAB_sparse"] = np.uint64(4)
            s.attrs["MATLAB_class"] = np.bytes_("double")
            e = f.create_dataset("e", data=np.zeros(2, dtype="u8"))
            e.attrs["MATLAB_class"], e.attrs["MATLAB_empty"] = np.bytes_("double"), np.uint8(1)
            self.put(f, "table", np.zeros((1, 6), dtype="u4"), "table").attrs["MATLAB_object_decode"] = np.int32(3)
        self.head()
        self.refused("mat73", "a.mat", "INPUT", ["z is complex", "s is a sparse matrix", "e is empty", "table2struct"])


class Whole(Containers):
    """Through `hb inspect`: streams, options, damage."""

    def save(self, name="a.mat", **more):
        scipy.io.savemat(self.path(name), {"t": np.arange(50) / 10, "x": np.arange(50.) ** 2}, **more)
        with open(self.path(name), "rb") as f:
            return f.read()

    def test_compressed_and_piped(self):
        raw = self.save()
        want = self.hb("inspect", "a.mat").splitlines()[-1]
        self.write("a.mat.gz", gzip.compress(raw))
        self.assertEqual(self.hb("inspect", "a.mat.gz").splitlines()[-1], want)
        self.assertEqual(self.hb("inspect", "-", stdin=raw).splitlines()[-1], want)
        self.write("renamed.csv", raw)
        self.assertEqual(self.hb("inspect", "renamed.csv").splitlines()[-1], want)

    def test_variable_belongs_to_containers(self):
        self.write("a.csv", "a,b\n1,2\n")
        self.hb_error("inspect", "a.csv", "--variable", "x", code=2, has=["--variable", "MATLAB and HDF5"])

    def test_cut_off(self):
        for compress in (False, True):
            raw = self.save(do_compression=compress)
            second = 136 + struct.unpack_from("<I", raw, 132)[0]  # a cut between two elements cannot be seen
            for n in set(range(129, len(raw), 7)) - {second} | {len(raw) - 1}:
                self.write("cut.mat", raw[:n])
                self.refused("mat5", "cut.mat", "INPUT", "")
            self.write("cut.mat", raw[:128])
            self.refused("mat5", "cut.mat", "INPUT", "no variables")

    def test_flipped_bytes_are_told_or_change_nothing_but_a_value(self):
        """Compressed data have a checksum; of uncompressed data every length must fit."""
        for compress in (False, True):
            raw = self.save(do_compression=compress)
            for at in range(128, len(raw), 5):
                for mask in (0xff, 0x01)[at % 2:]:
                    bad = bytearray(raw)
                    bad[at] ^= mask
                    self.write("bad.mat", bytes(bad))
                    r = self.child("mat5", "bad.mat")
                    self.assertEqual(r.returncode, 0, (at, mask, r.stderr))
                    with self.subTest(at=at, mask=mask, compress=compress):
                        self.check_flipped(r, bad)

    def check_flipped(self, r, bad):
        a = Answer(r.stdout)
        if a.error:
            self.assertIn(a.code, ("INPUT", "LIMIT", "USAGE"))
            return
        want = scipy.io.loadmat(io.BytesIO(bytes(bad)))
        for name, cells in a.columns.items():
            if name in want:  # a flipped name need not be one to scipy
                self.same([float(c) for c in cells], want[name])

    def test_a_bomb(self):
        """A header that claims 10^9 values, and zeros that unpack to 200 MB."""
        def element(kind, body):
            return struct.pack("<II", kind, len(body)) + body

        def array(rows, data):
            inner = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", rows, 1))
            return inner + struct.pack("<HHI", 1, 1, ord("x")) + data
        header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
        self.write("claim.mat", header + element(14, array(10**9, element(9, b"\0" * 64))))
        self.refused("mat5", "claim.mat", "INPUT", "as its dimensions say")
        size = 2 * 10**8
        pack = zlib.compressobj(9)
        inner = array(size // 8, struct.pack("<II", 9, size))
        parts = [pack.compress(struct.pack("<II", 14, len(inner) + size) + inner)]
        zeros = b"\0" * (1 << 20)
        for at in range(0, size, len(zeros)):
            parts.append(pack.compress(zeros[:min(len(zeros), size - at)]))
        body = b"".join(parts) + pack.flush()
        self.write("bomb.mat", header + element(15, body))
        self.assertLess(len(body), 1 << 20)
        self.refused("mat5", "bomb.mat", "LIMIT", "x")
        self.hb_error("inspect", "bomb.mat", code=2, has="bomb.mat")

    def test_nested_too_deep(self):
        v = np.arange(3.)
        for _ in range(60):
            v = {"s": v}
        scipy.io.savemat(self.path("deep.mat"), v)
        self.refused("mat5", "deep.mat", "LIMIT", "deep")


class Sandbox(Containers):
    def test_check(self):
        r = self.run_hb("--read-child", "check", env=ENVIRONMENT)
        text = r.stdout.decode()
        self.assertEqual(r.returncode, 0, text)
        self.assertIn("seccomp: in force", text)
        self.assertGreaterEqual(text.count(": refused"), 13)
        self.assertNotIn("WORKED", text)

    def test_wrong_use(self):
        for args in (["--read-child"], ["--read-child", "zip", ""], ["--read-child", "mat5"]):
            r = self.run_hb(*args)
            self.assertEqual((r.returncode, r.stdout), (2, b""))


if __name__ == "__main__":
    unittest.main()
