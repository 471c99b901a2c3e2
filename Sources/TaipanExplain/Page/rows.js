// A list of rows of one height of which only those in view are elements, so that it is as quick with 20,000 rows as with 20. It is a list
// box for the keyboard and for screen readers: up and down move the active row and pick it.

class Rows {
  /**
   * `owner` gives the rows: count(), draw(row, index) fills an element, mark(row, index) sets its classes when something was picked or a
   * step was taken, pick(index, event) is told of clicks and keys. `owner.label` names the list, `owner.role` its rows.
   */
  constructor(owner) {
    this.owner = owner;
    this.height = 20;
    this.foot = 8;
    this.active = -1;
    this.elements = new Map();
    this.spare = [];
    this.prefix = "row-" + (Rows.made = (Rows.made || 0) + 1) + "-";
    this.space = element("div", { class: "rows-space", role: "presentation" });
    this.element = element("div", { class: "rows", role: owner.role === "treeitem" ? "tree" : "listbox", tabindex: 0, "aria-label": owner.label }, this.space);
    // Where the list stands and how much of it is seen, kept so that no step has to ask for it: that would lay out the page each time.
    this.top = 0;
    this.left = 0;
    this.seen = 0;
    this.width = 0;
    this.element.addEventListener("scroll", () => {
      this.top = this.element.scrollTop;
      this.left = this.element.scrollLeft;
      this.drawSoon();
    }, { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  measure() {
    this.seen = this.element.clientHeight;
    this.width = this.element.clientWidth;
    this.top = this.element.scrollTop;
    this.left = this.element.scrollLeft;
    this.draw();
  }

  drawSoon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  draw() {
    const count = this.owner.count();
    if (this.drawn !== count) { this.drawn = count; this.space.style.height = count * this.height + this.foot + "px"; }
    const first = Math.max(0, Math.floor(this.top / this.height) - 4);
    const limit = Math.min(count, Math.ceil((this.top + this.seen) / this.height) + 4);
    for (const [index, row] of this.elements) {
      if (index >= first && index < limit) continue;
      this.elements.delete(index);
      row.hidden = true;
      this.spare.push(row);
    }
    for (let index = first; index < limit; index++) if (!this.elements.has(index)) this.place(index, count);
  }

  place(index, count) {
    const row = this.spare.pop() || this.space.appendChild(element("div", { class: "row", role: this.owner.role || "option" }));
    row.hidden = false;
    row.id = this.prefix + index;
    row.style.transform = "translateY(" + index * this.height + "px)";
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-setsize", count);
    this.elements.set(index, row);
    row.mark = undefined;
    row.className = "row";
    row.removeAttribute("title");
    row.replaceChildren();
    this.owner.draw(row, index);
    this.mark(row, index);
  }

  mark(row, index) {
    this.owner.mark(row, index);
    row.setAttribute("aria-selected", index === this.active);
  }

  /** A pick or a step may have changed how rows look. */
  refresh() {
    for (const [index, row] of this.elements) this.mark(row, index);
  }

  /** Scrolls as little as shows the row with some of its neighbours; a row in view stays where it is. */
  reveal(index) {
    if (index < 0) return;
    if (this.seen === 0) this.measure();
    const top = index * this.height;
    if (top >= this.top + this.height && top + 2 * this.height <= this.top + this.seen) return;
    const last = Math.max(0, this.owner.count() * this.height + this.foot - this.seen);
    const wanted = Math.min(last, Math.max(0, top - Math.floor(this.seen / 3)));
    if (wanted === this.top) return;
    this.draw();
    this.element.scrollTop = this.top = wanted;
    this.draw();
  }

  /** Brings a column into view, in units of a digit's width behind a margin in pixels. */
  revealColumn(column, margin) {
    const digit = 7.3, at = column * digit;
    const left = at + 20 * digit < this.width - margin ? 0 : at - digit * 4;
    if (at >= this.left && at + digit * 4 <= this.left + this.width - margin || left === this.left) return;
    this.element.scrollLeft = this.left = left;
  }

  setActive(index) {
    this.active = index;
    if (index >= 0) this.element.setAttribute("aria-activedescendant", this.prefix + index);
    else this.element.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.seen / this.height) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const count = this.owner.count();
    let index = Math.min(count - 1, Math.max(0, this.active < 0 ? Math.floor(this.top / this.height) : this.active + by));
    while (this.owner.isHead && this.owner.isHead(index) && index + Math.sign(by) >= 0 && index + Math.sign(by) < count) index += Math.sign(by);
    this.choose(index, event);
  }

  click(event) {
    const row = event.target.closest(".row");
    if (row && row.parentNode === this.space) this.choose(Number(row.id.slice(this.prefix.length)), event);
  }

  choose(index, event) {
    if (index < 0) return;
    this.setActive(index);
    this.reveal(index);
    this.owner.pick(index, event);
  }
}
