"""The alarms: what they watch, what they say, and whom they tell."""

import re

from metrics import unknown
from rules import LANES, OPERATIONS, SECTIONS, TEMPLATE, breaks, functions, given, of_type, properties, ref, variables


def alarms(template):
    return of_type(template, "AWS::CloudWatch::Alarm")


def text(alarm):
    """The description, with the `${Lane}` of a loop filled in or not."""
    said = alarm["AlarmDescription"]
    return said["Fn::Sub"] if isinstance(said, dict) else said


@breaks(
    ("StandardOldestOrderAlarm.Properties.AlarmDescription", "Look into it."),
    (
        "ApiServerErrorsAlarm.Properties.AlarmDescription",
        "All calls fail, and so on. Look. docs/OPERATIONS.md#no-such-section",
    ),
    ("NewAlarm", TEMPLATE["Resources"]["AcceptErrorsAlarm"]),
    ("HotBreakerOpenAlarm",),
)
def every_alarm_says_what_to_do_and_where_it_is_written(template):
    for name, alarm in alarms(template).items():
        section = re.fullmatch(r".{30,}\. .+\. docs/OPERATIONS\.md#([a-z0-9-]+)", text(alarm))
        if not section or section[1] not in SECTIONS:
            yield f"{name} names no section of OPERATIONS.md"
    listed = {name for row in re.findall(r"^\|(.+?)\|", OPERATIONS, re.M) for name in re.findall(r"`(\w+Alarm)`", row)}
    expected = {name.replace("LANE", lane) for name in listed for lane in LANES}
    if differ := expected ^ alarms(template).keys():
        yield f"{sorted(differ)}: in the table of OPERATIONS.md or in the template alone"


@breaks(
    ("StandardOldestOrderAlarm.Properties.Threshold", 86401),
    ("HotLongWaitAlarm.Properties.Threshold", 172800),
    ("HotOldestOrderAlarm.Properties.EvaluationPeriods", 20),
    ("HotOldestOrderAlarm.Properties.Statistic", "Minimum"),
    ("StandardLongWaitAlarm.Properties.MetricName", "AcceptToStoreSeconds"),
    ("StandardDeadLettersAlarm.Properties.MetricName", "NumberOfMessagesSent"),
    ("StandardDeadLettersAlarm.Properties.Dimensions.0.Value", {"Fn::GetAtt": ["StandardQueue", "QueueName"]}),
    ("StandardOldestOrderAlarm.Properties.Dimensions.0.Value", {"Fn::GetAtt": ["HotQueue", "QueueName"]}),
    ("HotDeadLettersAlarm.Properties.Threshold", 10),
)
def p2_an_order_that_waits_for_a_day_or_is_a_dead_letter_raises_an_alarm(template):
    for lane in LANES:
        for kind, metric, queue, most in (
            ("OldestOrder", "ApproximateAgeOfOldestMessage", "Queue", 86400),
            ("LongWait", "QueueWaitSeconds", None, 86400),
            ("DeadLetters", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue", 1),
        ):
            alarm = properties(template, f"{lane}{kind}Alarm")
            of_queue = {"Name": "QueueName", "Value": {"Fn::GetAtt": [f"{lane}{queue}", "QueueName"]}}
            dimension = of_queue if queue else {"Name": "lane", "Value": lane.lower()}
            watched = (alarm["MetricName"], alarm["Statistic"], alarm["ComparisonOperator"])
            if watched != (metric, "Maximum", "GreaterThanOrEqualToThreshold") or dimension not in alarm["Dimensions"]:
                yield f"{lane}{kind}Alarm does not look at {metric} of its lane"
            if alarm["Threshold"] > most or alarm["Period"] * alarm["EvaluationPeriods"] > 3600:
                yield f"{lane}{kind}Alarm comes late"


@breaks(
    ("HotDeadLettersAlarm.Properties.TreatMissingData", "notBreaching"),
    ("StandardOldestOrderAlarm.Properties.TreatMissingData", "missing"),
)
def p2_no_missing_figure_ends_an_alarm_of_a_queue(template):
    for name, alarm in alarms(template).items():
        if alarm["Namespace"] == "AWS/SQS" and alarm["TreatMissingData"] != "ignore":
            yield f"{name} ends when nobody has touched its queue for six hours"


@breaks(
    ("SnsLostAlarm.Properties.MetricName", "NumberOfNotificationsRedrivenToDlq"),
    ("SnsUndeliveredAlarm.Properties.Threshold", 10),
    ("SnsUnreadableAlarm.Properties.Dimensions.0.Value", "orders"),
    ("SnsUndeliveredAlarm.Properties.Statistic", "Average"),
)
def p2_what_sns_cannot_deliver_raises_an_alarm(template):
    wanted = {
        "NumberOfNotificationsFailed",
        "NumberOfNotificationsFailedToRedriveToDlq",
        "NumberOfNotificationsFilteredOut-InvalidAttributes",
    }
    of_topic = [{"Name": "TopicName", "Value": {"Fn::GetAtt": ["OrdersTopic", "TopicName"]}}]
    found = {
        alarm["MetricName"]
        for alarm in alarms(template).values()
        if (alarm["Namespace"], alarm.get("Dimensions"), alarm["Statistic"]) == ("AWS/SNS", of_topic, "Sum")
        and (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    }
    if differ := wanted ^ found:
        yield f"no alarm tells at the first of {sorted(differ)}"


@breaks(
    ("AcceptErrorsAlarm.Properties.AlarmActions",),
    ("HotDeadLettersAlarm.Properties.OKActions", [ref("OrdersTopic")]),
    ("ApiThrottledAlarm.Properties.TreatMissingData",),
    ("Conditions.HasAlarmTopic", {"Fn::Equals": [ref("AlarmTopicArn"), ""]}),
    ("Parameters.AlarmTopicArn.Default", "arn:aws:sns:us-east-1:000000000000:alarms"),
    ("AlarmMail.Properties.Endpoint", "somebody@example.com"),
    ("AlarmMail.Condition",),
    ("AlarmTopic.Properties", {"KmsMasterKeyId": "alias/aws/sns"}),
)
def alarms_tell_the_topic_if_there_is_one(template):
    told = [given("HasAlarmTopic", ref("AlarmTopicArn")), given("HasAlarmEmail", ref("AlarmTopic"))]
    for name, alarm in alarms(template).items():
        # For CodeDeploy alone: they begin at a single failure, in a deploy or not.
        expected = None if template["Resources"][name].get("Condition") == "IsGradual" else told
        if (alarm.get("AlarmActions"), alarm.get("OKActions")) != (expected, expected):
            yield f"{name} does not tell AlarmTopicArn and AlarmEmail when it begins and ends"
        if "TreatMissingData" not in alarm:
            yield f"{name} does not say what no figures mean"
    # Which of the two comes first does not matter, and cfn-lint changes it.
    for condition, parameter in (("HasAlarmTopic", "AlarmTopicArn"), ("HasAlarmEmail", "AlarmEmail")):
        if template["Conditions"][condition] != {"Fn::Not": [{"Fn::Equals": ["", ref(parameter)]}]}:
            yield f"{condition} is not whether {parameter} is given"
        if template["Parameters"][parameter]["Default"] != "":
            yield f"{parameter} has a default"
    mail = {"TopicArn": ref("AlarmTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")}
    if template["Resources"]["AlarmMail"] != {
        "Type": "AWS::SNS::Subscription",
        "Condition": "HasAlarmEmail",
        "Properties": mail,
    }:
        yield "AlarmEmail gets no mail"
    # CloudWatch may not use the key of `alias/aws/sns`.
    if "Properties" in template["Resources"]["AlarmTopic"]:
        yield "AlarmTopic has a key that CloudWatch may not use"


@breaks(
    ("StandardBreakerOpenAlarm.Properties.MetricName", "BreakerOpened"),
    ("HotStoreThrottledAlarm.Properties.Namespace", "sluice"),
    ("HotStoreThrottledAlarm.Properties.Dimensions.1.Value", "warm"),
    ("OutcomeUnknownAlarm.Properties.Dimensions.1.Name", "lane"),
    ("ApiThrottledFilter.Properties.MetricTransformations.0.MetricName", "TooMany"),
    ("FulfillHot.Properties.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE", "sluice"),
)
def what_is_watched_is_what_is_reported(template):
    watched = (
        (
            alarm["Namespace"]["Ref"] if isinstance(alarm["Namespace"], dict) else alarm["Namespace"],
            alarm["MetricName"],
            {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])},
        )
        for alarm in alarms(template).values()
    )
    yield from unknown(template, watched)
    for name, function in functions(template).items():
        if variables(function)["POWERTOOLS_METRICS_NAMESPACE"] != ref("AWS::StackName"):
            yield f"{name} reports to another namespace than the stack's"
