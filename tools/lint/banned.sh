#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reasons stand beside each pattern: pattern <TAB> where it is allowed <TAB> reason.
status=0
tab=$(printf '\t')
while IFS="$tab" read -r pattern allowed reason; do
    [ -n "$pattern" ] || continue
    found=$(grep -rnE --include='*.[ch]' "$pattern" src | grep -vE '^[^:]*:[0-9]*: *(/?\*)' | grep -vE "$allowed")
    if [ -n "$found" ]; then
        echo "$reason:"
        echo "$found"
        status=1
    fi
done <<EOF
(^|[^a-z_])(exit|_exit|abort|quick_exit) *\\(	^src/(cli|daemon|source|verify)/	only the program ends the program; a library returns an error
(^|[^a-z_])(printf|puts|putchar|perror) *\\(	^src/cli/	only the command line prints; a library returns an error
(^|[^a-z_])(fprintf|fputs) *\\((stdout|stderr|.*, *(stdout|stderr))	^src/cli/	only the command line prints; a library returns an error
(^|[^a-z_])float [a-z_]+	^\$	double everywhere: two precisions give two answers
(^|[^a-z_])(pow|log|exp|log2|log10|expm1|log1p|sin|cos|tan|tgamma|lgamma|erf|erfc|cbrt) *\\(	^src/(cli|source|input)/	libm differs between builds: decisions use stats/fmath.h
(^|[^a-z_"])(time|clock_gettime|gettimeofday|clock) *\\(	^src/(os|base/time)	the clock is read through hb_os only
(^|[^a-z_])getenv *\\(	^src/cli/	the environment is read by the command line only
__DATE__|__TIME__	^\$	builds are reproducible
^ *//|[^:"]//[^/]*\$	"[^"]*//|http|\\*	comments are /* sentences */
^ *# *(ifdef|if |ifndef) 	^src/(os|base)/|_H\$|__cplusplus	the platform is hidden in src/os
EOF
found=$(grep -rnwE --include='*.[ch]' 'TODO|FIXME|XXX|HACK' src)
if [ -n "$found" ]; then
    echo "an open end belongs into an issue, not into the code:"
    echo "$found"
    status=1
fi
exit $status
