"""Formats as those read them that they are for: GitHub's own Markdown renderer, a reader of JUnit's XML.

    formats.py --limbeck BINARY

Every fixture is checked once; what the JSON report says is what the others have to show.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import junitparser
from cmarkgfm.cmark import Options

ROOT = Path(__file__).resolve().parents[2]
# What a summary consists of; anything else came out of a checked file.
ELEMENTS = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details", "summary"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tables = []
        self.in_head = False
        self.odd = set()
        self.languages = []

    def handle_starttag(self, tag, attributes):
        if tag not in ELEMENTS:
            self.odd.add(tag)
        if tag == "table":
            self.tables.append(["", -1])
        if tag == "tr":
            self.tables[-1][1] += 1
        self.in_head = tag == "th"
        self.languages += [value for name, value in attributes if name in ("lang", "class")]

    def handle_data(self, data):
        if self.in_head and not self.tables[-1][0]:
            self.tables[-1][0] = data


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--limbeck", default="target/release/limbeck")
    limbeck = str(Path(arguments.parse_args().limbeck).resolve())
    seen = 0
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        for folder in sorted(it for it in (ROOT / "fixtures").iterdir() if it.is_dir()):
            formats = [f"--format={it}={out / it}" for it in ("json", "junit", "markdown")]
            subprocess.run([limbeck, "check", "--fail-on", "never", *formats, folder], check=True, capture_output=True)
            findings = json.loads((out / "json").read_text())["findings"]
            live = [it for it in findings if not it["suppressed"]]

            suites = junitparser.JUnitXml.fromfile(str(out / "junit"))
            cases = [case for suite in suites for case in suite if case.name != "no findings"]
            failed = [case for case in cases if any(isinstance(it, junitparser.Failure) for it in case.result)]
            skipped = [case for case in cases if any(isinstance(it, junitparser.Skipped) for it in case.result)]
            wanted = (len(findings), sum(it["severity"] != "note" for it in live), len(findings) - len(live))
            assert (len(cases), len(failed), len(skipped)) == wanted, folder
            assert (suites.failures, suites.skipped) == wanted[1:], folder

            options = Options.CMARK_OPT_UNSAFE  # GitHub lets `details` through
            page = Page()
            page.feed(cmarkgfm.github_flavored_markdown_to_html((out / "markdown").read_text(), options))
            assert not page.odd, f"{folder}: {page.odd}"
            tables = dict(page.tables)
            assert set(tables) <= {"severity", "revision", "history"}, f"{folder}: {tables}"
            rows = tables.get("severity", 0)
            assert rows == min(len(live), 60), f"{folder}: {rows} rows for {len(live)} findings"
            assert any(re.fullmatch("(language-)?mermaid", it) for it in page.languages) or not page.languages, folder
            seen += len(findings)
    assert seen > 50, seen
    print(f"{seen} findings are read as they were written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
