import assert from "node:assert/strict";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { createApp } from "../lib/app";

/** On a machine without any program. */
function withoutPrograms(work: () => void): void {
  const path = process.env["PATH"];
  const empty = mkdtempSync(join(tmpdir(), "no-programs-"));
  process.env["PATH"] = empty;
  try {
    work();
  } finally {
    process.env["PATH"] = path;
    rmdirSync(empty);
  }
}

describe("building the functions", () => {
  test("without cargo-lambda ends with its name and what to type, and not with Docker", () => {
    withoutPrograms(() => {
      assert.throws(
        () => createApp(),
        (error: Error) =>
          error.message.startsWith("cargo-lambda, which builds the functions, is not found.") &&
          error.message.includes("`pip install cargo-lambda==") &&
          error.message.includes("functionsDir") &&
          !error.message.includes("Docker"),
      );
    });
  });

  test("is not asked of commands that need no code, as when a stack is destroyed", () => {
    withoutPrograms(() => {
      const app = createApp({ context: { "aws:cdk:bundling-stacks": [] } });
      const [stack] = app.synth().stacks;
      assert.equal(stack?.stackName, "SpReports");
    });
  });
});
