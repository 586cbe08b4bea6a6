"""python-amazon-sp-api and boto3, in the way their documentation shows."""

import os

import boto3
from sp_api.api import Reports
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces
from worker import work

source = os.environ["BENCH_SOURCE"]
# The bench's source instead of Amazon.
AccessTokenClient.host = source

reports = Reports(
    marketplace=Marketplaces.DE,
    refresh_token="Atzr|bench",
    credentials={"lwa_app_id": "bench", "lwa_client_secret": "bench"},
)
reports.endpoint = f"https://{source}"
s3 = boto3.client("s3")


def move():
    response = reports.get_report_document(os.environ["BENCH_DOCUMENT"], download=True)
    s3.put_object(Bucket="reports", Key="python-amazon-sp-api", Body=response.payload["document"].encode())


work(move)
