"""Gradual deploys, which the local AWS does not know: the template as AWS gets it with them, and without."""

import json
import unittest

from conditions import needed
from rules import TEMPLATE, as_list, of_type, variables
from translation import source, with_values, without_loops

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
        for name, value in (
            ("HotSkus", "85123A"),
            ("LogLevel", "DEBUG"),
            ("OrderIdSecretsMaxAge", "60"),
            ("ExistingOrderIdSecret", "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders-abcdef"),
            ("ExistingOrdersTable", "orders"),
        ):
            after = deployed(**{name: value})
            for function in FUNCTIONS:
                is_read = value in json.dumps(after["Resources"][function])
                is_new = version(before, function) != version(after, function)
                self.assertEqual(is_new, is_read, f"{function} {name}")

    def test_what_changes_nothing_makes_none(self):
        before, after = deployed(), deployed(StandardWritesPerSecond="50", LogRetentionDays="7")
        for function in FUNCTIONS:
            self.assertEqual(version(before, function), version(after, function))

    def test_a_revision_decides_alone_and_changes_the_function_too(self):
        one, two = deployed(DeployRevision="1764530000"), deployed(DeployRevision="1764530001")
        other = deployed(DeployRevision="1764530001", HotSkus="85123A")
        for function in FUNCTIONS:
            self.assertNotEqual(version(one, function), version(two, function))
            self.assertEqual(version(other, function), version(two, function))
            # Lambda publishes no version of a function that has not changed.
            description = two["Resources"][function]["Properties"]["Description"]
            self.assertTrue(description.endswith(" 1764530001"), description)

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
        update = self.gradual["Resources"]["AcceptOrderAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        self.assertEqual(update["BeforeAllowTrafficHook"], {"Ref": "SmokeOrder"})
        smoke = variables(self.gradual["Resources"]["SmokeOrder"]["Properties"])
        self.assertEqual((smoke["ACCEPT_ORDER"], smoke["READ_ORDERS"]), ({"Ref": "AcceptOrder"}, {"Ref": "ReadOrders"}))

    def test_calls_move_as_asked_and_alarms_move_them_back(self):
        consumers = {f"{lane}{kind}Alarm" for lane in ("Standard", "Hot") for kind in ("ConsumerErrors", "BreakerOpen")}
        wanted = {
            "AcceptOrder": consumers | {"AcceptErrorsAlarm", "RollbackServerErrorsAlarm", "RollbackOutcomeUnknownAlarm"},
            "ReadOrders": {"RollbackReadErrorsAlarm", "RollbackServerErrorsAlarm", "HotConsumerErrorsAlarm", "HotBreakerOpenAlarm"},
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
