#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed against other readers, as ratios in one run on one file: 1,000,000 rows × 8 columns from a seeded
# generator. Peers run when they are installed (python3-pandas, mawk); wc -l shows what merely touching
# every byte costs. Times are the best of three whole processes; machines are noisy, ratios count.
set -eu
cd "$(dirname "$0")/.."
dir=build/bench
mkdir -p "$dir"
file="$dir/wide.csv"
[ -f "$file" ] || /usr/bin/python3 - "$file" <<'PY'
import random, sys
r = random.Random(1)
with open(sys.argv[1], "w") as f:
    f.write("time,a,b,c,d,e,f,g,h\n")
    for i in range(1_000_000):
        f.write(f"{i * 0.01:.2f}," + ",".join(f"{r.gauss(20 + k, 3):.4f}" for k in range(8)) + "\n")
PY
exec /usr/bin/python3 - "$file" "$dir" <<'PY'
import importlib.util, os, resource, subprocess, sys, time
file, out = sys.argv[1:3]
hb = "build/release/hb"
peers = [
    ("hb inspect, full profiles", [hb, "inspect", file]),
    ("hb compare of two, everything", [hb, "compare", "--baseline", file, "--run", file, "--out", out + "/report"]),
    ("wc -l (touch every byte)", ["wc", "-l", file]),
    ("awk, mean of one column", ["awk", "-F,", "NR>1{s+=$2}END{print s/(NR-1)}", file]),
    ("python3 csv + statistics-free sums", ["/usr/bin/python3", "-c",
     "import csv,sys\nr=csv.reader(open(sys.argv[1]));next(r)\ns=[0.0]*9\nfor row in r:\n for i,v in enumerate(row): s[i]+=float(v)\nprint(s)", file]),
]
if importlib.util.find_spec("pandas"):
    peers.append(("pandas read_csv + describe", ["/usr/bin/python3", "-c",
                  "import pandas,sys\nprint(pandas.read_csv(sys.argv[1]).describe(percentiles=[.5,.95,.99]))", file]))
base = None
print(f"{os.path.getsize(file) / 1e6:.0f} MB, 1,000,000 rows x 8 columns and a time; best of 3, {os.cpu_count()} processors")
for name, cmd in peers:
    best, peak = 1e9, 0
    for _ in range(3):
        t = time.monotonic()
        p = subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(p.pid, 0)
        best, peak = min(best, time.monotonic() - t), max(peak, usage.ru_maxrss)
        if os.waitstatus_to_exitcode(status) not in (0, 10, 11):
            sys.exit(f"{name} failed")
    base = base or best
    print(f"{name:36s} {best:7.2f} s  {best / base:6.2f} x hb  {peak / 1024:7.0f} MB")
PY
