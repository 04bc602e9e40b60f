# SPDX-License-Identifier: Apache-2.0
"""JSON and workbooks through hb inspect, held against Python's own reading of the same files."""
import datetime
import gzip
import io
import json
import math
import random
import statistics
import subprocess
import sys
import unittest
import zipfile

import openpyxl

from hbtest import HB, Case

# Runs a program and prints its exit code and the peak memory (KiB) of that one child.
MEASURE = """import resource, subprocess, sys
code = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "wb")).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""

with open(HB, "rb") as program:
    image = program.read()
SANITIZED = b"__asan_init" in image or b"__tsan_init" in image  # their own memory is not the program's


class Formats(Case):
    def inspect(self, name, *more, **kw):
        d = self.hb_json("inspect", name, *more, **kw)
        return d, {m["name"]: m for m in d["metrics"]}

    def guess(self, d, what):
        return {g["what"]: g["value"] for g in d["files"][0]["guesses"]}[what]

    def same_figures(self, metric, values):
        """A metric of hb against the values themselves."""
        self.assertEqual(metric["n"], len(values))
        for key, want in (("min", min(values)), ("max", max(values)), ("first", values[0]), ("last", values[-1]),
                          ("mean", statistics.fmean(values))):
            self.assertTrue(math.isclose(metric[key], want, rel_tol=1e-12, abs_tol=1e-12), (key, metric[key], want))
        below = sum(v < metric["p50"] for v in values) / len(values)
        above = sum(v > metric["p50"] for v in values) / len(values)
        self.assertLessEqual(max(below, above), 0.5 + metric["rank_error"] + 1 / len(values))

    def measure(self, *args):
        """Exit code and peak memory in MiB, standard output in the file out.json."""
        r = subprocess.run([sys.executable, "-c", MEASURE, self.path("out.json"), HB, *args], cwd=self.dir, check=True,
                           capture_output=True, timeout=300)
        code, kib = r.stdout.split()
        return int(code), int(kib) / 1024

    def at_most(self, mib, most):
        if SANITIZED:
            self.skipTest("memory is not measured under a sanitizer")
        self.assertLessEqual(mib, most)


class Json(Formats):
    def records(self, n=5000):
        rng = random.Random(3)
        return [{"t": i, "a": rng.uniform(-5, 5), "n": {"x": rng.randint(0, 9), "deep": {"y": i / 7}}} for i in range(n)]

    def check_records(self, name, form, fmt, **kw):
        rows = self.records()
        d, m = self.inspect(name, **kw)
        self.assertEqual((d["files"][0]["format"], d["files"][0]["rows"]), (fmt, len(rows)))
        self.assertEqual(self.guess(d, "document"), form)
        self.assertEqual(d["files"][0]["rejects"], {})
        self.assertEqual(set(m), {"a", "n.x", "n.deep.y"})
        self.same_figures(m["a"], [r["a"] for r in rows])
        self.same_figures(m["n.x"], [r["n"]["x"] for r in rows])
        self.same_figures(m["n.deep.y"], [r["n"]["deep"]["y"] for r in rows])

    def test_array_of_objects(self):
        for indent in (None, 2):
            self.write("a.json", json.dumps(self.records(), indent=indent))
            self.check_records("a.json", "array of records", "json")
        self.write("bom.json", b"\xef\xbb\xbf" + json.dumps(self.records()).encode())
        self.check_records("bom.json", "array of records", "json")

    def test_lines(self):
        text = "".join(json.dumps(r) + "\n" for r in self.records())
        for ends in (text, text.rstrip("\n"), text.replace("\n", "\r\n"), text.replace("\n", "\n\n")):
            self.write("a.jsonl", ends)
            self.check_records("a.jsonl", "JSON lines", "jsonl")

    def test_columns(self):
        rows = self.records()
        self.write("a.json", json.dumps({"t": [r["t"] for r in rows], "a": [r["a"] for r in rows]}))
        d, m = self.inspect("a.json")
        self.assertEqual(self.guess(d, "document"), "columns of equal length")
        self.assertEqual(d["files"][0]["rows"], len(rows))
        self.same_figures(m["a"], [r["a"] for r in rows])

    def test_a_long_line_of_columns(self):
        values = [i / 3 for i in range(1500000)]  # about 24 MB in one line
        self.write("a.json", json.dumps({"a": values}))
        d, m = self.inspect("a.json")
        self.assertEqual(d["files"][0]["rows"], len(values))
        self.same_figures(m["a"], values)

    def test_metric_map(self):
        metrics = {"lat": 3.5, "resets": {"value": 0, "unit": "count"}, "none": None}
        for document in (metrics, {"metrics": metrics, "run": "x"},
                         {"metrics": [{"metric": "lat", "value": 3.5}, {"metric": "resets", "value": 0, "unit": "count"},
                                      {"metric": "none", "value": None}]}):
            self.write("a.json", json.dumps(document))
            d, m = self.inspect("a.json")
            self.assertEqual(d["files"][0]["layout"], "metric table")
            self.assertEqual({k: (v["value"], v["unit"]) for k, v in m.items()},
                             {"lat": (3.5, ""), "resets": (0, "count"), "none": (None, "")})

    def test_one_record(self):
        self.write("a.json", '{"label": "x", "lat": 3.5, "in": {"temp": 7}}')
        d, m = self.inspect("a.json")
        self.assertEqual(self.guess(d, "document"), "one record")
        self.assertEqual((m["lat"]["mean"], m["in.temp"]["mean"]), (3.5, 7))

    def test_numbers_that_are_none(self):
        self.write("a.json", '[{"a": 1}, {"a": NaN}, {"a": Infinity}, {"a": -Infinity}, {"a": null}, {"b": 1}, {"a": "NaN"},'
                             ' {"a": 123456789012345678901234567890}, {"a": true}, {"a": "word"}, {"a": "7"}]')
        _, m = self.inspect("a.json")
        a = m["a"]
        self.assertEqual((a["n_nan"], a["n_inf"]), (2, 2))
        self.assertEqual(a["n_missing"], 4)  # two NaN, one null, one absent
        self.assertEqual((a["n_rejected"], a["reject_examples"][0]["text"]), (1, "word"))
        self.assertEqual((a["n"], a["max"]), (4, 123456789012345678901234567890.0))

    def test_a_number_no_double_can_hold(self):
        self.write("a.json", '[{"a": 1},\n{"a": 1e999}]')
        self.hb_error("inspect", "a.json", code=2, has=["a.json:2", "overflow"])
        self.write("a.jsonl", '{"a": 1}\n{"a": 1e999}\n')
        self.assertEqual(self.inspect("a.jsonl")[0]["files"][0]["rejects"], {"bad JSON": 1})

    def test_words_inside_strings_stay(self):
        self.write("a.json", '[{"metric": "NaN \\" Infinity", "value": NaN}, {"metric": "b", "value": 1}]')
        self.assertEqual(set(self.inspect("a.json")[1]), {'NaN " Infinity', "b"})

    def test_bad_lines_are_counted(self):
        rows = self.records(3000)
        lines = [json.dumps(r) for r in rows]
        bad = ['{"a": 1', "hello", "[1", '{"a": 1} x', '{"a": 1, "a": 2}']
        for at, text in zip((2500, 1700, 900, 300, 1), bad):
            lines.insert(at, text)
        lines.insert(5, "17")
        lines.insert(9, "[1]")
        self.write("a.jsonl", "\n".join(lines))
        d, m = self.inspect("a.jsonl")
        self.assertEqual(d["files"][0]["rejects"], {"bad JSON": 5, "record that is no object": 2})
        self.same_figures(m["a"], [r["a"] for r in rows])
        shown = self.hb("inspect", "a.jsonl")
        self.assertIn("5 × bad JSON", shown)

    def test_more_bad_lines_than_a_block_holds(self):
        self.write("a.jsonl", '{"a": 1}\n' + "bad\n" * 10000 + '{"a": 2}\n')
        d, m = self.inspect("a.jsonl")
        self.assertEqual(d["files"][0]["rejects"], {"bad JSON": 10000})
        self.same_figures(m["a"], [1, 2])
        self.write("a.json", "[" + "5," * 10000 + '{"a": 2}]')
        self.hb_error("inspect", "a.json", code=2, has=["a.json", "record"])

    def test_truncated(self):
        text = json.dumps(self.records(50), indent=1)
        self.write("whole.json", text)
        self.inspect("whole.json")
        for k in range(1, 20):
            self.write("a.json", text[: len(text) * k // 20])
            err = self.hb_error("inspect", "a.json", code=2, has="a.json")
            self.assertRegex(err, r"a\.json:\d+")
        self.write("map.json", '{\n "a": 1,\n "b": ')
        self.assertRegex(self.hb_error("inspect", "map.json", code=2, has="cut off"), r"map\.json:\d+")

    def test_the_place_of_a_fault(self):
        self.write("a.json", '[\n{"a": 1},\n{"a": 2,,}\n]')
        self.hb_error("inspect", "a.json", code=2, has="a.json:3")
        self.write("b.json", '{\n"a": 1,\n"b": nope\n}')
        self.hb_error("inspect", "b.json", code=2, has="b.json:3")
        self.write("c.json", '[{"a": 1}\n{"a": 2}]')
        self.hb_error("inspect", "c.json", code=2, has=["c.json:2", "','"])
        self.write("d.json", '[{"a": 1}] x')
        self.hb_error("inspect", "d.json", code=2, has=["d.json:1", "the end"])
        self.write("e.json", b'[{"a": 1}, {"a\x00": 2}]')
        self.hb_error("inspect", "e.json", code=2, has=["e.json", "NUL"])
        self.write("f.json", b'[{"a": 1}, {"a": "\xff\xfe"}]')
        self.hb_error("inspect", "f.json", code=2, has="f.json:1")

    def test_nothing_in_it(self):
        for text in ("[]", "[ ]\n", "{}", "[\n\n]", '{"metrics": {}}', '{"metrics": []}'):
            self.write("a.json", text)
            self.hb_error("inspect", "a.json", code=2, has="a.json")

    def test_deep(self):
        fits = "1"
        for i in range(15):
            fits = f'{{"k{i}": {fits}}}'
        self.write("fits.json", f"[{fits}]")
        self.assertEqual(next(iter(self.inspect("fits.json")[1])), ".".join(f"k{i}" for i in reversed(range(15))))
        deep = '{"k":' * 40 + "1" + "}" * 40
        self.write("deep.json", f'[{{"a": 1, "b": {deep}}}]')
        d, m = self.inspect("deep.json")
        self.assertEqual((d["files"][0]["rejects"], m["a"]["n"]), ({"nested too deep": 1}, 1))
        for n in (3000, 1000000):
            self.write("a.json", "[" * n + "]" * n)
            self.hb_error("inspect", "a.json", code=2, has="a.json")
            self.write("a.json", '{"a":' * n + "1" + "}" * n)
            self.hb_error("inspect", "a.json", code=2, has="a.json")

    def test_arrays_in_records(self):
        self.write("a.json", json.dumps([{"v": [i, i * 2], "long": [0] * 65} for i in range(4)]))
        d, m = self.inspect("a.json")
        self.same_figures(m["v[1]"], [0, 2, 4, 6])
        self.assertEqual(d["files"][0]["rejects"], {"array too long to be columns": 4})

    def test_many_keys_need_no_memory_for_their_square(self):
        self.write("a.jsonl", "".join(json.dumps({f"k{i * 4 + k}": 1 for k in range(4)}) + "\n" for i in range(4000)))
        code, mib = self.measure("inspect", "--json", "a.jsonl")
        self.assertEqual(code, 0)
        with open(self.path("out.json"), encoding="utf-8") as f:
            self.assertEqual(len(json.load(f)["metrics"]), 16000)
        self.at_most(mib, 400)

    def test_compressed_and_from_standard_input(self):
        text = json.dumps(self.records()).encode()
        self.write("a.json.gz", gzip.compress(text))
        self.check_records("a.json.gz", "array of records", "json")
        self.check_records("-", "array of records", "json", stdin=text)
        lines = "".join(json.dumps(r) + "\n" for r in self.records()).encode()
        self.check_records("-", "JSON lines", "jsonl", stdin=gzip.compress(lines))
        self.write("cut.json.gz", gzip.compress(text)[:-20])
        self.hb_error("inspect", "cut.json.gz", code=2, has="cut.json.gz")

    def test_whole_numbers_beyond_doubles_stay_times(self):
        t = 1700000000123456789
        self.write("a.jsonl", "".join(json.dumps({"time": t + i * 10**9, "a": i}) + "\n" for i in range(3)))
        d, _ = self.inspect("a.jsonl")
        self.assertEqual(d["first_sample"], "2023-11-14T22:13:20.123456789Z")


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
WORKBOOK = f'<workbook {MAIN} {REL}><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
RELS = ('<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>')


def sheet(rows):
    return f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"


def row(*cells, r=None):
    return f"<row{'' if r is None else f' r=%s' % chr(34) + str(r) + chr(34)}>{''.join(cells)}</row>"


def text(s, ref=""):
    return f'<c {ref} t="inlineStr"><is><t>{s}</t></is></c>'


def number(v, ref=""):
    return f"<c {ref}><v>{v}</v></c>"


PLAIN = row(text("a"), text("b")) + row(number(1), number(2)) + row(number(3), number(4))


class Xlsx(Formats):
    def save(self, wb, name="a.xlsx"):
        wb.save(self.path(name))
        return name

    def by_hand(self, name="a.xlsx", level=zipfile.ZIP_DEFLATED, **parts):
        """A workbook from its parts; a part given as None is left out."""
        all_parts = {"workbook": WORKBOOK, "rels": RELS, "sheet": sheet(PLAIN), "strings": None, "styles": None}
        all_parts.update(parts)
        names = {"workbook": "xl/workbook.xml", "rels": "xl/_rels/workbook.xml.rels", "sheet": "xl/worksheets/sheet1.xml",
                 "strings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", level) as z:
            for key, content in all_parts.items():
                if content is not None:
                    z.writestr(names.get(key, key), content)
        self.write(name, out.getvalue())
        return name

    def oracle(self, name, title=None, header=1):
        """The columns below the header as openpyxl reads them."""
        wb = openpyxl.load_workbook(self.path(name), data_only=True)
        ws = wb[title] if title else wb.worksheets[0]
        rows = list(ws.iter_rows(min_row=header, values_only=True))
        return {h: [r[i] for r in rows[1:]] for i, h in enumerate(rows[0]) if h is not None}

    def test_titles_dates_and_kinds_of_cells(self):
        for epoch in (openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.MAC_EPOCH):
            wb = openpyxl.Workbook()
            wb.epoch = epoch
            ws = wb.active
            for titles in (["Thermal run 7"], [], ["station", "B"], []):
                ws.append(titles)
            ws.append(["time", "temp", "ok", "as text", "gap"])
            rng = random.Random(1)
            start = datetime.datetime(2024, 2, 28, 23, 59, 58, 250000)
            for i in range(200):
                ws.append([start + datetime.timedelta(seconds=i * 60), rng.gauss(20, 3), i % 3 == 0, f"{i / 8}",
                           None if i % 4 else i])
            name = self.save(wb)
            d, m = self.inspect(name)
            want = self.oracle(name, header=5)
            self.assertEqual(d["files"][0]["rows"], 200)
            self.assertEqual(self.guess(d, "header"), "row 5")
            times = [t.replace(tzinfo=datetime.timezone.utc) for t in want["time"]]
            self.assertEqual(d["first_sample"], times[0].strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
            self.assertEqual(d["last_sample"], times[-1].strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
            self.same_figures(m["temp"], want["temp"])
            self.same_figures(m["ok"], [float(v) for v in want["ok"]])
            self.same_figures(m["as text"], [float(v) for v in want["as text"]])
            gaps = [v for v in want["gap"] if v is not None]
            self.same_figures(m["gap"], gaps)
            self.assertEqual(m["gap"]["n_missing"], 200 - len(gaps))

    def test_dates_near_the_day_that_never_was(self):
        styles = ('<styleSheet {}><numFmts><numFmt numFmtId="170" formatCode="[Red]0&quot;d&quot;"/></numFmts><cellXfs><xf numFmtId="0"/>'
                  '<xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>').format(MAIN)
        for first, last, want in ((1, 45000, ("1900-01-01T00:00:00Z", "2023-03-15T00:00:00Z")),
                                  (59, 45000, ("1900-02-28T00:00:00Z", "2023-03-15T00:00:00Z")),
                                  (61, 45000.75, ("1900-03-01T00:00:00Z", "2023-03-15T18:00:00Z"))):
            rows = row(text("date"), text("v")) + "".join(
                row(f'<c s="1"><v>{d}</v></c>', f'<c s="2"><v>{d}</v></c>') for d in (first, last))
            self.by_hand(sheet=sheet(rows), styles=styles)
            d, m = self.inspect("a.xlsx")
            self.assertEqual((d["first_sample"], d["last_sample"]), want)
            self.same_figures(m["v"], [first, last])

    def test_which_sheet(self):
        wb = openpyxl.Workbook()
        wb.active.title = "secret"
        wb.active.append(["a", "b"])
        wb.active.append([1, 2])
        wb.active.sheet_state = "hidden"
        wb.create_sheet("empty")
        ws = wb.create_sheet("Messung ü")
        ws.append(["a", "b"])
        ws.append([3, 4])
        ws.append([5, 7])
        name = self.save(wb)
        d, m = self.inspect(name)
        self.assertEqual(self.guess(d, "sheet"), "Messung ü")
        self.assertEqual(self.guess(d, "other sheets"), "secret (hidden), empty")
        self.same_figures(m["b"], self.oracle(name, "Messung ü")["b"])
        d, m = self.inspect(name, "--sheet", "secret")
        self.same_figures(m["b"], [2])
        self.hb_error("inspect", name, "--sheet", "none", code=2, has=["no sheet 'none'", "'secret'", "'Messung ü'"])
        self.hb_error("inspect", name, "--sheet", "empty", code=2, has=["a.xlsx", "no data rows"])

    def test_errors_formulas_and_texts(self):
        rows = row(text("a"), text("b")) + row(number(1), number(2)) + row('<c t="e"><v>#DIV/0!</v></c>', number(4)) + row(
            "<c><f>A2+1</f><v>2</v></c>", '<c t="str"><f>x</f><v>6</v></c>') + row(
            '<c t="inlineStr"><is><r><t>1</t></r><r><t>2</t></r></is></c>', '<c t="b"><v>1</v></c>') + row(
            '<c t="d"><v>2024-01-01T00:00:00Z</v></c>', number("1E2"))
        self.by_hand(sheet=sheet(rows))
        d, m = self.inspect("a.xlsx")
        self.same_figures(m["a"], [1, 2, 12])
        self.same_figures(m["b"], [2, 4, 6, 1, 100])
        self.assertEqual(m["a"]["reject_examples"][0]["text"], "#DIV/0!")
        self.assertEqual(m["a"]["reject_examples"][0]["line"], 3)
        self.assertEqual(m["a"]["n_rejected"], 2)
        self.assertEqual(d["files"][0]["rows"], 5)

    def test_sparse_rows_and_places(self):
        rows = row(text("a", 'r="A2"'), text("c", 'r="C2"'), r=2) + row(number(1, 'r="A5"'), number(9, 'r="C5"'), r=5) + row(
            number(2, 'r="C9"'), number(7, 'r="E9"'), r=9)
        name = self.by_hand(sheet=sheet(rows))
        d, m = self.inspect(name)
        self.same_figures(m["a"], [1])
        self.same_figures(m["c"], [9, 2])
        self.assertEqual(d["files"][0]["rejects"].get("cell beyond the header"), 1)

    def test_shared_strings(self):
        strings = (f"<sst {MAIN}><si><t>a</t></si><si><r><t>lo</t></r><r><t>ng</t></r><rPh><t>spoken</t></rPh></si>"
                   "<si><t>7</t></si></sst>")
        shared = '<c t="s"><v>{}</v></c>'.format
        self.by_hand(sheet=sheet(row(shared(0), shared(1)) + row(number(1), shared(2)) + row(number(2), number(3))), strings=strings)
        self.same_figures(self.inspect("a.xlsx")[1]["long"], [7, 3])
        self.by_hand(sheet=sheet(row(shared(0), shared(1)) + row(number(1), shared(3))), strings=strings)
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "row 2", "string that is not there"])
        self.by_hand(sheet=sheet(row(shared(0), shared(1)) + row(number(1), shared(-1))), strings=strings)
        self.hb_error("inspect", "a.xlsx", code=2, has="string that is not there")

    def test_parts_under_other_names(self):
        rels = RELS.replace("worksheets/sheet1.xml", "/xl/tables/one.xml").replace(
            "</Relationships>", '<Relationship Id="rId2" Type="http://x/relationships/sharedStrings" Target="words.xml"/>'
            '<Relationship Id="rId3" Type="http://x/relationships/styles" Target="looks.xml"/></Relationships>')
        rows = row('<c t="s"><v>0</v></c>', text("b")) + row('<c s="1"><v>45000</v></c>', number(4))
        self.by_hand(**{"rels": rels, "sheet": None, "xl/tables/one.xml": sheet(rows),
                        "xl/words.xml": f"<sst {MAIN}><si><t>date</t></si></sst>",
                        "xl/looks.xml": f'<styleSheet {MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'})
        d, m = self.inspect("a.xlsx")
        self.assertEqual(d["first_sample"], "2023-03-15T00:00:00Z")
        self.same_figures(m["b"], [4])

    def test_prefixed_elements_and_stored_parts(self):
        for level in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            prefixed = sheet(PLAIN).replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
            self.by_hand(sheet=prefixed, level=level)
            self.same_figures(self.inspect("a.xlsx")[1]["b"], [2, 4])

    def test_truncated(self):
        wb = openpyxl.Workbook()
        wb.active.append(["a", "b"])
        for i in range(500):
            wb.active.append([i, f"t{i}"])
        with open(self.path(self.save(wb)), "rb") as f:
            whole = f.read()
        for k in range(1, 21):
            self.write("cut.xlsx", whole[: len(whole) * k // 21])
            self.hb_error("inspect", "cut.xlsx", code=2, has="cut.xlsx")
        damaged = bytearray(whole)
        with zipfile.ZipFile(self.path("a.xlsx")) as z:
            info = z.getinfo("xl/worksheets/sheet1.xml")
        damaged[info.header_offset + 200] ^= 0xFF
        self.write("bad.xlsx", bytes(damaged))
        self.hb_error("inspect", "bad.xlsx", code=2, has=["bad.xlsx", "damaged"])

    def test_not_a_workbook(self):
        self.write("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000))
        self.hb_error("inspect", "old.xlsx", code=2, has=["old.xlsx", "password"])
        self.by_hand(workbook=None)
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "no workbook", "xl/workbook.xml"])
        self.by_hand(rels=None)
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "workbook.xml.rels"])
        self.by_hand(sheet=None)
        self.hb_error("inspect", "a.xlsx", code=2, has="a.xlsx")
        self.by_hand(workbook=f"<workbook {MAIN}><sheets/></workbook>")
        self.hb_error("inspect", "a.xlsx", code=2, has="no sheets")
        for part in ("sheet", "workbook", "rels"):
            self.by_hand(**{part: "<a><b></a>"})
            self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "damaged"])

    def test_bombs(self):
        cell = number(1) * 100
        self.by_hand(sheet=sheet(row(text("a")) + "<row>" + cell * 100000 + "</row>"))
        self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "expands"])
        lol = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
        bomb = f'<!DOCTYPE worksheet [<!ENTITY l0 "lol">{lol}]>' + sheet(row(text("&l9;")) + row(number(1)))
        for part in ("sheet", "workbook"):
            self.by_hand(**{part: bomb})
            self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "document type"])
        self.by_hand(sheet='<!DOCTYPE x SYSTEM "file:///etc/passwd">' + sheet(PLAIN))
        self.hb_error("inspect", "a.xlsx", code=2, has="document type")
        self.by_hand(sheet=sheet("<x>" * 500 + "</x>" * 500))
        self.hb_error("inspect", "a.xlsx", code=2, has="nested")

    def test_places_outside_the_sheet(self):
        for ref in ("XFE3", "AAAAAAAAAA3", "3", "!A3"):
            self.by_hand(sheet=sheet(PLAIN + row(number(1, f'r="{ref}"'))))
            self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "outside any sheet"])
        for r in (1048577, 10**17):
            self.by_hand(sheet=sheet(PLAIN + row(number(1), r=r)))
            self.hb_error("inspect", "a.xlsx", code=2, has=["a.xlsx", "outside any sheet"])

    def test_wide_header_needs_no_memory_for_its_square(self):
        header = row(*(text(f"c{i}") for i in range(16000)))
        self.by_hand(sheet=sheet(header + row(number(1), number(2)) * 6000))
        code, mib = self.measure("inspect", "--json", "a.xlsx")
        self.assertEqual(code, 0)
        with open(self.path("out.json"), encoding="utf-8") as f:
            d = json.load(f)
        self.assertEqual(d["files"][0]["rows"], 6000)
        self.assertEqual({m["name"]: m["n"] for m in d["metrics"] if m["n"]}, {"c0": 6000, "c1": 6000})
        self.at_most(mib, 400)

    def test_a_hundred_thousand_rows_in_little_memory(self):
        wb = openpyxl.Workbook(write_only=True)
        ws = wb.create_sheet("data")
        ws.append(["time", "a", "b", "c", "note"])
        rng = random.Random(5)
        a = [round(rng.gauss(0, 1), 9) for _ in range(100000)]
        for i, v in enumerate(a):
            ws.append([i, v, i * 0.5, i % 7, f"row {i % 50}"])
        name = self.save(wb)
        code, mib = self.measure("inspect", "--json", name)
        self.assertEqual(code, 0)
        with open(self.path("out.json"), encoding="utf-8") as f:
            d = json.load(f)
        self.assertEqual(d["files"][0]["rows"], 100000)
        m = {x["name"]: x for x in d["metrics"]}
        self.assertEqual((m["a"]["n"], m["a"]["min"], m["a"]["max"], m["a"]["last"]), (100000, min(a), max(a), a[-1]))
        self.at_most(mib, 64)


class LongTimes(Formats):
    ROWS = ["05.04.2024;23:59:58;T_in;20,5", "05.04.2024;23:59:59;p_in;3,2", "06.04.2024;00:00:00;T_in;20,6"]

    def test_date_and_clock_stand_in_two_columns(self):
        self.write("a.csv", "\n".join(["Datum;Uhrzeit;Signal;value"] + self.ROWS) + "\n")
        d, _ = self.inspect("a.csv")
        self.assertEqual(self.guess(d, "time"), "dd.MM.yyyy + HH:mm:ss")
        self.assertEqual((d["first_sample"], d["last_sample"]), ("2024-04-05T23:59:58Z", "2024-04-06T00:00:00Z"))
        self.assertEqual(d["warnings"], [])

    def test_what_cannot_be_known_is_told(self):
        rows = [f"05/04/2024 10:0{i},T_in,20.{i}" for i in range(4)]
        self.write("a.csv", "\n".join(["Time,signal,value"] + rows) + "\n")
        d, _ = self.inspect("a.csv")
        self.assertEqual(d["first_sample"], "2024-04-05T10:00:00Z")
        self.assertIn("nothing in the file tells day from month", " ".join(d["warnings"]))


if __name__ == "__main__":
    unittest.main()
