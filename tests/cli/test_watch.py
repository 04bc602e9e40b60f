# SPDX-License-Identifier: Apache-2.0
"""hb watch: files as they arrive; a bad one costs itself alone (the original ended, and blocked all
later files)."""
import json
import os
import signal
import subprocess
import time
import unittest

from hbtest import HB, Case


def run_csv(level):
    rows = "".join(f"{i},{level + (i * 7 % 5) * 0.1}\n" for i in range(50))
    return "time,temp\n" + rows


class Watch(Case):
    def put(self, name, content, age=60):
        path = self.write(name, content)
        os.utime(path, (time.time() - age, time.time() - age))
        return path

    def once(self, *options, code=0):
        out = self.hb("watch", "in", "--once", "--json", "--test-name", "t", *options, code=code)
        return [json.loads(line) for line in out.splitlines()]

    def test_oldest_first_once_and_again_when_changed(self):
        self.put("in/b.csv", run_csv(20), age=300)
        self.put("in/a.csv", run_csv(20.01), age=200)
        self.put("in/.hidden", "x")
        seen = self.once()
        self.assertEqual([s["file"] for s in seen], ["b.csv", "a.csv"])
        self.assertEqual([s["outcome"] for s in seen], ["judged"] * 2)
        self.assertEqual(seen[0]["verdict"], "NO_TEST")
        self.assertTrue(os.path.exists(self.path(seen[1]["report"])))
        self.assertEqual(self.once(), [])
        self.put("in/a.csv", run_csv(90), age=10)
        again = self.once()
        self.assertEqual([s["file"] for s in again], ["a.csv"])
        self.assertNotEqual(again[0]["run_id"], seen[1]["run_id"])
        runs = self.hb_json("runs", "list")["runs"]
        self.assertEqual(len(runs), 3)

    def test_a_bad_file_holds_up_nobody(self):
        self.put("in/1.csv", b"\x00\xff\x00binary" * 100, age=300)
        self.put("in/2.csv", run_csv(20), age=200)
        seen = self.once(code=2)
        self.assertEqual([s["outcome"] for s in seen], ["bad", "judged"])
        self.assertTrue(seen[0]["why"])
        self.assertEqual(self.once(), [], "told once")
        self.put("in/3.csv", "", age=100)
        seen = self.once("--quarantine", "bad", code=2)
        self.assertEqual([s["outcome"] for s in seen], ["quarantined"])
        self.assertTrue(os.path.exists(self.path("bad/3.csv")))
        self.put("in/3.csv", "", age=90)
        self.once("--quarantine", "bad", code=2)
        self.assertTrue(os.path.exists(self.path("bad/3.csv.1")), "nothing is overwritten")

    def test_a_quarantine_that_cannot_be_holds_up_nobody(self):
        self.put("in/1.csv", "", age=300)
        self.put("in/2.csv", run_csv(20), age=200)
        self.write("bad", "a file where the folder should be")
        seen = self.once("--quarantine", "bad", code=2)
        self.assertEqual([s["outcome"] for s in seen], ["bad", "judged"])
        self.assertIn("not moved", seen[0]["why"])

    def test_a_file_that_never_ends(self):
        os.makedirs(self.path("in"))
        self.put("in/x.csv", run_csv(1) * 2000, age=100)
        seen = self.once("--timeout", "0.001", code=2)
        self.assertIn("--timeout", seen[0]["why"])

    def test_pattern_and_run_meta(self):
        self.put("in/a.csv", run_csv(1))
        self.put("in/a.txt", run_csv(1))
        self.put("meta/a.json", json.dumps({"run_id": "from-meta", "program": "apollo"}))
        seen = self.once("--pattern", "*.csv", "--run-meta-dir", "meta")
        self.assertEqual([s["run_id"] for s in seen], ["from-meta"])
        self.assertEqual(self.hb_json("runs", "show", "from-meta")["program"], "apollo")

    def test_a_broken_state_is_not_written_over(self):
        self.put("in/a.csv", run_csv(1))
        self.write("watch.json", "{")
        self.hb_error("watch", "in", "--once", code=2, has=["watch.json", "move it away"])
        with open(self.path("watch.json")) as f:
            self.assertEqual(f.read(), "{")

    def test_live_and_restart(self):
        os.makedirs(self.path("in"))
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HB_")}

        def start():
            return subprocess.Popen([HB, "watch", "in", "--settle", "0.5", "--json", "--test-name", "t"],
                                    cwd=self.dir, stdout=subprocess.PIPE, text=True, env=clean)

        watcher = start()
        self.addCleanup(watcher.kill)
        # Written in pieces: judged when it rests, as a whole.
        with open(self.path("in/slow.csv"), "w") as f:
            text = run_csv(5)
            for i in range(0, len(text), 200):
                f.write(text[i:i + 200])
                f.flush()
                time.sleep(0.1)
        first = json.loads(watcher.stdout.readline())
        self.assertEqual((first["file"], first["outcome"]), ("slow.csv", "judged"))
        shown = self.hb_json("runs", "show", first["run_id"])
        self.assertEqual(shown["metrics"][0]["n"], 50)
        watcher.send_signal(signal.SIGKILL)
        watcher.communicate()
        self.write("in/next.csv", run_csv(5.001))
        watcher = start()
        self.addCleanup(watcher.kill)
        self.assertEqual(json.loads(watcher.stdout.readline())["file"], "next.csv")
        watcher.send_signal(signal.SIGTERM)
        self.assertEqual(watcher.communicate(timeout=30)[0], "")
        self.assertEqual(watcher.returncode, 0)

    def test_usage(self):
        self.hb_error("watch", "nowhere", code=2, has="no folder")
        self.hb_error("watch", code=2, has="DIR")


if __name__ == "__main__":
    unittest.main()
