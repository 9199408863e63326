// The page: what is opened, painted and shown.

import { Canceled } from "./asked_worker.js";
import { Camera } from "./camera.js";
import { asked, showChoices, showStyle, showValues } from "./choices.js";
import { drawMap } from "./depth_map.js";
import { Painter } from "./painter.js";
import {
  BadPhoto,
  Enlarger,
  MOST_SAVED,
  download,
  megapixels,
  openPhoto,
  pixelsOf,
} from "./photo.js";
import { $, press, pressed, progress, say } from "./state.js";
import { BadStyle, isStyle, readStyle } from "./style_file.js";

const PREVIEW = 40000; // Pixels of the quick painting while a dial moves.
const FRAME = 100000; // Pixels of a camera frame, for its fast network.
const SLOW_FRAME = 50000;

const painter = new Painter();
const enlarger = new Enlarger();
const camera = new Camera($("video"));
let photo = null; // {file, width, height, canvas}
let painting = null; // {made, source}: ImageData, and of the photo so scaled.
let ready = false;
let busy = false;
let saving = false;
let wanted = null; // Pixels of the painting that is to be made next.

function complain(error) {
  if (error instanceof Canceled) return say("Canceled.");
  const known = error instanceof BadPhoto || error instanceof BadStyle;
  say(known ? error.message : `That failed: ${error.message}`, true);
}

const loading = (part, text) => {
  progress(part);
  say(`${text} …`);
};

/** Which buttons can be used. */
function showState() {
  $("cancel").hidden = !busy && !saving;
  $("save").disabled = !painting || saving;
  $("compare").disabled = $("depths").disabled = !painting;
  if (!busy && !saving) progress();
  if (ready) document.documentElement.dataset.engine = painter.engine;
}

// ---- Painting -------------------------------------------------------------

const chosenSize = () => Number($("size").value);

/** Asks for a painting; of several requests the last one counts. */
function want(pixels) {
  wanted = pixels;
  if (ready && photo && !busy && !camera.on) work(paintWanted);
}

/** Does something that takes a while and may be canceled. */
async function work(action) {
  busy = true;
  showState();
  try {
    await action();
  } catch (error) {
    wanted = null;
    complain(error);
  }
  busy = false;
  showState();
  if (wanted) want(wanted); // Asked for meanwhile.
}

async function paintWanted() {
  while (wanted && photo && !camera.on) {
    const pixels = wanted;
    wanted = null;
    await paintPhoto(pixels);
    const whole = painting && !wanted && pixels !== PREVIEW;
    if (whole && pressed("depths")) await showMaps();
  }
}

async function paintPhoto(pixels) {
  const opened = photo;
  const { canvas } = photo;
  const source = pixelsOf(canvas, canvas.width, canvas.height, pixels);
  const since = performance.now();
  const expected = (source.width * source.height) / painter.speed;
  say("Painting …");
  const timer = setInterval(() => {
    const part = (performance.now() - since) / 1000 / expected;
    progress(part < 1 ? part : null);
  }, 100);
  try {
    const made = await painter.paint(source, ...asked(painter.styles.dials));
    if (opened !== photo) return; // Another photo was opened meanwhile.
    painting = { made, source };
    show(canvasOf(made), "The painting");
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    say(`${made.width} × ${made.height} in ${seconds} s.${limits()}`);
    $("canvas").dataset.painted = Number($("canvas").dataset.painted ?? 0) + 1;
    showState();
  } finally {
    clearInterval(timer);
  }
}

/** What a person should know of a very large photo. */
function limits() {
  const pixels = photo.width * photo.height;
  if (pixels <= MOST_SAVED) return "";
  return (
    ` The photo has ${megapixels(pixels)} megapixels; ` +
    `its painting is saved with ${megapixels(MOST_SAVED)}.`
  );
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
  $("stage").parentElement.style.setProperty("--most", `${2 * width}px`);
  $("stage").parentElement.style.setProperty("--ratio", width / height);
  canvas.hidden = false;
  $("empty").hidden = true;
  $("sources").hidden = false;
  $("actions").hidden = camera.on;
  $("taking").hidden = !camera.on;
  $("stage").classList.add("full");
  press("compare", false);
}

/** Shows or hides the photo's depth map beside that of its painting. */
function toggleMaps() {
  press("depths", !pressed("depths"));
  if (!pressed("depths")) $("maps").hidden = true;
  else if (!busy) work(showMaps);
}

async function showMaps() {
  const { source, made } = painting;
  const said = $("status").textContent;
  for (const [id, image] of [
    ["photo-map", source],
    ["painting-map", made],
  ]) {
    drawMap($(id), await painter.depth(image, loading));
  }
  say(said);
  if (!painting || !pressed("depths")) return;
  const shown = $("maps").hidden;
  $("maps").hidden = false;
  if (shown) $("maps").scrollIntoView({ block: "nearest" });
  $("maps").dataset.shown = Number($("maps").dataset.shown ?? 0) + 1;
}

// ---- Photos, style files, the camera --------------------------------------

/** Takes files: style files join the list, the first other one is opened. */
async function take(given) {
  const files = [...given];
  for (const file of files.filter(isStyle)) await takeStyle(file);
  const other = files.find((file) => !isStyle(file));
  if (other) await takePhoto(other);
}

async function takePhoto(file) {
  try {
    const opened = await openPhoto(file);
    stopCamera();
    photo = opened;
    painting = null;
    $("maps").hidden = true;
    showState();
    show(photo.canvas, "The photo");
    if (!ready) say("The photo is open; the network is still loading …");
    want(chosenSize());
  } catch (error) {
    complain(error);
  }
}

async function takeStyle(file) {
  try {
    await loaded;
    const rows = await readStyle(file, painter.styles);
    const name = file.name.replace(/\.style$/i, "");
    const number = painter.addStyle(name, rows);
    const picture = document.createElement("img");
    picture.src = "network/thumbnail.jpg";
    await picture.decode();
    const { width, height } = picture;
    const shapes = pixelsOf(picture, width, height, Infinity);
    const half = painter.styles.dials.map(() => 0.5);
    const made = await painter.paint(shapes, { [number]: 1 }, half);
    const chosen = showStyle(number, name, canvasOf(made).toDataURL());
    chosen.checked = true;
    chosen.parentElement.scrollIntoView({ block: "nearest" });
    say(`“${file.name}” is in the list of styles.`);
    want(chosenSize());
  } catch (error) {
    complain(error);
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
  photo = painting = null;
  $("maps").hidden = true;
  showState();
  while (busy) await new Promise((resolve) => setTimeout(resolve, 50));
  await work(paintFrames);
  stopCamera();
}

async function paintFrames() {
  let frames = 0;
  const since = performance.now();
  while (camera.on) {
    const { videoWidth, videoHeight } = camera.video;
    const choice = ready && asked(painter.styles.dials);
    const most = choice && !painter.isFast(choice[0]) ? SLOW_FRAME : FRAME;
    const image = pixelsOf(camera.video, videoWidth, videoHeight, most);
    const made = ready ? await painter.paintFrame(image, ...choice) : image;
    if (!camera.on) break;
    show(canvasOf(made), "The camera, painted");
    const rate = (++frames * 1000) / (performance.now() - since);
    say(`Camera: ${rate.toFixed(1)} pictures a second.`);
    await new Promise(requestAnimationFrame);
  }
}

function stopCamera() {
  if (camera.on) camera.stop();
  $("taking").hidden = true;
}

function snap() {
  const { video } = camera;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => takePhoto(new File([blob], "camera.png")));
}

async function save() {
  saving = true;
  showState();
  const opened = photo;
  const name = opened.file.name.replace(/\.[^.]*$/, "") || "photo";
  try {
    say("Saving, along the edges of the photo …");
    const { made, source } = painting;
    const canvas = await enlarger.enlarge(opened, made, source, progress);
    await download(canvas, `${name}.painted.jpg`);
    const less = canvas.width < opened.width;
    say(
      `Saved at ${canvas.width} × ${canvas.height}` +
        (less ? ", for there is no room for the size of the photo." : "."),
    );
  } catch (error) {
    complain(error);
  }
  saving = false;
  showState();
}

// ---- Buttons, keys, drops -------------------------------------------------

const actions = {
  open: () => $("file").click(),
  again: () => $("file").click(),
  add: () => $("style-file").click(),
  snap,
  save,
  compare() {
    const on = !pressed("compare");
    if (on) show(photo.canvas, "The photo");
    else show(canvasOf(painting.made), "The painting");
    press("compare", on);
  },
  depths: toggleMaps,
  cancel() {
    wanted = null;
    enlarger.cancel();
    if (busy) painter.cancel();
  },
};
for (const [id, action] of Object.entries(actions)) {
  $(id).addEventListener("click", action);
}
for (const button of document.querySelectorAll(".camera")) {
  button.addEventListener("click", startCamera);
}
const keys = {
  o: "open",
  s: "save",
  c: "compare",
  d: "depths",
  Escape: "cancel",
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("select")) return; // Letters choose in it.
  const button = $(keys[event.key]);
  const hidden = event.key === "Escape" && button.hidden;
  if (button && !button.disabled && !hidden) {
    event.preventDefault();
    actions[button.id]();
  }
});
for (const id of ["file", "style-file"]) {
  $(id).addEventListener("change", () => {
    const [file] = $(id).files;
    if (file) (id === "file" ? takePhoto : takeStyle)(file);
    $(id).value = ""; // The same file may be chosen again.
  });
}
$("controls").addEventListener("submit", (event) => event.preventDefault());
$("controls").addEventListener("input", (event) => {
  showValues();
  // A dial that moves is shown at once, and in full where it is let go.
  if (event.target.type === "range") want(PREVIEW);
});
$("controls").addEventListener("change", () => {
  showValues();
  want(chosenSize());
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
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  take(event.clipboardData.files);
});

// ---- Start ----------------------------------------------------------------

async function start() {
  const quiet = () => photo || $("status").classList.contains("wrong");
  await painter.load((part, text) => {
    progress(part);
    if (!quiet()) say(`${text} …`);
  });
  showChoices(painter.styles, painter.about.thumbnails);
  ready = true;
  showState();
  if (photo) want(chosenSize());
  else if (!quiet()) say("Ready.");
}

const loaded = start();
loaded.catch((error) => {
  progress();
  say(`The network could not be loaded: ${error.message}`, true);
});
