"use strict";
(() => {
  const CHUNK = 40;

  // As in VisibleText.cs: invisible characters, and those that reorder their surroundings, are written as marks.
  const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const visible = (text) => String(text).replace(HIDDEN, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "[U+" + code.toString(16).toUpperCase().padStart(4, "0") + "]";
  });

  // Elements are created, never parsed, so no text of a record can become markup.
  const make = (name, style, text) => {
    const element = document.createElement(name);
    if (style) element.className = style;
    if (text !== undefined) element.textContent = visible(text);
    return element;
  };
  const words = (name, style, text) => {
    const element = make(name, style, text);
    element.dir = "auto";
    return element;
  };
  const number = (value, digits) => value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  const score = (value) => value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 1e6) ? String(value) : value.toExponential(2);

  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(
      () => { button.textContent = "Copied"; },
      () => { button.textContent = "Select and copy by hand"; }));
  }

  const source = document.getElementById("examples-data");
  const list = document.getElementById("list");
  if (!source || !list) return;
  const data = JSON.parse(source.textContent);
  const rows = data.chosen;
  const weighted = rows.some((r) => Math.abs(r.weight - 1) > 1e-9);
  const repeated = rows.some((r) => r.repeats !== 1);

  const question = (row) => {
    const asked = row.turns.filter((t) => t.role === "user");
    const turn = asked.length > 0 ? asked[asked.length - 1] : row.turns[0];
    return turn ? turn.text : "";
  };
  const answer = (row) => {
    const said = row.turns.filter((t) => t.role === "assistant");
    return said.length > 0 ? said[said.length - 1].text : "";
  };
  const haystacks = new Map();
  const haystack = (row) => {
    let text = haystacks.get(row);
    if (text === undefined) {
      text = [row.id ?? "", row.content_id, row.source, row.file + ":" + row.line, ...row.turns.map((t) => t.text)].join("\n").toLowerCase();
      haystacks.set(row, text);
    }
    return text;
  };

  const byText = new Intl.Collator("en", { numeric: true });
  const orders = {
    rank: ["rank", (a, b) => a.rank - b.rank],
    weight: ["weight", (a, b) => b.weight - a.weight],
    score: ["score", (a, b) => b.score - a.score],
    length: ["answer length", (a, b) => b.length - a.length],
    serves: ["target agreement", (a, b) => (b.serves[0]?.value ?? 0) - (a.serves[0]?.value ?? 0)],
    source: ["source", (a, b) => byText.compare(a.source, b.source)],
    id: ["id", (a, b) => byText.compare(a.id ?? "", b.id ?? "")],
  };
  if (data.serves_up_to_rank === 0) delete orders.serves;
  if (!weighted) delete orders.weight;

  // The tools above the list.
  const tools = make("div", "tools");
  const label = (text, control) => {
    const element = make("label", "", text);
    element.append(control);
    return element;
  };
  const search = make("input");
  search.type = "search";
  search.id = "search";
  search.placeholder = "text, id or file:line";
  search.autocomplete = "off";
  const filter = make("select");
  filter.id = "source";
  const counts = new Map();
  for (const row of rows) counts.set(row.source, (counts.get(row.source) ?? 0) + 1);
  const option = (value, text) => {
    const element = make("option", "", text);
    element.value = value;
    return element;
  };
  filter.append(option("", "all (" + number(rows.length, 0) + ")"));
  const names = [...counts.keys()].sort(byText.compare);
  names.forEach((name, index) => filter.append(option(String(index), name + " (" + number(counts.get(name), 0) + ")")));
  const sort = make("select");
  sort.id = "sort";
  for (const [key, [name]] of Object.entries(orders)) sort.append(option(key, name));
  const turn = make("button", "turn", "reverse");
  turn.type = "button";
  turn.id = "reverse";
  turn.setAttribute("aria-pressed", "false");
  tools.append(label("Search", search));
  if (names.length > 1) tools.append(label("Source", filter));
  tools.append(label("Sort by", sort), turn);

  const status = make("p", "status");
  status.setAttribute("role", "status");
  const heads = make("div", "heads");
  heads.setAttribute("aria-hidden", "true");
  heads.append(make("span", "rank", "rank"), make("span", "", "question and answer"), make("span", "", "source"));
  if (weighted) heads.append(make("span", "weight", "weight"));
  heads.append(make("span", "score", "score"));
  const shown = make("div", "rows");
  if (!weighted) list.classList.add("unweighted");
  const more = make("button", "extend");
  more.type = "button";
  list.append(tools, status, heads, shown, more);

  const facts = (row) => {
    const parts = [["id", row.id ?? "(none)"], ["source", row.source], ["file", row.file + ", line " + number(row.line, 0)], ["content id", row.content_id],
      ["weight", number(row.weight, 3)], ["score", score(row.score)], ["answer length", number(row.length, 0) + " " + data.length_unit]];
    if (repeated) parts.splice(5, 0, ["repeats", number(row.repeats, 0)]);
    const element = make("dl", "figures");
    for (const [name, value] of parts) {
      const pair = make("div");
      pair.append(make("dt", "", name), words("dd", "", value));
      element.append(pair);
    }
    return element;
  };
  const other = (example, value, kind) => {
    const item = make("li");
    item.append(make("span", "value", number(value, 3)));
    const text = make("div");
    text.append(words("div", "words", example.text));
    const where = [example.id, example.file ? example.file.split(/[\\/]/).pop() + ", line " + number(example.line, 0) : null].filter((x) => x);
    if (where.length > 0) text.append(words("div", "where", where.join(" / ")));
    item.append(text);
    return item;
  };
  const links = (heading, note, items) => {
    const element = make("div", "links");
    element.append(make("h4", "", heading));
    if (note) element.append(make("p", "quiet", note));
    const list = make("ol");
    list.append(...items);
    element.append(list);
    return element;
  };
  const body = (row) => {
    const element = make("div", "body");
    const turns = make("div", "turns");
    for (const said of row.turns) {
      const block = make("div", "said " + (said.role === "assistant" || said.role === "text" ? "trained" : "asked"));
      block.append(make("span", "role", said.role || "..."), words("pre", "", said.text));
      turns.append(block);
    }
    const why = make("div", "why");
    if (row.serves.length > 0)
      why.append(links("Target examples it serves most", "inner product of features", row.serves.map((l) => other(data.targets[l.to], l.value))));
    if (row.near.length > 0)
      why.append(links("Most similar, not selected", "cosine of features", row.near.map((l) => other(data.others[l.to], l.value))));
    if (row.twins.length > 0)
      why.append(links("Selected and nearly the same", "cosine of features", row.twins.map((l) => other(
        rows[l.to - 1] ? { text: "rank " + l.to + ": " + question(rows[l.to - 1]).slice(0, 160), id: rows[l.to - 1].id } : { text: "rank " + l.to }, l.value))));
    element.append(turns);
    if (why.childNodes.length > 0) element.append(why);
    element.append(facts(row));
    return element;
  };
  const render = (row) => {
    const element = make("details", "example");
    element.id = "rank-" + row.rank;
    const summary = make("summary");
    const text = make("span", "gist");
    text.append(words("span", "question", question(row).slice(0, 240)));
    const said = answer(row);
    if (said) text.append(words("span", "answer", said.slice(0, 160)));
    summary.append(make("span", "rank", number(row.rank, 0)), text, words("span", "source", row.source));
    if (weighted) summary.append(make("span", "weight", "\u00d7" + number(row.weight, 2)));
    summary.append(make("span", "score", score(row.score)));
    element.append(summary);
    element.addEventListener("toggle", () => {
      if (element.open && element.childNodes.length === 1) element.append(body(row));
    });
    return element;
  };

  let found = rows;
  let next = 0;
  const extend = () => {
    const end = Math.min(found.length, next + CHUNK);
    const part = document.createDocumentFragment();
    for (; next < end; next++) part.append(render(found[next]));
    shown.append(part);
    more.hidden = next >= found.length;
    more.textContent = "Show more (" + number(found.length - next, 0) + " left)";
  };
  const update = () => {
    const terms = search.value.toLowerCase().split(/\s+/).filter((t) => t);
    const wanted = filter.value === "" ? null : names[Number(filter.value)];
    found = rows.filter((r) => (wanted === null || r.source === wanted) && terms.every((t) => haystack(r).includes(t)));
    const order = orders[sort.value][1];
    found.sort((a, b) => order(a, b) || a.rank - b.rank);
    if (turn.getAttribute("aria-pressed") === "true") found.reverse();
    status.textContent = found.length === rows.length ? number(rows.length, 0) + " examples" : number(found.length, 0) + " of " + number(rows.length, 0) + " examples";
    shown.replaceChildren();
    next = 0;
    extend();
    list.dataset.query = search.value; // what the list now shows
  };
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  filter.addEventListener("change", update);
  sort.addEventListener("change", update);
  turn.addEventListener("click", () => {
    turn.setAttribute("aria-pressed", String(turn.getAttribute("aria-pressed") !== "true"));
    update();
  });
  more.addEventListener("click", extend);
  if ("IntersectionObserver" in window)
    new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting) && next > CHUNK && next < found.length) extend(); }, { rootMargin: "600px" }).observe(more);
  update();
})();
