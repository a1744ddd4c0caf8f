// The login over a page: mail address and password, a second factor where there is one, or the
// machine's token.

import { logIn } from "./api.js";

const find = (id) => document.getElementById(id);
const SECOND_FACTOR = "/problems/second-factor";
const dialog = find("login");
const state = { isMachine: false, opened: () => {} };

function show() {
  for (const part of dialog.querySelectorAll("[data-way]")) {
    part.hidden = (part.dataset.way === "machine") !== state.isMachine;
  }
  for (const id of ["email", "password"]) find(id).required = !state.isMachine;
  find("token").required = state.isMachine;
  find("other-way").textContent = state.isMachine ? "Use a mail address" : "Use the machine's token";
  if (state.isMachine) find("code-label").hidden = true;
}

function credentials() {
  if (state.isMachine) return { token: find("token").value };
  const given = { email: find("email").value, password: find("password").value };
  return find("code-label").hidden ? given : { ...given, code: find("code").value };
}

function askCode() {
  find("code-label").hidden = false;
  find("code").value = "";
  find("code").focus();
}

/** Ask until somebody is let in; then call `opened`. */
export function openLogin(opened) {
  state.opened = opened;
  if (dialog.open) return;
  show();
  dialog.showModal();
}

dialog.addEventListener("cancel", (event) => event.preventDefault());
find("other-way").addEventListener("click", () => {
  state.isMachine = !state.isMachine;
  show();
});
dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("login-fault").textContent = "";
  try {
    await logIn(credentials());
    for (const id of ["token", "password", "code"]) find(id).value = "";
    find("code-label").hidden = true;
    dialog.close();
    state.opened();
  } catch (error) {
    const isFirst = error.type === SECOND_FACTOR && find("code-label").hidden;
    if (error.type === SECOND_FACTOR) askCode();
    find("login-fault").textContent = isFirst ? "" : error.message;
  }
});
