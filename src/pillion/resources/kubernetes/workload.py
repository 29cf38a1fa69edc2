"""Workloads: resources that stamp out pods. Injection works on the whole document instead."""

from pillion.resources.kubernetes.pod import LabelSelector, PodTemplate
from pillion.resources.meta import Metadata
from pillion.value import Value


class WorkloadSpec(Value, rename="camel"):
    """How many pods, and which."""

    replicas: int | None = None
    selector: LabelSelector = LabelSelector()
    template: PodTemplate = PodTemplate()
    service_name: str = ""
    """The headless service of a StatefulSet."""


class Deployment(Value, rename="camel"):
    """A Kubernetes Deployment."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()


class ReplicaSet(Value, rename="camel"):
    """A Kubernetes ReplicaSet."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()


class StatefulSet(Value, rename="camel"):
    """A Kubernetes StatefulSet."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()


class DaemonSet(Value, rename="camel"):
    """A Kubernetes DaemonSet."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()


class Job(Value, rename="camel"):
    """A Kubernetes Job."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()


class JobTemplate(Value, rename="camel"):
    """The job that a CronJob stamps out."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(Value, rename="camel"):
    """When, and which job."""

    schedule: str = ""
    job_template: JobTemplate = JobTemplate()


class CronJob(Value, rename="camel"):
    """A Kubernetes CronJob."""

    metadata: Metadata = Metadata()
    spec: CronJobSpec = CronJobSpec()
