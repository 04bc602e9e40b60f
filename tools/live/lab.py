# SPDX-License-Identifier: Apache-2.0
"""What the live drills share: a broker, a receiver of alerts that fails at random, the daemon as a
process, and what each of them wrote down."""
import http.server
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds, check):
    """The first true answer; a wait that ends without one fails loudly."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        got = check()
        if got:
            return got
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {seconds} s")


class Broker:
    """mosquitto on the loopback, with its queue on disk."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder = folder / "broker"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nautosave_interval 1\nmax_queued_messages 0\n"
            f"max_inflight_messages 200\nlog_dest file {self.folder}/log\nuser root\n")
        self.process = None
        self.start()

    def start(self):
        program = "/usr/sbin/mosquitto" if os.path.exists("/usr/sbin/mosquitto") else "mosquitto"
        self.process = subprocess.Popen([program, "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

        def there():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for("mosquitto", 20, there)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


class Receiver:
    """An HTTP receiver of alerts. Before it takes an event it fails with `trouble` probability: an
    error, or a connection that is closed without an answer, also after having taken it."""

    def __init__(self, trouble=0.0, seed=1):
        self.got = []
        self.refused = 0
        rng = random.Random(seed)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                luck = rng.random()
                if luck < trouble * 0.6:
                    outer.refused += 1
                    self.send_error(503)
                    return
                outer.got.append(json.loads(body))
                if luck < trouble:
                    outer.refused += 1
                    self.connection.close()  # taken, but the sender cannot know
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()


class Daemon:
    def __init__(self, hb, folder):
        self.hb = str(hb)
        self.folder = folder
        self.process = None
        self.starts = 0

    def start(self):
        self.starts += 1
        with open(self.folder / "daemon.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.hb, "daemon", "--workspace", ".", "--config", "daemon.yaml"], cwd=self.folder,
                stdout=log, stderr=log)
        wait_for("the daemon", 30, lambda: self.health() is not None or self.gone())

    def gone(self):
        if self.process.poll() is not None:
            tail = (self.folder / "daemon.log").read_text(errors="replace")[-1500:]
            raise SystemExit(f"the daemon ended with {self.process.returncode}:\n{tail}")
        return False

    def call(self, *args):
        out = subprocess.run([self.hb, *args], cwd=self.folder, capture_output=True, text=True)
        return out

    def json(self, *args):
        out = self.call(*args, "--json")
        if out.returncode not in (0, 1, 10, 11):
            raise SystemExit(f"hb {' '.join(args)}: {out.stderr}")
        return json.loads(out.stdout)

    def health(self):
        out = self.call("health", f"unix:{self.folder}/http.sock", "--json", "--timeout", "2")
        try:
            return json.loads(out.stdout)
        except json.JSONDecodeError:
            return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """In order; seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        return time.monotonic() - began


def rig(folder, *args, **more):
    return subprocess.Popen([sys.executable, ROOT / "tools/live/rig.py", *map(str, args)], cwd=folder,
                            **more)


def journal_messages(daemon):
    """(topic, payload) of every message in the journal, in order."""
    out = subprocess.run([daemon.hb, "journal", "cat", "--json"], cwd=daemon.folder,
                         capture_output=True, text=True)
    if out.returncode:
        raise SystemExit("hb journal cat: " + out.stderr)
    for line in out.stdout.splitlines():
        record = json.loads(line)
        if record["kind"] == "message":
            yield record["topic"], record["payload"]
