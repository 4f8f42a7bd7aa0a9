"""What AWS reports of a queue and ministack does not: the metrics by which `sluice pace` measures.

A metric has one point a minute, which grows while the minute lasts: however many messages pass, it takes no more memory.
"""

import operator
import threading
import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sns, sqs

LOOK_SECONDS = 2
SENT, DELETED, AGE = "NumberOfMessagesSent", "NumberOfMessagesDeleted", "ApproximateAgeOfOldestMessage"
LOCK = threading.Lock()


def report(metric, queue, value, merge=operator.add):
    dimensions = {"QueueName": queue}
    with LOCK:
        points = cloudwatch._metric_bucket(("AWS/SQS", metric, cloudwatch._dims_key(dimensions)))
        if points and points[-1]["Timestamp"] // 60 == time.time() // 60:
            points[-1]["Value"] = merge(points[-1]["Value"], float(value))
        else:
            unit = "Seconds" if metric == AGE else "Count"
            cloudwatch.record_metric("AWS/SQS", metric, value, unit, dimensions)


def counted(work, metric, how_many=lambda answer, arguments: 1):
    """Reports what `work` did to the queue that its first argument names: an ARN, an address, or a request with one."""

    def wrapper(*arguments, **named):
        answer = work(*arguments, **named)
        queue = arguments[0]
        if isinstance(queue, dict):
            queue = queue.get("QueueUrl") or arguments[1]
        report(metric, queue.replace(":", "/").rpartition("/")[2], how_many(answer, arguments))
        return answer

    return wrapper


def look():
    while True:
        time.sleep(LOOK_SECONDS)
        for (account, region, _), queue in sqs._queues.all_items():
            with request_scope(account, region):
                # A queue in use reports that nothing came or went, too.
                report(SENT, queue["name"], 0)
                report(DELETED, queue["name"], 0)
                # As on AWS, what was received three times and is still there does not count.
                sent = [message["sent_at"] for message in list(queue["messages"]) if message["receive_count"] < 3]
                if sent:
                    report(AGE, queue["name"], int(time.time() - min(sent)), max)


def start():
    sns._deliver_to_sqs = counted(sns._deliver_to_sqs, SENT)
    # A batch of sends calls this for each of its messages.
    sqs._act_send_message = sqs._HANDLERS["SendMessage"] = counted(sqs._act_send_message, SENT)
    sqs._HANDLERS["DeleteMessage"] = counted(sqs._act_delete_message, DELETED)
    sqs._HANDLERS["DeleteMessageBatch"] = counted(
        sqs._act_delete_message_batch, DELETED, lambda answer, _: len(answer["Successful"])
    )
    sqs._delete_messages_for_esm = counted(
        sqs._delete_messages_for_esm, DELETED, lambda _, arguments: len(arguments[1])
    )
    threading.Thread(target=look, daemon=True).start()
