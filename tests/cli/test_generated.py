# SPDX-License-Identifier: Apache-2.0
"""Tables of data inside the program are what their generators make."""
import os
import subprocess
import sys
import unittest

from hbtest import SOURCE, Case


class Tables(Case):
    def test_powers_of_five(self):
        made = subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "tools", "make-powers.py")],
                              capture_output=True, check=True).stdout
        with open(os.path.join(SOURCE, "src", "base", "num_powers_table.c"), "rb") as f:
            self.assertEqual(f.read(), made)


if __name__ == "__main__":
    unittest.main()
