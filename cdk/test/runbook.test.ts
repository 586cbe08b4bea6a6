import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";

import { resources, templateWithLane, templateWithRotation, templateWithSes } from "./support";

/** In each section, in this order. */
const LABELS = ["How it looks", "What it means", "Look closer", "What to do", "Mended when"];

/** States of rows that need a person. */
const STATUSES = ["WAITING_FOR_OWNER", "FAILED", "ORDERED"];

interface Section {
  readonly title: string;
  readonly text: string;
}

const runbook = (): string => readFileSync(resolve(__dirname, "../RUNBOOK.md"), "utf8");

/** The sections of the second level under a heading of the first. */
function sections(part: string): Section[] {
  const found = runbook()
    .split(/^# /m)
    .find((each) => each.startsWith(`${part}\n`));
  assert.ok(found !== undefined, part);
  return found
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ title: text.split("\n")[0] as string, text }));
}

/** As GitHub makes them. */
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

/** The anchors that alarms name, in whichever template. */
function named(): Set<string> {
  const alarms = [templateWithLane(), templateWithSes(), templateWithRotation()].flatMap((from) =>
    ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"].flatMap((type) => Object.values(resources(type, from))),
  );
  return new Set(
    alarms.map(({ AlarmDescription }) => {
      // What is wrong, in one sentence, and then where it says what to do.
      const found = /^[A-Z][^.]*(?:\.[^ ][^.]*)*\. Runbook: cdk\/RUNBOOK\.md#([a-z-]+)$/.exec(AlarmDescription);
      assert.ok(found !== null, AlarmDescription);
      return found[1] as string;
    }),
  );
}

describe("the runbook", () => {
  test("has a section for each alarm, and an alarm for each", () => {
    assert.deepEqual(sections("Alarms").map(({ title }) => anchor(title)).sort(), [...named()].sort());
  });

  test("has a section for each status that needs a person", () => {
    const titles = sections("Rows").map(({ title }) => title);
    assert.deepEqual(
      titles.map((title) => /^`(\w+)`/.exec(title)?.[1]),
      STATUSES,
    );
  });

  test("says of each how it looks, what it means, how to look closer, what to do, and when it is mended", () => {
    for (const { title, text } of [...sections("Alarms"), ...sections("Rows")]) {
      const labels = [...text.matchAll(/^\*\*([^*]+)\.\*\*/gm)].map((match) => match[1]);
      assert.deepEqual(labels, LABELS, title);
      assert.match(text, /^```sh$/m, `${title} has no commands`);
    }
  });

  test("uses no helper and no output that is not there", () => {
    const commands = [...runbook().matchAll(/^```sh\n([^]*?)^```/gm)].map((match) => match[1]).join("\n");
    const outputs = new Set(
      [templateWithLane(), templateWithSes(), templateWithRotation()].flatMap((from) => Object.keys(from.findOutputs("*"))),
    );
    const used = [...commands.matchAll(/\$\(output (\w+)\)/g)].map((match) => match[1] as string);
    assert.ok(used.length > 0);
    assert.deepEqual(used.filter((output) => !outputs.has(output)), []);
    const functions = [...commands.matchAll(/\berrors ([A-Z][a-z]\w+)/g)].map((match) => match[1] as string);
    const deployed = [
      ...new Set(
        [templateWithSes(), templateWithRotation()].flatMap((from) => Object.keys(resources("AWS::Lambda::Function", from))),
      ),
    ];
    assert.ok(functions.length > 0);
    for (const each of functions) {
      assert.equal(deployed.filter((id) => id.endsWith(`${each}Function`)).length, 1, each);
    }
  });

  test("leads only to sections that it has", () => {
    const anchors = [...runbook().matchAll(/^#+ (.+)$/gm)].map((match) => anchor(match[1] as string));
    const links = [...runbook().matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] as string);
    assert.deepEqual(links.filter((link) => !anchors.includes(link)), []);
  });
});
