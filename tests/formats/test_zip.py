# SPDX-License-Identifier: Apache-2.0
"""Zip containers written by Python's zipfile and by hand."""
import gzip
import io
import os
import struct
import subprocess
import unittest
import zipfile
import zlib

from tabletest import SANITIZED, Tables

CSV = "time,a,b\n" + "".join(f"{i},{i * 2.5},{i % 5}\n" for i in range(3000))


def packed(files, method=zipfile.ZIP_DEFLATED, comment=b""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        z.comment = comment
        for name, content in files.items():
            z.writestr(name, content)
    return out.getvalue()


def by_hand(entries, directory=None, count=None):
    """A zip from (name, method, stored bytes, size, crc, flags); `directory` may change the entries of it."""
    out, places = b"", []
    for name, method, stored, size, crc, flags in entries:
        places.append(len(out))
        out += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, 0, 0, crc, len(stored), size, len(name), 0) + name + stored
    start = len(out)
    for (name, method, stored, size, crc, flags), at in zip(entries, places):
        row = [b"PK\1\2", 20, 20, flags, method, 0, 0, crc, len(stored), size, len(name), 0, 0, 0, 0, 0, at]
        row = directory(row) if directory else row
        out += struct.pack("<4sHHHHHHIIIHHHHHII", *row) + name
    n = len(entries) if count is None else count
    return out + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, n & 0xFFFF, n & 0xFFFF, len(out) - start, start, 0)


def deflated(data):
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


class Zip(Tables):
    def same(self, t):
        self.assertEqual(len(t.rows), 3000)
        self.assertEqual([float(v) for v in t.column("a")], [i * 2.5 for i in range(3000)])

    def test_one_file(self):
        self.write("plain.csv", CSV)
        plain = self.table("plain.csv")
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            data = packed({"in/a.csv": CSV}, method, comment=b"made by hand PK\5\6 and more")
            self.write("a.zip", data)
            t = self.table("a.zip")
            self.assertEqual((t.rows, t.end["member"], t.end["compression"]), (plain.rows, "in/a.csv", "zip"))
            self.assertEqual(self.table("-", stdin=data).rows, plain.rows)
            self.write("a.zip.gz", gzip.compress(data))
            self.assertEqual(self.table("a.zip.gz").end["compression"], "gzip, zip")
        self.write("a.zip", packed({"a.csv.gz": gzip.compress(CSV.encode())}))
        self.assertEqual(self.table("a.zip").end["compression"], "zip, gzip")
        self.same(self.table("a.zip"))

    def test_streamed_files_have_their_sizes_behind_them(self):
        class Pipe(io.RawIOBase):
            def __init__(self):
                self.data = b""

            def writable(self):
                return True

            def write(self, b):
                self.data += bytes(b)
                return len(b)

        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            pipe = Pipe()
            with zipfile.ZipFile(pipe, "w", method) as z:
                z.writestr("a.csv", CSV)
            self.write("a.zip", pipe.data)
            self.same(self.table("a.zip"))

    def test_64_bit_sizes(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            with z.open(zipfile.ZipInfo("a.csv"), "w", force_zip64=True) as f:
                f.write(CSV.encode())
        self.write("a.zip", out.getvalue())
        self.same(self.table("a.zip"))
        name, stored = b"a.csv", deflated(CSV.encode())
        data = by_hand([(name, 8, stored, len(CSV), zlib.crc32(CSV.encode()), 0)])
        end = data[-22:]
        directory, local = data[:-22].rfind(b"PK\1\2"), data[:-22]
        extra = struct.pack("<HHQQQ", 1, 24, len(CSV), len(stored), 0)
        entry = bytearray(local[directory:])
        entry[20:28] = b"\xff" * 8
        entry[42:46] = b"\xff" * 4
        entry[30:32] = struct.pack("<H", len(extra))
        body = local[:directory] + bytes(entry) + extra
        size = len(body) - directory
        wide = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, directory)
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body), 1)
        self.write("b.zip", body + wide + locator + end[:12] + b"\xff" * 8 + b"\0\0")
        self.same(self.table("b.zip"))
        self.write("b.zip", body + wide + struct.pack("<4sIQI", b"PK\6\7", 0, 2**63, 1) + end[:12] + b"\xff" * 8 + b"\0\0")
        self.refused("b.zip", has=["b.zip", "damaged"])

    def test_which_file(self):
        self.write("a.zip", packed({"a.csv": CSV, "d/b.csv": CSV, "readme.txt": "x", "d/": ""}))
        self.refused("a.zip", has=["3 files", "--member", "'a.csv', 'd/b.csv', 'readme.txt'"])
        for member in ("d/b.csv", "b.csv", "d/*", "?.csv"):
            r = self.run_print("a.zip", "--member", member)
            if member == "?.csv":
                self.assertIn("holds 2 files like '?.csv': 'a.csv', 'd/b.csv'", r.stderr.decode())
            else:
                self.same(self.table("a.zip", "--member", member))
        self.refused("a.zip", "--member", "q.csv", has=["no file 'q.csv'", "'a.csv'"])
        self.write("m.zip", packed({f"f{i:03}.csv": CSV for i in range(50)}))
        err = self.refused("m.zip", has=["50 files", "'f000.csv'", "'f019.csv' and 30 more"])
        self.assertNotIn("f020", err)
        self.write("e.zip", packed({}))
        self.refused("e.zip", has=["e.zip", "holds no file"])
        self.write("l.zip", packed({"d/": "", "d/a.csv": CSV, "__MACOSX/d/._a.csv": "x", "d/.DS_Store": "y"}))
        self.same(self.table("l.zip"))
        self.write("odd.zip", packed({"a[1].csv": CSV, "a1.csv": "q"}))
        self.same(self.table("odd.zip", "--member", "a[1].csv"))
        self.write("plain.csv", CSV)
        self.hb_error("inspect", "plain.csv", "--member", "x", code=2, has="--member belongs to")
        self.hb_error("inspect", "a.zip", "--member", "a.csv", "--sheet", "x", code=2, has="--sheet belongs to")
        self.hb("inspect", "a.zip", "--member", "a.csv")

    def test_zips_in_zips(self):
        inner = packed({"a.csv": CSV})
        self.write("z.zip", packed({"inner.zip": inner}))
        self.same(self.table("z.zip"))
        self.write("z.zip", packed({"x.txt": "x", "inner.zip": packed({"a.csv": CSV, "b.csv": "q"})}))
        self.refused("z.zip", "--member", "inner.zip", has=["holds 2 files"])
        self.write("z.zip", packed({"inner.zip": packed({"a.csv": CSV, "b.csv": "q"})}))
        self.same(self.table("z.zip", "--member", "a.csv"))
        self.write("z.zip", packed({"z.zip": packed({"inner.zip": inner})}))
        self.refused("z.zip", has=["z.zip", "a zip in a zip in a zip"])
        quine = inner
        for _ in range(30):
            quine = packed({"q.zip": quine})
        self.write("z.zip", quine)
        self.refused("z.zip", has="a zip in a zip in a zip")

    def test_workbooks_are_told_apart(self):
        import openpyxl
        wb = openpyxl.Workbook()
        for row in (["a", "b"], [1, 2], [3, 4]):
            wb.active.append(row)
        wb.save(self.path("a.xlsx"))
        self.assertEqual(self.table("a.xlsx").head["format"], "xlsx")
        with open(self.path("a.xlsx"), "rb") as f:
            book = f.read()
        self.write("b.zip", packed({"a.xlsx": book, "note.txt": "x"}))
        t = self.table("b.zip", "--member", "*.xlsx")
        self.assertEqual((t.head["format"], t.column("b")), ("xlsx", [2, 4]))
        self.write("o.ods", packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>",
                                    "META-INF/manifest.xml": "<x/>"}))
        self.refused("o.ods", has=["OpenDocument", ".xlsx"])

    def test_other_methods_and_passwords(self):
        for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            self.write("a.zip", packed({"a.csv": CSV}, method))
            self.refused("a.zip", has=["a.csv", "method", "unpack"])
        crc, n = zlib.crc32(CSV.encode()), len(CSV)
        self.write("a.zip", by_hand([(b"a.csv", 0, CSV.encode(), n, crc, 1)]))
        self.refused("a.zip", has=["a.csv", "encrypted"])

    def test_cut_and_damaged(self):
        whole = packed({"a.csv": CSV})
        for k in range(60):
            self.write("cut.zip", whole[: 4 + (len(whole) - 4) * k // 60])
            self.refused("cut.zip", has=["cut.zip", "cut off or damaged"])
        for at in range(30, len(whole) - 120, 211):
            bad = bytearray(whole)
            bad[at] ^= 0x10
            self.write("bad.zip", bytes(bad))
            self.assertNotEqual(self.run_print("bad.zip").returncode, -11)
        data, crc = CSV.encode(), zlib.crc32(CSV.encode())
        z = deflated(data)
        for entry, words in (((b"a", 8, z, len(data) + 1, crc, 0), "size"), ((b"a", 8, z, len(data) - 1, crc, 0), "longer"),
                             ((b"a", 8, z, len(data), crc ^ 1, 0), "checksum"), ((b"a", 0, data, len(data) + 1, crc, 0), "two sizes"),
                             ((b"a", 8, z[:-20], len(data), crc, 0), "before it is complete"),
                             ((b"a", 8, b"\xff" * 50, len(data), crc, 0), "damaged")):
            self.write("a.zip", by_hand([entry]))
            self.refused("a.zip", has=["a.zip", words])
        good = (b"a", 8, z, len(data), crc, 0)

        def change(i, v):
            return lambda row: row[:i] + [v] + row[i + 1:]

        for i, v, words in ((16, 2**31, "not where"), (8, 2**31, "beyond"), (10, 60000, "ends within"), (0, b"PK\1\3", "something else")):
            self.write("a.zip", by_hand([good], change(i, v)))
            self.refused("a.zip", has=["a.zip", "damaged"])
        self.write("a.zip", by_hand([good], count=60000))  # the count is not what the directory is walked by
        self.same(self.table("a.zip"))

    def test_bombs(self):
        zeros = b"0\n" * (40 << 20)
        self.write("b.zip", packed({"a.csv": zeros}))
        self.refused("b.zip", has=["b.zip", "expands to more than"], memory_mib=100)
        self.write("n.zip", packed({"b.zip": packed({"a.csv": zeros})}))
        self.refused("n.zip", has=["n.zip", "expands to more than"], memory_mib=100)
        # a zip in a zip that promises little and holds much
        inner = deflated(bytes(80 << 20))
        self.write("l.zip", by_hand([(b"x.zip", 8, inner, 1000, 0, 0)]))
        self.refused("l.zip", has=["l.zip", "longer"], memory_mib=100)

    def test_a_million_files(self):
        n = 1000000
        entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
        with open(self.path("m.zip"), "wb") as f:
            f.write(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 8, 0) + b"f0000000")
            start = f.tell()
            for i in range(0, n, 10000):
                f.write(b"".join(entry + b"f%07d" % k for k in range(i, i + 10000)))
            size = f.tell() - start
            f.write(struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, n, n, size, start))
            f.write(struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1))
            f.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0))
        self.refused("m.zip", has=["1000000 files", "'f0000000'", "999980 more"], memory_mib=60)
        self.refused("m.zip", "--member", "f0500000", has="empty", memory_mib=60)

    def test_files_that_change_while_they_are_read(self):
        if SANITIZED:
            self.skipTest("slow under a sanitizer")
        big = "a\n" + "".join(f"{i}\n" for i in range(3000000))
        self.write("a.zip", packed({"a.csv": big}))
        script = ('exec 3>>a.zip; ( sleep 0.05; i=0; while [ $i -lt 400 ]; do printf x >&3; sleep 0.005; i=$((i+1)); done ) & '
                  '"$0" a.zip >/dev/null; code=$?; kill %1; exit $code')
        r = subprocess.run(["bash", "-c", script, os.environ["HB_PRINT_TABLE"]], cwd=self.dir, capture_output=True, check=False)
        self.assertIn(r.returncode, (0, 2))
        if r.returncode:
            self.assertIn("changed while it was read", r.stderr.decode())


if __name__ == "__main__":
    unittest.main()
