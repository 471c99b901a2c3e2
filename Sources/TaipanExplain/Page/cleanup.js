// Stage 7: how the output reached its descriptors, and what the end of the run did.

const STAGE_NAMES = { shell: "Shell", startup: "Start-up", tokens: "Tokens", ast: "Tree", bytecode: "Bytecode", execution: "Execution", output: "Output and clean-up" };

class WritesPane {
  constructor(page) {
    const output = page.record.output;
    if (!output) { this.content = [nothing(page.why("output", "The output was not recorded"))]; return; }
    const transfers = list(output.transfers);
    this.content = [element("div", { class: "document", tabindex: 0 },
      heading("Writes by the program", output.omitted_writes ? grouped(output.omitted_writes) + " more were left out" : ""), table([
        { title: "Step", number: true, cell: (write) => grouped(write.step) },
        { title: "Stream", cell: (write) => write.stream },
        { title: "Text", code: true, wide: true, cell: (write) => JSON.stringify(write.text.length > 120 ? write.text.slice(0, 120) + "…" : write.text) },
        { title: "Written at", code: true, tight: true, cell: (write) => write.line ? fileName(write.file || "") + ":" + write.line : "" },
        { title: "Transfer", number: true, cell: (write) => write.transfer === null || write.transfer === undefined ? "never" : "#" + write.transfer },
      ], list(output.writes), { caption: "Writes", empty: "The program wrote nothing.", pick: (write) => page.goNumber(write.step) }),
      heading("Transfers to descriptors"), table([
        { title: "#", number: true, cell: (transfer) => transfers.indexOf(transfer) },
        { title: "Step", number: true, cell: (transfer) => grouped(transfer.step) },
        { title: "Descriptor", number: true, cell: (transfer) => transfer.descriptor },
        { title: "Bytes", number: true, cell: (transfer) => grouped(transfer.byte_count), sort: (transfer) => transfer.byte_count },
        { title: "Why then", cell: (transfer) => transfer.reason },
        { title: "Time", number: true, cell: (transfer) => duration(transfer.microseconds), sort: (transfer) => transfer.microseconds },
      ], transfers, { caption: "Transfers", empty: "Nothing reached a descriptor.", pick: (transfer) => page.goNumber(transfer.step) }))];
  }
}

class CleanupPane {
  constructor(page) {
    const { record } = page, output = record.output;
    const most = Math.max(0, ...record.times.map((time) => time.microseconds));
    this.content = [element("div", { class: "document", tabindex: 0 },
      heading("Time by stage", record.times.length ? duration(record.times.reduce((sum, time) => sum + time.microseconds, 0)) : ""), table([
        { title: "Stage", cell: (time) => STAGE_NAMES[time.stage] || time.stage },
        { title: "", wide: true, cell: (time) => bar(time.microseconds, most) },
        { title: "Time", number: true, cell: (time) => duration(time.microseconds) },
      ], record.times, { caption: "Time by stage", empty: "No times were recorded." }),
      output ? this.ending(output) : nothing(page.why("output", "The clean-up was not recorded")))];
  }

  ending(output) {
    return [
      heading("Exit functions"), table([
        { title: "Function", code: true, cell: (entry) => entry.name },
        { title: "Time", number: true, cell: (entry) => duration(entry.microseconds) },
      ], list(output.exit_functions), { caption: "Exit functions", empty: "None were registered." }),
      heading("Closed and finalised, in order"), table([
        { title: "Type", code: true, cell: (entry) => entry.type },
        { title: "What was done", cell: (entry) => entry.action },
      ], list(output.finalized), { caption: "Finalised objects", empty: "Nothing was." }),
      heading("Alive at exit"), table([
        { title: "Type", code: true, cell: (entry) => entry.type },
        { title: "Objects", number: true, cell: (entry) => grouped(entry.count), sort: (entry) => entry.count },
        { title: "Bytes", number: true, cell: (entry) => byteSize(entry.bytes), sort: (entry) => entry.bytes },
      ], list(output.alive), { caption: "Objects alive at exit", empty: "Not counted." }),
    ];
  }
}
