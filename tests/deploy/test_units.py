# SPDX-License-Identifier: Apache-2.0
"""The systemd units: their exposure, their syntax, and what they promise."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["HB_SOURCE_DIR"])
UNITS = {"hb-daemon": 1.5, "hb-daemon-offline": 0.6}


class Units(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        # verify wants the program to exist; what it is does not matter here.
        (self.dir / "bin").mkdir()
        shutil.copy("/bin/true", self.dir / "bin" / "hb")
        for name in UNITS:
            text = (SOURCE / "deploy/systemd" / f"{name}.service").read_text()
            self.assertIn("@BINDIR@", text)
            (self.dir / f"{name}.service").write_text(
                text.replace("@BINDIR@", str(self.dir / "bin")))

    def exposure(self, path):
        out = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", path],
                             capture_output=True, text=True)
        found = re.search(r"exposure level for \S+: ([0-9.]+)", out.stdout)
        self.assertTrue(found, out.stdout + out.stderr)
        return float(found.group(1))

    def test_exposure_is_within_its_bound(self):
        for name, most in UNITS.items():
            self.assertLessEqual(self.exposure(self.dir / f"{name}.service"), most, name)

    def test_the_bound_can_be_missed(self):
        path = self.dir / "hb-daemon.service"
        path.write_text(path.read_text().replace("ProtectSystem=strict", "ProtectSystem=no")
                        .replace("NoNewPrivileges=yes", "NoNewPrivileges=no")
                        .replace("PrivateUsers=yes", "PrivateUsers=no"))
        self.assertGreater(self.exposure(path), UNITS["hb-daemon"])

    def test_systemd_finds_nothing_to_say(self):
        for name in UNITS:
            out = subprocess.run(["systemd-analyze", "verify", "--man=no",
                                  self.dir / f"{name}.service"], capture_output=True, text=True)
            ours = [line for line in (out.stdout + out.stderr).splitlines() if "hb-daemon" in line]
            self.assertEqual(ours, [])

    def test_no_unit_runs_as_root(self):
        for name in UNITS:
            text = (self.dir / f"{name}.service").read_text()
            self.assertRegex(text, r"(?m)^User=hb$")
            self.assertRegex(text, r"(?m)^CapabilityBoundingSet=$")

    def test_it_is_started_again_for_as_long_as_it_takes(self):
        for name in UNITS:
            text = (self.dir / f"{name}.service").read_text()
            self.assertRegex(text, r"(?m)^Restart=on-failure$")
            self.assertRegex(text.split("\n[Service]")[0], r"(?m)^StartLimitIntervalSec=0$")

    def test_offline_has_no_network(self):
        text = (self.dir / "hb-daemon-offline.service").read_text()
        self.assertRegex(text, r"(?m)^PrivateNetwork=yes$")
        self.assertNotIn("AF_INET", text)


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is not installed")
        sys.exit(77)
    unittest.main()
