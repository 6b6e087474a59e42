// Moves the what-if threshold. All words come ready-made from the page's own data: what is computed here is where things lie.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("what-if").textContent);
  const slider = document.getElementById("line-at");
  if (!slider) return;
  const one = (id) => document.getElementById(id);
  const [partChoice, classChoice] = [one("part-shown"), one("class-shown")];
  const says = document.querySelectorAll("[data-say]");
  const buttons = document.querySelectorAll("[data-row]");
  const rows = [...document.querySelectorAll("[data-part]")];
  const space = "http://www.w3.org/2000/svg";
  const ceiling = forestCeiling();

  // One group over each chart; its frame was measured when it was made.
  const charts = [...document.querySelectorAll(".moves svg")].map((svg) => {
    const [left, top, width, height, whole, most] = svg.dataset.plot.split(",").map(Number);
    const group = add(svg, "g", "whatif");
    const place = (coverage, error) => [left + width * coverage, top + height * (1 - Math.min(error, most) / whole)];
    const chart = {
      svg, place, foot: top + height, top, left, width,
      line: add(group, "line"), part: add(group, "path", "part-line"), spot: add(group, "circle"),
      dot: add(group, "circle", "part-dot"),
    };
    const follow = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      show(nearest((x - left) / width));
    };
    svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); follow(event); });
    svg.addEventListener("pointermove", (event) => { if (event.buttons) follow(event); });
    return chart;
  });

  function add(parent, name, kind) {
    const made = document.createElementNS(space, name);
    if (kind) made.setAttribute("class", kind);
    return parent.appendChild(made);
  }

  function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  }

  function nearest(coverage) {
    let best = 0;
    data.rows.forEach((row, place) => {
      if (Math.abs(row.at[0] - coverage) < Math.abs(data.rows[best].at[0] - coverage)) best = place;
    });
    return best;
  }

  function mark(circle, chart, at, size) {
    const known = at[1] !== null && at[0] > 0;
    circle.style.display = known ? "" : "none";
    if (known) {
      const [x, y] = chart.place(at[0], at[1]);
      set(circle, { cx: x, cy: y, r: size });
    }
  }

  function render(row, part, place) {
    for (const chart of charts) {
      const x = chart.left + chart.width * row.at[0];
      set(chart.line, { x1: x, x2: x, y1: chart.top, y2: chart.foot });
      mark(chart.spot, chart, row.at, 6);
      const points = part ? part.filter((step) => step.at[1] !== null && step.at[0] > 0) : [];
      chart.part.setAttribute("d", points.map((step, at) => (at ? "L" : "M") + chart.place(step.at[0], step.at[1])).join(""));
      if (part) mark(chart.dot, chart, part[place].at, 5);
      else chart.dot.style.display = "none";
    }
  }

  // The error axis of the parts: fixed while the threshold moves, so that a dot moves only when its error does.
  function forestCeiling() {
    const goal = data.target;
    const errors = data.parts.flat().map((step) => step.at[1]).filter((error) => error !== null).sort((a, b) => a - b);
    const most = errors.length ? errors[Math.floor(0.95 * (errors.length - 1))] : 0;
    return Math.min(1, Math.max(2.5 * goal, 1.3 * most));
  }

  function percent(share) {
    return 100 * Math.min(1, share / ceiling) + "%";
  }

  function show(place) {
    const row = data.rows[place];
    slider.value = place;
    const of = classChoice && classChoice.value !== "" ? data.labels[classChoice.value].rows[place] : null;
    const words = { ...row.say, ...(of ? of.say : {}) };
    slider.setAttribute("aria-valuetext", words.line);
    one("line-said").textContent = words.line;
    says.forEach((element) => { element.textContent = words[element.dataset.say]; });
    one("command").textContent = (of ? of.do : row.do) || "choose the class whose threshold it is";
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.row) === place)));
    rows.forEach((tr) => {
      const step = data.parts[tr.dataset.part][place];
      tr.querySelectorAll("[data-cell]").forEach((cell) => { cell.textContent = step.say[cell.dataset.cell]; });
      const axis = tr.querySelector(".axis");
      axis.toggleAttribute("data-none", step.at[1] === null);
      if (step.at[1] !== null) {
        const [, error, low, high] = step.at;
        axis.style.setProperty("--low", percent(low));
        axis.style.setProperty("--high", percent(high));
        axis.style.setProperty("--at", percent(error));
      }
    });
    render(row, partChoice && partChoice.value !== "" ? data.parts[partChoice.value] : null, place);
  }

  slider.addEventListener("input", () => show(Number(slider.value)));
  for (const choice of [partChoice, classChoice]) {
    if (choice) choice.addEventListener("change", () => show(Number(slider.value)));
  }
  buttons.forEach((button) => button.addEventListener("click", () => show(Number(button.dataset.row))));
  one("copy").addEventListener("click", async () => {
    getSelection().selectAllChildren(one("command"));
    await navigator.clipboard.writeText(one("command").textContent);
    one("copy").textContent = "Copied";
    setTimeout(() => { one("copy").textContent = "Copy"; }, 2000);
  });
  document.querySelector(".mover").hidden = false;
  one("copy").hidden = !navigator.clipboard; // without it the command can still be selected with one click
  document.documentElement.style.setProperty("--goal", percent(data.target));
  show(data.start);
})();
