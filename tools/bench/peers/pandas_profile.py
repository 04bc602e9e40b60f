# SPDX-License-Identifier: Apache-2.0
"""pandas: the same figures of every column of one CSV file. pandas_profile.py FILE [group]"""
import json
import sys

import pandas

frame = pandas.read_csv(sys.argv[1])
out = {}


def figures(s):
    q = s.quantile([0.5, 0.95, 0.99])
    return {"n": int(s.count()), "mean": s.mean(), "std_sample": s.std(), "min": s.min(), "max": s.max(),
            "p50": q[0.5], "p95": q[0.95], "p99": q[0.99]}


if len(sys.argv) > 2:
    for name, s in frame.groupby("metric")["value"]:
        out[name] = figures(s)
else:
    for name in frame.columns:
        out[name] = figures(frame[name])
print(json.dumps(out))
