const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

for (const table of document.querySelectorAll("table[id]")) {
  const filter = table.dataset.filter;
  new DataTable(table, {
    paging: false, info: false, autoWidth: false, order: [],
    searching: filter !== undefined,
    layout: { topStart: filter === undefined ? null : "search", topEnd: null, bottomStart: null, bottomEnd: null },
    language: { search: "Filter", zeroRecords: "Nothing matches the filter." },
  });
}

const charts = read("charts");

async function drawAll() {
  for (const place of document.querySelectorAll("[data-chart]")) {
    const options = { mode: "vega-lite", actions: false, renderer: "svg", config: { aria: false } };
    await vegaEmbed(place, charts[place.dataset.chart], options);
    place.querySelector("svg").setAttribute("aria-hidden", "true"); // the frame around it has the name
  }
  document.body.dataset.ready = "true";
}
drawAll();

for (const button of document.querySelectorAll("[data-download]")) {
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([read("results")], { type: "text/csv" }));
    link.download = `${[document.body.dataset.suite, button.dataset.download].join("-").replace(/[^A-Za-z0-9.=-]+/g, "_")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
