# SPDX-License-Identifier: Apache-2.0
"""Help, options, exit codes, completion, manual pages: everything that comes from the tables."""
import json
import os
import re
import shutil
import subprocess
import unittest

from hbtest import HB, Case


class Usage(Case):
    def commands(self):
        return json.loads(self.hb("--dump-cli"))["commands"]

    def test_help_of_every_command_fits_the_terminal(self):
        texts = [self.hb(), self.hb("help"), self.hb("help", "exit-codes"), self.hb("help", "verdicts"),
                 self.hb("help", "workspace"), self.hb("help", "formats")]
        for c in self.commands():
            by_help = self.hb("help", *c["name"].split())
            by_option = self.hb(*c["name"].split(), "--help")
            self.assertEqual(by_help, by_option)
            self.assertIn("Example\n  $ hb ", by_help)
            self.assertTrue(c["summary"] and c["details"])
            texts.append(by_help)
        for text in texts:
            self.assertTrue(text.strip())
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_help_and_manual_pages_name_every_value(self):
        for c in self.commands():
            for text in (self.hb("help", *c["name"].split()), self.hb("--dump-man", "hb-" + c["name"].replace(" ", "-"))):
                self.assertNotIn("(null)", text, c["name"])
        self.assertIn("--event\ncreated|accessed|", re.sub(r" +", " ", self.hb("help", "custody", "add").replace("--event ", "--event\n", 1)))

    def test_what_lists_prints_an_object_that_says_its_format(self):
        self.hb("init", ".")
        for args, form, what in ((("runs", "list"), "hb-runs/1", "runs"), (("baseline", "list"), "hb-baseline-tags/1", "tags"),
                                 (("baseline", "versions"), "hb-baseline-versions/1", "versions"),
                                 (("baseline", "requests"), "hb-baseline-requests/1", "requests"),
                                 (("baseline", "approvals"), "hb-baseline-approvals/1", "statements"),
                                 (("live", "list"), "hb-live-list/1", "windows"), (("alert", "list"), "hb-alerts/1", "alerts"),
                                 (("audit", "list"), "hb-audit-list/1", "entries"), (("custody", "list"), "hb-custody-list/1", "cases"),
                                 (("token", "list"), "hb-token-list/1", "tokens"), (("keys", "list"), "hb-keys/1", "keys"),
                                 (("operators", "list"), "hb-operators/1", "operators")):
            d = self.hb_json(*args)
            self.assertEqual((d["format"], type(d[what])), (form, list), args)

    def test_exit_codes_are_told_as_they_are(self):
        text = self.hb("help", "exit-codes")
        for code in (1, 2, 3, 4, 5, 10, 11, 12):
            self.assertRegex(text, rf"(?m)^ +{code}  ")

    def test_options_of_a_workspace_are_refused_where_none_is_looked_at(self):
        for option in ("--db", "--workspace", "--baseline-policy", "--reports"):
            for args in (("verify", "a.zip", option, "x"), (option, "x", "verify", "a.zip")):
                self.hb_error(*args, code=2, has=["looks at no workspace", option])

    def test_version(self):
        self.assertRegex(self.hb("--version"), r"^hb \d+\.\d+\.\d+\n$")

    def test_wrong_usage_names_the_nearest(self):
        self.hb_error("compair", code=2, has=["unknown command 'compair'", "compare"])
        self.hb_error("runs", code=2, has="needs a further word")
        self.hb_error("runs", "lst", code=2, has="did you mean 'runs list'")
        self.hb_error("runs", "list", "--limt", "3", code=2, has=["--limt", "--limit"])
        self.hb_error("runs", "list", "--limit", "many", code=2, has="whole number")
        self.hb_error("runs", "list", "--limit", code=2, has="needs a value")
        self.hb_error("runs", "list", "--json=1", code=2, has="takes no value")
        self.hb_error("compare", "--run", "x", code=2, has="--baseline")
        self.hb_error("inspect", "x", "--where", "a > 1", "--where=b > 1", code=2, has="'--where' is given twice")
        self.hb_error("run", code=2, has="needs FILE")
        self.hb_error("analyze", "a", "b", code=2, has="does not take 'b'")
        self.hb_error("run", "x", "--fail-on", "never", code=2, has="fail, drift, none")
        self.hb_error("help", "nothing", code=2, has="no help on 'nothing'")
        self.hb_error("completion", "fish", code=2, has="bash and zsh")

    def test_common_options_work_before_and_after(self):
        self.hb("init", "lab")
        self.write("lab/a.csv", "metric,value\nx,1\n")
        self.hb("--workspace", "lab", "ingest", "lab/a.csv", "--run-id", "one")
        after = self.hb("runs", "list", "--json", "--workspace", "lab")
        before = self.hb("--workspace=lab", "--json", "runs", "list")
        variable = self.hb("runs", "list", "--json", env={"HB_WORKSPACE": "lab"})
        self.assertEqual(after, before)
        self.assertEqual(after, variable)
        self.assertEqual(json.loads(after)["runs"][0]["run_id"], "one")
        # the option goes before the variable
        self.hb_error("runs", "list", "--db", "none.db", env={"HB_DB_PATH": "lab/runs.db"}, code=4, has="none.db")

    def test_full_disk_behind_standard_output(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            r = subprocess.run([HB, "help"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"No space left", r.stderr)

    def test_closed_pipe_is_an_error_not_a_signal(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        r = subprocess.run([HB, "help"], stdout=write_end, stderr=subprocess.PIPE, check=False)
        os.close(write_end)
        self.assertEqual(r.returncode, 1)

    def test_completion_knows_commands_and_options(self):
        script = self.write("hb.bash", self.hb("completion", "bash"))
        subprocess.run(["bash", "-n", script], check=True)

        def complete(*words):
            line = (f"source {script}; COMP_WORDS=({' '.join(words)} ''); COMP_CWORD={len(words)}; _hb; "
                    "printf '%s\\n' \"${COMPREPLY[@]}\"")
            out = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
            return out.stdout.split()

        first = complete("hb")
        for c in self.commands():
            self.assertIn(c["name"].split()[0], first)
        self.assertIn("--baseline", complete("hb", "compare"))
        self.assertIn("--tag", complete("hb", "baseline", "set"))
        self.assertEqual(complete("hb", "run", "--fail-on"), ["fail", "drift", "none"])
        zsh = self.write("_hb", self.hb("completion", "zsh"))
        if shutil.which("zsh"):
            subprocess.run(["zsh", "-n", zsh], check=True)

    def test_manual_pages_are_sound(self):
        pages = self.hb("--dump-man", "list").split()
        self.assertEqual(len(pages), len(self.commands()) + 1)
        for page in pages:
            text = self.hb("--dump-man", page)
            path = self.write(page + ".1", text)
            if shutil.which("mandoc"):
                lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True, check=False)
                self.assertEqual(lint.stdout + lint.stderr, "", page)
        for c in self.commands():
            page = self.hb("--dump-man", "hb-" + c["name"].replace(" ", "-"))
            for o in c["options"]:
                self.assertIn("\\-\\-" + o["name"].replace("-", "\\-"), page)

    def test_schema_command_gives_valid_schemas(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no jsonschema")
        for name in ("metric-registry", "baseline-policy", "run-meta", "profile"):
            schema = json.loads(self.hb("config", "schema", name))
            jsonschema.Draft202012Validator.check_schema(schema)
            self.assertTrue(self.hb("config", "schema", name, "--reference").strip())
        self.hb_error("config", "schema", "nothing", code=2, has="metric-registry")


if __name__ == "__main__":
    unittest.main()
