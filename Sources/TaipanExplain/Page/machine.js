// The machine at a moment: the instruction, the value stack before and after, what happened, the frames with their names.

class MachinePane {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.moments = page.moments;
    this.opened = new Map();
    this.blocks = new Map();
    if (this.moments.count === 0) {
      this.content = [nothing(page.why("execution", "No instruction was recorded"))];
      return;
    }
    this.instruction = element("div", { class: "instruction" });
    this.stack = element("div", { class: "stack", tabindex: 0, role: "group", "aria-label": "Value stack before and after" });
    this.events = element("div", { class: "events", tabindex: 0, role: "group", "aria-label": "What happened" });
    this.frames = element("div", { class: "frames", tabindex: 0, role: "group", "aria-label": "Call stack and names" });
    this.stackHead = span("note", "");
    this.content = [element("div", { class: "machine" }, this.instruction,
      element("h3", {}, "Value stack", this.stackHead), this.stack,
      element("h3", { text: "What happened" }), this.events,
      element("h3", { text: "Frames and names" }), this.frames)];
  }

  update() {
    const { page, moments } = this;
    if (moments.count === 0) return;
    if (moments.isGap(page.moment)) return this.drawGap();
    const index = moments.stepOf(page.moment), step = this.record.steps[index];
    this.drawInstruction(index, step);
    this.drawStack(step);
    this.drawEvents(step);
    this.drawFrames(index, step);
  }

  drawGap() {
    const isLimit = this.moments.isLimit(this.page.moment);
    const { execution } = this.record, start = this.moments.starts[this.page.moment], end = this.moments.ends[this.page.moment];
    this.instruction.replaceChildren(
      element("p", { class: "opcode" }, counted(end - start + 1, "step was", "steps were") + " only counted"),
      element("p", { class: "words whole", text: "Steps " + grouped(start) + " to " + grouped(end) + (isLimit ? " ran, but the record keeps the first " +
        grouped(execution.first_limit || 0) + " and the last " + grouped(execution.last_limit || 0) + ". --explain-limit=N keeps more."
        : " ran in the library, called from here.") }));
    this.stackHead.textContent = "";
    for (const part of [this.stack, this.events]) part.replaceChildren(nothing("Not recorded."));
    const index = this.moments.stepOf(this.page.moment);
    if (isLimit || index < 0) this.frames.replaceChildren(nothing("Not recorded."));
    else this.drawFrames(index, this.record.steps[index]);
  }

  drawInstruction(index, step) {
    const entry = this.record.instructions[this.record.stepInstruction[index]];
    const code = this.record.codeOfStep(index);
    const where = code ? code.qualified_name + ", " + fileName(code.file || "") + (entry && entry.instruction.line ? ":" + entry.instruction.line : "") : "unknown code";
    this.instruction.replaceChildren(
      element("p", { class: "opcode" },
        entry ? entry.instruction.opcode : "offset " + step.offset,
        entry && entry.instruction.meaning ? element("code", { text: oneLine(entry.instruction.meaning, 60) }) : null),
      element("p", { class: "words", text: (entry && opcodeWords(entry.instruction.opcode)) || "" }),
      element("p", { class: "where" }, span("", where), span("", duration(step.microseconds || 0))));
  }

  drawStack(step) {
    const before = list(step.before), after = list(step.after), ended = !Array.isArray(step.after);
    let same = 0;
    while (same < before.length && same < after.length && before[same] === after[same]) same++;
    this.stackHead.textContent = ended ? "before → the frame ended" : before.length + " → " + after.length;
    const rows = [];
    for (let at = 0; at < Math.max(before.length, after.length); at++) {
      rows.push(element("div", { class: "slot" }, span("index", at),
        stackValue(before[at], at < same ? "kept" : "taken"), span("arrow", at < same ? "" : "→"),
        stackValue(after[at], at < same ? "kept" : "put")));
    }
    if (rows.length === 0) rows.push(nothing(ended ? "Empty; the frame ended." : "Empty before and after."));
    this.stack.replaceChildren(...rows);
    // The top of a high stack is what counts.
    if (rows.length > 4) this.stack.scrollTop = -rows.length * 100;
  }

  drawEvents(step) {
    const parts = list(step.changes).map((change) => element("div", { class: "event" }, span("chip set", change.value === null ? "del" : "set"),
      element("code", {}, span("variable", change.name), change.value === null ? " is gone" : " = " + oneLine(change.value))));
    for (const event of list(step.events)) parts.push(eventRow(event));
    this.events.replaceChildren(...(parts.length ? parts : [nothing("Only the stack changed.")]));
  }

  drawFrames(index, step) {
    const shown = [step.frame, ...this.moments.callers(step.frame)];
    const parts = shown.slice(0, 40).map((frame, place) => this.frameBlock(frame, index, place === 0));
    if (shown.length > 40) parts.push(nothing("and " + counted(shown.length - 40, "more frame") + " below"));
    const code = this.record.codeOfStep(index);
    if (code) parts.push(this.globalsBlock(code.file || "", index));
    const there = this.frames.children;
    if (parts.length !== there.length || parts.some((part, place) => part !== there[place])) this.frames.replaceChildren(...parts);
  }

  frameBlock(frame, index, isTop) {
    const entry = this.record.frames[frame], code = entry ? this.record.codes[entry.code] : null;
    const last = this.moments.lastStepOf(frame, index);
    const line = last >= 0 ? this.record.lineOfStep(last) : null;
    const title = code ? code.qualified_name || code.name : "frame " + frame;
    const thread = entry && entry.thread > 1 ? " · thread " + entry.thread : "";
    const place = code ? fileName(code.file || "") + (line ? ":" + line : "") + thread : "";
    // The names of a module are the globals, which have a block of their own.
    const names = code && code.name === "<module>" ? null : this.moments.names(frame, index);
    const block = this.block("frame-" + frame + (names ? "" : "-module"), "frame", title, place, isTop, names, index);
    block.classList.toggle("top", isTop);
    return block;
  }

  globalsBlock(file, index) {
    return this.block("globals-" + file, "frame globals", "Globals", fileName(file), true, this.moments.globalsOf(file, index), index);
  }

  /** A block of names that opens and closes and stays as it was left. Its elements stay as long as its names and values do. */
  block(key, className, title, place, isOpen, names, index) {
    let block = this.blocks.get(key);
    if (!block) {
      const where = span("place", ""), brief = span("brief", "");
      const head = element(names ? "summary" : "div", { class: "frame-head" }, span("code-name", title), names ? brief : null, where);
      block = element(names ? "details" : "div", { class: className }, head);
      block.where = where;
      block.brief = brief;
      if (names) head.addEventListener("click", () => this.opened.set(key, !block.open));
      if (this.blocks.size > 500) this.blocks.clear();
      this.blocks.set(key, block);
    }
    if (block.where.textContent !== place) block.where.textContent = place;
    if (!names) return block;
    block.open = this.opened.has(key) ? this.opened.get(key) : isOpen;
    const shown = names.slice(0, 300);
    const state = shown.map((name) => name.name + "=" + name.value + (name.step === index && name.isChange ? "*" : "") + (this.isOld(name, index) ? "?" : "")).join("\n");
    if (block.state === state) return block;
    block.state = state;
    block.brief.textContent = shown.slice(0, 3).map((name) => name.name + " = " + oneLine(name.value, 20)).join(", ");
    if (block.children[1]) block.children[1].remove();
    block.append(shown.length ? element("dl", { class: "names" }, shown.map((name) => this.nameRow(name, index))) : nothing("No names known yet."));
    return block;
  }

  /** A value from before the gap, which may be another by now. */
  isOld(name, index) {
    return this.moments.isLimitBetween(name.step, index);
  }

  nameRow(name, index) {
    const isOld = this.isOld(name, index);
    return element("div", { class: (name.step === index && name.isChange ? "changed" : "") + (isOld ? " old" : ""), title: isOld ? "As known before the steps that were only counted" : null },
      element("dt", {}, name.name, name.kind === "cell" ? span("note", "cell") : null), element("dd", { text: oneLine(name.value) }));
  }
}

function stackValue(value, className) {
  if (value === undefined) return span("value none", "");
  const made = span("value " + className + (value === "NULL" ? " null" : ""), oneLine(value, 200));
  made.title = value;
  return made;
}

const EVENT_LABELS = { "native call": "calls", call: "calls", return: "returns", yield: "yields", raise: "raises", handler: "handler", unwind: "unwinds",
  import: "imports", write: "writes", collection: "collects", finalize: "finalises", thread: "thread", attribute: "attribute", specialize: "specialises" };

function eventRow(event) {
  const made = element("div", { class: "event" }, span("chip " + (event.kind || "").replace(/\s/g, "-"), EVENT_LABELS[event.kind] || event.kind),
    element("code", { text: event.kind === "write" ? JSON.stringify(event.text) : oneLine(event.text || "", 300) }));
  const steps = list(event.steps);
  if (steps.length) made.append(element("ol", { class: "look-up" }, steps.map((step) => element("li", { text: step }))));
  return made;
}
