# SPDX-License-Identifier: Apache-2.0
"""Adapters that pick columns: the built-in ones against numpy and counting, and a lab's own."""
import csv
import gzip
import os
import unittest

import numpy as np

from hbtest import DATA, Case


class Adapters(Case):
    def inspect(self, name, source, *more, **kw):
        d = self.hb_json("inspect", name, "--source", source, *more, **kw)
        return d, {m["name"]: m for m in d["metrics"]}

    def check_smap(self, name, values, **kw):
        d, m = self.inspect(name, "smap_msl", **kw)
        self.assertEqual(set(m), {"smap_msl_mean", "smap_msl_std", "smap_msl_value_dist"})
        self.assertAlmostEqual(m["smap_msl_mean"]["value"], np.mean(values), delta=1e-12)
        self.assertAlmostEqual(m["smap_msl_std"]["value"], np.std(values, ddof=1), delta=1e-12)
        self.assertEqual(m["smap_msl_value_dist"]["n"], len(values))
        self.assertEqual(d["source_system"], "smap_msl")
        return d

    def test_smap_msl(self):
        rng = np.random.default_rng(4)
        a = np.hstack([rng.normal(size=(3000, 1)), rng.integers(0, 2, (3000, 24))])
        np.save(self.path("P-1.npy"), a)
        d = self.check_smap("P-1.npy", a[:, 0])
        unused = {g["what"]: g["value"] for g in d["files"][0]["guesses"]}["columns not used"]
        self.assertIn("column 2, column 3", unused)
        np.save(self.path("f.npy"), np.asfortranarray(a))
        self.check_smap("f.npy", a[:, 0])
        self.write("a.csv", "value,index\n" + "".join(f"{v!r},{i}\n" for i, v in enumerate(a[:, 0].tolist())))
        self.check_smap("a.csv", a[:, 0])
        self.write("b.csv.gz", gzip.compress(("timestamp,value\n" + "".join(
            f"2024-01-01T00:00:{i:02}Z,{v!r}\n" for i, v in enumerate(a[:60, 0].tolist()))).encode()))
        self.assertEqual(self.check_smap("b.csv.gz", a[:60, 0])["last_sample"], "2024-01-01T00:00:59Z")
        self.write("c.json", "[" + ",".join(f'{{"value": {v!r}}}' for v in a[:60, 0].tolist()) + "]")
        self.check_smap("c.json", a[:60, 0])
        for name, text in (("d.csv", "time,a\n1,2\n3,4\n"), ("d.json", '[{"a": 1}]')):
            self.write(name, text)
            self.hb_error("inspect", name, "--source", "smap_msl", code=2, has=[name, "no column 'value'", "smap_msl"])

    def test_smap_msl_of_the_original_registry(self):
        self.hb("init", "ws")
        self.write("ws/metric_registry.yaml", "metrics:\n  smap_msl_mean: {drift_threshold: 0.1}\n  smap_msl_std: {drift_threshold: 0.1}\n"
                   "  smap_msl_value_dist: {distribution_drift: {ks_threshold: 0.1}}\n")
        rng = np.random.default_rng(4)
        a = rng.normal(size=(4000, 3))
        np.save(self.path("a.npy"), a)
        b = a.copy()
        b[:, 0] = np.sign(a[:, 0]) * np.sqrt(np.abs(a[:, 0]))  # another shape
        np.save(self.path("b.npy"), b)
        self.hb("-w", "ws", "ingest", "a.npy", "--source", "smap_msl", "--run-id", "a")
        self.hb("-w", "ws", "baseline", "set", "a")
        out = self.hb_json("-w", "ws", "run", "b.npy", "--source", "smap_msl", "--run-id", "b")
        self.assertEqual(out["status"], "PASS_WITH_DRIFT")

    def test_smap_msl_on_the_real_arrays(self):
        folder = os.path.join(DATA, "smap_msl")
        if not os.path.isdir(folder):
            self.skipTest(f"no {folder} (set HB_DATA)")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".npy"):
                self.check_smap(os.path.join(folder, name), np.load(os.path.join(folder, name))[:, 0])

    def test_nasa_http(self):
        rng = np.random.default_rng(8)
        codes = rng.choice([200, 302, 304, 399, 400, 403, 404, 500], 5000)
        with open(self.path("h.tsv"), "w", encoding="latin-1", newline="") as f:
            w = csv.writer(f, delimiter="\t")
            w.writerow(["host", "logname", "time", "method", "url", "response", "bytes"])
            for i, c in enumerate(codes):
                w.writerow(["a.example", "-", 804571201 + i, "GET", f"/x?{i}", c, i])
        d, m = self.inspect("h.tsv", "nasa_http_tsv")
        self.assertEqual(set(m), {"http_error_rate"})
        self.assertAlmostEqual(m["http_error_rate"]["value"], np.mean(codes >= 400), delta=1e-15)
        self.assertEqual((m["http_error_rate"]["min"], m["http_error_rate"]["max"], m["http_error_rate"]["n"]), (0, 1, 5000))
        self.assertEqual(d["first_sample"], "1995-07-01T04:00:01Z")
        self.write("bad.tsv", "host\tresponse\nx\t200\nx\t-\nx\tteapot\nx\t404\n")
        m = self.inspect("bad.tsv", "nasa_http_tsv")[1]["http_error_rate"]
        self.assertEqual((m["value"], m["n"], m["n_missing"], m["n_rejected"]), (0.5, 2, 1, 1))

    def test_a_lab_s_own(self):
        self.hb("init", "ws")
        self.write("ws/profiles/rig.yaml", "names: [rig]\ncolumns:\n  - {name: hot, from: [Temp, temperature], at_least: 50, reduce: mean}\n"
                   "  - {name: peak, from: [Temp, temperature], unit: degC, reduce: max}\n  - {name: second, from_column: 2}\n"
                   "  - {name: extra, from: [nowhere], optional: true}\n")
        self.hb("-w", "ws", "config", "check", "ws/profiles/rig.yaml")
        self.write("a.csv", "x,v,TEMPERATURE\n1,2,49.5\n2,3,50\n3,4,51\n4,5,\n")
        d, m = self.inspect("a.csv", "rig", "-w", "ws")
        self.assertEqual(set(m), {"hot", "peak", "second"})
        self.assertAlmostEqual(m["hot"]["value"], 2 / 3)
        self.assertEqual((m["peak"]["value"], m["peak"]["unit"], m["hot"]["n_missing"], m["second"]["last"]), (51, "degC", 1, 5))
        self.write("ws/profiles/bad.yaml", "names: [bad]\ncolumns:\n  - {name: a, from_column: 0}\n")
        self.hb_error("-w", "ws", "config", "check", "ws/profiles/bad.yaml", code=3, has="from_column")


if __name__ == "__main__":
    unittest.main()
