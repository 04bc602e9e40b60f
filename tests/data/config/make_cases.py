#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes pyyaml.case: random documents in every style, with the tree PyYAML (another parser) composes of them.

    tests/data/config/make_cases.py > tests/data/config/pyyaml.case

A node is [line, column, content] from 1; a scalar in quotes has a fourth element. Values that are not written at all have
no place (0, 0): the two parsers put them at different ends of the blank. Scalars are texts on both sides (BaseLoader).
"""
import json
import random
import sys

import yaml

WORDS = ["a", "metric", "drift_percent", "µs", "m/s", "10", "1e-5", "-3.5", "true", "no", "~", "null", "it's", "x y", "é", "0x10", "a:b",
         "日本", "%", "#no", "x # y", "[", "- a", "", "'", '"', "a\\b", " lead", "tail ", "two\nlines", "tab\there", "😀", "a, b", "{}", "key: v",
         "2026-01-02", ".inf", "-", "?", "!x", "&x", "*x", "|", ">", "@", "`", "=", "<"]


def plain_ok(s, flow):
    if s in ("", "-", "?") or s != s.strip() or any(c in s for c in "\n\t"):
        return False  # a bare - or ? is plain to PyYAML where YAML 1.2 has it an indicator
    try:
        n = yaml.compose(("[" + s + "]") if flow else ("k: " + s), Loader=yaml.BaseLoader)
        v = n.value[0] if flow else n.value[0][1]
        return isinstance(v, yaml.ScalarNode) and v.value == s and v.style is None and len(n.value) == 1
    except yaml.YAMLError:
        return False


def scalar(rng, flow, key=False):
    s = rng.choice(WORDS)
    if key and s == "<":
        s = "k"
    styles = ["double"]
    if "\n" not in s and "\t" not in s:
        styles.append("single")
    if plain_ok(s, flow):
        styles += ["plain"] * 4
    style = rng.choice(styles)
    if style == "plain":
        return s
    if style == "single":
        return "'" + s.replace("'", "''") + "'"
    return json.dumps(s, ensure_ascii=rng.random() < 0.3)


def keys(rng, flow, n):
    seen, out = set(), []
    while len(out) < n:
        k = scalar(rng, flow, True)
        v = yaml.compose("{" + k + ": 1}" if flow else k + ": 1", Loader=yaml.BaseLoader).value[0][0].value
        v = v.encode("utf-16", "surrogatepass").decode("utf-16")
        if v not in seen and k:
            seen.add(v)
            out.append(k)
    return out


def flow(rng, depth):
    if depth == 0 or rng.random() < 0.5:
        return scalar(rng, True)
    sep = rng.choice([", ", ",", " , ", ",\n      "])
    n = rng.randrange(4)
    if rng.random() < 0.5:
        return "[" + sep.join(flow(rng, depth - 1) for _ in range(n)) + "]"
    return "{" + sep.join(k + ": " + flow(rng, depth - 1) for k in keys(rng, True, n)) + "}"


def remark(rng):
    return rng.choice(["", "", "", "   # why", " # é"])


def block(rng, depth, indent):
    pad = " " * indent
    lines = []
    n = rng.randrange(1, 4)
    is_map = rng.random() < 0.6
    for k in keys(rng, False, n) if is_map else range(n):
        if rng.random() < 0.15:
            lines.append(rng.choice(["", pad + "# note", "# flush"]))
        head = pad + (k + ":" if is_map else "-")
        kind = rng.random()
        if depth and kind < 0.35:
            step = rng.choice([1, 2, 4])
            lines.append(head + remark(rng))
            lines += block(rng, depth - 1, indent + step)
        elif kind < 0.45:
            lines.append(head + remark(rng))
        elif kind < 0.65:
            lines.append(head + " " + flow(rng, 2) + remark(rng))
        else:
            lines.append(head + " " * rng.randrange(1, 4) + scalar(rng, False) + remark(rng))
    return lines


def tree(node, loop=()):
    at = [node.start_mark.line + 1, node.start_mark.column + 1]
    if isinstance(node, yaml.ScalarNode):
        if node.style is None and node.value == "":
            return [0, 0, ""]
        return at + [node.value] + ([True] if node.style else [])
    if isinstance(node, yaml.SequenceNode):
        return at + [[tree(n) for n in node.value]]
    return at + [{k.value: [k.start_mark.line + 1, k.start_mark.column + 1, tree(v)] for k, v in node.value}]


def document(rng):
    style = rng.random()
    if style < 0.6:
        text = "\n".join(block(rng, 3, 0)) + "\n"
    elif style < 0.8:
        text = flow(rng, 4) + "\n"
    else:
        value = yaml.load("\n".join(block(rng, 3, 0)), Loader=yaml.BaseLoader)
        text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1, 4]))
    if rng.random() < 0.15:
        text = "---\n" + text
    if rng.random() < 0.1:
        text += "\n...\n" if not text.endswith("\n") else "...\n"
    if rng.random() < 0.1:
        text = text.replace("\n", "\r\n")
    return text


def main():
    rng = random.Random(20)
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    print("Written by make_cases.py with PyYAML", yaml.__version__)
    done = 0
    while done < n:
        text = document(rng)
        try:
            root = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError:
            continue
        if root is None or (isinstance(root, yaml.ScalarNode) and root.value == ""):
            continue
        done += 1
        print(f"== {done}")
        print("escaped: yes\ncut: yes")
        answer = json.dumps(tree(root), ensure_ascii=False)
        # PyYAML leaves the two halves of a JSON surrogate pair apart
        print("tree:", answer.encode("utf-16", "surrogatepass").decode("utf-16"))
        print("--")
        print(text.replace("\\", "\\\\").replace("\t", "\\t").replace("\r", "\\r"))


main()
