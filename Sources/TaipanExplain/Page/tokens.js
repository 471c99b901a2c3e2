// The tokens, as `tokenize` has them, each as deep as its block.

class TokensPane {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.label = "Tokens";
    this.rows = new Rows(this);
    const omitted = (this.record.source && this.record.source.omitted_tokens) || 0;
    this.content = [
      this.record.tokens.length ? this.rows.element : nothing(page.why("tokens", "There are no tokens")),
      omitted ? element("p", { class: "omitted", text: "and " + counted(omitted, "more token") + " left out of the record" }) : null,
    ];
  }

  get note() { return this.record.tokens.length ? grouped(this.record.tokens.length) : ""; }

  count() { return this.record.tokens.length; }

  draw(row, index) {
    const token = this.record.tokens[index];
    const place = token.span && token.span[0] > 0 ? token.span[0] + ":" + token.span[1] : "";
    const guides = span("guides", "");
    guides.style.width = Math.min(12, token.depth || 0) * 8 + "px";
    const shown = { INDENT: "→", DEDENT: "←", NEWLINE: "⏎", NL: "⏎", ENDMARKER: "■" }[token.kind];
    row.append(
      span("place", place), span("kind", token.exact || token.kind), guides,
      shown ? span("mark", shown) : element("code", { class: tokenClass(token), text: oneLine(token.text) }));
    row.title = token.kind + (token.exact && token.exact !== token.kind ? ", exactly " + token.exact : "") +
      (place ? ", from " + place + " to " + token.span[2] + ":" + token.span[3] : "") + ", " + counted(token.depth || 0, "block") + " deep";
  }

  mark(row, index) {
    const { kin } = this.page;
    row.classList.toggle("lit", !!kin && index >= kin.tokenLow && index < kin.tokenHigh);
  }

  pick(index) {
    this.page.choose({ kind: "token", index }, "tokens");
  }

  update(origin) {
    const { kin } = this.page;
    if (origin !== "tokens" && kin && kin.token >= 0) { this.rows.setActive(kin.token); this.rows.reveal(kin.token); }
    this.rows.refresh();
  }
}
