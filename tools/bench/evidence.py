# SPDX-License-Identifier: Apache-2.0
"""What evidence costs, in processor time of whole programs: a pack of 100 MB verified, beside sha256sum and sha512sum of the
same bytes by turns; a run judged with and without its pack; the lab's log of a million entries verified.

    evidence.py [--turns N] [--entries N]

What is printed is Markdown. The exit code is 1 when something is not as it should be, never because it is slow."""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import measure
from measure import DIR, HB, TOOLS, Command, Failed, by_turns

HB_VERIFY = os.path.join(os.path.dirname(HB), "hb-verify")
ROWS = 1_600_000  # 100 MB of 8 columns
LAB = os.path.join(DIR, "evidence")


def hb(*args, ok=(0,)):
    p = subprocess.run([HB, "-w", LAB, *args], capture_output=True, text=True, check=False)
    if p.returncode not in ok:
        raise Failed(f"hb {args[0]}: {p.stderr.strip()}")
    return p.stdout


def made(name, *how):
    target = os.path.join(DIR, name)
    if not os.path.exists(target):
        with open(target + ".new", "wb") as f:
            subprocess.run([os.path.join(TOOLS, "bench_generate"), "wide", *how], stdout=f, check=True)
        os.rename(target + ".new", target)
    return target


def prepare():
    shutil.rmtree(LAB, ignore_errors=True)
    trusted, file = made("evidence-trusted.csv", str(ROWS), "plain"), made("evidence-run.csv", str(ROWS), "drifted")
    subprocess.run([HB, "init", LAB], capture_output=True, check=True)
    hb("keys", "generate", "lab", "--no-passphrase")
    hb("run", trusted, "--run-id", "trusted")
    hb("baseline", "set", "trusted", "--tag", "golden")
    hb("run", file, "--run-id", "kept", "--evidence-pack", "always", ok=(0, 10))
    return file, os.path.join(LAB, "evidence", "evidence_kept.zip")


def verified(name, program, pack, turns):
    key = os.path.join(LAB, "keys", "lab.pub")
    ours = Command(name, [program, *(["verify"] if program == HB else []), pack, "--trust", key, "--json"])
    peer = Command("sums", ["sh", "-c", 'sha256sum "$0" && sha512sum "$0"', pack])
    ratio = 1 / by_turns(ours, peer, turns)["cpu"]
    told = json.loads(ours.output)
    if not told["holds"]:
        raise Failed(f"{name}: the pack does not hold")
    answer = f"decided again from {'its raw files' if told['decided_from'] == 'raw' else 'its profiles'}"
    print(f"| `{name}`, {answer} | {ours.median('cpu'):.2f} s | {ours.median('cpu') / os.path.getsize(pack) * 1e8:.2f} s "
          f"| {peer.median('cpu'):.2f} s | {ratio:.1f} | {ours.peak_mb():.0f} MB |", flush=True)


def judged(file, turns):
    """By turns without and with a pack; every run is another one, so the packs are removed as they come."""
    took = {"never": [], "always": []}
    for turn in range(turns):
        for how, all_of in took.items():
            run = f"{how}-{turn}"
            c = Command(f"hb run --evidence-pack {how}", [HB, "-w", LAB, "run", file, "--run-id", run, "--evidence-pack", how], ok=(0, 10))
            all_of.append(c.run())
            pack = pathlib.Path(LAB, "evidence", f"evidence_{run}.zip")
            if pack.exists() != (how == "always"):
                raise Failed(f"{c.name}: {'no pack' if how == 'always' else 'a pack'}")
            pack.unlink(missing_ok=True)
    print("\n| `hb run` of the same file | processor time | from start to end | memory |\n|---|---|---|---|")
    for how, words in (("never", "without a pack"), ("always", "with `--evidence-pack always`")):
        figure = {k: statistics.median(r[k] for r in took[how]) for k in ("cpu", "wall")}
        print(f"| {words} | {figure['cpu']:.2f} s | {figure['wall']:.2f} s | {max(r['rss_mb'] for r in took[how]):.0f} MB |")
    ratios = [b["cpu"] / a["cpu"] for a, b in zip(took["never"], took["always"])]
    print(f"\nWith its pack a run takes {statistics.median(ratios):.2f} times the processor time.", flush=True)


def logged(entries):
    target = os.path.join(DIR, "evidence-log")
    shutil.rmtree(target, ignore_errors=True)
    c = Command("bench_audit", [os.path.join(TOOLS, "bench_audit"), target, str(entries)])
    c.run()
    told = json.loads(c.output)
    print(f"\nA log of {told['entries']:,} entries: verified in {told['verify_s']:.1f} s, a proof in {told['prove_us'] / 1000:.2f} ms, "
          f"one more entry in {told['append_one_ms']:.0f} ms (synced and signed).")
    shutil.rmtree(target)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--entries", type=int, default=1_000_000)
    o = parser.parse_args()
    os.makedirs(measure.DIR, exist_ok=True)
    try:
        file, pack = prepare()
        print(f"## Evidence\n\n| a pack of {os.path.getsize(pack) / 1e6:.0f} MB | processor time | per 100 MB | "
              "sha256sum and sha512sum | × sums | memory |\n|---|---|---|---|---|---|")
        verified("hb verify", HB, pack, o.turns)
        verified("hb-verify", HB_VERIFY, pack, o.turns)
        judged(file, o.turns)
        logged(o.entries)
    except Failed as e:
        sys.exit(f"evidence.py: {e}")
    shutil.rmtree(LAB)


if __name__ == "__main__":
    main()
