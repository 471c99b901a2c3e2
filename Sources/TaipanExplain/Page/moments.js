// The moments of the run and the state at each of them. A moment is a recorded step that has just run, or a gap of steps that were only
// counted. Nothing is replayed: each name has the list of its values in order, so its value at a moment is one binary search away, as quick
// backwards as forwards.

/** The place of the last item of a sorted list that is not above `limit`, -1 when there is none. */
function lastUpTo(sorted, limit) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= limit) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** A name and its values. A value is null where the name went. */
class Variable {
  constructor(name, kind) {
    this.name = name;
    this.kind = kind;
    this.steps = [];
    this.values = [];
    this.changes = [];
  }

  /** `isChange` is false for a value that was seen and not set. */
  set(step, value, isChange) {
    this.steps.push(step);
    this.values.push(value === undefined ? null : value);
    this.changes.push(isChange);
  }

  /** {value, step, isChange} at a step, or null when it has none. */
  at(step) {
    const found = lastUpTo(this.steps, step);
    return found < 0 || this.values[found] === null ? null : { value: this.values[found], step: this.steps[found], isChange: this.changes[found] };
  }

  get last() {
    return this.values[this.values.length - 1];
  }
}

class Moments {
  constructor(record) {
    this.record = record;
    this.placeMoments();
    this.readSteps();
    this.readWrites();
  }

  /** One moment for each step and for each run of numbers that no step has. */
  placeMoments() {
    /** The number of the first instruction of each moment; its last one is in `ends`. */
    this.starts = [];
    this.ends = [];
    /** The step of each moment, for a gap the last one before it. */
    this.steps = [];
    this.gaps = new Set();
    const firstLimit = this.record.execution ? this.record.execution.first_limit : 0;
    /** The moment of each step, and the steps before which the program's own steps are missing. */
    this.ofStep = new Int32Array(this.record.steps.length);
    this.stepsBehindLimits = [];
    let next = 1;
    const add = (start, end, step) => { this.starts.push(start); this.ends.push(end); this.steps.push(step); };
    const addGap = (limit, step) => {
      if (limit <= next) return;
      this.gaps.add(this.starts.length);
      if (step + 1 === firstLimit) this.stepsBehindLimits.push(step + 1);
      add(next, limit - 1, step);
    };
    this.record.steps.forEach((step, index) => {
      addGap(step.number, index - 1);
      this.ofStep[index] = this.starts.length;
      add(step.number, step.number, index);
      next = step.number + 1;
    });
    addGap(this.record.total + 1, this.record.steps.length - 1);
    this.count = this.starts.length;
  }

  /** Steps by what one jumps to, and the values of names. */
  readSteps() {
    const { steps, frames } = this.record;
    this.raises = [];
    this.frameSteps = frames.map(() => []);
    this.frameNames = frames.map(() => new Map());
    this.globals = new Map();
    steps.forEach((step, index) => {
      if (this.frameSteps[step.frame]) this.frameSteps[step.frame].push(index);
      for (const change of list(step.changes)) this.readChange(step, index, change);
      this.readLoad(step, index);
      if (list(step.events).some((event) => event.kind === "raise")) this.raises.push(this.momentOf(index));
    });
  }

  readChange(step, index, change) {
    const code = this.record.codeOfStep(index);
    const isModule = code !== null && code.name === "<module>";
    if (change.kind === "global" || isModule) {
      const file = code ? code.file : "";
      if (!this.globals.has(file)) this.globals.set(file, new Map());
      return setVariable(this.globals.get(file), index, change);
    }
    if (!this.frameNames[step.frame]) return;
    setVariable(this.frameNames[step.frame], index, change);
    if (change.kind === "cell") this.shareCell(step.frame, index, change);
  }

  /**
   * What an instruction loads tells a value that no change has told: an argument, which was there since the frame began, or an object that
   * reads differently since it was changed in place.
   */
  readLoad(step, index) {
    const entry = this.record.instructions[this.record.stepInstruction[index]];
    if (!entry || !Array.isArray(step.after) || step.after.length === 0) return;
    const { opcode, meaning } = entry.instruction, value = step.after[step.after.length - 1];
    if (opcode === "LOAD_FAST" || opcode === "LOAD_FAST_CHECK" || opcode === "LOAD_DEREF") {
      const names = this.frameNames[step.frame];
      if (!names || !meaning) return;
      const known = names.get(meaning);
      if (!known) setVariable(names, this.frameSteps[step.frame][0], { name: meaning, kind: opcode === "LOAD_DEREF" ? "cell" : "local", value }, false);
      else if (known.last !== value) known.set(index, value, false);
    } else if (opcode === "LOAD_NAME") {
      const code = this.record.codeOfStep(index), globals = code && code.name === "<module>" && this.globals.get(code.file);
      const known = globals && globals.get(meaning);
      if (known && known.last !== null && known.last !== value) known.set(index, value, false);
    }
  }

  /** A cell that an inner function sets is its outer function's too, when that is the only such call under way. */
  shareCell(frame, index, change) {
    const { frames, codes } = this.record;
    const code = codes[frames[frame].code];
    if (!code || !list(code.free_names).includes(change.name)) return;
    const owners = this.callers(frame).filter((caller) => frames[caller].code === code.parent);
    if (owners.length === 1) setVariable(this.frameNames[owners[0]], index, change);
  }

  readWrites() {
    const { record } = this;
    this.writeNumbers = record.writes.map((write) => write.step);
    const moments = new Set();
    for (const number of this.writeNumbers) {
      const moment = this.momentOfNumber(number);
      if (moment >= 0) moments.add(moment);
    }
    this.outputs = [...moments].sort((a, b) => a - b);
  }

  /** The frames that called a frame, the nearest first. */
  callers(frame) {
    const found = [];
    const { frames } = this.record;
    for (let at = frames[frame] ? frames[frame].caller : -1; frames[at] && found.length < frames.length; at = frames[at].caller) found.push(at);
    return found;
  }

  momentOf(step) {
    return this.ofStep[step];
  }

  /** The step of a moment; for a gap the last one before it, -1 when there is none. */
  stepOf(moment) {
    return this.steps[moment];
  }

  isGap(moment) {
    return this.gaps.has(moment);
  }

  /** Whether the program's own steps are missing in a gap, as the record keeps so many only; else the gap is the library's code. */
  isLimit(moment) {
    return this.isGap(moment) && this.stepsBehindLimits.includes(this.steps[moment] + 1);
  }

  /** Whether steps of the program between two steps were only counted. */
  isLimitBetween(step, later) {
    const found = lastUpTo(this.stepsBehindLimits, later);
    return found >= 0 && this.stepsBehindLimits[found] > step;
  }

  /** The number of the last instruction that has run at a moment. */
  number(moment) {
    return this.count === 0 ? this.record.total : this.ends[moment];
  }

  /** The moment of an instruction's number, -1 when there are no moments. */
  momentOfNumber(number) {
    return this.count === 0 ? -1 : Math.max(0, lastUpTo(this.starts, number));
  }

  /** How many writes the program has made at a moment; behind the last step all of them. */
  writeCount(moment) {
    if (this.count === 0 || moment >= this.count - 1) return this.record.writes.length;
    return lastUpTo(this.writeNumbers, this.number(moment)) + 1;
  }

  /** The names of a frame with their values at a step. */
  names(frame, step) {
    return valuesAt(this.frameNames[frame], step);
  }

  globalsOf(file, step) {
    return valuesAt(this.globals.get(file), step);
  }

  /** The last step of a frame up to a step, -1 before its first. */
  lastStepOf(frame, step) {
    const found = lastUpTo(this.frameSteps[frame] || [], step);
    return found < 0 ? -1 : this.frameSteps[frame][found];
  }
}

function setVariable(names, step, change, isChange = true) {
  if (!names.has(change.name)) names.set(change.name, new Variable(change.name, change.kind));
  names.get(change.name).set(step, change.value, isChange);
}

function valuesAt(names, step) {
  const found = [];
  for (const variable of names ? names.values() : []) {
    const value = variable.at(step);
    if (value) found.push({ name: variable.name, kind: variable.kind, value: value.value, step: value.step, isChange: value.isChange });
  }
  return found;
}
