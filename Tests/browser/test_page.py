"""Tests the page of `--explain=html` in a headless browser.

    test_page.py TAIPAN [SCRIPT]      explains SCRIPT (order.py of this folder when none is named) and tests its page
    test_page.py --record FILE        tests the page of a record in JSON, made by scripts/make_page.py

Pictures of each pane go to .build/explain-screenshots. Exits with 77 when there is no browser. What is expected is worked out here from the
record in the page, except for order.py, where it is known.
"""

import copy
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from browser import Browser, find_browser

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
PICTURES = ROOT / ".build" / "explain-screenshots"
VIEWS = ["run", "shell", "startup", "tokens", "tree", "bytecode", "execution", "cleanup"]

# What the reader sees: each pane's text as far as it is drawn, what is lit in it, and the timeline's words.
SNAPSHOT = """(() => {
  const all = (set) => [...set].sort((a, b) => a - b);
  const kin = page.kin && [page.kin.start, page.kin.end, page.kin.tokenLow, page.kin.tokenHigh, all(page.kin.nodes), all(page.kin.instructions), all(page.kin.inner)];
  const lit = [...document.querySelectorAll(".pane-source .text > .lit")].map((piece) => piece.textContent);
  const text = (name) => (document.querySelector(name) || { textContent: "" }).textContent;
  return JSON.stringify([text(".pane-machine"), text(".output"), text("#position"), text("#picked"), lit, kin, page.currentInstruction, page.currentLine]);
})()"""

# Lit rows of a pane, without their margins.
LIT = """[...document.querySelectorAll(".pane-%s .row.lit:not([hidden])")].map((row) => row.textContent)"""
LIT_SOURCE = """[...document.querySelectorAll(".pane-source .text > .lit")].map((piece) => piece.textContent).join("")"""


class PageTest:
    def __init__(self, browser, page, pictures):
        self.browser = browser
        self.page = page
        self.pictures = pictures
        self.passed = 0
        self.failed = 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="taipan-page-"))

    def check(self, name, condition, detail=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {name} {detail}")

    def equal(self, name, found, expected):
        self.check(name, found == expected, f"\n  expected {expected!r}\n  found    {found!r}")

    def open(self, page=None, width=1280, height=800):
        self.browser.size(width, height)
        self.browser.open(page or self.page)
        self.browser.settle()

    def quiet(self, name):
        """Nothing was said in the console and nothing was asked for from elsewhere."""
        self.equal(f"{name}: console", self.browser.complaints, [])
        self.browser.complaints.clear()

    def run(self, script):
        return self.browser.run(script)

    def go(self, moment):
        self.run(f"page.go({moment}); 0")
        self.browser.settle()

    def click_on(self, selector, text):
        """Clicks the middle of the element of that selector whose text holds `text`; brings it into view first."""
        box = self.run(f"""(() => {{
          const found = [...document.querySelectorAll({json.dumps(selector)})].find((one) => one.offsetParent && one.textContent.includes({json.dumps(text)}));
          if (!found) return null;
          found.scrollIntoView({{ block: "nearest", inline: "center" }});
          const box = found.getBoundingClientRect(), pane = found.closest(".rows, .document");
          const right = pane ? Math.min(box.right, pane.getBoundingClientRect().right) : box.right;
          return [(box.left + right) / 2, (box.top + box.bottom) / 2];
        }})()""")
        if box is None:
            self.check(f"{selector} with {text!r} is there", False)
        else:
            self.browser.click(*box)

    # What is in the record.

    def record(self):
        return json.loads(self.run("JSON.stringify(page.record.json)"))

    def output_at(self, record, number):
        return "".join(write["text"] for write in record["output"]["writes"] if write["step"] <= number)

    # The tests.

    def test_opening(self):
        self.check("the page is below 5 MB", self.page.stat().st_size < 5 << 20, str(self.page.stat().st_size))
        self.open()
        self.check("the record was read", self.run("!!window.page"))
        self.check("there are steps", self.run("page.moments.count") > 0)
        self.check("the policy forbids everything else", "default-src 'none'" in self.run("document.querySelector('meta[http-equiv]').content"))
        self.quiet("opening")

    def test_stepping(self):
        self.open()
        count = self.run("page.moments.count")
        for start in (0, count // 3, count // 2, max(0, count - 8)):
            self.go(start)
            before = self.run(SNAPSHOT)
            for _ in range(6):
                self.browser.key("ArrowRight")
            self.equal(f"six steps forward from {start}", self.run("page.moment"), min(count - 1, start + 6))
            changed = self.run(SNAPSHOT)
            self.check(f"stepping from {start} changes what is seen", changed != before)
            for _ in range(min(count - 1, start + 6) - start):
                self.browser.key("ArrowLeft")
            self.equal(f"forward and back from {start}", self.run(SNAPSHOT), before)
        self.browser.key("End")
        self.equal("End", self.run("page.moment"), count - 1)
        self.browser.key("ArrowRight")
        self.equal("no step behind the last", self.run("page.moment"), count - 1)
        self.browser.key("Home")
        self.equal("Home", self.run("page.moment"), 0)
        self.click_on("#forward", "")
        self.equal("the button steps", self.run("page.moment"), 1)
        self.browser.key(" ")
        self.equal("Space on a button presses it", self.run("page.moment"), 2)
        self.quiet("stepping")

    def test_names(self):
        """Names and values at a moment are what changes and loads up to it say."""
        self.open()
        record = self.record()
        steps, frames, codes = record["execution"]["steps"], record["execution"]["frames"], record["bytecode"]["codes"]
        places = {(number, entry["offset"]): entry for number, code in enumerate(codes) for entry in code["instructions"]}
        for index in sorted({0, 1, len(steps) // 4, len(steps) // 2, len(steps) - 1}):
            frame = steps[index]["frame"]
            code = codes[frames[frame]["code"]]
            expected = {}
            for step in steps[:index + 1]:
                other = codes[frames[step["frame"]]["code"]]
                for change in step["changes"]:
                    is_global = change["kind"] == "global" or other["name"] == "<module>"
                    if is_global and code["name"] == "<module>" and other["file"] == code["file"] or not is_global and step["frame"] == frame:
                        expected[change["name"]] = change["value"]
                at = places[frames[step["frame"]]["code"], step["offset"]]
                if step["frame"] == frame and step["after"] and at["opcode"] in ("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_NAME") and at["meaning"] in expected:
                    expected[at["meaning"]] = step["after"][-1]
            expected = {name: value for name, value in expected.items() if value is not None}
            found = self.run(f"""(() => {{ const step = {index}, frame = page.record.steps[step].frame, code = page.record.codeOfStep(step);
              const names = code.name === "<module>" ? page.moments.globalsOf(code.file, step) : page.moments.names(frame, step);
              return Object.fromEntries(names.map((name) => [name.name, name.value])); }})()""")
            self.equal(f"names at step {index}", {name: value for name, value in found.items() if name in expected}, expected)

    def test_gaps(self):
        """A moment for each step and each run of missing numbers, in order; the slider reaches all of them."""
        record = self.record()
        for name, variant in {"the record": record, **{name: variants(record)[name] for name in ("a gap", "gaps at both ends", "only counted")}}.items():
            self.open(self.write_page("gaps", variant))
            numbers, expected, next_number = [step["number"] for step in variant["execution"]["steps"]], [], 1
            for number in [*numbers, variant["execution"]["total"] + 1]:
                if number > next_number:
                    expected.append([next_number, number - 1, True])
                expected.append([number, number, False])
                next_number = number + 1
            self.equal(f"moments of {name}", self.run("page.moments.starts.map((start, at) => [start, page.moments.ends[at], page.moments.isGap(at)])"), expected[:-1])
            self.equal(f"slider of {name}", self.run("page.moments.starts.every((_, at) => page.timeline.momentAt(page.timeline.valueOf(at)) === at)"), True)
            gap = self.run("[...page.moments.gaps][0] ?? -1")
            if gap >= 0:
                self.go(gap)
                self.check(f"a gap of {name} is told", "only counted" in self.run("document.querySelector('.pane-machine').textContent"))
            self.quiet(f"gaps of {name}")

    def test_output(self):
        self.open()
        record = self.record()
        count = self.run("page.moments.count")
        for moment in sorted({0, *range(0, count, max(1, count // 15)), count - 1}):
            self.go(moment)
            number = self.run("page.moments.number(page.moment)")
            expected = self.output_at(record, number if moment < count - 1 else float("inf"))
            self.equal(f"output at moment {moment}", self.run("document.querySelector('.output').textContent"), expected)
        writes = sorted({write["step"] for write in record["output"]["writes"]})
        self.browser.key("Home")
        self.browser.key("n")
        number = self.run("page.moments.number(page.moment)")
        self.check("n goes to an output", self.run("page.moments.outputs.includes(page.moment)"), str(number))
        if writes and number in writes:
            self.check("the new output is marked", self.run("document.querySelectorAll('.output .new').length") > 0)
        self.browser.key("n")
        self.browser.key("p")
        self.equal("n and p", self.run("page.moments.number(page.moment)"), number)
        self.quiet("output")

    def test_exceptions(self):
        self.open()
        record = self.record()
        raises = [step["number"] for step in record["execution"]["steps"] if any(event["kind"] == "raise" for event in step["events"])]
        found = []
        for _ in raises[:5]:
            self.browser.key("e")
            found.append(self.run("page.moments.number(page.moment)"))
            self.check("the exception is told", self.run("!!document.querySelector('.events .chip.raise')"))
        self.equal("e goes through the exceptions", found, raises[:5])
        if len(found) > 1:
            self.browser.key("E", shift=True)
            self.equal("E goes back", self.run("page.moments.number(page.moment)"), found[-2])
        uncaught = record["execution"]["uncaught"]
        if uncaught:
            self.check("the uncaught exception stands above", uncaught.strip().splitlines()[-1] in self.run("document.getElementById('alert').textContent"))
            self.click_on("#alert button", "Show where")
            self.equal("Show where", self.run("page.moments.number(page.moment)"), raises[-1])
        self.quiet("exceptions")

    def test_caches(self):
        """An instruction that filled its inline cache says what it became."""
        self.open()
        fills = [(step["number"], event["text"]) for step in self.record()["execution"]["steps"] for event in step["events"] if event["kind"] == "specialize"]
        if self.run("page.record.file.split('/').pop()") == "order.py":
            self.check("caches are filled", fills)
        for number, text in fills[:3]:
            self.go(f"page.moments.momentOfNumber({number})")
            shown = self.run("[...document.querySelectorAll('.events .chip.specialize + code')].map((item) => item.textContent).join('|')")
            self.check("the filled cache is told", text in shown, f"{text!r} is not in {shown!r}")
        self.quiet("caches")

    def test_links(self):
        """From each pane to all others, for what is known of order.py."""
        self.open()
        known = {
            # Line, text of the piece that is clicked, token row, node row, instruction, text that its place has.
            "name": (23, "VAT", "NAME", "VAT", "Name", "LOAD_GLOBAL", "VAT"),
            "operator": (29, "+", "PLUS", "+", "BinOp", "BINARY_OP", "fibonacci(n - 1) + fibonacci(n - 2)"),
            "string behind wide characters": (32, '"日本茶"', "STRING", "日本茶", "Constant", "LOAD_CONST", '"日本茶"'),
        }
        for name, (line, piece, kind, text, node, opcode, place) in known.items():
            self.browser.key("Escape")
            self.run(f"page.choose({{ kind: 'line', index: {line} }}, ''); 0")
            self.browser.settle()
            self.click_on(f".pane-source .row[id$='-{line - 1}'] .text > span", piece)
            self.equal(f"{name}: a character is picked", self.run("page.record.text.text[page.pick.index]") in piece and self.run("page.pick.kind"), "character")
            tokens = self.run(LIT % "tokens")
            self.check(f"{name}: source to token", len(tokens) == 1 and kind in tokens[0] and text in tokens[0], str(tokens))
            nodes = self.run(LIT % "tree")
            self.check(f"{name}: source to tree", len(nodes) == 1 and node in nodes[0], str(nodes))
            instructions = self.run(LIT % "bytecode")
            self.check(f"{name}: source to instruction", len(instructions) == 1 and opcode in instructions[0], str(instructions))
            self.check(f"{name}: the strip says so", "Picked" in self.run("document.getElementById('picked').textContent"))
            # And back: instruction, node and token each lead to the same place.
            self.click_on(".pane-bytecode .row.lit", opcode)
            self.equal(f"{name}: instruction to source", self.run(LIT_SOURCE), place)
            self.check(f"{name}: instruction to tree", any(node in row for row in self.run(LIT % "tree")))
            self.check(f"{name}: instruction to token", any(text in row for row in self.run(LIT % "tokens")))
            self.click_on(".pane-tree .row.lit", node)
            self.equal(f"{name}: node to source", self.run(LIT_SOURCE), place)
            self.check(f"{name}: node to instruction", any(opcode in row for row in self.run(LIT % "bytecode")))
            self.click_on(".pane-tokens .row.lit", text)
            self.check(f"{name}: token to source", text in self.run(LIT_SOURCE))
            self.check(f"{name}: token to instruction", any(opcode in row for row in self.run(LIT % "bytecode")))
        # To the steps and back.
        self.browser.key("Home")
        self.run("page.choose({ kind: 'line', index: 29 }, ''); 0")
        self.browser.settle()
        self.click_on(".pane-source .row[id$='-28'] .text > span", "+")
        self.browser.key(".")
        self.check("the pick's next run", self.run("page.record.instructions[page.currentInstruction].instruction.opcode") == "BINARY_OP")
        first = self.run("page.moment")
        self.browser.key(".")
        self.check("and the one after it", self.run("page.moment") > first)
        self.browser.key(",")
        self.equal("and back", self.run("page.moment"), first)
        self.quiet("links")

    def test_lists(self):
        """Rows by keyboard: down in the tree picks the next node."""
        self.open()
        for pane, kind in (("tokens", "token"), ("tree", "node"), ("bytecode", "instruction")):
            self.run(f"document.querySelector('.pane-{pane} .rows').focus()")
            self.browser.key("ArrowDown")
            self.browser.key("ArrowDown")
            pick = self.run("page.pick")
            self.check(f"down in {pane} picks a {kind}", pick and pick["kind"] in (kind, "line"), str(pick))
            active = self.run("(document.getElementById(document.activeElement.getAttribute('aria-activedescendant')) || {ariaSelected: ''}).ariaSelected")
            self.equal(f"the active row of {pane} is told", active, "true")
        self.browser.key("Escape")
        self.equal("Escape drops the pick", self.run("page.pick"), None)
        self.browser.key("]")
        self.equal("] picks a token", self.run("page.pick.kind"), "token")

    def test_keyboard(self):
        self.open()
        self.browser.key("/")
        self.equal("/ goes to the line field", self.run("document.activeElement.id"), "line")
        line = self.run("page.record.lineOfStep(page.record.steps.findLastIndex((_, index) => page.record.isScriptStep(index) && page.record.lineOfStep(index)))")
        for key in (*str(line), "Enter"):
            self.browser.key(key)
        self.equal("the line is reached", self.run("page.currentLine"), line)
        self.browser.key("Escape")
        self.run("document.activeElement.blur()")
        self.browser.key("?")
        self.check("? shows the keys", self.run("document.getElementById('keys').open"))
        self.browser.key("Escape")
        self.check("Escape closes them", not self.run("document.getElementById('keys').open"))
        self.browser.key("4")
        self.equal("4 shows the tree", self.run("document.body.dataset.view"), "tree")
        self.browser.key("0")
        self.browser.key("Home")
        self.browser.key(" ")
        time.sleep(0.5)
        self.browser.key(" ")
        self.check("Space plays", self.run("page.moment") > 0)
        moment = self.run("page.moment")
        time.sleep(0.3)
        self.equal("and pauses", self.run("page.moment"), moment)
        self.run("document.activeElement.blur()")
        reached, unseen = set(), []
        for _ in range(60):
            self.browser.key("Tab")
            name, is_seen = self.run("""(() => { const at = document.activeElement, style = getComputedStyle(at);
              return [at.id || at.getAttribute("aria-label") || at.className || at.tagName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0]; })()""")
            reached.add(name)
            if not is_seen and name != "BODY":
                unseen.append(name)
        wanted = {"Source lines", "Tokens", "Syntax tree", "Bytecode", "Output at this moment", "Call stack and names", "slider", "play", "line", "speed", "theme", "view-run"}
        self.equal("Tab reaches everything", wanted - reached, set())
        self.equal("with a visible focus", unseen, [])
        self.quiet("keyboard")

    def test_widths(self):
        for width, height in ((1280, 800), (900, 800), (400, 800)):
            self.open(width=width, height=height)
            for view in VIEWS:
                self.run(f"page.showView('{view}'); 0")
                for pane in self.run("page.view.panes"):
                    self.run(f"page.showPane('{pane}'); 0")
                    self.browser.settle()
                    wide = self.run("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
                    self.check(f"{view}/{pane} fits {width} pixels", wide <= width, f"{wide} wide")
                    box = self.run(f"(() => {{ const b = document.querySelector('.pane-{pane}').getBoundingClientRect(); return [b.left, b.right, b.width, b.height]; }})()")
                    self.check(f"{view}/{pane} is inside {width} pixels", box[0] >= 0 and box[1] <= width and box[2] > 100 and box[3] > 60, str(box))
        self.quiet("widths")

    def test_views(self):
        """What runs now is in view in each view, also after others were shown."""
        self.open()
        self.go(self.run("page.moments.momentOf(page.record.steps.findIndex((step, index) => index > page.record.steps.length / 3 && page.record.isScriptStep(index)))"))
        for view, pane in (("bytecode", "bytecode"), ("tree", "source"), ("run", "source"), ("execution", "source"), ("run", "bytecode")):
            self.run(f"page.showView('{view}'); 0")
            self.browser.settle()
            self.check(f"{pane} of {view} shows where the run is", self.run(f"""(() => {{ const row = document.querySelector(".pane-{pane} .row.current:not([hidden])");
              if (!row) return false;
              const inner = row.getBoundingClientRect(), outer = row.closest(".rows").getBoundingClientRect();
              return inner.top >= outer.top && inner.bottom <= outer.bottom; }})()"""))
        self.quiet("views")

    def test_themes(self):
        background = "getComputedStyle(document.body).backgroundColor"
        self.browser.scheme("light")
        self.open()
        light = self.run(background)
        self.browser.scheme("dark")
        dark = self.run(background)
        self.check("dark is dark", light != dark)
        self.browser.key("d")
        self.equal("d turns to light", self.run(background), light)
        self.browser.scheme("light")
        self.equal("and it stays", self.run(background), light)
        # Contrast of every text on its ground, as the guidelines count it.
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            self.open()
            for view in VIEWS:
                self.run(f"page.showView('{view}'); 0")
                self.browser.settle()
                self.equal(f"contrast of {view}, {scheme}", self.run(CONTRAST), [])

    def test_dragging(self):
        """All moments one after the other, and back with every fourth, each drawn and laid out."""
        self.open()
        took = self.run("""(() => {
          const slider = document.getElementById("slider"), times = [];
          const start = performance.now();
          for (const by of [1, -4]) for (let at = by > 0 ? 0 : Number(slider.max); at >= 0 && at <= Number(slider.max); at += by) {
            const one = performance.now();
            slider.value = String(at);
            slider.dispatchEvent(new Event("input"));
            page.update("timeline");
            document.body.offsetHeight;
            times.push(performance.now() - one);
          }
          times.sort((a, b) => a - b);
          return [performance.now() - start, times.length, times[times.length >> 1], times[Math.floor(times.length * 0.99)]];
        })()""")
        print(f"dragging: {took[1]} moments in {took[0]:.0f} ms, half of them under {took[2]:.1f} ms, 99 of 100 under {took[3]:.1f} ms")
        self.check("moments are drawn as fast as they are dragged", took[2] < 33, str(took))
        self.quiet("dragging")

    def test_jumps(self):
        """Nothing moves when a step is taken."""
        self.open()
        boxes = """JSON.stringify([...document.querySelectorAll(".pane, .pane > .rows, .machine > *, #timeline button, #slider, #position, #strip")].map((one) => { const b = one.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }))"""
        before = self.run(boxes)
        count = self.run("page.moments.count")
        moved = 0
        for moment in range(0, count, max(1, count // 40)):
            self.go(moment)
            moved += self.run(boxes) != before
        self.equal("boxes that moved", moved, 0)

    def test_variants(self):
        """Records with stages missing, empty or broken."""
        record = self.record()
        for name, variant in variants(record).items():
            page = self.write_page(name, variant)
            self.open(page)
            self.check(f"{name}: the record was read", self.run("!!window.page"))
            for view in VIEWS:
                self.run(f"page.showView('{view}'); 0")
                for pane in self.run("page.view.panes"):
                    self.check(f"{name}: {pane} says something", self.run(f"document.querySelector('.pane-{pane}').textContent.length") > 0)
            self.run("page.showView('run'); 0")
            for key in ("ArrowRight", "End", "n", "e", "Home", "]", "Escape"):
                self.browser.key(key)
            self.quiet(name)
        self.open(self.write_page("syntax error", variants(record)["syntax error"]))
        self.check("the syntax error stands above", "SyntaxError: never closed" in self.run("document.getElementById('alert').textContent"))
        self.equal("and is marked in the source", self.run("[...document.querySelectorAll('.text > .fault')].map((one) => one.textContent).join('')"), record["source"]["text"][:3])
        self.browser.screenshot(self.pictures / "syntax-error.png")
        bad = copy.deepcopy(record)
        bad["taipan_explain"] = 99
        self.open(self.write_page("other version", bad))
        self.check("another version is told", "version 99" in self.run("document.getElementById('panes').textContent"))
        self.quiet("other version")

    def test_markup(self):
        """Text of the record is text, whatever it looks like."""
        record = self.record()
        evil = "</script><script>window.broken = 1</script><!-- <img src=x onerror='window.broken = 1'>\u2028\u2029 & &amp;"
        record["source"]["text"] = evil + "\n" + record["source"]["text"]
        record["output"]["writes"].insert(0, {"step": 0, "stream": "stdout", "text": evil, "file": evil, "line": 1, "transfer": None})
        record["execution"]["uncaught"] = evil
        record["command"]["arguments"] = [evil]
        self.open(self.write_page("markup", record))
        self.equal("no text became markup", self.run("window.broken"), None)
        self.equal("the text is shown", self.run("document.querySelector('.output').textContent"), evil)
        self.equal("and in the head", self.run("document.getElementById('command').textContent"), evil)
        self.equal("no picture was made", self.run("document.querySelectorAll('img').length"), 0)
        self.quiet("markup")

    def test_size(self):
        """20,000 tokens and nodes."""
        record = self.record()
        large_record(record, 20000)
        page = self.write_page("large", record)
        start = time.monotonic()
        self.open(page)
        opened = time.monotonic() - start
        took = self.run("""(() => { const start = performance.now(); let picks = 0;
          for (let at = 0; at < page.record.nodes.length; at += 997) { page.choose({ kind: "node", index: at }, ""); page.update(""); document.body.offsetHeight; picks++; }
          for (let at = 0; at < page.record.tokens.length; at += 997) { page.choose({ kind: "token", index: at }, ""); page.update(""); document.body.offsetHeight; picks++; }
          return [(performance.now() - start) / picks, document.querySelectorAll("*").length]; })()""")
        print(f"20,000 tokens and nodes: opened in {opened:.2f} s, a pick takes {took[0]:.1f} ms, {took[1]} elements")
        self.check("it opens quickly", opened < 5, str(opened))
        self.check("a pick is quick", took[0] < 100, str(took))
        self.check("only rows in view are elements", took[1] < 5000, str(took))
        self.quiet("size")

    def test_left_out(self):
        """A page that does not hold all of its record says so."""
        record = self.record()
        record["left_out"] = ["tokens: 5 of 9"]
        self.open(self.write_page("left-out", record))
        self.check("what is left out", self.run("document.getElementById('ending').title").endswith("too large: tokens: 5 of 9"))
        self.check("that it was cut", self.run("document.getElementById('ending').textContent").endswith(", cut to fit"))
        self.quiet("left out")

    def test_pictures(self):
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            for width in (1280, 400):
                self.open(width=width)
                self.go(self.run("page.moments.raises[0] || Math.floor(page.moments.count / 3)"))
                for view in VIEWS:
                    self.run(f"page.showView('{view}'); 0")
                    for pane in self.run("page.view.panes"):
                        self.run(f"page.showPane('{pane}'); 0")
                        self.browser.settle()
                        if width == 1280:
                            self.browser.screenshot(self.pictures / f"{view}-{pane}-{scheme}.png", f".pane-{pane}")
                        else:
                            self.browser.screenshot(self.pictures / f"{view}-{pane}-{width}-{scheme}.png")
                    self.browser.screenshot(self.pictures / f"{view}-{width}-{scheme}.png")
        self.check("pictures are kept", len(list(self.pictures.glob("*.png"))) > 50)
        self.browser.scheme("light")

    def write_page(self, name, record):
        data = self.folder / "record.json"
        data.write_text(json.dumps(record, ensure_ascii=False))
        page = self.folder / (name.replace(" ", "-") + ".html")
        make_page(data, page)
        return page


# Texts whose contrast with the nearest opaque ground is below 4.5, below 3 for what is drawn faint on purpose.
CONTRAST = """(() => {
  const parse = (text) => { const found = text.match(/[\\d.]+/g).map(Number); return found.length > 3 ? found : [...found, 1]; };
  const light = (colour) => { const [r, g, b] = colour.slice(0, 3).map((one) => { one /= 255; return one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const owner = node.parentElement;
    if (!node.data.trim() || !owner.offsetParent || owner.closest("script, style, .indent, #voice, .old, [role=tab] > .number")) continue;
    const box = owner.getBoundingClientRect();
    if (box.width === 0 || box.bottom < 0 || box.top > innerHeight) continue;
    let ground = null;
    for (let at = owner; at && !ground; at = at.parentElement) { const colour = parse(getComputedStyle(at).backgroundColor); if (colour[3] > 0.9) ground = colour; }
    const [a, b] = [light(parse(getComputedStyle(owner).color)), light(ground || [255, 255, 255])];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(owner.className + " " + ratio.toFixed(2));
  }
  return [...bad];
})()"""


def variants(record):
    """Records with what a page must bear."""
    stages = ("shell", "startup", "source", "tree", "bytecode", "execution", "output")

    def emptied(value):
        if isinstance(value, list):
            return []
        if isinstance(value, dict):
            return {key: emptied(inner) for key, inner in value.items()}
        return type(value)() if value is not None else None

    made = {"no stages": {**record, **dict.fromkeys(stages), "command": None, "times": [], "exit_status": None, "ending": ""}}
    made["empty stages"] = {**emptied(record), "taipan_explain": 1}
    made["bare stages"] = {**record, **{stage: {} for stage in stages}}
    for stage in stages:
        made[f"without {stage}"] = {**record, stage: None}
    error = {"type": "SyntaxError", "message": "never closed", "span": [1, 0, 1, 3], "text": record["source"]["text"].split("\n")[0] + "\n"}
    broken = {**record, "bytecode": None, "execution": None, "output": None, "ending": "syntax error"}
    broken["tree"] = {**emptied(record["tree"]), "error": error}
    made["syntax error"] = broken
    placeless = copy.deepcopy(broken)
    placeless["tree"]["error"]["span"] = None
    made["syntax error without a place"] = placeless
    lost = copy.deepcopy(record)
    for step in lost["execution"]["steps"][::3]:
        step["frame"], step["offset"], step["after"] = 10 ** 6, 10 ** 6, None
    for frame in lost["execution"]["frames"]:
        frame["caller"] = 0
    made["wrong indices"] = lost
    gap = copy.deepcopy(record)
    steps = gap["execution"]["steps"]
    gap["execution"]["steps"] = steps[:len(steps) // 3] + steps[2 * len(steps) // 3:]
    made["a gap"] = gap
    gaps = copy.deepcopy(record)
    gaps["execution"]["steps"] = steps[len(steps) // 4:len(steps) // 3] + steps[len(steps) // 2:len(steps) // 2 + 9]
    made["gaps at both ends"] = gaps
    counted = copy.deepcopy(record)
    counted["execution"]["steps"] = []
    made["only counted"] = counted
    return made


def large_record(record, count):
    """Makes the record's source so long that it has `count` tokens and nodes."""
    source, tree = record["source"], record["tree"]
    tokens, nodes, lines = source["tokens"][1:-1], list(tree["nodes"]), source["text"].count("\n")
    times = count // min(len(tokens), len(nodes)) + 1
    for number in range(1, times):
        first = len(nodes) * number
        source["tokens"] += [{**token, "span": shifted(token["span"], lines * number)} for token in tokens]
        tree["nodes"] += [{**node, "parent": node["parent"] + first if node["parent"] >= 0 else -1, "span": shifted(node["span"], lines * number)} for node in nodes]
    source["tokens"].sort(key=lambda token: token["span"][:2])
    source["text"] *= times


def shifted(span, lines):
    return span and [span[0] + lines, span[1], span[2] + lines, span[3]]


def make_page(record, page):
    subprocess.run([sys.executable, ROOT / "scripts" / "make_page.py", "--json", record, page], check=True)


def main(arguments):
    path = find_browser()
    if path is None:
        print("no chromium")
        return 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="taipan-page-"))
    page = folder / "page.html"
    match arguments:
        case ["--record", record]:
            make_page(record, page)
        case [taipan, *script]:
            name = pathlib.Path(script[0]).resolve() if script else FOLDER / "order.py"
            subprocess.run([taipan, "--explain=html", f"--explain-output={page}", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if not page.exists():
                raise SystemExit(f"{taipan} --explain=html wrote no page")
        case _:
            raise SystemExit(__doc__)
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser = Browser(path)
    test = PageTest(browser, page, PICTURES)
    try:
        names = [name for name in dir(test) if name.startswith("test_")]
        browser.open(page)
        if browser.run("page.record.file.split('/').pop()") != "order.py":
            names.remove("test_links")
        for name in sorted(names, key=lambda name: (name != "test_opening", name)):
            start = time.monotonic()
            getattr(test, name)()
            print(f"{name}: {time.monotonic() - start:.1f} s")
    finally:
        browser.close()
        shutil.rmtree(folder)
        shutil.rmtree(test.folder, ignore_errors=True)
    print(f"{test.passed} checks passed, {test.failed} failed")
    return 1 if test.failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
