// A function that makes one GetItem, under the least of a Lambda runtime.

import { Agent, request } from "node:http";

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";

const INVOCATION = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

const dynamodb = new DynamoDBClient();
const agent = new Agent({ keepAlive: true });

async function handle(event) {
  const key = { sellerId: { S: event.SellerId }, reportId: { S: event.ReportId } };
  const get = new GetItemCommand({ TableName: process.env.REPORTS_TABLE, Key: key, ConsistentRead: true });
  return (await dynamodb.send(get)).Item;
}

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(`${INVOCATION}${path}`, { method, agent }, async (response) => {
      const chunks = await response.toArray();
      resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() });
    });
    sent.on("error", reject).end(body);
  });
}

for (;;) {
  const next = await call("GET", "/next");
  const answer = await handle(JSON.parse(next.body));
  const id = next.headers["lambda-runtime-aws-request-id"];
  await call("POST", `/${id}/response`, JSON.stringify(answer));
}
