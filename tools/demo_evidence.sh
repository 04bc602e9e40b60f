#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# After `hb demo`: its decision under load as an evidence pack, verified as an auditor would, once
# more with one raw sample changed, and with fields hidden for somebody who may not see them.
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
echo
echo "7. For a supplier: without the recording, its name and folder hidden, and still verified:"
printf 'redact:\n  inputs.name: redact\n  inputs.path: redact\n' >"$dir/redaction_policy.yaml"
rm -f "$pack-supplier.zip"
"$hb" --workspace "$dir" redact "$pack.zip" --policy "$dir/redaction_policy.yaml" --out "$pack-supplier.zip" \
    --reason "for the supplier"
"$hb" verify --quiet --trust "$dir/keys/lab.pub" "$pack-supplier.zip"
