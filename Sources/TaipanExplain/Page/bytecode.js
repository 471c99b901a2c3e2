// Three lists of code, each with a head for every code object and the source line above its instructions: as generated, final, and Taipan's
// register code.

/** A list whose rows are heads of codes, heads of lines and entries: {code} | {line} | {entry, …}. */
class CodeRows {
  constructor(page, label) {
    this.page = page;
    this.record = page.record;
    this.label = label;
    this.items = [];
    this.rows = new Rows(this);
  }

  /** Adds a code's head and its entries; `line(entry)` is an entry's source line. */
  addCode(codeIndex, entries, line) {
    if (entries.length === 0) return;
    this.items.push({ code: codeIndex });
    let last = null;
    for (const entry of entries) {
      const at = line(entry);
      if (at !== null && at !== undefined && at !== last) this.items.push({ line: at, of: codeIndex });
      last = at === null || at === undefined ? last : at;
      this.items.push(entry);
    }
  }

  count() { return this.items.length; }

  isHead(index) {
    return this.items[index].code !== undefined && this.items[index].instruction === undefined;
  }

  draw(row, index) {
    const item = this.items[index];
    if (this.isHead(index)) return this.drawCodeHead(row, this.record.codes[item.code]);
    if (item.line !== undefined && item.entry === undefined) return this.drawLineHead(row, item);
    this.drawEntry(row, item);
  }

  drawCodeHead(row, code) {
    row.classList.add("code-head");
    row.append(span("code-name", code.qualified_name || code.name), span("place", fileName(code.file || "") + ":" + code.first_line));
    row.title = (code.qualified_name || code.name) + ", " + code.file + ", line " + code.first_line;
  }

  drawLineHead(row, item) {
    row.classList.add("line-head");
    row.append(span("line-number", item.line));
    if (item.of < this.record.scriptCodeCount) row.append(element("code", { text: this.record.text.line(item.line).trim() }));
  }

  mark(row, index) {
    const item = this.items[index], { kin, currentInstruction } = this.page;
    const instruction = item.entry === undefined ? -1 : item.instruction;
    row.classList.toggle("lit", !!kin && instruction >= 0 && kin.instructions.has(instruction));
    row.classList.toggle("inside", !!kin && instruction >= 0 && kin.inner.has(instruction));
    row.classList.toggle("current", instruction >= 0 && instruction === currentInstruction);
  }

  pick(index) {
    const item = this.items[index];
    if (item.entry !== undefined && item.instruction >= 0) this.page.choose({ kind: "instruction", index: item.instruction }, this.origin);
    else if (item.line !== undefined && (item.of === undefined || item.of < this.record.scriptCodeCount)) this.page.choose({ kind: "line", index: item.line }, this.origin);
  }

  update(origin) {
    const { kin, currentInstruction } = this.page;
    if (origin !== this.origin) {
      const wanted = kin && kin.instruction >= 0 ? kin.instruction : this.page.pick ? -1 : currentInstruction;
      const index = wanted >= 0 ? this.indexOf(wanted) : -1;
      if (index >= 0) { this.rows.setActive(index); this.rows.reveal(index); }
    }
    this.rows.refresh();
  }

  /** The row of an instruction. */
  indexOf(instruction) {
    if (!this.places) {
      this.places = new Map();
      this.items.forEach((item, index) => {
        if (item.entry !== undefined && item.instruction >= 0 && !this.places.has(item.instruction)) this.places.set(item.instruction, index);
      });
    }
    const found = this.places.get(instruction);
    return found === undefined ? -1 : found;
  }
}

class BytecodePane extends CodeRows {
  constructor(page) {
    super(page, "Bytecode");
    this.origin = "bytecode";
    this.record.codes.forEach((code, index) => {
      const first = this.record.firstInstruction[index];
      const entries = list(code.instructions).map((entry, place) => ({ entry, instruction: first + place, guard: guardOf(code, entry.offset) }));
      this.addCode(index, entries, (item) => item.entry.line);
    });
    this.content = this.items.length ? [this.rows.element] : [nothing(page.why("bytecode", "There is no bytecode"))];
  }

  get note() { return this.record.instructions.length ? grouped(this.record.instructions.length) : ""; }

  drawEntry(row, item) {
    const { entry, guard } = item;
    const runs = (this.record.stepsOf.get(item.instruction) || []).length;
    row.append(
      span("jump-target", entry.is_jump_target ? "»" : ""), span("offset", entry.offset), span("opcode", entry.opcode),
      span("argument", entry.argument === null || entry.argument === undefined ? "" : entry.argument),
      element("code", { class: "meaning", text: oneLine(entry.meaning || "", 200) }));
    row.classList.toggle("guarded", guard !== null);
    row.title = entry.opcode + ": " + (opcodeWords(entry.opcode) || "—") + "\n" +
      (entry.depth >= 0 ? counted(entry.depth, "entry", "entries") + " on the stack before it. " : "") +
      (runs ? "Ran in " + counted(runs, "recorded step") + "." : "") + (guard ? "\nIf it raises: " + guard.words : "");
  }
}

/** The handler that an exception at an offset goes to. */
function guardOf(code, offset) {
  return list(code.handlers).find((handler) => handler.start <= offset && offset < Math.max(handler.end, handler.start + 1)) || null;
}

/** The list before the flow graph. It has no offsets, so a line is what links it. */
class RawPane extends CodeRows {
  constructor(page) {
    super(page, "Unoptimised bytecode");
    this.origin = "raw";
    this.record.codes.forEach((code, index) => {
      const entries = list(code.raw).map((entry, place) => ({ entry, instruction: -1, place, line: entry.line, of: index }));
      this.addCode(index, entries, (item) => item.entry.line);
    });
    this.content = this.items.length ? [this.rows.element]
      : [nothing(page.why("bytecode", "The code was not compiled in this run, so there is no unoptimised form"))];
  }

  drawEntry(row, item) {
    const { entry } = item;
    row.append(span("offset", item.place), span("opcode", entry.opcode),
      span("argument", entry.argument === null || entry.argument === undefined ? "" : entry.argument),
      element("code", { class: "meaning", text: oneLine(entry.meaning || "", 200) }));
    row.title = entry.opcode + ": " + (opcodeWords(entry.opcode) || "—");
  }

  mark(row, index) {
    const item = this.items[index], { pick, currentLine } = this.page;
    const lit = this.litLine();
    row.classList.toggle("inside", item.entry !== undefined && lit !== 0 && item.line === lit && item.of < this.record.scriptCodeCount);
    row.classList.toggle("current", item.entry === undefined && item.line !== undefined && item.line === currentLine && currentLine > 0 && !pick);
  }

  /** The line of what is lit. */
  litLine() {
    const { kin, record } = this.page;
    return kin && kin.start !== NO_PLACE ? record.text.lineOf(kin.start) : 0;
  }

  update(origin) {
    const line = this.litLine();
    if (origin !== this.origin && line) {
      const index = this.items.findIndex((item) => item.entry === undefined && item.line === line);
      this.rows.reveal(index);
    }
    this.rows.refresh();
  }
}

class RegisterPane extends CodeRows {
  constructor(page) {
    super(page, "Register code");
    this.origin = "register";
    this.record.codes.forEach((code, index) => {
      let last = null;
      const entries = list(code.register).map((entry) => {
        if (entry.offset !== null && entry.offset !== undefined) last = entry.offset;
        const instruction = last === null ? -1 : this.record.instructionAt(index, last);
        return { entry, instruction, isFirst: entry.offset !== null && entry.offset !== undefined };
      });
      this.addCode(index, entries, (item) => item.instruction < 0 ? null : this.record.instructions[item.instruction].instruction.line);
    });
    this.content = this.items.length ? [this.rows.element] : [nothing(page.why("bytecode", "Only code that ran has register code, and none did"))];
  }

  drawEntry(row, item) {
    row.append(span("offset", item.isFirst ? item.entry.offset : ""), element("code", { class: "meaning", text: item.entry.text }));
    row.title = item.entry.text;
  }
}
