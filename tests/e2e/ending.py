# SPDX-License-Identifier: Apache-2.0
"""Asked to end under load, asked to read a broken configuration, started twice."""
import os
import signal
import sys
import time
import unittest

import lab
import livetest

sys.exit(print("skipped: mosquitto is not installed") or 77) if not livetest.MOSQUITTO else None

ROUNDS = int(os.environ.get("HB_END_ROUNDS", "5"))
# Promised are 5 s. A loaded machine and a build with sanitizers get more before it counts as hanging.
END_S = float(os.environ.get("HB_END_S", "15"))


class Ending(lab.Case):
    def test_sigterm_under_load(self):
        broker = self.broker()
        d = self.lab(broker)
        rig = self.rig(broker, "--windows", 3000, wait=False)
        took = []
        for _ in range(ROUNDS):
            d.start()
            d.until("load", lambda h: h["sources"] and h["sources"][0]["records"] > 100)
            began = time.monotonic()
            d.process.send_signal(signal.SIGTERM)
            d.process.wait(END_S)
            took.append(time.monotonic() - began)
            self.assertEqual(d.stop(), 0, d.log())
        acknowledged = self.acknowledged(rig)
        d.start()
        d.until("all of it", lambda h: h["sources"] and h["engine"]["lag_bytes"] == 0
                and len(d.messages()) >= len(acknowledged), livetest.PATIENCE_S * 3)
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)
        print(f"{ROUNDS} times asked to end under load: {max(took):.2f} s at most")


class Reload(lab.Case):
    def test_a_broken_file_changes_nothing_and_says_where(self):
        broker = self.broker()
        d = self.lab(broker, settings="alert_sinks:\n  - {sink: file, path: alerts.jsonl}\n")
        d.start()
        d.until_running()
        for text, where in ((d.text + "nonsense: 1\n", "nonsense"), (d.text + "windows: [\n", "daemon.yaml"),
                            (d.text.replace("{sink: file,", "{sink: fil,"), "fil")):
            d.write("daemon.yaml", text)
            seen = d.log().count("not_reloaded")
            d.process.send_signal(signal.SIGHUP)
            livetest.wait_for(f"not_reloaded for {where}", lambda n=seen: d.log().count("not_reloaded") > n)
            line = [x for x in d.told if "not_reloaded" in x][-1]
            self.assertRegex(line, r"daemon\.yaml:\d+:\d+")
            self.assertIn(where, line)
        h = d.until("as it was", lambda h: h["ready"] or h["training"])
        self.assertEqual(h["process"]["config_reloads"], 0)
        self.assertEqual([s["name"] for s in h["sinks"]], ["file"])
        acknowledged = self.rig(broker, "--windows", 20)
        d.until_judged(len(acknowledged))
        # and a sound one is taken over
        d.write("daemon.yaml", d.text + "  - stdout\n")
        d.process.send_signal(signal.SIGHUP)
        h = d.until("the new sink", lambda h: h["process"]["config_reloads"] == 1)
        self.assertEqual([s["name"] for s in h["sinks"]], ["file", "stdout"])
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)


class Twice(lab.Case):
    def refused(self, second):
        """(exit code, what it said) of a daemon that must not run."""
        second.start()
        second.process.wait(livetest.PATIENCE_S)
        return second.stop(), second.log()

    def test_one_journal(self):
        broker = self.broker()
        d = self.lab(broker)
        d.start()
        d.until_running()
        other = self.lab(broker, "other", settings=f"journal: {{dir: {d.journal()}}}\n")
        code, said = self.refused(other)
        self.assertNotEqual(code, 0)
        self.assertIn(f"process {d.process.pid}", said)
        acknowledged = self.rig(broker, "--windows", 20)
        d.until_judged(len(acknowledged))
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)

    def test_one_stream_of_one_registry(self):
        broker = self.broker()
        d = self.lab(broker)
        d.start()
        d.until_running()
        other = self.lab(broker, "other", settings=f"db_path: {d.path('runs.db')}\n")
        other.write("daemon.yaml", other.text.replace("hb-lab", "hb-other"))
        code, said = self.refused(other)
        self.assertNotEqual(code, 0)
        self.assertIn("stream 'rig'", said)
        self.assertIn(f"process {d.process.pid}", said)
        acknowledged = self.rig(broker, "--windows", 20)
        d.until_judged(len(acknowledged))
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        # with another name it may
        other.write("daemon.yaml", other.text.replace("hb-lab", "hb-other").replace("name: rig\n", "name: two\n", 1))
        other.start()
        other.until_running()
        self.assertEqual(other.stop(), 0, other.log())


if __name__ == "__main__":
    unittest.main()
