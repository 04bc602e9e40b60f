# SPDX-License-Identifier: Apache-2.0
"""Files that are hostile by their size, their kind or by changing: each is read right or refused in one clear line, in bounded
memory. Whatever the answer, it must come: the time limit is there so that an endless one fails instead of hanging."""
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import threading
import unittest
import zipfile
import zlib

from hbtest import HB, Case

# Sanitizers keep shadow memory and freed blocks; there only the answers are looked at. The ordinary program needs about
# 12 MB to start; its largest record is 16 MB, the largest JSON value 64.
LIMIT_MB = 176
TIMEOUT_S = 120


def instrumented():
    with open(HB, "rb") as f:
        return b"__asan_init" in f.read()


class Bounded(Case):
    def setUp(self):
        super().setUp()
        self.measure = not instrumented()

    def start(self, *args, stdin=subprocess.DEVNULL):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        clean.update({"LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
        # A small process in between: a child's peak memory counts that of the process it was started from.
        code = ("import os,resource,sys\n"
                "p=os.spawnvp(os.P_WAIT,sys.argv[1],sys.argv[1:])\n"
                "print('peak',resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr)\n"
                "sys.exit(p if p>=0 else 128-p)\n")
        return subprocess.Popen([sys.executable, "-S", "-E", "-c", code, HB, *args], cwd=self.dir, env=clean, stdin=stdin,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self, p, limit_mb=LIMIT_MB):
        out, err = p.communicate(timeout=TIMEOUT_S)
        err, _, peak = err.decode(errors="surrogateescape").rpartition("peak ")
        if self.measure:
            self.assertLess(int(peak) / 1024, limit_mb, "peak memory in MB")
        self.assertIn(p.returncode, (0, 2), err)  # a crash is neither
        if p.returncode == 2:
            self.assertEqual(out, b"")
            self.assertRegex(err, r"\Ahb: error: [^\n]+\n\Z", "one clear line")
        return p.returncode, err, out

    def ask(self, *args, limit_mb=LIMIT_MB):
        return self.end(self.start(*args), limit_mb)

    def refused(self, *args, has=(), limit_mb=LIMIT_MB):
        code, err, _ = self.ask(*args, limit_mb=limit_mb)
        self.assertEqual(code, 2, args)
        for words in [has] if isinstance(has, str) else has:
            self.assertIn(words, err)
        return err

    def fed(self, head, piece, times, *args, limit_mb=LIMIT_MB):
        """Standard input: head, then piece again and again; hb may stop reading early."""
        p = self.start("inspect", *args, "-", stdin=subprocess.PIPE)
        feed, p.stdin = p.stdin, None

        def write():
            try:
                feed.write(head)
                for _ in range(times):
                    feed.write(piece)
            except BrokenPipeError:
                pass
            finally:
                try:
                    feed.close()
                except BrokenPipeError:
                    pass

        writer = threading.Thread(target=write)
        writer.start()
        try:
            return self.end(p, limit_mb)
        finally:
            writer.join()


class Endless(Bounded):
    """200 MB through a pipe; the limits lie far below, so little of it is really read."""

    MB = 1 << 20

    def no_figures(self, out):
        """Text that was taken for a column of text is no mistake; figures in it would be."""
        self.assertEqual([c["name"] for c in json.loads(out)["columns"] if c.get("n_numeric")], [])

    def test_one_line_without_an_end(self):
        code, err, _ = self.fed(b"", b"x" * self.MB, 200)
        self.assertEqual(code, 2)
        self.assertIn("line", err)

    def test_a_table_whose_line_does_not_end(self):
        for piece in (b"4", b",", b"1,", b'"', b" ", b";1", b"-"):
            code, err, _ = self.fed(b"a,b\n1,2\n3,", piece * (self.MB // len(piece)), 200)
            self.assertEqual(code, 2, piece)
            self.assertTrue("longer than" in err or "columns" in err or "line" in err, err)

    def test_a_quote_that_is_never_closed(self):
        code, err, out = self.fed(b'a,b\n1,2\n3,"', (b"x" * 63 + b"\n") * (self.MB // 64), 200, "--json")
        if code == 2:
            self.assertIn("quote", err)
        else:
            self.no_figures(out)

    def test_json_without_an_end(self):
        for head, piece in ((b'{"a": "', b"x"), (b"[", b"["), (b'{"a": [', b"1,"), (b'{"a":' * 10, b'{"a":'), (b'[{"a": 1', b" "),
                            (b'{"a": 1', b"0")):
            code, err, _ = self.fed(head, piece * (self.MB // len(piece)), 200)
            self.assertEqual(code, 2, head)

    def test_nothing_but_ends_of_lines(self):
        for piece in (b"\n", b"\r", b"\r\n", b"#\n", b" \n", b"\t\r\n"):
            code, err, out = self.fed(b"", piece * (self.MB // len(piece)), 50, "--json")
            if code == 0:
                self.no_figures(out)

    def test_a_header_that_does_not_end(self):
        code, err, _ = self.fed(b"", b"".join(b"name%06d," % i for i in range(100_000)), 200)
        self.assertEqual(code, 2)

    def test_every_format_that_can_be_named(self):
        """Those that read by place take standard input into memory first, up to 256 MB."""
        self.write("a.csv", "a\n1\n")
        known = self.run_hb("inspect", "a.csv", "--source", "?").stderr.decode().split("known: ")[1]
        for name in known.strip().split(", "):
            code, err, _ = self.fed(b"", b"x" * self.MB, 200, "--source", name, limit_mb=320)
            if name != "auto":
                self.assertEqual(code, 2, name)


class Sparse(Bounded):
    """A gigabyte that takes no room on the disk."""

    def sparse(self, name, head=b"", tail=b"", size=1 << 30):
        path = self.write(name, head)
        os.truncate(path, size)
        if tail:
            with open(path, "ab") as f:
                f.write(tail)
        return name

    def test_zeros_only(self):
        self.refused("inspect", self.sparse("zero.csv"), has=["zero.csv", "NUL byte"])
        for name in ("zero", "zero.xlsx", "zero.mat", "zero.npy", "zero.h5", "zero.json", "zero.gz", "zero.zip", "zero.lvm"):
            self.refused("inspect", self.sparse(name), has=name)

    def test_a_table_with_a_hole(self):
        self.refused("inspect", self.sparse("hole.csv", b"a,b\n" + b"1,2\n" * 100, b"3,4\n"), has=["NUL byte at offset 404"])

    def test_a_hole_behind_the_first_bytes_of_a_format(self):
        heads = {"h.gz": b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "h.zst": b"\x28\xb5\x2f\xfd\x04\x58", "h.xlsx": b"PK\x03\x04" + bytes(26),
                 "h.npy": b"\x93NUMPY\x01\0\xff\xff", "h.h5": b"\x89HDF\r\n\x1a\n", "h.mat": b"MATLAB 5.0 MAT-file" + b" " * 105 + b"\0\x01IM",
                 "h.sqlite": b"SQLite format 3\0" + b"\x10\0\x01\x01\0\x40\x20\x20", "h.json": b'{"a":', "h.jsonl": b'{"a": 1}\n',
                 "h.lvm": b"LabVIEW Measurement\t\n"}
        for name, head in heads.items():
            self.refused("inspect", self.sparse(name, head), has=name, limit_mb=320)


class Kinds(Bounded):
    """What is no ordinary file."""

    def test_devices(self):
        for path in ("/dev/zero", "/dev/full", "/dev/null", "/dev/urandom"):
            if os.path.exists(path):
                self.refused("inspect", path, has=path)
                for name in ("csv", "json", "xlsx"):
                    self.refused("inspect", "--source", name, path, has=path, limit_mb=320)

    def test_a_folder_and_folders_in_each_other(self):
        os.mkdir(self.path("folder"))
        os.symlink(".", self.path("folder/again"))
        self.refused("inspect", "folder", has="folder")
        self.refused("inspect", "folder/again/again/again", has="folder/again")

    def test_links(self):
        os.symlink("b", self.path("a"))
        os.symlink("a", self.path("b"))
        self.refused("inspect", "a", has=["a", "symbolic links"])
        os.symlink("nowhere.csv", self.path("dangling.csv"))
        self.refused("inspect", "dangling.csv", has=["dangling.csv", "No such file"])
        self.write("real.csv", "a,b\n1,2\n3,4\n")
        os.symlink("real.csv", self.path("good.csv"))
        self.assertEqual(self.hb_json("inspect", "good.csv")["rows_data"], 2)

    def test_a_pipe_with_a_name_is_read(self):
        os.mkfifo(self.path("pipe"))
        p = self.start("inspect", "--json", "pipe")
        with open(self.path("pipe"), "wb") as f:
            f.write(b"a,b\n" + b"1,2\n" * 30000)
        code, err, out = self.end(p)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["rows_data"], 30000)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_no_permission(self):
        path = self.write("secret.csv", "a\n1\n")
        os.chmod(path, 0)
        self.refused("inspect", "secret.csv", has=["secret.csv", "Permission denied"])
        os.mkdir(self.path("locked"), 0)
        self.refused("inspect", "locked/a.csv", has=["locked/a.csv", "Permission denied"])

    def test_names_that_are_no_text(self):
        """They are read as any other; what is printed about them stays one line of valid text."""
        for name in (b"new\nline.csv", b"bad\xff\xfe.csv", b"\x1b[31mred.csv", b"-dash.csv", b" .csv", "ü.csv".encode(), b"%s%n.csv"):
            path = os.path.join(os.fsencode(self.dir), name)
            with open(path, "wb") as f:
                f.write(b"a,b\n1,2\n3,4\n")
            shown = os.fsdecode(b"./" + name)
            code, err, out = self.ask("inspect", "--json", shown)
            self.assertEqual(code, 0, err)
            self.assertEqual(json.loads(out.decode("utf-8"))["rows_data"], 2)
            code, err, out = self.ask("inspect", shown)
            self.assertEqual(code, 0, err)
            self.assertNotIn(b"\x1b", out)
            self.assertNotIn("new\nline", out.decode("utf-8"))
            code, err, out = self.ask("compare", "--baseline", shown, "--run", shown, "--out", "out")
            self.assertEqual(code, 0, err)
            for report in os.listdir(self.path("out")):
                with open(self.path(f"out/{report}"), "rb") as f:
                    self.assertNotIn(b"\x1b", f.read().decode("utf-8").encode())
            os.unlink(path)
            err = self.refused("inspect", shown)
            self.assertNotIn("\x1b", err)


class Changing(Bounded):
    """A second hand at the file. What was read may be refused, never crash; what is accepted is consistent."""

    ROWS = 400_000
    LINE = b"1.25,2.50,3.75\n"

    def whole(self):
        return self.write("c.csv", b"a,b,c\n" + self.LINE * self.ROWS)

    def while_it_is_read(self, deed, times=6):
        for k in range(times):
            path = self.whole()
            p = self.start("inspect", "--json", "c.csv")
            stop = threading.Event()

            def work():
                while not stop.is_set():
                    if not deed(path):
                        return
                    stop.wait(0.002 * (k + 1))

            hand = threading.Thread(target=work)
            hand.start()
            try:
                yield self.end(p)
            finally:
                stop.set()
                hand.join()

    def sound(self, out):
        doc = json.loads(out)
        for name, mean in (("a", 1.25), ("b", 2.5), ("c", 3.75)):
            column = next(c for c in doc["columns"] if c["name"] == name)
            if column["n_rejected"] == 0 and column["n_missing"] == 0:
                self.assertAlmostEqual(column["mean"], mean, delta=1e-3)
        return doc

    def test_grows(self):
        def deed(path):
            with open(path, "ab") as f:
                f.write(self.LINE * 5)
            return True

        for code, err, out in self.while_it_is_read(deed):
            self.assertEqual(code, 0, err)
            self.assertGreaterEqual(self.sound(out)["rows_data"], self.ROWS - 1)

    def test_shrinks(self):
        def deed(path):
            size = os.path.getsize(path)
            os.truncate(path, size - size // 8)
            return size > 1000

        for code, err, out in self.while_it_is_read(deed):
            if code == 2:
                self.assertTrue("was changed while it was read" in err or "empty" in err, err)
            else:
                self.assertEqual(json.loads(out)["columns"][0]["name"], "a")

    def test_is_cut_to_nothing(self):
        def deed(path):
            os.truncate(path, 0)
            return False

        for code, err, out in self.while_it_is_read(deed):
            if code == 2:
                self.assertTrue("was changed while it was read" in err or "empty" in err, err)
            else:
                self.sound(out)

    def test_vanishes(self):
        def deed(path):
            os.unlink(path)
            return False

        for code, err, out in self.while_it_is_read(deed):
            if code == 2:
                self.assertTrue("No such file" in err or "no file" in err, err)
            else:
                self.assertEqual(self.sound(out)["rows_data"], self.ROWS)

    def test_a_folder_takes_its_place(self):
        def deed(path):
            os.unlink(path)
            os.mkdir(path)
            return False

        for k, (code, err, out) in enumerate(self.while_it_is_read(deed)):
            if code == 0:
                self.assertEqual(self.sound(out)["rows_data"], self.ROWS)
            os.rmdir(self.path("c.csv"))


class Wide(Bounded):
    def test_100000_columns(self):
        n = 100_000
        header = ",".join(f"c{i}" for i in range(n))
        self.write("w.csv", header + "\n" + (",".join(["1.5"] * n) + "\n") * 20)
        self.refused("inspect", "w.csv", has=["w.csv", "columns"])
        self.write("w.jsonl", ("{" + ",".join(f'"c{i}": 1' for i in range(n)) + "}\n") * 3)
        self.refused("inspect", "w.jsonl", has="w.jsonl", limit_mb=320)
        self.write("semi.csv", ";".join(f"c{i}" for i in range(n)) + "\n")
        self.refused("inspect", "semi.csv", has="semi.csv")

    def test_ever_wider_rows(self):
        self.write("r.csv", "a,b\n" + "".join(",".join(["1"] * (2 + i)) + "\n" for i in range(3000)))
        self.ask("inspect", "r.csv", limit_mb=320)


def sheet_book(sheets, relationships=None):
    out = io.BytesIO()
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        z.writestr("_rels/.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                   f'<Relationship Id="rId1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        names = "".join(f'<sheet name="S{i}" sheetId="{i + 1}" r:id="rId1"/>' for i in range(sheets))
        z.writestr("xl/workbook.xml", f'<?xml version="1.0"?><workbook {ns}><sheets>{names}</sheets></workbook>')
        z.writestr("xl/_rels/workbook.xml.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                   f'<Relationship Id="rId1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>')
        z.writestr("xl/worksheets/sheet1.xml", relationships or f'<worksheet {ns}><sheetData/></worksheet>')
    return out.getvalue()


class Bombs(Bounded):
    """Small files that unpack to much. Nothing here is over a few MB."""

    def test_a_million_sheets(self):
        self.write("m.xlsx", sheet_book(1_000_000))
        self.assertLess(os.path.getsize(self.path("m.xlsx")), 30 << 20)
        self.refused("inspect", "m.xlsx", has=["m.xlsx", "sheet"], limit_mb=320)

    def test_a_sheet_of_200_megabytes(self):
        row = '<row><c t="inlineStr"><is><t>' + "x" * 1000 + "</t></is></c></row>"
        head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        self.write("s.xlsx", sheet_book(1, head + row * 200_000))
        self.assertLess(os.path.getsize(self.path("s.xlsx")), 4 << 20)
        self.ask("inspect", "s.xlsx", limit_mb=400)

    def test_a_cell_of_150_megabytes(self):
        head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="inlineStr"><is><t>'
        self.write("c.xlsx", sheet_book(1, head + "x" * (150 << 20)))
        self.assertLess(os.path.getsize(self.path("c.xlsx")), 4 << 20)
        self.refused("inspect", "c.xlsx", has="c.xlsx", limit_mb=400)

    def test_a_gzip_that_expands_a_thousand_times(self):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        data = packer.compress(b"a,b\n")
        for _ in range(160):
            data += packer.compress(b"0,0\n" * (1 << 18))
        data += packer.flush()
        self.assertLess(len(data), 2 << 20)
        self.write("bomb.csv.gz", data)
        self.refused("inspect", "bomb.csv.gz", has=["bomb.csv.gz", "expands to more than 250 times"])
        self.write("zeros.gz", gzip.compress(bytes(200 << 20), 1))
        self.refused("inspect", "zeros.gz", has="zeros.gz")

    def zip_of(self, files, compress=zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", compress) as z:
            for name, data in files.items():
                z.writestr(name, data)
        return out.getvalue()

    def test_zips_in_zips(self):
        inner = self.zip_of({f"z{i}.csv": b"0,0\n" * (1 << 20) for i in range(4)})
        for depth in range(8):
            inner = self.zip_of({f"{i}.zip": inner for i in range(8)})
        self.assertLess(len(inner), 4 << 20)
        self.write("nested.zip", inner)
        self.refused("inspect", "nested.zip", has="nested.zip", limit_mb=320)
        one = b"a,b\n1,2\n"
        for depth in range(40):  # one file each, so that there is nothing to choose
            one = self.zip_of({"inner.zip": one})
        self.write("deep.zip", one)
        self.refused("inspect", "deep.zip", has="deep.zip", limit_mb=320)

    def test_a_zip_that_expands_a_thousand_times(self):
        self.write("bomb.zip", self.zip_of({"a.csv": b"a,b\n" + b"0,0\n" * (40 << 20)}))
        self.assertLess(os.path.getsize(self.path("bomb.zip")), 2 << 20)
        self.refused("inspect", "bomb.zip", has=["bomb.zip", "times"], limit_mb=320)

    def test_gzip_in_gzip_in_gzip(self):
        data = b"a,b\n" + b"0,0\n" * (8 << 20)
        for _ in range(12):
            data = gzip.compress(data, 9, mtime=0)
        self.write("many.csv.gz", data)
        self.refused("inspect", "many.csv.gz", has="many.csv.gz")

    def test_a_zip_of_a_hundred_thousand_files(self):
        self.write("many.zip", self.zip_of({f"f{i}.csv": b"" for i in range(100_000)}, zipfile.ZIP_STORED))
        self.refused("inspect", "many.zip", has="many.zip", limit_mb=320)

    def test_a_zip_whose_sizes_lie(self):
        data = bytearray(self.zip_of({"a.csv": b"a,b\n" + b"1,2\n" * 1000}))
        for at in (data.rindex(b"PK\x01\x02") + 20, data.rindex(b"PK\x01\x02") + 24, 18, 22):
            for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
                broken = bytearray(data)
                broken[at:at + 4] = value.to_bytes(4, "little")
                self.write("lie.zip", bytes(broken))
                code, err, out = self.ask("inspect", "--json", "lie.zip", limit_mb=320)
                if code == 0:
                    self.assertEqual(json.loads(out)["rows_data"], 1000)

    def test_a_damaged_array_is_not_left_out(self):
        def array(values):
            head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117) + "\n"
            return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(values)}d", *values)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as z:
            z.writestr("t.npy", array([0, 1, 2, 3]))
            z.writestr("a.npy", array([5, 6, 7, 8]))
        self.write("good.npz", made.getvalue())
        self.assertEqual(self.hb_json("inspect", "good.npz")["time"]["column"], "t")
        self.write("bad.npz", made.getvalue().replace(b"'descr'", b"'xxxxx'", 1))
        self.refused("inspect", "bad.npz", has=["bad.npz", "checksum"])
        made = io.BytesIO()  # whole, but of a kind that is not read: left out, and told
        with zipfile.ZipFile(made, "w") as z:
            z.writestr("t.npy", array([0, 1, 2, 3]).replace(b"<f8", b"|O "))
            z.writestr("a.npy", array([5, 6, 7, 8]))
        self.write("kind.npz", made.getvalue())
        self.assertIn("t cannot be read", self.hb("inspect", "kind.npz"))


if __name__ == "__main__":
    unittest.main()
