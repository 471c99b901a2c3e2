// Elements of the page. Text of the record gets into it here and only as text nodes: nothing is ever parsed as markup.

/** Makes an element: `properties` are attributes, except `text` and functions, which become listeners; null and false are left out. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) made.append(child);
  }
  return made;
}

function span(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

const GROUPS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12345 as "12,345". */
function grouped(number) {
  return GROUPS.format(number);
}

function counted(number, noun, plural = noun + "s") {
  return grouped(number) + " " + (number === 1 ? noun : plural);
}

/** Microseconds in the unit that reads best. */
function duration(microseconds) {
  if (microseconds >= 1e6) return (microseconds / 1e6).toFixed(2) + " s";
  if (microseconds >= 1000) return (microseconds / 1000).toFixed(2) + " ms";
  return microseconds.toFixed(microseconds < 10 ? 2 : 1) + " µs";
}

function byteSize(bytes) {
  if (bytes >= 1 << 20) return (bytes / (1 << 20)).toFixed(1) + " MiB";
  if (bytes >= 1024) return (bytes / 1024).toFixed(1) + " KiB";
  return grouped(bytes) + " B";
}

/** Text on one line, with what would break the line made visible. */
function oneLine(text, limit = 400) {
  const short = text.length > limit ? text.slice(0, limit) + "…" : text;
  return short.replace(/\r/g, "\\r").replace(/\n/g, "\\n").replace(/\t/g, "\\t");
}

function fileName(path) {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

function heading(text, note) {
  return element("h3", {}, text, note ? span("note", note) : null);
}

/** A long text that is drawn when it is opened; nothing when there is none. */
function listing(title, text) {
  if (!text) return null;
  const body = element("pre");
  return element("details", { class: "listing", toggle: () => { body.textContent = text; } }, element("summary", { text: title }), body);
}

/** What stands where a stage has nothing to show. */
function nothing(text) {
  return element("p", { class: "nothing", text });
}

/** The part of `value` in `most` as a bar; the width is set by the style object, as the page's policy allows no style attributes. */
function bar(value, most) {
  const fill = span("fill", "");
  fill.style.width = (most > 0 ? Math.max(value > 0 ? 1 : 0, (100 * value) / most) : 0) + "%";
  const made = span("bar", "");
  made.setAttribute("aria-hidden", "true");
  made.append(fill);
  return made;
}

/**
 * A table. A column is {title, cell(row), number?, code?, wide?, tight?, sort?(row)}; `options` are {caption, pick(row), empty}. At first 200 rows are
 * drawn, a button draws the rest.
 */
function table(columns, rows, options = {}) {
  if (rows.length === 0) return nothing(options.empty || "None.");
  const body = element("tbody");
  let order = rows.slice();
  let shown = 200;
  const more = element("button", { class: "more", click: () => { shown = Infinity; draw(); } });
  function draw() {
    body.replaceChildren(...order.slice(0, shown).map((row) => tableRow(columns, row, options.pick)));
    more.textContent = "Show all " + grouped(order.length);
    more.hidden = order.length <= shown;
  }
  const heads = columns.map((column) => {
    const head = element("th", { scope: "col", class: column.number ? "number" : null });
    if (!column.sort) { head.textContent = column.title; return head; }
    head.append(element("button", { class: "sort", text: column.title, title: "Sort by " + column.title, click: () => {
      order.sort((a, b) => column.sort(b) - column.sort(a));
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", "descending");
      draw();
    } }));
    return head;
  });
  draw();
  return element("div", { class: "table" }, element("table", { "aria-label": options.caption },
    element("thead", {}, element("tr", {}, heads)), body), more);
}

function tableRow(columns, row, pick) {
  const cells = columns.map((column, index) => {
    let content = column.cell(row);
    if (pick && index === 0) content = element("button", { class: "link", click: () => pick(row) }, content);
    return element("td", { class: [column.number && "number", column.code && "code", column.wide && "wide", column.tight && "tight"].filter(Boolean).join(" ") || null }, content);
  });
  return element("tr", {}, cells);
}
