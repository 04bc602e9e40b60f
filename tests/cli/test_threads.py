# SPDX-License-Identifier: Apache-2.0
"""The figures do not depend on the number of threads, nor on the processor's vector code: `inspect --json` is the
same to the last byte."""
import gzip
import json
import random
import unittest

from hbtest import Case

ROWS = 30000


def table(delimiter=",", end="\n", quote=None, odd=False, seed=1):
    """About 2 MB: several blocks. quote: a function of a cell; odd: one cell in a hundred is no plain figure."""
    r = random.Random(seed)
    words = ["", "NA", "nan", "inf", "-inf", "x", " 1.5 ", "1e3", '"7"', '"8,5"', '"a""b"', "1e400", "0x10", "-", "#"]
    lines = [delimiter.join(["time", *"abcdefgh"])]
    for i in range(ROWS):
        cells = [f"{i * 0.01:.2f}", *(f"{r.gauss(20 + k, 3):.4f}" for k in range(6)), repr(r.random()), str(i % 7)]
        if odd and r.random() < 0.2:
            cells[r.randrange(9)] = r.choice(words)
        if odd and r.random() < 0.01:
            cells = cells[: r.randrange(10)] + ["1"] * r.randrange(3)
        if quote:
            cells = [quote(r, c) for c in cells]
        lines.append(delimiter.join(cells))
    return (end.join(lines) + (end if seed % 2 else "")).encode()


class Threads(Case):
    def same(self, name, content):
        path = self.write(name, content)
        want = self.hb("inspect", "--json", "--threads", "1", path)
        rows = json.loads(want)["files"][0]["rows"]
        self.assertGreater(rows, ROWS * 0.5)
        for n in (2, 3, 8):
            self.assertEqual(self.hb("inspect", "--json", "--threads", n, path), want, f"{n} threads")
        for n in (1, 3):
            portable = self.hb("inspect", "--json", "--threads", n, path, env={"HB_CPU": "portable"})
            self.assertEqual(portable, want, f"{n} threads, portable")
        self.assertEqual(self.hb("inspect", "--json", path), want, "as many threads as processors")
        return json.loads(want)

    def test_plain(self):
        d = self.same("a.csv", table())
        self.assertEqual(d["metrics"][0]["n"], ROWS)

    def test_line_ends(self):
        self.same("crlf.csv", table(end="\r\n", seed=2))
        self.same("cr.csv", table(end="\r", seed=3))
        mixed = table(seed=5).split(b"\n")
        self.same("mixed.csv", b"".join(line + [b"\n", b"\r\n", b"\r"][i % 3] for i, line in enumerate(mixed)))

    def test_quotes(self):
        self.same("all.csv", table(quote=lambda r, c: f'"{c}"'))
        self.same("some.csv", table(quote=lambda r, c: f'"{c}"' if r.random() < 0.1 else c))
        self.same("lines.csv", table(quote=lambda r, c: f'"{c}\n"' if r.random() < 0.02 else c))

    def test_odd_cells(self):
        d = self.same("odd.csv", table(odd=True))
        self.assertGreater(d["metrics"][0]["n_rejected"], 0)
        self.same("semicolon.csv", table(delimiter=";", odd=True).replace(b".", b","))

    def test_long_lines(self):
        lines = table().split(b"\n")
        for i in (5000, 20000):
            lines[i] += b"," + b"9" * 3000000
        lines[25000] = b"250,1,2,3,4,5,6,7,\"" + b"x\n" * 1000000 + b"\""
        d = self.same("long.csv", b"\n".join(lines))
        self.assertEqual(d["files"][0]["rejects"]["long row"], 2)

    def test_compressed(self):
        self.same("a.csv.gz", gzip.compress(table(odd=True), 1))

    def test_other_formats(self):
        r = random.Random(4)
        self.same("a.jsonl", "".join(json.dumps({"time": i / 10, "a": r.random(), "b": r.gauss(0, 1)}) + "\n"
                                     for i in range(ROWS)))

    def test_errors_are_the_same(self):
        text = table() + b'1,2,"3'
        path = self.write("open.csv", text)
        errors = {self.hb_error("inspect", "--threads", n, path, code=2, has="never closed") for n in (1, 2, 8)}
        self.assertEqual(len(errors), 1)
        self.assertIn(f":{ROWS + 2}:", next(iter(errors)))
        path = self.write("nul.csv", table() + b"1,2,\0,3\n")
        errors = {self.hb_error("inspect", "--threads", n, path, code=2, has="NUL") for n in (1, 2, 8)}
        self.assertEqual(len(errors), 1)


class Compare(Case):
    """Runs are read at once when there are threads for it; what comes out is what reading them in turn gives."""

    def table(self, seed, units=("ms", "°C"), factor=1.0, rows=ROWS):
        r = random.Random(seed)
        lines = [f"time,latency [{units[0]}],oven [{units[1]}],load"]
        lines += [f"{i * 0.01:.2f},{r.gauss(20, 3) * factor:.5f},{r.gauss(200, 1):.5f},{r.random():.7f}" for i in range(rows)]
        return "\n".join(lines) + "\n"

    def outcome(self, threads, baselines, runs):
        args = [a for b in baselines for a in ("--baseline", b)] + [a for b in runs for a in ("--run", b)]
        out = self.path("out")
        r = self.run_hb("compare", *args, "--threads", threads, "--fail-on", "none", "--out", out)
        files = {}
        for name in ("decision.json", "drift_report.json") if r.returncode == 0 else ():
            with open(f"{out}/{name}", encoding="utf-8") as f:
                files[name] = json.load(f)
                files[name].pop("decided_at", None)
        return r.returncode, r.stdout, r.stderr, files

    def same(self, baselines, runs, code=0):
        want = self.outcome(1, baselines, runs)
        self.assertEqual(want[0], code, want[2])
        for n in (2, 3, 16):
            self.assertEqual(self.outcome(n, baselines, runs), want, f"{n} threads")
        return want

    def test_same_units(self):
        a, b, c = (self.write(f"{i}.csv", self.table(i)) for i in range(3))
        self.same([a], [b])
        self.same([a, b], [c])

    def test_units_of_the_baseline(self):
        a = self.write("a.csv", self.table(1))
        b = self.write("b.csv", self.table(2, units=("µs", "K"), factor=1000))
        out = self.same([a], [b])
        metric = {m["metric"]: m for m in out[3]["drift_report.json"]["comparisons"]}["latency"]
        self.assertEqual(metric["unit"], "ms")
        self.same([b], [a])

    def test_unknown_units(self):
        a, b = (self.write(f"{i}.csv", self.table(i, units=("blorp", "°C"))) for i in range(2))
        c = self.write("c.csv", self.table(3, units=("glimp", "°C")))
        self.same([a], [b])
        self.same([a], [c])

    def test_errors(self):
        a = self.write("a.csv", self.table(1))
        open_quote = self.write("open.csv", self.table(2) + '1,2,"3')
        nul = self.write("nul.csv", self.table(2) + "1,2,\0,3\n")
        self.assertIn(b"open.csv", self.same([a], [open_quote], code=2)[2])
        self.assertIn(b"open.csv", self.same([open_quote], [nul], code=2)[2])
        self.assertIn(b"given twice", self.same([a], [a, a], code=2)[2])

    def test_not_the_same_size(self):
        a = self.write("a.csv", self.table(1))
        b = self.write("b.csv", self.table(2, rows=5000))
        self.same([a], [b])
        self.same([b], [a])

    def test_a_pipe_is_read_once(self):
        a = self.write("a.csv", self.table(1))
        with open(a, "rb") as f:
            text = f.read()
        want = self.hb("compare", "--baseline", a, "--run", "-", "--json", "--threads", 2, stdin=text)
        self.assertEqual(json.loads(want)["status"], "PASS")


if __name__ == "__main__":
    unittest.main()
