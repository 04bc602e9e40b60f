# SPDX-License-Identifier: Apache-2.0
"""LabVIEW measurement files after NI's description of the format, held against the values they were written from."""
import gzip
import os
import random
import unittest

from hbtest import DATA
from tabletest import SANITIZED, Tables

END = "***End_of_Header***"


def head(sep="\t", decimal=".", x="One", pref="Relative", multi="No", more=()):
    name = {"\t": "Tab", ",": "Comma"}[sep]
    rows = [["LabVIEW Measurement"], ["Writer_Version", "2"], ["Reader_Version", "2"], ["Separator", name],
            ["Decimal_Separator", decimal], ["Multi_Headings", multi], ["X_Columns", x], ["Time_Pref", pref], ["Operator", "mh"],
            *more, ["Date", "2024/05/07"], ["Time", "10:42:17.3560000000000000000"], [END, ""]]
    return [sep.join(r) for r in rows] + [sep]


def segment(n, units, sep="\t", x0="0", delta="0.25", more=(), gaps=False):
    def row(key, values):
        out = []
        for v in values:
            out += [v, ""] if gaps else [v]
        return sep.join([key, *out, ""])
    k = len(units)
    rows = [row("Channels", [str(k)]), row("Samples", [str(n)] * k), row("Date", ["2024/05/07"] * k),
            row("Time", ["10:42:17.356"] * k), row("Y_Unit_Label", units), row("X_Dimension", ["Time"] * k), row("X0", [x0] * k),
            row("Delta_X", [delta] * k), *more, sep.join([END] + [""] * (k + 1))]
    return rows


class Lvm(Tables):
    def lvm(self, lines, name="a.lvm", eol="\r\n", encoding="utf-8"):
        self.write(name, (eol.join(lines) + eol).encode(encoding))
        return name

    def values(self, n, k, seed=1):
        rng = random.Random(seed)
        return [[round(rng.gauss(0, 9), 6) for _ in range(k)] for _ in range(n)]

    def plain(self, n=500, sep="\t", decimal=".", eol="\r\n", name="a.lvm"):
        v = self.values(n, 2)
        x = [i * 0.25 for i in range(n)]

        def t(f):
            return f"{f:.6f}".replace(".", decimal)
        data = [sep.join([t(x[i]), t(v[i][0]), t(v[i][1])] + (["start"] if i == 0 else [])) for i in range(n)]
        self.lvm(head(sep, decimal) + segment(n, ["m/s^2", "Degrees C"], sep) + [sep.join(["X_Value", "Acc", "Temp", "Comment"])] + data,
                 name, eol)
        return x, v

    def figures(self, column, decimal="."):
        return [None if c is None else float(c.replace(decimal, ".")) if isinstance(c, str) else c for c in column]

    def check_plain(self, t, x, v, decimal="."):
        self.assertEqual(t.names, ["X_Value", "Acc", "Temp", "Comment"])
        self.assertEqual(t.units, ["s", "m/s2", "degC", ""])
        self.assertEqual(self.figures(t.column(0), decimal), x)
        self.assertEqual(self.figures(t.column(1), decimal), [r[0] for r in v])
        self.assertEqual(self.figures(t.column(2), decimal), [r[1] for r in v])
        self.assertEqual(t.column(3), ["start"] + [None] * (len(x) - 1))
        self.assertEqual(t.rejects, [])

    def test_one_segment(self):
        for sep, decimal, eol in (("\t", ".", "\r\n"), ("\t", ",", "\n"), (",", ".", "\r")):
            x, v = self.plain(sep=sep, decimal=decimal, eol=eol)
            t = self.table("a.lvm")
            self.check_plain(t, x, v, decimal)
            self.assertEqual(t.notes["start"], "2024-05-07T10:42:17.356")
            self.assertEqual(t.notes["decimal mark"], "comma" if decimal == "," else "point")
            with open(self.path("a.lvm"), "rb") as f:
                data = f.read()
            self.check_plain(self.table("-", stdin=data), x, v, decimal)
            self.write("a.lvm.gz", gzip.compress(b"\xef\xbb\xbf" + data))
            self.check_plain(self.table("a.lvm.gz"), x, v, decimal)

    def test_figures_by_the_program(self):
        x, v = self.plain(decimal=",")
        m = {k["name"]: k for k in self.hb_json("inspect", "a.lvm")["metrics"]}
        self.assertAlmostEqual(m["Acc"]["mean"], sum(r[0] for r in v) / len(v), delta=1e-12)

    def test_x_is_made_where_none_is_saved(self):
        v = self.values(300, 2)
        lines = head(x="No") + segment(300, ["V", "A"], x0="1.5", delta="0.002") + ["X_Value\tU\tI\tComment"]
        lines += [f"\t{a:.6f}\t{b:.6f}" for a, b in v]
        t = self.table(self.lvm(lines))
        self.assertEqual(t.column(0), [1.5 + i * 0.002 for i in range(300)])
        self.assertEqual(self.figures(t.column(2)), [b for _, b in v])
        self.assertIn("Delta_X", t.notes["X values"])
        lines = [line if not line.startswith("Delta_X") else "Delta_X\t\t\t" for line in lines]
        self.assertEqual(self.table(self.lvm(lines)).column(0), [None] * 300)

    def test_a_column_of_x_for_each_channel(self):
        v = self.values(50, 2)
        for gaps in (True, False):
            lines = head(x="Multi") + segment(50, ["V", "A"], gaps=gaps) + ["X_Value\tU\tX_Value\tI\tComment"]
            lines += [f"{i}\t{a:.6f}\t{i + 0.5}\t{b:.6f}" for i, (a, b) in enumerate(v)]
            t = self.table(self.lvm(lines))
            self.assertEqual(t.names, ["X_Value", "U", "X_Value (2)", "I", "Comment"])
            self.assertEqual(t.units, ["s", "V", "s", "A", ""])
            self.assertEqual(self.figures(t.column(2)), [i + 0.5 for i in range(50)])
            self.assertEqual(self.figures(t.column("I")), [b for _, b in v])

    def test_absolute_seconds_since_1904(self):
        for x in ("One", "No"):
            lines = head(x=x, pref="Absolute") + segment(3, ["V"], x0="3797836937.5", delta="0.25") + ["X_Value\tU\tComment"]
            lines += [f"{'3797836937.' + str(5 + i) + '00000001' if x == 'One' else ''}\t{i}" for i in range(3)]
            got = [int(c["t"]) for c in self.table(self.lvm(lines)).column(0)]
            start = (3797836937 - 2082844800) * 10**9  # to 1970
            want = [start + (5 + i) * 10**8 + 1 for i in range(3)] if x == "One" else [start + 5 * 10**8 + i * 25 * 10**7 for i in range(3)]
            self.assertEqual(got, want)
        lines = head(pref="Absolute") + segment(2, ["V"]) + ["X_Value\tU\tComment", "0\t1", "0.5\t2"]
        self.assertEqual(self.table(self.lvm(lines)).column(0), ["0", "0.5"])

    def test_segments(self):
        lines = head(multi="Yes")
        want = []
        for k in range(5):
            v = self.values(40, 2, seed=k)
            lines += segment(40, ["V", "A"]) + ["X_Value\tU\tI\tComment"]
            lines += [f"{i * 0.25:.6f}\t{a:.6f}\t{b:.6f}" for i, (a, b) in enumerate(v)] + ["\t"]
            want += [[i * 0.25, a, b] for i, (a, b) in enumerate(v)]
        t = self.table(self.lvm(lines))
        self.assertEqual([[float(c) for c in r[:3]] for r in t.rows], want)
        # other channels come and go
        lines = head(multi="Yes") + segment(2, ["V"]) + ["X_Value\tU\tComment", "0\t1", "1\t2", ""]
        lines += segment(2, ["A", "V"]) + ["X_Value\tI\tU\tComment", "0\t7\t3\tnote", "1\t8\t4"]
        t = self.table(self.lvm(lines))
        self.assertEqual([r + [None] * (4 - len(r)) for r in t.rows],
                         [["0", "1", None, None], ["1", "2", None, None], ["0", "3", "note", "7"], ["1", "4", None, "8"]])
        lines = head(multi="Yes") + segment(1, ["V"]) + ["X_Value\tU\tComment", "0\t1", ""]
        lines += segment(1, ["mV"]) + ["X_Value\tU\tComment", "0\t1000"]
        self.refused(self.lvm(lines), has=["a.lvm", "channel 'U'", "'mV'", "'V'"])
        # two files appended to one another, and packets without headers of their own
        x, v = self.plain(30)
        with open(self.path("a.lvm"), "rb") as f:
            data = f.read()
        self.write("two.lvm", data + data)
        self.assertEqual(len(self.table("two.lvm").rows), 60)

    def test_unequal_channels_and_long_rows(self):
        lines = head() + segment(4, ["V", "A"]) + ["X_Value\tU\tI\tComment", "0\t1\t2", "1\t1", "2\t\t5", "3\t1\t2\tc\t\textra", "x\ty\tz"]
        t = self.table(self.lvm(lines))
        self.assertEqual(t.rows, [["0", "1", "2", None], ["1", "1", None, None], ["2", None, "5", None], ["3", "1", "2", "c"],
                                  ["x", "y", "z", None]])
        self.assertEqual([r["reject"] for r in t.rejects], ["long row"])

    def test_special_blocks_are_counted(self):
        block = ["***Start_Special***", "DIAdem_Data", "X_Value\tno\tdata", "1\t2\t3", "***End_Special***"]
        lines = head() + block + segment(2, ["V"]) + ["X_Value\tU\tComment", "0\t1"] + block + ["1\t2"]
        t = self.table(self.lvm(lines))
        self.assertEqual(t.column("U"), ["1", "2"])
        self.assertEqual([r["reject"] for r in t.rejects], ["special block of LabVIEW"] * 2)

    def test_names_and_units_of_other_encodings(self):
        lines = head() + segment(1, ["°C"]) + ["X_Value\tTemperatur (Öl)\tComment", "0\t1\tschön"]
        for encoding in ("utf-8", "latin-1"):
            t = self.table(self.lvm(lines, encoding=encoding))
            self.assertEqual((t.names[1], t.units[1]), ("Temperatur (Öl)", "degC"))

    def test_the_truth_beside_the_messy_file(self):
        path = os.path.join(DATA, "messy", "06_bearing.lvm")
        if not os.path.exists(path):
            self.skipTest(f"no {path} (set HB_DATA)")
        t = self.table(path)
        self.assertEqual((len(t.rows), t.head["header_line"]), (400, 24))
        self.assertEqual(t.units, ["s", "m/s2", "degC", "V", ""])
        acc = self.figures(t.column("Accel"))
        self.assertAlmostEqual(sum(acc) / 400, 0.12474590749999999, delta=1e-12)
        self.assertEqual(t.notes["start"], "2024-05-07T10:42:17.356")

    def test_what_is_refused(self):
        self.plain(20)
        with open(self.path("a.lvm"), "rb") as f:
            whole = f.read()
        data_at = whole.index(b"X_Value\tAcc")
        for n in range(0, data_at, 23):
            self.write("cut.lvm", whole[:n])
            self.refused("cut.lvm", "--source", "lvm", has="cut.lvm")
        self.lvm(head() + segment(2, ["V"]) + ["X_Value\tU\tComment"])
        self.refused("a.lvm", has=["a.lvm", "no data rows"])
        self.lvm([line.replace("Separator\tTab", "Separator\tPipe") for line in head()])
        self.refused("a.lvm", has=["a.lvm:4", "'Pipe'", "Tab or Comma"])
        self.lvm([line.replace("X_Columns\tOne", "X_Columns\tTwo") for line in head()])
        self.refused("a.lvm", has=["a.lvm:7", "No, One or Multi"])
        self.write("nul.lvm", whole[: data_at + 200] + b"\0" + whole[data_at + 200 :])
        self.refused("nul.lvm", has=["nul.lvm", "NUL"])
        self.write("long.lvm", whole + b"1\t" * (9 << 20))
        self.refused("long.lvm", has="longer than")
        self.write("other.lvm", "time,a\n1,2\n")
        self.refused("other.lvm", "--source", "lvm", has="LabVIEW Measurement")

    def test_memory_does_not_grow_with_the_file(self):
        if SANITIZED:
            self.skipTest("memory is not measured under a sanitizer")
        row = "\t".join(["0.000000"] + [f"{i}.5" for i in range(20)])
        lines = head() + segment(300000, ["V"] * 20) + ["X_Value\t" + "\t".join(f"c{i}" for i in range(20)) + "\tComment"]
        self.lvm(lines + [row] * 300000)  # 30 MB
        self.assertEqual(self.run_print("a.lvm", memory_mib=60).returncode, 0)
        self.lvm(head(multi="Yes") + (segment(1, ["V"]) + ["X_Value\tU\tComment", "0\t1", ""]) * 30000)
        self.assertEqual(self.run_print("a.lvm", memory_mib=60).returncode, 0)


if __name__ == "__main__":
    unittest.main()
