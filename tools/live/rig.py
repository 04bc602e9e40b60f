#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A simulated rig: telemetry of many metrics over MQTT, clean or with faults of known kind, place
and size. Everything it publishes is a function of the seed; the time in the messages is the rig's own
and may run faster than the clock on the wall.

    tools/live/rig.py --port 1883 --windows 60 --fault spike:s03.m07:45 --ledger rig.jsonl

Faults, KIND:METRIC:FROM[:TO[:SIZE]], FROM and TO counted in windows:
    spike   one sample of the window FROM is SIZE standard deviations away (default 40)
    step    the level is SIZE standard deviations higher (default 8)
    ramp    grows to SIZE standard deviations at TO (default 6)
    stuck   the value stays
    silent  nothing is sent
"""
import argparse
import json
import random
import sys
import threading
import time


def metric_table(subsystems, per_subsystem, seed):
    """name → (unit, level, standard deviation of a sample)."""
    rng = random.Random(f"{seed}/table")
    units = ("degC", "kPa", "V", "A", "rpm", "ms")
    return {
        f"s{s:02d}.m{m:02d}": (units[(s + m) % len(units)], round(rng.uniform(20, 200), 2),
                               round(rng.uniform(0.2, 2.0), 3))
        for s in range(subsystems) for m in range(per_subsystem)
    }


class Fault:
    SIZES = {"spike": 40, "step": 8, "ramp": 6, "stuck": 0, "silent": 0}

    def __init__(self, text):
        part = text.split(":")
        if len(part) < 3 or part[0] not in self.SIZES:
            raise argparse.ArgumentTypeError(
                f"'{text}': expected KIND:METRIC:FROM[:TO[:SIZE]], KIND one of "
                + ", ".join(self.SIZES))
        self.kind, self.metric, self.start = part[0], part[1], int(part[2])
        self.end = int(part[3]) if len(part) > 3 and part[3] else self.start + 1
        self.size = float(part[4]) if len(part) > 4 else self.SIZES[self.kind]

    def value(self, clean, sd, window, tick, ticks):
        """None = not sent."""
        if not self.start <= window < self.end:
            return clean
        if self.kind == "silent":
            return None
        if self.kind == "stuck":
            return round(clean) * 1.0 if tick == 0 and window == self.start else self.held
        share = (window - self.start + tick / ticks) / max(self.end - self.start, 1)
        add = {"spike": self.size if tick == ticks // 2 else 0, "step": self.size,
               "ramp": self.size * share}[self.kind]
        return clean + add * sd

    held = None


def ticks(args, table):
    """(window, tick, event time in ns, {subsystem: {metric: value}}) in order."""
    per = args.samples
    rng = random.Random(f"{args.seed}/values")
    faults = {}
    for fault in args.fault:
        if fault.metric not in table:
            sys.exit(f"rig: there is no metric '{fault.metric}'")
        faults.setdefault(fault.metric, []).append(fault)
    for window in range(args.first, args.windows):
        for tick in range(per):
            t = args.start_ns + round((window + (tick + 0.5) / per) * args.window * 1e9)
            out = {}
            for name, (_, level, sd) in table.items():
                value = rng.gauss(level, sd)
                for fault in faults.get(name, ()):
                    value = None if value is None else fault.value(value, sd, window, tick, per)
                    if fault.kind == "stuck" and value is not None:
                        fault.held = value
                if value is not None:
                    out.setdefault(name[:3], {})[name] = round(value, 4)
            yield window, tick, t, out


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=1883)
    p.add_argument("--topic", default="rig/1", help="messages go to TOPIC/SUBSYSTEM")
    p.add_argument("--qos", type=int, default=1)
    p.add_argument("--subsystems", type=int, default=10)
    p.add_argument("--metrics", type=int, default=20, help="in each subsystem")
    p.add_argument("--window", type=float, default=10, help="seconds of the rig's time")
    p.add_argument("--samples", type=int, default=20, help="of each metric in a window")
    p.add_argument("--windows", type=int, default=60)
    p.add_argument("--first", type=int, default=0, help="begin with this window")
    p.add_argument("--speed", type=float, default=10, help="rig seconds a second; 0 = as fast as it goes")
    p.add_argument("--start-ns", type=int, default=1764151200 * 10**9)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--fault", type=Fault, action="append", default=[])
    p.add_argument("--ledger", help="JSON lines of every message the broker acknowledged")
    p.add_argument("--file", help="JSON lines into a file (- for standard output) instead of MQTT")
    p.add_argument("--registry", help="write a metric_registry.yaml of the metrics and end")
    return p.parse_args()


def registry(args, table):
    with open(args.registry, "w", encoding="utf-8") as f:
        f.write("# made by tools/live/rig.py\nversion: \"1\"\nmetrics:\n")
        for name, (unit, level, sd) in table.items():
            f.write(f"  {name}:\n    unit: {unit}\n    invariant_min: {level - 20 * sd:.3f}\n"
                    f"    invariant_max: {level + 20 * sd:.3f}\n")


def message(t, values, sequence):
    return json.dumps({"timestamp": t, "seq": sequence, **values}, separators=(",", ":"))


def main():
    args = arguments()
    table = metric_table(args.subsystems, args.metrics, args.seed)
    if args.registry:
        registry(args, table)
        return
    ledger = open(args.ledger, "a", encoding="utf-8") if args.ledger else None
    if args.file:
        out = sys.stdout if args.file == "-" else open(args.file, "w", encoding="utf-8")
        sequence = 0
        for _, _, t, subsystems in ticks(args, table):
            for values in subsystems.values():
                for name, value in values.items():
                    out.write(json.dumps({"timestamp": t, "metric": name, "value": value,
                                          "unit": table[name][0], "seq": sequence}) + "\n")
                    sequence += 1
        return
    import paho.mqtt.client as mqtt
    client = mqtt.Client(client_id=f"rig-{args.seed}-{time.time_ns()}", protocol=mqtt.MQTTv5)
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(200)
    waiting = {}
    early = set()  # acknowledged before publish() returned
    lock = threading.Lock()

    def note(entry):
        if ledger:
            ledger.write(json.dumps(entry) + "\n")

    def acknowledged(_client, _data, mid, *_):
        with lock:
            entry = waiting.pop(mid, None)
            if entry:
                note(entry)
            else:
                early.add(mid)

    client.on_publish = acknowledged
    client.connect(args.host, args.port)
    client.loop_start()
    began = time.monotonic()
    sequence = args.first * args.samples * args.subsystems
    for window, tick, t, subsystems in ticks(args, table):
        if args.speed > 0:
            due = began + (window - args.first + tick / args.samples) * args.window / args.speed
            time.sleep(max(0, due - time.monotonic()))
        while len(waiting) > 5000:
            time.sleep(0.01)
        for name, values in subsystems.items():
            info = client.publish(f"{args.topic}/{name}", message(t, values, sequence), args.qos)
            entry = {"seq": sequence, "topic": f"{args.topic}/{name}", "t": t, "n": len(values)}
            with lock:
                if args.qos and info.mid in early:
                    early.discard(info.mid)
                    note(entry)
                elif args.qos:
                    waiting[info.mid] = entry
            sequence += 1
    deadline = time.monotonic() + 60
    while waiting and time.monotonic() < deadline:
        time.sleep(0.05)
    client.loop_stop()
    client.disconnect()
    if waiting:
        sys.exit(f"rig: {len(waiting)} messages were not acknowledged")


if __name__ == "__main__":
    main()
