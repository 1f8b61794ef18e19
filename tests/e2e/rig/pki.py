"""Certificates and kubeconfigs. A user is a certificate: its name the common name, its groups the organisations."""
import json

from machine import run
from network import CONTROL_ADDRESS

SERVER = f"https://{CONTROL_ADDRESS}:6443"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def make_authority(state):
    run("openssl", "req", "-x509", *KEY, "-days", "30", "-subj", "/CN=rig", "-keyout", state.pki / "ca.key",
        "-out", state.pki / "ca.crt")
    names = f"IP:127.0.0.1,IP:{CONTROL_ADDRESS},IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
    _sign(state, "kube-apiserver", "/CN=kube-apiserver", "-addext", f"subjectAltName={names}",
          "-addext", "extendedKeyUsage=serverAuth")
    run("openssl", "genrsa", "-out", state.pki / "service-accounts.key", "2048")


def client_certificate(state, name, groups=()):
    """Files NAME.crt and NAME.key in the folder of keys (a colon in the name becomes a dash); returns their stem."""
    stem = name.replace(":", "-").replace("/", "-")
    subject = "".join(f"/O={group}" for group in groups) + f"/CN={name}"
    _sign(state, stem, subject, "-addext", "extendedKeyUsage=clientAuth")
    return state.pki / stem


def write_kubeconfig(state, path, name, groups=()):
    stem = client_certificate(state, name, groups)
    path.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML, and needs no quoting of our own.
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "rig",
        "clusters": [{"name": "rig", "cluster": {"server": SERVER, "certificate-authority": f"{state.pki}/ca.crt"}}],
        "users": [{"name": name, "user": {"client-certificate": f"{stem}.crt", "client-key": f"{stem}.key"}}],
        "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": name}}],
    }, indent=1) + "\n")
    return path


def _sign(state, stem, subject, *extensions):
    run("openssl", "req", "-x509", *KEY, "-days", "30", "-subj", subject, "-CA", state.pki / "ca.crt",
        "-CAkey", state.pki / "ca.key", "-addext", "basicConstraints=critical,CA:FALSE", *extensions,
        "-keyout", state.pki / f"{stem}.key", "-out", state.pki / f"{stem}.crt")
