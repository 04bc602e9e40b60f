# SPDX-License-Identifier: Apache-2.0
"""SQLite databases written by Python's sqlite3."""
import gzip
import os
import shutil
import sqlite3
import unittest
import zipfile

from tabletest import SANITIZED, Tables


class Sqlite(Tables):
    def make(self, name, *statements, rows=None, pragma=None):
        path = self.path(name)
        if os.path.exists(path):
            os.unlink(path)
        db = sqlite3.connect(path)
        if pragma:
            db.execute(pragma)
        for s in statements:
            db.execute(s)
        if rows:
            db.executemany(f"insert into t values ({','.join('?' * len(rows[0]))})", rows)
        db.commit()
        db.close()
        return name

    def log(self, name="a.db", n=9000):
        rows = [(i * 0.25, i, 1700000000123456789 + i, f"r{i}" if i % 3 else None, None if i == 7 else i / 3) for i in range(n)]
        self.make(name, "create table t (time real, n integer, stamp integer, note text, v)", rows=rows)
        return rows

    def test_cells(self):
        rows = self.log()
        t = self.table("a.db")
        self.assertEqual((t.head["format"], t.names), ("sqlite", ["time", "n", "stamp", "note", "v"]))
        self.assertEqual(t.rows, [[a, b, str(c), d, e] for a, b, c, d, e in rows])
        self.assertEqual(t.notes["table"], "t")
        self.make("k.db", "create table t (a, b)", rows=[(2**53, -2**53), (2**53 + 1, -2**63), (float("inf"), 5e-324), ("  ", "ü x "),
                                                         (b"\0\1", b""), (True, "")])
        t = self.table("k.db")
        self.assertEqual(t.rows, [[2**53, -2**53], [str(2**53 + 1), str(-2**63)], ["Infinity", 5e-324], [None, "ü x"],
                                  [{"e": "blob of 2 bytes"}, {"e": "blob of 0 bytes"}], [1, None]])

    def test_page_sizes_and_encodings(self):
        for pragma in ("pragma page_size=512", "pragma page_size=65536", "pragma encoding='UTF-16le'", "pragma encoding='UTF-16be'",
                       "pragma auto_vacuum=full", "pragma journal_mode=wal"):
            self.make("p.db", "create table t (a, b text)", rows=[(i, f"ä{i}") for i in range(2000)], pragma=pragma)
            self.assertEqual(self.table("p.db").rows, [[i, f"ä{i}"] for i in range(2000)])

    def test_compressed_and_from_standard_input(self):
        self.log()
        rows = self.table("a.db").rows
        with open(self.path("a.db"), "rb") as f:
            data = f.read()
        self.write("a.db.gz", gzip.compress(data))
        with zipfile.ZipFile(self.path("a.zip"), "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("a.db", data)
        for t in (self.table("a.db.gz"), self.table("a.zip"), self.table("-", stdin=data)):
            self.assertEqual(t.rows, rows)

    def test_which_table(self):
        self.make("m.db", 'create table "odd ""name" (x)', "create table b (x, y)", "create view v as select y from b",
                  'insert into "odd ""name" values (1)', "insert into b values (2, 3)")
        self.refused("m.db", has=["2 tables", "--table", "--query", "'odd \"name', 'b', 'v'"])
        self.assertEqual(self.table("m.db", "--table", 'odd "name').rows, [[1]])
        self.assertEqual(self.table("m.db", "--table", "B").rows, [[2, 3]])
        self.assertEqual(self.table("m.db", "--table", "v").rows, [[3]])
        self.refused("m.db", "--table", "c", has=["no table 'c'", "'b'"])
        self.refused("m.db", "--table", "b\"; select 1 --", has="no table")
        self.make("v.db", "create table t (x)", "create view v as select x from t", rows=[(1,)])
        self.assertEqual(self.table("v.db").rows, [[1]])
        self.refused(self.make("n.db", "create table t (x)"), has=["n.db", "no data rows"])
        self.refused(self.make("z.db", "create table t (x)", "drop table t"), has=["z.db", "without a table"])
        self.write("x.csv", "a\n1\n")
        for option in ("--table", "--query"):
            self.hb_error("inspect", "x.csv", option, "t", code=2, has=f"{option} belongs to SQLite")
        self.hb_error("inspect", "m.db", "--table", "b", "--query", "select 1", code=2, has="only one")

    def test_queries(self):
        self.log()
        q = "select time, v * 2 as double, n as n, n from t where n between 3 and 5 order by n desc"
        t = self.table("a.db", "--query", q)
        self.assertEqual((t.names, t.rows[0]), (["time", "double", "n", "n (2)"], [1.25, 10 / 3, 5, 5]))
        self.assertEqual(t.notes["query"], q)
        self.table("a.db", "--query", "select avg(v) as a from t group by n % 10 -- by tens\n ; ")
        self.table("a.db", "--query", "with w as (select n from t) select n from w")
        self.assertIn("…", self.table("a.db", "--query", q + " " * 200 + "limit 1").notes["query"])
        for bad, words in (("", "no SELECT"), ("select", "incomplete"), ("selec n from t", "syntax"), ("select q from t", "no such column"),
                           ('select "q" from t', "no such column"), ("select n from t; select 1", "more than one"),
                           ("select n from t where n < 0", "no data rows"), ("explain select n from t", "no SELECT")):
            self.refused("a.db", "--query", bad, has=["a.db", words])

    def test_nothing_but_reading(self):
        self.log()
        with open(self.path("a.db"), "rb") as f:
            before = f.read()
        for q in ("delete from t", "update t set n=1", "insert into t(n) values(1)", "drop table t", "create table q(x)", "vacuum",
                  "pragma user_version", "pragma writable_schema=1", "attach 'b.db' as b", "begin", "reindex", "analyze",
                  "select load_extension('x')", "select random()", "select hex(randomblob(4))", "select n, current_timestamp from t",
                  "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c",
                  "explain select 1", "select * from pragma_table_info('t')", "vacuum into 'b.db'"):
            r = self.run_print("a.db", "--query", q)
            self.assertEqual(r.returncode, 2, f"{q}: {r.stdout[:200]} {r.stderr}")
        self.assertEqual(self.table("a.db", "--query", "select datetime('now') as x, 1 as y").rows, [[None, 1]])
        with open(self.path("a.db"), "rb") as f:
            self.assertEqual(f.read(), before)
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.db"])
        os.chmod(self.path("a.db"), 0o400)
        self.table("a.db")

    def test_a_schema_with_ill_will(self):
        self.make("s.db", "create table a (x)", "insert into a values (1)",
                  "create view t as select random() as x, load_extension('evil') as y from a")
        self.refused("s.db", "--table", "t", has="s.db")
        self.make("r.db", "create view t as with recursive c(x) as (select 1 union all select x + 1 from c) select x from c")
        self.refused("r.db", has=["r.db", "recursive"])

    def test_bounds(self):
        self.log()
        self.refused("a.db", "--query", "select group_concat(printf('%.*c', 1000000, 'x')) from t", has="too long")
        self.refused("a.db", "--query", "select " + ",".join(["printf('%.*c', 9000000, 'x')"] * 4), has="texts of row 1")
        if not SANITIZED:
            self.log("b.db", 200000)
            self.assertEqual(self.run_print("b.db", memory_mib=150).returncode, 0)

    def test_changes_that_wait_beside(self):
        db = sqlite3.connect(self.path("w.db"))
        db.execute("pragma journal_mode=wal")
        db.execute("create table t (x)")
        db.execute("insert into t values (1)")
        db.commit()
        self.refused("w.db", has=["w.db-wal", ".backup"])
        shutil.copy(self.path("w.db-wal"), self.path("saved"))
        db.close()
        self.assertEqual(self.table("w.db").rows, [[1]])
        self.write("w.db-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(20))
        self.refused("w.db", has="w.db-journal")
        self.write("w.db-journal", bytes(28))
        self.table("w.db")

    def test_damaged(self):
        self.log(n=3000)
        with open(self.path("a.db"), "rb") as f:
            whole = f.read()
        for k in range(1, 40):
            self.write("cut.db", whole[: len(whole) * k // 40])
            self.refused("cut.db", "--source", "sqlite", has=["cut.db", "damaged"])
        for at in range(16, len(whole), len(whole) // 150):
            bad = bytearray(whole)
            bad[at : at + 3] = b"\xff\x00\xff"
            self.write("bad.db", bytes(bad))
            r = self.run_print("bad.db")
            self.assertIn(r.returncode, (0, 2), r.stderr)
        self.write("e.db", b"SQLite format 3\0")
        self.refused("e.db", has="e.db")
        self.write("e.db", b"SQLite format 3\0" + bytes(5000))
        self.refused("e.db", has=["e.db", "damaged"])


if __name__ == "__main__":
    unittest.main()
