// The syntax tree as read, one node a row, with what folding made of it.

class TreePane {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.label = "Syntax tree";
    this.role = "treeitem";
    this.rows = new Rows(this);
    const omitted = (this.record.tree && this.record.tree.omitted_nodes) || 0;
    this.content = [
      this.record.nodes.length ? this.rows.element : nothing(page.why("ast", "There is no tree")),
      omitted ? element("p", { class: "omitted", text: "and " + counted(omitted, "more node") + " left out of the record" }) : null,
    ];
  }

  get note() { return this.record.nodes.length ? grouped(this.record.nodes.length) : ""; }

  count() { return this.record.nodes.length; }

  draw(row, index) {
    const node = this.record.nodes[index], depth = this.record.nodeDepth[index];
    const guides = span("guides", "");
    guides.style.width = Math.min(24, depth) * 10 + "px";
    row.setAttribute("aria-level", depth + 1);
    row.append(guides);
    if (node.field) row.append(span("field", node.field + (node.index >= 0 ? "[" + node.index + "]" : "")));
    row.append(span("type", node.type));
    for (const field of list(node.fields)) {
      if (field.value === "None" || field.value === "[]") continue;
      row.append(span("attribute", field.name + "="), element("code", { class: "value", text: oneLine(field.value, 80) }));
    }
    const fold = this.record.foldOf.get(index);
    if (fold) row.append(element("span", { class: "fold", text: "→ " + oneLine(fold.after, 60), title: "Folded: " + fold.before + " became " + fold.after }));
    const [start, end] = [this.record.nodeStart[index], this.record.nodeEnd[index]];
    row.title = node.type + (start === NO_PLACE ? "" : ", from " + this.record.text.place(start) + " to " + this.record.text.place(end));
  }

  mark(row, index) {
    const { kin } = this.page;
    row.classList.toggle("lit", !!kin && kin.nodes.has(index));
    row.classList.toggle("inside", !!kin && index >= kin.nodeLow && index < kin.nodeHigh);
  }

  pick(index) {
    this.page.choose({ kind: "node", index }, "tree");
  }

  update(origin) {
    const { kin } = this.page;
    if (origin !== "tree" && kin && kin.node >= 0) { this.rows.setActive(kin.node); this.rows.reveal(kin.node); }
    this.rows.refresh();
  }
}
