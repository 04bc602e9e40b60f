# SPDX-License-Identifier: Apache-2.0
"""The operating mode from the data: windows, decisions, baselines, reports and packs follow it."""
import json
import random
import unittest
import zipfile

import packs
from livecase import CHANNELS, REGISTRY, STEP, T0
from test_daemon_raw import ALWAYS, Raw

MODES = """operating_modes:
  metric: rig.mode
  values: {0: idle, 1: cruise}
"""
CONFIG = ALWAYS.replace("train: {windows: 40}", "train: {windows: 12}") + MODES
OVERRIDES = REGISTRY.replace("volt: {unit: V}", "volt: {unit: V, drift_threshold: 2}") + """  rig.mode: {stale_after: 1h}
mode_overrides:
  cruise: {metrics: {volt: {drift_threshold: 0.02}}}
"""
BLOCK = 20  # windows of one mode
BLOCKS = 4
DRIFTS = range(72, 78)  # in the second block of cruise


def telemetry(seed=5):
    """Levels of cruise are others; the mode is told when it changes and once in two windows: it is
    no metric that must be heard of every 2 minutes."""
    rng = random.Random(seed)
    lines = []
    per = 300 // STEP
    before = None
    for i in range(BLOCK * BLOCKS * per):
        w, t = i // per, T0 + i * STEP
        mode = (i + per // 2) // per // BLOCK % 2  # changes in the middle of a window
        if mode != before or i % (2 * per) == 7:
            lines.append(f'{{"timestamp": {t}, "metric": "rig.mode", "value": {mode}}}\n')
        before = mode
        for name, (mean, sd, unit) in CHANNELS.items():
            value = mean * (1.5 if mode else 1) + rng.gauss(0, sd)
            if name == "volt" and w in DRIFTS:
                value += 0.06
            lines.append(f'{{"timestamp": {t}, "metric": "{name}", "value": {value:.6f}, "unit": "{unit}"}}\n')
    return lines


class Modes(Raw):
    def prepare_modes(self, config=CONFIG):
        self.prepare(config, lines=telemetry())
        self.write("metric_registry.yaml", OVERRIDES)

    def test_each_mode_is_judged_against_its_own_baseline(self):
        self.prepare_modes()
        counts = json.loads(self.once("--json"))["counts"]
        self.assertEqual((counts["mode_unknown"], counts["mode_changed"]), (0, BLOCKS - 1 + 1))
        tags = {row[0] for row in self.query("SELECT tag FROM tags")}
        self.assertEqual(tags, {"golden-idle", "golden-cruise"})
        weighed = self.query("SELECT (start_ns / 1000000000 - %d) / 300, verdict FROM live_windows "
                             "WHERE verdict IN ('FAIL', 'PASS_WITH_DRIFT') ORDER BY 1" % T0)
        self.assertTrue(weighed)
        self.assertLessEqual({w for w, _ in weighed}, set(DRIFTS) | {DRIFTS.stop}, "no drift where the mode changes")
        runs = dict(self.query("SELECT operating_mode, count(*) FROM runs GROUP BY 1"))
        self.assertEqual(set(runs), {"idle", "cruise"})

    def test_packs_are_judged_again_from_their_records(self):
        self.prepare_modes()
        self.once()
        for pack in self.all_hold_from_raw():
            with zipfile.ZipFile(pack) as z:
                self.assertEqual(json.loads(z.read("reference.json"))["config"]["mode"], "cruise")
                how = json.loads(z.read("raw/reading.json"))["journal"]["how"]
                self.assertEqual(how["operating_modes"], {"metric": "rig.mode", "values": [
                    {"mode": "idle", "value": 0}, {"mode": "cruise", "value": 1}]})
            self.assertTrue(self.hb_json("replay", pack)["same"])

    def test_their_tags_are_the_policys(self):
        """Its tag, and the mode behind it: another one is told of."""
        self.prepare_modes()
        self.write("baseline_policy.yaml", "baseline_policy: {strategy: golden}\n")
        self.once()
        pack = self.packs()[0]
        said = lambda p: [a["text"] for a in self.verify(p)["answers"] if a["question"] == "approvals"]
        self.assertNotIn("chosen by the tag", said(pack)[0])
        with zipfile.ZipFile(pack) as z:
            files = {n: z.read(n) for n in z.namelist()}
        for tag in ("golden-idle", "golden-cruise-cruise", "golden-", "silver-cruise"):
            other = files["reference.json"].replace(b'"golden-cruise"', f'"{tag}"'.encode())
            self.assertNotEqual(other, files["reference.json"])
            self.assertIn(f"chosen by the tag '{tag}'", said(self.signed(dict(files, **{"reference.json": other})))[0])

    def test_another_meaning_of_the_values_is_noticed(self):
        self.prepare_modes()
        self.once()
        with zipfile.ZipFile(self.packs()[0]) as z:
            files = {n: z.read(n) for n in z.namelist()}
        reading = json.loads(files["raw/reading.json"])
        for v in reading["journal"]["how"]["operating_modes"]["values"]:
            v["mode"] = {"idle": "cruise", "cruise": "idle"}[v["mode"]]
        told = self.verify(self.signed(dict(files, **{"raw/reading.json": packs.canonical(reading)})))
        self.assertFalse(told["holds"])
        self.assertEqual({a["question"] for a in told["answers"] if a["answer"] in ("fails", "not_checked")},
                         {"commitments", "reading"})

    def test_what_cannot_be_is_said_at_the_start(self):
        for config, registry, said in (
                (CONFIG.replace("0: idle", "0: transition"), OVERRIDES, "not 'transition' or 'unknown'"),
                (CONFIG.replace("0: idle", "off: idle"), OVERRIDES, "must be a number"),
                (CONFIG + "context: {operating_mode: idle}\n", OVERRIDES, "give one"),
                (CONFIG.replace("  metric: rig.mode\n", ""), OVERRIDES, "needs 'metric' and 'values'"),
                (CONFIG.replace("  metric:", "  channel:"), OVERRIDES, "unknown key 'channel'"),
                (CONFIG, OVERRIDES.replace("{drift_threshold: 0.02}", "{invariant_max: 9}"), "mode_overrides of 'cruise'")):
            self.prepare(config, lines=telemetry()[:50])
            self.write("metric_registry.yaml", registry)
            r = self.run_hb("daemon", "--once")
            self.assertNotEqual(r.returncode, 0)
            self.assertIn(said, r.stderr.decode())


if __name__ == "__main__":
    unittest.main()
