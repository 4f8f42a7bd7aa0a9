"""An update over the last release's stack loses no order that waits, and a new stack takes up what a deleted one left.

    make update-check

It runs in a stack of the last release (last-release.yaml). It pauses both lanes, posts orders, and deploys
template.yaml over that stack. Every resource of kept.json must still be the one that it was, and the orders must
still wait. Then it resumes the lanes: every order must be stored, and be found by the id that it got before the update.
At last it deletes the stack, and deploys another that takes up its table and its secret: each order must be found there.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

ROOT = pathlib.Path(__file__).parent.parent.parent
KEPT = json.loads(pathlib.Path(__file__).with_name("kept.json").read_text(encoding="utf-8"))
STACK, API = os.environ["SLUICE_STACK"], os.environ["SLUICE_API_URL"]
NEXT = "sluice-next"
ORDERS = 1_000
HOT = "hot-1"
LANES = ("Standard", "Hot")
STORED_WITHIN_SECONDS = 120
cloudformation, sqs, functions, tables = map(boto3.client, ("cloudformation", "sqs", "lambda", "dynamodb"))


def resources():
    """The physical id of each resource that a stack must keep."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    found = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
    }
    return {name: found[name] for name in KEPT if name in found}


def call(method, path, body=None, api=API):
    """The status and the answer of the API."""
    headers = {"content-type": "application/json"} | ({"idempotency-key": body["customer_id"]} if body else {})
    request = AWSRequest(method, api + path, data=body and json.dumps(body), headers=headers)
    SigV4Auth(boto3.Session().get_credentials(), "execute-api", "us-east-1").add_auth(request)
    sent = urllib.request.Request(
        request.url, request.data and request.data.encode(), dict(request.headers), method=method
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:
        return answer.status, json.load(answer)


def post(number):
    line = {"sku": HOT if number % 2 else "cold-1", "quantity": 1, "unit_price": 100}
    order = {"customer_id": f"customer-{number}", "currency": "GBP", "lines": [line]}
    status, answer = call("POST", "/orders", order)
    assert status == 202, (status, answer)
    return answer["order_id"]


def switch(enabled):
    """Pauses or resumes both lanes."""
    for lane in LANES:
        source = resources()[f"Fulfill{lane}Orders"]
        functions.update_event_source_mapping(UUID=source, Enabled=enabled)
        wanted = "Enabled" if enabled else "Disabled"
        until(30, lambda: functions.get_event_source_mapping(UUID=source)["State"] == wanted, f"{lane} is not {wanted}")  # noqa: B023


def until(seconds, condition, why):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"error: {why} after {seconds} s")
        time.sleep(0.2)


def waiting():
    """How many orders wait, by lane."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = {}
    for lane in LANES:
        attributes = sqs.get_queue_attributes(QueueUrl=resources()[f"{lane}Queue"], AttributeNames=list(names))[
            "Attributes"
        ]
        found[lane] = sum(int(attributes[name]) for name in names)
    return found


def stored():
    return stored_in(resources()["OrdersTable"])


def stored_in(table):
    pages = tables.get_paginator("scan").paginate(TableName=table, ProjectionExpression="order_id")
    return {item["order_id"]["S"] for page in pages for item in page["Items"] if "order_id" in item}


def main():
    switch(enabled=False)
    with ThreadPoolExecutor(8) as pool:
        orders = set(pool.map(post, range(ORDERS)))
    assert len(orders) == ORDERS, "two orders have one id"
    until(30, lambda: sum(waiting().values()) == ORDERS, f"{waiting()} orders wait, and not {ORDERS} in all")
    before, then = resources(), waiting()
    print(f"    posted {ORDERS} orders; waiting: {then}")

    start = time.monotonic()
    subprocess.run([ROOT / "local/stack", "up"], check=True, env=os.environ | {"SLUICE_BUILD_DIR": sys.argv[1]})
    after = resources()
    print(f"    updated in {time.monotonic() - start:.0f} s; waiting: {waiting()}")
    if lost := {name: (before[name], after.get(name)) for name in before if after.get(name) != before[name]}:
        sys.exit(f"error: the update replaced or removed {lost}")
    if waiting() != then:
        sys.exit(f"error: {waiting()} orders wait after the update, and {then} did before it")

    start = time.monotonic()
    switch(enabled=True)
    until(
        STORED_WITHIN_SECONDS, lambda: orders <= stored(), f"{len(orders - stored())} of {ORDERS} orders are not stored"
    )
    print(f"    stored {len(stored())} orders in {time.monotonic() - start:.0f} s")
    until(30, lambda: not any(waiting().values()), f"{waiting()} messages are left")
    # The id verifies only with the secret that signed it.
    status, answer = call("GET", f"/orders/{min(orders)}")
    assert answer["status"] == "IN_FULFILLMENT", (status, answer)
    print(f"    no order of {ORDERS} is lost, and {len(before)} resources are the ones that they were")
    take_up(orders)


def outputs_of(stack):
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {each["OutputKey"]: each["OutputValue"] for each in described}


def take_up(orders):
    """Deletes the stack, and has another go on with its table and its secret."""
    outputs = outputs_of(STACK)
    # The local AWS answers the secret's name where AWS answers its ARN.
    secret = boto3.client("secretsmanager").describe_secret(SecretId=outputs["OrderIdSecretArn"])["ARN"]
    table = outputs["OrdersTable"]
    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    parameters = f"ExistingOrdersTable={table} ExistingOrderIdSecret={secret}"
    environment = {"SLUICE_BUILD_DIR": sys.argv[1], "STACK_NAME": NEXT, "PARAMETERS": parameters}
    subprocess.run([ROOT / "local/stack", "up"], check=True, env=os.environ | environment)
    outputs = outputs_of(NEXT)
    assert (outputs["OrdersTable"], outputs["OrderIdSecretArn"]) == (table, secret), outputs
    for order in sorted(orders)[:20]:
        status, answer = call("GET", f"/orders/{order}", api=outputs["ApiUrl"])
        assert answer["status"] == "IN_FULFILLMENT", (status, answer)
    order = {"customer_id": "next", "currency": "GBP", "lines": [{"sku": "s", "quantity": 1, "unit_price": 1}]}
    status, answer = call("POST", "/orders", order, api=outputs["ApiUrl"])
    assert status == 202, (status, answer)
    until(60, lambda: answer["order_id"] in stored_in(table), "an order of the new stack is not stored")
    print(f"    a new stack took up table and secret of the deleted one, with its {len(orders)} orders")


if __name__ == "__main__":
    main()
