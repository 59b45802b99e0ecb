"""Whisper's encoder, in OpenVINO where the processor computes in bfloat16.

CTranslate2 has no bfloat16 on processors of AMD, and its attention is in float32 everywhere. The
graph is built from the weights of the CTranslate2 model. CTranslate2 decodes what comes out of it.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from .encoded_windows import EncodedWindows
from .free_memory import measure_free_memory
from .weights import read_matrix, read_variables

if TYPE_CHECKING:
    from logging import Logger

    import numpy as np
    import numpy.typing as npt
    from faster_whisper import WhisperModel

    Floats = npt.NDArray[np.float32]

LAYER_NORM_EPSILON = 1e-5
NATIVE_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
"""What Linux calls the instructions for bfloat16. Without them OpenVINO may not be faster."""
CHECK_FRAMES = 100
"""Hundredths of a second of sound in which the two encoders are compared."""
MAX_DIFFERENCE = 0.15
"""Root mean square of their difference, as a share of that of the output, above which they are two
encoders. Bfloat16 differs from eight bits by 0.05 with Whisper base."""
COMPILING_BYTES = 8
"""Bytes of memory for each weight while the encoder is compiled."""
PROCESSOR_FILE = Path("/proc/cpuinfo")


class FastEncoder:
    """The encoder of a Whisper model, compiled for this processor."""

    def __init__(self, model_file: Path, threads: int) -> None:
        """Build and compile the encoder.

        Args:
            model_file: The file ``model.bin`` of a CTranslate2 model.
            threads: How many windows are encoded at the same time, each by one thread.

        Raises:
            UnknownLayoutError: The file has another layout, or is no Whisper model.
            ImportError: OpenVINO is not installed.
            RuntimeError: OpenVINO cannot compile the encoder, or memory is short.
            Exception: The weights do not belong together, or OpenVINO is too old.
        """
        openvino = import_openvino()
        variables = read_variables(model_file, "encoder/")
        needed = COMPILING_BYTES * sum(weights.size for weights in variables.values())
        if needed > measure_free_memory():
            raise RuntimeError(f"{needed / 1e6:.0f} MB of memory are not free")
        compiled = openvino.Core().compile_model(
            _build_graph(openvino, variables),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "bf16",
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": threads,
                "ENABLE_CPU_PINNING": False,
            },
        )
        self.bands: int = variables["conv1/weight"].shape[1]
        """How many mel bands the features have."""
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(threads):
            self._requests.put(compiled.create_infer_request())

    def encode(self, window: Floats) -> Floats:
        """Encode one window: several together would not fit into the caches.

        Args:
            window: Log-mel features of shape (1, bands, frames).

        Returns:
            An array of shape (1, frames / 2, size).
        """
        import numpy as np

        request = self._requests.get()
        try:
            request.infer([np.ascontiguousarray(window, dtype=np.float32)])
            output: Floats = request.get_output_tensor(0).data.copy()
            return output
        finally:
            self._requests.put(request)


def begin_loading(folder: Path, threads: int) -> Future[FastEncoder] | None:
    """Begin to compile the encoder while CTranslate2 loads the model.

    Args:
        folder: The folder of the model's files.
        threads: How many windows are encoded at the same time.

    Returns:
        The encoder, or its error. None if it is of no use on this processor, or memory may not
        suffice for both at a time.
    """
    if not computes_in_bfloat16(PROCESSOR_FILE):
        return None
    model_file = folder / "model.bin"
    # No model has more weights than its file has bytes.
    if measure_free_memory() < COMPILING_BYTES * model_file.stat().st_size:
        return None
    pool = ThreadPoolExecutor(1, "encoder")
    begun = pool.submit(FastEncoder, model_file, threads)
    pool.shutdown(wait=False)
    return begun


def install_encoder(
    model: WhisperModel,
    folder: Path,
    threads: int,
    log: Logger,
    *,
    may_differ: bool = True,
    begun: Future[FastEncoder] | None = None,
) -> bool:
    """Let a loaded model encode in the way that is the fastest here and gives the same.

    Args:
        model: The model, on the processor.
        folder: The folder of its files.
        threads: How many windows are encoded at the same time.
        log: Is told which encoder is used, and why.
        may_differ: Whether bfloat16 is allowed, which changes the output by about 1 %.
        begun: What :func:`begin_loading` returned.

    Returns:
        Whether OpenVINO is used. If not, CTranslate2 encodes, one window after the other.
    """
    import numpy as np
    from ctranslate2 import StorageView

    if not model.model.compute_type.endswith("float32"):
        log.info("CTranslate2 encodes: its decoder does not take float32")
        return False
    encode_one = model.encode
    encoder = _load_checked(model, folder, threads, log, begun) if may_differ else None
    kept = EncodedWindows(encoder.encode if encoder else lambda one: np.array(encode_one(one)))

    def encode(features: Floats) -> Any:
        windows = features[np.newaxis] if features.ndim == 2 else features
        return StorageView.from_array(kept.encode(windows))

    model.encode = encode
    return encoder is not None


def _load_checked(
    model: WhisperModel,
    folder: Path,
    threads: int,
    log: Logger,
    begun: Future[FastEncoder] | None,
) -> FastEncoder | None:
    """Return the encoder in OpenVINO, None if it is of no use here; the log says why."""
    import numpy as np

    if not computes_in_bfloat16(PROCESSOR_FILE):
        log.info("CTranslate2 encodes: this processor has no instructions for bfloat16")
        return None
    try:
        encoder = begun.result() if begun else FastEncoder(folder / "model.bin", threads)
        shape = (1, encoder.bands, CHECK_FRAMES)
        noise = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        difference = measure_difference(encoder.encode(noise), np.array(model.encode(noise)))
    except ImportError:
        log.info("CTranslate2 encodes; faster here: pip install 'subtitled[openvino]'")
        return None
    except Exception as error:  # noqa: BLE001 - the model is loaded, and works without this
        reason = f"{type(error).__name__}: {error}"
        log.warning("CTranslate2 encodes, since OpenVINO cannot: %s", reason)
        return None
    if difference > MAX_DIFFERENCE:
        log.warning("CTranslate2 encodes: the output of OpenVINO differs by %.3f", difference)
        return None
    log.info("OpenVINO encodes in bfloat16; its output differs by %.3f", difference)
    return encoder


def computes_in_bfloat16(processor_file: Path) -> bool:
    """Tell whether a processor has instructions for bfloat16, by what Linux says of it."""
    try:
        lines = processor_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not NATIVE_FLAGS.isdisjoint(flags.split())


def measure_difference(found: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> float:
    """Return the root mean square of a difference as a share of that of what is expected.

    Arrays of different shapes differ by infinity, and so does what is no number.
    """
    import numpy as np

    if found.shape != expected.shape:
        return float("inf")
    share = float(np.sqrt(np.mean(np.square(found - expected)) / np.mean(np.square(expected))))
    return share if np.isfinite(share) else float("inf")


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report the import to its makers."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _build_graph(openvino: Any, variables: dict[str, npt.NDArray[np.generic]]) -> Any:
    """Build the graph of the encoder, for one window of any length up to half a minute."""
    import numpy as np

    ops = openvino.opset13

    def constant(values: Any) -> Any:
        return ops.constant(np.ascontiguousarray(values, dtype=np.float32))

    def whole(*numbers: int) -> Any:
        return ops.constant(np.array(numbers, np.int64))

    def get_weight(name: str) -> Any:
        return constant(read_matrix(variables, name))

    def apply_linear(values: Any, name: str) -> Any:
        product = ops.matmul(values, get_weight(f"{name}/weight"), False, True)
        return ops.add(product, get_weight(f"{name}/bias"))

    def normalise(values: Any, name: str) -> Any:
        normal = ops.mvn(values, whole(-1), True, LAYER_NORM_EPSILON, "INSIDE_SQRT")
        scaled = ops.multiply(normal, get_weight(f"{name}/gamma"))
        return ops.add(scaled, get_weight(f"{name}/beta"))

    def convolve(values: Any, name: str, stride: int) -> Any:
        kernel = get_weight(f"{name}/weight")
        bias = constant(read_matrix(variables, f"{name}/bias")[np.newaxis, :, np.newaxis])
        return ops.gelu(
            ops.add(ops.convolution(values, kernel, [stride], [1], [1], [1]), bias), "ERF"
        )

    def attend(values: Any, name: str) -> Any:
        joined = apply_linear(values, f"{name}/linear_0")
        split = ops.reshape(joined, whole(0, 0, 3, heads, size // heads), True)
        parts = ops.split(ops.transpose(split, whole(2, 0, 3, 1, 4)), ops.constant(np.int64(0)), 3)
        query, key, value = (ops.squeeze(part, whole(0)) for part in parts.outputs())
        found = ops.scaled_dot_product_attention(query, key, value, causal=False)
        together = ops.reshape(ops.transpose(found, whole(0, 2, 1, 3)), whole(0, 0, size), True)
        return apply_linear(together, f"{name}/linear_1")

    heads = int(read_matrix(variables, "num_heads"))
    positions = read_matrix(variables, "position_encodings/encodings")
    size = positions.shape[1]
    bands = variables["conv1/weight"].shape[1]
    features = ops.parameter([1, bands, -1], np.float32)
    values = convolve(convolve(features, "conv1", 1), "conv2", 2)
    values = ops.transpose(values, whole(0, 2, 1))
    length = ops.gather(ops.shape_of(values), whole(1), whole(0))
    values = ops.add(values, ops.slice(constant(positions), whole(0), length, whole(1), whole(0)))
    layer = 0
    while f"layer_{layer}/ffn/layer_norm/gamma" in variables:
        name = f"layer_{layer}"
        normal = normalise(values, f"{name}/self_attention/layer_norm")
        values = ops.add(values, attend(normal, f"{name}/self_attention"))
        normal = normalise(values, f"{name}/ffn/layer_norm")
        hidden = ops.gelu(apply_linear(normal, f"{name}/ffn/linear_0"), "ERF")
        values = ops.add(values, apply_linear(hidden, f"{name}/ffn/linear_1"))
        layer += 1
    return openvino.Model([normalise(values, "layer_norm")], [features], "whisper encoder")
