# SPDX-License-Identifier: Apache-2.0
"""hb journal list, cat, verify, repair, on journals that another program wrote."""
import base64
import json
import os
import subprocess
import sys
import unittest

import journals
from hbtest import HB, SOURCE, Case

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema")
    sys.exit(77)

SECOND = 10**9
T0 = 1767607200 * SECOND  # 2026-01-05T10:00:00Z


def check(name, document):
    with open(os.path.join(SOURCE, "schemas", name + ".schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    return document


class Journal(Case):
    def make(self, segments=3, each=50):
        w = journals.Writer(self.path("live/journal"))
        i = 0
        self.starts = []
        for _ in range(segments):
            w.segment()
            self.starts.append(w.position)
            for _ in range(each):
                w.add("rig" if i % 2 else "bench", f"t/{i}", b'{"n": %d}' % i, arrival=T0 + i * SECOND, event=T0 + i * SECOND + 5)
                i += 1
        w.close()
        self.places = w.places
        self.end = w.position
        return w

    def damage(self, position):
        start = max(s for s in self.starts if s <= position)
        with open(os.path.join(self.path("live/journal"), f"{start:020d}.hbj"), "r+b") as f:
            at = journals.HEAD + position - start
            f.seek(at)
            old = f.read(1)
            f.seek(at)
            f.write(bytes([old[0] ^ 0x40]))

    def contents(self):
        got = {}
        for name in sorted(os.listdir(self.path("live/journal"))):
            with open(os.path.join(self.path("live/journal"), name), "rb") as f:
                got[name] = f.read()
        return got

    def test_list(self):
        self.make()
        d = check("journal_list", self.hb_json("journal", "list"))
        self.assertEqual((d["begin"], d["end"], d["bytes"]), (0, self.end, 3 << 20))
        self.assertEqual([s["from"] for s in d["segments"]], self.starts)
        self.assertEqual([s["records"] for s in d["segments"]], [50, 50, 50])
        self.assertEqual(d["segments"][1]["first_arrival"], "2026-01-05T10:00:50Z")
        self.assertEqual(d["segments"][2]["latest_arrival"], "2026-01-05T10:02:29Z")
        self.write("live/journal/holds", f"hb-journal-holds 1\nhold alert-7 {self.places[60]} {self.places[61]}\n")
        d = check("journal_list", self.hb_json("journal", "list"))
        self.assertEqual([s["held_by"] for s in d["segments"]], [[], ["alert-7"], []])
        text = self.hb("journal", "list")
        self.assertRegex(text, r"FROM +TO +RECORDS")
        self.assertIn("held:alert-7", text)
        self.assertIn("2026-01-05T10:00:50Z", text)

    def test_cat(self):
        self.make()
        text = self.hb("journal", "cat")
        self.assertEqual(text.splitlines(), ['{"n": %d}' % i for i in range(150)])
        lines = [check("journal_record", json.loads(x)) for x in self.hb("journal", "cat", "--json").splitlines()]
        self.assertEqual([x["position"] for x in lines], self.places)
        self.assertEqual(lines[3], {"position": self.places[3], "kind": "message", "source": "rig", "topic": "t/3",
                                    "event": "2026-01-05T10:00:03.000000005Z", "arrival": "2026-01-05T10:00:03Z",
                                    "payload": '{"n": 3}'})
        some = self.hb("journal", "cat", "--from", self.places[40], "--to", self.places[70], "--source", "rig")
        self.assertEqual(some.splitlines(), ['{"n": %d}' % i for i in range(41, 70, 2)])
        some = self.hb("journal", "cat", "--from", "2026-01-05T10:01:30Z", "--to", "2026-01-05T10:01:40Z")
        self.assertEqual(some.splitlines(), ['{"n": %d}' % i for i in range(90, 100)])
        self.assertEqual(self.hb("journal", "cat", "--from", self.end), "")
        self.hb_error("journal", "cat", "--from", "noon", code=2, has="takes a position")
        self.hb_error("journal", "cat", "--from", self.places[1] + 8, code=2, has="position")
        self.hb_error("journal", "cat", "--from", self.end + 800, code=2, has="is not kept")
        self.hb_error("journal", "cat", "--journal", "nowhere", code=2, has="there is no journal 'nowhere'")

    def test_payload_that_is_no_text(self):
        w = journals.Writer(self.path("live/journal"))
        w.segment()
        raw = bytes(range(256))
        w.add("bin", "t", raw)
        w.add("bin", "t", b"")
        w.add("bin", "t", b"two\nlines\n")
        w.add("daemon", "", b"", kind=2)
        w.close()
        lines = [check("journal_record", json.loads(x)) for x in self.hb("journal", "cat", "--json").splitlines()]
        self.assertEqual(base64.b64decode(lines[0]["payload_base64"]), raw)
        self.assertEqual([x["kind"] for x in lines], ["message"] * 3 + ["tick"])
        self.assertIsNone(lines[0]["event"])
        self.assertEqual(self.run_hb("journal", "cat").stdout, raw + b"\n\ntwo\nlines\n")

    def test_verify_holds(self):
        self.make()
        before = self.contents()
        d = check("journal_verify", self.hb_json("journal", "verify"))
        self.assertEqual((d["holds"], d["records"], d["segments"], d["end"]), (True, 150, 3, self.end))
        self.assertIn("everything holds", self.hb("journal", "verify"))
        self.assertEqual(self.contents(), before)
        self.assertEqual(self.hb("journal", "repair"), "nothing to repair\n")
        after = self.contents()
        self.assertIn("lock", after)
        del after["lock"]
        self.assertEqual(after, before)

    def test_damage_in_an_earlier_segment(self):
        self.make()
        kept = list(journals.records(self.path("live/journal")))
        for k in (0, 20, 21, 49, 75):
            self.damage(self.places[k] + 44)
        d = check("journal_verify", self.hb_json("journal", "verify", code=12))
        self.assertEqual([(p["from"], p["to"]) for p in d["problems"]],
                         [(self.places[a], self.places[b]) for a, b in ((0, 1), (20, 22), (49, 50), (75, 76))])
        self.assertIn("checksum is wrong", d["problems"][0]["what"])
        text = self.hb("journal", "verify", code=12)
        self.assertIn("4 problems", text)
        r = self.run_hb("journal", "cat", "--from", self.places[10])
        self.assertEqual(r.returncode, 2)
        self.assertEqual(r.stdout.decode().splitlines(), ['{"n": %d}' % i for i in range(10, 20)])
        self.assertIn(f"damaged at position {self.places[20]}", r.stderr.decode())
        before = self.contents()
        d = check("journal_repair", self.hb_json("journal", "repair"))
        self.assertEqual(len(d["done"]), 4)
        self.assertIn("everything holds", self.hb("journal", "verify"))
        self.assertEqual(self.hb("journal", "repair"), "nothing to repair\n")
        got = list(journals.records(self.path("live/journal")))
        lost = {self.places[k] for k in (0, 20, 21, 49, 75)}
        self.assertEqual([r for r in got if r[1] == 1], [r for r in kept if r[0] not in lost])
        losses = [r for r in got if r[1] == 3]
        self.assertEqual([r[0] for r in losses], [self.places[k] for k in (0, 20, 49, 75)])
        self.assertEqual({r[2] for r in losses}, {b"journal"})
        self.assertTrue(losses[1][4].startswith(b"00000000000000000000.hbj: positions"), losses[1][4])
        self.assertEqual(losses[1][6], T0 + 19 * SECOND)  # arrived when the record before it did
        for k, n in ((0, 1), (20, 2), (75, 1)):
            start = self.starts[k // 50]
            with open(os.path.join(self.path("live/journal"), f"{start:020d}-{self.places[k]:020d}.cut"), "rb") as f:
                at = journals.HEAD + self.places[k] - start
                self.assertEqual(f.read(), before[f"{start:020d}.hbj"][at:at + self.places[k + n] - self.places[k]])
        with open(os.path.join(self.path("live/journal"), "repairs.log"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 4)

    def test_damaged_header_seal_and_rest(self):
        for offset, what in ((3, "does not begin as a segment"), (17, "header's checksum"), (70, "the seal is damaged"),
                             (300, "empty part of the header"), ((1 << 20) - 1, "after the last record")):
            with self.subTest(what):
                self.make()
                kept = list(journals.records(self.path("live/journal")))
                with open(os.path.join(self.path("live/journal"), f"{self.starts[1]:020d}.hbj"), "r+b") as f:
                    f.seek(offset)
                    f.write(b"\x55")
                d = check("journal_verify", self.hb_json("journal", "verify", code=12))
                self.assertEqual(len(d["problems"]), 1, d)
                self.assertIn(what, d["problems"][0]["what"])
                self.assertEqual(len(self.hb("journal", "cat").splitlines()), 150)
                self.hb("journal", "repair")
                self.hb("journal", "verify")
                self.assertEqual(list(journals.records(self.path("live/journal"))), kept)

    def test_torn_end(self):
        self.make()
        self.damage(self.places[149] + 50)
        d = check("journal_verify", self.hb_json("journal", "verify", code=12))
        self.assertIn("cuts off", d["problems"][0]["what"])
        self.assertEqual(len(self.hb("journal", "cat").splitlines()), 149)
        d = check("journal_repair", self.hb_json("journal", "repair"))
        self.assertEqual((d["cut_bytes"], d["cut_records"]), (self.end - self.places[149] - self.padding(149), 0))
        self.hb("journal", "verify")
        self.assertEqual(len(list(journals.records(self.path("live/journal")))), 149)

    def test_damage_in_the_segment_that_is_written_to(self):
        self.make()
        kept = list(journals.records(self.path("live/journal")))
        self.damage(self.places[140] + 50)
        d = check("journal_verify", self.hb_json("journal", "verify", code=12))
        self.assertIn("9 whole records", d["problems"][0]["what"])
        d = check("journal_repair", self.hb_json("journal", "repair"))
        self.assertEqual((d["cut_bytes"], d["moved_bytes"]), (0, self.places[141] - self.places[140]))
        self.assertEqual(len(d["done"]), 1)
        self.hb("journal", "verify")
        got = list(journals.records(self.path("live/journal")))
        self.assertEqual([r for r in got if r[1] == 1], kept[:140] + kept[141:])
        self.assertEqual([(r[0], r[2]) for r in got if r[1] == 3], [(self.places[140], b"journal")])
        with open(os.path.join(self.path("live/journal"), "repairs.log"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 1)
        self.assertEqual(self.hb("journal", "repair"), "nothing to repair\n")

    def padding(self, i):
        n = 40 + len("rig" if i % 2 else "bench") + len(f"t/{i}") + len('{"n": %d}' % i)
        return -n % 8

    def test_missing_and_short_segments(self):
        self.make(4)
        kept = list(journals.records(self.path("live/journal")))
        os.remove(os.path.join(self.path("live/journal"), f"{self.starts[1]:020d}.hbj"))
        os.truncate(os.path.join(self.path("live/journal"), f"{self.starts[2]:020d}.hbj"), journals.HEAD + 1000)
        d = check("journal_verify", self.hb_json("journal", "verify", code=12))
        whats = [p["what"] for p in d["problems"]]
        self.assertIn("a segment is missing", whats)
        self.assertIn("the file is not as long as its header says", whats)
        self.assertEqual(d["begin"], self.starts[2])
        self.hb("journal", "repair")
        d = check("journal_verify", self.hb_json("journal", "verify"))
        self.assertEqual((d["begin"], d["end"]), (0, self.end))
        got = list(journals.records(self.path("live/journal")))
        whole = [r for r in kept if r[0] < self.starts[1] or r[0] >= self.starts[3] or
                 self.starts[2] <= r[0] < self.starts[2] + 1000 - 80]
        self.assertEqual([r for r in got if r[1] == 1][:50], whole[:50])
        self.assertEqual({r for r in whole} - set(got), set())

    def test_a_gap_that_the_retention_left_is_no_problem(self):
        self.make()
        os.remove(os.path.join(self.path("live/journal"), f"{self.starts[1]:020d}.hbj"))
        self.hb("journal", "verify", code=12)
        self.write("live/journal/holds", f"hb-journal-holds 1\nhold a 0 8\ngap {self.starts[1]} {self.starts[2]}\n")
        d = check("journal_verify", self.hb_json("journal", "verify"))
        self.assertEqual([n["from"] for n in d["notes"]], [self.starts[1]])
        r = self.run_hb("journal", "cat")
        self.assertEqual((r.returncode, len(r.stdout.splitlines())), (0, 100))
        self.assertIn("are not kept", r.stderr.decode())
        check("journal_list", self.hb_json("journal", "list"))
        self.assertIn("dropped: positions", self.hb("journal", "list"))

    def test_slips(self):
        self.make(1)
        self.write("live/journal/holds", "hb-journal-holds 1\nhold a 5\n")
        err = self.hb_error("journal", "list", code=2, has="holds:2")
        self.assertIn("hold NAME FROM TO", err)
        os.remove(self.path("live/journal/holds"))
        with open(self.path(f"live/journal/{0:020d}.hbj"), "r+b") as f:
            head = bytearray(f.read(64))
            head[8] = 2
            head[60:64] = journals.crc32c(bytes(head[:60])).to_bytes(4, "little")
            f.seek(0)
            f.write(head)
        for command in ("list", "cat", "verify", "repair"):
            self.hb_error("journal", command, code=2, has="another version")

    def test_only_one_writes(self):
        self.make(1)
        import fcntl
        with open(self.path("live/journal/lock"), "w+", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            f.write("4711\n")
            f.flush()
            self.hb_error("journal", "repair", code=1, has="written by process 4711")
            self.hb("journal", "verify")

    def test_closed_pipe_ends_cat(self):
        self.make(3, 3000)
        p = subprocess.Popen([HB, "journal", "cat", "--json"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.readline()
        p.stdout.close()
        p.stderr.read()
        p.stderr.close()
        self.assertEqual(p.wait(60), 1)


if __name__ == "__main__":
    unittest.main()
