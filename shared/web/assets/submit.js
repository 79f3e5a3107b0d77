// A form is sent once, and says so; what needs attention gets the focus.

const buttons = (form) => form.querySelectorAll("button:not([type=button])");

function sending(form, pressed) {
  for (const button of buttons(form)) button.disabled = true;
  if (pressed?.dataset.busy) {
    pressed.dataset.label = pressed.textContent;
    pressed.textContent = pressed.dataset.busy;
  }
}

function again(form) {
  delete form.dataset.sent;
  for (const button of buttons(form)) {
    button.disabled = false;
    if (button.dataset.label) button.textContent = button.dataset.label;
    delete button.dataset.label;
  }
}

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  // Later, since the value of a disabled button is not sent; and not for ever, since nobody is helped by a dead page.
  setTimeout(sending, 0, form, event.submitter);
  setTimeout(again, 20_000, form);
});

// Back from the next page, the form is as it was left: pressed.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(again));

const summary = document.getElementById("error-summary");
const target = location.hash && document.getElementById(location.hash.slice(1));
if (summary) summary.focus();
else if (target?.matches?.("input")) target.focus();
