"""Reading what users have: bundles, dumps of the AWS CLI, scenarios. The only room that touches files."""

from policy_engine.bundle.loading import load_bundle

__all__ = ["load_bundle"]
