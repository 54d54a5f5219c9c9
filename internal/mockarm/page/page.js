// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

import { byId, count, setText } from "./dom.js";
import { FaultPanel } from "./faults.js";
import { fillTables, showDetails } from "./facts.js";
import { RequestLog } from "./log.js";
import { Picture } from "./picture.js";
import { readWorld } from "./world.js";

const pause = 1_000; // between two looks at the mock

let world;
let version = "";
let drawing;
let chosen;
let zoom = 1;
let looking = Promise.resolve();

const log = new RequestLog();
const faults = new FaultPanel(send);
const picture = new Picture(byId("picture"), showChosen);

// ask reads from the control plane. It returns undefined for what has not changed.
async function ask(path, headers = {}) {
  const answer = await fetch(path, { headers, cache: "no-store", redirect: "error" });
  if (answer.status === 304) {
    return undefined;
  }
  if (!answer.ok) {
    throw new Error((await answer.json()).error);
  }
  return { headers: answer.headers, body: await answer.json() };
}

// send changes something, and looks at what has become of the mock.
async function send(method, path, body) {
  const answer = await fetch(path, { method, body, redirect: "error" });
  const told = await answer.json();
  if (!answer.ok) {
    throw new Error(told.error);
  }
  look();
  return told;
}

// look asks for what is new, one look after another.
function look() {
  looking = looking.then(lookOnce);
  return looking;
}

async function lookOnce() {
  try {
    if (!log.paused) {
      const requests = await ask(`requests?after=${log.last}`);
      log.add(requests.body, Number(requests.headers.get("Mockarm-Oldest-Request")));
    }
    faults.show((await ask("faults")).body);
    const state = await ask("state", version ? { "If-None-Match": version } : {});
    if (state) {
      version = state.headers.get("ETag");
      world = readWorld(state.body);
      draw();
    }
    setText(byId("connection"), "live");
    document.body.classList.remove("lost");
  } catch (error) {
    setText(byId("connection"), `no answer from the mock (${error.message}); is it running? A new one needs this page loaded anew.`);
    document.body.classList.add("lost");
  }
}

function draw() {
  const filter = byId("world-filter").value;
  drawing = picture.draw(world, filter);
  fillTables(world, filter, (key) => picture.choose(key));
  showChosen(chosen);
  resize();
  const numbers = (...kinds) => [...world.objects.values()].filter((o) => kinds.includes(o.kind)).length;
  setText(byId("summary"), [
    count(numbers("subscription"), "subscription"), count(numbers("resourceGroup"), "resource group"),
    count(numbers("identity"), "user-assigned identity", "user-assigned identities"), count(numbers("machine"), "virtual machine"),
    numbers("scaleSet") && count(numbers("scaleSet"), "scale set"), count(world.relations.filter((r) => r.kind === "mayDo").length, "role assignment"),
  ].filter(Boolean).join(" · "));
  setText(byId("hidden"), drawing.hidden ? `${count(drawing.hidden, "object")} are drawn in a summary. Narrow the world to see them.` : "");
}

function showChosen(key) {
  chosen = key;
  showDetails(byId("details"), world?.objects.get(key?.replace(/^at /, "")), drawing?.nodes.find((node) => node.key === key && node.standsFor),
    (other) => picture.choose(other));
}

// resize has the picture fit its place, down to where its text can still be read.
function resize() {
  const room = byId("picture-room").clientWidth;
  const fit = drawing ? Math.max(0.8, Math.min(1.15, room / drawing.width)) : 1;
  byId("picture").setAttribute("width", Math.floor((drawing?.width ?? room) * fit * zoom));
  byId("picture").setAttribute("height", Math.floor((drawing?.height ?? 200) * fit * zoom));
}

function zoomBy(factor) {
  zoom = factor === 0 ? 1 : Math.max(0.4, Math.min(3, zoom * factor));
  resize();
}

byId("world-filter").addEventListener("input", () => world && draw());
byId("zoom-in").addEventListener("click", () => zoomBy(1.25));
byId("zoom-out").addEventListener("click", () => zoomBy(0.8));
byId("zoom-fit").addEventListener("click", () => zoomBy(0));
new ResizeObserver(resize).observe(byId("picture-room"));

const question = byId("reset-question");
byId("reset").addEventListener("click", () => question.showModal());
byId("reset-no").addEventListener("click", () => question.close());
byId("reset-yes").addEventListener("click", async () => {
  question.close();
  try {
    await send("POST", "reset");
    setText(byId("connection"), "the world is as it began");
  } catch (error) {
    setText(byId("connection"), error.message);
  }
});

// The mock is asked once a second, and not at all while nobody can see the page.
async function watch() {
  if (!document.hidden) {
    await look();
  }
  setTimeout(watch, pause);
}
watch();
