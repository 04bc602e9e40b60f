# SPDX-License-Identifier: Apache-2.0
"""pandas and scipy: two CSV files column by column, figures of both sides, KS and Wasserstein. scipy_compare.py A B"""
import json
import sys

import pandas
from scipy.stats import ks_2samp, wasserstein_distance

a = pandas.read_csv(sys.argv[1])
b = pandas.read_csv(sys.argv[2])
out = {}
for name in a.columns[1:]:
    x = a[name].dropna().to_numpy()
    y = b[name].dropna().to_numpy()
    ks = ks_2samp(x, y)
    out[name] = {"mean": [x.mean(), y.mean()], "std_sample": [x.std(ddof=1), y.std(ddof=1)],
                 "ks_d": float(ks.statistic), "ks_p": float(ks.pvalue), "wasserstein": float(wasserstein_distance(x, y))}
print(json.dumps(out))
