# SPDX-License-Identifier: Apache-2.0
"""hb backup and hb restore: what is in, what never is, and that nothing false is restored."""
import contextlib
import hashlib
import json
import os
import sqlite3
import struct
import subprocess
import sys
import threading
import unittest
import zipfile
import zlib

from hbtest import HB, SOURCE, Case

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)


class Backup(Case):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "schemas", "backup.schema.json"), encoding="utf-8") as f:
            self.schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def check(self, *args, **kw):
        d = self.hb_json(*args, **kw)
        jsonschema.validate(d, self.schema)
        return d

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def tree(self, folder):
        got = {}
        for root, _, names in os.walk(self.path(folder)):
            for n in names:
                p = os.path.join(root, n)
                with open(p, "rb") as f:
                    got[os.path.relpath(p, self.path(folder))] = f.read()
        return got

    def make(self, runs=3):
        self.hb("init", "lab")
        for i in range(runs):
            self.write("a.csv", "time,temp\n" + "".join(f"2026-01-0{i + 1}T10:00:{k:02d}Z,{k + i}\n" for k in range(60)))
            self.hb("-w", "lab", "ingest", "a.csv", "--run-id", f"run-{i}")
        self.hb("-w", "lab", "baseline", "set", "run-0", "--tag", "golden")
        self.write("word", "do not keep this")
        os.chmod(self.path("word"), 0o600)
        self.hb("-w", "lab", "keys", "generate", "ada", "--passphrase-file", "word")
        self.hb("-w", "lab", "keys", "generate", "kim", "--no-passphrase")
        self.hb("-w", "lab", "keys", "rotate", "kim", "--no-passphrase")
        self.write("lab/profiles/rig.yaml", "# a profile\n")
        self.write("lab/reports/x/report.html", "<html>")
        self.write("lab/.hidden.yaml", "x: 1\n")

    def test_what_is_in_it_comes_back(self):
        self.make()
        before = self.tree("lab")
        d = self.check("-w", "lab", "backup", "b.zip")
        self.assertTrue(d["tried"])
        self.assertEqual(d["sha256"], hashlib.sha256(self.read("b.zip")).hexdigest())
        self.assertEqual((d["counts"]["runs"], d["counts"]["tags"]), (3, 1))
        r = self.check("restore", "b.zip", "again")
        self.assertEqual((r["counts"], r["log"], r["sha256"]), (d["counts"], d["log"], d["sha256"]))
        after = self.tree("again")
        same = {n for n in before if n.endswith((".yaml", ".pub", ".json")) and not n.startswith(".")} | {"keys/default", "audit/checkpoint"}
        self.assertEqual([n for n in same if after.get(n) != before[n]], [])
        tiles = [n for n in after if n.startswith("audit/tile/")]
        self.assertTrue(tiles)
        for n in tiles:
            self.assertEqual(after[n], before[n])
        self.assertEqual(os.stat(self.path("again/runs.db")).st_mode & 0o7777, 0o600)
        self.assertEqual(self.hb("-w", "again", "runs", "list"), self.hb("-w", "lab", "runs", "list"))
        with contextlib.closing(sqlite3.connect(self.path("again/runs.db"))) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))

    def test_no_secret_is_in_it(self):
        self.make()
        self.hb("-w", "lab", "backup", "b.zip")
        whole = self.read("b.zip")
        for root, _, names in os.walk(self.path("lab")):
            for n in names:
                if n.endswith(".pem"):
                    body = self.read(os.path.join(root, n)).splitlines()[1]
                    self.assertNotIn(body, whole, n)
        self.assertNotIn(b"PRIVATE KEY", whole)
        self.assertNotIn(b"do not keep this", whole)
        with zipfile.ZipFile(self.path("b.zip")) as z:
            names = z.namelist()
        self.assertFalse([n for n in names if n.endswith(".pem") or n.startswith(("reports/", ".")) or n == "audit/lock"])
        self.assertIn("keys/ada.pub", names)

    def test_the_log_says_that_there_was_one(self):
        self.make()
        d = self.check("-w", "lab", "backup", "b.zip", "--untried")
        self.assertFalse(d["tried"])
        with contextlib.closing(sqlite3.connect(self.path("lab/runs.db"))) as db:
            row = json.loads(db.execute("SELECT entry FROM audit_queue WHERE type = 'backup'").fetchone()[0])
        self.assertEqual((row["subject"], row["data"]["files"]), (d["sha256"], d["files"]))

    def test_it_is_for_its_owner_alone(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.make(1)
        self.hb("-w", "lab", "backup", "b.zip")
        self.hb("restore", "b.zip", "again")
        self.assertEqual(os.stat(self.path("b.zip")).st_mode & 0o777, 0o600)
        for folder, _, _ in os.walk(self.path("again")):
            self.assertEqual(os.stat(folder).st_mode & 0o022, 0, folder)

    def test_nothing_is_written_over(self):
        self.make(1)
        self.write("b.zip", "mine")
        self.hb_error("-w", "lab", "backup", "b.zip", code=2, has="exists")
        self.assertEqual(self.read("b.zip"), b"mine")
        os.unlink(self.path("b.zip"))
        self.hb("-w", "lab", "backup", "b.zip")
        os.mkdir(self.path("there"))
        self.hb_error("restore", "b.zip", "there", code=2, has="exists")
        self.hb_error("restore", "b.zip", "b.zip", code=2, has="exists")
        self.hb_error("restore", "none.zip", "x", code=2, has="none.zip")
        self.hb_error("-w", "lab", "backup", "no/such/b.zip", code=1, has="no/such")
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.csv", "b.zip", "lab", "there", "word"])

    def test_one_changed_byte_anywhere_is_refused(self):
        self.make(1)
        self.hb("-w", "lab", "backup", "b.zip")
        good = self.read("b.zip")
        for k in range(60):
            at = (k * 2654435761 + 17) % len(good) if k > 2 else [0, len(good) - 1, len(good) // 2][k]
            self.write("bad.zip", good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1:])
            r = self.run_hb("restore", "bad.zip", "again")
            self.assertEqual(r.returncode, 12, f"byte {at}: {r.stderr.decode()}")
            self.assertFalse(os.path.exists(self.path("again")))
        self.write("bad.zip", good[:-1])
        self.hb_error("restore", "bad.zip", "again", code=12, has="bad.zip")
        self.assertEqual([n for n in os.listdir(self.dir) if n.startswith(".")], [])

    def repack(self, change):
        """The backup once more, with other files and a manifest that fits them, as somebody who knows the format would."""
        with zipfile.ZipFile(self.path("b.zip")) as z:
            files = {n: z.read(n) for n in z.namelist() if n != "manifest.json"}
            manifest = json.loads(z.read("manifest.json"))
        change(files)
        manifest["files"] = [{"path": n, "sha256": hashlib.sha256(b).hexdigest(), "sha512": hashlib.sha512(b).hexdigest(), "size": len(b)}
                             for n, b in sorted(files.items(), key=lambda x: x[0].encode())]
        files["manifest.json"] = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        local, central = b"", b""
        names = sorted(files, key=lambda n: n.encode())
        with open(self.path("b.zip"), "rb") as f:
            head = f.read(30)
        version, flags, method, t, d = struct.unpack("<HHHHH", head[4:14])
        with zipfile.ZipFile(self.path("b.zip")) as z:
            info = z.infolist()[0]
        for n in names:
            b = files[n]
            common = struct.pack("<HHHHHIIIHH", version, flags, method, t, d, zlib.crc32(b), len(b), len(b), len(n), 0)
            central += (b"PK\1\2" + struct.pack("<BB", info.create_version, info.create_system) + common +
                        struct.pack("<HHHII", 0, 0, info.internal_attr, info.external_attr, len(local)) + n.encode())
            local += b"PK\3\4" + common + n.encode() + b
        end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(names), len(names), len(central), len(local), 0)
        self.write("bad.zip", local + central + end)

    def test_a_backup_made_by_hand_is_held_against_what_it_restores_to(self):
        self.make(2)
        self.hb("-w", "lab", "backup", "b.zip")
        self.repack(lambda files: None)
        self.assertEqual(self.read("bad.zip"), self.read("b.zip"))  # or what follows would say nothing

        def refused(change, has):
            self.repack(change)
            self.hb_error("restore", "bad.zip", "again", code=12, has=has)
            self.assertFalse(os.path.exists(self.path("again")))

        def fewer_runs(files):
            self.write("t.db", files["runs.db"])
            with contextlib.closing(sqlite3.connect(self.path("t.db"))) as db, db:
                for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                    db.execute(f"DROP TRIGGER {name}")
                db.execute("DELETE FROM tags")
            files["runs.db"] = self.read("t.db")

        def other_entry(files):
            n = next(n for n in files if n.startswith("audit/tile/entries/"))
            files[n] = files[n].replace(b"golden", b"gilded")

        def smuggle(name):
            return lambda files: files.update({name: b"x"})

        refused(fewer_runs, "do not hold what")
        refused(other_entry, "audit")
        refused(lambda files: [files.pop(n) for n in list(files) if n.startswith("audit/")], "entry")
        refused(lambda files: files.pop("backup.json"), "no backup")
        refused(lambda files: files.pop("runs.db"), "no backup")
        refused(lambda files: files.update({"backup.json": files["backup.json"].replace(b'"runs":2', b'"runs":3')}), "do not hold what")
        refused(smuggle("keys/eve.pem"), "holds no 'keys/eve.pem'")
        refused(smuggle("bin/x"), "holds no 'bin/x'")
        refused(lambda files: files.update({"runs.db": files["runs.db"][:8192]}), "")

    def test_while_others_write(self):
        self.make(1)
        stop = threading.Event()
        failed = []

        def write():
            k = 0
            while not stop.is_set():
                r = subprocess.run([HB, "-q", "-w", "lab", "baseline", "set", "run-0", "--tag", f"t{k}"], cwd=self.dir,
                                   capture_output=True, check=False)
                if r.returncode:
                    failed.append(r.stderr)
                k += 1

        t = threading.Thread(target=write)
        t.start()
        try:
            made = [self.check("-w", "lab", "backup", f"b{i}.zip") for i in range(6)]
        finally:
            stop.set()
            t.join()
        self.assertEqual(failed, [])
        self.assertGreater(made[-1]["counts"]["tags"], made[0]["counts"]["tags"])
        self.check("restore", "b5.zip", "again")


if __name__ == "__main__":
    unittest.main()
