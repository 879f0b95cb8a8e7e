"use strict";
// Nothing here is needed to use a page: questions of other outcomes step aside, and what was refused is brought to view.

for (const form of document.querySelectorAll("form[data-outcomes]")) {
  const fields = [...form.querySelectorAll("[data-only]")];
  const show = () => {
    const chosen = form.querySelector("input[name=outcome]:checked");
    for (const field of fields) {
      field.hidden = !chosen || !field.dataset.only.split(" ").includes(chosen.value);
    }
  };
  form.addEventListener("change", show);
  show();
}

// A second press of the same button while the first is on its way would only be told that it was done.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form")) delete form.dataset.sent;
});

const wrong = document.querySelector("[aria-invalid=true], [data-focus]");
if (wrong) {
  wrong.focus({ preventScroll: true });
  wrong.scrollIntoView({ block: "center" });
}
