// Filter, sort and unfold. The page says the same without this script.
"use strict";
(() => {
  const FACETS = ["potential", "architecture", "dataset", "criterion", "verdict"];
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

  const selects = FACETS.flatMap((facet) => {
    const found = rows.flatMap((row) => values(row, facet) || []).filter(Boolean);
    const names = [...new Set(found)];
    if (names.length < 2) return [];
    const select = make("select", {},
      make("option", { value: "", textContent: `all (${names.length})` }),
      ...names.map((name) => make("option", { value: name, textContent: name })));
    select.addEventListener("change", () => { chosen[facet] = select.value; filter(); });
    return [make("label", {}, `${facet} `, select)];
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

  const unpack = async (element) => {
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // Structures of the worst frames: turned with 3Dmol, and saved as extended XYZ.
  const held = document.getElementById("structures");
  const viewerCode = document.getElementById("viewer");
  let show = null;
  if (held && viewerCode && globalThis.DecompressionStream) {
    let texts;
    const split = (text) => {
      const lines = text.split("\n");
      const frames = [];
      for (let at = 0; at < lines.length && lines[at].trim(); at += Number(lines[at]) + 2) {
        frames.push(lines.slice(at, at + Number(lines[at]) + 2).join("\n") + "\n");
      }
      return frames;
    };
    const dialog = make("dialog", { className: "viewer" });
    const title = make("h3", { id: "viewer-title" });
    const stage = make("div", { className: "stage" });
    const hint = make("p", { className: "small muted" });
    const save = make("a", { textContent: "save as extxyz" });
    const close = make("button", { type: "button", textContent: "close" });
    dialog.setAttribute("aria-labelledby", title.id);
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, stage, hint, make("p", {}, save, " ", close));
    document.body.append(dialog);
    // Red where the error of the forces is largest; grey where nothing is known for each atom.
    const shade = (share) => `rgb(${Math.round(205 + 40 * share)},${Math.round(205 - 165 * share)},${Math.round(210 - 180 * share)})`;
    show = async (row) => {
      texts ||= await unpack(held);
      // The policy of the page allows this text, and runs it here.
      if (!globalThis.$3Dmol) document.head.append(make("script", { textContent: await unpack(viewerCode) }));
      const text = split(texts[row.dataset.structures])[row.dataset.place];
      const lines = text.trimEnd().split("\n");
      const columns = /Properties=(\S+)/.exec(lines[1])[1].split(":");
      const starts = {};
      for (let k = 0, at = 0; k < columns.length; at += Number(columns[k + 2]), k += 3) starts[columns[k]] = at;
      const atoms = lines.slice(2).map((line) => line.trim().split(/\s+/));
      const vector = (words, name) => words.slice(starts[name], starts[name] + 3).map(Number);
      const known = "reference_forces" in starts;
      const errors = atoms.map((words) => {
        if (!known) return 0;
        const [a, b] = [vector(words, "reference_forces"), vector(words, "predicted_forces")];
        return Math.hypot(...a.map((value, axis) => value - b[axis]));
      });
      const largest = Math.max(...errors) || 1;
      const group = row.closest(".group");
      title.textContent = `Frame ${row.cells[0].textContent}: ${group.dataset.potential} on ${group.dataset.dataset}`;
      hint.textContent = known
        ? `Red: the largest error of a force in this frame, ${(1000 * largest).toPrecision(3)} meV/Å (a vector). Click an atom for its own. Drag to turn, scroll to zoom.`
        : "Drag to turn, scroll to zoom.";
      save.href = URL.createObjectURL(new Blob([text], { type: "chemical/x-xyz" }));
      save.download = `frame-${row.cells[0].textContent}.extxyz`;
      stage.replaceChildren();
      dialog.showModal();
      const viewer = $3Dmol.createViewer(stage, { backgroundColor: "white" });
      const model = viewer.addModel();
      model.addAtoms(atoms.map((words, index) => {
        const [x, y, z] = vector(words, "pos");
        return { elem: words[starts.species], x, y, z, index, serial: index, bonds: [], bondOrder: [] };
      }));
      const colored = known ? { colorfunc: (atom) => shade(errors[atom.index] / largest) } : { colorscheme: "Jmol" };
      model.setStyle({}, { sphere: { scale: 0.32, ...colored } });
      const lattice = /Lattice="([^"]+)"/.exec(lines[1]);
      if (lattice) {
        const c = lattice[1].trim().split(/\s+/).map(Number);
        const corner = (i, j, k) => ({ x: i * c[0] + j * c[3] + k * c[6], y: i * c[1] + j * c[4] + k * c[7], z: i * c[2] + j * c[5] + k * c[8] });
        for (let edge = 0; edge < 12; edge += 1) {
          const axis = edge >> 2;
          const ends = [0, 1].map((end) => {
            const place = [edge & 1, (edge >> 1) & 1];
            place.splice(axis, 0, end);
            return corner(...place);
          });
          viewer.addLine({ start: ends[0], end: ends[1], color: "#59626d" });
        }
      }
      viewer.setClickable({}, true, (atom) => {
        viewer.removeAllLabels();
        const own = known ? `: ${(1000 * errors[atom.index]).toPrecision(3)} meV/Å` : "";
        viewer.addLabel(`${atom.elem} ${atom.index}${own}`, { position: atom, fontSize: 12 });
        viewer.render();
      });
      viewer.zoomTo();
      viewer.render();
    };
    for (const row of document.querySelectorAll("tr[data-structures]")) {
      const button = make("button", { type: "button", textContent: "show" });
      button.setAttribute("aria-label", `show the structure of frame ${row.cells[0].textContent}`);
      button.addEventListener("click", () => show(row));
      row.append(make("td", {}, button));
    }
  }

  // Points of the parity plots name their frame: under the pointer, or by the arrow keys.
  const named = document.getElementById("points");
  const NEAR = 14;
  const typeset = (text) => text.replaceAll("-", "\u2212");
  const name = (figure, panels) => {
    const group = figure.closest(".group");
    const image = figure.querySelector("img");
    const ring = make("div", { className: "ring", hidden: true });
    const label = make("div", { className: "point-label", hidden: true });
    const plot = make("div", { className: "plot", tabIndex: 0 });
    label.setAttribute("role", "status");
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", "Points of the parity plots. The arrow keys go from point to point, the worst frames first; Enter shows the structure of a frame where the page has it.");
    image.replaceWith(plot);
    plot.append(image, ring, label);
    const points = panels.flatMap((panel) => {
      const [left, bottom, width, height] = panel.box;
      const [low, high] = panel.range;
      const part = (value) => (value - low) / (high - low);
      return panel.points.map(([frame, reference, predicted]) => ({
        panel, frame, reference, predicted, x: left + width * part(reference), y: 1 - bottom - height * part(predicted),
      }));
    });
    // Of the same quantity, or of another one of that frame.
    const rowOf = (point) => {
      const rows = [...group.querySelectorAll(`tr[data-structures][data-frame="${point.frame}"]`)];
      return show && (rows.find((row) => row.dataset.quantity === point.panel.quantity) || rows[0]);
    };
    let at = null;
    const point = (one) => {
      at = one;
      ring.hidden = label.hidden = !one;
      plot.style.cursor = one && rowOf(one) ? "pointer" : "";
      if (!one) return;
      const place = { left: `${100 * one.x}%`, top: `${100 * one.y}%` };
      Object.assign(ring.style, place);
      const unit = one.panel.unit;
      const error = one.predicted - one.reference;
      // With as many decimals as the error needs to be seen in them.
      const decimals = error ? Math.min(Math.max(2 - Math.floor(Math.log10(Math.abs(error))), 0), 6) : 3;
      const write = (value) => typeset(value.toFixed(decimals));
      label.textContent = `frame ${one.frame}, ${one.panel.quantity}\nreference ${write(one.reference)} ${unit}\npredicted ${write(one.predicted)} ${unit}\n`
        + `error ${error > 0 ? "+" : ""}${typeset(String(Number(error.toPrecision(3))))} ${unit}${rowOf(one) ? "\nclick or Enter: structure" : ""}`;
      // Towards the middle of the picture, so that it is not cut off.
      Object.assign(label.style, { left: "", right: "", top: "", bottom: "" });
      label.style[one.x < 0.5 ? "left" : "right"] = `calc(${100 * (one.x < 0.5 ? one.x : 1 - one.x)}% + 12px)`;
      label.style[one.y < 0.5 ? "top" : "bottom"] = `calc(${100 * (one.y < 0.5 ? one.y : 1 - one.y)}% + 6px)`;
    };
    const open = () => {
      const row = at && rowOf(at);
      if (row) show(row);
    };
    const nearest = (event) => {
      const box = image.getBoundingClientRect();
      let found = null;
      let least = NEAR;
      for (const one of points) {
        const away = Math.hypot(event.clientX - box.left - one.x * box.width, event.clientY - box.top - one.y * box.height);
        if (away < least) [least, found] = [away, one];
      }
      return found;
    };
    plot.addEventListener("pointermove", (event) => point(nearest(event)));
    plot.addEventListener("pointerleave", () => point(null));
    plot.addEventListener("click", (event) => { point(nearest(event)); open(); });
    plot.addEventListener("focus", () => { if (!at && plot.matches(":focus-visible")) point(points[0]); });
    plot.addEventListener("blur", () => point(null));
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const place = points.indexOf(at);
      if (event.key === "Enter") open();
      else if (event.key === "Home" || event.key === "End") point(points.at(event.key === "Home" ? 0 : -1));
      else if (step) point(points[(Math.max(place, step < 0 ? 0 : -1) + step + points.length) % points.length]);
      else return;
      event.preventDefault();
    });
  };
  if (named) {
    unpack(named).then((plots) => {
      for (const figure of document.querySelectorAll("figure[data-points]")) name(figure, plots[figure.dataset.points]);
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
