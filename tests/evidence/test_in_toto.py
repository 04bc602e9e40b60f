# SPDX-License-Identifier: Apache-2.0
"""The attestation in the hands of in-toto's own library (securesystemslib): signatures over the DSSE encoding."""
import base64
import hashlib
import json
import sys
import unittest

import toolpacks

try:
    from cryptography.hazmat.primitives import serialization
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature, SSlibKey
except ImportError as missing:
    print(f"skipped: {missing}; install python3-securesystemslib and python3-cryptography")
    sys.exit(77)

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"


def pae(kind, payload):
    """github.com/secure-systems-lab/dsse, protocol.md."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


class InToto(toolpacks.Case):
    def setUp(self):
        super().setUp()
        self.envelope = json.loads(self.members()["attestation.dsse.json"])
        self.payload = base64.b64decode(self.envelope["payload"], validate=True)

    def key(self, name):
        with open(self.packed(name), "rb") as f:
            public = serialization.load_pem_public_key(f.read())
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        keyid = hashlib.sha256(der).hexdigest()
        if name == "other.pub":
            pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            return SSlibKey(keyid, "ecdsa", "ecdsa-sha2-nistp384", {"public": pem.decode()})
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return SSlibKey(keyid, "ed25519", "ed25519", {"public": raw.hex()})

    def verify(self, key, payload):
        found = [s for s in self.envelope["signatures"] if s["keyid"] == key.keyid]
        self.assertEqual(len(found), 1)
        sig = Signature(key.keyid, base64.b64decode(found[0]["sig"], validate=True).hex())
        key.verify_signature(sig, pae(self.envelope["payloadType"], payload))

    def test_both_signatures_verify(self):
        for name in ("lab.pub", "other.pub"):
            with self.subTest(name):
                self.verify(self.key(name), self.payload)
                with self.assertRaises(UnverifiedSignatureError):
                    self.verify(self.key(name), self.payload.replace(b"FAILED", b"PASSED"))

    def test_the_statement_is_one_of_the_specification(self):
        members = self.members()
        s = json.loads(self.payload)
        self.assertEqual(set(s), {"_type", "subject", "predicateType", "predicate"})
        self.assertEqual((s["_type"], s["predicateType"]), (STATEMENT, TEST_RESULT))
        self.assertEqual(self.envelope["payloadType"], "application/vnd.in-toto+json")
        self.assertEqual(s["subject"], [{"name": "manifest.json", "digest": {
            "sha256": hashlib.sha256(members["manifest.json"]).hexdigest(),
            "sha512": hashlib.sha512(members["manifest.json"]).hexdigest()}}])
        p = s["predicate"]
        self.assertEqual(p["result"], "FAILED")
        self.assertEqual(p["failedTests"], ["resets"])
        for descriptor in p["configuration"]:
            self.assertTrue({"uri", "digest", "content"} & set(descriptor), descriptor)
            if "digest" in descriptor:
                self.assertEqual(descriptor["digest"]["sha256"],
                                 hashlib.sha256(members[descriptor["name"]]).hexdigest())


if __name__ == "__main__":
    unittest.main()
