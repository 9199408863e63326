// What is asked for: styles, their blend, dials.

import { $ } from "./state.js";

/** The name of a style as a title: water_lilies, composition_vii. */
function title(style) {
  return style
    .replace(/[_-]+/g, " ")
    .replace(/^./, (letter) => letter.toUpperCase())
    .replace(/ [ivx]+$/, (number) => number.toUpperCase());
}

export function showChoices({ styles, dials }, thumbnails) {
  styles.forEach((style, number) =>
    showStyle(number, style, `network/${thumbnails[number]}`),
  );
  document.querySelector("[name=style]").defaultChecked = true;
  $("styles").hidden = $("blend").hidden = styles.length < 2;
  for (const line of document.querySelectorAll(".dial")) {
    line.hidden = !dials.length;
  }
  showValues();
  $("controls").hidden = false;
}

/** Adds a style to what can be chosen; returns what chooses it. */
export function showStyle(number, style, thumbnail) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name: "style", value: number });
  const picture = document.createElement("img");
  Object.assign(picture, { src: thumbnail, alt: "" });
  label.append(input, picture, title(style));
  $("add").before(label);
  $("second").append(new Option(title(style), number));
  return input;
}

/** {number of a style: weight}, and values of the dials. */
export function asked(dials) {
  const first = document.querySelector("[name=style]:checked").value;
  const second = $("second").value;
  const share = $("share").value / 100;
  const weights = { [first]: 1 };
  if (second && second !== first) {
    Object.assign(weights, { [first]: 1 - share, [second]: share });
  }
  return [weights, dials.map((dial) => $(dial).value / 100)];
}

export function showValues() {
  for (const output of document.querySelectorAll("output")) {
    output.value = `${$(output.htmlFor.value).value} %`;
  }
  $("shares").hidden = !$("second").value;
}
