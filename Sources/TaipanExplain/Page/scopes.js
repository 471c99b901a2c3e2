// Beside the tree: what folding changed, and which scope each name belongs to and why.

class ScopesPane {
  constructor(page) {
    const { record } = page, tree = record.tree;
    if (!tree) { this.content = [nothing(page.why("ast", "The tree was not recorded"))]; return; }
    const scopes = list(tree.scopes);
    this.content = [element("div", { class: "document", tabindex: 0 },
      heading("Folded by the compiler"), table([
        { title: "Where", cell: (fold) => this.place(record, fold) },
        { title: "As written", code: true, cell: (fold) => fold.before },
        { title: "As compiled", code: true, cell: (fold) => fold.after },
      ], list(tree.folds), { caption: "Folded expressions", empty: "Nothing was folded.", pick: (fold) => page.choose({ kind: "node", index: fold.node }, "scopes") }),
      heading("Scopes"), scopes.length ? scopes.map((scope) => this.scope(page, scopes, scope)) : nothing("There are no scopes."),
      listing("As ast.dump prints it", tree.dump))];
  }

  place(record, fold) {
    const [start] = record.nodes[fold.node] ? record.nodePlace(fold.node) : [NO_PLACE];
    return start === NO_PLACE ? "node " + fold.node : record.text.place(start);
  }

  scope(page, scopes, scope) {
    let depth = 0;
    for (let at = scope.parent; scopes[at] && depth < 30; at = scopes[at].parent) depth++;
    const made = element("div", { class: "scope" },
      element("p", { class: "scope-head" }, span("note", scope.kind), " ",
        element("button", { class: "link code-name", text: scope.name, click: () => scope.line && page.choose({ kind: "line", index: scope.line }, "scopes") }),
        scope.line ? span("place", "line " + scope.line) : null),
      table([
        { title: "Name", code: true, cell: (symbol) => symbol.name },
        { title: "Scope", cell: (symbol) => span("chip " + (symbol.scope || "").replace(/\s/g, "-"), symbol.scope) },
        { title: "Why", cell: (symbol) => symbol.reason },
      ], list(scope.symbols), { caption: "Names of " + scope.name, empty: "No names." }));
    made.style.marginLeft = Math.min(depth, 4) * 12 + "px";
    return made;
  }
}
