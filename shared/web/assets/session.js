// Tells when the registration is about to end, and extends it without leaving what is being typed.

const NEAR = 3 * 60_000;
const LONGEST = 30 * 60_000;

const form = document.querySelector("form[data-session]");
if (form) {
  const words = form.querySelector(".until-words");
  const time = form.querySelector("time");
  form.querySelector("[data-without-scripts]").remove();
  const opened = Date.now();
  // A phone's clock may be wrong: a page just opened has time left, and never more than thirty minutes.
  const within = (ends) => (ends <= opened ? opened + LONGEST : Math.min(ends, Date.now() + LONGEST));
  let ends = within(Date.parse(form.dataset.session));

  const say = (state) => {
    if (form.dataset.state === state) return;
    form.dataset.state = state;
    words.textContent = form.dataset[state] ?? "";
  };

  const look = () => {
    const left = ends - Date.now();
    if (left <= 0) say("over");
    else if (left <= NEAR) say("near");
  };
  look();
  setInterval(look, 5_000);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
      });
      if (!answer.ok) throw answer;
      const { expires_at } = await answer.json();
      ends = within(Date.parse(expires_at));
      time.dateTime = expires_at;
      const bangkok = { timeZone: "Asia/Bangkok", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
      time.textContent = new Intl.DateTimeFormat("en-GB", bangkok).format(new Date(expires_at)) + form.dataset.after;
      say("extended");
    } catch {
      form.submit();
    }
  });
}
