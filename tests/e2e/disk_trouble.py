# SPDX-License-Identifier: Apache-2.0
"""The disk is full, or the registry is not to be had: for the journal, the registry and the reports each. The
daemon goes on, health and /ready say why, the broker keeps what the journal has no room for, and when there is
room again everything is judged as if nothing had been."""
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import unittest

import lab
import livetest

sys.exit(print("skipped: mosquitto is not installed") or 77) if not livetest.MOSQUITTO else None

MIB = 1 << 20
FAULT = ("--fault", "step:s00.m01:20:60:9")


class Disk(lab.Case):
    def small_disk(self, folder, mib):
        """A tmpfs of so many MiB."""
        os.makedirs(folder, exist_ok=True)
        p = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", folder], capture_output=True,
                           text=True)
        if p.returncode:
            self.skipTest(f"mounts are not allowed here: {p.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)

    def fill(self, folder, leave):
        """Until only `leave` bytes are left."""
        st = os.statvfs(folder)
        with open(os.path.join(folder, "filler"), "wb") as f:
            os.posix_fallocate(f.fileno(), 0, st.f_bavail * st.f_frsize - leave)

    def ready_again(self, d):
        h = d.until("ready again", lambda h: h["ready"] and not h["degraded"])
        self.assertEqual(d.get("/ready")[0], 200)
        return h

    def test_no_room_for_the_journal(self):
        broker = self.broker()
        disk = self.path("disk")
        self.small_disk(disk, 16)
        d = self.lab(broker, settings=f"journal: {{dir: {disk}/journal, segment_mb: 1}}\n")
        d.start()
        d.until_running()
        self.fill(disk, 2 * MIB)
        acknowledged = self.rig(broker, "--windows", 600)
        h = d.until("a full disk", lambda h: h["degraded"] and "No space" in h["degraded_why"])
        self.assertIn("source", h["degraded_why"])
        code, ready = d.get("/ready")
        self.assertEqual(code, 503)
        self.assertIn("No space", d.check(ready, "journal")["why"])
        self.assertLess(h["sources"][0]["records"], len(acknowledged), "it was not full at all")
        os.unlink(os.path.join(disk, "filler"))
        d.until_judged(len(acknowledged))
        self.ready_again(d)
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_no_room_for_the_registry(self):
        broker = self.broker()
        disk = self.path("disk")
        self.small_disk(disk, 32)
        d = self.lab(broker, settings=f"db_path: {disk}/runs.db\ncircuit_breaker: {{open_sec: 1}}\n")
        d.start()
        d.until_running()
        first = self.rig(broker, "--windows", 15)
        d.until_judged(len(first))
        self.fill(disk, 0)
        acknowledged = self.rig(broker, "--first", 15, "--windows", 80, *FAULT)
        h = d.until("a full disk", lambda h: h["degraded"] and "full" in d.check(h, "registry")["why"])
        self.assertIn("registry", h["degraded_why"])
        self.assertEqual(d.get("/ready")[0], 503)
        d.until("the journal goes on", lambda h: h["sources"][0]["records"] >= len(acknowledged))
        os.unlink(os.path.join(disk, "filler"))
        d.until_judged(len(acknowledged))
        self.ready_again(d)
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_no_room_for_reports(self):
        broker = self.broker()
        d = self.lab(broker)
        self.small_disk(d.path("reports"), 8)
        d.start()
        d.until_running()
        self.fill(d.path("reports"), 0)
        acknowledged = self.rig(broker, "--windows", 40, *FAULT)
        d.until_judged(len(acknowledged))
        h = d.until("told", lambda h: h["degraded"] and "report" in h["degraded_why"])
        self.assertIn("No space", h["degraded_why"])
        without = d.query("SELECT count(*) FROM live_windows WHERE verdict IN ('PASS_WITH_DRIFT', 'FAIL')"
                          " AND report = '' AND json IS NOT NULL")[0][0]
        self.assertGreater(without, 0, "the decisions are kept without their reports")
        os.unlink(d.path("reports/filler"))
        acknowledged = self.rig(broker, "--first", 40, "--windows", 70, *FAULT)
        d.until_judged(len(acknowledged))
        self.ready_again(d)
        self.assertEqual(d.stop(), 0, d.log())
        last, = d.query("SELECT report FROM live_windows WHERE report <> '' ORDER BY end_ns DESC LIMIT 1")[0]
        self.assertTrue(os.path.exists(last if os.path.isabs(last) else d.path(last)))
        self.reconcile(d, acknowledged)
        self.same_again(d)


class Registry(lab.Case):
    def begin(self, settings=""):
        broker = self.broker()
        d = self.lab(broker, settings="circuit_breaker: {open_sec: 1}\n" + settings)
        d.start()
        d.until_running()
        first = self.rig(broker, "--windows", 15)
        d.until_judged(len(first))
        return broker, d

    def test_locked_by_another_process(self):
        broker, d = self.begin()
        other = sqlite3.connect(d.path("runs.db"), isolation_level=None, timeout=30)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        acknowledged = self.rig(broker, "--first", 15, "--windows", 60, *FAULT)
        h = d.until("a locked registry", lambda h: "locked" in d.check(h, "registry")["why"])
        self.assertTrue(h["degraded"])
        self.assertEqual(d.get("/ready")[0], 503)
        d.until("the journal goes on", lambda h: h["sources"][0]["records"] >= len(acknowledged))
        self.assertEqual(d.get("/live")[0], 200)
        other.execute("ROLLBACK")
        d.until_judged(len(acknowledged))
        d.until("ready again", lambda h: h["ready"] and not h["degraded"])
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_asked_to_end_while_it_is_locked(self):
        broker, d = self.begin()
        other = sqlite3.connect(d.path("runs.db"), isolation_level=None, timeout=30)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        acknowledged = self.rig(broker, "--first", 15, "--windows", 60, *FAULT)
        d.until("the journal goes on", lambda h: h["sources"][0]["records"] >= len(acknowledged))
        d.until("a locked registry", lambda h: "locked" in d.check(h, "registry")["why"])
        d.process.send_signal(signal.SIGTERM)
        d.process.wait(livetest.PATIENCE_S)
        d.stop()
        other.execute("ROLLBACK")
        # what was not decided is decided by the next start
        d.start()
        d.until("all of it", lambda h: h["engine"]["lag_bytes"] == 0)
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_deleted_under_the_daemon(self):
        broker, d = self.begin()
        os.rename(d.path("runs.db"), d.path("away.db"))
        acknowledged = self.rig(broker, "--first", 15, "--windows", 60, *FAULT)
        h = d.until("a registry that is gone", lambda h: not d.check(h, "registry")["ok"])
        self.assertIn("removed or replaced", d.check(h, "registry")["why"])
        self.assertTrue(h["degraded"])
        d.until("the journal goes on", lambda h: h["sources"][0]["records"] >= len(acknowledged))
        # nothing is decided into a file that nobody will find again
        self.assertLessEqual(sum(h["windows"]["verdicts"].values()), 15)
        os.rename(d.path("away.db"), d.path("runs.db"))
        d.until_judged(len(acknowledged))
        d.until("ready again", lambda h: h["ready"] and not h["degraded"])
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)
        self.same_again(d)

    def test_deleted_for_good(self):
        broker, d = self.begin()
        for name in ("runs.db", "runs.db-wal", "runs.db-shm"):
            if os.path.exists(d.path(name)):
                os.unlink(d.path(name))
        acknowledged = self.rig(broker, "--first", 15, "--windows", 40)
        d.until("a registry that is gone", lambda h: "removed or replaced" in d.check(h, "registry")["why"])
        d.until("the journal goes on", lambda h: h["sources"][0]["records"] >= len(acknowledged))
        d.stop()
        # a new registry: everything the journal holds is judged anew
        d.start()
        d.until("all of it", lambda h: h["engine"]["lag_bytes"] == 0)
        self.assertEqual(d.stop(), 0, d.log())
        self.reconcile(d, acknowledged)

    def test_made_read_only_under_the_daemon(self):
        """The rights of files that are open do not matter to it; those of the folder do at the next start."""
        broker, d = self.begin()
        os.chmod(d.path("runs.db"), 0o400)
        acknowledged = self.rig(broker, "--first", 15, "--windows", 40)
        d.until_judged(len(acknowledged))
        self.assertEqual(d.stop(), 0, d.log())
        os.chmod(d.path("runs.db"), 0o600)
        self.reconcile(d, acknowledged)
        self.same_again(d)


if __name__ == "__main__":
    unittest.main()
