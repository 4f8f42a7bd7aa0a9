"""The lanes: what reaches them, what their queues keep, and how their consumers take it."""

import json
import re

from rules import LANES, arn, breaks, consumers, given, properties, queues, ref, subscriptions, target, variables
from translation import named

FOURTEEN_DAYS = 14 * 24 * 60 * 60


def of_lane(template, lane, *but):
    """The resources that carry a lane's name, without some of their properties."""
    found = {name: each for name, each in template["Resources"].items() if lane in name}
    found = {
        name: {**each, "Properties": {key: value for key, value in each["Properties"].items() if key not in but}}
        for name, each in found.items()
    }
    for each in found.values():
        if "Tags" in each["Properties"]:
            each["Properties"]["Tags"] = [tag for tag in each["Properties"]["Tags"] if tag["Key"] != "updated-after"]
    return found


# The loop writes the lanes out, but a name that is written out inside it would be the same in both.
@breaks(
    ("FulfillHotOrders.Properties.EventSourceArn", arn("StandardQueue")),
    ("FulfillHot.Properties.Environment.Variables.WRITES_PER_SECOND", ref("StandardWritesPerSecond")),
    ("FulfillHotRole.Properties.Policies.0.PolicyDocument.Statement.1.Resource", arn("StandardQueue")),
    ("FulfillStandard.Properties.Environment.Variables.LANE", "hot"),
    ("HotQueue.Properties.RedrivePolicy.deadLetterTargetArn", arn("StandardDeadLetterQueue")),
    ("HotSubscription.Properties.Endpoint", arn("StandardQueue")),
    ("HotSubscription.Properties.RawMessageDelivery", False),
    ("HotStoreThrottledAlarm.Properties.Dimensions.1.Value", "standard"),
    ("StandardBreakerOpenAlarm",),
)
def lanes_differ_in_their_names_alone(template):
    standard, hot = (json.dumps(of_lane(template, lane, "FilterPolicy"), sort_keys=True) for lane in LANES)
    for lane, other in ((standard, "Hot|hot"), (hot, "Standard|standard")):
        for mixed in re.findall(rf".{{0,99}}\b\w*(?:{other})\w*\b", lane):
            yield f"a lane names the other: {mixed}"
    as_hot = standard.replace("Standard", "Hot").replace("standard", "hot")
    if json.loads(as_hot) != json.loads(hot):
        yield "the lanes differ"


def passes(filter_policy, lane):
    """Whether SNS gives a message with this attribute `lane`, or with none, to a subscription."""
    for wanted in filter_policy.get("lane", []):
        if isinstance(wanted, str):
            passed = lane == wanted
        elif "anything-but" in wanted:
            passed = lane is not None and lane not in wanted["anything-but"]
        else:
            passed = (lane is not None) == wanted["exists"]
        if passed:
            return True
    return not filter_policy.get("lane")


@breaks(
    ("StandardSubscription.Properties.FilterPolicy.lane", ["standard"]),
    ("StandardSubscription.Properties.FilterPolicy.lane", [{"anything-but": ["hot"]}]),
    ("HotSubscription.Properties.FilterPolicy.lane", ["hot", "standard"]),
    ("HotSubscription.Properties.FilterPolicy", {}),
    ("HotSubscription.Properties.FilterPolicyScope", "MessageBody"),
    ("StandardSubscription.Properties.RawMessageDelivery", False),
    ("StandardSubscription.Properties.RedrivePolicy",),
    ("HotSubscription.Properties.RedrivePolicy.deadLetterTargetArn", arn("HotQueue")),
)
def every_message_reaches_one_lane(template):
    of_lanes = subscriptions(template)
    for lane in ("standard", "hot", "unheard-of", "", None):
        wanted = "HotQueue" if lane == "hot" else "StandardQueue"
        reached = [target(each["Endpoint"]) for each in of_lanes.values() if passes(each["FilterPolicy"], lane)]
        if reached != [wanted]:
            yield f"a message of the lane {lane} reaches {reached}"
    for name, each in of_lanes.items():
        if (each.get("FilterPolicyScope"), each.get("RawMessageDelivery")) != ("MessageAttributes", True):
            yield f"{name} does not filter by attributes, or wraps messages"
        letters = properties(template, target(each["Endpoint"]))["RedrivePolicy"]["deadLetterTargetArn"]
        if each.get("RedrivePolicy") != {"deadLetterTargetArn": letters}:
            yield f"{name} does not dead-letter to its lane what it cannot deliver"


@breaks(
    ("HotQueue.Properties.MessageRetentionPeriod", 345600),
    ("StandardDeadLetterQueue.Properties.MessageRetentionPeriod",),
    ("HotDeadLetterQueue.Properties.MaximumMessageSize", 262144),
)
def queues_keep_the_largest_message_14_days(template):
    for name, queue in queues(template).items():
        if queue.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} does not keep messages 14 days"
        if queue.get("MaximumMessageSize") != 1024 * 1024:
            yield f"{name} does not say that it takes the largest message with what the consumer adds"


@breaks(
    ("StandardQueue.Properties.VisibilityTimeout", 360),
    ("HotQueue.Properties.VisibilityTimeout",),
    ("FulfillStandard.Properties.Timeout", 61),
    ("FulfillHotOrders.Properties.MaximumBatchingWindowInSeconds", 2),
)
def visibility_outlasts_six_timeouts_and_the_window(template):
    for function, queue, event_source in consumers(template):
        least = 6 * properties(template, function)["Timeout"] + event_source["MaximumBatchingWindowInSeconds"]
        visibility = properties(template, queue).get("VisibilityTimeout", 30)
        if visibility < least:
            yield f"{queue}: visibility {visibility} s is under {least} s"


@breaks(
    ("StandardQueue.Properties.RedrivePolicy.maxReceiveCount", 5),
    ("HotQueue.Properties.RedrivePolicy.deadLetterTargetArn", arn("StandardDeadLetterQueue")),
    ("HotDeadLetterQueue.Properties.RedriveAllowPolicy",),
    ("HotDeadLetterQueue.Properties.RedriveAllowPolicy.redrivePermission", "allowAll"),
    ("StandardQueue.Properties.QueueName", "orders"),
)
def an_outage_dead_letters_nothing(template):
    for function, queue, _ in consumers(template):
        redrive = properties(template, queue)["RedrivePolicy"]
        if redrive["maxReceiveCount"] < 1000:
            yield f"{queue} dead-letters after {redrive['maxReceiveCount']} receives"
        letters = target(redrive["deadLetterTargetArn"])
        if variables(properties(template, function))["DEAD_LETTER_QUEUE_URL"] != ref(letters):
            yield f"{queue} redrives to {letters}, and {function} dead-letters elsewhere"
        allowed = properties(template, letters).get("RedriveAllowPolicy", {})
        own = f"arn:aws:sqs:us-east-1:111122223333:{named(properties(template, queue)['QueueName'])}"
        if allowed.get("redrivePermission") != "byQueue" or named(allowed["sourceQueueArns"]) != [own]:
            yield f"{letters} takes the dead letters of other queues than {queue}"


@breaks(
    ("FulfillHotOrders.Properties.FunctionResponseTypes",),
    ("FulfillHotOrders.Properties.Enabled",),
    ("FulfillStandardOrders.Properties.ScalingConfig",),
    ("FulfillStandardOrders.Properties.BatchSize", 10),
    ("FulfillStandardOrders.Properties.MaximumBatchingWindowInSeconds", 0),
    ("FulfillStandard.Properties.Environment.Variables.BATCH_SIZE",),
    ("FulfillStandard.Properties.Environment.Variables.WRITES_PER_SECOND", 100),
    ("FulfillStandard.Properties.Environment.Variables.QUEUE_URL", ref("StandardDeadLetterQueue")),
    ("FulfillStandard.Properties.Environment.Variables.TRACE_EXPORT",),
    ("FulfillStandard.Properties.Timeout", 90),
    ("FulfillHot.Properties.ReservedConcurrentExecutions", ref("HotConcurrency")),
    ("FulfillStandard.Properties.ReservedConcurrentExecutions", given("ReserveLanes", ref("HotConcurrency"))),
)
def consumers_know_how_they_get_their_lane_and_fail_records_one_by_one(template):
    for function, queue, event_source in consumers(template):
        if event_source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{function} fails whole batches"
        if event_source["MaximumBatchingWindowInSeconds"] < 1:
            yield f"{function}: batches over 10 need a window of at least 1 s"
        if target(event_source.get("Enabled")) not in template["Parameters"]:
            yield f"{function} cannot be paused by a parameter"
        known = {
            "BATCH_SIZE": event_source["BatchSize"],
            "CONCURRENCY": event_source.get("ScalingConfig", {}).get("MaximumConcurrency"),
            "QUEUE_URL": ref(queue),
            "TRACE_EXPORT": ref("TraceExport"),
            "WRITES_PER_SECOND": ref(function.replace("Fulfill", "") + "WritesPerSecond"),
        }
        has = variables(properties(template, function))
        if differ := [name for name, value in known.items() if has.get(name) != value]:
            yield f"{function} does not know {differ}"
        reserved = given("ReserveLanes", known["CONCURRENCY"])
        if properties(template, function).get("ReservedConcurrentExecutions") != reserved:
            yield f"{function} cannot be limited to what its event source runs"
        # The consumer's code counts on it.
        if properties(template, function)["Timeout"] != 60:
            yield f"{function}: the timeout is not 60 s"
