#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reason: one look for all files, so that a difference is a difference of meaning (make format mends).
tool=$(command -v clang-format-14 || command -v clang-format) || { echo "clang-format is missing: run make test once"; exit 1; }
git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'include/*.h' | xargs "$tool" --dry-run -Werror 2>&1 | grep -E 'error' | head -n 20 | grep . && exit 1
exit 0
