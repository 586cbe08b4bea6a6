"""How schemathesis calls the API: signed, as the user whom the stack has made for that.

`schemathesis.toml` says what is called and what is expected.
"""

import os
from urllib.parse import urlsplit

import botocore.session
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest


def invoke_role():
    """Credentials of the role that may call the API."""
    session = botocore.session.get_session()
    sts = session.create_client(
        "sts",
        aws_access_key_id=os.environ["INVOKE_USER_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["INVOKE_USER_SECRET_ACCESS_KEY"],
    )
    answer = sts.assume_role(RoleArn=os.environ["INVOKE_ROLE_ARN"], RoleSessionName="schemathesis")["Credentials"]
    return botocore.credentials.Credentials(
        answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
    )


class Signed(requests.auth.AuthBase):
    """Signs a request when it is as it will be sent."""

    def __init__(self):
        self.signer = SigV4Auth(invoke_role(), "execute-api", os.environ["AWS_REGION"])

    def __call__(self, request):
        # What else a generator puts there may be changed on the way, as by proxies, and is not signed.
        headers = {"Host": urlsplit(request.url).netloc}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        signed = AWSRequest(method=request.method, url=request.url, headers=headers, data=body)
        self.signer.add_auth(signed)
        request.headers.update(signed.headers.items())
        return request


schemathesis.auth.set_from_requests(Signed()).apply_to(lambda case: case.operation.schema is not None)
