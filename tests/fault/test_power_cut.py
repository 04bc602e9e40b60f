# SPDX-License-Identifier: Apache-2.0
"""The power goes while entries are logged: anywhere, and with any part of what was not synced lost, of the registry and
its queue as well as of the log's tiles, checkpoint and keys. Whatever is found then, the log is whole and the beginning
of the one there was, every entry that a program said was logged is there, and the next program goes on without a hand.
Some programs are killed before, so that the next one stands on what only the first would have synced."""
import json
import os
import random
import shutil
import subprocess
import unittest

import disk
import tlog
from hbtest import Case

WRITER = os.environ["HB_AUDIT_WRITER"]
PRELOAD = os.environ["HB_TRACE_LIBRARY"]
RUNS = int(os.environ.get("HB_POWER_RUNS", "12"))
CUTS = int(os.environ.get("HB_POWER_CUTS", "25"))


class PowerCut(Case):
    def write_some(self, folder, name, rounds, trace=None, stop=0):
        env = dict(os.environ, LD_PRELOAD=PRELOAD)  # without a trace too: it waits for no disk
        if trace:
            env.update(HB_TRACE_ROOT=folder, HB_TRACE_FILE=trace, HB_TRACE_STOP=str(stop))
        r = subprocess.run([WRITER, f"{folder}/runs.db", f"{folder}/audit", name, str(rounds)], env=env, capture_output=True)
        self.assertIn(r.returncode, (0, -9) if stop else (0,), r.stderr)

    def entries(self, folder):
        """By a second implementation: signature, every tile, root."""
        if not os.path.exists(f"{folder}/audit/checkpoint"):
            return []
        return tlog.Log(f"{folder}/audit").check()

    def check(self, folder, told, whole):
        found = self.entries(folder)
        self.assertEqual(found, whole[:len(found)])
        names = [(e["data"]["name"], int(e["subject"])) for e in map(json.loads, found)]
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(told - set(names), set())
        if found:
            self.hb("-w", folder, "--db", f"{folder}/runs.db", "audit", "verify")
        # And on it goes.
        self.write_some(folder, "after", 2)
        self.hb("-w", folder, "--db", f"{folder}/runs.db", "audit", "verify")
        then = self.entries(folder)
        self.assertEqual(then[:len(found)], found)
        parsed = [json.loads(e) for e in then]
        self.assertEqual(len({(e["registry"], e["seq"]) for e in parsed}), len(parsed))
        self.assertEqual([e["subject"] for e in parsed if e["data"]["name"] == "after"], ["0", "1", "2"])
        return len(found)

    def when_to_kill(self, rng, folder):
        """After which record: mostly where a folder or the checkpoint has its name, and nothing more is done yet."""
        shutil.copytree(folder, folder + "-like")
        trace = folder + "-trace"
        self.write_some(folder + "-like", "killed", 6, trace)
        shutil.rmtree(folder + "-like")
        records = list(disk.records(trace))
        named = [i + 1 for i, r in enumerate(records) if r[0] == "M" or (r[0] == "R" and r[5].endswith("/checkpoint"))]
        return rng.choice(named) if rng.randrange(4) else 1 + rng.randrange(len(records))

    def one_run(self, seed, totals):
        rng = random.Random(seed)
        folder, trace = self.path(f"w{seed}"), self.path(f"trace{seed}")
        os.mkdir(folder)
        if seed % 3:  # up to where a tile becomes whole; else the log begins
            self.write_some(folder, "before", 97 + rng.randrange(6))
        before = disk.Disk(folder)
        if seed % 2:
            self.write_some(folder, "killed", 6, trace, self.when_to_kill(rng, folder))
        killed = len(list(disk.records(trace))) if seed % 2 else 0
        self.write_some(folder, "writer", 6, trace)
        whole = self.entries(folder)
        records = list(disk.records(trace))
        early = min(len(records), killed + 70)  # while the next program takes over
        cuts = sorted(rng.randrange(1, len(records) + 1) if i % 2 else rng.randrange(max(1, killed), early + 1) for i in range(CUTS))
        told, done = set(), 0
        for cut in cuts:
            for r in records[done:cut]:
                if r[0] == "A":
                    told.update((n, int(i)) for n, i in (line.split() for line in r[6].decode().splitlines()))
                else:
                    before.apply(r)
            done = cut
            out = self.path("found")
            before.power_goes(rng, out)
            with self.subTest(run=seed, cut=cut):
                n = self.check(out, told, whole)
                totals["lost"] += n < len(whole)
                totals["kept"] += bool(told)
            shutil.rmtree(out)
        shutil.rmtree(folder)

    def test_the_log_is_whole_after_any_cut(self):
        totals = {"lost": 0, "kept": 0}
        for seed in range(RUNS):
            self.one_run(seed, totals)
        self.assertGreater(totals["lost"], RUNS * CUTS // 4)  # else the cuts show nothing
        self.assertGreater(totals["kept"], RUNS * CUTS // 4)
        print(f"{RUNS * CUTS} cuts: {totals}")


if __name__ == "__main__":
    unittest.main()
