// The record as the page reads it: every list and text is there, even when a stage was left out, and places in the source are offsets into
// its text. Columns of tokens count characters, columns of nodes and instructions UTF-8 bytes; a JavaScript string counts UTF-16 units.

/** The JSON of the page, or null with the reason in `Record.failure`. */
function readRecord() {
  const text = document.getElementById("record").textContent;
  try {
    const json = JSON.parse(text);
    if (json && json.taipan_explain === 1) return new Record(json);
    Record.failure = "This page shows records of schema version 1; the record in it is of version " + (json && json.taipan_explain) + ".";
  } catch (problem) {
    Record.failure = "The record in this page cannot be read: " + problem.message;
  }
  return null;
}

const NO_PLACE = -1;

class Record {
  constructor(json) {
    this.json = json;
    this.command = json.command || {};
    this.shell = json.shell || null;
    this.startup = json.startup || null;
    this.source = json.source || null;
    this.tree = json.tree || null;
    this.bytecode = json.bytecode || null;
    this.execution = json.execution || null;
    this.output = json.output || null;
    this.times = list(json.times);
    this.ending = json.ending || "";
    this.exitStatus = json.exit_status;
    this.text = new SourceText((this.source && this.source.text) || "");
    this.tokens = list(this.source && this.source.tokens);
    this.nodes = list(this.tree && this.tree.nodes);
    this.codes = list(this.bytecode && this.bytecode.codes);
    this.scriptCodeCount = (this.bytecode && this.bytecode.script_code_count) || 0;
    this.frames = list(this.execution && this.execution.frames);
    this.steps = list(this.execution && this.execution.steps);
    this.total = (this.execution && this.execution.total) || 0;
    this.writes = list(this.output && this.output.writes);
    this.transfers = list(this.output && this.output.transfers);
    this.placeTokens();
    this.placeNodes();
    this.placeInstructions();
    this.placeSteps();
  }

  /** The errors that ended a stage before the run: the same error may be in three stages, it is shown once. */
  get error() {
    for (const stage of [this.source, this.tree, this.bytecode]) if (stage && stage.error) return stage.error;
    return null;
  }

  get file() {
    return (this.source && this.source.file) || this.command.script || "";
  }

  placeTokens() {
    this.tokenStart = new Int32Array(this.tokens.length).fill(NO_PLACE);
    this.tokenEnd = new Int32Array(this.tokens.length).fill(NO_PLACE);
    this.tokens.forEach((token, index) => {
      if (!token.span || token.span[0] < 1) return;
      this.tokenStart[index] = this.text.offset(token.span[0], token.span[1]);
      this.tokenEnd[index] = this.text.offset(token.span[2], token.span[3]);
    });
  }

  placeNodes() {
    const count = this.nodes.length;
    this.nodeStart = new Int32Array(count).fill(NO_PLACE);
    this.nodeEnd = new Int32Array(count).fill(NO_PLACE);
    this.nodeDepth = new Int32Array(count);
    /** One behind the node's last descendant. */
    this.nodeLimit = new Int32Array(count);
    this.nodesAt = new Map();
    this.nodes.forEach((node, index) => {
      const parent = node.parent < index ? node.parent : -1;
      this.nodeDepth[index] = parent < 0 ? 0 : this.nodeDepth[parent] + 1;
      this.nodeLimit[index] = index + 1;
      if (!node.span) return;
      const [start, end] = this.text.byteRange(node.span);
      this.nodeStart[index] = start;
      this.nodeEnd[index] = end;
      addTo(this.nodesAt, start + ":" + end, index);
    });
    for (let index = count - 1; index > 0; index--) {
      const parent = this.nodes[index].parent;
      if (parent >= 0 && parent < index) this.nodeLimit[parent] = Math.max(this.nodeLimit[parent], this.nodeLimit[index]);
    }
    this.foldOf = new Map(list(this.tree && this.tree.folds).map((fold) => [fold.node, fold]));
  }

  /** All instructions of all codes get one number each, their place in `instructions`. */
  placeInstructions() {
    this.instructions = [];
    this.firstInstruction = [];
    this.instructionsAt = new Map();
    this.codes.forEach((code, codeIndex) => {
      this.firstInstruction.push(this.instructions.length);
      const offsets = new Map();
      for (const instruction of list(code.instructions)) {
        offsets.set(instruction.offset, this.instructions.length);
        const entry = { instruction, code: codeIndex, start: NO_PLACE, end: NO_PLACE };
        if (instruction.span && codeIndex < this.scriptCodeCount) {
          [entry.start, entry.end] = this.text.byteRange(instruction.span);
          addTo(this.instructionsAt, entry.start + ":" + entry.end, this.instructions.length);
        }
        this.instructions.push(entry);
      }
      code.offsets = offsets;
    });
  }

  /** The number of the instruction at `offset` of a code, -1 where there is none. */
  instructionAt(code, offset) {
    const found = this.codes[code] && this.codes[code].offsets.get(offset);
    return found === undefined ? -1 : found;
  }

  placeSteps() {
    const count = this.steps.length;
    this.stepInstruction = new Int32Array(count);
    this.stepsOf = new Map();
    this.steps.forEach((step, index) => {
      const frame = this.frames[step.frame];
      const instruction = frame ? this.instructionAt(frame.code, step.offset) : -1;
      this.stepInstruction[index] = instruction;
      if (instruction >= 0) addTo(this.stepsOf, instruction, index);
    });
  }

  codeOfStep(index) {
    const frame = this.frames[this.steps[index].frame];
    return frame ? this.codes[frame.code] || null : null;
  }

  lineOfStep(index) {
    const entry = this.instructions[this.stepInstruction[index]];
    return entry ? entry.instruction.line : null;
  }

  isScriptStep(index) {
    const frame = this.frames[this.steps[index].frame];
    return !!frame && frame.code < this.scriptCodeCount;
  }

  nodePlace(index) {
    while (index >= 0 && this.nodeStart[index] === NO_PLACE) index = this.nodes[index].parent;
    return index < 0 ? [NO_PLACE, NO_PLACE] : [this.nodeStart[index], this.nodeEnd[index]];
  }
}
Record.failure = "";

function list(value) {
  return Array.isArray(value) ? value : [];
}

function addTo(map, key, value) {
  const found = map.get(key);
  if (found) found.push(value);
  else map.set(key, [value]);
}

/** The decoded source, by lines. */
class SourceText {
  constructor(text) {
    this.text = text;
    this.starts = [0];
    const ends = /\r\n|\r|\n/g;
    for (let match = ends.exec(text); match; match = ends.exec(text)) this.starts.push(ends.lastIndex);
    if (this.starts.length > 1 && this.starts[this.starts.length - 1] === text.length) this.starts.pop();
    this.plain = this.starts.map((_, index) => /^[\x00-\x7f]*$/.test(this.line(index + 1)));
  }

  get lineCount() {
    return this.text === "" ? 0 : this.starts.length;
  }

  /** The text of a line, which count from 1, without its end. */
  line(number) {
    const start = this.starts[number - 1];
    if (start === undefined) return "";
    const limit = number < this.starts.length ? this.starts[number] : this.text.length;
    return this.text.slice(start, limit).replace(/[\r\n]+$/, "");
  }

  lineOf(offset) {
    let low = 0, high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= offset) low = middle; else high = middle;
    }
    return low + 1;
  }

  /** The offset of a line and a column in characters. */
  offset(line, column) {
    const start = this.starts[line - 1];
    if (start === undefined) return this.text.length;
    if (this.plain[line - 1]) return Math.min(start + column, this.text.length);
    let offset = start;
    for (; column > 0 && offset < this.text.length; column--) offset += this.text.codePointAt(offset) > 0xffff ? 2 : 1;
    return offset;
  }

  /** The offset of a line and a column in UTF-8 bytes. */
  byteOffset(line, column) {
    const start = this.starts[line - 1];
    if (start === undefined) return this.text.length;
    if (this.plain[line - 1]) return Math.min(start + column, this.text.length);
    let offset = start;
    while (column > 0 && offset < this.text.length) {
      const point = this.text.codePointAt(offset);
      column -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      offset += point > 0xffff ? 2 : 1;
    }
    return offset;
  }

  byteRange(span) {
    return [this.byteOffset(span[0], span[1]), this.byteOffset(span[2], span[3])];
  }

  /** "3:8" for people: lines from 1, columns in characters from 0. */
  place(offset) {
    const line = this.lineOf(offset);
    return line + ":" + [...this.text.slice(this.starts[line - 1], offset)].length;
  }
}
