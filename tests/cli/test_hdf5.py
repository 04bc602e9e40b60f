# SPDX-License-Identifier: Apache-2.0
"""HDF5 files written by h5py, held against numpy cell by cell; and files that reach out, claim too much or are damaged."""
import os
import subprocess
import sys
import unittest

try:
    import h5py
    import numpy as np
    from containers import ENVIRONMENT, Answer, Containers
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

N = 9000  # more than one block


class Hdf5(Containers):
    def setUp(self):
        super().setUp()
        self.rng = np.random.default_rng(7)

    def open(self, name="a.h5", **kw):
        return h5py.File(self.path(name), "w", **kw)


class Data(Hdf5):
    def test_a_group_of_vectors(self):
        for libver in ("earliest", "latest"):
            with self.open(libver=libver, track_order=True) as f:
                v = {"t": np.arange(N) / 8, "x": self.rng.normal(size=N), "f4": self.rng.normal(size=N).astype("f4"),
                     "f2": np.arange(N).astype("f2") / 16, "flag": self.rng.integers(0, 2, N).astype(bool),
                     "big": self.rng.normal(size=N).astype(">f8"), "u1": np.arange(N).astype("u1"),
                     "i8": np.arange(N) - 17, "wide": self.rng.normal(size=(N, 1)), "flat": self.rng.normal(size=(1, N))}
                for name, values in v.items():
                    f[name] = values
                f["x"].attrs["units"] = "m/s"
                f["t"].attrs["unit"] = np.bytes_("s")
                f["one"] = 5.0
            a = self.read("hdf5", "a.h5")
            self.same_table(a, **v)
            self.assertEqual((a.units["x"], a.units["t"], a.units["f4"]), ("m/s", "s", ""))
            self.assertEqual(a.notes, {"variable": "/", "not read": "one (1)"})
            self.assertIs(type(a.columns["flag"][0]), bool)
        self.assertIn("m/s", self.hb("inspect", "a.h5"))

    def test_chunks_and_filters(self):
        x, m = np.arange(N) // 3, self.rng.normal(size=(N, 5))
        with self.open() as f:
            f.create_dataset("a", data=x, chunks=(1000,), compression="gzip", shuffle=True, fletcher32=True)
            f.create_dataset("b", data=x, chunks=(7,), compression="gzip")
            f.create_dataset("c", data=x.astype("i4"), chunks=(100,), scaleoffset=0)
            f.create_dataset("m", data=m, chunks=(333, 2), compression="gzip")
        self.same_table(self.read("hdf5", "a.h5"), a=x, b=x, c=x, **{f"m {i + 1}": m[:, i] for i in range(5)})

    def test_a_chunk_larger_than_a_block_is_unpacked_once(self):
        x = np.repeat(np.arange(2_000_000, dtype="f8"), 2)
        with self.open() as f:
            f.create_dataset("x", data=x, chunks=x.shape, compression="gzip", compression_opts=1)
        self.same(self.read("hdf5", "a.h5").columns["x"], x)

    def test_a_matrix_with_names(self):
        m = self.rng.normal(size=(500, 3))
        with self.open() as f:
            f["m"] = m
            f["m"].attrs["columns"] = ["p", "q", "r"]
            f["m"].attrs["units"] = ["V", "A", "degC"]
        a = self.read("hdf5", "a.h5")
        self.same_table(a, p=m[:, 0], q=m[:, 1], r=m[:, 2])
        self.assertEqual(list(a.units.values()), ["V", "A", "degC"])

    def test_records(self):
        kind = np.dtype([("t", "f8"), ("n", "i4"), ("id", "S6"), ("in", [("q", "f4"), ("w", "i8"), ("s", h5py.string_dtype())]),
                         ("v", "f8", (3,)), ("ok", "?"), ("z", "c16"), ("e", h5py.enum_dtype({"IDLE": 0, "RUN": 7}))])
        d = np.zeros(N, dtype=kind)
        d["t"], d["n"], d["id"] = np.arange(N) / 4, np.arange(N) * 3, [f"k{i % 9}".encode() for i in range(N)]
        d["in"]["q"], d["in"]["w"], d["in"]["s"] = np.arange(N) / 2, np.arange(N), ["ä" * (i % 5) for i in range(N)]
        d["v"], d["ok"], d["e"] = self.rng.normal(size=(N, 3)), np.arange(N) % 2, np.where(np.arange(N) % 3, 0, 7)
        with self.open() as f:
            f.create_dataset("rec", data=d, chunks=(100,), compression="gzip")
        a = self.read("hdf5", "a.h5")
        self.assertEqual(list(a.columns), ["t", "n", "id", "in.q", "in.w", "in.s", "v[0]", "v[1]", "v[2]", "ok", "e"])
        for name, want in (("t", d["t"]), ("n", d["n"]), ("in.q", d["in"]["q"]), ("in.w", d["in"]["w"]),
                           ("v[1]", d["v"][:, 1]), ("ok", d["ok"]), ("e", d["e"])):
            self.same(a.columns[name], want)
        self.assertEqual(a.columns["id"], [f"k{i % 9}" for i in range(N)])
        self.assertEqual(a.columns["in.s"], ["ä" * (i % 5) for i in range(N)])

    def test_texts_and_big_integers(self):
        texts = ["on", "", "größer", "日本", "x" * 3000]
        with self.open() as f:
            f["s"] = np.array(texts, dtype=object)
            f["fix"] = np.array([t.encode()[:6] for t in ("on", "off", "a b", "", "q")], dtype="S6")
            f["u"] = np.array([0, 2**53 + 1, 2**64 - 1, 5, 6], dtype="u8")
            f["i"] = np.array([1, -2**53, 2**53, 5, 6], dtype="i8")
        a = self.read("hdf5", "a.h5")
        self.assertEqual(a.columns["s"], texts)
        self.assertEqual(a.columns["fix"], ["on", "off", "a b", "", "q"])
        self.assertEqual(a.columns["u"], ["0", str(2**53 + 1), str(2**64 - 1), "5", "6"])
        self.same(a.columns["i"], [1, -2**53, 2**53, 5, 6])

    def test_packed_values_and_fill_values(self):
        """As NetCDF-4 files keep them."""
        raw = np.array([0, 100, -32768, 250], dtype="i2")
        with self.open() as f:
            f["temp"] = raw
            f["temp"].attrs.update({"scale_factor": np.float64(0.5), "add_offset": np.float32(10), "_FillValue": np.int16(-32768)})
            f["lost"] = np.array([1, -999, 2, -999.])
            f["lost"].attrs["missing_value"] = -999.
        a = self.read("hdf5", "a.h5")
        self.assertEqual(a.columns, {"lost": [1, None, 2, None], "temp": [10, 60, None, 135]})

    def test_times_since_an_origin(self):
        for unit, values, want, plain in (
                ("hours since 1900-01-01 00:00:00.0", [0, 24, 613608.5], [-2208988800, -2208902400, -2208988800 + 613608.5 * 3600], "s"),
                ("seconds since 1970-01-01", [1.7e9, 1.8e9], [1.7e9, 1.8e9], "s"),
                ("milliseconds since 1970-01-01T00:00:00Z", [1.7e12], [1.7e12], "ms"),
                ("days since 2024-3-1 6:00 UTC", [0, 1], [1709272800, 1709359200], "s"),
                ("minutes since 2024-03-01 12:00:00 +02:00", [0, 1.5], [1709287200, 1709287290], "s"),
                ("nanoseconds since 2024-03-01", [10**9, 10**16], [1709251201, 1709251200 + 10**7], "s"),
                ("hours since 0001-01-01", [0, 1.5], [0, 1.5], "h"), ("day as %Y%m%d", [1, 2], [1, 2], "day as %Y%m%d")):
            with self.open() as f:
                f["time"] = np.array(values, dtype="i8" if all(isinstance(v, int) for v in values) else "f8")
                f["time"].attrs["units"] = unit
            a = self.read("hdf5", "a.h5")
            self.assertEqual((a.columns["time"], a.units["time"]), (want, plain), unit)
        with self.open() as f:
            f["time"] = np.arange(3.)
            f["time"].attrs.update({"units": "days since 2000-01-01", "calendar": "360_day"})
        a = self.read("hdf5", "a.h5")
        self.assertEqual((a.columns["time"], a.units["time"]), ([0, 1, 2], "d"))

    def test_unwritten_chunks_are_the_fill_value(self):
        with self.open() as f:
            d = f.create_dataset("x", shape=(1000,), dtype="f8", chunks=(100,), fillvalue=-1.0)
            d[250:350] = 3
        want = np.full(1000, -1.0)
        want[250:350] = 3
        self.same(self.read("hdf5", "a.h5").columns["x"], want)


class Choice(Hdf5):
    def test_paths(self):
        with self.open() as f:
            for g in ("run1", "run2/deep"):
                f[f"{g}/t"] = np.arange(5.)
                f[f"{g}/x"] = np.arange(5.) * 2
                f[f"{g}/other"] = np.arange(3.)
            f["a,b"] = np.arange(7.)
        self.refused("hdf5", "a.h5", "USAGE", ["5 tables", "/a,b (7 rows)", "/run1 (5 rows)", "/run1/other (3 rows)", "/run2/deep"])
        for path in ("/run1", "run1", "/run2/deep"):
            self.same_table(self.read("hdf5", "a.h5", path), t=np.arange(5), x=np.arange(5) * 2)
        self.same_table(self.read("hdf5", "a.h5", "/run1/x"), x=np.arange(5) * 2)
        self.same_table(self.read("hdf5", "a.h5", "/a,b"), **{"a,b": np.arange(7)})
        a = self.read("hdf5", "a.h5", "/run1/x,/run2/deep/t")
        self.same_table(a, x=np.arange(5) * 2, t=np.arange(5))
        self.refused("hdf5", "a.h5", "USAGE", "no variable '/run3'", "/run3")
        self.hb_error("inspect", "a.h5", code=2, has=["'a.h5'", "--variable"])
        self.assertIn("5 rows", self.hb("inspect", "a.h5", "--variable", "/run1"))

    def test_what_makes_no_table(self):
        with self.open() as f:
            f["z"] = np.ones(4) * 1j
            f["cube"] = np.zeros((2, 3, 4))
            f["empty"] = np.zeros(0)
            f["ref"] = np.array([f["z"].ref, f["z"].ref], dtype=h5py.ref_dtype)
            f.create_dataset("vlen", (2,), dtype=h5py.vlen_dtype(np.dtype("f8")))
            f["null"] = h5py.Empty("f8")
        self.refused("hdf5", "a.h5", "INPUT", ["/z is complex", "/cube is of more than two", "/empty is empty", "/ref is of references",
                                               "/vlen is of lists", "/null is empty"])

    def test_links_in_circles(self):
        with self.open() as f:
            f["g/x"] = np.arange(4.)
            f["g/back"] = f["/"]
            f["g/self"] = f["g"]
            f["soft"] = h5py.SoftLink("/g")
        self.same_table(self.read("hdf5", "a.h5"), x=np.arange(4))


class ReachingOut(Hdf5):
    """Nothing outside the file is looked at, whatever the file says."""

    def test_external_links_and_storage(self):
        with h5py.File(self.path("other.h5"), "w") as f:
            f["secret"] = np.arange(5.)
        self.write("raw.bin", np.arange(5.).tobytes())
        with self.open() as f:
            f["link"] = h5py.ExternalLink("other.h5", "/secret")
            f.create_dataset("stored", (5,), dtype="f8", external=[("raw.bin", 0, 40)])
            layout = h5py.VirtualLayout((5,), "f8")
            layout[:] = h5py.VirtualSource("other.h5", "secret", (5,))
            f.create_virtual_dataset("virtual", layout)
        self.refused("hdf5", "a.h5", "INPUT", ["/link is a link to another file", "/stored is stored in another file",
                                               "/virtual is a view of other"])
        for path in ("/link", "/stored", "/virtual"):
            self.refused("hdf5", "a.h5", "INPUT", "not followed", path)

    def test_filters_of_plugins(self):
        with self.open() as f:
            f.create_dataset("x", data=np.arange(100.), chunks=(10,), compression="lzf")  # h5py's own, not HDF5's
        self.refused("hdf5", "a.h5", "INPUT", ["compressed by a filter", "h5repack"])
        r = self.run_hb("inspect", "a.h5", env={"HDF5_PLUGIN_PATH": self.dir})
        self.assertEqual(r.returncode, 2)

    def test_the_child_opens_no_file_once_it_reads(self):
        strace = "/usr/bin/strace"
        if not os.path.exists(strace):
            self.skipTest("no strace")
        with self.open() as f:
            f["x"] = np.arange(5.)
        out = self.path("trace")
        with open(self.path("a.h5"), "rb") as f:
            r = subprocess.run([strace, "-f", "-o", out, os.environ["HB_BINARY"], "--read-child", "hdf5", ""], stdin=f,
                               capture_output=True, check=False, timeout=120, env=ENVIRONMENT)
        if r.returncode or not os.path.exists(out):
            self.skipTest("strace is not allowed here")
        with open(out, encoding="utf-8", errors="replace") as f:
            lines = f.read().split("SECCOMP_SET_MODE_FILTER")[-1].splitlines()[1:]
        used = {line.split(maxsplit=1)[1].split("(")[0] for line in lines if "(" in line and "EPERM" not in line}
        self.assertTrue(Answer(r.stdout).ended)
        self.assertLessEqual(used, {"pread64", "write", "brk", "mmap", "munmap", "mremap", "madvise", "lseek", "setitimer",
                                    "exit_group", "futex", "read", "close", "fstat", "mprotect"})


class Damage(Hdf5):
    def sample(self, **kw):
        with self.open(**kw) as f:
            f["t"] = np.arange(40.)
            f.create_dataset("x", data=np.sin(np.arange(40.)), chunks=(16,), compression="gzip")
            f["x"].attrs["units"] = np.bytes_("V")
        with open(self.path("a.h5"), "rb") as f:
            return f.read()

    def test_claims(self):
        for maxshape, shape in (((None,), (10**12,)), ((None, None), (10**7, 10**5))):
            with self.open() as f:
                f.create_dataset("x", shape=shape, maxshape=maxshape, dtype="f8", chunks=(1000,) * len(shape))
            self.refused("hdf5", "a.h5", "INPUT", "more values than the file has bytes for")
            self.hb_error("inspect", "a.h5", code=2, has="more values than the file has bytes for")

    def test_cut_off(self):
        raw = self.sample()
        for n in range(0, len(raw), 101):
            self.write("cut.h5", raw[:n])
            a = Answer(self.child("hdf5", "cut.h5").stdout)
            self.assertEqual((a.code, a.ended), ("INPUT", False), n)

    def test_flipped_bytes(self):
        """Never a crash of the program, always an answer. Format 1.10 has checksums on its directory: there a flip is told
        or is in plain data."""
        raw = self.sample(libver="latest")
        want = {"t": np.arange(40.), "x": np.sin(np.arange(40.))}
        with h5py.File(self.path("a.h5")) as f:
            plain = range(f["t"].id.get_offset(), f["t"].id.get_offset() + 320)
        for at in range(0, len(raw), 11):
            bad = bytearray(raw)
            bad[at] ^= 0xff
            self.write("bad.h5", bytes(bad))
            r = self.child("hdf5", "bad.h5")
            if r.returncode == 0:
                a = Answer(r.stdout)
                if a.ended and at not in plain:
                    self.same_table(a, **want)
            self.assertIn(self.run_hb("inspect", "bad.h5").returncode, (0, 2), at)


if __name__ == "__main__":
    unittest.main()
