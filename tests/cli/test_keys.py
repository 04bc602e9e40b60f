# SPDX-License-Identifier: Apache-2.0
"""hb keys: keys, their passphrases, and what is signed about them; openssl and python3-cryptography judge."""
import base64
import contextlib
import hashlib
import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import time
import unittest

from hbtest import HB, SOURCE, Case

try:
    import jsonschema
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)


def der_of(pem):
    return base64.b64decode("".join(pem.decode().splitlines()[1:-1]))


class Keys(Case):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "schemas", "keys.schema.json"), encoding="utf-8") as f:
            self.schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def keys(self, *args, **kw):
        d = self.hb_json("keys", *args, **kw)
        jsonschema.validate(d, self.schema)
        return d

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def make(self, name="ada", *more):
        return self.keys("generate", name, "--no-passphrase", *more)["keys"][0]

    def openssl(self, *args):
        r = subprocess.run(["openssl", *args], cwd=self.dir, capture_output=True, check=False)
        self.assertEqual(r.returncode, 0, r.stderr.decode())
        return r.stdout

    def envelope_verifies(self, path, *pubs):
        """Encoding of DSSE v1.0.2, keys' ids and signatures (Ed25519) by other code."""
        d = json.loads(self.read(path))
        payload = base64.b64decode(d["payload"], validate=True)
        kind = d["payloadType"]
        self.assertEqual(kind, "application/vnd.in-toto+json")
        encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        self.assertEqual([s["keyid"] for s in d["signatures"]], [hashlib.sha256(der_of(self.read(p))).hexdigest() for p in pubs])
        for pub, s in zip(pubs, d["signatures"]):
            load_pem_public_key(self.read(pub)).verify(base64.b64decode(s["sig"], validate=True), encoded)  # raises
        return json.loads(payload)

    # --- generate, list, public ---

    def test_generate_makes_a_pair_that_openssl_knows(self):
        for algorithm, words in (("ed25519", "ED25519"), ("ecdsa-p384", "secp384r1")):
            k = self.make(algorithm + "-key", "--algorithm", algorithm)
            self.assertEqual((k["algorithm"], k["state"], k["private"]), (algorithm, "active", True))
            pem = f"keys/{algorithm}-key.pem"
            self.assertEqual(os.stat(self.path(pem)).st_mode & 0o7777, 0o600)
            self.assertIn(words, self.openssl("pkey", "-in", pem, "-noout", "-text").decode())
            pub = self.read(f"keys/{algorithm}-key.pub")
            self.assertEqual(self.openssl("pkey", "-in", pem, "-pubout"), pub)
            self.assertEqual(k["id"], hashlib.sha256(der_of(pub)).hexdigest())
            self.assertEqual(self.hb("keys", "public", "--key", algorithm + "-key").encode(), pub)

    def test_the_first_key_is_the_default(self):
        self.assertTrue(self.make("ada")["default"])
        self.assertFalse(self.make("kim")["default"])
        self.assertEqual(self.read("keys/default"), b"ada\n")
        self.assertTrue(self.make("lou", "--default")["default"])
        d = self.keys("list")
        self.assertEqual([(k["name"], k["default"]) for k in d["keys"]], [("ada", False), ("kim", False), ("lou", True)])
        self.assertEqual(self.hb("keys", "public").encode(), self.read("keys/lou.pub"))
        self.assertEqual(self.hb("keys", "public", env={"HB_KEY": "ada"}).encode(), self.read("keys/ada.pub"))
        self.assertEqual(self.hb("keys", "public", "--key", "kim", env={"HB_KEY": "ada"}).encode(), self.read("keys/kim.pub"))
        self.assertEqual(self.hb("keys", "public", "--key", self.path("keys/ada.pem")).encode(), self.read("keys/ada.pub"))
        text = self.hb("keys", "list")
        self.assertRegex(text, r"(?m)^lou +active +ed25519 +[0-9a-f]{16} +signs unless --key says otherwise$")

    def test_what_is_wrong_is_told(self):
        self.hb_error("keys", "public", code=2, has=["no key to sign with", "hb keys generate NAME"])
        self.make()
        before = self.read("keys/ada.pem")
        self.hb_error("keys", "generate", "ada", "--no-passphrase", code=2, has="exists already")
        self.assertEqual(self.read("keys/ada.pem"), before)
        for name in ("../x", "default", "a b", "x.pem", "0" * 64):
            self.hb_error("keys", "generate", name, "--no-passphrase", code=2, has="cannot be called")
        self.hb_error("keys", "generate", "x", "--algorithm", "rsa", "--no-passphrase", code=2, has="ed25519")
        self.hb_error("keys", "public", "--key", "none.pem", code=2, has="no such file")
        self.hb_error("keys", "public", "--key", "keys/ada.pub", code=2, has="others")
        os.chmod(self.path("keys/ada.pem"), 0o644)
        self.hb_error("keys", "public", code=2, has="chmod 600")
        os.unlink(self.path("keys/ada.pem"))
        self.hb_error("keys", "public", code=2, has="only the public half")
        self.write("keys/default", "kim\n")
        self.hb_error("keys", "public", code=3, has="'kim', which is no key")

    # --- passphrases ---

    def secret(self, name, content, mode=0o600):
        path = self.write(name, content)
        os.chmod(path, mode)
        return path

    def test_a_passphrase_from_a_file(self):
        self.secret("word", "open sesame\n")
        self.keys("generate", "ada", "--passphrase-file", "word")
        self.assertTrue(self.read("keys/ada.pem").startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        self.openssl("pkey", "-in", "keys/ada.pem", "-passin", "pass:open sesame", "-noout")
        self.assertEqual(self.hb("keys", "public", "--passphrase-file", "word").encode(), self.read("keys/ada.pub"))
        self.secret("word", "open sesam\n")
        self.hb_error("keys", "public", "--passphrase-file", "word", code=2, has="wrong passphrase")
        self.secret("word", "two\nlines\n")
        self.hb_error("keys", "public", "--passphrase-file", "word", code=2, has="one line")
        self.secret("word", "")
        self.hb_error("keys", "public", "--passphrase-file", "word", code=2, has="nothing")
        self.secret("word", "open sesame", 0o640 if os.getuid() else 0o644)
        self.hb_error("keys", "public", "--passphrase-file", "word", code=2, has="others")
        self.hb_error("keys", "generate", "x", "--passphrase-file", "word", "--no-passphrase", code=2, has="--no-passphrase")
        self.assertFalse(os.path.exists(self.path("keys/x.pem")))

    def test_a_passphrase_from_systemd(self):
        self.secret("cred/hb-passphrase", "of the unit")
        env = {"CREDENTIALS_DIRECTORY": self.path("cred")}
        self.keys("generate", "unit", env=env)
        self.openssl("pkey", "-in", "keys/unit.pem", "-passin", "pass:of the unit", "-noout")
        self.assertEqual(self.hb("keys", "public", env=env).encode(), self.read("keys/unit.pub"))

    def without_terminal(self, *args, code, has):
        r = subprocess.run([HB, *args], cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True,
                           start_new_session=True, check=False)
        self.assertEqual(r.returncode, code)
        for words in has:
            self.assertIn(words, r.stderr.decode())

    def test_without_a_terminal_it_says_what_to_give(self):
        self.without_terminal("keys", "generate", "ada", code=2, has=["no terminal", "--passphrase-file FILE", "--no-passphrase"])
        self.secret("word", "w\n")
        self.keys("generate", "ada", "--passphrase-file", "word")
        self.without_terminal("keys", "public", code=2, has=["no terminal", "--passphrase-file FILE", "hb-passphrase"])

    def at_terminal(self, *args, answers=()):
        """The program on a terminal of its own; (exit code, what the terminal showed)."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execv(HB, [HB, *args])
        shown = b""
        answers = list(answers)
        asked = 0
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                got = os.read(fd, 4096)
            except OSError:
                break
            if not got:
                break
            shown += got
            while answers and shown.count(b": ") > asked and shown.rstrip(b" ").endswith(b":"):
                asked = shown.count(b": ")
                os.write(fd, answers.pop(0))
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")

    def test_a_passphrase_from_the_terminal_is_not_shown(self):
        code, shown = self.at_terminal("keys", "generate", "ada", answers=["fen\u00e4ter\x7f\x7f\x7f\x7fster\n".encode(), b"fenster\n"])
        self.assertEqual(code, 0, shown)
        self.assertIn("New passphrase (empty: none)", shown)
        self.assertNotIn("fen", shown)
        self.openssl("pkey", "-in", "keys/ada.pem", "-passin", "pass:fenster", "-noout")
        code, shown = self.at_terminal("keys", "public", answers=[b"wrong\x15fenster\n"])
        self.assertEqual(code, 0, shown)
        self.assertIn("BEGIN PUBLIC KEY", shown)
        self.assertNotIn("fenster", shown)
        code, shown = self.at_terminal("keys", "public", answers=[b"fenste\n"])
        self.assertEqual(code, 2)
        self.assertIn("wrong passphrase", shown)
        code, shown = self.at_terminal("keys", "public", answers=[b"fen\x03"])
        self.assertEqual(code, 2)
        self.assertIn("no passphrase was given", shown)

    def test_at_the_terminal_it_may_be_none_and_must_be_the_same_twice(self):
        code, shown = self.at_terminal("keys", "generate", "ada", answers=[b"\n"])
        self.assertEqual(code, 0, shown)
        self.assertTrue(self.read("keys/ada.pem").startswith(b"-----BEGIN PRIVATE KEY-----"))
        code, shown = self.at_terminal("keys", "generate", "kim", answers=[b"one\n", b"two\n"])
        self.assertEqual(code, 2)
        self.assertIn("differ", shown)
        self.assertFalse(os.path.exists(self.path("keys/kim.pem")))

    # --- rotate, revoke ---

    def test_rotate(self):
        old = self.make("ada")
        d = self.keys("rotate", "ada", "--no-passphrase", "--reason", "yearly")
        self.assertEqual([(k["name"], k["state"], k["default"]) for k in d["keys"]],
                         [("ada", "rotated", False), ("ada-2", "active", True)])
        self.assertEqual(d["keys"][0]["successor"], d["keys"][1]["id"])
        path = f"keys/{old['id']}.handover.dsse.json"
        s = self.envelope_verifies(path, "keys/ada.pub", "keys/ada-2.pub")
        self.assertEqual(s["_type"], "https://in-toto.io/Statement/v1")
        self.assertEqual(s["subject"], [{"name": "key", "digest": {"sha256": d["keys"][1]["id"]}}])
        self.assertEqual(s["predicateType"], "https://harmony-bridge.dev/attestation/key-handover/v1")
        self.assertEqual((s["predicate"]["from"], s["predicate"]["name"], s["predicate"]["reason"]), (old["id"], "ada-2", "yearly"))
        self.assertEqual(s["predicate"]["public_key"].encode(), self.read("keys/ada-2.pub"))
        # The old one signs no more, the next takes the next number.
        self.hb_error("keys", "public", "--key", "ada", code=5, has="handed over to 'ada-2'")
        self.hb_error("keys", "rotate", "ada", "--no-passphrase", code=5, has="is rotated")
        self.assertEqual([k["name"] for k in self.keys("rotate", "ada-2", "--no-passphrase")["keys"]], ["ada-2", "ada-3"])
        self.assertEqual(self.keys("rotate", "ada-3", "--to", "bea", "--no-passphrase")["default"], "bea")
        # Not the default: stays what it is.
        self.make("kim")
        self.assertEqual(self.keys("rotate", "kim", "--no-passphrase")["default"], "bea")

    def test_revoke_by_itself(self):
        k = self.make("ada")
        self.hb_error("keys", "revoke", "ada", code=2, has="--reason")
        d = self.keys("revoke", "ada", "--reason", "laptop stolen")
        self.assertEqual((d["keys"][0]["state"], d["keys"][0]["by"], d["keys"][0]["reason"]), ("revoked", k["id"], "laptop stolen"))
        s = self.envelope_verifies(f"keys/{k['id']}.revocation.dsse.json", "keys/ada.pub")
        self.assertEqual(s["subject"], [{"name": "key", "digest": {"sha256": k["id"]}}])
        self.assertEqual(s["predicateType"], "https://harmony-bridge.dev/attestation/key-revocation/v1")
        self.assertEqual(s["predicate"]["reason"], "laptop stolen")
        self.hb_error("keys", "public", code=5, has=["was revoked", "laptop stolen"])
        self.hb_error("keys", "public", "--key", self.path("keys/ada.pem"), code=5, has="was revoked")  # by any road
        self.hb_error("keys", "revoke", "ada", "--reason", "again", code=2, has="revoked already")
        self.assertIn("laptop stolen", self.hb("keys", "list"))

    def test_revoke_by_another(self):
        ada = self.make("ada")
        kim = self.make("kim")
        os.unlink(self.path("keys/ada.pem"))  # lost
        self.hb_error("keys", "revoke", "ada", "--reason", "lost", code=2, has="only the public half")  # ada is the default
        d = self.keys("revoke", ada["id"][:12], "--reason", "lost", "--key", "kim")
        self.assertEqual((d["keys"][0]["name"], d["keys"][0]["by"]), ("ada", kim["id"]))
        self.envelope_verifies(f"keys/{ada['id']}.revocation.dsse.json", "keys/kim.pub")
        # One that is not here at all, by its whole id.
        absent = "ab" * 32
        d = self.keys("revoke", absent, "--reason", "of a leaver", "--key", "kim")
        self.assertEqual((d["keys"][0]["id"], d["keys"][0]["name"], d["keys"][0]["algorithm"]), (absent, "", ""))
        self.hb_error("keys", "revoke", absent, "--reason", "x", "--key", "kim", code=2, has="revoked already")
        self.hb_error("keys", "revoke", "ab" * 20, "--reason", "x", "--key", "kim", code=2, has="revoked already")
        self.hb_error("keys", "revoke", "cd" * 20, "--reason", "x", "--key", "kim", code=2, has="no key is called")

    def test_a_stranger_revokes_nothing(self):
        self.make("ada")
        self.hb("--workspace", "elsewhere", "keys", "list", code=3)
        os.mkdir(self.path("elsewhere"))
        self.hb("--workspace", "elsewhere", "keys", "generate", "eve", "--no-passphrase")
        self.hb_error("keys", "revoke", "ada", "--reason", "x", "--key", "elsewhere/keys/eve.pem", code=5,
                      has="not of this workspace")
        self.assertEqual(self.keys("list")["keys"][0]["state"], "active")

    def test_a_changed_statement_stops_signing(self):
        k = self.make("ada")
        self.keys("rotate", "ada", "--no-passphrase")
        path = f"keys/{k['id']}.handover.dsse.json"
        d = json.loads(self.read(path))
        s = json.loads(base64.b64decode(d["payload"]))
        s["predicate"]["reason"] = "another"
        d["payload"] = base64.b64encode(json.dumps(s).encode()).decode()
        self.write(path, json.dumps(d))
        got = {x["name"]: x for x in self.keys("list")["keys"]}
        self.assertEqual(got["ada"]["state"], "unclear")
        self.assertTrue(got["ada"]["wrong"])
        self.hb_error("keys", "public", "--key", "ada", code=12, has="is not used")

    def test_the_log_has_what_was_done(self):
        self.write("a.csv", "time,temp\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{i}\n" for i in range(60)))
        self.make("before")  # no registry yet: nothing to log to
        self.hb("ingest", "a.csv", "--run-id", "a")
        ada = self.make("ada")
        d = self.keys("rotate", "ada", "--no-passphrase", "--reason", "yearly")
        new = d["keys"][1]
        self.keys("revoke", "ada-2", "--reason", "lost", "--key", "before")
        with contextlib.closing(sqlite3.connect(self.path("runs.db"))) as db:
            rows = [json.loads(r[0]) for r in db.execute("SELECT entry FROM audit_queue WHERE type = 'key' ORDER BY id")]
        self.assertEqual([(r["subject"], r["data"]["action"], r["data"]["name"]) for r in rows],
                         [(ada["id"], "made", "ada"), (new["id"], "made", "ada-2"), (ada["id"], "rotated", "ada"),
                          (new["id"], "revoked", "ada-2")])
        self.assertEqual([r["by"] for r in rows], ["", "", ada["id"], hashlib.sha256(der_of(self.read("keys/before.pub"))).hexdigest()])
        self.assertEqual(rows[2]["data"]["successor"], new["id"])
        self.assertEqual(rows[2]["data"]["reason"], "yearly")
        self.assertEqual(rows[2]["at"], d["keys"][0]["since"])
        self.assertEqual(rows[2]["data"]["statement_sha256"],
                         hashlib.sha256(self.read(f"keys/{ada['id']}.handover.dsse.json")).hexdigest())
        self.assertEqual(rows[0]["data"]["public_key"].encode(), self.read("keys/ada.pub"))

    def test_others_keys_are_revoked_by_admins_alone(self):
        self.write("a.csv", "time,temp\n" + "".join(f"2026-01-05T10:00:{i:02d}Z,{i}\n" for i in range(60)))
        self.hb("ingest", "a.csv", "--run-id", "a")
        for name in ("ada", "kim", "kim-old", "lou", "new"):
            self.make(name)
        pub = {n: self.read(f"keys/{n}.pub").decode().replace("\n", "\n          ").rstrip() for n in ("ada", "kim", "kim-old", "lou")}
        key = "      - pem: |\n          {}\n"
        text = "operators:\n"
        for name, role, keys in (("ada", "admin", ["ada"]), ("kim", "approver", ["kim", "kim-old"]), ("lou", "operator", ["lou"])):
            text += f"  {name}:\n    roles: {{'*': {role}}}\n    keys:\n" + "".join(key.format(pub[k]) for k in keys)
        self.write("operators.yaml", text)
        self.hb("operators", "init", "operators.yaml", "--key", "ada")
        self.hb_error("keys", "revoke", "lou", "--reason", "x", "--key", "kim", code=5, has="ada")
        self.hb_error("keys", "revoke", "ada", "--reason", "x", "--key", "lou", code=5, has="ada")
        self.hb_error("keys", "revoke", "lou", "--reason", "x", "--key", "new", code=5, has="ada")
        self.assertEqual({k["state"] for k in self.keys("list")["keys"]}, {"active"})
        self.keys("revoke", "kim-old", "--reason", "own", "--key", "kim")
        self.keys("revoke", "lou", "--reason", "self", "--key", "lou")
        self.keys("revoke", "kim", "--reason", "by an admin", "--key", "ada")

    def test_nothing_secret_is_shown(self):
        self.secret("word", "very secret words")
        k = self.run_hb("keys", "generate", "ada", "--passphrase-file", "word")
        body = self.read("keys/ada.pem").decode().splitlines()[1]
        for r in (k, self.run_hb("keys", "list", "--json"), self.run_hb("keys", "public", "--passphrase-file", "word")):
            for out in (r.stdout.decode(), r.stderr.decode()):
                self.assertNotIn("very secret", out)
                self.assertNotIn(body, out)


if __name__ == "__main__":
    unittest.main()
