# SPDX-License-Identifier: Apache-2.0
"""The tables: Markdown to paste, and results.json with every single run's figures."""
import datetime
import json
import os
import platform
import subprocess

import hb_output
from measure import DIR


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory_kb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024
    cache = os.path.join(os.path.dirname(DIR), "release", "CMakeCache.txt")
    compiler = "cc"
    with open(cache, encoding="utf-8") as f:
        for line in f:
            if line.startswith("CMAKE_C_COMPILER:"):
                compiler = line.strip().split("=", 1)[1]
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return {"processor": model, "processors": os.cpu_count(), "memory_gb": round(memory_kb / 1e6, 1),
            "kernel": platform.release(), "compiler": version, "load": os.getloadavg()[0],
            "date": datetime.date.today().isoformat()}


class Report:
    def __init__(self, versions):
        self.doc = {"hb": hb_output.version(), "machine": machine(), "peers": versions, "sections": [], "targets": [], "wrong": []}
        self.lines = []
        m = self.doc["machine"]
        absent = [k for k, v in versions.items() if not v]
        self.say(f"{m['processors']} × {m['processor']}, {m['memory_gb']} GB, Linux {m['kernel']}, {m['compiler']}; {self.doc['hb']}; "
                 + ", ".join(f"{k} {v}" for k, v in versions.items() if v)
                 + (f"; not installed: {', '.join(absent)}" if absent else "")
                 + f"; {m['date']}, load at the start {m['load']:.1f}.")

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def section(self, title):
        self.doc["sections"].append({"title": title, "rows": []})
        self.say()
        self.say(f"### {title}")
        self.say()
        self.say("| program | threads | time | processor | peak memory | time against hb | processor against hb |")
        self.say("|---|---|---|---|---|---|---|")

    def row(self, command, ratio=None):
        f = command.figures()
        self.doc["sections"][-1]["rows"].append({**f, "ratio": ratio})
        told = (f"{ratio['wall']:.1f} ×", f"{ratio['cpu']:.1f} ×") if ratio else ("1", "1")
        self.say(f"| {f['name']} | {f['threads']} | {f['wall_s']:.3f} s | {f['cpu_s']:.3f} s | {f['peak_mb']:.0f} MB | {told[0]} | {told[1]} |")

    def absent(self, name, why="not installed"):
        self.doc["sections"][-1]["rows"].append({"name": name, "absent": why})
        self.say(f"| {name} | | {why} | | | | |")

    def note(self, text):
        self.doc["sections"][-1].setdefault("notes", []).append(text)
        self.say()
        self.say(text)

    def target(self, words, got, met, unit=""):
        self.doc["targets"].append({"target": words, "got": got, "unit": unit, "met": met})

    def wrong(self, where, sentences):
        for s in sentences[:5]:
            self.doc["wrong"].append(f"{where}: {s}")

    def finish(self):
        self.say()
        self.say("### Targets")
        self.say()
        self.say("| target | seen | |")
        self.say("|---|---|---|")
        for t in self.doc["targets"]:
            seen = t["got"] if isinstance(t["got"], str) else f"{t['got']:.3g}{t['unit']}"
            verdict = {True: "met", False: "**not met**", None: "no figure"}[t["met"]]
            self.say(f"| {t['target']} | {seen} | {verdict} |")
        self.say()
        for s in self.doc["wrong"]:
            self.say(f"WRONG: {s}")
        self.say("Every figure agreed with the truth beside it." if not self.doc["wrong"] else "Some results are wrong.")
        with open(os.path.join(DIR, "results.json"), "w", encoding="utf-8") as f:
            json.dump(self.doc, f, indent=1)
        with open(os.path.join(DIR, "results.md"), "w", encoding="utf-8") as f:
            f.write("\n".join(self.lines) + "\n")
        return 1 if self.doc["wrong"] else 0
