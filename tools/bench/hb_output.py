# SPDX-License-Identifier: Apache-2.0
"""What hb says, as plain figures."""
import json
import subprocess

from measure import HB


def figures(text):
    """Of `hb inspect --json`: name → figures. Metrics have their profile, columns (the time as well) what was read of them."""
    doc = json.loads(text)
    out = {}
    for row in doc.get("columns", []) + doc.get("metrics", []):
        names = {row.get(k) for k in ("name", "raw_name", "label")} - {None}
        n = row.get("n", row.get("n_numeric"))
        if n is None:
            continue
        for name in names:
            known = out.setdefault(name, {})
            known.update({k: v for k, v in row.items() if v is not None}, n=n)
    return {name: row for name, row in out.items() if "mean" in row}


def decision(text):
    doc = json.loads(text)
    found = {}
    for f in doc["findings"]:
        if f["severity"] != "info" or f["rule"] == "distribution":
            found.setdefault(f["metric"], []).append((f["severity"], f["rule"]))
    return doc, found


def has_threads(command):
    help_text = subprocess.run([HB, command, "--help"], capture_output=True, text=True, check=False).stdout
    return "--threads" in help_text


def version():
    return subprocess.run([HB, "--version"], capture_output=True, text=True, check=True).stdout.strip()
