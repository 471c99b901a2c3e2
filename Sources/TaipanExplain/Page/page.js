// The page itself: which view and pane is shown, which moment it is, what is picked. Panes read that from here when they are told to update.

/** What each view shows; `areas` of the same names are in page.css. */
const VIEWS = [
  { name: "run", title: "Run", panes: ["source", "tokens", "tree", "bytecode", "machine", "output"] },
  { name: "shell", title: "Shell", stage: "shell", panes: ["shell"] },
  { name: "startup", title: "Start-up", stage: "startup", panes: ["startup"] },
  { name: "tokens", title: "Tokens", stage: "tokens", panes: ["source", "tokens", "facts"] },
  { name: "tree", title: "Tree", stage: "ast", panes: ["source", "tree", "scopes"] },
  { name: "bytecode", title: "Bytecode", stage: "bytecode", panes: ["raw", "bytecode", "register", "code", "imports"] },
  { name: "execution", title: "Execution", stage: "execution", panes: ["source", "counts", "caches", "machine"] },
  { name: "cleanup", title: "Output", stage: "output", panes: ["output", "writes", "cleanup"] },
];

const PANES = {
  source: ["Source", SourcePane], tokens: ["Tokens", TokensPane], tree: ["Tree", TreePane], bytecode: ["Bytecode", BytecodePane],
  machine: ["Machine", MachinePane], output: ["Output", OutputPane], shell: ["The shell finds Python", ShellPane], startup: ["Start-up", StartupPane],
  facts: ["Encoding and kinds", FactsPane], scopes: ["Folds and scopes", ScopesPane], raw: ["As generated", RawPane], register: ["Register code", RegisterPane],
  code: ["Code object", CodePane], imports: ["Imports", ImportsPane], counts: ["Counts", CountsPane], caches: ["Caches and memory", CachesPane],
  writes: ["Writes and transfers", WritesPane], cleanup: ["Clean-up", CleanupPane],
};

class Page {
  constructor(record) {
    this.record = record;
    this.moments = new Moments(record);
    this.links = new Links(record);
    this.moment = 0;
    this.pick = null;
    this.kin = null;
    this.panes = {};
    this.narrow = matchMedia("(max-width: 699px)");
    this.narrow.addEventListener("change", () => this.update(""));
    this.timeline = new Timeline(this);
    this.makeHead();
    this.makeAlert();
    this.readMoment();
    this.showView("run");
    listenToKeys(this);
  }

  /** Why a stage's pane is empty. */
  why(stage, words) {
    const { record } = this;
    const at = { tokens: "source", ast: "tree" }[stage] || stage;
    if (record.error && stage !== "shell" && stage !== "startup") return words + ": the " + (record.error.type || "error") + " ended the run before.";
    if (record[at]) return words + ".";
    return words + ": the stage was not picked (--explain=" + stage + " picks it) or not reached.";
  }

  makeHead() {
    const { record } = this;
    document.title = (fileName(record.command.script || "") || "Run") + " · Taipan explains";
    document.getElementById("script").textContent = fileName(record.command.script || "");
    document.getElementById("script").title = record.command.script || "";
    document.getElementById("command").textContent = list(record.command.arguments).join(" ");
    const status = record.exitStatus === null || record.exitStatus === undefined ? "" : ", exit status " + record.exitStatus;
    const ending = document.getElementById("ending");
    const leftOut = list(record.json.left_out);
    ending.textContent = (record.ending || "") + status + (leftOut.length ? ", cut to fit" : "");
    if (leftOut.length) ending.title = "Left out of this page, which would be too large: " + leftOut.join("; ");
    ending.classList.toggle("bad", !!record.exitStatus);
    const times = new Map(record.times.map((time) => [time.stage, time.microseconds]));
    document.getElementById("views").replaceChildren(...VIEWS.map((view, index) => element("button", {
      role: "tab", id: "view-" + view.name, "aria-controls": "panes", "aria-selected": "false", tabindex: -1,
      click: () => this.showView(view.name), keydown: (event) => this.tabKey(event, VIEWS, index, "view-", (name) => this.showView(name)),
    }, index ? span("number", index) : null, span("", view.title), view.stage && times.has(view.stage) ? span("note", duration(times.get(view.stage))) : null)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.timeline.draw());
    document.getElementById("theme").addEventListener("click", () => this.toggleTheme());
    document.getElementById("help").addEventListener("click", () => this.showKeys());
    document.getElementById("drop").addEventListener("click", () => this.choose(null, ""));
  }

  /** An error that ended the run, above everything else. */
  makeAlert() {
    const { record } = this, alert = document.getElementById("alert");
    const uncaught = (record.execution && record.execution.uncaught) || "";
    if (record.error) {
      const { type, message, span: place, text } = record.error;
      const caret = place ? " ".repeat([...(text || "")].slice(0, Math.max(0, place[1])).length) + "^".repeat(Math.max(1, place[2] === place[0] ? place[3] - place[1] : 1)) : "";
      alert.append(element("p", {}, element("strong", { text: type }), ": " + message + (place ? ", line " + place[0] : "")),
        text ? element("pre", { text: text.replace(/[\r\n]+$/, "") + (caret ? "\n" + caret : "") }) : null,
        place ? element("button", { text: "Show line " + place[0], click: () => { this.showView("run"); this.choose({ kind: "line", index: place[0] }, ""); } }) : "");
    } else if (uncaught) {
      const last = uncaught.trimEnd().split("\n").pop(), raise = this.moments.raises[this.moments.raises.length - 1];
      alert.append(element("details", {}, element("summary", {}, element("strong", { text: "Uncaught exception" }), " " + last), element("pre", { text: uncaught.trimEnd() })),
        raise === undefined ? "" : element("button", { text: "Show where", click: () => { this.showView("run"); this.go(raise); } }));
    } else return;
    alert.hidden = false;
  }

  /** The address may name a step and a view: #step=120&view=tree. */
  readMoment() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const moment = this.moments.momentOfNumber(Number(wanted.get("step")) || 0);
    this.setMoment(Math.max(0, moment));
    this.kin = this.kinNow();
    if (this.record.error && this.record.error.span) { this.pick = { kind: "line", index: this.record.error.span[0] }; this.kin = this.kinNow(); }
    const view = VIEWS.find((entry) => entry.name === wanted.get("view"));
    if (view) queueMicrotask(() => this.showView(view.name));
  }

  // MARK: Moments

  go(moment, keepsPick = false) {
    if (this.moments.count === 0) return;
    this.setMoment(Math.min(this.moments.count - 1, Math.max(0, moment)));
    const hadPick = this.pick !== null;
    if (!keepsPick) this.pick = null;
    this.kin = this.kinNow();
    if (hadPick && !keepsPick) this.timeline.draw();
    this.updateSoon("timeline");
  }

  setMoment(moment) {
    this.moment = moment;
    this.current = null;
    this.currentInstruction = -1;
    this.currentLine = 0;
    this.awayFrom = "";
    const step = this.moments.count === 0 || this.moments.isLimit(moment) ? -1 : this.moments.stepOf(moment);
    if (step < 0) return;
    if (this.moments.isGap(moment)) this.awayFrom = "Now in the library: " + counted(this.moments.ends[moment] - this.moments.starts[moment] + 1, "step");
    this.currentInstruction = this.record.stepInstruction[step];
    if (this.record.isScriptStep(step)) {
      this.currentLine = this.record.lineOfStep(step) || 0;
      if (this.currentInstruction >= 0) this.current = this.links.ofInstruction(this.currentInstruction);
    } else {
      const code = this.record.codeOfStep(step);
      if (code) this.awayFrom = "Now in " + code.qualified_name + ", " + code.file + (this.record.lineOfStep(step) ? ", line " + this.record.lineOfStep(step) : "");
      // The script's own line is where it called from.
      for (const caller of this.moments.callers(this.record.steps[step].frame)) {
        const last = this.moments.lastStepOf(caller, step);
        if (last >= 0 && this.record.isScriptStep(last)) { this.currentLine = this.record.lineOfStep(last) || 0; break; }
      }
    }
  }

  goNumber(number) {
    const moment = this.moments.momentOfNumber(number);
    if (moment >= 0) this.go(moment);
  }

  /** To the next moment at which a line runs, from here on and then from the start. */
  goLine(line) {
    const { record, moments } = this;
    this.timeline.pause();
    const isAt = (moment) => !moments.isGap(moment) && record.isScriptStep(moments.stepOf(moment)) && record.lineOfStep(moments.stepOf(moment)) === line;
    const count = moments.count;
    // A line that is running now counts as reached again only after it was left.
    let left = count === 0 || !isAt(this.moment);
    for (let by = 1; by <= count; by++) {
      const moment = (this.moment + by) % count;
      if (!isAt(moment)) left = true;
      else if (left) {
        this.go(moment);
        return;
      }
    }
    if (line <= record.text.lineCount) this.choose({ kind: "line", index: line }, "");
    this.say(count && isAt(this.moment) ? "Line " + line + " runs only here." : "Line " + line + " did not run in the recorded steps.");
  }

  // MARK: Picks

  /** Picks something, null drops the pick. `origin` is the pane in which it was picked: that one does not scroll. */
  choose(pick, origin) {
    this.pick = pick;
    this.kin = this.kinNow();
    this.timeline.draw();
    this.updateSoon(origin);
  }

  chooseToken(by) {
    const { tokens, tokenStart, tokenEnd } = this.record;
    let index = this.kin && this.kin.token >= 0 ? this.kin.token + by : 0;
    while (tokens[index] && (tokenStart[index] === NO_PLACE || tokenEnd[index] <= tokenStart[index] || tokens[index].kind === "NEWLINE" || tokens[index].kind === "NL")) index += by;
    if (tokens[index]) this.choose({ kind: "token", index }, "");
  }

  kinNow() {
    if (this.pick) return this.links.kin(this.pick);
    return this.currentInstruction >= 0 ? this.links.ofInstruction(this.currentInstruction) : null;
  }

  // MARK: Drawing

  updateSoon(origin) {
    this.origin = this.waiting && this.origin !== origin ? "" : origin;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.update(this.origin); });
  }

  update(origin) {
    this.timeline.update();
    this.updateStrip();
    for (const name of this.view.panes) {
      const pane = this.panes[name];
      if (pane.controller.update && (!this.narrow.matches || pane.element.classList.contains("shown"))) pane.controller.update(origin);
    }
  }

  /** The line that says what is lit. */
  updateStrip() {
    const { kin, record } = this;
    const strip = document.getElementById("picked");
    if (this.stripped === kin) return;
    this.stripped = kin;
    document.body.classList.toggle("has-pick", this.pick !== null);
    document.getElementById("drop").hidden = this.pick === null;
    if (!kin) { strip.textContent = record.text.lineCount ? "Pick a character, a token, a node or an instruction." : ""; return; }
    const tokens = kin.tokenHigh - kin.tokenLow, instructions = kin.instructions.size || kin.inner.size;
    const parts = [
      kin.start === NO_PLACE ? "" : record.text.place(kin.start) + "–" + record.text.place(kin.end),
      tokens ? counted(tokens, "token") : "", instructions ? counted(instructions, "instruction") : "no instruction of its own",
      this.moments.count ? "ran in " + counted(this.links.steps(kin).length, "recorded step") : "",
    ];
    strip.replaceChildren(span(this.pick ? "picked" : "now", this.pick ? "Picked" : "Now"), " ", element("strong", { text: kin.title }), " " + parts.filter(Boolean).join(" · "));
  }

  showView(name) {
    const view = VIEWS.find((entry) => entry.name === name);
    if (this.view === view) return;
    this.view = view;
    document.body.dataset.view = name;
    for (const other of VIEWS) {
      const tab = document.getElementById("view-" + other.name);
      tab.setAttribute("aria-selected", other === view);
      tab.tabIndex = other === view ? 0 : -1;
      if (other === view) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    const holder = document.getElementById("panes");
    holder.replaceChildren(...view.panes.map((pane) => this.pane(pane).element));
    this.makePaneTabs(view);
    this.measure();
    const isStill = name === "shell" || name === "startup";
    this.timeline.element.hidden = this.moments.count === 0 || isStill;
    document.getElementById("strip").hidden = isStill;
    this.update("");
    this.timeline.draw();
  }

  pane(name) {
    if (!this.panes[name]) {
      const [title, Controller] = PANES[name];
      const controller = new Controller(this);
      this.panes[name] = { controller, element: element("section", { class: "pane pane-" + name, "aria-label": title },
        element("h2", {}, title, controller.note ? span("note", controller.note) : null), controller.content) };
    }
    return this.panes[name];
  }

  /** On a narrow screen one pane is shown at a time. */
  makePaneTabs(view) {
    const panes = view.panes.map((name) => ({ name }));
    document.getElementById("pane-tabs").replaceChildren(...(panes.length < 2 ? [] : panes.map(({ name }, index) => element("button", {
      role: "tab", id: "pane-tab-" + name, text: PANES[name][0], click: () => this.showPane(name),
      keydown: (event) => this.tabKey(event, panes, index, "pane-tab-", (other) => this.showPane(other)),
    }))));
    this.showPane(view.panes[0]);
  }

  showPane(name) {
    for (const other of this.view.panes) {
      const isShown = other === name, tab = document.getElementById("pane-tab-" + other);
      this.panes[other].element.classList.toggle("shown", isShown);
      if (!tab) continue;
      tab.setAttribute("aria-selected", isShown);
      tab.tabIndex = isShown ? 0 : -1;
      if (isShown) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.measure();
    this.update("");
  }

  /** Lists that were away have lost where they stood. */
  measure() {
    for (const name of this.view.panes) if (this.panes[name].controller.rows) this.panes[name].controller.rows.measure();
  }

  /** Left and right move among tabs, as everywhere. */
  tabKey(event, tabs, index, prefix, show) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = tabs[(index + by + tabs.length) % tabs.length].name;
    show(next);
    document.getElementById(prefix + next).focus();
  }

  /** A word to the reader, also for screen readers. */
  say(text) {
    const voice = document.getElementById("voice");
    voice.textContent = text;
    voice.classList.add("shown");
    clearTimeout(this.silence);
    this.silence = setTimeout(() => voice.classList.remove("shown"), 4000);
  }

  toggleTheme() {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    this.timeline.draw();
  }

  showKeys() {
    const dialog = document.getElementById("keys");
    if (!dialog.querySelector("dl")) dialog.querySelector("form").before(keyList());
    dialog.showModal();
  }
}

function start() {
  const record = readRecord();
  if (record) window.page = new Page(record);
  else {
    document.body.classList.add("unreadable");
    document.getElementById("panes").append(nothing(Record.failure));
  }
}

start();
