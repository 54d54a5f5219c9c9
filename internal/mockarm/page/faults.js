// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

import { byId, count, element, setText } from "./dom.js";

// presets are faults that are worth a try, by what they do. They can be edited before they are added.
const presets = {
  "The 2nd write of a role assignment finds the service unavailable": { method: "PUT", path: "**/roleAssignments/*", nth: 2, status: 503 },
  "Every 5th request to ARM is throttled for 10 seconds": { kind: "arm", every: 5, status: 429, retryAfter: "10s" },
  "The next write of a machine loses its connection after it took effect": { method: "PATCH", path: "**/Microsoft.Compute/**", count: 1, reset: "after" },
  "The next operation on a machine fails": { path: "**/Microsoft.Compute/**", count: 1, operation: "Failed" },
  "The next operation on a machine is pre-empted, and says that it succeeded": { path: "**/Microsoft.Compute/**", count: 1, operation: "PreemptedSilently" },
  "Somebody else is faster: the next write of a machine meets a conflict": { method: "PATCH", path: "**/Microsoft.Compute/**", count: 1, status: 409 },
  "The metadata service is gone three times": { kind: "imds", count: 3, status: 410 },
  "Every answer takes two seconds": { answerDelay: "2s" },
  "The answer to the next read is cut short": { kind: "arm", method: "GET", count: 1, truncate: true },
};

// A FaultPanel lists the faults in force, adds some, and takes them away.
export class FaultPanel {
  #send;
  #shown;

  // send asks the control plane: a method, a path and a body.
  constructor(send) {
    this.#send = send;
    const preset = byId("fault-preset");
    const text = byId("fault-text");
    preset.append(...Object.keys(presets).map((name) => element("option", { value: name }, name)));
    const edit = () => (text.value = JSON.stringify(presets[preset.value], null, 1).replaceAll("\n", ""));
    preset.addEventListener("input", edit);
    edit();
    byId("fault-add").addEventListener("click", () => this.#change("POST", `[${text.value}]`));
    byId("fault-clear").addEventListener("click", () => this.#change("DELETE"));
    this.show([]);
  }

  async #change(method, body) {
    try {
      this.show(await this.#send(method, "faults", body));
      setText(byId("fault-state"), method === "POST" ? "The fault is in force." : "There are no faults any more.");
    } catch (error) {
      setText(byId("fault-state"), error.message);
    }
  }

  // show lists faults with what has become of them.
  show(list) {
    const text = JSON.stringify(list);
    if (text === this.#shown) {
      return;
    }
    this.#shown = text;
    byId("fault-list").replaceChildren(...list.map(({ fault, seen, struck }) => element("li", { class: struck ? "struck" : undefined },
      element("code", {}, JSON.stringify(fault)), ` struck ${struck} of ${count(seen, "time that it could", "times that it could")}`)));
    byId("fault-none").hidden = list.length > 0;
    byId("fault-clear").disabled = list.length === 0;
  }
}
