"""The Kubernetes manifests: every service is there, probed, unprivileged, without secrets."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.local.config import SERVICES, LocalSettings
from services.local.roster import ROSTER

K8S = Path(__file__).parents[2] / "k8s"
MANIFESTS = sorted(K8S.rglob("*.yaml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(K8S)))
def test_a_manifest_is_one_object_and_names_what_exists(path: Path) -> None:
    content = read(path)
    assert content["apiVersion"]
    assert content["kind"] != "Secret"
    for resource in content.get("resources", []):
        target = path.parent / resource
        assert target.is_file() or (target / "kustomization.yaml").is_file(), resource
    for patch in content.get("patches", []):
        assert "patch" in patch or (path.parent / patch["path"]).is_file()


def test_there_is_a_folder_for_every_service() -> None:
    assert set(SERVICES) <= set(read(K8S / "base/kustomization.yaml")["resources"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_probed_and_unprivileged(service: str) -> None:
    pod = read(K8S / f"base/{service}/deployment.yaml")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["-m", ROSTER[service].module]
    assert not pod["enableServiceLinks"]  # NIGHTCLERK_… of a Service would be taken for settings
    assert container["ports"] == [
        {"name": "http", "containerPort": LocalSettings().service_port(service)}
    ]
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["envFrom"] == [
        {"configMapRef": {"name": "nightclerk"}},
        {"secretRef": {"name": "nightclerk"}},
    ]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
