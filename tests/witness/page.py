"""The page of `limbeck report` in a real browser: what it shows, what keys do, and that nothing in it breaks out.

    page.py --limbeck BINARY [--pictures FOLDER] [HISTORY]

Speaks Chromium's own protocol over its debugging pipe, so that no package is needed. Ends with 2 where there is no
Chromium.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOSTILE = "x|</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">\u2028"
SHORT = "<img src=x onerror=document.title='broken'>"


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None


class Browser:
    def __init__(self, program):
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def pipes():
            # Chromium reads from 3 and writes to 4.
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.home = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             f"--user-data-dir={self.home}", "--window-size=1300,800", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.next = 0
        self.session = None
        self.events = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        self.next += 1
        message = {"id": self.next, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.next:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def read(self):
        while b"\0" not in self.buffer:
            part = os.read(self.read_end, 1 << 20)
            if not part:
                raise RuntimeError("the browser is gone")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, path):
        self.events.clear()
        self.ask("Page.navigate", url=Path(path).resolve().as_uri())
        while not any(it.get("method") == "Page.loadEventFired" for it in self.events):
            self.events.append(self.read())

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def key(self, key, text=None):
        for kind in ("keyDown", "keyUp"):
            pressed = {"text": text} if text and kind == "keyDown" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, **pressed)

    def type(self, text):
        for letter in text:
            self.key(letter, letter)

    def picture(self, path):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def complaints(self):
        """What the page could not do or must not: errors, and requests for anything but itself."""
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("text", "an exception"))
            if method == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
            if method == "Network.requestWillBeSent" and not params["request"]["url"].startswith("file:"):
                found.append(f"asks for {params['request']['url']}")
        return found

    def close(self):
        try:
            self.ask("Browser.close")
        except (RuntimeError, OSError):
            pass
        self.process.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)


def history(folder):
    """Three revisions, the last by somebody who wants out of the page."""
    versions = folder / "m" / "versions"
    versions.mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "m" / "env.py").write_text("")
    head = "from alembic import op\nimport sqlalchemy as sa\n\n"
    (versions / "a1.py").write_text(
        f'"""the users"""\n{head}revision = "a1"\ndown_revision = None\n\n\ndef upgrade():\n'
        '    op.create_table("users", sa.Column("name", sa.Text()))\n\n\ndef downgrade():\n    op.drop_table("users")\n')
    (versions / "b2.py").write_text(
        f'"""an index"""\n{head}revision = "b2"\ndown_revision = "a1"\n\n\ndef upgrade():\n'
        '    op.create_index("ix_name", "users", ["name"])\n\n\ndef downgrade():\n'
        '    with op.get_context().autocommit_block():\n'
        '        op.drop_index("ix_name", postgresql_concurrently=True)\n')
    quoted, short = json.dumps(HOSTILE), json.dumps(SHORT)
    (versions / "c3 <img src=x onerror=alert(1)>.py").write_text(
        f'"""{HOSTILE}"""\n{head}revision = {quoted}\ndown_revision = "b2"\n\n\ndef upgrade():\n'
        f'    op.create_index({short}, "users", [{short}])\n    op.execute({quoted})\n\n\ndef downgrade():\n    pass\n')


def check(truth, what):
    if not truth:
        raise AssertionError(what)


def small(browser, pictures):
    rows = "[...document.querySelectorAll('.row')].filter((it) => !it.hidden).map((it) => it.querySelector('code').textContent)"
    picked = "document.querySelector('.row[aria-selected=true] code')?.textContent"
    detail = "document.getElementById('detail').textContent"
    check(browser.value(rows) == [HOSTILE, "b2", "a1"], f"the newest first: {browser.value(rows)}")
    check(browser.value("document.title") == "limbeck: migration history", "a text of the history has run")
    check(browser.value("document.querySelectorAll('img, iframe, object').length") == 0, "a text became an element")
    check(browser.value("document.querySelectorAll('script').length") == 2, "a script was added")
    check(HOSTILE in browser.value(detail), "the text itself is shown")
    check(browser.complaints() == [], browser.complaints())
    browser.key("j", "j")
    check(browser.value(picked) == "b2", "j goes on")
    check("CREATE INDEX ix_name ON users (name)" in browser.value(detail), "the SQL is shown")
    check("error[non-concurrent-index]" in browser.value(detail), "the finding is shown")
    check("SHARE" in browser.value("document.querySelector('.timeline .held')?.textContent ?? ''"), "the lock is drawn")
    check("writes" in browser.value("document.querySelector('.timeline')?.textContent ?? ''"), "who waits is told")
    check("outside the transaction" in browser.value(detail), "the way down is told")
    changed = "[...document.querySelectorAll('.schema ins, .schema del, .schema span')].map((it) => it.textContent)"
    check(browser.value(changed) == ["  name  text", "+ index ix_name USING btree (name)"],
          f"the schema before and after: {browser.value(changed)}")
    browser.picture(pictures / "light.png")
    browser.key("ArrowDown")
    check(browser.value(picked) == "a1", "the arrow goes on")
    browser.key("k", "k")
    check(browser.value(picked) == "b2", "k goes back")
    browser.key("/", "/")
    browser.type("users")
    browser.type(" table")
    check(browser.value(rows) == ["a1"], f"search: {browser.value(rows)}")
    browser.key("Escape")
    check(len(browser.value(rows)) == 3, "escape shows all again")
    browser.value("{const it = document.getElementById('filter'); it.value = 'found'; it.dispatchEvent(new Event('change'))}")
    check(browser.value(rows) == [HOSTILE, "b2"], "the filter")
    browser.value("{const it = document.getElementById('filter'); it.value = 'all'; it.dispatchEvent(new Event('change'))}")
    browser.value("[...document.querySelectorAll('#detail a')].find((it) => it.textContent === 'b2').click()")
    check(browser.value(picked) == "b2", "a parent is a link")
    back = "getComputedStyle(document.body).backgroundColor"
    light = browser.value(back)
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = browser.value(back)
    check(light != dark, "dark is another colour")
    browser.value("document.getElementById('theme').click()")
    check(browser.value(back) == light, "the button turns it")
    browser.value("document.getElementById('theme').click()")
    browser.picture(pictures / "dark.png")
    browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
    check(browser.value("getComputedStyle(document.querySelector('.tools')).display") == "none", "no tools on paper")
    pdf = base64.b64decode(browser.ask("Page.printToPDF")["data"])
    check(pdf.startswith(b"%PDF"), "it prints")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--limbeck", default="target/release/limbeck")
    arguments.add_argument("--pictures", type=Path)
    arguments.add_argument("history", nargs="?")
    given = arguments.parse_args()
    program = chromium()
    if program is None:
        print("no Chromium is on the PATH")
        return 2
    limbeck = str(Path(given.limbeck).resolve())
    browser = Browser(program)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            pictures = given.pictures or folder
            pictures.mkdir(exist_ok=True)
            page = folder / "page.html"
            if given.history:
                subprocess.run([limbeck, "report", "--html", page, given.history], check=True)
                browser.open(page)
                check(browser.complaints() == [], browser.complaints())
                browser.picture(pictures / "history.png")
            history(folder / "repository")
            subprocess.run([limbeck, "report", "--html", page], cwd=folder / "repository", check=True, stderr=subprocess.DEVNULL)
            first = page.read_bytes()
            subprocess.run([limbeck, "report", "--html", page], cwd=folder / "repository", check=True, stderr=subprocess.DEVNULL)
            check(first == page.read_bytes(), "two runs are equal bytes")
            browser.open(page)
            small(browser, pictures)
    finally:
        browser.close()
    print("the page shows what it is to show, and nothing breaks out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
