# SPDX-License-Identifier: Apache-2.0
"""Adapter pba_excel: metric tables of many spellings, CSV and workbook, with a unit sheet."""
import unittest

from hbtest import Case

try:
    import openpyxl
except ImportError:
    openpyxl = None


class Pba(Case):
    def read(self, name, *args, source="pba_excel"):
        d = self.hb_json("inspect", name, "--source", source, *args)
        return {m["name"]: (m["value"], m["unit"]) for m in d["metrics"]}, d

    def book(self, name, **sheets):
        if openpyxl is None:
            self.skipTest("no openpyxl")
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(self.path(name))
        return book

    def test_spellings_of_the_header(self):
        for header in ("Metric,Current,Unit", "METRIC NAME;Current Value;UOM", "parameter\tactual\tunits", "name,value,unit",
                       "\ufeffmetric,reading,unit"):
            sep = ";" if ";" in header else "\t" if "\t" in header else ","
            self.write("a.csv", header + "\n" + sep.join(("lat", "12.5", "ms")) + "\n" + sep.join(("n", "3", "")) + "\n")
            self.assertEqual(self.read("a.csv")[0], {"lat": (12.5, "ms"), "n": (3, "")}, header)

    def test_titles_above_the_header(self):
        self.write("a.csv", 'Report,"of a, b"\nDate,2026-01-01\n\nsome line\nmetric,baseline,current,unit\nlat,9,12.5,ms\n')
        got, d = self.read("a.csv")
        self.assertEqual(got, {"lat": (12.5, "ms")})
        self.assertIn("titles above the header", str(d["files"][0]))

    def test_current_goes_before_value_and_baseline_is_not_read(self):
        self.write("a.csv", "metric,value,baseline,current\nlat,1,2,3\n")
        self.assertEqual(self.read("a.csv")[0], {"lat": (3, "")})

    def test_two_header_rows(self):
        self.write("a.csv", "metric,,unit,\n,current,,status\nlat,5,ms,ok\n")
        self.assertEqual(self.read("a.csv")[0], {"lat": (5, "ms")})
        self.write("b.csv", "metric,unit,value\nlat,ms,5\n")
        self.assertEqual(self.read("b.csv")[0], {"lat": (5, "ms")})

    def test_no_header_at_all(self):
        self.write("a.csv", "lat,5\nn,7\n")
        self.assertEqual(self.read("a.csv")[0], {"lat": (5, ""), "n": (7, "")})

    def test_unknown_and_missing_columns(self):
        self.write("a.csv", "metric,value,colour\nlat,5,red\n")
        self.assertIn("unknown columns, not used: 'colour'", str(self.read("a.csv")[1]))
        self.write("b.csv", "metric,limit\nlat,5\n")
        self.hb_error("inspect", "b.csv", "--source", "pba_excel", code=2, has=["lacks the column current or value", "'limit'"])

    def test_a_profile_of_ones_own(self):
        self.hb("init", "w")
        profile = ("names: [strict]\nadapter: pba_excel\naliases: {metric: [messgröße], current: [ist], value: [wert], unit: [einheit]}\n"
                   "required_columns: [messgröße, einheit]\noptional_columns: [soll]\neither_current_or_value: %s\n"
                   "allow_extra_columns: %s\n")
        self.write("w/profiles/strict.yaml", profile % ("true", "false"))
        self.write("a.csv", "Messgröße;Soll;Ist;Einheit\nDruck;1;1,5;bar\n")
        got, d = self.read("a.csv", "--workspace", "w", source="strict")
        self.assertEqual(got, {"Druck": (1.5, "bar")})
        self.assertEqual(d["source_system"], "strict")
        self.write("b.csv", "Messgröße,Ist,Einheit,Farbe\nDruck,1,bar,rot\n")
        self.hb_error("inspect", "b.csv", "--source", "strict", "--workspace", "w", code=2,
                      has=["unknown columns: 'Farbe'", "allow_extra_columns"])
        self.write("c.csv", "Messgröße,Ist\nDruck,1\n")
        self.hb_error("inspect", "c.csv", "--source", "strict", "--workspace", "w", code=2, has="lacks the column einheit")
        self.write("w/profiles/strict.yaml", profile % ("false", "true"))
        self.write("d.csv", "Messgröße,Wert,Einheit\nDruck,1,bar\n")
        self.hb_error("inspect", "d.csv", "--source", "strict", "--workspace", "w", code=2, has="lacks the column current")
        self.write("w/profiles/strict.yaml", "names: [strict]\nadapter: other\n")
        self.hb_error("inspect", "d.csv", "--source", "strict", "--workspace", "w", code=3, has="'adapter' must be pba_excel")

    def test_empty_and_garbage_values_are_counted(self):
        self.write("a.csv", "metric,value\nlat,5\nx,\ny,n.a. 5\n")
        _, d = self.read("a.csv")
        by = {m["name"]: m for m in d["metrics"]}
        self.assertEqual((by["x"]["value"], by["x"]["n_missing"], by["y"]["n_rejected"]), (None, 1, 1))

    def test_workbook_with_unit_sheet(self):
        self.book("a.xlsx", Notes=[["nothing", "here"], [1, 2]],
                  Units=[["Metric", "Unit"], ["Latency", "ms"], ["Count", "count"], ["both", "s"]],
                  Results=[["Bench 7"], [], ["Metric", "Baseline", "Current", "Unit"], ["Latency", 9, 12.5, None],
                           ["Count", 1, 3, None], ["both", 1, 4, "min"], ["none", 1, 5]],
                  Later=[["metric", "value"], ["other", 1]])
        want = {"Latency": (12.5, "ms"), "Count": (3, "count"), "both": (4, "min"), "none": (5, "")}
        for source in ("pba_excel", "auto"):
            got, d = self.read("a.xlsx", source=source)
            self.assertEqual(got, want)
            self.assertEqual(d["source_system"], "pba_excel")
            shown = str(d["files"][0])
            self.assertIn("Units", shown)
            self.assertIn("Results", shown)
        self.assertEqual(self.read("a.xlsx", "--sheet", "Later")[0], {"other": (1, "")})
        self.hb_error("inspect", "a.xlsx", "--source", "pba_excel", "--sheet", "No", code=2, has="no sheet 'No'")

    def test_workbook_without_a_table(self):
        self.book("a.xlsx", One=[["a", "b"], [1, 2]])
        self.hb_error("inspect", "a.xlsx", "--source", "pba_excel", code=2, has="no visible sheet with a metric")
        self.assertEqual(self.read("a.xlsx", source="auto")[1]["source_system"], "xlsx")

    def test_workbook_and_csv_give_one_verdict(self):
        rows = [["metric", "current", "unit"]] + [[f"m{i}", i * 1.25, "ms"] for i in range(50)]
        self.book("a.xlsx", S=rows)
        self.write("a.csv", "".join(",".join(map(str, r)) + "\n" for r in rows))
        self.assertEqual(self.read("a.xlsx")[0], self.read("a.csv")[0])
        d = self.hb_json("compare", "--baseline", "a.csv", "--run", "a.xlsx", "--out", "o", "--source", "pba_excel")
        self.assertEqual((d["status"], [f["rule"] for f in d["findings"]]), ("PASS", ["insufficient_baseline"]))


if __name__ == "__main__":
    unittest.main()
