# SPDX-License-Identifier: Apache-2.0
"""Install, upgrade, roll back, uninstall: by dash, in a Debian root made for the test."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["HB_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["HB_BUILD_DIR"])
CACHE = BUILD / "debian-root.tar"


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)


def kit(version):
    out = run(SOURCE / "tools/kit.sh", BUILD, version, cwd=SOURCE)
    assert out.returncode == 0, out.stdout + out.stderr
    return SOURCE / "build/kit" / f"hb-{version}"


def debian_root(into, packages):
    """A minimal Debian 12 with the packages the kit says it needs; kept for the next run."""
    wanted = ",".join(packages)
    stamp = BUILD / "debian-root.packages"
    if not (CACHE.exists() and stamp.exists() and stamp.read_text() == wanted):
        out = run("debootstrap", "--variant=minbase", "--include=" + wanted, "bookworm", into)
        if out.returncode != 0:
            return out.stdout[-800:] + out.stderr[-800:]
        run("rm", "-rf", into / "var/cache/apt/archives", into / "var/lib/apt/lists")
        done = run("tar", "-C", into, "-cf", CACHE, ".")
        assert done.returncode == 0, done.stderr
        stamp.write_text(wanted)
    else:
        done = run("tar", "-C", into, "-xpf", CACHE)
        assert done.returncode == 0, done.stderr
    return None


def state(root):
    """Every file below the root outside /proc, /dev and the logs, with what would show a change."""
    seen = {}
    for top in ("usr/local", "etc/hb", "var/lib/hb", "etc/systemd/system", "usr/lib/sysusers.d",
                "usr/lib/tmpfiles.d"):
        for path in sorted((root / top).rglob("*")):
            st = path.lstat()
            link = os.readlink(path) if path.is_symlink() else ""
            seen[str(path.relative_to(root))] = (st.st_mode, st.st_uid, st.st_gid, st.st_size,
                                                 st.st_mtime_ns if path.is_file() else 0, link)
    return seen


class Install(unittest.TestCase):
    def inside(self, *command):
        return run("chroot", self.root, *command)

    def install(self, which, *options, ok=True):
        target = self.root / "opt" / which.name
        if not target.exists():
            shutil.copytree(which, target, symlinks=True)
        out = self.inside("/bin/dash", f"/opt/{which.name}/deploy/install.sh", *options)
        if ok:
            self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        return out

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir=BUILD))
        self.addCleanup(run, "rm", "-rf", self.root)
        why = debian_root(self.root, KIT_1.joinpath("PACKAGES").read_text().split())
        if why:
            self.skipTest("debootstrap could not make a root: " + why)

    def test_life(self):
        # Fresh, then again: the second time changes nothing.
        self.install(KIT_1)
        version = self.inside("/usr/local/bin/hb", "--version")
        self.assertEqual(version.returncode, 0, version.stderr)
        before = state(self.root)
        again = self.install(KIT_1)
        self.assertIn("installed already", again.stdout)
        self.assertEqual(before, state(self.root))

        # The account: not root, no shell; the folders are its own, the configuration is not.
        entry = self.inside("getent", "passwd", "hb").stdout.split(":")
        self.assertNotEqual(entry[2], "0")
        self.assertIn("nologin", entry[6])
        self.assertEqual((self.root / "var/lib/hb").stat().st_uid, int(entry[2]))
        self.assertEqual((self.root / "etc/hb/daemon.yaml").stat().st_uid, 0)
        self.assertEqual((self.root / "var/lib/hb").stat().st_mode & 0o777, 0o750)
        unit = (self.root / "etc/systemd/system/hb-daemon.service").read_text()
        self.assertIn("ExecStart=/usr/local/bin/hb daemon", unit)
        check = self.inside("/usr/local/bin/hb", "--workspace", "/var/lib/hb", "daemon", "--check",
                            "--config", "/etc/hb/daemon.yaml")
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

        # An upgrade keeps what the lab wrote and copies the registry first.
        config = self.root / "etc/hb/daemon.yaml"
        config.write_text("# the lab's own\n" + config.read_text())
        mine = config.read_text()
        (self.root / "var/lib/hb/runs.db").write_bytes(b"the registry of version 1")
        self.install(KIT_2)
        self.assertEqual(config.read_text(), mine)
        self.assertTrue((self.root / "etc/hb/daemon.yaml.kit").exists())
        self.assertEqual(os.readlink(self.root / "usr/local/lib/hb/current"), "0.9.2-test")
        self.assertEqual(os.readlink(self.root / "usr/local/lib/hb/previous"), "0.9.1-test")
        copy = self.root / "var/lib/hb/backup/before-0.9.2-test/runs.db"
        self.assertEqual(copy.read_bytes(), b"the registry of version 1")

        # Back, forth, and back with the data of then.
        (self.root / "var/lib/hb/runs.db").write_bytes(b"migrated by version 2")
        self.install(KIT_2, "--rollback")
        self.assertEqual(os.readlink(self.root / "usr/local/lib/hb/current"), "0.9.1-test")
        self.install(KIT_2, "--rollback")
        self.assertEqual(os.readlink(self.root / "usr/local/lib/hb/current"), "0.9.2-test")
        self.install(KIT_2, "--rollback", "--restore-data")
        self.assertEqual((self.root / "var/lib/hb/runs.db").read_bytes(),
                         b"the registry of version 1")
        aside = list((self.root / "var/lib/hb/backup").glob("set-aside-*/runs.db"))
        self.assertEqual([p.read_bytes() for p in aside], [b"migrated by version 2"])

        # Gone, twice; the lab's data stays until it is asked for.
        for _ in range(2):
            out = self.inside("/bin/dash", "/opt/hb-0.9.2-test/deploy/uninstall.sh")
            self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertFalse((self.root / "usr/local/bin/hb").is_symlink())
        self.assertFalse((self.root / "usr/local/lib/hb").exists())
        self.assertEqual(config.read_text(), mine)
        out = self.inside("/bin/dash", "/opt/hb-0.9.2-test/deploy/uninstall.sh", "--purge")
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertFalse((self.root / "var/lib/hb").exists())
        self.assertNotEqual(self.inside("getent", "passwd", "hb").returncode, 0)

    def test_refusals(self):
        damaged = pathlib.Path(tempfile.mkdtemp(dir=BUILD)) / "hb-damaged"
        self.addCleanup(shutil.rmtree, damaged.parent)
        shutil.copytree(KIT_1, damaged)
        with open(damaged / "bin/hb", "ab") as f:
            f.write(b"x")
        out = self.install(damaged, ok=False)
        self.assertNotEqual(out.returncode, 0)
        self.assertIn("damaged", out.stderr)
        for options, words in ((["--rollback"], "no version before"), (["--prefix", "x"], "absolute"),
                               (["--frobnicate"], "unknown option"), (["--service", "x"], "hb-daemon"),
                               (["--restore-data"], "--rollback")):
            out = self.install(KIT_1, *options, ok=False)
            self.assertNotEqual(out.returncode, 0, options)
            self.assertIn(words, out.stderr)
        self.assertFalse((self.root / "usr/local/lib/hb").exists())
        incomplete = self.root / "opt" / KIT_1.name / "bin/hb"
        incomplete.unlink()
        out = self.install(KIT_1, ok=False)
        self.assertIn("bin/hb is missing", out.stderr)

    def test_into_a_root_from_outside(self):
        out = run("/bin/dash", KIT_1 / "deploy/install.sh", "--root", self.root, "--prefix", "/opt/hb")
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertEqual(self.inside("/opt/hb/bin/hb", "--version").returncode, 0)
        self.assertFalse(os.path.exists("/etc/hb"), "nothing outside the root")


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("skipped: needs root and debootstrap")
        sys.exit(77)
    KIT_1, KIT_2 = kit("0.9.1-test"), kit("0.9.2-test")
    unittest.main()
