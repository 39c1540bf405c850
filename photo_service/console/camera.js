// A picture from the camera of a desktop; phones bring their own camera through the file input.

import { button, h, s } from "/console/dom.js";
import { figure } from "/console/geometry.js";
import { t } from "/console/texts.js";

// What the picture is saved with; the rules want no visible compression.
const QUALITY = 0.95;
const MOST_PIXELS = { width: { ideal: 1920 }, height: { ideal: 1440 } };

/** Whether a camera may be asked for here: only over HTTPS or on this machine. */
export function hasCamera() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Take one picture; resolves to a File, or to null when the person gives up.
 *
 * `bands`: of `portraitBands`, for a guide and the proportions; null takes all the camera sees. */
export async function takePicture(bands) {
  const video = h("video", { playsinline: true, muted: true, "aria-label": t("camera_view") });
  const guide = bands ? guideOf(bands) : null;
  const message = h("p", { class: "hint", role: "status" }, t("camera_starting"));
  let taken = null;
  const shoot = button(
    t("camera_shoot"),
    async () => {
      taken = await still(video, bands);
      dialog.close();
    },
    "primary",
  );
  shoot.disabled = true;
  const cancel = button(t("cancel"), () => dialog.close());
  const dialog = h(
    "dialog",
    { class: "dialog camera", "aria-labelledby": "camera-title" },
    h("h2", { id: "camera-title" }, t("camera_title")),
    h("div", { class: bands ? "viewfinder portrait" : "viewfinder" }, video, guide),
    message,
    h("div", { class: "actions" }, shoot, cancel),
  );
  document.body.append(dialog);
  dialog.showModal();
  let stream = null;
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", resolve, { once: true });
  });
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: MOST_PIXELS, audio: false });
    video.srcObject = stream;
    await video.play();
    message.textContent = t(bands ? "camera_hint_portrait" : "camera_hint");
    shoot.disabled = false;
    shoot.focus();
  } catch {
    message.textContent = t("camera_refused");
  }
  await closed;
  for (const track of stream?.getTracks() ?? []) track.stop();
  dialog.remove();
  return taken;
}

async function still(video, bands) {
  const [w, z] = [video.videoWidth, video.videoHeight];
  const width = bands ? Math.min(w, Math.round(z * bands.ratio)) : w;
  const height = bands ? Math.min(z, Math.round(width / bands.ratio)) : z;
  const canvas = h("canvas", { width, height });
  canvas
    .getContext("2d")
    .drawImage(video, (w - width) / 2, (z - height) / 2, width, height, 0, 0, width, height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}

function guideOf(bands) {
  const [width, height] = [300 * bands.ratio, 300];
  return s(
    "svg",
    { class: "guide", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    figure(bands, width, height),
    [bands.crown, bands.eyes].map(([low, high]) =>
      s("rect", { class: "band", x: 0, y: low * height, width, height: (high - low) * height }),
    ),
  );
}
