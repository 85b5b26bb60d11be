// Filter, sort and unfold. The page says the same without this script.
"use strict";
(() => {
  const FACETS = {
    potential: "potential", architecture: "architecture", dataset: "dataset",
    criterion: "criterion", verdict: "verdict",
  };
  const rows = [...document.querySelectorAll("[data-potential], [data-dataset]")];
  const parts = [...document.querySelectorAll("details.part")];
  const chosen = {};

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // A row of several potentials or verdicts belongs to each of them.
  const values = (row, facet) => {
    const text = row.dataset[facet];
    if (text === undefined) return null;
    return facet === "verdict" ? text.split(" ") : [text];
  };

  const counter = make("span", { className: "muted small" });
  counter.setAttribute("role", "status");

  const filter = () => {
    let shown = 0;
    for (const row of rows) {
      const fits = Object.entries(chosen).every(([facet, value]) => {
        const own = value && values(row, facet);
        return !own || own.includes(value);
      });
      row.hidden = !fits;
      shown += fits && row.closest("#every-result") ? 1 : 0;
    }
    const any = Object.values(chosen).some(Boolean);
    const total = document.querySelectorAll("#every-result tbody tr").length;
    counter.textContent = any ? `${shown} of ${total} results` : "";
  };

  const selects = Object.keys(FACETS).flatMap((facet) => {
    const found = rows.flatMap((row) => values(row, facet) || []).filter(Boolean);
    const names = [...new Set(found)];
    if (names.length < 2) return [];
    const select = make("select", {},
      make("option", { value: "", textContent: `all (${names.length})` }),
      ...names.map((name) => make("option", { value: name, textContent: name })));
    select.addEventListener("change", () => { chosen[facet] = select.value; filter(); });
    return [make("label", {}, `${FACETS[facet]} `, select)];
  });

  const unfold = make("button", { type: "button", textContent: "unfold all" });
  unfold.addEventListener("click", () => {
    const open = parts.some((part) => !part.open);
    for (const part of parts) part.open = open;
    unfold.textContent = open ? "fold all" : "unfold all";
  });
  const bar = make("form", { className: "tools" }, ...selects, unfold, counter);
  bar.setAttribute("aria-label", "Filter");
  bar.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("main").prepend(bar);

  // Numbers are sorted as numbers: a minus sign may be typographic, and a sign may come first.
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const number = Number.parseFloat(text.replace(/\u2212/g, "-").replace(/^[^\d+-]+/, ""));
    return [text === "" ? 2 : Number.isNaN(number) ? 1 : 0, number, text];
  };
  const compare = (a, b) => a[0] - b[0] || (a[0] === 0 ? a[1] - b[1] : 0) || a[2].localeCompare(b[2]);

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const sorted = [...body.rows].map((row) => [key(row, column), row]);
        // What has no value comes last in both directions.
        sorted.sort(([a], [b]) => (a[0] === 2 || b[0] === 2 ? a[0] - b[0] : up ? compare(a, b) : compare(b, a)));
        body.append(...sorted.map(([, row]) => row));
      });
    });
  }

  // A link into a folded part unfolds it.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
