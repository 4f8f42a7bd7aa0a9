"""A storefront's backend that loses no order. It keeps one key for each order, and repeats until it has an answer.

Needs botocore (it is part of boto3), and an API's address:  python storefront.py "$SLUICE_API_URL"
"""

import json
import os
import random
import sys
import time
import uuid

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session


def place(api, basket, patience=60):
    """Posts the basket's order. Returns status and answer: 202, or a 4xx, which means that the order must be corrected.

    Returns (None, None) if there was no answer in time. The outcome is then unknown: keep the basket with its key, and
    call this again later.
    """
    # Made once and saved with the basket, before the first try: a repeat with the same key is the same order.
    basket.setdefault("idempotency_key", str(uuid.uuid4()))
    session = botocore.session.get_session()
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    credentials = session.get_credentials()
    if not region or not credentials:
        raise SystemExit("set AWS_REGION, and credentials as for any AWS tool")
    signer = SigV4Auth(credentials, "execute-api", region)
    http = URLLib3Session(timeout=30)
    give_up = time.monotonic() + patience
    wait = 1.0
    while time.monotonic() < give_up:
        request = AWSRequest(
            "POST",
            f"{api}/orders",
            data=json.dumps(basket["order"]),
            headers={"Content-Type": "application/json", "Idempotency-Key": basket["idempotency_key"]},
        )
        signer.add_auth(request)
        try:
            answer = http.send(request.prepare())
            if answer.status_code < 500 and answer.status_code != 429:
                return answer.status_code, json.loads(answer.content)
        except HTTPClientError:
            pass  # After a lost connection it is unknown whether the order was accepted.
        time.sleep(random.uniform(0, wait))
        wait = min(wait * 2, 20)
    return None, None


if __name__ == "__main__":
    basket = {
        "order": {
            "customer_id": "storefront-sample",
            "currency": "GBP",
            "lines": [{"sku": "85123A", "quantity": 6, "unit_price": 255}],
        }
    }
    status, answer = place(sys.argv[1], basket)
    print(status, json.dumps(answer))
    sys.exit(status != 202)
