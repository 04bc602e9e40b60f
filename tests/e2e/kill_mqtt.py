# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the receiving process at random moments, under load, with a real broker.

Three ledgers, and only these are compared: what the broker acknowledged to the publisher, what the
journal holds, and what the broker still has. Every acknowledged message is in the journal; a message
that is there twice is a redelivery (the same text with the same sequence number); nothing is there
that was not sent. QoS 1 and 2, MQTT 5 and 3.1.1.

HB_KILL_ROUNDS kills for each of the four (default 5), HB_KILL_SEED, HB_KILL_RATE messages/s."""
import os
import random
import signal
import sys
import threading
import time
import unittest

import livetest

sys.exit(print("skipped: mosquitto is not installed") or 77) if not livetest.MOSQUITTO else None

ROUNDS = int(os.environ.get("HB_KILL_ROUNDS", "5"))
SEED = int(os.environ.get("HB_KILL_SEED", "20261126"))
RATE = float(os.environ.get("HB_KILL_RATE", "2000"))


class Load(threading.Thread):
    """Publishes numbered messages at about RATE until told to end."""

    def __init__(self, publisher):
        super().__init__(daemon=True)
        self.publisher = publisher
        self.ending = threading.Event()
        self.sent = 0

    def run(self):
        began = time.monotonic()
        while not self.ending.is_set():
            due = int((time.monotonic() - began) * RATE)
            while self.sent < due and self.publisher.in_flight() < 2000:
                self.publisher.send(f"lab/rig/m{self.sent % 7}",
                                    f'{{"seq": {self.sent}, "value": {self.sent % 100}.5}}')
                self.sent += 1
            time.sleep(0.002)


class Loop:
    receiver_class = livetest.Receiver
    env = None

    def loop(self, version, qos):
        chance = random.Random(f"{SEED} {version} {qos}")
        broker = self.broker()
        r = self.receiver_class(self.path("rig"), {
            "broker": f"mqtt://127.0.0.1:{broker.port}", "topic": "lab/#", "qos": qos,
            "version": version, "reconnect_min": 0.02, "reconnect_max": 0.1, "client_id": "rig"})
        self.addCleanup(lambda: r.process and r.stop(signal.SIGKILL))
        r.start(env=self.env).wait_told("running")
        publisher = self.publisher(broker.port, qos)
        load = Load(publisher)
        load.start()
        self.addCleanup(load.ending.set)
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0, 0.4))
            r.stop(signal.SIGKILL)
            time.sleep(chance.choice([0, 0, chance.uniform(0, 0.2)]))
            r.start(env=self.env)
        load.ending.set()
        load.join()
        publisher.settle()
        acknowledged = publisher.acknowledged
        self.assertEqual(len(acknowledged), load.sent)

        def missing():
            return not acknowledged - set(r.payloads())
        livetest.wait_for("the rest", lambda: r.count() >= load.sent and missing())
        self.assertEqual(r.stop(), 0)
        got = r.payloads()
        self.assertEqual(acknowledged - set(got), set(), "acknowledged, but not in the journal")
        self.assertEqual(set(got) - acknowledged, set(), "in the journal, but never sent")
        self.assertEqual(r.payloads("loss"), [])
        again = len(got) - len(set(got))
        print(f"{self.receiver_class.__name__}, MQTT {version} QoS {qos}: {ROUNDS} kills, {load.sent} messages acknowledged, "
              f"0 missing, {again} redelivered", flush=True)

    def test_mqtt_5_qos_1(self):
        self.loop("5", 1)

    def test_mqtt_5_qos_2(self):
        self.loop("5", 2)

    def test_mqtt_3_1_1_qos_1(self):
        self.loop("3.1.1", 1)

    def test_mqtt_3_1_1_qos_2(self):
        self.loop("3.1.1", 2)


class KillSource(Loop, livetest.Case):
    """The source alone, with a journal that takes its time: a kill meets messages that were read
    and are not kept yet. An acknowledgement that leaves too early is a loss here."""
    env = {"HB_PUT_DELAY_US": "150"}


class KillDaemon(Loop, livetest.Case):
    """The shipped program."""
    receiver_class = livetest.Daemon


if __name__ == "__main__":
    unittest.main()
