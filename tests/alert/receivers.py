# SPDX-License-Identifier: Apache-2.0
"""Receivers of alerts, written with nothing of ours, and the sender as a process."""
import base64
import contextlib
import http.server
import json
import os
import random
import select
import signal
import socket
import socketserver
import sqlite3
import ssl
import subprocess
import threading
import time

import yaml
from hbtest import Case

TOOL = os.environ["HB_ALERT_TOOL"]
DEADLINE = 120  # seconds; a loop that takes longer has hung


def until(done, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Certificates:
    """A CA, a server's certificate for 127.0.0.1 and localhost, a client's; and a stranger's."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        for ca in ("ca", "other"):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}", "-days", "2")
        self.make("server", "ca", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        self.make("client", "ca", "extendedKeyUsage=clientAuth")
        self.make("stranger", "other", "extendedKeyUsage=clientAuth")

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    def make(self, name, ca, extension):
        with open(self.path("ext"), "w", encoding="utf-8") as f:
            f.write(extension + "\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
                     "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "ext")

    def path(self, name):
        return os.path.join(self.folder, name)

    def server_context(self, client_ca=None):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(self.path("server.pem"), self.path("server.key"))
        if client_ca:
            c.load_verify_locations(self.path(client_ca))
            c.verify_mode = ssl.CERT_REQUIRED
        return c


class HttpReceiver:
    """Keeps every request it read whole; `fate` says what then becomes of it: "ok", a status,
    "hang" (no answer), "close" (before answering), "unread" (closed before it was read)."""

    def __init__(self, fate=lambda n: "ok", tls=None, port=0):
        self.got = []  # (headers, body, answered 2xx)
        self.lock = threading.Lock()
        self.fate = fate
        self.n = 0
        self.ending = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.serve(self)

            def log_message(self, *args):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass

            def finish_request(self, request, client_address):
                if not tls:
                    super().finish_request(request, client_address)
                    return
                with tls.wrap_socket(request, server_side=True) as wrapped:
                    super().finish_request(wrapped, client_address)

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def serve(self, h):
        with self.lock:
            self.n += 1
            fate = self.fate(self.n)
        if fate == "unread":
            h.close_connection = True
            h.connection.close()
            return
        body = h.rfile.read(int(h.headers["Content-Length"]))
        with self.lock:
            self.got.append((dict(h.headers), body, fate == "ok"))
        if fate == "close":
            h.close_connection = True
            h.connection.close()
            return
        if fate == "hang":
            self.ending.wait(30)
            h.close_connection = True
            return
        status = 204 if fate == "ok" else int(fate)
        h.send_response(status)
        if status // 100 == 3:
            h.send_header("Location", "/elsewhere")
        h.send_header("Content-Length", "0")
        h.end_headers()

    def events(self):
        with self.lock:
            return [json.loads(body) for _, body, _ in self.got]

    def ids(self):
        return [e["id"] for e in self.events()]

    def close(self):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def seeded_fate(seed, share_ok=0.5):
    r = random.Random(seed)

    def fate(_):
        if r.random() < share_ok:
            return "ok"
        return r.choice(["500", "503", "302", "close", "unread", "hang"])
    return fate


class Sender:
    """alert_tool as a process."""

    def __init__(self, db, config, n_events, n_subjects=4, env=None, cwd="."):
        self.lines = []
        self.cwd = cwd
        self.p = subprocess.Popen([TOOL, db, config, str(n_events), str(n_subjects)], cwd=cwd,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, **(env or {})})
        self.rest = b""

    def pump(self, seconds=0.05):
        if not select.select([self.p.stdout], [], [], seconds)[0]:
            return
        data = os.read(self.p.stdout.fileno(), 65536)
        if not data:
            time.sleep(seconds)  # ended: do not spin
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.lines += [l.decode() for l in lines]

    def wait_line(self, line):
        def there():
            self.pump()
            if self.p.poll() is not None and line not in self.lines:
                raise AssertionError(f"the sender ended: {self.p.stderr.read().decode()}")
            return line in self.lines
        until(there, lambda: f"'{line}' in {self.lines[-3:]}")

    def kill(self):
        self.p.send_signal(signal.SIGKILL)
        self.p.communicate()

    def end(self):
        out, err = self.p.communicate(timeout=60)
        lines = self.lines + (self.rest + out).decode().splitlines()
        if self.p.returncode != 0:
            raise AssertionError(err.decode())
        return [json.loads(l) for l in lines if l.startswith("{")]


class AlertCase(Case):
    def setUp(self):
        super().setUp()
        self.db = self.path("runs.db")

    def receiver(self, *args, **kw):
        r = HttpReceiver(*args, **kw)
        self.addCleanup(r.close)
        return r

    def config(self, sinks, **numbers):
        numbers = {"first_pause_ms": 20, "max_pause_ms": 200, **numbers}
        return self.write("sinks.yaml", yaml.safe_dump({"sinks": sinks, **numbers}))

    def sender(self, sinks, n_events, n_subjects=4, env=None, **numbers):
        s = Sender(self.db, self.config(sinks, **numbers), n_events, n_subjects, env, cwd=self.dir)

        def stop():
            if s.p.poll() is None:
                s.kill()
            for f in (s.p.stdin, s.p.stdout, s.p.stderr):
                f.close()
        self.addCleanup(stop)
        return s

    def log(self):
        """What was written down: (event_id, subject, json), in order."""
        with contextlib.closing(sqlite3.connect(self.db, timeout=30)) as db:
            return db.execute("SELECT event_id, subject, json FROM alert_log ORDER BY id").fetchall()

    def waiting(self):
        with contextlib.closing(sqlite3.connect(self.db, timeout=30)) as db:
            return db.execute("SELECT count(*) FROM outbox").fetchone()[0]

    def check_delivered(self, events):
        """Every event at least once, with the bytes written down, in order for each subject."""
        log = self.log()
        self.assertTrue(log)
        text = {i: j for i, _, j in log}
        for e in events:
            self.assertEqual(e, json.loads(text[e["id"]]))
        self.assertEqual({e["id"] for e in events}, set(text))
        for subject in {s for _, s, _ in log}:
            want = [i for i, s, _ in log if s == subject]
            got = []
            for e in events:
                if e["subject"] == subject and (not got or got[-1] != e["id"]):
                    got.append(e["id"])
            self.assertEqual(got, want, subject)


class SmtpServer:
    """Enough of RFC 5321 to take a mail: EHLO, STARTTLS, AUTH PLAIN and LOGIN, MAIL, RCPT, DATA."""

    def __init__(self, tls=None, implicit=False, user=None, fate=lambda n: "ok"):
        self.mails = []  # (from, [to], text, was encrypted)
        self.fate = fate
        self.n = 0
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    if implicit:
                        self.request = tls.wrap_socket(self.request, server_side=True)
                    with contextlib.closing(self.request), contextlib.ExitStack() as stack:
                        server.talk(self.request, tls, implicit, user, stack)

        class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def talk(self, sock, tls, encrypted, user, stack):
        f = sock.makefile("rb")

        def say(text):
            sock.sendall(text.encode() + b"\r\n")
        say("220 test ESMTP")
        sender, to, known = None, [], user is None
        while True:
            line = f.readline()
            if not line:
                return
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if verb == "EHLO":
                extra = (["STARTTLS"] if tls and not encrypted else []) + (["AUTH PLAIN LOGIN"] if user and encrypted else [])
                lines = ["test", *extra, "8BITMIME"]
                for i, text in enumerate(lines):
                    say(f"250{' ' if i == len(lines) - 1 else '-'}{text}")
            elif verb == "STARTTLS":
                say("220 go")
                f.close()
                sock = tls.wrap_socket(sock, server_side=True)
                stack.callback(sock.close)
                f = sock.makefile("rb")
                encrypted = True
            elif verb == "AUTH":
                known = self.authenticated(words, say, f) == user
                say("235 ok" if known else "535 no")
            elif verb == "MAIL":
                sender, to = words[len("MAIL FROM:"):].split(">")[0].lstrip("<"), []
                say("250 ok" if known else "530 who are you")
            elif verb == "RCPT":
                to.append(words[len("RCPT TO:"):].strip("<>"))
                say("250 ok")
            elif verb == "DATA":
                say("354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += f.readline()
                self.n += 1
                fate = self.fate(self.n)
                if fate == "close":
                    return
                if fate == "ok":
                    self.mails.append((sender, to, text[:-3], encrypted))
                say("250 taken" if fate == "ok" else f"{fate} not now")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("502 what")

    @staticmethod
    def authenticated(words, say, f):
        parts = words.split(" ")
        if parts[1].upper() == "PLAIN":
            if len(parts) < 3:
                say("334 ")
                parts.append(f.readline().decode().strip())
            _, user, password = base64.b64decode(parts[2]).split(b"\0")
        else:
            say("334 VXNlcm5hbWU6")
            user = base64.b64decode(f.readline())
            say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(f.readline())
        return user.decode(), password.decode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Mosquitto:
    """A real broker on 127.0.0.1."""

    def __init__(self, folder, lines):
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        conf = os.path.join(folder, "mosquitto.conf")
        with open(conf, "w", encoding="utf-8") as f:
            user = "user root\n" if os.getuid() == 0 else ""  # else it could not keep its sessions
            f.write(f"{user}listener {self.port} 127.0.0.1\n" + "\n".join(lines) + "\n")
        self.conf = conf
        self.p = None

    def start(self):
        self.p = subprocess.Popen(["/usr/sbin/mosquitto", "-c", self.conf], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)

        def up():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        until(up, "mosquitto")

    def stop(self):
        if self.p:
            self.p.terminate()
            self.p.wait()
            self.p = None
