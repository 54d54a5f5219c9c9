// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Elements are made by hand and filled with text only: names and tags come from whoever writes to the mock.

const svgNamespace = "http://www.w3.org/2000/svg";

// element makes an HTML element. Attributes that are undefined or false are left out; children are elements or text.
export const element = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

// shape makes an SVG element.
export const shape = (name, attributes, ...children) => fill(document.createElementNS(svgNamespace, name), attributes, children);

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return made;
}

// byId finds a part of the page.
export const byId = (id) => document.getElementById(id);

// setText changes a text only if it is another, so that what is read aloud is what has changed.
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

// count is a number with its noun.
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
