"use strict";

// Figures are drawn when they come near the screen: all at once would keep the page from being read meanwhile.
const draw = (plot) => {
  if (plot.dataset.drawn) return;
  plot.dataset.drawn = "true";
  const figure = JSON.parse(plot.querySelector("script").textContent);
  const name = plot.dataset.name;
  Plotly.newPlot(plot.querySelector("div"), figure.data, figure.layout, {
    displaylogo: false,
    toImageButtonOptions: { filename: name, scale: 2 },
  });
};
const plots = [...document.querySelectorAll(".plot")];
const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        near.unobserve(entry.target);
        draw(entry.target);
      }
    }
  },
  { rootMargin: "800px 0px" },
);
plots.forEach((plot) => near.observe(plot));

// Nothing comes near the screen, and nothing is opened, on paper.
window.addEventListener("beforeprint", () => {
  plots.forEach(draw);
  document.querySelectorAll("details").forEach((part) => (part.open = true));
});

// Numbers are sorted as numbers, the largest first, and what has none stays last.
const number = (cell) => (cell.dataset.value === undefined ? NaN : Number(cell.dataset.value));
const sort = (table, index) => {
  const headings = [...table.tHead.rows[0].cells];
  const heading = headings[index];
  const numeric = heading.classList.contains("number");
  const before = heading.getAttribute("aria-sort");
  const descending = before ? before === "ascending" : numeric;
  const compare = (a, b) => {
    const [x, y] = [a.cells[index], b.cells[index]];
    if (!numeric) return x.textContent.localeCompare(y.textContent, "en", { numeric: true }) * (descending ? -1 : 1);
    const [m, n] = [number(x), number(y)];
    if (Number.isNaN(m) || Number.isNaN(n)) return Number.isNaN(m) - Number.isNaN(n);
    return (m - n) * (descending ? -1 : 1);
  };
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort(compare));
};
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, index) => {
    heading.querySelector("button").addEventListener("click", () => sort(table, index));
  });
}
