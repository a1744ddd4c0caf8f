// The pages that links of ours open: set-up, invitation, another password. The path says which.

import { post } from "./api.js";

const find = (id) => document.getElementById(id);
const HOME = new URL("./", import.meta.url).href;
const [kind, ticket] = location.href.slice(HOME.length).split(/[/?#]/);

const PAGES = {
  setup: {
    title: "Set up a login",
    text: "You will be the first owner. From then on nobody gets in without a login.",
    fields: ["email", "name", "password"],
    go: "Sign up",
    send: (given) => post("setup", { ticket, ...given }),
  },
  invitation: {
    title: "Join Nightclerk",
    fields: ["email", "name", "password"],
    go: "Join",
    async prepare() {
      const found = await post("invitations/opening", { ticket });
      find("email").value = found.email;
      find("email").readOnly = true;
      find("text").textContent = `${found.invited_by} invites you to ${found.tenant} as ${found.role}.`;
    },
    send: ({ name, password }) => post("invitations/acceptance", { ticket, name, password }),
  },
  reset: {
    title: "Choose another password",
    text: "All your other logins end.",
    fields: ["password"],
    go: "Save",
    send: (given) => post("password-resets/completion", { ticket, ...given }),
  },
  forgotten: {
    title: "Forgot the password?",
    text: "If somebody logs in by that address, a link to another password is on its way to it.",
    fields: ["email"],
    go: "Send the link",
    stays: "If that address is known, the link is on its way. It works for an hour.",
    send: (given) => post("password-resets", given),
  },
};

const page = ticket === "forgotten" ? PAGES.forgotten : PAGES[kind];

function end(sentence) {
  find("fault").textContent = sentence;
  for (const name of ["email", "name", "password"]) find(`${name}-label`).hidden = true;
  find("go").hidden = true;
  find("text").hidden = true;
}

async function open() {
  document.title = `${page.title} · Nightclerk`;
  find("title").textContent = page.title;
  find("text").textContent = page.text ?? "";
  find("go").textContent = page.go;
  for (const name of ["email", "name", "password"]) {
    find(`${name}-label`).hidden = !page.fields.includes(name);
    find(name).required = page.fields.includes(name);
  }
  find("form").hidden = false;
  try {
    await page.prepare?.();
  } catch (error) {
    end(error.message);
  }
}

find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("fault").textContent = "";
  find("go").disabled = true;
  try {
    await page.send(Object.fromEntries(page.fields.map((name) => [name, find(name).value])));
    if (!page.stays) return location.replace(HOME);
    end("");
    find("text").textContent = page.stays;
    find("text").hidden = false;
  } catch (error) {
    if (error.status === 410) end(error.message);
    find("fault").textContent = error.message;
  }
  find("go").disabled = false;
  return undefined;
});

open();
