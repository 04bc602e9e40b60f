# SPDX-License-Identifier: Apache-2.0
"""The sender is killed at random moments, the receiver fails at random: at least once, in order."""
import json
import os
import random
import time
import unittest

from receivers import AlertCase, seeded_fate

ROUNDS = int(os.environ.get("HB_KILL_ROUNDS", "30"))


class Kill(AlertCase):
    def test_every_event_at_least_once_whenever_the_sender_dies(self):
        seed = int(os.environ.get("HB_KILL_SEED", "7"))
        r = random.Random(seed)
        receiver = self.receiver(seeded_fate(seed, 0.6))
        sinks = [{"sink": "webhook", "url": f"http://127.0.0.1:{receiver.port}/", "timeout_ms": 150},
                 {"sink": "file", "path": "out.jsonl"}]
        n = 0
        for _ in range(ROUNDS):
            n += r.randrange(1, 8)
            s = self.sender(sinks, n, 5, max_pause_ms=100)
            s.wait_line("ready")
            time.sleep(r.random() * 0.25)
            s.kill()
        s = self.sender(sinks, n, 5, max_pause_ms=100)
        s.wait_line("empty")
        s.end()
        self.assertEqual(len(self.log()), n)
        events = receiver.events()
        self.check_delivered(events)
        print(f"\nseed {seed}: {ROUNDS} kills, {n} events, {len(events)} received", end=" ")
        with open(self.path("out.jsonl"), "rb") as f:
            lines = f.read().splitlines()
        whole = []
        for line in lines:
            try:
                whole.append(json.loads(line))
            except ValueError:
                pass  # torn by a kill; it came again
        self.check_delivered(whole)


if __name__ == "__main__":
    unittest.main()
