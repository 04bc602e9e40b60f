# SPDX-License-Identifier: Apache-2.0
"""kill -9 of two programs that log at the same time, again and again on the same log: every entry they said was in the
log is there once, in order; the log holds after every kill; nothing is logged twice. Read by a second implementation."""
import json
import os
import random
import subprocess
import unittest

import tlog
from hbtest import Case

WRITER = os.environ["HB_AUDIT_WRITER"]
ROUNDS = int(os.environ.get("HB_KILLS", "50"))


class Kill(Case):
    def start(self, number, name):
        # The even ones share a registry, the odd one has its own; all share the log.
        return subprocess.Popen([WRITER, self.path(f"runs{number % 2}.db"), self.path("audit"), name], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def one_round(self, i):
        rng = random.Random(i)
        names = [f"r{i}w{k}" for k in range(2)]
        writers = [self.start(k if i % 3 else 0, n) for k, n in enumerate(names)]
        wanted, got = rng.randrange(1, 40), b""
        while got.count(b"\n") < wanted:  # after some number of acknowledgements, not after some time
            part = writers[0].stdout.read1(65536)
            if not part:
                self.fail(writers[0].stderr.read().decode())
            got += part
        for w in writers:
            w.kill()
        said = got.decode()
        for w in writers:
            out, err = w.communicate(timeout=60)
            self.assertEqual((w.returncode, err), (-9, b""))
            said += out.decode()
        if not os.path.exists(self.path("audit/checkpoint")):
            self.assertEqual(said, "")
            return 0
        # As the killed programs left it: whole, and with every entry that was acknowledged.
        entries = [json.loads(e) for e in tlog.Log(self.path("audit")).check()]
        there = {}
        for e in entries:
            there.setdefault(e["data"]["name"], []).append(int(e["subject"]))
        for name, numbers in there.items():
            self.assertEqual(numbers, list(range(len(numbers))), name)
        for line in said.splitlines():
            name, number = line.split()
            self.assertLess(int(number), len(there[name]))
        numbers = [(e["registry"], e["seq"]) for e in entries]
        self.assertEqual(len(set(numbers)), len(numbers))
        return len(entries)

    def test_what_was_logged_is_in_the_log_once(self):
        last = 0
        for i in range(ROUNDS):
            with self.subTest(i):
                size = self.one_round(i)
                self.assertGreaterEqual(size, last)
                last = size
        self.hb("--db", "runs0.db", "audit", "verify")
        print(f"{ROUNDS} rounds of kill -9, {last} entries")


if __name__ == "__main__":
    unittest.main()
