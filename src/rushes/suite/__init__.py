"""The calls that the YAML suite's guide documents, over `rushes.python`: for programs that were written for it.

::

    from rushes.suite import AIPipelineManager

    with AIPipelineManager(output_dir="out", max_cost=5) as manager:
        result = manager.run_pipeline(config="pipeline.yaml", input_text="a red fox")

No second engine: every call is a run of a client. What a provider failed is told in the result, as it is there; what is
wrong with a call, and what a ceiling or missing consent forbids, raises (`rushes.errors`). Amounts are floats, because
that is what these calls promise; `Result.usd` is exact. New programs take `rushes.Client`.
"""

from rushes.suite.chains import ContentCreationChain
from rushes.suite.managers import AIPipelineManager, AsyncAIPipelineManager
from rushes.suite.result import Result

__all__ = ["AIPipelineManager", "AsyncAIPipelineManager", "ContentCreationChain", "Result"]
