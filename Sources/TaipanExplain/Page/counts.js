// Stage 6 in figures: instructions and time by function and by line, inline caches, memory.

class CountsPane {
  constructor(page) {
    const execution = page.record.execution;
    if (!execution) { this.content = [nothing(page.why("execution", "The execution was not recorded"))]; return; }
    const functions = list(execution.functions), lines = list(execution.lines);
    const most = Math.max(0, ...functions.map((entry) => entry.instructions));
    const mostLine = Math.max(0, ...lines.map((entry) => entry.instructions));
    const file = page.record.file;
    const pickLine = (entry) => { if (entry.file === file) page.choose({ kind: "line", index: entry.line }, "counts"); };
    this.content = [element("div", { class: "document", tabindex: 0 },
      heading("By function", counted(execution.total || 0, "instruction") + " in all"), table([
        { title: "Function", code: true, cell: (entry) => entry.name },
        { title: "", wide: true, cell: (entry) => bar(entry.instructions, most) },
        { title: "Instructions", number: true, cell: (entry) => grouped(entry.instructions), sort: (entry) => entry.instructions },
        { title: "Calls", number: true, cell: (entry) => grouped(entry.calls), sort: (entry) => entry.calls },
        { title: "Own", number: true, cell: (entry) => duration(entry.own_microseconds), sort: (entry) => entry.own_microseconds },
        { title: "All", number: true, cell: (entry) => duration(entry.microseconds), sort: (entry) => entry.microseconds },
        { title: "Where", code: true, tight: true, cell: (entry) => fileName(entry.file || "") + ":" + entry.line },
      ], functions, { caption: "Counts by function", pick: pickLine }),
      heading("By line"), table([
        { title: "Line", code: true, tight: true, cell: (entry) => fileName(entry.file || "") + ":" + entry.line },
        { title: "", wide: true, cell: (entry) => bar(entry.instructions, mostLine) },
        { title: "Instructions", number: true, cell: (entry) => grouped(entry.instructions), sort: (entry) => entry.instructions },
        { title: "Time", number: true, cell: (entry) => duration(entry.microseconds), sort: (entry) => entry.microseconds },
        { title: "Source", code: true, cell: (entry) => entry.file === file ? page.record.text.line(entry.line).trim() : "" },
      ], lines.slice().sort((a, b) => b.instructions - a.instructions), { caption: "Counts by line", pick: pickLine }))];
  }
}

class CachesPane {
  constructor(page) {
    const { record } = page, execution = record.execution;
    if (!execution) { this.content = [nothing(page.why("execution", "The execution was not recorded"))]; return; }
    this.content = [element("div", { class: "document", tabindex: 0 },
      heading("Inline caches"), table([
        { title: "Instruction", code: true, cell: (entry) => entry.opcode },
        { title: "Where", code: true, cell: (entry) => ((record.codes[entry.code] || {}).qualified_name || "?") + " +" + entry.offset },
        { title: "Became", cell: (entry) => entry.became },
      ], list(execution.specializations), { caption: "Inline caches", empty: "No cache was filled.", pick: (entry) => {
        const instruction = record.instructionAt(entry.code, entry.offset);
        if (instruction >= 0) page.choose({ kind: "instruction", index: instruction }, "caches");
      } }),
      heading("Memory", byteSize(execution.allocated_bytes || 0) + " allocated"), table([
        { title: "Step", number: true, cell: (entry) => grouped(entry.step) },
        { title: "Why the collector ran", cell: (entry) => entry.reason },
        { title: "Before", number: true, cell: (entry) => byteSize(entry.bytes_before) },
        { title: "After", number: true, cell: (entry) => byteSize(entry.bytes_after) },
        { title: "Time", number: true, cell: (entry) => duration(entry.microseconds), sort: (entry) => entry.microseconds },
      ], list(execution.collections), { caption: "Collections", empty: "The collector did not run.", pick: (entry) => page.goNumber(entry.step) }),
      list(execution.handovers).length ? [heading("Threads taking turns"), table([
        { title: "Step", number: true, cell: (entry) => grouped(entry.step) },
        { title: "From", number: true, cell: (entry) => "thread " + entry.from },
        { title: "To", number: true, cell: (entry) => "thread " + entry.to },
      ], execution.handovers, { caption: "Threads taking turns", pick: (entry) => page.goNumber(entry.step) })] : null)];
  }
}
