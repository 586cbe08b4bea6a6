import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { readable, resources, template, templateWithLane, templateWithSes, type Json } from "./support";

/** Values of the dimension `Outcome`. */
const OUTCOMES = ["Delivered", "Cancelled", "Failed", "Dropped", "NotDelivered", "NotOrdered", "Skipped"];

/** Names that a metric has in its dimensions, beside those of resources. */
const FIXED = ["SpReports", "prod", "/links/{token}", "GET", "UpdateItem", "StandardStorage", "AllStorageTypes", ...OUTCOMES];

const widgets = (from: Template): Json[] => {
  const dashboards = Object.values(resources("AWS::CloudWatch::Dashboard", from));
  assert.equal(dashboards.length, 1);
  return JSON.parse(readable(dashboards[0].DashboardBody)).widgets;
};

/** A widget's metrics: namespace, name, and the values of the dimensions. */
const metrics = (widget: Json): { namespace: string; name: string; values: string[] }[] => {
  let before: string[] = [];
  return (widget.properties.metrics ?? []).map((metric: Json[]) => {
    // "." stands for what the metric before has in that place.
    const words = metric.filter((word) => typeof word === "string").map((word, place) => (word === "." ? (before[place] as string) : word));
    before = words;
    const [namespace, name, ...dimensions] = words as [string, string, ...string[]];
    return { namespace, name, values: dimensions.filter((_, place) => place % 2 === 1) };
  });
};

describe("the dashboard", () => {
  test("asks an operator's questions, top to bottom", () => {
    const headings = widgets(template()).filter(({ type }) => type === "text");
    assert.deepEqual(
      headings.map(({ properties }) => properties.markdown.split("\n")[0]),
      ["# Is it working?", "# What waits?", "# What failed, and why?", "# What does it cost?"],
    );
    assert.deepEqual(
      headings.map(({ y }) => y),
      headings.map(({ y }) => y).sort((one, other) => one - other),
    );
  });

  test("titles each graph by its question, and none twice", () => {
    for (const from of [template(), templateWithSes()]) {
      const titles = widgets(from)
        .filter(({ type }) => type !== "text")
        .map(({ properties }) => properties.title);
      titles.forEach((title) => assert.match(title, /^[A-Z].*\?( \(.+\))?$/));
      assert.equal(new Set(titles).size, titles.length);
    }
  });

  test("shows what is in the stack", () => {
    for (const from of [template(), templateWithLane(), templateWithSes()]) {
      const ids = Object.keys(from.toJSON()["Resources"]).map((id) => id.replace(/[0-9A-F]{8}$/, ""));
      for (const { properties } of widgets(from).filter((widget) => metrics(widget).length > 0)) {
        for (const { values } of metrics({ properties })) {
          assert.ok(values.length > 0, properties.title);
          for (const value of values.filter((each) => !FIXED.includes(each))) {
            const id = /^<(\w+)(\.\w+)?>$/.exec(value)?.[1];
            assert.ok(id !== undefined && ids.includes(id), `${properties.title}: ${value}`);
          }
        }
      }
    }
  });

  test("forgets no function, no workflow and no queue of dead letters", () => {
    for (const from of [template(), templateWithLane(), templateWithSes()]) {
      const shown = (namespace: string, name: string): Set<string> =>
        new Set(
          widgets(from)
            .flatMap(metrics)
            .filter((metric) => metric.namespace === namespace && metric.name === name)
            .flatMap(({ values }) => values.map((value) => value.replace(/^<|(\.\w+)?>$/g, ""))),
        );
      const all = (type: string): string[] => Object.keys(resources(type, from)).sort();
      for (const name of ["Errors", "Throttles", "Duration", "Invocations"]) {
        assert.deepEqual([...shown("AWS/Lambda", name)].sort(), all("AWS::Lambda::Function"), name);
      }
      for (const name of ["ExecutionsFailed", "ExecutionsStarted", "ExecutionsAborted", "ExecutionsTimedOut"]) {
        assert.deepEqual([...shown("AWS/States", name)].sort(), all("AWS::StepFunctions::StateMachine"), name);
      }
      const deadLetters = all("AWS::SQS::Queue").filter((id) => id.endsWith("DeadLetterQueue"));
      const visible = shown("AWS/SQS", "ApproximateNumberOfMessagesVisible");
      assert.deepEqual(deadLetters.filter((id) => !visible.has(id)), []);
    }
  });

  test("shows all alarms that ring", () => {
    for (const from of [template(), templateWithLane(), templateWithSes()]) {
      const ringing = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"].flatMap((type) =>
        Object.entries(resources(type, from)).flatMap(([id, alarm]) => (alarm.AlarmActions === undefined ? [] : [`<${id}.Arn>`])),
      );
      const shown = widgets(from).find(({ type }) => type === "alarm");
      assert.deepEqual([...shown.properties.alarms].sort(), ringing.sort());
    }
  });

  test("is found by an output", () => {
    assert.equal(
      readable(template().findOutputs("DashboardUrl")["DashboardUrl"]?.["Value"]),
      "https://<AWS::Region>.console.aws.amazon.com/cloudwatch/home?region=<AWS::Region>#dashboards/dashboard/<Dashboard>",
    );
  });
});
