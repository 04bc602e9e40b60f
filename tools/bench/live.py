# SPDX-License-Identifier: Apache-2.0
"""What the live road costs, in processor time of the whole program: 200 metrics in tumbling windows of a minute, from lines
of a file and from the journal, with and without a baseline; then over MQTT at 10,000 samples a second, with the time from a
window's last record to its decision, memory and processor.

    live.py [--seconds N] [--turns N] [--skip-mqtt]

What is printed is Markdown. The exit code is 1 when a sample was not judged, never because something is slow."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools" / "live"))
from lab import Broker, free_port, wait_for  # noqa: E402

HB = ROOT / "build" / "release" / "hb"
DIR = ROOT / "build" / "bench" / "live"
RIG = ROOT / "tools" / "live" / "rig.py"
METRICS = 200
# name → windows of a minute, samples of each metric in one
STREAMS = {"train": (30, 30), "sparse": (120, 30), "dense": (4, 3000)}


def stream(name):
    windows, samples = STREAMS[name]
    path = DIR / f"{name}-{windows}-{samples}.jsonl"
    if not path.exists():
        part = path.with_suffix(".part")
        subprocess.run([sys.executable, RIG, "--windows", str(windows), "--window", "60", "--samples", str(samples),
                        "--start-ns", str((1764064800 if name == "train" else 1764151200) * 10**9), "--file", part], check=True)
        part.rename(path)
    return path


def fresh(name):
    folder = DIR / name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, RIG, "--registry", "metric_registry.yaml"], cwd=folder, check=True)
    (folder / "baseline_quality_policy.yaml").write_text("acceptance_criteria:\n  min_time_in_state_sec: 10\n")
    return folder


def configure(folder, name, source, window="1m", more=""):
    (folder / "daemon.yaml").write_text(f"name: {name}\nsources:\n  - {source}\nwindows: [{{size: {window}}}]\n"
                                        f"lateness: 100ms\njournal: {{max_mb: 1024}}\n{more}\n")


def lines_of(file):
    return f"{{source: file_replay, name: rig, path: {file}, format: jsonl, speed: max}}"


def judged(folder, *how):
    """Processor seconds of one run, windows and samples judged."""
    with open(folder / "out.json", "wb") as out, open(folder / "log", "wb") as log:
        p = subprocess.Popen([HB, "--workspace", ".", "daemon", "--json", *how], cwd=folder, stdout=out, stderr=log)
        _, status, use = os.wait4(p.pid, 0)
    if status:
        sys.exit((folder / "log").read_text()[-1000:])
    told = json.loads((folder / "out.json").read_text())
    return use.ru_utime + use.ru_stime, sum(told["windows"].values()), told["counts"]["samples"]


def measure(name, trained, turns):
    """Processor seconds from lines and from the journal, the medians; windows, samples."""
    lines, journal = [], []
    for _ in range(turns):
        folder = fresh("work")
        if trained:
            configure(folder, "train", lines_of(stream("train")), more="train: {windows: 30}")
            judged(folder, "--once")
            shutil.rmtree(folder / "live")  # its journal: what follows is another stream
        configure(folder, "bench", lines_of(stream(name)))
        shutil.copy(folder / "runs.db", folder / "before.db") if trained else None
        cpu, windows, samples = judged(folder, "--once")
        expected = STREAMS[name][0] * STREAMS[name][1] * METRICS
        if samples != expected:
            sys.exit(f"{samples} of {expected} samples were judged")
        lines.append(cpu)
        for file in folder.glob("runs.db*"):
            file.unlink()
        shutil.copy(folder / "before.db", folder / "runs.db") if trained else None
        cpu, again, samples = judged(folder, "--replay")
        if (again, samples) != (windows, expected):
            sys.exit(f"from the journal {again} windows of {samples} samples, from lines {windows} of {expected}")
        journal.append(cpu)
    return statistics.median(lines), statistics.median(journal), windows, expected


def of_files(turns):
    print("| 200 metrics, windows of 1 min, one source | from lines of JSON | from the journal |")
    print("|---|---|---|")
    figures = {}
    for trained in (False, True):
        for name, words in (("dense", "10,000 samples/s, 600,000 in a window"), ("sparse", "100 samples/s, 6,000 in a window")):
            a, b, windows, samples = measure(name, trained, turns)
            figures[trained, name] = (b, windows, samples)
            print(f"| {words}, {'against a baseline of 30 windows' if trained else 'no baseline'} | {samples / a / 1e3:,.0f} k samples/s "
                  f"| {samples / b / 1e3:,.0f} k samples/s |", flush=True)
    print()
    for trained in (False, True):
        (c1, w1, n1), (c2, w2, n2) = figures[trained, "dense"], figures[trained, "sparse"]
        each = (c1 * w2 - c2 * w1) / (n1 * w2 - n2 * w1)
        window = (c2 - each * n2) / w2
        print(f"From the journal, {'against a baseline' if trained else 'no baseline'}: {each * 1e9:.0f} ns a sample and "
              f"{window * 1e3:.2f} ms a window of {METRICS} metrics.")


def ticks_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        part = f.read().rsplit(")", 1)[1].split()
    return (int(part[11]) + int(part[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        kb = dict(re.findall(r"(VmRSS|RssAnon):\s+(\d+)", f.read()))
    return int(kb["VmRSS"]) / 1024, int(kb["RssAnon"]) / 1024


def metrics_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as r:
        return r.read().decode()


def histogram(text):
    """Upper bound → windows decided within it."""
    rows = re.findall(r"^hb_decision_latency_seconds_bucket\{le=\"([^\"]+)\"\} (\d+)", text, re.M)
    return [(float(le), int(n)) for le, n in rows]


def within(before, after, share):
    """The least bound that holds the share of what came between."""
    old = dict(before)
    rows = [(le, n - old.get(le, 0)) for le, n in after]
    return next((le for le, n in rows if n >= share * rows[-1][1]), float("inf")), rows[-1][1]


def of_mqtt(seconds):
    """Messages of 20 values, 500 a second; windows of one second, so that there are many."""
    folder = fresh("mqtt")
    broker_folder = pathlib.Path(tempfile.mkdtemp(prefix="hb-bench-"))
    broker = Broker(broker_folder)
    port = free_port()
    train = 20
    configure(folder, "bench", f"{{source: mqtt, name: rig, broker: \"tcp://127.0.0.1:{broker.port}\", topic: rig/#, qos: 1, "
              "client_id: hb-bench, payload: json, topic_is_name: false}", "1s",
              f"train: {{windows: {train}}}\nhealth: {{listen: \"127.0.0.1:{port}\"}}")
    publisher = None
    with open(folder / "log", "wb") as log:
        daemon = subprocess.Popen([HB, "--workspace", ".", "daemon"], cwd=folder, stdout=log, stderr=log)
    try:
        def listens():
            try:
                return metrics_of(port)
            except OSError:
                return None
        wait_for("the daemon", 30, listens)
        time.sleep(1)
        publisher = subprocess.Popen([sys.executable, RIG, "--port", str(broker.port), "--window", "1", "--samples", "50", "--speed", "1",
                                      "--windows", str(train + 10 + seconds), "--start-ns", str(time.time_ns() // 10**9 * 10**9)])
        wait_for("the baseline", 120, lambda: "training_ended" in (folder / "log").read_text())
        time.sleep(3)
        before, cpu, began = histogram(metrics_of(port)), ticks_of(daemon.pid), time.monotonic()
        most = (0, 0)
        while time.monotonic() - began < seconds:
            time.sleep(1)
            most = max(most, memory_of(daemon.pid))
        lasted = time.monotonic() - began
        cpu = ticks_of(daemon.pid) - cpu
        after = histogram(metrics_of(port))
        p50, n = within(before, after, 0.5)
        p99, _ = within(before, after, 0.99)
        print(f"\nOver MQTT (QoS 1, 500 messages of 20 values a second, windows of 1 s against a baseline): {n} windows in {lasted:.0f} s; "
              f"from the record that closed a window to its decision committed half within {p50 * 1e3:g} ms, 99 of 100 within {p99 * 1e3:g} ms; "
              f"{most[0]:.0f} MB resident ({most[1]:.0f} MB its own), {100 * cpu / lasted:.1f} % of a processor.")
    finally:
        for p in (publisher, daemon):
            if p:
                p.terminate()
                p.wait()
        broker.stop()
        shutil.rmtree(broker_folder)


def beside_mosquitto_sub():
    """The source alone, journal included, beside mosquitto_sub; takes a program of the tests."""
    build = next((b for b in ("build/release", "build/dev") if (ROOT / b / "tests/e2e/receiver").exists()), None)
    if not build:
        print("\nBeside mosquitto_sub: not measured, cmake --preset release -DHB_TESTS=ON and the target receiver are needed.")
        return
    print("\nThe source mqtt into the journal, beside mosquitto_sub to /dev/null:\n", flush=True)
    subprocess.run([sys.executable, "-B", HERE / "mqtt.py", "100000", "3"], cwd=ROOT, check=True,
                   env={**os.environ, "HB_BUILD_DIR": build, "HB_BINARY": str(HB)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="of MQTT")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--skip-mqtt", action="store_true")
    o = parser.parse_args()
    DIR.mkdir(parents=True, exist_ok=True)
    print(f"## Live\n\nLoad of the machine at the start {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.\n", flush=True)
    of_files(o.turns)
    if not o.skip_mqtt:
        of_mqtt(o.seconds)
        beside_mosquitto_sub()


if __name__ == "__main__":
    main()
