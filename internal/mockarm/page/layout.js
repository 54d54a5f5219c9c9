// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Where everything stands in the picture. Columns from left to right: outside issuers, identities and other principals,
// machines, and the roles that are held at scopes. A subscription is a frame over the last three, and so is a resource group
// inside of it. Lines run upright between columns only, and cross the column of machines only beside a scope's roles, where no
// machine stands. What comes from one identity or goes to one role shares a track.

import { count } from "./dom.js";
import { matches } from "./world.js";

const width = { issuer: 196, principal: 204, machine: 204, scope: 196 };
const row = 46; // the height of an object
const ownRow = 26; // that of an identity inside its machine
const roleRow = 20;
const scopeHead = 39;
const gap = 10;
const title = 32;
const track = 9;
const mostRoles = 8;
const principalKinds = new Set(["ServicePrincipal", "User", "Group", "gone"]);

// steps are how many objects are drawn in a column of a frame, and how many resource groups in a subscription: the first that is
// not too much for a picture.
const steps = [[Infinity, Infinity], [24, Infinity], [16, 24], [10, 16], [6, 12], [4, 8], [3, 6], [2, 5]];

// layOut places what a filter leaves of a world. No more than about as many objects as told are drawn one by one; what is
// more in one place is drawn as one object that tells how many they are.
export function layOut(world, filter = "", most = 70) {
  const places = placesOf(world, narrowed(world, filter.trim().toLowerCase()));
  const limits = steps.find((step) => size(places, ...step) <= most) ?? steps.at(-1);
  const drawing = { frames: [], nodes: new Map(), standIns: new Map(), hidden: 0 };
  let y = 40;
  for (const place of fewest(places.list, most)) {
    y = putPlace(drawing, place, y, 0, limits) + gap + 4;
  }
  drawing.height = y;
  putIssuers(drawing, places.issuers, limits[0]);
  const lines = linesOf(drawing, world);
  spread(drawing, lines);
  return { ...drawing, nodes: [...drawing.nodes.values()], lines };
}

// narrowed is what a filter leaves: what matches, and what that is related to.
function narrowed(world, filter) {
  const all = [...world.objects.values()];
  if (!filter) {
    return new Set(all);
  }
  const kept = new Set();
  const keep = (object) => {
    kept.add(object);
    for (const more of [object.machine, object.own]) {
      if (more) {
        kept.add(more);
      }
    }
  };
  for (const object of all.filter((object) => matches(object, filter))) {
    keep(object);
    for (const { source, target } of object.relations) {
      keep(source);
      keep(target);
    }
  }
  return kept;
}

const grantsAt = (object) => object.relations.filter((r) => r.kind === "mayDo" && r.target === object);

// placesOf sorts objects into the frames that they stand in.
function placesOf(world, kept) {
  const place = (object, name) => ({ object, name, principals: [], machines: [], scopes: [], places: [] });
  const objects = [...world.objects.values()];
  const tenants = objects.filter((o) => o.kind === "tenant");
  const directory = place(tenants[0], tenants.map((t) => t.name).join(", "));
  const groups = new Map();
  const list = [directory];
  const issuers = [];
  for (const subscription of objects.filter((o) => o.kind === "subscription")) {
    const frame = place(subscription, subscription.name);
    list.push(frame);
    groups.set(subscription.key, frame);
  }
  for (const group of objects.filter((o) => o.kind === "resourceGroup")) {
    const frame = place(group, group.name);
    groups.set(group.key, frame);
    (groups.get(subscriptionKey(group.key)) ?? directory).places.push(frame);
  }
  for (const object of objects.filter((o) => kept.has(o))) {
    const frame = groups.get(object.group ?? object.key) ?? groups.get(subscriptionKey(object.key)) ?? directory;
    if (object.kind === "issuer") {
      issuers.push(object);
    } else if (object.kind === "identity" || principalKinds.has(object.kind)) {
      frame.principals.push(object);
    } else if (object.kind === "machine" || object.kind === "scaleSet") {
      frame.machines.push(object);
    }
    if (grantsAt(object).length > 0) {
      frame.scopes.push(object);
    }
    frame.kept ||= object.kind !== "systemAssigned";
  }
  const used = (frame) => {
    frame.places = frame.places.filter(used);
    return frame.kept || frame.places.length > 0;
  };
  return { list: list.filter(used), issuers };
}

const subscriptionKey = (key) => key.split("/").slice(0, 3).join("/");

// size is how many objects are drawn within limits.
function size({ list, issuers }, limit, mostGroups) {
  const inFrame = (frame) => 1 + [frame.principals, frame.machines, frame.scopes].reduce((sum, objects) => sum + Math.min(objects.length, limit + 1), 0) +
    fewest(frame.places, mostGroups).reduce((sum, inner) => sum + inFrame(inner), 0);
  return Math.min(issuers.length, limit) + list.reduce((sum, frame) => sum + inFrame(frame), 0);
}

// fewest keeps the first of too many, those with the most relations, in their old order.
function fewest(list, limit, weight = (x) => (x.relations ? x.relations.length : size({ list: [x], issuers: [] }, Infinity, Infinity))) {
  if (list.length <= limit + 1) { // One more takes no more room than what would stand for it.
    return list;
  }
  const kept = new Set([...list].sort((a, b) => weight(b) - weight(a)).slice(0, limit));
  return list.filter((x) => kept.has(x));
}

function putPlace(drawing, place, y, depth, limits) {
  const [limit, mostGroups] = limits;
  const frame = { object: place.object, name: place.name, y, depth };
  drawing.frames.push(frame);
  const scopes = putColumn(drawing, "scope", place.scopes, y + 6, limit, place);
  const machines = putColumn(drawing, "machine", place.machines, Math.max(y + title, scopes), limit, place);
  const principals = putColumn(drawing, "principal", place.principals, y + title, limit, place);
  let bottom = Math.max(y + title, scopes, machines, principals);
  const inner = fewest(place.places, mostGroups);
  for (const each of inner) {
    bottom = putPlace(drawing, each, bottom, depth + 1, limits) + gap;
  }
  if (inner.length < place.places.length) {
    const rest = place.places.filter((each) => !inner.includes(each));
    const objects = rest.flatMap((each) => [each.object, ...each.principals, ...each.machines, ...each.scopes]);
    bottom = putStandIn(drawing, "principal", count(rest.length, "more resource group"), objects, bottom, place);
  }
  frame.height = bottom - y;
  return bottom;
}

// putColumn puts objects below each other and returns where the next one could stand.
function putColumn(drawing, column, objects, y, limit, place) {
  const drawn = fewest(objects, limit);
  for (const object of drawn) {
    const key = column === "scope" ? `at ${object.key}` : object.key;
    const node = { key, object, column, y, height: heightOf(column, object) };
    drawing.nodes.set(key, node);
    if (column === "scope") {
      putRoles(node);
    } else if (object.own) {
      drawing.nodes.set(object.own.key, { key: object.own.key, object: object.own, column: "own", y: y + row - 4, height: ownRow - 4, inside: node });
    }
    y += node.height + gap;
  }
  if (drawn.length < objects.length) {
    const rest = objects.filter((object) => !drawn.includes(object));
    const noun = { scope: "more scope", machine: "more machine", principal: "more principal", issuer: "more issuer" }[column];
    y = putStandIn(drawing, column, count(rest.length, noun), rest, y, place);
  }
  return y;
}

// putStandIn draws one object for many.
function putStandIn(drawing, column, name, objects, y, place) {
  const key = `${column}s of ${place?.object.key ?? "all"}`;
  drawing.nodes.set(key, { key, name, column, y, height: row, standsFor: objects });
  for (const object of objects) {
    for (const each of [object, object.own].filter(Boolean)) {
      drawing.standIns.set(column === "scope" ? `at ${each.key}` : each.key, key);
    }
  }
  drawing.hidden += objects.length;
  return y + row + gap;
}

function rolesAt(object) {
  const roles = [...new Set(grantsAt(object).map((r) => r.role))].sort();
  return roles.length > mostRoles ? [...roles.slice(0, mostRoles - 1), count(roles.length - mostRoles + 1, "more role")] : roles;
}

function heightOf(column, object) {
  if (column === "scope") {
    return scopeHead + rolesAt(object).length * roleRow + 6;
  }
  const attached = column === "machine" ? object.relations.filter((r) => r.kind === "attached" && r.source !== object.own).length : 0;
  return Math.max(row, attached * 8) + (object.own ? ownRow : 0);
}

function putRoles(node) {
  node.roles = rolesAt(node.object).map((name, i) => ({ name, y: node.y + scopeHead + i * roleRow + roleRow / 2 }));
}

// putIssuers puts every issuer beside the identities that trust it.
function putIssuers(drawing, issuers, limit) {
  const beside = (issuer) => {
    const ys = issuer.relations.map((r) => drawing.nodes.get(r.target.key) ?? drawing.nodes.get(drawing.standIns.get(r.target.key))).filter(Boolean).map((n) => n.y);
    return ys.length ? Math.min(...ys) : 40;
  };
  const inOrder = issuers.map((issuer) => [beside(issuer), issuer]).sort((a, b) => a[0] - b[0]);
  const drawn = new Set(fewest(issuers, limit));
  let y = 40;
  for (const [wanted, issuer] of inOrder.filter(([, issuer]) => drawn.has(issuer))) {
    y = putColumn(drawing, "issuer", [issuer], Math.max(y, wanted), 1);
  }
  const rest = issuers.filter((issuer) => !drawn.has(issuer));
  if (rest.length) {
    y = putStandIn(drawing, "issuer", count(rest.length, "more issuer"), rest, y);
  }
  drawing.height = Math.max(drawing.height, y);
}

// linesOf are the lines between what is drawn; several relations between the same two are one line.
function linesOf(drawing, world) {
  const lines = new Map();
  const find = (key) => drawing.nodes.get(key) ?? drawing.nodes.get(drawing.standIns.get(key));
  for (const relation of world.relations) {
    const { kind, source, target, role } = relation;
    const from = find(source.key);
    const to = find(kind === "mayDo" ? `at ${target.key}` : target.key);
    if (!from || !to || from === to || from.inside === to) {
      continue;
    }
    const roleAt = kind === "mayDo" && to.roles ? to.roles.find((r) => r.name === role) ?? to.roles.at(-1) : undefined;
    const broken = Boolean(relation.dead || relation.orphan);
    const id = [kind, from.key, to.key, roleAt?.name, broken].join("|");
    const line = lines.get(id) ?? { id, kind, from, to, roleAt, broken, relations: [] };
    line.relations.push(relation);
    lines.set(id, line);
  }
  return [...lines.values()];
}

// spread finds the tracks of all lines, which tell how far the columns stand apart, and with that where everything is.
function spread(drawing, lines) {
  const arriving = new Map();
  const lanes = [...drawing.nodes.values()].flatMap((node) => node.roles ?? []).map((role) => role.y);
  const leaving = new Map();
  for (const line of lines) {
    line.y0 = portOf(line, lanes, leaving);
    if (line.kind === "attached") {
      arriving.set(line.to, [...(arriving.get(line.to) ?? []), line]);
    }
    line.y1 = line.roleAt?.y ?? line.to.y + line.to.height / 2;
  }
  for (const [node, list] of arriving) {
    const height = node.height - (node.object?.own ? ownRow : 0);
    list.sort((a, b) => a.y0 - b.y0).forEach((line, i) => (line.y1 = node.y + (height * (i + 1)) / (list.length + 1)));
  }
  const between = (name) => lines.filter((line) => gutterOf(line) === name);
  const issuers = [...drawing.nodes.values()].some((node) => node.column === "issuer");
  const x = {};
  x.issuer = 12;
  x.afterIssuer = x.issuer + (issuers ? width.issuer : 0);
  x.principal = x.afterIssuer + (issuers ? tracks(between("afterIssuer")) + 46 : 28);
  x.afterPrincipal = x.principal + width.principal;
  x.machine = x.afterPrincipal + tracks(between("afterPrincipal")) + 30;
  x.afterMachine = x.machine + width.machine;
  x.scope = x.afterMachine + tracks(between("afterMachine")) + 30;
  x.frames = x.principal - 28;
  drawing.width = x.scope + width.scope + 28 + 12;
  drawing.columns = x;
  for (const frame of drawing.frames) {
    frame.x = x.frames + frame.depth * 12;
    frame.width = drawing.width - 12 - frame.depth * 12 - frame.x;
  }
  for (const node of drawing.nodes.values()) {
    node.x = node.column === "own" ? x.machine + 8 : x[node.column];
    node.width = node.column === "own" ? width.machine - 16 : width[node.column];
  }
  for (const line of lines) {
    const at = x[gutterOf(line)] + (gutterOf(line) === "afterIssuer" ? 10 : 14) + line.track * track;
    line.path = elbow(line.from.x + line.from.width, line.y0, at, line.y1, line.to.x);
  }
}

// portOf is where a line leaves an object: lines to different ends at different heights, and none at the height at which those
// to another role cross the picture, which it would seem to join.
function portOf({ kind, from, to, roleAt }, lanes, leaving) {
  const ports = leaving.get(from) ?? new Map();
  leaving.set(from, ports);
  const end = kind === "mayDo" ? `${to.key}|${roleAt?.name}` : kind;
  const middle = from.y + from.height / 2;
  const free = (y) => ![...ports.values()].includes(y) && !lanes.some((lane) => lane !== roleAt?.y && Math.abs(lane - y) < 5);
  if (!ports.has(end)) {
    const offsets = from.column === "own" ? [0, -6, 6] : kind === "attached" ? [13, 17, 9] : [0, -7, 7, -13];
    ports.set(end, offsets.map((offset) => middle + offset).find(free) ?? middle);
  }
  return ports.get(end);
}

const gutterOf = (line) => ({ issuer: "afterIssuer", principal: "afterPrincipal", machine: "afterMachine", own: "afterMachine" })[line.from.column];

// tracks gives what shares one the first track that is free over its whole height, and returns the width of all of them.
function tracks(lines) {
  const sources = new Map();
  for (const line of lines) {
    const key = line.kind === "mayDo" ? `${line.to.key}|${line.roleAt?.name}|${line.broken}` : `${line.kind}|${line.from.key}`;
    const source = sources.get(key) ?? { top: Infinity, bottom: -Infinity, lines: [] };
    source.top = Math.min(source.top, line.y0, line.y1);
    source.bottom = Math.max(source.bottom, line.y0, line.y1);
    source.lines.push(line);
    sources.set(key, source);
  }
  const ends = [];
  for (const source of [...sources.values()].sort((a, b) => a.top - b.top)) {
    let free = ends.findIndex((end) => end < source.top - 3);
    if (free < 0) {
      free = ends.length;
    }
    ends[free] = source.bottom;
    source.lines.forEach((line) => (line.track = free));
  }
  return ends.length * track;
}

// elbow is a line that turns twice, with round corners.
function elbow(x0, y0, x, y1, x1) {
  const away = Math.abs(y1 - y0);
  if (away < 7) {
    return `M${x0} ${y1}H${x1}`;
  }
  const r = Math.min(6, away / 2);
  const down = Math.sign(y1 - y0) * r;
  return `M${x0} ${y0}H${x - r}Q${x} ${y0} ${x} ${y0 + down}V${y1 - down}Q${x} ${y1} ${x + r} ${y1}H${x1}`;
}
