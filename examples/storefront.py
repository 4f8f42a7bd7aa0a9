"""A storefront's backend that loses no order. It keeps one key for each order, and repeats until it has an answer.

Needs botocore (it is part of boto3), and an API's address:  python storefront.py "$SLUICE_API_URL"
"""

import json
import logging
import os
import random
import sys
import time
import uuid

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

log = logging.getLogger("storefront")


def place(api, basket, patience=60):
    """Posts the basket's order. Returns status and answer: 202, or a 4xx, which means that the order must be corrected.

    Returns (None, None) if Sluice did not answer within `patience` seconds. The outcome is then unknown: keep the basket
    with its key, and call this again later.
    """
    # Made once and saved with the basket, before the first try: a repeat with the same key is the same order.
    basket.setdefault("idempotency_key", str(uuid.uuid4()))
    session = botocore.session.get_session()
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    credentials = session.get_credentials()
    if not region or not credentials:
        raise SystemExit("set AWS_REGION, and credentials as for any AWS tool")
    signer = SigV4Auth(credentials, "execute-api", region)
    http = URLLib3Session(timeout=min(30, max(patience, 1)), proxies=get_environ_proxies(api))
    give_up = time.monotonic() + patience
    wait = 1.0
    while True:
        request = AWSRequest(
            "POST",
            f"{api.rstrip('/')}/orders",
            data=json.dumps(basket["order"]),
            headers={"Content-Type": "application/json", "Idempotency-Key": basket["idempotency_key"]},
        )
        try:
            signer.add_auth(request)
            answer = http.send(request.prepare())
            body = verdict(answer)
            if body is not None:
                return answer.status_code, body
            log.warning("no answer of Sluice's: %s %s", answer.status_code, answer.content[:200])
        except BotoCoreError as error:
            # No connection, no name, no TLS, no proxy, no fresh credentials, or a connection that was lost. After the last it
            # is unknown whether the order was accepted.
            log.warning("no answer: %s", error)
        left = give_up - time.monotonic()
        if left <= 0:
            return None, None
        time.sleep(min(random.uniform(0, wait), left))
        wait = min(wait * 2, 20)


def verdict(answer):
    """What Sluice says of the order, or None: a proxy, a load balancer and API Gateway itself answer too, and know nothing of it."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    if answer.status_code == 202 and "order_id" in body:
        return body
    is_ours = str(body.get("type", "")).startswith("urn:sluice:problem:")
    return body if is_ours and answer.status_code < 500 else None


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
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
