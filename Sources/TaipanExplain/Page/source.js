// The source with its margin: line numbers, how often each line ran, where errors are. Each line is cut where a token or a lit place starts
// or ends.

const KEYWORDS = new Set(("False None True and as assert async await break class continue def del elif else except finally for from global if " +
  "import in is lambda nonlocal not or pass raise return try while with yield").split(" "));

/** What is behind this many characters of a line is not drawn. */
const LONGEST_LINE = 4000;

class SourcePane {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.label = "Source lines";
    this.rows = new Rows(this);
    const file = this.record.file;
    this.counts = new Map();
    for (const line of list(this.record.execution && this.record.execution.lines)) {
      if (line.file === file) this.counts.set(line.line, line);
    }
    this.most = Math.max(1, ...[...this.counts.values()].map((line) => line.instructions));
    this.errorLine = this.record.error && this.record.error.span ? this.record.error.span[0] : 0;
    this.readUncaught(file);
    this.away = element("p", { class: "away", hidden: true });
    this.content = this.record.text.lineCount
      ? [this.away, this.rows.element]
      : [nothing(this.record.source ? "The source is empty." : page.why("tokens", "The source was not recorded"))];
  }

  /** Lines that the traceback of an uncaught exception names. */
  readUncaught(file) {
    this.raised = new Set();
    const text = (this.record.execution && this.record.execution.uncaught) || "";
    for (const match of text.matchAll(/File "(.*)", line (\d+)/g)) if (match[1] === file) this.raised.add(Number(match[2]));
  }

  count() { return this.record.text.lineCount; }

  draw(row, index) {
    const line = index + 1, count = this.counts.get(line);
    const heat = span("heat", "");
    if (count) {
      heat.style.opacity = 0.15 + (0.85 * Math.log(1 + count.instructions)) / Math.log(1 + this.most);
      row.title = "Line " + line + ": " + counted(count.instructions, "instruction") + ", " + duration(count.microseconds);
    }
    row.code = element("code", { class: "text" });
    row.append(
      span("count", count ? grouped(count.instructions) : ""), span("time", count ? duration(count.microseconds) : ""),
      heat, element("span", { class: "line-number", text: line, title: "Jump to the next time that line " + line + " runs" }), row.code);
    row.classList.toggle("wrong", line === this.errorLine || this.raised.has(line));
  }

  mark(row, index) {
    const line = index + 1, text = this.record.text;
    const start = text.offset(line, 0), end = start + Math.min(text.line(line).length, LONGEST_LINE);
    const { kin, current, pick } = this.page;
    const clip = (from, to) => (from !== NO_PLACE && from <= end && to > start ? [Math.max(from, start), Math.min(to, end)] : null);
    const lit = kin && clip(kin.start, kin.end);
    const now = pick && current && clip(current.start, current.end);
    const character = pick && pick.kind === "character" ? clip(pick.index, pick.index + 1) : null;
    const key = [lit, now, character].join("|");
    if (row.mark !== key) {
      row.mark = key;
      this.drawText(row.code, start, end, lit, now, character);
    }
    row.classList.toggle("current", line === this.page.currentLine);
  }

  drawText(code, start, end, lit, now, character) {
    const { record } = this, cuts = new Set([start, end]);
    const first = Math.max(0, this.page.links.firstTokenBehind(start) - 1);
    const tokens = [];
    for (let index = first; index < record.tokens.length && record.tokenStart[index] < end; index++) {
      if (record.tokenEnd[index] <= start || record.tokenStart[index] === NO_PLACE) continue;
      tokens.push(index);
      cuts.add(Math.max(start, record.tokenStart[index])).add(Math.min(end, record.tokenEnd[index]));
    }
    for (const range of [lit, now, character]) if (range) cuts.add(range[0]).add(range[1]);
    const wrong = start === record.text.offset(this.errorLine, 0) && this.errorLine ? this.errorRange(start, end) : null;
    if (wrong) cuts.add(wrong[0]).add(wrong[1]);
    // White space at the start is shown, tokens or not.
    const margin = start + /^[ \t\f]*/.exec(record.text.text.slice(start, end))[0].length;
    cuts.add(margin);
    const places = [...cuts].sort((a, b) => a - b);
    const pieces = [];
    let at = 0;
    for (let index = 0; index + 1 < places.length; index++) {
      const from = places[index], to = places[index + 1];
      while (at < tokens.length && record.tokenEnd[tokens[at]] <= from) at++;
      const token = at < tokens.length && record.tokenStart[tokens[at]] <= from ? record.tokens[tokens[at]] : null;
      const inside = (range) => range && range[0] <= from && to <= range[1];
      let name = to <= margin ? "indent" : token ? tokenClass(token) : "space";
      if (inside(lit) && to > margin) name += " lit";
      if (inside(now)) name += " now";
      if (inside(character)) name += " point";
      if (inside(wrong)) name += " fault";
      const piece = span(name, record.text.text.slice(from, to));
      piece.start = from;
      pieces.push(piece);
    }
    code.replaceChildren(...pieces);
  }

  errorRange(start, end) {
    const place = this.record.error.span, text = this.record.text;
    const from = Math.min(text.offset(place[0], Math.max(0, place[1])), end);
    const to = place[2] === place[0] ? text.offset(place[2], Math.max(0, place[3])) : end;
    return [Math.max(start, from), Math.max(from + (from < end ? 1 : 0), Math.min(to, end))];
  }

  pick(index, event) {
    if (event.type === "click") {
      if (event.target.closest(".line-number")) return this.page.goLine(index + 1);
      const piece = event.target.closest(".text > span");
      if (piece) return this.page.choose({ kind: "character", index: piece.start + offsetIn(piece, event) }, "source");
    }
    this.page.choose({ kind: "line", index: index + 1 }, "source");
  }

  update(origin) {
    const { page } = this;
    const away = page.awayFrom;
    this.away.hidden = !away;
    this.away.textContent = away || "";
    if (origin !== "source") {
      const line = page.kin && page.pick && page.kin.start !== NO_PLACE ? this.record.text.lineOf(page.kin.start) : page.currentLine;
      if (line) { this.rows.setActive(line - 1); this.rows.reveal(line - 1); }
      if (page.kin && page.kin.start !== NO_PLACE) this.rows.revealColumn(page.kin.start - this.record.text.offset(line, 0), 60);
    }
    this.rows.refresh();
  }
}

/** Which character of a piece of text was clicked. */
function offsetIn(piece, event) {
  const point = document.caretPositionFromPoint
    ? document.caretPositionFromPoint(event.clientX, event.clientY)
    : document.caretRangeFromPoint && document.caretRangeFromPoint(event.clientX, event.clientY);
  const node = point && (point.offsetNode || point.startContainer);
  if (!node || !piece.contains(node)) return 0;
  // The caret is between characters: behind the middle of the one that was clicked, so measure on which side.
  let offset = Math.min(point.offset === undefined ? point.startOffset : point.offset, piece.textContent.length - 1);
  const range = document.createRange();
  range.setStart(node, offset);
  range.setEnd(node, offset + 1);
  if (event.clientX < range.getBoundingClientRect().left && offset > 0) offset--;
  return offset;
}

function tokenClass(token) {
  switch (token.kind) {
    case "NAME": return KEYWORDS.has(token.text) ? "keyword" : "name";
    case "NUMBER": return "numeral";
    case "STRING": case "FSTRING_START": case "FSTRING_MIDDLE": case "FSTRING_END": return "string";
    case "COMMENT": return "comment";
    case "OP": return "operator";
    default: return "other";
  }
}
