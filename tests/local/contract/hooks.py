"""How schemathesis calls the API, and what it must not take for a fault. `schemathesis.toml` says the rest."""

import itertools
import os
import time
from urllib.parse import urlsplit

import botocore.session
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import strategies
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

SELLER = "A1CONTRACTSELLER"
PASSING_SELLER = "A1CONTRACTPASSING"

# Fields that may be well-formed and refused all the same, for what no schema can say.
REFUSED = {
    "listReports": {
        "Until",  # is before Since
        "nextToken",  # is no earlier answer's
    },
    "listSellers": {
        "nextToken",  # is no earlier answer's
    },
    "storeToken": {
        "AuthorizedAt",  # is in the future
    },
    "orderReports": {
        "ReportDataEndTime",  # is before ReportDataStartTime
        "MarketplaceIds",  # is another region's
    },
    "createSchedule": {
        "ReportType",  # is one that Amazon takes single orders of only
        "MarketplaceIds",  # is another region's
    },
    "subscribe": {
        "DiscoverSince",  # is in the future, beyond Amazon's reach, or there are no DiscoverReportTypes
    },
    "makeLink": {
        "Days",  # are more than the deployment keeps reports
    },
}


def role():
    """Credentials of the role that may call the API."""
    sts = botocore.session.get_session().create_client(
        "sts",
        aws_access_key_id=os.environ["INVOKE_USER_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["INVOKE_USER_SECRET_ACCESS_KEY"],
    )
    answer = sts.assume_role(RoleArn=os.environ["INVOKE_ROLE_ARN"], RoleSessionName="schemathesis")
    keys = answer["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


class Signed(requests.auth.AuthBase):
    """Signs a request as it is about to be sent."""

    def __init__(self):
        self.signer = SigV4Auth(role(), "execute-api", os.environ["AWS_REGION"])

    def __call__(self, request):
        # No other header: generated ones need not come through as they are.
        headers = {"Host": urlsplit(request.url).netloc}
        signed = AWSRequest(method=request.method, url=request.url, headers=headers, data=request.body)
        self.signer.add_auth(signed)
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            request.headers[name] = signed.headers[name]
        return request


class World:
    """A seller whom the API knows, and what it has of that seller's."""

    def __init__(self, auth):
        self.auth = auth
        self.url = os.environ["REPORTS_API_URL"].rstrip("/")
        known = {"SellerId": SELLER, "RegionCode": "EU"}
        # Listings can't be scheduled, and returns can.
        order = {"ReportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "MarketplaceIds": "A1PA6795UKMFR9"}
        daily = {"ReportType": "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", "Period": "P1D"}
        # In two pieces, as it looks like a token to who searches for tokens.
        self.call("POST", "/tokens", known | {"RefreshToken": "Atzr" + "|contract"})
        self.call("POST", "/notifications", known | {"NotificationType": "REPORT_PROCESSING_FINISHED"})
        report = self.call("POST", "/reports", known | order)["reportId"]
        self.wait_for(report)
        link = self.call("POST", f"/reports/{report}/links?SellerId={SELLER}")["link"]
        schedule = self.call("POST", "/schedules", known | order | daily)["reportScheduleId"]
        job = self.call("POST", "/deliveries", {"SellerId": SELLER})["jobId"]
        self.known = known | {
            "reportId": report,
            "token": link.split("/")[-1],
            "reportScheduleId": schedule,
            "jobId": job,
        }

    def wait_for(self, report):
        for _ in range(120):
            if self.call("GET", f"/reports/{report}?SellerId={SELLER}")["status"] == "ANNOUNCED":
                return
            time.sleep(1)
        raise TimeoutError(f"report {report} is not delivered")

    def call(self, method, path, body=None):
        bundle = os.environ["AWS_CA_BUNDLE"]
        answer = requests.request(method, self.url + path, json=body, auth=self.auth, verify=bundle, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def aim(self, case):
        """Has a request be about what there is, and not about what nobody ever heard of."""
        for parameters in (case.path_parameters, case.query):
            parameters.update({name: self.known[name] for name in parameters if name in self.known})
        if "SellerId" in {parameter.name for parameter in case.operation.query}:
            case.query["SellerId"] = SELLER
        if operation(case) in ("subscribe", "createSchedule"):
            case.body = case.body | {"SellerId": SELLER, "RegionCode": "EU"}


signed = Signed()
world = World(signed)
schemathesis.auth.set_from_requests(signed).skip_for(path="/links/{token}")

# Those of years that a report may have; the generator's own go from the first to the 9999th.
schemathesis.openapi.format(
    "date-time",
    strategies.builds(
        "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}".format,
        strategies.integers(1000, 2999),
        strategies.integers(1, 12),
        strategies.integers(1, 28),
        strategies.integers(0, 23),
        strategies.integers(0, 59),
        strategies.integers(0, 59),
        strategies.sampled_from(["Z", ".123Z", ".999999999Z", "+00:00", "-12:00", "+13:45"]),
    ),
)


turns = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Aims every second well-formed request at what there is. Lets nobody forget the seller whom all else needs."""
    if case.meta.generation.mode.is_positive and next(turns) % 2:
        world.aim(case)
    if operation(case) == "forgetSeller" and case.path_parameters.get("SellerId") == SELLER:
        case.path_parameters["SellerId"] = PASSING_SELLER


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether that is a failure: what is well-formed may be refused for what no schema can say."""
    if response.status_code == 403 and b'"__type"' in response.content:
        # A path that is no method's, and so no policy's. The local AWS says so before its API Gateway can.
        return False
    if operation(case) == "forgetSeller" and response.status_code == 404 and failure.title == "Created resource not found":
        # Not the seller who was stored: `before_call` has put the passing one there, who may be forgotten already.
        return False
    if isinstance(failure, AcceptedNegativeData):
        # Spaces between a list's types are taken as people mean them.
        return " " not in "".join((case.query or {}).get("ReportTypes", ()))
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    refusal = response.json()
    if refusal["code"] != "InvalidRequest":
        # What is stored here or known to Amazon forbids it.
        return False
    field = refusal.get("field", "").rpartition(".")[2]
    return field not in REFUSED.get(operation(case), ())


def operation(case):
    return case.operation.definition.raw["operationId"]
