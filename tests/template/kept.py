"""What a new release must keep: resources whose loss takes orders, secrets, addresses or settings with it.

kept.json lists them as a running stack has them: their logical ids, the properties that name or replace them, and what
becomes of them when they leave the template. An update over a running stack keeps a resource only if all of that stays.

Only where a loss is meant, or for a resource that is new, make the list again and read its changes:

    .sluice/venv-sam/bin/python tests/template/kept.py
"""

import json
import pathlib

from rules import TEMPLATE
from translation import named

FILE = pathlib.Path(__file__).with_name("kept.json")
# Type -> the properties that name a resource, or whose change replaces it ("Update requires: Replacement").
KEPT = {
    "AWS::ApiGateway::Account": [],
    "AWS::ApiGateway::RestApi": [],  # its id is in the address that callers have
    "AWS::ApiGateway::Stage": ["StageName"],
    "AWS::DynamoDB::Table": ["TableName", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes"],
    "AWS::IAM::Role": ["RoleName"],  # the topic's policy names one, and so may others
    "AWS::Lambda::EventSourceMapping": ["EventSourceArn"],  # `sluice pause` is kept in it
    "AWS::Lambda::Function": ["FunctionName"],
    "AWS::Logs::LogGroup": ["LogGroupName"],
    "AWS::SNS::Subscription": ["Endpoint", "Protocol", "TopicArn"],
    "AWS::SNS::Topic": ["TopicName", "FifoTopic"],  # others may subscribe
    "AWS::SQS::Queue": ["QueueName", "FifoQueue"],
    "AWS::SecretsManager::Secret": ["Name", "GenerateSecretString"],  # an edit of the latter writes a new secret
}
ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "Condition")
# They hold unless an operator has the stack take up another table or secret.
BY_DEFAULT = {"MakesTable", "MakesSecret"}


def outcome(attribute):
    """An attribute's meaning for a stack that runs. What a failed first deploy made is no loss."""
    return "Retain" if attribute == "RetainExceptOnCreate" else attribute


def kept(template):
    """Logical id -> what must stay of it."""
    found = {}
    for name, resource in sorted(template["Resources"].items()):
        if resource["Type"] in KEPT:
            body = resource.get("Properties", {})
            found[name] = {
                "Type": resource["Type"],
                **{each: outcome(resource[each]) for each in ATTRIBUTES if resource.get(each) not in BY_DEFAULT | {None}},
                **{each: named(body[each]) for each in KEPT[resource["Type"]] if each in body},
            }
    return found


def written(found):
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(kept(TEMPLATE)), encoding="utf-8")
