# SPDX-License-Identifier: Apache-2.0
"""Secrets planted wherever one enters, then everything that is done with them at the most talkative: in no file, log, message,
command line or dump is one found again. By design they stand where they were planted, and in hb's own key files: named below."""
import base64
import glob
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from hbtest import HB, Case
from livecase import REGISTRY, LiveCase, telemetry

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Planted(LiveCase):
    """Canaries: a text for each place. `planted` are the files they were written to by us."""

    def setUp(self):
        super().setUp()
        self.canaries, self.planted, self.said, self.lines = {}, set(), [], []

    def plant(self, place, name=None, mode=0o600):
        secret = f"CANARY-{place}-{os.urandom(9).hex()}"
        self.canaries[place] = secret
        if name:
            self.planted.add(self.path(name))
            os.chmod(self.write(name, secret + "\n"), mode)
        return secret

    def run_hb(self, *args, **kw):
        r = super().run_hb(*args, **kw)
        self.said.append((args, r.stdout + r.stderr))
        return r

    def private(self, path):
        """A key file's own bytes, as text and as what the text encodes: in pieces, so that a part shows too."""
        with open(path, encoding="ascii") as f:
            body = "".join(line.strip() for line in f if not line.startswith("-"))
        self.planted.add(path)
        raw = base64.b64decode(body)
        self.canaries["PEM " + os.path.basename(path)] = body[-44:-4]
        self.canaries["DER " + os.path.basename(path)] = raw[-24:]

    def found(self, data):
        return [place for place, c in self.canaries.items() if (c.encode() if isinstance(c, str) else c) in data]

    def nowhere(self):
        looked = 0
        for path in self.planted:  # the search finds what is there
            if os.path.exists(path):
                with open(path, "rb") as f:
                    self.assertNotEqual(self.found(f.read().replace(b"\n", b"") if path.endswith(".pem") else f.read()), [], path)
        for folder, _, names in os.walk(self.dir):
            for name in names:
                path = os.path.join(folder, name)
                if path in self.planted or not os.path.isfile(path) or "/tokens-of-softhsm/" in path:
                    continue
                with open(path, "rb") as f:
                    self.assertEqual(self.found(f.read()), [], path)
                looked += 1
        for args, data in self.said:
            self.assertEqual(self.found(data), [], args)
            self.assertEqual(self.found(" ".join(map(str, args)).encode()), [], "a command line of this test")
        for line in self.lines:
            self.assertEqual(self.found(line), [], line)
        self.assertGreater(looked, 20)

    def watch(self, p):
        """What other people of the machine see of a process."""
        for name in ("cmdline", "comm", "status"):
            with open(f"/proc/{p.pid}/{name}", "rb") as f:
                self.lines.append(f.read())


class Everywhere(Planted):
    def test_of_files(self):
        self.hb("init", ".")
        self.plant("passphrase", "pass.txt")
        self.plant("encryption", "seal.txt")
        self.plant("newpass", "new.txt")
        self.hb("keys", "generate", "ada", "--passphrase-file", "pass.txt")
        self.hb("keys", "generate", "plain", "--no-passphrase")
        self.private(self.path("keys/plain.pem"))
        self.private(self.path("keys/ada.pem"))  # sealed, and still nobody else's
        key = ("--key", "ada", "--passphrase-file", "pass.txt")
        self.write("x.csv", "time,x\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{20 + i % 3}\n" for i in range(50)))
        for run in ("a", "b"):
            self.hb("run", "x.csv", "--run-id", run, "--fail-on", "none")
        self.private(self.path("audit/key.pem"))
        self.write("people.yaml", 'operators:\n  ada: {roles: {"*": admin}, keys: [{file: keys/ada.pub}]}\n')
        self.hb("operators", "init", "people.yaml", *key)
        self.hb("run", "x.csv", "--run-id", "c", "--evidence-pack", "always", "--fail-on", "none", *key)
        self.hb("export", "evidence-pack", "--case", "b", "--out", "b.zip", *key)
        self.hb("export", "evidence-pack", "--case", "a", "--out", "a.hbs", "--encrypt-passphrase-file", "seal.txt", *key)
        self.hb("decrypt", "a.hbs", "--out", "a.zip", "--passphrase-file", "seal.txt")
        self.hb("verify", "b.zip", "--trust", "keys/ada.pub", "--json", code=0)
        self.hb("baseline", "request", "a", "--reason", "x", *key)
        token = self.hb("token", "create", "t", "--role", "admin", "--expires", "1d", *key).strip()
        self.said.pop()  # it is shown once, to who made it
        self.canaries["token"] = token
        self.canaries["token's digits"] = token[4:]
        # wrong ones, and ones in the wrong place, are not quoted either
        self.plant("wrong", "wrong.txt")
        self.hb_error("baseline", "request", "a", "--reason", "x", "--key", "ada", "--passphrase-file", "wrong.txt", code=2, has="ada.pem")
        self.run_hb("decrypt", "a.hbs", "--out", "no.zip", "--passphrase-file", "wrong.txt")
        self.run_hb("verify", "b.zip", "--trust", "pass.txt")
        self.run_hb("config", "validate", "pass.txt")
        self.said = [(a, d) for a, d in self.said if a[0] != "config"]  # it shows what the person said is configuration
        credentials = self.path("credentials")
        os.mkdir(credentials)
        self.planted.add(os.path.join(credentials, "hb-passphrase"))
        shutil.copy(self.path("pass.txt"), os.path.join(credentials, "hb-passphrase"))
        self.hb("export", "evidence-pack", "--case", "c", "--out", "c.zip", "--key", "ada", env={"CREDENTIALS_DIRECTORY": credentials})
        self.hb("keys", "rotate", "ada", "--reason", "year", "--passphrase-file", "pass.txt", "--new-passphrase-file", "new.txt")
        for path in glob.glob(self.path("keys/*.pem")):
            self.private(path)
        self.hb("backup", "all.hbb")  # by design it holds no private key: docs/backup.md
        self.hb("restore", "all.hbb", "again")
        self.hb("support", "bundle", "s.zip", "--names")
        self.hb("audit", "verify")
        self.nowhere()

    @unittest.skipUnless(os.path.exists(SOFTHSM) and shutil.which("softhsm2-util"), "no softhsm2")
    def test_of_a_token_of_hardware(self):
        self.hb("init", ".")
        pin = "73911846"
        os.makedirs(self.path("tokens-of-softhsm"))
        self.write("softhsm.conf", f"directories.tokendir = {self.path('tokens-of-softhsm')}\nobjectstore.backend = file\n")
        os.chmod(self.write("pin.txt", pin + "\n"), 0o600)
        self.planted.add(self.path("pin.txt"))
        self.canaries["pin"] = pin
        env = {**os.environ, "SOFTHSM2_CONF": self.path("softhsm.conf")}
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "lab", "--so-pin", "12345678", "--pin", pin], env=env,
                       check=True, capture_output=True)
        key = "pkcs11:token=lab;object=none"
        for extra in ((), ("--json",)):
            self.run_hb("keys", "public", "--key", key, "--passphrase-file", "pin.txt", *extra,
                        env={"SOFTHSM2_CONF": self.path("softhsm.conf"), "HB_PKCS11_MODULE": SOFTHSM})
        r = self.run_hb("keys", "public", "--key", key + ";pin-value=" + pin)
        self.said.pop()  # who types it there has shown it himself; hb must not repeat it
        self.assertNotIn(pin.encode(), r.stdout + r.stderr)
        for args, data in self.said:
            self.assertEqual(self.found(data), [], args)

    def test_of_a_daemon_that_talks_and_crashes(self):
        dead = free_port()
        health = free_port()
        self.plant("hmac", "hmac.txt")
        self.plant("bearer", "bearer.txt")
        self.plant("smtp", "smtp.txt")
        self.plant("sinkmqtt", "sinkmqtt.txt")
        self.plant("mqttfile", "mqtt.txt")
        self.plant("keypass", "keypass.txt")
        variable = self.plant("mqttenv")
        lines = telemetry(6, faults=False)
        at = next(i for i, line in enumerate(lines) if i > len(lines) // 2 and '"press"' in line)
        lines[at] = re.sub('"value": [^,]*', '"value": 500.0', lines[at])
        config = f"""name: rig
sources:
  - {{source: file_replay, path: rig.jsonl, follow: true}}
  - {{source: mqtt, name: one, broker: "mqtt://127.0.0.1:{dead}", topic: "lab/#", username: u, password_file: mqtt.txt}}
  - {{source: mqtt, name: two, broker: "mqtt://127.0.0.1:{dead}", topic: "lab/#", username: u, password_env: RIG_PASSWORD}}
windows: [{{size: 5m}}]
lateness: 1s
alert_sinks:
  - {{sink: file, path: alerts.jsonl}}
  - {{sink: webhook, name: pager, url: "http://127.0.0.1:{dead}/hook", secret_file: hmac.txt, token_file: bearer.txt}}
  - {{sink: mqtt, broker: "mqtt://127.0.0.1:{dead}", username: u, password_file: sinkmqtt.txt}}
  - {{sink: email, server: "127.0.0.1:{dead}", tls: starttls, from: a@lab, to: [b@lab], user: u, password_file: smtp.txt}}
health: {{listen: "127.0.0.1:{health}", tokens: true}}
log: {{format: json, level: debug}}
program: p
test_name: t
signing_key: daemon
evidence_pack_on_fail: true
"""
        self.workspace(lines, config, REGISTRY)
        self.hb("keys", "generate", "daemon", "--no-passphrase")
        self.private(self.path("keys/daemon.pem"))
        self.private_of_hb()
        token = self.hb("token", "create", "t", "--role", "viewer", "--expires", "1d").strip()
        self.said.pop()
        self.canaries["token"] = token[4:]
        os.chmod(self.write("token.txt", token), 0o600)
        self.planted.add(self.path("token.txt"))
        self.run_hb("daemon", "--check", env={"RIG_PASSWORD": variable})
        p = self.daemon({"RIG_PASSWORD": variable})
        self.wait_for(lambda: self.alerts() or p.poll() is not None)
        self.assertIsNone(p.poll(), self.log())
        self.watch(p)
        self.assertEqual(self.limit(p), "0")
        self.assertEqual(os.stat(f"/proc/{p.pid}/mem").st_uid, 0)  # not dumpable: root's (Dumps asks where that says something)
        self.run_hb("health", f"127.0.0.1:{health}", "--token-file", "token.txt")
        self.run_hb("health", f"127.0.0.1:{health}", "--token-file", "token.txt", "--json")
        wrong = self.plant("wrongtoken")
        for path in ("/status", "/nothing", f"/status?token={wrong}"):
            q = urllib.request.Request(f"http://127.0.0.1:{health}{path}", headers={"Authorization": f"Bearer {wrong}"})
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(q, timeout=30)
            caught.exception.close()
        time.sleep(1)  # the sinks fail and say so
        p.send_signal(signal.SIGABRT)
        p.wait(timeout=60)
        self.assertEqual(glob.glob(self.path("core*")), [])
        for what in (("backup", "all.hbb"), ("support", "bundle", "s.zip", "--names"), ("alert", "list"), ("alert", "dead"), ("config", "validate")):
            self.run_hb(*what)
        self.nowhere()

    def private_of_hb(self):
        self.write("x.csv", "time,x\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{20 + i % 3}\n" for i in range(50)))
        self.hb("run", "x.csv", "--run-id", "a", "--fail-on", "none")
        self.private(self.path("audit/key.pem"))

    def alerts(self):
        return os.path.exists(self.path("alerts.jsonl")) and os.path.getsize(self.path("alerts.jsonl")) > 0

    def daemon(self, env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}
        clean.update({"LC_ALL": "C.UTF-8", "NO_COLOR": "1", **env})
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        with open(self.path("log"), "ab") as log:
            p = subprocess.Popen([HB, "daemon"], cwd=self.dir, env=clean, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))

        def end():
            if p.poll() is None:
                p.kill()
            p.wait()
        self.addCleanup(end)
        return p

    @staticmethod
    def limit(p):
        with open(f"/proc/{p.pid}/limits", encoding="ascii") as f:
            return next(line.split()[4] for line in f if line.startswith("Max core file size"))

    def test_secrets_in_addresses_and_configuration_are_refused(self):
        for key, line in (("password", "sources: [{source: mqtt, broker: 'mqtt://h:1', topic: a, password: %s}]"),
                          ("secret", "alert_sinks: [{sink: webhook, url: 'http://h/', secret: %s}]"),
                          ("token", "alert_sinks: [{sink: webhook, url: 'http://h/', token: %s}]"),
                          ("password", "alert_sinks: [{sink: email, server: 'h:1', from: a@b, to: [c@d], password: %s}]"),
                          ("user", "alert_sinks: [{sink: webhook, url: 'http://u:%s@h/'}]"),
                          ("user", "sources: [{source: mqtt, broker: 'mqtt://u:%s@h:1', topic: a}]"),
                          ("user", "sources: [{source: mqtt, broker: 'amqp://u:%s@h:1', topic: a}]"),
                          ("user", "alert_sinks: [{sink: mqtt, broker: 'mqtt://u:%s@h:1'}]")):
            with self.subTest(line=line):
                secret = self.plant("config")
                self.write("daemon.yaml", "name: rig\nwindows: [{size: 5m}]\n" + ("source: file_replay\npath: x\n" if "sources" not in line else "")
                           + line % secret + "\n")
                r = super(Planted, self).run_hb("daemon", "--check")
                self.assertNotEqual(r.returncode, 0, r.stdout)
                self.assertEqual(self.found(r.stdout + r.stderr), [], key)


@unittest.skipIf(os.geteuid(), "needs to become another user")
class Dumps(Case):
    """As root, processes of the user nobody are looked at: what is not dumpable belongs to root in /proc."""
    NOBODY = 65534

    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)
        self.hb("init", ".")
        self.write("x.csv", "time,x\n" + "".join(f"{i},{20 + i % 3}\n" for i in range(50)))

    def owner(self, *args):
        """Who owns /proc/PID of a process that waits for its standard input, and its core limit."""
        for folder, dirs, names in os.walk(self.dir):
            for name in dirs + names + ["."]:
                os.chown(os.path.join(folder, name), self.NOBODY, self.NOBODY)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        binary = shutil.copy(HB, self.path("hb"))  # where nobody may reach it
        os.chmod(binary, 0o755)

        def become():
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
            os.setgid(self.NOBODY)
            os.setuid(self.NOBODY)
        p = subprocess.Popen([binary, *args], cwd=self.dir, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                                                              "ASAN_OPTIONS": "disable_coredump=0"}, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=become)
        try:
            seen = None
            until = time.monotonic() + 60
            while time.monotonic() < until and p.poll() is None:
                with open(f"/proc/{p.pid}/wchan", encoding="ascii") as f:
                    waits = "pipe" in f.read()
                seen = os.stat(f"/proc/{p.pid}/mem").st_uid, Everywhere.limit(p)
                if waits or seen[0] == 0:
                    break
                time.sleep(0.02)
            return seen
        finally:
            p.kill()
            p.communicate()

    def test_a_run_without_secrets_can_be_looked_into(self):
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        self.assertEqual(self.owner("inspect", "-"), (self.NOBODY, "unlimited" if hard == resource.RLIM_INFINITY else str(hard)))

    def test_one_that_holds_a_key_cannot(self):
        self.hb("keys", "generate", "k", "--no-passphrase")
        self.assertEqual(self.owner("run", "-", "--evidence-pack", "always", "--key", "k"), (0, "0"))


if __name__ == "__main__":
    unittest.main()
