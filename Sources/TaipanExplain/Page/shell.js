// Stage 1: how the shell came to this Python.

class ShellPane {
  constructor(page) {
    const shell = page.record.shell;
    this.content = [shell ? element("div", { class: "document", tabindex: 0 }, this.search(shell), this.hit(shell), this.others(shell), this.files(shell))
      : nothing(page.why("shell", "The shell's search was not recorded"))];
  }

  search(shell) {
    const looks = list(shell.looks);
    const words = shell.is_path
      ? "“" + shell.typed + "” has a slash, so no folder was searched."
      : "“" + shell.typed + "” has no slash, so the folders of PATH were searched in order.";
    return [heading("The search"), element("p", { text: words }), shell.is_path && !looks.length ? null : table([
      { title: "", cell: (look) => span("sign " + (look.result || "").replace(/\s/g, "-"), { found: "●", missing: "○", "not searched": "·" }[look.result] || "×") },
      { title: "Folder", code: true, cell: (look) => look.folder },
      { title: "Looked for", code: true, cell: (look) => look.file },
      { title: "Result", cell: (look) => look.result },
    ], looks, { caption: "Folders of PATH", empty: "PATH has no folders." })];
  }

  hit(shell) {
    const chain = list(shell.links).map((link) => [element("code", { text: link.from }), span("arrow", " → "), element("code", { text: link.to }), element("br")]);
    return [heading("What runs"), element("dl", { class: "facts" },
      fact("Hit", shell.hit ? element("code", { text: shell.hit }) : "none"),
      fact("Symbolic links", chain.length ? chain : "none"),
      fact("Executable", shell.executable ? element("code", { text: shell.executable }) : "unknown"))];
  }

  others(shell) {
    return [heading("Other Pythons on the PATH"), table([
      { title: "Path", code: true, cell: (python) => python.path },
      { title: "Version", cell: (python) => python.version },
      { title: "Links to", code: true, cell: (python) => list(python.links).map((link) => link.to).join(" → ") },
    ], list(shell.pythons), { caption: "Other Pythons", empty: "There are none." })];
  }

  files(shell) {
    const { shebang, environment } = shell;
    return [
      shebang ? [heading("First line of the script"), element("dl", { class: "facts" },
        fact("Line", element("code", { text: shebang.line })), fact("Names", element("code", { text: shebang.interpreter })),
        fact(shebang.is_used ? "Used" : "Not used", shebang.remark || ""))] : null,
      environment ? [heading("Virtual environment"), element("dl", { class: "facts" },
        fact("File", element("code", { text: environment.file })),
        list(environment.settings).map((setting) => fact(setting.name, element("code", { text: setting.value }))))] : null,
    ];
  }
}

function fact(name, value) {
  return element("div", {}, element("dt", { text: name }), element("dd", {}, value));
}
