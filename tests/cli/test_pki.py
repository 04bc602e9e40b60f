# SPDX-License-Identifier: Apache-2.0
"""Packs signed by keys in ssh-agent and on a token, vouched for by an authority, stamped by a time
authority, encrypted on the way: from hb export to hb verify, with OpenSSL as the others."""
import filecmp
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from hbtest import Case

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
CA = """
[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[sign]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[stamp]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[open]
basicConstraints=CA:FALSE
keyUsage=critical,keyAgreement
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[o]
tp=1.3.6.1.4.1.55555.1
[tsa]
default_tsa=t
[t]
serial=serial
signer_digest=sha384
default_policy=1.3.6.1.4.1.55555.1
digests=sha256
ordering=no
tsa_name=no
ess_cert_id_chain=no
ess_cert_id_alg=sha256
"""


class Pki(Case):
    def setUp(self):
        super().setUp()
        self.write("openssl.cnf", CA)
        rows = "".join(f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,{20 + i % 5}\n" for i in range(120))
        self.write("base.csv", "time,temp\n" + rows)
        self.write("cur.csv", "time,temp\n" + rows.replace(",22\n", ",22.5\n"))
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: golden, fallback: none}\n")
        self.hb("run", "base.csv", "--run-id", "base", "--fail-on", "none")
        self.hb("baseline", "set", "base", "--tag", "golden")
        self.hb("run", "cur.csv", "--run-id", "cur", "--fail-on", "none")

    def sh(self, *args, **kw):
        return subprocess.run(args, cwd=self.dir, check=True, capture_output=True, **kw).stdout

    def certificate(self, name, extension, issuer="root"):
        self.sh("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", f"{name}.key")
        self.sh("openssl", "req", "-new", "-config", "openssl.cnf", "-key", f"{name}.key", "-subj", f"/O=Lab/CN={name}", "-out", f"{name}.csr")
        signer = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if name != issuer else ["-signkey", f"{name}.key"]
        self.sh("openssl", "x509", "-req", "-sha384", "-days", "3", "-in", f"{name}.csr", *signer, "-extfile", "openssl.cnf",
                "-extensions", extension, "-out", f"{name}.pem")

    def authority(self):
        self.certificate("root", "ca")
        self.certificate("release", "sign")
        self.certificate("stamp", "stamp")

    def export(self, key, *more, **kw):
        return self.hb_json("export", "evidence-pack", "--case", "cur", "--key", key, *more, **kw)

    def answers(self, pack, *more, code=0):
        told = self.hb_json("verify", pack, *more, code=code)
        return {a["question"]: (a["answer"], a["text"]) for a in told["answers"]}

    def in_memory(self):
        return {name for name in os.listdir("/dev/shm") if name.startswith(".hb.")}

    def test_an_authority_vouches_and_a_time_authority_stamps(self):
        self.authority()
        self.export("release.key", "--cert", "release.pem", "--out", "a.zip")
        self.hb("timestamp", "query", "a.zip", "--out", "q.tsq")
        self.sh("openssl", "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "q.tsq", "-signer", "stamp.pem", "-inkey", "stamp.key",
                "-out", "r.tsr")
        told = self.hb_json("timestamp", "attach", "a.zip", "r.tsr", "--out", "b.zip")
        trust = ["--trust-ca", "root.pem", "--trust-name", "CN=release,O=Lab"]
        a = self.answers("a.zip", *trust)
        self.assertEqual((a["chain"][0], a["trust"][0], a["time"][0]), ("holds", "holds", "not_in_pack"))
        b = self.answers("b.zip", *trust, "--trust-tsa", "root.pem")
        self.assertEqual((b["chain"][0], b["trust"][0], b["time"][0]), ("holds", "holds", "holds"))
        self.assertIn(told["time"], b["time"][1])
        self.assertEqual(self.answers("b.zip", code=12)["trust"][0], "not_checked")
        # The same from OpenSSL, as VERIFY.md says.
        self.sh("unzip", "-q", "b.zip", "-d", "pack")
        self.sh("openssl", "ts", "-verify", "-data", "pack/attestation.dsse.json", "-in", "pack/attestation.tsr", "-CAfile", "root.pem")
        self.sh("openssl", "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "pack/keys/chain.pem", "pack/keys/chain.pem")
        small = os.path.join(os.path.dirname(os.environ["HB_BINARY"]), "hb-verify")
        if os.path.exists(small):
            r = self.run_hb(*trust, "--trust-tsa", "root.pem", "b.zip", binary=small)
            self.assertIn("CN=stamp,O=Lab", r.stdout.decode(), r.stderr)
            self.assertEqual(r.returncode, 0, r.stdout.decode())

    def test_a_certificate_of_another_key_is_refused(self):
        self.authority()
        self.hb_error("export", "evidence-pack", "--case", "cur", "--key", "stamp.key", "--cert", "release.pem", "--out", "a.zip", code=2,
                      has="does not sign here")
        self.assertFalse(os.path.exists(self.path("a.zip")))

    def test_an_encrypted_export_leaves_nothing_readable(self):
        self.authority()
        self.certificate("auditor", "open")
        self.export("release.key", "--out", "plain.zip")
        before = self.in_memory()
        told = self.export("release.key", "--encrypt-to", "auditor.pem", "--out", "sealed.p7m")
        self.assertEqual(told["pack"], "sealed.p7m")
        self.assertEqual(self.in_memory(), before)
        self.assertIn("hb decrypt", self.answers("sealed.p7m", code=12)["structure"][1])
        self.sh("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "sealed.p7m", "-inkey", "auditor.key", "-out", "theirs.zip")
        self.hb("decrypt", "sealed.p7m", "--key", "auditor.key", "--out", "ours.zip")
        with open(self.path("theirs.zip"), "rb") as a, open(self.path("ours.zip"), "rb") as b:
            self.assertEqual(a.read(), b.read())
        self.sh("openssl", "pkey", "-in", "release.key", "-pubout", "-out", "release.pub")
        self.hb("verify", "ours.zip", "--trust", "release.pub")
        # By a passphrase, with its usual name; and nothing when the certificate is wrong.
        self.write("pass", "correct horse battery")
        os.chmod(self.path("pass"), 0o600)
        told = self.export("release.key", "--encrypt-passphrase-file", "pass")
        self.assertTrue(told["pack"].endswith("evidence/evidence_cur.zip.hbs"), told)
        self.hb("decrypt", told["pack"], "--passphrase-file", "pass", "--out", "again.zip")
        self.hb("verify", "again.zip", "--trust", "release.pub")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--key", "release.key", "--encrypt-to", "release.pem", "--out", "no.p7m",
                      code=2, has="does not allow keyAgreement")
        self.assertEqual(self.in_memory(), before)

    def run_packed(self, name, *more, **kw):
        self.write(f"{name}.csv", self.read("cur.csv").replace(",20\n", ",20.01\n"))
        return self.hb_json("run", "--evidence-pack", "always", *more, f"{name}.csv", "--run-id", name, "--fail-on", "none", **kw)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def test_a_run_makes_its_pack_certified_and_encrypted(self):
        self.authority()
        self.certificate("auditor", "open")
        self.certificate("archive", "open")
        how = ["--key", "release.key", "--cert", "release.pem", "--encrypt-to", "auditor.pem", "--encrypt-to", "archive.pem"]
        told = self.run_packed("mon", *how)
        pack = told["evidence_pack"]
        self.assertRegex(pack, r"^\./evidence/evidence_mon-[0-9a-f]{12}\.zip\.p7m$")
        self.assertEqual(os.listdir(self.path("evidence")), [os.path.basename(pack)])
        self.assertEqual(self.in_memory(), set())
        for who in ("auditor", "archive"):
            self.sh("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", pack, "-inkey", f"{who}.key", "-out", f"{who}.zip")
        self.assertEqual(self.answers("auditor.zip", "--trust-ca", "root.pem", "--trust-name", "CN=release,O=Lab")["trust"][0], "holds")
        self.assertTrue(filecmp.cmp(self.path("auditor.zip"), self.path("archive.zip"), shallow=False))
        # One that a crash left without anybody knowing is made anew; something else of its name is not touched.
        with sqlite3.connect(self.path("runs.db")) as db:
            db.execute("UPDATE evidence_packs SET state = 'wanted', path = '', bytes = 0")
        before = self.stat(pack)
        self.run_packed("tue", *how)
        self.assertNotEqual(self.stat(pack), before)
        self.assertEqual(len(os.listdir(self.path("evidence"))), 2)
        with sqlite3.connect(self.path("runs.db")) as db:
            db.execute("UPDATE evidence_packs SET state = 'wanted', path = '', bytes = 0")
        self.write(pack, "mine")
        self.write("wed.csv", self.read("mon.csv"))
        r = self.run_hb("run", "--evidence-pack", "always", *how, "wed.csv", "--run-id", "wed", "--fail-on", "none")
        self.assertEqual(r.returncode, 2)  # the verdict stands, and is shown
        self.assertIn("is no encrypted pack", r.stderr.decode())
        self.assertEqual(self.read(pack), "mine")

    def stat(self, name):
        s = os.stat(self.path(name))
        return s.st_ino, s.st_mtime_ns

    def test_a_run_makes_its_pack_encrypted_by_a_passphrase(self):
        self.authority()
        self.write("pass", "correct horse battery")
        os.chmod(self.path("pass"), 0o600)
        pack = self.run_packed("mon", "--key", "release.key", "--encrypt-passphrase-file", "pass")["evidence_pack"]
        self.assertTrue(pack.endswith(".zip.hbs"), pack)
        self.hb("decrypt", pack, "--passphrase-file", "pass", "--out", "again.zip")
        self.sh("openssl", "pkey", "-in", "release.key", "-pubout", "-out", "release.pub")
        self.hb("verify", "again.zip", "--trust", "release.pub")

    def test_what_a_pack_cannot_be_made_with_is_told_before_anything_is_judged(self):
        self.authority()
        self.certificate("auditor", "open")
        self.write("pass", "correct horse battery")
        os.chmod(self.path("pass"), 0o600)
        always = ["--evidence-pack", "always", "--key", "release.key"]
        for words, *options in (
                ("begins with the certificate of key", *always, "--cert", "stamp.pem"),
                ("does not allow keyAgreement", *always, "--encrypt-to", "release.pem"),
                ("not by both", *always, "--encrypt-to", "auditor.pem", "--encrypt-passphrase-file", "pass"),
                ("--cert is about the pack", "--cert", "release.pem"),
                ("--encrypt-to is about the pack", "--encrypt-to", "auditor.pem"),
                ("--encrypt-passphrase-file is about", "--encrypt-passphrase-file", "pass")):
            with self.subTest(words):
                self.hb_error("run", *options, "cur.csv", "--run-id", "new", code=2, has=words)
        self.hb_error("runs", "show", "new", code=4, has="no run 'new'")

    def test_a_key_in_ssh_agent_signs(self):
        if not shutil.which("ssh-agent"):
            self.skipTest("needs openssh-client")
        socket = self.path("agent")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.send_signal, signal.SIGTERM)
        for _ in range(500):
            if os.path.exists(socket):
                break
            time.sleep(0.01)
        env = {"SSH_AUTH_SOCK": socket}
        self.sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada@lab", "-f", "id")
        self.sh("ssh-add", "-q", "id", env={**os.environ, **env})
        self.export("agent:ada@lab", "--out", "a.zip", env=env)
        self.write("ada.pub", self.hb("keys", "public", "--key", "agent:ada@lab", env=env))
        self.hb("verify", "a.zip", "--trust", "ada.pub")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--key", "agent:eve", "--out", "b.zip", code=2, has="SHA256:", env=env)

    def token(self):
        """A new token 'lab' with PIN 1234, the environment it is found by, and a PIN file."""
        if not os.path.exists(SOFTHSM):
            self.skipTest("needs softhsm2")
        os.mkdir(self.path("tokens"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\nlog.level = ERROR\n")
        env = {"SOFTHSM2_CONF": self.path("softhsm2.conf")}
        full = {**os.environ, **env}
        self.sh("softhsm2-util", "--init-token", "--free", "--label", "lab", "--so-pin", "12345678", "--pin", "1234", env=full)
        self.write("pin", "1234\n")
        os.chmod(self.path("pin"), 0o600)
        return env, full

    def test_a_key_on_a_token_signs(self):
        env, full = self.token()
        # The key is made in the token and never leaves it.
        self.sh("pkcs11-tool", "--module", SOFTHSM, "--token-label", "lab", "--login", "--pin", "1234", "--keypairgen", "--key-type",
                "EC:secp384r1", "--label", "release", "--id", "01", env=full)
        uri = f"pkcs11:token=lab;object=release?module-path={SOFTHSM}"
        self.export(uri, "--passphrase-file", "pin", "--out", "a.zip", env=env)
        self.export(f"{uri}&pin-source=file:{self.path('pin')}", "--out", "b.zip", env=env)
        self.write("lab.pub", self.hb("keys", "public", "--key", uri, "--passphrase-file", "pin", env=env))
        self.assertIn("ecdsa-p384", self.answers("a.zip", "--trust", "lab.pub")["signature"][1])
        self.hb("verify", "b.zip", "--trust", "lab.pub")
        self.hb_error("export", "evidence-pack", "--case", "cur", "--key", f"{uri}&pin-value=1234", "--out", "c.zip", code=2, has="pin-value",
                      env=env)

    def test_a_key_that_wants_its_pin_for_every_signature(self):
        env, full = self.token()
        self.sh("pkcs11-tool", "--module", SOFTHSM, "--token-label", "lab", "--login", "--pin", "1234", "--keypairgen", "--key-type",
                "EC:secp384r1", "--label", "qualified", "--id", "02", "--always-auth", env=full)
        uri = f"pkcs11:token=lab;object=qualified?module-path={SOFTHSM}"
        self.write("lab.pub", self.hb("keys", "public", "--key", uri, "--passphrase-file", "pin", env=env))
        self.export(uri, "--passphrase-file", "pin", "--out", "file.zip", env=env)
        os.mkdir(self.path("credentials"))
        shutil.copy(self.path("pin"), self.path("credentials/hb-passphrase"))
        self.export(uri, "--out", "credential.zip", env={**env, "CREDENTIALS_DIRECTORY": self.path("credentials")})
        told = self.typed(["--key", uri, "--out", "typed.zip"], env, b"1234")
        self.assertEqual(told.count(b"PIN of token 'lab': "), 1, told)
        self.assertGreaterEqual(told.count(b"PIN of token 'lab' for a signature: "), 1, told)  # one for each
        for pack in ("file.zip", "credential.zip", "typed.zip"):
            self.hb("verify", pack, "--trust", "lab.pub")
        # No terminal: setsid takes it away.
        r = subprocess.run(["setsid", "-w", os.environ["HB_BINARY"], "export", "evidence-pack", "--case", "cur", "--key", uri, "--out", "no.zip"],
                           cwd=self.dir, env={**full, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(r.returncode, 2, r.stderr)
        self.assertIn(b"the PIN of token 'lab' is wanted and there is no terminal to ask on: use --passphrase-file", r.stderr)
        self.assertFalse(os.path.exists(self.path("no.zip")))

    def typed(self, options, env, answer):
        """hb export on a terminal of its own; every question gets the same answer."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.environ.update(env)
            os.execv(os.environ["HB_BINARY"], ["hb", "export", "evidence-pack", "--case", "cur", *options])
        said = b""
        while True:
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            said += part
            if said.endswith(b": "):
                os.write(fd, answer + b"\n")
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, said)
        return said


if __name__ == "__main__":
    unittest.main()
