// The sign-in: afterwards the browser goes where it wanted to, within the office.
const form = document.getElementById("sign-in");
const wrong = document.getElementById("wrong");

function wanted() {
  const to = new URLSearchParams(location.search).get("to") ?? "/";
  const url = new URL(to, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + url.hash : "/";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.textContent = "";
  const { name, password } = Object.fromEntries(new FormData(form));
  try {
    const response = await fetch("/office/session", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name, password }), credentials: "same-origin",
    });
    if (response.ok) location.assign(wanted());
    else if (response.status === 401) wrong.textContent = "Name or password is wrong.";
    else if (response.status === 429) wrong.textContent = "Too many wrong passwords. Try again in some minutes.";
    else wrong.textContent = `The office answered ${response.status}. Try again.`;
  } catch {
    wrong.textContent = "The office cannot be reached.";
  }
});

fetch("/office/welcome").then((response) => response.json()).then(({ welcome }) => { document.getElementById("welcome").textContent = welcome; }, () => {});
