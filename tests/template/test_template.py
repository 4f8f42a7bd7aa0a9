"""The rules and the list of what is kept, each seen to hold and seen to fail."""

import json
import unittest

import access  # noqa: F401 # registers its rules, as seven more do
import alarms  # noqa: F401
import conditions  # noqa: F401
import dashboard  # noqa: F401
import database  # noqa: F401
import lanes  # noqa: F401
import parameters  # noqa: F401
import traces  # noqa: F401
from kept import FILE, kept
from rules import RULES, TEMPLATE, broken, of_type, queues, ref
from samtranslator.model.exceptions import InvalidDocumentException
from translation import ROOT, source, translated, with_values

PARAMETERS = {"AlarmTopicArn": "arn:aws:sns:us-east-1:111122223333:alarms", "ManageApiGatewayAccount": "false"}


class Rules(unittest.TestCase):
    def test_the_template_holds_every_rule(self):
        for rule in RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(list(rule(TEMPLATE)), [])

    def test_every_rule_catches_its_breaches(self):
        for rule, breaches in RULES.items():
            self.assertTrue(breaches, f"{rule.__name__} cannot be seen to fail")
            for breach in breaches:
                with self.subTest(rule.__name__, breach=breach):
                    self.assertTrue(list(rule(broken(*breach))), "passed")


class Kept(unittest.TestCase):
    """An update over a running stack keeps what orders, callers and operators rely on."""

    maxDiff = None
    listed = json.loads(FILE.read_text(encoding="utf-8"))

    def test_the_template_keeps_what_is_listed(self):
        self.assertEqual(kept(TEMPLATE), self.listed)

    def test_what_the_last_release_has_is_listed(self):
        last = kept(translated(source("tests/template/last-release.yaml")))
        # To be kept longer than before is no loss.
        listed = {
            name: {key: value for key, value in self.listed.get(name, {}).items() if key in each or value != "Retain"}
            for name, each in last.items()
        }
        self.assertEqual(last, listed)

    def test_what_holds_orders_and_keys_outlives_the_stack(self):
        holding = ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret")
        audit = ("ApiLogs", "AcceptOrderLogs")
        for name, each in self.listed.items():
            if each["Type"] in holding or name in audit:
                self.assertEqual((each["DeletionPolicy"], each["UpdateReplacePolicy"]), ("Retain", "Retain"), name)

    def test_a_failed_first_deploy_leaves_nothing_but_the_role_that_the_account_then_has(self):
        resources = TEMPLATE["Resources"].items()
        left = {name for name, each in resources if each.get("DeletionPolicy") == "Retain"}
        # A version goes with its function.
        left -= of_type(TEMPLATE, "AWS::Lambda::Version").keys()
        self.assertEqual(left, {"ApiGatewayAccount", "ApiGatewayLogRole"})

    def test_a_loss_is_seen(self):
        for breach in (
            ("StandardQueue",),
            ("HotDeadLetterQueue.DeletionPolicy", "Delete"),
            ("OrdersTable.UpdateReplacePolicy",),
            ("OrderIdSecret.DeletionPolicy",),
            ("OrderIdSecret.Properties.GenerateSecretString.PasswordLength", 32),
            ("StandardQueue.Properties.QueueName", {"Fn::Sub": "${AWS::StackName}-standard"}),
            ("OrdersTable.Properties.TableName", "orders"),
            ("NewQueue", {"Type": "AWS::SQS::Queue", "Properties": queues(TEMPLATE)["HotQueue"]}),
        ):
            with self.subTest(breach=breach):
                self.assertNotEqual(kept(broken(*breach)), self.listed)


class Translation(unittest.TestCase):
    def test_sam_takes_the_texts_that_aws_may_put_in_the_place_of_parameters(self):
        with_values(source(), PARAMETERS)
        # As an event of the function, SAM would refuse the same text.
        template = source()
        lane = template["Resources"]["Fn::ForEach::Lanes"][2]
        lane["Fulfill${Lane}"]["Properties"]["Events"] = {
            "Orders": {"Type": "SQS", "Properties": {"Queue": "arn", "BatchSize": {"Ref": "HotBatchSize"}}}
        }
        with self.assertRaises(InvalidDocumentException):
            with_values(template, PARAMETERS)

    def test_the_api_s_rate_is_by_default_what_the_region_s_sns_takes(self):
        figures = json.loads((ROOT / "cli/src/commands/plan/figures.json").read_text(encoding="utf-8"))["regions"]
        rates = {region: min(1_000, each["sns_publish"]) for region, each in figures.items()}
        listed = {region: each["PerSecond"] for region, each in source()["Mappings"]["ApiRates"].items()}
        self.assertEqual(listed, {region: rate for region, rate in rates.items() if rate != 300})
        default = {"Fn::FindInMap": ["ApiRates", ref("AWS::Region"), "PerSecond", {"DefaultValue": 300}]}
        limits = source()["Resources"]["Api"]["Properties"]["MethodSettings"][0]
        for name in ("Rate", "Burst"):
            limit = {"Fn::If": [f"HasApi{name}", ref(f"Api{name}Limit"), default]}
            self.assertEqual(limits[f"Throttling{name}Limit"], limit)


if __name__ == "__main__":
    unittest.main()
