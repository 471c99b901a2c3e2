// The output as it stood at a moment. What was written but had not reached the descriptor yet is underlined.

class OutputPane {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.moments = page.moments;
    this.shown = [];
    this.first = 0;
    this.text = element("pre", { class: "output", tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Output at this moment",
      click: (event) => this.click(event) });
    this.state = element("p", { class: "omitted" });
    this.content = this.record.writes.length
      ? [this.text, this.state]
      : [nothing(this.record.output ? "The program wrote nothing." : page.why("output", "The output was not recorded"))];
  }

  update() {
    const { record, moments, page } = this;
    if (record.writes.length === 0) return;
    const count = moments.writeCount(page.moment), number = moments.number(page.moment);
    const first = Math.max(0, count - 2000);
    if (first !== this.first) { this.text.replaceChildren(); this.shown = []; this.first = first; }
    const before = this.shown.length, added = [];
    while (this.shown.length > count - first) this.shown.pop().remove();
    while (first + this.shown.length < count) {
      const made = this.piece(first + this.shown.length);
      this.shown.push(made);
      added.push(made);
    }
    if (added.length) this.text.append(...added);
    const isEnd = moments.count === 0 || page.moment >= moments.count - 1;
    this.shown.forEach((piece, place) => this.markPiece(piece, record.writes[first + place], number, isEnd));
    if (this.shown.length !== before) this.text.scrollTop = this.text.scrollHeight;
    const omitted = record.output.omitted_writes || 0;
    this.state.textContent = grouped(count) + " of " + counted(record.writes.length, "write") +
      (omitted ? "; " + grouped(omitted) + " more (" + byteSize(record.output.omitted_bytes || 0) + ") left out of the record" : "") +
      (this.shown.some((piece) => piece.waits) ? "; dotted: not at the descriptor yet" : "");
  }

  piece(index) {
    const write = this.record.writes[index];
    const made = span("write " + write.stream, write.text);
    made.title = write.stream + (write.line ? ", written by " + fileName(write.file || "") + ", line " + write.line : "") + ", step " + grouped(write.step);
    made.write = index;
    return made;
  }

  markPiece(piece, write, number, isEnd) {
    const transfer = this.record.transfers[write.transfer];
    const waits = transfer ? transfer.step > number && !isEnd : write.transfer === null || write.transfer === undefined;
    const isNew = write.step === number;
    if (piece.waits !== waits) { piece.waits = waits; piece.classList.toggle("waits", waits); }
    if (piece.isNew !== isNew) { piece.isNew = isNew; piece.classList.toggle("new", isNew); }
  }

  click(event) {
    const piece = event.target.closest(".write");
    if (!piece || !getSelection().isCollapsed) return;
    const moment = this.moments.momentOfNumber(this.record.writes[piece.write].step);
    if (moment >= 0) this.page.go(moment);
  }
}
