// Stage 2: what the interpreter did before the script's first byte was read.

class StartupPane {
  constructor(page) {
    const startup = page.record.startup;
    this.content = [startup ? element("div", { class: "document", tabindex: 0 }, this.steps(list(startup.steps)), this.path(list(startup.path)),
      this.settings("Environment variables that took effect", list(startup.variables)), this.settings("Options that took effect", list(startup.options)))
      : nothing(page.why("startup", "Start-up was not recorded"))];
  }

  steps(steps) {
    const most = Math.max(0, ...steps.map((step) => step.microseconds));
    const whole = steps.reduce((sum, step) => sum + step.microseconds, 0);
    const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
    return [heading("Steps", steps.length ? duration(whole) + ", " + byteSize(bytes) : ""), table([
      { title: "Step", cell: (step) => step.name },
      { title: "", cell: (step) => bar(step.microseconds, most), wide: true },
      { title: "Time", number: true, cell: (step) => duration(step.microseconds), sort: (step) => step.microseconds },
      { title: "Objects", number: true, cell: (step) => step.bytes ? byteSize(step.bytes) : "", sort: (step) => step.bytes },
      { title: "Detail", cell: (step) => step.detail },
    ], steps, { caption: "Steps of the start-up" })];
  }

  path(entries) {
    return [heading("sys.path"), table([
      { title: "#", number: true, cell: (entry) => entries.indexOf(entry) },
      { title: "Entry", code: true, cell: (entry) => entry.entry || "''" },
      { title: "Where it came from", cell: (entry) => entry.origin },
      { title: "On disk", cell: (entry) => entry.exists ? "yes" : "no" },
    ], entries, { caption: "sys.path" })];
  }

  settings(title, settings) {
    return [heading(title), table([
      { title: "Name", code: true, cell: (setting) => setting.name },
      { title: "Value", code: true, cell: (setting) => setting.value },
      { title: "Effect", cell: (setting) => setting.effect },
    ], settings, { caption: title, empty: "None." })];
  }
}
