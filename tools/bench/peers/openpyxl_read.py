# SPDX-License-Identifier: Apache-2.0
"""openpyxl, read-only: the figures of every column of one workbook's first sheet; numpy does the figures. openpyxl_read.py FILE"""
import json
import sys

import numpy
import openpyxl

rows = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True).worksheets[0].iter_rows(values_only=True)
names = next(rows)
columns = [[] for _ in names]
for row in rows:
    for column, v in zip(columns, row):
        if v is not None:
            column.append(v)
out = {}
for name, column in zip(names, columns):
    v = numpy.array(column, dtype=float)
    p = numpy.quantile(v, [0.5, 0.95, 0.99])
    out[name] = {"n": len(v), "mean": v.mean(), "std_sample": v.std(ddof=1), "min": v.min(), "max": v.max(),
                 "p50": p[0], "p95": p[1], "p99": p[2]}
print(json.dumps(out))
