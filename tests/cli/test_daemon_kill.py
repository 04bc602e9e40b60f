# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments: what is decided in the end is what an uninterrupted run decides, byte for byte."""
import os
import random
import subprocess
import unittest

from livecase import CONFIG, LiveCase, telemetry

ROUNDS = int(os.environ.get("HB_KILL_ROUNDS", "10"))
SEED = int(os.environ.get("HB_KILL_SEED", "1"))


class Kill(LiveCase):
    def test_decisions_are_those_of_an_uninterrupted_run(self):
        lines = telemetry()
        config = CONFIG + "checkpoint_interval: 300ms\n"
        self.workspace(lines, config, at="ws")
        self.once(at="ws")
        expected = self.outcome("ws")
        expected_events = set(self.sent("ws"))
        os.rename(self.path("ws"), self.path("whole"))
        rng = random.Random(SEED)
        kills = 0
        fresh = 0
        while kills < ROUNDS:
            at = "ws"  # the same name: paths are part of what is told
            if os.path.exists(self.path(at)):
                os.rename(self.path(at), self.path(f"old-{fresh}"))
            fresh += 1
            self.workspace(lines, config, at=at)
            done = False
            while not done:
                p = self.start("--once", at=at)
                try:
                    p.wait(timeout=rng.choice((0.03, 0.1, 0.3, 0.6)) * rng.random() if kills < ROUNDS else 120)
                except subprocess.TimeoutExpired:
                    p.kill()
                    kills += 1
                p.wait()
                self.assertIn(p.returncode, (0, -9), self.log(at))
                done = p.returncode == 0
            self.assertNotIn("decided_otherwise", self.log(at))
            with self.subTest(kills=kills, seed=SEED):
                self.same_outcome(expected, self.outcome(at))
                events = self.sent(at)
                self.assertEqual(set(events), expected_events, "at least once, with stable ids")
                # reconciled: every line of the file is in one window of the tumbling definition
                judged, = self.query("SELECT sum(samples) FROM live_windows", at)[0]
                self.assertEqual(judged, sum(r[11] for r in expected["windows"]))
        print(f"{kills} kills in {fresh} workspaces")


if __name__ == "__main__":
    unittest.main()
