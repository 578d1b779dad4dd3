"""Networks: `nn.Module`s that take inputs (B, ...) and give logits (B, C). They know nothing of corpora.

Importing this package also lets torchvision, and transformers which loads it, be imported beside a CPU build of torch.
"""

import warnings

import torch

# transformers asks tqdm for a bar made of widgets, which would need one more package, and would say so on every page
warnings.filterwarnings("ignore", "IProgress not found")

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def declare_missing_operators() -> list[torch.library.Library]:
    """Declare the two operators whose absence stops `import torchvision`, where they are absent.

    The package index has torchvision built for CUDA only; beside a CPU-only torch its compiled part cannot load, and the
    import fails with "operator torchvision::nms does not exist". Networks and transforms need neither operator.
    """
    made = []
    for name, schema in SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            made.append(torch.library.Library("torchvision", "FRAGMENT"))
            made[-1].define(schema)
    return made


try:
    import torchvision.extension  # noqa: F401 (loads the compiled operators where that works)
except (ImportError, RuntimeError):
    _DECLARED = declare_missing_operators()  # kept: a library that is collected takes its schemas with it
