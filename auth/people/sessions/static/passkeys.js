// Passkeys in the browser: begin at the server, ask the authenticator, finish at the server.
"use strict";

const main = document.querySelector("main");
const button = document.querySelector("button[type=button]");
const trouble = document.querySelector("[role=alert]");
const status = document.querySelector("[role=status]");

function toBytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function toText(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function send(path, body) {
  const response = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

function readOptions(given) {
  const options = { ...given, challenge: toBytes(given.challenge) };
  if (given.user) options.user = { ...given.user, id: toBytes(given.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (given[list]) options[list] = given[list].map((each) => ({ ...each, id: toBytes(each.id) }));
  }
  return options;
}

function writeCredential(credential) {
  const response = {};
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  for (const name of names) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response };
}

async function signIn() {
  const publicKey = readOptions(await send("/sign-in/begin", {}));
  const credential = writeCredential(await navigator.credentials.get({ publicKey }));
  return send("/sign-in/finish", { credential, next: main.dataset.next });
}

async function register() {
  // The secret stands behind the #, which browsers keep to themselves: no log has it.
  const invitation = location.hash.slice(1);
  const publicKey = readOptions(await send("/invitation/begin", { invitation }));
  const credential = writeCredential(await navigator.credentials.create({ publicKey }));
  return send("/invitation/finish", { invitation, credential });
}

async function add() {
  const publicKey = readOptions(await send("/passkeys/begin", {}));
  const credential = writeCredential(await navigator.credentials.create({ publicKey }));
  return send("/passkeys/finish", { credential });
}

const ACTS = { "sign-in": signIn, register, add };

button?.addEventListener("click", async () => {
  button.disabled = true;
  trouble.textContent = "";
  status.textContent = main.dataset.waiting;
  try {
    const answer = await ACTS[main.dataset.does]();
    location.replace(answer.next);
  } catch (error) {
    trouble.textContent = error.name === "NotAllowedError" ? main.dataset.stopped : error.message;
    button.disabled = false;
    status.textContent = "";
    trouble.focus();
  }
});
