// What the page says of its state.

export const $ = (id) => document.getElementById(id);

export function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

/** Shows a part from 0 to 1, null for "some time", undefined for nothing. */
export function progress(part) {
  $("progress").classList.toggle("idle", part === undefined);
  if (part == null) $("progress").removeAttribute("value");
  else $("progress").value = part;
}

export const pressed = (id) => $(id).getAttribute("aria-pressed") === "true";
export const press = (id, on) => $(id).setAttribute("aria-pressed", on);
