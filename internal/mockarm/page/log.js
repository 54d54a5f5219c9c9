// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

import { byId, count, element, setText } from "./dom.js";

const mostRows = 200;
const mostRecords = 10_000; // as many as the mock keeps
const announceEvery = 5_000;
const kindNames = { arm: "ARM", entra: "Entra", imds: "IMDS", metadata: "metadata", issuer: "issuer" };

// outcomes are what the log can be narrowed to by status.
const outcomes = {
  "": () => true,
  succeeded: (r) => r.status >= 200 && r.status < 400,
  failed: (r) => r.status === 0 || r.status >= 400,
  throttled: (r) => r.status === 429,
  fault: (r) => Boolean(r.fault),
};

// A RequestLog shows the newest requests first, as many as fit and as its filters leave.
export class RequestLog {
  #records = []; // oldest first
  #since = 0; // how many have come since it was last said
  #said = 0;

  constructor() {
    for (const id of ["log-kind", "log-outcome", "log-text"]) {
      byId(id).addEventListener("input", () => this.#show());
    }
    const pause = byId("log-pause");
    pause.addEventListener("click", () => {
      const paused = pause.getAttribute("aria-pressed") !== "true";
      pause.setAttribute("aria-pressed", String(paused));
      setText(pause, paused ? "Resume" : "Pause");
      setText(byId("log-state"), paused ? "Paused. What comes in meanwhile is shown afterwards." : "");
    });
    this.#show();
  }

  // paused tells whether nothing new is to be shown.
  get paused() {
    return byId("log-pause").getAttribute("aria-pressed") === "true";
  }

  // last is the number of the newest request.
  get last() {
    return this.#records.at(-1)?.number ?? 0;
  }

  // add takes up new requests, oldest first, and drops those that the mock has dropped.
  add(records, oldest) {
    const kept = this.#records.filter((r) => r.number >= oldest).concat(records).slice(-mostRecords);
    if (records.length === 0 && kept.length === this.#records.length) {
      return;
    }
    this.#records = kept;
    this.#since += records.length;
    this.#show();
    this.#announce();
  }

  #shown() {
    const kind = byId("log-kind").value;
    const outcome = outcomes[byId("log-outcome").value];
    const text = byId("log-text").value.trim().toLowerCase();
    return this.#records.filter((r) => (!kind || r.kind === kind) && outcome(r) &&
      (!text || [r.method, r.path, r.query, r.status, who(r), r.fault].join(" ").toLowerCase().includes(text)));
  }

  #show() {
    const shown = this.#shown();
    byId("log-rows").replaceChildren(...shown.slice(-mostRows).reverse().map(drawRecord));
    const of = shown.length === this.#records.length ? count(shown.length, "request") : `${shown.length} of ${count(this.#records.length, "request")}`;
    setText(byId("log-count"), shown.length > mostRows ? `The newest ${mostRows} of ${of}` : of);
  }

  // #announce says what has come in, now and then: not every line of what may be hundreds.
  #announce() {
    const now = Date.now();
    if (this.#since === 0 || now - this.#said < announceEvery) {
      return;
    }
    const newest = this.#records.slice(-this.#since);
    const [failed, throttled, struck] = ["failed", "throttled", "fault"].map((name) => newest.filter(outcomes[name]).length);
    setText(byId("log-state"), [
      count(this.#since, "new request"), failed && `${failed} failed`, throttled && `${throttled} throttled`, struck && `${struck} struck by a fault`,
    ].filter(Boolean).join(", "));
    this.#said = now;
    this.#since = 0;
  }
}

const who = (r) => r.callerName || r.caller || "";

function drawRecord(r) {
  const bad = r.status === 0 || r.status >= 400;
  const marks = [
    r.status === 429 && !r.fault && element("span", { class: "mark throttled" }, "throttled"),
    r.fault && element("span", { class: "mark fault" }, `fault: ${r.fault}`),
  ].filter(Boolean);
  return element("tr", { class: r.fault ? "fault" : bad ? "bad" : undefined },
    element("td", { class: "time" }, element("time", { datetime: r.time, title: r.time }, r.time.slice(11, 23))),
    element("td", {}, kindNames[r.kind] ?? r.kind),
    element("td", { class: "method" }, r.method),
    element("td", { class: "path", title: r.query ? `${r.path}?${r.query}` : r.path }, ...pathParts(r), ...marks),
    element("td", { class: "status" }, r.status === 0 ? "none" : String(r.status)),
    element("td", { title: r.caller }, who(r)),
    element("td", { class: "duration" }, duration(r.duration)));
}

// pathParts sets off what a path ends in; GUIDs are cut short, since what they are in full is in the title.
function pathParts({ path, query }) {
  const cut = (text) => text.replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "$1…");
  const short = cut(path);
  const at = short.lastIndexOf("/", short.lastIndexOf("/") - 1);
  return [
    element("span", { class: "quiet" }, short.slice(0, at + 1)), short.slice(at + 1),
    ...(query ? [element("span", { class: "quiet" }, `?${cut(query)}`)] : []),
  ];
}

function duration(nanoseconds) {
  const milliseconds = nanoseconds / 1e6;
  return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
