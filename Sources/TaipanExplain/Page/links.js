// Who is kin to whom: characters, tokens, nodes and instructions are linked by their places in the source.

/** What lights up together: `start` and `end` in the source, tokens from `tokenLow` to before `tokenHigh`, nodes, instructions. */
class Kin {
  constructor(start = NO_PLACE, end = NO_PLACE) {
    this.start = start;
    this.end = end;
    this.tokenLow = 0;
    this.tokenHigh = 0;
    this.nodes = new Set();
    this.nodeLow = 0;
    this.nodeHigh = 0;
    this.instructions = new Set();
    /** Instructions of what lies inside. */
    this.inner = new Set();
    /** What each pane brings into view, -1 for nothing. */
    this.token = -1;
    this.node = -1;
    this.instruction = -1;
    this.title = "";
  }
}

class Links {
  constructor(record) {
    this.record = record;
    this.byInstruction = new Map();
  }

  /** The kin of a pick: {kind: "character" | "token" | "node" | "instruction" | "line", index}. */
  kin(pick) {
    switch (pick.kind) {
      case "character": return this.ofCharacter(pick.index);
      case "token": return this.ofToken(pick.index);
      case "node": return this.ofNode(pick.index);
      case "line": return this.ofLine(pick.index);
      default: return this.ofInstruction(pick.index);
    }
  }

  ofCharacter(offset) {
    const token = this.tokenAt(offset);
    if (token >= 0) {
      const kin = this.ofToken(token);
      kin.title = "Character " + JSON.stringify(String.fromCodePoint(this.record.text.text.codePointAt(offset) || 10)) + " in " + kin.title;
      return kin;
    }
    const node = this.innermostNode(offset, offset + 1);
    const kin = node >= 0 ? this.ofNode(node) : new Kin(offset, offset + 1);
    kin.title = node >= 0 ? "Space in " + kin.title : "Space at " + this.record.text.place(offset);
    return kin;
  }

  ofToken(index) {
    const record = this.record, token = record.tokens[index];
    const kin = new Kin(record.tokenStart[index], record.tokenEnd[index]);
    kin.token = kin.tokenLow = index;
    kin.tokenHigh = index + 1;
    kin.title = "Token " + (token.exact || token.kind) + " " + oneLine(token.text, 30);
    if (kin.start === NO_PLACE || kin.end <= kin.start || /^(COMMENT|NL|NEWLINE)$/.test(token.kind)) return kin;
    kin.node = this.innermostNode(kin.start, kin.end);
    if (kin.node < 0) return kin;
    kin.nodes.add(kin.node);
    this.addInstructions(kin, kin.node);
    return kin;
  }

  ofNode(index) {
    const record = this.record, node = record.nodes[index];
    const kin = new Kin(...record.nodePlace(index));
    kin.node = index;
    kin.nodes.add(index);
    kin.nodeLow = index + 1;
    kin.nodeHigh = record.nodeLimit[index];
    kin.title = node.type;
    this.addTokens(kin);
    if (kin.start !== NO_PLACE) this.addInstructions(kin, index);
    return kin;
  }

  ofInstruction(index) {
    const known = this.byInstruction.get(index);
    if (known) return known;
    const entry = this.record.instructions[index];
    const kin = new Kin(entry.start, entry.end);
    kin.instruction = index;
    kin.instructions.add(index);
    kin.title = entry.instruction.opcode + (entry.instruction.meaning ? " " + oneLine(entry.instruction.meaning, 30) : "");
    if (kin.start !== NO_PLACE && kin.end > kin.start) {
      this.addTokens(kin);
      const nodes = this.record.nodesAt.get(kin.start + ":" + kin.end);
      if (nodes) for (const node of nodes) kin.nodes.add(node);
      kin.node = nodes ? nodes[nodes.length - 1] : this.innermostNode(kin.start, kin.end);
      if (kin.node >= 0) kin.nodes.add(kin.node);
    }
    this.byInstruction.set(index, kin);
    return kin;
  }

  ofLine(line) {
    const record = this.record, start = record.text.offset(line, 0);
    const kin = new Kin(start, start + record.text.line(line).length);
    kin.title = "Line " + line;
    this.addTokens(kin);
    record.nodes.forEach((node, index) => {
      if (node.span && node.span[0] === line && node.span[2] === line && !kin.nodes.has(node.parent)) {
        kin.nodes.add(index);
        if (kin.node < 0) kin.node = index;
      }
    });
    record.instructions.forEach((entry, index) => {
      if (entry.instruction.line === line && entry.code < record.scriptCodeCount) kin.instructions.add(index);
    });
    kin.instruction = kin.instructions.size ? kin.instructions.values().next().value : -1;
    return kin;
  }

  tokenAt(offset) {
    const { tokenStart, tokenEnd } = this.record;
    for (let index = this.firstTokenBehind(offset) - 1; index >= 0 && index > this.firstTokenBehind(offset) - 5; index--) {
      if (tokenStart[index] <= offset && offset < tokenEnd[index]) return index;
    }
    return -1;
  }

  /** The first token that starts behind `offset`; tokens are in the order of the source. */
  firstTokenBehind(offset) {
    let low = 0, high = this.record.tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.record.tokenStart[middle] <= offset) low = middle + 1; else high = middle;
    }
    return low;
  }

  addTokens(kin) {
    if (kin.start === NO_PLACE) return;
    const { tokenStart, tokenEnd } = this.record;
    let low = this.firstTokenBehind(kin.start - 1);
    const high = Math.max(low, this.firstTokenBehind(kin.end - 1));
    while (low < high && tokenEnd[low] <= tokenStart[low]) low++;
    kin.tokenLow = low;
    kin.tokenHigh = high;
    kin.token = low < high ? low : -1;
  }

  /** The smallest node that holds all of it, the inner one where two are equal. */
  innermostNode(start, end) {
    const { nodeStart, nodeEnd } = this.record;
    let best = -1, size = Infinity;
    for (let index = 0; index < nodeStart.length; index++) {
      if (nodeStart[index] === NO_PLACE || nodeStart[index] > start || nodeEnd[index] < end) continue;
      if (nodeEnd[index] - nodeStart[index] <= size) { size = nodeEnd[index] - nodeStart[index]; best = index; }
    }
    return best;
  }

  /** Instructions made for the node: those of its own place, or of the nearest ancestor's that has some; and those inside it. */
  addInstructions(kin, node) {
    const record = this.record;
    const [start, end] = record.nodePlace(node);
    record.instructions.forEach((entry, index) => {
      if (entry.start >= start && entry.end <= end && entry.end > entry.start) kin.inner.add(index);
    });
    for (let at = node; at >= 0; at = record.nodes[at].parent) {
      if (record.nodeStart[at] === NO_PLACE) continue;
      const found = record.instructionsAt.get(record.nodeStart[at] + ":" + record.nodeEnd[at]);
      if (!found) { if (kin.inner.size) break; continue; }
      for (const index of found) { kin.instructions.add(index); kin.inner.delete(index); }
      break;
    }
    const first = kin.instructions.size ? kin.instructions : kin.inner;
    kin.instruction = first.size ? first.values().next().value : -1;
  }

  /** Recorded steps in which one of the kin's instructions ran, in order. */
  steps(kin) {
    const chosen = kin.instructions.size ? kin.instructions : kin.inner;
    const found = [];
    for (const instruction of chosen) {
      for (const step of this.record.stepsOf.get(instruction) || []) found.push(step);
    }
    return found.sort((a, b) => a - b);
  }
}
