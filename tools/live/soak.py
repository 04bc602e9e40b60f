#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The soak: does the daemon stay as it is? First 24 h of telemetry as fast as it goes, then real time over
MQTT. Memory and descriptors are read every few seconds; a line is laid through the second half of the
daemon's own memory (without pages of files), and may rise by 2 % of it at most.

    tools/live/soak.py --hb build/release/hb --out soak [--minutes 30] [--hours 24]
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import time

from lab import Broker, Daemon, Receiver, rig, wait_for

# What its own memory may rise over the second half, as a share of it.
RISE = 0.02
LIMIT_MB = 96


def rss_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def anonymous_mb(pid):
    """Without pages of files: what is mapped of the journal belongs to the page cache."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("RssAnon")) * 1024 / 1e6


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def slope(points):
    """Per second, by least squares."""
    n = len(points)
    mx = sum(x for x, _ in points) / n
    my = sum(y for _, y in points) / n
    top = sum((x - mx) * (y - my) for x, y in points)
    below = sum((x - mx) ** 2 for x, _ in points)
    return top / below if below else 0.0


class Series:
    def __init__(self, daemon):
        self.pid = daemon.process.pid
        self.start = time.monotonic()
        self.points = []

    def note(self):
        t = time.monotonic() - self.start
        self.points.append((t, rss_mb(self.pid), anonymous_mb(self.pid), descriptors(self.pid)))

    def verdict(self, name, flat):
        half = self.points[len(self.points) // 2:]
        rise = slope([(t, a) for t, _, a, _ in half]) * (half[-1][0] - half[0][0])
        most = max(r for _, r, _, _ in self.points)
        anon = max(a for _, _, a, _ in self.points)
        fds = {d for *_, d in half}
        print(f"{name}: {len(self.points)} readings in {self.points[-1][0]:.0f} s; resident {most:.1f} MB at most, "
              f"{anon:.1f} MB of it its own; its own rises by {rise:+.2f} MB over the second half; "
              f"descriptors {min(fds)} to {max(fds)}", flush=True)
        ok = anon <= LIMIT_MB and max(fds) - min(fds) <= 2
        return ok and (rise <= RISE * anon if flat else True)


def config(folder, source, window, receiver):
    (folder / "daemon.yaml").write_text(f"""name: soak
sources:
{source}
windows:
  - size: {window}
  - {{size: {window}0, slide: {window}}}
lateness: 2s
idle_after: 5s
stale_after: 1h
train: {{windows: 30}}
# The windows that slow drift ranks among fill up in the first half, or their filling would be taken for a leak.
live: {{keep: 50}}
health: {{listen: "unix:{folder}/http.sock"}}
journal: {{max_mb: 256, segment_mb: 16}}
alert_sinks:
  - file
  - {{sink: webhook, name: board, url: "http://127.0.0.1:{receiver.port}/alerts"}}
""".replace(f"{window}0,", {"10s": "60s,", "5m": "1h,"}[window]))
    (folder / "baseline_quality_policy.yaml").write_text(
        "acceptance_criteria:\n  min_time_in_state_sec: 60\n")


def fresh(folder):
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def compressed(args, out):
    """24 h at 200 metrics every 10 s."""
    folder = fresh(out / "compressed")
    rig(folder, "--registry", "metric_registry.yaml").wait()
    print(f"{args.hours:g} h of telemetry of 200 metrics every 10 s, as fast as it goes", flush=True)
    windows = int(args.hours * 12)
    rig(folder, "--windows", windows, "--window", 300, "--samples", 30, "--file", "rig.jsonl").wait()
    receiver = Receiver()
    config(folder, "  - {source: file_replay, name: rig, path: rig.jsonl, format: jsonl, speed: max, follow: true}",
           "5m", receiver)
    daemon = Daemon(pathlib.Path(args.hb).resolve(), folder)
    daemon.start()
    series = Series(daemon)

    def done():
        series.note()
        h = daemon.health()
        # Not cycles: a fast machine judges many windows in one. The hour's windows begin eleven later.
        return h and h["engine"]["lag_bytes"] == 0 and sum(h["windows"]["verdicts"].values()) >= 2 * windows - 12

    wait_for("the compressed day", 3600, done)
    began = time.monotonic()
    while time.monotonic() - began < 5:
        series.note()
        time.sleep(0.2)
    judged = daemon.json("live", "list", "--limit", "100000")["windows"]
    raised = sorted({e["data"]["subject"] for e in receiver.got if e["type"].endswith("raised")})
    daemon.stop()
    receiver.stop()
    print(f"{len(judged)} windows; alerts raised on clean telemetry: {len(raised)} {' '.join(raised[:3])}", flush=True)
    return series.verdict("compressed", flat=False)


def real_time(args, out):
    folder = fresh(out / "real")
    broker = Broker(folder)
    receiver = Receiver(trouble=0.2)
    rig(folder, "--registry", "metric_registry.yaml").wait()
    config(folder, f"""  - source: mqtt
    name: rig
    broker: tcp://127.0.0.1:{broker.port}
    topic: rig/#
    qos: 1
    client_id: hb-soak
    payload: json
    topic_is_name: false""", "10s", receiver)
    daemon = Daemon(pathlib.Path(args.hb).resolve(), folder)
    try:
        daemon.start()
        windows = int(args.minutes * 6)
        publisher = rig(folder, "--port", broker.port, "--windows", windows, "--window", 10, "--samples", 100,
                        "--speed", 1, "--start-ns", time.time_ns(), "--ledger", "rig.jsonl")
        print(f"{args.minutes:g} min in real time, 2,000 samples a second over MQTT", flush=True)
        series = Series(daemon)
        while publisher.poll() is None:
            series.note()
            time.sleep(2)
        health = daemon.health()
        cpu = health["process"]["cpu_ms"] / 1000 / series.points[-1][0]
        sent = sum(json.loads(line)["n"] for line in open(folder / "rig.jsonl", encoding="utf-8"))
        print(f"{sent} samples sent, {health['windows']['counts']['samples'] if 'counts' in health['windows'] else '?'} "
              f"taken; {100 * cpu:.2f} % of a core", flush=True)
        daemon.stop()
        return series.verdict("real time", flat=True)
    finally:
        if daemon.process.poll() is None:
            daemon.kill()
        receiver.stop()
        broker.stop()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--hb", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--hours", type=float, default=24)
    p.add_argument("--minutes", type=float, default=30)
    args = p.parse_args()
    out = pathlib.Path(args.out).resolve()
    held = [compressed(args, out)] if args.hours else []
    held += [real_time(args, out)] if args.minutes else []
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
