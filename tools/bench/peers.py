# SPDX-License-Identifier: Apache-2.0
"""The peers: which are there, in which version, and how each is asked. A peer that cannot be had has no row and no ratio."""
import importlib.metadata
import json
import os
import shutil
import subprocess

from measure import DIR, HERE, PYTHON, TOOLS, Command

# Polars' binaries are a package of their own; newer ones are not built for every machine, so both are pinned.
NPM = ["@duckdb/node-api", "nodejs-polars@0.25.2", "nodejs-polars-linux-x64-gnu@0.25.2"]


def install():
    """Puts the npm packages into build/bench/node_modules, once. Without node, npm or a network they stay away."""
    have = all(os.path.isdir(os.path.join(DIR, "node_modules", p)) for p in ("@duckdb/node-api", "nodejs-polars-linux-x64-gnu"))
    if have or not shutil.which("npm"):
        return
    print("installing DuckDB and Polars into build/bench/node_modules", flush=True)
    subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", DIR, *NPM],
                   cwd=DIR, check=False)


def script(name):
    return os.path.join(HERE, "peers", name)


def npm_version(package):
    try:
        with open(os.path.join(DIR, "node_modules", package, "package.json"), encoding="utf-8") as f:
            return json.load(f)["version"]
    except OSError:
        return None


def python_version(package):
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    r = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return r.stdout.strip() or None


def versions():
    node = shutil.which("node")
    out = {"node": subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip() if node else None}
    out["DuckDB"] = node and npm_version("@duckdb/node-api")
    out["Polars"] = node and npm_version("nodejs-polars-linux-x64-gnu") and npm_version("nodejs-polars")
    for package in ("pandas", "numpy", "scipy", "openpyxl"):
        out[package] = python_version(package)
    mawk = shutil.which("mawk") and subprocess.run(["mawk", "-W", "version"], capture_output=True, text=True, check=False)
    out["mawk"] = mawk and mawk.stdout.split("\n")[0].split(" ")[1]
    return out


class Peers:
    def __init__(self):
        install()
        self.versions = versions()

    def __contains__(self, name):
        return bool(self.versions.get(name))

    def duckdb(self, file, quantiles, threads=1, group=False):
        words = {"none": "without quantiles", "approx": "approx_quantile", "exact": "quantile_cont"}[quantiles]
        argv = ["node", script("duckdb.mjs"), file, str(threads), quantiles] + (["group"] if group else [])
        return Command(f"DuckDB, {words}", argv, threads)

    def polars(self, file, quantiles, threads=1, group=False):
        words = {"none": "without quantiles", "exact": "with quantiles"}[quantiles]
        argv = ["node", script("polars.mjs"), file, quantiles] + (["group"] if group else [])
        return Command(f"Polars, {words}", argv, threads, {"POLARS_MAX_THREADS": str(threads)})

    def pandas(self, file, group=False):
        return Command("pandas, with quantiles", [PYTHON, script("pandas_profile.py"), file] + (["group"] if group else []))

    def scipy_compare(self, a, b):
        return Command("pandas + scipy, KS and Wasserstein", [PYTHON, script("scipy_compare.py"), a, b])

    def openpyxl(self, file):
        return Command("openpyxl read-only + numpy", [PYTHON, script("openpyxl_read.py"), file])

    def bare_parse(self, file):
        return Command("bare parse loop, sums only: the limit", [os.path.join(TOOLS, "bench_bare_parse"), file])

    def wc(self, file):
        return Command("wc -l: touching every byte", ["wc", "-l", file])

    def mawk(self, file):
        program = "NR>1{for(i=1;i<=NF;i++)if($i!=\"\"){s[i]+=$i;n[i]++}}END{for(i=1;i<=NF;i++)print s[i]/n[i]}"
        return Command("mawk, means only", ["mawk", "-F,", program, file])
