# SPDX-License-Identifier: Apache-2.0
"""A lab in small for trouble: the simulated rig, a broker, `hb daemon` with health on a unix socket, and the
ledgers that are reconciled afterwards. Nothing is timed; whatever is waited for has a deadline that fails
loudly and says what the daemon's log and health said last."""
import contextlib
import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys

import livetest

SOURCE = os.environ.get("HB_SOURCE_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
WINDOW_S = 10
TRAIN = 10
SUBSYSTEMS = 2
METRICS = 10
SAMPLES = 10
START_NS = 1764151200 * 10**9
COUNTED = ("late", "duplicate", "unit", "no_room", "not_usable", "bad_message")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("127.0.0.1", timeout=livetest.PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Lab(livetest.Daemon):
    """`hb daemon` in a workspace, with what is known of it from outside."""

    def __init__(self, folder, broker=None, settings="", source=None, window_s=WINDOW_S, train=TRAIN, lateness_s=2):
        self.folder = folder
        self.process = None
        self.told = []
        self.socket = os.path.join(folder, "s")
        os.makedirs(folder, exist_ok=True)
        mqtt = {"source": "mqtt", "name": "rig", "topic": "rig/#", "qos": 1, "client_id": "hb-lab",
                "payload": "json", "topic_is_name": False, "reconnect_min": 0.05, "reconnect_max": 0.3,
                **({"broker": f"mqtt://127.0.0.1:{broker.port}"} if broker else {})}
        self.text = (f"name: rig\nsources:\n  - {json.dumps(source or mqtt)}\n"
                     f"windows:\n  - {{size: {window_s}s}}\nlateness: {lateness_s}s\n"
                     f"train: {{windows: {train}}}\ncheckpoint_interval: 300ms\n"
                     f"health: {{listen: \"unix:{self.socket}\"}}\n{settings}")
        self.write("daemon.yaml", self.text)
        self.write("baseline_quality_policy.yaml",
                   f"acceptance_criteria:\n  min_time_in_state_sec: {window_s * train // 2}\n")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def path(self, name):
        return os.path.join(self.folder, name)

    # --- what it says ---

    def get(self, path):
        """(status, JSON), or None while nobody answers."""
        c = UnixConnection(self.socket)
        try:
            c.request("GET", path)
            answer = c.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return None
        finally:
            c.close()

    def log(self):
        return "\n".join(self.told)

    def until(self, what, test, seconds=livetest.PATIENCE_S):
        """test(health) of a running daemon."""
        last = {}

        def look():
            if self.process.poll() is not None:
                raise AssertionError(f"{what}: the daemon ended with {self.process.returncode}:\n{self.log()[-3000:]}")
            got = self.get("/status")
            if got is None:
                return None
            last.update(got[1])
            return got[1] if test(got[1]) else None
        try:
            return livetest.wait_for(what, look, seconds)
        except AssertionError as e:
            keys = ("ready", "degraded", "degraded_why", "checks", "journal", "engine", "sources", "sinks")
            raise AssertionError(f"{e}\n{ {k: last.get(k) for k in keys} }\n{self.log()[-3000:]}") from None

    def until_running(self):
        return self.until("the session", lambda h: h["sources"] and h["sources"][0]["state"] == "running")

    def until_judged(self, n_messages):
        """That many different messages are in the journal and all of it is judged as far as it can be."""
        self.until(f"{n_messages} messages", lambda h: h["sources"][0]["records"] >= n_messages
                   and h["engine"]["lag_bytes"] == 0)

    def check(self, health, name):
        found = [c for c in health["checks"] if c["name"] == name]
        return found[0] if found else None

    def memory(self):
        """Bytes of its own: mapped files are the system's to take back."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            fields = dict(line.split(":", 1) for line in f)
        return int(fields["RssAnon"].split()[0]) << 10

    # --- what it left ---

    def query(self, sql, db="runs.db"):
        with contextlib.closing(sqlite3.connect(self.path(db), timeout=30)) as c:
            return c.execute(sql).fetchall()

    def has_windows(self, db="runs.db"):
        try:
            return self.query("SELECT count(*) FROM live_windows", db)[0][0]
        except sqlite3.Error:
            return 0

    def messages(self):
        return [json.loads(r["payload"]) for r in self.records() if r["kind"] == "message"]

    def records(self):
        out = subprocess.run([livetest.HB, "journal", "cat", "--json", "--journal", self.journal()],
                             capture_output=True, check=True)
        return [r for r in map(json.loads, out.stdout.splitlines()) if r["kind"] != "tick"]

    def journal(self):
        for line in self.text.splitlines():
            if line.startswith("journal: {dir: "):
                return line.split("dir: ")[1].split(",")[0].rstrip("}")
        return self.path("live/journal")


class Case(livetest.Case):
    def lab(self, broker=None, name="w", **kw):
        lab = Lab(self.path(name), broker, **kw)
        self.addCleanup(lambda: lab.process and lab.stop(9))
        return lab

    def rig(self, broker, *args, ledger="rig.jsonl", wait=True):
        """Publishes; the numbers of what the broker acknowledged."""
        p = subprocess.Popen([sys.executable, os.path.join(SOURCE, "tools/live/rig.py"), "--port", str(broker.port),
                              "--subsystems", str(SUBSYSTEMS), "--metrics", str(METRICS), "--samples", str(SAMPLES),
                              "--window", str(WINDOW_S), "--speed", "0", "--ledger", self.path(ledger),
                              *map(str, args)])
        self.addCleanup(lambda: p.poll() is None and livetest.end_process(p, 9))
        return self.acknowledged(p, ledger) if wait else p

    def acknowledged(self, p, ledger="rig.jsonl"):
        self.assertEqual(p.wait(livetest.PATIENCE_S * 4), 0, "the rig failed")
        with open(self.path(ledger), encoding="utf-8") as f:
            return {json.loads(line)["seq"] for line in f}

    def reconcile(self, lab, acknowledged, counted=0):
        """Against the daemon that has ended: every acknowledged message is in the journal, nothing else is, every
        sample is in one window (what was `counted` as late and so on, and the windows still open, left out)."""
        messages = lab.messages()
        self.assertEqual(acknowledged - {m["seq"] for m in messages}, set(), "acknowledged, but not in the journal")
        self.assertEqual({m["seq"] for m in messages} - acknowledged, set(), "in the journal, but never sent")
        end = max(r[0] for r in lab.query("SELECT max(end_ns) FROM live_windows", self.db(lab)))
        due = sum({m["seq"]: len(m) - 2 for m in messages if m["timestamp"] < end}.values())
        judged = lab.query("SELECT sum(samples) FROM live_windows WHERE revision = 0", self.db(lab))[0][0]
        self.assertEqual(judged + counted, due, "every sample in one window")
        twice = lab.query("SELECT name, start_ns FROM live_windows GROUP BY 1, 2 HAVING count(*) > 1", self.db(lab))
        self.assertEqual(twice, [], "no window is judged twice")

    @staticmethod
    def db(lab):
        for line in lab.text.splitlines():
            if line.startswith("db_path: "):
                return line.split(": ", 1)[1]
        return "runs.db"

    def same_again(self, lab):
        """The journal read by a daemon that meets no trouble: the same decisions."""
        other = Lab(self.path("again"))
        keep = [line for line in lab.text.splitlines(True)
                if not line.startswith(("journal: {dir", "db_path:", "health:"))]
        text = "".join(keep).split("alert_sinks")[0]
        other.write("daemon.yaml", text)
        for name in ("metric_registry.yaml", "baseline_quality_policy.yaml"):
            if os.path.exists(lab.path(name)):
                shutil.copy(lab.path(name), other.folder)
        shutil.copytree(lab.journal(), other.path("live/journal"))
        out = subprocess.run([livetest.HB, "-w", other.folder, "daemon", "--replay"], capture_output=True, text=True)
        self.assertEqual(out.returncode, 0, out.stderr)
        sql = "SELECT id, verdict, digest, samples FROM live_windows WHERE revision = 0 ORDER BY end_ns"
        mine = lab.query(sql, self.db(lab))
        theirs = {r[0]: r for r in other.query(sql)}
        self.assertGreater(len(mine), 0)
        self.assertEqual([r for r in mine if theirs.get(r[0]) != r], [], "decided otherwise without the trouble")
