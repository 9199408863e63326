// The page: what is asked for, what is shown.

import { Camera } from "./camera.js";
import { Canceled, Painter } from "./painter.js";
import { BadPhoto, openPhoto, pixelsOf, save } from "./photo.js";

const $ = (id) => document.getElementById(id);
const PREVIEW = 40000; // Pixels of the quick painting while a dial moves.
const FRAME = 50000; // Pixels of a camera frame.

const painter = new Painter();
const camera = new Camera($("video"));
let photo = null; // Canvas of the photo.
let name = "photo";
let painting = null; // Canvas of its painting.
let ready = false;
let busy = false;
let wanted = null; // Pixels of the painting that is to be made next.

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

/** Shows a part from 0 to 1, null for "some time", undefined for nothing. */
function progress(part) {
  $("progress").hidden = part === undefined;
  if (part == null) $("progress").removeAttribute("value");
  else $("progress").value = part;
}

function title(style) {
  return style.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());
}

// ---- What is asked for ----------------------------------------------------

function showChoices({ styles, dials }, thumbnails) {
  styles.forEach((style, number) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "style", value: number });
    input.defaultChecked = number === 0;
    const picture = document.createElement("img");
    Object.assign(picture, { src: `network/${thumbnails[number]}`, alt: "" });
    label.append(input, picture, title(style));
    $("styles").append(label);
    $("second").append(new Option(title(style), number));
  });
  $("styles").hidden = $("blend").hidden = styles.length < 2;
  $("dials").hidden = !dials.length;
  showValues();
  $("controls").hidden = false;
}

/** {number of a style: weight}, and the values of the dials. */
function asked() {
  const first = document.querySelector("[name=style]:checked").value;
  const second = $("second").value;
  const share = $("share").value / 100;
  const weights = { [first]: 1 };
  if (second && second !== first) {
    Object.assign(weights, { [first]: 1 - share, [second]: share });
  }
  const dials = painter.styles.dials.map((dial) => $(dial).value / 100);
  return [weights, dials];
}

function showValues() {
  for (const output of document.querySelectorAll("output")) {
    output.value = `${$(output.htmlFor.value).value} %`;
  }
  $("share").hidden = !$("second").value;
}

// ---- Painting -------------------------------------------------------------

/** Asks for a painting; of several requests the last one counts. */
function want(pixels) {
  wanted = pixels;
  if (ready && !busy && !camera.on) paintWanted();
}

async function paintWanted() {
  busy = true;
  $("cancel").hidden = false;
  try {
    while (wanted && photo && !camera.on) {
      const pixels = wanted;
      wanted = null;
      await paintPhoto(pixels);
    }
  } catch (error) {
    wanted = null;
    if (error instanceof Canceled) say("Canceled.");
    else say(`The painting failed: ${error.message}`, true);
  }
  busy = false;
  $("cancel").hidden = true;
  progress();
}

async function paintPhoto(pixels) {
  const source = photo;
  const image = pixelsOf(source, source.width, source.height, pixels);
  const since = performance.now();
  const expected = (image.width * image.height) / painter.speed;
  say("Painting …");
  const timer = setInterval(() => {
    const part = (performance.now() - since) / 1000 / expected;
    progress(part < 1 ? part : null);
  }, 100);
  try {
    const made = await painter.paint(image, ...asked());
    if (source !== photo) return; // Another photo was opened meanwhile.
    painting = canvasOf(made);
    show(painting, "The painting");
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    say(`Painted at ${made.width} × ${made.height} in ${seconds} s.`);
    $("save").disabled = $("compare").disabled = false;
    $("canvas").dataset.painted = Number($("canvas").dataset.painted ?? 0) + 1;
  } finally {
    clearInterval(timer);
  }
}

function canvasOf(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function show(source, label) {
  const canvas = $("canvas");
  canvas.width = source.width;
  canvas.height = source.height;
  canvas.getContext("2d").drawImage(source, 0, 0);
  canvas.setAttribute("aria-label", label);
  // Of one size on the screen, however it was painted.
  const { width, height } = photo ?? source;
  canvas.style.setProperty("--most", `${2 * width}px`);
  canvas.style.setProperty("--ratio", width / height);
  canvas.hidden = false;
  $("empty").hidden = true;
  $("actions").hidden = false;
  $("stage").classList.add("full");
  $("compare").setAttribute("aria-pressed", "false");
}

// ---- Photos, the camera ---------------------------------------------------

async function take(file) {
  if (!file) return;
  try {
    const opened = await openPhoto(file);
    stopCamera();
    photo = opened;
    painting = null;
    name = (file.name ?? "photo").replace(/\.[^.]*$/, "") || "photo";
    $("save").disabled = $("compare").disabled = true;
    show(photo, "The photo");
    if (!ready) say("The photo is open; the network is still loading …");
    want(Number($("size").value));
  } catch (error) {
    say(error instanceof BadPhoto ? error.message : String(error), true);
  }
}

async function startCamera() {
  if (camera.on) return;
  try {
    await camera.start();
  } catch (error) {
    camera.stop();
    say(`No camera: ${error.message}`, true);
    return;
  }
  $("snap").hidden = false;
  $("save").disabled = $("compare").disabled = true;
  photo = painting = null;
  while (busy) await new Promise((resolve) => setTimeout(resolve, 50));
  busy = true;
  let frames = 0;
  const since = performance.now();
  try {
    while (camera.on) {
      const { videoWidth, videoHeight } = camera.video;
      const image = pixelsOf(camera.video, videoWidth, videoHeight, FRAME);
      const made = ready ? await painter.paint(image, ...asked()) : image;
      if (!camera.on) break;
      show(canvasOf(made), "The camera, painted");
      const rate = (++frames * 1000) / (performance.now() - since);
      say(`Camera: ${rate.toFixed(1)} pictures a second.`);
      await new Promise(requestAnimationFrame);
    }
  } catch (error) {
    if (!(error instanceof Canceled)) say(`Camera: ${error.message}`, true);
    stopCamera();
  }
  busy = false;
  if (photo) want(Number($("size").value));
}

function stopCamera() {
  if (camera.on) camera.stop();
  $("snap").hidden = true;
}

function snap() {
  const { video } = camera;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => take(new File([blob], "camera.png")));
}

// ---- Buttons, keys, drops -------------------------------------------------

const actions = {
  open: () => $("file").click(),
  again: () => $("file").click(),
  snap,
  save: () => save(painting, photo.width, photo.height, `${name}.painted.jpg`),
  compare() {
    const pressed = $("compare").getAttribute("aria-pressed") === "true";
    if (pressed) show(painting, "The painting");
    else {
      show(photo, "The photo");
      $("compare").setAttribute("aria-pressed", "true");
    }
  },
  cancel() {
    wanted = null;
    painter.cancel();
  },
};
for (const [id, action] of Object.entries(actions)) {
  $(id).addEventListener("click", action);
}
for (const button of document.querySelectorAll(".camera")) {
  button.addEventListener("click", startCamera);
}
const keys = { o: "open", s: "save", c: "compare", Escape: "cancel" };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("select")) return; // Letters choose in it.
  const button = $(keys[event.key]);
  if (button && !button.disabled && (event.key !== "Escape" || busy)) {
    event.preventDefault();
    actions[button.id]();
  }
});
$("file").addEventListener("change", () => {
  take($("file").files[0]);
  $("file").value = ""; // The same file may be chosen again.
});
$("controls").addEventListener("submit", (event) => event.preventDefault());
$("controls").addEventListener("input", (event) => {
  showValues();
  // A dial that moves is shown at once, and in full where it is let go.
  if (event.target.type === "range") want(PREVIEW);
});
$("controls").addEventListener("change", () => {
  showValues();
  want(Number($("size").value));
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("stage").classList.add("over");
});
for (const type of ["dragleave", "drop"]) {
  document.addEventListener(type, () => $("stage").classList.remove("over"));
}
document.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  take(event.clipboardData.files[0]);
});

// ---- Start ----------------------------------------------------------------

try {
  await painter.load((part, text) => {
    progress(part);
    if (!photo) say(`${text} …`);
  });
  showChoices(painter.styles, painter.about.thumbnails);
  ready = true;
  document.documentElement.dataset.engine = painter.engine;
  progress();
  if (photo) want(Number($("size").value));
  else say("Ready: open a photo.");
} catch (error) {
  progress();
  say(`The network could not be loaded: ${error.message}`, true);
}
