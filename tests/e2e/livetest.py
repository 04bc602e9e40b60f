# SPDX-License-Identifier: Apache-2.0
"""Real servers for tests of live sources: a mosquitto of the test's own, a publisher that keeps a
ledger of what the broker acknowledged, and the process that receives into a journal."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") or ""
BUILD = os.environ.get("HB_BUILD_DIR", "build/dev")
RECEIVER = os.path.join(BUILD, "tests/e2e/receiver")
HB = os.environ.get("HB_BINARY", os.path.join(BUILD, "hb"))
PATIENCE_S = float(os.environ.get("HB_PATIENCE_S", "60"))  # generous: when a test gives up


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, test, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = test()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def end_process(p, how=signal.SIGTERM):
    if p and p.poll() is None:
        p.send_signal(how)
        p.wait(PATIENCE_S)


class Broker:
    """mosquitto with persistence in `folder`; start, stop (or kill) and start again at will."""

    def __init__(self, folder, extra="", tls="", anonymous=True):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.config = os.path.join(folder, "mosquitto.conf")
        os.makedirs(folder, exist_ok=True)
        with open(self.config, "w") as f:
            f.write(f"listener {self.port} 127.0.0.1\n{tls}"
                    f"allow_anonymous {'true' if anonymous else 'false'}\n"
                    f"persistence true\npersistence_location {folder}/\n"
                    "max_queued_messages 0\nmax_inflight_messages 50\nset_tcp_nodelay true\n"
                    "autosave_interval 1\nconnection_messages true\n"
                    f"user {os.environ.get('USER') or 'root'}\nlog_dest file {folder}/log\n{extra}")

    def start(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for("the broker's port", self.is_open)
        return self

    def is_open(self):
        if self.process.poll() is not None:
            with open(f"{self.folder}/log") as f:
                raise AssertionError("mosquitto ended: " + f.read()[-2000:])
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, how=signal.SIGTERM):
        end_process(self.process, how)


class Publisher:
    """Sends payloads; `acknowledged` holds those the broker has taken over."""

    def __init__(self, port, qos, version=4, **tls):
        import paho.mqtt.client as mqtt
        self.acknowledged = set()
        self.waiting = {}
        self.lock = threading.Lock()
        self.qos = qos
        self.up = threading.Event()
        self.client = mqtt.Client(f"publisher-{id(self)}", clean_session=None if version == 5 else True,
                                  protocol=mqtt.MQTTv5 if version == 5 else mqtt.MQTTv311)
        self.client.on_publish = self.on_publish
        self.client.on_connect = lambda *_: self.up.set()
        self.client.max_inflight_messages_set(20)
        self.client.reconnect_delay_set(1, 1)
        if tls.get("user"):
            self.client.username_pw_set(tls["user"], tls["password"])
        if tls.get("ca"):
            self.client.tls_set(tls["ca"], tls.get("cert"), tls.get("key"))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.up.wait(PATIENCE_S), "the publisher got no connection"

    def on_publish(self, _client, _data, mid):
        with self.lock:
            payload = self.waiting.pop(mid, None)
            if payload is None:
                self.waiting[mid] = None  # faster than publish() returned
            else:
                self.acknowledged.add(payload)

    def send(self, topic, payload, retain=False):
        info = self.client.publish(topic, payload, self.qos, retain)
        with self.lock:
            if self.waiting.pop(info.mid, payload) is None:
                self.acknowledged.add(payload)
            else:
                self.waiting[info.mid] = payload

    def in_flight(self):
        with self.lock:
            return len([p for p in self.waiting.values() if p is not None])

    def settle(self):
        wait_for("the broker's acknowledgements", lambda: self.in_flight() == 0)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Receiver:
    """The process that receives. `tests/e2e/receiver`, the source alone; a subclass with the same
    four methods can run something else (`hb daemon`)."""

    def __init__(self, folder, config, kind="mqtt"):
        self.folder = folder
        self.kind = kind
        self.process = None
        self.told = []
        os.makedirs(folder, exist_ok=True)
        self.configure(config)

    def configure(self, config):
        self.config = os.path.join(self.folder, "config.yaml")
        with open(self.config, "w") as f:
            f.write("".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items()))

    def start(self, limit=None, env=None):
        command = [RECEIVER, "run", self.kind, self.config, self.folder]
        self.process = subprocess.Popen(command + ([str(limit)] if limit is not None else []),
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env={**os.environ, **(env or {})})
        self.told = []
        self.reader = threading.Thread(target=self.read, args=(self.process, self.told))
        self.reader.start()
        return self

    @staticmethod
    def read(process, told):
        for line in process.stdout:
            told.append(line.rstrip("\n"))
        process.stdout.close()

    def wait_told(self, text):
        def look():
            hit = [line for line in self.told if text in line]
            if not hit and self.process.poll() is not None and not self.reader.is_alive():
                raise AssertionError(f"ended without '{text}': {self.told}")
            return hit
        return wait_for(f"'{text}', told so far: {self.told}", look)[0]

    def stop(self, how=signal.SIGTERM):
        end_process(self.process, how)
        self.reader.join()
        return self.process.returncode

    def records(self):
        out = subprocess.run([RECEIVER, "cat", self.folder], capture_output=True, check=True)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def payloads(self, kind="message"):
        return [r["payload"] for r in self.records() if r["kind"] == kind]

    def count(self):
        out = subprocess.run([RECEIVER, "count", self.folder], capture_output=True, text=True)
        return int(out.stdout) if out.returncode == 0 else 0


class Daemon(Receiver):
    """The shipped program in a workspace of its own."""
    SETTINGS = """windows:
  - {size: 10s}
lateness: 1s
train: {windows: 1000000}
alert_sinks:
  - {sink: file, path: alerts.jsonl}
"""

    def configure(self, config):
        source = json.dumps({"source": self.kind, "name": "rig", **config})
        with open(os.path.join(self.folder, "daemon.yaml"), "w") as f:
            f.write(f"name: rig\nsources:\n  - {source}\n{self.SETTINGS}")

    def start(self, limit=None, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        self.process = subprocess.Popen([HB, "-w", self.folder, "daemon"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env={**clean, **(env or {})})
        self.told = []
        self.reader = threading.Thread(target=self.read, args=(self.process, self.told))
        self.reader.start()
        return self

    def records(self):
        journal = os.path.join(self.folder, "live/journal")
        out = subprocess.run([HB, "journal", "cat", "--json", "--journal", journal], capture_output=True,
                             check=True)
        return [r for r in map(json.loads, out.stdout.splitlines()) if r["kind"] != "tick"]

    def count(self):
        return len(self.records())


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="hb-live-")
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def broker(self, name="broker", **kw):
        b = Broker(self.path(name), **kw).start()
        self.addCleanup(lambda: b.stop(signal.SIGKILL))
        return b

    def publisher(self, port, qos=1, **kw):
        p = Publisher(port, qos, **kw)
        self.addCleanup(p.close)
        return p

    def receiver(self, config, name="rig"):
        r = Receiver(self.path(name), config)
        self.addCleanup(lambda: r.process and r.stop(signal.SIGKILL))
        return r
