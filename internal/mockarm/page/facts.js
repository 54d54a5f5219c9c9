// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// The same facts as the picture's, in words: tables of all relations, and the details of one object.

import { byId, count, element } from "./dom.js";
import { actsAs, describe, inWords, kinds, matches } from "./world.js";

const mostRows = 200;

const tables = {
  attached: {
    head: ["Identity", "Kind", "Machine", "State"],
    row: ({ source, target, dead }) => [
      source.kind === "systemAssigned" ? "its own" : source.name, source.kind === "gone" ? kinds.identity : kinds[source.kind], describe(target),
      dead ? "dead: the identity was deleted since" : target.state === "Succeeded" ? "in force" : `machine is ${target.state}`,
    ],
    none: "No identity is attached to a machine.",
  },
  mayDo: {
    head: ["Who", "Role", "Scope", "Notes"],
    row: ({ source, target, role, orphan, assignment }) => [
      describe(source), role, describe(target),
      [orphan && "orphan: not in the directory", assignment.condition && "with a condition", assignment.description].filter(Boolean).join("; "),
    ],
    none: "Nobody holds a role.",
  },
  federated: {
    head: ["Issuer", "Subject", "Audience", "Identity"],
    row: ({ source, target, credential }) => [source.name, credential.subject ?? credential.claimsMatchingExpression, credential.audience, target.name],
    none: "No identity trusts an outside issuer.",
  },
};

const written = new Map(); // what is in each table

// fillTables writes the tables anew, of what a filter leaves.
export function fillTables(world, filter, onChoose) {
  const wanted = filter.trim().toLowerCase();
  for (const [kind, { head, row, none }] of Object.entries(tables)) {
    const relations = world.relations.filter((r) => r.kind === kind && (!wanted || matches(r.source, wanted) || matches(r.target, wanted)));
    const place = byId(`${kind}-table`);
    const text = relations.map(row).join("\n");
    if (written.get(place) === text) {
      continue;
    }
    written.set(place, text);
    const hadFocus = place.contains(document.activeElement);
    const body = relations.slice(0, mostRows).map((relation) => element("tr", { class: relation.dead || relation.orphan ? "broken" : undefined },
      ...row(relation).map((text, i) => element("td", {}, i === 0 ? chooser(relation.source, text, onChoose) : text))));
    const rest = relations.length - body.length;
    place.replaceChildren(
      relations.length === 0 ? element("p", { class: "none" }, none)
        : element("table", { "aria-labelledby": `${kind}-heading` },
          element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
          element("tbody", {}, ...body)),
      rest > 0 && element("p", { class: "none" }, `${count(rest, "more row")}: narrow the world to see them.`) || "");
    if (hadFocus) {
      place.focus({ preventScroll: true });
    }
  }
}

const chooser = (object, text, onChoose) => element("button", { type: "button", class: "link", onclick: () => onChoose(object.key) }, text);

// showDetails tells everything about what has been chosen: an object, or what stands for many.
export function showDetails(panel, object, standIn, onChoose) {
  const hadFocus = panel.contains(document.activeElement);
  panel.replaceChildren(...details(object, standIn, onChoose));
  if (hadFocus) {
    panel.querySelector("h3")?.focus({ preventScroll: true }); // What had it is not there any more.
  }
}

function details(object, standIn, onChoose) {
  const heading = (name) => element("h3", { tabindex: "-1" }, name);
  if (standIn) {
    return [heading(standIn.name), element("ul", {}, ...standIn.standsFor.slice(0, mostRows).map((each) =>
      element("li", {}, chooser(each, describe(each), onChoose))))];
  }
  if (!object) {
    return [element("p", { class: "none" }, "Choose something in the picture to see all of it.")];
  }
  const facts = Object.entries(object.facts).filter(([, value]) => value !== undefined && value !== "" && value !== null);
  const tags = Object.entries(object.tags);
  return [
    heading(object.name),
    element("p", { class: "kind" }, kinds[object.kind]),
    element("dl", {},
      ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]),
      ...(tags.length ? [element("dt", {}, "Tags"), ...tags.map(([name, value]) => element("dd", {}, `${name} = ${value}`))] : [])),
    ...object.locks.map((lock) => element("p", { class: "lock" }, `Locked: ${lock.level}${lock.notes ? `. ${lock.notes}` : ""}`)),
    ...related(object, onChoose),
  ];
}

function related(object, onChoose) {
  const actors = [...actsAs(object)].filter((each) => each !== object);
  const mine = [...object.relations, ...actors.flatMap((each) => each.relations.filter((r) => r.kind === "mayDo" && r.source === each))];
  const as = (r) => (r.source === object ? [] : [` as ${r.source.kind === "systemAssigned" ? "its own identity" : r.source.name}`]);
  const list = (heading, relations, item) => (relations.length === 0 ? [] : [
    element("h4", {}, heading),
    element("ul", {}, ...relations.slice(0, mostRows).map((r) => element("li", { class: r.dead || r.orphan ? "broken" : undefined, title: inWords(r) }, ...item(r)))),
    ...(relations.length > mostRows ? [element("p", { class: "none" }, `and ${count(relations.length - mostRows, "more", "more")}`)] : []),
  ]);
  const away = (kind) => mine.filter((r) => r.kind === kind && r.target !== object);
  const here = (kind) => mine.filter((r) => r.kind === kind && r.target === object);
  const named = (other) => chooser(other, describe(other), onChoose);
  const dead = (r) => (r.dead ? " (dead)" : "");
  return [
    ...list("Attached to", away("attached"), (r) => [named(r.target), dead(r)]),
    ...list("Identities", here("attached"), (r) => [named(r.source), dead(r)]),
    ...list("May do", away("mayDo"), (r) => [element("b", {}, r.role), " at ", named(r.target), ...as(r)]),
    ...list("Who may do what here", here("mayDo"), (r) => [named(r.source), " is ", element("b", {}, r.role)]),
    ...list("May act as", away("federated"), (r) => [named(r.target), ` for ${r.credential.subject ?? r.credential.claimsMatchingExpression}`]),
    ...list("Outside issuers that may act as it", here("federated"), (r) => [named(r.source), ` for ${r.credential.subject ?? r.credential.claimsMatchingExpression}`]),
  ];
}
