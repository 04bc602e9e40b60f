# SPDX-License-Identifier: Apache-2.0
"""Real files read to independently computed statistics: each number is worked out here with csv, openpyxl and exact
fractions, never with the program."""
import csv
import glob
import math
import os
import unittest
from fractions import Fraction

from hbtest import DATA, Case


def figures(values):
    exact = [Fraction(v) for v in values]
    n = len(exact)
    mean = sum(exact) / n
    var = sum((v - mean) ** 2 for v in exact) / (n - 1) if n > 1 else 0
    ordered = sorted(values)
    middle = ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2
    return {"n": n, "mean": float(mean), "std_sample": math.sqrt(var), "min": min(values), "max": max(values),
            "first": values[0], "last": values[-1], "p50": middle}


class Read(Case):
    def need(self, name):
        path = os.path.join(DATA, name)
        if not os.path.exists(path):
            self.skipTest(f"no {path} (set HB_DATA)")
        return path

    def check(self, path, columns, *args):
        got = {m["name"]: m for m in self.hb_json("inspect", path, *args)["metrics"]}
        for name, values in columns.items():
            want = figures(values)
            if len(values) > 2048:  # beyond that the sketch states a bound on the rank
                p50 = got[name]["p50"]
                del want["p50"]
                below = sum(v < p50 for v in values) / len(values)
                upto = sum(v <= p50 for v in values) / len(values)
                bound = got[name]["rank_error"] + 1 / len(values)
                self.assertLessEqual(below - bound, 0.5, f"{path} {name}")
                self.assertGreaterEqual(upto + bound, 0.5, f"{path} {name}")
            for key, v in want.items():
                self.assertAlmostEqual(got[name][key], v, delta=1e-9 * abs(v) + 1e-300, msg=f"{path} {name} {key}")
        return got

    def test_otava(self):
        self.need("otava")
        checked = 0
        for path in sorted(glob.glob(os.path.join(DATA, "otava", "*.csv"))):
            with open(path, encoding="utf-8") as f:
                lines = f.read().splitlines()
            while lines[1].startswith("#"):
                lines.pop(0)
            if lines[0].startswith("#") and not lines[0].startswith("#Tag"):
                lines.pop(0)
            rows = list(csv.reader([lines[0].lstrip("#")] + lines[1:], delimiter=";" if ";" in lines[1] else ","))
            columns = {}
            for i, name in enumerate(rows[0]):
                try:
                    values = [float(r[i]) for r in rows[1:]]
                except ValueError:
                    continue
                if name != "time":
                    columns[name] = values
            self.assertGreaterEqual(len(columns), 2)
            got = self.check(path, columns)
            self.assertEqual(set(got), set(columns))
            checked += 1
        self.assertEqual(checked, 6)

    def test_air_quality_workbook(self):
        path = self.need("formats/AirQualityUCI.xlsx")
        try:
            import openpyxl
        except ImportError:
            self.skipTest("no openpyxl")
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        rows = list(sheet.iter_rows(values_only=True))
        columns = {}
        for i, name in enumerate(rows[0]):
            values = [r[i] for r in rows[1:] if r[0] is not None]
            values = [v for v in values if v is not None]
            if name and all(isinstance(v, (int, float)) for v in values):
                columns[name.strip()] = [float(v) for v in values]
        self.assertEqual(len(columns), 7)
        self.check(path, columns)

    def test_skab_and_nab(self):
        for path, delimiter, skip in (("skab/valve1/0.csv", ";", "datetime"),
                                      ("nab/data/realTraffic/speed_6005.csv", ",", "timestamp"),
                                      ("asd/omi-1_train.csv", ",", None)):
            full = self.need(path)
            with open(full, encoding="utf-8") as f:
                rows = list(csv.reader(f, delimiter=delimiter))
            columns = {name: [float(r[i]) for r in rows[1:]] for i, name in enumerate(rows[0]) if name != skip}
            self.check(full, columns)


if __name__ == "__main__":
    unittest.main()
