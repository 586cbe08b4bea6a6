"""A function that makes one GetItem, under the least of a Lambda runtime."""

import http.client
import json
import os

import boto3

INVOCATION = "/2018-06-01/runtime/invocation"

dynamodb = boto3.client("dynamodb")


def handle(event):
    key = {"sellerId": {"S": event["SellerId"]}, "reportId": {"S": event["ReportId"]}}
    row = dynamodb.get_item(TableName=os.environ["REPORTS_TABLE"], Key=key, ConsistentRead=True)
    return row["Item"]


runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    runtime.request("GET", f"{INVOCATION}/next")
    next_event = runtime.getresponse()
    request_id = next_event.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = handle(json.loads(next_event.read()))
    runtime.request("POST", f"{INVOCATION}/{request_id}/response", json.dumps(answer))
    runtime.getresponse().read()
