"use strict";
(() => {
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const plain = (text) => text.toLowerCase().replace(/[^\w.*]+/g, "");

  // Sorting: by numbers where every cell that is not empty has one, else by text; empty cells come last.
  const value = (cell) => cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent.trim();
  for (const table of all("table.sortable")) {
    const heads = all("th", table);
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[column]), row]);
      rows.sort(([a], [b]) => {
        if (a === "" || b === "") return (a === "") - (b === "");
        const order = typeof a === "number" && typeof b === "number" ? a - b
          : String(a).localeCompare(String(b), "en", { numeric: true });
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    }));
  }

  // Filtering: every word must be in the row; column<number, column>=number, ... compare.
  const comparisons = {
    "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b, "=": (a, b) => a === b,
  };
  for (const filter of all(".filter")) {
    const table = document.getElementById(filter.dataset.table);
    const names = all("th", table).map((head) => plain(head.textContent));
    const input = filter.querySelector("input");
    const test = (word) => {
      const found = /^(.+?)(<=|>=|<|>|=)(-?[\d.]+(?:e[-+]?\d+)?)$/i.exec(word);
      const column = found ? names.findIndex((name) => name.startsWith(plain(found[1]))) : -1;
      if (column < 0) return (row) => row.textContent.toLowerCase().includes(word);
      const right = Number(found[3]);
      return (row) => {
        const left = row.cells[column].dataset.v;
        return left !== undefined && comparisons[found[2]](Number(left), right);
      };
    };
    const apply = () => {
      const tests = input.value.toLowerCase().replace(/\s*(<=|>=|<|>|=)\s*/g, "$1").split(/\s+/).filter(Boolean).map(test);
      const rows = [...table.tBodies[0].rows];
      for (const row of rows) row.hidden = !tests.every((one) => one(row));
      const shown = rows.filter((row) => !row.hidden);
      filter.querySelector("output").textContent = `${shown.length} of ${rows.length} rows`;
      const keys = new Set(shown.map((row) => row.dataset.k));
      const own = new Set(rows.map((row) => row.dataset.k).filter(Boolean));
      for (const point of all("circle[data-k]"))
        if (own.has(point.dataset.k)) point.classList.toggle("off", !keys.has(point.dataset.k));
    };
    filter.hidden = false;
    input.addEventListener("input", apply);
    apply();
  }

  // Copying: what is in the element beside the button.
  const copy = async (button) => {
    const text = button.closest(".fragment").querySelector("pre");
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "copied";
    } catch {
      if (text.closest("details")) text.closest("details").open = true;
      getSelection().selectAllChildren(text);
      button.textContent = document.execCommand("copy") ? "copied" : "selected";
    }
    setTimeout(() => { button.textContent = "copy"; }, 2000);
  };
  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  // What pictures say about a place: under the mouse or the finger.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  document.addEventListener("pointerover", ({ target, clientX, clientY }) => {
    const place = target.closest("svg *");
    const title = place && place.querySelector(":scope > title");
    if (title) {
      place.dataset.tip = title.textContent;
      title.remove();
    }
    tip.hidden = !(place && place.dataset.tip);
    if (tip.hidden) return;
    tip.textContent = place.dataset.tip;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(clientX + 12, innerWidth - width - 8))}px`;
    tip.style.top = `${clientY + 18 + height > innerHeight ? clientY - height - 10 : clientY + 18}px`;
  });
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape") tip.hidden = true; });

  // A point of a chart leads to its row.
  document.addEventListener("click", ({ target }) => {
    const key = target.closest("circle[data-k]")?.dataset.k;
    if (key === undefined) return;
    for (const row of all("tr[data-k]")) {
      row.classList.toggle("hit", row.dataset.k === key);
      if (row.dataset.k === key && !row.hidden) row.scrollIntoView({ block: "center" });
    }
  });
})();
