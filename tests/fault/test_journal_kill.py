# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a program that appends from three threads, again and again on the same journal: every record it said was
acknowledged is there once, in order, with its bytes. Read by a second implementation of the format and by hb."""
import json
import os
import random
import subprocess
import unittest

import journals
from hbtest import Case

WRITER = os.environ["HB_JOURNAL_WRITER"]
ROUNDS = int(os.environ.get("HB_KILLS", "100"))


class Kill(Case):
    def one_round(self, seed, before):
        rng = random.Random(seed)
        p = subprocess.Popen([WRITER, self.path("live/journal"), str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Killed after some number of acknowledgements, not after some time: machines differ.
        wanted = rng.randrange(1, 3000)
        got = b""
        while got.count(b"\n") < wanted:
            part = p.stdout.read1(65536)
            if not part:
                self.fail(p.stderr.read().decode())
            got += part
        p.kill()
        rest, err = p.communicate(timeout=60)
        self.assertEqual((p.returncode, err), (-9, b""))
        acknowledged = {}
        for line in (got + rest).decode().split("\n")[:-1]:
            thread, number = map(int, line.split())
            self.assertEqual(number, acknowledged.get(thread, -1) + 1)
            acknowledged[thread] = number
        # As the killed program left it, without a recovery: a reader sees every acknowledged record.
        found = {}
        out = self.hb("journal", "cat", "--json", "--from", before)
        for line in out.splitlines():
            r = json.loads(line)
            thread, number, filler = r["payload"].split(" ")
            self.assertEqual((int(number), r["source"]), (found.get(int(thread), -1) + 1, "t" + thread))
            self.assertEqual(filler, chr(97 + int(number) % 26) * len(filler))
            found[int(thread)] = int(number)
        for thread, last in acknowledged.items():
            self.assertGreaterEqual(found.get(thread, -1), last)
            self.assertLessEqual(found[thread], last + 1)  # appended, killed before it was told
        return json.loads(self.hb("journal", "verify", "--json"))["end"]

    def test_nothing_acknowledged_is_lost(self):
        end = 0
        for i in range(ROUNDS):
            end = self.one_round(i, end)
            if i % 10 == 9:
                self.hb("journal", "repair")  # cuts what the kill left unfinished
                kept = list(journals.records(self.path("live/journal")))
                self.assertEqual(json.loads(self.hb("journal", "verify", "--json"))["records"], len(kept))
                self.assertEqual([r[0] for r in kept], sorted({r[0] for r in kept}))
                for name in os.listdir(self.path("live/journal")):
                    os.remove(os.path.join(self.path("live/journal"), name))
                end = 0


if __name__ == "__main__":
    unittest.main()
