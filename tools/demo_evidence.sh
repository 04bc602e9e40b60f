#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# After `hb demo`: its decision under load as an evidence pack, verified as an auditor would, and once
# more with one raw sample changed.
#
#     tools/demo_evidence.sh HB DIR
set -eu
hb=$1
dir=$2
pack=$dir/evidence/under-load
rm -rf "$dir/keys" "$dir/evidence"
echo
echo "4. The decision under load as an evidence pack, signed by a key made for it:"
mkdir -p "$dir/evidence"
"$hb" --workspace "$dir" --quiet keys generate lab --no-passphrase >/dev/null
"$hb" --workspace "$dir" export evidence-pack --case under-load --form folder --out "$pack"
"$hb" --workspace "$dir" export evidence-pack --case under-load --out "$pack.zip" >/dev/null
echo
echo "5. An auditor with nothing but the pack and the lab's public key (hb verify):"
"$hb" verify --trust "$dir/keys/lab.pub" "$pack.zip"
echo
echo "6. The same with one more digit in the recording:"
raw=$pack/raw/0/load.csv
sed '$s/\.\([0-9]\)/.1\1/' "$raw" >"$raw.new" && mv "$raw.new" "$raw"
if "$hb" verify --trust "$dir/keys/lab.pub" "$pack" >"$pack.txt"; then
    echo "tools/demo_evidence.sh: a changed pack was not refused" >&2
    exit 1
fi
grep -v -e '^holds' -e '^not in the pack' "$pack.txt"
