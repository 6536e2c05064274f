# SPDX-License-Identifier: Apache-2.0
"""Bad flags, configurations and kubeconfigs: one line that names what is wrong, and exit status 2."""
import os
import subprocess
import tempfile

from lablib.cli import programs

from case import equal, true

LAB = None


def start(program, *args):
    return subprocess.run([os.path.join(programs(), program), *args], capture_output=True, text=True, timeout=20)


def refused(done, *words):
    lines = done.stderr.strip().splitlines()
    equal((done.returncode, len(lines)), (2, 1), f"status and lines: {done.stderr}")
    for word in words:
        true(word in lines[0], f"'{word}' is not in: {lines[0]}")


def with_config(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as f:
        f.write(text)
    try:
        return f.name, start("beelined", "--check-config", "--config", f.name)
    finally:
        os.unlink(f.name)


def test_unknown_flags_are_named(case):
    for program in ("beelined", "beeline", "beeline-controlplane"):
        refused(start(program, "--no-such-flag"), "no-such-flag")


def test_a_configuration_that_is_not_there_is_named(case):
    refused(start("beelined", "--config", "/nonexistent/b.yaml"), "/nonexistent/b.yaml")


def test_a_wrong_value_names_file_key_and_reason(case):
    for text, words in (("nodePorts: 1-70000\n", ["nodePorts"]), ("uplinks: eth0\n", ["uplinks", "list"]),
                        ("noSuchKey: 1\n", ["noSuchKey"]), ("bgp: {asn: 0}\n", ["asn"]),
                        ("serviceCIDRs: [10.96.0.300/16]\n", ["serviceCIDRs"]), ("nodeName: [\n", [])):
        name, done = with_config(text)
        refused(done, name, *words)


def test_a_kubeconfig_that_cannot_be_read_is_named(case):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "b.yaml")
        with open(path, "w") as f:
            f.write(f"nodeName: n\nkubeconfig: {folder}/kubeconfig\nrunDir: {folder}\nstateDir: {folder}\n"
                    f"bpfDir: {folder}/bpf\n")
        chosen = "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
        ca = chosen + "clusters: [{name: c, cluster: {server: 'https://x', certificate-authority: /nowhere}}]\n"
        for text, why in ((None, "No such file"), ("", "current-context"), (chosen, "there is no 'c'"), (ca, "/nowhere")):
            if text is not None:
                with open(f"{folder}/kubeconfig", "w") as f:
                    f.write(text)
            for mode in ([], ["--check-config"]):
                refused(start("beelined", "--config", path, *mode), f"{folder}/kubeconfig", why)


def test_a_good_configuration_passes_the_check(case):
    _, done = with_config("nodeName: n\nrouting: direct\n")
    equal((done.returncode, done.stderr), (0, ""))


def test_every_program_has_help_and_a_version(case):
    for program in ("beelined", "beeline", "beeline-controlplane"):
        for flag in ("--help", "--version"):
            done = start(program, flag)
            true(done.returncode == 0 and program in done.stdout, f"{program} {flag}: {done.stderr}")


def test_bad_flags_of_the_control_plane_name_the_value(case):
    with tempfile.TemporaryDirectory() as folder:
        where = ["--data-dir", os.path.join(folder, "d"), "--listen"]
        refused(start("beeline-controlplane", *where, "nowhere"), "nowhere")
        refused(start("beeline-controlplane", *where, "127.0.0.1:0", "--service-cidr", "x"), "x")
