#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reason: only src/base/mem.c calls the allocator, so that every allocation is checked for overflow
# and the fault tests can fail each one. Memory of a library is freed with the library's own function.
found=$(grep -rnE --include='*.[ch]' '(^|[^a-z_.>])(malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf|free|alloca) *\(' src |
    grep -v '^src/base/mem\.c:' | grep -v '^[^:]*:[0-9]*: *\*' | grep -vE '/\*.*(malloc|free) *\(' | grep -v 'lint: allow malloc')
[ -z "$found" ] && exit 0
echo "allocator called outside src/base/mem.c (use hb_alloc, hb_free …):"
echo "$found"
exit 1
