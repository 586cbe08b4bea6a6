import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { App } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";

import { readSettings } from "../lib/settings";
import { template, templateWithLane, templateWithRotation, templateWithSes } from "./support";

/** The rows of the README's table with that first cell in its head: the name, and the last cell. */
function table(head: string): [name: string, last: string][] {
  const readme = readFileSync(join(__dirname, "../README.md"), "utf8");
  const [, rest] = readme.split(`\n| ${head} |`);
  assert.ok(rest, `there is no table with the head ${head}`);
  const lines = rest.split("\n").slice(2);
  const rows = lines.slice(0, lines.findIndex((line) => !line.startsWith("|")));
  return rows.map((row) => {
    const cells = row.split("|").map((cell) => cell.trim());
    return [cells[1]!.replaceAll("`", ""), cells.at(-2)!];
  });
}

const templates = (): Template[] => [template(), templateWithLane(), templateWithSes(), templateWithRotation()];

const names = (section: "Parameters" | "Outputs"): string[] => {
  const all = templates().flatMap((it) => Object.keys(it.toJSON()[section]));
  return [...new Set(all)].filter((name) => name !== "BootstrapVersion").sort();
};

describe("the README's tables", () => {
  test("have every setting", () => {
    let refusal = "";
    try {
      readSettings(new App({ context: { misspelt: "1" } }).node);
    } catch (error) {
      refusal = String(error);
    }
    const known = /there are (.*)\.$/.exec(refusal)?.[1]?.split(", ");
    assert.deepEqual(table("setting").map(([name]) => name).sort(), known?.sort());
  });

  test("have every parameter", () => {
    assert.deepEqual(table("parameter").map(([name]) => name).sort(), names("Parameters"));
  });

  test("have every output, as the template describes it", () => {
    const outputs = table("output");
    assert.deepEqual(outputs.map(([name]) => name).sort(), names("Outputs"));
    const described = Object.assign({}, ...templates().map((it) => it.toJSON()["Outputs"]));
    for (const [name, words] of outputs) {
      assert.ok(words.startsWith(described[name].Description), `${name}: ${described[name].Description}`);
    }
  });
});
