# SPDX-License-Identifier: Apache-2.0
"""Tokens of a running daemon: none, wrong, expired, revoked, of another role and program, right; each counts and ends
without a restart; none is left in a file or a log."""
import contextlib
import glob
import hashlib
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from hbtest import SOURCE
from livecase import LiveCase
from test_governance import Lab

DEADLINE_S = 60
REGISTRY = "version: \"1\"\nmetrics:\n  psu_volts: {unit: V}\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Tokens(LiveCase):
    def create(self, name, *args, role="viewer", expires="30d"):
        r = self.hb("token", "create", name, "--role", role, "--expires", expires, *args)
        token = r.strip()
        self.assertRegex(token, "^hbt_[0-9a-f]{64}$")
        self.made.append(token)
        return token

    def setUp(self):
        super().setUp()
        self.made = []

    def daemon_with_tokens(self, health="127.0.0.1", expose="false"):
        self.web, self.health = free_port(), free_port()
        self.workspace(lines=[], registry=REGISTRY, config=f"""name: rig
sources:
  - {{source: http, name: web, listen: "127.0.0.1:{self.web}", format: line_protocol, tokens: true}}
windows:
  - {{size: 1s}}
health: {{listen: "{health}:{self.health}", expose: {expose}, tokens: true}}
log: {{format: json, level: debug}}
program: p
test_name: t
""")
        self.daemon = self.start()
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                if self.ask("/live")[0] == 401 and self.send(None)[0] == 401:
                    return
            except OSError:
                pass
            if self.daemon.poll() is not None or time.monotonic() > end:
                self.fail(self.log())
            time.sleep(0.05)

    def request(self, url, token, data=None, scheme="Bearer"):
        q = urllib.request.Request(url, data=data)
        if token is not None:
            q.add_header("Authorization", f"{scheme} {token}")
        try:
            with urllib.request.urlopen(q, timeout=DEADLINE_S) as r:
                return r.status, r.headers
        except urllib.error.HTTPError as e:
            with e:
                return e.code, e.headers

    def ask(self, path, token=None, **how):
        return self.request(f"http://127.0.0.1:{self.health}{path}", token, **how)

    def send(self, token, **how):
        data = f"psu volts=12.5 {int(time.time())}\n".encode()
        return self.request(f"http://127.0.0.1:{self.web}/api/v2/write?precision=s", token, data=data, **how)

    def nowhere(self):
        """No token stands in a file of the workspace, the daemon's log and the lab's log among them."""
        for path in glob.glob(self.path("**"), recursive=True, include_hidden=True):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
                for token in self.made:
                    self.assertNotIn(token[4:].encode(), content, path)

    def test_who_may_ask_a_running_daemon(self):
        self.daemon_with_tokens()
        code, head = self.ask("/live")
        self.assertEqual((code, head["WWW-Authenticate"]), (401, 'Bearer realm="hb"'))
        viewer = self.create("grafana")
        sender = self.create("rig", "--program", "p", role="operator")
        other = self.create("other", "--program", "q", role="operator")
        for path in ("/live", "/metrics", "/status"):
            self.assertEqual(self.ask(path, viewer)[0], 200, path)
            self.assertEqual(self.ask(path)[0], 401, path)
            self.assertEqual(self.ask(path, other)[0], 403, path)
        self.assertIn(self.ask("/ready", viewer)[0], (200, 503))
        self.assertEqual(self.send(viewer)[0], 403)
        self.assertEqual(self.send(sender)[0], 204)
        self.assertEqual(self.send(sender, scheme="Token")[0], 204)
        self.assertEqual(self.send(other)[0], 403)

        r = self.run_hb("health", f"127.0.0.1:{self.health}")
        self.assertEqual(r.returncode, 5)
        self.assertIn(b"--token-file", r.stderr)
        self.write("tok", viewer + "\n")
        os.chmod(self.path("tok"), 0o600)
        r = self.run_hb("health", f"127.0.0.1:{self.health}", "--token-file", "tok")
        self.assertIn(b"web", r.stdout, r.stderr)
        os.remove(self.path("tok"))

        self.hb("token", "revoke", "grafana")
        self.assertEqual(self.ask("/live", viewer)[0], 401)
        short = self.create("short", expires="2s")
        self.assertEqual(self.ask("/live", short)[0], 200)
        time.sleep(2.1)
        self.assertEqual(self.ask("/live", short)[0], 401)
        wrong = "hbt_" + "0" * 64
        for _ in range(3):  # with the two before: five failures
            self.assertEqual(self.ask("/live", wrong)[0], 401)
        code, head = self.ask("/live", wrong)
        self.assertEqual(code, 429)
        self.assertIn(int(head["Retry-After"]), range(1, 13))
        self.assertEqual(self.ask("/live", sender)[0], 429)
        self.assertEqual(self.send(sender)[0], 204)  # the other server counts for itself

        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(timeout=DEADLINE_S), 0, self.log())
        self.hb("audit", "verify")
        self.nowhere()

    def test_an_address_of_others_needs_tokens(self):
        for config, where in ((f"health: {{listen: '0.0.0.0:{free_port()}', expose: true}}\n", "health"),
                              (f"sources: [{{source: http, listen: '0.0.0.0:{free_port()}', expose: true}}]\n", "web")):
            if where == "health":
                config += "source: file_replay\npath: rig.jsonl\n"
            self.workspace(lines=[], registry=REGISTRY, config=f"windows: [{{size: 1s}}]\n{config}")
            r = self.run_hb("daemon", "--once")
            self.assertNotEqual(r.returncode, 0)
            self.assertIn(b"tokens: true", r.stderr)
        self.daemon_with_tokens(health="0.0.0.0", expose="true")
        self.assertEqual(self.ask("/metrics")[0], 401)
        self.assertEqual(self.ask("/metrics", self.create("a"))[0], 200)

    def test_the_file_has_digests_alone(self):
        token = self.create("a", "--program", "p", role="operator")
        path = self.path("tokens.json")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as f:
            one, = json.load(f)["tokens"]
        self.assertEqual(one["sha256"], hashlib.sha256(token.encode()).hexdigest())
        self.assertEqual((one["name"], one["role"], one["program"]), ("a", "operator", "p"))
        self.nowhere()

    def test_list_revoke_and_slips(self):
        self.create("a")
        made = json.loads(self.hb("token", "create", "b", "--role", "admin", "--expires", "1h", "--json"))
        self.hb("token", "revoke", "a")
        listed = json.loads(self.hb("token", "list", "--json"))
        self.assertEqual([(t["name"], t["state"]) for t in listed["tokens"]], [("a", "revoked"), ("b", "active")])
        self.assertNotIn("secret", listed)
        self.assertEqual(hashlib.sha256(made["secret"].encode()).hexdigest(), listed["tokens"][1]["id"])
        self.assertNotIn(made["secret"], self.hb("token", "list"))
        try:
            import jsonschema
        except ImportError:
            print("skipped: no jsonschema")
        else:
            with open(os.path.join(SOURCE, "schemas", "token.schema.json"), encoding="utf-8") as f:
                schema = json.load(f)
            jsonschema.validate(made, schema)
            jsonschema.validate(listed, schema)
        for args, why in ((("create", "b", "--role", "viewer", "--expires", "1d"), b"hb token revoke b"),
                          (("create", "c", "--role", "king", "--expires", "1d"), b"viewer"),
                          (("create", "c", "--role", "viewer"), b"--expires"),
                          (("create", "c", "--role", "viewer", "--expires", "30"), b"such as 12h"),
                          (("create", "c", "--role", "viewer", "--expires", "401d"), b"at most 400d"),
                          (("create", "c d", "--role", "viewer", "--expires", "1d"), b"cannot be called"),
                          (("revoke", "a"), b"revoked already"),
                          (("revoke", "nobody"), b"hb token list")):
            r = self.run_hb("token", *args)
            self.assertNotEqual(r.returncode, 0, args)
            self.assertIn(why, r.stderr)
        os.chmod(self.path("tokens.json"), 0o644)
        r = self.run_hb("token", "list")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn(b"mode 0644", r.stderr)


class Permitted(Lab):
    def test_an_admin_signs_where_operators_are_in_force(self):
        create = ("token", "create", "t", "--role", "viewer", "--expires", "1d")
        self.begin()
        for who in (None, "eve", "vic", "bob", "kim", "old", "rob"):
            with self.subTest(who=who):
                self.hb_error(*create, *self.key(who), code=5, has=["role admin", "ada"])
                self.assertFalse(os.path.exists(self.path("tokens.json")))
        self.hb(*create, *self.key("ada"))
        self.hb_error("token", "revoke", "t", *self.key("kim"), code=5, has=["role admin", "ada"])
        self.assertEqual(self.hb_json("token", "list")["tokens"][0]["state"], "active")
        self.hb("token", "revoke", "t", *self.key("ada"))
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            rows = [json.loads(e) for e, in db.execute("SELECT entry FROM audit_queue WHERE type = 'key' ORDER BY id")]
        ada = hashlib.sha256(subprocess.run(["openssl", "pkey", "-in", self.path("keys/ada.pem"), "-pubout", "-outform", "DER"],
                                            capture_output=True, check=True).stdout).hexdigest()
        self.assertEqual([r["data"]["action"] for r in rows], ["token_made", "token_revoked"])
        for row in rows:
            self.assertEqual((row["by"], row["data"]["name"], row["data"]["role"]), (ada, "t", "viewer"))
            self.assertEqual(row["subject"], self.hb_json("token", "list")["tokens"][0]["id"])
        self.hb("audit", "verify")


if __name__ == "__main__":
    unittest.main()
