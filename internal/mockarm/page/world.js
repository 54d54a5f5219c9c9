// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// The world as objects and what relates them, read from the control plane's state. ARM compares IDs without regard to case;
// so does everything here, by key.

export const keyOf = (id) => id.toLowerCase().replace(/\/$/, "");

// kinds are the words for what an object is.
export const kinds = {
  tenant: "tenant",
  root: "root of all scopes",
  managementGroup: "management group",
  subscription: "subscription",
  resourceGroup: "resource group",
  identity: "user-assigned identity",
  systemAssigned: "system-assigned identity",
  machine: "virtual machine",
  scaleSet: "scale set",
  ServicePrincipal: "service principal",
  User: "user",
  Group: "group",
  issuer: "outside issuer",
  gone: "not there any more",
  resource: "resource",
};

const lastName = (id) => id.split("/").pop();
const groupOf = (key) => key.match(/^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/)?.[0];

// readWorld makes a world of a state: objects by their keys, and relations of three kinds: an identity is "attached" to a
// machine, a principal "may do" something at a scope, and an issuer is "federated" with an identity.
export function readWorld(state) {
  const world = { objects: new Map(), relations: [] };
  const principals = new Map(state.principals.map((p) => [keyOf(p.objectId), p]));
  addScopes(world, state);
  addIdentities(world, state);
  addMachines(world, state);
  addPrincipals(world, state);
  addFederation(world, state);
  addGrants(world, state, principals);
  for (const lock of state.locks) {
    scope(world, lock.scope).locks.push(lock);
  }
  for (const relation of world.relations) {
    relation.source.relations.push(relation);
    relation.target.relations.push(relation);
  }
  return world;
}

function add(world, kind, id, name, facts, more) {
  const key = keyOf(id) || "/";
  const object = { key, kind, name, facts: { ID: id, ...facts }, tags: {}, locks: [], relations: [], ...more };
  world.objects.set(key, object);
  return object;
}

function relate(world, kind, source, target, more) {
  world.relations.push({ kind, source, target, ...more });
}

function addScopes(world, state) {
  for (const t of state.tenants) {
    add(world, "tenant", t.id, t.displayName);
  }
  add(world, "root", "/", "/");
  for (const g of state.managementGroups) {
    add(world, "managementGroup", g.id, g.displayName, { Parent: g.parent });
  }
  for (const s of state.subscriptions) {
    add(world, "subscription", `/subscriptions/${s.id.replace(/^\/subscriptions\//i, "")}`, s.displayName, {
      Tenant: s.tenantId, "Management group": s.managementGroup, "Registered providers": s.registeredProviders.join(", "),
    });
  }
  for (const g of state.resourceGroups) {
    add(world, "resourceGroup", g.id, lastName(g.id), { Location: g.location, State: g.provisioningState }, { tags: g.tags ?? {}, state: g.provisioningState });
  }
}

function addIdentities(world, state) {
  for (const i of state.identities) {
    add(world, "identity", i.id, lastName(i.id), {
      Location: i.location, "Client ID": i.clientId, "Principal ID": i.principalId, Tenant: i.tenantId, "Isolation scope": i.isolationScope,
    }, { tags: i.tags ?? {}, group: groupOf(keyOf(i.id)), principalID: i.principalId });
  }
}

function addMachines(world, state) {
  const machine = (kind, m, facts) => {
    const host = add(world, kind, m.id, lastName(m.id), { Location: m.location, State: m.provisioningState, Etag: m.etag, ...facts },
      { tags: m.tags ?? {}, group: groupOf(keyOf(m.id)), state: m.provisioningState });
    if (m.systemAssigned) {
      host.own = add(world, "systemAssigned", `${m.id}#identity`, host.name, {
        ID: undefined, "Client ID": m.systemAssigned.clientId, "Principal ID": m.systemAssigned.principalId,
      }, { machine: host, group: host.group });
      relate(world, "attached", host.own, host, {});
    }
    for (const a of m.userAssigned) {
      const identity = world.objects.get(keyOf(a.id)) ?? gone(world, a.id, lastName(a.id), "identity that was deleted", { group: groupOf(keyOf(a.id)) });
      relate(world, "attached", identity, host, { dead: Boolean(a.dead), principalID: a.principalId, clientID: a.clientId });
    }
  };
  for (const vm of state.virtualMachines) {
    machine("machine", vm, {});
  }
  for (const set of state.virtualMachineScaleSets) {
    const upToDate = set.instances.filter((i) => i.latestModelApplied).length;
    machine("scaleSet", set, {
      Orchestration: set.orchestrationMode, "Upgrade mode": set.upgradeMode,
      Instances: set.instances.length ? `${set.instances.length}, ${upToDate} with the latest model` : undefined,
    });
  }
}

function gone(world, id, name, what, more) {
  return world.objects.get(keyOf(id)) ?? add(world, "gone", id, name, { "What it was": what }, more);
}

// addPrincipals adds those of the directory that are no managed identities, which have been added already.
function addPrincipals(world, state) {
  for (const p of state.principals.filter((p) => !p.resourceId)) {
    add(world, p.kind, p.objectId, p.displayName, { ID: undefined, "Object ID": p.objectId, "Application ID": p.appId, Tenant: p.tenantId });
  }
}

function addFederation(world, state) {
  const hosted = new Map(state.issuers.map((issuer) => [issuer.url, issuer.name]));
  for (const i of state.identities) {
    for (const credential of i.federatedIdentityCredentials ?? []) {
      const { issuer } = credential;
      const known = world.objects.get(keyOf(issuer)) ?? add(world, "issuer", issuer, issuer.replace(/^https:\/\//, ""), {
        ID: undefined, URL: issuer, "Hosted by the mock as": hosted.get(issuer),
      });
      relate(world, "federated", known, world.objects.get(keyOf(i.id)), { credential });
    }
  }
}

function addGrants(world, state, principals) {
  for (const a of state.roleAssignments) {
    const principal = principals.get(keyOf(a.principalId));
    const managed = principal?.resourceId && (world.objects.get(keyOf(principal.resourceId))?.own ?? world.objects.get(keyOf(principal.resourceId)));
    const who = managed || world.objects.get(keyOf(a.principalId)) ||
      gone(world, a.principalId, "unknown principal", `${kinds[a.principalType] ?? "principal"} that is not in the directory`, {});
    relate(world, "mayDo", who, scope(world, a.scope), { role: a.roleName || a.roleId, orphan: Boolean(a.orphan), assignment: a });
  }
}

// scope finds the object that a role or a lock is at; those that the state does not tell of are made from their IDs.
function scope(world, id) {
  return world.objects.get(keyOf(id) || "/") ?? add(world, "resource", id, lastName(id), {}, { group: groupOf(keyOf(id)) });
}

// actsAs are those whose roles an object has the use of: itself, the identities of a machine, and what trusts an issuer.
export function actsAs(object) {
  const live = object.relations.filter((r) => !r.dead);
  return new Set([object, ...live.flatMap((r) => (r.kind === "attached" && r.target === object ? [r.source] : r.kind === "federated" && r.source === object ? [r.target] : []))]);
}

// describe names an object with its kind, "resource group DevTest".
export const describe = (object) => (object.kind === "root" ? kinds.root : `${kinds[object.kind]} ${object.name}`);

// inWords says what a relation is.
export function inWords({ kind, source, target, role, dead, orphan }) {
  switch (kind) {
    case "attached":
      return `${source.name} is attached to ${target.name}${dead ? ", but dead: the identity was deleted since" : ""}`;
    case "mayDo":
      return `${source.name} is ${role} at ${describe(target)}${orphan ? ", but is not in the directory any more" : ""}`;
    default:
      return `${source.name} may act as ${target.name}`;
  }
}

// matches tells whether an object is meant by a filter.
export function matches(object, filter) {
  const tags = Object.entries(object.tags).map(([name, value]) => `${name}=${value}`);
  return [object.name, object.key, kinds[object.kind], ...tags, ...object.relations.map((r) => r.role ?? "")]
    .some((text) => text.toLowerCase().includes(filter));
}
