# SPDX-License-Identifier: Apache-2.0
"""Labelled recordings as streams of windows, for real_data.py. One rule for all sets: the part that its owner calls
trusted is cut into 20 windows, which are the baseline runs; what follows is cut into windows of the same length. A
window is faulty when at least a tenth of its rows are labelled, healthy when none is; the others are judged and kept in
the order of time, but counted nowhere. C-MAPSS has engines for windows."""
import csv
import dataclasses
import glob
import json
import os

import numpy as np

BASELINE_WINDOWS = 20
FAULTY = 0.1


@dataclasses.dataclass
class Window:
    values: np.ndarray  # rows × metrics
    faulty: float  # share of labelled rows
    carriers: frozenset = frozenset()  # metrics that carry the fault, where the set says so


@dataclasses.dataclass
class Stream:
    name: str
    metrics: list
    baseline: list
    judged: list


def cut(values, labels, length, carriers=None):
    result = []
    for at in range(0, len(values) - length + 1, length):
        part = slice(at, at + length)
        named = frozenset().union(*carriers[part]) if carriers else frozenset()
        result.append(Window(values[part], float(np.mean(labels[part])), named))
    return result


def stream(name, metrics, trusted, rest, labels, carriers=None):
    length = len(trusted) // BASELINE_WINDOWS
    base = cut(trusted, np.zeros(len(trusted)), length)[:BASELINE_WINDOWS]
    return Stream(name, metrics, base, cut(rest, labels, length, carriers))


def table(path, delimiter=","):
    with open(path, encoding="utf-8") as f:
        rows = list(csv.reader(f, delimiter=delimiter))
    return rows[0], rows[1:]


def cmapss(root, name):
    """Engines 1 to 20, cycles 1 to 50, are the baseline; of the others cycles 31 to 80 are healthy, the last 50 faulty."""
    data = np.loadtxt(os.path.join(root, "cmapss", f"train_{name}.txt"))
    metrics = [f"c{i}" for i in range(3, data.shape[1] + 1)]
    of = {u: data[data[:, 0] == u][:, 2:] for u in range(1, 101)}
    base = [Window(of[u][:50], 0) for u in range(1, 21)]
    for u in range(21, 101):  # the engines are independent: every one is a stream of its own
        yield Stream(f"engine {u}", metrics, base, [Window(of[u][30:80], 0), Window(of[u][-50:], 1)])


def tep(root, _):
    def read(name):
        a = np.loadtxt(os.path.join(root, "tep", name))
        return a if a.shape[1] == 52 else a.T
    trusted = read("d00.dat")
    metrics = [f"x{i + 1}" for i in range(52)]
    for path in sorted(glob.glob(os.path.join(root, "tep", "d*_te.dat"))):
        name = os.path.basename(path)
        rest = read(name)
        labels = np.zeros(len(rest))
        labels[160:] = name != "d00_te.dat"
        yield stream(name[:3], metrics, trusted, rest, labels)


def skab(root, _):
    for path in sorted(glob.glob(os.path.join(root, "skab", "[ov]*", "*.csv"))):
        head, rows = table(path, ";")
        a = np.array([[float(c) for c in r[1:]] for r in rows])
        name = "/".join(path.split(os.sep)[-2:])
        yield stream(name, head[1:9], a[:400, :8], a[400:, :8], a[400:, 8])


def asd(root, _):
    for i in range(1, 5):
        at = os.path.join(root, "asd", f"omi-{i}_")
        head, rows = table(at + "train.csv")
        train = np.array(rows, float)
        test = np.array(table(at + "test.csv")[1], float)
        labels = np.array([r[-1] for r in table(at + "test_label.csv")[1]], float)
        labels = np.concatenate([labels, np.zeros(len(test))])[:len(test)]
        carriers = [frozenset()] * len(test)
        for path in glob.glob(os.path.join(root, "asd", "interpretation_label", f"*omi-{i}*")):
            with open(path, encoding="ascii") as f:
                for line in f.read().split():
                    span, names = line.split(":")
                    first, last = (int(n) for n in span.split("-"))
                    for k in range(first, min(last + 1, len(test))):
                        carriers[k] = frozenset("m" + n for n in names.split(","))
        yield stream(f"omi-{i}", head, train, test, labels, carriers)


def smap_msl(root, _):
    spans = {r[0]: json.loads(r[2]) for r in table(os.path.join(root, "smap_msl", "labeled_anomalies.csv"))[1]}
    for path in sorted(glob.glob(os.path.join(root, "smap_msl", "*_test.npy"))):
        channel = os.path.basename(path)[:-9]
        test = np.load(path)[:, :1]
        train = np.load(path.replace("_test", "_train"))[:, :1]
        labels = np.zeros(len(test))
        for first, last in spans[channel]:
            labels[first:last + 1] = 1
        yield stream(channel, ["telemetry"], train, test, labels)


def nab(root, _):
    """The first 15 %, at most 750 rows, are the benchmark's own probation."""
    with open(os.path.join(root, "nab", "labels", "combined_windows.json"), encoding="ascii") as f:
        windows = json.load(f)
    for name, spans in sorted(windows.items()):
        rows = table(os.path.join(root, "nab", "data", *name.split("/")))[1]
        times = [r[0] for r in rows]
        a = np.array([[float(r[1])] for r in rows])
        labels = np.zeros(len(a))
        for first, last in spans:
            labels[[i for i, t in enumerate(times) if first[:19] <= t <= last[:19]]] = 1
        probation = min(int(len(a) * 0.15), 750)
        yield stream(name, ["value"], a[:probation], a[probation:], labels[probation:])


SETS = {
    "C-MAPSS FD001": (cmapss, "FD001"), "C-MAPSS FD003": (cmapss, "FD003"), "TEP": (tep, ""), "SKAB": (skab, ""),
    "ASD": (asd, ""), "SMAP/MSL": (smap_msl, ""), "NAB": (nab, ""),
}
