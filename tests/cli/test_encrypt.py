# SPDX-License-Identifier: Apache-2.0
"""hb encrypt and hb decrypt against other readers and writers of both formats: Python's cryptography
with hashlib's scrypt, and openssl cms."""
import hashlib
import json
import os
import struct
import subprocess
import unittest

from hbtest import Case

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    AESGCM = None

PASS = b"correct horse battery"
PIECE = 65536


def key_of(head):
    return hashlib.scrypt(PASS, salt=head[16:48], n=1 << head[9], r=head[10], p=head[11], maxmem=1 << 28, dklen=32)


def nonce(number, last):
    return number.to_bytes(11, "big") + bytes([last])


def unseal(sealed):
    """docs/formats/encryption.md, read by somebody else."""
    head, rest, out = sealed[:48], sealed[48:], b""
    assert head[:8] == b"hbseal1\n" and struct.unpack("<I", head[12:16])[0] == PIECE
    aead = AESGCM(key_of(head))
    pieces = [rest[i:i + PIECE + 16] for i in range(0, len(rest), PIECE + 16)]
    for i, piece in enumerate(pieces):
        out += aead.decrypt(nonce(i, i == len(pieces) - 1), piece, head)
    return out


def seal(plain, log2n=12):
    head = b"hbseal1\n" + bytes([1, log2n, 8, 1]) + struct.pack("<I", PIECE) + os.urandom(32)
    aead = AESGCM(key_of(head))
    pieces = [plain[i:i + PIECE] for i in range(0, len(plain), PIECE)] or [b""]
    return head + b"".join(aead.encrypt(nonce(i, i == len(pieces) - 1), p, head) for i, p in enumerate(pieces))


class Encrypt(Case):
    def setUp(self):
        super().setUp()
        self.plain = os.urandom(3 * PIECE + 17)
        self.write("pack.zip", self.plain)
        self.write("pass", PASS + b"\n")
        os.chmod(self.path("pass"), 0o600)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.dir, check=True, capture_output=True)

    def certificate(self, name, algorithm, usage):
        self.openssl("req", "-x509", "-newkey", *algorithm, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
                     "-subj", f"/CN={name}", "-days", "2", "-addext", f"keyUsage=critical,{usage}")
        os.chmod(self.path(f"{name}.key"), 0o600)

    @unittest.skipIf(AESGCM is None, "needs python3-cryptography")
    def test_another_program_reads_and_writes_the_passphrase_format(self):
        self.hb("encrypt", "pack.zip", "--passphrase-file", "pass", "--out", "sealed")
        self.assertEqual(unseal(self.read("sealed")), self.plain)
        self.assertEqual(os.stat(self.path("sealed")).st_mode & 0o777, 0o600)
        for i, plain in enumerate((b"", b"x", self.plain, self.plain[:PIECE])):
            self.write(f"theirs{i}", seal(plain))
            self.hb("decrypt", f"theirs{i}", "--passphrase-file", "pass", "--out", f"out{i}")
            self.assertEqual(self.read(f"out{i}"), plain)
        cut = seal(self.plain)[:48 + 2 * (PIECE + 16)]
        self.write("cut", cut)
        self.hb_error("decrypt", "cut", "--passphrase-file", "pass", "--out", "no", code=12, has="changed or cut off")
        with self.assertRaises(InvalidTag):
            unseal(cut)

    def test_openssl_and_hb_read_what_is_encrypted_to_certificates(self):
        self.certificate("anna", ["rsa:3072"], "keyEncipherment")
        self.certificate("ben", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "keyAgreement")
        self.certificate("eve", ["rsa:2048"], "keyEncipherment")
        told = self.hb_json("encrypt", "pack.zip", "--encrypt-to", "anna.pem", "--encrypt-to", "ben.pem", "--out", "sealed")
        self.assertEqual(told, {"format": "hb-encrypt/1", "done": "encrypted", "by": "cms", "input": "pack.zip", "output": "sealed"})
        for who in ("anna", "ben"):
            self.openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in", "sealed", "-inkey", f"{who}.key", "-out", "theirs")
            self.assertEqual(self.read("theirs"), self.plain)
            self.hb("decrypt", "sealed", "--key", f"{who}.key", "--out", f"out-{who}")
            self.assertEqual(self.read(f"out-{who}"), self.plain)
        self.hb_error("decrypt", "sealed", "--key", "eve.key", "--out", "no", code=12, has=["anna", "ben"])
        self.assertFalse(os.path.exists(self.path("no")))

    def test_a_file_that_openssl_encrypted_is_read(self):
        self.certificate("ben", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "keyAgreement")
        self.openssl("cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-in", "pack.zip", "-out", "theirs", "ben.pem")
        self.hb("decrypt", "theirs", "--key", "ben.key", "--out", "out")
        self.assertEqual(self.read("out"), self.plain)
        # Without a tag over the content changes would not show.
        self.openssl("cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", "-in", "pack.zip", "-out", "old", "ben.pem")
        self.hb_error("decrypt", "old", "--key", "ben.key", "--out", "no", code=2, has="no encrypted file of hb")

    def test_the_keys_own_passphrase_comes_from_the_file(self):
        self.certificate("ben", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "keyAgreement")
        self.openssl("pkcs8", "-topk8", "-in", "ben.key", "-out", "locked.key", "-passout", "file:pass")
        os.chmod(self.path("locked.key"), 0o600)
        self.hb("encrypt", "pack.zip", "--encrypt-to", "ben.pem", "--out", "sealed")
        self.hb("decrypt", "sealed", "--key", "locked.key", "--passphrase-file", "pass", "--out", "out")
        self.assertEqual(self.read("out"), self.plain)

    def test_nothing_is_written_when_it_does_not_decrypt(self):
        self.hb("encrypt", "pack.zip", "--passphrase-file", "pass", "--out", "sealed")
        self.write("wrong", "another passphrase")
        os.chmod(self.path("wrong"), 0o600)
        self.hb_error("decrypt", "sealed", "--passphrase-file", "wrong", "--out", "no", code=12, has="passphrase is wrong")
        sealed = bytearray(self.read("sealed"))
        sealed[-1] ^= 1
        self.write("changed", bytes(sealed))
        self.hb_error("decrypt", "changed", "--passphrase-file", "pass", "--out", "no", code=12, has="from byte 196")
        self.assertEqual(sorted(os.listdir(self.dir)), ["changed", "pack.zip", "pass", "sealed", "wrong"])

    def test_usage(self):
        self.hb_error("encrypt", "pack.zip", "--passphrase-file", "pass", "--out", "pack.zip", code=2, has="exists")
        self.hb_error("encrypt", "none", "--passphrase-file", "pass", "--out", "s", code=2, has="cannot open 'none'")
        self.hb_error("encrypt", "pack.zip", "--out", "s", code=2, has="--passphrase-file FILE or --encrypt-to")
        self.hb_error("encrypt", "pack.zip", "--encrypt-to", "x.pem", "--passphrase-file", "pass", "--out", "s", code=2, has="not by both")
        self.hb_error("encrypt", "pack.zip", "--encrypt-to", "pass", "--out", "s", code=2, has="no certificate")
        self.hb_error("decrypt", "pack.zip", "--key", "pass", "--out", "s", code=2, has="no encrypted file")
        os.chmod(self.path("pass"), 0o644)
        self.hb_error("encrypt", "pack.zip", "--passphrase-file", "pass", "--out", "s", code=2, has="can be read")
        self.write("short", "1234567")
        os.chmod(self.path("short"), 0o600)
        self.hb_error("encrypt", "pack.zip", "--passphrase-file", "short", "--out", "s", code=2, has="at least 8")
        self.assertNotIn("s", os.listdir(self.dir))

    def test_json_and_its_schema(self):
        with open(os.path.join(os.environ["HB_SOURCE_DIR"], "schemas", "encrypt.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        told = [self.hb_json("encrypt", "pack.zip", "--passphrase-file", "pass", "--out", "s"),
                self.hb_json("decrypt", "s", "--passphrase-file", "pass", "--out", "o")]
        self.assertEqual([t["done"] for t in told], ["encrypted", "decrypted"])
        try:
            import jsonschema
        except ImportError:
            self.skipTest("needs python3-jsonschema")
        for t in told:
            jsonschema.validate(t, schema)


if __name__ == "__main__":
    unittest.main()
