// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

import { count, shape } from "./dom.js";
import { layOut } from "./layout.js";
import { actsAs, describe, inWords, kinds } from "./world.js";

// glyphs are drawn in a square of 16.
const glyphs = {
  identity: "M8 1.5a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 0 1 0-6.4zM2 14.5c0-3 2.6-5 6-5s6 2 6 5z",
  systemAssigned: "M8 1.5a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 0 1 0-6.4zM2 14.5c0-3 2.6-5 6-5s6 2 6 5z",
  machine: "M1.5 2.5h13v8h-13zM5 14h6M8 10.5V14",
  scaleSet: "M4.5 1.5h10v6.5M1.5 5h10v7h-10zM4 14.5h5",
  ServicePrincipal: "M8 1.5l5.6 3.2v6.6L8 14.5l-5.6-3.2V4.7zM8 8l5.6-3.3M8 8v6.5M8 8L2.4 4.7",
  User: "M8 2a3 3 0 1 1 0 6a3 3 0 0 1 0-6zM2.5 14c0-2.6 2.4-4.4 5.5-4.4s5.5 1.8 5.5 4.4",
  Group: "M5.5 3a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5zM1 13.5c0-2.3 2-3.7 4.5-3.700s4.5 1.4 4.5 3.700M10.5 3.5a2.2 2.2 0 1 1 0 4.400M12 10c1.8.4 3 1.6 3 3.3",
  issuer: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM1.5 8h13M8 1.5c-4.5 4-4.5 9 0 13M8 1.5c4.5 4 4.5 9 0 13",
  gone: "M3 3l10 10M13 3L3 13",
  many: "M3 8h.1M8 8h.1M13 8h.1",
};

const headings = { issuer: "Outside issuers", principal: "Identities and other principals", machine: "Machines", scope: "Roles at scopes" };

// A Picture draws a world, tells which object somebody is interested in, and lets arrow keys walk from object to object.
export class Picture {
  #svg;
  #choose;
  #drawing;
  #chosen;
  #at; // key of the object that the Tab key comes to
  #known; // keys that were drawn before; what is new is shown to be

  constructor(svg, choose) {
    this.#svg = svg;
    this.#choose = choose;
    svg.addEventListener("keydown", (event) => this.#walk(event));
    svg.addEventListener("pointerover", (event) => this.#point(event.target.closest("[data-key]")));
    svg.addEventListener("pointerleave", () => this.#point(document.activeElement?.closest?.("#picture [data-key]")));
    svg.addEventListener("focusin", (event) => {
      const stop = event.target.closest("[data-key]");
      this.#at = stop?.dataset.key;
      this.#point(stop);
    });
    svg.addEventListener("focusout", () => this.#point(null));
    svg.addEventListener("click", (event) => this.choose(event.target.closest("[data-key]")?.dataset.key));
  }

  // draw shows what a filter leaves of a world, and returns what is drawn.
  draw(world, filter) {
    const hadFocus = this.#svg.contains(document.activeElement);
    const drawing = layOut(world, filter);
    this.#drawing = drawing;
    this.#svg.setAttribute("viewBox", `0 0 ${drawing.width} ${drawing.height}`);
    this.#svg.replaceChildren(
      arrowheads(),
      ...Object.entries(headings).filter(([column]) => drawing.nodes.some((node) => node.column === column))
        .map(([column, text]) => shape("text", { class: "column", x: drawing.columns[column], y: 22 }, text)),
      ...drawing.frames.map(({ x, y, width, height, depth }) => shape("rect", { class: `frame depth${depth}`, x, y, width, height, rx: 8 })),
      ...drawing.lines.map(drawLine),
      ...drawing.frames.map((frame) => this.#frame(frame)),
      ...drawing.nodes.map((node) => this.#node(node)),
    );
    const stops = this.#stops();
    this.#known = new Set(stops.map((stop) => stop.dataset.key));
    const stop = stops.find((stop) => stop.dataset.key === this.#at) ?? stops[0];
    stop?.setAttribute("tabindex", "0");
    if (hadFocus) {
      stop?.focus({ preventScroll: true });
    }
    return drawing;
  }

  // choose marks an object as the one that the details are about.
  choose(key) {
    this.#chosen = key;
    for (const stop of this.#stops()) {
      stop.setAttribute("aria-pressed", String(stop.dataset.key === key));
    }
    this.#choose(key);
  }

  #stops() {
    return [...this.#svg.querySelectorAll('[role="button"]')];
  }

  #button(key, label, fresh) {
    return {
      role: "button", tabindex: "-1", "data-key": key, "aria-label": label, "aria-pressed": String(key === this.#chosen),
      class: fresh && this.#known && !this.#known.has(key) ? "fresh" : undefined,
    };
  }

  #frame(frame) {
    const { object, x, y } = frame;
    const words = [kinds[object.kind], object.facts.Location, object.state === "Succeeded" ? undefined : object.state].filter(Boolean).join(" · ");
    const locks = object.locks.map((lock) => lock.level).join(", ");
    const label = `${describe(object)}${locks && `, locked: ${locks}`}`;
    const name = short(frame.name, 34);
    return shape("g", this.#button(object.key, label, true),
      shape("rect", { class: "frame-room", x: x + 8, y: y + 5, width: 220, height: 22, rx: 4 }),
      shape("text", { class: `frame-name depth${frame.depth}`, x: x + 14, y: y + 20 }, name,
        shape("tspan", { class: "kind", dx: 8 }, words), locks && shape("tspan", { class: "lock", dx: 8 }, `locked: ${locks}`)));
  }

  #node(node) {
    const { key, object, column, x, y, width, height } = node;
    const box = (kind) => shape("rect", { class: `box ${kind}`, x, y, width, height, rx: column === "own" ? 4 : 6 });
    if (node.standsFor) {
      return shape("g", this.#button(key, node.name), box("many"), glyph("many", x + 12, y + 15), ...texts(node, node.name, "narrow the world to see them"));
    }
    if (column === "scope") {
      return shape("g", this.#button(key, `Roles at ${describe(object)}: ${node.roles.map((r) => r.name).join(", ")}`, true), box("scope"),
        shape("text", { class: "name", x: x + 14, y: y + 19 }, short(object.name, 22)),
        shape("text", { class: "kind", x: x + 14, y: y + 34 }, kinds[object.kind]),
        ...node.roles.map((role) => shape("text", { class: "role", x: x + 14, y: role.y + 4 }, short(role.name, 24))));
    }
    const locks = object.locks.map((lock) => lock.level).join(", ");
    const doing = object.state && object.state !== "Succeeded" ? object.state : undefined;
    const dead = object.relations.filter((r) => r.kind === "attached" && r.target === object && r.dead).length;
    const sub = [locks && `locked: ${locks}`, doing, dead && `${dead} dead`].filter(Boolean);
    const label = [describe(object), ...sub, ...relationsInWords(object)].join(", ");
    if (column === "own") {
      return shape("g", this.#button(key, label, true), box("own"), shape("text", { class: "own-name", x: x + 10, y: y + 15 }, "system-assigned identity"));
    }
    return shape("g", this.#button(key, label, true), box(object.kind), glyph(object.kind, x + 12, y + 15),
      ...texts(node, object.name, [kinds[object.kind], ...sub].join(" · "), sub.length ? "attention" : ""));
  }

  // #point brings out an object with everything that it is related to.
  #point(stop) {
    const key = stop?.dataset.key;
    const related = new Set();
    const object = this.#drawing?.nodes.find((node) => node.key === key)?.object;
    const actors = new Set(object && stop.dataset.key === object.key ? [...actsAs(object)].map((each) => each.key) : []);
    for (const line of this.#drawing?.lines ?? []) {
      const ends = [line.from, line.to, line.from.inside].filter(Boolean);
      const on = key !== undefined && ends.some((end) => end.key === key || end.key === `at ${key}`) || line.kind === "mayDo" && actors.has(line.from.key);
      this.#svg.querySelector(`[data-line="${CSS.escape(line.id)}"]`)?.classList.toggle("on", on);
      if (on) {
        ends.forEach((end) => related.add(end.key));
      }
    }
    related.add(key);
    this.#svg.classList.toggle("pointed", related.size > 1);
    for (const each of this.#stops()) {
      each.classList.toggle("on", related.has(each.dataset.key));
    }
  }

  #walk(event) {
    const stops = this.#stops();
    const at = stops.indexOf(event.target);
    const next = {
      ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: stops.length - 1,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(event.target.dataset.key);
    } else if (at >= 0 && stops[next]) {
      event.preventDefault();
      event.target.setAttribute("tabindex", "-1");
      stops[next].setAttribute("tabindex", "0");
      stops[next].focus();
    }
  }
}

function relationsInWords(object) {
  const words = { attached: "attached", mayDo: "role assignment", federated: "federated credential" };
  return Object.entries(words).flatMap(([kind, word]) => {
    const number = object.relations.filter((r) => r.kind === kind).length;
    return number && kind !== "attached" ? [count(number, word)] : number ? [`${number} ${word}`] : [];
  });
}

function texts({ x, y }, name, sub, more = "") {
  return [
    shape("text", { class: "name", x: x + 38, y: y + 20 }, short(name, 20)),
    shape("text", { class: `kind ${more}`, x: x + 38, y: y + 36 }, short(sub, 28)),
  ];
}

const glyph = (kind, x, y) => shape("path", { class: `glyph ${kind}`, d: glyphs[kind] ?? glyphs.gone, transform: `translate(${x} ${y})` });

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function drawLine(line) {
  const more = line.relations.length > 1 ? ` (${line.relations.length})` : "";
  return shape("g", { class: `line ${line.kind}${line.broken ? " broken" : ""}`, "data-line": line.id },
    shape("path", { d: line.path, "marker-end": `url(#${line.broken ? "broken" : line.kind}-end)` }),
    shape("title", {}, inWords(line.relations[0]) + more));
}

function arrowheads() {
  const head = (kind, d) => shape("marker", { id: `${kind}-end`, class: `head ${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
    shape("path", { d }));
  const arrow = "M0 0.5L8 4L0 7.5z";
  return shape("defs", {}, head("attached", "M4 1a3 3 0 1 1 0 6a3 3 0 0 1 0-6z"), head("mayDo", arrow), head("federated", arrow), head("broken", "M1 1L7 7M7 1L1 7"));
}
