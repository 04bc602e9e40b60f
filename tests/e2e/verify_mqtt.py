# SPDX-License-Identifier: Apache-2.0
"""A window received over MQTT, with messages that come again, is judged again from its pack's records."""
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import livetest
from livecase import CONFIG, PER_WINDOW, CHANNELS, LiveCase, telemetry

sys.exit(print("skipped: mosquitto is not installed") or 77) if not livetest.MOSQUITTO else None

SPIKED = 44


class Verify(LiveCase):
    def broker(self):
        folder = tempfile.mkdtemp(prefix="hb-mqtt-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        broker = livetest.Broker(folder)
        self.addCleanup(broker.stop, signal.SIGKILL)
        return broker.start()

    def messages(self):
        rng = random.Random(5)
        out = []
        per = PER_WINDOW * len(CHANNELS)
        for i, line in enumerate(telemetry(SPIKED + 3, faults=False)):
            d = dict(json.loads(line), seq=i)
            if i // per == SPIKED and i % per == 31:  # press is the fourth of four
                d["value"] = 500.0
            out.append(json.dumps(d))
            if i % 50 == 49:
                out.append(out[rng.randrange(max(0, len(out) - 600), len(out))])
        return out

    def test_it_follows_from_the_records(self):
        broker = self.broker()
        config = CONFIG.replace("source: file_replay\npath: rig.jsonl\n",
                                f"source: mqtt\nbroker: mqtt://127.0.0.1:{broker.port}\ntopic: lab/#\n")
        self.workspace([], config + "signing_key: daemon.pem\nevidence_pack_on_fail: true\ncheckpoint_interval: 500ms\n")
        key = self.path("daemon.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        os.chmod(key, 0o600)
        pub = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True).stdout
        self.write("daemon.pub", pub)
        p = self.start()
        self.wait_for(lambda: "connected" in self.log() or "running" in self.log(), 60)
        publisher = livetest.Publisher(broker.port, 1)
        messages = self.messages()
        half = len(messages) * (SPIKED * 2 + 1) // (2 * (SPIKED + 3))
        for text in messages[:half]:
            publisher.send("lab/rig", text)
        publisher.settle()
        p.send_signal(signal.SIGKILL)  # in the middle of the window
        p.wait()
        p = self.start()
        for text in messages[half:]:
            publisher.send("lab/rig", text)
        publisher.settle()
        self.wait_for(lambda: glob.glob(self.path("evidence/*.zip")), 120)
        self.stop(p)
        pack, = glob.glob(self.path("evidence/*.zip"))
        d = self.hb_json("verify", pack, "--trust", "daemon.pub")
        self.assertEqual((d["verdict"], d["decided_from"], d["holds"]), ("FAIL", "raw", True))


if __name__ == "__main__":
    unittest.main()
