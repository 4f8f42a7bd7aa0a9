"""Gradual deploys, which the local AWS does not know: the template as AWS gets it with them, and without."""

import json
import unittest

from conditions import needed
from rules import TEMPLATE, as_list, of_type, variables
from translation import ROOT, source, with_values, without_loops

ALARMS = "arn:aws:sns:us-east-1:111122223333:alarms"
FUNCTIONS = ("AcceptOrder", "ReadOrders")


def deployed(**parameters):
    return with_values(source(), {"AlarmTopicArn": ALARMS, **parameters})


def version(template, function):
    """The logical id of the version that the function's alias points to."""
    alias = template["Resources"][f"{function}Aliaslive"]["Properties"]
    return alias["FunctionVersion"]["Fn::GetAtt"][0]


class Versions(unittest.TestCase):
    """A deploy reaches callers only as a new version: an alias that stays leaves them with the old settings."""

    def test_a_changed_setting_makes_a_new_version(self):
        before = deployed()
        both = set(FUNCTIONS)
        for name, value, changed in (
            ("HotSkus", "85123A", {"AcceptOrder"}),
            ("LogLevel", "DEBUG", both),
            ("OrderIdSecretsMaxAge", "60", both),
            ("ExistingOrderIdSecret", "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders-abcdef", both),
            ("ExistingOrdersTable", "other-orders", {"ReadOrders"}),
            # The role is a new one then, and the old version's is deleted.
            ("RolePath", "/shop/", both),
            ("DeployRevision", "1764530000", both),
            ("StandardWritesPerSecond", "50", set()),
            ("LogRetentionDays", "7", set()),
        ):
            after = deployed(**{name: value})
            new = {function for function in FUNCTIONS if version(before, function) != version(after, function)}
            self.assertEqual(new, changed, name)
            # And the function itself changes: Lambda publishes no version of one that has not.
            for function in changed:
                here = json.dumps(variables(after["Resources"][function]["Properties"]))
                self.assertIn(value, here, f"{function} {name}")

    def test_the_api_calls_the_aliases(self):
        paths = TEMPLATE["Resources"]["Api"]["Properties"]["Body"]["paths"]
        for path, methods in paths.items():
            for method, operation in methods.items():
                uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
                self.assertIn("Aliaslive", uri, f"{method} {path}")


class Gradual(unittest.TestCase):
    gradual = deployed(GradualDeployment="true", GradualDeploymentType="Linear10PercentEvery1Minute")

    def group(self, function):
        return self.gradual["Resources"][f"{function}DeploymentGroup"]["Properties"]

    def test_without_it_there_is_no_codedeploy(self):
        for template in (TEMPLATE, deployed()):
            kinds = {each["Type"] for each in template["Resources"].values()}
            self.assertFalse([kind for kind in kinds if "CodeDeploy" in kind])
            self.assertNotIn("UpdatePolicy", template["Resources"]["AcceptOrderAliaslive"])

    def test_the_smoke_orders_come_before_the_first_call(self):
        for function in FUNCTIONS:
            update = self.gradual["Resources"][f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
            self.assertEqual(update["BeforeAllowTrafficHook"], {"Ref": "SmokeOrder"})
        smoke = variables(self.gradual["Resources"]["SmokeOrder"]["Properties"])
        self.assertEqual((smoke["ACCEPT_ORDER"], smoke["READ_ORDERS"]), ({"Ref": "AcceptOrder"}, {"Ref": "ReadOrders"}))

    def test_calls_move_as_asked_and_alarms_move_them_back(self):
        consumers = {f"{lane}{kind}Alarm" for lane in ("Standard", "Hot") for kind in ("ConsumerErrors", "BreakerOpen")}
        wanted = {
            "AcceptOrder": consumers | {"AcceptErrorsAlarm", "RollbackServerErrorsAlarm", "RollbackOutcomeUnknownAlarm"},
            "ReadOrders": consumers | {"RollbackReadErrorsAlarm", "RollbackServerErrorsAlarm"},
        }
        for function, names in wanted.items():
            group = self.group(function)
            alarms = {each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]}
            self.assertEqual(alarms, names)
            # <https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html>: alarms of a deployment group.
            self.assertLessEqual(len(alarms), 10)
            self.assertIn("DEPLOYMENT_STOP_ON_ALARM", group["AutoRollbackConfiguration"]["Events"])
            self.assertIn("Linear10PercentEvery1Minute", json.dumps(group["DeploymentConfigName"]))
            self.assertEqual(group["ServiceRoleArn"], {"Fn::GetAtt": ["DeployRole", "Arn"]})

    def test_an_alarm_that_moves_calls_back_begins_after_a_minute_or_after_two_of_three(self):
        alarms = of_type(self.gradual, "AWS::CloudWatch::Alarm")
        for function in FUNCTIONS:
            for each in self.group(function)["AlarmConfiguration"]["Alarms"]:
                alarm = alarms[each["Name"]["Ref"]]
                minutes = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) * alarm["Period"] / 60
                self.assertLessEqual(minutes, 2, each)

    def test_one_lane_is_updated_after_the_other(self):
        after = {lane: self.gradual["Resources"][f"Fulfill{lane}"]["Properties"]["Tags"] for lane in ("Standard", "Hot")}
        tags = {lane: next(tag["Value"] for tag in tags if tag["Key"] == "updated-after") for lane, tags in after.items()}
        self.assertEqual(tags, {"Standard": {"Ref": "FulfillHot"}, "Hot": {"Ref": "OrdersTopic"}})


    def test_codedeploy_may_move_the_two_aliases_and_invoke_the_smoke_test(self):
        policy = self.gradual["Resources"]["DeployRole"]["Properties"]["Policies"][0]["PolicyDocument"]
        granted = {}
        for statement in policy["Statement"]:
            for action in as_list(statement["Action"]):
                resources = as_list(statement["Resource"])
                granted[action] = {other for other, _ in needed(resources, frozenset())} or set(resources)
        aliases = ("lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig")
        wanted = dict.fromkeys(aliases, set(FUNCTIONS))
        self.assertEqual(granted, wanted | {"lambda:InvokeFunction": {"SmokeOrder"}, "cloudwatch:DescribeAlarms": {"*"}})

    def test_the_smoke_test_may_invoke_what_it_tries(self):
        policy = self.gradual["Resources"]["SmokeOrderRole"]["Properties"]["Policies"][0]["PolicyDocument"]
        invoked = next(each["Resource"] for each in policy["Statement"] if each["Action"] == "lambda:InvokeFunction")
        self.assertEqual(invoked, [{"Fn::GetAtt": [function, "Arn"]} for function in FUNCTIONS])

    def test_smoke_orders_expire_by_the_attribute_that_they_have(self):
        attribute = TEMPLATE["Resources"]["OrdersTable"]["Properties"]["TimeToLiveSpecification"]["AttributeName"]
        self.assertIn(f"    {attribute}: Option<i64>,", (ROOT / "shared/store/src/item.rs").read_text(encoding="utf-8"))


class References(unittest.TestCase):
    """AWS::LanguageExtensions checks what the template refers to before SAM makes its resources, and refuses what is not there
    yet: <https://github.com/aws/serverless-application-model/issues/2778>."""

    def unknown(self, template):
        template = without_loops(template)
        known = {*template["Resources"], *template["Parameters"]}
        for name, each in {**template["Resources"], **template["Outputs"]}.items():
            names = [other for other, _ in needed(each.get("Properties", each.get("Value")), frozenset())]
            for other in [*names, *as_list(each.get("DependsOn", []))]:
                if other not in known and not other.startswith("AWS"):
                    yield f"{name}: {other}"

    def test_the_template_names_nothing_that_sam_makes(self):
        self.assertEqual(list(self.unknown(source())), [])

    def test_such_a_name_is_seen(self):
        for change in (
            {"DependsOn": "ReadOrdersAliaslive"},
            {"Properties": {"A": {"Ref": "ReadOrders.Version"}}},
            {"Properties": {"A": {"Fn::GetAtt": ["Apiv1Stage", "Arn"]}}},
        ):
            template = source()
            template["Resources"]["OrdersTopic"] = {"Type": "AWS::SNS::Topic", **change}
            self.assertEqual(len(list(self.unknown(template))), 1, change)


if __name__ == "__main__":
    unittest.main()
