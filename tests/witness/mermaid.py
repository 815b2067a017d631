"""The pictures of histories, drawn by the real mermaid in a real browser.

    mermaid.py --limbeck BINARY --mermaid FOLDER [HISTORY...]

FOLDER holds `mermaid.min.js` (tests/setup.sh fetches it). Each history is drawn as `limbeck history --format mermaid`
writes it and as the summary of a check has it: mermaid has to take it, and nothing in it may become an element or run.
Ends with 2 where there is no Chromium or no mermaid.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from page import Browser, HOSTILE, check, chromium, history

PAGE = """<!doctype html><meta charset="utf-8"><title>drawn</title><body><div id="out"></div>
<script src="mermaid.min.js"></script><script>mermaid.initialize({startOnLoad: false, securityLevel: "loose", htmlLabels: true})</script>"""


def drawn(browser, text, what):
    """The labels of the nodes that mermaid draws."""
    answer = browser.ask("Runtime.evaluate", awaitPromise=True, returnByValue=True, expression=f"""
        (async () => {{
            const {{ svg }} = await mermaid.render("picture", {json.dumps(text)});
            document.getElementById("out").innerHTML = svg;
            return [...document.querySelectorAll("#out .node")].map((it) => it.textContent.trim());
        }})()""")
    check("exceptionDetails" not in answer, f"{what}: mermaid refuses it: {answer.get('exceptionDetails')}\n{text}")
    check(browser.value("document.title") == "drawn", f"{what}: a text has run")
    check(browser.value("document.querySelectorAll('#out script, #out img, #out a, #out [onerror]').length") == 0,
          f"{what}: a text became an element:\n{text}")
    return answer["result"]["value"]


def text_of(limbeck, arguments, where):
    done = subprocess.run([limbeck, *arguments], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout


def one(browser, limbeck, folder, where="."):
    """Draws a history both ways; answers how many nodes it has."""
    picture = text_of(limbeck, ["history", "--format", "mermaid", folder], where)
    told = json.loads(text_of(limbeck, ["history", "--format", "json", folder], where))
    nodes = drawn(browser, picture, folder)
    summary = text_of(limbeck, ["check", "--fail-on", "never", "--format", "markdown", folder], where)
    for block in re.findall(r"^```mermaid\n(.*?)^```$", summary, re.M | re.S):
        check(drawn(browser, block, f"the summary of {folder}"), f"{folder}: nothing is drawn")
    return nodes, told


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--limbeck", default="target/release/limbeck")
    arguments.add_argument("--mermaid", type=Path, default=Path(".mermaid"))
    arguments.add_argument("histories", nargs="*")
    given = arguments.parse_args()
    script = given.mermaid / "mermaid.min.js"
    if chromium() is None or not script.exists():
        print("there is no Chromium, or no mermaid")
        return 2
    limbeck = str(Path(given.limbeck).resolve())
    browser = Browser(chromium())
    try:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch)
            (scratch / "mermaid.min.js").write_bytes(script.read_bytes())
            (scratch / "draw.html").write_text(PAGE)
            browser.open(scratch / "draw.html")
            count = 0
            # Fixtures are much alike: every fourth.
            fixtures = sorted(str(it) for it in Path("fixtures").iterdir() if it.is_dir())[::4]
            for folder in given.histories or ["migrations", "fixtures/multiple-heads", "fixtures/missing-parent", *fixtures]:
                nodes, _ = one(browser, limbeck, folder)
                count += len(nodes)
            history(scratch / "hostile")
            nodes, told = one(browser, limbeck, ".", scratch / "hostile")
            check(len(nodes) == 3, f"three revisions are three nodes: {nodes}")
            check(any("<script>" in it for it in nodes), f"the text of the hostile one is shown: {nodes}")
            check(HOSTILE in json.dumps(told, ensure_ascii=False) or HOSTILE[:20] in str(told), "it is the hostile history")
    finally:
        browser.close()
    print(f"mermaid draws {count} nodes, and nothing breaks out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
