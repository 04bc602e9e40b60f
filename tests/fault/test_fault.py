# SPDX-License-Identifier: Apache-2.0
"""The program while the disk fills and syncs fail: call number 1, 2, … of each kind fails until none is
left to fail. Whatever happens, it ends with an exit code of ours, an old report stands untouched, a new one is whole or absent,
the registry is sound, and the same command works afterwards."""
import json
import os
import shutil
import sqlite3
import unittest

from hbtest import Case

LIBRARY = os.environ["HB_FAULT_LIBRARY"]


class Faults(Case):
    def setUp(self):
        super().setUp()
        rows = "".join(f"{i},{20 + i % 5},{3 + i % 3}\n" for i in range(200))
        self.write("ws/a.csv", "time,x,y\n" + rows)
        self.write("ws/b.csv", "time,x,y\n" + rows.replace(",22,", ",29,"))
        self.hb("-w", "ws", "init")
        self.hb("-w", "ws", "ingest", "ws/a.csv", "--run-id", "a")
        self.hb("-w", "ws", "baseline", "set", "a")
        self.status = self.hb_json("-w", "ws", "run", "ws/b.csv", "--run-id", "b")["status"]

    def report(self, ws, run):
        folder = self.path(f"{ws}/reports/{run}")
        if not os.path.isdir(folder):
            return None
        content = {}
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as f:
                content[name] = f.read()
        return content

    def check_state(self, ws, old_report):
        self.assertEqual(self.report(ws, "b"), old_report, "the report that was there")
        new = self.report(ws, "c")
        if new is not None:
            self.assertEqual(sorted(new), ["decision.json", "drift_report.html", "drift_report.json"])
            json.loads(new["decision.json"])
            json.loads(new["drift_report.json"])
            self.assertTrue(new["drift_report.html"].rstrip().endswith(b"</html>"))
        db = sqlite3.connect(self.path(ws + "/runs.db"))
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        self.assertEqual({r[0] for r in db.execute("SELECT run_id FROM runs")} - {"c"}, {"a", "b"})
        db.close()

    def once(self, call, n, persist):
        ws, mark = "try", self.path("mark")
        shutil.rmtree(self.path(ws), ignore_errors=True)
        shutil.copytree(self.path("ws"), self.path(ws))
        if os.path.exists(mark):
            os.unlink(mark)
        env = {"LD_PRELOAD": LIBRARY, "HB_FAULT_CALL": call, "HB_FAULT_N": str(n), "HB_FAULT_MARK": mark}
        if persist:
            env["HB_FAULT_PERSIST"] = "1"
        args = ["-w", ws, "run", ws + "/b.csv", "--run-id", "c", "--json"]
        r = self.run_hb(*args, env=env)
        fired = os.path.exists(mark)
        words = f"{call} {n}{' and all after' if persist else ''}: {r.returncode} {r.stderr.decode()}"
        if r.returncode == 0:
            self.assertEqual(json.loads(r.stdout)["run_id"], "c", words)
        else:
            self.assertIn(r.returncode, (1, 2, 3, 4), words)
            self.assertIn("hb: error:", r.stderr.decode(), words)
            self.assertTrue(fired, words)
        self.check_state(ws, self.old)
        again = self.hb_json(*args[:-1])
        self.assertEqual(again["status"], self.status)
        self.check_state(ws, self.old)
        return fired

    def loop(self, call):
        self.old = self.report("ws", "b")
        runs = 0
        for persist in (False, True):
            n = 1
            while self.once(call, n, persist):
                n += 1
                runs += 1
        self.assertGreater(runs, 1)
        print(f"{call}: {runs} faults survived")

    def test_write(self):
        self.loop("write")

    def test_sync(self):
        self.loop("sync")

    def test_rename(self):
        self.loop("rename")

    def test_mkdir(self):
        self.loop("mkdir")


if __name__ == "__main__":
    unittest.main()
