# SPDX-License-Identifier: Apache-2.0
"""The files of the benches, made once from seeds and known by their sizes; and the truth about them, by numpy."""
import os
import subprocess

import numpy

from measure import DIR, PYTHON, TOOLS

# name: (arguments of bench_generate, size in bytes)
GENERATED = {
    "wide-1m.csv": (["wide", "1000000", "plain"], 62260212),
    "drifted-1m.csv": (["wide", "1000000", "drifted"], 62355732),
    "subtle-1m.csv": (["wide", "1000000", "subtle"], 62256641),
    "wide-10m.csv": (["wide", "10000000", "plain"], 632585524),
    "columns.csv": (["columns", "100000", "1000"], 700083559),
    "long-1m.csv": (["long", "1000000", "200"], 44986580),
    "table-500.csv": (["table", "500"], 12017),
    "table-500-again.csv": (["table", "500", "again"], 12013),
    "table-1m.csv": (["table", "1000000"], 23994499),
    "wide-500.csv": (["columns", "20000", "500"], 70071966),
    "wide-500-again.csv": (["columns", "20000", "500", "again"], 70071666),
    "rows-50k.csv": (["wide", "50000", "plain"], 3057845),
}
XLSX_ROWS = 50000


def path(name):
    return os.path.join(DIR, name)


def generated(name):
    argv, size = GENERATED[name]
    target = path(name)
    if not os.path.exists(target) or os.path.getsize(target) != size:
        print(f"making {name}", flush=True)
        with open(target + ".new", "wb") as f:
            subprocess.run([os.path.join(TOOLS, "bench_generate"), *argv], stdout=f, check=True)
        os.rename(target + ".new", target)
        if os.path.getsize(target) != size:
            raise SystemExit(f"bench: {name} has {os.path.getsize(target)} bytes, expected {size}: the generator changed")
    return target


def workbook():
    """The first 50,000 rows as numbers in a sheet, written by openpyxl (its bytes hold a date, so only its rows are sure)."""
    target = path("rows-50k.xlsx")
    if not os.path.exists(target):
        import openpyxl

        print("making rows-50k.xlsx", flush=True)
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("data")
        with open(generated("rows-50k.csv"), encoding="ascii") as f:
            sheet.append(next(f).strip().split(","))
            for line in f:
                sheet.append([float(cell) if cell else None for cell in line.strip().split(",")])
        book.save(target + ".new")
        os.rename(target + ".new", target)
    return target


GRID = 10000  # steps of the quantiles kept of each column


def truth(name):
    """Figures of every column, from a second reader (pandas' C parser, round-trip conversion) and numpy; kept in a file."""
    kept = path(name + ".truth.npz")
    source = path(name)
    if not os.path.exists(kept) or os.path.getmtime(kept) < os.path.getmtime(source):
        code = f"""
import numpy, pandas
frame = pandas.read_csv({source!r}, float_precision="round_trip")
out = {{}}
for name in frame.columns:
    v = frame[name].dropna().to_numpy(dtype=float)
    mean = v.astype(numpy.longdouble).mean()
    std = float(numpy.sqrt(((v - mean) ** 2).sum() / (len(v) - 1)))
    q = numpy.quantile(v, numpy.linspace(0, 1, {GRID + 1}))
    out[name] = numpy.concatenate([[len(v), float(mean), std], q])
numpy.savez({kept!r}, **out)
"""
        print(f"computing the truth about {name}", flush=True)
        subprocess.run([PYTHON, "-c", code], check=True)
    with numpy.load(kept) as z:
        return {name: {"n": int(v[0]), "mean": v[1], "std_sample": v[2], "min": v[3], "max": v[-1], "grid": v[3:]}
                for name, v in z.items()}


def close(a, b, tolerance, scale=0.0):
    return abs(a - b) <= tolerance * max(abs(a), abs(b), scale)


def wrong_figures(got, true, rank_error=None):
    """What differs from the truth, as sentences. Quantiles may be off by the rank error stated (None: not looked at)."""
    out = []
    for name, t in true.items():
        g = got.get(name)
        if g is None:
            out.append(f"column {name} is missing")
            continue
        if g["n"] != t["n"]:
            out.append(f"{name}: n is {g['n']}, should be {t['n']}")
        for key, tolerance in (("mean", 1e-9), ("std_sample", 1e-8), ("min", 0), ("max", 0)):
            if g[key] is None or not close(g[key], t[key], tolerance, t["std_sample"]):
                out.append(f"{name}: {key} is {g[key]}, should be {t[key]}")
        for q, key in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
            if rank_error is None:
                continue
            off = g.get("rank_error", rank_error) or rank_error
            low = t["grid"][max(int((q - off) * GRID) - 1, 0)]
            high = t["grid"][min(int((q + off) * GRID) + 2, GRID)]
            if g.get(key) is None or not low <= g[key] <= high:
                out.append(f"{name}: {key} is {g.get(key)}, should lie between {low} and {high}")
    return out
