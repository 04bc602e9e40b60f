# SPDX-License-Identifier: Apache-2.0
"""--columns, --where, --time-range, --resample, --group-by and patterns: what is chosen of a file. The truth of --where is
SQLite's answer to the same expression over the same table."""
import json
import os
import random
import sqlite3
import unittest

from hbtest import Case

COLUMNS = ["speed", "load", "mode", "on", "Temp in"]


def table(seed, rows=300):
    r = random.Random(seed)
    out = []
    for i in range(rows):
        out.append({
            "Time (s)": i,
            "speed": None if r.random() < 0.1 else r.choice([10, 20, 30.5, -4]),
            "load": None if r.random() < 0.1 else round(r.uniform(-1, 1), 2),
            "mode": None if r.random() < 0.1 else r.choice(["RUN", "IDLE", "it's"]),
            "on": r.choice([0, 1]),
            "Temp in": round(r.uniform(15, 25), 1),
        })
    return out


def csv(rows):
    names = ["Time (s)"] + COLUMNS
    lines = [",".join(names)]
    for row in rows:
        lines.append(",".join("" if row[n] is None else str(row[n]) for n in names))
    return "\n".join(lines) + "\n"


def database(rows):
    db = sqlite3.connect(":memory:")
    db.execute('CREATE TABLE t (speed REAL, load REAL, mode TEXT, "on" REAL, "Temp in" REAL)')
    for row in rows:
        db.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [row[n] for n in COLUMNS])
    return db


def expression(r, depth=0):
    """(ours, SQLite's) of a random expression."""
    kind = r.random()
    if depth < 3 and kind < 0.25:
        a, b = expression(r, depth + 1), expression(r, depth + 1)
        word = r.choice(["and", "or"])
        return f"({a[0]}) {word} ({b[0]})", f"({a[1]}) {word} ({b[1]})"
    if depth < 3 and kind < 0.4:
        a = expression(r, depth + 1)
        return f"not ({a[0]})", f"not ({a[1]})"
    if kind < 0.5:
        name = r.choice(COLUMNS)
        word = r.choice(["is", "is not"])
        return f'"{name}" {word} missing', f'"{name}" {word} NULL'
    if kind < 0.6:
        word = r.choice(["in", "not in"])
        text = f"mode {word} ('RUN', 'it''s')"
        return text, text
    if kind < 0.7:
        text = r.choice(["mode = 'RUN'", "mode <> 'IDLE'", "mode != 'it''s'"])
        return text, text
    name = r.choice(["speed", "load", '"Temp in"', '"on"'])
    text = f"{name} {r.choice(['=', '<>', '<', '<=', '>', '>='])} {r.choice([10, 20, 30.5, -4, 0, 0.5, 20.1, 1])}"
    return text, text


def by_name(doc):
    return {m["name"]: m for m in doc["metrics"]}


class Choose(Case):
    def test_where_takes_the_rows_sqlite_takes(self):
        rows = table(1)
        self.write("a.csv", csv(rows))
        db = database(rows)
        r = random.Random(2)
        taken = 0
        for _ in range(120):
            ours, theirs = expression(r)
            count, speeds, total = db.execute(f'SELECT count(*), count(speed), sum("Temp in") FROM t WHERE {theirs}').fetchone()
            if count == 0:
                continue
            taken += 1
            m = by_name(self.hb_json("inspect", "a.csv", "--where", ours))
            self.assertEqual(m["Temp in"]["n"], count, ours)
            self.assertEqual(m["speed"]["n"] if "speed" in m else 0, speeds, ours)
            self.assertAlmostEqual(m["Temp in"]["mean"] * count, total, 6, ours)
        self.assertGreater(taken, 60)

    def test_columns_by_name_and_pattern(self):
        self.write("a.csv", csv(table(3)))
        self.assertEqual(sorted(by_name(self.hb_json("inspect", "a.csv", "--columns", "sp*,Temp in"))), ["Temp in", "speed"])
        self.hb_error("inspect", "a.csv", "--columns", "spd", code=2, has="no column 'spd'")

    def test_time_range_and_resample(self):
        self.write("a.csv", "Time (s),a\n" + "".join(f"{i / 10},{i}\n" for i in range(100)))
        m = by_name(self.hb_json("inspect", "a.csv", "--time-range", "2s..3s"))["a"]
        self.assertEqual((m["n"], m["min"], m["max"]), (10, 20, 29))
        m = by_name(self.hb_json("inspect", "a.csv", "--resample", "1s"))["a"]
        self.assertEqual((m["n"], m["first"], m["last"]), (10, 4.5, 94.5))
        m = by_name(self.hb_json("inspect", "a.csv", "--resample", "1s:max", "--time-range", "+5s.."))["a"]
        self.assertEqual((m["n"], m["first"], m["last"]), (5, 59, 99))
        self.write("b.csv", "a,b\n1,2\n3,4\n")
        self.hb_error("inspect", "b.csv", "--resample", "1s", code=2, has="needs a time")
        self.write("c.csv", "Time (s),a\n0,1\n5,2\n3,3\n9,1\n")
        self.hb_error("inspect", "c.csv", "--resample", "1s", code=2, has="time goes back")

    def test_the_same_choices_hold_for_long_tables(self):
        lines = ["time,channel,value"]
        for i in range(20):
            lines += [f"{i},T,{20 + i}", f"{i},p,{i % 3}"]
        self.write("long.csv", "\n".join(lines) + "\n")
        m = by_name(self.hb_json("inspect", "long.csv", "--columns", "T", "--time-range", "5s..10s"))
        self.assertEqual(list(m), ["T"])
        self.assertEqual((m["T"]["n"], m["T"]["min"]), (5, 25))
        m = by_name(self.hb_json("inspect", "long.csv", "--where", "value > 1"))
        self.assertEqual((m["T"]["n"], m["p"]["n"]), (20, 6))
        m = by_name(self.hb_json("inspect", "long.csv", "--resample", "10s:max"))
        self.assertEqual((m["T"]["n"], m["T"]["last"], m["p"]["n"]), (2, 39, 2))

    def test_several_files_are_one_run(self):
        self.write("day1.csv", "Time (s),a\n0,1\n1,2\n")
        self.write("day2.csv", "Time (s),a\n2,3\n3,4\n")
        m = by_name(self.hb_json("inspect", "day*.csv"))
        self.assertEqual((m["a"]["n"], m["a"]["last"]), (4, 4))
        self.hb_error("inspect", "night*.csv", code=2, has="no file matches 'night*.csv'")

    def test_one_run_for_each_value(self):
        self.write("a.csv", "unit,Time (s),a\n1,0,10\n1,1,11\n2,0,20\n2,1,22\n2,2,24\n")
        self.hb("init", "lab")
        doc = self.hb_json("--workspace", "lab", "ingest", "a.csv", "--group-by", "unit", "--run-id", "x", "--program", "p")
        self.assertEqual([r["run_id"] for r in doc["runs"]], ["x-1", "x-2"])
        listed = self.hb_json("--workspace", "lab", "runs", "list")["runs"]
        self.assertEqual(sorted(r["run_id"] for r in listed), ["x-1", "x-2"])
        self.hb_error("--workspace", "lab", "ingest", "a.csv", "--group-by", "engine", "--run-id", "y", code=2, has="no column 'engine'")

    def test_values_that_would_share_a_run_are_refused_before_one_is_made(self):
        self.write("a.csv", "t,g,a\n0,x/y,1\n1,x y,2\n2,z,3\n")
        self.hb("init", "lab")
        self.hb_error("--workspace", "lab", "ingest", "a.csv", "--group-by", "g", "--run-id", "r", code=2, has=["x y", "x_y"])
        self.assertEqual(self.hb_json("--workspace", "lab", "runs", "list")["runs"], [])
        self.hb("--workspace", "lab", "ingest", "a.csv", "--group-by", "g", "--run-id", "r", "--where", "g != 'x y'", "--columns", "a")
        listed = self.hb_json("--workspace", "lab", "runs", "list")["runs"]
        self.assertEqual(sorted(r["run_id"] for r in listed), ["r-x_y", "r-z"])  # and none without a row

    def test_choosing_nothing_is_told(self):
        self.write("a.csv", "Time (s),a\n0,1\n1,2\n")
        for option in ("--where=a > 5", "--time-range=100s.."):
            doc = self.hb_json("inspect", "a.csv", option)
            self.assertIn("no row is selected: nothing of the file is in the run", doc["warnings"])
        self.assertEqual(self.hb_json("inspect", "a.csv", "--where=a > 1")["warnings"], [])

    def test_columns_that_come_late_in_json(self):
        rows = [{"t": i, "a": i / 2} for i in range(9000)] + [{"t": i, "late": i, "mode": "X"} for i in range(9000, 9100)]
        self.write("l.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        doc = self.hb_json("inspect", "l.jsonl", "--columns", "late")
        self.assertEqual([(m["name"], m["n"], m["max"]) for m in doc["metrics"]], [("late", 100, 9099)])
        self.hb_error("inspect", "l.jsonl", "--columns", "late,nope", code=2, has="no column 'nope'")
        self.hb_error("inspect", "l.jsonl", "--where", "late > 1", code=2, has="no column 'late' in its first rows")
        self.hb_error("inspect", "l.jsonl", "--save-profile", "p.yaml", code=2, has="'late' is not in its first rows")
        missing = {c["name"]: c["n_missing"] for c in self.hb_json("inspect", "l.jsonl")["columns"]}
        self.assertEqual(missing, {"t": 0, "a": 100, "late": 9000, "mode": 9000})

    def test_rows_of_a_metric_table_that_were_not_asked_for_are_not_shown(self):
        self.write("m.csv", "metric,value,unit\nlat,3,ms\nlat p95,8,ms\ntemp,40,degC\n")
        doc = self.hb_json("inspect", "m.csv", "--columns", "lat*")
        self.assertEqual([(m["metric"], m["n"]) for m in doc["metrics"]], [("lat", 0), ("lat p95", 0)])

    def test_choices_that_cannot_be_are_refused(self):
        self.write("m.csv", "metric,value\nlat,3\ntemp,40\n")
        self.write("l.csv", "time,metric,value\n0,a,1\n1,a,2\n2,a,3\n")
        for name in ("m.csv", "l.csv"):
            self.hb_error("inspect", name, "--unit", "1", code=2, has=[name, "--unit"])
            self.hb_error("inspect", name, "--cycles", "1-5", code=2, has=[name, "--cycles"])
        self.hb_error("inspect", "m.csv", "--threads", "17", code=2, has="from 1 to 16")
        self.hb("inspect", "m.csv", "--threads", "16")
        self.hb_error("compare", "--baseline", "-", "--run", "-", code=2, has="given twice", stdin=b"a\n1\n2\n")
        self.hb_error("ingest", "-", "--run-id", "x", "--group-by", "metric", code=2, has="standard input")
        err = self.hb_error("inspect", "m.csv", "--source", "nope", code=2, has="known: auto")
        for name in ("csv", "hdf5", "json", "lvm", "mat", "npy", "npz", "sqlite", "xlsx"):
            self.assertIn(f" {name},", err)


class Names(Case):
    """Columns by the name that is shown."""

    TEXT = "time,Temp [°C],Oil temp (K),load,Load_N\n" + "".join(f"{i},{20 + i},{300 + i},{i % 3},{i}\n" for i in range(20))

    def names(self, *args):
        path = self.write("a.csv", self.TEXT)
        d = self.hb_json("inspect", path, *args)
        return {m["name"]: m["n"] for m in d["metrics"] if m["n"]}

    def test_columns(self):
        self.assertEqual(self.names("--columns", "Temp"), {"Temp": 20})
        self.assertEqual(self.names("--columns", "Temp [°C]"), {"Temp": 20})
        self.assertEqual(self.names("--columns", "*temp,load"), {"Oil temp": 20, "load": 20})
        self.hb_error("inspect", self.write("a.csv", self.TEXT), "--columns", "Tem", code=2, has="no column 'Tem'")

    def test_where(self):
        self.assertEqual(self.names("--columns", "load", "--where", "Temp > 30"), {"load": 9})
        self.assertEqual(self.names("--columns", "load", "--where", '"Oil temp" > 310 and "Temp [°C]" < 35'), {"load": 4})

    def test_where_of_two_columns_shown_alike(self):
        path = self.write("b.csv", "time,Temp [°C],Temp [K],a\n" + "".join(f"{i},{20 + i},{293 + i},1\n" for i in range(20)))
        self.hb_error("inspect", path, "--where", "Temp > 30", code=2, has=["column 2 and column 3", "as the header does"])
        d = self.hb_json("inspect", path, "--where", '"Temp [K]" > 303', "--columns", "Temp,a")
        self.assertEqual({m["n"] for m in d["metrics"]}, {9})

    def test_under_a_group(self):
        path = self.write("c.csv", "time,Inverter A,,Inverter B,\ns,Temp [°C],U [V],Temp [°C],U [V]\n"
                          + "".join(f"{i},{20 + i},{5 + i % 2},{30 + i},{6 + i % 3}\n" for i in range(20)))
        d = self.hb_json("inspect", path, "--columns", "Inverter A / Temp", "--where", '"Inverter B / Temp" > 40')
        self.assertEqual([(m["name"], m["n"]) for m in d["metrics"] if m["n"]], [("Inverter A / Temp", 9)])
        d = self.hb_json("inspect", path, "--columns", "Temp")
        self.assertEqual([m["name"] for m in d["metrics"] if m["n"]], ["Inverter A / Temp", "Inverter B / Temp"])


class NothingChosen(Case):
    """A choice of rows that takes none says so, and what to do about it."""

    TEXT = "time,a,b\n" + "".join(f"{i},{i},{i % 3}\n" for i in range(30))

    def told(self, *args, baseline=TEXT, run=TEXT):
        a, b = self.write("base.csv", baseline), self.write("run.csv", run)
        d = self.hb_json("compare", "--baseline", a, "--run", b, *args)
        self.assertEqual(d["status"], "NO_TEST")
        return d["reason"], d["what_to_do_next"]

    def test_where_and_time_range(self):
        for choice in (("--where", "a > 100"), ("--time-range", "50s..60s")):
            reason, todo = self.told(*choice)
            self.assertIn("none of the run's 30 rows", reason)
            self.assertIn("--where, --time-range", todo)

    def test_of_the_baseline_alone(self):
        reason, todo = self.told("--where", "a > 29", run="time,a,b\n" + "".join(f"{i},{i},{i % 3}\n" for i in range(60)))
        self.assertIn("none of the baseline's 30 rows", reason)
        self.assertIn("--where, --time-range", todo)

    def test_a_choice_of_columns_has_other_advice(self):
        text = "time,a,note\n" + "".join(f"{i},{i},x{i}\n" for i in range(30))
        reason, todo = self.told("--columns", "note", baseline=text, run=text)
        self.assertNotIn("selected", reason)
        self.assertNotIn("--where", todo)

    def test_of_a_registered_run(self):
        path = self.write("r.csv", self.TEXT)
        d = self.hb_json("run", path, "--where", "a > 100", "--run-id", "none")
        self.assertIn("none of the run's 30 rows", d["reason"])


class NoRegistryByMistake(Case):
    """A slip of ingest or run leaves no empty registry behind."""

    def test_slips(self):
        path = self.write("a.csv", "time,a\n0,1\n1,2\n")
        for args in ((path, "--day-first", "--month-first"), (path, "--run-id", ""), ("nope.csv",), (path, path),
                     (path, "--columns", "zzz"), (path, "--where", "a >"), (path, "--group-by", "a")):
            for command in ("ingest", "run"):
                self.hb_error(command, *args, code=2, has="")
                self.assertFalse(os.path.exists(self.path("runs.db")), (command, args))
        self.hb("ingest", path)
        self.assertTrue(os.path.exists(self.path("runs.db")))


if __name__ == "__main__":
    unittest.main()
