"use strict";
(function () {
  const data = JSON.parse(document.getElementById("accounts").textContent);
  const root = document.documentElement;
  const articles = Array.from(document.querySelectorAll("article"));
  const items = Array.from(document.querySelectorAll("#list li"));
  const list = document.getElementById("list");
  const search = document.getElementById("search");
  const sort = document.getElementById("sort");
  const trait = document.getElementById("trait");
  const count = document.getElementById("count");
  root.classList.add("scripted");

  const percent = (p) => (100 * p).toFixed(1) + "%";
  const signed = (v) => (v < 0 ? "\u2212" : "+") + Math.abs(v).toFixed(2);
  const shown = () => Array.from(list.children).filter((item) => !item.hidden);

  function open(index) {
    articles.forEach((article, i) => { article.hidden = i !== index; });
    items.forEach((item) => {
      const own = Number(item.dataset.index) === index;
      item.firstElementChild.setAttribute("aria-current", String(own));
    });
  }

  // Only a person's own choice goes into the address: on loading it would scroll the head away.
  function pick(index) {
    open(index);
    history.replaceState(null, "", "#card-" + (index + 1));
  }

  function choose() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    items.forEach((item) => {
      const text = item.textContent.toLowerCase() + " " + articles[Number(item.dataset.index)].querySelector(".reasons-block").textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word)) && (!trait.value || item.dataset.trait === trait.value);
      item.hidden = !fits;
      n += fits ? 1 : 0;
    });
    count.textContent = n + " of " + items.length + " accounts shown";
    const first = shown()[0];
    open(first ? Number(first.dataset.index) : -1);
  }

  const keys = {
    pd: (a, b) => data[b.dataset.index].pd - data[a.dataset.index].pd,
    low: (a, b) => data[a.dataset.index].pd - data[b.dataset.index].pd,
    id: (a, b) => data[a.dataset.index].id.localeCompare(data[b.dataset.index].id, undefined, { numeric: true }),
  };
  function arrange() {
    const order = keys[sort.value] || ((a, b) => {
      const k = Number(sort.value);
      return data[b.dataset.index].excess[k] - data[a.dataset.index].excess[k];
    });
    items.slice().sort(order).forEach((item) => list.appendChild(item));
    choose();
  }

  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) { pick(Number(item.dataset.index)); }
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) { return; }
    const visible = shown();
    const next = visible[visible.indexOf(event.target.closest("li")) + step];
    if (next) { next.firstElementChild.focus(); pick(Number(next.dataset.index)); }
    event.preventDefault();
  });
  search.addEventListener("input", choose);
  trait.addEventListener("change", choose);
  sort.addEventListener("change", arrange);

  articles.forEach((article, i) => {
    const select = article.querySelector(".change select");
    if (!select) { return; }
    select.addEventListener("change", () => {
      const own = data[i];
      const after = select.value === "" ? null : own.scenarios[Number(select.value)];
      article.querySelector(".after-pd").textContent = after ? "PD " + percent(own.pd) + " \u2192 " + percent(after.pd) : "";
      article.querySelectorAll("td.after").forEach((cell) => {
        const k = Number(cell.dataset.trait);
        cell.textContent = after ? signed(after.excess[k]) : "";
      });
    });
  });

  const asked = /^#card-(\d+)$/.exec(location.hash);
  arrange();
  if (asked && articles[Number(asked[1]) - 1]) { open(Number(asked[1]) - 1); }
  document.getElementById("print-all").addEventListener("click", () => { root.classList.add("all-cards"); window.print(); root.classList.remove("all-cards"); });
})();
