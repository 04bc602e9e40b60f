# SPDX-License-Identifier: Apache-2.0
"""What layers 2 and 3 found, as people see it on the terminal."""
import os
import re
import subprocess
import unittest

from hbtest import Case

PRINT_REPORT = os.path.join(os.environ["HB_BUILD_DIR"], "tests", "e2e", "print_report")


class StatisticsShown(Case):
    def text(self, *args):
        return subprocess.run([PRINT_REPORT, *args], capture_output=True, check=True).stdout.decode()

    def test_the_block_after_the_verdict(self):
        text = self.text("text")
        block = text[text.index("retest of battery"):text.index("baseline: ")]
        self.assertLessEqual(max(map(len, block.splitlines())), 80, block)
        flat = re.sub(r"\s+", " ", block)
        for words in ("retest of vibration_rms, up since run run-18: confirmed", "against 12 baseline runs: 11 of 12 metrics tested, 2 suspected, 1 confirmed",
                      "vibration_rms [mm/s] 2.927 2.3109 ± 0.109 12 0.00012 0.00072", "history: bearing_temp changed at run run-14",
                      "retest: repeat the test under the same context within 14 days", "power: one run against 12",
                      "equivalence was shown for 2 of 5 metrics"):
            self.assertIn(words, flat)
        self.assertLess(flat.index("CONFIRMED"), flat.index("SUSPECTED"))
        self.assertLess(flat.index("bearing_temp [°C]"), flat.index("<script>document"))  # by p
        self.assertNotIn("latency", flat)  # rejected, but smaller than matters
        self.assertNotIn("\033", text)

    def test_colour_and_many(self):
        plain, coloured = self.text("text", "900"), self.text("colour", "900")
        self.assertIn("against 12 baseline runs: 911 of 912 metrics tested", plain)
        self.assertEqual(re.sub("\033\\[[0-9;]*m", "", coloured), plain)
        self.assertIn("\033[1;33m  CONFIRMED", coloured)

    def test_nothing_of_it_without_runs_to_test_against(self):
        self.write("a.csv", "metric,value\nx,1\n")
        out = self.hb("compare", "--baseline", "a.csv", "--run", "a.csv")
        for words in ("against ", "power:", "retest", "equivalence"):
            self.assertNotIn(words, out)


if __name__ == "__main__":
    unittest.main()
