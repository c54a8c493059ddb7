import { $ } from "./dom.js";

/**
 * Asks for the server's key.
 *
 * @param {string} message of the server
 * @returns {Promise<string|null>} the key, or null if none was given
 */
export function keyDialog(message) {
  const dialog = $("key");
  const field = $("key-field");
  field.value = "";
  $("key-message").textContent = message;
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    let key = null;
    $("key-form").onsubmit = () => {
      key = field.value.trim() || null;
    };
    $("key-close").onclick = () => dialog.close();
    dialog.onclose = () => resolve(key);
  });
}
