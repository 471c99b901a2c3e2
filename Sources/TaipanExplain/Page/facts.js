// Stage 3 in figures: how the bytes of the file became text and tokens.

class FactsPane {
  constructor(page) {
    const source = page.record.source;
    if (!source) { this.content = [nothing(page.why("tokens", "The source was not recorded"))]; return; }
    const kinds = new Map();
    for (const token of page.record.tokens) kinds.set(token.kind, (kinds.get(token.kind) || 0) + 1);
    const rows = [...kinds].sort((a, b) => b[1] - a[1]);
    this.content = [element("div", { class: "document", tabindex: 0 }, heading("The file"), element("dl", { class: "facts" },
      fact("File", element("code", { text: source.file || "" })),
      fact("Size", counted(source.byte_count || 0, "byte") + ", " + counted(source.line_count || 0, "line")),
      fact("Encoding", (source.encoding || "") + ", from " + ({ default: "the default" }[source.encoding_from] || source.encoding_from)),
      fact("Line ends", element("code", { text: source.newlines || "" })),
      fact("Depth", counted(page.record.tokens.reduce((most, token) => Math.max(most, token.depth || 0), 0), "block"))),
    heading("Tokens by kind"), table([
      { title: "Kind", code: true, cell: (row) => row[0] },
      { title: "", wide: true, cell: (row) => bar(row[1], rows[0][1]) },
      { title: "Count", number: true, cell: (row) => grouped(row[1]) },
    ], rows, { caption: "Tokens by kind" }))];
  }
}
