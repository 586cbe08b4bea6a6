import { JsonSchemaType, JsonSchemaVersion, type JsonSchema } from "aws-cdk-lib/aws-apigateway";

const text: JsonSchema = { type: JsonSchemaType.STRING, minLength: 1 };
const optionalText: JsonSchema = { type: JsonSchemaType.STRING };

const texts = (minItems: number, maxItems: number): JsonSchema => ({
  type: JsonSchemaType.ARRAY,
  items: text,
  minItems,
  maxItems,
});

const regionCode: JsonSchema = { type: JsonSchemaType.STRING, enum: ["NA", "EU", "FE"] };
/** `"A,B"` or `["A", "B"]` */
const marketplaceIds: JsonSchema = { oneOf: [text, texts(1, 25)] };
/** `"{\"name\": \"value\"}"` or `{"name": "value"}` */
const reportOptions: JsonSchema = { oneOf: [optionalText, { type: JsonSchemaType.OBJECT }] };

const orderRequired: Record<string, JsonSchema> = {
  SellerId: text,
  RegionCode: regionCode,
  ReportType: text,
  MarketplaceIds: marketplaceIds,
};
const orderOptional: Record<string, JsonSchema> = {
  ReportDataStartTime: optionalText,
  ReportDataEndTime: optionalText,
  ReportOptions: reportOptions,
  Reference: optionalText,
};
const orders: JsonSchema = {
  type: JsonSchemaType.ARRAY,
  items: fields(orderRequired, orderOptional),
  minItems: 1,
  maxItems: 100,
};

/** What each path of the API, by its last part, takes by POST, for who generates a client from the API. The functions check. */
export const REQUEST_MODELS = {
  tokens: request(
    fields({ SellerId: text, RefreshToken: text }, { RegionCode: regionCode, NotificationEmail: text }),
  ),

  notifications: request(
    fields(
      {
        SellerId: text,
        RegionCode: regionCode,
        NotificationType: text,
      },
      {
        ReplaceExisting: { type: JsonSchemaType.BOOLEAN },
        DiscoverReportTypes: texts(0, 10),
        DiscoverSince: text,
        DeliverReportTypes: texts(0, 200),
      },
    ),
  ),

  // One order, or a list of them and nothing else. The properties are outside of `oneOf`, which can't
  // say what is wrong with one.
  reports: request({
    type: JsonSchemaType.OBJECT,
    properties: { ...orderRequired, ...orderOptional, Orders: orders },
    additionalProperties: false,
    oneOf: [
      { required: Object.keys(orderRequired), not: { required: ["Orders"] } },
      { required: ["Orders"], maxProperties: 1 },
    ],
  }),

  links: request(fields({}, { Days: { type: JsonSchemaType.INTEGER, minimum: 1 } })),

  deliveries: request(
    fields(
      {},
      {
        SellerId: text,
        Status: { type: JsonSchemaType.STRING, enum: ["FAILED", "WAITING_FOR_OWNER"] },
        Error: text,
        Since: text,
        ReportIds: texts(1, 100),
      },
    ),
  ),

  schedules: request(
    fields(
      {
        SellerId: text,
        RegionCode: regionCode,
        ReportType: text,
        MarketplaceIds: marketplaceIds,
        Period: text,
      },
      { NextReportCreationTime: optionalText, ReportOptions: reportOptions },
    ),
  ),
};

/** The paths that take a body. */
export type RequestModel = keyof typeof REQUEST_MODELS;

function fields(required: Record<string, JsonSchema>, optional: Record<string, JsonSchema> = {}): JsonSchema {
  return {
    type: JsonSchemaType.OBJECT,
    properties: { ...required, ...optional },
    // Draft 4 has no empty list here.
    ...(Object.keys(required).length > 0 && { required: Object.keys(required) }),
    additionalProperties: false,
  };
}

function request(schema: JsonSchema): JsonSchema {
  return { schema: JsonSchemaVersion.DRAFT4, ...schema };
}
