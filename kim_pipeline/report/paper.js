"use strict";
// Filter and sort of long tables. Nothing is fetched; without this script the tables are whole.
for (const region of document.querySelectorAll(".table[data-long]")) {
  const table = region.querySelector("table");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const owner = new Map();
  let group = null;
  for (const row of rows) {
    if (row.classList.contains("group")) { group = row; } else { owner.set(row, group); }
  }
  const bar = document.createElement("p");
  bar.className = "tools";
  const label = document.createElement("label");
  label.textContent = "Zeilen filtern: ";
  const field = document.createElement("input");
  field.type = "search";
  label.append(field);
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  bar.append(label, " ", said);
  region.before(bar);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    const groups = new Set();
    let shown = 0;
    for (const [row, head] of owner) {
      const is = !wanted || row.textContent.toLowerCase().includes(wanted) || (head && head.textContent.toLowerCase().includes(wanted));
      row.hidden = !is;
      if (is) { shown += 1; groups.add(head); }
    }
    for (const row of rows) {
      if (row.classList.contains("group")) { row.hidden = Boolean(wanted) && !groups.has(row); }
    }
    said.textContent = wanted ? shown + " von " + owner.size + " Zeilen" : "";
  });
  Array.from(table.tHead.rows[0].cells).forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) { other.removeAttribute("aria-sort"); }
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = row => row.cells[at] ? row.cells[at].dataset.key ?? row.cells[at].textContent : "";
      const order = (a, b) => {
        const x = key(a), y = key(b);
        const m = Number(x), n = Number(y);
        const size = x !== "" && y !== "" && !Number.isNaN(m) && !Number.isNaN(n) ? m - n : x.localeCompare(y, "de");
        return down ? -size : size;
      };
      for (const head of new Set(owner.values())) {
        const ours = Array.from(owner.keys()).filter(row => owner.get(row) === head).sort(order);
        let after = head;
        for (const row of ours) {
          if (after) { after.after(row); } else { body.append(row); }
          after = row;
        }
      }
    });
  });
}
