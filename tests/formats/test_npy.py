# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays written by numpy, read cell by cell."""
import gzip
import io
import math
import struct
import unittest
import warnings
import zipfile

import numpy as np

from tabletest import SANITIZED, Tables

BIG = 2**53


def want(v):
    """A numpy value as print_table shows it."""
    if isinstance(v, (np.datetime64, np.timedelta64)) and np.isnat(v):
        return None
    if isinstance(v, np.datetime64):
        return {"t": number_text(int(v.astype("M8[ns]").astype("i8")))}
    if isinstance(v, np.timedelta64):
        return big(int(v.astype("i8")))
    if isinstance(v, (np.bool_, bool)):
        return bool(v)
    if isinstance(v, np.integer):
        return big(int(v))
    if isinstance(v, np.floating):
        v = float(v)
        return "NaN" if math.isnan(v) else "Infinity" if v == math.inf else "-Infinity" if v == -math.inf else v
    if isinstance(v, bytes):
        try:
            v = v.decode()
        except UnicodeDecodeError:
            v = v.decode("latin-1")
    return v.strip() or None


def number_text(v):
    return v if abs(v) <= BIG else str(v)


def big(v):
    return v if abs(v) <= BIG else str(v)


class Npy(Tables):
    def save(self, name, a, version=None):
        with open(self.path(name), "wb") as f, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.lib.format.write_array(f, a, version=version, allow_pickle=True)
        return name

    def check(self, a, **kw):
        t = self.table(self.save("a.npy", a, **kw))
        got = [[x for x in r] for r in t.rows]
        flat = a.reshape(-1, 1) if a.ndim < 2 else a
        self.assertEqual(got, [[want(v) for v in row] for row in flat])
        return t

    def samples(self, kind, order):
        rng = np.random.default_rng(7)
        if kind == "?":
            return rng.integers(0, 2, 300).astype(bool)
        dt = np.dtype(kind).newbyteorder(order)
        if dt.kind in "iu":
            info = np.iinfo(dt)
            a = rng.integers(info.min, info.max, 300, dtype=dt.newbyteorder("="), endpoint=True)
            a[:2] = info.min, info.max
            if dt.itemsize == 8:
                a[2:5] = BIG - 1, BIG, BIG + 1
            return a.astype(dt)
        a = rng.normal(size=300) * 10.0 ** rng.integers(-6, 6, 300)
        a[:6] = np.nan, np.inf, -np.inf, 0, -0.0, 5e-8
        with np.errstate(over="ignore"):
            return a.astype(dt)

    def test_numbers_of_every_type_and_order(self):
        for kind in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
            for order in "<>":
                a = self.samples(kind, order)
                self.check(a)
                self.check(a.reshape(100, 3))
                self.check(np.asfortranarray(a.reshape(100, 3)))

    def test_every_half_float(self):
        a = np.arange(65536, dtype="u2").view("f2")
        self.check(a[np.isfinite(a)])

    def test_single_floats_near_the_borders(self):
        bits = [0, 1, 2, 0x7FFFFF, 0x800000, 0x800001, 0x3F800000, 0x7F7FFFFF]
        a = np.array(bits + [b | 0x80000000 for b in bits], dtype="u4").view("f4")
        self.check(a)

    def test_versions(self):
        a = np.arange(12.0).reshape(4, 3)
        for version in ((1, 0), (2, 0), (3, 0)):
            t = self.check(a, version=version)
            self.assertIn(f"version {version[0]}.0", t.notes["array"])
        b = np.array([(1, 2.0)], dtype=[("größe", "i4"), ("β", "f8")])
        for version in ((2, 0), (3, 0)):
            try:
                name = self.save("b.npy", b if version == (3, 0) else b.astype([("größe", "i4"), ("x", "f8")]), version)
            except UnicodeEncodeError:
                continue
            self.assertEqual(self.table(name).names[0], "größe")
        self.assertEqual(self.table(self.save("b.npy", b, (3, 0))).names, ["größe", "β"])

    def test_shapes(self):
        self.check(np.float64(2.5).reshape(()))
        self.check(np.arange(3.0).reshape(1, 3))
        self.check(np.arange(3.0).reshape(3, 1))
        t = self.check(np.arange(5000 * 7).reshape(5000, 7))  # several blocks
        self.assertEqual(t.names, [f"column {i + 1}" for i in range(7)])
        self.assertEqual(t.head["header_line"], 0)
        self.check(np.asfortranarray(np.arange(5000 * 7).reshape(5000, 7)))
        self.check(np.arange(900000.0).reshape(3, 300000)[:, :20000])
        self.refused(self.save("d.npy", np.zeros((2, 3, 4))), has=["d.npy", "(2, 3, 4)", "two dimensions"])
        self.refused(self.save("d.npy", np.zeros((0,))), has=["d.npy", "(0,)", "no data rows"])
        self.refused(self.save("d.npy", np.zeros((4, 0))), has=["d.npy", "(4, 0)"])
        self.refused(self.save("d.npy", np.zeros((2, 20001))), has=["d.npy", "20001 columns", "transposed"])

    def test_texts(self):
        self.check(np.array(["a", "", "  x ", "größe 😀", "日本"], dtype="<U9"))
        self.check(np.array(["a", "", "größe 😀"], dtype=">U9"))
        self.check(np.array([b"a", b"", b"x y", "größe".encode(), "größe".encode("latin-1")], dtype="S9"))
        bad = np.array(["ab"], dtype="<U2").view("u4")
        bad[:] = 0xD800, 0x110000
        self.assertEqual(self.table(self.save("b.npy", bad.view("<U2"))).column(0), ["\ufffd\ufffd"])

    def test_times(self):
        for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "25us", "10m"):
            a = np.array([0, 1, -1, 37, -200], dtype=f"M8[{unit}]")
            a = np.append(a, np.datetime64("NaT"))
            self.check(a)
            self.check(a.astype(a.dtype.newbyteorder(">")))
        fine = np.array([1500, -1500, 0], dtype="M8[ps]")
        self.assertEqual(self.table(self.save("p.npy", fine)).column(0), [{"t": 1}, {"t": -2}, {"t": 0}])
        far = np.array([2**62], dtype="M8[s]")
        self.assertIn("e", self.table(self.save("f.npy", far)).column(0)[0])
        now = np.array(["2024-05-07T10:42:17.123456789"], dtype="M8[ns]")
        self.check(now)
        self.refused(self.save("n.npy", np.array(["NaT"], dtype="M8")), has=["n.npy", "without a unit"])

    def test_spans(self):
        for unit, shown in (("D", "d"), ("h", "h"), ("m", "min"), ("s", "s"), ("ms", "ms"), ("us", "us"), ("ns", "ns")):
            t = self.check(np.array([0, 5, -7, 2**60], dtype=f"m8[{unit}]"))
            self.assertEqual(t.units, [shown])
        t = self.table(self.save("m.npy", np.array([4, -1], dtype="m8[25us]")))
        self.assertEqual((t.column(0), t.units), ([100, -25], ["us"]))
        t = self.table(self.save("m.npy", np.array([np.timedelta64("NaT", "s")])))
        self.assertEqual(t.column(0), [None])

    def test_records(self):
        dt = np.dtype([("t", "<M8[ms]"), ("a", ">f8"), ("n", "<i8"), ("ok", "?"), ("note", "<U6"), ("xyz", "<i2", (3,)),
                       ("one", "<f4", (1,))])
        a = np.zeros(5000, dtype=dt)
        a["t"] = np.arange(5000)
        a["a"] = np.arange(5000) / 3
        a["n"] = np.arange(5000) + 1700000000123456789
        a["ok"] = np.arange(5000) % 3 == 0
        a["note"] = [f"n{i}" if i % 2 else "" for i in range(5000)]
        a["xyz"] = np.arange(15000).reshape(5000, 3)
        for order in "CF":
            t = self.table(self.save("r.npy", np.array(a, order=order)))
            self.assertEqual(t.names, ["t", "a", "n", "ok", "note", "xyz[0]", "xyz[1]", "xyz[2]", "one[0]"])
            self.assertEqual(t.column("a"), list(a["a"]))
            self.assertEqual(t.column("n"), [str(v) for v in a["n"]])
            self.assertEqual(t.column("xyz[2]"), list(a["xyz"][:, 2]))
            self.assertEqual(t.column("note")[:4], [None, "n1", None, "n3"])
            self.assertEqual(t.column("t")[7], {"t": 7000000})
            self.assertNotEqual(t.head["header_line"], 0)
        padded = np.zeros(3, dtype=np.dtype([("a", "u1"), ("b", "f8")], align=True))
        padded["b"] = 1, 2, 3
        t = self.table(self.save("p.npy", padded))
        self.assertEqual((t.names, t.column("b")), (["a", "b"], [1, 2, 3]))
        titled = np.zeros(2, dtype=[(("a title", "x"), "f8")])
        self.assertEqual(self.table(self.save("p.npy", titled)).names, ["x"])
        nested = np.zeros(2, dtype=[("p", [("x", "f8"), ("y", "f8")])])
        self.refused(self.save("p.npy", nested), has=["p.npy", "field 'p'", "fields itself"])
        self.refused(self.save("p.npy", np.zeros(2, dtype=[("m", "f8", (2, 2))])), has=["field 'm'", "array in itself"])
        self.refused(self.save("p.npy", np.zeros((2, 2), dtype=[("x", "f8")])), has=["p.npy", "(2, 2)", "records"])

    def test_what_is_refused_says_why(self):
        self.refused(self.save("o.npy", np.array([1, "a", None], dtype=object)), has=["o.npy", "|O", "pickle"])
        self.refused(self.save("c.npy", np.zeros(3, "c16")), has=["c.npy", "complex", "real and the imaginary"])
        self.refused(self.save("l.npy", np.zeros(3, np.longdouble)), has=["l.npy", "long double", "float64"])
        self.refused(self.save("v.npy", np.zeros(3, "V8")), has=["v.npy", "raw bytes"])
        self.refused(self.save("r.npy", np.zeros(3, [("x", "f8"), ("raw", "V4")])), has=["r.npy", "'raw'", "raw bytes"])

    def header(self, text, version=b"\x01\x00", length=None, data=b""):
        text = text.encode()
        n = len(text) if length is None else length
        size = struct.pack("<H" if version[0] == 1 else "<I", n)
        self.write("h.npy", b"\x93NUMPY" + version + size + text + data)
        return "h.npy"

    def test_headers_that_lie(self):
        good = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"
        data = np.arange(3.0).tobytes()
        self.assertEqual(self.table(self.header(good, data=data)).column(0), [0, 1, 2])
        self.assertEqual(self.table(self.header("{'shape': (3L,), u'fortran_order': False, b'descr': \"<f8\"}", data=data)).column(0),
                         [0, 1, 2])
        def shape(v):
            return good.replace("(3,)", f"({v},)")

        for text, words in (
                (shape(10**30), "whole number"), (shape(2**63), "larger than any file"),
                (shape("4, 4611686018427387904"), "larger than any file"), (shape(10**12), "cut off"),
                (shape("1000000, 1000000"), "columns"), (shape("0, 1000000000000"), "columns"), (shape("0, 10"), "no data rows"),
                (shape(-1), "whole number"), (shape("1," * 65), "dimensions"),
                (good.replace("'<f8'", "'<f9'"), "unknown size"), (good.replace("'<f8'", "'<U0'"), "no length"),
                (good.replace("'<f8'", "'<U99999999999'"), "larger than"), (good.replace("'<f8'", "[]"), "no length"),
                (good.replace("'<f8'", "'<q8'"), "no type"), (good.replace("False", "Maybe"), "True or False"),
                (good.replace("'shape'", "'form'"), "unknown key"), ("{'descr': '<f8'}", "lacks"), ("{", "lacks"),
                (good + "x", "its end"), ("", "opening brace"), ("{'descr': '\\q'}", "text"),
                ("{'descr': " + "[" * 10000 + "}", "field"), ("{'descr': ('<f8', " + "(" * 10000, "text in quotes")):
            self.refused(self.header(text, data=data), has=["h.npy", words])
        self.refused(self.header(good, length=60000, data=data), has=["h.npy", "cut off"])
        self.refused(self.header(good, length=20, data=data), has=["h.npy", "lacks"])
        self.refused(self.header(good, version=b"\x02\x00", length=2**31, data=data), has=["h.npy", "2147483648 bytes"])
        self.refused(self.header(good, version=b"\x04\x00", data=data), has=["h.npy", "version 4.0"])
        self.refused(self.header(good.replace("False", "True").replace("(3,)", "(3, 2)"), data=data), has=["h.npy", "cut off"])
        self.refused(self.header(good.replace("False", "True").replace("(3,)", "(3, 2)") + " " * 70000, version=b"\x02\x00",
                                 data=data * 2), has=["h.npy", "padded"])

    def test_cut_files(self):
        for order in "CF":
            name = self.save("w.npy", np.array(np.arange(600.0).reshape(200, 3), order=order))
            with open(self.path(name), "rb") as f:
                whole = f.read()
            for n in list(range(0, 140)) + list(range(140, len(whole), 97)) + [len(whole) - 1]:
                self.write("cut.npy", whole[:n])
                self.refused("cut.npy", "--source", "npy", has="cut.npy")
            self.write("more.npy", whole + b"xyz")
            t = self.table("more.npy")
            self.assertEqual((len(t.rows), t.rejects), (200, [{"reject": "bytes behind the array", "line": 200}]))

    def test_compressed_and_from_standard_input(self):
        for order in "CF":
            a = np.array(np.arange(600.0).reshape(200, 3), order=order)
            with open(self.path(self.save("w.npy", a)), "rb") as f:
                whole = f.read()
            self.write("w.npy.gz", gzip.compress(whole))
            with zipfile.ZipFile(self.path("w.zip"), "w", zipfile.ZIP_DEFLATED) as z:
                z.writestr("readme.txt", "x")
                z.writestr("in/w.npy", whole)
            for t in (self.table("w.npy.gz"), self.table("-", stdin=whole), self.table("w.zip", "--member", "*.npy")):
                self.assertEqual(t.rows, a.tolist())

    def test_memory_does_not_grow_with_the_file(self):
        if SANITIZED:
            self.skipTest("memory is not measured under a sanitizer")
        a = np.zeros((400000, 40))
        a[:, 3] = np.arange(400000)
        for order in "CF":
            self.save("w.npy", np.array(a, order=order))  # 128 MB
            self.hb("inspect", "w.npy", "--json")
            code = self.run_print("w.npy", "--source", "npy", memory_mib=120).returncode
            self.assertEqual(code, 0)


class Npz(Tables):
    def pack(self, name="a.npz", packer=np.savez, **arrays):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            packer(self.path(name), **arrays)
        return name

    def test_columns_beside_one_another(self):
        n = 9000
        arrays = {"time": np.arange(n).astype("M8[s]"), "x": np.arange(n) / 7, "label": np.array(["a", "b"] * (n // 2))}
        for packer in (np.savez, np.savez_compressed):
            t = self.table(self.pack(packer=packer, **arrays))
            self.assertEqual(t.head["format"], "npz")
            self.assertEqual(t.names, ["time", "x", "label"])
            self.assertEqual(t.column("x"), list(arrays["x"]))
            self.assertEqual(t.column("label"), list(arrays["label"]))
            self.assertEqual(t.column("time")[-1], {"t": (n - 1) * 10**9})
            with open(self.path("a.npz"), "rb") as f:
                self.assertEqual(self.table("-", stdin=f.read()).rows, t.rows)

    def test_which_arrays(self):
        x = np.arange(40.0).reshape(20, 2)
        t = self.table(self.pack(t=np.arange(20), x=np.asfortranarray(x), calibration=np.eye(3), gain=np.float64(2),
                                 meta=np.array({}, dtype=object)))
        self.assertEqual(t.names, ["t", "x[0]", "x[1]"])
        self.assertEqual(t.column("x[1]"), list(x[:, 1]))
        for name in ("calibration (3, 3)", "gain ()", "meta"):
            self.assertIn(name, t.notes["arrays not read"])
        t = self.table(self.pack(x=x, names=np.array(["a", "b"])))
        self.assertEqual((t.rows, t.names), (x.tolist(), ["column 1", "column 2"]))
        self.assertIn("names (2,)", t.notes["arrays not read"])
        t = self.table(self.pack(r=np.ones(4, dtype=[("a", "f8"), ("b", "i4")]), s=np.arange(4)))
        self.assertEqual(t.names, ["r.a", "r.b", "s"])
        self.pack(a=np.zeros(10), b=np.ones(20), abc=np.ones(10))
        self.refused("a.npz", has=["a.npz", "--member", "a (10,)", "b (20,)"])
        self.assertEqual(self.table("a.npz", "--member", "b").rows, [[1]] * 20)
        self.assertEqual(self.table("a.npz", "--member", "b.npy").rows, [[1]] * 20)
        self.assertEqual(self.table("a.npz", "--member", "a*").names, ["a", "abc"])
        self.refused("a.npz", "--member", "q", has=["no array 'q'", "'a', 'b', 'abc'"])
        self.refused(self.pack(o=np.array([None]), p=np.array([{}])), has=["o.npy", "pickle"])

    def test_damaged_containers(self):
        for packer in (np.savez, np.savez_compressed):
            self.pack(packer=packer, t=np.arange(3000), x=np.random.default_rng(1).normal(size=3000))
            with open(self.path("a.npz"), "rb") as f:
                whole = f.read()
            for k in range(40):
                self.write("cut.npz", whole[: len(whole) * k // 40])
                self.refused("cut.npz", "--source", "npz", has="cut.npz")
            bad = bytearray(whole)
            bad[len(whole) * 3 // 4] ^= 0x55
            self.write("bad.npz", bytes(bad))
            self.refused("bad.npz", has=["bad.npz", "damaged"])

    def test_many_arrays(self):
        out = io.BytesIO()
        one = io.BytesIO()
        np.save(one, np.arange(3))
        with zipfile.ZipFile(out, "w") as z:
            for i in range(1001):
                z.writestr(f"a{i}.npy", one.getvalue())
        self.write("a.npz", out.getvalue())
        self.refused("a.npz", has=["1000", "--member"])
        self.assertEqual(len(self.table("a.npz", "--member", "a1??").names), 100)

    def test_a_container_with_fortran_arrays_is_bounded(self):
        if SANITIZED:
            self.skipTest("no limit under a sanitizer")
        a = np.zeros((5000000, 8), order="F")
        self.pack(packer=np.savez_compressed, a=a)
        self.refused("a.npz", has=["Fortran order", "ascontiguousarray"])


if __name__ == "__main__":
    unittest.main()
