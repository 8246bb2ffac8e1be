
"use strict";
// Shows the values under the pointer; without it the report lacks nothing but this.
for (const chart of document.querySelectorAll("svg.chart")) {
  const range = chart.dataset;
  const curves = [...chart.querySelectorAll("g[data-name]")].map((group) => ({
    name: group.dataset.name,
    x: group.dataset.x.split(" ").map(Number),
    y: group.dataset.y.split(" "),
  }));
  const rule = chart.querySelector(".rule");
  const readout = chart.closest("figure").querySelector(".readout");
  const nearest = (xs, at) => xs.reduce((best, x, i) => (Math.abs(x - at) < Math.abs(xs[best] - at) ? i : best), 0);
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    const part = Math.min(1, Math.max(0, (px - range.left) / (range.right - range.left)));
    const at = Number(range.min) + part * (range.max - range.min);
    const longest = curves.reduce((a, b) => (b.x.length > a.x.length ? b : a));
    const step = longest.x[nearest(longest.x, at)];
    const left = Number(range.left) + ((step - range.min) / (range.max - range.min)) * (range.right - range.left);
    rule.setAttribute("x1", left);
    rule.setAttribute("x2", left);
    rule.style.visibility = "visible";
    readout.textContent = `step ${step}: ` + curves.map((c) => `${c.name} ${c.y[nearest(c.x, step)]}`).join(" · ");
  });
  chart.addEventListener("pointerleave", () => {
    rule.style.visibility = "hidden";
    readout.textContent = "";
  });
}
