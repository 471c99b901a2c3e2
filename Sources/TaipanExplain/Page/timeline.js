// The timeline: a picture of the run by call depth, the slider over it, and the buttons. The slider counts moments, but gaps of steps that
// were only counted are as wide as a twentieth of all steps so that they can be seen.

class Timeline {
  constructor(page) {
    this.page = page;
    this.record = page.record;
    this.moments = page.moments;
    this.timer = 0;
    this.element = document.getElementById("timeline");
    this.slider = document.getElementById("slider");
    this.canvas = document.getElementById("track");
    this.position = document.getElementById("position");
    this.playButton = document.getElementById("play");
    this.speed = document.getElementById("speed");
    this.lineField = document.getElementById("line");
    this.placeMoments();
    this.element.hidden = this.moments.count === 0;
    if (this.moments.count === 0) return;
    this.slider.max = String(this.slots - 1);
    this.slider.addEventListener("input", () => { this.pause(); page.go(this.momentAt(Number(this.slider.value))); });
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  listen() {
    const buttons = { first: () => this.first(), back: () => this.step(-1), play: () => this.toggle(), forward: () => this.step(1), last: () => this.last(),
      "over-back": () => this.over(-1), over: () => this.over(1),
      "output-back": () => this.jump(this.moments.outputs, -1, "output"), output: () => this.jump(this.moments.outputs, 1, "output"),
      "raise-back": () => this.jump(this.moments.raises, -1, "exception"), raise: () => this.jump(this.moments.raises, 1, "exception"),
      "run-back": () => this.kinRun(-1), run: () => this.kinRun(1) };
    for (const [name, act] of Object.entries(buttons)) document.getElementById(name).addEventListener("click", act);
    document.getElementById("line-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const line = Number(this.lineField.value);
      if (line >= 1) this.page.goLine(Math.floor(line));
    });
  }

  // The slider's value of a moment and back.
  valueOf(moment) {
    return this.moments.isGap(moment) ? this.places[moment] + Math.floor(this.gapWidth / 2) : this.places[moment];
  }

  momentAt(value) {
    return Math.max(0, lastUpTo(this.places, value));
  }

  /** Where each moment starts on the slider. */
  placeMoments() {
    const { moments } = this;
    this.gapWidth = Math.max(1, Math.round(this.record.steps.length / 20 / Math.max(1, moments.gaps.size)));
    this.places = [];
    this.slots = 0;
    for (let moment = 0; moment < moments.count; moment++) {
      this.places.push(this.slots);
      this.slots += moments.isGap(moment) ? this.gapWidth : 1;
    }
  }

  step(by) { this.pause(); this.page.go(this.page.moment + by); }
  first() { this.pause(); this.page.go(0); }
  last() { this.pause(); this.page.go(this.moments.count - 1); }

  /** To the next or the last moment before that is not inside a call made here. */
  over(by) {
    this.pause();
    const { moments } = this, depth = this.depth(this.page.moment);
    let moment = this.page.moment + by;
    while (moment > 0 && moment < moments.count - 1 && !moments.isGap(moment) && this.depth(moment) > depth) moment += by;
    this.page.go(moment);
  }

  depth(moment) {
    const step = this.record.steps[this.moments.stepOf(moment)], frame = step && this.record.frames[step.frame];
    return frame ? frame.depth : 0;
  }

  /** To the next or the last one before of a sorted list of moments. */
  jump(sorted, by, noun) {
    this.pause();
    const at = lastUpTo(sorted, by > 0 ? this.page.moment : this.page.moment - 1);
    const found = by > 0 ? sorted[at + 1] : sorted[at];
    if (found === undefined) this.page.say(sorted.length ? "No " + noun + (by > 0 ? " after" : " before") + " this moment." : "There is no " + noun + " in the recorded steps.");
    else this.page.go(found);
  }

  /** To the next or the last time that what is picked ran; the pick stays. */
  kinRun(by) {
    this.pause();
    const { page } = this;
    if (!page.pick) return page.say("Pick something first.");
    const sorted = page.links.steps(page.kin).map((step) => this.moments.momentOf(step));
    const at = lastUpTo(sorted, by > 0 ? page.moment : page.moment - 1);
    const found = by > 0 ? sorted[at + 1] : sorted[at];
    if (found === undefined) page.say(sorted.length ? "It does not run " + (by > 0 ? "again." : "before.") : "It did not run in the recorded steps.");
    else page.go(found, true);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.page.moment >= this.moments.count - 1) this.page.go(0);
    let last = performance.now(), owed = 0;
    const tick = (now) => {
      owed += ((now - last) / 1000) * Number(this.speed.value);
      last = now;
      if (owed >= 1) {
        this.page.go(this.page.moment + Math.floor(owed));
        owed -= Math.floor(owed);
      }
      if (this.page.moment >= this.moments.count - 1) return this.pause();
      this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
    this.showPlaying(true);
  }

  pause() {
    if (!this.timer) return;
    cancelAnimationFrame(this.timer);
    this.timer = 0;
    this.showPlaying(false);
  }

  showPlaying(isPlaying) {
    this.playButton.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    this.playButton.title = (isPlaying ? "Pause" : "Play") + " (Space)";
    this.playButton.classList.toggle("playing", isPlaying);
  }

  update() {
    if (this.moments.count === 0) return;
    const { page, record, moments } = this;
    this.slider.value = String(this.valueOf(page.moment));
    const isGap = moments.isGap(page.moment);
    const step = isGap ? -1 : moments.stepOf(page.moment), line = isGap ? null : record.lineOfStep(step), code = isGap ? null : record.codeOfStep(step);
    const place = !line ? "" : record.isScriptStep(step) ? "line " + line : fileName((code && code.file) || "") + ":" + line;
    const words = isGap ? "Counted to step " + grouped(moments.number(page.moment)) : "Step " + grouped(moments.number(page.moment));
    this.position.replaceChildren(element("strong", { text: words }), " of " + grouped(record.total) + (place ? ", " + place : ""));
    this.slider.setAttribute("aria-valuetext", this.position.textContent);
  }

  /** The picture: depth as an area, output and exceptions as ticks, what is lit as marks at the foot. */
  draw() {
    const { canvas } = this, scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (width === 0 || this.moments.count === 0) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const styles = getComputedStyle(document.documentElement);
    const colour = (name) => styles.getPropertyValue(name).trim();
    const { slots } = this;
    const x = (value) => ((value + 0.5) / slots) * width;
    this.drawDepth(context, x, width / slots, height, colour("--depth"));
    for (const gap of this.moments.gaps) this.drawGap(context, x(this.places[gap] - 0.5), x(this.places[gap] + this.gapWidth - 0.5), height, colour("--muted"));
    const tick = (moment, name, top, bottom) => {
      context.fillStyle = colour(name);
      context.fillRect(Math.round(x(this.valueOf(moment))) - 1, top, 2, bottom - top);
    };
    for (const moment of this.moments.outputs) tick(moment, "--output", 0, 7);
    for (const moment of this.moments.raises) tick(moment, "--error", 0, height);
    if (this.page.pick && this.page.kin) {
      for (const step of this.page.links.steps(this.page.kin)) tick(this.moments.momentOf(step), "--mark", height - 7, height);
    }
  }

  drawDepth(context, x, slot, height, fill) {
    const { steps, frames } = this.record;
    let most = 1;
    for (const frame of frames) most = Math.max(most, frame.depth + 1);
    context.fillStyle = fill;
    const base = height - 8, room = height - 16;
    steps.forEach((step, index) => {
      const frame = frames[step.frame], tall = ((frame ? frame.depth + 1 : 1) / most) * room;
      context.fillRect(x(this.valueOf(this.moments.momentOf(index)) - 0.5), base - tall, Math.max(1, slot + 0.5), tall);
    });
  }

  drawGap(context, left, right, height, colour) {
    context.save();
    context.beginPath();
    context.rect(left, 8, right - left, height - 16);
    context.clip();
    context.strokeStyle = colour;
    context.globalAlpha = 0.6;
    context.beginPath();
    for (let at = left - height; at < right; at += 5) { context.moveTo(at, height - 8); context.lineTo(at + height - 16, 8); }
    context.stroke();
    context.restore();
  }
}
