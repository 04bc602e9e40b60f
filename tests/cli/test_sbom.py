# SPDX-License-Identifier: Apache-2.0
"""The bills of materials of hb and hb-verify: true by what the linker did, valid by the standard's own schema."""
import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
import unittest

import jsonschema

from hbtest import HB, SOURCE, Case

BUILD = os.path.dirname(os.path.realpath(HB))
PERMISSIVE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "HDF5", "MIT", "UCAR", "Zlib", "blessing", "curl",
              "GPL-3.0-or-later WITH GCC-exception-3.1", "Apache-2.0 WITH LLVM-exception"}
PROGRAMS = {"hb": ["sbom"], "hb-verify": ["--sbom"]}
SCHEMAS = os.path.join(SOURCE, "tests", "data", "cyclonedx")


def run(*words):
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout


def tools():
    return all(shutil.which(t) for t in ("readelf", "ldd", "dpkg-query"))


def needed(binary):
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-d", "-W", binary)))


def from_link_map(program):
    """Files of others in the link map, wherever it mentions them: archives' members and startup objects."""
    with open(os.path.join(BUILD, "sbom", program + ".map"), encoding="utf-8", errors="replace") as f:
        text = f.read()
    paths = set(re.findall(r"(?:^|[ \t])(/[^ ()\n]+\.a)\(", text, re.M))
    paths |= set(re.findall(r"^LOAD (/[^\n]+\.o)$", text, re.M))
    return {p for p in paths if not p.startswith(BUILD + "/")}


def third_parties():
    """Rows of THIRD_PARTY.md: project, home, licence, [in hb, in hb-verify]."""
    with open(os.path.join(SOURCE, "THIRD_PARTY.md"), encoding="utf-8") as f:
        found = re.findall(r"^\| \[([^]]+)\]\(([^)]+)\) \| ([^|]+) \| ([^|]*) \| ([^|]*) \|$", f.read(), re.M)
    return [[project, home, licence, [a.strip(), b.strip()]] for project, home, licence, a, b in found]


def is_instrumented():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as f:
        return bool(re.search(r"^HB_(SANITIZE|COVERAGE|FUZZ):\w+=(?!OFF|$)", f.read(), re.M))


class Bill:
    def __init__(self, text):
        self.text = text
        self.json = json.loads(text)
        self.components = self.json["components"]

    @staticmethod
    def properties(component, name):
        return [p["value"] for p in component["properties"] if p["name"] == "harmony-bridge:" + name]

    def files(self, linkage):
        return sorted(f for c in self.components if self.properties(c, "linkage") == [linkage]
                      for f in self.properties(c, "file"))


class Sbom(Case):
    def bills(self):
        found = []
        for program, words in PROGRAMS.items():
            binary = os.path.join(BUILD, program)
            if not os.path.exists(binary):
                print(f"skipped: {program} is not built")
                continue
            r = self.run_hb(*words, binary=binary)
            self.assertEqual((r.returncode, r.stderr), (0, b""))
            found.append((program, binary, Bill(r.stdout)))
        return found

    # --- what it says of itself ---

    def test_the_schema_of_the_standard(self):
        store = {}
        for name in os.listdir(SCHEMAS):
            if name.endswith(".json"):
                with open(os.path.join(SCHEMAS, name), encoding="utf-8") as f:
                    store[name] = json.load(f)
        schema = store["bom-1.6.SNAPSHOT.schema.json"]
        known = {"http://cyclonedx.org/schema/" + name: s for name, s in store.items()}
        validator = jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver(schema["$id"], schema, known))
        for _, _, bill in self.bills():
            self.assertEqual([e.message for e in validator.iter_errors(bill.json)], [])
            bad = copy.deepcopy(bill.json)  # and it would find what is wrong
            bad["components"][0]["licenses"] = [{"license": {"id": "No-Such-Licence"}}]
            self.assertTrue(list(validator.iter_errors(bad)))
            bad = copy.deepcopy(bill.json)
            bad["components"][0]["linkage"] = "static"
            self.assertTrue(list(validator.iter_errors(bad)))

    def test_what_it_is_about(self):
        version = self.hb("--version").split()[1]
        for program, _, bill in self.bills():
            self.assertEqual((bill.json["bomFormat"], bill.json["specVersion"]), ("CycloneDX", "1.6"))
            own = bill.json["metadata"]["component"]
            self.assertEqual((own["group"], own["name"], own["version"]), ("harmony-bridge", program, version))
            self.assertEqual(own["licenses"], [{"license": {"id": "Apache-2.0"}}])
            self.assertRegex(Bill.properties(own, "compiler")[0], r"^(GNU|Clang) [0-9.]+$")
            self.assertEqual(bill.json["dependencies"], [{"ref": program, "dependsOn": [c["bom-ref"] for c in bill.components]}])

    def test_each_has_name_version_licence_and_package(self):
        for _, _, bill in self.bills():
            references = [c["bom-ref"] for c in bill.components]
            self.assertEqual(references, sorted(set(references)))
            for c in bill.components:
                with self.subTest(c["bom-ref"]):
                    self.assertTrue(c["name"] and c["licenses"])
                    self.assertIn(Bill.properties(c, "linkage"), (["static"], ["dynamic"], ["dlopen"]))
                    self.assertEqual(len(Bill.properties(c, "project")), 1)
                    self.assertTrue(Bill.properties(c, "file"))
                    if "purl" in c:
                        self.assertTrue(c["version"])

    def test_the_same_build_gives_the_same_bytes(self):
        """Nothing in it is of this machine, this folder or this hour, and it is what the build left beside the program."""
        for program, _, bill in self.bills():
            for word in (b"timestamp", b"serialNumber", SOURCE.encode(), BUILD.encode(), b"/usr/"):
                self.assertNotIn(word, bill.text)
            with open(os.path.join(BUILD, "sbom", program + ".cdx.json"), "rb") as f:
                self.assertEqual(f.read(), bill.text)
            with open(os.path.join(BUILD, "sbom", program + "_sbom.c"), encoding="utf-8") as f:
                self.assertIn(hashlib.sha256(bill.text).hexdigest(), f.read())

    # --- whether it is true ---

    @unittest.skipUnless(tools(), "readelf, ldd or dpkg-query is not installed")
    def test_dynamic_is_what_the_program_needs_to_start(self):
        for _, binary, bill in self.bills():
            self.assertEqual(bill.files("dynamic"), sorted(needed(binary)))

    def test_static_is_what_the_link_map_has(self):
        for program, _, bill in self.bills():
            found = from_link_map(program)
            self.assertTrue(found)
            self.assertEqual(bill.files("static"), sorted({os.path.basename(p) for p in found}))

    @unittest.skipUnless(tools(), "readelf, ldd or dpkg-query is not installed")
    def test_dlopen_is_what_the_program_names(self):
        for _, binary, bill in self.bills():
            with open(binary, "rb") as f:
                names = {n.decode() for n in re.findall(rb"\b(lib[\w.+-]+\.so\.\d+)\0", f.read())}
            names -= needed(binary) | {"libgcc_s.so.1"}  # the C library's helper for the ends of threads
            if "libc.a" in bill.files("static"):  # what its look-ups of hosts and people would load; none is made
                names -= {"libc.so.6", "libidn2.so.0", "libnss_files.so.2"}
            self.assertEqual(bill.files("dlopen"), sorted(names))

    @unittest.skipUnless(tools(), "readelf, ldd or dpkg-query is not installed")
    def test_packages_and_versions_are_those_of_this_machine(self):
        """Asked the other way round: which files do the packages that are named have?"""
        for program, binary, bill in self.bills():
            loaded = {}
            if needed(binary):
                loaded = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", binary)))
            paths = {os.path.basename(p): p for p in from_link_map(program)}
            for c in bill.components:
                if "purl" not in c:
                    continue
                package = re.fullmatch(r"pkg:deb/[a-z]+/([^@]+)@([^?]+)\?arch=(\w+)(&distro=\S+)?", c["purl"])
                self.assertTrue(package, c["purl"])
                name = package[1].replace("%2B", "+") + ":" + package[3]
                self.assertEqual(package[2].replace("%2B", "+"), c["version"])
                self.assertEqual(run("dpkg-query", "-W", "-f", "${Version}", name), c["version"])
                owned = {os.path.realpath(p) for p in run("dpkg-query", "-L", name).split("\n")}
                for file in Bill.properties(c, "file"):
                    path = loaded.get(file) or paths.get(file)
                    if path:
                        self.assertIn(os.path.realpath(path), owned)
                    else:
                        self.assertIn(file, {os.path.basename(p) for p in run("dpkg-query", "-L", name).split("\n")})

    # --- licences ---

    def test_the_list_of_third_parties(self):
        """THIRD_PARTY.md, the table it is about and the bills of the programs say the same."""
        with open(os.path.join(SOURCE, "cmake", "third_party.txt"), encoding="utf-8") as f:
            table = [[x.strip() for x in line.split("|")] for line in f if not line.startswith("#")]
        table = {project: (licence, home) for _, project, licence, home in table}
        listed = {row[0]: row[1:] for row in third_parties()}
        for project, (home, licence, _) in listed.items():
            self.assertEqual((licence, home), table[project])
        used = {project: ["", ""] for project in listed}
        for program, _, bill in self.bills():
            for c in bill.components:
                project = Bill.properties(c, "project")[0]
                said = c["licenses"][0]
                self.assertEqual(said.get("expression") or said["license"]["id"], table[project][0])
                if project in used or not is_instrumented():
                    at = list(PROGRAMS).index(program)
                    linkage = Bill.properties(c, "linkage")[0]
                    used[project][at] = " and ".join(sorted({linkage, *used[project][at].split(" and ")} - {""}))
        if not is_instrumented():  # their run-time libraries are no part of what is given away
            self.assertEqual(used, {project: row[2] for project, row in listed.items()})

    def test_the_rule_of_licences(self):
        """Permissive, or LGPL in a shared library; what is neither is told as an exception."""
        with open(os.path.join(SOURCE, "THIRD_PARTY.md"), encoding="utf-8") as f:
            exceptions = f.read().split("where it is not kept")[1]
        for project, _, licence, linkages in ((r[0], *r[1:]) for r in third_parties()):
            for program, linkage in zip(PROGRAMS, linkages):
                allowed = any(set(choice.split(" AND ")) <= PERMISSIVE for choice in licence.split(" OR "))
                lgpl = licence.startswith("LGPL-") and "static" not in linkage
                startup = project == "GNU C Library" and program == "hb"
                if linkage and not (allowed or lgpl or startup):
                    self.assertRegex(exceptions, rf"\*\*{project}( in `{program}`)?\*\*")

    def test_the_texts_of_licences_go_along(self):
        for program, _, bill in self.bills():
            folder = os.path.join(BUILD, "sbom", "licences", program)
            for c in bill.components:
                if "purl" in c and Bill.properties(c, "linkage") == ["static"]:
                    with open(os.path.join(folder, c["name"]), "rb") as f:
                        self.assertGreater(len(f.read()), 500)

    # --- where it is told ---

    def test_the_support_bundle_has_its_digest(self):
        self.hb("support", "bundle", "s.zip")
        text = subprocess.run(["unzip", "-p", self.path("s.zip"), "program.json"], capture_output=True, check=True).stdout
        self.assertEqual(json.loads(text)["sbom_sha256"], hashlib.sha256(self.hb("sbom").encode()).hexdigest())

    def test_verify_says_whose_it_is(self):
        self.hb("init")
        rows = "".join(f"{i},{20 + i % 3}\n" for i in range(200))
        self.write("a.csv", "time,temp\n" + rows)
        self.hb("run", "a.csv", "--run-id", "a", "--program", "p", "--test-name", "t", "--fail-on", "none")
        self.hb("keys", "generate", "lab", "--no-passphrase")
        self.hb("export", "evidence-pack", "--case", "a", "--out", "a.zip")
        digest = hashlib.sha256(self.hb("sbom").encode()).hexdigest()
        for binary, words, whose in ((HB, ["verify"], "which is this program's own"),
                                     (os.path.join(BUILD, "hb-verify"), [], "another than this program's")):
            if not os.path.exists(binary):
                continue
            told = json.loads(self.run_hb(*words, "--trust", "keys/lab.pub", "--json", "a.zip", binary=binary).stdout)
            line = [a for a in told["answers"] if a["question"] == "program"]
            self.assertEqual([a["answer"] for a in line], ["holds"])
            self.assertIn(f"SHA-256 {digest}, {whose}", line[0]["text"])


if __name__ == "__main__":
    unittest.main()
