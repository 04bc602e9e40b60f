# SPDX-License-Identifier: Apache-2.0
"""The webhook against an HTTP receiver: failing at random, with TLS, signed, away for a while."""
import contextlib
import hashlib
import hmac
import os
import sqlite3
import unittest

from receivers import AlertCase, Certificates, HttpReceiver, seeded_fate, until


class Webhook(AlertCase):
    def sink(self, receiver, **keys):
        scheme = keys.pop("scheme", "http")
        return {"sink": "webhook", "url": f"{scheme}://127.0.0.1:{receiver.port}/hook", "timeout_ms": 1000, **keys}

    def test_every_event_at_least_once_and_in_order_from_a_receiver_that_fails_at_random(self):
        for seed in (1, 2):
            with self.subTest(seed):
                self.setUp()
                r = self.receiver(seeded_fate(seed, 0.7))
                s = self.sender([self.sink(r, timeout_ms=200)], 60, 7)
                s.wait_line("put 60")
                s.wait_line("empty")
                (state,) = s.end()
                self.assertEqual(state["sent"], 60)
                self.assertGreater(state["failed"], 10)
                self.check_delivered(r.events())
                # nothing that was taken is sent again by a sender that lives
                taken = [e for (_, _, ok), e in zip(r.got, r.ids()) if ok]
                self.assertEqual(len(taken), len(set(taken)))

    def test_the_body_is_a_signed_cloud_event(self):
        r = self.receiver()
        self.write("secret", b"s3cret \xff with blanks\n")
        s = self.sender([self.sink(r, secret_file="secret", token_env="TEST_TOKEN")], 3, env={"TEST_TOKEN": "abc"})
        s.wait_line("empty")
        s.end()
        self.assertEqual(len(r.got), 3)
        for headers, body, _ in r.got:
            self.assertEqual(headers["Content-Type"], "application/cloudevents+json; charset=utf-8")
            mac = hmac.new(b"s3cret \xff with blanks", body, hashlib.sha256).hexdigest()
            self.assertEqual(headers["X-HB-Signature"], "sha256=" + mac)
            self.assertEqual(headers["Authorization"], "Bearer abc")
            self.assertNotIn("Expect", headers)

    def test_a_receiver_that_is_away_gets_everything_when_it_is_back(self):
        r = HttpReceiver()
        port = r.port
        r.close()
        s = self.sender([self.sink(r)], 40)
        s.wait_line("put 40")
        self.assertEqual(self.waiting(), 40)
        until(lambda: self.attempts() >= 6, "six attempts")  # the breaker is open by then
        r = self.receiver(port=port)
        s.wait_line("empty")
        (state,) = s.end()
        self.assertFalse(state["open"])
        self.assertIn("connect", state["last_error"])
        self.check_delivered(r.events())

    def attempts(self):
        with contextlib.closing(sqlite3.connect(self.db, timeout=30)) as db:
            return db.execute("SELECT coalesce(sum(attempts), 0) FROM outbox").fetchone()[0]

    def test_what_is_never_taken_is_given_up_and_can_be_retried(self):
        answers = {"now": "410"}
        r = self.receiver(lambda n: answers["now"])
        s = self.sender([self.sink(r, name="web")], 4, max_attempts=3)
        s.wait_line("empty")
        (state,) = s.end()
        self.assertEqual(state["dead"], 4)
        self.assertEqual(r.n, 12)
        dead = self.hb_json("alert", "dead")["letters"]
        self.assertEqual([d["attempts"] for d in dead], [3] * 4)
        self.assertEqual({d["error"] for d in dead}, {"the receiver answered 410"})
        self.assertEqual([d["sink"] for d in dead], ["web"] * 4)
        self.hb_error("alert", "retry", "77", code=4, has="no dead letter 77")
        self.hb_error("alert", "retry", code=2, has="--all")
        self.assertEqual(self.hb_json("alert", "retry", str(dead[0]["number"]))["events"], 1)
        self.assertIn("3 events", self.hb("alert", "retry", "--all"))
        answers["now"] = "ok"
        r.got.clear()
        s = self.sender([self.sink(r, name="web")], 4, max_attempts=3)
        s.wait_line("empty")
        s.end()
        self.check_delivered(r.events())
        self.assertIn("no dead letters", self.run_hb("alert", "dead").stderr.decode())

    def test_redirects_are_not_followed_and_said(self):
        r = self.receiver(lambda n: "302")
        s = self.sender([self.sink(r)], 1, max_attempts=1)
        s.wait_line("empty")
        (state,) = s.end()
        self.assertIn("a redirect", state["last_error"])
        self.assertEqual(r.n, 1)

    def test_the_environment_names_no_proxy(self):
        r = self.receiver()
        s = self.sender([self.sink(r)], 1, env={"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"})
        s.wait_line("empty")
        s.end()
        self.assertEqual(len(r.got), 1)

    def test_certificates_on_both_sides(self):
        certs = Certificates(self.path("tls"))
        r = self.receiver(tls=certs.server_context(client_ca="ca.pem"))
        good = self.sink(r, scheme="https", ca_file="tls/ca.pem", cert_file="tls/client.pem", key_file="tls/client.key")
        s = self.sender([good], 5)
        s.wait_line("empty")
        s.end()
        self.check_delivered(r.events())
        bad = {
            "without a certificate": {**good, "cert_file": None, "key_file": None},
            "a stranger's certificate": {**good, "cert_file": "tls/stranger.pem", "key_file": "tls/stranger.key"},
            "another authority": {**good, "ca_file": "tls/other.pem"},
        }
        for what, sink in bad.items():
            with self.subTest(what):
                self.db = self.path(what.replace(" ", "_") + ".db")
                n = len(r.got)
                s = self.sender([{k: v for k, v in sink.items() if v}], 1, max_attempts=1)
                s.wait_line("empty")
                (state,) = s.end()
                self.assertEqual(state["dead"], 1, state)
                self.assertEqual(len(r.got), n)

    def test_a_sink_that_hangs_holds_back_nobody_else(self):
        r = self.receiver(lambda n: "hang")
        s = self.sender([self.sink(r, timeout_ms=60000), {"sink": "file", "path": "out.jsonl"}], 30)
        s.wait_line("put 30")

        def written():
            if not os.path.exists(self.path("out.jsonl")):
                return False
            with open(self.path("out.jsonl"), "rb") as f:
                return f.read().count(b"\n") == 30
        until(written, "30 lines in the file")
        s.end()  # within its two seconds, though a request hangs
        self.assertEqual(self.waiting(), 30)

    def test_heartbeats(self):
        r = self.receiver()
        s = self.sender([self.sink(r)], 1, heartbeat_s=1)
        until(lambda: sum(e["type"].endswith(".heartbeat") for e in r.events()) >= 2, "two heartbeats")
        s.end()
        beat = [e for e in r.events() if e["type"].endswith(".heartbeat")]
        self.assertEqual(len({e["id"] for e in beat}), len(beat))
        self.assertEqual(beat[0]["subject"], "heartbeat")


if __name__ == "__main__":
    unittest.main()
