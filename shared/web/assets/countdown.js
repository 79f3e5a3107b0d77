// Counts down to when another code can be asked for. Without scripts the time is written and the server decides.

const LONGEST = 60_000;

const form = document.querySelector("form[data-resend]");
if (form) {
  const button = form.querySelector("button");
  const hint = form.querySelector(".hint");
  const status = form.querySelector("[role=status]");
  // A phone's clock may be wrong: one never waits longer than a minute from now.
  const ready = Math.min(Date.parse(form.dataset.resend), Date.now() + LONGEST);

  const tick = () => {
    const left = Math.ceil((ready - Date.now()) / 1000);
    if (left > 0) {
      button.disabled = true;
      hint.textContent = form.dataset.wait.replace("{n}", left);
      setTimeout(tick, 1000);
    } else {
      if (button.disabled) status.textContent = form.dataset.ready;
      button.disabled = false;
      hint.textContent = form.dataset.ready;
    }
  };
  tick();
}
