# SPDX-License-Identifier: Apache-2.0
"""Every messy lab file of HB_DATA/messy through `hb inspect --json`, held against the truth beside it by the rules of its
README. As a script with files it prints what differs: HB_BINARY=build/dev/hb python3 tests/cli/test_messy.py FILE…"""
import functools
import glob
import json
import math
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("HB_SOURCE_DIR", os.path.join(HERE, "..", ".."))
os.environ.setdefault("HB_BINARY", os.path.join(os.environ["HB_SOURCE_DIR"], "build", "dev", "hb"))

from hbtest import DATA, HB, Case  # noqa: E402

MESSY = os.path.join(DATA, "messy")
UDUNITS = shutil.which("udunits2")

# What a refusal must say, by refuse_reason.
REFUSALS = {
    "empty": r"empty",
    "no_data_rows": r"no data rows|nothing below|only a header",
    "binary": r"binary|not text|NUL byte|control characters",
    "truncated_xlsx": r"cut off|truncated|damaged|incomplete|no central directory|no workbook",
    "truncated_gzip": r"cut off|truncated|before they are complete",
    "too_large_expanded": r"expands|too large|NUL|damaged|XML|limit",
    "nul_bytes": r"NUL",
    "line_too_long": r"longer than|too long|columns|limit|no data rows",
    "too_many_columns": r"columns",
}
SAME_ENCODING = [{"ascii", "utf-8"}, {"ascii", "latin-1", "windows-1252"}]
FORMAT_KEYS = ("delimiter", "decimal", "thousands", "encoding", "header_line", "units_line", "data_first_line", "data_last_line",
               "eol", "group_line", "sheet")
STATISTICS = ("min", "max", "mean", "std_sample")
COUNTS = ("n_numeric", "n_missing", "n_rejected")


@functools.lru_cache(maxsize=None)
def same_unit(a, b):
    """Equal as units: the conversion is the identity. rpm is one turn a minute, as labs mean it."""
    turns = {"rpm": "1/min", "r/min": "1/min", "rev/min": "1/min"}
    a, b = (turns.get(u, u) for u in (a, b))
    if a == b:
        return True
    if not a or not b or not UDUNITS:
        return False
    # brackets, because the tool takes a leading number for an amount; identity reads "x/W = (x/H)"
    r = subprocess.run([UDUNITS, "-U", "-H", f"({a})", "-W", f"({b})"], capture_output=True, text=True, check=False)
    return re.search(r"^\s*x/\S.* = \(x/[^*]*\)\s*$", r.stdout, re.M) is not None and not re.search(r"\) [-+] \d|\*\(", r.stdout)


def fold(text):
    return re.sub(r"\s+", " ", text or "").strip().casefold()


def bare(name):
    """The ways a name may be written without its unit."""
    yield name
    yield re.sub(r"\s*[\[(][^\])]*[\])].*$", "", name)
    yield re.sub(r"\s*(,|/|;)\s*[^,/;]*$", "", name)
    yield re.sub(r"_[^_]*$", "", name)
    yield re.sub(r"[<>]", "", re.sub(r"\s*[\[(][^\])]*[\])].*$", "", name))


class Comparer:
    def __init__(self, expect, got):
        self.expect, self.got, self.out = expect, got, []
        self.open = set(expect.get("ambiguous", []))

    def skipped(self, path):
        return path in self.open or ("columns[*]" in self.open and re.match(r"columns\[\d+\]", path) is not None)

    def tell(self, path, want, have, why=""):
        self.out.append(f"{path}: expected {want!r}, got {have!r}{why and ' (' + why + ')'}")

    def equal(self, path, want, have):
        if not self.skipped(path) and want != have:
            self.tell(path, want, have)

    def number(self, path, want, have, scale=0.0, tolerance=0.0):
        if self.skipped(path):
            return
        if want is None or have is None or isinstance(have, str):
            if want != have:
                self.tell(path, want, have)
        elif not math.isclose(want, have, rel_tol=1e-9, abs_tol=max(tolerance, scale * 1e-12)):
            self.tell(path, want, have)

    def statistics(self, path, want, have):
        scale = max((abs(want[k]) for k in ("min", "max") if want.get(k) is not None), default=0.0)
        for k in STATISTICS:
            if k in want:
                self.number(f"{path}.{k}", want[k], have.get(k), scale)

    def format(self):
        want, have = self.expect.get("format") or {}, self.got.get("format") or {}
        for k in FORMAT_KEYS:
            path = f"format.{k}"
            if k == "encoding" and k in want:
                w, h = (str(v or "").lower().replace("cp1252", "windows-1252").replace("iso-8859-1", "latin-1")
                        for v in (want[k], have.get(k)))
                if w != h and not self.skipped(path) and not any({w, h} <= s for s in SAME_ENCODING):
                    self.tell(path, want[k], have.get(k))
            elif k in want:
                self.equal(path, want[k], have.get(k))
            elif k == "thousands":
                self.equal(path, None, have.get(k))

    def one_time(self, path, want, have):
        labels = {fold(c.get("name")): fold(c.get("label")) for c in self.got.get("columns", [])}
        columns = [fold(c) for c in str(have.get("column")).split("+")]
        wanted = [fold(c) for c in want["column"].split("+")]
        names = [labels.get(c, c) for c in wanted]
        if f"{path}.column" not in self.open and fold(want["column"]) != fold(have.get("column")) and columns not in (wanted, names):
            self.tell(f"{path}.column", want["column"], have.get("column"))
        self.equal(f"{path}.kind", want["kind"], have.get("kind"))
        if want.get("zone") is not None or want["kind"] != "elapsed":
            self.equal(f"{path}.zone", want.get("zone"), have.get("zone"))
        for k in ("monotonic", "n_parsed", "n_unparsed", "n_equal_steps", "n_backward_steps", "n_gaps"):
            if k in want:
                self.equal(f"{path}.{k}", want[k], have.get(k))
        for k in ("first_utc_ns", "last_utc_ns", "first_rel_ns", "last_rel_ns", "median_positive_step_ns"):
            if k in want and not self.skipped(f"{path}.{k}"):
                w, h, room = want[k], have.get(k), want.get("tolerance_ns", 0)
                if (w is None or h is None) and w != h or w is not None and h is not None and abs(int(w) - int(h)) > room:
                    self.tell(f"{path}.{k}", w, h)

    def time(self):
        want, have = self.expect.get("time"), self.got.get("time")
        several = self.expect.get("time_columns")
        if several:
            by_column = {fold(t.get("column")): t for t in self.got.get("time_columns") or ([have] if have else [])}
            for i, w in enumerate(several):
                h = by_column.get(fold(w["column"]))
                if h:
                    self.one_time(f"time_columns[{i}]", w, h)
                elif "time" not in self.open:
                    self.tell(f"time_columns[{i}]", w["column"], None)
            if have and fold(have.get("column")) not in {fold(w["column"]) for w in several}:
                self.tell("time.column", [w["column"] for w in several], have.get("column"))
        elif want and "time" not in self.open:
            if have:
                self.one_time("time", want, have)
            else:
                self.tell("time", want["column"], None)
        elif want is None and have and self.expect.get("columns"):
            self.tell("time", None, have.get("column"))

    def column(self, path, want, have, twice):
        kind = have.get("kind")
        if want["name"] and want["name"] not in twice:
            self.equal(f"{path}.name", want["name"], have.get("name"))
            label = fold(have.get("label"))
            accepted = {fold(want["label"])} | {fold(b) for b in bare(want["name"])}
            if not self.skipped(f"{path}.label") and label not in accepted and fold(want["label"]) not in label:
                self.tell(f"{path}.label", want["label"], have.get("label"))
        if not self.skipped(f"{path}.unit") and not same_unit(want["unit"], have.get("unit") or ""):
            self.tell(f"{path}.unit", want["unit"], have.get("unit"))
        plain = want["kind"] == "time" and want["min"] is not None
        if kind != want["kind"] and not (plain and kind == "number"):
            if not self.skipped(f"{path}.kind"):
                self.tell(f"{path}.kind", want["kind"], kind)
            return
        for k in COUNTS:
            self.equal(f"{path}.{k}", want[k], have.get(k))
        self.statistics(path, want, have)

    def columns(self):
        want = self.expect.get("columns")
        if want is None:
            return
        have = {c["index"]: c for c in self.got.get("columns", [])}
        names = [c["name"] for c in want]
        twice = {n for n in names if names.count(n) > 1}
        for i, w in enumerate(want):
            if w["index"] not in have:
                self.tell(f"columns[{i}]", w["name"], None)
            else:
                self.column(f"columns[{i}]", w, have[w["index"]], twice)
        extra = sorted(set(have) - {w["index"] for w in want})
        # a named column without one value may be listed (a key that was only ever null)
        extra = [i for i in extra if have[i].get("n_numeric") or have[i].get("n_missing") != self.got.get("rows_data")
                 or not have[i].get("name") or re.fullmatch(r"column \d+", have[i]["name"])]
        if extra and not self.expect.get("n_long_rows") and "columns[*]" not in self.open:
            self.tell("columns", [w["index"] for w in want], extra, "columns too many")

    def segments(self):
        have = self.got.get("segments") or []
        for i, w in enumerate(self.expect.get("segments", [])):
            path = f"segments[{i}]"
            if i >= len(have):
                self.tell(path, w["rows_data"], None)
                continue
            for k in ("header_line", "data_first_line", "rows_data"):
                self.equal(f"{path}.{k}", w[k], have[i].get(k))
            columns = {c["index"]: c for c in have[i].get("columns", [])}
            for k, c in enumerate(w["columns"]):
                if c["index"] in columns:
                    self.statistics(f"{path}.columns[{k}]", c, columns[c["index"]])

    def groups(self):
        have = {json.dumps(g["by"], sort_keys=True): g for g in self.got.get("groups") or []}
        for i, w in enumerate(self.expect.get("groups", [])):
            path, h = f"groups[{i}]", have.get(json.dumps(w["by"], sort_keys=True))
            if not h:
                self.tell(path, w["by"], None)
                continue
            for k in ("rows", *COUNTS):
                self.equal(f"{path}.{k}", w[k], h.get(k))
            if not same_unit(w["unit"], h.get("unit") or ""):
                self.tell(f"{path}.unit", w["unit"], h.get("unit"))
            self.statistics(path, w, h)

    def metrics(self):
        want = self.expect.get("metrics", [])
        texts = [k for k in (want[0] if want else {}) if k not in ("metric", "unit", "value") and not k.startswith("samples_")]

        def key(m):
            return (m.get("metric"), *(m.get(k) for k in texts))
        have = {key(m): m for m in self.got.get("metrics") or []}
        for i, w in enumerate(want):
            path, h = f"metrics[{i}]", have.get(key(w))
            if not h:
                self.tell(path, key(w), None)
                continue
            if not same_unit(w["unit"], h.get("unit") or ""):
                self.tell(f"{path}.unit", w["unit"], h.get("unit"))
            for k in w:
                if k == "value" or k.startswith("samples_"):
                    self.number(f"{path}.{k}", w[k], h.get(k))

    def sheets(self):
        have = self.got.get("other_sheets") or []
        for i, w in enumerate(self.expect.get("other_sheets", [])):
            if i >= len(have):
                self.tell(f"other_sheets[{i}]", w, None)

    def run(self):
        if self.expect.get("rows_data") is not None:
            self.equal("rows_data", self.expect["rows_data"], self.got.get("rows_data"))
        for part in (self.format, self.time, self.columns, self.segments, self.groups, self.metrics, self.sheets):
            part()
        return self.out


def if_read(expect, got):
    rules = expect.get("if_read") or {}
    out = []
    if "rows_data" in rules and got.get("rows_data") != rules["rows_data"]:
        out.append(f"rows_data: expected {rules['rows_data']}, got {got.get('rows_data')}")
    columns = got.get("columns", [])
    if "n_columns" in rules and len(columns) != rules["n_columns"]:
        out.append(f"columns: expected {rules['n_columns']}, got {len(columns)}")
    if "mod 100" in rules.get("rule", ""):
        for c in columns:
            values = [(7 * r + 3 * c["index"]) % 100 for r in range(1, rules["rows_data"] + 1)]
            if not math.isclose(c.get("mean") or 0, sum(values) / len(values), rel_tol=1e-9, abs_tol=1e-12):
                out.append(f"column {c['index']}: mean {c.get('mean')}, expected {sum(values) / len(values)}")
                break
    return out


def differences(path, run):
    """What is wrong, one line each; run(args) gives a finished process."""
    with open(path + ".expect.json", encoding="utf-8") as f:
        expect = json.load(f)
    r = run("inspect", path, "--json")
    message = r.stderr.decode(errors="replace").strip()
    if r.returncode not in (0, 2):
        return [f"exit code {r.returncode}: {message[-300:]}"]
    if expect["expect"] == "refuse":
        if r.returncode == 0:
            if "expect" in expect.get("ambiguous", []):
                return if_read(expect, json.loads(r.stdout))
            return [f"expected a refusal ({expect['refuse_reason']}), was read"]
        words = REFUSALS[expect["refuse_reason"]]
        return [] if re.search(words, message) else [f"refused, but the message does not say {expect['refuse_reason']}: {message}"]
    if r.returncode:
        return [f"refused: {message}"]
    return Comparer(expect, json.loads(r.stdout)).run()


class Comparison(unittest.TestCase):
    """The comparer itself: it finds the truth right and every change of it wrong."""

    def expectations(self):
        for path in sorted(glob.glob(os.path.join(MESSY, "*.expect.json"))):
            with open(path, encoding="utf-8") as f:
                e = json.load(f)
            if e["expect"] == "read":
                yield e

    def test_the_truth_is_as_expected(self):
        for e in self.expectations():
            self.assertEqual(Comparer(e, e).run(), [], e["file"])

    def test_a_wrong_figure_is_found(self):
        for e in self.expectations():
            for i, c in enumerate(e["columns"]):
                for k in ("mean", "n_numeric", "unit", "kind"):
                    wrong = json.loads(json.dumps(e))
                    value = wrong["columns"][i][k]
                    wrong["columns"][i][k] = value * (1 + 1e-6) + 1e-6 if k == "mean" and value is not None else (
                        "ignored" if k == "kind" else "furlong" if k == "unit" else 10**9)
                    path = f"columns[{i}].{k}"
                    if path not in e["ambiguous"] and "columns[*]" not in e["ambiguous"]:
                        found = Comparer(e, wrong).run()
                        self.assertTrue(any(f.startswith(path) for f in found), (e["file"], path, c["name"]))


class Messy(Case):
    def test_every_file_reads_as_it_should_or_is_refused(self):
        for path in sorted(glob.glob(os.path.join(MESSY, "*.expect.json"))):
            path = path[:-len(".expect.json")]
            with self.subTest(os.path.basename(path)):
                found = differences(path, self.run_hb)
                self.assertEqual(found, [], "\n  " + "\n  ".join(found[:40]))


def main(paths):
    bad = total = 0
    for path in paths:
        def run(*args):
            env = {**os.environ, "LC_ALL": "C.UTF-8"}
            return subprocess.run([HB, *args], capture_output=True, env=env, check=False)
        found = differences(path, run)
        total += 1
        bad += bool(found)
        print(f"{'FAIL' if found else 'ok  '} {os.path.basename(path)}")
        for line in found[:25]:
            print(f"       {line}")
        if len(found) > 25:
            print(f"       … and {len(found) - 25} more")
    print(f"{total - bad} of {total} files as expected")
    return 1 if bad else 0


if __name__ == "__main__":
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    if names == ["all"]:
        names = sorted(p[:-len(".expect.json")] for p in glob.glob(os.path.join(MESSY, "*.expect.json")))
    if names and all(os.path.exists(n + ".expect.json") for n in names):
        sys.exit(main(names))
    if not os.path.isdir(MESSY):
        print("skipped: no messy files (HB_DATA)")
        sys.exit(77)
    unittest.main()
