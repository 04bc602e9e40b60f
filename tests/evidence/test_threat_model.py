# SPDX-License-Identifier: Apache-2.0
"""docs/threat-model.md names only tests that exist."""
import glob
import os
import re
import unittest

import hbtest


class ThreatModel(unittest.TestCase):
    def test_every_test_it_names_exists(self):
        with open(os.path.join(hbtest.SOURCE, "docs", "threat-model.md"), encoding="utf-8") as f:
            named = re.findall(r"`((?:test|fuzz)_\w+\.(?:c|py)): (\w+)`", f.read())
        self.assertGreater(len(named), 50)
        for file, test in named:
            found = glob.glob(os.path.join(hbtest.SOURCE, "tests", "*", file))
            self.assertTrue(found, file)
            with open(found[0], encoding="utf-8") as f:
                texts = f.read()
            with self.subTest(f"{file}: {test}"):
                self.assertRegex(texts, rf"\b(def |void |int ){test}\(")


if __name__ == "__main__":
    unittest.main()
