#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small table of the readers' contract test (tests/unit/test_formats.c) in every format, into this folder. The table:
60 rows; t = i / 4; a = 20 + (i mod 7) / 2, missing in row 5; n = 1700000000000 + i; note = "start" in row 3, else empty."""
import gzip
import io
import json
import os
import sqlite3
import zipfile

import h5py
import numpy as np
import openpyxl
import scipy.io

HERE = os.path.dirname(os.path.abspath(__file__))
N = 60
ROWS = [(i / 4, None if i == 5 else 20 + i % 7 / 2, 1700000000000 + i, "start" if i == 3 else "") for i in range(N)]


def text(v):
    return "" if v is None else str(v)


def save(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


csv = "t,a,n,note\n" + "".join(",".join(map(text, r)) + "\n" for r in ROWS)
save("table.csv", csv)
save("table.csv.gz", gzip.compress(csv.encode(), mtime=0))
save("table.csv.zip", packed({"table.csv": csv}))
records = [dict(zip(("t", "a", "n", "note"), r)) for r in ROWS]
save("table.json", json.dumps(records))
save("table.jsonl", "".join(json.dumps(r) + "\n" for r in records))
wb = openpyxl.Workbook()
wb.active.append(["t", "a", "n", "note"])
for r in ROWS:
    wb.active.append([None if v == "" else v for v in r])
wb.save(os.path.join(HERE, "table.xlsx"))
a = np.array([(t, np.nan if v is None else v, n, note) for t, v, n, note in ROWS],
             dtype=[("t", "<f8"), ("a", ">f8"), ("n", "<i8"), ("note", "<U5")])
np.save(os.path.join(HERE, "table.npy"), a)
np.savez_compressed(os.path.join(HERE, "table.npz"), **{name: a[name] for name in a.dtype.names})
lvm = ["LabVIEW Measurement", "Separator\tTab", "Decimal_Separator\t.", "X_Columns\tOne", "Multi_Headings\tNo", "Date\t2024/05/07",
       "Time\t10:42:17.356", "***End_of_Header***", "", "Channels\t2", "Y_Unit_Label\t\t", "X_Dimension\tTime\tTime",
       "***End_of_Header***", "X_Value\ta\tn\tComment"]
save("table.lvm", "\r\n".join(lvm + ["\t".join(map(text, r)) for r in ROWS]) + "\r\n")
path = os.path.join(HERE, "table.db")
if os.path.exists(path):
    os.unlink(path)
db = sqlite3.connect(path)
db.execute("create table log (t real, a real, n integer, note text)")
db.executemany("insert into log values (?, ?, ?, ?)", ROWS)
db.commit()
db.close()
with h5py.File(os.path.join(HERE, "table.h5"), "w", libver="earliest") as f:
    f.create_dataset("log", data=a.astype([("t", "f8"), ("a", "f8"), ("n", "i8"), ("note", "S5")]))
fields = {name: a[name].reshape(-1, 1) for name in ("t", "a", "n")}
fields["note"] = a["note"].astype(object).reshape(-1, 1)
scipy.io.savemat(os.path.join(HERE, "table.mat"), {"log": fields}, do_compression=True)
