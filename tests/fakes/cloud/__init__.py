"""A service where runs go on by themselves, for what is asked of every cloud: reached by HTTP."""

from fakes.cloud.client import CloudCompute
from fakes.cloud.service import Cloud

__all__ = ["Cloud", "CloudCompute"]
