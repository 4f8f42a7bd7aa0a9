"""The local AWS: one ministack process for a directory, detached, stopped together with all that it started. Beside
it runs `receive-traces` (local/xray), which receives the functions' traces in place of X-Ray.

    aws.py start DIR PORT RECEIVER
                               start both unless they run (exit 3: the port is taken, 4: it runs on the port printed)
    aws.py port DIR            print the port of the running one (exit 1: none runs)
    aws.py traces DIR          print the address that receives its traces (exit 1: none runs)
    aws.py stop DIR            stop it and every function process
    aws.py outputs STACK       print the outputs of a stack as KEY=VALUE lines
    aws.py free-port           print a port that nothing listens on
    aws.py locked FILE CMD...  run CMD while nothing else that is locked by FILE runs

Python and not bash because a fresh machine has neither curl nor setsid nor flock for certain. Standard library only,
but for `serve` (ministack, and metrics.py beside this) and `outputs` (boto3), which need .sluice/venv-aws.
"""

import fcntl
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request

REGION = "us-east-1"
# The server and its functions carry this variable, so that `stop` can tell them from any other process for certain,
# whatever became of the pid file.
MARK = "SLUICE_LOCAL_AWS"
# What ministack inherits, its functions inherit: no proxies, no profiles, no credentials of the user's.
INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH", "RUST_BACKTRACE")
# Where the functions send their traces.
TRACES = "AWS_XRAY_DAEMON_ADDRESS"
# The receiver of traces carries its address in this one.
RECEIVES = "SLUICE_LOCAL_TRACES"
START_SECONDS = 60
RECEIVER_SECONDS = 20
STOP_SECONDS = 10
NO_PORT = "no free port found"


def environment(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            pairs = (entry.partition(b"=") for entry in file.read().split(b"\0"))
            return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    except OSError:  # gone, or another user's
        return {}


def marked(directory):
    """Process id and environment of everything that belongs to the local AWS of `directory`."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            env = environment(entry)
            if env.get(MARK) == directory:
                found[int(entry)] = env
    return found


def pid_file(directory):
    return os.path.join(directory, "aws.pid")


def server(directory):
    """Process id and environment of the server itself, or None."""
    try:
        with open(pid_file(directory), encoding="ascii") as file:
            pid = int(file.read())
    except (OSError, ValueError):
        return None
    env = environment(pid)
    return (pid, env) if env.get(MARK) == directory else None


def answers(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False


def healthy(port):
    return answers(f"http://127.0.0.1:{port}/_ministack/health")


def taken(port):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def inherited(directory):
    return {MARK: directory} | {name: os.environ[name] for name in INHERITED if name in os.environ}


def server_environment(directory, port, traces):
    env = inherited(directory)
    env.update(
        {
            TRACES: traces,
            "HOME": directory,  # keeps ~/.aws out of the functions
            "TMPDIR": os.path.join(directory, "tmp"),
            "PYTHONUNBUFFERED": "1",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            # Ports of their own, on which two local AWS would collide.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # With an engine at hand ministack removes the containers of every ministack on the machine.
            "DOCKER_HOST": f"unix://{directory}/no-docker.sock",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )
    return env


def detached(command, directory, env, log):
    with open(os.path.join(directory, log), "wb") as file:
        return subprocess.Popen(
            command,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def receive_traces(directory, address, receiver):
    """Starts the receiver of traces at `address`, unless it runs. Returns 0, or why it does not run."""
    if any(env.get(RECEIVES) == address for env in marked(directory).values()):
        return 0
    command = [receiver, "--listen", address]
    process = detached(command, directory, inherited(directory) | {RECEIVES: address}, "traces.log")
    deadline = time.monotonic() + RECEIVER_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            with open(os.path.join(directory, "traces.log"), encoding="utf-8", errors="replace") as log:
                return f"the receiver of traces ended with status {process.returncode}: {log.read(500).strip()}"
        if answers(f"http://{address}/"):
            return 0
        time.sleep(0.05)
    process.kill()
    return f"the receiver of traces did not answer on {address} within {RECEIVER_SECONDS} s"


def start(directory, port, receiver):
    running = server(directory)
    if running:
        its_port = int(running[1].get("GATEWAY_PORT", "0"))
        if its_port != port:
            print(its_port)
            return 4
        if not healthy(port):
            return "it runs but does not answer; stop it first"
        if TRACES not in running[1]:
            return "it is of an earlier release, which received no traces; stop it first"
        # On the same port, if it ended: that is where the functions send to.
        if why := receive_traces(directory, running[1][TRACES], receiver):
            return why
        print(f"    already running on port {port}")
        return 0
    stop(directory)  # functions of a server that was killed
    if taken(port):
        return 3
    os.makedirs(os.path.join(directory, "tmp"), exist_ok=True)
    traces_port = free_port()
    if not traces_port:
        return NO_PORT
    traces = f"127.0.0.1:{traces_port}"
    if why := receive_traces(directory, traces, receiver):
        return why
    command = [sys.executable, os.path.abspath(__file__), "serve"]
    process = detached(command, directory, server_environment(directory, port, traces), "aws.log")
    with open(pid_file(directory), "w", encoding="ascii") as file:
        file.write(str(process.pid))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            stop(directory)
            return f"it ended with status {process.returncode} while starting"
        if healthy(port):
            return 0
        time.sleep(0.1)
    stop(directory)
    return f"it did not answer within {START_SECONDS} s"


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def stop(directory):
    running = server(directory)
    if running:
        send([running[0]], signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while server(directory) and time.monotonic() < deadline:
            time.sleep(0.1)
    # The server leaves its functions behind; they wait forever for a next invocation.
    deadline = time.monotonic() + STOP_SECONDS
    while pids := marked(directory):
        if time.monotonic() > deadline:
            return f"processes {sorted(pids)} do not end"
        send(pids, signal.SIGKILL)
        time.sleep(0.05)
    try:
        os.remove(pid_file(directory))
    except FileNotFoundError:
        pass
    return 0


def numbered(handler):
    def numbers(value, key=""):
        if isinstance(value, dict):
            return {name: numbers(member, name) for name, member in value.items()}
        if key in ("BatchSize", "MaximumBatchingWindowInSeconds", "MaximumConcurrency"):
            return int(value)
        if key == "Enabled":
            return str(value).lower() == "true"
        return value

    return lambda *arguments: handler(*map(numbers, arguments))


def switched(create, update):
    """ministack calls every new event source Enabled, and only a changed one what it is."""

    def create_and_switch(logical_id, properties, stack):
        made = create(logical_id, properties, stack)
        update(made[0], properties, properties, stack)
        return made

    return create_and_switch


def same_api(update, create, attributes, apis):
    """ministack makes another API of a changed body, with another address. AWS takes the body over into the API that is there.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html
    """

    def updated(api, old, new, stack, logical_id=None):
        if new.get("Body") == old.get("Body"):
            return update(api, old, new, stack, logical_id=logical_id)
        other, _ = create(logical_id or api, new, stack)
        # What the body says. Stages and deployments stay those of the API.
        for store in (apis._rest_apis, apis._resources, apis._authorizers_v1, apis._models, apis._gateway_responses):
            if other in store:
                store[api] = store.pop(other)
        apis._rest_apis[api]["id"] = api
        for store in (apis._stages_v1, apis._deployments_v1):
            store.pop(other, None)
        return api, attributes(api)

    return updated


def whole_batches(sqs):
    """ministack gives a consumer ten messages at a time, AWS up to the batch size or 6 MB.

    All at once: each look goes through the whole queue, and a hundred of them would hold a long one up for seconds.
    """

    def batch(queue_url, size):
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            now, count, length = time.time(), 0, 0
            for message in queue["messages"]:
                # The next may be 256 KB, and the event is larger than the bodies in it.
                if count == size or length > 5_000_000:
                    break
                if message.get("visible_at", 0) <= now:
                    count, length = count + 1, length + len(message["body"])
            return sqs._collect_msgs(queue, count, int(queue["attributes"].get("VisibilityTimeout", "30")))

    return batch


def serve():
    import socketserver

    # Without it each invocation waits 40 ms for a delayed acknowledgement between ministack and the function.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    import metrics
    from ministack.app import main
    from ministack.services import apigateway_v1, sqs
    from ministack.services.cloudformation import provisioners

    # A parameter arrives as text; AWS makes it the number or the truth that the property wants, ministack's poller fails
    # on the one and takes each text for true.
    mapping = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    mapping["create"] = switched(mapping["create"], mapping["update"])
    for action in ("create", "update"):
        mapping[action] = numbered(mapping[action])

    api = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    api["update"] = same_api(api["update"], api["create"], provisioners._apigw_rest_api_attrs, apigateway_v1)

    metrics.start()

    sqs._receive_messages_for_esm = whole_batches(sqs)

    sys.argv[1:] = []
    return main()


def outputs(stack):
    import boto3

    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    for output in found:
        print(f"{output['OutputKey']}={output['OutputValue']}")
    return 0


def free_port():
    # Below the range from which the kernel takes ports for outgoing connections, so that none takes it meanwhile.
    ports = (random.randint(20000, 29999) for _ in range(100))
    return next((port for port in ports if not taken(port)), None)


def locked(path, command):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open(path, "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("    waiting for another run of this step to end", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            return subprocess.call(command)
        except KeyboardInterrupt:
            return 130


def run(arguments):
    match arguments:
        case ["start", directory, port, receiver]:
            return start(os.path.realpath(directory), int(port), os.path.abspath(receiver))
        case ["port", directory]:
            running = server(os.path.realpath(directory))
            if running:
                print(running[1]["GATEWAY_PORT"])
            return 0 if running else 1
        case ["traces", directory]:
            running = server(os.path.realpath(directory))
            if running:
                print(running[1][TRACES])
            return 0 if running else 1
        case ["stop", directory]:
            return stop(os.path.realpath(directory))
        case ["outputs", stack]:
            return outputs(stack)
        case ["free-port"]:
            port = free_port()
            print(port or NO_PORT)
            return 0 if port else 1
        case ["locked", path, *command] if command:
            return locked(path, command)
        case ["serve"]:
            return serve()
    return __doc__


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
