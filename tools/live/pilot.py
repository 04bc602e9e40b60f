#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pilot: the daemon on live telemetry with a baseline trained from it, faults of known place and
size, alerts, reports, and a restart by kill -9, as one run with one ledger.

    tools/live/pilot.py --hb build/release/hb --out pilot        compressed: rig time runs faster
    tools/live/pilot.py --hb … --out … --hours 24                in real time
    tools/live/pilot.py --hb … --out … --demo                    tells what happens while it does

It ends with exit code 0 only when everything held: every message the broker acknowledged is in the
journal, every sample of them was judged in exactly one window, every fault was found and nothing else,
every alert arrived, and the decisions are those of an uninterrupted reading of the same journal.
"""
import argparse
import importlib.util
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time

from lab import Broker, Daemon, Receiver, journal_messages, rig, wait_for

PER_TICK = 200
TRAIN = 30
FAULTS = [
    # kind, metric, from, to, size, what has to say so
    ("spike", "s03.m07", 45, 46, 40, "sample_limit"),
    ("step", "s05.m01", 55, 58, 8, "shock"),
    ("silent", "s09.m09", 64, 66, 0, "silent"),
    ("ramp", "s07.m02", 72, 92, 3, "slow_drift"),
]
WINDOWS = 100


def write_config(folder, broker, receiver, window, qos, version):
    (folder / "daemon.yaml").write_text(f"""name: pilot
sources:
  - source: mqtt
    name: rig
    broker: tcp://127.0.0.1:{broker.port}
    topic: rig/#
    qos: {qos}
    version: "{version}"
    client_id: hb-pilot
    session_expiry: 1h
    payload: json
    topic_is_name: false
windows:
  - size: {window}s
lateness: {window / 5}s
idle_after: 5s
stale_after: {window}s
train: {{windows: {TRAIN}}}
checkpoint_interval: 2s
health: {{listen: "unix:{folder}/http.sock"}}
alert_sinks:
  - file
  - {{sink: webhook, name: board, url: "http://127.0.0.1:{receiver.port}/alerts"}}
""")
    (folder / "baseline_quality_policy.yaml").write_text(
        f"acceptance_criteria:\n  min_time_in_state_sec: {window * TRAIN // 2}\n")


class Pilot:
    def __init__(self, args):
        self.args = args
        self.folder = pathlib.Path(args.out).resolve()
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        self.window = 10.0 if not args.hours else args.hours * 3600 / WINDOWS
        self.ledger = {"faults": [], "checks": {}}
        self.broker = Broker(self.folder)
        self.receiver = Receiver(trouble=0.3, seed=args.seed)
        write_config(self.folder, self.broker, self.receiver, self.window, args.qos, args.mqtt)
        self.daemon = Daemon(pathlib.Path(args.hb).resolve(), self.folder)
        self.told = 0

    def say(self, text):
        print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)

    def check(self, what, ok, detail=""):
        self.ledger["checks"][what] = {"held": bool(ok), "detail": detail}
        self.say(f"{'held ' if ok else 'FAILED'} {what}{': ' + detail if detail else ''}")

    def tell_alerts(self):
        """What came since the last look, for people who watch."""
        for event in self.receiver.got[self.told:]:
            data = event.get("data", {})
            kind = event.get("type", "").rsplit(".", 1)[-1]
            if kind in ("raised", "returned") and self.args.demo:
                text = (data.get("text") or data.get("finding", {}).get("text") or data.get("rule", ""))
                self.say(f"  alert {kind}: {data.get('severity')} {data.get('subject', '')} {text}"[:170])
        self.told = len(self.receiver.got)

    def run_rig(self):
        seed = self.args.seed
        speed = 1 if self.args.hours else self.args.speed
        faults = [f for kind, metric, start, end, size, _ in FAULTS
                  for f in ("--fault", f"{kind}:{metric}:{start}:{end}:{size}")]
        return rig(self.folder, "--port", self.broker.port, "--windows", WINDOWS, "--window",
                   self.window, "--speed", speed, "--seed", seed, "--qos", self.args.qos, "--ledger", "rig.jsonl", *faults)

    def live(self):
        self.say(f"a rig of {PER_TICK} metrics, windows of {self.window:g} s, {WINDOWS} of them; the "
                 f"first {TRAIN} train the baseline")
        rig(self.folder, "--registry", "metric_registry.yaml", "--seed", self.args.seed).wait()
        self.daemon.start()
        wait_for("the MQTT session", 60, lambda: any(
            s["state"] == "running" for s in self.daemon.health()["sources"]))
        publisher = self.run_rig()
        began = time.monotonic()
        total = WINDOWS * self.window / (1 if self.args.hours else self.args.speed)
        chance = random.Random(f"{self.args.seed}/kills")
        # Of the whole; the first ones while the baseline is being trained.
        kills = [0.15, 0.5, 0.58, 0.8] if self.args.kills == 4 else sorted(
            chance.uniform(0.02, 0.97) for _ in range(self.args.kills))
        done = 0
        while publisher.poll() is None:
            time.sleep(0.2)
            self.tell_alerts()
            if kills and time.monotonic() - began > kills[0] * total:
                kills.pop(0)
                done += 1
                self.daemon.kill()
                if self.args.kills == 4:
                    self.say("kill -9 of the daemon; the broker keeps what it does not get")
                    time.sleep(1)
                self.daemon.start()
                if self.args.kills == 4:
                    self.say("started again")
            if self.daemon.process.poll() is not None:
                self.daemon.gone()
        if publisher.returncode:
            raise SystemExit("the rig failed")
        self.ledger["kills"] = done
        self.say(f"killed {done} times")

    def settle(self):
        """Everything that was sent is in the journal and judged, and every alert has gone out."""
        def quiet():
            self.tell_alerts()
            h = self.daemon.health()
            waiting = sum(s["waiting"] for s in h["sinks"]) if h else 1
            return h if h and h["engine"]["lag_bytes"] == 0 and waiting == 0 else None

        n = sum(1 for _ in open(self.folder / "rig.jsonl", encoding="utf-8"))
        wait_for("all messages in the journal", 120,
                 lambda: len(set(json.loads(p)["seq"] for _, p in journal_messages(self.daemon))) >= n)
        self.last_health = wait_for("all alerts delivered", 300, quiet)
        took = self.daemon.stop()
        self.check("SIGTERM ends it within 5 s", took <= 5, f"{took:.1f} s, exit code "
                   f"{self.daemon.process.returncode}")

    def reconcile(self):
        sent = [json.loads(line) for line in open(self.folder / "rig.jsonl", encoding="utf-8")]
        messages = [json.loads(p) for _, p in journal_messages(self.daemon)]
        seqs = [m["seq"] for m in messages]
        lost = {e["seq"] for e in sent} - set(seqs)
        self.check("every acknowledged message is in the journal", not lost,
                   f"{len(sent)} acknowledged, {len(seqs)} in the journal, {len(seqs) - len(set(seqs))} "
                   f"of them redelivered, {len(lost)} lost")
        distinct = {m["seq"]: len(m) - 2 for m in messages}
        windows = self.daemon.json("live", "list", "--limit", "100000")["windows"]
        judged = sum(w["samples"] for w in windows)
        # The last window may still be open: nothing came after it that would close it.
        last = max(w["end"] for w in windows)
        from datetime import datetime
        end_ns = int(datetime.fromisoformat(last.replace("Z", "+00:00")).timestamp() * 1e9)
        due = {m["seq"]: len(m) - 2 for m in messages if m["timestamp"] < end_ns}
        self.check("every sample was judged once", judged == sum(due.values()),
                   f"{judged} judged in {len(windows)} windows, {sum(due.values())} sent for them")
        self.check("no window was judged twice",
                   len({(w["window"], w["start"]) for w in windows}) == len(windows))
        self.ledger["windows"] = len(windows)
        self.ledger["messages"] = len(distinct)
        return windows

    def faults_found(self):
        """Each fault raised its alert, after it began; no alert is about anything else."""
        raised = {}
        for event in self.receiver.got:
            if event["type"].endswith("raised"):
                data = event["data"]
                raised.setdefault((data["metric"], data["rule"]), event)
        for kind, metric, start, end, size, rule in FAULTS:
            event = raised.get((metric, rule))
            self.ledger["faults"].append({"kind": kind, "metric": metric, "from_window": start,
                                          "to_window": end, "sd": size, "rule": rule,
                                          "onset": event and event["data"].get("onset")})
            self.check(f"{kind} of {metric} is found by {rule}", event is not None,
                       f"onset {event['data'].get('onset')}" if event else "")
            page = self.folder / event["data"]["report_path"] if event else self.folder / "none"
            self.check(f"the report of {kind} is there", page.is_file(), str(page) if page.is_file() else "")
        known = {metric for _, metric, *_ in FAULTS}
        others = sorted({f"{m}/{r}" for m, r in raised if m not in known})
        self.check("nothing else was raised", not others, ", ".join(others))

    def alerts_arrived(self):
        written = [json.loads(line) for line in
                   open(self.folder / "live/alerts.jsonl" if (self.folder / "live/alerts.jsonl").exists()
                        else self.folder / "alerts.jsonl", encoding="utf-8")]
        ids = {e["id"] for e in written}
        got = {e["id"] for e in self.receiver.got}
        self.check("every alert arrived", ids <= got and ids,
                   f"{len(ids)} events, {self.receiver.refused} times the receiver failed, "
                   f"{len(self.receiver.got) - len(got)} came more than once")

    def same_again(self, windows):
        """The same journal read by a daemon that is never interrupted: the same decisions."""
        again = self.folder / "again"
        again.mkdir()
        for name in ("metric_registry.yaml", "baseline_quality_policy.yaml", "daemon.yaml"):
            shutil.copy(self.folder / name, again)
        shutil.copytree(self.folder / "live", again / "live")
        (again / "daemon.yaml").write_text(
            (again / "daemon.yaml").read_text().split("alert_sinks")[0])
        out = subprocess.run([self.daemon.hb, "daemon", "--workspace", ".", "--config", "daemon.yaml",
                              "--replay"], cwd=again, capture_output=True, text=True)
        if out.returncode:
            self.check("the same decisions without an interruption", False, out.stderr[-300:])
            return
        other = json.loads(subprocess.run(
            [self.daemon.hb, "live", "list", "--limit", "100000", "--json"], cwd=again,
            capture_output=True, text=True).stdout)["windows"]
        mine = {(w["window"], w["start"]): w["digest"] for w in windows}
        same = {(w["window"], w["start"]): w["digest"] for w in other}
        differ = [k for k in mine if mine[k] != same.get(k)]
        self.check("the same decisions without an interruption", not differ and mine,
                   f"{len(mine)} decisions, {len(differ)} differ")

    def run(self):
        try:
            self.live()
            self.settle()
            windows = self.reconcile()
            self.faults_found()
            self.alerts_arrived()
            self.same_again(windows)
        finally:
            if self.daemon.process and self.daemon.process.poll() is None:
                self.daemon.kill()
            self.receiver.stop()
            self.broker.stop()
        (self.folder / "ledger.json").write_text(json.dumps(self.ledger, indent=1))
        held = all(c["held"] for c in self.ledger["checks"].values())
        self.say(f"{'everything held' if held else 'NOT everything held'}; ledger {self.folder}/ledger.json")
        return 0 if held else 1


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--hb", required=True)
    p.add_argument("--out", required=True, help="a folder, made anew")
    p.add_argument("--speed", type=float, default=15, help="rig seconds a second")
    p.add_argument("--hours", type=float, default=0, help="real time for so long")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--kills", type=int, default=4)
    p.add_argument("--qos", type=int, choices=(1, 2), default=1)
    p.add_argument("--mqtt", choices=("5", "3.1.1"), default="5")
    p.add_argument("--demo", action="store_true")
    args = p.parse_args()
    if not (shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/sbin:/bin")
            and importlib.util.find_spec("paho")):
        print("skipped: mosquitto or python3-paho-mqtt is not installed")
        sys.exit(77)
    sys.exit(Pilot(args).run())


if __name__ == "__main__":
    main()
