import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { App } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";

import { fromFolder } from "../lib/constructs/rust-function";
import { readSettings, type Settings } from "../lib/settings";
import { resources, synthesize, template, templateWithSes, type Json } from "./support";

const settings = (context: Record<string, unknown>): Settings => readSettings(new App({ context }).node);

describe("settings", () => {
  const invalid: [setting: string, value: unknown][] = [
    ["stackName", "1st"],
    ["stackName", "my_stack"],
    ["architecture", "arm"],
    ["removalPolicy", "snapshot"],
    ["logRetentionDays", "366"],
    ["logRetentionDays", "90"],
    ["logRetentionDays", "9999"],
    ["reportRetentionDays", "0"],
    ["reportRetentionDays", "549"],
    ["reportRetentionDays", "1.5"],
    ["reportRetentionDays", "forever"],
    ["documentFormat", "utf-8"],
    ["gzipCheck", "none"],
    ["storageMemory", "128"],
    ["storageMemory", "1 GB"],
    ["workflowType", "EXPRESS"],
    ["deliver", "none"],
    ["links", "none"],
    ["apiUrl", "http://api.example.com"],
    ["apiUrl", "https://api.example.com/"],
    ["events", "true"],
    ["rotateSecret", "yes"],
    ["mail", "smtp"],
    ["onboarding", "true"],
    ["localMailbox", "yes"],
  ];
  for (const [setting, value] of invalid) {
    test(`${setting}=${String(value)} is refused by name`, () => {
      assert.throws(
        () => settings({ [setting]: value }),
        new RegExp(`^Error: Invalid setting ${setting}: "${String(value)}" is not `),
      );
    });
  }

  test("a misspelt setting is refused", () => {
    assert.throws(
      () => settings({ reportRetention: "7" }),
      /^Error: Unknown setting reportRetention; there are stackName, /,
    );
  });

  test("may be text, as from the command line, or JSON", () => {
    assert.deepEqual(
      settings({ reportRetentionDays: 7, localMailbox: true }),
      settings({ reportRetentionDays: "7", localMailbox: "true" }),
    );
  });

  test("reach the template", () => {
    const changed = synthesize({
      stackName: "Other",
      architecture: "arm64",
      logRetentionDays: "400",
      reportRetentionDays: "7",
      documentFormat: "utf8",
      deliver: "ordered",
      gzipCheck: "length",
      events: "off",
      storageMemory: "1769",
    })["Other"];
    assert.ok(changed);
    const all = (type: string): Json[] => Object.values(resources(type, changed));
    all("AWS::Lambda::Function").forEach((properties) => assert.deepEqual(properties.Architectures, ["arm64"]));
    all("AWS::Logs::LogGroup").forEach((properties) => assert.equal(properties.RetentionInDays, 400));
    const storage = all("AWS::Lambda::Function").find((properties) => "DOCUMENT_FORMAT" in properties.Environment.Variables);
    assert.equal(storage?.Environment.Variables.DOCUMENT_FORMAT, "utf8");
    assert.equal(storage?.Environment.Variables.GZIP_CHECK, "length");
    assert.equal(storage?.MemorySize, 1769);
    const notifier = all("AWS::Lambda::Function").find((properties) => "EVENTS" in properties.Environment.Variables);
    assert.equal(notifier?.Environment.Variables.EVENTS, "off");
    assert.ok(!JSON.stringify(changed.toJSON()).includes("events:PutEvents"));
    const processor = all("AWS::Lambda::Function").find((properties) => "DELIVER" in properties.Environment.Variables);
    assert.equal(processor?.Environment.Variables.DELIVER, "ordered");
    const bucket = resources("AWS::S3::Bucket", changed)["StorageReportsBucket"];
    // Seven days are short for everything.
    assert.deepEqual(
      bucket.LifecycleConfiguration.Rules.map((rule: Json) => rule.ExpirationInDays),
      [7, 7],
    );
  });

  test("functionsDir must hold the functions", () => {
    assert.throws(
      () => fromFolder("/nowhere")(new App(), "Function", "token-storage", {}),
      /^Error: Invalid setting functionsDir: there is no .*token-storage/,
    );
  });
});

describe("parameters", () => {
  test("have these defaults", () => {
    const { BootstrapVersion: _, ...parameters } = template().findParameters("*");
    assert.deepEqual(
      Object.fromEntries(Object.entries(parameters).map(([name, { Type, Default }]) => [name, [Type, Default]])),
      {
        NotificationEmail: ["String", ""],
        AlarmEmail: ["String", ""],
        SpApiEnvironment: ["String", "production"],
        LinkLifetimeDays: ["String", "7"],
        LinkLifetimeSeconds: ["Number", 21600],
        OverdueSeconds: ["Number", 1800],
        ReconcileRate: ["String", "rate(15 minutes)"],
        SlowAfterHours: ["Number", 24],
        ReauthorizationDays: ["String", "365"],
        ContactText: ["String", ""],
        GatherMailSeconds: ["Number", 60],
      },
    );
  });

  const pattern = (name: string): RegExp => new RegExp(template().findParameters(name)[name]?.["AllowedPattern"]);

  test("an e-mail address or none", () => {
    for (const parameter of ["NotificationEmail", "AlarmEmail"]) {
      ["", "seller@example.com"].forEach((value) => assert.match(value, pattern(parameter)));
      ["seller", "a b@example.com", "seller@example"].forEach((value) => assert.doesNotMatch(value, pattern(parameter)));
    }
  });

  test("a sender's address where SES sends, and no such parameter otherwise", () => {
    assert.deepEqual(template().findParameters("MailFrom"), {});
    const { Default, AllowedPattern } = templateWithSes().findParameters("MailFrom")["MailFrom"] as Json;
    assert.equal(Default, undefined);
    ["reports@example.com", "a.b+c@mail.example.co.uk"].forEach((value) => assert.match(value, new RegExp(AllowedPattern)));
    ["", "example.com", "Reports <reports@example.com>", "a@b", "a@-b.com", "a@b.com\n"].forEach((value) =>
      assert.doesNotMatch(value, new RegExp(AllowedPattern)),
    );
  });

  test("a known environment of the Selling Partner API or a simulator's URL", () => {
    ["production", "sandbox", "http://localhost:9000", "https://simulator.example.com/base"].forEach((value) =>
      assert.match(value, pattern("SpApiEnvironment")),
    );
    ["", "Production", "sandboxes", "ftp://example.com", "https://"].forEach((value) =>
      assert.doesNotMatch(value, pattern("SpApiEnvironment")),
    );
  });

  test("a link lives for whole days, for one at least, and no longer than its report", () => {
    const kept = (days: string) => synthesize({ reportRetentionDays: days })["SpReports"] as Template;
    for (const [retention, from] of [[3, kept("3")], [20, kept("20")], [540, template()]] as const) {
      const parameter = from.findParameters("LinkLifetimeDays")["LinkLifetimeDays"];
      const allowed = new RegExp(parameter?.["AllowedPattern"]);
      const taken = Array.from({ length: 10 * retention }, (_, days) => days).filter((days) => allowed.test(String(days)));
      assert.deepEqual(taken, Array.from({ length: retention }, (_, day) => day + 1));
      assert.equal(parameter?.["Default"], String(Math.min(7, retention)));
      ["", "1.5", "1.0", "-1", "07", "1e2", "seven", " 1"].forEach((days) => assert.doesNotMatch(days, allowed));
    }
  });

  test("a presigned URL lives between a minute and half a day", () => {
    template().hasParameter("LinkLifetimeSeconds", { MinValue: 60, MaxValue: 43200 });
  });

  test("who had set the lifetime in seconds is told what replaces it, unless links are presigned URLs", () => {
    const { Assertions } = template().toJSON()["Rules"]["LinkLifetimeSecondsIsReplaced"];
    assert.deepEqual(Assertions[0].Assert, { "Fn::Equals": [{ Ref: "LinkLifetimeSeconds" }, "21600"] });
    assert.match(Assertions[0].AssertDescription, /LinkLifetimeDays/);
    const presigned = synthesize({ links: "presigned" })["SpReports"]?.toJSON();
    assert.deepEqual(Object.keys(presigned?.["Rules"] ?? {}), ["CheckBootstrapVersion"]);
  });

  test("a report is overdue after five seconds at the earliest and a day at the latest", () => {
    template().hasParameter("OverdueSeconds", { MinValue: 5, MaxValue: 86400 });
  });

  test("a report is slow after half a minute at the earliest and thirty days at the latest", () => {
    template().hasParameter("SlowAfterHours", { MinValue: 0.01, MaxValue: 720 });
  });

  test("authorizations last for whole days, or for ever", () => {
    ["0", "1", "365", "9999"].forEach((value) => assert.match(value, pattern("ReauthorizationDays")));
    ["", "-1", "07", "365.5", "10000", "a year"].forEach((value) =>
      assert.doesNotMatch(value, pattern("ReauthorizationDays")),
    );
  });

  test("a rate as EventBridge Scheduler writes it, of a day at most", () => {
    const rate = pattern("ReconcileRate");
    for (const [unit, most] of [["minute", 24 * 60], ["hour", 24]] as const) {
      const taken = Array.from({ length: 2000 }, (_, value) => value).filter((value) =>
        rate.test(`rate(${value} ${unit}${value === 1 ? "" : "s"})`),
      );
      assert.deepEqual(taken, Array.from({ length: most }, (_, value) => value + 1));
    }
    [
      "",
      "15 minutes",
      "rate(0 minutes)",
      "rate(1 minutes)",
      "rate(5 minute)",
      "rate(1.5 hours)",
      "rate(1 day)",
      "rate(5 minutes) ",
      "cron(0 * * * ? *)",
    ].forEach((value) => assert.doesNotMatch(value, pattern("ReconcileRate")));
  });
});
