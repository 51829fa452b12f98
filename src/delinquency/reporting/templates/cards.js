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
  const levels = JSON.parse(document.getElementById("levels").textContent);

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
    const told = n + " of " + items.length + " accounts shown", told_zh = "显示" + n + "/" + items.length + "个账户";
    count.textContent = root.dataset.lang === "zh" ? told_zh : told;
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

  const speech = () => (root.dataset.lang === "zh" ? 1 : 0);
  const said = (pair) => (root.dataset.lang === "both" ? pair.join(" · ") : pair[speech()]);

  // The sliders look values up: each position was computed by the model, none is drawn between.
  articles.forEach((article, i) => {
    const slot = article.querySelector(".slot");
    if (!slot) { return; }
    const own = data[i];
    slot.replaceWith(document.getElementById("change").content.cloneNode(true));
    const box = article.querySelector(".change");
    if (own.incomes === 1) { box.querySelector(".income").closest("label").remove(); }
    const [payment, spending, income] = ["payment", "spending", "income"].map((name) => box.querySelector("." + name));
    let touched = false;
    function show() {
      const k = income ? Number(income.value) : 0;
      const at = (Number(payment.value) * levels.spendings.length + Number(spending.value)) * own.incomes + k;
      const amount = own.monthly[at].toLocaleString("en"), named = levels.currency ? levels.currency + " " + amount : amount;
      const [paid, paid_zh] = levels.payments[payment.value];
      payment.nextElementSibling.textContent = said([paid + " (about " + named + " a month)", paid_zh + "（约每月" + (levels.currency === "CNY" ? amount + "元" : named) + "）"]);
      spending.nextElementSibling.textContent = said(levels.spendings[spending.value]);
      if (income) { income.nextElementSibling.textContent = said(levels.incomes[k]); }
      box.querySelectorAll("input").forEach((input) => input.setAttribute("aria-valuetext", input.nextElementSibling.textContent));
      if (!touched) { return; }
      article.querySelector(".after-pd").textContent = said(["Probability ", "概率"]) + percent(own.pd) + " \u2192 " + percent(own.grid[at]);
      article.querySelectorAll("td.after").forEach((cell) => { cell.textContent = signed(own.traits[at][Number(cell.dataset.trait)] / 100); });
    }
    box.addEventListener("input", () => { touched = true; show(); });
    document.addEventListener("language", show);
    show();
  });

  // A rule told under the cards must be open before it can be jumped to.
  document.addEventListener("click", (event) => {
    if (event.target.closest('a[href^="#rule-"]')) { document.querySelector(".shared .refused").open = true; }
  });

  const asked = /^#card-(\d+)$/.exec(location.hash);
  arrange();
  if (asked && articles[Number(asked[1]) - 1]) { open(Number(asked[1]) - 1); }
  document.getElementById("print-all").addEventListener("click", () => { root.classList.add("all-cards"); window.print(); root.classList.remove("all-cards"); });
})();
