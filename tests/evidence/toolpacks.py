# SPDX-License-Identifier: Apache-2.0
"""Packs of evidence_tool, and zips written again by Python as an attacker would."""
import os
import shutil
import subprocess
import tempfile
import zipfile

import hbtest

TOOL = os.environ["HB_EVIDENCE_TOOL"]


class Case(hbtest.Case):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.mkdtemp(prefix="hb-packs-")
        cls.addClassCleanup(shutil.rmtree, cls.made, ignore_errors=True)
        subprocess.run([TOOL, cls.made], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def packed(self, name):
        return os.path.join(self.made, name)

    def members(self, name="pack.zip"):
        with zipfile.ZipFile(self.packed(name)) as z:
            return {i.filename: z.read(i) for i in z.infolist()}

    def zipped(self, members, name="changed.zip"):
        """The same kind of zip with other content: stored, in the order of a pack, dated 1980."""
        path = self.path(name)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
            for member in sorted(members, key=lambda m: (m.startswith("attestation."), m.encode())):
                z.writestr(zipfile.ZipInfo(member), members[member])
        return path
