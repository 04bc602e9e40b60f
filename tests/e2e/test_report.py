# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a real browser: complete, safe, readable in light, dark, print and on a narrow screen, and sound for
screen readers."""
import html.parser
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import unittest
import zlib

from hbtest import Case

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
PRINT_REPORT = os.path.join(os.environ["HB_BUILD_DIR"], "tests", "e2e", "print_report")
EVIL = "<script>document.title='owned'</script>"


def png_pixels(path):
    """Rows of RGB tuples of an 8-bit PNG without interlace (what the browser writes)."""
    with open(path, "rb") as f:
        data = f.read()
    pos, idat, width, height, channels = 8, b"", 0, 0, 3
    while pos < len(data):
        n, kind = struct.unpack(">I4s", data[pos:pos + 8])
        body = data[pos + 8:pos + 8 + n]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            idat += body
        pos += 12 + n
    raw, stride, last, rows = zlib.decompress(idat), width * channels, bytearray(width * channels), []
    for y in range(height):
        kind = raw[y * (stride + 1)]
        line = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a = line[i - channels] if i >= channels else 0
            b, c = last[i], last[i - channels] if i >= channels else 0
            if kind == 1:
                line[i] = (line[i] + a) & 255
            elif kind == 2:
                line[i] = (line[i] + b) & 255
            elif kind == 3:
                line[i] = (line[i] + (a + b) // 2) & 255
            elif kind == 4:
                p = a + b - c
                q = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                line[i] = (line[i] + q) & 255
        last = line
        rows.append([tuple(line[x:x + 3]) for x in range(0, stride, channels)])
    return rows


class Structure(html.parser.HTMLParser):
    """What a screen reader depends on."""

    def __init__(self):
        super().__init__()
        self.headings, self.problems, self.ids, self.stack, self.scripts = [], [], set(), [], 0
        self.tables = []
        self.landmarks = set()

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "html" and not a.get("lang"):
            self.problems.append("no language")
        if tag in ("script", "iframe", "object", "embed", "link", "img", "form", "input"):
            self.scripts += 1
        for name, value in attrs:
            if name.startswith("on") or (name in ("src", "href") and value and not value.startswith("#")):
                self.problems.append(f"{tag} has {name}={value}")
        if a.get("id"):
            if a["id"] in self.ids:
                self.problems.append(f"id {a['id']} twice")
            self.ids.add(a["id"])
        if re.fullmatch("h[1-6]", tag):
            level = int(tag[1])
            if self.headings and level > self.headings[-1] + 1:
                self.problems.append(f"heading jumps from {self.headings[-1]} to {level}")
            self.headings.append(level)
        if tag in ("main", "header", "footer", "section"):
            self.landmarks.add(tag)
            if tag == "section" and not a.get("aria-labelledby"):
                self.problems.append("section without a name")
        if tag == "table":
            self.tables.append({"caption": False})
        if tag == "caption":
            self.tables[-1]["caption"] = True
        if tag == "th" and not a.get("scope"):
            self.problems.append("th without scope")
        if tag == "svg" and a.get("role") != "img":
            self.problems.append("svg without role")
        self.stack.append((tag, self.getpos()))

    def finish(self):
        self.problems += ["table without caption" for t in self.tables if not t["caption"]]
        if self.headings[:1] != [1]:
            self.problems.append("the first heading is no h1")
        return self.problems


def luminance(colour):
    def part(v):
        v /= 255
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
    r, g, b = (int(colour[i:i + 2], 16) for i in (1, 3, 5))
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)


def contrast(a, b):
    x, y = sorted((luminance(a), luminance(b)), reverse=True)
    return (x + 0.05) / (y + 0.05)


def palette(css):
    out = {}
    for name, value in re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})(?![0-9a-f])", css):
        out[name] = value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
    return out


@unittest.skipUnless(CHROMIUM, "no chromium")
class Report(Case):
    def rows(self, shift=0.0, fail=False):
        text = "time,temp,volt," + f'"{EVIL}"' + ",resets\n"
        for i in range(300):
            bump = shift if i > 150 else 0
            text += f"2026-01-05T10:{i // 60:02d}:{i % 60:02d}Z,{20 + (i * 7) % 5 + bump},{3.3 + (i % 3) * 0.01},{i % 4},{1 if fail else 0}\n"
        return text

    def make(self, run, out="out", registry="metrics: {resets: {reduce: max, critical: true, invariant_eq: 0}}\ndefaults: {drift_spread: 1, spread_ratio: 3}\n"):
        self.write("base.csv", self.rows())
        self.write("run.csv", run)
        self.write("metric_registry.yaml", registry)
        s = self.hb_json("compare", "--baseline", "base.csv", "--run", "run.csv", "--out", out, "--fail-on", "none")
        return s, self.path(out + "/drift_report.html")

    def browse(self, page, *args):
        profile = self.path("profile")
        r = subprocess.run([CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *args, "file://" + page], capture_output=True,
                           timeout=120, check=False)
        shutil.rmtree(profile, ignore_errors=True)
        return r.stdout.decode()

    def test_the_browser_sees_everything_and_runs_nothing(self):
        s, page = self.make(self.rows(6, fail=True))
        self.assertEqual(s["status"], "FAIL")
        dom = self.browse(page, "--dump-dom")
        self.assertIn("<title>FAIL", dom)
        self.assertNotIn("owned", re.sub(r"&lt;script&gt;.*?&lt;/script&gt;", "", dom))
        parsed = Structure()
        parsed.feed(dom)
        self.assertEqual(parsed.scripts, 0)
        for f in s["findings"]:
            if f["severity"] in ("drift", "fail"):
                self.assertIn(f["metric"], dom)
        self.assertGreaterEqual(dom.count("<svg"), 3)
        self.assertIn("onset", dom)
        self.assertTrue({"main", "header", "footer", "section"} <= parsed.landmarks)
        self.assertEqual(parsed.finish(), [])

    def test_no_test_says_so(self):
        self.write("a.csv", "metric,value\nx,1\n")
        self.hb("run", "a.csv", "--run-id", "first")
        dom = self.browse(self.path("reports/first/drift_report.html"), "--dump-dom")
        self.assertIn("NO TEST", dom)
        self.assertIn("hb baseline set first", dom)
        self.assertIn("Nothing was tested", dom)

    def test_a_live_window(self):
        page = self.path("live.html")
        with open(page, "wb") as f:
            subprocess.run([PRINT_REPORT.replace("print_report", "print_live"), "html"], stdout=f, check=True)
        dom = self.browse(page, "--dump-dom")
        self.assertIn("<title>FAIL", dom)
        self.assertNotIn("owned", re.sub(r"&lt;script&gt;.*?&lt;/script&gt;", "", dom))
        parsed = Structure()
        parsed.feed(dom)
        self.assertEqual((parsed.scripts, parsed.finish()), (0, []))
        for words in ("Live window 1m", "6, 97 % of those expected; 3 late", "at most 1 false alarm a month", "Samples beyond hard limits",
                      "81.5, 97.25", "Metrics that should have been heard of", "slow drift", "104 % up", "resembles its neighbours"):
            self.assertIn(words, dom)

    def test_the_inspect_page(self):
        self.write("a&b.csv", self.rows().replace(",3.3,", f',"{EVIL}",', 1))
        self.write("other.csv", self.rows(3))
        self.hb("inspect", "a&b.csv", "other.csv", "--html", "page.html")
        dom = self.browse(self.path("page.html"), "--dump-dom")
        self.assertNotIn("<title>owned", dom)
        self.assertNotIn("owned", re.sub(r"&lt;script&gt;.*?&lt;/script&gt;", "", dom))
        parsed = Structure()
        parsed.feed(dom)
        self.assertEqual((parsed.scripts, parsed.finish()), (0, []))
        self.assertTrue({"main", "header", "footer", "section"} <= parsed.landmarks)
        for words in ("a&amp;b.csv", "other.csv", "What was guessed, and why", "Cells that could not be used", "From, to"):
            self.assertIn(words, dom)
        self.assertEqual(dom.count("<svg"), 14)  # temp, volt, the column with the long name; resets is constant: a course, no spread
        path = self.path("page.png")
        self.browse(self.path("page.html"), "--window-size=500,2400", "--screenshot=" + path)
        rows = png_pixels(path)
        self.assertGreater(len({p for row in rows for p in row}), 50)
        self.assertTrue(all(sum(row[-1]) > 700 for row in rows))

    def test_light_dark_narrow_and_print(self):
        _, page = self.make(self.rows(6))
        shots = {}
        for name, args in (("light", ["--window-size=1100,900", "--blink-settings=preferredColorScheme=1"]),
                           ("dark", ["--window-size=1100,900", "--blink-settings=preferredColorScheme=0"]),
                           ("narrow", ["--window-size=500,900", "--blink-settings=preferredColorScheme=1"])):
            path = self.path(name + ".png")
            self.browse(page, *args, "--screenshot=" + path)
            shots[name] = png_pixels(path)
            self.assertGreater(len({p for row in shots[name] for p in row}), 50, name + " is blank")
        self.assertGreater(sum(shots["light"][5][5]), 700)
        self.assertLess(sum(shots["dark"][5][5]), 150)
        # nothing runs over the right edge of a narrow screen
        self.assertTrue(all(sum(row[-1]) > 700 for row in shots["narrow"]))
        pdf = self.path("page.pdf")
        self.browse(page, "--no-pdf-header-footer", "--print-to-pdf=" + pdf)
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
            for words in ("PASS WITH DRIFT", "Findings", "temp", "Everything compared", "Input files", "Method"):
                self.assertIn(words, text)
        else:
            self.assertGreater(os.path.getsize(pdf), 20000)

    def printed(self, *args):
        """A page in which every layer has something to say (tests/support/fake_decision.h)."""
        page = self.path("printed.html")
        with open(page, "wb") as f:
            subprocess.run([PRINT_REPORT, "html", *args], stdout=f, check=True)
        return page

    def test_a_page_with_every_section(self):
        page = self.printed()
        dom = self.browse(page, "--dump-dom")
        self.assertIn("<title>PASS WITH DRIFT", dom)
        self.assertNotIn("owned", re.sub(r"&lt;script&gt;.*?&lt;/script&gt;", "", dom))
        parsed = Structure()
        parsed.feed(dom)
        self.assertEqual((parsed.scripts, parsed.finish()), (0, []))
        for words in ("What this could have missed", "Against 12 baseline runs", "To repeat", "2026-02-03", "Open suspicions",
                      "Tested metrics, smallest p", "not shown", "Not tested: resets (too few runs: 2 of 3)", "Run by run", "since run-14",
                      "Since when", "What it goes with", "62 %", "build 5.2 &lt;rc&gt;", "Do the metrics still go together?",
                      "lead to expect", "Shift of each quantile", "Layer 2, run against baseline"):
            self.assertIn(words, dom)
        section = dom[dom.index('id="statistics"'):dom.index('id="h-flagged"')]
        # 5 noteworthy metrics: suspected 2, confirmed, below min_effect, retested; and the broken relation
        self.assertEqual(section.count("<svg"), 6)
        self.assertEqual(section.count("<desc>"), 6)
        self.assertEqual(section.count('class="db"'), 5 * 12)
        self.assertEqual(section.count('class="dh"'), 5 * 6)
        self.assertEqual(section.count('class="pos'), 11)
        self.assertLess(section.index("bearing_temp</bdi> <small>"), section.index("pressure</bdi> <small>"))
        for name, scheme, size in (("light", 1, "1100,3200"), ("dark", 0, "1100,3200"), ("narrow", 1, "500,3200")):
            path = self.path(name + ".png")
            self.browse(page, f"--window-size={size}", f"--blink-settings=preferredColorScheme={scheme}", "--screenshot=" + path)
            rows = png_pixels(path)
            self.assertGreater(len({p for row in rows for p in row}), 50, name)
            if name == "narrow":
                self.assertTrue(all(sum(row[-1]) > 700 for row in rows), "runs over the edge")

    def test_many_metrics_with_statistics_stay_under_500_kb(self):
        page = self.printed("488")
        self.assertLessEqual(os.path.getsize(page), 500_000)
        self.assertIn("439 further metrics with a larger p", self.browse(page, "--dump-dom"))

    def test_the_power_page(self):
        self.hb("init", ".")
        for k in range(6):
            text = "metric,value,unit\n" + f'"{EVIL}",{5 + k * 37 % 11 / 10},"<b>"\nflow,{9 + k * 17 % 7 / 10},l/min\n' + ("rare,1,\n" if k == 0 else "")
            self.write("run.csv", text)
            self.hb("ingest", "run.csv", "--run-id", f"run-{k}", "--program", "p&q")
        self.hb("power", "--html", "power.html")
        dom = self.browse(self.path("power.html"), "--dump-dom")
        self.assertNotIn("owned", re.sub(r"&lt;script&gt;.*?&lt;/script&gt;", "", dom))
        parsed = Structure()
        parsed.feed(dom)
        self.assertEqual((parsed.scripts, parsed.finish()), (0, []))
        self.assertTrue({"main", "header", "footer", "section"} <= parsed.landmarks)
        for words in ("5, <bdi>run-0</bdi> to <bdi>run-4</bdi>", "cannot be tested: too few runs", "Power against the size of a shift"):
            self.assertIn(words, dom)
        self.assertEqual(dom.count("<svg"), 4)
        path = self.path("power.png")
        self.browse(self.path("power.html"), "--window-size=500,2400", "--screenshot=" + path)
        rows = png_pixels(path)
        self.assertGreater(len({p for row in rows for p in row}), 50)
        self.assertTrue(all(sum(row[-1]) > 700 for row in rows))

    def test_contrast_of_every_text_colour(self):
        _, page = self.make(self.rows(6))
        with open(page, encoding="utf-8") as f:
            css = re.search(r"<style>(.*?)</style>", f.read(), re.S).group(1)
        light, dark = css.split("@media(prefers-color-scheme:dark)")[0], css.split("@media(prefers-color-scheme:dark)")[1]
        for scheme in (palette(light), palette(dark.split("}}")[0])):
            self.assertGreaterEqual(len(scheme), 10)
            for name in ("fg", "soft", "pass", "drift", "fail", "none", "run", "base", "on"):
                for ground in ("bg", "panel"):
                    self.assertGreaterEqual(contrast(scheme[name], scheme[ground]), 4.5, f"{name} on {ground}: {scheme}")

    def test_five_hundred_metrics_stay_under_500_kb(self):
        def table(shift):
            text = "metric,value,unit,tags\n"
            for i in range(500):
                samples = json.dumps({"samples": [i + shift * (i % 2) + (k * 37 % 11) / 10 for k in range(60)]}).replace('"', '""')
                text += f'metric_with_a_name_{i:03d},{i + shift * (i % 2)},ms,"{samples}"\n'
            return text
        self.write("base.csv", table(0))
        self.write("run.csv", table(5))
        s = self.hb_json("compare", "--baseline", "base.csv", "--run", "run.csv", "--out", "big")
        page = self.path("big/drift_report.html")
        self.assertEqual(len({f["metric"] for f in s["findings"] if f["severity"] == "drift"}), 250)
        self.assertLessEqual(os.path.getsize(page), 500_000)
        self.assertIn("metric_with_a_name_499", self.browse(page, "--dump-dom"))


if __name__ == "__main__":
    if not CHROMIUM:
        print("skipped: no chromium")
        sys.exit(77)
    unittest.main()
