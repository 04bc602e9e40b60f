# SPDX-License-Identifier: Apache-2.0
"""Each other sink against a receiver that is not ours."""
import email
import email.policy
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import unittest

import paho.mqtt.client as paho
from receivers import AlertCase, Certificates, Mosquitto, SmtpServer, until


class Email(AlertCase):
    def server(self, **kw):
        s = SmtpServer(**kw)
        self.addCleanup(s.close)
        return s

    def sink(self, server, **keys):
        return {"sink": "email", "server": f"127.0.0.1:{server.port}", "from": "hb@lab.example",
                "to": ["ada@lab.example", "bob@lab.example"], "timeout_ms": 5000, **keys}

    def body(self, text):
        m = email.message_from_bytes(text, policy=email.policy.default)
        self.assertEqual(m.defects, [])
        head, _, event = m.get_content().partition("\n\n")
        return m, head, json.loads(event)

    def test_mails_are_whole_and_sent_again_until_they_are_taken(self):
        s = self.server(fate=lambda n: "ok" if n % 3 == 0 else ("451" if n % 3 == 1 else "close"))
        p = self.sender([self.sink(s, tls="none")], 6)
        p.wait_line("empty")
        p.end()
        self.check_delivered([self.body(t)[2] for _, _, t, _ in s.mails])
        for sender, to, text, _ in s.mails:
            m, head, event = self.body(text)
            self.assertEqual(sender, "hb@lab.example")
            self.assertEqual(to, ["ada@lab.example", "bob@lab.example"])
            self.assertEqual([a.addr_spec for a in m["To"].addresses], to)
            self.assertEqual(m["Message-ID"], f"<{event['id']}@harmony-bridge>")
            self.assertIsNotNone(m["Date"].datetime)
            self.assertIn(event["subject"], m["Subject"])
            self.assertTrue(m["Subject"].startswith(f"[hb] {event['data']['severity']} "))
            self.assertIn(event["data"]["text"], head)
            self.assertTrue(all(len(line) <= 998 for line in text.split(b"\r\n")))

    def test_starttls_with_user_and_password(self):
        certs = Certificates(self.path("tls"))
        s = self.server(tls=certs.server_context(), user=("hb", "p\u00e4ss word"))
        self.write("password", "p\u00e4ss word\n")
        keys = {"ca_file": "tls/ca.pem", "user": "hb", "password_file": "password"}
        p = self.sender([self.sink(s, **keys)], 2)
        p.wait_line("empty")
        p.end()
        self.assertEqual([m[3] for m in s.mails], [True, True])
        self.write("password", "wrong\n")
        self.db = self.path("b.db")
        p = self.sender([self.sink(s, **keys)], 1, max_attempts=1)
        p.wait_line("empty")
        self.assertEqual(p.end()[0]["dead"], 1)

    def test_tls_from_the_start_and_no_falling_back(self):
        certs = Certificates(self.path("tls"))
        s = self.server(tls=certs.server_context(), implicit=True)
        p = self.sender([self.sink(s, tls="tls", ca_file="tls/ca.pem")], 1)
        p.wait_line("empty")
        p.end()
        self.assertEqual(len(s.mails), 1)
        plain = self.server()  # offers no STARTTLS
        self.db = self.path("b.db")
        p = self.sender([self.sink(plain)], 1, max_attempts=1)
        p.wait_line("empty")
        self.assertEqual(p.end()[0]["dead"], 1)
        self.assertEqual(plain.n, 0)


class Mqtt(AlertCase):
    def broker(self, lines):
        b = Mosquitto(self.path("broker"), lines)
        self.addCleanup(b.stop)
        b.start()
        return b

    def subscriber(self, broker, tls=None, user=None):
        got = []
        ready = threading.Event()
        c = paho.Client(client_id="ledger", clean_session=False)
        c.on_connect = lambda *a: c.subscribe("lab/#", 1)
        c.on_subscribe = lambda *a: ready.set()
        c.on_message = lambda _c, _u, m: got.append((m.topic, m.qos, json.loads(m.payload)))
        if tls:
            c.tls_set_context(tls)
        if user:
            c.username_pw_set(*user)
        c.connect("127.0.0.1", broker.port)
        c.loop_start()
        self.addCleanup(c.loop_stop)
        self.addCleanup(c.disconnect)
        self.assertTrue(ready.wait(30))
        return got

    def test_every_event_through_a_broker_that_is_restarted(self):
        b = self.broker(["allow_anonymous true", "persistence true", f"persistence_location {self.path('broker')}/",
                         "autosave_on_changes true", "autosave_interval 1", "max_queued_messages 0"])
        got = self.subscriber(b)
        p = self.sender([{"sink": "mqtt", "broker": f"mqtt://127.0.0.1:{b.port}", "topic": "lab/alerts", "timeout_ms": 2000}], 40, 5)
        until(lambda: len(got) >= 5, "five events")
        b.stop()
        p.wait_line("put 40")
        b.start()
        p.wait_line("empty")
        until(lambda: len({e["id"] for _, _, e in got}) == 40, lambda: f"{len(got)} events")
        p.end()
        self.assertEqual({(t, q) for t, q, _ in got}, {("lab/alerts", 1)})
        self.check_delivered([e for _, _, e in got])

    def test_certificates_user_and_password(self):
        certs = Certificates(self.path("tls"))
        os.chmod(self.dir, 0o755)
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.path("users"), "hb", "s3cret"], check=True, capture_output=True)
        for f in ("users", "tls/ca.pem", "tls/server.pem", "tls/server.key"):
            os.chmod(self.path(f), 0o644)
        b = self.broker([f"cafile {certs.path('ca.pem')}", f"certfile {certs.path('server.pem')}",
                         f"keyfile {certs.path('server.key')}", "require_certificate true",
                         "allow_anonymous false", f"password_file {self.path('users')}"])
        c = ssl.create_default_context(cafile=certs.path("ca.pem"))
        c.load_cert_chain(certs.path("client.pem"), certs.path("client.key"))
        got = self.subscriber(b, tls=c, user=("hb", "s3cret"))
        good = {"sink": "mqtt", "broker": f"mqtts://127.0.0.1:{b.port}", "topic": "lab/alerts", "timeout_ms": 3000,
                "ca_file": "tls/ca.pem", "cert_file": "tls/client.pem", "key_file": "tls/client.key",
                "username": "hb", "password_env": "MQTT_PW"}
        p = self.sender([good], 3, env={"MQTT_PW": "s3cret"})
        p.wait_line("empty")
        p.end()
        until(lambda: len(got) == 3, "three events")
        bad = {
            "password": (good, {"MQTT_PW": "wrong"}, "user, password"),
            "authority": ({**good, "ca_file": "tls/other.pem"}, {"MQTT_PW": "s3cret"}, "cannot connect"),
            "certificate": ({k: v for k, v in good.items() if k not in ("cert_file", "key_file")}, {"MQTT_PW": "s3cret"}, ""),
            "name": ({**good, "broker": f"mqtts://localhost.localdomain:{b.port}"}, {"MQTT_PW": "s3cret"}, ""),
        }
        for what, (sink, env, says) in bad.items():
            with self.subTest(what):
                self.db = self.path(what + ".db")
                p = self.sender([sink], 1, env=env, max_attempts=1)
                p.wait_line("empty")
                (state,) = p.end()
                self.assertEqual(state["dead"], 1, state)
                self.assertIn(says, state["last_error"])
        self.assertEqual(len(got), 3)


MESSAGE = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z) (?P<host>[!-~]{1,255}) hb (?P<pid>\d+) "
    r"(?P<msgid>[!-~]{1,32}) \[hb@32473 id=\"(?P<id>[0-9a-f]{64})\" severity=\"(?P<severity>\w+)\" "
    r"subject=\"(?P<subject>(?:[^\"\\\]]|\\[\"\\\]])*)\"\] \ufeff(?P<text>.*)", re.S)
LEVELS = {"CRITICAL": 2, "FAIL": 3, "WARN": 4, "INFO": 6}


class Syslog(AlertCase):
    def check_messages(self, messages, facility=3):
        events = []
        for m in messages:
            found = MESSAGE.fullmatch(m.decode())
            self.assertTrue(found, m)
            e = json.loads(found["text"])
            self.assertEqual(int(found["pri"]), facility * 8 + LEVELS[e["data"]["severity"]])
            self.assertEqual(found["id"], e["id"])
            self.assertEqual(found["subject"], e["subject"])
            self.assertTrue(e["type"].endswith("." + found["msgid"]))
            events.append(e)
        self.check_delivered(events)

    def collect(self, sock):
        got = []
        sock.settimeout(0.1)
        done = threading.Event()

        def run():
            while not done.is_set():
                try:
                    got.append(sock.recv(65536))
                except TimeoutError:
                    pass
        t = threading.Thread(target=run)
        t.start()
        self.addCleanup(sock.close)
        self.addCleanup(t.join)
        self.addCleanup(done.set)
        return got

    def test_unix_socket(self):
        with_path = self.path("log")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(with_path)
        got = self.collect(sock)
        p = self.sender([{"sink": "syslog", "path": with_path, "facility": "local3"}], 12)
        p.wait_line("empty")
        p.end()
        until(lambda: len(got) == 12, "12 messages")
        self.check_messages(got, facility=19)

    def test_udp(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        got = self.collect(sock)
        p = self.sender([{"sink": "syslog", "transport": "udp", "host": "127.0.0.1", "port": str(sock.getsockname()[1])}], 8)
        p.wait_line("empty")
        p.end()
        until(lambda: len(got) == 8, "8 messages")
        self.check_messages(got)

    def test_tcp_with_a_listener_that_breaks_off(self):
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        sock.listen(16)
        sock.settimeout(0.1)
        got = []
        done = threading.Event()

        def run():
            n = 0
            while not done.is_set():
                try:
                    c, _ = sock.accept()
                except TimeoutError:
                    continue
                n += 1
                if n % 3 == 0:  # a reset, before anything was read
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    c.close()
                    continue
                data = b""
                while part := c.recv(65536):
                    data += part
                c.close()
                length, _, rest = data.partition(b" ")  # RFC 6587 octet counting
                self_check.append(int(length) == len(rest))
                got.append(rest)
        self_check = []
        t = threading.Thread(target=run)
        t.start()
        self.addCleanup(sock.close)
        self.addCleanup(t.join)
        self.addCleanup(done.set)
        p = self.sender([{"sink": "syslog", "transport": "tcp", "host": "127.0.0.1", "port": str(sock.getsockname()[1])}], 15)
        p.wait_line("empty")
        p.end()
        self.assertTrue(all(self_check))
        self.check_messages(got)


class Exec(AlertCase):
    def program(self, name, text):
        path = self.write(name, text)
        os.chmod(path, 0o755)
        return path

    def test_reads_the_event_and_its_exit_code_counts(self):
        self.program("take", "#!/bin/sh\n"
                     "n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n\n"
                     "[ $((n % 3)) -eq 1 ] && exit 7\n"
                     "cat >> got.jsonl; echo \"$HB_ALERT_ID $HB_ALERT_TYPE $HB_ALERT_SEVERITY $HB_ALERT_SUBJECT $1 ${HOME-none}\" >> env\n")
        p = self.sender([{"sink": "exec", "command": ["./take", "$(touch hacked); a b"]}], 9)
        p.wait_line("empty")
        (state,) = p.end()
        self.assertIn("exit code 7", state["last_error"])
        with open(self.path("got.jsonl"), encoding="utf-8") as f:
            events = [json.loads(line) for line in f]
        self.check_delivered(events)
        with open(self.path("env"), encoding="utf-8") as f:
            for line, e in zip(f, events):
                self.assertEqual(line.rstrip("\n"), f"{e['id']} {e['type'].split('.')[-1]} {e['data']['severity']} "
                                                    f"{e['subject']} $(touch hacked); a b none")
        self.assertFalse(os.path.exists(self.path("hacked")))

    def test_is_killed_with_all_it_started(self):
        self.program("hang", "#!/bin/sh\nsleep 300 & echo $! > child\nwait\n")
        p = self.sender([{"sink": "exec", "command": ["./hang"], "timeout_ms": 300}], 1, max_attempts=1)
        p.wait_line("empty")
        (state,) = p.end()
        self.assertIn("longer than 300 ms", state["last_error"])
        with open(self.path("child"), encoding="utf-8") as f:
            pid = int(f.read())

        def gone():
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                    return f.read().split(")")[1].split()[0] == "Z"
            except OSError:
                return True
        until(gone, "the child's end")

    def test_what_reads_nothing_or_is_not_there(self):
        self.program("deaf", "#!/bin/sh\nexec 0<&-\nexit 0\n")
        p = self.sender([{"sink": "exec", "command": ["./deaf"]}], 2)
        p.wait_line("empty")
        self.assertEqual(p.end()[0]["sent"], 2)
        self.db = self.path("b.db")
        p = self.sender([{"sink": "exec", "command": ["./absent"]}], 1, max_attempts=1)
        p.wait_line("empty")
        self.assertIn("cannot start", p.end()[0]["last_error"])


class File(AlertCase):
    def lines(self, name="out.jsonl"):
        with open(self.path(name), encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.strip()]

    def test_a_torn_line_is_ended_first(self):
        self.write("out.jsonl", '{"torn": "li')
        p = self.sender([{"sink": "file", "path": "out.jsonl"}], 3)
        p.wait_line("empty")
        p.end()
        with open(self.path("out.jsonl"), encoding="utf-8") as f:
            first, *rest = f.read().splitlines()
        self.assertEqual(first, '{"torn": "li')
        self.check_delivered([json.loads(line) for line in rest])

    def test_rotation_keeps_every_line_whole(self):
        p = self.sender([{"sink": "file", "path": "out.jsonl", "max_bytes": 3000, "keep": 50}], 30)
        p.wait_line("empty")
        p.end()
        names = [n for n in os.listdir(self.dir) if n.startswith("out.jsonl")]
        self.assertGreater(len(names), 5)
        self.assertTrue(all(os.path.getsize(self.path(n)) <= 3000 for n in names))
        self.assertEqual(os.stat(self.path("out.jsonl")).st_mode & 0o777, 0o600)
        names.sort(key=lambda n: -int(n.rsplit(".", 1)[1]) if n[-1].isdigit() else 1)
        self.check_delivered([e for n in names for e in self.lines(n)])

    def test_at_a_cap_events_wait_and_none_is_lost(self):
        p = self.sender([{"sink": "file", "path": "out.jsonl", "max_bytes": 3000, "keep": 0}], 10)
        p.wait_line("put 10")
        until(lambda: 0 < self.waiting() < 10, "the cap")
        before = []

        def drained():  # somebody makes room, again and again
            if os.path.exists(self.path("out.jsonl")) and os.path.getsize(self.path("out.jsonl")) > 1500:
                name = f"moved.{len(before)}"
                os.rename(self.path("out.jsonl"), self.path(name))
                before.append(name)
            return self.waiting() == 0
        until(drained, "the rest")
        p.end()
        self.check_delivered([e for n in before + ["out.jsonl"] if os.path.exists(self.path(n)) for e in self.lines(n)])


if __name__ == "__main__":
    unittest.main()
