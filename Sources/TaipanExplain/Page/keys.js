// The keyboard. A key works everywhere except where one types, and space stays what it is on a button.

const KEYS = [
  ["→ ←", "one step forward, back"], ["Shift → ←", "the same, over calls"], ["Home End", "first, last moment"], ["Space", "play, pause"],
  ["n p", "next, previous output"], ["e E", "next, previous exception"], [". ,", "next, previous run of what is picked"], ["/ or g", "jump to a line"],
  ["] [", "pick the next, previous token"], ["↑ ↓", "pick the next row of the pane that has the focus"], ["Esc", "drop the pick"],
  ["1 … 7", "a stage; 0 the run"], ["d", "light or dark"], ["Tab", "to the next pane or button"], ["?", "these keys"],
];

function listenToKeys(page) {
  const { timeline } = page;
  const actions = {
    ArrowRight: (event) => (event.shiftKey ? timeline.over(1) : timeline.step(1)),
    ArrowLeft: (event) => (event.shiftKey ? timeline.over(-1) : timeline.step(-1)),
    Home: () => timeline.first(), End: () => timeline.last(), " ": () => timeline.toggle(),
    n: () => timeline.jump(page.moments.outputs, 1, "output"), p: () => timeline.jump(page.moments.outputs, -1, "output"),
    e: () => timeline.jump(page.moments.raises, 1, "exception"), E: () => timeline.jump(page.moments.raises, -1, "exception"),
    ".": () => timeline.kinRun(1), ",": () => timeline.kinRun(-1), "]": () => page.chooseToken(1), "[": () => page.chooseToken(-1),
    "/": () => timeline.lineField.select(), g: () => timeline.lineField.select(), Escape: () => page.choose(null, ""),
    d: () => page.toggleTheme(), "?": () => page.showKeys(),
  };
  const needSteps = new Set(["ArrowRight", "ArrowLeft", "Home", "End", " ", "n", "p", "e", "E", ".", ",", "/", "g"]);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target.matches("input[type=number], select") && event.key !== "Escape") return;
    if (event.key === " " && target.closest("button, summary")) return;
    if (document.getElementById("keys").open) return;
    const action = actions[event.key] || (/^[0-7]$/.test(event.key) ? () => page.showView(VIEWS[Number(event.key)].name) : null);
    if (!action || (needSteps.has(event.key) && page.moments.count === 0)) return;
    event.preventDefault();
    if (target.matches("input")) target.blur();
    action(event);
  });
}

function keyList() {
  return element("dl", { class: "key-list" }, KEYS.map(([keys, words]) =>
    element("div", {}, element("dt", {}, keys.split(" ").map((key) => (key === "or" || key === "…" ? " " + key + " " : element("kbd", { text: key })))), element("dd", { text: words }))));
}
