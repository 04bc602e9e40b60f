# SPDX-License-Identifier: Apache-2.0
"""Where the table is in a file: encodings, delimiters, header rows and sheets, through hb inspect."""
import io
import unittest
import zipfile

try:
    import openpyxl
except ImportError:
    openpyxl = None

from hbtest import Case


class Tables(Case):
    def read(self, name, content=None, *args):
        if content is not None:
            self.write(name, content)
        return self.hb_json("inspect", name, *args)

    def names(self, d):
        return [c["name"] for c in d["columns"]]

    def units(self, d):
        return [c["unit"] for c in d["columns"]]


class Encodings(Tables):
    TEXT = "Zeit;Temp [°C];Größe [mm]\r\n" + "".join(f"{i};{20 + i / 4};{i * 2}\r\n" for i in range(60))

    def test_each(self):
        for codec, mark, name in (("utf-8", b"", "utf-8"), ("utf-8", b"\xef\xbb\xbf", "utf-8-bom"),
                                  ("utf-16-le", b"\xff\xfe", "utf-16le-bom"), ("utf-16-be", b"\xfe\xff", "utf-16be-bom"),
                                  ("utf-16-le", b"", "utf-16le"), ("utf-16-be", b"", "utf-16be"), ("cp1252", b"", "windows-1252")):
            d = self.read("a.csv", mark + self.TEXT.encode(codec))
            self.assertEqual(d["format"]["encoding"], name)
            self.assertEqual(d["format"]["eol"], "crlf")
            self.assertEqual(self.names(d), ["Zeit", "Temp [°C]", "Größe [mm]"])
            self.assertEqual(d["columns"][1]["max"], 20 + 59 / 4)
            self.assertEqual(d["rows_data"], 60)

    def test_the_first_odd_byte_is_far_behind(self):
        rows = "t,v,note\n" + "".join(f"{i},{i},ok\n" for i in range(300000))
        d = self.read("a.csv", rows.encode() + "300000,1,Tür\n".encode("cp1252"))
        self.assertEqual((d["format"]["encoding"], d["rows_data"]), ("windows-1252", 300001))
        d = self.read("a.csv", rows.encode() + "300000,1,Tür\n".encode())
        self.assertEqual((d["format"]["encoding"], d["rows_data"]), ("utf-8", 300001))

    def test_figures_of_a_large_utf16_file(self):
        text = "n,v\n" + "".join(f"{i},{i * 0.5}\n" for i in range(200000))
        d = self.read("a.csv", text.encode("utf-16"))
        self.assertEqual((d["rows_data"], d["columns"][1]["max"], d["columns"][1]["n_numeric"]), (200000, 99999.5, 200000))


class Rows(Tables):
    def test_lists_in_quotes_do_not_make_blanks_the_delimiter(self):
        tags = '"{""samples"": [' + ", ".join(str(k / 10) for k in range(60)) + ']}"'
        d = self.read("a.csv", "metric,value,unit,tags\n" + "".join(f"m{i},{i},ms,{tags}\n" for i in range(200)))
        self.assertEqual((d["format"]["delimiter"], d["format"]["header_line"], d["rows_data"]), (",", 1, 200))
        self.assertEqual(self.names(d), ["metric", "value", "unit", "tags"])

    def test_fields_missing_in_fixed_width(self):
        lines = "".join(f"{i:5d}  {10 + i / 4:6.2f}  {'' if i % 5 == 2 else f'{i * 2.5:6.1f}':>6}  {i % 3:3d}\n" for i in range(100))
        d = self.read("a.txt", " STEP    LEFT   RIGHT  KEY\n" + lines)
        self.assertEqual(d["format"]["delimiter"], "whitespace")
        right = d["columns"][2]
        self.assertEqual((right["n_numeric"], right["n_missing"], right["max"]), (80, 20, 99 * 2.5))
        self.assertEqual(d["columns"][3]["max"], 2)

    def test_titles_of_rows_are_no_column(self):
        head = '"name","Clock","T_in"\n"unit","s","degC"\n"trace",0,20.5\n'
        d = self.read("a.csv", head + "".join(f'"",{i},{20 + i / 2}\n' for i in range(1, 50)))
        self.assertEqual((self.names(d), self.units(d)), (["Clock", "T_in"], ["s", "degC"]))
        self.assertEqual([c["index"] for c in d["columns"]], [2, 3])
        self.assertEqual(d["columns"][1]["n_numeric"], 50)

    def test_comments_far_inside_are_left_out_and_counted(self):
        rows = "".join(f"{i},{i * 2}\n" + ("# pause\n#7,9\n" if i % 1000 == 999 else "") for i in range(5000))
        d = self.read("a.csv", "# made by hand\nn,v\n" + rows)
        self.assertEqual((d["rows_data"], d["format"]["comment_lines"], d["columns"][0]["n_rejected"]), (5000, 11, 0))


@unittest.skipIf(openpyxl is None, "no openpyxl")
class Sheets(Tables):
    def book(self, name="a.xlsx"):
        wb = openpyxl.Workbook()
        ws = wb.active
        ws.title = "Deckblatt"
        for row in (["Dauerlauf 7"], [], ["Prüfer", "Maier"], ["Teil", 4711], ["Datum", "2024-05-06"]):
            ws.append(row)
        ws = wb.create_sheet("Messung")
        ws.append(["Lauf am Stand 3"])
        ws.append([])
        ws.append(["Zeit", "Pumpe", None, None, "Ventil", None, None])
        ws.append([None, "p", "Q", "n", "p", "Q", "Note"])
        for i in range(40):
            ws.append([i, 1.5 + i, f"{i / 4}", 3, 4, 5, None])
        for merged in ("A1:G1", "A3:A4", "B3:C3", "E3:F3"):
            ws.merge_cells(merged)
        ws = wb.create_sheet("Einheiten")
        for row in (["Spalte", "Einheit"], ["p", "bar"], ["Q", "l/min"], ["Zeit", "s"]):
            ws.append(row)
        ws = wb.create_sheet("alt")
        for i in range(200):
            ws.append([i, i, i, i])
        ws.sheet_state = "hidden"
        wb.save(self.path(name))

    def test_a_report(self):
        self.book()
        d = self.read("a.xlsx")
        f = d["format"]
        self.assertEqual((f["sheet"], f["group_line"], f["header_line"], f["data_first_line"]), ("Messung", 3, 4, 5))
        self.assertEqual(self.names(d), ["Zeit", "p", "Q", "n", "p", "Q", "Note"])
        # "Pumpe" is merged over two cells only
        self.assertEqual([c["group"] for c in d["columns"]], [None, "Pumpe", "Pumpe", None, "Ventil", "Ventil", None])
        self.assertEqual(self.units(d)[:6], ["s", "bar", "l/min", "", "bar", "l/min"])
        self.assertEqual((d["rows_data"], d["columns"][2]["n_numeric"]), (40, 40))
        self.assertEqual(self.read("a.xlsx", None, "--sheet", "alt")["rows_data"], 200)

    def test_a_million_sheets(self):
        n = 1_000_000
        main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        rel = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
        sheets = "".join(f'<sheet name="s{i}" sheetId="{i + 1}" r:id="r{i}"/>' for i in range(n))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("xl/workbook.xml", f"<workbook {main} {rel}><sheets>{sheets}</sheets></workbook>")
            z.writestr("xl/_rels/workbook.xml.rels", "<Relationships/>")
        self.write("a.xlsx", out.getvalue())
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "sheets"])

    def test_more_parts_than_a_workbook_has(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            for i in range(30000):
                z.writestr(f"xl/worksheets/sheet{i}.xml", b"")
        self.write("a.xlsx", out.getvalue())
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx"])

    def test_zips_in_zips(self):
        self.book("inner.xlsx")
        with open(self.path("inner.xlsx"), "rb") as f:
            data = f.read()
        for _ in range(20):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as z:
                z.writestr("xl/workbook.xml", data)
            data = out.getvalue()
        self.write("a.xlsx", data)
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx"])


if __name__ == "__main__":
    unittest.main()
