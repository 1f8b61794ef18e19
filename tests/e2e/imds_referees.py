#!/usr/bin/env python3
"""The metadata server of the tests, held against clients that this project did not write: botocore's fetchers, PyPI's
ec2-metadata, and the AWS SDK for Go. On loopback, and once more on 169.254.169.254 in a network namespace, where each of
them is used as it comes.

  imds_referees.py [--server PATH]

PATH takes the place of our server: a program with the options and the control protocol of tests/tools/imds_server.
"""
import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
REAL_ADDRESS = "169.254.169.254:80"
NODE, INSTANCE = "rn1", "i-0feedfacecafebeef"


def peers():
    folder = os.environ.get("SPOTKEEPER_PEERS_BIN")
    return pathlib.Path(folder or subprocess.check_output([ROOT / "scripts/build-test-peers", "imds", "moto"],
                                                          text=True).strip())


def use_their_python():
    """botocore and ec2-metadata are in an environment of their own."""
    python = peers() / "moto/bin/python"
    if pathlib.Path(sys.prefix).resolve() != python.parents[1].resolve():
        os.execv(python, [str(python), *sys.argv])


class Server:
    """The server, and its control socket."""

    def __init__(self, program, listen):
        self.folder = tempfile.TemporaryDirectory()
        control = f"{self.folder.name}/control"
        self.process = subprocess.Popen(
            [program, "--listen", listen, "--control", control, "--node", NODE, "--instance-id", INSTANCE],
            stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline().strip()
        if not line.startswith("listening on "):
            sys.exit(f"FAIL {program} does not listen: {line}")
        self.url = "http://" + line.removeprefix("listening on ")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(control)
        self.lines = self.socket.makefile("rw")

    def tell(self, command):
        self.lines.write(command + "\n")
        self.lines.flush()
        answer = self.lines.readline().strip()
        if command != "status" and answer != "ok":
            raise RuntimeError(f"{command}: {answer}")
        return answer

    def status(self):
        return json.loads(self.tell("status"))

    def end(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        self.folder.cleanup()


# ---- The clients. Each tells what it reads as the same dictionary; None: there is nothing.

class Botocore:
    name = "botocore"

    def __init__(self, url):
        from botocore.utils import IMDSFetcher, InstanceMetadataFetcher, InstanceMetadataRegionFetcher
        arguments = {"timeout": 2, "num_attempts": 4, "config": {"ec2_metadata_v1_disabled": True}}
        if url:
            arguments["base_url"] = url + "/"
        self.fetcher = IMDSFetcher(**arguments)
        self.credentials = InstanceMetadataFetcher(**arguments)
        self.region = InstanceMetadataRegionFetcher(**arguments)

    def _text(self, path):
        token = self.fetcher._fetch_metadata_token()
        answer = self.fetcher._get_request(f"latest/{path}", lambda r: r.status_code not in (200, 404), token=token)
        return answer.text if answer.status_code == 200 else None

    def look(self):
        role = self.credentials.retrieve_iam_role_credentials()
        identity = json.loads(self._text("dynamic/instance-identity/document"))
        return {
            "instance": identity["instanceId"],
            "region": self.region.retrieve_region(),
            "zone": identity["availabilityZone"],
            "role": role["role_name"] if role["access_key"] and role["secret_key"] and role["token"] else None,
            "spot": self._text("meta-data/spot/instance-action"),
            "rebalance": self._text("meta-data/events/recommendations/rebalance"),
            "scheduled": self._text("meta-data/events/maintenance/scheduled"),
            "lifecycle": self._text("meta-data/autoscaling/target-lifecycle-state"),
        }

    def end(self):
        pass


class Ec2Metadata:
    name = "ec2-metadata"

    def __init__(self, url):
        import ec2_metadata
        self.client = ec2_metadata.EC2Metadata()
        if url:
            own = self.client.service_url.removesuffix("/latest/")
            for attribute in ("service_url", "dynamic_url", "metadata_url", "userdata_url"):
                setattr(self.client, attribute, getattr(self.client, attribute).replace(own, url))

    def look(self):
        client = self.client
        interface = client.network_interfaces[client.mac]
        if interface.private_ipv4s != [client.private_ipv4]:
            raise ValueError(f"{interface.private_ipv4s} is not {client.private_ipv4}")
        spot = client.spot_instance_action
        credentials = client.iam_security_credentials
        return {
            "instance": client.instance_id,
            "region": client.region,
            "zone": client.availability_zone,
            "role": client.instance_profile_name if credentials["AccessKeyId"] else None,
            "spot": spot and json.dumps({"action": spot.action, "time": spot.time.strftime("%Y-%m-%dT%H:%M:%SZ")}),
            "rebalance": self._text("events/recommendations/rebalance"),
            "scheduled": self._text("events/maintenance/scheduled"),
            "lifecycle": client.autoscaling_target_lifecycle_state,
        }

    def _text(self, path):
        answer = self.client._get_url(f"{self.client.metadata_url}{path}", allow_404=True)
        return None if answer.status == 404 else answer.data.decode()

    def end(self):
        pass


class GoSdk:
    name = "the Go SDK"

    def __init__(self, url):
        self.process = subprocess.Popen([peers() / "imds", *([url] if url else [])], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.first = True

    def look(self):
        if not self.first:
            self.process.stdin.write("again\n")
            self.process.stdin.flush()
        self.first = False
        seen = json.loads(self.process.stdout.readline())

        def text(name):
            answer = seen[name]
            if "error" in answer or answer.get("status", 404) != 404:
                raise ValueError(f"{name}: {answer}")
            return answer.get("text")
        return {
            "instance": seen["identity"]["instanceId"],
            "region": text("region"),
            "zone": seen["identity"]["availabilityZone"],
            "role": seen["iam"]["InstanceProfileArn"].rpartition("/")[2],
            **{name: text(name) for name in ("spot", "rebalance", "scheduled", "lifecycle")},
        }

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


# ---- What they are to see.

failed = False


def check(sentence, seen, **wanted):
    """Every value of `seen` that `wanted` names must be equal to it, or satisfy it."""
    global failed
    for name, value in wanted.items():
        fine = value(seen[name]) if callable(value) else seen[name] == value
        if not fine:
            print(f"FAIL {sentence}: {name} is {seen[name]!r}")
            failed = True
            return
    print(f"ok {sentence}")


def referee(client, server, where):
    def sees(sentence, **wanted):
        try:
            check(f"{client.name} {where} {sentence}", client.look(), **wanted)
        except Exception as error:  # whatever a client makes of a wrong answer
            global failed
            failed = True
            print(f"FAIL {client.name} {where} {sentence}: {type(error).__name__}: {error}")

    def whole_second(status):
        return status["spot"]["time"][:19] + "Z"

    server.tell("reset")
    before = server.status()["tokens"]
    sees("reads which machine it is on", instance=INSTANCE, region="us-east-1", zone="us-east-1a", role="spotkeeper-node")
    sees("sees nothing while there is nothing", spot=None, rebalance=None, scheduled="[]", lifecycle="InService")
    check(f"{client.name} {where} uses tokens", {"given": server.status()["tokens"] - before}, given=lambda n: n > 0)

    for action in ("terminate", "stop", "hibernate"):
        server.tell(f"notice {action} in 90s")
        time = whole_second(server.status())
        sees(f"sees the notice of a machine that will {action}",
             spot=lambda text, a=action, t=time: json.loads(text) == {"action": a, "time": t})
    check(f"the server knows when {client.name} was told", server.status()["spot"], served=lambda at: at is not None)
    server.tell("notice cancel")
    server.tell("rebalance")
    server.tell("maintenance system-reboot in 1h")
    server.tell("lifecycle Terminated")
    sees("sees the other signals and no notice that was cancelled", spot=None, lifecycle="Terminated",
         rebalance=lambda text: json.loads(text)["noticeTime"].endswith("Z"),
         scheduled=lambda text: [(e["Code"], e["State"]) for e in json.loads(text)] == [("system-reboot", "active")])
    server.tell("maintenance cancel")
    sees("sees that a maintenance was cancelled",
         scheduled=lambda text: [e["State"] for e in json.loads(text)] == ["canceled"])
    server.tell("reset")
    server.tell("no-events for 1h")
    server.tell("notice terminate")
    sees("finds nothing where every event is a 404", spot=None, rebalance=None, scheduled=None, lifecycle=None)


def storms(client, server):
    """What only clients that try again get over."""
    server.tell("reset")
    server.tell("errors 503 times 2")
    try:
        check(f"{client.name} gets over two answers of 503", client.look(), instance=INSTANCE)
        server.tell("tokens expire")
        check(f"{client.name} gets a new token when its own has expired", client.look(), instance=INSTANCE)
    except Exception as error:
        global failed
        failed = True
        print(f"FAIL {client.name} gives up: {type(error).__name__}: {error}")


def run(program, listen, given_url):
    server = Server(program, listen)
    where = "on loopback" if given_url else "on 169.254.169.254"
    try:
        for make in (Botocore, Ec2Metadata, GoSdk):
            client = make(server.url if given_url else None)
            try:
                referee(client, server, where)
                if make is not Ec2Metadata:  # which asks once
                    storms(client, server)
            finally:
                client.end()
    finally:
        server.end()


def in_namespace(program):
    """The same in a network namespace of its own, on the address that the clients know."""
    script = f"ip link set lo up && ip address add {REAL_ADDRESS.partition(':')[0]}/32 dev lo && exec \"$@\""
    own_user = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--net", *own_user, "sh", "-c", script, "sh", sys.executable, __file__, "--server", program,
               "--inside"]
    return subprocess.run(command).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    binary = os.environ.get("SPOTKEEPER_BINARY", ROOT / "build/release/spotkeeper")
    ours = str(pathlib.Path(binary).with_name("tools") / "imds_server")
    parser.add_argument("--server", default=ours)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    use_their_python()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    if options.inside:
        run(options.server, REAL_ADDRESS, False)
        return 1 if failed else 0
    run(options.server, "127.0.0.1:0", True)
    return 0 if in_namespace(options.server) and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
