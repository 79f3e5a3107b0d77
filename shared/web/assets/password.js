// Shows and hides passwords, and says in words how a new one could be better. The server decides.

for (const button of document.querySelectorAll("button.reveal")) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const state = button.closest(".field").querySelector(".reveal-state");
  const word = button.querySelector(".reveal-word");
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    word.textContent = shown ? button.dataset.hide : button.dataset.show;
    button.classList.toggle("shown", shown);
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    show(shown);
    state.textContent = shown ? button.dataset.shown : button.dataset.hidden;
  });
  // So that browsers do not keep it among things typed into ordinary fields.
  input.form.addEventListener("submit", () => show(false));
}

/** Steps from one character to the next that guess themselves: the same again, or the neighbour. */
function predictable(characters) {
  const codes = characters.map((character) => character.codePointAt(0));
  return codes.filter((code, at) => at > 0 && Math.abs(code - codes[at - 1]) <= 1).length;
}

function advise(password, username, words) {
  const characters = [...password];
  const missing = words.minimum - characters.length;
  if (characters.length === 0) return "";
  if (missing > 0) return words.short.replace("{n}", missing);
  const name = username.trim().toLowerCase();
  if (name.length > 3 && password.toLowerCase().includes(name)) return words.name;
  const varied = new Set(characters).size;
  if (varied < 6 || predictable(characters) > characters.length / 3) return words.repeats;
  return characters.length < Number(words.minimum) + 4 || varied < 9 ? words.fair : words.good;
}

const advice = document.querySelector("[data-advice]");
if (advice) {
  const password = document.getElementById("password");
  const username = document.getElementById("username");
  let later;
  // Once typing pauses: nobody wants to be told at every key.
  password.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(() => {
      advice.textContent = advise(password.value, username.value, advice.dataset);
    }, 600);
  });
}
