# SPDX-License-Identifier: Apache-2.0
"""Windows that are judged again from the records in their packs: what must come out, and that no record can be another."""
import json
import os
import random
import signal
import struct
import subprocess
import unittest
import zipfile

import packs
from livecase import CHANNELS, CONFIG, PER_WINDOW, REGISTRY, SPIKED, STEP, T0, telemetry
from test_daemon_evidence import EVIDENCE, Evidence

ALWAYS = EVIDENCE.replace("evidence_pack_on_fail", "evidence_pack_always")
SEGMENT_HEAD = 4096


def crc32c(data):
    """RFC 3720, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def records(segment):
    """(offset, end, payload) of each, by docs/formats/journal.md."""
    at = SEGMENT_HEAD
    while at + 40 <= len(segment):
        n, = struct.unpack_from("<I", segment, at)
        if n == 0:
            return
        end = at + (n + 7) // 8 * 8
        payload, = struct.unpack_from("<I", segment, at + 36)
        yield at, end, bytes(segment[at + n - payload:at + n])
        at = end


def with_payload(segment, old, new):
    """The segment with one record's payload changed and its checksum made good."""
    assert len(old) == len(new)
    out = bytearray(segment)
    for at, end, payload in records(segment):
        if old in payload:
            where = segment.index(old, at, end)
            out[where:where + len(new)] = new
            struct.pack_into("<I", out, at + 4, crc32c(bytes(out[at + 8:end])))
            return bytes(out)
    raise AssertionError(f"no record has {old}")


class Raw(Evidence):
    def verify(self, pack, *args):
        r = self.run_hb("verify", pack, "--trust", "daemon.pub", "--json", *args)
        d = json.loads(r.stdout)
        self.assertEqual(r.returncode, 0 if d["holds"] else 12, r.stderr.decode())
        return d

    def states(self, told, question):
        return [a["answer"] for a in told["answers"] if a["question"] == question]

    def text(self, told, question):
        return " ".join(a["text"] for a in told["answers"] if a["question"] == question)

    def all_hold_from_raw(self, at=".", least=1):
        there = self.packs(at)
        self.assertGreaterEqual(len(there), least)
        for pack in there:
            r = self.run_hb("verify", pack, "--trust", os.path.join(at, "daemon.pub"), "--json")
            d = json.loads(r.stdout)
            self.assertEqual((d["holds"], d["decided_from"]), (True, "raw"), (pack, self.text(d, "raw"), self.text(d, "reading")))
        return there

    def signed(self, files, name="again.zip"):
        from cryptography.hazmat.primitives import serialization
        with open(self.path("daemon.pem"), "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        self.write(name, packs.write_zip(packs.signed_again(files, [key])))
        return name

    def journal(self, pack):
        with zipfile.ZipFile(pack) as z:
            return json.loads(z.read("raw/reading.json"))["journal"]


class Insider(Raw):
    """Somebody with the lab's key changes what was received, repairs every digest and signs again."""

    def setUp(self):
        super().setUp()
        self.prepare()
        self.once()
        with open(self.packs()[0], "rb") as f:
            self.files = packs.read_zip(f.read())
        self.segment, = [n for n in self.files if n.endswith(".hbj")]

    def refused(self, files, has, question="reading"):
        told = self.verify(self.signed(files))
        bad = {a["question"] for a in told["answers"] if a["answer"] in ("fails", "not_checked")}
        # Commitments for later redaction are the signer's too: what he leaves as it was is told beside it.
        self.assertEqual(bad - {"commitments"}, {question}, told)
        self.assertIn(has, self.text(told, question))
        return told

    def test_signed_again_without_a_change_it_holds(self):
        self.assertTrue(self.verify(self.signed(self.files))["holds"])

    def test_the_sample_that_decided_is_another(self):
        files = dict(self.files)
        files[self.segment] = with_payload(files[self.segment], b"500.0", b"100.0")
        told = self.refused(files, "metric 'press' differs")
        self.assertEqual(told["decided_from"], "profiles")
        r = self.run_hb("replay", "again.zip")
        self.assertEqual(r.returncode, 12)
        self.assertIn("another run", r.stderr.decode())

    def test_any_sample_of_the_window_is_another(self):
        rng = random.Random(7)
        inside = [p for _, _, p in records(self.files[self.segment])
                  if p[:1] == b"{" and (json.loads(p)["timestamp"] - T0) // (STEP * PER_WINDOW) == SPIKED]
        self.assertEqual(len(inside), PER_WINDOW * len(CHANNELS))
        for payload in rng.sample(inside, 8):
            value = str(json.loads(payload)["value"]).encode()
            at = rng.randrange(2, len(value))
            while value[at:at + 1] == b".":
                at = rng.randrange(2, len(value))
            digit = b"%d" % ((int(value[at:at + 1]) + rng.randrange(1, 10)) % 10)
            other = value[:at] + digit + value[at + 1:]
            files = dict(self.files)
            files[self.segment] = with_payload(files[self.segment], payload, payload.replace(value, other))
            self.refused(files, "differs" if other.rstrip(b"0") != value else "")

    def test_a_sample_is_moved_out_of_the_window(self):
        inside = [p for _, _, p in records(self.files[self.segment]) if b'"press"' in p]
        old = inside[31]
        moved = old.replace(b"%d" % json.loads(old)["timestamp"], b"%d" % (json.loads(old)["timestamp"] - 100000))
        files = dict(self.files)
        files[self.segment] = with_payload(files[self.segment], old, moved)
        self.refused(files, "another run")

    def test_records_are_gone_or_come_twice(self):
        whole = self.files[self.segment]
        *_, last = records(whole)
        files = dict(self.files)
        cut = bytearray(whole)
        cut[last[0]:last[1]] = bytes(last[1] - last[0])
        struct.pack_into("<64x", cut, 64)
        files[self.segment] = bytes(cut)
        self.refused(files, "missing")
        files = dict(self.files)
        del files[self.segment]
        told = self.verify(self.signed(files))
        self.assertEqual(self.states(told, "reading"), ["fails"])

    def test_what_was_before_the_records_is_another(self):
        """It gives another window, which is refused, or one byte of it did not count for this one."""
        state = bytearray(self.files["raw/journal/begin.state"])
        refused = []
        for at in range(0, len(state), 97):
            changed = bytearray(state)
            changed[at] ^= 0x40
            told = self.verify(self.signed(dict(self.files, **{"raw/journal/begin.state": bytes(changed)})))
            self.assertFalse(told["holds"])  # by what was committed to, at the least
            bad = {a["question"] for a in told["answers"] if a["answer"] in ("fails", "not_checked")} - {"commitments"}
            self.assertLessEqual(bad, {"reading"}, told)
            refused.append(bool(bad))
        self.assertTrue(any(refused))

    def test_how_they_were_read_is_another(self):
        reading = self.files["raw/reading.json"]
        for old, new, has in ((b'"lateness_ns":1000000000', b'"lateness_ns":2000000000', "other options"),
                              (b'"payload":"json"', b'"payload":"plain"', "does not close"),
                              (b'"late_policy":"drop"', b'"late_policy":"keep"', "'keep' is not known"),
                              (b'"begin":', b'"begin":1', "begin at"),
                              (b'"size_ns":300000000000', b'"size_ns":600000000000', "")):
            with self.subTest(new):
                self.assertIn(old, reading)
                self.refused(dict(self.files, **{"raw/reading.json": reading.replace(old, new)}), has)

    def test_that_it_cannot_be_read_again_is_not_a_pass_of_the_records(self):
        """Of a pack that has all it takes nobody may say so."""
        reading = json.loads(self.files["raw/reading.json"])
        reading["why"] = "no"
        told = self.verify(self.signed(dict(self.files, **{"raw/reading.json": packs.canonical(reading)})))
        self.assertEqual((self.states(told, "reading"), told["decided_from"]), (["not_in_pack"], "profiles"))
        self.assertEqual(self.states(told, "raw"), ["fails"])

    def test_hb_verify_decides_from_the_profiles_and_says_so(self):
        files = dict(self.files)
        files[self.segment] = with_payload(files[self.segment], b"500.0", b"100.0")
        self.signed(files)
        binary = os.path.join(os.environ["HB_BUILD_DIR"], "hb-verify")
        r = self.run_hb("--trust", "daemon.pub", "--json", "again.zip", binary=binary)
        d = json.loads(r.stdout)
        self.assertEqual((d["decided_from"], self.states(d, "reading")), ("profiles", ["not_asked"]))


class Streams(Raw):
    def test_windows_that_slide_with_late_and_repeated_messages(self):
        lines = telemetry(60)
        rng = random.Random(3)
        out = []
        for i, line in enumerate(lines):
            d = json.loads(line.replace("NaN", '"NaN"'))
            d["seq"] = i
            out.append(json.dumps(d) + "\n")
            if rng.random() < 0.02:
                out.append(out[rng.randrange(max(0, len(out) - 2000), len(out))])  # again, from before as well
            if rng.random() < 0.01 and len(out) > 200:
                a = len(out) - rng.randrange(2, 120)
                out.append(out.pop(a))  # late
        config = ALWAYS.replace("{size: 5m}", "{size: 10m, slide: 5m}\n  - {size: 5m}").replace(
            "train: {windows: 40}", "train: {windows: 25}") + "decisions: {runs_per_hour: 12}\n"
        for i in range(len(out)):  # a step, so that windows weigh
            d = json.loads(out[i])
            if d["metric"] == "volt" and (d["timestamp"] - T0) // 300 > 45:
                d["value"] += 0.08
                out[i] = json.dumps(d) + "\n"
        self.prepare(config, lines=out)
        counts = json.loads(self.once("--json"))["counts"]
        self.assertGreater(counts["duplicate"], 100)
        self.assertGreater(counts["late"], 20)
        there = self.all_hold_from_raw(least=5)
        names = {os.path.basename(p).split("_")[1].split("-2026")[0] for p in there}
        self.assertEqual(names, {"w-10m-5m", "w-5m"})

    def test_windows_that_were_opened_again_have_the_records_they_were_first_judged_by(self):
        lines = telemetry(48)
        for i in range(97, len(lines), 97):
            lines.insert(min(len(lines) - 1, i + 300), lines.pop(i))  # more than a window late
        config = ALWAYS.replace("{size: 5m}", "{size: 10m, slide: 5m}").replace("train: {windows: 40}", "train: {windows: 20}")
        self.prepare(config + "late_event_policy: reopen\nkeep_closed: 15m\ndecisions: {runs_per_hour: 0}\n", lines=lines)
        self.write("metric_registry.yaml", REGISTRY.replace(": 200", ": 101.5"))  # every window weighs
        self.once()
        again, = self.query("SELECT count(DISTINCT id) FROM live_windows WHERE revision > 0")[0]
        self.assertGreater(again, 10)
        self.all_hold_from_raw(least=40)

    def test_units_and_names_of_the_telemetry_schema_and_several_sources(self):
        schema = """version: "1.0"
field_mapping:
  t_f: {canonical: temp, unit: degF, factor: 0.5555555555555556, offset: -17.77777777777778, canonical_unit: degC}
  mV: {factor: 0.001, canonical_unit: V}
"""
        config = ALWAYS.replace("source: file_replay\npath: rig.jsonl\n", """sources:
  - {source: file_replay, name: one, path: rig.jsonl}
  - {source: file_replay, name: two, path: other.csv}
max_ahead: 30d
""").replace("lateness: 1s", "lateness: 2d")
        lines, csv = [], ["timestamp,metric,value,unit\n"]
        for line in telemetry():
            d = json.loads(line)
            if d["metric"] == "temp":
                lines.append(json.dumps({"timestamp": d["timestamp"], "metric": "t_f", "value": d["value"] * 1.8 + 32,
                                         "unit": "degF"}) + "\n")
            elif d["metric"] == "volt":
                csv.append(f"{d['timestamp']},volt,{d['value'] * 1000},mV\n")
            else:
                lines.append(line)
        self.prepare(config, lines=lines)
        self.write("other.csv", "".join(csv))
        self.write("telemetry_schema.yaml", schema)
        self.once()
        for pack in self.all_hold_from_raw(least=3):
            with zipfile.ZipFile(pack) as z:
                self.assertEqual(z.read("raw/telemetry_schema.yaml").decode(), schema)
                names = {s["name"] for s in json.loads(z.read("raw/reading.json"))["journal"]["how"]["sources"]}
                self.assertEqual(names, {"one", "two"})

    def test_killed_in_the_middle_of_windows_and_started_again(self):
        self.prepare(ALWAYS + "checkpoint_interval: 100ms\n")
        rng = random.Random(11)
        kills = 0
        done = False
        while not done:
            p = self.start("--once")
            try:
                p.wait(timeout=0.3 + 0.5 * rng.random() if kills < 4 else 120)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
                kills += 1
            p.wait()
            self.assertIn(p.returncode, (0, -signal.SIGKILL), self.log())
            done = p.returncode == 0
        self.assertGreater(kills, 0)
        self.all_hold_from_raw(least=6)

    def test_the_command_makes_the_same_of_a_window(self):
        self.prepare()
        self.once()
        (run, *_), = self.rows()
        self.hb("export", "evidence-pack", "--case", run, "--out", "own.zip", "--key", "daemon.pem")
        d = self.verify("own.zip")
        self.assertEqual((d["holds"], d["decided_from"]), (True, "raw"))
        with zipfile.ZipFile(self.path("own.zip")) as a, zipfile.ZipFile(self.packs()[0]) as b:
            for name in a.namelist():
                if name.startswith("raw/"):
                    self.assertEqual(a.read(name), b.read(name), name)

    def test_a_part_of_the_records_is_not_read_again(self):
        self.prepare()
        self.once()
        (run, *_), = self.rows()
        with zipfile.ZipFile(self.packs()[0]) as z:
            z.extractall(self.path("out"))
        arrivals = [json.loads(line)["arrival"] for line in self.hb("journal", "cat", "--journal", "out/raw/journal", "--json").splitlines()]
        self.hb("export", "evidence-pack", "--case", run, "--out", "part.zip", "--key", "daemon.pem",
                "--raw-slice", f"{arrivals[0]}..{arrivals[-1]}")
        d = self.verify("part.zip")
        self.assertEqual((d["holds"], d["decided_from"]), (True, "profiles"))
        self.assertIn("only a part of its records is here", self.text(d, "reading"))

    def test_a_journal_that_was_changed_does_not_give_a_pack_that_says_it_follows(self):
        self.prepare()
        self.once()
        (run, *_), = self.rows()
        segment, = [os.path.join(self.path("live/journal"), n) for n in os.listdir(self.path("live/journal")) if n.endswith(".hbj")]
        with open(segment, "rb") as f:
            data = f.read()
        with open(segment, "wb") as f:
            f.write(with_payload(data, b"500.0", b"100.0"))
        told = self.hb_json("export", "evidence-pack", "--case", run, "--out", "own.zip", "--key", "daemon.pem")
        self.assertIn("give another run", told["raw_missing"])
        d = self.verify("own.zip")
        self.assertEqual(d["decided_from"], "profiles")
        self.assertIn("give another run", self.text(d, "reading"))


if __name__ == "__main__":
    unittest.main()
