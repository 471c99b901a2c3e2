// Beside the bytecode: what else the code object holds, and the imports.

class CodePane {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.shown = -1;
    this.body = element("div", { class: "document", tabindex: 0 });
    this.content = this.record.codes.length ? [this.body] : [nothing(page.why("bytecode", "There is no code"))];
  }

  /** Shows the code of what is lit. */
  update() {
    const { kin, currentInstruction } = this.page;
    const lit = kin && kin.instruction >= 0 ? kin.instruction : currentInstruction;
    const index = lit >= 0 ? this.record.instructions[lit].code : Math.max(0, this.shown);
    const code = this.record.codes[index];
    if (index === this.shown || !code) return;
    this.shown = index;
    this.body.replaceChildren(...this.parts(code).flat(Infinity).filter(Boolean));
  }

  parts(code) {
    return [
      element("p", { class: "scope-head" }, span("code-name", code.qualified_name || code.name), span("place", fileName(code.file || "") + ":" + code.first_line)),
      element("dl", { class: "facts" },
        fact("Stack", counted(code.stack_size || 0, "entry", "entries") + " at most"),
        fact("Flags", list(code.flags).join(", ") || "none"),
        this.names("Locals", code.local_names), this.names("Cells", code.cell_names), this.names("Free", code.free_names)),
      heading("Exception table"), table([
        { title: "Offsets", number: true, cell: (handler) => handler.start + "–" + handler.end },
        { title: "To", number: true, cell: (handler) => handler.target },
        { title: "In words", cell: (handler) => handler.words },
      ], list(code.handlers), { caption: "Exception table", empty: "No instruction is guarded.",
        pick: (handler) => this.pickOffset(handler.target) }),
      heading("Constants"), this.numbered(code.constants), heading("Names"), this.numbered(code.names),
      listing("As dis prints it", code.listing),
    ];
  }

  pickOffset(offset) {
    const instruction = this.record.instructionAt(this.shown, offset);
    if (instruction >= 0) this.page.choose({ kind: "instruction", index: instruction }, "code");
  }

  names(title, names) {
    return list(names).length ? fact(title, element("code", { text: names.join(", ") })) : null;
  }

  numbered(values) {
    const rows = list(values).map((value, index) => ({ value, index }));
    return table([
      { title: "#", number: true, cell: (row) => row.index },
      { title: "Value", code: true, wide: true, cell: (row) => oneLine(row.value) },
    ], rows, { caption: "Numbered values", empty: "None." });
  }
}

class ImportsPane {
  constructor(page) {
    const bytecode = page.record.bytecode;
    const imports = list(bytecode && bytecode.imports);
    const most = Math.max(0, ...imports.map((entry) => entry.own_microseconds));
    this.content = [imports.length === 0 ? nothing(bytecode ? "Nothing was imported that was not there already." : page.why("bytecode", "Imports were not recorded"))
      : element("div", { class: "document", tabindex: 0 }, table([
        { title: "Module", code: true, cell: (entry) => indented(entry.name, entry.depth) },
        { title: "Came", cell: (entry) => span("chip " + (entry.result || "").replace(/\s/g, "-"), entry.result) },
        { title: "Why", cell: (entry) => entry.reason },
        { title: "All", number: true, cell: (entry) => duration(entry.microseconds), sort: (entry) => entry.microseconds },
        { title: "Own", number: true, cell: (entry) => duration(entry.own_microseconds), sort: (entry) => entry.own_microseconds },
        { title: "", wide: true, cell: (entry) => bar(entry.own_microseconds, most) },
        { title: "Files", code: true, wide: true, cell: (entry) => [entry.source, entry.cache ? [element("br"), entry.cache] : null].flat() },
      ], imports, { caption: "Imports", pick: (entry) => page.goNumber(entry.step) }))];
  }
}

function indented(text, depth) {
  const made = span("", text);
  made.style.paddingLeft = Math.min(12, depth || 0) * 12 + "px";
  return made;
}
