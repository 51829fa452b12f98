"use strict";
(function () {
  const root = document.documentElement;
  const buttons = Array.from(document.querySelectorAll("[data-language]"));
  function speak(language) {
    root.dataset.lang = language;
    root.lang = language === "zh" ? "zh" : "en";
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.language === language)));
    document.querySelectorAll("option[data-en]").forEach((option) => {
      option.textContent = language === "both" ? option.dataset.en + " · " + option.dataset.zh : option.dataset[language];
    });
    document.dispatchEvent(new Event("language"));
    try { localStorage.setItem("language", language); } catch (error) { /* a page of a file may keep nothing */ }
  }
  let kept = null;
  try { kept = localStorage.getItem("language"); } catch (error) { /* as above */ }
  const asked = /[?&]lang=(en|zh|both)/.exec(location.search);
  buttons.forEach((button) => button.addEventListener("click", () => speak(button.dataset.language)));
  root.classList.add("scripted");
  speak(asked ? asked[1] : kept || (/^zh/.test(navigator.language) ? "zh" : "en"));
})();
