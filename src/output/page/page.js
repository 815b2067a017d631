"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const list = document.getElementById("list");
  const detail = document.getElementById("detail");
  const search = document.getElementById("search");
  const filter = document.getElementById("filter");
  const SVG = "http://www.w3.org/2000/svg";
  const STEP = 28, LANE = 16;

  // What comes from files is only ever set as text.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const draw = (tag, attributes) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const x = (lane) => LANE + lane * LANE;

  const graph = (revision, lanes) => {
    const { lane, above, below, joins, forks, passing } = revision.row;
    const svg = draw("svg", { width: (lanes + 1) * LANE, height: STEP, "aria-hidden": "true" });
    const half = STEP / 2;
    const line = (path) => svg.append(draw("path", { d: path }));
    for (const it of passing) line(`M${x(it)} 0V${STEP}`);
    if (above) line(`M${x(lane)} 0V${half}`);
    if (below) line(`M${x(lane)} ${half}V${STEP}`);
    for (const it of joins) line(`M${x(it)} 0C${x(it)} ${half} ${x(lane)} 0 ${x(lane)} ${half}`);
    for (const it of forks) line(`M${x(lane)} ${half}C${x(lane)} ${STEP} ${x(it)} ${half} ${x(it)} ${STEP}`);
    svg.append(draw("circle", { cx: x(lane), cy: half, r: 5, class: revision.worst || "" }));
    return svg;
  };

  const all = [];
  data.histories.forEach((history, at) => {
    const lanes = Math.max(0, ...history.revisions.map((it) =>
      Math.max(it.row.lane, ...it.row.forks, ...it.row.joins, ...it.row.passing))) + 1;
    list.append(make("h2", {}, history.folder));
    for (const revision of history.revisions) {
      const findings = revision.findings.map((it) => data.findings[it]);
      const open = ["upgrade", "downgrade"].some((way) => revision[way] && revision[way].unresolved.length);
      const row = make("div", { class: "row", role: "option", id: `r${all.length}`, "aria-selected": "false" });
      row.append(graph(revision, lanes), make("code", {}, revision.id), make("span", { class: "message" }, revision.message || ""));
      for (const severity of ["error", "warning", "note"]) {
        const count = findings.filter((it) => it.severity === severity && !it.suppressed).length;
        if (count) row.append(make("span", { class: `count ${severity}`, title: severity }, String(count)));
      }
      if (open) row.append(make("span", { class: "count open", title: "not understood" }, "?"));
      const statements = ["upgrade", "downgrade"].flatMap((way) => (revision[way] ? revision[way].statements.map((it) => it.sql) : []));
      const text = [revision.id, revision.message, revision.file, ...statements,
        ...findings.flatMap((it) => [it.rule, it.message])].join("\n").toLowerCase();
      const entry = { row, revision, findings, history, at, open, text };
      row.addEventListener("click", () => select(entry));
      all.push(entry);
      list.append(row);
    }
  });
  const elsewhere = data.findings.filter((it) => it.revision === null);

  let current = null;
  const shown = () => all.filter((it) => !it.row.hidden);

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const it of all) {
      const live = it.findings.filter((finding) => !finding.suppressed);
      const fits = { all: true, found: live.length > 0, open: it.open }[filter.value]
        ?? live.some((finding) => finding.severity === filter.value);
      it.row.hidden = !(fits && words.every((word) => it.text.includes(word)));
      it.row.style.display = it.row.hidden ? "none" : "";
    }
    if (!current || current.row.hidden) select(shown()[0] || null);
  };

  const finding = (it) => {
    const box = make("section", { class: `finding ${it.severity}` });
    const title = make("p", { class: "title" }, make("span", { class: it.severity }, `${it.severity}[${it.rule}]`),
      it.suppressed ? " suppressed: " : " ", it.message);
    box.append(title, make("p", { class: "place" }, `${it.file}:${it.line}${it.direction ? `, ${it.direction}` : ""}`));
    if (it.sql) box.append(make("pre", { title: "sends" }, it.sql));
    for (const note of it.notes) box.append(make("p", { class: "place" }, `${note.message} (${note.file}:${note.line})`));
    if (it.help) box.append(make("p", {}, "Write instead:"), make("pre", {}, it.help));
    const rule = data.rules[it.rule];
    if (rule) {
      const more = make("details", {}, make("summary", {}, `Why: ${rule.summary}`), make("pre", {}, rule.document));
      box.append(more);
    }
    return box;
  };

  const way = (name, told) => {
    const part = make("section", {}, make("h3", {}, name));
    for (const it of told.statements) {
      const marks = [`line ${it.line}`];
      if (it.autocommit) marks.push("outside the transaction");
      if (it.when) marks.push(it.when.decided === false ? `never sent: not (${it.when.text})` : `only if ${it.when.text}`);
      part.append(make("p", { class: "when" }, marks.join(", ")), make("pre", {}, it.sql));
    }
    for (const it of told.unresolved) part.append(make("p", { class: "when" }, `line ${it.line} is not understood: ${it.reason}`));
    if (!told.statements.length && !told.unresolved.length) part.append(make("p", { class: "when" }, "nothing is sent"));
    return part;
  };

  // Each transaction as a table: a row for each relation with who has to wait for it, a column for each statement; a bar
  // from where the lock is taken to the end, in the colour of who waits.
  const timeline = (name, told) => {
    const part = make("section", { class: "timeline" });
    told.transactions.forEach((transaction, number) => {
      const held = transaction.locks.filter((it) => !it.new);
      if (!held.length) return;
      const title = transaction.autocommit ? "outside a transaction, held to the end of the statement"
        : `transaction ${number + 1}, held to its end`;
      const longest = `the longest work meanwhile: ${transaction.duration}`;
      const table = make("table", {}, make("caption", {}, `Locks of the ${name}, ${title}; ${longest}`));
      const head = make("tr", {}, make("th", { scope: "col" }, "relation"), make("th", { scope: "col" }, "who waits, how long"));
      for (const at of transaction.statements) head.append(make("th", { scope: "col", title: told.statements[at].sql }, `line ${told.statements[at].line}`));
      table.append(head);
      for (const lock of held) {
        const row = make("tr", {}, make("th", { scope: "row" }, lock.relation));
        const waits = lock.waits.filter((it) => it !== "ddl");
        const worst = waits.includes("reads") ? "error" : waits.length ? "warning" : "open";
        row.append(make("td", {}, waits.length ? `${waits.join(" and ")}, ${lock.duration}` : "other changes of the schema"));
        for (const at of transaction.statements) {
          const held = at >= lock.since;
          row.append(make("td", held ? { class: `held ${worst}`, title: `${lock.mode} on ${lock.relation}` } : {}, at === lock.since ? lock.mode : ""));
        }
        table.append(row);
      }
      part.append(table);
    });
    for (const it of told.statements) for (const gap of it.gaps) part.append(make("p", { class: "when" }, `line ${it.line}: ${gap}`));
    return part;
  };

  // What the upgrade makes of each thing that it touches: what was there before, what is there after.
  const change = (it) => {
    const box = make("pre", { class: "change", role: "group", "aria-label": it.what });
    for (const line of it.lines) {
      const [mark, word] = { before: ["- ", "del"], after: ["+ ", "ins"], both: ["  ", "span"] }[line.when];
      box.append(make(word, {}, mark + line.text), "\n");
    }
    const was = it.lines.some((line) => line.when !== "after"), is = it.lines.some((line) => line.when !== "before");
    const words = !it.lines.length ? "is not known" : !was ? "is made" : !is ? "is dropped" : "changes";
    const title = make("p", { class: "when" }, `${it.what} ${words}${it.doubtful && it.lines.length ? ", as far as it is known" : ""}`);
    return it.lines.length ? [title, box] : [title];
  };

  const go = (entry, id) => {
    const target = all.find((it) => it.at === entry.at && it.revision.id === id);
    const link = make("a", { tabindex: "0" }, id);
    if (!target) return make("span", {}, `${id} (missing)`);
    const follow = () => { search.value = ""; filter.value = "all"; apply(); select(target); };
    link.addEventListener("click", follow);
    link.addEventListener("keydown", (event) => { if (event.key === "Enter") follow(); });
    return link;
  };

  const select = (entry) => {
    if (current) current.row.setAttribute("aria-selected", "false");
    current = entry;
    detail.replaceChildren();
    if (!entry) {
      detail.append(make("p", { class: "empty" }, "No revision fits."));
      list.removeAttribute("aria-activedescendant");
      return;
    }
    entry.row.setAttribute("aria-selected", "true");
    entry.row.scrollIntoView({ block: "nearest" });
    list.setAttribute("aria-activedescendant", entry.row.id);
    const { revision } = entry;
    detail.append(make("h2", {}, make("code", {}, revision.id), " ", revision.message || ""));
    const facts = make("p", { class: "facts" }, revision.file, revision.date ? `, ${revision.date}` : "");
    detail.append(facts);
    const links = make("p", { class: "facts" });
    for (const [word, ids] of [["after", revision.parents], ["depends on", revision.depends_on], ["before", revision.children]]) {
      if (ids.length) links.append(` ${word} `, ...ids.flatMap((id, at) => (at ? [", ", go(entry, id)] : [go(entry, id)])));
    }
    detail.append(links);
    if (entry.findings.length) detail.append(make("h3", {}, "Findings"), ...entry.findings.map(finding));
    for (const name of ["upgrade", "downgrade"]) if (revision[name]) {
      detail.append(way(name, revision[name]));
      if (revision[`${name}_locks`]) detail.append(timeline(name, revision[`${name}_locks`]));
    }
    if (revision.schema.length) detail.append(make("section", { class: "schema" }, make("h3", {}, "Schema before and after the upgrade"), ...revision.schema.flatMap(change)));
    detail.scrollTop = 0;
  };

  const step = (by, fits = () => true) => {
    const rows = shown();
    let at = rows.indexOf(current) + by;
    while (rows[at] && !fits(rows[at])) at += by;
    if (rows[at]) select(rows[at]);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target === search) { search.value = ""; apply(); list.focus(); return; }
    if (event.key === "Enter" && event.target === search) { list.focus(); return; }
    if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
    const keys = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
    if (event.key === "/") search.focus();
    else if (event.key === "n") step(1, (it) => it.findings.length > 0);
    else if (event.key === "Home") select(shown()[0] || null);
    else if (event.key === "End") select(shown().at(-1) || null);
    else if (event.key === "Enter" && event.target === list) detail.focus();
    else if (event.key in keys && !(event.key.startsWith("Arrow") && detail.contains(event.target))) step(keys[event.key]);
    else return;
    event.preventDefault();
  });
  search.addEventListener("input", apply);
  filter.addEventListener("change", apply);
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.classList.contains("dark")
      || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
    root.classList.remove("dark", "light");
    root.classList.add(dark ? "light" : "dark");
  });

  document.getElementById("summary").textContent = data.summary;
  if (elsewhere.length) {
    const box = make("details", { class: "elsewhere" }, make("summary", {}, `${elsewhere.length} findings of no revision`), ...elsewhere.map(finding));
    document.querySelector("header").append(box);
  }
  // A reader comes for what is wrong: the newest revision with a finding first.
  apply();
  const first = all.find((it) => it.findings.some((found) => !found.suppressed));
  if (first) select(first);
  // In a frame somebody is typing beside it.
  if (window === window.parent) list.focus();
})();
