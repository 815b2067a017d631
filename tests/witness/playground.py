"""The page of `limbeck playground` in a real browser: it answers as one types, a link holds the texts, and nothing that
is typed gets out of its frame.

    playground.py --limbeck BINARY [--pictures FOLDER]

Ends with 2 where there is no Chromium.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from page import HOSTILE, Browser, check, chromium


class Frame:
    """What is shown in the frame of the page, which may be another process's."""

    def __init__(self, browser):
        self.browser = browser
        browser.ask("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)

    def value(self, expression):
        browser = self.browser
        tree = browser.ask("Page.getFrameTree")["frameTree"]
        for child in tree.get("childFrames", []):
            world = browser.ask("Page.createIsolatedWorld", frameId=child["frame"]["id"])["executionContextId"]
            answer = browser.ask("Runtime.evaluate", expression=expression, returnByValue=True, contextId=world)
            return answer["result"].get("value")
        sessions = [it["params"]["sessionId"] for it in browser.events
                    if it.get("method") == "Target.attachedToTarget" and it["params"]["targetInfo"]["type"] == "iframe"]
        if not sessions:
            return None
        own, browser.session = browser.session, sessions[-1]
        try:
            return browser.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")
        finally:
            browser.session = own

    def waits(self, expression, what):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self.value(expression):
                    return
            except RuntimeError:
                pass  # The frame was just exchanged for another.
            time.sleep(0.1)
        raise AssertionError(what)


def visit(browser, url):
    browser.events.clear()
    browser.ask("Page.navigate", url="about:blank")
    browser.ask("Page.navigate", url=url)
    end = time.monotonic() + 20
    while browser.value("document.readyState + !!document.getElementById('report')") != "completetrue":
        check(time.monotonic() < end, "the page is not there")
        time.sleep(0.1)


def complaints(browser, url):
    found = []
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            found.append(params["exceptionDetails"].get("text", "an exception"))
        if method == "Log.entryAdded" and params["entry"]["level"] == "error" and "favicon" not in str(params):
            found.append(params["entry"]["text"])
        if method == "Network.requestWillBeSent":
            asked = params["request"]["url"]
            if not asked.startswith(url) and not asked.startswith("about:"):
                found.append(f"asks for {asked}")
    return found


def typed(browser, name, text):
    browser.value(f"{{const it = document.getElementById({json.dumps(name)}); it.focus(); it.value = {json.dumps(text)};"
                  " it.dispatchEvent(new Event('input'))}")


def play(browser, url, pictures):
    frame = Frame(browser)
    text = "document.body.textContent.includes({})".format
    visit(browser, url)
    frame.waits(text('"error[non-concurrent-index]"') + " || " + text('"blocks every write"'), "the example is judged")
    check(frame.value(text('"CREATE INDEX ix_users_phone ON users (phone)"')), "the SQL is shown")
    check(complaints(browser, url) == [], complaints(browser, url))
    browser.ask("Page.bringToFront")
    browser.picture(pictures / "playground.png")
    # As one types, and the words go where they are typed.
    browser.value("{const it = document.getElementById('revision'); it.focus(); it.setSelectionRange(0, 0)}")
    browser.type("# limbeck")
    time.sleep(1.5)
    check(browser.value("document.activeElement.id") == "revision", "the frame takes nobody's cursor")
    browser.type("!")
    check(browser.value("document.getElementById('revision').value").startswith("# limbeck!def"), "every letter came")
    typed(browser, "revision", "def upgrade():\n    op.drop_table('users')\n\n\ndef downgrade():\n    pass\n")
    frame.waits(text('"DROP TABLE users"'), "another text is judged")
    typed(browser, "config", "selekt = 1")
    end = time.monotonic() + 20
    while browser.value("document.getElementById('state').textContent") != "limbeck.toml, line 1: there is no key `selekt`":
        check(time.monotonic() < end, "a mistake in the configuration is told")
        time.sleep(0.1)
    typed(browser, "config", "")
    # A link holds the texts, whatever letters they have.
    word = "\U0001f600 größe"
    typed(browser, "revision", f"def upgrade():\n    op.execute(\"SELECT '{word}'\")\n\n\ndef downgrade():\n    pass\n")
    frame.waits(text(json.dumps(word)), "the text is judged")
    browser.value("document.getElementById('link').click()")
    link = browser.value("location.href")
    check("#" in link and word not in link, link)
    visit(browser, link)
    frame.waits(text(json.dumps(word)), "the link brings the texts back")
    check(word in browser.value("document.getElementById('revision').value"), "and shows them")
    # Somebody sends a link that wants out.
    quoted = json.dumps(HOSTILE)
    texts = {"revision": f"def upgrade():\n    op.execute({quoted})\n    op.drop_table({quoted})\n\n\ndef downgrade():\n    pass\n",
             "earlier": HOSTILE, "config": 7, "postgres": "<b>"}
    packed = base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")
    for fragment in (packed, "nonsense", base64.urlsafe_b64encode(b"[1]").decode(), base64.urlsafe_b64encode(b"null").decode()):
        visit(browser, f"{url}#{fragment}")
        frame.waits("document.body.textContent.includes('revision')", "something is shown")
        check(browser.value("document.title") == "limbeck playground", "a text of the link has run")
        check(browser.value("document.querySelectorAll('img').length") == 0, "a text became an element")
        check(frame.value("document.title") == "limbeck: migration history", "a text has run in the frame")
        check(frame.value("document.querySelectorAll('img').length") == 0, "a text became an element of the frame")
        check(complaints(browser, url) == [], complaints(browser, url))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--limbeck", default="target/release/limbeck")
    arguments.add_argument("--pictures", type=Path)
    given = arguments.parse_args()
    program = chromium()
    if program is None:
        print("no Chromium is on the PATH")
        return 2
    limbeck = str(Path(given.limbeck).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        pictures = given.pictures or Path(scratch)
        pictures.mkdir(exist_ok=True)
        server = subprocess.Popen([limbeck, "playground"], cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        browser = Browser(program)
        try:
            play(browser, server.stdout.readline().strip(), pictures)
        finally:
            browser.close()
            server.kill()
            server.wait()
    print("the playground answers, and nothing gets out of it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
