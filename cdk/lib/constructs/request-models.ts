import { JsonSchemaType, JsonSchemaVersion, type JsonSchema } from "aws-cdk-lib/aws-apigateway";

const text: JsonSchema = { type: JsonSchemaType.STRING, minLength: 1 };
const optionalText: JsonSchema = { type: JsonSchemaType.STRING };

/** What each path of the API takes. The functions check for themselves, too: these spare a call. */
export const REQUEST_MODELS = {
  tokens: request({ SellerId: text, RefreshToken: text }),

  notifications: request(
    {
      SellerId: text,
      RegionCode: { type: JsonSchemaType.STRING, enum: ["NA", "EU", "FE"] },
      NotificationType: text,
    },
    { ReplaceExisting: { type: JsonSchemaType.BOOLEAN } },
  ),

  reports: request(
    {
      SellerId: text,
      RegionCode: { type: JsonSchemaType.STRING, enum: ["NA", "EU", "FE"] },
      ReportType: text,
      // "A,B" or ["A", "B"]
      MarketplaceIds: { oneOf: [text, { type: JsonSchemaType.ARRAY, items: text, minItems: 1, maxItems: 25 }] },
    },
    {
      ReportDataStartTime: optionalText,
      ReportDataEndTime: optionalText,
      // "{\"name\": \"value\"}" or {"name": "value"}
      ReportOptions: { oneOf: [optionalText, { type: JsonSchemaType.OBJECT }] },
    },
  ),
};

function request(required: Record<string, JsonSchema>, optional: Record<string, JsonSchema> = {}): JsonSchema {
  return {
    schema: JsonSchemaVersion.DRAFT4,
    type: JsonSchemaType.OBJECT,
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}
