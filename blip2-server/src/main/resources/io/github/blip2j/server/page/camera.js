import { $, el, show } from "./dom.js";

/**
 * The dialog that takes a photograph. Where the browser lends no camera to pages, which it does on
 * secure addresses and on this machine only, the button opens the file choice, which on a phone is
 * the camera.
 *
 * @param {(photograph: File) => void} take
 */
export function camera(take) {
  const dialog = $("camera");
  const view = $("camera-view");
  let facing = "environment";
  let stream = null;

  const close = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    view.srcObject = null;
  };
  const open = async () => {
    close();
    show($("camera-notice"), false);
    $("camera-take").disabled = true;
    try {
      const lent = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 } } });
      if (!dialog.open) {
        lent.getTracks().forEach((track) => track.stop());
        return;
      }
      stream = lent;
      view.srcObject = lent;
      await view.play();
      $("camera-take").disabled = false;
    } catch (e) {
      $("camera-notice").textContent =
        e.name === "NotAllowedError"
          ? "The browser does not let this page use the camera."
          : "No camera was found. Choose a picture instead.";
      show($("camera-notice"), true);
    }
  };

  $("photograph").addEventListener("click", () => {
    if (!navigator.mediaDevices?.getUserMedia) {
      $("snap").click();
      return;
    }
    dialog.showModal();
    open();
  });
  dialog.addEventListener("close", close);
  $("camera-close").addEventListener("click", () => dialog.close());
  $("camera-turn").addEventListener("click", () => {
    facing = facing === "environment" ? "user" : "environment";
    open();
  });
  $("camera-take").addEventListener("click", () => {
    const canvas = el("canvas", { width: view.videoWidth, height: view.videoHeight });
    canvas.getContext("2d").drawImage(view, 0, 0);
    canvas.toBlob((blob) => {
      dialog.close();
      take(new File([blob], "photograph.jpg", { type: "image/jpeg" }));
    }, "image/jpeg", 0.95);
  });
}
