const read = (id) => JSON.parse(document.getElementById(id).textContent);

function enliven(table) {
  const filter = table.dataset.filter;
  new DataTable(table, {
    paging: false, info: false, autoWidth: false, order: [],
    searching: filter !== undefined,
    layout: { topStart: filter === undefined ? null : "search", topEnd: null, bottomStart: null, bottomEnd: null },
    language: { search: "Filter", zeroRecords: "Nothing matches the filter." },
  });
}
document.querySelectorAll("table[id]:not(details *)").forEach(enliven);
for (const details of document.querySelectorAll("details")) {
  details.addEventListener("toggle", () => details.querySelectorAll("table[id]").forEach(enliven), { once: true });
}

const charts = read("charts");

async function drawAll() {
  for (const place of document.querySelectorAll("[data-chart]")) {
    await vegaEmbed(place, charts[place.dataset.chart], { actions: false, renderer: "svg", config: { aria: false } });
    place.querySelector("svg").setAttribute("aria-hidden", "true"); // the frame around it has the name
  }
  document.body.dataset.ready = "true";
}
drawAll();

function rowsOf(value, column) {
  const [head, ...lines] = read("results").split("\n");
  if (value === "") return [head, ...lines];
  const field = (line) => line.match(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)[column].replace(/,$/, "").replace(/^"|"$/g, "").replaceAll('""', '"');
  return [head, ...lines.filter((line) => line !== "" && field(line) === value), ""];
}

for (const button of document.querySelectorAll("[data-download]")) {
  button.addEventListener("click", () => {
    const value = button.dataset.download;
    const text = rowsOf(value, Number(button.dataset.column)).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${[SUITE, value].filter(Boolean).join("-").replace(/[^A-Za-z0-9.=-]+/g, "_")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

const openTarget = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  target?.querySelector("details")?.setAttribute("open", "");
};
window.addEventListener("hashchange", openTarget);
openTarget();
